"""Markdown, such as for the comment on a pull request. Whatever a source says stands in code spans."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lzkey.check.words import doubt, place_of, summary
from lzkey.sources.subject import Unread
from lzkey.state import State
from lzkey.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from lzkey.check.formats import Head
    from lzkey.check.run import Entry, Tally
    from lzkey.check.verdict import Verdict


def writer(stream: TextIO, _head: Head) -> _Markdown:
    """Return the writer."""
    return _Markdown(stream)


class _Markdown:
    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        stream.write("## Can the landing zone use its KMS keys?\n\n")

    def add(self, entry: Entry) -> None:
        """Write one item of the list."""
        if isinstance(entry, Unread):
            head, details = f"**UNREAD** {code(place_of(entry.place))}", iter([code(entry.message)])
        else:
            head = f"**{entry.state}** {code(entry.name)} ({code(place_of(entry.place))})"
            details = _details(entry)
        self._stream.write(f"- {head}\n")
        for detail in details:
            self._stream.write(f"  - {detail}\n")

    def end(self, tally: Tally, exit_code: int) -> None:
        """Write the last line."""
        del exit_code
        self._stream.write(f"{'' if tally.empty else chr(10)}{summary(tally).replace('_', chr(92) + '_')}.\n")


def _details(verdict: Verdict) -> Iterator[str]:
    if verdict.state is State.NOT_APPLICABLE:
        yield code(verdict.annotation)
    for problem in verdict.problems:
        line = "" if problem.line is None else f" (line {problem.line})"
        certainty = doubt(problem.reason, certain=problem.certain)
        yield f"`{problem.requirement}`{line}: {certainty}{code(problem.message)}"
    yield from (f"not resolved: {code(text)}" for text in verdict.unresolved)
    yield from (f"assumed: {code(text)}" for text in verdict.assumptions)


def code(text: str) -> str:
    """A code span: nothing in it is markup, a link, or a mention.

    https://spec.commonmark.org/0.31.2/#code-spans
    """
    shown = " ".join(printable(text).split()) or " "
    fence = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
    space = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{space}{shown}{space}{fence}"
