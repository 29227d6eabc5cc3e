"""JSON, version 1: members may be added, and none will change its meaning. check.schema.json describes it."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from lzkey.sources.subject import Unread

if TYPE_CHECKING:
    from typing import TextIO

    from lzkey.check.formats import Head
    from lzkey.check.run import Entry, Tally
    from lzkey.check.verdict import Problem, Remark, Verdict
    from lzkey.sources.subject import Place

SCHEMA_VERSION: Final = 1


def writer(stream: TextIO, head: Head) -> _Document:
    """Return the writer; results are written as they come, one a line."""
    return _Document(stream, head)


class _Document:
    def __init__(self, stream: TextIO, head: Head) -> None:
        self._stream, self._separator = stream, "\n"
        began = {
            "schema_version": SCHEMA_VERSION,
            "tool": {"name": "lzkey", "version": version("lzkey")},
            "requests_from": head.at.isoformat(timespec="seconds"),
            "settings": dict(head.settings),
        }
        stream.write(json.dumps(began)[:-1] + ', "results": [')

    def add(self, entry: Entry) -> None:
        """Write one result."""
        self._stream.write(self._separator + json.dumps(as_json(entry)))
        self._separator = ",\n"

    def end(self, tally: Tally, exit_code: int) -> None:
        """Write the counts."""
        states = {state.value: count for state, count in tally.states.items()}
        summary = {"keys": tally.keys, **states, "unread": tally.unread, "passed_over": tally.passed_over}
        ended = {"summary": summary, "exit_code": exit_code}
        self._stream.write("\n], " + json.dumps(ended)[1:] + "\n")


def as_json(entry: Entry) -> dict[str, Any]:
    """Return a result's members."""
    if isinstance(entry, Unread):
        return {"type": "unread", "place": _place(entry.place), "message": entry.message}
    return {"type": "key", **_verdict(entry)}


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
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


def _place(place: Place) -> dict[str, Any]:
    return {
        "source": place.source,
        "kind": place.kind.name if place.kind else None,
        "pointer": place.pointer,
        "line": place.line,
    }


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "requirement": problem.requirement,
        "reason": problem.reason,
        "message": problem.message,
        "certain": problem.certain,
        "statement": problem.statement,
        "line": problem.line,
        "service": problem.service,
        "action": problem.action,
    }


def _remark(remark: Remark) -> dict[str, Any]:
    return {
        "code": remark.code,
        "message": remark.message,
        "statement": remark.statement,
        "line": remark.line,
    }
