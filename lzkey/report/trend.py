"""What has changed since an earlier report of the same organization."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lzkey.errors import ParametersError, ReportArgumentError, ReportError
from lzkey.figures import moment
from lzkey.files import read_json
from lzkey.report.document import from_document
from lzkey.report.model import Change, Trend
from lzkey.report.wording import subject
from lzkey.state import WORST_FIRST

if TYPE_CHECKING:
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


def trend(report: Report, earlier: Report) -> Trend:
    """The changes, the new failures first; raise ReportArgumentError for two of different subjects."""
    whose, whose_earlier = subject(report.scope), subject(earlier.scope)
    if whose != whose_earlier:
        raise ReportArgumentError(f"the earlier report is of {whose_earlier}, this one of {whose}")
    if earlier.as_of > report.as_of:
        raise ReportArgumentError(f"the earlier report is of {moment(earlier.as_of)}, which is later")
    before = {key.arn: key.state for key in earlier.keys}
    after = {key.arn: key.state for key in report.keys}
    changes = [
        Change(arn, before.get(arn), after.get(arn))
        for arn in {*before, *after}
        if before.get(arn) is not after.get(arn)
    ]
    return Trend(
        earlier.as_of,
        earlier.score,
        earlier.counts,
        tuple(sorted(changes, key=lambda change: (_rank(change), change.arn))),
    )


def _rank(change: Change) -> tuple[int, int]:
    return _WORST_FIRST.index(change.after), _WORST_FIRST.index(change.before)
