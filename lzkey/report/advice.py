"""What each requirement asks for, and what to do where it does not hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from landing_zone_key import Requirement

if TYPE_CHECKING:
    from collections.abc import Mapping

_DOCUMENTATION: Final = "https://docs.aws.amazon.com/"
_KMS: Final = f"{_DOCUMENTATION}kms/latest/developerguide/"
_LANDING_ZONE: Final = f"{_DOCUMENTATION}controltower/latest/userguide/configure-kms-keys.html"


@dataclass(frozen=True, slots=True)
class Advice:
    """A requirement for people: what it asks for, what to do where it does not hold, and AWS's page on it."""

    holds: str
    fix: str
    """A sentence; COMMAND stands for the command and an ARN."""
    page: str
    command: str = ""
    """What to run, before the ARN of the key; empty where no command helps."""

    def told(self, arn: str) -> str:
        """Return what to do about a key."""
        return self.fix.replace("COMMAND", f"{self.command} {arn}")

    def brief(self, arn: str) -> str:
        """Return what to do about a key without what is said about it: the first sentence."""
        return self.told(arn).partition(". ")[0].rstrip(".")


_ADDS: Final = (
    "In the management account run COMMAND. It prints the smallest addition to the key policy with which "
    "every request is allowed, proved before it is shown. It only adds: a Deny that refuses is named, and "
    "changing it is up to you."
)
_NEW_KEY: Final = (
    "Create a symmetric, single-Region key in the management account's home Region, and enter it in the "
    "landing zone's settings. This cannot be changed after creation."
)
_ANOTHER: Final = (
    "If the landing zone uses this key, give it one that is in the right place; if not, set the rule "
    "parameter KeyScope to landing-zone. A key cannot be moved; with that KeyScope the rule leaves this key "
    "alone."
)

ADVICE: Final[Mapping[str, Advice]] = {
    Requirement.CLOUDTRAIL_ACCESS: Advice(
        "The key policy allows every request that CloudTrail makes for the landing zone's trail.",
        _ADDS,
        _LANDING_ZONE,
        "lzkey fix --discover",
    ),
    Requirement.CONFIG_ACCESS: Advice(
        "The key policy allows every request that AWS Config makes, from every account and governed Region.",
        _ADDS,
        _LANDING_ZONE,
        "lzkey fix --discover",
    ),
    Requirement.ENABLED: Advice(
        "The key state is Enabled.",
        "Cancel a scheduled deletion, if there is one (aws kms cancel-key-deletion), and run COMMAND.",
        f"{_KMS}enabling-keys.html",
        "aws kms enable-key --key-id",
    ),
    Requirement.MANAGEMENT_ACCOUNT: Advice("The key is in the management account.", _ANOTHER, _LANDING_ZONE),
    Requirement.HOME_REGION: Advice("The key is in the landing zone's home Region.", _ANOTHER, _LANDING_ZONE),
    Requirement.SYMMETRIC: Advice(
        "The key is symmetric, SYMMETRIC_DEFAULT, and for ENCRYPT_DECRYPT.",
        _NEW_KEY,
        f"{_KMS}symmetric-asymmetric.html",
    ),
    Requirement.SINGLE_REGION: Advice(
        "The key is not a multi-Region key.", _NEW_KEY, f"{_KMS}multi-region-keys-overview.html"
    ),
}

OTHER_ADVICE: Final = Advice(
    "Not a requirement that this version of lzkey knows, or none is named.",
    "Read the annotation, and deploy the rule and lzkey in the same version.",
    _LANDING_ZONE,
)


def advice(requirement: str) -> Advice:
    """Return the advice on a requirement, whether this version knows it or not."""
    return ADVICE.get(requirement, OTHER_ADVICE)
