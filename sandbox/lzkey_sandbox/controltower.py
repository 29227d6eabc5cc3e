"""Control Tower's ListLandingZones, GetLandingZone and UpdateLandingZone, answered from a manifest.

Sources: https://docs.aws.amazon.com/controltower/latest/APIReference/API_GetLandingZone.html and
API_UpdateLandingZone.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from lzkey_sandbox.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

_LANDING_ZONE_ID: Final = "1A2B3C4D5E6F7G8H"


@dataclass(frozen=True, slots=True)
class LandingZone:
    """A landing zone of one management account: its version and its manifest, whose schema AWS keeps open."""

    version: str
    manifest: Mapping[str, Any]
    status: str = "ACTIVE"
    drift: str = "IN_SYNC"
    latest: str | None = None
    """The newest version that there is; None: this one."""

    @staticmethod
    def with_key(key_arn: str, version: str = "3.3") -> LandingZone:
        """A landing zone that encrypts with a key: one block until 3.x, two from 4.0 on."""
        configurations = {"kmsKeyArn": key_arn}
        blocks: dict[str, Any] = {"centralizedLogging": {"enabled": True, "configurations": configurations}}
        if int(version.partition(".")[0]) >= 4:  # noqa: PLR2004 - the version that brought the config block
            blocks["config"] = {"enabled": True, "configurations": configurations}
        return LandingZone(version, blocks)


class ControlTower:
    """The landing zone of the management account, in its home Region; other accounts have none."""

    def __init__(self, account: str, region: str, partition: str) -> None:
        self.landing_zone: LandingZone | None = None
        self._home = (account, region)
        self._arn = f"arn:{partition}:controltower:{region}:{account}:landingzone/{_LANDING_ZONE_ID}"

    @property
    def home(self) -> tuple[str, str]:
        """The management account, and the home Region."""
        return self._home

    @property
    def partition(self) -> str:
        """The partition of the Region, such as `aws`."""
        return self._arn.split(":")[1]

    def list_landing_zones(self, account: str, _region: str, _members: Mapping[str, Any]) -> dict[str, Any]:
        """Answer ListLandingZones; the account's one landing zone is listed in every Region."""
        if self.landing_zone is None or account != self._home[0]:
            return {"landingZones": []}
        return {"landingZones": [{"arn": self._arn}]}

    def get_landing_zone(self, account: str, region: str, members: Mapping[str, Any]) -> dict[str, Any]:
        """Answer GetLandingZone in the home Region; elsewhere it is ResourceNotFoundException."""
        found = self._found(account, region, members["landingZoneIdentifier"])
        return {
            "landingZone": {
                "arn": self._arn,
                "driftStatus": {"status": found.drift},
                "latestAvailableVersion": found.latest or found.version,
                "manifest": found.manifest,
                "status": found.status,
                "version": found.version,
            }
        }

    def update_landing_zone(self, account: str, region: str, members: Mapping[str, Any]) -> dict[str, Any]:
        """Answer UpdateLandingZone: version and manifest are in force at once, and nothing else is done.

        What AWS does to buckets, recorders and aggregators is not the sandbox's business.
        """
        found = self._found(account, region, members["landingZoneIdentifier"])
        self.landing_zone = LandingZone(members["version"], members.get("manifest", {}), latest=found.latest)
        return {"operationIdentifier": str(uuid4())}

    def _found(self, account: str, region: str, asked: str) -> LandingZone:
        known = (self._arn, _LANDING_ZONE_ID)
        if self.landing_zone is None or (account, region) != self._home or asked not in known:
            raise ServiceError("ResourceNotFoundException", f"Landing zone {asked} was not found.", 404)
        return self.landing_zone
