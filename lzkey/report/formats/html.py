"""The report as one HTML page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lzkey.report.html import as_html

if TYPE_CHECKING:
    from lzkey.report.model import Report


def render(report: Report) -> str:
    """The page as a file can hold it.

    AWS sends text as JSON, which may tell of halves of characters that no file can.
    """
    return as_html(report).encode("utf-8", "replace").decode()
