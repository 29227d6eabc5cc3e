"""Organization rules: a Config rule in every account of an organization, made from one account.

They are kept beside moto's Config rules of the account and Region that made them. AWS works on them in the
background; here they are done when the call returns, and an account that joins later, or gets its recorder
later, is reached by ``reconcile``. Whether AWS names an account's missing recorder with or without
"Exception" in the code is not documented; the words are those of PutConfigRule.
Sources: https://docs.aws.amazon.com/config/latest/APIReference/API_PutOrganizationConfigRule.html and
https://docs.aws.amazon.com/config/latest/developerguide/config-rule-multi-account-deployment.html
"""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from moto.config.models import config_backends
from moto.core.exceptions import JsonRESTError

from lzkey_sandbox.moto import motostate
from lzkey_sandbox.moto.motoorganizations import organization_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NO_RECORDER: Final = (
    "NoAvailableConfigurationRecorder",
    "You must create a configuration recorder before you can create or update a Config rule.",
)
KINDS: Final = ("OrganizationCustomRuleMetadata", "OrganizationManagedRuleMetadata")

_MEMBER_NAME_LENGTH: Final = 64  # of MemberAccountStatus$ConfigRuleName
_SUFFIX: Final = string.ascii_lowercase + string.digits


@dataclass(frozen=True, slots=True)
class MemberStatus:
    """How the rule fares in one account; ``error`` is code and message of a failure."""

    state: str
    updated: datetime
    error: tuple[str, str] | None = None

    @property
    def failed(self) -> bool:
        """Whether the rule is not as it should be in the account."""
        return self.error is not None


@dataclass(slots=True)
class OrganizationRule:
    """An organization rule as the account knows it that made it; ``members`` is by account."""

    account: str
    region: str
    name: str
    suffix: str
    kind: str
    metadata: Mapping[str, Any]
    excluded: tuple[str, ...]
    updated: datetime
    verb: str = "CREATE"
    members: dict[str, MemberStatus] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """The rule's ARN, which ends in its name and a suffix of AWS's making."""
        partition = motostate.partition_of(self.region)
        resource = f"organization-config-rule/{self.name}-{self.suffix}"
        return f"arn:{partition}:config:{self.region}:{self.account}:{resource}"

    @property
    def member_rule(self) -> str:
        """The name of the Config rule in each account."""
        suffix = f"-{self.suffix}"
        return f"OrgConfigRule-{self.name}"[: _MEMBER_NAME_LENGTH - len(suffix)] + suffix

    @property
    def failures(self) -> dict[str, MemberStatus]:
        """The accounts in which the rule is not as it should be."""
        return {account: status for account, status in self.members.items() if status.failed}


def stored_rules(account: str, region: str) -> dict[str, OrganizationRule]:
    """The organization rules that an account made in a Region, by name."""
    backend = config_backends[account][region]
    rules: dict[str, OrganizationRule] = vars(backend).setdefault("organization_rules", {})
    return rules


def put(rule: OrganizationRule) -> OrganizationRule:
    """Create the rule, or update the one of its name, in every account."""
    rules = stored_rules(rule.account, rule.region)
    known = rules.get(rule.name)
    if known is not None:
        rule = replace(rule, suffix=known.suffix, verb="UPDATE", members=dict(known.members))
    rules[rule.name] = rule
    reconcile(rule, anew=True)
    return rule


def new_rule(
    account: str, region: str, name: str, metadata: Mapping[str, Any], excluded: tuple[str, ...]
) -> OrganizationRule:
    """A rule that is nowhere yet; ``metadata`` has one of ``KINDS``."""
    kind = next(kind for kind in KINDS if kind in metadata)
    suffix = "".join(secrets.choice(_SUFFIX) for _ in range(8))
    return OrganizationRule(account, region, name, suffix, kind, metadata[kind], excluded, datetime.now(UTC))


def pretend(rule: OrganizationRule, accounts: Iterable[tuple[str, bool]]) -> OrganizationRule:
    """Keep a rule whose accounts are told, and have a recorder or not; nothing is deployed in any."""
    now = datetime.now(UTC)
    done, failed = MemberStatus("CREATE_SUCCESSFUL", now), MemberStatus("CREATE_FAILED", now, NO_RECORDER)
    rule.members.update({account: done if records else failed for account, records in accounts})
    stored_rules(rule.account, rule.region)[rule.name] = rule
    return rule


def delete(rule: OrganizationRule) -> None:
    """Delete the rule, in every account and here."""
    for account in rule.members:
        motostate.delete_config_rule(account, rule.region, rule.member_rule)
    del stored_rules(rule.account, rule.region)[rule.name]


def reconcile(rule: OrganizationRule, *, anew: bool = False) -> None:
    """Bring the rule to the accounts that lack it, and take it from those that left or are excluded.

    ``anew`` puts it again where it already is. A suspended account can be reached by nobody: it keeps what
    it has, and is not reported.
    """
    organization = organization_of(rule.account, rule.region)
    statuses = dict(organization.accounts) if organization else {}
    active = [account for account, status in statuses.items() if status == "ACTIVE"]
    wanted = [account for account in active if account not in rule.excluded]
    for account in [account for account in rule.members if account not in wanted]:
        if statuses.get(account) != "SUSPENDED":
            motostate.delete_config_rule(account, rule.region, rule.member_rule)
        del rule.members[account]
    for account in wanted:
        known = rule.members.get(account)
        if anew or known is None or known.failed:
            rule.members[account] = _deployed(rule, account, known)


def _deployed(rule: OrganizationRule, account: str, known: MemberStatus | None) -> MemberStatus:
    verb = "CREATE" if known is None or known.state == "CREATE_FAILED" else "UPDATE"
    now = datetime.now(UTC)
    if not motostate.has_recorder(account, rule.region):
        return MemberStatus(f"{verb}_FAILED", now, NO_RECORDER)
    try:
        motostate.put_service_linked_rule(account, rule.region, _member_rule(rule))
    except JsonRESTError as error:
        return MemberStatus(f"{verb}_FAILED", now, (error.error_type, error.message))
    return MemberStatus(f"{verb}_SUCCESSFUL", now)


def _member_rule(rule: OrganizationRule) -> dict[str, Any]:
    """PutConfigRule's argument for the rule in an account."""
    metadata = rule.metadata
    scope = {
        "ComplianceResourceTypes": metadata.get("ResourceTypesScope"),
        "ComplianceResourceId": metadata.get("ResourceIdScope"),
        "TagKey": metadata.get("TagKeyScope"),
        "TagValue": metadata.get("TagValueScope"),
    }
    members = {
        "ConfigRuleName": rule.member_rule,
        "Description": metadata.get("Description"),
        "InputParameters": metadata.get("InputParameters"),
        "Scope": {name: value for name, value in scope.items() if value},
        "Source": _source(rule),
    }
    if rule.kind == "OrganizationManagedRuleMetadata":
        members["MaximumExecutionFrequency"] = metadata.get("MaximumExecutionFrequency")
    return {name: value for name, value in members.items() if value}


def _source(rule: OrganizationRule) -> dict[str, Any]:
    metadata = rule.metadata
    if rule.kind == "OrganizationManagedRuleMetadata":
        return {"Owner": "AWS", "SourceIdentifier": metadata["RuleIdentifier"]}
    details = []
    for trigger in metadata["OrganizationConfigRuleTriggerTypes"]:
        detail = {"EventSource": "aws.config", "MessageType": trigger}
        if trigger == "ScheduledNotification":
            detail["MaximumExecutionFrequency"] = metadata.get(
                "MaximumExecutionFrequency", "TwentyFour_Hours"
            )
        details.append(detail)
    return {
        "Owner": "CUSTOM_LAMBDA",
        "SourceIdentifier": metadata["LambdaFunctionArn"],
        "SourceDetails": details,
    }
