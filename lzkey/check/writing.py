"""Where results go: standard output, and any number of files, each there whole or not at all."""

from __future__ import annotations

import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from lzkey.check.formats import format_of, writer
from lzkey.check.run import Tally
from lzkey.errors import OutputError
from lzkey.files import replacing, require_files
from lzkey.sources.subject import PassedOver
from lzkey.terminal import messages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import TextIO

    from lzkey.check.formats import Head
    from lzkey.check.run import Judged


def require_writable(files: Sequence[Path]) -> None:
    """Raise OutputError, before the work, for a file that cannot be written or whose name says no format."""
    for path in files:
        format_of(path)
    require_files(files)


def write(
    results: Iterable[Judged], form: str, files: Sequence[Path], head: Head, exit_code: Callable[[Tally], int]
) -> Tally:
    """Write the results as they come, and count them; `exit_code` is for the formats that hold it.

    Raises OutputError where a file cannot be written; none of the files is there then.
    """
    tally = Tally()
    with ExitStack() as stack:
        opened = [(format_of(path), stack.enter_context(_file(path))) for path in files]
        writers = [writer(name, stream, head) for name, stream in [(form, sys.stdout), *opened]]
        for result in stack.enter_context(_progress(results)):
            tally.count(result)
            if not isinstance(result, PassedOver):
                for each in writers:
                    each.add(result)
        for each in writers:
            each.end(tally, exit_code(tally))
    return tally


@contextmanager
def _file(path: Path) -> Iterator[TextIO]:
    try:
        with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
            yield stream
    except BrokenPipeError:  # standard output's: nobody reads it any more
        raise
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}") from error


@contextmanager
def _progress(results: Iterable[Judged]) -> Iterator[Iterable[Judged]]:
    """Count on standard error while the results go elsewhere; on the screen they are progress enough."""
    if not sys.stderr.isatty() or sys.stdout.isatty():
        yield results
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (SpinnerColumn(), TextColumn("{task.completed:,} keys"), TimeElapsedColumn())
    with Progress(*columns, console=messages(), transient=True) as progress:
        yield progress.track(results, total=None)
