"""A bag checked strictly: what differs from what its manifests say, file by file; and its files, read.

More is refused than RFC 8493 asks, because a pack needs none of it: links, files to fetch, files in no
manifest, names that need an escape or that some systems take for the same. What a bag holds is trusted in
nothing: sizes are bounded, and no name leads out of the folder.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import unicodedata
from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from landing_zone_key.policy.strict_json import NotJsonError, decode
from landing_zone_key.records import dataclass
from lzkey.errors import PackError
from lzkey.evidence.bag import (
    BAGIT,
    DECLARATION,
    INFO,
    MANIFESTS,
    PATH,
    PAYLOAD,
    TAG_MANIFESTS,
    digests_of,
    opened,
)
from lzkey.terminal import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from lzkey import Json

#: Files of a pack at most: those of some hundred keys, and not what fills a disk.
MOST_FILES: Final = 20_000
#: Folders below one another at most.
_DEEPEST: Final = 10
#: Bytes at most of what is read at once: a report or a check of some hundred thousand keys.
LARGEST: Final = 256 << 20
#: Bytes at most of what is not payload.
_LARGEST_TAG: Final = 8 << 20

_TAGS: Final = (BAGIT, INFO, *MANIFESTS)
_LINE: Final = re.compile(r"([0-9A-Fa-f]+)[ \t]+(?:\*|\./)?(.+)")
_OXUM: Final = re.compile(r"^Payload-Oxum:[ \t]*([0-9]{1,18})\.([0-9]{1,9})[ \t]*$", re.MULTILINE | re.ASCII)
_SHOWN: Final = 120
_PIECE: Final = 1 << 20


class Damage(StrEnum):
    """What is wrong with a file of a bag."""

    CHANGED = "changed"
    MISSING = "missing"
    ADDED = "added"
    MALFORMED = "malformed"
    """It is not what such a file must be."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that differs from what the manifests say, or from what a bag is."""

    damage: Damage
    path: str
    """As the pack has it: whatever somebody wrote."""
    detail: str

    def __str__(self) -> str:
        """A sentence, with nothing that would drive a terminal."""
        return one_line(f"{self.path[:_SHOWN]}: {self.detail}")


@dataclass(frozen=True, slots=True)
class Checked:
    """What checking a bag came to, and its files as its manifest has them."""

    folder: Path
    faults: tuple[Fault, ...]
    digests: Mapping[str, str] = field(default_factory=dict)
    """The SHA-256 of each file of the payload, as it is on the disk, by its path."""
    files: int = 0

    def read(self, path: str) -> bytes:
        """The bytes of a file of the payload that has been checked; raise PackError where they are others."""
        if path not in self.digests:
            raise PackError(f"the pack has no {path}")
        read = content(self.folder, path, LARGEST)
        if hashlib.sha256(read).hexdigest() != self.digests[path]:
            raise PackError(f"{path} was changed while it was read")
        return read

    def json(self, path: str) -> Json:
        """The value of a JSON file of the payload; raise PackError where there is none."""
        return decoded(self.read(path), path)

    def under(self, folder: str) -> list[str]:
        """The files of the payload below a folder, ordered by name."""
        return sorted(path for path in self.digests if path.startswith(f"{folder}/"))


def decoded(text: bytes, path: str) -> Json:
    """The value of JSON text in UTF-8, each member once; raise PackError that names the file."""
    try:
        value = decode(text.decode())
    except UnicodeDecodeError as error:
        raise PackError(f"{path} is not UTF-8: byte {error.start} is the first that is wrong") from error
    except NotJsonError as error:
        where = f", line {error.line}, column {error.column}" if error.line else ""
        raise PackError(
            f"{path} is no JSON{where}: {one_line(error.what)[:_SHOWN] or error.fault}"
        ) from error
    return value


def check(folder: Path, beside: tuple[str, ...] = ()) -> Checked:
    """Check a bag; `beside` names the files that no manifest has and that may be there.

    Raises PackError where the folder is no bag at all, of another version of BagIt, or too large to be one
    of ours.
    """
    _require_bag(folder)
    there, faults = _walked(folder)
    listed = {name: _listed(folder, name, faults) for name in (*MANIFESTS, *TAG_MANIFESTS) if name in there}
    payload = {path for path in there if path.startswith(f"{PAYLOAD}/")}
    tags = there.keys() - payload - {*TAG_MANIFESTS} - {*beside}
    known = {name for names in listed.values() for name in names}
    faults += [_added(path) for path in sorted(payload | tags) if path not in known]
    for name in (*_TAGS, *TAG_MANIFESTS):
        if name not in there:
            faults.append(Fault(Damage.MISSING, name, "it is missing, and every pack has it"))
    digests = _digests(folder, sorted(known & (payload | tags)), there, faults)
    for name, entries in listed.items():
        wanted = payload if name in MANIFESTS else {*_TAGS}
        faults += _compared(name, entries, wanted & known, digests, there)
    faults += _sizes(folder, there)
    once = tuple(dict.fromkeys(faults))
    sha256 = {path: digests[path]["sha256"] for path in sorted(payload & digests.keys())}
    return Checked(folder, once, sha256, len(there))


def _require_bag(folder: Path) -> None:
    """Raise PackError where the folder is no bag of version 1.0."""
    try:
        status = folder.stat()
    except OSError as error:
        raise PackError(f"{folder} cannot be read: {error.strerror}") from error
    if not stat.S_ISDIR(status.st_mode):
        raise PackError(f"{folder} is no folder: a pack is the folder that `--evidence` has written")
    if not (folder / BAGIT).is_file():
        raise PackError(f"{folder} is no evidence pack: it has no {BAGIT}")
    try:
        declared = content(folder, BAGIT, _LARGEST_TAG).decode("utf-8", "replace")
    except PackError as error:
        raise PackError(f"{folder} is no evidence pack: {error}") from error
    lines = declared.splitlines()
    if lines != DECLARATION.splitlines():
        first = one_line(lines[0] if lines else "")[:_SHOWN]
        raise PackError(f"{folder}: {BAGIT} begins with {first!r}; a pack is a bag of BagIt 1.0, in UTF-8")


def _walked(folder: Path) -> tuple[dict[str, int], list[Fault]]:
    """The regular files with their sizes, and a fault for each link and each other thing."""
    found: dict[str, int] = {}
    faults: list[Fault] = []
    alike: dict[str, str] = {}
    for path, status in _entries(folder, "", 0):
        if stat.S_ISREG(status.st_mode):
            found[path] = status.st_size
        elif not stat.S_ISDIR(status.st_mode):
            what = "a link" if stat.S_ISLNK(status.st_mode) else "no regular file"
            faults.append(Fault(Damage.MALFORMED, path, f"it is {what}, which no pack holds"))
        form = unicodedata.normalize("NFC", path).casefold()
        if form in alike:
            also = f"some systems take the name for the same as {alike[form]}"
            faults.append(Fault(Damage.MALFORMED, path, also))
        alike.setdefault(form, path)
        if len(found) > MOST_FILES:
            raise PackError(f"{folder} has more than {MOST_FILES:,} files, as no evidence pack has")
    return found, faults


def _entries(folder: Path, below: str, depth: int) -> Iterator[tuple[str, os.stat_result]]:
    if depth > _DEEPEST:
        raise PackError(f"{folder} has folders in folders in folders, as no evidence pack has")
    try:
        with os.scandir(folder / below if below else folder) as entries:
            ordered = sorted(entries, key=lambda entry: entry.name)
            for entry in ordered:
                path, status = f"{below}{entry.name}", entry.stat(follow_symlinks=False)
                yield path, status
                if stat.S_ISDIR(status.st_mode):
                    yield from _entries(folder, f"{path}/", depth + 1)
    except OSError as error:
        raise PackError(f"{folder / below} cannot be read: {error.strerror}") from error


def _digests(
    folder: Path, paths: list[str], sizes: Mapping[str, int], faults: list[Fault]
) -> dict[str, dict[str, str]]:
    """The digests of files; one that cannot be read, or would be read for hours, becomes a fault."""
    found: dict[str, dict[str, str]] = {}
    for path in paths:
        if sizes[path] > LARGEST:
            told = f"it has {sizes[path]:,} bytes, and is not read: a file of a pack has {LARGEST:,} at most"
            faults.append(Fault(Damage.MALFORMED, path, told))
            continue
        try:
            found[path] = digests_of(folder / path)
        except OSError as error:
            faults.append(Fault(Damage.CHANGED, path, f"it cannot be read: {error.strerror or error}"))
    return found


def _listed(folder: Path, name: str, faults: list[Fault]) -> dict[str, str]:
    """The entries of a manifest, digests by path; what is none becomes a fault."""
    try:
        text = content(folder, name, _LARGEST_TAG).decode()
    except (PackError, UnicodeDecodeError) as error:
        what = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        faults.append(Fault(Damage.MALFORMED, name, what))
        return {}
    algorithm = name.rpartition("-")[2].removesuffix(".txt")
    length = hashlib.new(algorithm).digest_size * 2
    entries: dict[str, str] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line:
            continue
        found = _LINE.fullmatch(line)
        digest, path = found.groups() if found else ("", "")
        why = _why_no_entry(name, digest, path, length, known=path in entries)
        if why:
            faults.append(Fault(Damage.MALFORMED, name, f"line {number} {why}: {line[:_SHOWN]!r}"))
        else:
            entries[path] = digest.lower()
    return entries


def _why_no_entry(name: str, digest: str, path: str, length: int, *, known: bool) -> str:
    """Why a line of a manifest is none that a pack has; empty where it is one."""
    if len(digest) != length:
        return "has no digest of this manifest's kind"
    if known:
        return "names a file for the second time"
    if name in MANIFESTS:
        return "" if PATH.fullmatch(path) else "names no file that a pack has in data/"
    return "" if path in _TAGS else "names no file that a tag manifest of a pack has"


def _added(path: str) -> Fault:
    if path == "fetch.txt":
        return Fault(Damage.ADDED, path, "it says where to fetch files, and a pack has all of its own")
    return Fault(Damage.ADDED, path, "it was added: no manifest names it")


def _compared(
    name: str,
    entries: Mapping[str, str],
    wanted: set[str],
    digests: Mapping[str, Mapping[str, str]],
    there: Mapping[str, int],
) -> Iterator[Fault]:
    """What a manifest says, against what there is; `wanted` is what it must name."""
    algorithm = name.rpartition("-")[2].removesuffix(".txt")
    for path, digest in entries.items():
        if path not in there:
            yield Fault(Damage.MISSING, path, f"it is missing: {name} names it")
        elif path in digests and digests[path][algorithm] != digest:
            yield Fault(Damage.CHANGED, path, "it was changed: its digest is not the manifest's")
    for path in sorted(wanted - entries.keys()):
        yield Fault(Damage.MALFORMED, name, f"it does not name {path}, as another manifest does")


def _sizes(folder: Path, there: Mapping[str, int]) -> Iterator[Fault]:
    """Whether `bag-info.txt` tells the number and size of the payload's files."""
    if INFO not in there:
        return
    try:
        told = _OXUM.findall(content(folder, INFO, _LARGEST_TAG).decode("utf-8", "replace"))
    except PackError as error:
        yield Fault(Damage.MALFORMED, INFO, str(error))
        return
    payload = [size for path, size in there.items() if path.startswith(f"{PAYLOAD}/")]
    if [tuple(map(int, each)) for each in told] != [(sum(payload), len(payload))]:
        is_now = f"there are {len(payload):,} files of {sum(payload):,} bytes together"
        yield Fault(Damage.MALFORMED, INFO, f"its Payload-Oxum says otherwise: {is_now}")


def content(folder: Path, path: str, largest: int) -> bytes:
    """The bytes of a file; raise PackError where it cannot be read or is larger than that."""
    try:
        with opened(folder / path) as descriptor:
            found = bytearray()
            while piece := os.read(descriptor, _PIECE):
                found += piece
                if len(found) > largest:
                    raise PackError(f"{path} has more than {largest:,} bytes, as no such file of a pack has")
    except OSError as error:
        raise PackError(f"{path} cannot be read: {error.strerror or error}") from error
    return bytes(found)
