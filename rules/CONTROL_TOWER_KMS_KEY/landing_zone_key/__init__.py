"""Will every request that a landing zone makes to its KMS key be allowed?

Standard library only; no AWS call, no clock, no environment: facts are arguments.
"""

from landing_zone_key.annotation import annotate
from landing_zone_key.assessment import Assessment, Compliance, assess
from landing_zone_key.errors import KeyDataError, LandingZoneKeyError, SettingsError
from landing_zone_key.finding import Certainty, Finding, FindingReason, Requirement
from landing_zone_key.key import KmsKey
from landing_zone_key.repair import Repair, repair
from landing_zone_key.settings import LandingZone

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
