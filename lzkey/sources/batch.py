"""A long list in batches: each element is read by itself, so that memory does not grow with the list."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from lzkey.errors import SourceError
from lzkey.sources.items import KIND, element_key, is_item, is_of_a_key
from lzkey.sources.json_text import decoded, read
from lzkey.sources.recognition import reader_of
from lzkey.sources.source import Source, json_pointer
from lzkey.sources.subject import Place, Unread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey import Json
    from lzkey.sources.json_text import Path
    from lzkey.sources.subject import Context, FoundKey, PassedOver


class List(NamedTuple):
    """One of the lists that a text holds."""

    path: Path
    pointer: str
    name: str
    """Empty where the document is itself the list."""

    @classmethod
    def of(cls, document: int, name: str) -> List:
        """The list of a name in one of the documents that are in a text."""
        path = tuple(step for step in (document, name) if step)
        return cls(path, json_pointer(path), name)


@dataclass(slots=True)
class Items:
    """A batch of elements as JSON text, from a list that is read piece by piece."""

    source: str
    elements: list[tuple[List, int, str, int]] = field(default_factory=list)
    """The list that each stands in and its index there, its text, and its line."""

    def keys(self, context: Context) -> Iterator[FoundKey | Unread | PassedOver]:
        """Read the keys of the batch."""
        for of, index, text, line in self.elements:
            place = Place(self.source, KIND, f"{of.pointer}/{index}", line)
            try:
                element = decoded(read(text, line))
            except SourceError as error:
                yield Unread(place, f"the item cannot be read: {error}")
                continue
            reader = None if of.name or _is_item(element) else reader_of(element, named=False)
            if reader is not None:
                part = Source(self.source, text, path=(*of.path, index), begins=line)
                yield from reader(part, element, context)
            elif is_of_a_key(element):
                yield element_key(of.name, element, place, context)


def may_be_a_key(value: Json, list_name: str) -> bool:
    """Tell whether an element of a long list is to be read; a list without a name may hold anything."""
    if list_name or _is_item(value):
        return is_of_a_key(value)
    if isinstance(value, str):
        return '"arn:' in value
    return reader_of(value, named=False) is not None


def _is_item(value: Json) -> bool:
    return isinstance(value, dict) and is_item(value)
