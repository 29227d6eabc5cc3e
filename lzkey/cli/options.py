"""What several commands share: their options, and how a result is told."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lzkey.documents import document
from lzkey.terminal import folded, output, result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from typer.models import OptionInfo

    from lzkey.files import Format as FileFormat


class Format(StrEnum):
    """How results are written to standard output."""

    TEXT = "text"
    JSON = "json"


Name = Annotated[str, typer.Argument(metavar="NAME", help="parameters/NAME.json")]
ExitZero = Annotated[bool, typer.Option("--exit-zero", help="End with 0 in place of 3 and 4.")]
OneFormat = Annotated[Format, typer.Option("--format", help="json is versioned and stable.")]
Profile = Annotated[str | None, typer.Option(help="AWS profile, as in the AWS CLI.")]
Region = Annotated[str | None, typer.Option(help="AWS Region, as in the AWS CLI.")]
OtherAccount = Annotated[
    bool, typer.Option("--allow-other-account", help="Work in an account that is not ManagementAccountId.")
]
OtherRegion = Annotated[
    bool, typer.Option("--allow-other-region", help="Work in a Region that is not HomeRegion.")
]
UnknownRegion = Annotated[
    bool,
    typer.Option("--allow-unknown-region", help="Take Regions that AWS is not known to have."),
]


def output_option(formats: type[FileFormat]) -> OptionInfo:
    """The option that writes files, each in the format that its name asks for."""
    suffixes = " ".join(suffix for form in formats for suffix in form.suffixes)
    made: OptionInfo = typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help=f"Also write a file, its format by its suffix: {suffixes}; repeatable.",
    )
    return made


def iam_policy_option(policy: Callable[[], dict[str, Any]]) -> OptionInfo:
    """The option that prints the least that a command must be allowed, and ends it."""

    def print_it(wanted: bool) -> None:  # noqa: FBT001 - how typer calls it
        if wanted:
            result(json.dumps(policy(), indent=2) + "\n")
            raise typer.Exit

    made: OptionInfo = typer.Option(
        "--print-iam-policy",
        is_eager=True,
        callback=print_it,
        help="Print the least that the command must be allowed, and exit.",
    )
    return made


def tell(form: Format, members: Mapping[str, object], lines: Iterable[str]) -> None:
    """Print a result: as JSON with its version, or as lines for people."""
    if form is Format.JSON:
        result(json.dumps(document(members), indent=2) + "\n")
        return
    for line in lines:
        output().print(folded(line), soft_wrap=True)
