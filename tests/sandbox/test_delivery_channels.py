"""The sandbox's delivery channels: what AWS Config tells of them, in AWS's shapes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from lzkey_sandbox.config import deliveries
from lzkey_sandbox.config.deliveries import (
    ACCESS_DENIED,
    NEVER,
    NO_SUCH_BUCKET,
    ChannelState,
    Delivery,
    Failure,
)

from .organizations import SMALL

if TYPE_CHECKING:
    from lzkey_sandbox import Sandbox

    from .organizations import Organized

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
HOME, ELSEWHERE = "us-east-1", "eu-west-1"
KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
TOPIC = "arn:aws:sns:us-east-1:111122223333:history"
CHANNEL = "aws-controltower-BaselineConfigDeliveryChannel"


class Noon(datetime):
    """A clock that stands."""

    @classmethod
    def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
        """Twelve o'clock."""
        return NOON.astimezone(tz)


@pytest.fixture(autouse=True)
def _noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "datetime", Noon)


def channel(sandbox: Sandbox, account: str | None = None, region: str = HOME) -> Any:
    """The status of the one channel of an account and Region."""
    config = sandbox.client("config", region, account)
    (status,) = config.describe_delivery_channel_status()["DeliveryChannelsStatus"]
    return status


class TestStatus:
    """What DescribeDeliveryChannelStatus says."""

    def test_delivers_until_told_not_to(self, organized: Organized) -> None:
        """In every account; without a topic there are no notifications."""
        arrived = {"lastStatus": "Success", "lastAttemptTime": NOON - timedelta(hours=1)}
        arrived["lastSuccessfulTime"] = arrived["lastAttemptTime"]
        for account in (organized.organization.management, organized.organization.audit):
            assert channel(organized.sandbox, account) == {
                "name": CHANNEL,
                "configHistoryDeliveryInfo": arrived,
                "configSnapshotDeliveryInfo": arrived,
                "configStreamDeliveryInfo": {"lastStatus": "Not_Applicable"},
            }

    @pytest.mark.parametrize(
        "failure", [NO_SUCH_BUCKET, ACCESS_DENIED, Failure("SomethingElse", "<b>no</b>")]
    )
    def test_fails(self, organized: Organized, failure: Failure) -> None:
        """With the code and the message that are told; what arrived last is told where something did."""
        organized.sandbox.tell_deliveries(
            ChannelState.failing(failure, timedelta(minutes=30), NOON.replace(day=1))
        )
        for kind in ("configHistoryDeliveryInfo", "configSnapshotDeliveryInfo"):
            assert channel(organized.sandbox)[kind] == {
                "lastStatus": "Failure",
                "lastErrorCode": failure.code,
                "lastErrorMessage": failure.message,
                "lastAttemptTime": NOON - timedelta(minutes=30),
                "lastSuccessfulTime": NOON.replace(day=1),
            }
        organized.sandbox.tell_deliveries(ChannelState.failing(failure))
        assert "lastSuccessfulTime" not in channel(organized.sandbox)["configHistoryDeliveryInfo"]

    def test_never_delivered(self, organized: Organized) -> None:
        """Nothing is said of what was never tried; the other kind is as it was."""
        organized.sandbox.tell_deliveries(ChannelState(NEVER, Delivery.arrived(NOON)))
        found = channel(organized.sandbox)
        assert found["configHistoryDeliveryInfo"] == {}
        assert found["configSnapshotDeliveryInfo"]["lastSuccessfulTime"] == NOON

    def test_of_one_place(self, sandbox: Sandbox) -> None:
        """What is told of an account and Region, then of the account, of the Region, and of every one."""
        organization = sandbox.organization(SMALL)
        account, other = organization.audit, organization.log_archive
        for each in (account, other):
            config = sandbox.client("config", ELSEWHERE, each)
            role = f"arn:aws:iam::{each}:role/config"
            config.put_configuration_recorder(ConfigurationRecorder={"name": "default", "roleARN": role})
            config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "history"})

        def codes() -> list[str]:
            return [
                channel(sandbox, each, region)["configHistoryDeliveryInfo"].get("lastErrorCode", "")
                for each in (account, other)
                for region in (HOME, ELSEWHERE)
            ]

        def tell(code: str, *place: str | None) -> None:
            sandbox.tell_deliveries(ChannelState.failing(Failure(code, "")), *place)

        tell("all")
        tell("region", None, ELSEWHERE)
        assert codes() == ["all", "region", "all", "region"]
        tell("account", account)
        assert codes() == ["account", "account", "all", "region"]
        tell("both", account, ELSEWHERE)
        assert codes() == ["account", "both", "all", "region"]

    def test_names(self, organized: Organized) -> None:
        """One that is there, and one that is not, which is an error; without a channel there is nothing."""
        config = organized.sandbox.client("config")
        (found,) = config.describe_delivery_channel_status(DeliveryChannelNames=[CHANNEL])[
            "DeliveryChannelsStatus"
        ]
        assert found["name"] == CHANNEL
        with pytest.raises(ClientError, match="NoSuchDeliveryChannelException"):
            config.describe_delivery_channel_status(DeliveryChannelNames=["other"])
        elsewhere = organized.sandbox.client("config", ELSEWHERE)
        assert elsewhere.describe_delivery_channel_status()["DeliveryChannelsStatus"] == []


class TestChannel:
    """What DescribeDeliveryChannels says, and moto keeps."""

    def test_names_what_it_uses(self, organized: Organized) -> None:
        """Key, prefix and topic; with a topic, notifications are told of."""
        config = organized.sandbox.client("config")
        asked = {
            "name": CHANNEL,
            "s3BucketName": "history",
            "s3KeyPrefix": "o-exampleorgid",
            "s3KmsKeyArn": KEY,
            "snsTopicARN": TOPIC,
            "configSnapshotDeliveryProperties": {"deliveryFrequency": "TwentyFour_Hours"},
        }
        config.put_delivery_channel(DeliveryChannel=asked)
        assert config.describe_delivery_channels()["DeliveryChannels"] == [asked]
        assert channel(organized.sandbox)["configStreamDeliveryInfo"] == {"lastStatus": "Success"}
