"""The report as JSON, with everything that is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lzkey.documents import text_of
from lzkey.report.document import as_document

if TYPE_CHECKING:
    from lzkey.report.model import Report


def render(report: Report) -> str:
    """The document, a member a line."""
    return text_of(as_document(report)) + "\n"
