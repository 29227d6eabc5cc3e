"""Policy variables: `${aws:SourceAccount}`, `${key, 'default'}`, and the escapes `${*}`, `${?}`, `${$}`.

They exist in documents of Version 2012-10-17 only; before, the same characters are plain text.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

import re
from collections.abc import Callable
from enum import Enum
from typing import Final, TypeAlias

from landing_zone_key.policy.automaton import Token
from landing_zone_key.policy.patterns import Pattern, exactly, glob, has_wildcard, spelled
from landing_zone_key.records import dataclass

#: "... surround the default value with single quotes, and separate ... with a comma and space"
_VARIABLE: Final = re.compile(r"\$\{([^{}',]+)(?:, '([^']*)')?\}")
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
        return sum(
            len(part)
            if isinstance(part, tuple)
            else len(value)
            if isinstance(value := lookup(part.key), str)
            else 0
            for part in self.parts
        )

    def resolve(self, lookup: Lookup) -> Pattern | Unsettled | None:
        """Fill the variables in; what comes from the request is never a wildcard.

        None where a variable has neither value nor default: such a text matches nothing.
        """
        tokens: list[Token] = []
        for part in self.parts:
            if isinstance(part, tuple):
                tokens.extend(part)
                continue
            value = lookup(part.key)
            value = part.default if value is None else value
            if value is None or isinstance(value, Unsettled):
                return value
            tokens.extend(value)
        return spelled(tokens)


def read_text(text: str, *, wildcards: bool, variables: bool) -> Pattern | Template | Unsettled:
    """Read policy text; UNSETTLED where it holds a `${` that is no variable."""
    plain = glob if wildcards else exactly
    if not variables or "${" not in text:
        return plain(text)
    parts: list[tuple[Token, ...] | Variable] = []
    end = 0
    for found in _VARIABLE.finditer(text):
        parts.append(plain(text[end : found.start()]).tokens)
        parts.append(_variable(found[1], found[2]))
        end = found.end()
    parts.append(plain(text[end:]).tokens)
    if text.count("${") != len(parts) // 2:
        return UNSETTLED
    if any(isinstance(part, Variable) for part in parts):
        return Template(tuple(part for part in parts if part != ()))
    return spelled(token for part in parts if isinstance(part, tuple) for token in part)


def _variable(name: str, default: str | None) -> tuple[Token, ...] | Variable:
    if name in _ESCAPES and default is None:
        return (name,)
    return Variable(name.lower(), UNSETTLED if default and has_wildcard(default) else default)
