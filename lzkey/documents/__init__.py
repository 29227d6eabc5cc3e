"""What every command's JSON has in common: it begins with its version, and a schema says what is in it.

NAME.schema.json describes what `lzkey NAME --format json` writes. It is made from the command's model by
`lzkey.documents.schema`, and a test compares both. Members are named in snake_case. Within a version a later
lzkey may add members; none is removed, and none changes its meaning.
"""

from __future__ import annotations

import json
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

SCHEMA_VERSION: Final = 1

#: What a type of ours says of a number beyond being one; `lzkey.documents.schema` reads it.
Count: TypeAlias = Annotated[int, ("minimum", 0)]


def document(members: Mapping[str, object]) -> dict[str, Any]:
    """A command's document: its version, and what the command has to tell."""
    return {"schema_version": SCHEMA_VERSION, **members}


def time_text(at: datetime) -> str:
    """A time as documents have it: ISO 8601, in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def schema_of(name: str) -> dict[str, Any]:
    """The JSON Schema of a command's document, by the command's name."""
    path = Path(__file__).with_name(f"{name}.schema.json")
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return schema
