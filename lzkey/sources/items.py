"""AWS Config's configuration items: one, a history, a snapshot, or the rows of an advanced query."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key import KeyDataError, KmsKey
from landing_zone_key.key import RESOURCE_TYPE
from lzkey.errors import SourceError
from lzkey.sources.json_text import decoded, element_lines, read
from lzkey.sources.source import Format, json_pointer, known_key, listed, members
from lzkey.sources.subject import Kind, PassedOver, Place, Unread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey import Json
    from lzkey.sources.json_text import Path
    from lzkey.sources.source import Source
    from lzkey.sources.subject import Context, FoundKey

KIND: Final = Kind(
    "configuration-item", "an AWS Config configuration item, snapshot, history or advanced query"
)

#: The members that hold items, or rows, in what AWS Config stores and answers.
#: https://docs.aws.amazon.com/config/latest/developerguide/view-config-history.html
#: https://docs.aws.amazon.com/config/latest/APIReference/API_BatchGetResourceConfig.html
#: https://docs.aws.amazon.com/config/latest/APIReference/API_SelectResourceConfig.html
_LISTS: Final = ("configurationItems", "baseConfigurationItems", "Results")

_ITEM: Final = frozenset({"configuration", "supplementaryConfiguration", "configurationItemStatus"})


@dataclass(slots=True)
class Items:
    """A batch of items as JSON text, from a list that is read piece by piece."""

    source: str
    pointers: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)

    def add(self, pointer: str, text: str, line: int) -> None:
        """Put one more item into the batch."""
        self.pointers.append(pointer)
        self.texts.append(text)
        self.lines.append(line)

    def keys(self, context: Context) -> Iterator[FoundKey | Unread | PassedOver]:
        """Read the keys of the batch."""
        for pointer, text, line in zip(self.pointers, self.texts, self.lines, strict=True):
            place = Place(self.source, KIND, pointer, line)
            try:
                item = decoded(read(text, line))
            except SourceError as error:
                yield Unread(place, f"the item cannot be read: {error}")
            else:
                if is_of_a_key(item):
                    yield item_key(item, place, context)


def is_item(document: dict[str, Any]) -> bool:
    """Tell whether an object is a configuration item."""
    if "resourceType" in document:
        return bool(_ITEM & document.keys())
    return "configuration" in document and bool({"arn", "ARN", "resourceId"} & document.keys())


def is_of_a_key(item: Json) -> bool:
    """Tell whether it may be the item of a key: rows of a query may leave the type out."""
    return members(item, "resourceType") in (None, RESOURCE_TYPE)


def listed_keys(
    source: Source, document: dict[str, Any], context: Context
) -> Iterator[FoundKey | Unread | PassedOver]:
    """Whatever holds lists of items. Of a key with several, the newest alone counts: the rest is past."""
    lines = element_lines(source.text, _LISTS)
    keys: list[tuple[FoundKey | Unread, datetime | None]] = []
    newest: dict[str, datetime] = {}
    for name in _LISTS:
        for index, value in enumerate(listed(document.get(name))):
            if not is_of_a_key(item := decoded(value)):
                continue
            path = (name, index)
            place = Place(source.name, KIND, json_pointer(path), lines.get(path))
            key, moment = item_key(item, place, context), _moment(item)
            keys.append((key, moment))
            if moment and not isinstance(key, Unread):
                newest[key.name] = max(moment, newest.get(key.name, moment))
    if not keys:
        yield PassedOver(source.place(KIND))
    for key, moment in keys:
        if isinstance(key, Unread) or moment is None or moment == newest[key.name]:
            yield key


def one_item(
    source: Source, document: dict[str, Any], context: Context
) -> Iterator[FoundKey | Unread | PassedOver]:
    """One item, by itself or in a rule's event or notification.

    https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config_develop-rules_example-events.html
    """
    path: Path = ()
    invoking = members(document, "invokingEvent")
    if isinstance(invoking, str):
        path, document = ("invokingEvent",), decoded(invoking)
    if isinstance(item := members(document, "configurationItem"), dict):
        path, document = path or ("configurationItem",), item
    place = source.place(KIND, path)
    yield item_key(document, place, context) if is_of_a_key(document) else PassedOver(place)


def item_key(item: Json, place: Place, context: Context) -> FoundKey | Unread:
    """The key of one item, of which `is_of_a_key` holds."""
    try:
        key = KmsKey.from_configuration_item(item)
    except KeyDataError as error:
        right = "an advanced query must select arn, configuration and supplementaryConfiguration"
        return Unread(place, f"{error}; {right}")
    return known_key(key, place, context)


def may_be_a_key(value: Json, list_name: str) -> bool:
    """Tell whether an element of a long list is to be read; a list without a name may hold anything."""
    if isinstance(value, dict):
        return is_of_a_key(value) and (bool(list_name) or is_item(value))
    return bool(list_name) or (isinstance(value, str) and '"arn:' in value)


def _moment(item: object) -> datetime | None:
    """When it was captured, if it tells: the AWS CLI writes local time, or seconds since 1970."""
    captured = members(item, "configurationItemCaptureTime")
    try:
        if isinstance(captured, str):
            moment = datetime.fromisoformat(captured)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return datetime.fromtimestamp(captured, UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        return None


def _has_lists(document: dict[str, Any]) -> bool:
    return any(isinstance(document.get(name), list) for name in _LISTS)


def _has_an_item(document: dict[str, Any]) -> bool:
    return "configurationItem" in document or "invokingEvent" in document or is_item(document)


FORMATS: Final = (
    Format(KIND, lambda document, _: _has_lists(document), listed_keys, _LISTS),
    Format(KIND, lambda document, _: _has_an_item(document), one_item),
)
