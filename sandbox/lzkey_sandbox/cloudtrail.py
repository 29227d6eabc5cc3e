"""CloudTrail's DescribeTrails and GetTrailStatus of the landing zone's trail; it delivers until told not to.

Sources: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DescribeTrails.html and
API_GetTrailStatus.html; the error codes are those of Amazon S3, as LatestDeliveryError is documented.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key.manifest import Delivery, ManifestKeys
from lzkey_sandbox.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lzkey_sandbox.controltower import ControlTower

_NAME: Final = "aws-controltower-BaselineCloudTrail"


@dataclass(frozen=True, slots=True)
class TrailState:
    """The trail, and what became of its deliveries."""

    logging: bool = True
    delivered: datetime | timedelta | None = timedelta(minutes=5)
    """When, or how long ago, the last log files were delivered; None: never."""
    error: str = ""
    """Of the last delivery, such as AccessDenied."""
    digest_delivered: datetime | timedelta | None = timedelta(minutes=30)
    """The same of the last digest file, which comes every hour; a trail that never delivered has none.
    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-intro.html
    """
    digest_error: str = ""
    bucket: str = "aws-controltower-logs"
    """Where it delivers."""
    key: str | None = None
    """The key that it uses in place of the manifest's."""


class CloudTrail:
    """The landing zone's trail in the management account's home Region; there is no other."""

    def __init__(self, control_tower: ControlTower) -> None:
        self.trail: TrailState | None = TrailState()
        self._control_tower = control_tower

    def describe_trails(self, account: str, region: str, members: Mapping[str, Any]) -> dict[str, Any]:
        """Answer DescribeTrails: a name or ARN that is no trail's is left out."""
        state, zone = self.trail, self._control_tower.landing_zone
        if state is None or zone is None or not self._is_asked(account, region, members["trailNameList"]):
            return {"trailList": []}
        uses = ManifestKeys.from_manifest(zone.manifest, zone.version).uses
        keys = [key for key, delivery in uses if delivery is Delivery.CLOUDTRAIL]
        key = state.key or next(iter(keys), None)
        trail = {
            "Name": _NAME,
            "TrailARN": self._arn,
            "HomeRegion": self._control_tower.home[1],
            "IsMultiRegionTrail": True,
            "IsOrganizationTrail": True,
            "LogFileValidationEnabled": True,
            "S3BucketName": state.bucket,
        }
        return {"trailList": [{**trail, "KmsKeyId": key} if key else trail]}

    def get_trail_status(self, account: str, region: str, members: Mapping[str, Any]) -> dict[str, Any]:
        """Answer GetTrailStatus, as the trail's state is."""
        state = self.trail
        if state is None or not self._is_asked(account, region, [members["Name"]]):
            raise ServiceError("TrailNotFoundException", f"Unknown trail: {members['Name']}")
        now = datetime.now(UTC)
        told = {
            "LatestDeliveryTime": _ago(state.delivered, now),
            "LatestDeliveryError": state.error,
            "LatestDigestDeliveryTime": state.delivered and _ago(state.digest_delivered, now),
            "LatestDigestDeliveryError": state.digest_error,
        }
        return {"IsLogging": state.logging, **{name: value for name, value in told.items() if value}}

    @property
    def _arn(self) -> str:
        account, region = self._control_tower.home
        return f"arn:{self._control_tower.partition}:cloudtrail:{region}:{account}:trail/{_NAME}"

    def _is_asked(self, account: str, region: str, names: list[str]) -> bool:
        return (account, region) == self._control_tower.home and self._arn in names


def _ago(at: datetime | timedelta | None, now: datetime) -> datetime | None:
    return now - at if isinstance(at, timedelta) else at
