"""The command line `lzkey`: arguments in, text out; everything it tells is found out elsewhere.

Exit codes of every command: 0 done; 1 it went wrong; 2 wrong arguments, parameters or place, and nothing was
changed, or no credentials (any more); 130 interrupted. A command that judges says in its own help what else
it may end with.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_command

from lzkey.cli.manners import manners
from lzkey.errors import ExitCode, LzkeyError
from lzkey.terminal import guarded_stream, log_told, messages, output, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Wrong arguments: typer names only the one for the value of an argument.
_MISTAKE: Final[Any] = typer.BadParameter.__base__

#: Command -> its module here, in which the function has the command's name and EXIT_CODES end the help.
COMMANDS: Final = {
    "check": "check",
    "explain": "explain",
    "fix": "fix",
    "report": "report",
    "doctor": "doctor",
    "build": "deployment",
    "deploy": "deployment",
    "undeploy": "deployment",
    "deploy-organization": "deployment",
    "undeploy-organization": "deployment",
    "demo": "demo",
}


class _Commands(Mapping[str, object]):
    """The commands, each imported when it is asked for: a hook before a commit waits for no AWS client."""

    def __getitem__(self, name: str) -> object:
        module = import_module(f"lzkey.cli.{COMMANDS[name]}")
        alone = typer.Typer(add_completion=False, context_settings=app.info.context_settings)
        function = getattr(module, name.replace("-", "_"))
        alone.command(name, epilog=getattr(module, "EXIT_CODES", None))(function)
        made = get_command(alone)
        made.params += manners()
        return made

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class _Group(TyperGroup):
    """`lzkey` itself."""

    def __init__(self, **attributes: Any) -> None:  # noqa: ANN401 - whatever typer gives a group
        super().__init__(**attributes)
        self.params += manners()
        self.commands: Any = _Commands()


app = typer.Typer(
    name="lzkey",
    cls=_Group,
    help="Prove that AWS Control Tower's landing zone can use its KMS key.",
    epilog="Exit codes: 0 done; 1 it went wrong; 2 wrong arguments, parameters or place, and nothing was "
    "changed, or no AWS credentials, or none any more; 130 interrupted. check, explain, fix, report and "
    "doctor also end with 3: something is wrong, and 4: something cannot be determined.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # whose encoding may not have every character
        sys.stdout.reconfigure(errors="backslashreplace")
    words = None if arguments is None else list(arguments)
    in_frame = sys.stderr.isatty()  # what is told of mistakes; elsewhere the sentence is one line
    try:
        with log_told(), redirect_stderr(guarded_stream(sys.stderr)):  # what is told of mistakes quotes them
            code: object = _run(words, in_frame=in_frame)
    except LzkeyError as error:
        messages().print(plain(f"error: {error}"), soft_wrap=True)  # not folded: it may name a command
        return error.exit_code
    except SystemExit as ended:
        code = ended.code
    return code if isinstance(code, int) else ExitCode.DONE


def _run(words: list[str] | None, *, in_frame: bool) -> object:
    """Run one command; what it ends with may also be raised."""
    try:
        return app(args=words, prog_name="lzkey", standalone_mode=in_frame)
    except _MISTAKE as mistake:
        if mistake.format_message():  # else the help is there already
            mistake.show()
        return mistake.exit_code


@app.callback(invoke_without_command=True)
def lzkey(
    context: typer.Context,
    *,
    show_version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    """Prove that AWS Control Tower's landing zone can use its KMS key."""
    if show_version:
        from importlib.metadata import version  # noqa: PLC0415 - takes longer than the rest

        output().print(plain(f"lzkey {version('lzkey')}"))
        raise typer.Exit
    if context.invoked_subcommand is None:
        context.fail("Missing command.")
