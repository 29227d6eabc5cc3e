"""What explain and fix share: the keys of one KEY|FILE, one after the other, and how the command ends."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer

from lzkey.aws.address import is_address
from lzkey.check.formats.json import unreadable
from lzkey.check.run import NOTHING_FOUND, Tally
from lzkey.check.verdict import place_of
from lzkey.cli.options import show
from lzkey.cli.target import is_file, is_key
from lzkey.documents import document
from lzkey.errors import SettingsError
from lzkey.files import require_no_source, writing
from lzkey.sources import keys_in, live
from lzkey.sources.input import Input
from lzkey.sources.subject import FoundKey, PassedOver, Unread
from lzkey.terminal import output, paper, result, warn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rich.console import Console, RenderableType

    from lzkey import Json
    from lzkey.check.formats.explained import ExplainedKey
    from lzkey.check.formats.json import Unreadable
    from lzkey.check.formats.proposed import RepairedKey
    from lzkey.cli.asked import Asked
    from lzkey.files import Format
    from lzkey.sources.subject import Context

KeyOrFile = Annotated[
    str,
    typer.Argument(
        metavar="KEY|FILE",
        help="A file, a folder, - for standard input, or a live key's ARN, id or alias.",
    ),
]

_JSON: Final = "json"


@dataclass(slots=True)
class Answers:
    """What was found; as JSON it is kept until the end, as text it is told as it comes."""

    form: Format
    """What standard output gets."""
    files: Sequence[Path]
    """What else is written, each in the format of its name."""
    screens: list[tuple[Format, Console]] = field(default_factory=list)
    """Where text goes, and in which format."""
    tally: Tally = field(default_factory=Tally)
    results: list[ExplainedKey | RepairedKey | Unreadable] = field(default_factory=list)
    stdin: Input = field(default_factory=Input)

    @property
    def as_json(self) -> bool:
        """Whether anything is written as JSON."""
        return _JSON in (self.form, *map(type(self.form).of, self.files))

    def context(self, target: str, asked: Asked) -> Context:
        """What is known beside the keys; a file may tell some of it, and no result is written over it."""
        require_no_source(self.files, [target])
        return asked.context([target] if is_file(target) else [], self.stdin)

    def keys(self, target: str, asked: Asked, context: Context) -> Iterator[FoundKey]:
        """The keys; what cannot be read is told on standard error, what holds none is counted."""
        for found in _found(target, asked, context, self.stdin):
            if isinstance(found, FoundKey):
                yield found
                continue
            self.tally.count(found)
            if isinstance(found, Unread):
                self.results.append(unreadable(found))
                where = "" if found.place.source in found.message else f"{place_of(found.place)}: "
                warn(where + found.message, "bold magenta")

    @contextmanager
    def writing(self, **members: Json) -> Iterator[None]:
        """Meanwhile text is written as it is shown; at the end JSON is, with these members of the command's.

        Of the files there is none if anything is raised.
        """
        with writing(self.files) as streams:
            places = [
                (type(self.form).of(file), stream) for file, stream in zip(self.files, streams, strict=True)
            ]
            self.screens = [(form, paper(stream)) for form, stream in places if form != _JSON]
            if self.form != _JSON:
                self.screens.append((self.form, output()))
            yield
            written = {"results": self.results, **members, "exit_code": self.tally.exit_code()}
            made = json.dumps(document(written), indent=2) + "\n"
            for form, stream in places:
                if form == _JSON:
                    stream.write(made)
        if self.form == _JSON:
            result(made)

    def show(self, *parts: RenderableType) -> None:
        """Show it wherever text goes."""
        for _, screen in self.screens:
            show(screen, parts)

    def end(self) -> NoReturn:
        """End the command."""
        if self.tally.empty:
            warn(NOTHING_FOUND)
        raise typer.Exit(self.tally.exit_code())


def _found(
    target: str, asked: Asked, context: Context, stdin: Input
) -> Iterator[FoundKey | Unread | PassedOver]:
    """The keys of a file, a folder or standard input, or the live key of an ARN, id or alias."""
    if is_key(target):
        yield from live(asked.session(context.zone.home_region), context, keys=[target], landing_zone=False)
        return
    if not is_file(target) and not is_address(target):  # which is refused with what to do
        raise SettingsError(f"there is no file {target}, and it is no ARN, id or alias of a key either")
    yield from keys_in([target], context, stdin=stdin.stream)
