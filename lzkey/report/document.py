"""A report as a JSON document, and back: exactly, both ways.

A member is named as the value's field, in camelCase. One that has its default (none, empty, false) is left
out. Times are UTC. `summary` holds what follows from the rest, for those who read the document with jq.
report.schema.json says the same in JSON Schema; a test holds them together.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Final, get_args, get_origin, get_type_hints

from lzkey.errors import ReportError
from lzkey.report.model import Report

if TYPE_CHECKING:
    from lzkey import Json

VERSION: Final = 1

_SCALARS: Final = (str, bool, int, float)
_DERIVED: Final = frozenset({"version", "summary"})


def as_document(report: Report) -> dict[str, Any]:
    """Return the report as JSON's own types."""
    return {
        "version": VERSION,
        "summary": {
            "counts": {state.value: count for state, count in report.counts.items()},
            "score": report.score,
            "oldestEvaluation": _moment(report.oldest_evaluation) if report.oldest_evaluation else None,
        },
        **_written(report),
    }


def from_document(document: object) -> Report:
    """Return the report that a document tells of; raise ReportError that says where it does not.

    Only `version` 1 is read. `summary` is not read: it follows from the rest.
    """
    if not isinstance(document, dict) or "version" not in document:
        raise ReportError("this is no report of lzkey: it is no JSON object with a version")
    if document["version"] != VERSION or isinstance(document["version"], bool):
        told = json.dumps(document["version"], default=repr)[:40]
        raise ReportError(f"this report has version {told}; this lzkey reads version {VERSION}")
    members = {name: value for name, value in document.items() if name not in _DERIVED}
    report: Report = _reader(Report)(members, "report")
    return report


@cache
def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others)


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _written(value: Json) -> Json:
    if is_dataclass(value) and not isinstance(value, type):
        found = ((name, getattr(value, field), default) for field, name, default in _layout(type(value)))
        return {name: _written(part) for name, part, default in found if part != default}
    if isinstance(value, StrEnum):
        return value.value
    if value is None or isinstance(value, _SCALARS):
        return value
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, Mapping):
        return {str(name): _written(part) for name, part in value.items()}
    return [_written(part) for part in value]


@cache
def _layout(kind: Any) -> tuple[tuple[str, str, Any], ...]:  # noqa: ANN401 - any of the model's classes
    return tuple((field.name, _camel(field.name), field.default) for field in fields(kind))


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
    hints = get_type_hints(kind, localns={"Mapping": Mapping, "datetime": datetime})
    readers = {_camel(field.name): (field.name, _reader(hints[field.name])) for field in fields(kind)}
    required = {_camel(field.name) for field in fields(kind) if field.default is MISSING}

    def read(value: Json, where: str) -> Json:
        members = _expect(dict, "an object", value, where)
        if unknown := members.keys() - readers.keys():
            raise ReportError(f"{where} has a member {json.dumps(min(unknown))[:60]} that no report has")
        if missing := required - members.keys():
            raise ReportError(f"{where} has no member {min(missing)}")
        found = ((*readers[name], part, name) for name, part in members.items())
        return kind(**{field: reader(part, f"{where}.{name}") for field, reader, part, name in found})

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
