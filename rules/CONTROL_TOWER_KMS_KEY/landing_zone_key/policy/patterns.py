"""Patterns with `*` and `?`, matched without backtracking.

A pattern is somebody else's text, up to 32 KB of it: matching looks at each token once, whatever the pattern,
and never goes through `re` or `fnmatch`. What a token does to all places of the text is one step on integers.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache, reduce
from operator import or_
from typing import Final

from landing_zone_key.policy.automaton import Token, Wildcard
from landing_zone_key.records import dataclass

_WILDCARDS: Final[Mapping[str, Token]] = {"*": Wildcard.MANY, "?": Wildcard.ONE}
_INSIDE: Final[Mapping[Token, Token]] = {
    Wildcard.MANY: Wildcard.MANY_INSIDE,
    Wildcard.ONE: Wildcard.ONE_INSIDE,
}
ARN_PARTS: Final = 6


@dataclass(frozen=True, slots=True)
class Pattern:
    """A sequence of single characters and wildcards; made by the functions of this module."""

    components: tuple[tuple[str, ...], ...] = ()
    """Where `*` is the only wildcard: the texts between the `*`, which are then matched by search.

    There is one component, and `*` crosses everything, or there are the six of an ARN, and `*` stays inside.
    """
    spelled: tuple[Token, ...] = ()
    """Any other pattern, token by token."""

    @property
    def tokens(self) -> tuple[Token, ...]:
        """The pattern token by token."""
        if not self.components:
            return self.spelled
        *inside, last = self.components
        heads = [token for runs in inside for token in (*_spell(runs, Wildcard.MANY_INSIDE), ":")]
        return (*heads, *_spell(last, Wildcard.MANY))

    @property
    def literal(self) -> str | None:
        """The one text that the pattern matches, where it has no wildcard."""
        if self.components:
            for runs in self.components:
                if len(runs) > 1:
                    return None
            return ":".join([runs[0] for runs in self.components])
        if all(isinstance(token, str) and len(token) == 1 for token in self.spelled):
            return "".join(str(token) for token in self.spelled)
        return None

    @property
    def length(self) -> int:
        """How many steps it takes to match a short text."""
        return len(self.spelled) or sum(map(len, self.components))

    def matches(self, text: str) -> bool:
        """Tell whether the whole text matches."""
        if len(self.components) == 1:
            match self.components[0]:
                case (begin, end):  # the most usual: one `*`
                    long_enough = len(text) >= len(begin) + len(end)
                    return long_enough and text.startswith(begin) and text.endswith(end)
                case runs:
                    return _matches_by_search(runs, text)
        if self.components:
            found = text.split(":", ARN_PARTS - 1)
            return len(found) == ARN_PARTS and all(map(_matches_by_search, self.components, found))
        return _matches_by_places(self.spelled, text)

    def __str__(self) -> str:
        """The pattern as it would be written."""
        if self.components:
            return ":".join(map("*".join, self.components))
        return "".join(token[0] if isinstance(token, str) else token.value[0] for token in self.spelled)


#: Matches no text.
NOTHING: Final = Pattern(spelled=("",))


def spelled(tokens: Iterable[Token]) -> Pattern:
    """The pattern of these tokens, with runs of `*` made one: they match the same, and cost nothing."""
    kept: list[Token] = []
    for token in tokens:
        if token is not Wildcard.MANY or kept[-1:] != [Wildcard.MANY]:
            kept.append(token)
    return Pattern(spelled=tuple(kept))


def exactly(text: str) -> Pattern:
    """Read every character as itself."""
    return Pattern(((text,),))


def glob(text: str) -> Pattern:
    """Read `*` and `?` as wildcards that cross everything, as StringLike does."""
    if "**" in text:
        text = _single_stars(text)
    if "?" in text:
        return Pattern((), tuple(map(_WILDCARDS.get, text, text)))
    return Pattern((tuple(text.split("*")),))


def glob_tokens(text: str) -> tuple[Token, ...]:
    """The tokens of what `glob` reads."""
    text = _single_stars(text)
    return tuple(map(_WILDCARDS.get, text, text))


def _single_stars(text: str) -> str:
    while "**" in text:  # as in `spelled`
        text = text.replace("**", "*")
    return text


def ignoring_case(pattern: Pattern) -> Pattern:
    """Let every character stand for its upper and lower case."""
    tokens = pattern.tokens
    cases = {token: _cases(token) for token in set(tokens)}
    return Pattern((), tuple(map(cases.__getitem__, tokens)))


@lru_cache(maxsize=256)
def _cases(token: Token) -> Token:
    """The character first; a case of more than one character (`ß` and `SS`) is left out."""
    if isinstance(token, Wildcard):
        return token
    cases = dict.fromkeys((token, token.lower(), token.upper()))
    return "".join(case for case in cases if len(case) == 1)


def arn_parts(pattern: Pattern) -> Pattern | None:
    """Read what `glob` returned as ArnLike does, by component, so that wildcards do not cross colons.

    The sixth component holds the rest of the ARN and may contain colons. None where there are fewer than six.
    """
    if pattern.components:
        written = str(pattern).split(":", ARN_PARTS - 1)
        return (
            Pattern(tuple([tuple(part.split("*")) for part in written]))
            if len(written) == ARN_PARTS
            else None
        )
    head, rest = _split_arn(pattern.tokens)
    if head.count(":") < ARN_PARTS - 1:
        return None
    return Pattern(spelled=(*map(_INSIDE.get, head, head), *rest))


def has_wildcard(text: str) -> bool:
    """Tell whether a `*` or `?` stands in the text."""
    return "*" in text or "?" in text


def has_inner_wildcard(parts: list[str]) -> bool:
    """Tell whether a Resource text has a wildcard in a component but at its end, with another behind it."""
    heads = ":".join(parts[: ARN_PARTS - 1]) + ":"
    return "?" in heads or heads.count("*") > heads.count("*:")


def resource_parts(pattern: Pattern) -> Pattern:
    """Let only a `*` that ends a component cross colons, as the Resource element does.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    """
    head, rest = _split_arn(pattern.tokens)
    inside: list[Token] = list(map(_INSIDE.get, head, head))
    for place, token in enumerate(head):
        if token is Wildcard.MANY and head[place + 1 : place + 2] in ((":",), ()):
            inside[place] = token
    return Pattern(spelled=(*inside, *rest))


def _split_arn(tokens: tuple[Token, ...]) -> tuple[tuple[Token, ...], tuple[Token, ...]]:
    """The tokens up to the fifth colon, and those of the sixth component, which may hold more colons."""
    end = 0
    for _ in range(ARN_PARTS - 1):
        try:
            end = tokens.index(":", end) + 1
        except ValueError:
            return tokens, ()
    return tokens[:end], tokens[end:]


def _spell(runs: tuple[str, ...], star: Wildcard) -> list[Token]:
    tokens: list[Token] = [*runs[0]]
    for run in runs[1:]:
        tokens.append(star)
        tokens.extend(run)
    return tokens


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


def _matches_by_places(tokens: Sequence[Token], text: str) -> bool:
    """Bit n of `reached` says that the tokens so far can take the first n characters of the text."""
    if len(tokens) > len(text):
        stars = tokens.count(Wildcard.MANY) + tokens.count(Wildcard.MANY_INSIDE)
        if len(tokens) - stars > len(text):
            return False
    everywhere = (2 << len(text)) - 1
    reached = 1
    for token in tokens:
        if isinstance(token, str):
            reached = (reached & _places(text, token)) << 1
        elif token is Wildcard.MANY:
            reached = everywhere & -(reached & -reached)
        elif token is Wildcard.ONE:
            reached = (reached << 1) & everywhere
        else:
            inside = (everywhere >> 1) & ~_places(text, ":")
            if token is Wildcard.ONE_INSIDE:
                reached = (reached & inside) << 1
            else:  # a carry runs from each place on through all that are inside, to the one behind them
                reached |= (inside + (reached & inside)) ^ inside
        if not reached:
            return False
    return bool(reached >> len(text))


@lru_cache(maxsize=512)
def _places(text: str, characters: str) -> int:
    """Bit n says that one of the characters stands at place n of the text."""
    if len(characters) != 1:
        return reduce(or_, (_places(text, character) for character in characters), 0)
    flags = "1".join("0" * len(run) for run in text.split(characters))
    return int(f"0{flags[::-1]}", 2)
