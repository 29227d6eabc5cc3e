"""Whether keys have results, in every account: a rule that is in place and cannot run has none.

What an account's own DescribeConfigRuleEvaluationStatus says is seen in that account alone; here the results
speak, as an aggregator shows them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from landing_zone_key import LandingZone
from landing_zone_key.settings import KeyScope
from lzkey.doctor.aggregated import (
    AGGREGATOR_ACTIONS,
    ELSEWHERE,
    NO_AGGREGATOR,
    aggregators,
    compliance,
    is_fresh,
    selected,
    sources,
)
from lzkey.doctor.check import not_applicable, ok, problem, unknown
from lzkey.doctor.landing_zone import FIND_ACTIONS, logging_keys
from lzkey.doctor.organization import SINGLE, excluded_accounts, shown, statuses_of
from lzkey.parameters import RESOURCE_TYPE

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


def evaluations(subject: Subject) -> Check:
    """Check that every account with keys in the rule's scope has results, and name those that have none.

    An account whose source is stale is not judged: what is missing there may be on its way.
    """
    if not subject.is_organization():
        return not_applicable(f"{SINGLE}; its own results are in the lines above")
    name = _rule_name(subject)
    if name is None:
        return not_applicable("the rule is in no account")
    aggregator = next(iter(aggregators(subject)), None)
    if aggregator is None:
        return unknown(NO_AGGREGATOR.format(region=subject.region), ELSEWHERE)
    scope = _scope(subject)
    if not isinstance(scope, str):
        return scope
    with_results = compliance(subject, aggregator, name)
    return _judged(subject, aggregator, name, _keys(subject, aggregator, scope), with_results)


def _judged(
    subject: Subject, aggregator: str, name: str, keys: Mapping[str, int], with_results: Mapping[str, str]
) -> Check:
    found = [source for source in sources(subject, aggregator) if source.get("SourceType") == "ACCOUNT"]
    left_out = excluded_accounts(subject)
    fresh = {source["SourceId"] for source in found if is_fresh(source)} - left_out
    stale = sorted({source["SourceId"] for source in found} - fresh - left_out)
    silent = sorted((fresh & set(keys)) - set(with_results))
    if silent:
        told = [f"{account} ({_counted(keys[account], 'key')})" for account in silent]
        return problem(
            f"keys in scope and no result: {shown(told)}",
            "in each, see what aws configservice describe-config-rule-evaluation-status --config-rule-names "
            f"{name} says; the role that the function assumes may be missing (deploy/execution-role.yaml)",
        )
    if stale:
        return unknown(f"what is shown of {shown(stale)} is stale", "mend what the line aggregator names")
    judged = len(fresh & set(keys))
    if not judged:
        return unknown(
            f"{aggregator} shows no key in the rule's scope", "see that the keys' account records KMS keys"
        )
    others = len(fresh) - judged
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


def _scope(subject: Subject) -> str | Check:
    """Return the condition of a query that a key in the rule's scope meets, or why there is none."""
    zone = LandingZone.from_rule_parameters(subject.parameters.rule)
    keys: tuple[str, ...] | None = zone.listed_keys
    if zone.key_scope is KeyScope.LANDING_ZONE:
        viewer = subject if subject.manages else subject.management
        if viewer is None:
            return unknown(
                f"KeyScope is landing-zone, whose keys account {subject.account} cannot see",
                "give --management-profile, or the keys' ARNs as KeyScope",
            )
        keys = logging_keys(viewer)
        if not keys:
            return not_applicable("the landing zone names no key")
    ours = "configuration.keyManager = 'CUSTOMER'"  # no other key is judged
    if not keys or any("alias/" in key for key in keys):
        return ours
    names = ", ".join(f"'{key.rpartition('/')[2]}'" for key in keys)
    return f"{ours} AND resourceId IN ({names})"


def _keys(subject: Subject, aggregator: str, scope: str) -> dict[str, int]:
    """Return how many keys in scope each account has."""
    here = f"resourceType = '{RESOURCE_TYPE}' AND awsRegion = '{subject.region}'"
    query = f"SELECT accountId, COUNT(*) WHERE {here} AND {scope} GROUP BY accountId"
    return {row["accountId"]: row["COUNT(*)"] for row in selected(subject, aggregator, query)}


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
