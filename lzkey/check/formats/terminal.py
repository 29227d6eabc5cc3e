"""For people: each key with its answer, everything that is wrong with it and where, and a last line."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Final

from lzkey.check.verdict import place_of
from lzkey.runbook import pointer
from lzkey.sources.subject import Unread
from lzkey.state import State
from lzkey.terminal import STYLES, one_line, output, plain, printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from lzkey.check.formats import Head
    from lzkey.check.run import Entry, Tally
    from lzkey.check.verdict import Problem, Remark, Verdict

_STYLES: Final = {**STYLES, "UNKNOWN": "bold magenta"}
_INDENT: Final = " " * 16
_COLUMNS: Final = 110
_FEWEST_COLUMNS: Final = 60


def writer(stream: TextIO, _head: Head) -> _Table:
    """The writer; it colours standard output where that is a terminal."""
    return _Table(stream)


class _Table:
    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._console = output() if stream.isatty() else None
        columns = self._console.width if self._console else _COLUMNS
        self._columns = max(_FEWEST_COLUMNS, min(columns, _COLUMNS)) - len(_INDENT)

    def add(self, entry: Entry) -> None:
        """Write a key's lines."""
        word, name = (
            ("UNREAD", entry.place.source) if isinstance(entry, Unread) else (entry.state, entry.name)
        )
        self._write(word.ljust(len(_INDENT)), _STYLES.get(word, _STYLES["UNKNOWN"]), end="")
        self._write(name)
        place = place_of(entry.place)
        if place != name:
            self._write(f"{_INDENT}{place}", "dim")
        for text in [entry.message] if isinstance(entry, Unread) else _details(entry):
            for line in wrap(printable(text), self._columns, break_long_words=False, break_on_hyphens=False):
                self._write(f"{_INDENT}{line}")

    def end(self, tally: Tally, exit_code: int) -> None:
        """Write the last line."""
        del exit_code
        if not tally.empty:
            self._write("")
        self._write(str(tally))

    def _write(self, text: str, style: str = "", end: str = "\n") -> None:
        if self._console is None:
            self._stream.write(one_line(text) + end)
        else:
            self._console.print(plain(one_line(text), style), soft_wrap=True, end=end)


def _details(verdict: Verdict) -> Iterator[str]:
    if verdict.state is State.NOT_APPLICABLE:
        yield verdict.annotation
    for problem in verdict.problems:
        where = _line_of(problem, verdict)
        yield f"{problem.requirement}: {where}{problem.told} ({pointer(problem.runbook)})"
    yield from (f"not resolved: {text}" for text in verdict.unresolved)
    yield from (f"assumed: {text}" for text in verdict.assumptions)
    for remark in verdict.remarks:
        yield f"worth knowing: {remark.code}: {_line_of(remark, verdict)}{remark.message}"


def _line_of(about: Problem | Remark, verdict: Verdict) -> str:
    known = about.line is not None and about.line != verdict.place.line
    return f"line {about.line}: " if known else ""
