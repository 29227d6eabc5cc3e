"""A key's history as one HTML page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lzkey.history.html import as_html

if TYPE_CHECKING:
    from lzkey.history.model import History


def render(history: History) -> str:
    """The page as a file can hold it.

    AWS sends text as JSON, which may tell of halves of characters that no file can.
    """
    return as_html(history).encode("utf-8", "replace").decode()
