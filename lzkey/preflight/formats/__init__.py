"""How a preflight is written: standard output, and any number of files."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from lzkey.files import Format, writing
from lzkey.terminal import guarded, paper

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

    from lzkey.preflight.model import Preflight


class Form(Format):
    """The formats; the module of each has a `render(preflight)`."""

    TEXT = "text", "terminal", ".txt"
    JSON = "json", "json", ".json"
    MARKDOWN = "markdown", "markdown", ".md", ".markdown"
    JUNIT = "junit", "junit", ".xml"


def render(preflight: Preflight, form: Form) -> str:
    """The whole text, as standard output may have it; only the format's own module is imported."""
    return guarded(_rendered(preflight, form), form)


def write(preflight: Preflight, files: Sequence[Path]) -> None:
    """Write every file, or none; raise OutputError where one cannot be written."""
    texts = [_rendered(preflight, Form.of(path), paper(StringIO())) for path in files]
    with writing(files) as streams:
        for stream, text in zip(streams, texts, strict=True):
            stream.write(text)


def _rendered(preflight: Preflight, form: Form, console: Console | None = None) -> str:
    made: str = form.maker.render(preflight, console) if form is Form.TEXT else form.maker.render(preflight)
    return made
