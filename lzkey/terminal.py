"""Text for people: standard output for results, standard error for progress and errors.

Nothing that AWS, a key or a policy says is trusted with the terminal: control characters, also those that
reorder text, become `?`, and rich's markup is never read. rich colours a terminal only, and honours NO_COLOR.
Nor with a CI system that takes lines of its log for commands: `guarded` breaks them, where one reads it.

On a terminal text is folded to its width, between words alone: a longer one, such as an ARN, stays whole, so
that it can be copied. What is no terminal gets every sentence on one line, so that it can be searched.
"""

from __future__ import annotations

import io
import logging
import os
import re
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Final, TextIO, cast

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from rich.console import ConsoleOptions, RenderableType

#: Of the whole library; its level is how much is told.
_LOG: Final = logging.getLogger("lzkey")

STYLES: Final = {
    "COMPLIANT": "bold green",
    "WAIVED": "bold cyan",
    "NON_COMPLIANT": "bold red",
    "NOT_APPLICABLE": "dim",
}

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
    "oscal": "\\u{1:04x}",
    "junit": "&#{1};",
}

_PICTURE_COLUMNS: Final = 132
#: Of what is no terminal: more than any line takes.
_ENDLESS: Final = 1 << 24
#: A table's last column is not narrower: rather it goes below the others.
_LEAST_COLUMNS: Final = 40
_GAP: Final = "  "
_WORD: Final = re.compile(r"\s*\S+\s*")
_REMOTE_FONT: Final = re.compile(r"@font-face \{.*?\}", re.DOTALL)


def printable(text: str) -> str:
    """The text with everything that is not printable replaced, line ends excepted."""
    if text.isprintable():  # as nearly all is, and many times faster than to look at each character
        return text
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
    """Standard output; what is printed to it with `soft_wrap` is folded by `Folded` alone."""
    return _console(sys.stdout)


def result(text: str) -> None:
    """Write to standard output what may be for programs, as it stands: JSON, or what is guarded already."""
    sys.stdout.write(guarded(text, "json"))


def messages() -> Console:
    """Standard error."""
    return _console(sys.stderr)


def _console(stream: TextIO) -> Console:
    # Without a file rich follows what takes the stream's place.
    file, is_error = guarded_stream(stream) if _is_read() else None, stream is sys.stderr
    return Console(file=file, stderr=is_error, highlight=False, width=None if stream.isatty() else _ENDLESS)


def warn(text: str, style: str = "") -> None:
    """Tell on standard error what changes the meaning of the result: nothing silences it."""
    messages().print(folded(one_line(text), style=style), soft_wrap=True)


class Loudness(IntEnum):
    """How much standard error tells beside errors, and beside what changes the meaning of the result."""

    VERBOSE = logging.DEBUG
    """What is asked of AWS, too."""
    USUAL = logging.WARNING
    """Progress, and what is waited for."""
    QUIET = logging.ERROR
    """Nothing."""


def loudness() -> Loudness:
    """How much is told now."""
    if _LOG.level >= Loudness.QUIET:
        return Loudness.QUIET
    return Loudness.VERBOSE if 0 < _LOG.level <= Loudness.VERBOSE else Loudness.USUAL


def set_loudness(wanted: Loudness) -> None:
    """Tell more or less, until `log_told` ends."""
    _LOG.setLevel(wanted)


def is_quiet() -> bool:
    """Whether progress is not told."""
    return loudness() is Loudness.QUIET


def paper(stream: TextIO) -> Console:
    """A text file, or what becomes one: without colours, whatever the terminal and the environment are."""
    return Console(file=stream, highlight=False, color_system=None, width=_ENDLESS)


def progress_to(console: Console) -> Callable[[str], None]:
    """What prints one line of progress, unless somebody asked for quiet."""

    def told(line: str) -> None:
        if not is_quiet():
            console.print(folded(line, style="dim"), soft_wrap=True)

    return told


@contextmanager
def log_told() -> Iterator[None]:
    """Tell on standard error what the library logs meanwhile, such as what it waits for."""
    handler = _ToMessages()
    _LOG.addHandler(handler)
    try:
        yield
    finally:
        _LOG.removeHandler(handler)
        _LOG.setLevel(logging.NOTSET)


class _ToMessages(logging.Handler):
    """Writes to standard error as it is then: a progress bar may have put something in its place."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line."""
        messages().print(folded(record.getMessage(), style="dim"), soft_wrap=True)


@dataclass(frozen=True, slots=True)
class Folded:
    """A paragraph, as wide as there is room; printed with `soft_wrap`, as nothing of it may be cropped."""

    text: Text
    before: Text = field(default_factory=Text)
    """What stands before its first line."""
    following: str = ""
    """What stands before the others; a word that is too long for the room moves into spaces."""

    def __str__(self) -> str:
        """All on one line."""
        return f"{self.before}{self.text}"

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> Iterator[Text]:
        """The lines."""
        room = max(options.max_width - len(self.following), 1)
        before = self.before
        for number, line in enumerate(_lines_of(self.text, room)):
            excess = line.cell_len - room
            if not number and excess > 0 and before.plain.strip():
                yield _whole(before)
                before = Text(self.following)
            if excess > 0 and before.plain.isspace():
                before = before[min(excess, len(before)) :]
            yield _whole(before + line)
            before = Text(self.following)


def _lines_of(text: Text, room: int) -> Iterator[Text]:
    """The lines of a text that is broken before each word that does not fit beside those before it."""
    for line in text.split(allow_blank=True):
        breaks, column = [], 0
        for word in _WORD.finditer(line.plain):
            if column and column + cell_len(word[0].rstrip()) > room:
                breaks.append(word.start())
                column = 0
            column += cell_len(word[0])
        for part in line.divide(breaks):
            part.rstrip()
            yield part


def _whole(line: Text) -> Text:
    """A line that is not folded or cropped any more."""
    line.rstrip()
    line.no_wrap, line.overflow = True, "ignore"
    return line


def folded(text: str, before: str | Text = "", following: str | None = None, style: str = "") -> Folded:
    """A paragraph of somebody's text, without the line ends in it; each line begins like the first one."""
    first = before if isinstance(before, Text) else Text(before)
    return Folded(
        plain(text.replace("\n", " "), style), first, first.plain if following is None else following
    )


@dataclass(frozen=True, slots=True)
class Table:
    """Rows below headings; the last column is folded, below the others where there is no room beside them."""

    headings: Sequence[str]
    rows: Sequence[Sequence[Text]]

    def __str__(self) -> str:
        """As where there is no terminal."""
        return "\n".join(str(part).rstrip() for part in self._parts(_ENDLESS))

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> Iterator[Text | Folded]:
        """The lines, with an empty one before and after them."""
        yield from self._parts(options.max_width)

    def _parts(self, columns: int) -> Iterator[Text | Folded]:
        heads = [plain(heading, "bold") for heading in self.headings]
        everything = [heads, *self.rows]
        widths = [max(cell.cell_len for cell in column) for column in [*zip(*everything, strict=True)][:-1]]
        indent = sum(widths) + len(_GAP) * len(widths)
        longest = max(line.cell_len for row in self.rows for line in row[-1].split()) if self.rows else 0
        is_beside = columns - indent >= min(longest, _LEAST_COLUMNS)
        rule = [plain("─" * width) for width in (*widths, heads[-1].cell_len)]
        yield Text()
        for row in [heads, rule, *self.rows] if is_beside else self.rows:
            before = _line_of(row[:-1], widths)
            if is_beside:
                yield Folded(row[-1], before, " " * indent)
            else:
                yield _whole(before)
                yield Folded(row[-1], Text("    "), "    ")
        yield Text()


def _line_of(cells: Sequence[Text], widths: Sequence[int]) -> Text:
    """Cells beside each other, each padded, with a gap after it."""
    line = Text()
    for cell, width in zip(cells, widths, strict=True):
        line.append_text(cell).append(" " * (width - cell.cell_len) + _GAP)
    return line


def table(headings: Sequence[str], rows: Iterable[Sequence[Text]]) -> Table:
    """A table whose last column takes what room there is."""
    return Table(headings, tuple(rows))


def picture(shown: Iterable[RenderableType], title: str) -> str:
    """An SVG of what a terminal would show; it refers to no font that would have to be fetched."""
    console = Console(file=io.StringIO(), record=True, width=_PICTURE_COLUMNS, force_terminal=True)
    for part in shown:
        console.print(part, soft_wrap=True)
    return _REMOTE_FONT.sub("", console.export_svg(title=title))
