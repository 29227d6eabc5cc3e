"""A result as text, in the formats that its wing has a table of: for standard output, and for files."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from lzkey.files import writing
from lzkey.terminal import guarded, paper

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

    from lzkey.files import Format


def render(result: object, form: Format) -> str:
    """The whole text, as standard output may have it; only the format's own module is imported."""
    return guarded(_rendered(result, form), form)


def write(result: object, files: Sequence[Path], formats: type[Format]) -> None:
    """Write every file, or none; raise OutputError where one cannot be written."""
    texts = [_rendered(result, formats.of(path), paper(StringIO())) for path in files]
    with writing(files) as streams:
        for stream, text in zip(streams, texts, strict=True):
            stream.write(text)


def _rendered(result: object, form: Format, console: Console | None = None) -> str:
    """What the format's module makes of it; that of `text` is told which console it is for."""
    made: str = form.maker.render(result, *((console,) if form == "text" else ()))
    return made
