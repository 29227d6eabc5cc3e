"""The organization: its id, its rule in every account, and the aggregators that show it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lzkey import RULE_NAME
from lzkey.aws import aggregator as aws_aggregator
from lzkey.aws.fact import takes
from lzkey.aws.organization import MULTI_ACCOUNT_SETUP, members, organization, trusted_services
from lzkey.aws.recorder import NO_RECORDER
from lzkey.aws.rule import member_statuses
from lzkey.doctor.names import account_names
from lzkey.doctor.subject import RULES, not_applicable, ok, problem, unknown, warning

if TYPE_CHECKING:
    from lzkey.aws.aggregator import Source
    from lzkey.aws.rule import MemberStatus
    from lzkey.doctor.names import Names
    from lzkey.doctor.subject import Check, Subject

#: What it takes to know what an aggregator lacks.
FRESH: Final = (*RULES, members, account_names, aws_aggregator.aggregators, aws_aggregator.sources)

#: Both service principals: the first deploys organization rules, the second fills aggregators.
#: https://docs.aws.amazon.com/organizations/latest/userguide/services-that-can-integrate-config.html
_TRUSTED: Final = (MULTI_ACCOUNT_SETUP, "config.amazonaws.com")

SINGLE: Final = "a single account's rule needs no organization"
_SHOWN: Final = 5

NO_AGGREGATOR: Final = "none in this account aggregates the organization in {region}"
ELSEWHERE: Final = (
    "look from the account that has one (with landing zone 4.0 the audit account), or create one"
)


@takes(facts=(organization,))
def organization_id(subject: Subject) -> Check:
    """Check that OrganizationId and ManagementAccountId are those of the organization we are in.

    The rule proves conditions on aws:SourceOrgID with OrganizationId: a wrong one makes wrong results.
    """
    wanted = subject.parameters.rule.get("OrganizationId")
    if wanted is None:
        return not_applicable("OrganizationId is not given")
    found = organization(subject.asker)
    fix = "correct it in the parameters file and deploy again"
    if found is None:
        return problem(f"OrganizationId is {wanted}, but {subject.account} is in no organization", fix)
    if found.id != wanted:
        return problem(f"OrganizationId is {wanted}, but this is organization {found.id}", fix)
    manager, expected = found.management_account, subject.parameters.management_account
    if manager != expected:
        return problem(f"ManagementAccountId is {expected}, but {manager} manages organization {wanted}", fix)
    return ok(f"{wanted}, managed by account {manager}")


@takes(facts=(*RULES, trusted_services))
def trusted_access(subject: Subject) -> Check:
    """Check that AWS Config may work in the organization's accounts."""
    if not subject.is_organization():
        return not_applicable(SINGLE)
    enabled = trusted_services(subject.asker)
    missing = [name for name in _TRUSTED if name not in enabled]
    if missing:
        enable = "; ".join(
            f"aws organizations enable-aws-service-access --service-principal {name}" for name in missing
        )
        return problem(f"not enabled for {', '.join(missing)}", f"in the management account: {enable}")
    return ok(f"enabled for {' and '.join(_TRUSTED)}")


@takes(facts=(*RULES, member_statuses, account_names))
def rule_in_accounts(subject: Subject) -> Check:
    """Check that the organization's rule arrived in every account that it was sent to.

    Arrived is not judged: whether keys have results there is what `evaluations` says.
    """
    if not subject.is_organization():
        return not_applicable(SINGLE)
    statuses = statuses_of(subject)
    if not statuses:
        return problem("AWS Config tells of no account that has the rule", subject.redeploy)
    names = account_names(subject)
    failed = [status for status in statuses if not status.successful and not status.changing]
    if failed:
        return problem(a_few([_failure(one, names) for one in failed]), _failure_fix(subject, failed))
    pending = [f"{names.beside(one.account)} {one.status}" for one in statuses if one.changing]
    if pending:
        return unknown(a_few(pending), "wait until that has ended, and look again")
    return ok(f"in place in {len(statuses)} accounts")


@takes(facts=(*RULES, member_statuses, members, account_names))
def accounts_without_rule(subject: Subject) -> Check:
    """Check that AWS Config tells of every active account of the organization, unless it is excluded."""
    rule = subject.organization_rule() if subject.is_organization() else None
    if rule is None:
        return not_applicable(SINGLE)
    reached = {status.account for status in statuses_of(subject) if not status.deleted}
    active = active_accounts(subject)
    if not active:
        return problem(
            "the organization has no active account", "see what aws organizations list-accounts says"
        )
    excluded = excluded_accounts(subject)
    missing = sorted(active - reached - excluded)
    if missing:
        return problem(
            f"AWS Config sent the rule to none of {a_few(account_names(subject).each(missing))}",
            "give each of them a recorder and wait, as AWS Config tries a new account for seven hours; after "
            f"that {subject.redeploy}",
        )
    left_out = f", {len(excluded)} excluded" if excluded else ""
    return ok(f"none of {len(active)} active accounts was left out{left_out}")


def active_accounts(subject: Subject) -> set[str]:
    """The organization's accounts that are neither suspended nor being closed."""
    return {member.account for member in members(subject.asker) if member.is_active}


def excluded_accounts(subject: Subject) -> set[str]:
    """The accounts that are left out: by the rule where it can be seen, else by the file."""
    rule = subject.organization_rule()
    if rule is None:
        return set(subject.parameters.deployment.excluded_accounts)
    return set(rule.excluded_accounts)


def statuses_of(subject: Subject) -> list[MemberStatus]:
    """How the rule fares in each account, without the excluded ones that it was taken from."""
    excluded = excluded_accounts(subject)
    statuses = member_statuses(subject.asker, RULE_NAME)
    return [status for status in statuses if status.account not in excluded or not status.deleted]


def _failure(status: MemberStatus, names: Names) -> str:
    return f"{names.beside(status.account)} {status.status} ({status.reason or 'no reason given'})"


def _failure_fix(subject: Subject, failed: list[MemberStatus]) -> str:
    """What to do; Control Tower enables AWS Config everywhere but in the management account."""
    without = {status.account for status in failed if NO_RECORDER in status.reason}
    if subject.parameters.management_account in without:
        return (
            "Control Tower creates no recorder in the management account: deploy deploy/recorder.yaml there, "
            f"or exclude it; then {subject.redeploy}"
        )
    if without:
        return f"give each of them a recorder, or exclude them; then {subject.redeploy}"
    return f"mend what each of them names; then {subject.redeploy}"


def a_few(names: list[str]) -> str:
    """A few of many, and how many more there are."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{'; '.join(names[:_SHOWN])}{more}"


@takes(facts=FRESH)
def aggregator(subject: Subject) -> Check:
    """Check that an aggregator shows this Region's results of the whole organization, none of them stale.

    Accounts that the rule leaves out do not count. Results are as sound without an aggregator here: since
    landing zone 4.0 it is in the audit account.
    """
    if not subject.is_organization():
        return not_applicable(SINGLE)
    seen = {name: faults(subject, name) for name in aggregators(subject)}
    if not seen:
        return warning(NO_AGGREGATOR.format(region=subject.region), ELSEWHERE)
    began = [name for name in seen if sources(subject, name)]
    fresh = [name for name in began if not seen[name]]
    if fresh:
        return ok(f"{', '.join(fresh)}: every source is fresh")
    if not began:
        return unknown(
            f"{', '.join(seen)}: no source in {subject.region} yet", "wait until it has one, and look again"
        )
    return problem(
        f"{began[0]}: {a_few(list(seen[began[0]].values()))}",
        "see that each source has a recorder and lets the aggregator read it",
    )


def aggregators(subject: Subject) -> list[str]:
    """The names of the account's aggregators that take in the organization, in the rule's Region."""
    found = aws_aggregator.aggregators(subject.asker)
    return [each.name for each in found if each.organization and each.covers(subject.region)]


def sources(subject: Subject, aggregator: str) -> list[Source]:
    """The sources of an aggregator, those of other Regions left out."""
    found = aws_aggregator.sources(subject.asker, aggregator)
    return [source for source in found if source.region in {subject.region, aws_aggregator.ANY_REGION}]


def accounts(found: list[Source]) -> set[str]:
    """The accounts among sources; the organization is a source of its own."""
    return {source.account for source in found if source.is_account}


def best(subject: Subject) -> str | None:
    """The aggregator with the fewest faults; None when there is none."""
    return min(aggregators(subject), key=lambda name: len(faults(subject, name)), default=None)


def faults(subject: Subject, aggregator: str) -> dict[str, str]:
    """What is wrong with sources that the rule is for, by account: stale, or no source at all."""
    found, excluded = sources(subject, aggregator), excluded_accounts(subject)
    names = account_names(subject)
    absent = sorted(active_accounts(subject) - accounts(found) - excluded)
    return {
        source.account: _stale(source, names)
        for source in found
        if source.account not in excluded and not source.is_fresh
    } | {account: f"{names.beside(account)} is no source" for account in absent}


def _stale(source: Source, names: Names) -> str:
    why = f" ({source.code})" if source.code else ""
    return f"{names.beside(source.account)} {source.status}{why}"
