"""Control Tower's ListLandingZones and GetLandingZone, answered from a manifest.

Source: https://docs.aws.amazon.com/controltower/latest/APIReference/API_GetLandingZone.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lzkey_sandbox.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

_LANDING_ZONE_ID: Final = "1A2B3C4D5E6F7G8H"


@dataclass(frozen=True, slots=True)
class LandingZone:
    """A landing zone of one management account: its version and its manifest, whose schema AWS keeps open."""

    version: str
    manifest: Mapping[str, Any]

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

    def list_landing_zones(self, account: str, _region: str, _members: Mapping[str, Any]) -> dict[str, Any]:
        """Answer ListLandingZones; the account's one landing zone is listed in every Region."""
        if self.landing_zone is None or account != self._home[0]:
            return {"landingZones": []}
        return {"landingZones": [{"arn": self._arn}]}

    def get_landing_zone(self, account: str, region: str, members: Mapping[str, Any]) -> dict[str, Any]:
        """Answer GetLandingZone in the home Region; elsewhere it is ResourceNotFoundException."""
        asked = members["landingZoneIdentifier"]
        known = (self._arn, _LANDING_ZONE_ID)
        if self.landing_zone is None or (account, region) != self._home or asked not in known:
            raise ServiceError("ResourceNotFoundException", f"Landing zone {asked} was not found.", 404)
        return {
            "landingZone": {
                "arn": self._arn,
                "driftStatus": {"status": "IN_SYNC"},
                "latestAvailableVersion": self.landing_zone.version,
                "manifest": self.landing_zone.manifest,
                "status": "ACTIVE",
                "version": self.landing_zone.version,
            }
        }
