"""A long list in batches: each element is read by itself, so that memory does not grow with the list."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lzkey.errors import SourceError
from lzkey.sources.items import KIND, element_key, is_item, is_of_a_key
from lzkey.sources.json_text import decoded, read
from lzkey.sources.recognition import reader_of
from lzkey.sources.source import Source
from lzkey.sources.subject import Place, Unread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey import Json
    from lzkey.sources.subject import Context, FoundKey, PassedOver


@dataclass(slots=True)
class Items:
    """A batch of elements as JSON text, from a list that is read piece by piece."""

    source: str
    pointers: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)

    def add(self, pointer: str, text: str, line: int) -> None:
        """Put one more element into the batch."""
        self.pointers.append(pointer)
        self.texts.append(text)
        self.lines.append(line)

    def keys(self, context: Context) -> Iterator[FoundKey | Unread | PassedOver]:
        """Read the keys of the batch."""
        for pointer, text, line in zip(self.pointers, self.texts, self.lines, strict=True):
            place = Place(self.source, KIND, pointer, line)
            path = tuple(int(step) if step.isdigit() else step for step in pointer.split("/")[1:])
            list_name = next((step for step in path if isinstance(step, str)), "")
            try:
                element = decoded(read(text, line))
            except SourceError as error:
                yield Unread(place, f"the item cannot be read: {error}")
                continue
            reader = None if list_name or _is_item(element) else reader_of(element, named=False)
            if reader is not None:
                part = Source(self.source, text, path=path, begins=line)
                yield from reader(part, element, context)
            elif is_of_a_key(element):
                yield element_key(list_name, element, place, context)


def may_be_a_key(value: Json, list_name: str) -> bool:
    """Tell whether an element of a long list is to be read; a list without a name may hold anything."""
    if list_name or _is_item(value):
        return is_of_a_key(value)
    if isinstance(value, str):
        return '"arn:' in value
    return reader_of(value, named=False) is not None


def _is_item(value: Json) -> bool:
    return isinstance(value, dict) and is_item(value)
