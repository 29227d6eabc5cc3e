"""The command line `lzkey`: arguments in, text out; everything it tells is found out elsewhere.

Exit codes of every command: 0 done; 1 it went wrong; 2 wrong arguments, parameters or place, and nothing was
changed, or no credentials (any more); 130 interrupted. A command that judges says in its own help what else
it may end with.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import redirect_stderr, suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

import typer
from typer.main import get_command

from lzkey.cli.help import Command, Group, mistakes_told
from lzkey.cli.manners import manners
from lzkey.errors import ExitCode, LzkeyError, OutputError
from lzkey.terminal import guarded_stream, log_told, messages, output, plain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from typer._click import Context


#: Where there is no room for what is written.
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Row(NamedTuple):
    """A command: its module here, where a function has the command's name, and EXIT_CODES end the help."""

    module: str
    short_help: str
    """What it does, in a sentence that stands on one line beside the command's name, at 80 columns."""


COMMANDS: Final = {
    "init": Row("init", "Write a parameters file for your landing zone."),
    "check": Row("check", "Prove that the landing zone can use its KMS keys."),
    "explain": Row("explain", "Show the proof, or the refused request, and why."),
    "fix": Row("fix", "Show the repaired key policy; --apply changes it."),
    "preflight": Row("preflight", "Say whether the next update finds a usable key."),
    "report": Row("report", "Report every account and Region, with its gaps."),
    "history": Row("history", "Say since when deliveries are refused, and by whom."),
    "verify": Row("verify", "Prove an evidence pack's verdicts again, offline."),
    "doctor": Row("doctor", "Say whether the rule's results can be trusted."),
    "build": Row("deployment", "Generate the package that rdk deploys."),
    "deploy": Row("deployment", "Deploy the rule to one account, and verify it."),
    "undeploy": Row("deployment", "Remove it from there, and verify that it is gone."),
    "deploy-organization": Row("deployment", "Deploy the rule to every account, and verify each."),
    "undeploy-organization": Row("deployment", "Remove it from all, and verify that it is gone."),
    "demo": Row("demo", "See the rule at work; no AWS account is needed."),
}


class _Commands(Group):
    """`lzkey`: a command is imported when it runs, so that help and completion wait for no AWS client."""

    def __init__(self, **attributes: Any) -> None:  # noqa: ANN401 - whatever typer gives a group
        super().__init__(**attributes)
        self.params += manners()
        self.commands = {name: Command(name, short_help=row.short_help) for name, row in COMMANDS.items()}

    def resolve_command(self, ctx: Context, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find the command; raise UsageError where there is none of that name."""
        with mistakes_told(ctx):
            name, _, rest = super().resolve_command(ctx, args)
        return name, _imported(name) if name else None, rest


def _imported(name: str) -> object:
    """The command, with its options and what it does."""
    module = import_module(f"{__name__}.{COMMANDS[name].module}")
    alone = typer.Typer(add_completion=False, context_settings=app.info.context_settings)
    function = getattr(module, name.replace("-", "_"))
    alone.command(name, cls=Command, epilog=getattr(module, "EXIT_CODES", None))(function)
    made: Any = get_command(alone)
    made.params += manners()
    return made


app = typer.Typer(
    name="lzkey",
    cls=_Commands,
    help="Prove that AWS Control Tower's landing zone can use its KMS key.",
    epilog="Exit codes: 0 done; 1 it went wrong; 2 wrong arguments, parameters or place, and nothing was "
    "changed, or no AWS credentials, or none any more; 130 interrupted. check, explain, fix, preflight, "
    "report, history, verify and doctor also end with 3: something is wrong, and 4: something cannot be "
    "determined.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # whose encoding may not have every character
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        _require_output(sys.stdout)
        with log_told(), redirect_stderr(guarded_stream(sys.stderr)):  # what is told of mistakes quotes them
            _run(None if arguments is None else list(arguments))
    except LzkeyError as error:
        messages().print(plain(f"error: {error}"), soft_wrap=True)  # not folded: it may name a command
        return error.exit_code
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else ExitCode.DONE
    except BrokenPipeError:  # nobody reads any more, which is no mistake
        _forget_output()
        return ExitCode.FAILED
    except OSError as error:
        if error.errno not in _FULL:
            raise
        _forget_output()
        messages().print(plain(f"error: the output cannot be written: {error.strerror}"), soft_wrap=True)
        return ExitCode.FAILED
    return ExitCode.DONE


def _run(arguments: list[str] | None) -> None:
    """Run one command, and write all that it has said: else that would fail when nobody can tell any more."""
    try:
        app(args=arguments, prog_name="lzkey")
    finally:
        sys.stdout.flush()


def _forget_output() -> None:
    """Let what is left of standard output go nowhere, so that it does not fail once more at the end."""
    with suppress(OSError, ValueError), Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def _require_output(stream: TextIO | None) -> None:
    """Raise OutputError where whoever started the program has closed standard output."""
    if stream is None:
        raise OutputError("standard output is closed: there is nowhere to write the result to")


@app.callback(invoke_without_command=True)
def lzkey(
    ctx: typer.Context,
    *,
    show_version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    """Prove that AWS Control Tower's landing zone can use its KMS key."""
    if show_version:
        from importlib.metadata import version  # noqa: PLC0415 - takes longer than the rest

        output().print(plain(f"lzkey {version('lzkey')}"))
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help(), color=ctx.color)
        raise typer.Exit(ExitCode.MISTAKEN)
