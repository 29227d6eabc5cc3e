"""The landing zone: its ARN, which names its home Region, and what Control Tower shows of it.

Nobody but the organization's management account is told of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from landing_zone_key.manifest import ManifestKeys
from landing_zone_key.records import dataclass
from lzkey.aws.fact import takes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lzkey.aws.account import Asker


@dataclass(frozen=True, slots=True)
class LandingZoneDetail:
    """As GetLandingZone shows it in its home Region.

    https://docs.aws.amazon.com/controltower/latest/APIReference/API_LandingZoneDetail.html
    """

    version: str | None
    latest: str | None
    """The newest version that there is."""
    status: str | None
    """ACTIVE, or PROCESSING or FAILED: then the manifest need not be what is in force."""
    drift: str | None
    manifest: Mapping[str, Any] | None
    """None: it is not shown."""

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> LandingZoneDetail:
        """Read GetLandingZone's `landingZone`."""
        version = found.get("version")
        return cls(
            version,
            found.get("latestAvailableVersion"),
            found.get("status"),
            (found.get("driftStatus") or {}).get("status"),
            shown_manifest(found.get("manifest"), version),
        )

    @property
    def manifest_keys(self) -> ManifestKeys:
        """The KMS keys of the manifest, what each is for, and what is delivered at all."""
        return ManifestKeys.from_manifest(self.manifest, self.version)

    @property
    def keys(self) -> tuple[str, ...]:
        """The KMS keys of the manifest that logs are encrypted with."""
        return self.manifest_keys.logging

    @property
    def governed_regions(self) -> tuple[str, ...]:
        """The governed Regions of the manifest; empty where it does not tell."""
        regions = (self.manifest or {}).get("governedRegions")
        listed = regions if isinstance(regions, list) else []
        return tuple(region for region in listed if isinstance(region, str))


@takes("controltower:ListLandingZones")
def landing_zone_arn(asker: Asker, region: str | None = None) -> str | None:
    """The landing zone's ARN: an account has one at most; None where it has none.

    A question with a side effect that cannot be had otherwise: ListLandingZones "also creates an ARN for
    existing accounts that do not yet have a landing zone ARN". Nothing else in the account changes.
    https://docs.aws.amazon.com/controltower/latest/APIReference/API_ListLandingZones.html
    """
    found = asker.all("controltower:ListLandingZones", "landingZones", region=region)
    return str(found[0]["arn"]) if found else None


@takes("controltower:GetLandingZone")
def landing_zone_detail(asker: Asker, arn: str) -> LandingZoneDetail | None:
    """The landing zone, asked for in its home Region; None where Control Tower does not find it there.

    https://docs.aws.amazon.com/controltower/latest/APIReference/API_GetLandingZone.html
    """
    answer = asker.ask(
        "controltower:GetLandingZone",
        region=home_region(arn),
        absent={"ResourceNotFoundException"},
        landingZoneIdentifier=arn,
    )
    if answer is None:
        return None
    return LandingZoneDetail.of(answer["landingZone"])


def shown_manifest(manifest: object, version: object) -> Mapping[str, Any] | None:
    """The manifest, if it is shown: since 4.0 it may be empty, where nothing is on, but not before."""
    if not isinstance(manifest, dict):
        return None
    return manifest if manifest or not ManifestKeys.from_manifest(manifest, version).delivers else None


def home_region(arn: str) -> str:
    """The Region of a landing zone's ARN."""
    return arn.split(":")[3]
