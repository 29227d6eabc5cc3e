"""CloudTrail's event history: 90 days of management events, KMS's requests and changes of keys among them.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key.records import dataclass
from lzkey.aws.fact import takes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from landing_zone_key.key import KeyArn
    from lzkey import Json
    from lzkey.aws.account import Asker

#: How far back the history goes.
#: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html
HISTORY: Final = timedelta(days=90)

#: The years in which events may be: since CloudTrail began, and before the calendar of computers ends.
#: https://aws.amazon.com/blogs/aws/aws-cloudtrail-capture-aws-api-activity/
YEARS: Final = range(2013, 9999)

#: Events at most in one answer (MaxResults).
_PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class Event:
    """One management event.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
    """

    id: str
    name: str
    """Such as GenerateDataKey."""
    at: datetime
    region: str
    account: str
    """Whose event history it is in."""
    service: str | None
    """The service principal that asked, such as cloudtrail.amazonaws.com; None: a user or role."""
    principal: str
    """Who asked: the service principal, else the ARN of the identity, else what CloudTrail calls it."""
    error_code: str
    """Empty: the request was allowed."""
    error_message: str
    resources: tuple[str, ...]
    """ARNs."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """requestParameters: of KMS's, the encryption context among them; of PutKeyPolicy, the policy."""
    record: Mapping[str, Any] = field(default_factory=dict)
    """The whole event."""


@takes("cloudtrail:LookupEvents")
def event_history(
    asker: Asker, region: str, since: datetime, *, name: str = "", resource: str = ""
) -> Iterator[Event]:
    """The events of a Region by name, or by a resource's ARN, the newest first, as the pages come.

    AWS takes one of the two; without either, all events. It answers two questions a second of an account and
    Region: more are asked no faster than that. A request across accounts that KMS refused is in the history
    of whoever asked alone: https://docs.aws.amazon.com/kms/latest/developerguide/logging-using-cloudtrail.html
    """
    key, value = ("EventName", name) if name else ("ResourceName", resource)
    attributes = [{"AttributeKey": key, "AttributeValue": value}] if value else []
    found = asker.each(
        "cloudtrail:LookupEvents",
        "Events",
        region=region,
        size=_PAGE,
        StartTime=since,
        LookupAttributes=attributes,
    )
    return map(_event, found)


def _event(told: Json) -> Event:
    """An event as LookupEvents tells it: the record is in it, as text."""
    return replace(
        event_of(json.loads(told["CloudTrailEvent"])),
        id=str(told["EventId"]),
        name=str(told["EventName"]),
        at=told["EventTime"],
    )


def event_of(record: Mapping[str, Any]) -> Event:
    """An event as a record of a log file tells it; raises KeyError or ValueError where it is none."""
    at = datetime.fromisoformat(record["eventTime"])
    if at.year not in YEARS:
        raise ValueError(f"CloudTrail has no event of the year {at.year}")
    kind, arn, invoker = (within(record, "userIdentity", name) for name in ("type", "arn", "invokedBy"))
    service = str(invoker) if invoker and kind == "AWSService" else None
    parameters = within(record, "requestParameters")
    return Event(
        str(record["eventID"]),
        str(record["eventName"]),
        at,
        str(record.get("awsRegion") or ""),
        str(record.get("recipientAccountId") or ""),
        service,
        str(service or arn or invoker or kind or ""),
        str(record.get("errorCode") or ""),
        str(record.get("errorMessage") or ""),
        tuple(str(arn) for each in record.get("resources") or () if (arn := within(each, "ARN"))),
        parameters if isinstance(parameters, Mapping) else {},
        record,
    )


def is_of(event: Event, arn: KeyArn) -> bool:
    """Whether it is of the key: by its resources, by what was asked for, or by the answer.

    An id alone is that of a key in the Region of the event: keys of several Regions share theirs.
    """
    answer = within(event.record, "responseElements")
    told = {
        *event.resources,
        str(event.parameters.get("keyId")),
        str(within(answer, "keyId")),
        str(within(answer, "keyMetadata", "arn")),
    }
    return str(arn) in told or (arn.key_id in told and event.region in ("", arn.region))


def within(record: object, *names: str) -> Json:
    """What a record has at the end of these names; None where anything on the way is no object."""
    for name in names:
        record = record.get(name) if isinstance(record, Mapping) else None
    return record
