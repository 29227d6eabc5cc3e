"""Whether keys have results, in every account: a rule that is in place and cannot run has none.

What an account's own DescribeConfigRuleEvaluationStatus says is seen in that account alone; here the results
speak, as an aggregator shows them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from landing_zone_key import LandingZone
from landing_zone_key.key import RESOURCE_TYPE
from landing_zone_key.settings import KeyScope
from lzkey.doctor.aggregated import (
    AGGREGATOR_ACTIONS,
    ELSEWHERE,
    NO_AGGREGATOR,
    accounts,
    best,
    compliance,
    faults,
    recording,
    selected,
    sources,
)
from lzkey.doctor.check import not_applicable, ok, problem, unknown
from lzkey.doctor.landing_zone import FIND_ACTIONS, logging_keys
from lzkey.doctor.organization import SINGLE, excluded_accounts, shown, statuses_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lzkey.doctor.check import Check
    from lzkey.doctor.subject import Subject

EVALUATIONS_ACTIONS: Final = (
    *AGGREGATOR_ACTIONS,
    *FIND_ACTIONS,
    "config:GetOrganizationConfigRuleDetailedStatus",
    "config:DescribeAggregateComplianceByConfigRules",
    "config:SelectAggregateResourceConfig",
)


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
    keys = _keys(subject, aggregator, scope)
    seen = Seen(
        aggregator,
        fresh,
        tuple(sorted(faulty)),
        {account: count for account, count in keys.items() if account in fresh},
        frozenset(compliance(subject, aggregator, rule)),
        recording(subject, aggregator),
    )
    return _silent(rule, seen) or _unseen(subject, seen, scope) or _sound(seen)


def _silent(rule: str, seen: Seen) -> Check | None:
    """Return which accounts have keys in scope and no result."""
    silent = sorted(set(seen.keys) - seen.results)
    if not silent:
        return None
    told = [f"{account} ({_counted(seen.keys[account], 'key')})" for account in silent]
    return problem(
        f"keys in scope and no result: {shown(told)}",
        "in each, see what aws configservice describe-config-rule-evaluation-status --config-rule-names "
        f"{rule} says; the role that the function assumes may be missing (deploy/execution-role.yaml)",
    )


def _unseen(subject: Subject, seen: Seen, listed: tuple[str, ...]) -> Check | None:
    """Return which accounts or keys nobody can tell of; where all keys are in scope, a recorder must look."""
    watched = set(seen.keys) if listed else seen.fresh
    blind = sorted(account for account in watched if seen.recording.get(account) is False)
    if blind and subject.parameters.deployment.on_change:
        return problem(
            f"AWS Config does not record KMS keys in {shown(blind)}: no change there is judged",
            "let the recorder of each run and record AWS::KMS::Key, or exclude the account",
        )
    recorded = sum(seen.keys.values())
    if listed and recorded >= len(listed):
        return None
    recording = {account for account, on in seen.recording.items() if on}
    hidden = [*seen.faulty, *sorted(watched - set(seen.keys) - recording)]
    if hidden:
        return unknown(
            f"what is shown of {shown(hidden)} is not all there is",
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
    """Return the rule's name in the accounts, which is the same in all of them."""
    sent = subject.rule_here()
    if sent is not None:
        return sent
    if subject.organization_rule() is None:
        return None
    return next((status.rule for status in statuses_of(subject) if status.successful), None)


def _scope(subject: Subject) -> tuple[str, ...] | Check:
    """Return the ids of the keys that the rule judges, none for all, or why nobody knows."""
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


def _keys(subject: Subject, aggregator: str, listed: tuple[str, ...]) -> dict[str, int]:
    """Return how many keys in scope each account has; those that AWS manages are not judged."""
    among = f" AND resourceId IN ({', '.join(map(repr, listed))})" if listed else ""
    query = (
        f"SELECT accountId, COUNT(*) WHERE resourceType = '{RESOURCE_TYPE}' AND awsRegion = "
        f"'{subject.region}' AND configuration.keyManager = 'CUSTOMER'{among} GROUP BY accountId"
    )
    return {row["accountId"]: row["COUNT(*)"] for row in selected(subject, aggregator, query)}


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
