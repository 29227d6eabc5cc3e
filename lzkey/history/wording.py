"""What every format says in the same words: how it is now and since when, and what each source has told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from lzkey.figures import counted, moment
from lzkey.history.edges import LATEST, Edge, Edges
from lzkey.history.model import BY_ITSELF, RECORDED, Standing
from lzkey.history.since import standing_now

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lzkey.history.model import Act, History, Source, Span
    from lzkey.history.since import Since

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
    now, since = standing_now(history, service)
    last = its[-1].unknown
    why = f": {last}" if last else ""
    return f"{service}: {_WORDS[now]}{_since(history, since)}{why}{_before(history, service, since)}"


def standing(span: Span) -> str:
    """What became of deliveries in a time."""
    return _WORDS[span.standing]


def beginning(edges: Edges, span: Span) -> str:
    """When it began, as exactly as it is known; of a time that is not known itself, just that."""
    return " ".join(filter(None, [moment(span.start), _began(edges, span).word]))


def ending(edges: Edges, span: Span) -> str:
    """When it ended, as exactly as it is known."""
    return " ".join(filter(None, [NOW if span.end is None else moment(span.end), _ended(edges, span).word]))


def when(edges: Edges, span: Span) -> str:
    """From when to when."""
    return f"from {beginning(edges, span)} to {ending(edges, span)}"


def begun_by(edges: Edges, span: Span) -> str:
    """What began it, and why no more is known of that."""
    return "; ".join(filter(None, [by(span.begun_by), _began(edges, span).why]))


def ended_by(edges: Edges, span: Span) -> str:
    """What ended it, and why no more is known of that; empty where it has not ended."""
    return "" if span.end is None else "; ".join(filter(None, [by(span.ended_by), _ended(edges, span).why]))


def _began(edges: Edges, span: Span) -> Edge:
    return Edge() if span.standing is Standing.UNKNOWN else edges.began(span)


def _ended(edges: Edges, span: Span) -> Edge:
    return Edge() if span.standing is Standing.UNKNOWN else edges.ended(span)


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


def together(edges: Edges, spans: Iterable[Span]) -> list[tuple[str, Span]]:
    """Times that are alike for both services once, by time, with the names of the services."""
    alike: dict[tuple[Span, Edge, Edge], list[Span]] = {}
    for span in spans:
        its = replace(span, service=""), _began(edges, span), _ended(edges, span)
        alike.setdefault(its, []).append(span)
    found = sorted(alike.values(), key=lambda each: each[0].start)
    return [(" and ".join(span.service for span in each), each[0]) for each in found]


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


def _since(history: History, since: Since) -> str:
    if since.at is None or since.at >= history.as_of:
        return " now; since when is not known"
    latest = f" {LATEST}" if since.unknown else ""
    act = f", by {by(since.begun_by)}" if since.begun_by else ""
    return f" since {moment(since.at)}{latest}{act}"


def _before(history: History, service: str, since: Since) -> str:
    last = since.at or history.as_of
    windows = [
        each
        for each in history.windows
        if each.service == service and each.end is not None and each.end <= last
    ]
    if not windows:
        return ""
    latest = windows[-1]
    times = "before" if len(windows) == 1 else f"{len(windows)} times before, the last time"
    return f"; {_WORDS[latest.standing]} {times} {when(Edges.of(history), latest)}"
