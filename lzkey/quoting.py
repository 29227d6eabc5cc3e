"""Text of others, such as a Sid or a tag, as text: in a cell of a spreadsheet, and in Markdown in two ways.

Which of the two is a matter of what is around it: a code span shows that somebody else is speaking, character
references read as our own words and may stand in a table. Nothing that would drive a terminal is left in any.
"""

from __future__ import annotations

import re
from typing import Final

from lzkey.terminal import printable

_FORMULA: Final = r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]"
#: What a cell begins with that is one, and a semicolon before one.
_BEGINS: Final = re.compile(rf"[\t\r\n]|{_FORMULA}")
_FOLLOWS: Final = re.compile(rf";(?={_FORMULA})")

#: What begins something: anywhere, in a bare address, or at the beginning of a block.
_SPECIAL: Final = re.compile(
    r"[\\`*_{}\[\]<>&|~#!]|:(?=//)|(?<=www)\.|\A[-+=]|\A\d(?=\d*[.)])", re.IGNORECASE
)
#: Most texts: nothing in them is special but an address.
_PLAIN: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z ,:;/-]*", re.ASCII)


def cell(text: str) -> str:
    """A cell of a CSV file that no spreadsheet takes for a formula.

    One that it would begins with an apostrophe, which spreadsheets do not show; so does what comes after a
    semicolon, where it is that which parts cells, and not the comma.
    https://owasp.org/www-community/attacks/CSV_Injection
    """
    begins = _BEGINS.match(text)
    if text.isprintable() and ";" not in text and not begins:
        return text
    quoted = _FOLLOWS.sub(";'", text)
    if begins:
        quoted = f"'{quoted}"
    return printable(quoted.replace("\r\n", " ").replace("\n", " "))


def code_span(text: str) -> str:
    """A code span of Markdown: nothing in it is markup, a link, or a mention.

    https://spec.commonmark.org/0.31.2/#code-spans
    """
    shown = _flat(text) or " "
    fence = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
    space = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{space}{shown}{space}{fence}"


def references(text: str) -> str:
    """Text that stays text wherever it stands in Markdown: what could begin something is a reference.

    With an @ it becomes code, because a page that mentions somebody may tell him so.
    https://github.github.com/gfm/
    """
    flat = _flat(text)
    if _PLAIN.fullmatch(flat) and "://" not in flat:
        return flat
    if "@" in flat:
        return "`" + flat.replace("`", "'").replace("|", "\u00a6").replace("\\", "/") + "`"
    return _SPECIAL.sub(lambda found: "\\_" if found[0] == "_" else f"&#{ord(found[0])};", flat)


def _flat(text: str) -> str:
    return " ".join(printable(text).split())
