"""The keys and the recorders that an aggregator knows of, by advanced queries.

https://docs.aws.amazon.com/config/latest/developerguide/querying-AWS-resources.html
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key import KeyDataError, KmsKey
from landing_zone_key.key import RESOURCE_TYPE
from lzkey.aws.account import at_once
from lzkey.aws.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from lzkey.aws.account import Answer, Asker, Progress
    from lzkey.report.facts import Spot

#: Never the policy: whether the rule judges a key does not depend on it.
KEYS_QUERY: Final = (
    "SELECT resourceId, arn, accountId, awsRegion, resourceType, configurationItemStatus, "
    "configurationItemCaptureTime, configuration.keyManager "
    "WHERE resourceType = 'AWS::KMS::Key' AND awsRegion = '{region}'"
)
#: A system resource type: AWS Config records its own recorders everywhere.
#: https://docs.aws.amazon.com/config/latest/developerguide/drift-detection.html
RECORDERS_QUERY: Final = (
    "SELECT accountId, awsRegion, configuration "
    "WHERE resourceType = 'AWS::Config::ConfigurationRecorder' AND awsRegion = '{region}'"
)

_ITEMS: Final = 100  # the most that a page takes


_Key = tuple[KmsKey, datetime | None]


@dataclass(frozen=True, slots=True)
class Inventory:
    """What is there, in all accounts and Regions."""

    keys: Mapping[Spot, tuple[KmsKey, ...]]
    changed_at: Mapping[Spot, Mapping[str, datetime]]
    """When each key was last recorded, by its id: it changed then at the latest."""
    recorders: Mapping[Spot, Recorder]
    not_listed: frozenset[str]
    """Regions that could not be asked."""


def inventory(aws: Asker, aggregator: str, regions: tuple[str, ...], progress: Progress) -> Inventory:
    """Ask for every Region; one that is refused is noted, and in `not_listed`."""
    keys: dict[Spot, list[KmsKey]] = defaultdict(list)
    changed_at: dict[Spot, dict[str, datetime]] = defaultdict(dict)
    recorders: dict[Spot, Recorder] = {}
    not_listed: set[str] = set()

    def ask(region: str) -> tuple[list[_Key], list[tuple[Spot, Recorder]]] | None:
        return aws.unless(
            lambda: (
                list(_items(aws, aggregator, KEYS_QUERY.format(region=region), _key)),
                list(_items(aws, aggregator, RECORDERS_QUERY.format(region=region), _recorder)),
            ),
            None,
        )

    for done, (region, found) in enumerate(zip(regions, at_once(ask, regions), strict=True), 1):
        progress("inventory", done, len(regions))
        if found is None:
            not_listed.add(region)
            continue
        for key, changed in found[0]:
            spot = (key.arn.account, key.arn.region)
            keys[spot].append(key)
            if changed is not None:
                changed_at[spot][key.arn.key_id] = changed
        recorders.update(found[1])
    listed = {spot: tuple(found) for spot, found in keys.items()}
    return Inventory(listed, changed_at, recorders, frozenset(not_listed))


def _items(aws: Asker, aggregator: str, query: str, read: Callable[[Answer], Any]) -> Iterator[Any]:
    for text in aws.each(
        "config:SelectAggregateResourceConfig",
        "Results",
        size=_ITEMS,
        ConfigurationAggregatorName=aggregator,
        Expression=query,
    ):
        try:
            item = read(_row(text))
        except (ValueError, KeyDataError) as error:
            aws.log.note(f"an item of the inventory was not understood: {error}")
            continue
        if item is not None:
            yield item


def _row(text: str) -> Answer:
    row = json.loads(text)
    if not isinstance(row, dict):
        raise ValueError("it is no object")  # noqa: TRY004 - as json raises for what is no JSON
    return row


def _key(item: Answer) -> _Key | None:
    if item.get("resourceType") != RESOURCE_TYPE:
        return None
    return KmsKey.from_configuration_item(item), _moment(item.get("configurationItemCaptureTime"))


def _moment(text: object) -> datetime | None:
    """Read ISO 8601 text; without a time zone it is UTC, as all of AWS Config's."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _recorder(item: Answer) -> tuple[Spot, Recorder] | None:
    recorder = Recorder.of_item(item.get("configuration"))
    return None if recorder is None else ((item["accountId"], item["awsRegion"]), recorder)
