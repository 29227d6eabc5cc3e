"""Times and numbers as people read them."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

#: How many of many a sentence names.
_NAMED = 3


def moment(at: datetime | None) -> str:
    """A time to the minute, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if at else "no time that is known"


def counted(number: int, singular: str, plural: str = "") -> str:
    """A number with its noun."""
    return f"{number:,} {singular if number == 1 else plural or f'{singular}s'}"


def some(names: Sequence[str]) -> str:
    """The first of the names, and how many more there are."""
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"


def to_the_second(at: datetime) -> str:
    """A time to the second, in UTC, as CloudTrail tells times."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def to_the_millisecond(at: datetime) -> str:
    """A time in UTC as programs read it; more of a second neither HTML nor OSCAL's libraries keep."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def lasted(time: timedelta) -> str:
    """How long something took, in its two largest units."""
    seconds = int(time.total_seconds())
    sizes = (86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")
    told: list[str] = []
    for size, unit in sizes:
        number, seconds = divmod(seconds, size)
        if told and not number:
            break
        told += [counted(number, unit)] if number else []
    return " ".join(told[:2]) or "less than a second"
