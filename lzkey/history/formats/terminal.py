"""For people: how it is now and since when, the times before, what was done, and where it is known from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from lzkey.figures import moment
from lzkey.history import wording
from lzkey.history.edges import Edges
from lzkey.history.model import Standing
from lzkey.history.proving import NAMES
from lzkey.terminal import folded, one_line, output, plain, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from lzkey.history.model import History, Span
    from lzkey.terminal import Folded, Table

_STYLES: Final = {
    Standing.ALLOWED: "bold green",
    Standing.REFUSED: "bold red",
    Standing.POSSIBLE: "bold yellow",
    Standing.UNKNOWN: "bold magenta",
    Standing.NO_KEY: "bold",
}
_LIST: Final = "- "
_INDENT: Final = "  "


def render(history: History, console: Console | None = None) -> str:
    """All of it; for standard output, in colours where it shows them."""
    console = console or output()
    with console.capture() as captured:
        for part in _parts(history):
            console.print(part, soft_wrap=True)
    return captured.get()


def _parts(history: History) -> Iterator[Folded | Table]:
    yield folded(wording.title(history), style="bold")
    for service in NAMES:
        last = next(each for each in reversed(history.spans) if each.service == service)
        yield folded(one_line(wording.answer(history, service)), "", _INDENT, _STYLES[last.standing])
    for heading, spans in ((wording.WINDOWS, history.windows), (wording.UNKNOWN, wording.unknown(history))):
        if spans:
            yield from _spans(heading, spans, Edges.of(history))
    if history.acts:
        yield from _heading(wording.ACTS)
        yield table(
            ["when", "what and who"],
            [
                [plain(moment(act.at)), plain(one_line("; ".join(filter(None, [wording.by(act), act.told]))))]
                for act in history.acts
            ],
        )
    yield from _heading(wording.SOURCES)
    for source in history.sources:
        first, *others = wording.source(source)
        yield folded(one_line(first), _LIST, _INDENT)
        yield from (folded(one_line(line), _INDENT, style="yellow") for line in others)
    for heading, sentences in (
        (wording.CONTRADICTIONS, history.contradictions),
        (wording.NOTES, history.notes),
    ):
        if sentences:
            yield from _heading(heading)
            yield from (folded(one_line(each), _LIST, _INDENT) for each in sentences)


def _heading(text: str) -> Iterator[Folded]:
    yield folded("")
    yield folded(text, style="bold")


def _spans(heading: str, spans: Sequence[Span], edges: Edges) -> Iterator[Folded]:
    yield from _heading(heading)
    for services, span in wording.together(edges, spans):
        head = Text(wording.standing(span), _STYLES[span.standing])
        yield folded(f" {services}, {wording.when(edges, span)}", head, _INDENT)
        yield folded(one_line(wording.reasons(span)), _INDENT)
        if span.standing is not Standing.UNKNOWN:
            yield folded(one_line(f"begun by: {wording.begun_by(edges, span)}"), _INDENT)
            if span.end is not None:
                yield folded(one_line(f"ended by: {wording.ended_by(edges, span)}"), _INDENT)
