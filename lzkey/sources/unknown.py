"""What is not known before deployment, inside of values that are."""

from __future__ import annotations

from dataclasses import field
from enum import Enum
from typing import TYPE_CHECKING, Any

from landing_zone_key.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from lzkey.sources.json_text import Path


class Absent(Enum):
    """`AWS::NoValue`: the member, or the element of a list, is not there."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that is not known, or not in full."""

    pieces: tuple[str, ...] = ("", "")
    """For text: what is known before, between and behind what is not."""
    alternatives: tuple[Any, ...] = ()
    """One of these it is, where that is known: the two values of an `Fn::If`."""
    path: Path = field(default=(), compare=False)
    """Where it stands in its document."""

    @property
    def widened(self) -> str:
        """A pattern that covers whatever the text may be."""
        return "*".join(self.pieces)

    def may_be(self, text: str) -> bool:
        """Tell whether this may turn out to be just this text."""
        if self.alternatives:
            return any(may_be(value, text) for value in self.alternatives)
        first, *between, last = self.pieces
        if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
            return False
        at, end = len(first), len(text) - len(last)
        for piece in between:
            at = text.find(piece, at, end)
            if at < 0:
                return False
            at += len(piece)
        return True


class Located(dict[str, Any]):
    """A mapping with the path in its document from which it was resolved."""

    path: Path = ()

    @classmethod
    def at(cls, path: Path, members: Mapping[str, Any]) -> Located:
        """These members, resolved from there."""
        made = cls(members)
        made.path = path
        return made


def may_be(value: object, text: str) -> bool:
    """Tell whether a value may turn out to be this text."""
    return value.may_be(text) if isinstance(value, Unknown) else value == text


def joined(parts: Sequence[str | Unknown]) -> str | Unknown:
    """Put texts together, of which some are not known in full."""
    pieces = [""]
    for part in parts:
        first, *rest = (part,) if isinstance(part, str) else _pieces(part)
        pieces[-1] += first
        pieces += rest
    return pieces[0] if len(pieces) == 1 else Unknown(tuple(pieces))


def _pieces(part: Unknown) -> tuple[str, ...]:
    return ("", "") if part.alternatives else part.pieces


def is_known(value: object) -> bool:
    """Tell whether everything in a value is known."""
    return not isinstance(value, Unknown) and all(map(is_known, _parts(value)))


def _parts(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def entries(value: object, *, certain: bool = True) -> Iterator[tuple[Any, bool]]:
    """The elements of a list or of a single value, each with whether it is certain to be there."""
    if isinstance(value, list):
        for each in value:
            yield from entries(each, certain=certain)
    elif isinstance(value, Unknown) and value.alternatives:
        for each in value.alternatives:
            yield from entries(each, certain=False)
    elif value is not ABSENT:
        yield value, certain
