"""Sources on the command line, read: files, folders and standard input become units of work."""

from __future__ import annotations

import os
import stat
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from lzkey.aws.address import Address, is_address
from lzkey.errors import SettingsError, UsageError
from lzkey.files import UNFINISHED
from lzkey.sources.cloud_assembly import Assemblies
from lzkey.sources.reading import HANDED_OVER, STANDARD_INPUT, Packed, document, read
from lzkey.sources.recognition import Document
from lzkey.sources.subject import UNTOLD, PassedOver, Place, Unread
from lzkey.sources.terraform_source import Declarations, is_terraform_source
from lzkey.sources.together import together

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

    from lzkey.sources.subject import Context, Declared, Environment, FoundKey, Unit


#: What `--evidence` has written has answers of AWS in it, which are no sources.
_OF_A_PACK: Final = ("bagit.txt", "data/pack.json", "data/verdicts.json")
_PACK: Final = "it is an evidence pack: `lzkey verify` proves it again, and it is read where it is named"
_SKIPPED_FOLDERS: Final = frozenset({"node_modules"})  # .git, .terraform and the like are hidden
_OURS: Final = "it is being written"
_LEADS_OUT: Final = "it is a link that leads out of the folder: name what it leads to"
_GZIP: Final = b"\x1f\x8b"


def units(
    sources: Sequence[str],
    *,
    stdin: BinaryIO,
    named: bool = True,
    ignore: Sequence[str] = (),
    remote: Remote | None = None,
) -> Iterator[Unit | Unread | PassedOver | Declared]:
    """Read sources in their order: paths of files and folders, and `-` for standard input (binary).

    A folder is read with everything below it, sorted; what holds no key, or is left out, becomes
    `PassedOver`: hidden files and folders, node_modules, links that lead out of the folder, and what a
    pattern of `ignore` names. What is wrong with a source becomes one `Unread`. With `named` False, files
    that were given are taken as those of a folder: others are passed over. Memory does not grow with a list
    of configuration items, however long. `s3://BUCKET/PREFIX` is for `remote`; see `lzkey.sources.s3`.
    Raises SettingsError where a source is not there, and UsageError for an address that is none, or is not
    taken.
    """
    for source in sources:
        if is_address(source):
            _require_taken(source, remote)
        elif source != STANDARD_INPUT and not os.path.lexists(source):
            raise SettingsError(f"there is no file {source}")
    walk = _Walk(_taken, named=named, ignored=tuple(ignore))
    yield from together(_walked(sources, stdin, walk, remote))


def _require_taken(address: str, remote: Remote | None) -> None:
    parsed = Address.parse(address)
    if remote is None:
        raise UsageError(
            f"{address} is for `lzkey check` alone: fetch the object (aws s3 cp {parsed} .), and give a file"
        )


def keys_in(
    sources: Sequence[str], context: Context, *, stdin: BinaryIO
) -> Iterator[FoundKey | Unread | PassedOver]:
    """Read the keys of sources, one after the other; see `units`. Raises SettingsError.

    Last comes what sources have declared in a language that is not read, where no other source has it.
    """
    declarations = Declarations()
    for unit in declarations.taken_from(units(sources, stdin=stdin)):
        for found in [unit] if isinstance(unit, Unread | PassedOver) else unit.keys(context):
            declarations.see(found)
            yield found
    yield from declarations.settled()


def documents(
    sources: Sequence[str], *, stdin: BinaryIO, mentioning: re.Pattern[str], ignore: Sequence[str] = ()
) -> Iterator[Document]:
    """Those of the sources' texts that are documents and mention something (ASCII); nothing of the rest."""
    walk = _Walk(partial(document, mentioning), named=True, ignored=tuple(ignore))
    found = (each for each in _walked(sources, stdin, walk) if isinstance(each, Document))
    yield from (each for each in found if mentioning.search(each.text))


def _walked(
    sources: Sequence[str], stdin: BinaryIO, walk: _Walk, remote: Remote | None = None
) -> Iterator[Unit | Unread | PassedOver | Declared]:
    for source in sources:
        if is_address(source):
            yield from remote(source) if remote else ()
            continue
        yield from walk.stream(source, stdin) if source == STANDARD_INPUT else walk.path(source)


class Remote(Protocol):
    """What reads the objects of an address."""

    def __call__(self, address: str) -> Iterator[Unit | Unread | PassedOver | Declared]:
        """Read them."""


class _Reading(Protocol):
    """What is made of one stream."""

    def __call__(
        self, source: str, raw: BinaryIO, *, named: bool, environment: Environment
    ) -> Iterator[Unit | Unread | PassedOver | Declared]:
        """Read it."""


class _Walk:
    """What is the same for all sources."""

    def __init__(self, reading: _Reading, *, named: bool, ignored: tuple[str, ...]) -> None:
        self._reading = reading
        self._named, self._ignored, self._assemblies = named, ignored, Assemblies()

    def stream(self, source: str, raw: BinaryIO) -> Iterator[Unit | Unread | PassedOver | Declared]:
        """Standard input."""
        yield from self._reading(source, raw, named=self._named, environment=UNTOLD)

    def path(self, source: str) -> Iterator[Unit | Unread | PassedOver | Declared]:
        """A file or a folder that was given."""
        if reason := self._ignoring(source, source):
            yield PassedOver(Place(source), reason)
            return
        try:
            mode = os.stat(source).st_mode  # noqa: PTH116 - names may be no path at all
        except (OSError, ValueError) as error:
            yield Unread(Place(source), f"{source} cannot be read: {_reason(error)}")
            return
        if stat.S_ISDIR(mode):
            yield from self._folder(source)
        else:
            yield from self._file(source, named=self._named, mode=mode)

    def _folder(self, folder: str) -> Iterator[Unit | Unread | PassedOver | Declared]:
        """A folder in the order of its names. Each folder is read once, whichever way links lead to it."""
        waiting, root = [Path(folder)], Path(os.path.realpath(folder))
        seen: set[tuple[int, int]] = set()
        while waiting:
            here = waiting.pop()
            path = str(here) if waiting or seen else folder
            if reason := self._left_out(here, folder, root) if seen else "":
                if reason is not _OURS:
                    yield PassedOver(Place(path), reason, told=reason in (_LEADS_OUT, _PACK))
                continue
            try:
                status = here.stat()
                if not stat.S_ISDIR(status.st_mode):
                    yield from self._file(path, named=False, mode=status.st_mode)
                    continue
                identity = (status.st_dev, status.st_ino)
                if identity in seen:
                    yield _seen_before(path)
                    continue
                seen.add(identity)
                waiting += sorted(here.iterdir(), key=lambda each: each.name, reverse=True)
            except OSError as error:
                yield Unread(Place(path), f"{path} cannot be read: {_reason(error)}")

    def _left_out(self, here: Path, folder: str, root: Path) -> str:
        """Why something in a folder is not looked at; empty where it is."""
        name = here.name
        if name.startswith(UNFINISHED):
            return _OURS
        if name.startswith(".") or name in _SKIPPED_FOLDERS:
            why = "its name begins with a dot" if name.startswith(".") else f"it is {name}"
            return f"{why}: it is read where it is named"
        if all((here / each).is_file() for each in _OF_A_PACK):
            return _PACK
        leads_out = here.is_symlink() and not Path(os.path.realpath(here)).is_relative_to(root)
        return self._ignoring(str(here), folder) or (_LEADS_OUT if leads_out and here.exists() else "")

    def _ignoring(self, path: str, folder: str) -> str:
        """That a pattern names a path, from the folder on or as it is given, or its last part."""
        for pattern in self._ignored:
            inside = os.path.relpath(path, folder) if path != folder else path
            if any(fnmatchcase(each, pattern.rstrip("/")) for each in (inside, path, Path(path).name)):
                return f"it is ignored, by --ignore {pattern}"
        return ""

    def _file(self, path: str, *, named: bool, mode: int) -> Iterator[Unit | Unread | PassedOver | Declared]:
        if not stat.S_ISREG(mode):
            yield _no_file(path, named=named)
            return
        try:
            with Path(path).open("rb") as raw:
                environment = self._assemblies.environment(path)
                yield from self._reading(path, raw, named=named, environment=environment)
        except OSError as error:
            yield Unread(Place(path), f"{path} cannot be read: {_reason(error)}")


def _seen_before(path: str) -> PassedOver:
    """A link back to a folder that it is in is a loop; one to another folder is only superfluous."""
    is_loop = Path(path).parent.resolve().is_relative_to(Path(path).resolve())
    where = "it is in itself, a loop" if is_loop else "is read already"
    return PassedOver(Place(path), f"it is a link to a folder that {where}: it is not followed")


def _no_file(path: str, *, named: bool) -> Unread | PassedOver:
    if not named:
        return PassedOver(Place(path), "it is a pipe or a device, no file")
    message = f"{path} is a pipe or a device, no file; pipe what it holds into `lzkey check -`"
    return Unread(Place(path), message)


def _taken(
    source: str, raw: BinaryIO, *, named: bool, environment: Environment
) -> Iterator[Unit | Unread | PassedOver | Declared]:
    """One stream; of a folder's packed files the bytes, which are unpacked by whoever judges them."""
    if not named and source != STANDARD_INPUT and not is_terraform_source(source):
        begins = raw.read(len(_GZIP))
        content = begins + raw.read(HANDED_OVER) if begins == _GZIP else b""
        if 0 < len(content) <= HANDED_OVER:
            yield Packed(source, content, environment=environment)
            return
        raw.seek(0)
    yield from read(source, raw, named=named, environment=environment)


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else "its name holds a zero byte"
