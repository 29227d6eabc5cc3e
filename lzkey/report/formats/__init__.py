"""The report as text, for whoever reads it."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from lzkey.files import Format, writing
from lzkey.terminal import guarded, paper

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rich.console import Console

    from lzkey.report.model import Report
    from lzkey.report.oscal import Evidence


class Form(Format):
    """The formats; the module of each has a `render(report)`."""

    TEXT = "text", "terminal", ".txt"
    HTML = "html", "html", ".html", ".htm"
    JSON = "json", "json", ".json"
    CSV = "csv", "csv", ".csv"
    MARKDOWN = "markdown", "markdown", ".md", ".markdown"
    OSCAL = "oscal", "oscal", ".oscal.json"


def render(report: Report, form: Form) -> str:
    """The whole text, as standard output may have it; only the format's own module is imported."""
    return guarded(_rendered(report, form), form)


def write(report: Report, files: Sequence[Path], evidence: Sequence[Evidence] = ()) -> None:
    """Write every file, or none; raise OutputError where one cannot be written.

    `evidence` are files that are written already, which OSCAL cites by where they are and their digest.
    """
    texts = [
        _rendered(report, Form.of(path), paper(StringIO()), [one.seen_from(path.parent) for one in evidence])
        for path in files
    ]
    with writing(files) as streams:
        for stream, text in zip(streams, texts, strict=True):
            stream.write(text)


def _rendered(
    report: Report, form: Form, console: Console | None = None, evidence: Sequence[Evidence] = ()
) -> str:
    more: Mapping[Form, tuple[object, ...]] = {Form.TEXT: (console,), Form.OSCAL: (evidence,)}
    made: str = form.maker.render(report, *more.get(form, ()))
    return made
