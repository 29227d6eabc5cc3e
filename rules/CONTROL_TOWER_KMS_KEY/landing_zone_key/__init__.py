"""Will every request that a landing zone makes to its KMS key be allowed?

Standard library only; no AWS call, no clock, no environment: facts are arguments.
"""

from typing import TYPE_CHECKING

from landing_zone_key.annotation import annotate
from landing_zone_key.assessment import Assessment, Compliance, assess
from landing_zone_key.errors import KeyDataError, LandingZoneKeyError, SettingsError
from landing_zone_key.finding import Certainty, Finding, FindingReason, Requirement
from landing_zone_key.key import KmsKey
from landing_zone_key.settings import LandingZone

if TYPE_CHECKING:
    from landing_zone_key.mending import Repair, repair
else:

    def __getattr__(name: str) -> object:
        """Import what mends a policy when it is first asked for: the Lambda never asks."""
        if name in ("Repair", "repair"):
            from landing_zone_key import mending  # noqa: PLC0415 - as above

            return getattr(mending, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "Assessment",
    "Certainty",
    "Compliance",
    "Finding",
    "FindingReason",
    "KeyDataError",
    "KmsKey",
    "LandingZone",
    "LandingZoneKeyError",
    "Repair",
    "Requirement",
    "SettingsError",
    "annotate",
    "assess",
    "repair",
]
