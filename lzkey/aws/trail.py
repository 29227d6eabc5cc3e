"""The organization's trail: that it is there, what it encrypts with, and what became of its deliveries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from landing_zone_key.records import dataclass
from lzkey.aws.fact import takes

if TYPE_CHECKING:
    from datetime import datetime

    from lzkey.aws.account import Asker

_NONE: Final = frozenset({"TrailNotFoundException"})


@dataclass(frozen=True, slots=True)
class Trail:
    """A trail, as DescribeTrails has it.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_Trail.html
    """

    arn: str
    key: str | None
    """The ARN of the KMS key that it encrypts with; None: with none."""
    bucket: str = ""
    """Where it delivers."""
    validates: bool = False
    """Whether it writes digest files, which the key encrypts, too."""


@dataclass(frozen=True, slots=True)
class TrailStatus:
    """What became of a trail's deliveries; errors are Amazon S3's codes, as they were read.

    They are told where the bucket refuses alone: a request that timed out leaves none.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html
    """

    logging: bool
    delivered_at: datetime | None
    """The last log files; None: none were ever delivered, or nobody tells."""
    error: str
    """Of the last try; empty where it went well."""
    digest_error: str
    """The same for the digest files, by which the integrity of the logs is validated."""
    digest_at: datetime | None = None
    """The last digest file that was delivered."""


@takes("cloudtrail:DescribeTrails")
def trail(asker: Asker, arn: str, region: str) -> Trail | None:
    """The trail of an ARN, asked for in its home Region; None where there is none."""
    found = asker.ask("cloudtrail:DescribeTrails", region=region, trailNameList=[arn])["trailList"]
    if not found:
        return None
    its = found[0]
    return Trail(
        str(its["TrailARN"]),
        its.get("KmsKeyId"),
        str(its.get("S3BucketName") or ""),
        bool(its.get("LogFileValidationEnabled")),
    )


@takes("cloudtrail:GetTrailStatus")
def trail_status(asker: Asker, arn: str, region: str) -> TrailStatus | None:
    """Whether it logs, and how its last deliveries went; None where it has gone meanwhile."""
    found = asker.ask("cloudtrail:GetTrailStatus", region=region, absent=_NONE, Name=arn)
    if found is None:
        return None
    return TrailStatus(
        bool(found["IsLogging"]),
        found.get("LatestDeliveryTime"),
        found.get("LatestDeliveryError", ""),
        found.get("LatestDigestDeliveryError", ""),
        found.get("LatestDigestDeliveryTime"),
    )
