"""Patterns with `*` and `?`, matched without backtracking.

A pattern is somebody else's text, up to 32 KB of it: matching takes at most pattern length times text length
steps, whatever the pattern, and never goes through `re` or `fnmatch`.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
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


Token: TypeAlias = str | Wildcard
"""A wildcard, or the characters of which the next one must be one (both cases, where case is ignored)."""

_MANY: Final = (Wildcard.MANY, Wildcard.MANY_INSIDE)
_WILDCARDS: Final = {"*": Wildcard.MANY, "?": Wildcard.ONE}
_INSIDE: Final = {Wildcard.MANY: Wildcard.MANY_INSIDE, Wildcard.ONE: Wildcard.ONE_INSIDE}
_ARN_PARTS: Final = 6


@dataclass(frozen=True, slots=True)
class Pattern:
    """A sequence of single characters and wildcards."""

    tokens: tuple[Token, ...]

    @property
    def literal(self) -> str | None:
        """The one text that the pattern matches, where it has no wildcard."""
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
        if Wildcard.MANY_INSIDE in self.tokens:
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
    return Pattern(tuple(text))


def glob(text: str) -> Pattern:
    """Read `*` and `?` as wildcards that cross everything, as StringLike does."""
    return Pattern(joined(_WILDCARDS.get(character, character) for character in text))


def joined(tokens: Iterable[Token]) -> tuple[Token, ...]:
    """The tokens, with runs of `*` made one: they match the same, and cost a hostile policy nothing."""
    kept: list[Token] = []
    for token in tokens:
        if token is not Wildcard.MANY or kept[-1:] != [Wildcard.MANY]:
            kept.append(token)
    return tuple(kept)


def ignoring_case(pattern: Pattern) -> Pattern:
    """Let every character stand for its upper and lower case."""
    return Pattern(
        tuple(
            "".join({token, token.lower(), token.upper()}) if isinstance(token, str) else token
            for token in pattern.tokens
        )
    )


def arn_parts(pattern: Pattern) -> Pattern | None:
    """Read a pattern as ArnLike does: component by component, so that wildcards do not cross colons.

    The sixth component holds the rest of the ARN and may contain colons. None where there are fewer than six.
    """
    tokens: list[Token] = []
    colons = 0
    for token in pattern.tokens:
        colons += token == ":"
        inside = isinstance(token, Wildcard) and colons < _ARN_PARTS - 1
        tokens.append(_INSIDE.get(token, token) if inside and isinstance(token, Wildcard) else token)
    return Pattern(tuple(tokens)) if colons >= _ARN_PARTS - 1 else None


def resource_parts(pattern: Pattern) -> Pattern:
    """Read a pattern as the Resource element does: only a `*` that ends a component may cross colons.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    """
    tokens: list[Token] = []
    colons = 0
    following: Sequence[Token] = (*pattern.tokens[1:], ":")
    for token, next_token in zip(pattern.tokens, following, strict=True):
        colons += token == ":"
        crosses = colons >= _ARN_PARTS - 1 or (token is Wildcard.MANY and next_token == ":")
        inside = isinstance(token, Wildcard) and not crosses
        tokens.append(_INSIDE.get(token, token) if inside and isinstance(token, Wildcard) else token)
    return Pattern(tuple(tokens))


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


def _matches_by_positions(tokens: Sequence[Token], text: str) -> bool:
    positions = start(tokens)
    for character in text:
        positions = advance(tokens, positions, character)
    return len(tokens) in positions


def start(tokens: Sequence[Token]) -> frozenset[int]:
    """The positions in the pattern that are open before any character is read."""
    return frozenset(_with_empty_stars(tokens, 0))


def advance(tokens: Sequence[Token], positions: frozenset[int], character: str) -> frozenset[int]:
    """The positions that are open after one more character: the pattern as a nondeterministic automaton."""
    reached: set[int] = set()
    for position in positions:
        if position == len(tokens) or not accepts(tokens[position], character):
            continue
        stays = tokens[position] in _MANY
        reached.update(_with_empty_stars(tokens, position if stays else position + 1))
    return frozenset(reached)


def _with_empty_stars(tokens: Sequence[Token], position: int) -> list[int]:
    """A position, and those behind the stars that may stand for nothing there."""
    open_positions = [position]
    while position < len(tokens) and tokens[position] in _MANY:
        position += 1
        open_positions.append(position)
    return open_positions
