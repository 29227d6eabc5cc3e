"""What has changed since earlier reports of the same organization."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

from lzkey.errors import ParametersError, ReportArgumentError, ReportError
from lzkey.figures import moment
from lzkey.files import read_json
from lzkey.report.document import from_document
from lzkey.report.model import Change, Point, Trend
from lzkey.report.wording import subject
from lzkey.state import WORST_FIRST

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from lzkey.report.model import Report

#: A key that is not there any more comes last.
_WORST_FIRST: Final = (*WORST_FIRST, None)


def earlier_report(path: Path) -> Report:
    """Read a report that `lzkey report --output FILE.json` wrote; raise ReportArgumentError for others."""
    try:
        return from_document(read_json(path))
    except ParametersError as error:
        raise ReportArgumentError(str(error)) from error
    except ReportError as error:
        raise ReportArgumentError(f"{path}: {error}") from error


def earlier_reports(paths: Sequence[Path]) -> tuple[Report, ...]:
    """Read reports in any order, the oldest first; raise ReportArgumentError where two cannot stand together.

    Two of one moment cannot, nor two of different organizations or accounts.
    """
    found = sorted(((path, earlier_report(path)) for path in paths), key=lambda each: each[1].as_of)
    for (path, one), (other_path, other) in combinations(found, 2):
        if one.as_of == other.as_of:
            raise ReportArgumentError(
                f"{path} and {other_path} are of the same moment, {moment(one.as_of)}: give one of them"
            )
        whose, whose_other = subject(one.scope), subject(other.scope)
        if whose != whose_other:
            raise ReportArgumentError(
                f"{path} is of {whose}, {other_path} of {whose_other}: they have no trend"
            )
    return tuple(report for _, report in found)


def require_earlier(reports: Sequence[Report], now: datetime) -> None:
    """Raise ReportArgumentError where one of the reports is of a time to come."""
    for report in reports:
        if report.as_of > now:
            raise ReportArgumentError(f"the earlier report is of {moment(report.as_of)}, which is later")


def trend(report: Report, *earlier: Report) -> Trend:
    """The changes since the latest of the earlier reports, new failures first, and the scores of them all.

    At least one is given. Raises ReportArgumentError for one of another subject, or later than the report.
    """
    require_earlier(earlier, report.as_of)
    whose = subject(report.scope)
    for one in earlier:
        if subject(one.scope) != whose:
            raise ReportArgumentError(
                f"the earlier report of {moment(one.as_of)} is of {subject(one.scope)}, this one of {whose}"
            )
    ordered = sorted(earlier, key=lambda one: one.as_of)
    latest = ordered[-1]
    before = {key.arn: key.state for key in latest.keys}
    after = {key.arn: key.state for key in report.keys}
    changes = [
        Change(arn, before.get(arn), after.get(arn))
        for arn in {*before, *after}
        if before.get(arn) is not after.get(arn)
    ]
    return Trend(
        latest.as_of,
        latest.score,
        latest.counts,
        tuple(sorted(changes, key=lambda change: (_rank(change), change.arn))),
        tuple(Point(one.as_of, one.score, one.counts) for one in ordered),
    )


def _rank(change: Change) -> tuple[int, int]:
    return _WORST_FIRST.index(change.after), _WORST_FIRST.index(change.before)
