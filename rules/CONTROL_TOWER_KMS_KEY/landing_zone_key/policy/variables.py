"""Policy variables: `${aws:SourceAccount}`, `${key, 'default'}`, and the escapes `${*}`, `${?}`, `${$}`.

They exist in documents of Version 2012-10-17 only; before, the same characters are plain text.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

import re
from collections.abc import Callable
from enum import Enum
from itertools import chain, zip_longest
from typing import Final, TypeAlias

from landing_zone_key.policy.automaton import Token
from landing_zone_key.policy.patterns import Pattern, exactly, glob, glob_tokens, has_wildcard, spelled
from landing_zone_key.records import dataclass

#: "... surround the default value with single quotes, and separate ... with a comma and space"
_VARIABLE: Final = r"\$\{([^{}',]+)(?:, '([^']*)')?\}"
_ESCAPES: Final = ("*", "?", "$")


class Unsettled(Enum):
    """The one value that says: nobody can tell."""

    UNSETTLED = "unsettled"


UNSETTLED: Final = Unsettled.UNSETTLED

#: Context key in lower case -> its one value, None where the request has none, or UNSETTLED.
Lookup: TypeAlias = Callable[[str], str | Unsettled | None]


@dataclass(frozen=True, slots=True)
class Variable:
    """A reference to a context key."""

    key: str
    """In lower case: the names of context keys have none."""
    default: str | Unsettled | None
    """UNSETTLED where it holds a `*` or `?`: nobody says whether that is a wildcard then."""


@dataclass(frozen=True, slots=True)
class Template:
    """Text with at least one variable in it."""

    parts: tuple[tuple[Token, ...] | Variable, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """The context keys that decide what the text is."""
        return tuple(part.key for part in self.parts if isinstance(part, Variable))

    def size(self, lookup: Lookup) -> int:
        """How long the text becomes, before anything is filled in."""
        values: dict[str, str | Unsettled | None] = {}
        size = 0
        for part in self.parts:
            if isinstance(part, tuple):
                size += len(part)
                continue
            if part.key not in values:
                values[part.key] = lookup(part.key)
            value = values[part.key]
            size += len(value) if isinstance(value, str) else 0
        return size

    def resolve(self, lookup: Lookup) -> Pattern | Unsettled | None:
        """Fill the variables in; what comes from the request is never a wildcard.

        None where a variable has neither value nor default: such a text matches nothing.
        """
        filled: dict[int, str] = {}  # by identity: `read_text` makes each variable once
        for part in self.parts:
            if isinstance(part, tuple) or id(part) in filled:
                continue
            value = lookup(part.key)
            value = part.default if value is None else value
            if value is None or isinstance(value, Unsettled):
                return value
            filled[id(part)] = value
        tokens = chain.from_iterable(
            [part if isinstance(part, tuple) else filled[id(part)] for part in self.parts]
        )
        # Only where nothing is filled in between two `*` they become neighbours.
        return spelled(tokens) if "" in filled.values() else Pattern((), tuple(tokens))


def read_text(text: str, *, wildcards: bool, variables: bool) -> Pattern | Template | Unsettled:
    """Read policy text; UNSETTLED where it holds a `${` that is no variable."""
    if not variables or "${" not in text:
        return glob(text) if wildcards else exactly(text)
    written = re.split(_VARIABLE, text)  # plain text, the name and default of a variable, plain text again
    if text.count("${") != len(written) // 3:
        return UNSETTLED
    tokens = glob_tokens if wildcards else tuple
    parts: list[tuple[Token, ...] | Variable] = []
    read: dict[tuple[str, str | None], tuple[Token, ...] | Variable] = {}
    for plain, name, default in zip_longest(written[::3], written[1::3], written[2::3]):
        if plain:
            parts.append(tokens(plain))
        if name is None:
            break
        if (name, default) not in read:
            read[name, default] = _variable(name, default)
        parts.append(read[name, default])
    if Variable in map(type, read.values()):
        return Template(tuple(parts))
    return spelled(token for part in parts if isinstance(part, tuple) for token in part)


def _variable(name: str, default: str | None) -> tuple[Token, ...] | Variable:
    if name in _ESCAPES and default is None:
        return (name,)
    return Variable(name.lower(), UNSETTLED if default and has_wildcard(default) else default)
