"""The JSON Schema of a document, made from its model: dataclasses and TypedDicts, a member for each field.

A docstring, and a string below a field or below a word of an enum, is its description. `Annotated` adds what
a type does not say: a keyword of JSON Schema and its value, or the enum of which a text is a word.
"""

from __future__ import annotations

import ast
import collections.abc
import inspect
import re
import sys
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from importlib import import_module
from textwrap import dedent
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Final,
    Literal,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from lzkey.documents import SCHEMA_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from lzkey import Json

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_PLAIN: Final[Mapping[Any, dict[str, Any]]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    Any: {},
    date: {"type": "string", "format": "date"},
}
_TIME: Final = {
    "description": "ISO 8601, in UTC.",
    "type": "string",
    "format": "date-time",
    "pattern": "Z$",
}
_PROMISE: Final = (
    "Within a schema_version a later lzkey may add members; none is removed, and none changes its meaning."
)


def schema(name: str, *parts: type, sparse: bool = False) -> dict[str, Any]:
    """The schema of what `lzkey NAME --format json` writes: the members of its parts, one after the other.

    In a `sparse` document members of a dataclass are left out where they have their default.
    """
    made = _Schema(sparse=sparse)
    records = [made.record(part) for part in parts]
    members = {"schema_version": {"const": SCHEMA_VERSION}}
    return {
        "$schema": _DIALECT,
        "title": f"What lzkey {name} --format json writes, schema_version {SCHEMA_VERSION}",
        "description": " ".join([*filter(None, (each.get("description") for each in records)), _PROMISE]),
        "type": "object",
        "additionalProperties": False,
        "required": [*members, *(member for each in records for member in each["required"])],
        "properties": {**members, **{n: m for each in records for n, m in each["properties"].items()}},
        **({"$defs": dict(sorted(made.definitions.items()))} if made.definitions else {}),
    }


def schema_of_file(name: str, model: type) -> dict[str, Any]:
    """The schema of a file that people write and `lzkey` reads: the members of its model."""
    made = _Schema(sparse=False)
    record = made.record(model)
    return {"$schema": _DIALECT, "title": name, **record, "$defs": dict(sorted(made.definitions.items()))}


class _Schema:
    def __init__(self, *, sparse: bool) -> None:
        self._sparse = sparse
        self._models: dict[str, type] = {}
        self.definitions: dict[str, Json] = {}
        self._makers: Mapping[Any, Callable[..., dict[str, Any]]] = {
            NotRequired: self._value,
            Annotated: self._annotated,
            Union: self._any_of,
            UnionType: self._any_of,
            Literal: lambda *words: {"const": words[0]} if len(words) == 1 else {"enum": [*words]},
            list: lambda item: {"type": "array", "items": self._value(item)},
            tuple: lambda item, _: {"type": "array", "items": self._value(item)},
            collections.abc.Mapping: self._mapping,
        }

    def record(self, kind: type) -> dict[str, Any]:
        """An object with the members of a dataclass or TypedDict."""
        about, told = _descriptions(kind)
        hints = get_type_hints(kind, localns=_names(kind), include_extras=True)
        optional = {name for name, hint in hints.items() if get_origin(hint) is NotRequired}
        if self._sparse and is_dataclass(kind):
            optional |= {field.name for field in fields(kind) if field.default is not MISSING}
        return {
            **_described(about),
            "type": "object",
            "additionalProperties": False,
            "required": [name for name in hints if name not in optional],
            "properties": {
                name: {**_described(told.get(name)), **self._value(hint)} for name, hint in hints.items()
            },
        }

    def _value(self, kind: Json) -> dict[str, Any]:
        """What any type that a model uses takes."""
        origin: Json = get_origin(kind)
        if origin is not None:
            return self._makers[origin](*get_args(kind))
        return _PLAIN[kind] if kind in _PLAIN else self._named(kind)

    def _annotated(self, kind: Json, *additions: Json) -> dict[str, Any]:
        """A type with more keywords; or a text that is one of an enum's words."""
        if isinstance(additions[0], type):
            return self._named(additions[0])
        return {**self._value(kind), **dict(additions)}

    def _any_of(self, *kinds: Json) -> dict[str, Any]:
        """One of several; what differs in nothing but its type is written as one."""
        ways = [{"type": "null"} if kind is NoneType else self._value(kind) for kind in kinds]
        *others, last = sorted(ways, key=len)
        if all(way.keys() == {"type"} for way in others) and isinstance(last.get("type"), str):
            return {**last, "type": [way["type"] for way in ways]}
        return {"anyOf": ways}

    def _mapping(self, name: Json, value: Json) -> dict[str, Any]:
        names = {} if name is str else {"propertyNames": self._value(name)}
        values = {} if value is Any else {"additionalProperties": self._value(value)}
        return {"type": "object", **names, **values}

    def _named(self, kind: type) -> dict[str, Any]:
        """A reference to what has a name of its own, which is defined once."""
        name = "time" if kind is datetime else re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__).lower()
        if self._models.setdefault(name, kind) is not kind:
            raise TypeError(f"{kind} and {self._models[name]} would both be called {name}")
        if name not in self.definitions:
            self.definitions[name] = {}  # it may hold itself
            self.definitions[name] = self._definition(kind)
        return {"$ref": f"#/$defs/{name}"}

    def _definition(self, kind: type) -> dict[str, Any]:
        if kind is datetime:
            return _TIME
        if issubclass(kind, StrEnum):
            about, told = _descriptions(kind)
            words = [f"{word.value}: {told[word.name]}" for word in kind if word.name in told]
            return {**_described(" ".join([about, *words])), "enum": [word.value for word in kind]}
        if is_dataclass(kind) or is_typeddict(kind):
            return self.record(kind)
        raise TypeError(f"{kind} is nothing that a document can hold")


def _described(text: str | None) -> dict[str, str]:
    return {"description": text} if text else {}


@cache
def _descriptions(kind: type) -> tuple[str, dict[str, str]]:
    """A class's docstring, and the strings below its members, those of its bases first."""
    (node,) = ast.parse(dedent(inspect.getsource(kind))).body
    if not isinstance(node, ast.ClassDef):
        raise TypeError(f"{kind} is no class of a module")
    told: dict[str, str] = {}
    for base in _bases(kind):
        told |= _descriptions(base)[1]
    for before, after in zip(node.body, node.body[1:], strict=False):
        name = _assigned(before)
        match after:
            case ast.Expr(ast.Constant(str(text))) if name:
                told[name] = _one_line(text)
    return _one_line(ast.get_docstring(node) or ""), told


def _assigned(node: ast.stmt) -> str:
    match node:
        case ast.AnnAssign(target=ast.Name(name)) | ast.Assign(targets=[ast.Name(name)]):
            return name
    return ""


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _bases(kind: type) -> Iterator[type]:
    """The models that a model extends; a TypedDict of Python 3.11 does not know its own."""
    (node,) = ast.parse(dedent(inspect.getsource(kind))).body
    names = {**vars(sys.modules[kind.__module__]), **_imported(kind.__module__)}
    for base in node.bases if isinstance(node, ast.ClassDef) else ():
        found = names.get(ast.unparse(base))
        if isinstance(found, type) and (is_typeddict(found) or is_dataclass(found)):
            yield found


def _names(kind: type) -> dict[str, Any]:
    """What the annotations of a model and its bases name, and type checkers alone import."""
    names = _imported(kind.__module__)
    for base in _bases(kind):
        names |= _names(base)
    return names


def _imported(module: str) -> dict[str, Any]:
    """What a module imports under `if TYPE_CHECKING`."""
    blocks = [
        node
        for node in ast.parse(inspect.getsource(sys.modules[module])).body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    return {
        alias.asname or alias.name: getattr(import_module(node.module), alias.name)
        for block in blocks
        for node in block.body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
