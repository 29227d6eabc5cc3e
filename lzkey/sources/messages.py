"""What AWS Config sends: to rules, to Amazon EventBridge and to Amazon SNS, and as Amazon SQS hands it on.

https://docs.aws.amazon.com/config/latest/developerguide/monitor-config-with-cloudwatchevents.html
https://docs.aws.amazon.com/config/latest/developerguide/notifications-for-AWS-Config.html
https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config_develop-rules_example-events.html
https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key.records import dataclass
from lzkey.sources.items import KIND, is_item, is_of_a_key, item_key
from lzkey.sources.json_text import decoded
from lzkey.sources.source import Format, listed, members
from lzkey.sources.subject import PassedOver, Unread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey import Json
    from lzkey.sources.json_text import Path
    from lzkey.sources.source import Source
    from lzkey.sources.subject import Context, FoundKey

#: In a message, and in what GetAggregateResourceConfig answers.
_ITEMS: Final = ("configurationItem", "ConfigurationItem")
_SUMMARY: Final = "configurationItemSummary"
_TYPE: Final = "messageType"
_BATCHES: Final = ("Records", "Messages")
_WRAPPINGS: Final = ("detail", "invokingEvent", "Sns", "Message", "body", "Body")
#: One of them every message has, and few other documents have.
_MEMBERS: Final = frozenset({*_ITEMS, _SUMMARY, _TYPE, *_BATCHES, *_WRAPPINGS})
_OF_CONFIG: Final = re.compile("(?:Oversized)?Config|Compliance|Scheduled")

_WHAT: Final = {
    "OversizedConfigurationItemChangeNotification": "the item is too large for a message, which sums it up",
    "ComplianceChangeNotification": "it tells how a rule has judged a key, and not what the key is like",
    "ScheduledNotification": "it only starts a periodic rule",
}
_INSTEAD: Final = (
    "the answer of `aws configservice get-resource-config-history --resource-type AWS::KMS::Key "
    "--resource-id {}`"
)


@dataclass(frozen=True, slots=True)
class _Message:
    """What is inside of the wrappings."""

    body: dict[str, Any]
    path: Path
    in_text: bool
    """Whether the path leads to JSON text, which holds it."""


def is_message(document: dict[str, Any]) -> bool:
    """Tell whether it holds a message of AWS Config, however often it is wrapped."""
    if is_item(document):
        return True
    maybe = not _MEMBERS.isdisjoint(document)
    return maybe and any(_is_of_config(message.body) for message in _messages(document))


def message_keys(
    source: Source, document: dict[str, Any], context: Context
) -> Iterator[FoundKey | Unread | PassedOver]:
    """The key of each message; where there is no item in it, what to give in its place."""
    for message in _messages(document):
        if _is_of_config(message.body):
            yield _key(source, message, context)


def _messages(value: Json, path: Path = (), *, in_text: bool = False) -> Iterator[_Message]:
    """Take the wrappings off: a message may be in text, in an event, and in several of both."""
    if isinstance(value, str):
        value, in_text = decoded(value), True
    if not isinstance(value, dict):
        return
    inner = [] if _is_of_config(value) else list(_wrapped(value))
    if not inner:
        yield _Message(value, path, in_text)
    for steps, each in inner:
        yield from _messages(each, path if in_text else (*path, *steps), in_text=in_text)


def _wrapped(value: dict[str, Any]) -> Iterator[tuple[Path, Json]]:
    """What an event, a notification, a record or a batch of them has inside, with its place there."""
    for batch in _BATCHES:
        for index, record in enumerate(listed(value.get(batch))):
            yield (batch, index), record
    for name in _WRAPPINGS:
        if isinstance(value.get(name), dict | str):
            yield (name,), value[name]


def _is_of_config(body: dict[str, Any]) -> bool:
    if any(isinstance(body.get(name), dict) for name in (*_ITEMS, _SUMMARY)) or is_item(body):
        return True
    return _OF_CONFIG.match(str(body.get(_TYPE))) is not None


def _key(source: Source, message: _Message, context: Context) -> FoundKey | Unread | PassedOver:
    body, path = message.body, message.path
    name = next((name for name in _ITEMS if isinstance(body.get(name), dict)), None)
    if name is not None:
        body, path = body[name], path if message.in_text else (*path, name)
    place = source.place(KIND, path)
    if not is_of_a_key(members(body, _SUMMARY) or body):
        return PassedOver(place)
    if name is not None or is_item(body):
        return item_key(body, place, context)
    return Unread(place, f"{source.name} holds no configuration item: {_what_is_right(body)}")


def _what_is_right(body: dict[str, Any]) -> str:
    """What a message without an item is, and what to give in its place."""
    kind = str(body.get(_TYPE))
    what = _WHAT.get(kind, f"it is AWS Config's message {kind[:80]}")
    resource = members(body, _SUMMARY, "resourceId") or body.get("resourceId") or "KEY-ID"
    location = members(body, "s3DeliverySummary", "s3BucketLocation")
    if isinstance(body.get("s3ObjectKey"), str):
        location = f"{body.get('s3Bucket')}/{body['s3ObjectKey']}"
    stored = f"s3://{location}, or " if isinstance(location, str) and location else ""
    return f"{what}; give {stored}{_INSTEAD.format(resource)}"


FORMATS: Final = (Format(KIND, lambda document, _: is_message(document), message_keys),)
