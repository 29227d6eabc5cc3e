"""AWS Config's DescribeDeliveryChannelStatus, which moto lacks: a channel delivers until told not to.

Source: https://docs.aws.amazon.com/config/latest/APIReference/API_DescribeDeliveryChannelStatus.html and the
pages of its types. These say Success and Failure, as here; AWS's samples say SUCCESS:
https://docs.aws.amazon.com/cli/latest/reference/configservice/describe-delivery-channel-status.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from lzkey_sandbox.errors import ServiceError
from lzkey_sandbox.moto import motostate

if TYPE_CHECKING:
    from lzkey_sandbox.http.contract import Answer, Members

#: A moment, or how long before the question it was.
Moment: TypeAlias = datetime | timedelta

_AN_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a delivery failed, as AWS Config tells it; no page of AWS lists what it tells."""

    code: str
    message: str


#: Seen in 2023, of a bucket that was gone; no page of AWS shows it.
NO_SUCH_BUCKET: Final = Failure(
    "NoSuchBucket",
    "An exception occurred while trying to deliver data to your Amazon S3 bucket. "
    "The specified Bucket does not exist.",
)
#: Assumed: Amazon S3's code for a bucket policy, a key policy or an SCP that refuses. So it would be after an
#: update to 4.0, until an OU is registered again: the former bucket admits AWS Config no more.
#: Source: https://docs.aws.amazon.com/controltower/latest/userguide/config-updates-v4.html
ACCESS_DENIED: Final = Failure("AccessDenied", "Access Denied")
#: Assumed, as what a delivery is told: documented for PutDeliveryChannel.
#: Source: https://docs.aws.amazon.com/config/latest/APIReference/API_PutDeliveryChannel.html
INSUFFICIENT_POLICY: Final = Failure(
    "InsufficientDeliveryPolicyException", "The policy of the bucket does not let AWS Config write to it."
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of the last delivery of a kind; by default it arrived an hour ago."""

    attempted: Moment | None = _AN_HOUR
    """None: none was tried, of which AWS Config says nothing at all."""
    succeeded: Moment | None = _AN_HOUR
    """The last that arrived; None: none ever did."""
    failure: Failure | None = None
    """Of the last that was tried."""

    @classmethod
    def arrived(cls, moment: Moment) -> Delivery:
        """One that went well."""
        return cls(moment, moment)

    def members(self, now: datetime) -> dict[str, Any]:
        """As ConfigExportDeliveryInfo shows it."""
        if self.attempted is None:
            return {}
        told: dict[str, Any] = {
            "lastStatus": "Failure" if self.failure else "Success",
            "lastAttemptTime": _at(self.attempted, now),
        }
        if self.failure:
            told |= {"lastErrorCode": self.failure.code, "lastErrorMessage": self.failure.message}
        if self.succeeded is not None:
            told["lastSuccessfulTime"] = _at(self.succeeded, now)
        return told


#: None was ever tried: no members, as AWS Config shows a channel without snapshots.
NEVER: Final = Delivery(None, None)


@dataclass(frozen=True, slots=True)
class ChannelState:
    """What became of a channel's deliveries: of files of history, and of snapshots."""

    history: Delivery = Delivery()
    snapshot: Delivery = Delivery()

    @classmethod
    def failing(
        cls, failure: Failure, attempted: Moment = _AN_HOUR, succeeded: Moment | None = None
    ) -> ChannelState:
        """Nothing arrives any more: when it was tried last, and when something arrived last."""
        each = Delivery(attempted, succeeded, failure)
        return cls(each, each)


class Deliveries:
    """The channels are moto's; `states` tell of an account and Region, of one of them, or of all (None)."""

    def __init__(self) -> None:
        self.states: dict[tuple[str | None, str | None], ChannelState] = {}

    def describe_delivery_channel_status(self, account: str, region: str, members: Members) -> Answer:
        """Answer DescribeDeliveryChannelStatus; a name that no channel has is an error."""
        channels = {channel["name"]: channel for channel in motostate.delivery_channels(account, region)}
        asked = members.get("DeliveryChannelNames") or list(channels)
        for name in asked:
            if name not in channels:
                raise ServiceError(
                    "NoSuchDeliveryChannelException",
                    f"Cannot find delivery channel with specified name '{name}'.",
                )
        state, now = self._state(account, region), datetime.now(UTC)
        return {
            "DeliveryChannelsStatus": [
                {
                    "name": name,
                    "configSnapshotDeliveryInfo": state.snapshot.members(now),
                    "configHistoryDeliveryInfo": state.history.members(now),
                    "configStreamDeliveryInfo": _stream(channels[name]),
                }
                for name in asked
            ]
        }

    def _state(self, account: str, region: str) -> ChannelState:
        places = ((account, region), (account, None), (None, region), (None, None))
        return next((self.states[place] for place in places if place in self.states), ChannelState())


def _stream(channel: dict[str, Any]) -> dict[str, Any]:
    """Without a topic there are no notifications.

    Source: https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigStreamDeliveryInfo.html
    """
    return {"lastStatus": "Success" if channel.get("snsTopicARN") else "Not_Applicable"}


def _at(moment: Moment, now: datetime) -> datetime:
    return now - moment if isinstance(moment, timedelta) else moment
