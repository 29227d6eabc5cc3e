"""How the results of a check are written: each format a writer that takes one entry after the other."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final, Protocol

from lzkey.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path
    from typing import TextIO

    from lzkey.check.run import Entry, Tally


class Writer(Protocol):
    """Writes to the stream that it was made with."""

    def add(self, entry: Entry) -> None:
        """Write one key, or what could not be read."""

    def end(self, tally: Tally, exit_code: int) -> None:
        """Write what comes last; the stream stays open."""


@dataclass(frozen=True, slots=True)
class Head:
    """What is true of the whole check."""

    settings: Mapping[str, str]
    """The rule parameters."""
    at: datetime
    """The moment from which on requests were assumed."""


#: Format -> its module in this package, each with a `writer(stream, head)`.
FORMATS: Final = {
    "table": "table",
    "json": "document",
    "csv": "rows",
    "markdown": "markdown",
    "sarif": "sarif",
    "junit": "junit",
}

#: The end of a file's name -> format; the longest counts.
SUFFIXES: Final = {
    ".sarif.json": "sarif",
    ".sarif": "sarif",
    ".json": "json",
    ".csv": "csv",
    ".md": "markdown",
    ".xml": "junit",
    ".txt": "table",
}


def writer(form: str, stream: TextIO, head: Head) -> Writer:
    """Make the writer of a format; only its own module is imported."""
    made: Writer = import_module(f"lzkey.check.formats.{FORMATS[form]}").writer(stream, head)
    return made


def format_of(path: Path) -> str:
    """The format that a file's name asks for; raise OutputError where it asks for none."""
    for suffix, form in SUFFIXES.items():
        if path.name.lower().endswith(suffix):
            return form
    raise OutputError(f"{path}: the suffix says the format; it is one of {', '.join(SUFFIXES)}")
