"""The report as one HTML page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lzkey.report.html import Beside, as_html

__all__ = ["Beside", "render"]

if TYPE_CHECKING:
    from lzkey.report.model import Report


def render(report: Report, beside: Beside | None = None) -> str:
    """The page as a file can hold it; `beside` is the file that has the same report as JSON.

    AWS sends text as JSON, which may tell of halves of characters that no file can.
    """
    return as_html(report, beside).encode("utf-8", "replace").decode()
