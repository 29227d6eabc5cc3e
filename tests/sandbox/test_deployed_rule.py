"""Our rule, built from its sources, deployed by the real rdk, run as Lambda runs it.

One deployment serves the whole module; every test works on keys of its own.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lzkey.deployment.deploy import deploy
from lzkey.workplace import Workplace

from .conftest import CATALOGUE, DOCUMENTED, landing_zone_account

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import LandingZoneAccount

RULE = "CONTROL_TOWER_KMS_KEY"
FUNCTION = "RDK-Rule-Function-CONTROLTOWERKMSKEY"
KEYS: list[dict[str, Any]] = CATALOGUE["keys"]


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LandingZoneAccount, dict[str, str]]]:
    """The account with the rule in it, and the ids of the catalogue's keys, which were there before."""
    with landing_zone_account(tmp_path_factory.mktemp("project")) as account:
        keys = {}
        for entry in KEYS:
            keys[entry["name"]] = key_id = account.key_with(*entry["policy"], **entry.get("create", {}))
            for operation in entry.get("then", []):
                account.kms(operation, KeyId=key_id)
        keys["AWS managed"] = account.kms("describe_key", KeyId="alias/aws/s3")["KeyMetadata"]["KeyId"]
        deploy(account.parameters(OrganizationId="o-exampleorgid"), at=Workplace.in_checkout(account.root))
        account.sandbox.settle()
        yield account, keys


@pytest.fixture
def account(deployed: tuple[LandingZoneAccount, dict[str, str]]) -> Iterator[LandingZoneAccount]:
    """The account; what a test asked for and did not use up is an error of the test."""
    account = deployed[0]
    account.sandbox.forget_calls()
    yield account
    assert account.sandbox.refused_hosts == ()


def made_by_the_function(account: LandingZoneAccount) -> list[str]:
    """Return the calls since the last change of a key, without those of the test itself."""
    calls = [call.operation for call in account.sandbox.calls]
    return calls[max(place for place, name in enumerate(calls) if name == "PutKeyPolicy") + 1 :]


class TestKeysThatWereThere:
    """What the console shows after the deployment."""

    @pytest.mark.parametrize("entry", KEYS, ids=[entry["name"] for entry in KEYS])
    def test_each(self, deployed: tuple[LandingZoneAccount, dict[str, str]], entry: dict[str, Any]) -> None:
        """Its compliance, and every requirement that it fails."""
        account, keys = deployed
        compliance, annotation = account.result(keys[entry["name"]])
        assert compliance == entry["compliance"], annotation
        named = {
            word
            for word in ("CONFIG_ACCESS", "CLOUDTRAIL_ACCESS", "ENABLED", "SINGLE_REGION", "SYMMETRIC")
            if word in annotation
        }
        assert named == {word.partition(":")[0] for word in entry.get("says", []) if word != "DenyOutsideOrg"}
        assert all(word in annotation for word in entry.get("says", []))
        assert len(annotation) <= 256

    def test_aws_managed(self, deployed: tuple[LandingZoneAccount, dict[str, str]]) -> None:
        """Is nobody's business."""
        account, keys = deployed
        assert account.result(keys["AWS managed"])[0] == "NOT_APPLICABLE"

    def test_the_rule_as_a_whole(self, deployed: tuple[LandingZoneAccount, dict[str, str]]) -> None:
        """One bad key makes it NON_COMPLIANT; its status has no error."""
        account, _ = deployed
        (summary,) = account.sandbox.client("config").describe_compliance_by_config_rule()[
            "ComplianceByConfigRules"
        ]
        assert (summary["ConfigRuleName"], summary["Compliance"]["ComplianceType"]) == (RULE, "NON_COMPLIANT")
        assert "LastErrorCode" not in account.sandbox.evaluation_status(RULE)

    def test_one_log_line_for_each_key(self, deployed: tuple[LandingZoneAccount, dict[str, str]]) -> None:
        """Structured, with reasons and without policies."""
        account, keys = deployed
        log = account.sandbox.lambda_logs(FUNCTION)
        lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
        (bad, *_) = [line for line in lines if line["key"].endswith(keys["nothing for Config"])]
        assert bad["compliance"] == "NON_COMPLIANT"
        assert [reason.partition(":")[0] for reason in bad["reasons"]] == ["CONFIG_ACCESS"]
        assert "Statement" not in log


class TestChange:
    """The change trigger."""

    def test_a_rewritten_policy_and_its_repair(self, account: LandingZoneAccount) -> None:
        """An update forgets the two statements; putting them back makes the key good again."""
        key_id = account.key_with(*DOCUMENTED)
        good = account.result(key_id)
        account.policy(key_id, "root")
        compliance, annotation = account.result(key_id)
        assert (good[0], compliance) == ("COMPLIANT", "NON_COMPLIANT")
        assert annotation.startswith("CLOUDTRAIL_ACCESS: kms:Decrypt refused")
        assert "CONFIG_ACCESS: kms:Decrypt refused" in annotation
        account.policy(key_id, *DOCUMENTED)
        assert account.result(key_id) == good

    def test_a_perimeter_that_forgets_services(self, account: LandingZoneAccount) -> None:
        """The annotation names the statement to look at; the exemption makes it good."""
        key_id = account.key_with(*DOCUMENTED)
        account.policy(key_id, *DOCUMENTED, "perimeter")
        compliance, annotation = account.result(key_id)
        assert compliance == "NON_COMPLIANT"
        assert 'denied by "DenyOutsideOrg"' in annotation
        account.policy(key_id, *DOCUMENTED, "perimeter with exemption")
        assert account.result(key_id)[0] == "COMPLIANT"

    def test_exactly_one_call(self, account: LandingZoneAccount) -> None:
        """A change is decided from the configuration item: the function only reports."""
        key_id = account.key_with(*DOCUMENTED)
        assert made_by_the_function(account) == ["PutEvaluations"]
        account.policy(key_id, "root")
        assert made_by_the_function(account) == ["PutEvaluations"]

    def test_disabled_and_enabled(self, account: LandingZoneAccount) -> None:
        """The state decides."""
        key_id = account.key_with(*DOCUMENTED)
        account.kms("disable_key", KeyId=key_id)
        assert account.result(key_id) == ("NON_COMPLIANT", "ENABLED: Disabled (runbook: not-enabled)")
        account.kms("enable_key", KeyId=key_id)
        assert account.result(key_id)[0] == "COMPLIANT"

    def test_scheduled_for_deletion_and_rescued(self, account: LandingZoneAccount) -> None:
        """With its date; a rescued key is disabled until somebody enables it."""
        key_id = account.key_with(*DOCUMENTED)
        answer = account.kms("schedule_key_deletion", KeyId=key_id, PendingWindowInDays=7)
        assert account.result(key_id) == (
            "NON_COMPLIANT",
            f"ENABLED: PendingDeletion until {answer['DeletionDate'].date()} (runbook: not-enabled)",
        )
        account.kms("cancel_key_deletion", KeyId=key_id)
        assert account.result(key_id) == ("NON_COMPLIANT", "ENABLED: Disabled (runbook: not-enabled)")
        account.kms("enable_key", KeyId=key_id)
        assert account.result(key_id)[0] == "COMPLIANT"

    def test_deleted(self, account: LandingZoneAccount) -> None:
        """A key that is gone is no problem any more."""
        key_id = account.key_with("root")
        assert account.result(key_id)[0] == "NON_COMPLIANT"
        account.sandbox.delete_key(key_id)
        account.sandbox.settle()
        assert account.result(key_id)[0] == "NOT_APPLICABLE"
        assert "LastErrorCode" not in account.sandbox.evaluation_status(RULE)

    def test_oversized(self, account: LandingZoneAccount, monkeypatch: pytest.MonkeyPatch) -> None:
        """The item is fetched from the history; the answer is the same."""
        key_id = account.key_with("root")
        monkeypatch.setattr(account.sandbox, "oversized_limit", 1000)
        account.policy(key_id, *DOCUMENTED)
        assert made_by_the_function(account) == ["GetResourceConfigHistory", "PutEvaluations"]
        assert account.result(key_id)[0] == "COMPLIANT"
        account.policy(key_id, "root", "cloudtrail")
        assert account.result(key_id)[1].startswith("CONFIG_ACCESS")
        account.sandbox.delete_key(key_id)
        account.sandbox.settle()
        assert account.result(key_id)[0] == "NOT_APPLICABLE"
        assert "LastErrorCode" not in account.sandbox.evaluation_status(RULE)
