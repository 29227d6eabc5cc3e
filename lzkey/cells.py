"""Cells of CSV files that people open in a spreadsheet.

A cell that a spreadsheet would take for a formula begins with an apostrophe, which spreadsheets do not show;
so does what comes after a semicolon, where it is that which parts cells, and not the comma.
https://owasp.org/www-community/attacks/CSV_Injection
"""

from __future__ import annotations

import re
from typing import Final

from lzkey.terminal import printable

_FORMULA: Final = re.compile(r"\A(?=[\t\r\n])|(?:\A|(?<=;))(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20])")


def cell(text: str) -> str:
    """Return text that is no formula, and holds nothing that would drive a terminal."""
    quoted = _FORMULA.sub("'", text)
    return printable(quoted.replace("\r\n", " ").replace("\n", " "))
