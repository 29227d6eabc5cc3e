"""Organization rules: what each operation is documented to do, for whom, and in which accounts.

https://docs.aws.amazon.com/config/latest/APIReference/API_PutOrganizationConfigRule.html and its siblings.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from .organizations import Organized

RULE = "EVERY_ACCOUNT"
IDENTIFIER = "CMK_BACKING_KEY_ROTATION_ENABLED"
MANAGED = {"OrganizationManagedRuleMetadata": {"RuleIdentifier": IDENTIFIER}}


@pytest.fixture
def organized(without_rules: Organized) -> Organized:
    """One organization for all tests."""
    return without_rules


@pytest.fixture
def function(event_log: str) -> str:
    """The one function, which logs the events that it is invoked with."""
    return event_log


class TestPut:
    """A rule in every account."""

    def test_names(self, organized: Organized, function: str) -> None:
        """The ARN ends in name and suffix; so does the rule in each account."""
        arn = organized.put(function)
        made = re.fullmatch(
            r"arn:aws:config:us-east-1:111122223333:organization-config-rule/(EVERY_ACCOUNT-\w{8})", arn
        )
        assert made is not None
        names = {entry["ConfigRuleName"] for entry in organized.statuses().values()}
        assert names == {f"OrgConfigRule-{made[1]}"}

    def test_where(self, organized: Organized, function: str) -> None:
        """In all active accounts with a recorder, the management account among them."""
        organized.put(function)
        organization = organized.organization
        states = organized.states()
        assert set(states) == set(organization.accounts) - set(organization.suspended)
        failed = [account for account, state in states.items() if state != "CREATE_SUCCESSFUL"]
        assert failed == list(organization.without_recorder)

    def test_without_a_recorder(self, organized: Organized, function: str) -> None:
        """The creation has failed in that account, and the error says what is missing."""
        organized.put(function)
        (account,) = organized.organization.without_recorder
        entry = organized.statuses()[account]
        assert entry["MemberAccountRuleStatus"] == "CREATE_FAILED"
        assert entry["ErrorCode"] == "NoAvailableConfigurationRecorder"
        assert "create a configuration recorder" in entry["ErrorMessage"]
        config = organized.sandbox.client("config", account=account)
        assert config.describe_config_rules()["ConfigRules"] == []

    def test_the_rule_in_an_account(self, organized: Organized, function: str) -> None:
        """Scope, triggers, frequency and parameters are those that were put."""
        organized.put(function, metadata={"MaximumExecutionFrequency": "Six_Hours", "Description": "Keys."})
        rule = organized.member_rule(organized.organization.sound[0])
        details = {
            detail["MessageType"]: detail.get("MaximumExecutionFrequency")
            for detail in rule["Source"]["SourceDetails"]
        }
        assert rule["Source"]["SourceIdentifier"] == function
        assert details == {"ConfigurationItemChangeNotification": None, "ScheduledNotification": "Six_Hours"}
        assert rule["Scope"] == {"ComplianceResourceTypes": ["AWS::KMS::Key"]}
        assert json.loads(rule["InputParameters"]) == {"AssumeRoleMode": "False"}
        assert rule["Description"] == "Keys."
        assert rule["CreatedBy"] == "config-multiaccountsetup.amazonaws.com"

    def test_once_more_is_an_update(self, organized: Organized, function: str) -> None:
        """Same rule, new parameters; each account says so."""
        first = organized.put(function)
        assert organized.put(function, metadata={"InputParameters": '{"Updated": "true"}'}) == first
        member = organized.organization.sound[0]
        assert organized.states()[member] == "UPDATE_SUCCESSFUL"
        assert json.loads(organized.member_rule(member)["InputParameters"]) == {"Updated": "true"}

    def test_a_managed_rule(self, organized: Organized) -> None:
        """Needs no function."""
        organized.sandbox.client("config").put_organization_config_rule(
            OrganizationConfigRuleName=RULE, **MANAGED
        )
        rule = organized.member_rule(organized.organization.sound[0])
        assert rule["Source"]["SourceIdentifier"] == "CMK_BACKING_KEY_ROTATION_ENABLED"

    def test_service_access_is_enabled(self, organized: Organized, function: str) -> None:
        """By the call itself, as documented."""
        organizations = organized.sandbox.client("organizations")
        service = "config-multiaccountsetup.amazonaws.com"
        organizations.disable_aws_service_access(ServicePrincipal=service)
        organized.put(function)
        enabled = organizations.list_aws_service_access_for_organization()["EnabledServicePrincipals"]
        assert service in {entry["ServicePrincipal"] for entry in enabled}


class TestDelete:
    """The rule is gone everywhere."""

    def test_with_its_results(self, organized: Organized, function: str) -> None:
        """In every account, and here."""
        organized.put(function)
        config = organized.sandbox.client("config")
        config.delete_organization_config_rule(OrganizationConfigRuleName=RULE)
        assert config.describe_organization_config_rules()["OrganizationConfigRules"] == []
        for account in organized.organization.accounts:
            rules = organized.sandbox.client("config", account=account).describe_config_rules()
            assert rules["ConfigRules"] == []

    @pytest.mark.parametrize(
        ("operation", "arguments"),
        [
            ("delete_organization_config_rule", {"OrganizationConfigRuleName": "other"}),
            ("describe_organization_config_rules", {"OrganizationConfigRuleNames": ["other"]}),
            ("describe_organization_config_rule_statuses", {"OrganizationConfigRuleNames": ["other"]}),
            ("get_organization_config_rule_detailed_status", {"OrganizationConfigRuleName": "other"}),
        ],
    )
    def test_no_such_rule(self, organized: Organized, operation: str, arguments: dict[str, Any]) -> None:
        """Is an error by every operation that takes a name."""
        with pytest.raises(ClientError, match="NoSuchOrganizationConfigRuleException"):
            getattr(organized.sandbox.client("config"), operation)(**arguments)


class TestStatuses:
    """Pages, filters, and work in progress."""

    def test_pages(self, organized: Organized, function: str) -> None:
        """Of as many accounts as were asked for; all of them come."""
        organized.put(function)
        config = organized.sandbox.client("config")
        first = config.get_organization_config_rule_detailed_status(OrganizationConfigRuleName=RULE, Limit=3)
        assert len(first["OrganizationConfigRuleDetailedStatus"]) == 3
        assert organized.statuses(PaginationConfig={"PageSize": 3}) == organized.statuses()
        with pytest.raises(ClientError, match="InvalidNextTokenException"):
            config.get_organization_config_rule_detailed_status(
                OrganizationConfigRuleName=RULE, NextToken="x"
            )

    def test_filters(self, organized: Organized, function: str) -> None:
        """By account, and by state."""
        organized.put(function)
        audit = organized.organization.audit
        assert list(organized.statuses(Filters={"AccountId": audit})) == [audit]
        failed = organized.statuses(Filters={"MemberAccountRuleStatus": "CREATE_FAILED"})
        assert tuple(failed) == organized.organization.without_recorder

    def test_a_failure_is_named(self, organized: Organized, function: str) -> None:
        """The rule has failed as soon as it has in one account."""
        organized.put(function)
        answer = organized.sandbox.client("config").describe_organization_config_rule_statuses()
        (status,) = answer["OrganizationConfigRuleStatuses"]
        assert status["OrganizationRuleStatus"] == "CREATE_FAILED"
        assert status["ErrorCode"] == "NoAvailableConfigurationRecorder"
        assert organized.organization.without_recorder[0] in status["ErrorMessage"]

    def test_work_in_progress(self, organized: Organized, function: str) -> None:
        """Is shown for as many answers as the test asks for."""
        organized.put(function)
        organized.sandbox.delay_organization_rules(1)
        assert set(organized.states().values()) == {"CREATE_IN_PROGRESS"}
        assert "CREATE_SUCCESSFUL" in organized.states().values()


class TestEvents:
    """The function is invoked for the account that the key is in."""

    def test_a_change(self, organized: Organized, function: str) -> None:
        """Account, role, rule and item are the member's."""
        organized.put(function)
        member = organized.organization.sound[0]
        key_id = organized.key_in(member)
        event = organized.events()[-1]
        assert event["accountId"] == member
        assert event["executionRoleArn"] == (
            f"arn:aws:iam::{member}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
        )
        assert event["configRuleArn"] == organized.member_rule(member)["ConfigRuleArn"]
        item = event["invokingEvent"]["configurationItem"]
        assert (item["awsAccountId"], item["resourceId"]) == (member, key_id)

    def test_a_schedule(self, organized: Organized, function: str) -> None:
        """Comes round in one account."""
        organized.put(function)
        member = organized.organization.sound[1]
        before = len(organized.events())
        organized.sandbox.run_scheduled(account=member)
        organized.sandbox.settle()
        events = organized.events()[before:]
        assert [event["invokingEvent"]["awsAccountId"] for event in events] == [member]
