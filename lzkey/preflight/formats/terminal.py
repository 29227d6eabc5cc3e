"""For people: what is planned, every item with its fix and its page, and what nobody can know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from lzkey.preflight.model import Level, Part
from lzkey.preflight.wording import ASSUMED, HEADINGS, LIMITS, planned, title, verdict
from lzkey.terminal import folded, one_line, output

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from lzkey.preflight.model import Item, Preflight
    from lzkey.terminal import Folded

_STYLES: Final = {
    Level.OK: "bold green",
    Level.WARNING: "bold yellow",
    Level.NOT_KNOWN: "bold magenta",
    Level.BLOCKER: "bold red",
}
_INDENT: Final = " " * (max(len(level.words) for level in Level) + 2)
_LIST: Final = "- "


def render(preflight: Preflight, console: Console | None = None) -> str:
    """All of it; for standard output, in colours where it shows them."""
    console = console or output()
    with console.capture() as captured:
        for paragraph in _paragraphs(preflight):
            console.print(paragraph, soft_wrap=True)
    return captured.get()


def _paragraphs(preflight: Preflight) -> Iterator[Folded]:
    yield folded(title(preflight), style="bold")
    yield from (folded(line, "  ") for line in planned(preflight))
    for part in Part:
        items = [item for item in preflight.items if item.part is part]
        about = None
        if items and part is not Part.REQUIREMENTS:
            yield from _heading(HEADINGS[part])
        for item in items:
            if part is Part.REQUIREMENTS and item.about != about:
                about = item.about
                yield from _heading(", ".join(filter(None, (HEADINGS[part], one_line(about)))))
            yield from _item(item, named=part is not Part.REQUIREMENTS)
    for heading, sentences in ((ASSUMED, preflight.assumptions), (LIMITS, preflight.limits)):
        if sentences:
            yield from _heading(heading)
            yield from (folded(sentence, _LIST, "  ", "dim") for sentence in sentences)
    yield folded("")
    yield folded(verdict(preflight), style=_STYLES[preflight.level])


def _heading(text: str) -> Iterator[Folded]:
    yield folded("")
    yield folded(text, style="bold")


def _item(item: Item, *, named: bool) -> Iterator[Folded]:
    head = Text(item.level.words.ljust(len(_INDENT)), _STYLES[item.level])
    about = f", {one_line(item.about)}" if named and item.about else ""
    yield folded(f"{item.what}{about}: {item.detail}", head, _INDENT)
    if item.fix:
        yield folded(f"fix: {item.fix}", _INDENT)
    if item.level is not Level.OK:
        yield folded(f"page: {item.source}", _INDENT, style="dim")
