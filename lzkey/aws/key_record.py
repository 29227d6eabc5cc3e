"""What KMS tells of a key beside its policy: its last use, its grants, the names of its policies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from landing_zone_key.records import dataclass
from lzkey.aws.fact import takes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from landing_zone_key.key import KeyArn
    from lzkey import Json
    from lzkey.aws.account import Asker


@dataclass(frozen=True, slots=True)
class KeyUsage:
    """The last successful cryptographic operation with a key, whoever it was: KMS names no caller.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyLastUsage.html
    """

    operation: str | None
    """Such as GenerateDataKey; None: none since `tracked_since`."""
    at: datetime | None
    event_id: str | None
    """Of the CloudTrail event of that operation."""
    tracked_since: datetime | None
    """Since when KMS keeps account, of newer keys since they were made; of before nothing is known."""
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant of a key, to a principal or to an AWS service.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantListEntry.html
    """

    id: str
    principal: str | None
    """The ARN of the grantee; None where it is a service."""
    service: str | None
    """The grantee as service principal, such as cloudtrail.amazonaws.com."""
    operations: tuple[str, ...]
    source_arn: str | None
    """What aws:SourceArn must be, where the grant says so."""
    created_at: datetime | None


@takes("kms:GetKeyLastUsage")
def key_usage(asker: Asker, arn: KeyArn) -> KeyUsage:
    """The last use of a key."""
    told = asker.ask("kms:GetKeyLastUsage", region=arn.region, KeyId=str(arn))
    last = told.get("KeyLastUsage") or {}
    return KeyUsage(
        last.get("Operation"),
        last.get("Timestamp"),
        last.get("CloudTrailEventId"),
        told.get("TrackingStartDate"),
        told.get("KeyCreationDate"),
    )


@takes("kms:ListGrants")
def grants(asker: Asker, arn: KeyArn) -> Iterator[Grant]:
    """The grants of a key, as the pages come."""
    return map(_grant, asker.each("kms:ListGrants", "Grants", region=arn.region, size=100, KeyId=str(arn)))


@takes("kms:ListKeyPolicies")
def policy_names(asker: Asker, arn: KeyArn) -> tuple[str, ...]:
    """The names of a key's policies: `default`, and `AWS_RAM` of one that AWS RAM shares."""
    return tuple(asker.each("kms:ListKeyPolicies", "PolicyNames", region=arn.region, KeyId=str(arn)))


def _grant(told: Json) -> Grant:
    return Grant(
        str(told["GrantId"]),
        told.get("GranteePrincipal"),
        told.get("GranteeServicePrincipal"),
        tuple(told.get("Operations") or ()),
        (told.get("Constraints") or {}).get("SourceArn"),
        told.get("CreationDate"),
    )
