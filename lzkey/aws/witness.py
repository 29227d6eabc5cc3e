"""Answers of AWS kept as they were read, for whoever must show later what a verdict rests on.

Nothing is kept unless a witness is given. It keeps the few questions whose answers are evidence, and no
other: no credentials, no page tokens, no code of a function, no address of a member.
"""

from __future__ import annotations

from dataclasses import field
from hashlib import sha256
from threading import Lock
from typing import TYPE_CHECKING, Final

from landing_zone_key.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from lzkey import Json
    from lzkey.aws.caller import Caller

#: What is kept: facts and policies of keys, the landing zone, and the rule with its parameters.
KEPT: Final = frozenset(
    {
        "kms:DescribeKey",
        "kms:GetKeyPolicy",
        "kms:ListResourceTags",
        "controltower:GetLandingZone",
        "config:DescribeConfigRules",
        "config:DescribeOrganizationConfigRules",
    }
)

#: Of an answer: about the transport, and where the next page begins.
_LEFT_OUT: Final = frozenset({"ResponseMetadata", "NextToken", "NextMarker"})


@dataclass(frozen=True, slots=True)
class Reading:
    """One answer of AWS."""

    operation: str
    """Such as `kms:DescribeKey`."""
    account: str
    region: str
    asked_at: datetime
    request_id: str | None
    """By which AWS finds the request again; CloudTrail's event has it, too."""
    arguments: Mapping[str, Json]
    answer: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class RecordedItem:
    """Which configuration item an aggregator showed of a key."""

    state_id: str | None
    """Its configurationStateId, by which AWS Config orders the items of a resource."""
    captured_at: str | None
    """Its configurationItemCaptureTime, as it was told."""
    sha256: str
    """Of the row's text, as it was read."""


@dataclass(slots=True)
class Witness:
    """What is kept; threads may share it."""

    caller: Caller | None = None
    """Whose credentials they are."""
    items: dict[str, RecordedItem] = field(default_factory=dict)
    """By the key's ARN."""
    _readings: list[Reading] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def saw(
        self,
        operation: str,
        where: tuple[str, str],
        asked_at: datetime,
        arguments: Mapping[str, Json],
        answer: Mapping[str, Json],
    ) -> None:
        """Keep an answer, or a page of one, if it is one of those that are kept."""
        if operation not in KEPT:
            return
        metadata = answer.get("ResponseMetadata") or {}
        told = {name: value for name, value in answer.items() if name not in _LEFT_OUT}
        reading = Reading(operation, *where, asked_at, metadata.get("RequestId"), dict(arguments), told)
        with self._lock:
            self._readings.append(reading)

    def saw_item(self, arn: str, text: str, item: Mapping[str, Json]) -> None:
        """Keep which configuration item a key's row is of."""
        state, captured = item.get("configurationStateId"), item.get("configurationItemCaptureTime")
        digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        self.items[arn] = RecordedItem(
            None if state is None else str(state), None if captured is None else str(captured), digest
        )

    def of(self, operation: str, **arguments: str) -> Iterator[Reading]:
        """The answers to an operation that was asked with these arguments, the first ones first."""
        for reading in self._readings:
            if reading.operation == operation and arguments.items() <= reading.arguments.items():
                yield reading
