"""A report as a JSON document, and back: exactly, both ways.

A member is named as the value's field. One that has its default (none, empty, false) is left out. Times are
UTC. `summary` holds what follows from the rest, for those who read the document with jq.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Final,
    TypeAlias,
    TypedDict,
    get_args,
    get_origin,
    get_type_hints,
)

from lzkey.aws.former_keys import FormerKey
from lzkey.aws.standing import Standing
from lzkey.documents import SCHEMA_VERSION, Count, document, time_text
from lzkey.errors import ReportError
from lzkey.observed.values import Observed, Outcome
from lzkey.report.blast import blast_radii
from lzkey.report.headline import headline
from lzkey.report.model import Delivery, Report

if TYPE_CHECKING:
    from lzkey import Json
    from lzkey.observed.blast import BlastRadius
    from lzkey.state import State

_SCALARS: Final = (str, bool, int, float)
_DERIVED: Final = frozenset({"schema_version", "summary"})
#: What a report began with before all commands had one form; such a one can be told from any other JSON.
_EARLIER: Final = frozenset({"version", "asOf"})

#: What the model imports for its types alone.
_NAMES: Final = {
    "FormerKey": FormerKey,
    "Mapping": Mapping,
    "Observed": Observed,
    "Standing": Standing,
    "datetime": datetime,
}

Share: TypeAlias = Annotated[float, ("minimum", 0), ("maximum", 1)]


class HeadlineSummary(TypedDict):
    """One answer from what is proved and what is observed."""

    proved: Delivery
    observed: Outcome
    sentence: str
    services: Mapping[str, Outcome]
    """What is observed of each service."""


class Summary(TypedDict):
    """What follows from the rest, for those who read with jq; not read back."""

    keys: Mapping[State, Count]
    """Keys by state: together all keys."""
    places_in_doubt: Count
    """Accounts and Regions in doubt that might have keys in the rule's scope, and show no UNKNOWN key."""
    counts: Mapping[State, Count]
    """Both together: each place in doubt counts as one UNKNOWN."""
    score: Share | None
    """COMPLIANT / (COMPLIANT + NON_COMPLIANT + UNKNOWN); null where nothing is judged."""
    oldest_evaluation: datetime | None
    headline: HeadlineSummary
    blast_radius: tuple[BlastRadius, ...]
    """What depends on each key of the landing zone, and on each former one."""


class Summarised(TypedDict):
    """A member that is left out has its default: none, empty or false."""

    summary: Summary


def as_document(report: Report) -> dict[str, Any]:
    """The report as JSON's own types."""
    answer = headline(report)
    summary: Summary = {
        "keys": report.keys_by_state,
        "places_in_doubt": report.places_in_doubt,
        "counts": report.counts,
        "score": report.score,
        "oldest_evaluation": report.oldest_evaluation,
        "headline": {
            "proved": answer.proved,
            "observed": answer.observed,
            "sentence": answer.sentence,
            "services": {cell.service: cell.observed for cell in answer.cells},
        },
        "blast_radius": blast_radii(report),
    }
    return document({"summary": _written(summary), **_written(report)})


def from_document(told: object) -> Report:
    """The report that a document tells of; raise ReportError that says where it does not.

    Only `schema_version` 1 is read. `summary` is not read: it follows from the rest.
    """
    if isinstance(told, dict) and told.keys() >= _EARLIER:
        raise ReportError(
            "this report is of an earlier lzkey, whose form is not read any more: "
            "make a new report with this lzkey, and the trend begins with that one"
        )
    if not isinstance(told, dict) or "schema_version" not in told:
        raise ReportError("this is no report of lzkey: it is no JSON object with a schema_version")
    if told["schema_version"] != SCHEMA_VERSION or isinstance(told["schema_version"], bool):
        its = json.dumps(told["schema_version"], default=repr)[:40]
        raise ReportError(f"this report has schema_version {its}; this lzkey reads {SCHEMA_VERSION}")
    members = {name: value for name, value in told.items() if name not in _DERIVED}
    report: Report = _reader(Report)(members, "report")
    return report


def _written(value: Json) -> Json:
    if is_dataclass(value) and not isinstance(value, type):
        found = ((field.name, getattr(value, field.name), field.default) for field in fields(value))
        return {name: _written(part) for name, part, default in found if part != default}
    if isinstance(value, StrEnum):
        return value.value
    if value is None or isinstance(value, _SCALARS):
        return value
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, Mapping):
        return {str(name): _written(part) for name, part in value.items()}
    return [_written(part) for part in value]


_Reader = Callable[[Any, str], Any]
"""Takes a JSON value and where it stands, and returns the model's value."""


@cache
def _reader(kind: Any) -> _Reader:  # noqa: ANN401 - any type that the model uses
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is UnionType or NoneType in arguments:
        (inner,) = (_reader(argument) for argument in arguments if argument is not NoneType)
        return lambda value, where: None if value is None else inner(value, where)
    if origin is tuple:
        return _sequence(_reader(arguments[0]))
    if origin is not None:
        return _mapping(*map(_reader, arguments))
    if is_dataclass(kind):
        return _record(kind)
    if kind is datetime:
        return _time
    return _word(kind) if issubclass(kind, StrEnum) else _scalar(kind)


def _record(kind: Json) -> _Reader:
    hints = get_type_hints(kind, localns=_NAMES)
    readers = {field.name: _reader(hints[field.name]) for field in fields(kind)}
    required = {field.name for field in fields(kind) if field.default is MISSING}

    def read(value: Json, where: str) -> Json:
        members = _expect(dict, "an object", value, where)
        if unknown := members.keys() - readers.keys():
            raise ReportError(f"{where} has a member {json.dumps(min(unknown))[:60]} that no report has")
        if missing := required - members.keys():
            raise ReportError(f"{where} has no member {min(missing)}")
        return kind(**{name: readers[name](part, f"{where}.{name}") for name, part in members.items()})

    return read


def _sequence(item: _Reader) -> _Reader:
    def read(value: Json, where: str) -> tuple[Any, ...]:
        items = _expect(list, "a list", value, where)
        return tuple(item(part, f"{where}[{place}]") for place, part in enumerate(items))

    return read


def _mapping(name: _Reader, item: _Reader) -> _Reader:
    def read(value: Json, where: str) -> dict[Any, Any]:
        members = _expect(dict, "an object", value, where)
        return {name(key, where): item(part, f"{where}.{key}"[:120]) for key, part in members.items()}

    return read


def _word(kind: type[StrEnum]) -> _Reader:
    words = {member.value: member for member in kind}

    def read(value: Json, where: str) -> StrEnum:
        if not isinstance(value, str) or value not in words:
            raise ReportError(f"{where} is {json.dumps(value)[:60]}, none of {', '.join(words)}")
        return words[value]

    return read


def _scalar(kind: type) -> _Reader:
    taken: Any = (int, float) if kind is float else kind
    named = {str: "text", bool: "true or false"}.get(kind, "a number")

    def read(value: Json, where: str) -> Json:
        if kind is not bool and isinstance(value, bool):
            raise ReportError(f"{where} is {json.dumps(value)}, but must be {named}")
        return _expect(taken, named, value, where)

    return read


def _time(value: Json, where: str) -> datetime:
    try:
        moment = datetime.fromisoformat(_expect(str, "a time", value, where))
        known = None if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        known = None
    if known is None:
        raise ReportError(
            f"{where} is {json.dumps(value)[:60]}, but must be a time such as 2026-12-01T09:00:00Z"
        )
    return known


def _expect(kind: Json, named: str, value: Json, where: str) -> Json:
    if not isinstance(value, kind):
        raise ReportError(f"{where} is {json.dumps(value)[:60]}, but must be {named}")
    return value
