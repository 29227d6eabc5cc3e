"""After an organization rule was deployed: what AWS says is compared with what was asked for."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber

from lzkey import RULE_NAME
from lzkey.aws.rule import MemberStatus, member_statuses
from lzkey.deployment import readback
from lzkey.deployment.readback import (
    explained,
    verify_accounts,
    verify_organization_rule,
)
from lzkey.errors import DeployError
from lzkey.parameters import Parameters, load
from lzkey.workplace import Workplace
from lzkey_sandbox.organization import OrganizationPlan

from .conftest import target_at

if TYPE_CHECKING:
    from lzkey.deployment.target import Target
    from lzkey_sandbox import Sandbox

    from .conftest import Project

FUNCTION = "arn:aws:lambda:us-east-1:111122223333:function:my-function"
CHANGE = ["ConfigurationItemChangeNotification", "OversizedConfigurationItemChangeNotification"]
MANAGEMENT, MEMBER, OTHER = "111122223333", "444455556666", "777788889999"
NO_RECORDER = "NoAvailableConfigurationRecorderException: no recorder"


@pytest.fixture
def parameters(project: Project) -> Parameters:
    """A file with the schedule, and one excluded account."""
    name = project.parameters(
        triggers=["periodic"], excludedAccounts=[OTHER], AssumeRoleMode="true", ExecutionRoleName="my-role"
    )
    return load(name, at=Workplace.in_checkout(project.root))


@pytest.fixture
def target(sandbox: Sandbox) -> Target:
    """The management account of an organization."""
    sandbox.organization(OrganizationPlan(members=3))
    return target_at(boto3.Session(), sandbox.account, sandbox.region)


def put(target: Target, parameters: Parameters, **changes: Any) -> None:
    """Make the organization rule as rdk's template would, with members changed or (None) removed."""
    rule: dict[str, Any] = {
        "LambdaFunctionArn": FUNCTION,
        "OrganizationConfigRuleTriggerTypes": ["ScheduledNotification"],
        "MaximumExecutionFrequency": "TwentyFour_Hours",
        "InputParameters": json.dumps(dict(parameters.rule)),
    }
    excluded = changes.pop("ExcludedAccounts", [OTHER])
    given = {name: value for name, value in {**rule, **changes}.items() if value is not None}
    boto3.client("config", target.region).put_organization_config_rule(
        OrganizationConfigRuleName=RULE_NAME,
        OrganizationCustomRuleMetadata=given,  # type: ignore[arg-type]
        ExcludedAccounts=excluded,
    )


class TestRule:
    """The organization rule, as DescribeOrganizationConfigRules shows it."""

    def test_as_asked(self, target: Target, parameters: Parameters) -> None:
        """Its ARN is the answer."""
        put(target, parameters)
        assert ":organization-config-rule/" in verify_organization_rule(target, parameters, FUNCTION)

    def test_missing(self, target: Target, parameters: Parameters) -> None:
        """As after a roll-back."""
        with pytest.raises(DeployError, match="AWS Config has no organization rule"):
            verify_organization_rule(target, parameters, FUNCTION)

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            (
                {"InputParameters": '{"HomeRegion": "eu-west-1"}'},
                "HomeRegion is 'eu-west-1', not 'us-east-1'",
            ),
            ({"InputParameters": None}, "HomeRegion is not given; example.json says 'us-east-1'"),
            ({"OrganizationConfigRuleTriggerTypes": CHANGE}, "its triggers: ConfigurationItemChange"),
            ({"MaximumExecutionFrequency": "One_Hour"}, "its schedule: One_Hour, not TwentyFour_Hours"),
            ({"ResourceTypesScope": ["AWS::S3::Bucket"]}, "its scope: AWS::S3::Bucket, not none"),
            ({"LambdaFunctionArn": f"{FUNCTION}-2"}, f"its function: {FUNCTION}-2, not {FUNCTION}"),
            ({"ExcludedAccounts": [MEMBER]}, f"its excluded accounts: {MEMBER}, not {OTHER}"),
            ({"ExcludedAccounts": []}, f"its excluded accounts: none, not {OTHER}"),
        ],
    )
    def test_not_as_asked(
        self, target: Target, parameters: Parameters, changes: dict[str, Any], said: str
    ) -> None:
        """Each difference is named, with both sides."""
        put(target, parameters, **changes)
        with pytest.raises(DeployError) as caught:
            verify_organization_rule(target, parameters, FUNCTION)
        assert said in str(caught.value)


def told(account: str, status: str = "CREATE_SUCCESSFUL", reason: str = "") -> dict[str, Any]:
    """What AWS Config tells of an account."""
    code, _, message = reason.partition(": ")
    entry = {
        "AccountId": account,
        "ConfigRuleName": f"OrgConfigRule-{RULE_NAME}-abcdefgh",
        "MemberAccountRuleStatus": status,
        "LastUpdateTime": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return {**entry, "ErrorCode": code, "ErrorMessage": message} if reason else entry


@pytest.fixture
def telling(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What makes an account whose AWS Config tells pages of statuses, checked against botocore's model.

    The pages are told once for each of `times`; nobody waits for what does not come.
    """
    monkeypatch.setattr(readback, "_WAIT_SECONDS", 0)
    session = boto3.Session("testing", "testing", region_name="us-east-1")
    client = session.client("config")
    monkeypatch.setattr(session, "client", lambda *_, **__: client)
    with Stubber(client) as stubber:

        def told_by(*pages: list[dict[str, Any]], times: int = 2) -> Target:
            for _ in range(times):
                for number, page in enumerate(pages, 1):
                    answer: dict[str, Any] = {"OrganizationConfigRuleDetailedStatus": page}
                    answer |= {"NextToken": str(number)} if number < len(pages) else {}
                    stubber.add_response("get_organization_config_rule_detailed_status", answer)
            return target_at(session, MANAGEMENT, "us-east-1")

        yield told_by
        stubber.assert_no_pending_responses()


class TestAccounts:
    """Each account's share of the rule, as GetOrganizationConfigRuleDetailedStatus shows it."""

    def test_every_page(self, telling: Any) -> None:
        """An organization has more accounts than a page; they come in order."""
        target = telling([told(OTHER)], [told(MEMBER, "UPDATE_SUCCESSFUL")], times=1)
        assert [(entry.account, entry.status) for entry in member_statuses(target.asker, RULE_NAME)] == [
            (MEMBER, "UPDATE_SUCCESSFUL"),
            (OTHER, "CREATE_SUCCESSFUL"),
        ]

    def test_all_have_it(self, telling: Any, parameters: Parameters) -> None:
        """Nothing to say when every active account is there or excluded."""
        expected = frozenset({MANAGEMENT, MEMBER, OTHER})
        statuses, warnings = verify_accounts(telling([told(MANAGEMENT), told(MEMBER)]), parameters, expected)
        assert [status.account for status in statuses] == [MANAGEMENT, MEMBER]
        assert warnings == ()

    def test_one_that_is_not_told_of(self, telling: Any, parameters: Parameters) -> None:
        """An active account without any status is a gap; it may have been enrolled a minute ago."""
        expected = frozenset({MANAGEMENT, MEMBER, OTHER})
        _, warnings = verify_accounts(telling([told(MANAGEMENT)]), parameters, expected)
        assert warnings == (f"AWS Config tells nothing of the active accounts {MEMBER}",)

    def test_accounts_that_are_not_known(self, telling: Any, parameters: Parameters) -> None:
        """Whoever deploys need not be allowed to list them: a gap that is told."""
        (warning,) = verify_accounts(telling([told(MANAGEMENT)]), parameters, None)[1]
        assert "may not be listed" in warning

    def test_nobody_has_it(self, telling: Any, parameters: Parameters) -> None:
        """No account at all is no success."""
        with pytest.raises(DeployError, match="tells of no account"):
            verify_accounts(telling([]), parameters, frozenset())

    @pytest.mark.parametrize(
        "status", ["CREATE_FAILED", "UPDATE_FAILED", "DELETE_FAILED", "DELETE_SUCCESSFUL"]
    )
    def test_each_that_failed_is_named(self, telling: Any, parameters: Parameters, status: str) -> None:
        """With its reason."""
        failed = told(MEMBER, status, "SomeException: why")
        with pytest.raises(DeployError) as caught:
            verify_accounts(telling([told(MANAGEMENT), failed]), parameters, None)
        assert "the rule is in 1 of 2 accounts" in str(caught.value)
        assert f"account {MEMBER}: {status}: SomeException: why\n" in str(caught.value)

    def test_without_a_reason(self, telling: Any, parameters: Parameters) -> None:
        """Both are optional in the API."""
        with pytest.raises(DeployError, match="CREATE_FAILED: AWS Config gives no reason"):
            verify_accounts(telling([told(MEMBER, "CREATE_FAILED")]), parameters, None)


class TestExplanation:
    """What AWS's reason means, where that is known."""

    @pytest.mark.parametrize(
        ("account", "said"),
        [
            (MANAGEMENT, "Control Tower does not enable AWS Config in the management account, 111122223333"),
            (MEMBER, "enroll the account in Control Tower"),
            (None, "Control Tower does not enable AWS Config in the management account"),
        ],
    )
    def test_no_recorder(self, parameters: Parameters, account: str | None, said: str) -> None:
        """In the management account there is none by default; a stack's reason may name no account."""
        assert said in explained(NO_RECORDER, parameters, account)

    def test_in_a_stack_when_the_management_account_is_excluded(self, project: Project) -> None:
        """Then it is another account."""
        excluding = load(
            project.parameters(excludedAccounts=[MANAGEMENT]), at=Workplace.in_checkout(project.root)
        )
        assert "Control Tower does not" not in explained(NO_RECORDER, excluding)

    def test_anything_else(self, parameters: Parameters) -> None:
        """Stays as AWS says it."""
        assert explained("SomeException: why", parameters, MEMBER) == "SomeException: why"


@pytest.mark.parametrize(
    ("status", "successful", "changing"),
    [
        ("CREATE_SUCCESSFUL", True, False),
        ("UPDATE_SUCCESSFUL", True, False),
        ("DELETE_SUCCESSFUL", False, False),
        ("CREATE_IN_PROGRESS", False, True),
        ("UPDATE_FAILED", False, False),
    ],
)
def test_statuses(status: str, successful: bool, changing: bool) -> None:  # noqa: FBT001
    """A deleted rule is one that the account does not have."""
    found = MemberStatus(MEMBER, RULE_NAME, status)
    assert (found.successful, found.changing) == (successful, changing)
