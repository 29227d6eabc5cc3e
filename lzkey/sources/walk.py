"""Sources on the command line, read: files, folders and standard input become units of work."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lzkey.errors import SourceError
from lzkey.sources.characters import Characters
from lzkey.sources.cloud_assembly import Assemblies
from lzkey.sources.items import Items, may_be_a_key
from lzkey.sources.json_text import JsonStream
from lzkey.sources.recognition import LISTS, Document
from lzkey.sources.source import json_pointer
from lzkey.sources.subject import UNTOLD, PassedOver, Place, Unread

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

    from lzkey.sources.subject import Environment, Unit

#: Items in one batch.
BATCH: Final = 200
#: Characters of the largest document that is read whole: plans and states; lists of items have no limit.
LARGEST: Final = 64 << 20

_SKIPPED_FOLDERS: Final = frozenset({"node_modules"})  # .git, .terraform and the like are hidden
_MENTIONS_KMS: Final = re.compile("kms", re.IGNORECASE)
_STANDARD_INPUT: Final = "-"


def units(
    sources: Sequence[str], *, stdin: BinaryIO, named: bool = True
) -> Iterator[Unit | Unread | PassedOver]:
    """Read sources in their order: paths of files and folders, and `-` for standard input (binary).

    A folder is read with everything below it, sorted; hidden files and folders, and node_modules, are left
    out, and files without a key become `PassedOver`. What is wrong with a source becomes one `Unread`.
    With `named` False, files that were given are taken as those of a folder: others are passed over. Memory
    does not grow with a list of configuration items, however long.
    """
    assemblies = Assemblies()
    for source in sources:
        if source == _STANDARD_INPUT:
            yield from _read(source, stdin, named=named, environment=UNTOLD)
        else:
            yield from _path(source, assemblies, named=named)


def _path(source: str, assemblies: Assemblies, *, named: bool) -> Iterator[Unit | Unread | PassedOver]:
    try:
        is_folder = stat.S_ISDIR(os.stat(source).st_mode)  # noqa: PTH116 - names may be no path at all
    except (OSError, ValueError) as error:
        yield Unread(Place(source), f"{source} cannot be read: {_reason(error)}")
        return
    if is_folder:
        yield from _folder(source, assemblies)
    else:
        yield from _file(source, assemblies, named=named)


def _folder(folder: str, assemblies: Assemblies) -> Iterator[Unit | Unread | PassedOver]:
    """A folder in the order of its names. Each folder is read once, whichever way links lead to it."""
    waiting, seen = [folder], set()
    while waiting:
        path = waiting.pop()
        try:
            status = Path(path).stat()
            if not stat.S_ISDIR(status.st_mode):
                yield from _file(path, assemblies, named=False)
                continue
            identity = (status.st_dev, status.st_ino)
            if identity in seen:
                yield from _seen_before(path)
                continue
            seen.add(identity)
            names = sorted((each.name for each in Path(path).iterdir()), reverse=True)
        except OSError as error:
            yield Unread(Place(path), f"{path} cannot be read: {_reason(error)}")
            continue
        waiting += [str(Path(path, name)) for name in names if not _is_skipped(name)]


def _seen_before(path: str) -> Iterator[Unread]:
    """A link back to a folder that it is in is a loop; one to another folder is only superfluous."""
    if Path(path).parent.resolve().is_relative_to(Path(path).resolve()):
        yield Unread(
            Place(path), f"{path} is a link to a folder that it is in itself, a loop; it is not followed"
        )


def _is_skipped(name: str) -> bool:
    return name.startswith(".") or name in _SKIPPED_FOLDERS


def _file(path: str, assemblies: Assemblies, *, named: bool) -> Iterator[Unit | Unread | PassedOver]:
    try:
        if not stat.S_ISREG(Path(path).stat().st_mode):
            yield _no_file(path, named=named)
            return
        with Path(path).open("rb") as raw:
            yield from _read(path, raw, named=named, environment=assemblies.environment(path))
    except OSError as error:
        yield Unread(Place(path), f"{path} cannot be read: {_reason(error)}")


def _no_file(path: str, *, named: bool) -> Unread | PassedOver:
    if not named:
        return PassedOver(Place(path))
    message = f"{path} is a pipe or a device, no file; pipe what it holds into `lzkey check -`"
    return Unread(Place(path), message)


def _read(
    source: str, raw: BinaryIO, *, named: bool, environment: Environment
) -> Iterator[Unit | Unread | PassedOver]:
    """One stream: a long list of items in batches, anything else as one document."""
    characters = None
    try:
        characters = Characters(raw)
        head = characters.read()
        more = characters.read() if head else ""
        if more and _begins_a_list(head):
            yield from _batches(source, JsonStream(characters.read, head + more))
            return
        text = _whole(characters, head, more) if more else _text(head)
    except SourceError as error:
        if named or (characters is not None and _may_hold_keys(characters)):
            yield Unread(Place(source), f"{source} cannot be read: {error}")
        else:
            yield PassedOver(Place(source))
        return
    if named or _MENTIONS_KMS.search(text):
        yield Document(source, text, named, environment)
    else:
        yield PassedOver(Place(source))


def _may_hold_keys(characters: Characters) -> bool:
    """Whether a file in a folder that cannot be read is missed: it looks like text with something of KMS."""
    begins = characters.begins
    return characters.compressed or (b"\0" not in begins and b"kms" in begins.lower())


def _begins_a_list(head: str) -> bool:
    """Whether a long list of items begins in the first million characters."""
    try:
        return next(JsonStream(str, head).lists(LISTS), None) is not None
    except SourceError:
        return False


def _text(text: str) -> str:
    if "\0" in text:
        raise SourceError("it is a binary file, or holds zero bytes; JSON and YAML have none")
    return text


def _whole(characters: Characters, *begins: str) -> str:
    if not begins[0].lstrip().startswith(("{", "[", '"')):
        raise SourceError(
            "it is no JSON, and too large for a CloudFormation template, which has at most 1 MB"
        )
    pieces, length = list(begins), sum(map(len, begins))
    while piece := characters.read():
        pieces.append(piece)
        length += len(piece)
        if length > LARGEST:
            raise SourceError(
                f"it has more than {LARGEST >> 20} MB; only lists of configuration items may have more"
            )
    return _text("".join(pieces))


def _batches(source: str, stream: JsonStream) -> Iterator[Unit | Unread | PassedOver]:
    """The items of keys, in batches; what is wrong ends them, and is told after them."""
    count, batch, wrong = 0, Items(source), None
    try:
        for name in stream.lists(LISTS):
            pointer = json_pointer((name,) if name else ())
            for index, (value, text, line) in enumerate(stream.elements()):
                if not may_be_a_key(value, name):
                    continue
                batch.add(f"{pointer}/{index}", text, line)
                count += 1
                if len(batch.texts) == BATCH:
                    yield batch
                    batch = Items(source)
    except SourceError as error:
        wrong = Unread(
            Place(source),
            f"{source} cannot be read to its end: {error}; {count} items before that are judged",
        )
    if batch.texts:
        yield batch
    if wrong:
        yield wrong
    elif not count:
        yield PassedOver(Place(source))


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else "its name holds a zero byte"
