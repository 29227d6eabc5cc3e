"""What every command's JSON has in common: it begins with its version, and a schema says what is in it.

NAME.schema.json describes what `lzkey NAME --format json` writes. It is made from the command's model by
`lzkey.documents.schema`, and a test compares both. Members are named in snake_case. Within a version a later
lzkey may add members; none is removed, and none changes its meaning.
"""

from __future__ import annotations

import json
from datetime import UTC
from json.encoder import encode_basestring_ascii
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from lzkey import Json

SCHEMA_VERSION: Final = 1

#: What a type of ours says of a number beyond being one; `lzkey.documents.schema` reads it.
Count: TypeAlias = Annotated[int, ("minimum", 0)]


def document(members: Mapping[str, object]) -> dict[str, Any]:
    """A command's document: its version, and what the command has to tell."""
    return {"schema_version": SCHEMA_VERSION, **members}


def text_of(value: Json, default: Callable[[Json], Json], margin: str = "\n") -> str:
    """The JSON text of a document, a member a line: what json.dumps makes of it with indent=1, but sooner.

    `default` takes what JSON has no type for, and returns what it is written as.
    """
    if isinstance(value, str):
        return encode_basestring_ascii(value)
    inner = f"{margin} "
    if isinstance(value, dict):
        members = [
            f"{encode_basestring_ascii(name)}: {text_of(part, default, inner)}"
            for name, part in value.items()
        ]
        return f"{{{inner}{f',{inner}'.join(members)}{margin}}}" if members else "{}"
    if isinstance(value, list | tuple):
        items = [text_of(part, default, inner) for part in value]
        return f"[{inner}{f',{inner}'.join(items)}{margin}]" if items else "[]"
    if value is None or isinstance(value, int | float):
        return json.dumps(value)
    return text_of(default(value), default, margin)


def time_text(at: datetime) -> str:
    """A time as documents have it: ISO 8601, in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def schema_of(name: str) -> dict[str, Any]:
    """The JSON Schema of a command's document, by the command's name."""
    path = Path(__file__).with_name(f"{name}.schema.json")
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return schema
