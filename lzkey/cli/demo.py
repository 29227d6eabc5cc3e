"""`lzkey demo`."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lzkey.aws.environment import NO_AWS, aws_environment
from lzkey.cli.options import Format, OneFormat
from lzkey.errors import NotInstalledError

if TYPE_CHECKING:
    from types import ModuleType

_Keep = Annotated[bool, typer.Option("--keep", help="Leave AWS running at the end, until Ctrl-C.")]
_Picture = Annotated[
    Path | None, typer.Option("--svg", metavar="FILE", help="Also write what is shown as a picture.")
]

_Report = Annotated[
    Path | None,
    typer.Option("--report", metavar="FILE", help="Where the HTML report goes; else build/ here."),
]


def demo(
    *,
    keep: _Keep = False,
    svg: _Picture = None,
    report: _Report = None,
    form: OneFormat = Format.TEXT,
) -> None:
    """Deploy the rule to an organization on this machine, break the landing zone's key, and report.

    No AWS account is needed, and nothing leaves this machine.
    """
    with aws_environment(NO_AWS):
        _demo().show(keep=keep, svg=svg, report=report, as_document=form is Format.JSON)


def _demo() -> ModuleType:
    try:
        import_module("awslambdaric")  # which the sandbox starts in processes of their own
        from lzkey_sandbox.demo import command  # noqa: PLC0415 - moto takes seconds to import
    except ModuleNotFoundError as error:
        raise NotInstalledError.of("the demo", "sandbox", error) from error
    return command
