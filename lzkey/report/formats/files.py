"""Reports as files: all of them are ready before the first takes its place."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from lzkey.errors import OutputError
from lzkey.files import replacing, require_files
from lzkey.report.formats import form_of, render

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lzkey.report.model import Report


def require_writable(files: Sequence[Path]) -> None:
    """Raise OutputError, before the long work, for a file that could not be written."""
    for path in files:
        form_of(path)
    require_files(files)


def write(report: Report, files: Sequence[Path]) -> None:
    """Write every file, or none; raise OutputError where one cannot be written."""
    texts = [(path, render(report, form_of(path))) for path in files]
    path = Path()
    try:
        with ExitStack() as stack:
            for path, text in texts:
                temporary = stack.enter_context(replacing(path))
                temporary.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}") from error
