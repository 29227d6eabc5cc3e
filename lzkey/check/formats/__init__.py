"""How the results of a check are written, and where: standard output, and any number of files."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from landing_zone_key.records import dataclass
from lzkey.check.run import Tally
from lzkey.files import Format, writing
from lzkey.sources.subject import PassedOver
from lzkey.terminal import guarded_stream, is_quiet, messages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path
    from typing import TextIO

    from lzkey.check.run import Entry, Judged, Only


class Form(Format):
    """The formats; the module of each has a `writer(stream, head)`."""

    TEXT = "text", "terminal", ".txt"
    JSON = "json", "json", ".json"
    CSV = "csv", "csv", ".csv"
    MARKDOWN = "markdown", "markdown", ".md", ".markdown"
    SARIF = "sarif", "sarif", ".sarif", ".sarif.json"
    JUNIT = "junit", "junit", ".xml"


class Writer(Protocol):
    """Writes to the stream that it was made with, one entry after the other."""

    def add(self, entry: Entry) -> None:
        """Write one key, or what could not be read."""

    def end(self, tally: Tally, exit_code: int) -> None:
        """Write what comes last; the stream stays open."""


@dataclass(frozen=True, slots=True)
class Head:
    """What is true of the whole check."""

    settings: Mapping[str, str]
    """The rule parameters."""
    at: datetime
    """The moment from which on requests were assumed."""
    only: tuple[Only, ...] = ()
    """What is shown; empty: everything. All of it is counted."""
    waivers: bool = False
    """Whether problems stand beside their waivers."""


def writer(form: Form, stream: TextIO, head: Head) -> Writer:
    """Make the writer of a format; only its own module is imported."""
    made: Writer = form.maker.writer(stream, head)
    return made


@runtime_checkable
class Listing(Protocol):
    """A writer that also lists what was passed over."""

    def pass_over(self, entry: PassedOver) -> None:
        """Note one."""


def write(
    results: Iterable[Judged],
    form: Form,
    files: Sequence[Path],
    head: Head,
    exit_code: Callable[[Tally], int],
) -> Tally:
    """Write what is to be shown as it comes, and count all; `exit_code` is for the formats that hold it.

    Raises OutputError where a file cannot be written; none of the files is there then.
    """
    tally = Tally(head.only)
    with writing(files) as streams:
        named = [(form, guarded_stream(sys.stdout, form)), *zip(map(Form.of, files), streams, strict=True)]
        writers = [writer(name, stream, head) for name, stream in named]
        with _progress(results) as coming:  # it puts something else in place of sys.stdout
            _add(coming, writers, tally)
        for each in writers:
            each.end(tally, exit_code(tally))
    return tally


def _add(results: Iterable[Judged], writers: Sequence[Writer], tally: Tally) -> None:
    listing = [each for each in writers if isinstance(each, Listing)]
    for result in results:
        tally.count(result)
        if isinstance(result, PassedOver):
            for each in listing:
                each.pass_over(result)
        elif tally.shows(result):
            for writer in writers:
                writer.add(result)


@contextmanager
def _progress(results: Iterable[Judged]) -> Iterator[Iterable[Judged]]:
    """Count on standard error while the results go elsewhere; on the screen they are progress enough."""
    if is_quiet() or not sys.stderr.isatty() or sys.stdout.isatty():
        yield results
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415 - slow

    columns = (SpinnerColumn(), TextColumn("{task.completed:,} keys"), TimeElapsedColumn())
    with Progress(*columns, console=messages(), transient=True) as progress:
        yield progress.track(results, total=None)
