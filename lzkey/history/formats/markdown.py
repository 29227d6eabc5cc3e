"""Markdown, such as for a ticket. Whatever AWS or a file says stands in code spans, or as references."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lzkey.figures import moment
from lzkey.history import wording
from lzkey.history.edges import Edges
from lzkey.history.proving import NAMES
from lzkey.quoting import code_span, references

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lzkey.history.model import History, Span


def render(history: History) -> str:
    """All of it, the answer first."""
    return "".join(f"{line}\n" for line in _lines(history))


def _lines(history: History) -> Iterator[str]:
    yield f"## {references(wording.title(history))}"
    yield ""
    yield from (f"- {code_span(wording.answer(history, service))}" for service in NAMES)
    for heading, spans in ((wording.WINDOWS, history.windows), (wording.UNKNOWN, wording.unknown(history))):
        if spans:
            yield from _spans(heading, spans, Edges.of(history))
    if history.acts:
        yield from ("", f"### {wording.ACTS}", "", "| when | what and who |", "|---|---|")
        for act in history.acts:
            told = "; ".join(filter(None, [wording.by(act), act.told]))
            yield f"| {moment(act.at)} | {references(told)} |"
    yield from ("", f"### {wording.SOURCES}", "")
    for source in history.sources:
        first, *others = wording.source(source)
        yield f"- {code_span(first)}"
        yield from (f"  - {code_span(line)}" for line in others)
    for heading, sentences in (
        (wording.CONTRADICTIONS, history.contradictions),
        (wording.NOTES, history.notes),
    ):
        if sentences:
            yield from ("", f"### {heading}", "")
            yield from (f"- {code_span(each)}" for each in sentences)


def _spans(heading: str, spans: Sequence[Span], edges: Edges) -> Iterator[str]:
    yield from ("", f"### {heading}", "")
    yield "| service | deliveries | from | to | begun by | ended by | why |"
    yield "|---|---|---|---|---|---|---|"
    for services, span in wording.together(edges, spans):
        cells = (
            services,
            wording.standing(span),
            wording.beginning(edges, span),
            wording.ending(edges, span),
            wording.begun_by(edges, span),
            wording.ended_by(edges, span),
            wording.reasons(span),
        )
        yield f"| {' | '.join(map(references, cells))} |"
