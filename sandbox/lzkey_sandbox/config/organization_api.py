"""AWS Config's operations on organization rules, and the list of the accounts that they are for.

Both are for the management account and delegated administrators. Source:
https://docs.aws.amazon.com/config/latest/APIReference/API_PutOrganizationConfigRule.html and the pages of
its siblings.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from lzkey_sandbox.config import organization_rules
from lzkey_sandbox.config.organization_rules import KINDS, OrganizationRule, stored_rules
from lzkey_sandbox.errors import ServiceError
from lzkey_sandbox.moto.motoorganizations import (
    MULTI_ACCOUNT_SETUP,
    Organization,
    described_members,
    enable_service_access,
    management_for,
    organization_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lzkey_sandbox.config.evaluation import EvaluationLoop
    from lzkey_sandbox.http.contract import Answer, Members
    from lzkey_sandbox.http.listings import Listings

#: Sources: the API reference's Limit members, and .../developerguide/configlimits.html.
DEFAULT_PAGE: Final = 100
MOST_RULES: Final = 150

#: Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html
MOST_ACCOUNTS: Final = 20


def put_organization_rule(account: str, region: str, members: Members) -> OrganizationRule:
    """Create or update an organization rule for a caller who may; ServiceError for one who may not."""
    organization = organization_of(account, region)
    if organization is None:
        raise ServiceError("NoAvailableOrganizationException", "Organization is no longer available.")
    if not organization.all_features:
        raise ServiceError(
            "OrganizationAllFeaturesNotEnabledException",
            "AWS Config resource cannot be created because your organization does not have all features "
            "enabled.",
        )
    _require_administrator(organization, account)
    name = members["OrganizationConfigRuleName"]
    known = stored_rules(account, region)
    if name not in known and len(known) >= MOST_RULES:
        raise ServiceError(
            "MaxNumberOfOrganizationConfigRulesExceededException",
            f"You have reached the limit of {MOST_RULES} organization AWS Config rules.",
        )
    _require_metadata(organization, members)
    enable_service_access(organization.management, region, MULTI_ACCOUNT_SETUP)
    excluded = tuple(members.get("ExcludedAccounts") or ())
    return organization_rules.put(organization_rules.new_rule(account, region, name, members, excluded))


class OrganizationApi:
    """The operations; ``in_progress`` answers to come still say that AWS is at work."""

    def __init__(self, loop: EvaluationLoop, listings: Listings) -> None:
        self.in_progress = 0
        self._loop = loop
        self._listings = listings

    def put_organization_config_rule(self, account: str, region: str, members: Members) -> Answer:
        """Create or update an organization rule, and evaluate it where it is new or changed."""
        rule = put_organization_rule(account, region, members)
        self._evaluate(rule)
        return {"OrganizationConfigRuleArn": rule.arn}

    def delete_organization_config_rule(self, account: str, region: str, members: Members) -> Answer:
        """Delete an organization rule and all of its results in all accounts."""
        organization_rules.delete(_rules(account, region, [members["OrganizationConfigRuleName"]])[0])
        return {}

    def describe_organization_config_rules(self, account: str, region: str, members: Members) -> Answer:
        """The rules that the caller's account made, and no other's."""
        rules = _rules(account, region, members.get("OrganizationConfigRuleNames"))
        shown = [_shown(rule) for rule in rules]
        return self._page("OrganizationConfigRules", shown, (account, region), members)

    def describe_organization_config_rule_statuses(
        self, account: str, region: str, members: Members
    ) -> Answer:
        """One state per rule: failed as soon as it is in one account."""
        rules = _rules(account, region, members.get("OrganizationConfigRuleNames"))
        at_work = self._at_work()
        shown = [_status(rule, at_work=at_work) for rule in rules]
        return self._page("OrganizationConfigRuleStatuses", shown, (account, region), members)

    def get_organization_config_rule_detailed_status(
        self, account: str, region: str, members: Members
    ) -> Answer:
        """A rule's state in every account that it is meant for."""
        rule = _rules(account, region, [members["OrganizationConfigRuleName"]])[0]
        shown = _member_statuses(rule, at_work=self._at_work())
        filters = members.get("Filters", {})
        for name in ("AccountId", "MemberAccountRuleStatus"):
            if name in filters:
                shown = [entry for entry in shown if entry[name] == filters[name]]
        return self._page("OrganizationConfigRuleDetailedStatus", shown, (account, region), members)

    def retry(self, account: str, region: str) -> None:
        """Reach the accounts that joined, or got a recorder, since; take the rules from those that left.

        AWS does so by itself, for a new account without a recorder for seven hours.
        """
        for rule in stored_rules(account, region).values():
            organization_rules.reconcile(rule)
            self._evaluate(rule)

    def _evaluate(self, rule: OrganizationRule) -> None:
        for account in rule.members:
            self._loop.rules_changed(account, rule.region)

    def _page(self, name: str, shown: list[Answer], where: tuple[str, str], members: Members) -> Answer:
        size = members.get("Limit") or DEFAULT_PAGE
        return self._listings.page(name, lambda: shown, where, members, size, may_be_empty=False)

    def _at_work(self) -> bool:
        self.in_progress, at_work = max(self.in_progress - 1, 0), self.in_progress > 0
        return at_work


class OrganizationsApi:
    """Lists accounts in AWS's pages, of which some are empty; moto answers everything else."""

    def __init__(self, listings: Listings) -> None:
        self._listings = listings

    def list_accounts(self, account: str, region: str, members: Mapping[str, Any]) -> dict[str, Any]:
        """The accounts of the organization, in the order of their joining."""
        management = management_for(account, region, "ListAccounts")
        found = described_members(management, region)
        if found is None:
            raise ServiceError(
                "AWSOrganizationsNotInUseException", "Your account is not a member of an organization."
            )
        size = members.get("MaxResults") or MOST_ACCOUNTS
        try:
            return self._listings.page("Accounts", lambda: found, management, members, size)
        except ServiceError as error:
            raise ServiceError("InvalidInputException", "You provided an invalid NextToken.") from error


def _require_administrator(organization: Organization | None, account: str) -> None:
    if organization is None or not organization.administers(account, MULTI_ACCOUNT_SETUP):
        raise ServiceError(
            "OrganizationAccessDeniedException",
            "This action can be performed only by the organization's management account, or by a delegated "
            f"administrator for {MULTI_ACCOUNT_SETUP}.",
        )


def _require_metadata(organization: Organization, members: Members) -> None:
    given = [name for name in members if name.endswith("RuleMetadata")]
    if len(given) != 1:
        _refuse("Specify one of OrganizationCustomRuleMetadata and OrganizationManagedRuleMetadata.")
    if given[0] not in KINDS:
        raise ServiceError("NotImplemented", f"the sandbox has no rules of {given[0]}", 501)
    metadata = members[given[0]]
    _require_json(metadata.get("InputParameters", "{}"))
    if "LambdaFunctionArn" not in metadata:
        return
    if not metadata["OrganizationConfigRuleTriggerTypes"]:
        _refuse("OrganizationConfigRuleTriggerTypes is empty.")
    parts = metadata["LambdaFunctionArn"].split(":")
    if parts[2:3] != ["lambda"] or not organization.administers("".join(parts[4:5]), MULTI_ACCOUNT_SETUP):
        _refuse(
            f"{metadata['LambdaFunctionArn']} is no function of the management account or of a delegated "
            "administrator."
        )


def _require_json(parameters: str) -> None:
    try:
        json.loads(parameters)
    except ValueError:
        _refuse(f"Invalid json {parameters} passed in the InputParameters field")


def _refuse(message: str) -> None:
    raise ServiceError("InvalidParameterValueException", message)


def _rules(account: str, region: str, names: list[str] | None) -> list[OrganizationRule]:
    _require_administrator(organization_of(account, region), account)
    rules = stored_rules(account, region)
    for name in names or []:
        if name not in rules:
            raise ServiceError(
                "NoSuchOrganizationConfigRuleException",
                f"One or more organization config rules with specified names are not present: {name}",
            )
    return [rules[name] for name in names or sorted(rules)]


def _shown(rule: OrganizationRule) -> Answer:
    shown = {
        "OrganizationConfigRuleName": rule.name,
        "OrganizationConfigRuleArn": rule.arn,
        rule.kind: rule.metadata,
        "LastUpdateTime": rule.updated,
    }
    return {**shown, "ExcludedAccounts": list(rule.excluded)} if rule.excluded else shown


def _status(rule: OrganizationRule, *, at_work: bool) -> Answer:
    state = "IN_PROGRESS" if at_work else "FAILED" if rule.failures else "SUCCESSFUL"
    shown: Answer = {
        "OrganizationConfigRuleName": rule.name,
        "OrganizationRuleStatus": f"{rule.verb}_{state}",
        "LastUpdateTime": rule.updated,
    }
    if state != "FAILED":
        return shown
    account, status = next(iter(rule.failures.items()))
    code, message = status.error or ("", "")
    return {**shown, "ErrorCode": code, "ErrorMessage": f"{account}: {message}"}


def _member_statuses(rule: OrganizationRule, *, at_work: bool) -> list[Answer]:
    shown = []
    for account, status in sorted(rule.members.items()):
        state = f"{status.state.partition('_')[0]}_IN_PROGRESS" if at_work else status.state
        entry: Answer = {
            "AccountId": account,
            "ConfigRuleName": rule.member_rule,
            "MemberAccountRuleStatus": state,
            "LastUpdateTime": status.updated,
        }
        if status.error and not at_work:
            entry["ErrorCode"], entry["ErrorMessage"] = status.error
        shown.append(entry)
    return shown
