"""What KMS knows of a key and moto does not: its last use, services' grants, the policy of AWS RAM.

Sources: https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyLastUsage.html,
https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantListEntry.html and
https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyPolicy.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from uuid import uuid4

if TYPE_CHECKING:
    from lzkey_sandbox.http.contract import Answer

#: The name of the policy that AWS RAM manages, of a key that is shared.
RAM_POLICY: Final = "AWS_RAM"


def _identifier() -> str:
    return str(uuid4())


@dataclass(frozen=True, slots=True)
class LastUse:
    """The last cryptographic operation that succeeded; KMS does not say whose it was."""

    at: datetime
    operation: str = "GenerateDataKey"
    event_id: str = field(default_factory=_identifier)
    """Of its event in CloudTrail, which a test may plant, too."""
    request_id: str = field(default_factory=_identifier)

    def shown(self) -> Answer:
        """As KeyLastUsage."""
        return {
            "Operation": self.operation,
            "Timestamp": self.at,
            "CloudTrailEventId": self.event_id,
            "KmsRequestId": self.request_id,
        }


@dataclass(frozen=True, slots=True)
class ServiceGrant:
    """A grant to a service principal, which always has a source and somebody who may retire it."""

    service: str
    """Such as cloudtrail.amazonaws.com."""
    source_arn: str
    operations: tuple[str, ...] = ("Decrypt", "GenerateDataKey")
    id: str = field(default_factory=lambda: uuid4().hex + uuid4().hex)
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def shown(self, key_arn: str) -> Answer:
        """As an entry of ListGrants."""
        return {
            "KeyId": key_arn,
            "GrantId": self.id,
            "CreationDate": self.created_at,
            "GranteeServicePrincipal": self.service,
            "RetiringServicePrincipal": self.service,
            "Operations": list(self.operations),
            "Constraints": {"SourceArn": self.source_arn},
        }


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What KMS keeps of one key; as it begins, nothing was done with it since it was made."""

    last_use: LastUse | None = None
    """None: none since `tracked_since`."""
    tracked_since: datetime | None = None
    """Since when uses are kept account of; None: since the key was made, as of every newer key."""
    service_grants: tuple[ServiceGrant, ...] = ()
    """Beside those that CreateGrant made."""
    ram_policy: str | None = None
    """The policy AWS_RAM; None: the key is not shared."""
    refuses: frozenset[str] = frozenset()
    """Operations that nobody is allowed, of those that the sandbox answers itself: `GetKeyLastUsage`."""
