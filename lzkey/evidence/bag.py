"""A bag: a folder whose manifests name each of its files with its digest, as archives exchange them.

BagIt 1.0, RFC 8493, which any archive's tools validate. Ours is the strict kind: each manifest is complete,
nothing is fetched from elsewhere, nothing is a link, and no name needs an escape.
https://www.rfc-editor.org/rfc/rfc8493
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import secrets
import shutil
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lzkey.errors import OutputError
from lzkey.files import UNFINISHED, require_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: The first file of a bag, character by character.
DECLARATION: Final = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
BAGIT: Final = "bagit.txt"
INFO: Final = "bag-info.txt"
PAYLOAD: Final = "data"

#: RFC 8493, 2.4: those that every tool must know; SHA-512 is what it should write.
ALGORITHMS: Final = ("sha256", "sha512")
MANIFESTS: Final = tuple(f"manifest-{algorithm}.txt" for algorithm in ALGORITHMS)
TAG_MANIFESTS: Final = tuple(f"tagmanifest-{algorithm}.txt" for algorithm in ALGORITHMS)

#: A file of the payload, as we name them: nothing that a manifest would have to escape, or that systems read
#: in different ways; no part is `.` or `..`, or begins with a dot.
PATH: Final = re.compile(r"data(/[A-Za-z0-9_=][A-Za-z0-9._=-]{0,120}){1,8}", re.ASCII)

_PIECE: Final = 1 << 20


class Bag:
    """A bag that is being written into a folder of its own."""

    def __init__(self, folder: Path, name: Path) -> None:
        self._folder, self._name = folder, name
        self._tags: dict[str, str] = {}

    def file(self, path: str) -> Path:
        """Where a file of the payload is to be written, once; `path` begins with `data/`."""
        if not PATH.fullmatch(path):
            raise OutputError(f"{path!r} is no name that a file of an evidence pack can have")
        place = self._folder / path
        with _faults_of(self._name):
            place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists():
            raise OutputError(f"an evidence pack has one {path}, and there is one already")
        return place

    def write(self, path: str, content: str) -> None:
        """Write a file of the payload."""
        with _faults_of(self._name):
            self.file(path).write_bytes(content.encode())

    def open(self, path: str) -> PackFile:
        """A stream for a file of the payload."""
        return PackFile(self.file(path), self._name)

    def require_at_most(self, largest: int) -> None:
        """Raise OutputError where a file has more bytes than whoever verifies the pack would read."""
        for path in self._payload():
            size = (self._folder / path).stat().st_size
            if size > largest:
                raise OutputError(
                    f"{path} would have {size:,} bytes, and a file of a pack has {largest:,} at most: "
                    "make packs of parts of it"
                )

    def finish(self, info: Mapping[str, str]) -> bytes:
        """Write everything that is no payload; return the file that stands for all of the bag.

        That is the SHA-256 tag manifest: it names the manifests by their digests, and those each file.
        `info` is told in `bag-info.txt`, with the payload's size before it.
        """
        with _faults_of(self._name):
            return self._finish(info)

    def _finish(self, info: Mapping[str, str]) -> bytes:
        paths = sorted(self._payload())
        sizes = [(self._folder / path).stat().st_size for path in paths]
        told = {"Payload-Oxum": f"{sum(sizes)}.{len(paths)}", **info}
        self._tags[BAGIT] = DECLARATION
        self._tags[INFO] = "".join(f"{name}: {value}\n" for name, value in told.items())
        digests = {path: digests_of(self._folder / path) for path in paths}
        for algorithm, name in zip(ALGORITHMS, MANIFESTS, strict=True):
            self._tags[name] = _manifest({path: each[algorithm] for path, each in digests.items()})
        for algorithm, name in zip(ALGORITHMS, TAG_MANIFESTS, strict=True):
            listed = {
                tag: hashlib.new(algorithm, text.encode()).hexdigest() for tag, text in self._tags.items()
            }
            (self._folder / name).write_text(_manifest(listed), encoding="utf-8", newline="")
        for name, text in self._tags.items():
            (self._folder / name).write_text(text, encoding="utf-8", newline="")
        return (self._folder / TAG_MANIFESTS[0]).read_bytes()

    def beside(self, path: str, content: bytes) -> None:
        """Write a file that no manifest names, such as a signature of one of them."""
        place = self._folder / path
        with _faults_of(self._name):
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(content)

    def _payload(self) -> Iterator[str]:
        for folder, _, names in os.walk(self._folder / PAYLOAD):
            for name in names:
                yield (Path(folder) / name).relative_to(self._folder).as_posix()


class PackFile(io.TextIOWrapper):
    """A file that is written; its faults are told with the name of the pack."""

    def __init__(self, place: Path, name: Path) -> None:
        with _faults_of(name):
            super().__init__(place.open("wb"), encoding="utf-8", newline="")
        self._pack = name

    def write(self, text: str) -> int:
        """Write text."""
        with _faults_of(self._pack):
            return super().write(text)

    def close(self) -> None:
        """Write what waits, and close the file."""
        with _faults_of(self._pack):
            super().close()


def digests_of(path: Path) -> dict[str, str]:
    """The digests of a file's bytes by each algorithm; what is a link is not followed. Raises OSError."""
    found = {algorithm: hashlib.new(algorithm) for algorithm in ALGORITHMS}
    with opened(path) as descriptor:
        while piece := os.read(descriptor, _PIECE):
            for each in found.values():
                each.update(piece)
    return {algorithm: each.hexdigest() for algorithm, each in found.items()}


@contextmanager
def opened(path: Path) -> Iterator[int]:
    """The descriptor of a regular file, to be read; raises OSError for what is none, a link among them."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags | getattr(os, "O_BINARY", 0))
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, "it is no regular file")
        yield descriptor
    finally:
        os.close(descriptor)


def require_new(folder: Path) -> None:
    """Raise OutputError, before the long work, where no pack could be written there."""
    require_folder(folder)
    parent = folder.absolute().parent
    if not os.access(parent, os.W_OK | os.X_OK):
        raise OutputError(f"{folder} cannot be written: nothing new can be put into {parent}")
    try:
        status = folder.lstat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {error.strerror}") from error
    if not stat.S_ISDIR(status.st_mode):
        raise OutputError(f"{folder} cannot be written: it is no folder, and a pack is a new one")
    try:
        empty = not any(folder.iterdir())
    except OSError as error:
        raise OutputError(f"{folder} cannot be read: {error.strerror}") from error
    if not empty:
        raise OutputError(f"{folder} is not empty: a pack is written into a new folder, and replaces none")


@contextmanager
def new_bag(folder: Path) -> Iterator[Bag]:
    """A bag that is there as a whole when all went well, and not at all when not.

    It is written beside `folder` and takes that name in one step. Raises OutputError.
    """
    require_new(folder)
    place = folder.absolute()
    temporary = place.with_name(f"{UNFINISHED}{place.name}-{secrets.token_hex(4)}")
    try:
        with _faults_of(folder):
            (temporary / PAYLOAD).mkdir(parents=True)
        yield Bag(temporary, folder)
        require_new(folder)
        with _faults_of(folder):
            temporary.replace(place)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def _faults_of(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {error.strerror or error}") from error


def _manifest(digests: Mapping[str, str]) -> str:
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(digests.items()))
