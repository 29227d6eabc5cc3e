"""The tokens of patterns, and many patterns side by side as one nondeterministic automaton."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TypeAlias

from landing_zone_key.records import dataclass


class Wildcard(Enum):
    """A token that stands for more than one text."""

    ONE = "?"
    """Exactly one character."""
    MANY = "*"
    """Any run of characters, also none."""
    ONE_INSIDE = "?:"
    """Exactly one character, but no colon: inside one part of an ARN."""
    MANY_INSIDE = "*:"
    """Any run of characters without a colon: inside one part of an ARN."""

    __hash__ = object.__hash__  # each is one object: as good as Enum's own, which is slow


#: A wildcard, or the characters of which the next one must be one (both cases, where case is ignored).
Token: TypeAlias = str | Wildcard


def bits(places: Sequence[int]) -> int:
    """The integer that has just these bits, the last of which is the highest; one pass, however many."""
    flags = bytearray((places[-1] >> 3) + 1 if places else 0)
    for place in places:
        flags[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(flags, "little")


@dataclass(frozen=True, slots=True)
class Automaton:
    """Tokens as a nondeterministic automaton; a set of open positions is an integer with one bit for each.

    One character moves all positions at once, whatever their number. No two stars are neighbours: `spelled`.
    """

    characters: Mapping[str, int]
    """Character -> the positions that name it."""
    wild: int
    """The positions that take any character ..."""
    crossing: int
    """... and those of them that take colons, too."""
    stars: int

    @classmethod
    def of(cls, tokens: Sequence[Token]) -> "Automaton":
        """Build it; every position is looked at once."""
        found: dict[Token, list[int]] = {}
        for position, token in enumerate(tokens):
            if token in found:
                found[token].append(position)
            else:
                found[token] = [position]
        one, many, one_inside, many_inside = (bits(found.pop(kind, ())) for kind in Wildcard)
        characters: dict[str, int] = {}
        for token, positions in found.items():
            named = bits(positions)
            for character in str(token):
                characters[character] = characters.get(character, 0) | named
        return cls(
            characters,
            one | many | one_inside | many_inside,
            one | many,
            many | many_inside,
        )

    def opened(self, positions: int) -> int:
        """The positions, and those behind the stars that may stand for nothing there."""
        return positions | (positions & self.stars) << 1

    def advance(self, positions: int, character: str) -> int:
        """The positions that are open after one more character."""
        taking = positions & (
            self.characters.get(character, 0) | (self.crossing if character == ":" else self.wild)
        )
        staying = taking & self.stars
        reached = staying | (taking ^ staying) << 1
        return reached | (reached & self.stars) << 1  # as in `opened`

    def watched(self, positions: int) -> set[str]:
        """The characters that some of these positions tell from others."""
        found = {character for character, naming in self.characters.items() if naming & positions}
        return found | {":"} if positions & (self.wild ^ self.crossing) else found
