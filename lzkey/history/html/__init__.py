"""A key's history as one page, with its timeline drawn."""

from lzkey.history.html.page import as_html

__all__ = ["as_html"]
