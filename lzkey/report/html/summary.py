"""The head of the page: the answer, the score, and what it is made of."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from landing_zone_key.requirements import WORST_FIRST as REQUIREMENTS
from lzkey.report.html.rows import regions_of
from lzkey.report.html.text import grouped
from lzkey.report.html.words import STATES
from lzkey.report.wording import counted, formula, percentage
from lzkey.state import WORST_FIRST, State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from lzkey.report.html.rows import KeyRow
    from lzkey.report.model import Report, Trend

BAR_WIDTH: Final = 1000
"""Of a bar, in the units of its SVG."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a stacked bar."""

    state: State
    count: int
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class Bar:
    """A stacked bar, and the same in words."""

    segments: tuple[Segment, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Failing:
    """How many keys fail a requirement."""

    requirement: str
    count: int
    own: int
    width: float


@dataclass(frozen=True, slots=True)
class Difference:
    """A state's count before and now."""

    state: State
    before: int
    now: int

    @property
    def change(self) -> str:
        """The difference with its sign."""
        return f"{self.now - self.before:+,}".replace("-", "\u2212") if self.now != self.before else "0"


@dataclass(frozen=True, slots=True)
class Score:
    """The score, and between what it would be if everything unknown were settled."""

    value: str
    formula: str
    bounds: str


def bar(counts: Mapping[State, int]) -> Bar:
    """Return a bar of all states, the worst first; nothing is drawn for none."""
    shown = [(state, counts.get(state, 0)) for state in WORST_FIRST if counts.get(state, 0)]
    total = sum(count for _, count in shown)
    starts = accumulate((count for _, count in shown), initial=0)
    segments = (
        Segment(state, count, _scaled(start, total), _scaled(count, total))
        for (state, count), start in zip(shown, starts, strict=False)
    )
    words = ", ".join(f"{grouped(count)} {STATES[state].lower()}" for state, count in shown)
    return Bar(tuple(segments), words or "nothing")


def score(report: Report) -> Score:
    """Return the score with its formula."""
    counts = report.counts
    compliant, failed, unknown = (
        counts[state] for state in (State.COMPLIANT, State.NON_COMPLIANT, State.UNKNOWN)
    )
    if report.score is None:
        return Score("\u2013", formula(counts), "Nothing is judged, so there is no score.")
    least = percentage(report.score)
    if not unknown:
        return Score(least, formula(counts), "Nothing that counts is unknown.")
    most = percentage((compliant + unknown) / (compliant + failed + unknown))
    against = f"{grouped(unknown)} unknown {'counts' if unknown == 1 else 'count'} against it"
    unseen = unknown - _unknown_keys(report)
    if unseen:
        pairs = counted(unseen, "is an account-Region pair", "are account-Region pairs")
        return Score(
            least, formula(counts), f"{against}; {pairs} that may have keys nobody sees, so it has no bounds."
        )
    return Score(least, formula(counts), f"{against}: settled, it lies between {least} and {most}.")


def unknown_in_words(report: Report) -> str:
    """Return what the number of UNKNOWN counts: keys, and accounts and Regions that show none."""
    keys = _unknown_keys(report)
    places = report.counts[State.UNKNOWN] - keys
    told = [counted(keys, "key")] if keys or not places else []
    if places:
        told.append(f"{counted(places, 'account-Region pair')} in doubt")
    return " and ".join(told)


def _unknown_keys(report: Report) -> int:
    return sum(key.state is State.UNKNOWN for key in report.keys)


def coverage(report: Report) -> str:
    """Return how much is covered."""
    accounts = len(report.accounts) or len({place.account for place in report.places})
    sizes = (accounts, "account"), (len(regions_of(report)), "Region"), (len(report.keys), "key")
    return ", ".join(counted(number, noun) for number, noun in sizes)


def failing(rows: Sequence[KeyRow]) -> tuple[Failing, ...]:
    """Return every requirement with the number of keys that fail it."""
    keys = Counter(name for row in rows for name in {*row.fails})
    own = Counter(name for row in rows if row.own for name in {*row.fails})
    most = max(keys.values(), default=0)
    return tuple(
        Failing(name, keys[name], own[name], _scaled(keys[name], most))
        for name in dict.fromkeys((*REQUIREMENTS, *sorted(keys)))
    )


def differences(report: Report, trend: Trend) -> tuple[Difference, ...]:
    """Return the counts before and now."""
    return tuple(
        Difference(state, trend.counts_before.get(state, 0), report.counts[state]) for state in WORST_FIRST
    )


def oldest(report: Report) -> tuple[datetime, str] | None:
    """Return when the oldest evaluation was made, and how long that was before the report."""
    found = report.oldest_evaluation
    if found is None:
        return None
    hours = int((report.as_of - found).total_seconds() // 3600)
    return found, counted(hours // 24, "day") if hours >= 48 else counted(max(hours, 0), "hour")  # noqa: PLR2004


def _scaled(part: int, whole: int) -> float:
    return round(part * BAR_WIDTH / whole, 2) if whole else 0
