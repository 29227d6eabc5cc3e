"""From what AWS has told to what the report says: per key, and per account and Region.

- What has no result is UNKNOWN with a cause, unless the engine says that the rule does not judge the key.
- In a place that is in doubt no key is COMPLIANT: it was when it was last seen, and nobody knows since when
  not. A NON_COMPLIANT stays what it is: bad news needs no fresh proof.
- A COMPLIANT result must not be older than two periods of a rule that runs on a schedule: one run may fail.
  One of a rule that runs on changes alone has no such age. None must be older than the key's last change,
  as far as that is known.
"""

from __future__ import annotations

import shlex
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from landing_zone_key import KeyDataError, KmsKey, LandingZone
from landing_zone_key.assessment import why_not_judged
from landing_zone_key.key import KeyArn
from landing_zone_key.settings import KeyScope
from lzkey.figures import moment
from lzkey.observed.values import InForce
from lzkey.report.annotations import failures, proves
from lzkey.report.model import Cause, Doubt, KeyResult, RegionResult
from lzkey.report.troubles import DIAGNOSE
from lzkey.state import State

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from lzkey.aws.rule import Evaluation
    from lzkey.report.facts import Seen

_ORDER: Final = {state: place for place, state in enumerate(State)}

#: Knows nothing but what the engine says whatever the parameters are.
_ANY_ZONE: Final = LandingZone("us-east-1", "000000000000")

_NOT_KNOWN: Final = InForce(unknown="nobody has asked")
_PERIODS_ALLOWED: Final = 2
_PERHAPS_LEFT_OUT: Final = Doubt(
    Cause.NOT_READ,
    "the rule may leave the key out, by the landing zone's manifest, which is not read",
    "make the report in the management account, or use --management-role",
)
_EVALUATE: Final = (
    "evaluate the rule there: aws configservice start-config-rules-evaluation --config-rule-names {}"
)
_DEPLOY: Final = "deploy the rule of this version there"


@dataclass(frozen=True, slots=True)
class Measure:
    """What every key is measured with."""

    now: datetime
    partition: str
    zone: LandingZone | None
    """None: the rule's parameters are not known."""
    period: timedelta | None
    landing_zone_keys: frozenset[str]
    """ARNs and key ids."""
    in_force: InForce = _NOT_KNOWN
    aggregated: bool = False
    """NOT_APPLICABLE results are not shown."""

    @property
    def cannot_tell(self) -> bool:
        """Whether a key without a result may be one that the rule does not judge, and only it knows."""
        zone = self.zone
        unread = zone and zone.key_scope is KeyScope.LANDING_ZONE and zone.manifest_keys is None
        return self.aggregated and bool(unread)

    def changed_at(self, arn: KeyArn) -> datetime | None:
        """When the key changed last, where CloudTrail's event history tells that of it; else None."""
        return self.in_force.since if self.in_force.key == str(arn) else None

    def may_judge_in(self, account: str, region: str) -> bool:
        """Whether there may be a key that the rule judges: not where KeyScope names keys of other places."""
        zone = self.zone
        names = None
        if zone and zone.key_scope is KeyScope.LISTED:
            names = zone.listed_keys
        elif zone and zone.key_scope is KeyScope.LANDING_ZONE and zone.manifest_keys is not None:
            names = zone.manifest_keys.logging
        return names is None or any(_may_be_in(name, account, region) for name in names)

    def names(self, arn: KeyArn, *, judged: bool = False) -> bool:
        """Whether a key is the landing zone's, by its manifest or by the rule parameter KeyScope.

        A rule for the landing zone's keys alone has read the manifest, also where we may not: a key that it
        has judged is one of them.
        """
        zone = self.zone
        if judged and zone and zone.key_scope is KeyScope.LANDING_ZONE and zone.manifest_keys is None:
            return (arn.account, arn.region) == (zone.management_account_id, zone.home_region)
        return str(arn) in self.landing_zone_keys or arn.key_id in self.landing_zone_keys


def judge(seen: Seen, measure: Measure) -> tuple[RegionResult, tuple[KeyResult, ...]]:
    """How an account stands in a Region, and each of its keys, ordered by ARN."""
    results: dict[str, KeyResult] = {}
    for evaluation in seen.evaluations:
        found = _judged(seen, evaluation, measure)
        earlier = results.get(evaluation.key_id)
        if earlier is None or _ORDER[found.state] > _ORDER[earlier.state]:
            results[evaluation.key_id] = found
    for key in seen.keys:
        if key.arn.key_id not in results:
            results[key.arn.key_id] = _without_result(seen, key, measure)
    keys = tuple(sorted(results.values(), key=lambda result: result.arn))
    return _place(seen, keys, out_of_scope=not measure.may_judge_in(seen.account, seen.region)), keys


def _may_be_in(name: str, account: str, region: str) -> bool:
    """Whether a key's name may be of this account and Region; an id or an alias may be of any."""
    try:
        arn = KeyArn.parse(name)
    except KeyDataError:
        return True
    return (arn.account, arn.region) == (account, region)


def missing_keys(arns: Iterable[str], found: Iterable[KeyResult], seen: Iterable[Seen]) -> list[KeyResult]:
    """The landing zone's keys of which nothing at all is seen; aliases name none."""
    known, places = {result.arn for result in found}, {(one.account, one.region): one for one in seen}
    results = []
    for text in arns:
        try:
            arn = KeyArn.parse(text)
        except KeyDataError:
            continue
        if text not in known:
            place = places.get((arn.account, arn.region))
            doubt = (
                _no_result(place)
                if place
                else Doubt(
                    Cause.NOT_AGGREGATED,
                    "nothing is seen of the key's account and Region",
                    f"report on account {arn.account} and {arn.region} too, where the key must be",
                )
            )
            results.append(
                KeyResult(text, arn.account, arn.region, State.UNKNOWN, "", doubt=doubt, of_landing_zone=True)
            )
    return results


def with_keys(place: RegionResult, keys: Iterable[KeyResult]) -> RegionResult:
    """The place with further keys counted in."""
    added = Counter(key.state for key in keys)
    counts = Counter(place.keys) + added
    return replace(place, keys=dict(counts), state=max((place.state, *added), key=_ORDER.__getitem__))


def _judged(seen: Seen, evaluation: Evaluation, measure: Measure) -> KeyResult:
    arn = KeyArn(measure.partition, seen.region, seen.account, evaluation.key_id)
    base = KeyResult(
        str(arn),
        seen.account,
        seen.region,
        State.UNKNOWN,
        evaluation.annotation,
        evaluated_at=evaluation.at,
        of_landing_zone=measure.names(arn, judged=evaluation.compliance != State.NOT_APPLICABLE),
    )
    if evaluation.compliance == State.NOT_APPLICABLE:
        return replace(base, state=State.NOT_APPLICABLE)
    outdated = seen.trouble or _outdated(seen, evaluation, arn, measure)
    if evaluation.compliance == State.NON_COMPLIANT:
        failed = failures(evaluation.annotation)
        if failed:
            return replace(base, state=State.NON_COMPLIANT, failures=failed, outdated=outdated)
        return replace(base, doubt=_not_understood(evaluation))
    if evaluation.compliance != State.COMPLIANT or not proves(evaluation.annotation):
        return replace(base, doubt=_not_understood(evaluation))
    return replace(base, doubt=outdated) if outdated else replace(base, state=State.COMPLIANT)


def _not_understood(evaluation: Evaluation) -> Doubt:
    said = f"says {evaluation.annotation!r}" if evaluation.annotation else "has no annotation"
    return Doubt(
        Cause.NOT_UNDERSTOOD, f"{evaluation.compliance} {said}, which is not this version's", _DEPLOY
    )


def _outdated(seen: Seen, evaluation: Evaluation, arn: KeyArn, measure: Measure) -> Doubt | None:
    if evaluation.at is None:
        said = f"{evaluation.compliance} at no time that is known"
        return Doubt(Cause.RESULT_OUTDATED, said, _evaluate(seen))
    recorded = seen.changed_at.get(arn.key_id) if measure.period is None else None
    changed = recorded or measure.changed_at(arn)
    if changed is not None and changed > evaluation.at:
        was = f"{evaluation.compliance} at {moment(evaluation.at)}"
        told = f"{was}, but the key has changed since, at {moment(changed)}"
        return Doubt(Cause.RESULT_OUTDATED, told, DIAGNOSE)
    if measure.period is None:
        return None
    age = measure.now - evaluation.at
    if age <= _PERIODS_ALLOWED * measure.period:
        return None
    hours, period = (round(span.total_seconds() / 3600) for span in (age, measure.period))
    told = f"{evaluation.compliance} {hours} hours ago, but the rule runs every {period} h"
    return Doubt(Cause.RESULT_OUTDATED, told, DIAGNOSE)


def _without_result(seen: Seen, key: KmsKey, measure: Measure) -> KeyResult:
    named = measure.names(key.arn)
    reason = why_not_judged(key, measure.zone or _ANY_ZONE)
    if seen.excluded and not named:
        reason = reason or "The account is excluded from the rule"
    result = KeyResult(
        str(key.arn), seen.account, seen.region, State.NOT_APPLICABLE, reason, of_landing_zone=named
    )
    if reason:
        return result
    doubt = _no_result(seen)
    if doubt.cause is Cause.NEVER_EVALUATED and measure.cannot_tell:
        doubt = _PERHAPS_LEFT_OUT
    return replace(result, state=State.UNKNOWN, doubt=doubt)


def _no_result(seen: Seen) -> Doubt:
    if seen.trouble:
        return seen.trouble
    if seen.excluded:
        return Doubt(Cause.RULE_MISSING, "the account is excluded from the rule", "take it into the rule")
    return Doubt(Cause.NEVER_EVALUATED, "the key is there and has no result", _evaluate(seen))


def _evaluate(seen: Seen) -> str:
    """How to evaluate the rule, where it is known to be there."""
    return _EVALUATE.format(shlex.quote(seen.rule_name)) if seen.rule_name else DIAGNOSE


def _place(seen: Seen, keys: tuple[KeyResult, ...], *, out_of_scope: bool) -> RegionResult:
    states = Counter(key.state for key in keys)
    doubt = None if seen.excluded else seen.trouble or seen.gap
    found = (*states, State.UNKNOWN) if doubt and not out_of_scope else tuple(states)
    return RegionResult(
        seen.account,
        seen.region,
        max(found, key=_ORDER.__getitem__, default=State.NOT_APPLICABLE),
        dict(states),
        seen.rule_name,
        seen.updated_at,
        min((key.evaluated_at for key in keys if key.evaluated_at), default=None),
        doubt,
        seen.excluded,
        out_of_scope,
    )
