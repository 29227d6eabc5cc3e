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
    from collections.abc import Mapping
    from datetime import datetime

    from lzkey import Json

SCHEMA_VERSION: Final = 1

#: What a type of ours says of a number beyond being one; `lzkey.documents.schema` reads it.
Count: TypeAlias = Annotated[int, ("minimum", 0)]


def document(members: Mapping[str, object]) -> dict[str, Any]:
    """A command's document: its version, and what the command has to tell."""
    return {"schema_version": SCHEMA_VERSION, **members}


def text_of(value: Json, margin: str = "\n") -> str:
    """The JSON text of a document, a member a line: what json.dumps makes of it with indent=1, but sooner."""
    if isinstance(value, str):
        return encode_basestring_ascii(value)
    inner = f"{margin} "
    if isinstance(value, dict) and value:
        members = [f"{encode_basestring_ascii(name)}: {text_of(part, inner)}" for name, part in value.items()]
        return f"{{{inner}{f',{inner}'.join(members)}{margin}}}"
    if isinstance(value, list | tuple) and value:
        return f"[{inner}{f',{inner}'.join([text_of(part, inner) for part in value])}{margin}]"
    return json.dumps(value)


def time_text(at: datetime) -> str:
    """A time as documents have it: ISO 8601, in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def schema_of(name: str) -> dict[str, Any]:
    """The JSON Schema of a command's document, by the command's name."""
    path = Path(__file__).with_name(f"{name}.schema.json")
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return schema
