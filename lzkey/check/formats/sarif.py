"""SARIF 2.1.0, for code scanning: a result for each requirement that does not hold, at its statement's line.

What could not be read, and what was assumed of a key without such a result, are notifications.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

from __future__ import annotations

import hashlib
import json
import re
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from landing_zone_key import Requirement
from landing_zone_key.advisories import AdvisoryCode
from landing_zone_key.finding import anchor
from lzkey.aws.address import SCHEME, is_address
from lzkey.catalogue import ADVISORIES, CATALOGUE, GUIDE
from lzkey.check.run import NOTHING_FOUND
from lzkey.check.verdict import place_of
from lzkey.runbook import address, documentation, pointer
from lzkey.sources.subject import Kind, Place, Unread
from lzkey.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from lzkey.catalogue import Words
    from lzkey.check.formats import Head
    from lzkey.check.run import Entry, Tally
    from lzkey.check.verdict import Problem, Remark, Verdict

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"


#: Articles, which a name does without.
_ARTICLES: Final = frozenset({"a", "an", "the"})


def _in_pascal_case(title: str) -> str:
    """A rule's name, for people; programs go by its id (3.49.7)."""
    words = [word for word in re.findall(r"\w+", title) if word.lower() not in _ARTICLES]
    return "".join(word[0].upper() + word[1:] for word in words)


def _rule(name: str, words: Words, level: str, page: str = GUIDE) -> dict[str, Any]:
    holds, help_text = words.title, words.remedy
    return {
        "id": name,
        "name": _in_pascal_case(holds),
        "shortDescription": {"text": holds},
        "fullDescription": {"text": f"{holds}. {help_text}"},
        "help": {
            "text": f"{help_text} {GUIDE}",
            "markdown": f"{help_text} [Control Tower's guide]({GUIDE})",
        },
        "helpUri": page,
        "defaultConfiguration": {"level": level},
        "properties": {"tags": ["security", "aws", "kms"]},
    }


RULES: Final = [
    *(
        _rule(each.value, CATALOGUE[each].words, "error", address(anchor(each)) or GUIDE)
        for each in Requirement
    ),
    *(_rule(code.value, ADVISORIES[code], "note") for code in AdvisoryCode),
]
_INDEXES: Final = {rule["id"]: index for index, rule in enumerate(RULES)}

#: Notifications of one kind: they stand at the end and wait in memory until then.
_MOST_NOTIFICATIONS: Final = 1_000


def writer(stream: TextIO, head: Head) -> _Sarif:
    """The writer; results are written as they come, one a line."""
    return _Sarif(stream, waivers=head.waivers)


class _Sarif:
    def __init__(self, stream: TextIO, *, waivers: bool) -> None:
        self._stream, self._separator = stream, "\n"
        self._waivers = waivers
        self._unread, self._assumed = _Notifications("warning"), _Notifications("note")
        told = {"informationUri": where} if (where := documentation()) else {}
        driver = {"name": "lzkey", "semanticVersion": version("lzkey"), **told, "rules": RULES}
        # Columns are never given, and still GitHub wants to know how they would be counted.
        run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints"}
        begun = {"$schema": SCHEMA, "version": "2.1.0"}
        stream.write(f'{json.dumps(begun)[:-1]}, "runs": [{json.dumps(run)[:-1]}, "results": [')

    def add(self, entry: Entry) -> None:
        """Write the results of one key."""
        if isinstance(entry, Unread):
            self._unread.add(entry.message, _location(entry.place, entry.place.line, ""))
            return
        if not entry.problems:
            for text in entry.assumptions:
                where = _location(entry.place, entry.place.line, entry.arn or entry.name)
                self._assumed.add(f"{entry.name}: assumed: {text}", where)
        for result in _results(entry, waivers=self._waivers):
            self._stream.write(self._separator + json.dumps(result))
            self._separator = ",\n"

    def end(self, tally: Tally, exit_code: int) -> None:
        """Write how it went: SARIF has a place for what could not be read, was assumed, or is left out."""
        left_out = _Notifications("note")
        if tally.only:
            left_out.add(tally.filtered)
        if tally.empty:
            self._unread.add(NOTHING_FOUND)
        invocation = {
            "executionSuccessful": True,
            "exitCode": exit_code,
            "toolExecutionNotifications": [*left_out.told(), *self._assumed.told(), *self._unread.told()],
        }
        self._stream.write("\n], " + json.dumps({"invocations": [invocation]})[1:] + "]}\n")


class _Notifications:
    """Those of one level, the first of them kept and all of them counted."""

    def __init__(self, level: str) -> None:
        self._level, self._count = level, 0
        self._kept: list[dict[str, Any]] = []

    def add(self, message: str, *locations: dict[str, Any]) -> None:
        """Keep one, if there is room."""
        self._count += 1
        if self._count <= _MOST_NOTIFICATIONS:
            notification = {"level": self._level, "message": {"text": _text(message)}}
            self._kept.append({**notification, **({"locations": list(locations)} if locations else {})})

    def told(self) -> list[dict[str, Any]]:
        """Those that are kept; the last tells how many there were."""
        if self._count > len(self._kept):
            self._kept[-1]["message"]["text"] += f" ({self._count:,} such things in all)"
        return self._kept


def _results(verdict: Verdict, *, waivers: bool) -> Iterator[dict[str, Any]]:
    """Its results; with waivers each says whether it is suppressed, as all do or none (3.27.23)."""
    for problem in verdict.problems:
        level = "error" if problem.certain else "warning"
        message = f"{problem.told} ({pointer(problem.runbook)})"
        unresolved = () if problem.certain else verdict.unresolved
        text = "; ".join([message, *unresolved, *(f"assumed: {each}" for each in verdict.assumptions)])
        result = _result(verdict, problem.requirement, problem, text)
        told = {**result, "level": level, "properties": {"runbook": problem.runbook}}
        yield {**told, **(_suppressed(problem) if waivers else {})}
    for remark in verdict.remarks:
        result = _result(verdict, remark.code, remark, remark.message)
        yield {**result, "level": "note", **({"suppressions": []} if waivers else {})}


def _suppressed(problem: Problem) -> dict[str, Any]:
    """Whether people have decided, elsewhere, that it may stay (3.35); an expired waiver is no such."""
    if not problem.is_waived:
        return {"suppressions": []}
    justification = printable(str(problem.waiver))
    return {"suppressions": [{"kind": "external", "status": "accepted", "justification": justification}]}


def _result(verdict: Verdict, rule: str, about: Problem | Remark, text: str) -> dict[str, Any]:
    # Neither lines nor words are in the fingerprint: the same finding is the same after an edit elsewhere.
    name = "" if verdict.name == verdict.place.source else verdict.name
    identity = [rule, _uri(verdict.place.source), name, verdict.place.pointer, about.statement]
    return {
        "ruleId": rule,
        "ruleIndex": _INDEXES[rule],
        "message": {"text": _text(f"{verdict.called}: {text}")},
        "locations": [_location(verdict.place, about.line, verdict.arn or verdict.name)],
        "partialFingerprints": {"lzkeyFinding/v1": hashlib.sha256(json.dumps(identity).encode()).hexdigest()},
    }


def _text(said: str) -> str:
    """A plain text message (3.11.3) in which braces hold no argument's place and brackets make no link.

    Brackets are escaped where they could make one, as SARIF 2.2's draft advises: 2.1.0 has the escapes in
    links alone (3.11.6), and its readers may show them.
    https://github.com/oasis-tcs/sarif-spec/pull/768
    """
    text = re.sub(r"[{}]", r"\g<0>\g<0>", printable(said))
    return re.sub(r"[\\\[\]]", r"\\\g<0>", text) if "](" in text else text


def _location(place: Place, line: int | None, name: str) -> dict[str, Any]:
    """A place in a file, or what stands for one: code scanning refuses all results where one has none."""
    logical = {"fullyQualifiedName": printable(place.pointer or name or place_of(place)), "kind": "resource"}
    source = (name or place.source) if place.kind == Kind.LIVE else place.source
    physical = {
        "artifactLocation": {"uri": _uri("stdin" if source == "-" else source)},
        "region": {"startLine": line or place.line or 1},
    }
    return {"physicalLocation": physical, "logicalLocations": [logical]}


def _uri(source: str) -> str:
    """The path as a URI, relative to where the command runs if it is below, as code scanning needs it."""
    if is_address(source):
        return SCHEME + quote(source.removeprefix(SCHEME), errors="surrogateescape")
    path = Path(source)
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    if path.is_absolute():
        return path.as_uri()
    return quote(path.as_posix(), safe="/~", errors="surrogateescape")
