"""The report as text, for whoever reads it."""

from __future__ import annotations

from hashlib import sha256
from io import StringIO
from typing import TYPE_CHECKING

from lzkey.files import Format, writing
from lzkey.terminal import guarded, paper

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

    from lzkey.report.model import Report


class Form(Format):
    """The formats; the module of each has a `render(report)`."""

    TEXT = "text", "terminal", ".txt"
    HTML = "html", "html", ".html", ".htm"
    JSON = "json", "json", ".json"
    CSV = "csv", "csv", ".csv"
    MARKDOWN = "markdown", "markdown", ".md", ".markdown"


def render(report: Report, form: Form) -> str:
    """The whole text, as standard output may have it; only the format's own module is imported."""
    return guarded(_rendered(report, form), form)


def write(report: Report, files: Sequence[Path]) -> None:
    """Write every file, or none; raise OutputError where one cannot be written.

    A page names the first JSON file that is written with it, by its digest.
    """
    names = [path.name for path in files if Form.of(path) is Form.JSON]
    data = _rendered(report, Form.JSON) if names else ""
    beside = (names[0], sha256(data.encode()).hexdigest()) if names else None
    texts = [_written(report, Form.of(path), beside, data) for path in files]
    with writing(files) as streams:
        for stream, text in zip(streams, texts, strict=True):
            stream.write(text)


def _written(report: Report, form: Form, beside: tuple[str, str] | None, data: str) -> str:
    if form is Form.JSON:
        return data
    if form is Form.HTML and beside is not None:
        page: str = form.maker.render(report, form.maker.Beside(*beside))
        return page
    return _rendered(report, form, paper(StringIO()))


def _rendered(report: Report, form: Form, console: Console | None = None) -> str:
    made: str = form.maker.render(report, console) if form is Form.TEXT else form.maker.render(report)
    return made
