"""Files: the format that a name asks for, new ones whole or not at all, and JSON as JSON is defined."""

from __future__ import annotations

import io
import os
import secrets
import stat
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from landing_zone_key.policy.strict_json import NotJsonError, decode, require_characters
from lzkey.errors import OutputError, ParametersError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from types import ModuleType
    from typing import TextIO

    from landing_zone_key.policy.strict_json import Fault
    from lzkey import Json

#: Other words for formats: those that people know from elsewhere, or that a table's first row once had.
_OTHER_WORDS: Final[Mapping[str, str]] = {"md": "markdown", "table": "text"}

#: What the name of a file that is not finished begins with.
UNFINISHED: Final = ".lzkey-"

_SENTENCES: Final[Mapping[Fault, str]] = {
    "syntax": "{path}, line {0.line}, column {0.column}: {0.what}",
    "twice": '{path}, line {0.line}: the member "{0.what}" is there twice in one object; keep one',
    "constant": "{path}: {0.what} is not JSON; write a number",
    "digits": "{path} holds a number of thousands of digits",
    "depth": "{path} is nested too deeply",
    "half": "{path} holds half of a character (a lone surrogate)",
}


class Format(StrEnum):
    """What results can be written as; a table of formats is a subclass, with a member for each row.

    A row is the option's word for it, the module beside the table that writes it, empty where the command
    does, and the ends of the names of such files. The first row is for people, and `text` always means it.
    """

    module: str
    suffixes: tuple[str, ...]

    def __new__(cls, word: str, module: str, *suffixes: str) -> Self:
        """Make the member of a row."""
        made = str.__new__(cls, word)
        made._value_ = word
        made.module = module
        made.suffixes = suffixes
        return made

    @classmethod
    def named(cls, word: str) -> Self | None:
        """The format of an option's word; None where it is no format's."""
        rows = {"text": next(iter(cls)), **{form.value: form for form in cls}}
        return rows.get(_OTHER_WORDS.get(word.lower(), word.lower()))

    @classmethod
    def words(cls) -> str:
        """The words for all of them, for people."""
        return ", ".join(f"{form} (or md)" if form == "markdown" else form for form in cls)

    @classmethod
    def of(cls, path: Path) -> Self:
        """The format that a file's name asks for, the longest suffix counts; OutputError where for none."""
        rows = {suffix: form for form in cls for suffix in form.suffixes}
        found = [suffix for suffix in rows if path.name.lower().endswith(suffix)]
        if not found:
            raise OutputError(f"{path}: the suffix says the format; it is one of {', '.join(rows)}")
        return rows[max(found, key=len)]

    @property
    def maker(self) -> ModuleType:
        """The module that writes it, imported when it is asked for."""
        return import_module(f"{type(self).__module__}.{self.module}")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A new file beside `path` that takes its place when all went well, and disappears when not.

    A link stays, and the file that it leads to is replaced. A file that is there keeps its mode; a new one
    has what the umask leaves. Raises OutputError where there can be none, or it cannot take the place.
    """
    target = Path(os.path.realpath(path))
    with _faults_of(path):
        mode = _mode_of(target, path)
        temporary = target.with_name(f"{UNFINISHED}{target.name}-{secrets.token_hex(4)}")
        first = 0o666 if mode is None else mode | stat.S_IRUSR | stat.S_IWUSR
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, first))
    try:
        yield temporary
        with _faults_of(path):
            if mode is not None:
                temporary.chmod(mode)
            temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _mode_of(target: Path, path: Path) -> int | None:
    """The permissions of a file that is to be replaced; None where there is none."""
    try:
        status = target.lstat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        raise OutputError(f"{path} cannot be written: what is there is not a file")
    return stat.S_IMODE(status.st_mode)


def require_folder(path: Path) -> None:
    """Raise OutputError where a file could not be written for want of its folder: before the long work."""
    if not path.absolute().parent.is_dir():
        raise OutputError(f"{path} cannot be written: there is no folder {path.absolute().parent}")


def require_files(paths: Sequence[Path], formats: type[Format]) -> None:
    """Raise OutputError, before the long work, where not each of these could be a file of its own format."""
    for path in paths:
        formats.of(path)
        require_folder(path)
        if path.is_dir():
            raise OutputError(f"{path} cannot be written: it is a folder")
        if sum(path.resolve() == other.resolve() for other in paths) > 1:
            raise OutputError(f"{path} is asked for twice")


def require_no_source(paths: Sequence[Path], sources: Iterable[str]) -> None:
    """Raise OutputError where a result would be written over what it is the result of."""
    read = {Path(source).resolve() for source in sources if Path(source).is_file()}
    for path in paths:
        if path.resolve() in read:
            raise OutputError(f"{path} is what is read: give the result another name")


@contextmanager
def writing(paths: Sequence[Path]) -> Iterator[list[TextIO]]:
    """A stream for each new text file; all are complete before the first takes its place.

    Raises OutputError where one cannot be written; where anything is raised, none of them is there.
    """
    with ExitStack() as places:
        temporaries = [places.enter_context(replacing(path)) for path in paths]
        with ExitStack() as streams:
            yield [streams.enter_context(_Stream(*pair)) for pair in zip(temporaries, paths, strict=True)]


def write_text(path: Path, text: str) -> None:
    """Write a text file in one step; raise OutputError where that cannot be done."""
    with writing([path]) as (stream,):
        stream.write(text)


class _Stream(io.TextIOWrapper):
    """A file that is written; its faults are told with the name that it will have."""

    def __init__(self, temporary: Path, path: Path) -> None:
        super().__init__(temporary.open("wb"), encoding="utf-8", newline="")
        self._path = path

    def write(self, text: str) -> int:
        """Write text."""
        with _faults_of(self._path):
            return super().write(text)

    def close(self) -> None:
        """Write what waits, and close the file."""
        with _faults_of(self._path):
            super().close()


@contextmanager
def _faults_of(path: Path) -> Iterator[None]:
    try:
        yield
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
