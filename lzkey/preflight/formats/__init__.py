"""How a preflight is written: standard output, and any number of files."""

from __future__ import annotations

from lzkey.files import Format


class Form(Format):
    """The formats; the module of each has a `render(preflight)`."""

    TEXT = "text", "terminal", ".txt"
    JSON = "json", "json", ".json"
    MARKDOWN = "markdown", "markdown", ".md", ".markdown"
    JUNIT = "junit", "junit", ".xml"
