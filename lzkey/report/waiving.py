"""Waivers put beside what keys fail, as the last step of a report; and a report as it is without them.

The proof of deliveries is of AWS, and a waiver a decision of people: what the headline says does not change.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from landing_zone_key import FindingReason, Requirement
from landing_zone_key.finding import anchor
from lzkey.report.judgement import worst
from lzkey.report.verdicts import Verdict, standings
from lzkey.state import State
from lzkey.waivers.values import Standing, Use

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lzkey.report.model import Failure, KeyResult, RegionResult, Report
    from lzkey.report.verdicts import Standing as Verdicts

#: How a requirement stands that a waiver is for; of what is not asked of a key, nothing can be waived.
_STANDING: Final[Mapping[Verdict, Standing]] = {
    Verdict.REFUSED: Standing.FAILING,
    Verdict.POSSIBLE: Standing.FAILING,
    Verdict.UNKNOWN: Standing.UNKNOWN,
    Verdict.HOLDS: Standing.MET,
    Verdict.NOT_ASKED: Standing.NOT_JUDGED,
}
#: Where the runbook tells of what could not be read.
_UNREAD: Final = frozenset(anchor(each, FindingReason.UNKNOWN) for each in Requirement)


def waived(report: Report, use: Use) -> Report:
    """The report with each failure's waiver; WAIVED is a key of which every failure has one in force.

    An outdated result may be another today, and a key without a result is UNKNOWN: neither becomes WAIVED.
    """
    made = _changed(report, lambda key: _waived(key, use) if key.arn in use else key)
    return replace(made, idle_waivers=use.notes)


def unwaived(report: Report) -> Report:
    """What the report says without waivers, as AWS Config has it."""
    made = _changed(report, lambda key: _unwaived(key) if any(map(_has_waiver, key.failures)) else key)
    return replace(made, idle_waivers=())


def _waived(key: KeyResult, use: Use) -> KeyResult:
    found = use.of(key.arn, _standing(key))
    failures = tuple(replace(failure, waiver=found.get(failure.requirement)) for failure in key.failures)
    judged = key.state is State.NON_COMPLIANT and key.outdated is None and bool(failures)
    all_waived = judged and all(failure.is_waived for failure in failures)
    return replace(key, failures=failures, state=State.WAIVED if all_waived else key.state)


def _standing(key: KeyResult) -> Callable[[str], Standing]:
    """How each requirement stands with a key."""
    stands = {name: _of(one) for one in standings(key) for name in one.requirements}
    return lambda name: stands.get(name, Standing.NOT_JUDGED)


def _of(one: Verdicts) -> Standing:
    """What the rule could not read is no problem that anybody has looked at, and decided not to mend."""
    unread = one.failure is not None and one.failure.runbook in _UNREAD
    return Standing.UNKNOWN if unread else _STANDING[one.verdict]


def _unwaived(key: KeyResult) -> KeyResult:
    failures = tuple(replace(failure, waiver=None) for failure in key.failures)
    state = State.NON_COMPLIANT if key.state is State.WAIVED else key.state
    return replace(key, failures=failures, state=state)


def _has_waiver(failure: Failure) -> bool:
    return failure.waiver is not None


def _changed(report: Report, change: Callable[[KeyResult], KeyResult]) -> Report:
    """The report with its keys changed, and counted anew where their states are others."""
    keys = tuple(map(change, report.keys))
    moved: dict[tuple[str, str], Counter[State]] = {}
    for before, after in zip(report.keys, keys, strict=True):
        if before.state is not after.state:
            numbers = moved.setdefault((before.account, before.region), Counter())
            numbers[before.state] -= 1
            numbers[after.state] += 1
    places = tuple(
        _counted(place, moved[place.account, place.region])
        if (place.account, place.region) in moved
        else place
        for place in report.places
    )
    return replace(report, keys=keys, places=places)


def _counted(place: RegionResult, moved: Counter[State]) -> RegionResult:
    numbers = Counter(place.keys)
    numbers.update(moved)
    counts = {state: number for state, number in numbers.items() if number}
    return replace(
        place, keys=counts, state=worst(counts, doubt=place.doubt, out_of_scope=place.out_of_scope)
    )
