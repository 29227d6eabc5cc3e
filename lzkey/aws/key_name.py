"""What people call a key: by its aliases, else by its tag Name; and how a name stands beside an id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from lzkey import Json

#: AWS's own aliases, which nobody else can make.
#: https://docs.aws.amazon.com/kms/latest/developerguide/alias-about.html
_OF_AWS: Final = "alias/aws/"
#: A key may have many aliases, and a file may tell of a tag that AWS would not take.
_MOST_ALIASES, _LONGEST = 3, 256


def key_name(aliases: Collection[str] = (), tags: Mapping[str, str] | None = None) -> str:
    """The aliases, AWS's own first, then the shortest; without any the tag Name, where it is known."""
    if not aliases:
        return (tags.get("Name") or "")[:_LONGEST].strip() if tags else ""
    ordered = sorted(aliases, key=lambda alias: (not alias.startswith(_OF_AWS), len(alias), alias))
    more = len(ordered) - _MOST_ALIASES
    shown = ", ".join(alias[:_LONGEST] for alias in ordered[:_MOST_ALIASES])
    return f"{shown} and {more} more" if more > 0 else shown


def called(identifier: str, name: str | None) -> str:
    """A key's ARN or an account's number, and what people call it, where that is known."""
    return f"{identifier} ({name})" if name else identifier


def tags_told(tags: Json) -> dict[str, str]:
    """The tags of an object, or of a list of pairs as most of AWS has it; what is none is left out."""
    if isinstance(tags, dict):
        return {name: value for name, value in tags.items() if isinstance(value, str)}
    pairs = [
        {name.lower(): value for name, value in tag.items()}
        for tag in (tags if isinstance(tags, list) else [])
        if isinstance(tag, dict)
    ]
    return {
        pair["key"]: pair["value"]
        for pair in pairs
        if isinstance(pair.get("key"), str) and isinstance(pair.get("value"), str)
    }
