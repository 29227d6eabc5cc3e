"""Files that are there whole, or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lzkey.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a new file beside `path` that takes its place when all went well, and disappears when not."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def require_folder(path: Path) -> None:
    """Raise OutputError where a file could not be written for want of its folder: before the long work."""
    if not path.absolute().parent.is_dir():
        raise OutputError(f"{path} cannot be written: there is no folder {path.absolute().parent}")


def require_files(paths: Sequence[Path]) -> None:
    """Raise OutputError, before the long work, where not each of these could be a file of its own."""
    for path in paths:
        require_folder(path)
        if path.is_dir():
            raise OutputError(f"{path} cannot be written: it is a folder")
        if sum(path.resolve() == other.resolve() for other in paths) > 1:
            raise OutputError(f"{path} is asked for twice")


def write_text(path: Path, text: str) -> None:
    """Write a text file in one step; raise OutputError where that cannot be done."""
    try:
        with replacing(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}") from error
