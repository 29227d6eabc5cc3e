"""Delivery channels: where AWS Config delivers, with which key, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from landing_zone_key.records import dataclass
from lzkey.aws.fact import takes

if TYPE_CHECKING:
    from datetime import datetime

    from lzkey import Json
    from lzkey.aws.account import Asker


@dataclass(frozen=True, slots=True)
class DeliveryChannel:
    """As DescribeDeliveryChannels shows it.

    https://docs.aws.amazon.com/config/latest/APIReference/API_DeliveryChannel.html
    """

    name: str
    bucket: str
    prefix: str
    key: str | None
    """The ARN of the KMS key that it encrypts with (s3KmsKeyArn); None: with what the bucket has."""
    topic: str | None


@dataclass(frozen=True, slots=True)
class Deliveries:
    """One kind of a channel's deliveries, as they were read.

    https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigExportDeliveryInfo.html
    """

    status: str = ""
    """Success, Failure or Not_Applicable; empty: AWS Config does not tell, as before the first try.

    Failure may be of the notification about a file, too. AWS's samples have SUCCESS:
    https://docs.aws.amazon.com/cli/latest/reference/configservice/describe-delivery-channel-status.html
    """
    error_code: str = ""
    error_message: str = ""
    attempted_at: datetime | None = None
    succeeded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DeliveryChannelStatus:
    """What became of a channel's deliveries.

    https://docs.aws.amazon.com/config/latest/APIReference/API_DeliveryChannelStatus.html
    """

    name: str
    history: Deliveries
    """Configuration history files, every six hours where something has changed."""
    snapshot: Deliveries
    stream: Deliveries
    """Notifications to an Amazon SNS topic: of no bucket and no key."""


@takes("config:DescribeDeliveryChannels")
def delivery_channels(asker: Asker, region: str | None = None) -> tuple[DeliveryChannel, ...]:
    """The delivery channels of a Region: AWS Config lets an account have one."""
    found = asker.ask("config:DescribeDeliveryChannels", region=region)["DeliveryChannels"]
    return tuple(
        DeliveryChannel(
            str(channel["name"]),
            str(channel.get("s3BucketName") or ""),
            str(channel.get("s3KeyPrefix") or ""),
            channel.get("s3KmsKeyArn"),
            channel.get("snsTopicARN"),
        )
        for channel in found
    )


@takes("config:DescribeDeliveryChannelStatus")
def delivery_channel_statuses(asker: Asker, region: str | None = None) -> tuple[DeliveryChannelStatus, ...]:
    """How the last deliveries of a Region's channels went."""
    found = asker.ask("config:DescribeDeliveryChannelStatus", region=region)["DeliveryChannelsStatus"]
    return tuple(
        DeliveryChannelStatus(
            str(status["name"]),
            _deliveries(status.get("configHistoryDeliveryInfo")),
            _deliveries(status.get("configSnapshotDeliveryInfo")),
            _deliveries(status.get("configStreamDeliveryInfo")),
        )
        for status in found
    )


def _deliveries(told: Json) -> Deliveries:
    told = told or {}
    return Deliveries(
        str(told.get("lastStatus") or "").title(),
        str(told.get("lastErrorCode") or ""),
        str(told.get("lastErrorMessage") or ""),
        told.get("lastAttemptTime") or told.get("lastStatusChangeTime"),
        told.get("lastSuccessfulTime"),
    )
