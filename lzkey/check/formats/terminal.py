"""For people: each key with its answer, everything that is wrong with it and where, and a last line.

Of many keys it is summed up before that what fails in how many of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from lzkey.check.verdict import place_of
from lzkey.runbook import pointer
from lzkey.sources.subject import Unread
from lzkey.state import State
from lzkey.terminal import STYLES, folded, one_line, output, plain, table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from lzkey.check.formats import Head
    from lzkey.check.run import Entry, Tally
    from lzkey.check.verdict import Problem, Remark, Verdict
    from lzkey.terminal import Folded, Table

_STYLES: Final = {**STYLES, "UNKNOWN": "bold magenta"}
_INDENT: Final = " " * 16
#: Of so many keys what fails is summed up: they are more than a screen takes.
_MANY: Final = 20
#: Of that, what a screen takes.
_SHOWN: Final = 15


def writer(stream: TextIO, _head: Head) -> _Table:
    """The writer; it colours standard output where that is a terminal."""
    return _Table(stream)


class _Table:
    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._console = output() if stream.isatty() else None

    def add(self, entry: Entry) -> None:
        """Write a key's lines."""
        if isinstance(entry, Unread):
            word, name, called = "UNREAD", entry.place.source, entry.place.source
        else:
            word, name, called = entry.state, entry.name, entry.called
        head = Text(word.ljust(len(_INDENT)), _STYLES.get(word, _STYLES["UNKNOWN"]))
        self._write(folded(one_line(called), head, _INDENT))
        place = place_of(entry.place)
        if place != name:
            self._write(folded(one_line(place), _INDENT, style="dim"))
        for text in [entry.message] if isinstance(entry, Unread) else _details(entry):
            self._write(folded(text, _INDENT))

    def end(self, tally: Tally, exit_code: int) -> None:
        """Write the last line."""
        del exit_code
        if tally.left_out < tally.keys + tally.unread:  # something stands above
            self._write(folded(""))
        if tally.keys > _MANY and tally.failing:
            for paragraph in _summary(tally):
                self._write(paragraph)
        self._write(folded(str(tally)))

    def _write(self, paragraph: Folded | Table) -> None:
        if self._console is None:
            self._stream.write(f"{paragraph}\n")
        else:
            self._console.print(paragraph, soft_wrap=True)


def _summary(tally: Tally) -> Iterator[Folded | Table]:
    """What fails in how many keys, the worst first, as far as a screen takes it."""
    found = tally.worst_first()
    yield folded(f"what fails, or may, in how many of the {tally.keys:,} keys (in one there may be several):")
    digits = len(f"{max(keys for _, keys in found):,}")
    rows = [(f"{keys:{digits},}", *failing) for failing, keys in found[:_SHOWN]]
    yield table(("keys", "requirement", "reason", "certainty"), [[*map(plain, row)] for row in rows])
    if len(found) > _SHOWN:
        yield folded(f"… and {len(found) - _SHOWN} more, which --format json lists")


def _details(verdict: Verdict) -> Iterator[str]:
    if verdict.state is State.NOT_APPLICABLE:
        yield verdict.annotation
    for problem in verdict.problems:
        where = _line_of(problem, verdict)
        yield f"{problem.requirement}: {where}{problem.told} ({pointer(problem.runbook)})"
        if problem.waiver is not None:
            yield f"{problem.requirement}: {problem.waiver}"
    yield from (f"not resolved: {text}" for text in verdict.unresolved)
    yield from (f"assumed: {text}" for text in verdict.assumptions)
    for remark in verdict.remarks:
        yield f"worth knowing: {remark.code}: {_line_of(remark, verdict)}{remark.message}"


def _line_of(about: Problem | Remark, verdict: Verdict) -> str:
    known = about.line is not None and about.line != verdict.place.line
    return f"line {about.line}: " if known else ""
