"""AWS Config's configuration items: one, a history, a snapshot, or the rows of an advanced query."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key import KeyDataError, KmsKey
from landing_zone_key.key import RESOURCE_TYPE
from lzkey.aws.key_name import key_name, tags_told
from lzkey.sources.json_text import decoded
from lzkey.sources.source import Format, json_pointer, known_key, listed, members
from lzkey.sources.subject import Kind, PassedOver, Place, Unread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey import Json
    from lzkey.sources.source import Source
    from lzkey.sources.subject import Context, FoundKey

KIND: Final = Kind(
    "configuration-item", "an AWS Config configuration item, snapshot, history or advanced query"
)

#: The members that hold items, or rows, in what AWS Config stores and answers.
#: https://docs.aws.amazon.com/config/latest/developerguide/view-config-history.html
#: https://docs.aws.amazon.com/config/latest/APIReference/API_BatchGetResourceConfig.html
#: https://docs.aws.amazon.com/config/latest/APIReference/API_BatchGetAggregateResourceConfig.html
#: https://docs.aws.amazon.com/config/latest/APIReference/API_SelectResourceConfig.html
_ITEM_LISTS: Final = ("configurationItems", "baseConfigurationItems", "BaseConfigurationItems", "Results")
#: Those that name the resources of which a batch does not have the item.
_UNPROCESSED: Final = ("unprocessedResourceKeys", "UnprocessedResourceIdentifiers")
LISTS: Final = (*_ITEM_LISTS, *_UNPROCESSED)

_OF_A_KEY: Final = (None, RESOURCE_TYPE)
_ITEM: Final = frozenset({"configuration", "supplementaryConfiguration", "configurationItemStatus"})


def is_item(document: dict[str, Any]) -> bool:
    """Tell whether an object is a configuration item."""
    if "resourceType" in document:
        return bool(_ITEM & document.keys())
    return "configuration" in document and bool({"arn", "ARN", "resourceId"} & document.keys())


def is_of_a_key(item: Json) -> bool:
    """Tell whether it may be the item of a key: rows of a query may leave the type out."""
    if not isinstance(item, dict):
        return True
    return item.get("resourceType") in _OF_A_KEY and item.get("ResourceType") in _OF_A_KEY


def listed_keys(
    source: Source, document: dict[str, Any], context: Context
) -> Iterator[FoundKey | Unread | PassedOver]:
    """Whatever holds lists of items. Of a key with several, the newest alone counts: the rest is past."""
    line = source.element_lines(LISTS)
    keys: list[tuple[FoundKey | Unread, datetime | None]] = []
    newest: dict[str, datetime] = {}
    for name in LISTS:
        for index, value in enumerate(listed(document.get(name))):
            if not is_of_a_key(item := decoded(value)):
                continue
            path = (name, index)
            place = Place(source.name, KIND, json_pointer((*source.path, *path)), line(path))
            key, moment = element_key(name, item, place, context), _moment(item)
            keys.append((key, moment))
            if moment and not isinstance(key, Unread):
                newest[key.name] = max(moment, newest.get(key.name, moment))
    if not keys:
        yield PassedOver(source.place(KIND))
    for key, moment in keys:
        if isinstance(key, Unread) or moment is None or moment == newest[key.name]:
            yield key


def element_key(list_name: str, element: Json, place: Place, context: Context) -> FoundKey | Unread:
    """The key of one element of a list, of which `is_of_a_key` holds."""
    if list_name not in _UNPROCESSED:
        return item_key(element, place, context)
    name = members(element, "resourceId") or members(element, "ResourceId")
    shown = f"the key {name}" if isinstance(name, str) else "a key"
    return Unread(place, f"AWS Config has left out {shown} of its answer: ask for it again")


def item_key(item: Json, place: Place, context: Context) -> FoundKey | Unread:
    """The key of one item, of which `is_of_a_key` holds."""
    try:
        key = KmsKey.from_configuration_item(item)
    except KeyDataError as error:
        right = "an advanced query must select arn, configuration and supplementaryConfiguration"
        return Unread(place, f"{error}; {right}")
    found = known_key(key, place, context)
    tags = members(item, "tags")  # of an advanced query they are a list, which the rule does not read
    return replace(found, label=key_name(tags=tags_told(tags))) if isinstance(tags, list) else found


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
    return any(isinstance(document.get(name), list) for name in LISTS)


FORMATS: Final = (Format(KIND, lambda document, _: _has_lists(document), listed_keys, LISTS),)
