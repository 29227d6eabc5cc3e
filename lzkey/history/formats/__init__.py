"""How a key's history is written: standard output, and any number of files."""

from __future__ import annotations

from lzkey.files import Format


class Form(Format):
    """The formats; the module of each has a `render(history)`."""

    TEXT = "text", "terminal", ".txt"
    HTML = "html", "html", ".html", ".htm"
    JSON = "json", "json", ".json"
    MARKDOWN = "markdown", "markdown", ".md", ".markdown"
