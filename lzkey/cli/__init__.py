"""The command line `lzkey`: arguments in, text out; everything it tells is found out elsewhere.

Exit codes: 0 done; 1 a deployment is not what was asked for; 2 wrong arguments, parameters or place, and
nothing was changed; 130 interrupted.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated

import typer

from lzkey.cli import deployment, doctor
from lzkey.cli.demo import demo
from lzkey.errors import LzkeyError
from lzkey.terminal import messages, output, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer(
    name="lzkey",
    help="Prove that AWS Control Tower's landing zone can use its KMS key.",
    epilog="Exit codes: 0 done; 1 a deployment is not what was asked for; 2 wrong arguments, parameters or "
    "place, and nothing was changed; 130 interrupted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    try:
        app(args=None if arguments is None else list(arguments), prog_name="lzkey")
    except LzkeyError as error:
        messages().print(plain(f"error: {error}"), soft_wrap=True)
        return error.exit_code
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0
    return 0


@app.callback(invoke_without_command=True)
def lzkey(
    *,
    show_version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    """Prove that AWS Control Tower's landing zone can use its KMS key."""
    if show_version:
        output().print(plain(f"lzkey {version('lzkey')}"))
        raise typer.Exit


for _command in (
    deployment.build,
    deployment.deploy,
    deployment.undeploy,
    deployment.deploy_organization,
    deployment.undeploy_organization,
):
    app.command()(_command)
app.command(epilog=doctor.EXIT_CODES)(doctor.doctor)
app.command()(demo)
