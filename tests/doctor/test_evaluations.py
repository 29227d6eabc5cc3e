"""Accounts with keys and no result: the line `evaluations`."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from lzkey.doctor import EXPECTATIONS, Status
from lzkey.doctor.evaluations import evaluations

from .answers import ACCOUNT, organization_rule, subject
from .conftest import organization_account

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lzkey.doctor import Check
    from lzkey.sandbox.organization import Organization

    from .conftest import Management

Deployed = tuple["Management", "Organization"]
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
        assert lines["evaluations"].detail == f"keys in scope and no result: {silent} (2 keys)"
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
        deployed[0].sandbox.tell_aggregators(silent, "OUTDATED")
        check = seen(deployed)
        deployed[0].sandbox.tell_aggregators(silent, "SUCCEEDED")
        assert check.status is Status.UNKNOWN
        assert check.detail == f"what is shown of {silent} is stale"

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
        check = evaluations(_answered(tmp_path, accounts, accounts[silent:]))
        assert check.status is (Status.PROBLEM if silent else Status.OK)
        assert said in check.detail
        assert check.detail.count("1 key)") == min(silent, 5)

    def test_no_keys_at_all(self, tmp_path: Path) -> None:
        """Is unknown: keys may not be recorded."""
        check = evaluations(_answered(tmp_path, [], []))
        assert check.status is Status.UNKNOWN
        assert "shows no key in the rule's scope" in check.detail

    @pytest.mark.parametrize("kind", ["INSUFFICIENT_DATA", "COMPLIANT"])
    def test_not_enough_data(self, tmp_path: Path, kind: str) -> None:
        """Is no result."""
        check = evaluations(_answered(tmp_path, [ACCOUNT], [ACCOUNT], kind))
        assert check.status is (Status.OK if kind == "COMPLIANT" else Status.PROBLEM)


def _answered(path: Path, with_keys: list[str], with_results: list[str], kind: str = "COMPLIANT") -> Any:
    """The management account, where AWS Config has an organization's rule and an aggregator."""
    name = "OrgConfigRule-CONTROL_TOWER_KMS_KEY-x"
    source = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/x", "AllAwsRegions": True}
    found = {"ConfigurationAggregatorName": "all", "OrganizationAggregationSource": source}
    sources = [
        {
            "SourceId": account,
            "SourceType": "ACCOUNT",
            "AwsRegion": "us-east-1",
            "LastUpdateStatus": "SUCCEEDED",
        }
        for account in with_keys or [ACCOUNT]
    ]
    rules = [
        {
            "ConfigRuleName": name,
            "AccountId": account,
            "AwsRegion": "us-east-1",
            "Compliance": {"ComplianceType": kind},
        }
        for account in with_results
    ]
    rows = [json.dumps({"accountId": account, "COUNT(*)": 1}) for account in with_keys]
    local = {"ConfigRuleName": name, "Source": {"Owner": "CUSTOM_LAMBDA"}}
    return subject(
        path,
        organization_rule(),
        ("describe_config_rules", {"ConfigRules": [local]}),
        ("describe_configuration_aggregators", {"ConfigurationAggregators": [found]}),
        ("describe_aggregate_compliance_by_config_rules", {"AggregateComplianceByConfigRules": rules}),
        ("select_aggregate_resource_config", {"Results": rows}),
        ("describe_configuration_aggregator_sources_status", {"AggregatedSourceStatusList": sources}),
    )
