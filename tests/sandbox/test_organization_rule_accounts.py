"""Organization rules, and which accounts they come to: excluded, joining, leaving, without a recorder.

https://docs.aws.amazon.com/config/latest/developerguide/config-rule-multi-account-deployment.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from .organizations import Organized

RULE = "EVERY_ACCOUNT"
IDENTIFIER = "CMK_BACKING_KEY_ROTATION_ENABLED"


@pytest.fixture
def function(organized: Organized) -> str:
    """The one function, which logs the events that it is invoked with."""
    return organized.function("EVENT_LOG")


class TestExcludedAccounts:
    """Accounts that the rule is not meant for."""

    def test_are_left_out(self, organized: Organized, function: str) -> None:
        """They have no rule and no status; the description names them."""
        excluded = [organized.organization.management, organized.organization.log_archive]
        organized.put(function, ExcludedAccounts=excluded)
        assert set(excluded).isdisjoint(organized.states())
        described = organized.sandbox.client("config").describe_organization_config_rules()
        assert described["OrganizationConfigRules"][0]["ExcludedAccounts"] == excluded

    def test_later_lose_the_rule(self, organized: Organized, function: str) -> None:
        """And get it again when they are no longer excluded."""
        member = organized.organization.sound[0]
        config = organized.sandbox.client("config", account=member)
        organized.put(function)
        organized.put(function, ExcludedAccounts=[member])
        assert config.describe_config_rules()["ConfigRules"] == []
        organized.put(function)
        assert organized.states()[member] == "CREATE_SUCCESSFUL"

    def test_that_have_no_recorder(self, organized: Organized, function: str) -> None:
        """Are what makes a rule successful."""
        assert overall(organized, function) == "CREATE_FAILED"
        excluded = list(organized.organization.without_recorder)
        assert overall(organized, function, ExcludedAccounts=excluded) == "UPDATE_SUCCESSFUL"


def overall(organized: Organized, function: str, **members: Any) -> str:
    """Put the rule and return its state in the organization."""
    organized.put(function, **members)
    answer = organized.sandbox.client("config").describe_organization_config_rule_statuses(
        OrganizationConfigRuleNames=[RULE]
    )
    return str(answer["OrganizationConfigRuleStatuses"][0]["OrganizationRuleStatus"])


class TestLater:
    """What AWS Config does by itself afterwards."""

    def test_an_account_that_joins(self, organized: Organized, function: str) -> None:
        """Gets the rule with the next try, and is evaluated."""
        organized.put(function)
        later = organized.organization.enroll("Later")
        assert later not in organized.states()
        organized.sandbox.retry_organization_rules()
        organized.sandbox.settle()
        assert organized.states()[later] == "CREATE_SUCCESSFUL"
        assert later in {event["accountId"] for event in organized.events()}

    def test_an_account_that_gets_its_recorder(self, organized: Organized, function: str) -> None:
        """Has failed until then."""
        (account,) = organized.organization.without_recorder
        organized.put(function)
        organized.sandbox.retry_organization_rules()
        assert organized.states()[account] == "CREATE_FAILED"
        organized.organization.start_recorder(account)
        organized.sandbox.retry_organization_rules()
        assert organized.states()[account] == "CREATE_SUCCESSFUL"

    def test_a_try_changes_nothing_else(self, organized: Organized, function: str) -> None:
        """Rules that are in place are not evaluated anew."""
        organized.put(function)
        before, events = organized.statuses(), len(organized.events())
        organized.sandbox.retry_organization_rules()
        organized.sandbox.settle()
        after = organized.statuses()
        (failed,) = organized.organization.without_recorder
        assert {**after, failed: before[failed]} == before
        assert len(organized.events()) == events

    def test_an_account_that_is_suspended(self, organized: Organized, function: str) -> None:
        """Is reported no more, and keeps what it has."""
        organized.put(function)
        member = organized.organization.sound[0]
        organized.sandbox.client("organizations").close_account(AccountId=member)
        organized.sandbox.retry_organization_rules()
        assert member not in organized.states()
        assert organized.member_rule(member)["ConfigRuleState"] == "ACTIVE"

    def test_an_account_that_leaves(self, organized: Organized, function: str) -> None:
        """Loses the rule."""
        organized.put(function)
        member = organized.organization.sound[0]
        organized.sandbox.client("organizations").remove_account_from_organization(AccountId=member)
        organized.sandbox.retry_organization_rules()
        assert member not in organized.states()
        config = organized.sandbox.client("config", account=member)
        assert config.describe_config_rules()["ConfigRules"] == []

    def test_the_rule_belongs_to_a_service(self, organized: Organized, function: str) -> None:
        """The accounts cannot touch the rule, and can touch their own.

        https://docs.aws.amazon.com/config/latest/developerguide/service-linked-awsconfig-rules.html
        """
        organized.put(function)
        member = organized.organization.sound[0]
        config = organized.sandbox.client("config", account=member)
        rule = organized.member_rule(member)
        own = {"ConfigRuleName": "own", "Source": {"Owner": "AWS", "SourceIdentifier": IDENTIFIER}}
        with pytest.raises(ClientError, match="An AWS service owns"):
            config.delete_config_rule(ConfigRuleName=rule["ConfigRuleName"])
        with pytest.raises(ClientError, match="An AWS service owns"):
            config.put_config_rule(ConfigRule={**own, "ConfigRuleName": rule["ConfigRuleName"]})
        config.put_config_rule(ConfigRule=own)
        config.delete_config_rule(ConfigRuleName="own")
