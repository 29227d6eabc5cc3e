"""Text for people: standard output for results, standard error for progress and errors.

Nothing that AWS, a key or a policy says is trusted with the terminal: control characters, also those that
reorder text, become `?`, and rich's markup is never read. rich colours a terminal only, and honours NO_COLOR.
Nor with a CI system that takes lines of its log for commands: `guarded` breaks them, where one reads it.
"""

from __future__ import annotations

import io
import logging
import os
import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TextIO, cast

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from rich.console import RenderableType

STYLES: Final = {"COMPLIANT": "bold green", "NON_COMPLIANT": "bold red", "NOT_APPLICABLE": "dim"}

#: One of them is set where the log is read for commands: by GitHub and what imitates it, Azure, TeamCity.
#: GitLab and Jenkins read theirs from control characters alone, of which none is ever written.
_READERS: Final = ("GITHUB_ACTIONS", "TF_BUILD", "TEAMCITY_VERSION")

#: Printable characters that .NET, in which two of the readers are written, passes over when it compares.
_UNSEEN: Final = "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef"

#: Up to what is broken off: of `::` where a line begins, of `##[`, `##vso[`, `##teamcity[` anywhere.
#: https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
#: https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands
#: https://www.jetbrains.com/help/teamcity/service-messages.html
_COMMAND: Final = re.compile(
    rf"^[\s{_UNSEEN}]*:(?=[{_UNSEEN}]*:)|#(?=[{_UNSEEN}]*#[\w{_UNSEEN}]*\[)", re.MULTILINE
)

#: Format -> the character written so that its readers get it back. What people read, and CSV, Markdown and
#: HTML, which have no such way everywhere, get a space after it: seen, unlike a character of no width.
_BROKEN: Final[Mapping[str, str]] = {
    "json": "\\u{1:04x}",
    "sarif": "\\u{1:04x}",
    "junit": "&#{1};",
}

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


def guarded(text: str, form: str = "text") -> str:
    """Text of a format in which a CI system that reads it finds no command; where none does, as it stands.

    `json` is also for what else has its texts quoted, with JSON's escapes. What is guarded, as whatever, is
    not changed by being guarded once more.
    """
    if not _is_read():
        return text
    broken = _BROKEN.get(form, "{0} ")
    return _COMMAND.sub(lambda found: found[0][:-1] + broken.format(found[0][-1], ord(found[0][-1])), text)


def guarded_stream(stream: TextIO, form: str = "text") -> TextIO:
    """The stream, with what is written to it guarded, of which each part is as safe as if it began a line."""
    return cast("TextIO", _Guarded(stream, form)) if _is_read() else stream


class _Guarded:
    """As much of a stream as is needed to write to it."""

    def __init__(self, stream: TextIO, form: str) -> None:
        self._stream, self._form = stream, form
        self.flush, self.isatty = stream.flush, stream.isatty

    def write(self, text: str) -> int:
        """Write the text, guarded."""
        return self._stream.write(guarded(text, self._form))


def _is_read() -> bool:
    return any(map(os.environ.get, _READERS))


def output() -> Console:
    """Standard output."""
    return Console(file=_of_console(sys.stdout), highlight=False)


def result(text: str) -> None:
    """Write to standard output what may be for programs, as it stands: JSON, or what is guarded already."""
    sys.stdout.write(guarded(text, "json"))


def messages() -> Console:
    """Standard error."""
    return Console(file=_of_console(sys.stderr), stderr=True, highlight=False)


def _of_console(stream: TextIO) -> TextIO | None:
    """None is rich's own choice, which follows what takes the stream's place."""
    return guarded_stream(stream) if _is_read() else None


def paper(stream: TextIO) -> Console:
    """A text file, or what becomes one: without colours, whatever the terminal and the environment are."""
    return Console(file=stream, highlight=False, color_system=None, width=_PICTURE_COLUMNS)


def progress_to(console: Console) -> Callable[[str], None]:
    """What prints one line of progress."""
    return lambda line: console.print(plain(line, "dim"), soft_wrap=True)


@contextmanager
def log_told() -> Iterator[None]:
    """Tell on standard error what the library logs meanwhile, such as what it waits for."""
    log, handler = logging.getLogger("lzkey"), _ToMessages()
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)


class _ToMessages(logging.Handler):
    """Writes to standard error as it is then: a progress bar may have put something in its place."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line."""
        messages().print(plain(one_line(record.getMessage()), "dim"), soft_wrap=True)


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
