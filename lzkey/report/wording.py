"""Words and numbers that several formats share."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final

from lzkey.report.model import Collected, Delivery
from lzkey.state import State

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from lzkey.aws.former_keys import FormerKey
    from lzkey.report.model import DeliveryAnswer, Doubt, Report, Scope

_DELIVERY: Final = {
    Delivery.YES: "Yes, the landing zone's logs can be delivered:",
    Delivery.NO: "No, the landing zone's logs cannot be delivered:",
    Delivery.UNKNOWN: "It is not known whether the landing zone's logs can be delivered:",
    Delivery.NONE: "No logs are delivered:",
}


#: The heading of what is told of them.
FORMER_KEYS: Final = "Former keys, which older logs may need"


def delivery(answer: DeliveryAnswer) -> str:
    """The answer as the beginning of a sentence; its reason ends it."""
    return _DELIVERY[answer.delivery]


def moment(at: datetime | None) -> str:
    """A time to the minute, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if at else "no time that is known"


def percentage(score: float | None) -> str:
    """A score in percent, rounded down: only what is whole is 100.0%."""
    return "nothing judged" if score is None else f"{int(score * 1000 + 1e-9) / 10:.1f}%"


def formula(counts: Mapping[State, int]) -> str:
    """What a score is made of."""
    compliant, failed, unknown = (
        f"{counts[state]:,}" for state in (State.COMPLIANT, State.NON_COMPLIANT, State.UNKNOWN)
    )
    return f"{compliant} / ({compliant} + {failed} + {unknown})"


def unknowns(report: Report) -> Iterator[tuple[Doubt, str, str, str]]:
    """What counts as UNKNOWN, each with its account, its Region, and its key where there is one."""
    for place in report.places:
        if place.doubt is not None and place.counts_as_unknown:
            yield place.doubt, place.account, place.region, ""
    for key in report.keys:
        if key.doubt is not None:
            yield key.doubt, key.account, key.region, key.arn


def former_key(key: FormerKey) -> str:
    """How a former key stands, and whose deliveries it is known by."""
    return f"{key.fault or key.standing}; its policy admits {' and '.join(key.services)}"


def scored(report: Report) -> str:
    """The score with its formula, for a line of text."""
    told = f"score {percentage(report.score)}"
    return f"{told}: COMPLIANT / (COMPLIANT + NON_COMPLIANT + UNKNOWN) = {formula(report.counts)}"


def counted(number: int, singular: str, plural: str = "") -> str:
    """A number with its noun."""
    return f"{number:,} {singular if number == 1 else plural or f'{singular}s'}"


def subject(scope: Scope) -> str:
    """Name what a report covers: its organization, or the account where it is of that alone."""
    if scope.collected is Collected.ACCOUNT or scope.organization is None:
        return f"account {scope.account}"
    return f"organization {scope.organization}"
