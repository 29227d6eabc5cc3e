"""The page: the answer first, the timeline drawn, then everything that it shows as tables."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, TypeVar

from lzkey.catalogue import PREMISES
from lzkey.figures import to_the_second
from lzkey.history.html import rows
from lzkey.history.html.drawing import LANE, WORDS, drawing
from lzkey.history.model import Standing
from lzkey.page.axis import ROOMS
from lzkey.page.making import environment, rendered, resource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jinja2 import Environment

    from lzkey.history.model import History

Row = TypeVar("Row")

_PACKAGE: Final = "lzkey.history.html"

#: How many rows a table has at most; the JSON document has all.
SHOWN: Final = 250

_SECTIONS: Final = {
    "summary": "Now",
    "timeline": "Timeline",
    "windows": "When deliveries would have been refused",
    "gaps": "What is not known",
    "acts": "What was done",
    "sources": "Sources",
    "method": "Method and limits",
}


def as_html(history: History) -> str:
    """The history as one HTML page, the same for the same history.

    It loads nothing, and its Content-Security-Policy lets it load nothing and run nothing; nothing of the
    history is trusted.
    """
    windows, gaps = rows.windows(history), rows.not_known(history)
    return rendered(
        _environment(),
        "page.html.j2",
        style=resource(_PACKAGE, "page.css"),
        history=history,
        sections={name: (number, title) for number, (name, title) in enumerate(_SECTIONS.items(), 1)},
        answers=rows.answers(history),
        drawings={name: drawing(history, room) for name, room in ROOMS.items()},
        windows=windows[:SHOWN],
        more_windows=_more(windows),
        gaps=gaps[:SHOWN],
        more_gaps=_more(gaps),
        acts=history.acts[: -SHOWN - 1 : -1],
        more_acts=_more(history.acts),
        premises=PREMISES,
    )


def _more(found: Sequence[Row]) -> int:
    """How many rows are not shown."""
    return max(0, len(found) - SHOWN)


@cache
def _environment() -> Environment:
    made = environment(_PACKAGE)
    made.filters |= {
        "second": to_the_second,
        "act_told": rows.act_told,
        "by_whom": rows.by_whom,
        "known_from": rows.known_from,
    }
    made.globals |= {"Standing": Standing, "WORDS": WORDS, "LANE": LANE, "span_lasted": rows.span_lasted}
    return made
