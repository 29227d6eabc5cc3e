"""Files that are there whole, or not at all; and JSON files, read as JSON is defined."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from landing_zone_key.policy.strict_json import NotJsonError, decode, require_characters
from lzkey.errors import OutputError, ParametersError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from landing_zone_key.policy.strict_json import Fault
    from lzkey import Json

_SENTENCES: Final[Mapping[Fault, str]] = {
    "syntax": "{path}, line {0.line}, column {0.column}: {0.what}",
    "twice": '{path}: the member "{0.what}" is there twice in one object; keep one',
    "constant": "{path}: {0.what} is not JSON; write a number",
    "digits": "{path} holds a number of thousands of digits",
    "depth": "{path} is nested too deeply",
    "half": "{path} holds half of a character (a lone surrogate)",
}


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


def read_json(path: Path) -> Json:
    """The value of a JSON file in UTF-8; raise ParametersError that names the file, the fault, and where."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ParametersError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ParametersError(
            f"{path} is not UTF-8: byte {error.start} is the first that is wrong"
        ) from error
    try:
        value = decode(text)
        require_characters(value)
    except NotJsonError as error:
        error.what = _cut_off(error, text) or error.what
        raise ParametersError(_SENTENCES[error.fault].format(error, path=path)) from error
    return value


def _cut_off(error: NotJsonError, text: str) -> str:
    """What is wrong with a text that ends too early; empty for other faults."""
    if error.fault != "syntax":
        return ""
    if error.what.startswith("Unterminated string"):
        return "the text that begins here has no closing quote: it is missing, or the file is cut off"
    if error.position >= len(text.rstrip()):
        return f"{error.what}, but the file ends here: it is cut off, or a bracket is not closed"
    return ""
