"""Values as the people see them who read a page.

Nothing that somebody else has written can reorder, hide or break the text around it.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_KEY_ARN: Final = re.compile(
    r"(arn:[a-z-]{1,12}:kms:[a-z0-9-]{1,20}:\d{12}:)(key/[0-9A-Za-z-]{1,40})", re.ASCII
)


def visible(text: str) -> str:
    """The text with any kind of space as a space, and all else that is not printable as its code.

    Control characters, marks that reorder text and lone surrogates become such as `⟨U+202E⟩`.
    """
    return text if text.isprintable() else "".join(map(_shown, text))


def grouped(number: int) -> str:
    """A number with its thousands apart."""
    return f"{number:,}"


def arn_parts(arn: str) -> tuple[str, ...]:
    """The ARN in the parts between which a line may end; one of no key may end it anywhere."""
    found = _KEY_ARN.fullmatch(arn)
    return found.groups() if found else (arn,)


def arn_pieces(told: str) -> list[tuple[str, ...]]:
    """A text in pieces, in turn plain text and an ARN of a key, in its parts."""
    pieces: list[tuple[str, ...]] = []
    end = 0
    for found in _KEY_ARN.finditer(told):
        pieces += [(told[end : found.start()],), found.groups()]
        end = found.end()
    return [*pieces, (told[end:],)]


def _shown(character: str) -> str:
    if character.isprintable():
        return character
    spaces = character in "\t\n\r" or unicodedata.category(character) in ("Zs", "Zl", "Zp")
    return " " if spaces else f"⟨U+{ord(character):04X}⟩"
