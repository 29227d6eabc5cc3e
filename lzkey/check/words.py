"""Words that several formats share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from landing_zone_key import FindingReason
from lzkey.state import WORST_FIRST
from lzkey.terminal import printable

if TYPE_CHECKING:
    from lzkey.check.run import Tally
    from lzkey.sources.subject import Place

NOTHING_FOUND = "no KMS key was found in what was given, so that nothing is proved"


def one_line(text: str) -> str:
    """The text without line ends, with which a name could look like a result; printable."""
    return printable(text).replace("\n", "?")


def place_of(place: Place) -> str:
    """A place as editors and terminals take it: file:line, and what stands there."""
    where = place.source if place.line is None else f"{place.source}:{place.line}"
    return f"{where} {place.pointer}".rstrip()


def doubt(reason: str, *, certain: bool) -> str:
    """What comes before a message: without certainty it tells what is missing, or what would be at worst."""
    if certain:
        return ""
    nobody_knows = reason in (FindingReason.UNKNOWN, FindingReason.TOO_COMPLEX)
    return "not determined: " if nobody_knows else "not determined; at worst: "


def summary(tally: Tally) -> str:
    """All that was found, in one line."""
    if tally.empty:
        return "; ".join([NOTHING_FOUND, *passed_over(tally)])
    counts = ", ".join(f"{count} {state}" for state in WORST_FIRST if (count := tally.states[state]))
    parts = [f"{plural(tally.keys, 'key')}{': ' if counts else ''}{counts}"]
    if tally.unread:
        parts.append(f"{tally.unread:,} could not be read")
    return "; ".join([*parts, *passed_over(tally)])


def passed_over(tally: Tally) -> list[str]:
    """What holds no key, if there was any."""
    if not tally.passed_over:
        return []
    return [
        f"{tally.passed_over:,} file or resource holds no key"
        if tally.passed_over == 1
        else f"{tally.passed_over:,} files or resources hold no key"
    ]


def plural(count: int, noun: str) -> str:
    """A number of things."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
