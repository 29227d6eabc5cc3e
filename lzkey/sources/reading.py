"""One stream, read: a long list of items in batches, anything else as one document, packed or not."""

from __future__ import annotations

import re
from contextlib import suppress
from io import BytesIO
from typing import TYPE_CHECKING, Final

from landing_zone_key.records import dataclass
from lzkey.errors import LiveError, SourceError
from lzkey.sources.batch import Items, List, may_be_a_key
from lzkey.sources.characters import Characters
from lzkey.sources.json_text import JsonStream
from lzkey.sources.manifest import MENTIONED
from lzkey.sources.nested import beside
from lzkey.sources.recognition import LISTS, Document
from lzkey.sources.signs import is_no_data, shows_key
from lzkey.sources.subject import UNTOLD, Declared, PassedOver, Place, Unread
from lzkey.sources.terraform_source import declared, is_terraform_source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from lzkey.sources.subject import Context, Environment, FoundKey, Unit

#: Items in one batch.
BATCH: Final = 100
#: Characters of the largest document that is read whole: plans and states; lists of items have no limit.
LARGEST: Final = 64 << 20
#: Bytes of what is read by whoever judges it, who then holds it.
HANDED_OVER: Final = 4 << 20

STANDARD_INPUT: Final = "-"
_JSON_BEGINS: Final = ("{", "[", '"')
_MENTIONS_KMS: Final = re.compile("kms|KeyMetadata", re.IGNORECASE)
#: Bytes of a file that is looked at as a whole.
_SHORT: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class Packed:
    """The bytes of one file or object, of modest size, which are unpacked and read where they are judged."""

    source: str
    content: bytes
    named: bool = False
    environment: Environment = UNTOLD
    has_neighbours: bool = True
    """Whether files beside it may be named in it."""

    def units(self) -> Iterator[Unit | Unread | PassedOver]:
        """What is in it, piece by piece, however much that is; Terraform's sources are never packed."""
        raw, more = BytesIO(self.content), self.has_neighbours
        found = read(self.source, raw, named=self.named, environment=self.environment, has_neighbours=more)
        return (each for each in found if not isinstance(each, Declared))

    def keys(self, context: Context) -> Iterator[FoundKey | Unread | PassedOver]:
        """Read the keys."""
        for unit in self.units():
            if isinstance(unit, Unread | PassedOver):
                yield unit
            else:
                yield from unit.keys(context)


def read(
    source: str, raw: BinaryIO, *, named: bool, environment: Environment = UNTOLD, has_neighbours: bool = True
) -> Iterator[Unit | Unread | PassedOver | Declared]:
    """One stream: a long list of items in batches, anything else as one document.

    What is wrong with it becomes one `Unread`; an OSError or UnansweredError of the stream is the caller's.
    """
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
        named_by_it = beside(source, text) if has_neighbours and source != STANDARD_INPUT else {}
        yield Document(source, text, named, environment, named_by_it)
    else:
        yield PassedOver(Place(source), "it does not mention KMS")


def document(
    mentioning: re.Pattern[str], source: str, raw: BinaryIO, *, named: bool, environment: Environment
) -> Iterator[Document]:
    """One stream, if it is a document; a folder's programs and prose are none, and many."""
    if (not named and is_no_data(source)) or (source != STANDARD_INPUT and _lacks(raw, mentioning)):
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
    data = begins.lstrip()[:1]
    packed = characters.compressed and (not data or data in _JSON_BEGINS)
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
            of = List.of(stream.document, name)
            for index, (value, text, line) in enumerate(stream.elements()):
                if not may_be_a_key(value, name):
                    continue
                batch.elements.append((of, index, text, line))
                count += 1
                if len(batch.elements) == BATCH:
                    yield batch
                    batch = Items(source)
    except (SourceError, LiveError) as error:
        wrong = Unread(
            Place(source),
            f"{source} cannot be read to its end: {error}; {count} items before that are judged",
        )
    if batch.elements:
        yield batch
    if wrong:
        yield wrong
    elif not count:
        yield PassedOver(Place(source), "it is a list without an item of a KMS key")
