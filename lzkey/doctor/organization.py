"""The organization: its id, its rule in every account, and the aggregator that shows the results together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lzkey.doctor.check import not_applicable, ok, problem, unknown, warning
from lzkey.parameters import RULE_NAME
from lzkey.verify_organization import NO_RECORDER, AccountStatus

if TYPE_CHECKING:
    from lzkey.doctor.check import Check
    from lzkey.doctor.subject import Facts, Subject

_IS_ORGANIZATION: Final = ("config:DescribeConfigRules", "config:DescribeOrganizationConfigRules")
ID_ACTIONS: Final = ("organizations:DescribeOrganization",)
ACCESS_ACTIONS: Final = (*_IS_ORGANIZATION, "organizations:ListAWSServiceAccessForOrganization")
STATUS_ACTIONS: Final = (*_IS_ORGANIZATION, "config:GetOrganizationConfigRuleDetailedStatus")
ACCOUNTS_ACTIONS: Final = (*STATUS_ACTIONS, "organizations:ListAccounts")
AGGREGATOR_ACTIONS: Final = (
    *_IS_ORGANIZATION,
    "config:DescribeConfigurationAggregators",
    "config:DescribeConfigurationAggregatorSourcesStatus",
)

#: Both service principals: the first deploys organization rules, the second fills aggregators.
#: https://docs.aws.amazon.com/organizations/latest/userguide/services-that-can-integrate-config.html
_TRUSTED: Final = ("config-multiaccountsetup.amazonaws.com", "config.amazonaws.com")

_SINGLE: Final = "a single account's rule needs no organization"
_DELETED: Final = "DELETE_SUCCESSFUL"
_SHOWN: Final = 5


def organization_id(subject: Subject) -> Check:
    """Check that OrganizationId and ManagementAccountId are those of the organization we are in.

    The rule proves conditions on aws:SourceOrgID with OrganizationId: a wrong one makes wrong results.
    """
    wanted = subject.parameters.rule.get("OrganizationId")
    if wanted is None:
        return not_applicable("OrganizationId is not given")
    answer = subject.reader.ask(
        "organizations:DescribeOrganization", absent={"AWSOrganizationsNotInUseException"}
    )
    fix = "correct it in the parameters file and deploy again"
    if answer is None:
        return problem(f"OrganizationId is {wanted}, but {subject.account} is in no organization", fix)
    found = answer["Organization"]
    if found["Id"] != wanted:
        return problem(f"OrganizationId is {wanted}, but this is organization {found['Id']}", fix)
    manager, expected = found["MasterAccountId"], subject.parameters.management_account
    if manager != expected:
        return problem(f"ManagementAccountId is {expected}, but {manager} manages organization {wanted}", fix)
    return ok(f"{wanted}, managed by account {manager}")


def trusted_access(subject: Subject) -> Check:
    """Check that AWS Config may work in the organization's accounts."""
    if not subject.is_organization():
        return not_applicable(_SINGLE)
    enabled = subject.reader.ask_all(
        "organizations:ListAWSServiceAccessForOrganization", "EnabledServicePrincipals"
    )
    names = {service["ServicePrincipal"] for service in enabled or []}
    missing = [name for name in _TRUSTED if name not in names]
    if missing:
        enable = "; ".join(
            f"aws organizations enable-aws-service-access --service-principal {name}" for name in missing
        )
        return problem(f"not enabled for {', '.join(missing)}", f"in the management account: {enable}")
    return ok(f"enabled for {' and '.join(_TRUSTED)}")


def rule_in_accounts(subject: Subject) -> Check:
    """Check that the organization's rule arrived in every account that it was sent to.

    Arrived is not judged: whether the function can assume its role there is known in that account alone.
    """
    if not subject.is_organization():
        return not_applicable(_SINGLE)
    statuses = _statuses(subject)
    if not statuses:
        return problem("AWS Config tells of no account that has the rule", subject.redeploy)
    failed = [status for status in statuses if not status.successful and not status.changing]
    if failed:
        return problem(_shown([_failure(status) for status in failed]), _failure_fix(subject, failed))
    pending = [f"{status.account} {status.status}" for status in statuses if status.changing]
    if pending:
        return unknown(_shown(pending), "wait until that has ended, and look again")
    return ok(f"in place in {len(statuses)} accounts; whether each evaluates is not seen from here")


def accounts_without_rule(subject: Subject) -> Check:
    """Check that AWS Config tells of every active account of the organization, unless it is excluded."""
    rule = subject.organization_rule() if subject.is_organization() else None
    if rule is None:
        return not_applicable(_SINGLE)
    reached = {status.account for status in _statuses(subject) if status.status != _DELETED}
    accounts = subject.reader.ask_all("organizations:ListAccounts", "Accounts") or []
    active = [account for account in accounts if account.get("State", account.get("Status")) == "ACTIVE"]
    if not active:
        return problem(
            "the organization has no active account", "see what aws organizations list-accounts says"
        )
    excluded = set(rule.get("ExcludedAccounts", []))
    missing = [account["Id"] for account in active if account["Id"] not in reached | excluded]
    if missing:
        return problem(
            f"AWS Config sent the rule to none of {_shown(missing)}",
            "give each of them a recorder and wait, as AWS Config tries a new account for seven hours; after "
            f"that {subject.redeploy}",
        )
    left_out = f", {len(excluded)} excluded" if excluded else ""
    return ok(f"none of {len(active)} active accounts was left out{left_out}")


def aggregator(subject: Subject) -> Check:
    """Check that an aggregator shows this Region's results of the whole organization, none of them stale.

    Results are as sound without one here: since landing zone 4.0 it is in the audit account.
    """
    if not subject.is_organization():
        return not_applicable(_SINGLE)
    found = (
        subject.reader.ask_all("config:DescribeConfigurationAggregators", "ConfigurationAggregators") or []
    )
    covering = [candidate for candidate in found if _covers(candidate, subject.region)]
    if not covering:
        return warning(
            f"none in this account aggregates the organization in {subject.region}",
            "look from the account that has one (with landing zone 4.0 the audit account), or create one",
        )
    seen = {candidate["ConfigurationAggregatorName"]: _sources(subject, candidate) for candidate in covering}
    stale = {
        name: [_stale(source) for source in sources if not _fresh(source)] for name, sources in seen.items()
    }
    fresh = [name for name, sources in seen.items() if sources and not stale[name]]
    if fresh:
        return ok(f"{', '.join(fresh)}: every source is fresh")
    troubled = next((name for name in seen if stale[name]), None)
    if troubled is None:
        return unknown(
            f"{', '.join(seen)}: no source in {subject.region} yet", "wait until it has one, and look again"
        )
    return problem(
        f"{troubled}: {_shown(stale[troubled])}",
        "see that each source has a recorder and lets the aggregator read it",
    )


def _statuses(subject: Subject) -> list[AccountStatus]:
    """Return how the rule fares in each account, without the excluded ones that it was taken from."""
    excluded = (subject.organization_rule() or {}).get("ExcludedAccounts", [])
    entries = subject.reader.ask_all(
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


def _covers(aggregator: Facts, region: str) -> bool:
    """Whether an aggregator takes in the organization, in a Region."""
    source = aggregator.get("OrganizationAggregationSource") or {}
    return bool(source.get("AllAwsRegions")) or region in source.get("AwsRegions", [])


def _sources(subject: Subject, aggregator: Facts) -> list[Facts]:
    """Return the sources of an aggregator, those of other Regions left out."""
    sources = subject.reader.ask_all(
        "config:DescribeConfigurationAggregatorSourcesStatus",
        "AggregatedSourceStatusList",
        ConfigurationAggregatorName=aggregator["ConfigurationAggregatorName"],
    )
    return [source for source in sources or [] if source.get("AwsRegion", subject.region) == subject.region]


def _fresh(source: Facts) -> bool:
    return bool(source.get("LastUpdateStatus") == "SUCCEEDED")


def _stale(source: Facts) -> str:
    return f"{source.get('SourceId')} {source.get('LastUpdateStatus')} ({source.get('LastErrorCode', '-')})"


def _shown(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{'; '.join(names[:_SHOWN])}{more}"
