"""JUnit XML: each key a test case, so that a build server shows what is wrong.

The widespread form, as Jenkins, GitLab and Azure read it: testsuites, testsuite, testcase, failure, error,
skipped. UNKNOWN and what could not be read are errors; NOT_APPLICABLE and WAIVED are skipped. What was
assumed stands in these, or is the output of a test case without any.
"""

from __future__ import annotations

import tempfile
from itertools import chain
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape, quoteattr

from lzkey.check.run import Only
from lzkey.check.verdict import place_of
from lzkey.runbook import pointer
from lzkey.sources.subject import Unread
from lzkey.state import State
from lzkey.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import TextIO

    from lzkey.check.formats import Head
    from lzkey.check.run import Entry, Tally
    from lzkey.check.verdict import Problem, Verdict

ENDED: Final = "</testsuite>\n</testsuites>\n"

#: The counts come first in the file and are known last: so much of the rest is kept in memory.
_IN_MEMORY: Final = 1_000_000


def writer(stream: TextIO, _head: Head) -> _Junit:
    """The writer."""
    return _Junit(stream)


class _Junit:
    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._cases = tempfile.SpooledTemporaryFile(  # noqa: SIM115 - `end` closes it
            max_size=_IN_MEMORY, mode="w+", encoding="utf-8", newline="\n"
        )

    def add(self, entry: Entry) -> None:
        """Write one test case to where it waits."""
        if isinstance(entry, Unread):
            name, result = place_of(entry.place), element("error", "UNREAD", entry.message, entry.message)
        else:
            name, result = entry.name, _result(entry)
        classname = attribute(entry.place.source)
        case = f"  <testcase classname={classname} name={attribute(name)}>{result}</testcase>\n"
        self._cases.write(ascii_text(case))

    def end(self, tally: Tally, exit_code: int) -> None:
        """Write the counts, which are those of the cases that are there, and all cases after them."""
        del exit_code
        counts = {
            "tests": sum(map(tally.shown, Only)),
            "failures": tally.shown(Only.NON_COMPLIANT),
            "errors": tally.shown(Only.UNKNOWN) + tally.shown(Only.UNREAD),
            "skipped": tally.shown(Only.NOT_APPLICABLE) + tally.shown(Only.WAIVED),
        }
        self._stream.write(begun("lzkey check", counts) + _properties(tally))
        with self._cases as cases:
            cases.seek(0)
            for line in cases:
                self._stream.write(line)
        self._stream.write(ENDED)


def begun(suite: str, counts: Mapping[str, int]) -> str:
    """What comes before the properties and the cases of the only suite.

    `testsuites` has no `skipped`, which the schema of Jenkins' xUnit plugin allows on a suite alone:
    https://github.com/jenkinsci/xunit-plugin/blob/master/src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd
    """
    of_all = {name: count for name, count in counts.items() if name != "skipped"}
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites {_written(of_all)}>\n'
        f'<testsuite name="{suite}" {_written(counts)}>\n'
    )


def _written(counts: Mapping[str, int]) -> str:
    return " ".join(f'{name}="{count}"' for name, count in counts.items())


def _properties(tally: Tally) -> str:
    """What is shown, and how many are left out; nothing where everything is there."""
    if not tally.only:
        return ""
    properties = {"only": " ".join(tally.only), "left_out": str(tally.left_out)}
    lines = [f'    <property name="{name}" value="{value}"/>\n' for name, value in properties.items()]
    return f"  <properties>\n{''.join(lines)}  </properties>\n"


def _result(verdict: Verdict) -> str:
    assumed = [f"assumed: {each}" for each in verdict.assumptions]
    text = "\n".join(assumed)
    if verdict.state is State.COMPLIANT:
        return output(text)
    if verdict.state is State.NOT_APPLICABLE:
        return _skipped(verdict.annotation, text)
    lines = [
        *chain.from_iterable(map(_told, verdict.problems)),
        *(f"not resolved: {each}" for each in verdict.unresolved),
        *assumed,
        f"in {place_of(verdict.place)}",
    ]
    if verdict.state is State.WAIVED:
        message = "; ".join(f"{each.requirement}: {each.waiver}" for each in verdict.problems)
        return _skipped(message, "\n".join(lines))
    name = "failure" if verdict.state is State.NON_COMPLIANT else "error"
    return element(name, verdict.state.value, verdict.annotation, "\n".join(lines))


def _told(problem: Problem) -> Iterator[str]:
    yield f"{problem.requirement} ({problem.reason}): {problem.told} ({pointer(problem.runbook)})"
    if problem.waiver is not None:
        yield f"{problem.requirement}: {problem.waiver}"


def _skipped(message: str, text: str) -> str:
    """That nothing is asked of a test case, and why."""
    skipped = f"<skipped message={attribute(message)}"
    return f"{skipped}>{escape(printable(text))}</skipped>" if text else f"{skipped}/>"


def element(name: str, kind: str, message: str, text: str) -> str:
    """A failure or an error, with all that is to be said of it."""
    attributes = f"type={attribute(kind)} message={attribute(message)}"
    return f"<{name} {attributes}>{escape(printable(text))}</{name}>"


def output(text: str) -> str:
    """The output of a test case that passes; empty where there is none."""
    return f"<system-out>{escape(printable(text))}</system-out>" if text else ""


def attribute(text: str) -> str:
    """A value, in its quotes."""
    return quoteattr(printable(text).replace("\n", " "))


def ascii_text(text: str) -> str:
    """The same in ASCII, which is what the file says it is, whatever the encoding of standard output."""
    return text.encode("ascii", "xmlcharrefreplace").decode()
