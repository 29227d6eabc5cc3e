"""How exactly it is known when a time began and when it ended: the same for every format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lzkey.history.model import RECORDED, Standing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from lzkey.history.model import Act, History, Span

LATEST: Final = "at the latest"
EARLIEST: Final = "at the earliest"

#: https://docs.aws.amazon.com/config/latest/developerguide/how-does-config-work.html
RECORDED_LATER: Final = "AWS Config records a change some minutes after it"
_AT_FIRST: Final = "it was so when what is told here begins"
_BEFORE: Final = "what was before is not known: {}"
_AFTER: Final = "what was after is not known: {}"


@dataclass(frozen=True, slots=True)
class Edge:
    """A moment at which a time begins or ends, as exactly as it is known."""

    word: str = ""
    """`at the latest`, `at the earliest`; empty: just then, or it has not ended."""
    why: str = ""
    """Why no more is known; empty as well then."""


@dataclass(frozen=True, slots=True)
class Edges:
    """What is beside the times of a history, by service and moment."""

    ending: Mapping[tuple[str, datetime | None], str]
    """Why nothing is known of the time that ends then."""
    beginning: Mapping[tuple[str, datetime | None], str]
    """Why nothing is known of the time that begins then."""
    first: frozenset[tuple[str, datetime]]
    """When what is known of a service begins, where nobody knows what made it so."""

    @classmethod
    def of(cls, history: History) -> Edges:
        """Those of all its times."""
        unknown = [span for span in history.spans if span.standing is Standing.UNKNOWN]
        firsts = {span.service: span for span in reversed(history.spans)}.values()
        return cls(
            {(span.service, span.end): span.unknown for span in unknown},
            {(span.service, span.start): span.unknown for span in unknown},
            frozenset((span.service, span.start) for span in firsts if span.begun_by is None),
        )

    def began(self, span: Span) -> Edge:
        """How exactly it is known when it began."""
        here = span.service, span.start
        if here in self.first:
            return Edge(LATEST, _AT_FIRST)
        if here in self.ending:
            return Edge(LATEST, _BEFORE.format(self.ending[here]))
        return Edge(LATEST, RECORDED_LATER) if is_recorded(span.begun_by) else Edge()

    def ended(self, span: Span) -> Edge:
        """How exactly it is known when it ended; of a window that is open, nothing is to be said."""
        here = span.service, span.end
        if span.end is not None and here in self.beginning:
            return Edge(EARLIEST, _AFTER.format(self.beginning[here]))
        return Edge(LATEST, RECORDED_LATER) if is_recorded(span.ended_by) else Edge()


def is_recorded(act: Act | None) -> bool:
    """Whether AWS Config alone shows it, at the moment at which it has recorded it."""
    return act is not None and act.name == RECORDED
