"""Markdown, such as for the comment on a change. Whatever AWS or a file says stands in code spans."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lzkey.preflight.model import Part
from lzkey.preflight.wording import ASSUMED, HEADINGS, LIMITS, planned, title, verdict
from lzkey.quoting import code_span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey.preflight.model import Item, Preflight


def render(preflight: Preflight) -> str:
    """All of it, the verdict first."""
    return "".join(f"{line}\n" for line in _lines(preflight))


def _lines(preflight: Preflight) -> Iterator[str]:
    yield f"## {title(preflight)}"
    yield ""
    yield f"**{verdict(preflight)}**"
    yield ""
    yield from (f"- {code_span(line)}" for line in planned(preflight))
    for part in Part:
        items = [item for item in preflight.items if item.part is part]
        if items:
            yield from ("", f"### {HEADINGS[part]}", "")
            for item in items:
                yield from _item(item)
    for heading, sentences in ((ASSUMED, preflight.assumptions), (LIMITS, preflight.limits)):
        if sentences:
            yield from ("", f"### {heading}", "")
            yield from (f"- {code_span(sentence)}" for sentence in sentences)


def _item(item: Item) -> Iterator[str]:
    about = f" ({code_span(item.about)})" if item.about else ""
    yield f"- **{item.level.words}** [{item.what}]({item.source}){about}: {code_span(item.detail)}"
    if item.fix:
        yield f"  - fix: {code_span(item.fix)}"
