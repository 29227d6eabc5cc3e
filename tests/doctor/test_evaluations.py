"""Accounts with keys and no result: the line `evaluations`."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from lzkey.doctor import EXPECTATIONS, Status
from lzkey.doctor.evaluations import evaluations
from lzkey_sandbox import LandingZone

from .answers import ACCOUNT, OTHER, organization_rule, subject
from .conftest import KEYS_ONLY, organization_account

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lzkey.doctor import Check
    from lzkey_sandbox.organization import Organization

    from .conftest import Management

Deployed = tuple["Management", "Organization"]
RECORDS_KEYS = {"recordingGroup": KEYS_ONLY}
SOUND = "all of 1 account with keys in scope have results; 5 accounts without such keys"


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """An organization of six; in one member the function cannot assume its role."""
    with organization_account(tmp_path_factory.mktemp("project"), without_role=1) as made:
        yield made


def seen(deployed: Deployed) -> Check:
    """What the doctor says of evaluations, asked for nothing else."""
    rows = tuple(row for row in EXPECTATIONS if row.name == "evaluations")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lzkey.doctor.examination.EXPECTATIONS", rows)
        return deployed[0].lines()["evaluations"]


@contextmanager
def key_in(deployed: Deployed, account: str, count: int = 1) -> Iterator[list[str]]:
    """Keys in a member, while somebody looks; their ARNs."""
    sandbox = deployed[0].sandbox
    kms = sandbox.client("kms", account=account)
    made = [kms.create_key()["KeyMetadata"] for _ in range(count)]
    sandbox.settle()
    yield [key["Arn"] for key in made]
    for key in made:
        sandbox.delete_key(key["KeyId"], account)


class TestAccounts:
    """Whether every account with keys in scope has results."""

    def test_all_have(self, deployed: Deployed) -> None:
        """The management account has the landing zone's key; a member with a key is one more."""
        assert seen(deployed).detail == SOUND
        with key_in(deployed, deployed[1].sound[0]):
            check = seen(deployed)
        assert check.status is Status.OK
        assert check.detail.startswith("all of 2 accounts with keys in scope have results; 4 accounts")

    def test_one_has_none(self, deployed: Deployed) -> None:
        """The rule is in place there and cannot run: nothing else shows it, and this line names it."""
        (silent,) = deployed[1].without_role
        with key_in(deployed, silent, 2):
            lines = deployed[0].lines()
        assert lines["organization-rule"].status is Status.OK
        assert lines["evaluations"].status is Status.PROBLEM
        assert lines["evaluations"].detail == f"keys in scope and no result: {silent} (No role 1, 2 keys)"
        assert "describe-config-rule-evaluation-status" in lines["evaluations"].fix

    def test_a_key_that_is_not_in_scope(self, deployed: Deployed) -> None:
        """Needs no result, and one that is in scope does, whether its id or its ARN is listed."""
        account, (silent,) = deployed[0], deployed[1].without_role
        with key_in(deployed, silent) as (arn,):
            with account.other_parameters(KeyScope=account.key):
                assert seen(deployed).status is Status.OK
            for listed in (arn, arn.rpartition("/")[2]):
                with account.other_parameters(KeyScope=f"{account.key},{listed}"):
                    assert silent in seen(deployed).detail
            with account.other_parameters(KeyScope="landing-zone"):
                assert seen(deployed).detail == SOUND

    def test_an_aws_managed_key(self, deployed: Deployed) -> None:
        """Is nobody's concern."""
        (silent,) = deployed[1].without_role
        sandbox = deployed[0].sandbox
        made = sandbox.client("kms", account=silent).describe_key(KeyId="alias/aws/s3")["KeyMetadata"]
        assert made["KeyManager"] == "AWS"
        assert seen(deployed).detail == SOUND
        sandbox.delete_key(made["KeyId"], silent)

    def test_a_stale_source(self, deployed: Deployed) -> None:
        """Is not judged: what is missing there may be on its way."""
        (silent,) = deployed[1].without_role
        with key_in(deployed, silent):
            deployed[0].sandbox.tell_aggregators(silent, "OUTDATED")
            check = seen(deployed)
            deployed[0].sandbox.tell_aggregators(silent, "SUCCEEDED")
        assert check.status is Status.UNKNOWN
        assert check.detail == f"what is shown of {silent} (No role 1) is not all there is"

    def test_a_stale_source_that_does_not_matter(self, deployed: Deployed) -> None:
        """Where each key in scope is known, and has a result, nothing is missing."""
        account, (silent,) = deployed[0], deployed[1].without_role
        account.sandbox.tell_aggregators(silent, "OUTDATED")
        with account.other_parameters(KeyScope="landing-zone"):
            check = seen(deployed)
        account.sandbox.tell_aggregators(silent, "SUCCEEDED")
        assert check.detail == SOUND.replace("5", "4")

    def test_a_listed_key_that_nobody_recorded(self, deployed: Deployed) -> None:
        """Is missing; without it there is nothing amiss."""
        account = deployed[0]
        with account.other_parameters(KeyScope=f"{account.key},1234abcd-12ab-34cd-56ef-1234567890ab"):
            check = seen(deployed)
        assert check.status is Status.UNKNOWN
        assert check.detail == "everywhere shows 1 of the 2 keys in the rule's scope"
        with account.other_parameters(KeyScope=account.key):
            assert seen(deployed).detail == SOUND

    @pytest.mark.parametrize(
        ("scope", "trigger", "status"),
        [
            ("all", "change", Status.PROBLEM),
            ("all", "periodic", Status.UNKNOWN),
            ("landing-zone", "change", Status.OK),
        ],
        ids=str,
    )
    def test_a_member_whose_recorder_is_off(
        self, deployed: Deployed, scope: str, trigger: str, status: Status
    ) -> None:
        """Has no keys that anybody sees: with all keys in scope that is no good news.

        A schedule judges them nevertheless; whether it does is not seen.
        """
        account, member = deployed[0], deployed[1].sound[0]
        config = account.sandbox.client("config", account=member)
        name = {"ConfigurationRecorderName": "aws-controltower-BaselineConfigRecorder"}
        config.stop_configuration_recorder(**name)
        with account.other_parameters(KeyScope=scope, triggers=[trigger]):
            check = seen(deployed)
        config.start_configuration_recorder(**name)
        assert check.status is status
        assert (member in check.detail) is (status is not Status.OK)

    def test_the_landing_zone_names_an_alias(self, deployed: Deployed) -> None:
        """Which key that is nobody knows."""
        account, before = deployed[0], deployed[0].sandbox.landing_zone
        account.sandbox.landing_zone = LandingZone.with_key(
            "arn:aws:kms:us-east-1:111122223333:alias/logs", "4.0"
        )
        with account.other_parameters(KeyScope="landing-zone"):
            check = seen(deployed)
        account.sandbox.landing_zone = before
        assert check.status is Status.UNKNOWN
        assert "by its alias" in check.detail

    def test_refused(self, deployed: Deployed) -> None:
        """Is unknown."""
        for operation in ("SelectAggregateResourceConfig", "DescribeAggregateComplianceByConfigRules"):
            deployed[0].sandbox.fail_next("config", operation, "AccessDeniedException")
            check = seen(deployed)
            assert check.status is Status.UNKNOWN
            assert operation in check.detail

    @pytest.mark.parametrize("every", [0, 1])
    def test_empty_pages(self, deployed: Deployed, every: int) -> None:
        """Are not the end."""
        sandbox = deployed[0].sandbox
        usual, sandbox.empty_page_every = sandbox.empty_page_every, every
        check = seen(deployed)
        sandbox.empty_page_every = usual
        assert check.detail == SOUND


class TestMany:
    """A large organization, as AWS's own model allows it to answer."""

    @pytest.mark.parametrize(("silent", "said"), [(0, "all of 9 accounts"), (5, "1 key"), (7, "and 2 more")])
    def test_a_few_are_named(self, tmp_path: Path, silent: int, said: str) -> None:
        """And the others counted."""
        accounts = [f"{number:012}" for number in range(1, 10)]
        check = evaluations(_answered(tmp_path, accounts, with_results=accounts[silent:]))
        assert check.status is (Status.PROBLEM if silent else Status.OK)
        assert said in check.detail
        assert check.detail.count("1 key)") == min(silent, 5)

    @pytest.mark.parametrize("kind", ["INSUFFICIENT_DATA", "COMPLIANT"])
    def test_not_enough_data(self, tmp_path: Path, kind: str) -> None:
        """Is no result."""
        check = evaluations(_answered(tmp_path, [ACCOUNT], kind=kind))
        assert check.status is (Status.OK if kind == "COMPLIANT" else Status.PROBLEM)

    def test_no_keys_at_all(self, tmp_path: Path) -> None:
        """Is unknown: in one account there must be one, the landing zone's."""
        check = evaluations(_answered(tmp_path, [ACCOUNT], with_keys=[]))
        assert check.status is Status.UNKNOWN
        assert check.detail == "all-SUCCEEDED shows no key in the rule's scope"

    @pytest.mark.parametrize(
        ("recorder", "status"),
        [
            (RECORDS_KEYS, Status.OK),
            (None, Status.UNKNOWN),
            ({"recordingGroup": {"resourceTypes": ["AWS::S3::Bucket"]}}, Status.PROBLEM),
            ({**RECORDS_KEYS, "servicePrincipal": "securityhub.amazonaws.com"}, Status.UNKNOWN),
        ],
        ids=["records keys", "not shown", "records other types", "a service's own"],
    )
    def test_an_account_without_keys(
        self, tmp_path: Path, recorder: dict[str, Any] | None, status: Status
    ) -> None:
        """Has none that anybody recorded; whether it has none depends on its recorder."""
        recorders = {ACCOUNT: RECORDS_KEYS} | ({OTHER: recorder} if recorder else {})
        check = evaluations(_answered(tmp_path, [ACCOUNT, OTHER], with_keys=[ACCOUNT], recorders=recorders))
        assert check.status is status
        assert (OTHER in check.detail) is (status is not Status.OK)

    @pytest.mark.parametrize(
        ("last_updates", "status"),
        [(("OUTDATED", "SUCCEEDED"), Status.OK), (("OUTDATED", "FAILED"), Status.UNKNOWN)],
    )
    def test_the_best_aggregator(self, tmp_path: Path, last_updates: tuple[str, ...], status: Status) -> None:
        """Is the one that counts."""
        assert evaluations(_answered(tmp_path, [ACCOUNT], last_updates=last_updates)).status is status

    @pytest.mark.parametrize("enrolled", [(), (OTHER,)])
    def test_an_account_that_is_no_source(self, tmp_path: Path, enrolled: tuple[str, ...]) -> None:
        """Says nothing, which is not good news."""
        check = evaluations(_answered(tmp_path, [ACCOUNT], enrolled=enrolled))
        assert check.status is (Status.UNKNOWN if enrolled else Status.OK)
        assert (OTHER in check.detail) is bool(enrolled)


def _answered(  # noqa: PLR0913 - what an answer can differ in
    path: Path,
    sources: list[str],
    *,
    with_keys: list[str] | None = None,
    with_results: list[str] | None = None,
    recorders: dict[str, Any] | None = None,
    enrolled: tuple[str, ...] = (),
    kind: str = "COMPLIANT",
    last_updates: tuple[str, ...] = ("SUCCEEDED",),
) -> Any:
    """The management account, where AWS Config has an organization's rule and aggregators."""
    name = "OrgConfigRule-CONTROL_TOWER_KMS_KEY-x"
    with_keys = sources if with_keys is None else with_keys
    source = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/x", "AllAwsRegions": True}
    aggregators = [
        {"ConfigurationAggregatorName": f"all-{last}", "OrganizationAggregationSource": source}
        for last in last_updates
    ]
    statuses = [
        [
            {
                "SourceId": account,
                "SourceType": "ACCOUNT",
                "AwsRegion": "us-east-1",
                "LastUpdateStatus": last,
            }
            for account in sources
        ]
        for last in last_updates
    ]
    rule = {"ConfigRuleName": name, "AwsRegion": "us-east-1", "Compliance": {"ComplianceType": kind}}
    keys = [json.dumps({"accountId": account, "COUNT(*)": 1}) for account in with_keys]
    shown = recorders or dict.fromkeys(sources, RECORDS_KEYS)
    rows = [
        json.dumps({"accountId": account, "configuration": recorder}) for account, recorder in shown.items()
    ]
    local = {"ConfigRuleName": name, "Source": {"Owner": "CUSTOM_LAMBDA"}}
    judged = with_keys if with_results is None else with_results
    return subject(
        path,
        organization_rule(),
        ("describe_config_rules", {"ConfigRules": [local]}),
        ("describe_configuration_aggregators", {"ConfigurationAggregators": aggregators}),
        *(
            ("describe_configuration_aggregator_sources_status", {"AggregatedSourceStatusList": status})
            for status in statuses
        ),
        ("select_aggregate_resource_config", {"Results": keys}),
        (
            "describe_aggregate_compliance_by_config_rules",
            {"AggregateComplianceByConfigRules": [{"AccountId": account, **rule} for account in judged]},
        ),
        ("select_aggregate_resource_config", {"Results": rows}),
        accounts=(*sources, *enrolled),
    )
