"""The report as JSON, with everything that is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lzkey.report.document import as_text

if TYPE_CHECKING:
    from lzkey.report.model import Report


def render(report: Report) -> str:
    """The document, a member a line."""
    return as_text(report)
