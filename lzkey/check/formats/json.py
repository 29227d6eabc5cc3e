"""JSON, a result a line; `lzkey.documents` says what it has in common with every command's."""

from __future__ import annotations

import json
from importlib.metadata import version
from shutil import copyfileobj
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Annotated, Final, Literal, NotRequired, TypeAlias, TypedDict

from lzkey.documents import Count, document
from lzkey.errors import ExitCode
from lzkey.sources.subject import Unread
from lzkey.state import State

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

    from landing_zone_key import Certainty, Compliance, FindingReason, Requirement
    from landing_zone_key.advisories import AdvisoryCode
    from lzkey.check.formats import Head
    from lzkey.check.run import Entry, Failing, Only, Tally
    from lzkey.check.verdict import Problem, Remark, Verdict
    from lzkey.sources.subject import PassedOver, Place
    from lzkey.waivers.values import Waived

#: Characters of what was passed over that are kept in memory; the rest waits in a file without a name.
_IN_MEMORY: Final = 1 << 20

Line: TypeAlias = Annotated[int, ("minimum", 1)]
Ending: TypeAlias = Annotated[
    int, ("enum", (ExitCode.DONE, ExitCode.MISTAKEN, ExitCode.PROBLEM, ExitCode.UNDETERMINED))
]


class Tool(TypedDict):
    """What wrote the document."""

    name: Literal["lzkey"]
    version: str


class Spot(TypedDict):
    """Where something stands."""

    source: str
    """A path, - for standard input, s3://BUCKET/KEY, or the account and Region."""
    kind: str | None
    pointer: str
    """A JSON pointer, logical id or resource address."""
    line: Line | None


class Waiver(TypedDict):
    """That somebody has decided that a finding need not be mended yet; it fails all the same."""

    reason: str
    owner: str
    expires: Annotated[str, ("format", "date")]
    """The last day on which it counts, in UTC."""
    days_left: int
    """0 on that day; less: it has expired, and counts no more."""


class Finding(TypedDict):
    """One requirement that does not hold, or of which nobody can say that it does."""

    requirement: Annotated[str, Requirement]
    reason: Annotated[str, FindingReason]
    message: str
    certainty: Annotated[str, Certainty]
    """`refused`: it will fail; `possible`: it may hold, once what is unknown is known."""
    statement: str | int | None
    """The Sid; the index where there is none."""
    line: Line | None
    service: str | None
    action: str | None
    runbook: str
    """Where docs/runbook.md tells what to do."""
    waiver: NotRequired[Waiver]
    """Where `--waivers` has one for it."""


class Advisory(TypedDict):
    """What a reviewer wants to know of the policy; it changes nothing about the answer."""

    code: Annotated[str, AdvisoryCode]
    message: str
    statement: str | int | None
    """The Sid; the index where there is none."""
    line: Line | None


class Key(TypedDict):
    """What one key comes to."""

    type: Literal["key"]
    name: str
    arn: str | None
    """null: the key has none yet."""
    place: Spot
    compliance: Annotated[str, State]
    annotation: Annotated[str, ("maxLength", 256)]
    rule_compliance: Annotated[str, Compliance]
    """What the AWS Config rule would answer: it has no word for UNKNOWN."""
    findings: list[Finding]
    advisories: list[Advisory]
    unresolved: list[str]
    """What could not be resolved, with what would resolve it."""
    assumptions: list[str]
    """What was taken for granted."""
    label: NotRequired[str]
    """What people call the key: its alias, else its tag Name; left out where the source tells neither."""


class Unreadable(TypedDict):
    """A source, or a part of one, of which nothing can be said."""

    type: Literal["unread"]
    place: Spot
    message: str


class Counted(TypedDict):
    """In how many keys one requirement does not hold, or may not, for one reason."""

    requirement: Annotated[str, Requirement]
    reason: Annotated[str, FindingReason]
    certainty: Annotated[str, Certainty]
    keys: Count


class Summary(TypedDict):
    """How many of what there was: keys, those of each state, and what is no key."""

    keys: Count
    NOT_APPLICABLE: Count
    COMPLIANT: Count
    WAIVED: NotRequired[Count]
    """Keys of which all that fails, or may, is waived, and in force; where there are such."""
    UNKNOWN: Count
    NON_COMPLIANT: Count
    unread: Count
    passed_over: Count
    findings: list[Counted]
    """The worst first; a key is counted for each requirement that does not hold in it."""


class Began(TypedDict):
    """What stands before the results."""

    tool: Tool
    requests_from: str
    """The moment from which on the landing zone's requests are assumed (ISO 8601, UTC)."""
    settings: Mapping[str, str]
    """The rule parameters."""
    only: list[Annotated[str, Only]]
    """What the results are; empty: all that there was."""


class Passed(TypedDict):
    """A file, or a resource in one, of which nothing is to be said."""

    place: Spot
    reason: str
    """Why, beginning with `it`."""


class Results(TypedDict):
    """One key, or what could not be read, a line."""

    results: list[Key | Unreadable]


class PassedOnes(TypedDict):
    """Each file that was passed over, a line."""

    passed_over: list[Passed]


class Totals(TypedDict):
    """What stands last."""

    summary: Summary
    """Of all that there was, whatever `only` says."""
    left_out: Count
    """Keys, and things that could not be read, that are not among the results, as `only` asks."""
    exit_code: Ending


class Checked(Began, Results, PassedOnes, Totals):
    """Every key of the sources, with the rule's answer and how certain it is."""


def writer(stream: TextIO, head: Head) -> _Document:
    """The writer; results are written as they come, one a line."""
    return _Document(stream, head)


class _Document:
    def __init__(self, stream: TextIO, head: Head) -> None:
        self._stream, self._separator = stream, "\n"
        self._passed_over = SpooledTemporaryFile(_IN_MEMORY, "w+")  # noqa: SIM115 - until the end
        began: Began = {
            "tool": {"name": "lzkey", "version": version("lzkey")},
            "requests_from": head.at.isoformat(timespec="seconds"),
            "settings": dict(head.settings),
            "only": [word.value for word in head.only],
        }
        stream.write(json.dumps(document(began))[:-1] + ', "results": [')

    def add(self, entry: Entry) -> None:
        """Write one result."""
        self._stream.write(self._separator + json.dumps(as_json(entry)))
        self._separator = ",\n"

    def pass_over(self, entry: PassedOver) -> None:
        """Note what comes after the results."""
        noted: Passed = {"place": _place(entry.place), "reason": entry.reason}
        self._passed_over.write((",\n" if self._passed_over.tell() else "\n") + json.dumps(noted))

    def end(self, tally: Tally, exit_code: int) -> None:
        """Write the counts."""
        summary: Summary = {
            "keys": tally.keys,
            "NOT_APPLICABLE": tally.states[State.NOT_APPLICABLE],
            "COMPLIANT": tally.states[State.COMPLIANT],
            "UNKNOWN": tally.states[State.UNKNOWN],
            "NON_COMPLIANT": tally.states[State.NON_COMPLIANT],
            "unread": tally.unread,
            "passed_over": tally.passed_over,
            "findings": [_counted(*each) for each in tally.worst_first()],
        }
        if waived := tally.states[State.WAIVED]:
            summary["WAIVED"] = waived
        with self._passed_over as noted:
            noted.seek(0)
            self._stream.write('\n], "passed_over": [')
            copyfileobj(noted, self._stream)
        ended: Totals = {"summary": summary, "left_out": tally.left_out, "exit_code": exit_code}
        self._stream.write("\n], " + json.dumps(ended)[1:] + "\n")


def _counted(failing: Failing, keys: int) -> Counted:
    return {
        "requirement": failing.requirement,
        "reason": failing.reason,
        "certainty": failing.certainty.value,
        "keys": keys,
    }


def as_json(entry: Entry) -> Key | Unreadable:
    """A result's members."""
    return unreadable(entry) if isinstance(entry, Unread) else key(entry)


def unreadable(unread: Unread) -> Unreadable:
    """What could not be read."""
    return {"type": "unread", "place": _place(unread.place), "message": unread.message}


def key(verdict: Verdict) -> Key:
    """One key's members."""
    made: Key = {
        "type": "key",
        "name": verdict.name,
        "arn": verdict.arn,
        "place": _place(verdict.place),
        "compliance": verdict.state.value,
        "annotation": verdict.annotation,
        "rule_compliance": verdict.rule,
        "findings": list(map(_problem, verdict.problems)),
        "advisories": list(map(_remark, verdict.remarks)),
        "unresolved": list(verdict.unresolved),
        "assumptions": list(verdict.assumptions),
    }
    if verdict.label:
        made["label"] = verdict.label
    return made


def _place(place: Place) -> Spot:
    return {
        "source": place.source,
        "kind": place.kind.name if place.kind else None,
        "pointer": place.pointer,
        "line": place.line,
    }


def _problem(problem: Problem) -> Finding:
    found: Finding = {
        "requirement": problem.requirement,
        "reason": problem.reason,
        "message": problem.message,
        "certainty": problem.certainty.value,
        "statement": problem.statement,
        "line": problem.line,
        "service": problem.service,
        "action": problem.action,
        "runbook": problem.runbook,
    }
    if problem.waiver is not None:
        found["waiver"] = waiver(problem.waiver)
    return found


def waiver(waived: Waived) -> Waiver:
    """A waiver's members."""
    return {
        "reason": waived.reason,
        "owner": waived.owner,
        "expires": waived.expires.isoformat(),
        "days_left": waived.days_left,
    }


def _remark(remark: Remark) -> Advisory:
    return {
        "code": remark.code,
        "message": remark.message,
        "statement": remark.statement,
        "line": remark.line,
    }
