"""What several commands share: their options, and how a result is told."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer

from lzkey.cli.completion import known_regions, parameters_files, profiles
from lzkey.documents import document
from lzkey.files import Format as FileFormat
from lzkey.files import require_files, require_no_source, writing
from lzkey.terminal import output, paper, result
from lzkey.waivers.values import NO_WAIVERS, Waivers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from rich.console import Console, RenderableType
    from typer.models import OptionInfo

_Form = TypeVar("_Form", bound=FileFormat)

#: Where options of AWS itself stand in the help.
ALIVE: Final = "Live account"


class Format(FileFormat):
    """What most commands write their results as."""

    TEXT = "text", "", ".txt"
    JSON = "json", "", ".json"


def format_option(formats: type[_Form], what: str = "What standard output gets") -> OptionInfo:
    """The option that says as what results are written to standard output."""

    def named(word: str) -> _Form:
        form = formats.named(word)
        if form is None:
            raise typer.BadParameter(f"{word!r} is none of {formats.words()}.")
        return form

    made: OptionInfo = typer.Option(
        "--format",
        metavar="FORMAT",
        parser=named,
        autocompletion=lambda: list(formats),
        help=f"{what}: {formats.words()}.",
    )
    return made


def output_option(formats: type[FileFormat]) -> OptionInfo:
    """The option that writes files, each in the format that its name asks for."""

    def possible(files: list[Path] | None) -> list[Path]:
        require_files(files or [], formats)
        return files or []

    suffixes = " ".join(suffix for form in formats for suffix in form.suffixes)
    made: OptionInfo = typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        callback=possible,
        help=f"Also write a file, its format by its suffix: {suffixes}; repeatable.",
    )
    return made


Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME|FILE",
        autocompletion=parameters_files,
        help="A parameters file: NAME is parameters/NAME.json.",
    ),
]
ExitZero = Annotated[bool, typer.Option("--exit-zero", help="End with 0 in place of 3 and 4.")]
OneFormat = Annotated[Format, format_option(Format)]
Files = Annotated[list[Path] | None, output_option(Format)]
Profile = Annotated[
    str | None,
    typer.Option(
        metavar="PROFILE",
        autocompletion=profiles,
        help="AWS profile, as in the AWS CLI.",
        rich_help_panel=ALIVE,
    ),
]
Region = Annotated[
    str | None,
    typer.Option(
        metavar="REGION",
        autocompletion=known_regions,
        help="AWS Region, as in the AWS CLI.",
        rich_help_panel=ALIVE,
    ),
]
Evidence = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Also write an evidence pack, a new folder; `lzkey verify` proves every verdict in it again.",
    ),
]
WaiversFile = Annotated[
    Path | None,
    typer.Option(
        "--waivers",
        metavar="FILE",
        help="Waive problems until a day, each with a reason and an owner, as this YAML file says; no proof "
        "changes.",
    ),
]
Sign = Annotated[
    str | None,
    typer.Option(
        metavar="KMS-KEY-ARN", help="With --evidence: sign the pack with this key, an ECC or RSA key of KMS."
    ),
]
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


def waivers_in(file: Path | None, outputs: Sequence[Path]) -> Waivers:
    """What a waivers file holds; none where there is no file.

    Raises WaiversError where it is wrong, OutputError where a result would be written over it.
    """
    if file is None:
        return NO_WAIVERS
    require_no_source(outputs, [str(file)])
    found: Waivers = import_module("lzkey.waivers.reading").read_waivers(file)  # which imports YAML's reader
    return found


def iam_policy_option(policy: Callable[[], dict[str, Any]]) -> OptionInfo:
    """The option that prints the least that a command must be allowed, and ends it."""

    def print_it(ctx: typer.Context, wanted: bool) -> None:  # noqa: FBT001 - how typer calls it
        if wanted and not ctx.resilient_parsing:  # which completes a line, and runs nothing
            result(json.dumps(policy(), indent=2) + "\n")
            raise typer.Exit

    made: OptionInfo = typer.Option(
        "--print-iam-policy",
        is_eager=True,
        callback=print_it,
        help="Print the least that the command must be allowed, and exit.",
    )
    return made


def tell(
    form: Format, files: list[Path] | None, members: Mapping[str, object], shown: Iterable[RenderableType]
) -> None:
    """Write a result to standard output and files: as JSON with its version, or what is shown to people."""
    made = json.dumps(document(members), indent=2) + "\n"
    files, shown = files or [], list(shown)
    with writing(files) as streams:
        for file, stream in zip(files, streams, strict=True):
            if Format.of(file) is Format.JSON:
                stream.write(made)
            else:
                show(paper(stream), shown)
    if form is Format.JSON:
        result(made)
    else:
        show(output(), shown)


def show(console: Console, shown: Iterable[RenderableType]) -> None:
    """Show each part on a line of its own, or more; what folds does it itself."""
    for part in shown:
        console.print(part, soft_wrap=True)
