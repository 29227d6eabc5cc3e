"""The help of every command, and what is said of a wrong usage.

typer's own tables make room by cutting names off. Here a name, with what it takes, always stands whole on one
line: its meaning stands beside it where there is room, and else below.
"""

from __future__ import annotations

import inspect
import re
import shutil
from contextlib import contextmanager
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from rich.text import Text
from typer import TyperException
from typer.core import TyperArgument, TyperCommand, TyperGroup

from lzkey.cli.values import convert_plainly
from lzkey.errors import UsageError
from lzkey.terminal import output

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from typer._click import Context, HelpFormatter, Parameter

#: A longer line is hard to read, however wide the terminal is.
_MOST_COLUMNS: Final = 100
#: A terminal that is narrower breaks lines by itself.
_LEAST_COLUMNS: Final = 40
#: On one that is narrower than this, every meaning stands below its name.
_BESIDE_COLUMNS: Final = 72
#: Of the names that have their meaning beside them.
_NAME_COLUMNS: Final = 26
_INDENT: Final = "  "
_BELOW: Final = 6
#: What textwrap does not take for space.
_NO_BREAK: Final = "\N{NO-BREAK SPACE}"


class Command(TyperCommand):
    """A command."""

    def collect_usage_pieces(self, ctx: Context) -> list[str]:
        """Its arguments, as people write them."""
        arguments = [each for each in self.get_params(ctx) if isinstance(each, TyperArgument)]
        return ["[OPTIONS]", *map(_usage, arguments)]

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Take the arguments; raise UsageError for wrong ones."""
        convert_plainly(self.get_params(ctx))
        with mistakes_told(ctx):
            return super().parse_args(ctx, args)

    def format_help(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write the help."""
        _write(_help(self, ctx, _sections(self.get_params(ctx))), ctx, formatter)


class Group(TyperGroup):
    """`lzkey` itself."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Take the arguments; raise UsageError for wrong ones."""
        convert_plainly(self.get_params(ctx))
        with mistakes_told(ctx):
            return super().parse_args(ctx, args)

    def format_help(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write the help."""
        rows = [_Row(name, each.get_short_help_str()) for name, each in self.commands.items()]
        sections = {"Commands": rows, **_sections(self.get_params(ctx))}
        _write(_help(self, ctx, sections), ctx, formatter)


class _Row(NamedTuple):
    """One thing and its meaning."""

    name: str
    meaning: str


@contextmanager
def mistakes_told(ctx: Context) -> Iterator[None]:
    """Raise UsageError in place of typer's own errors: one sentence for each mistake, as all of ours have."""
    try:
        yield
    except TyperException as error:
        raise UsageError(_mistake(error, ctx)) from error


def _mistake(error: TyperException, ctx: Context) -> str:
    """What is wrong with how a command was used, and what would be right."""
    about, named = getattr(error, "param", None), getattr(error, "option_name", None)
    if about is None:
        about = next((each for each in ctx.command.get_params(ctx) if named in each.opts), None)
    said = [error.format_message()]
    if about is not None and not getattr(about, "is_flag", False) and (named or not error.message):
        said.append(": ".join(_row(about)).replace(_NO_BREAK, " "))  # a value is missing
    sentences = " ".join(each if each.endswith((".", "?")) else f"{each}." for each in said)
    return f"{sentences} {ctx.get_usage()}; {ctx.command_path} --help tells more"


def _write(lines: Iterable[Text], ctx: Context, formatter: HelpFormatter) -> None:
    """In colours where standard output shows them: rich has decided, and nobody takes them out any more."""
    console = output()
    with console.capture() as captured:
        for line in lines:
            console.print(line, soft_wrap=True)
    ctx.color = True
    formatter.write(captured.get())


def _help(command: Command | Group, ctx: Context, sections: dict[str, list[_Row]]) -> Iterator[Text]:
    columns = max(_LEAST_COLUMNS, min(shutil.get_terminal_size().columns, _MOST_COLUMNS))
    yield Text(command.get_usage(ctx), "bold")
    yield from _paragraphs(command.help, columns)
    for heading, rows in sections.items():
        yield Text()
        yield Text(f"{heading}:", "bold")
        yield from _table(rows, columns)
    yield from _paragraphs(command.epilog, columns)


def _paragraphs(text: str | None, columns: int) -> Iterator[Text]:
    """Each after an empty line; one that begins with click's backspace is a heading, and lines left alone."""
    for paragraph in re.split(r"\n\s*\n", inspect.cleandoc(text)) if text else ():
        yield Text()
        if paragraph.startswith("\b\n"):
            _, heading, *lines = paragraph.split("\n")
            yield Text(heading, "bold")
            yield from (Text(f"{_INDENT}{line}") for line in lines)
        else:
            yield from map(Text, _folded(paragraph, columns))


def _folded(text: str, columns: int) -> list[str]:
    """Lines in which every word is whole."""
    lines = wrap(text, columns, break_long_words=False, break_on_hyphens=False)
    return [line.replace(_NO_BREAK, " ") for line in lines]


def _table(rows: list[_Row], columns: int) -> Iterator[Text]:
    """Names, each with its meaning beside it, or below it where it is too long for that."""
    widest = max((len(row.name) for row in rows if len(row.name) <= _NAME_COLUMNS), default=0)
    beside = widest if columns >= _BESIDE_COLUMNS else 0
    indent = len(_INDENT) + beside + 2 if beside else _BELOW
    for name, meaning in rows:
        line = Text.assemble(_INDENT, (name, "cyan"))
        lines = _folded(meaning, columns - indent)
        if lines and len(name) <= beside:
            yield Text.assemble(line, " " * (indent - line.cell_len), lines.pop(0))
        else:
            yield line
        yield from (Text(" " * indent + each) for each in lines)


def _sections(parameters: list[Parameter]) -> dict[str, list[_Row]]:
    """Arguments first, and the options below the headings that they name."""
    sections: dict[str, list[_Row]] = {"Arguments": [], "Options": []}
    for parameter in parameters:
        usual = "Arguments" if isinstance(parameter, TyperArgument) else "Options"
        heading = getattr(parameter, "rich_help_panel", None) or usual
        sections.setdefault(heading, []).append(_row(parameter))
    return {heading: rows for heading, rows in sections.items() if rows}


def _row(parameter: Any) -> _Row:  # noqa: ANN401 - an argument or option, of which typer has no common type
    """A parameter and its meaning, its default, and its environment variable."""
    metavar = parameter.metavar or parameter.name.upper()
    if isinstance(parameter, TyperArgument):
        name = metavar
    else:
        names = ", ".join(sorted([*parameter.opts, *parameter.secondary_opts], key=len))
        name = names if parameter.is_flag else f"{names} {metavar}"
    shown, default = parameter.show_default, parameter.default
    told = shown if isinstance(shown, str) else str(default) if shown and default else ""
    notes = (("default", told), ("env", parameter.envvar))
    extra = [f"[{what}: {text}]".replace(" ", _NO_BREAK) for what, text in notes if text]
    return _Row(name, " ".join([*(parameter.help or "").split(), *extra]))


def _usage(argument: TyperArgument) -> str:
    name = argument.metavar or argument.name.upper()
    return f"{name if argument.required else f'[{name}]'}{'' if argument.nargs == 1 else '...'}"
