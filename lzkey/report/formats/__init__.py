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

    A page names the first JSON file that is written with it, by its digest. `evidence` are files that are
    written already, which OSCAL cites by where they are and their digest.
    """
    names = [path.name for path in files if Form.of(path) is Form.JSON]
    data = _rendered(report, Form.JSON) if names else ""
    beside = (names[0], sha256(data.encode()).hexdigest()) if names else None
    texts = [_written(report, path, beside, data, evidence) for path in files]
    with writing(files) as streams:
        for stream, text in zip(streams, texts, strict=True):
            stream.write(text)


def _written(
    report: Report, path: Path, beside: tuple[str, str] | None, data: str, evidence: Sequence[Evidence]
) -> str:
    form = Form.of(path)
    if form is Form.JSON:
        return data
    if form is Form.HTML and beside is not None:
        return _rendered(report, form, form.maker.Beside(*beside))
    if form is Form.OSCAL:
        return _rendered(report, form, [one.seen_from(path.parent) for one in evidence])
    return _rendered(report, form, *([paper(StringIO())] if form is Form.TEXT else []))


def _rendered(report: Report, form: Form, *more: object) -> str:
    made: str = form.maker.render(report, *more)
    return made
