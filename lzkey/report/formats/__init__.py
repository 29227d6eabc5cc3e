"""The report as a file's text, for whoever reads it."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from lzkey.errors import OutputError
from lzkey.report.document import as_document
from lzkey.report.formats.spreadsheet import as_csv
from lzkey.report.formats.wiki import as_markdown

if TYPE_CHECKING:
    from pathlib import Path

    from lzkey.report.model import Report


class Form(StrEnum):
    """What a report can be written as."""

    HTML = "html"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"


SUFFIXES: Final = {
    ".html": Form.HTML,
    ".htm": Form.HTML,
    ".json": Form.JSON,
    ".csv": Form.CSV,
    ".md": Form.MARKDOWN,
}


def form_of(path: Path) -> Form:
    """Return what a file's name asks for; raise OutputError where it asks for nothing known."""
    form = SUFFIXES.get(path.suffix.lower())
    if form is None:
        raise OutputError(f"{path}: the name of a report ends with {', '.join(SUFFIXES)}")
    return form


def render(report: Report, form: Form) -> str:
    """Return the whole text of a file."""
    if form is Form.HTML:
        from lzkey.report.html import as_html  # noqa: PLC0415 - jinja2 takes its time

        # AWS sends text as JSON, which may tell of halves of characters that no file can hold.
        return as_html(report).encode("utf-8", "replace").decode()
    if form is Form.CSV:
        return as_csv(report)
    if form is Form.MARKDOWN:
        return as_markdown(report)
    return json.dumps(as_document(report), indent=1) + "\n"
