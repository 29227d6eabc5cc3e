"""Files that are named side by side: what AWS KMS answers of one key may be in two of them."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key.records import dataclass
from lzkey.errors import SourceError
from lzkey.sources import documents, pairs
from lzkey.sources.json_text import decoded
from lzkey.sources.recognition import Document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lzkey import Json
    from lzkey.sources.source import Source
    from lzkey.sources.subject import Context, FoundKey, Unread

#: Of more files than these nobody says which belong together: they are read one by one.
_MOST: Final = 100
#: More than DescribeKey and GetKeyPolicy answer.
_LARGEST: Final = 1 << 18
_ANSWER: Final = re.compile(r"\b(?:KeyMetadata|KeyManager|PolicyName|Statement)\b")


@dataclass(frozen=True, slots=True)
class Answers:
    """Files that hold nothing but answers of AWS KMS."""

    files: tuple[Document, ...]

    def keys(self, context: Context) -> Iterator[FoundKey | Unread]:
        """Read the keys of all of them."""
        return pairs.answered([part for file in self.files for part in _answers(file)], context)


def together(units: Iterable[Any]) -> Iterator[Any]:
    """The units, of which files that were named and hold answers of AWS KMS become one, at the end."""
    held: list[Document] = []
    for unit in units:
        if len(held) < _MOST and isinstance(unit, Document) and unit.named and _answers(unit):
            held.append(unit)
        else:
            yield unit
    kinds = {documents.is_description(answer) for file in held for _, answer in _answers(file)}
    if len(held) > 1 and len(kinds) > 1:
        yield Answers(tuple(held))
    else:
        yield from held


def _answers(file: Document) -> Sequence[tuple[Source, Any]]:
    """The answers in a file; none where it holds anything else."""
    if len(file.text) > _LARGEST or not _ANSWER.search(file.text):
        return ()
    with suppress(SourceError, RecursionError):
        found = [(source, decoded(value)) for part in file.parts() for source, value in _elements(*part)]
        if all(isinstance(value, dict) and pairs.is_answer(value) for _, value in found):
            return found
    return ()


def _elements(source: Source, document: Json) -> Iterable[tuple[Source, Any]]:
    return source.parts(document) if isinstance(document, list) else [(source, document)]
