"""How much a command tells beside its result: --quiet and --verbose, which every command understands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.main import get_command

from lzkey.terminal import Loudness, loudness, set_loudness

if TYPE_CHECKING:
    from collections.abc import Callable


def _asks_for(wanted: Loudness) -> Callable[[bool], None]:
    def callback(given: bool) -> None:  # noqa: FBT001 - how typer calls it
        if given:
            if loudness() not in (Loudness.USUAL, wanted):
                raise typer.BadParameter("--quiet and --verbose ask for opposite things: give one of them")
            set_loudness(wanted)

    return callback


def _manners(
    *,
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet",
            "-q",
            callback=_asks_for(Loudness.QUIET),
            expose_value=False,
            help="Tell no progress: errors alone, and what changes the meaning of the result.",
        ),
    ] = False,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose",
            "-v",
            callback=_asks_for(Loudness.VERBOSE),
            expose_value=False,
            help="Tell what is asked of AWS, a line a call, on standard error; nothing secret is in it.",
        ),
    ] = False,
) -> None:
    """Nothing: only its options are used."""


def manners() -> list[Any]:
    """The options, as a command has them."""
    alone = typer.Typer(add_completion=False)
    alone.command()(_manners)
    return [option for option in get_command(alone).params if option.name in ("quiet", "verbose")]
