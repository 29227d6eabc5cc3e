"""How a key stands: its state, the date that ends it, and the commands that stop that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date
from typing import TYPE_CHECKING, Final

from landing_zone_key.requirements import REMEDIES

if TYPE_CHECKING:
    from datetime import datetime

    from landing_zone_key import KmsKey

#: The key state in which a key can be used.
ENABLED: Final = "Enabled"
#: In its place, where nobody tells it.
UNTOLD: Final = "of unknown state"

_CANNOT_BE_READ: Final = "log objects that are encrypted with it cannot be read"

#: https://docs.aws.amazon.com/kms/latest/APIReference/API_CancelKeyDeletion.html: the key is Disabled then.
_DELETION: Final = ("cancel-key-deletion", "enable-key")
_COMMANDS: Final = {
    "Disabled": ("enable-key",),
    UNTOLD: ("describe-key",),
    "PendingDeletion": _DELETION,
    "PendingReplicaDeletion": _DELETION,
}


@dataclass(frozen=True, slots=True)
class Standing:
    """A key with its state, and with the dates that end what it can do."""

    arn: str
    state: str
    """The key state, such as PendingDeletion."""
    deletion_date: str | None = None
    """ISO 8601 date; only while the key is pending deletion."""
    valid_to: str | None = None
    """ISO 8601 date on which imported key material expires; null also where it does not."""

    @property
    def standing(self) -> str:
        """The key state, with the dates that end it."""
        until = f" until {self.deletion_date}" if self.deletion_date else ""
        expires = f", its key material expires on {self.valid_to}" if self.valid_to else ""
        return f"{self.state}{until}{expires}"

    @property
    def fault(self) -> str:
        """Why logs cannot be read, or from when on; empty where they can.

        A deleted key comes back by nothing, and what it has encrypted is lost:
        https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html
        """
        if self.state == UNTOLD:
            return "its state is not known, nor whether log objects that are encrypted with it can be read"
        if self.state != ENABLED:
            gone = ", and never again once it is deleted" if self.deletion_date else ""
            return f"{self.standing}: {_CANNOT_BE_READ}{gone}"
        return f"{self.standing}: from then on {_CANNOT_BE_READ}" if self.valid_to else ""

    @property
    def fix(self) -> str:
        """What to do about the fault; empty where there is none."""
        commands = [f"aws kms {command} --key-id {self.arn}" for command in _COMMANDS.get(self.state, ())]
        if commands:
            return f"run {' and then '.join(commands)}"
        if self.state != ENABLED:
            return f"{REMEDIES.get(self.state, 'wait until it is Enabled')}: {self.arn}"
        if self.valid_to:
            return f"import the same key material of {self.arn} again, with a later date or none"
        return ""

    @property
    def ends(self) -> str | None:
        """The date of its deletion, else of the expiry of its material; None where neither is to come."""
        return self.deletion_date or self.valid_to

    def days_left(self, now: datetime) -> int | None:
        """Calendar days in UTC until it ends: 0 on the day itself, less after it; None where it does not.

        KMS may take a day longer to delete a key, on which nobody should count:
        https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html
        """
        try:
            ends = date.fromisoformat(self.ends) if self.ends else None
        except ValueError:
            return None
        return (ends - now.astimezone(UTC).date()).days if ends else None


def standing_of(key: KmsKey) -> Standing:
    """How a key stands that KMS has described."""
    state = key.key_state or UNTOLD
    return Standing(str(key.arn), state, key.deletion_date, key.material_expires)
