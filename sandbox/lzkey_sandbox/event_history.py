"""CloudTrail's LookupEvents: the history of what happened through the sandbox, and of what is added to it.

Nothing is late here; at AWS an event may take minutes. Sources:
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html and
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from lzkey_sandbox.errors import ServiceError

if TYPE_CHECKING:
    from lzkey_sandbox.http.contract import Answer, Members
    from lzkey_sandbox.http.listings import Listings

#: An event as a log file of CloudTrail has it. Source:
#: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
Record = Mapping[str, Any]

#: How far back the history goes.
KEPT: Final = timedelta(days=90)

_TIME: Final = "%Y-%m-%dT%H:%M:%SZ"

_DEFAULT_PAGE: Final = 50


def time_text(at: datetime) -> str:
    """A time as records have it, to the second."""
    return at.astimezone(UTC).strftime(_TIME)


class EventHistory:
    """The events of all accounts and Regions; each record tells whose it is, where, and when it happened."""

    def __init__(self) -> None:
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        """What time it is: of what happens now, and of the 90 days."""
        self._records: list[Record] = []
        self._lock = Lock()

    def add(self, *records: Record) -> None:
        """Let something have happened."""
        with self._lock:
            self._records.extend(records)

    def age(self, by: timedelta) -> None:
        """Let all that happened until now have happened so much earlier."""
        with self._lock:
            self._records = [{**each, "eventTime": time_text(_at(each) - by)} for each in self._records]

    def forget(self) -> None:
        """Let nothing have happened."""
        with self._lock:
            self._records.clear()

    def of(self, account: str, region: str) -> tuple[Record, ...]:
        """What an account's history of a Region still has, the newest first."""
        oldest, whose = self.clock() - KEPT, (account, region)
        with self._lock:
            found = [
                each
                for each in reversed(self._records)
                if (each["recipientAccountId"], each["awsRegion"]) == whose and _at(each) >= oldest
            ]
        return tuple(sorted(found, key=_at, reverse=True))


class EventApi:
    """Answers from the history."""

    def __init__(self, history: EventHistory, listings: Listings) -> None:
        self._history = history
        self._listings = listings

    def lookup_events(self, account: str, region: str, members: Members) -> Answer:
        """The events of a time that have one attribute, in pages; of Insights there are none."""
        attributes = members.get("LookupAttributes", [])
        if len(attributes) > 1:
            raise ServiceError("InvalidLookupAttributesException", "Only one lookup attribute can be given.")
        start, end = members.get("StartTime"), members.get("EndTime")
        if start and end and start > end:
            raise ServiceError("InvalidTimeRangeException", "The start time is after the end time.")

        def rows() -> list[Answer]:
            if "EventCategory" in members:
                return []
            records = self._history.of(account, region)
            shown = [_shown(each) for each in records if _is_within(_at(each), start, end)]
            return [each for each in shown if all(_has(each, attribute) for attribute in attributes)]

        size = members.get("MaxResults", _DEFAULT_PAGE)
        return self._listings.page("Events", rows, (account, region), members, size, may_be_empty=False)


def _at(record: Record) -> datetime:
    return datetime.fromisoformat(record["eventTime"])


def _is_within(at: datetime, start: datetime | None, end: datetime | None) -> bool:
    return (start is None or start <= at) and (end is None or at <= end)


def _shown(record: Record) -> Answer:
    """A record as an answer's event: what identifies it, and the whole of it as text."""
    identity = record.get("userIdentity") or {}
    event = {
        "EventId": record["eventID"],
        "EventName": record["eventName"],
        "ReadOnly": json.dumps(record["readOnly"]),
        "AccessKeyId": identity.get("accessKeyId"),
        "EventTime": _at(record),
        "EventSource": record["eventSource"],
        "Username": identity.get("userName"),
        "Resources": [
            {"ResourceType": each.get("type", ""), "ResourceName": each["ARN"]}
            for each in record.get("resources") or ()
        ],
        "CloudTrailEvent": json.dumps(record),
    }
    return {name: value for name, value in event.items() if value is not None}


def _has(event: Answer, attribute: Mapping[str, str]) -> bool:
    """Whether an event has an attribute; a key is known by its ARN."""
    name, value = attribute["AttributeKey"], attribute["AttributeValue"]
    if name in ("ResourceName", "ResourceType"):
        return any(each[name] == value for each in event["Resources"])
    return bool(event.get(name) == value)
