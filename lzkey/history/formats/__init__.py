"""How a key's history is written: standard output, and any number of files."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from lzkey.files import Format, writing
from lzkey.terminal import guarded, paper

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

    from lzkey.history.model import History


class Form(Format):
    """The formats; the module of each has a `render(history)`."""

    TEXT = "text", "terminal", ".txt"
    HTML = "html", "html", ".html", ".htm"
    JSON = "json", "json", ".json"
    MARKDOWN = "markdown", "markdown", ".md", ".markdown"


def render(history: History, form: Form) -> str:
    """The whole text, as standard output may have it; only the format's own module is imported."""
    return guarded(_rendered(history, form), form)


def write(history: History, files: Sequence[Path]) -> None:
    """Write every file, or none; raise OutputError where one cannot be written."""
    texts = [_rendered(history, Form.of(path), paper(StringIO())) for path in files]
    with writing(files) as streams:
        for stream, text in zip(streams, texts, strict=True):
            stream.write(text)


def _rendered(history: History, form: Form, console: Console | None = None) -> str:
    made: str = form.maker.render(history, console) if form is Form.TEXT else form.maker.render(history)
    return made
