"""Patterns with `*` and `?`, matched without backtracking.

A pattern is somebody else's text, up to 32 KB of it: matching takes at most pattern length times text length
steps, whatever the pattern, and never goes through `re` or `fnmatch`.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Final, TypeAlias


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


Token: TypeAlias = str | Wildcard
"""A wildcard, or the characters of which the next one must be one (both cases, where case is ignored)."""

_MANY: Final = (Wildcard.MANY, Wildcard.MANY_INSIDE)
_WILDCARDS: Final[Mapping[str, Token]] = {"*": Wildcard.MANY, "?": Wildcard.ONE}
_INSIDE: Final[Mapping[Token, Token]] = {
    Wildcard.MANY: Wildcard.MANY_INSIDE,
    Wildcard.ONE: Wildcard.ONE_INSIDE,
}
_ACROSS: Final[Mapping[Token, Token]] = {inside: across for across, inside in _INSIDE.items()}
_ARN_PARTS: Final = 6


@dataclass(frozen=True, slots=True)
class Pattern:
    """A sequence of single characters and wildcards."""

    tokens: tuple[Token, ...]
    runs: tuple[str, ...] = field(default=(), compare=False, repr=False)
    """The texts between the `*`, where these are the only wildcards: such a pattern is matched by search."""

    @property
    def literal(self) -> str | None:
        """The one text that the pattern matches, where it has no wildcard."""
        if self.runs:
            return self.runs[0] if len(self.runs) == 1 else None
        if all(isinstance(token, str) and len(token) == 1 for token in self.tokens):
            return "".join(str(token) for token in self.tokens)
        return None

    def matches(self, text: str) -> bool:
        """Tell whether the whole text matches.

        The last `*` takes over whenever what follows it fails; earlier ones never need another try, because a
        later `*` can stand for whatever an earlier one would have taken. That holds as long as the later one
        can cross what the earlier one crosses, so a pattern with a `*` that stops at colons is matched by
        its set of positions instead.
        """
        if self.runs:
            return _matches_by_search(self.runs, text)
        inside = self.tokens.count(Wildcard.MANY_INSIDE)
        if len(self.tokens) - inside - self.tokens.count(Wildcard.MANY) > len(text):
            return False
        if inside:
            return _matches_by_positions(self.tokens, text)
        return _matches_by_last_star(self.tokens, text)

    def __str__(self) -> str:
        """The pattern as it would be written."""
        return "".join(token[0] if isinstance(token, str) else token.value[0] for token in self.tokens)


NOTHING: Final = Pattern(("",))
"""Matches no text."""


def accepts(token: Token, character: str) -> bool:
    """Tell whether the token can take this one character."""
    if isinstance(token, str):
        return character in token
    return character != ":" or token in (Wildcard.ONE, Wildcard.MANY)


def exactly(text: str) -> Pattern:
    """Read every character as itself."""
    return Pattern(tuple(text), (text,))


def glob(text: str) -> Pattern:
    """Read `*` and `?` as wildcards that cross everything, as StringLike does."""
    while "**" in text:  # as in `joined`
        text = text.replace("**", "*")
    tokens = tuple(map(_WILDCARDS.get, text, text)) if "*" in text or "?" in text else tuple(text)
    return Pattern(tokens, () if "?" in text else tuple(text.split("*")))


def joined(tokens: Iterable[Token]) -> tuple[Token, ...]:
    """The tokens, with runs of `*` made one: they match the same, and cost a hostile policy nothing."""
    kept: list[Token] = []
    for token in tokens:
        if token is not Wildcard.MANY or kept[-1:] != [Wildcard.MANY]:
            kept.append(token)
    return tuple(kept)


def ignoring_case(pattern: Pattern) -> Pattern:
    """Let every character stand for its upper and lower case."""
    return Pattern(tuple(_cases(token) if isinstance(token, str) else token for token in pattern.tokens))


@lru_cache(maxsize=256)
def _cases(character: str) -> str:
    """The character first; a case of more than one character (`ß` and `SS`) is left out."""
    cases = dict.fromkeys((character, character.lower(), character.upper()))
    return "".join(case for case in cases if len(case) == 1)


def arn_parts(pattern: Pattern) -> Pattern | None:
    """Read a pattern as ArnLike does: component by component, so that wildcards do not cross colons.

    The sixth component holds the rest of the ARN and may contain colons. None where there are fewer than six.
    """
    head, rest = _split_arn(pattern.tokens)
    if head.count(":") < _ARN_PARTS - 1:
        return None
    inside = tuple(map(_INSIDE.get, head, head))
    return pattern if inside == head else Pattern(inside + rest)


def resource_parts(pattern: Pattern) -> Pattern:
    """Read a pattern as the Resource element does: only a `*` that ends a component may cross colons.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    """
    if len(pattern.runs) == 1:
        return pattern
    head, rest = _split_arn(pattern.tokens)
    inside = list(map(_INSIDE.get, head, head))
    for place, token in enumerate(head):
        if token is Wildcard.MANY and head[place + 1 : place + 2] in ((":",), ()):
            inside[place] = token
    return pattern if tuple(inside) == head else Pattern((*inside, *rest))


def across_colons(pattern: Pattern) -> Pattern:
    """The same pattern with wildcards that cross everything; this very one where they do anyway."""
    return pattern if pattern.runs else Pattern(tuple(map(_ACROSS.get, pattern.tokens, pattern.tokens)))


def _split_arn(tokens: tuple[Token, ...]) -> tuple[tuple[Token, ...], tuple[Token, ...]]:
    """The tokens up to the fifth colon, and those of the sixth component, which may hold more colons."""
    end = 0
    for _ in range(_ARN_PARTS - 1):
        try:
            end = tokens.index(":", end) + 1
        except ValueError:
            return tokens, ()
    return tokens[:end], tokens[end:]


def _matches_by_search(runs: tuple[str, ...], text: str) -> bool:
    """Seek each text between two stars behind the one before: the first place leaves most to the others."""
    first, last = runs[0], runs[-1]
    if len(runs) == 1:
        return text == first
    at, end = len(first), len(text) - len(last)
    if at > end or not (text.startswith(first) and text.endswith(last)):
        return False
    for run in runs[1:-1]:
        found = text.find(run, at, end)
        if found < 0:
            return False
        at = found + len(run)
    return True


def _matches_by_last_star(tokens: Sequence[Token], text: str) -> bool:
    at = position = 0
    star, resume = -1, 0
    while position < len(text):
        if at < len(tokens) and tokens[at] is Wildcard.MANY:
            star, resume = at, position
            at += 1
        elif at < len(tokens) and accepts(tokens[at], text[position]):
            at, position = at + 1, position + 1
        elif star >= 0:
            resume += 1
            at, position = star + 1, resume
        else:
            return False
    return all(token in _MANY for token in tokens[at:])


def _matches_by_positions(tokens: tuple[Token, ...], text: str) -> bool:
    automaton = Automaton.of(tokens)
    positions = automaton.opened(1)
    for character in text:
        positions = automaton.advance(positions, character)
    return bool(positions >> len(tokens))


def bits(places: Sequence[int]) -> int:
    """The integer that has just these bits, the last of which is the highest; one pass, however many."""
    flags = bytearray((places[-1] >> 3) + 1 if places else 0)
    for place in places:
        flags[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(flags, "little")


@dataclass(frozen=True, slots=True)
class Automaton:
    """Tokens as a nondeterministic automaton; a set of open positions is an integer with one bit for each.

    One character moves all positions at once, whatever their number. No two stars are neighbours: `joined`.
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
