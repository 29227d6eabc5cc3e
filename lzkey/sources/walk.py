"""Sources on the command line, read: files, folders and standard input become units of work."""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from lzkey.errors import SettingsError, SourceError
from lzkey.files import UNFINISHED
from lzkey.sources.batch import Items, may_be_a_key
from lzkey.sources.characters import Characters
from lzkey.sources.cloud_assembly import Assemblies
from lzkey.sources.json_text import JsonStream
from lzkey.sources.manifest import MENTIONED
from lzkey.sources.nested import beside
from lzkey.sources.recognition import LISTS, Document
from lzkey.sources.signs import is_no_data, shows_key
from lzkey.sources.source import json_pointer
from lzkey.sources.subject import UNTOLD, PassedOver, Place, Unread
from lzkey.sources.terraform_source import Declarations, declared, is_terraform_source
from lzkey.sources.together import together

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

    from lzkey.sources.subject import Context, Declared, Environment, FoundKey, Unit

#: Items in one batch.
BATCH: Final = 200
#: Characters of the largest document that is read whole: plans and states; lists of items have no limit.
LARGEST: Final = 64 << 20

#: What `--evidence` has written has answers of AWS in it, which are no sources.
_OF_A_PACK: Final = ("bagit.txt", "data/pack.json", "data/verdicts.json")
_PACK: Final = "it is an evidence pack: `lzkey verify` proves it again, and it is read where it is named"
_SKIPPED_FOLDERS: Final = frozenset({"node_modules"})  # .git, .terraform and the like are hidden
_OURS: Final = "it is being written"
_LEADS_OUT: Final = "it is a link that leads out of the folder: name what it leads to"
_JSON_BEGINS: Final = ("{", "[", '"')
_MENTIONS_KMS: Final = re.compile("kms|KeyMetadata", re.IGNORECASE)
_STANDARD_INPUT: Final = "-"
#: Bytes of a file that is looked at as a whole.
_SHORT: Final = 1 << 18


def units(
    sources: Sequence[str], *, stdin: BinaryIO, named: bool = True, ignore: Sequence[str] = ()
) -> Iterator[Unit | Unread | PassedOver | Declared]:
    """Read sources in their order: paths of files and folders, and `-` for standard input (binary).

    A folder is read with everything below it, sorted; what holds no key, or is left out, becomes
    `PassedOver`: hidden files and folders, node_modules, links that lead out of the folder, and what a
    pattern of `ignore` names. What is wrong with a source becomes one `Unread`. With `named` False, files
    that were given are taken as those of a folder: others are passed over. Memory does not grow with a list
    of configuration items, however long. Raises SettingsError where a source is not there.
    """
    for source in sources:
        if source != _STANDARD_INPUT and not os.path.lexists(source):
            raise SettingsError(f"there is no file {source}")
    yield from together(_walked(sources, stdin, _Walk(_read, named=named, ignored=tuple(ignore))))


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
    walk = _Walk(partial(_document, mentioning), named=True, ignored=tuple(ignore))
    found = (each for each in _walked(sources, stdin, walk) if isinstance(each, Document))
    yield from (each for each in found if mentioning.search(each.text))


def _walked(
    sources: Sequence[str], stdin: BinaryIO, walk: _Walk
) -> Iterator[Unit | Unread | PassedOver | Declared]:
    for source in sources:
        yield from walk.stream(source, stdin) if source == _STANDARD_INPUT else walk.path(source)


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


def _read(
    source: str, raw: BinaryIO, *, named: bool, environment: Environment
) -> Iterator[Unit | Unread | PassedOver | Declared]:
    """One stream: a long list of items in batches, anything else as one document."""
    characters, pieces = None, list[str]()
    try:
        characters = Characters(raw)
        pieces.append(characters.read())
        more = characters.read() if pieces[0] else ""
        if more and _begins_a_list(pieces[0]):
            yield from _batches(source, JsonStream(characters.read, pieces[0] + more))
            return
        pieces.append(more)
        text = _whole(characters, pieces) if more else _text(pieces[0])
    except SourceError as error:
        if named or _may_hold_keys(source, characters, pieces):
            yield Unread(Place(source), f"{source} cannot be read: {error}")
        else:
            yield PassedOver(Place(source), f"it shows no KMS key, and cannot be read: {error}")
        return
    if is_terraform_source(source):
        yield from declared(source, text, named=named)
    elif named or _MENTIONS_KMS.search(text) or MENTIONED.search(text):
        named_by_it = {} if source == _STANDARD_INPUT else beside(source, text)
        yield Document(source, text, named, environment, named_by_it)
    else:
        yield PassedOver(Place(source), "it does not mention KMS")


def _document(
    mentioning: re.Pattern[str], source: str, raw: BinaryIO, *, named: bool, environment: Environment
) -> Iterator[Document]:
    """One stream, if it is a document; a folder's programs and prose are none, and many."""
    if (not named and is_no_data(source)) or (source != _STANDARD_INPUT and _lacks(raw, mentioning)):
        return
    with suppress(SourceError):
        characters = Characters(raw)
        head = characters.read()
        more = characters.read() if head else ""
        if not (more and _begins_a_list(head)):
            text = _whole(characters, [head, more]) if more else _text(head)
            yield Document(source, text, named, environment)


def _lacks(raw: BinaryIO, wanted: re.Pattern[str]) -> bool:
    """Whether a short, plain file lacks something, for which it need not be decoded."""
    begins = raw.read(_SHORT + 1)
    raw.seek(0)
    is_plain = len(begins) <= _SHORT and b"\0" not in begins and not begins.startswith(b"\x1f\x8b")
    return is_plain and wanted.search(begins.decode("latin-1")) is None


def _may_hold_keys(source: str, characters: Characters | None, pieces: list[str]) -> bool:
    """Whether a file in a folder that cannot be read is missed: it shows a key, or is packed data."""
    if characters is None:
        return False
    begins = "".join(pieces) or characters.begins.decode("latin-1")
    if "\0" in begins:  # no text, such as an archive of anything
        return False
    packed = characters.compressed and begins.lstrip().startswith(_JSON_BEGINS)
    return packed or shows_key(source, begins)


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


def _whole(characters: Characters, pieces: list[str]) -> str:
    """All of a text whose first pieces are read; they are kept also where it is too large."""
    if not pieces[0].lstrip().startswith(_JSON_BEGINS):
        raise SourceError(
            "it is no JSON, and too large for a CloudFormation template, which has at most 1 MB"
        )
    length = sum(map(len, pieces))
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
            pointer = json_pointer(tuple(step for step in (stream.document, name) if step))
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
        yield PassedOver(Place(source), "it is a list without an item of a KMS key")


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else "its name holds a zero byte"
