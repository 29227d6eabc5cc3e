"""An examination as people and as programs read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, TypedDict

from rich.console import Group
from rich.text import Text

from lzkey.doctor.subject import Status
from lzkey.terminal import folded, plain, table

if TYPE_CHECKING:
    from rich.console import RenderableType

    from lzkey.doctor.examination import Examination, Looked

STYLES: Final = {
    Status.OK: "bold green",
    Status.NOT_APPLICABLE: "dim",
    Status.WARNING: "bold yellow",
    Status.UNKNOWN: "bold magenta",
    Status.PROBLEM: "bold red",
}
_WORDS: Final = {
    Status.OK: "OK",
    Status.NOT_APPLICABLE: "-",
    Status.WARNING: "warning",
    Status.UNKNOWN: "unknown",
    Status.PROBLEM: "PROBLEM",
}
_VERDICTS: Final = {
    Status.OK: "everything that can be seen is as it must be",
    Status.WARNING: "results can be trusted; the warnings are for you to judge",
    Status.UNKNOWN: "nothing is wrong that can be seen, but not everything can be seen",
    Status.PROBLEM: "do not trust the rule's results before the problems are mended",
}


def terminal_view(examination: Examination) -> RenderableType:
    """One line for each expectation, and its fix below it; what does not apply is counted only."""
    asked = [found for found in examination.findings if found.check.status is not Status.NOT_APPLICABLE]
    left_out = len(examination.findings) - len(asked)
    lines = table(("status", "what", "what is"), map(_row, asked))
    end = f"{_VERDICTS[examination.status]}{f' ({left_out} do not apply)' if left_out else ''}"
    where = f"{examination.file}, account {examination.account}, {examination.region}"
    return Group(folded(where, style="bold"), lines, folded(end, style=STYLES[examination.status]))


class Expected(TypedDict):
    """One thing that must be true, and how it stands."""

    name: str
    """Stable."""
    must_be_true: str
    status: Annotated[str, Status]
    detail: str
    fix: str
    """Empty: there is nothing to do."""


class Examined(TypedDict):
    """Whether the results of the rule can be trusted."""

    name: str
    """Of the parameters file."""
    account: str
    region: str
    status: Annotated[str, Status]
    """That of the worst line."""
    checks: list[Expected]


def as_json(examination: Examination) -> Examined:
    """The examination's members."""
    return {
        "name": examination.name,
        "account": examination.account,
        "region": examination.region,
        "status": examination.status.value,
        "checks": [
            {
                "name": found.expectation.name,
                "must_be_true": found.expectation.must,
                "status": found.check.status.value,
                "detail": found.check.detail,
                "fix": found.check.fix,
            }
            for found in examination.findings
        ],
    }


def _row(found: Looked) -> tuple[Text, Text, Text]:
    status, check = found.check.status, found.check
    detail = plain(_one_line(check.detail))
    if check.fix:
        detail = Text.assemble(detail, "\n", plain(f"fix: {_one_line(check.fix)}", "italic"))
    return plain(_WORDS[status], STYLES[status]), plain(found.expectation.name.replace("-", " ")), detail


def _one_line(text: str) -> str:
    return " ".join(text.split())
