"""Text for people: standard output for results, standard error for progress and errors.

Nothing that AWS, a key or a policy says is trusted with the terminal: control characters, also those that
reorder text, become `?`, and rich's markup is never read. rich colours a terminal only, and honours NO_COLOR.
"""

from __future__ import annotations

import io
import re
import sys
from typing import TYPE_CHECKING, Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rich.console import RenderableType

STYLES: Final = {"COMPLIANT": "bold green", "NON_COMPLIANT": "bold red", "NOT_APPLICABLE": "dim"}

_PICTURE_COLUMNS: Final = 132
_REMOTE_FONT: Final = re.compile(r"@font-face \{.*?\}", re.DOTALL)


def printable(text: str) -> str:
    """The text with everything that is not printable replaced, line ends excepted."""
    return "".join(character if character.isprintable() or character == "\n" else "?" for character in text)


def one_line(text: str) -> str:
    """The text without line ends, with which a name could look like a result; printable."""
    return printable(text).replace("\n", "?")


def plain(text: str, style: str = "") -> Text:
    """Text that is shown as it stands."""
    return Text(printable(text), style=style)


def output() -> Console:
    """Standard output."""
    return Console(highlight=False)


def result(text: str) -> None:
    """Write to standard output what may be for programs, as it stands."""
    sys.stdout.write(text)


def messages() -> Console:
    """Standard error."""
    return Console(stderr=True, highlight=False)


def progress_to(console: Console) -> Callable[[str], None]:
    """What prints one line of progress."""
    return lambda line: console.print(plain(line, "dim"), soft_wrap=True)


def table(headings: Sequence[str], rows: Iterable[Sequence[Text]]) -> Table:
    """A table whose last column takes what room there is."""
    made = Table(box=SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for heading in headings[:-1]:
        made.add_column(heading, no_wrap=True)
    made.add_column(headings[-1], overflow="fold")
    for row in rows:
        made.add_row(*row)
    return made


def picture(shown: Iterable[RenderableType], title: str) -> str:
    """An SVG of what a terminal would show; it refers to no font that would have to be fetched."""
    console = Console(file=io.StringIO(), record=True, width=_PICTURE_COLUMNS, force_terminal=True)
    for part in shown:
        console.print(part)
    return _REMOTE_FONT.sub("", console.export_svg(title=title))
