"""Since when something is as it is now, walked back through a key's history as far as that is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lzkey.history.edges import RECORDED_LATER, is_recorded
from lzkey.history.model import Standing

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from lzkey.history.model import Act, History, Span

#: Said where nothing tells of before.
BEGINNING: Final = "what is known of the key begins then"
#: Said of a service of which the history has nothing.
_SILENT: Final = "the history tells nothing of its deliveries"


@dataclass(frozen=True, slots=True)
class Since:
    """Since when something is as it is now, as far as it is known."""

    at: datetime | None
    """From when on it is known to be so; None: it is not known to be so at all."""
    begun_by: Act | None = None
    """What made it so; None: nobody knows."""
    unknown: str = ""
    """Why it may have been so before; without `at`, why nothing is known. Empty: it began then."""


def services(history: History) -> tuple[str, ...]:
    """The services that the history tells of, in its order."""
    return tuple(dict.fromkeys(span.service for span in history.spans))


def standing_now(history: History, service: str) -> tuple[Standing, Since]:
    """What becomes of a service's deliveries now, and since when; UNKNOWN where the history tells nothing."""
    spans = _of(history, service)
    if not spans:
        return Standing.UNKNOWN, Since(None, unknown=_SILENT)
    standing = spans[-1].standing
    return standing, _back(history, spans, lambda span: span.standing is standing)


def finding_since(history: History, requirement: str) -> Since | None:
    """Since when a requirement has not held, for whichever service that is longest; None where it holds now.

    Where a service's present is not known, or not whole, and no other's tells of it, neither is this: `at` is
    None.
    """
    found: list[Since] = []
    doubts: list[Since] = []
    for service in services(history):
        spans = _of(history, service)
        if _fails(spans[-1], requirement):
            found.append(_back(history, spans, lambda span: _fails(span, requirement)))
        elif lacking := spans[-1].unknown or spans[-1].besides:
            doubts.append(Since(None, unknown=lacking))
    if found:
        return min(found, key=lambda each: each.at or history.as_of)
    return doubts[0] if doubts else None


def _of(history: History, service: str) -> tuple[Span, ...]:
    return tuple(span for span in history.spans if span.service == service)


def _fails(span: Span, requirement: str) -> bool:
    return any(reason.requirement == requirement for reason in span.reasons)


def _back(history: History, spans: tuple[Span, ...], is_so: Callable[[Span], bool]) -> Since:
    """The first of the spans without a break in which it is so, back from the last one."""
    number = len(spans) - 1
    while number and spans[number - 1].end == spans[number].start and is_so(spans[number - 1]):
        number -= 1
    first, before = spans[number], spans[number - 1] if number else None
    if before is not None and before.end == first.start:
        lacking = before.unknown or before.besides
        unknown = f"what was before is not known: {lacking}" if lacking else ""
    else:
        unknown = "" if first.begun_by else BEGINNING
    if not unknown and is_recorded(first.begun_by):
        unknown = RECORDED_LATER
    return Since(max(first.start, history.start), first.begun_by, unknown)
