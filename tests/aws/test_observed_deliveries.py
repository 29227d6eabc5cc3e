"""Facts of deliveries, asked of the sandbox: what each of its levers comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest

from lzkey.aws.account import Asker, Manner
from lzkey.aws.baselines import enabled_baselines
from lzkey.aws.buckets import bucket_encryption, object_lock, requester_pays
from lzkey.aws.delivery_channel import Deliveries, delivery_channel_statuses, delivery_channels
from lzkey.aws.unanswered import UnansweredError
from lzkey_sandbox import LandingZone, OrganizationPlan, Sandbox
from lzkey_sandbox.baselines import NOT_REREGISTERED, Registration, Unit
from lzkey_sandbox.config.deliveries import ACCESS_DENIED, NEVER, ChannelState

if TYPE_CHECKING:
    from collections.abc import Iterator

REGION, MANAGEMENT = "us-east-1", "111122223333"
BUCKET = "aws-controltower-config-logs"
KEY = f"arn:aws:kms:{REGION}:{MANAGEMENT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"


class Sandboxed:
    """A landing zone with a bucket in its log archive account."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.organization = sandbox.organization(OrganizationPlan(members=4))
        self.s3 = sandbox.client("s3", account=self.log_archive)
        self.s3.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)

    @property
    def log_archive(self) -> str:
        """The bucket's owner."""
        return self.organization.log_archive

    def asker(self, account: str = MANAGEMENT) -> Asker:
        """An account, asked as a command asks."""
        clients: Any = self.sandbox

        class Session(boto3.Session):
            """The sandbox's own clients."""

            def client(self, service_name: str, *_: Any, **settings: Any) -> Any:
                """One of the account."""
                return clients.client(service_name, settings["region_name"], account)

        return Asker(Session(region_name=REGION), account, REGION, Manner())


@pytest.fixture(scope="module")
def zone() -> Iterator[Sandboxed]:
    """One for all."""
    with Sandbox(landing_zone=LandingZone.with_key(KEY, "4.0")) as made:
        yield Sandboxed(made)


class TestDeliveries:
    """Of the management account's delivery channel."""

    def test_delivering_failing_and_never(self, zone: Sandboxed) -> None:
        """As the sandbox is told."""
        (channel,) = delivery_channels(zone.asker(), REGION)
        (status,) = delivery_channel_statuses(zone.asker(), REGION)
        assert (channel.key, status.name, status.history.status) == (None, channel.name, "Success")
        assert status.history.attempted_at == status.history.succeeded_at
        zone.sandbox.tell_deliveries(ChannelState.failing(ACCESS_DENIED))
        (status,) = delivery_channel_statuses(zone.asker(), REGION)
        assert (status.history.status, status.history.error_code) == ("Failure", "AccessDenied")
        assert status.history.succeeded_at is None
        zone.sandbox.tell_deliveries(ChannelState(NEVER, NEVER))
        (status,) = delivery_channel_statuses(zone.asker(), REGION)
        assert (status.history, status.stream.status) == (Deliveries(), "Not_Applicable")


class TestBaselines:
    """Of the OUs, their accounts, and the landing zone itself."""

    def test_present_not_and_not_told(self, zone: Sandboxed) -> None:
        """What Control Tower detects no drift of is not known, and neither is what it does not tell."""
        zone.sandbox.units = (
            Unit(accounts=("100000000001",)),
            Unit("ou-ab12-2cd4ef56", registration=NOT_REREGISTERED),
            Unit("ou-ab12-9cd4ef56", registration=Registration(source=None)),
        )
        found = {each.target_id: each.is_present for each in enabled_baselines(zone.asker(), REGION)}
        assert found == {
            zone.log_archive: None,
            zone.organization.audit: None,
            "ou-ab12-3cd4ef56": True,
            "100000000001": True,
            "ou-ab12-2cd4ef56": False,
            "ou-ab12-9cd4ef56": None,
        }
        with pytest.raises(UnansweredError, match="AccessDenied"):
            enabled_baselines(zone.asker(zone.log_archive), REGION)


class TestBuckets:
    """Of the log archive account."""

    def test_are_told_to_their_account(self, zone: Sandboxed) -> None:
        """A lock with its retention, who pays, and what is encrypted with."""
        asked = (zone.asker(zone.log_archive), BUCKET, zone.log_archive, REGION)
        assert (object_lock(*asked).retention, requester_pays(*asked)) == ("", False)
        assert bucket_encryption(*asked).algorithm == "AES256"
        rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
        lock = {"ObjectLockEnabled": "Enabled", "Rule": rule}
        zone.s3.put_object_lock_configuration(Bucket=BUCKET, ObjectLockConfiguration=lock)
        zone.s3.put_bucket_request_payment(Bucket=BUCKET, RequestPaymentConfiguration={"Payer": "Requester"})
        assert (object_lock(*asked).retention, requester_pays(*asked)) == ("GOVERNANCE, 1 day", True)

    @pytest.mark.parametrize("fact", [object_lock, requester_pays, bucket_encryption])
    def test_are_told_to_nobody_else(self, zone: Sandboxed, fact: Any) -> None:
        """A refusal is no bucket without a lock; it names the action that was not allowed."""
        with pytest.raises(UnansweredError, match="AccessDenied") as caught:
            fact(zone.asker(), BUCKET, zone.log_archive, REGION)
        assert (caught.value.refused, {caught.value.action}) == (True, fact.actions)
        with pytest.raises(UnansweredError, match="NoSuchBucket"):
            fact(zone.asker(), "nobodys", zone.log_archive, REGION)
