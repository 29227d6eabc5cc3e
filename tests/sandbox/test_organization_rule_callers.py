"""Organization rules: who may put them, and what is refused.

https://docs.aws.amazon.com/config/latest/APIReference/API_PutOrganizationConfigRule.html (Errors).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from .accounts import Account
    from .organizations import Organized

RULE = "EVERY_ACCOUNT"
MANAGED = {"OrganizationManagedRuleMetadata": {"RuleIdentifier": "CMK_BACKING_KEY_ROTATION_ENABLED"}}


@pytest.fixture
def organized(without_rules: Organized) -> Organized:
    """One organization for all tests."""
    return without_rules


@pytest.fixture
def function(event_log: str) -> str:
    """The one function, which logs the events that it is invoked with."""
    return event_log


class TestWho:
    """The management account and a delegated administrator, each for its own rules."""

    def test_a_delegated_administrator(self, organized: Organized, function: str) -> None:
        """Neither sees the other's rules, as documented for DescribeOrganizationConfigRules."""
        audit = organized.organization.audit
        organized.put(function, account=audit)
        assert organized.statuses(account=audit)
        management = organized.sandbox.client("config")
        assert management.describe_organization_config_rules()["OrganizationConfigRules"] == []

    def test_another_member(self, organized: Organized, function: str) -> None:
        """Is refused by every operation."""
        member = organized.organization.log_archive
        with pytest.raises(ClientError, match="OrganizationAccessDeniedException"):
            organized.put(function, account=member)
        with pytest.raises(ClientError, match="OrganizationAccessDeniedException"):
            organized.statuses(account=member)
        config = organized.sandbox.client("config", account=member)
        with pytest.raises(ClientError, match="OrganizationAccessDeniedException"):
            config.describe_organization_config_rules()

    def test_an_administrator_of_another_service(self, organized: Organized, function: str) -> None:
        """Aggregating data is another delegation than deploying rules."""
        member = organized.organization.log_archive
        organizations = organized.sandbox.client("organizations")
        organizations.register_delegated_administrator(
            AccountId=member, ServicePrincipal="config.amazonaws.com"
        )
        with pytest.raises(ClientError, match="OrganizationAccessDeniedException"):
            organized.put(function, account=member)
        organizations.register_delegated_administrator(
            AccountId=member, ServicePrincipal="config-multiaccountsetup.amazonaws.com"
        )
        organized.put(function, account=member)
        config = organized.sandbox.client("config", account=member)
        config.delete_organization_config_rule(OrganizationConfigRuleName=RULE)
        for service in ("config.amazonaws.com", "config-multiaccountsetup.amazonaws.com"):
            organizations.deregister_delegated_administrator(AccountId=member, ServicePrincipal=service)


class TestNoAdministrator:
    """Accounts that have no organization to speak of."""

    def test_an_account_alone(self, account: Account) -> None:
        """Has no organization."""
        with pytest.raises(ClientError, match="NoAvailableOrganizationException"):
            account.sandbox.client("config").put_organization_config_rule(
                OrganizationConfigRuleName=RULE, **MANAGED
            )

    def test_an_organization_for_billing_alone(self, account: Account) -> None:
        """Has not all features."""
        account.sandbox.client("organizations").create_organization(FeatureSet="CONSOLIDATED_BILLING")
        with pytest.raises(ClientError, match="OrganizationAllFeaturesNotEnabledException"):
            account.sandbox.client("config").put_organization_config_rule(
                OrganizationConfigRuleName=RULE, **MANAGED
            )


class TestBadRequests:
    """Refused before anything is made."""

    @pytest.mark.parametrize(
        ("members", "error"),
        [
            (MANAGED, "InvalidParameterValueException"),
            ({"metadata": {"InputParameters": "{"}}, "InvalidParameterValueException"),
            ({"metadata": {"OrganizationConfigRuleTriggerTypes": []}}, "InvalidParameterValueException"),
            ({"metadata": {"OrganizationConfigRuleTriggerTypes": ["Never"]}}, "ValidationException"),
            ({"metadata": {"MaximumExecutionFrequency": "Two_Hours"}}, "ValidationException"),
            ({"metadata": {"InputParameters": json.dumps({"x": "y" * 1024})}}, "ValidationException"),
            ({"name": "n" * 65}, "ValidationException"),
            ({"ExcludedAccounts": ["1"]}, "ValidationException"),
        ],
        ids=str,
    )
    def test_each(self, organized: Organized, function: str, members: dict[str, Any], error: str) -> None:
        """Two kinds of metadata, parameters that are no JSON, values that the service model excludes."""
        with pytest.raises(ClientError, match=error):
            organized.put(function, **members)
        config = organized.sandbox.client("config")
        assert config.describe_organization_config_rules()["OrganizationConfigRules"] == []

    def test_a_function_of_a_member(self, organized: Organized, function: str) -> None:
        """It must be in the management or a delegated administrator account."""
        member, audit = organized.organization.log_archive, organized.organization.audit
        with pytest.raises(ClientError, match="InvalidParameterValueException"):
            organized.put(function.replace("111122223333", member))
        organized.put(function.replace("111122223333", audit))

    def test_a_function_that_is_not_there(self, organized: Organized, function: str) -> None:
        """Is found out in each account, as PutConfigRule finds it out."""
        organized.put(f"{function}-other")
        entry = organized.statuses()[organized.organization.sound[0]]
        assert entry["MemberAccountRuleStatus"] == "CREATE_FAILED"
        assert entry["ErrorCode"] == "InsufficientPermissionsException"
