"""The organization: its id, and its rule in every account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lzkey import RULE_NAME
from lzkey.aws.organization import members, organization, trusted_services
from lzkey.deployment.readback import NO_RECORDER, AccountStatus
from lzkey.doctor.check import not_applicable, ok, problem, unknown

if TYPE_CHECKING:
    from lzkey.doctor.check import Check
    from lzkey.doctor.subject import Subject

IS_ORGANIZATION: Final = ("config:DescribeConfigRules", "config:DescribeOrganizationConfigRules")
ID_ACTIONS: Final = tuple(organization.actions)
ACCESS_ACTIONS: Final = (*IS_ORGANIZATION, *trusted_services.actions)
LIST_ACTIONS: Final = tuple(members.actions)
STATUS_ACTIONS: Final = (*IS_ORGANIZATION, "config:GetOrganizationConfigRuleDetailedStatus")
ACCOUNTS_ACTIONS: Final = (*STATUS_ACTIONS, *LIST_ACTIONS)

#: Both service principals: the first deploys organization rules, the second fills aggregators.
#: https://docs.aws.amazon.com/organizations/latest/userguide/services-that-can-integrate-config.html
_TRUSTED: Final = ("config-multiaccountsetup.amazonaws.com", "config.amazonaws.com")

SINGLE: Final = "a single account's rule needs no organization"
_DELETED: Final = "DELETE_SUCCESSFUL"
SHOWN: Final = 5


def organization_id(subject: Subject) -> Check:
    """Check that OrganizationId and ManagementAccountId are those of the organization we are in.

    The rule proves conditions on aws:SourceOrgID with OrganizationId: a wrong one makes wrong results.
    """
    wanted = subject.parameters.rule.get("OrganizationId")
    if wanted is None:
        return not_applicable("OrganizationId is not given")
    found = organization(subject.reader)
    fix = "correct it in the parameters file and deploy again"
    if found is None:
        return problem(f"OrganizationId is {wanted}, but {subject.account} is in no organization", fix)
    if found.id != wanted:
        return problem(f"OrganizationId is {wanted}, but this is organization {found.id}", fix)
    manager, expected = found.management_account, subject.parameters.management_account
    if manager != expected:
        return problem(f"ManagementAccountId is {expected}, but {manager} manages organization {wanted}", fix)
    return ok(f"{wanted}, managed by account {manager}")


def trusted_access(subject: Subject) -> Check:
    """Check that AWS Config may work in the organization's accounts."""
    if not subject.is_organization():
        return not_applicable(SINGLE)
    enabled = trusted_services(subject.reader)
    missing = [name for name in _TRUSTED if name not in enabled]
    if missing:
        enable = "; ".join(
            f"aws organizations enable-aws-service-access --service-principal {name}" for name in missing
        )
        return problem(f"not enabled for {', '.join(missing)}", f"in the management account: {enable}")
    return ok(f"enabled for {' and '.join(_TRUSTED)}")


def rule_in_accounts(subject: Subject) -> Check:
    """Check that the organization's rule arrived in every account that it was sent to.

    Arrived is not judged: whether keys have results there is what `evaluations` says.
    """
    if not subject.is_organization():
        return not_applicable(SINGLE)
    statuses = statuses_of(subject)
    if not statuses:
        return problem("AWS Config tells of no account that has the rule", subject.redeploy)
    failed = [status for status in statuses if not status.successful and not status.changing]
    if failed:
        return problem(shown([_failure(status) for status in failed]), _failure_fix(subject, failed))
    pending = [f"{status.account} {status.status}" for status in statuses if status.changing]
    if pending:
        return unknown(shown(pending), "wait until that has ended, and look again")
    return ok(f"in place in {len(statuses)} accounts")


def accounts_without_rule(subject: Subject) -> Check:
    """Check that AWS Config tells of every active account of the organization, unless it is excluded."""
    rule = subject.organization_rule() if subject.is_organization() else None
    if rule is None:
        return not_applicable(SINGLE)
    reached = {status.account for status in statuses_of(subject) if status.status != _DELETED}
    active = active_accounts(subject)
    if not active:
        return problem(
            "the organization has no active account", "see what aws organizations list-accounts says"
        )
    excluded = excluded_accounts(subject)
    missing = sorted(active - reached - excluded)
    if missing:
        return problem(
            f"AWS Config sent the rule to none of {shown(missing)}",
            "give each of them a recorder and wait, as AWS Config tries a new account for seven hours; after "
            f"that {subject.redeploy}",
        )
    left_out = f", {len(excluded)} excluded" if excluded else ""
    return ok(f"none of {len(active)} active accounts was left out{left_out}")


def active_accounts(subject: Subject) -> set[str]:
    """Return the organization's accounts that are neither suspended nor being closed."""
    return {member.account for member in members(subject.reader) if member.is_active}


def excluded_accounts(subject: Subject) -> set[str]:
    """Return the accounts that are left out: by the rule where it can be seen, else by the file."""
    rule = subject.organization_rule()
    if rule is None:
        return set(subject.parameters.deployment.excluded_accounts)
    return set(rule.get("ExcludedAccounts", []))


def statuses_of(subject: Subject) -> list[AccountStatus]:
    """Return how the rule fares in each account, without the excluded ones that it was taken from."""
    excluded = excluded_accounts(subject)
    entries = subject.reader.all(
        "config:GetOrganizationConfigRuleDetailedStatus",
        "OrganizationConfigRuleDetailedStatus",
        OrganizationConfigRuleName=RULE_NAME,
    )
    return [
        AccountStatus(
            entry["AccountId"],
            entry["ConfigRuleName"],
            entry["MemberAccountRuleStatus"],
            ": ".join(filter(None, (entry.get("ErrorCode"), entry.get("ErrorMessage")))),
        )
        for entry in entries or []
        if entry["AccountId"] not in excluded or entry["MemberAccountRuleStatus"] != _DELETED
    ]


def _failure(status: AccountStatus) -> str:
    return f"{status.account} {status.status} ({status.reason or 'no reason given'})"


def _failure_fix(subject: Subject, failed: list[AccountStatus]) -> str:
    """Return what to do; Control Tower enables AWS Config everywhere but in the management account."""
    without = {status.account for status in failed if NO_RECORDER in status.reason}
    if subject.parameters.management_account in without:
        return (
            "Control Tower creates no recorder in the management account: deploy deploy/recorder.yaml there, "
            f"or exclude it; then {subject.redeploy}"
        )
    if without:
        return f"give each of them a recorder, or exclude them; then {subject.redeploy}"
    return f"mend what each of them names; then {subject.redeploy}"


def shown(names: list[str]) -> str:
    """Return a few of many, and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{'; '.join(names[:SHOWN])}{more}"
