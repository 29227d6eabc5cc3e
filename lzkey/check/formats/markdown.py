"""Markdown, such as for the comment on a pull request. Whatever a source says stands in code spans."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lzkey.check.verdict import place_of
from lzkey.quoting import code_span
from lzkey.runbook import address
from lzkey.sources.subject import Unread
from lzkey.state import State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from lzkey.check.formats import Head
    from lzkey.check.run import Entry, Tally
    from lzkey.check.verdict import Problem, Remark, Verdict


def writer(stream: TextIO, _head: Head) -> _Markdown:
    """The writer."""
    return _Markdown(stream)


class _Markdown:
    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        stream.write("## Can the landing zone use its KMS keys?\n\n")

    def add(self, entry: Entry) -> None:
        """Write one item of the list."""
        if isinstance(entry, Unread):
            head, details = f"**UNREAD** {code_span(place_of(entry.place))}", iter([code_span(entry.message)])
        else:
            named = "" if entry.called == entry.name else f"{code_span(entry.label)}, "
            head = f"**{entry.state}** {code_span(entry.name)} ({named}{code_span(place_of(entry.place))})"
            details = _details(entry)
        self._stream.write(f"- {head}\n")
        for detail in details:
            self._stream.write(f"  - {detail}\n")

    def end(self, tally: Tally, exit_code: int) -> None:
        """Write the last line."""
        del exit_code
        self._stream.write(f"{'' if tally.empty else chr(10)}{str(tally).replace('_', chr(92) + '_')}.\n")


def _details(verdict: Verdict) -> Iterator[str]:
    if verdict.state is State.NOT_APPLICABLE:
        yield code_span(verdict.annotation)
    for problem in verdict.problems:
        about = f"`{problem.requirement}`{_line_of(problem)}"
        doubt = problem.told.removesuffix(problem.message)
        yield f"{about}: {doubt}{code_span(problem.message)} ({_pointer(problem.runbook)})"
        if problem.waiver is not None:
            yield f"`{problem.requirement}`: {code_span(str(problem.waiver))}"
    yield from (f"not resolved: {code_span(text)}" for text in verdict.unresolved)
    yield from (f"assumed: {code_span(text)}" for text in verdict.assumptions)
    for remark in verdict.remarks:
        yield f"worth knowing: `{remark.code}`{_line_of(remark)}: {code_span(remark.message)}"


def _pointer(anchor: str) -> str:
    where = address(anchor)
    return f"runbook: [{anchor}]({where})" if where else f"runbook: `{anchor}`"


def _line_of(about: Problem | Remark) -> str:
    return "" if about.line is None else f" (line {about.line})"
