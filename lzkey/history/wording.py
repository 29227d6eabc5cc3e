"""What every format says in the same words: how it is now and since when, and what each source has told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from lzkey.figures import counted, moment
from lzkey.history.model import BY_ITSELF, RECORDED, Standing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from lzkey.history.model import Act, History, Source, Span

NOW: Final = "now"
WINDOWS: Final = "Times in which deliveries were refused, or may have been"
UNKNOWN: Final = "Times of which it is not known"
ACTS: Final = "What was done to the key"
SOURCES: Final = "Where it is known from"
CONTRADICTIONS: Final = "What sources tell in two ways"
NOTES: Final = "To be known"

#: Gaps of a source that people are shown.
_SHOWN: Final = 20

_WORDS: Final = {
    Standing.REFUSED: "refused",
    Standing.POSSIBLE: "perhaps refused",
    Standing.UNKNOWN: "not known",
    Standing.ALLOWED: "allowed",
    Standing.NO_KEY: "there is no key",
}


def title(history: History) -> str:
    """Which key, and of which time."""
    return f"{history.key}, from {moment(history.start)} to {moment(history.as_of)}"


def answer(history: History, service: str) -> str:
    """How a service's deliveries stand, since when and by whom, and how often they were refused before."""
    its = [span for span in history.spans if span.service == service]
    last = history.open_since(service) or its[-1]
    why = f": {last.unknown}" if last.unknown else ""
    return f"{service}: {_WORDS[last.standing]}{_since(history, last)}{why}{_before(history, last)}"


def standing(span: Span) -> str:
    """What became of deliveries in a time."""
    return _WORDS[span.standing]


def until(span: Span) -> str:
    """When it ended."""
    return NOW if span.end is None else moment(span.end)


def by(act: Act | None) -> str:
    """What was done, and by whom."""
    if act is None:
        return "not known"
    if act.name == BY_ITSELF:
        return act.told
    if act.name == RECORDED:
        return f"a change that AWS Config recorded at {moment(act.at)}"
    who = f" of {act.principal}" if act.principal else ""
    behind = f" (role {act.behind})" if act.behind else ""
    return f"{act.name}{who}{behind}"


def reasons(span: Span) -> str:
    """Why, in a sentence for each requirement; or why it is not known."""
    return span.unknown or "; ".join(f"{each.requirement}: {each.message}" for each in span.reasons)


def unknown(history: History) -> tuple[Span, ...]:
    """The times of which it is not known."""
    return tuple(span for span in history.spans if span.standing is Standing.UNKNOWN)


def together(spans: Iterable[Span]) -> list[tuple[str, Span]]:
    """Times that are alike for both services once, by time, with the names of the services."""
    alike: dict[tuple[datetime, Span], list[str]] = {}
    for span in spans:
        alike.setdefault((span.start, replace(span, service="")), []).append(span.service)
    found = sorted(alike.items(), key=lambda each: each[0][0])
    return [(" and ".join(names), span) for (_, span), names in found]


def source(told: Source) -> Iterator[str]:
    """What one source has told, and what not, a line each."""
    found = counted(told.found, _kind(told))
    if told.start is None or told.end is None:
        yield f"{told.origin.value}, {told.place}: {found}; of single moments"
    else:
        yield (
            f"{told.origin.value}, {told.place}: {found}; everything from {moment(told.start)} to "
            f"{moment(told.end)}"
        )
    shown = told.gaps[:_SHOWN]
    yield from (f"gap from {moment(gap.start)} to {moment(gap.end)}: {gap.why}" for gap in shown)
    if len(told.gaps) > _SHOWN:
        yield f"{len(told.gaps) - _SHOWN:,} more gaps; the JSON has them all"
    yield from told.unread


def _kind(told: Source) -> str:
    return {"AWS Config": "item", "KMS today": "look"}.get(told.origin.value, "event")


def _since(history: History, span: Span) -> str:
    if span.begun_by is not None:
        return f" since {moment(span.start)}, by {by(span.begun_by)}"
    if span.start == history.as_of:
        return " now; since when is not known"
    if span.start == history.start:
        return f" since {moment(span.start)} at the latest"
    return f" since {moment(span.start)}{'' if span.unknown else ', or longer'}"


def _before(history: History, last: Span) -> str:
    windows = [
        each
        for each in history.windows
        if each.service == last.service and each.end is not None and each.end <= last.start
    ]
    if not windows:
        return ""
    latest = windows[-1]
    times = "before" if len(windows) == 1 else f"{len(windows)} times before, the last time"
    return f"; {_WORDS[latest.standing]} {times} from {moment(latest.start)} to {until(latest)}"
