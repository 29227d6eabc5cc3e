"""The axis of time: where a drawing has its ticks, from seconds to centuries, and what stands below them.

All of it is UTC, in UTC's calendar.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import MAXYEAR, UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

#: How wide a drawing is at least, in pixels: on a phone of 320, and on anything else, A4 among it. A page has
#: a drawing for each, of the classes by which `base.css` shows one of them.
ROOMS: Final = {"for-phones": 280, "for-others": 680}

#: In English, whatever the reader's system speaks.
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: Of a character, in pixels, in the type of a drawing: more than most take.
CHARACTER: Final = 6.6
#: Pixels between two labels.
_APART: Final = 14

_MINUTE: Final = 60
_HOUR: Final = 3_600
_DAY: Final = 86_400
#: Steps below a month, in seconds; each divides a day, or is days.
_SECONDS: Final = (
    *(1, 2, 5, 10, 15, 30),
    *(number * _MINUTE for number in (1, 2, 5, 10, 15, 30)),
    *(number * _HOUR for number in (1, 2, 3, 6, 12)),
    *(number * _DAY for number in (1, 2, 7, 14)),
)
#: Steps from a month on, in months.
_OF_MONTHS: Final = (1, 3, 6, *(12 * years for years in (1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000)))
_SHORTEST_MONTH: Final = 28 * _DAY
_YEAR: Final = 12


@dataclass(frozen=True, slots=True)
class Scale:
    """A time as a way across a drawing."""

    start: datetime
    end: datetime
    room: int
    """How wide the drawing is at least, in pixels."""

    @property
    def seconds(self) -> float:
        """How long it is; never nothing, which could not be drawn."""
        return max((self.end - self.start).total_seconds(), 1.0)

    def percent(self, at: datetime) -> float:
        """Where a moment is, in percent of the width; what is outside stands at the edge."""
        return min(max((at - self.start).total_seconds() / self.seconds, 0.0), 1.0) * 100

    def pixels(self, at: datetime) -> float:
        """Where a moment is, in pixels, where the drawing has no more than its room."""
        return self.percent(at) * self.room / 100


@dataclass(frozen=True, slots=True)
class Tick:
    """A line across a drawing; its label is empty where there is no room for one."""

    percent: float
    label: str


def ticks(scale: Scale) -> tuple[Tick, ...]:
    """The ticks, as many as there is room for their labels."""
    found = []
    for at, label in _moments(scale):
        half, pixels = len(label) * CHARACTER / 2, scale.pixels(at)
        fits = pixels >= half and pixels + half <= scale.room
        found.append(Tick(scale.percent(at), label if fits else ""))
    return tuple(found)


def _moments(scale: Scale) -> Iterator[tuple[datetime, str]]:
    for step in _SECONDS:
        if _fits(scale, step, _label_of_seconds(scale.start, step)):
            return _each_of_seconds(scale, step)
    for months in _OF_MONTHS:
        if _fits(scale, months * _SHORTEST_MONTH, _label_of_months(scale.start, months)):
            return _each_of_months(scale, months)
    return iter(())


def _fits(scale: Scale, step: float, label: str) -> bool:
    """Whether labels that are so many seconds apart do not touch."""
    longest = max(len(label), len("30 Nov")) if step >= _MINUTE else len(label)
    return step / scale.seconds * scale.room >= longest * CHARACTER + _APART


def _each_of_seconds(scale: Scale, step: int) -> Iterator[tuple[datetime, str]]:
    number = -(-int(scale.start.timestamp()) // step)
    while (at := datetime.fromtimestamp(number * step, UTC)) <= scale.end:
        if at >= scale.start:
            yield at, _label_of_seconds(at, step)
        number += 1


def _each_of_months(scale: Scale, step: int) -> Iterator[tuple[datetime, str]]:
    first = scale.start.astimezone(UTC)
    months = -(-(first.year * _YEAR + first.month - 1) // step) * step
    while months // _YEAR <= MAXYEAR:
        at = datetime(months // _YEAR, months % _YEAR + 1, 1, tzinfo=UTC)
        if at > scale.end:
            return
        if at >= scale.start:
            yield at, _label_of_months(at, step)
        months += step


def _label_of_seconds(at: datetime, step: int) -> str:
    at = at.astimezone(UTC)
    if step < _MINUTE:
        return f"{at:%H:%M:%S}"
    if step < _DAY and at.time() != datetime.min.time():
        return f"{at:%H:%M}"
    return f"{at.day} {_MONTHS[at.month - 1]}"


def _label_of_months(at: datetime, step: int) -> str:
    at = at.astimezone(UTC)
    return str(at.year) if step >= _YEAR else f"{_MONTHS[at.month - 1]} {at.year}"


def of_pixels(scale: Scale, pixels: float) -> timedelta:
    """How much time lies in so many pixels."""
    return timedelta(seconds=pixels * scale.seconds / scale.room)
