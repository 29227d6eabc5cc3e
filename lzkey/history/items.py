"""What AWS Config's items of a key tell: the key as it was seen at a moment, and for how long that held.

A recorder that records continuously makes an item of each change, some time after it: from the first item
since the recorder was last started on, the key was as its item says until the next one. Of earlier items
nobody tells whether the recorder was on between them, so each of them tells of its moment alone.
https://docs.aws.amazon.com/config/latest/developerguide/how-does-config-work.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key import KeyDataError, KmsKey
from lzkey.aws.events import within
from lzkey.history.parts import GONE, KeyState, Part, Sight

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lzkey.history.model import Origin
    from lzkey.history.parts import Value

#: Such an item tells that nothing is recorded from then on.
#: https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigurationItem.html
NOT_RECORDED: Final = ("ResourceNotRecorded", "ResourceDeletedNotRecorded")
_DELETED: Final = "ResourceDeleted"


@dataclass(frozen=True, slots=True)
class Seen:
    """The whole key at a moment."""

    at: datetime
    key: KmsKey
    gone: bool = False
    recorded: bool = True
    """Whether AWS Config records it from then on."""
    deletion: datetime | None = None

    def sights(self, origin: Origin) -> Iterator[Sight]:
        """The parts of it that were seen."""
        if not self.recorded:
            return
        if self.gone:
            yield Sight(Part.STATE, self.at, GONE, origin)
            return
        if self.key.key_state is not None:
            yield Sight(Part.STATE, self.at, KeyState(self.key.key_state, self.deletion), origin)
        if self.key.policy is not None:
            yield Sight(Part.POLICY, self.at, _text(self.key.policy), origin)
        if self.key.tags is not None:
            yield Sight(Part.TAGS, self.at, dict(self.key.tags), origin)


def seen(item: Mapping[str, Any]) -> Seen:
    """Read an item; raises KeyDataError where it is none, or tells no time."""
    key = KmsKey.from_configuration_item(item)
    at = moment_of(item.get("configurationItemCaptureTime"))
    if at is None:
        raise KeyDataError("a configuration item tells no time at which it was captured")
    status = item.get("configurationItemStatus")
    configuration = item.get("configuration")
    if isinstance(configuration, str):
        configuration = json.loads(configuration)
    return Seen(
        at,
        key,
        gone=status == _DELETED,
        recorded=status not in NOT_RECORDED,
        deletion=moment_of(within(configuration, "deletionDate")),
    )


def of_present(key: KmsKey, now: datetime) -> Seen:
    """The key as KMS tells of it now."""
    date = moment_of(key.deletion_date)
    # A date alone: by the end of the day at the latest.
    return Seen(now, key, gone=key.deleted, deletion=date + timedelta(days=1) if date else None)


def moment_of(value: object) -> datetime | None:
    """A time from boto3, from ISO 8601 text, or from milliseconds since 1970; None for anything else."""
    try:
        if isinstance(value, str):
            value = datetime.fromisoformat(value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            value = datetime.fromtimestamp(value / 1000, UTC)
    except (OverflowError, OSError, ValueError):
        return None
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _text(policy: str | Mapping[str, Any]) -> Value:
    """The policy as text; AWS Config encodes it twice."""
    if not isinstance(policy, str):
        return json.dumps(policy)
    try:
        inner = json.loads(policy)
    except ValueError:
        return policy
    return inner if isinstance(inner, str) else policy
