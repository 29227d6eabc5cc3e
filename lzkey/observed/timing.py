"""Time decides: whether what was read speaks of the present policy, key state and manifest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from lzkey.figures import moment
from lzkey.observed.causes import cause_of
from lzkey.observed.values import CLOUDTRAIL, CONFIG, DIGESTS, Observation, Outcome

if TYPE_CHECKING:
    from lzkey.observed.values import InForce


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of deliveries."""

    service: str
    what: str
    interval: timedelta
    """How often it is delivered; a data key may be cached for as long."""
    late: timedelta
    """After how long without any, silence is no health any more."""
    evidence: str
    dated: bool = True
    """Whether AWS tells when a delivery failed; else it is the last one, as of the question."""


#: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
LOG_FILES: Final = Kind(
    CLOUDTRAIL,
    "log files",
    timedelta(minutes=15),
    timedelta(days=1),
    "cloudtrail:GetTrailStatus",
    dated=False,
)
#: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-intro.html
DIGEST_FILES: Final = Kind(
    CLOUDTRAIL, DIGESTS, timedelta(hours=1), timedelta(days=1), "cloudtrail:GetTrailStatus", dated=False
)
#: Every six hours, of what has changed.
#: https://docs.aws.amazon.com/config/latest/developerguide/config-concepts.html
HISTORY: Final = Kind(
    CONFIG,
    "configuration history",
    timedelta(hours=6),
    timedelta(days=7),
    "config:DescribeDeliveryChannelStatus",
)
#: At most a day apart. https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigSnapshotDeliveryProperties.html
SNAPSHOTS: Final = Kind(
    CONFIG,
    "configuration snapshots",
    timedelta(days=1),
    timedelta(days=7),
    "config:DescribeDeliveryChannelStatus",
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of one kind of deliveries, before time decides."""

    kind: Kind
    account: str
    region: str
    succeeded_at: datetime | None = None
    failed_at: datetime | None = None
    """When the failure was; None: nobody tells."""
    error: str = ""
    message: str = ""
    key: str | None = None
    bucket: str = ""
    unread: str = ""
    """Why nothing was read."""
    elsewhere: str = ""
    """Why it is no delivery of the landing zone: another key, another bucket."""
    sender: str = ""
    """The trail's ARN, or the delivery channel's name."""
    stopped: bool = False
    """Whether nothing is delivered today, whatever is in force."""


def observation(reading: Reading, in_force: InForce, now: datetime) -> Observation:
    """What the reading is worth: it counts only where it is later than what is in force by one interval."""
    at = reading.failed_at if reading.error else reading.succeeded_at
    told = _told(reading, at)
    doubt = reading.unread or reading.elsewhere or _doubt(reading, at, in_force, now)
    counts = reading.stopped or not doubt
    outcome = Outcome.FAILING if reading.error else Outcome.DELIVERING
    known = cause_of(reading.error)
    return Observation(
        reading.kind.service,
        reading.kind.what,
        reading.account,
        reading.region,
        outcome if counts else Outcome.NOT_OBSERVED,
        "; ".join(filter(None, (doubt, "" if reading.unread else told))),
        reading.kind.evidence,
        at,
        reading.error,
        reading.message,
        known.text if known else "",
        known.source if known else "",
        reading.key,
        reading.bucket,
        reading.sender,
        reading.succeeded_at,
    )


def _doubt(reading: Reading, at: datetime | None, in_force: InForce, now: datetime) -> str:
    """Why what was read does not count; empty where it does."""
    if reading.stopped:
        return ""
    if at is None:
        return "no time is told"
    if in_force.since is None:
        return f"since when key and manifest are as they are is not known ({in_force.unknown})"
    if at < in_force.since + reading.kind.interval:
        return f"not observed since the change at {moment(in_force.since)} ({in_force.change})"
    if not reading.error and now - at > reading.kind.late:
        return "nothing for too long, and no error is told"
    return ""


def _told(reading: Reading, at: datetime | None) -> str:
    when = f" at {moment(at)}" if at else ""
    if reading.error:
        message = f" ({reading.message})" if reading.message else ""
        told = when if reading.kind.dated or not when else f", as told{when}"
        return f"failed with {reading.error}{message}{told}"
    return f"last delivered{when}" if at else "none were ever delivered, as far as AWS tells"
