"""CSV (RFC 4180): a row for each key; where some are left out, the last one says so.

No cell is a formula to a spreadsheet.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Final

from lzkey.quoting import cell
from lzkey.sources.subject import Unread

if TYPE_CHECKING:
    from typing import TextIO

    from lzkey.check.formats import Head
    from lzkey.check.run import Entry, Tally

COLUMNS: Final = (
    *("type", "name", "arn", "compliance", "requirements", "annotation"),
    *("source", "line", "pointer", "unresolved", "assumptions", "certainty", "advisories"),
    *("runbook", "waivers", "label"),
)


def writer(stream: TextIO, _head: Head) -> _Rows:
    """The writer."""
    return _Rows(stream)


class _Rows:
    def __init__(self, stream: TextIO) -> None:
        self._rows = csv.writer(stream, lineterminator="\r\n")
        self._rows.writerow(COLUMNS)

    def add(self, entry: Entry) -> None:
        """Write one row."""
        self._rows.writerow(map(cell, _cells(entry)))

    def end(self, tally: Tally, exit_code: int) -> None:
        """Write nothing but what is left out: every line is a row."""
        del exit_code
        if tally.only:
            self._rows.writerow(_row("left_out", tally.filtered))


def _cells(entry: Entry) -> tuple[str, ...]:
    place = entry.place
    line = "" if place.line is None else str(place.line)
    if isinstance(entry, Unread):
        return _row("unread", entry.message, place.source, line, place.pointer)
    requirements = " ".join(problem.requirement for problem in entry.problems)
    certainty = " ".join(problem.certainty for problem in entry.problems)
    advisories = "; ".join(f"{remark.code}: {remark.message}" for remark in entry.remarks)
    return (
        *("key", entry.name, entry.arn or "", entry.state, requirements, entry.annotation),
        *(place.source, line, place.pointer),
        *("; ".join(entry.unresolved), "; ".join(entry.assumptions), certainty, advisories),
        " ".join(problem.runbook for problem in entry.problems),
        "; ".join(f"{each.requirement}: {each.waiver}" for each in entry.problems if each.waiver),
        entry.label,
    )


def _row(kind: str, annotation: str, *where: str) -> tuple[str, ...]:
    """A row that is no key's."""
    cells = (kind, "", "", "", "", annotation, *where)
    return (*cells, *[""] * (len(COLUMNS) - len(cells)))
