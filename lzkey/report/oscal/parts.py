"""What OSCAL's parts are made of: identifiers, times, properties, and text of others as text.

Text that somebody else has written stands in the values of properties, which are plain text. Where it must
stand in a title or a description, which are Markdown, nothing in it is markup.
"""

from __future__ import annotations

import json
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from uuid import UUID, uuid5

from lzkey.page.words import visible
from lzkey.quoting import references
from lzkey.report.wording import sentence

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from lzkey import Json

#: An object of OSCAL's.
Part: TypeAlias = dict[str, Any]

#: Ours alone: identifiers are made of names in it, so that the same report gives the same document.
NAMESPACE: Final = UUID("f52af252-2bca-49b5-ad79-463d4eed7f4a")

#: Whose names our properties are, since the names without a namespace are NIST's.
PROPERTIES: Final = NAMESPACE.urn

#: The years that OSCAL's times can be of. https://pages.nist.gov/metaschema/specification/datatypes/
_YEARS: Final = range(1900, 3000)


def identifier(*names: str) -> str:
    """The UUID (version 5) of what is called so."""
    return str(uuid5(NAMESPACE, json.dumps(names)))


def can_be_told(at: datetime) -> bool:
    """Whether OSCAL has such a time: of the years 1900 to 2999."""
    return at.astimezone(UTC).year in _YEARS


def value(text: str) -> str:
    """Text on one line, trimmed, with nothing in it that is not seen: as the value of a property is."""
    return " ".join(visible(text).split())


def markup(text: str) -> str:
    """The same as Markdown in which nothing of it begins anything."""
    return references(value(text))


def described(text: str) -> str:
    """A description: every one must say something."""
    return markup(sentence(value(text))) or "Nothing more is told."


def properties(*pairs: tuple[str, str]) -> list[Part]:
    """Properties of ours; what has no value is left out."""
    told = ((name, value(text)) for name, text in pairs)
    return [{"name": name, "ns": PROPERTIES, "value": text} for name, text in told if text]


def each(name: str, values: Iterable[str]) -> Iterable[tuple[str, str]]:
    """A pair of each value, with the same name."""
    return ((name, one) for one in values)


def part(**members: Json) -> Part:
    """An object with the members that have a value: OSCAL has no empty lists."""
    return {name.replace("_", "-"): one for name, one in members.items() if one}
