"""Whether keys have results, in every account: a rule that is in place and cannot run has none.

What an account's own DescribeConfigRuleEvaluationStatus says is seen in that account alone; here the results
speak, as an aggregator shows them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from landing_zone_key import LandingZone
from landing_zone_key.settings import KeyScope
from lzkey.aws.aggregator import aggregators as all_aggregators
from lzkey.aws.aggregator import have_policy, key_counts, recorders, rows
from lzkey.aws.aggregator import sources as all_sources
from lzkey.aws.fact import Fact, takes
from lzkey.aws.key_name import called
from lzkey.aws.organization import organization
from lzkey.aws.rule import member_statuses
from lzkey.doctor.landing_zone import FIND, logging_keys
from lzkey.doctor.names import account_names
from lzkey.doctor.organization import (
    ELSEWHERE,
    FRESH,
    NO_AGGREGATOR,
    SINGLE,
    a_few,
    accounts,
    aggregators,
    best,
    excluded_accounts,
    faults,
    sources,
    statuses_of,
)
from lzkey.doctor.subject import RULES, Subject, not_applicable, ok, problem, unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lzkey.doctor.names import Names
    from lzkey.doctor.subject import Check


@dataclass(frozen=True, slots=True)
class Seen:
    """What an aggregator shows of the accounts that the rule is for."""

    aggregator: str
    fresh: frozenset[str]
    faulty: tuple[str, ...]
    """Accounts whose source is stale, or that are no source: what is missing there may be on its way."""
    keys: Mapping[str, int]
    """How many keys in the rule's scope each of the fresh accounts has recorded."""
    results: frozenset[str]
    """The accounts that have some."""
    recording: Mapping[str, bool]
    names: Names
    """Of accounts."""


@takes(facts=(*FRESH, *FIND, member_statuses, rows, key_counts, recorders))
def evaluations(subject: Subject) -> Check:
    """Check that every account with keys in the rule's scope has results, and name those that have none.

    How old results are is not looked at here: `lzkey report` says it of every key.
    """
    if not subject.is_organization():
        return not_applicable(f"{SINGLE}; its own results are in the lines above")
    rule = _rule_name(subject)
    if rule is None:
        return not_applicable("the rule is in no account")
    aggregator = best(subject)
    if aggregator is None:
        return unknown(NO_AGGREGATOR.format(region=subject.region), ELSEWHERE)
    scope = _scope(subject)
    if not isinstance(scope, tuple):
        return scope
    faulty, excluded = faults(subject, aggregator), excluded_accounts(subject)
    fresh = frozenset(accounts(sources(subject, aggregator)) - set(faulty) - excluded)
    keys = key_counts(subject.asker, aggregator, subject.region, scope)
    seen = Seen(
        aggregator,
        fresh,
        tuple(sorted(faulty)),
        {account: count for account, count in keys.items() if account in fresh},
        frozenset(_compliance(subject, aggregator, rule)),
        {
            account: found.fault is None
            for account, found in recorders(subject.asker, aggregator, subject.region).items()
        },
        account_names(subject),
    )
    return _silent(rule, seen) or _unseen(subject, seen, scope) or _sound(seen)


def _silent(rule: str, seen: Seen) -> Check | None:
    """Which accounts have keys in scope and no result."""
    silent = sorted(set(seen.keys) - seen.results)
    if not silent:
        return None
    counts = {account: _counted(seen.keys[account], "key") for account in silent}
    told = [
        called(account, ", ".join(filter(None, (seen.names.known.get(account), count))))
        for account, count in counts.items()
    ]
    return problem(
        f"keys in scope and no result: {a_few(told)}",
        "in each, see what aws configservice describe-config-rule-evaluation-status --config-rule-names "
        f"{rule} says; the role that the function assumes may be missing (deploy/execution-role.yaml)",
    )


def _unseen(subject: Subject, seen: Seen, listed: tuple[str, ...]) -> Check | None:
    """Which accounts or keys nobody can tell of; where all keys are in scope, a recorder must look."""
    watched = set(seen.keys) if listed else seen.fresh
    blind = sorted(account for account in watched if seen.recording.get(account) is False)
    if blind and subject.parameters.deployment.on_change:
        those = a_few(seen.names.each(blind))
        return problem(
            f"AWS Config does not record KMS keys in {those}: no change there is judged",
            "let the recorder of each run and record AWS::KMS::Key, or exclude the account",
        )
    recorded = sum(seen.keys.values())
    if listed and recorded >= len(listed):
        return None
    recording = {account for account, on in seen.recording.items() if on}
    hidden = [*seen.faulty, *sorted(watched - set(seen.keys) - recording)]
    if hidden:
        return unknown(
            f"what is shown of {a_few(seen.names.each(hidden))} is not all there is",
            "mend what the line aggregator names, and see that AWS Config records KMS keys there",
        )
    if recorded < max(1, len(listed)):
        of = f"{recorded} of the {len(listed)} keys" if listed else "no key"
        return unknown(
            f"{seen.aggregator} shows {of} in the rule's scope",
            "see that the keys exist, and that their account records KMS keys",
        )
    return None


def _sound(seen: Seen) -> Check:
    judged, others = len(seen.keys), len(seen.fresh) - len(seen.keys)
    return ok(
        f"all of {_counted(judged, 'account')} with keys in scope have results"
        + (f"; {_counted(others, 'account')} without such keys" if others else "")
    )


def _rule_name(subject: Subject) -> str | None:
    """The rule's name in the accounts, which is the same in all of them."""
    sent = subject.rule_here()
    if sent is not None:
        return sent
    if subject.organization_rule() is None:
        return None
    return next((status.rule for status in statuses_of(subject) if status.successful), None)


def _scope(subject: Subject) -> tuple[str, ...] | Check:
    """The ids of the keys that the rule judges, none for all, or why nobody knows."""
    zone = LandingZone.from_rule_parameters(subject.parameters.rule)
    keys = zone.listed_keys
    if zone.key_scope is KeyScope.LANDING_ZONE:
        viewer = subject if subject.manages else subject.management
        if viewer is None:
            return unknown(
                f"KeyScope is landing-zone, whose keys account {subject.account} cannot see",
                "give --management-profile, or the keys' ARNs as KeyScope",
            )
        keys = logging_keys(viewer) or ()
        if not keys:
            return not_applicable("the landing zone names no key")
        if not all(":key/" in key for key in keys):
            return unknown(
                "the landing zone names a key by its alias, which may be any", "update it with the key's ARN"
            )
    return tuple(sorted({key.rpartition("/")[2] for key in keys}))


def _compliance(subject: Subject, aggregator: str, rule: str) -> dict[str, str]:
    """A rule's compliance by account; one without results that are shown is not in it."""
    found = rows(subject.asker, aggregator, subject.region, rule)
    return {row.account: row.compliance for row in found if row.compliance != "INSUFFICIENT_DATA"}


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


#: What a delegated administrator can tell of the management account, whose landing zone it cannot see. None
#: of it settles a check; it says where one stands until somebody looks from the management account.
Hint = Fact[[Subject], str]


@takes(facts=(organization,))
def manager(subject: Subject) -> str:
    """Which account it is."""
    found = organization(subject.asker)
    if found is None:
        return f"account {subject.account} is in no organization"
    return f"{found.management_account} manages organization {found.id}"


@takes(facts=(*RULES, all_aggregators, rows))
def results(subject: Subject) -> str:
    """Whether an aggregator shows results of it."""
    aggregator, rule = next(iter(aggregators(subject)), None), subject.rule_here()
    if aggregator is None or rule is None:
        return ""
    its = subject.parameters.management_account
    kind = _compliance(subject, aggregator, rule).get(its)
    return f"{aggregator} shows {f'{kind} results' if kind else 'no result'} for account {its}"


@takes(facts=(all_aggregators, all_sources))
def source(subject: Subject) -> str:
    """Whether an aggregator shows it."""
    its = subject.parameters.management_account
    for aggregator in aggregators(subject):
        for found in sources(subject, aggregator):
            if found.account == its:
                return f"{aggregator} shows account {its} as {found.status}"
        return f"account {its} is no source of {aggregator}"
    return ""


@takes(facts=(all_aggregators, have_policy))
def policies(subject: Subject) -> str:
    """Whether an aggregator shows the policies of its keys."""
    aggregator = next(iter(aggregators(subject)), None)
    if aggregator is None:
        return ""
    its = subject.parameters.management_account
    found = have_policy(subject.asker, aggregator, subject.region, its)
    return f"{aggregator} shows the policies of {sum(found)} of its {len(found)} recorded keys"
