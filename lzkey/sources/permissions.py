"""The IAM actions that reading a live account needs, as data: `--print-iam-policy` prints them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Permission:
    """One action, and what it is for."""

    action: str
    why: str


_DESCRIBE: Final = Permission("kms:DescribeKey", "the key's state, spec, usage and manager")
_POLICY: Final = Permission("kms:GetKeyPolicy", "the policies of customer managed keys")
_TAGS: Final = Permission("kms:ListResourceTags", "only where a policy has a condition on aws:ResourceTag")
_LANDING_ZONE: Final = (
    Permission("controltower:ListLandingZones", "the landing zone's ARN"),
    Permission("controltower:GetLandingZone", "the landing zone's manifest"),
)

#: By use. sts:GetCallerIdentity needs no permission.
# https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html
PERMISSIONS: Final[Mapping[str, tuple[Permission, ...]]] = {
    "live": (Permission("kms:ListKeys", "all keys of the Region"), _DESCRIBE, _POLICY, _TAGS),
    "keys": (_DESCRIBE, _POLICY, _TAGS),
    "landing-zone": (*_LANDING_ZONE, _DESCRIBE, _POLICY, _TAGS),
    "discover": (
        *_LANDING_ZONE,
        Permission("organizations:DescribeOrganization", "the organization's id and management account"),
    ),
    "put-policy": (
        _DESCRIBE,
        _POLICY,
        _TAGS,
        Permission("kms:PutKeyPolicy", "to change the policy, with KMS's check against a lockout"),
    ),
}
