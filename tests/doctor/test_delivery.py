"""Whether the landing zone's trail and AWS Config's delivery channel deliver, beside what the rule proves."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from lzkey.doctor import Status
from lzkey.observed.causes import CAUSES
from lzkey_sandbox import LandingZone
from lzkey_sandbox.cloudtrail import TrailState
from lzkey_sandbox.cloudtrail_events import policy_put
from lzkey_sandbox.config.deliveries import (
    ACCESS_DENIED,
    INSUFFICIENT_POLICY,
    NEVER,
    NO_SUCH_BUCKET,
    ChannelState,
    Delivery,
    Failure,
)

from .conftest import key_policy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey.doctor import Check

    from .conftest import Management

OTHER = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
TRAIL = "aws-controltower-BaselineCloudTrail"
LOGS = "aws-controltower-logs"
HOUR = timedelta(hours=1)


@contextmanager
def changed_policy(account: Management, ago: timedelta) -> Iterator[None]:
    """The key policy was put so long ago."""
    put = policy_put(account.key, key_policy(account.key), datetime.now(UTC) - ago)
    events = account.sandbox.events
    before = events.of("111122223333", "us-east-1")
    events.add(put)
    yield
    events.forget()
    events.add(*reversed(before))


@contextmanager
def channel(account: Management, bucket: str = LOGS, key: str | None = "") -> Iterator[None]:
    """The delivery channel delivers there, with a key: that of the landing zone, or another, or none."""
    config = account.client("config")
    chosen = account.key if key == "" else key
    with_key = {"s3KmsKeyArn": chosen} if chosen else {}
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": bucket, **with_key})
    yield
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "history"})


@contextmanager
def manifest_with(account: Management, block: str, *, enabled: bool) -> Iterator[None]:
    """A block of the manifest is on or off."""
    before = account.sandbox.landing_zone
    assert before is not None
    blocks = {name: dict(value) for name, value in before.manifest.items()}
    blocks[block]["enabled"] = enabled
    account.sandbox.landing_zone = LandingZone("4.0", blocks)
    yield
    account.sandbox.landing_zone = before


class TestTrail:
    """Its line."""

    def look(self, account: Management, state: TrailState | None) -> Check:
        """What the doctor says of a trail in this state."""
        account.sandbox.trail = state
        check = account.line("trail")
        account.sandbox.trail = TrailState()
        return check

    @pytest.mark.parametrize(
        ("state", "status", "said"),
        [
            (TrailState(), Status.OK, f"{TRAIL} is logging, and delivered "),
            (
                None,
                Status.PROBLEM,
                f"there is no trail {TRAIL} in us-east-1: the proof is about its requests",
            ),
            (TrailState(logging=False), Status.PROBLEM, "is not logging; it delivered "),
            (TrailState(logging=False, delivered=None), Status.PROBLEM, f"{TRAIL} is not logging"),
            (
                TrailState(error="AccessDenied", delivered=timedelta(hours=3.5)),
                Status.PROBLEM,
                f"its log files: AccessDenied: {CAUSES['AccessDenied'].text}; last delivered 3 hours ago",
            ),
            (
                TrailState(error="SlowDown"),
                Status.PROBLEM,
                "its log files: SlowDown: its cause is not known; last delivered ",
            ),
            (TrailState(digest_error="AccessDenied"), Status.PROBLEM, "failed to deliver its digest files"),
            (TrailState(delivered=None), Status.UNKNOWN, "is logging, and never delivered; no time is told"),
            (TrailState(delivered=timedelta(hours=23.5)), Status.OK, "delivered 23 hours ago"),
            (
                TrailState(delivered=timedelta(hours=25.5)),
                Status.UNKNOWN,
                "delivered 1 day ago; nothing for too long, and no error is told",
            ),
            (TrailState(key=OTHER), Status.PROBLEM, f"it encrypts with {OTHER}, which is not the landing"),
        ],
        ids=str,
    )
    def test_each_state(
        self, account: Management, state: TrailState | None, status: Status, said: str
    ) -> None:
        """An error is told as it was read, and nobody calls it healthy."""
        check = self.look(account, state)
        assert check.status is status
        assert said in check.detail
        assert bool(check.fix) is (status is not Status.OK)

    @pytest.mark.parametrize("error", ["", "AccessDenied"])
    def test_since_the_last_change(self, account: Management, error: str) -> None:
        """What was read so soon after a change of the policy is neither health nor failure; later it is."""
        state = TrailState(delivered=timedelta(minutes=1), error=error)
        with changed_policy(account, timedelta(minutes=10)):
            soon = self.look(account, state)
        with changed_policy(account, timedelta(minutes=20)):
            later = self.look(account, state)
        assert (soon.status, soon.fix) == (Status.UNKNOWN, "look again after the next delivery")
        assert "not observed since the change at 20" in soon.detail
        assert error in soon.detail
        assert later.status is (Status.PROBLEM if error else Status.OK)

    def test_a_cause_has_its_fix(self, account: Management) -> None:
        """Beside what to look at in any case."""
        check = self.look(account, TrailState(error="NoSuchBucket"))
        assert check.fix.startswith(f"{CAUSES['NoSuchBucket'].fix}; if the rule says COMPLIANT, it is not")

    @pytest.mark.parametrize("enabled", [True, False])
    def test_where_the_integration_is_off(self, account: Management, *, enabled: bool) -> None:
        """There is no trail to look at; the twin is on."""
        with manifest_with(account, "centralizedLogging", enabled=enabled):
            check = account.line("trail")
        assert check.status is (Status.OK if enabled else Status.NOT_APPLICABLE)


class TestDeliveryChannel:
    """Its line."""

    def look(self, account: Management, state: ChannelState) -> Check:
        """What the doctor says of a channel in this state."""
        account.sandbox.tell_deliveries(state)
        check = account.line("delivery-channel")
        account.sandbox.tell_deliveries(ChannelState())
        return check

    @pytest.mark.parametrize(
        ("state", "status", "said"),
        [
            (
                ChannelState(Delivery.arrived(1.5 * HOUR)),
                Status.OK,
                f"configuration history delivered 1 hour ago to {LOGS} with arn:aws:kms:",
            ),
            (
                ChannelState.failing(ACCESS_DENIED, succeeded=timedelta(days=3)),
                Status.PROBLEM,
                f"failed with AccessDenied (Access Denied): {CAUSES['AccessDenied'].text}; last delivered",
            ),
            (
                ChannelState.failing(NO_SUCH_BUCKET),
                Status.PROBLEM,
                "The specified Bucket does not exist.): the bucket does not exist; last never delivered",
            ),
            (
                ChannelState.failing(INSUFFICIENT_POLICY),
                Status.PROBLEM,
                CAUSES["InsufficientDeliveryPolicyException"].text,
            ),
            (
                ChannelState.failing(Failure("Surprise", "\x1b[31mwhy")),
                Status.PROBLEM,
                "failed with Surprise (\x1b[31mwhy): its cause is not known",
            ),
            (
                ChannelState(snapshot=Delivery(HOUR, None, ACCESS_DENIED)),
                Status.PROBLEM,
                "configuration snapshots failed with AccessDenied",
            ),
            (ChannelState(NEVER, NEVER), Status.UNKNOWN, "never delivered; no time is told"),
            (
                ChannelState(Delivery.arrived(timedelta(days=8)), NEVER),
                Status.UNKNOWN,
                "delivered 8 days ago; nothing for too long, and no error is told",
            ),
        ],
        ids=str,
    )
    def test_of_the_landing_zone(
        self, account: Management, state: ChannelState, status: Status, said: str
    ) -> None:
        """With its key: what fails is a problem with the error as it was read, and silence is no health."""
        with channel(account):
            check = self.look(account, state)
        assert check.status is status
        assert said in check.detail
        assert bool(check.fix) is (status is not Status.OK)

    @pytest.mark.parametrize("failing", [False, True])
    def test_since_the_last_change(self, account: Management, *, failing: bool) -> None:
        """A data key may be cached for one interval, which is six hours here."""
        state = ChannelState.failing(ACCESS_DENIED) if failing else ChannelState()
        with channel(account):
            with changed_policy(account, 6 * HOUR):
                soon = self.look(account, state)
            with changed_policy(account, 8 * HOUR):
                later = self.look(account, state)
        assert (soon.status, soon.fix) == (Status.UNKNOWN, "look again after the next delivery")
        assert later.status is (Status.PROBLEM if failing else Status.OK)

    def test_of_ones_own(self, account: Management) -> None:
        """The management account's may deliver where it likes: that is well, and tells nothing of the key."""
        check = account.line("delivery-channel")
        assert check.status is Status.OK
        assert "it delivers to history, so that it tells nothing of the landing zone's key" in check.detail

    def test_of_ones_own_that_fails(self, account: Management) -> None:
        """Is a problem, whenever the key policy was changed."""
        with changed_policy(account, timedelta(minutes=1)):
            check = self.look(account, ChannelState.failing(NO_SUCH_BUCKET))
        assert check.status is Status.PROBLEM
        assert CAUSES["NoSuchBucket"].fix in check.fix

    def test_with_another_key(self, account: Management) -> None:
        """Which key it is, is told."""
        with channel(account, key=OTHER):
            check = account.line("delivery-channel")
        assert f"it encrypts with {OTHER}, which is not the landing zone's" in check.detail

    @pytest.mark.parametrize("enabled", [True, False])
    def test_where_the_integration_is_off(self, account: Management, *, enabled: bool) -> None:
        """Nothing is to be delivered; the twin is on."""
        with manifest_with(account, "config", enabled=enabled):
            check = account.line("delivery-channel")
        assert check.status is (Status.OK if enabled else Status.NOT_APPLICABLE)


@pytest.mark.parametrize(
    ("line", "operation", "action"),
    [
        ("trail", "cloudtrail.DescribeTrails", "cloudtrail:DescribeTrails"),
        ("trail", "cloudtrail.GetTrailStatus", "cloudtrail:GetTrailStatus"),
        ("trail", "cloudtrail.LookupEvents", "cloudtrail:LookupEvents"),
        ("delivery-channel", "config.DescribeDeliveryChannels", "config:DescribeDeliveryChannels"),
        ("delivery-channel", "config.DescribeDeliveryChannelStatus", "config:DescribeDeliveryChannelStatus"),
        ("delivery-channel", "cloudtrail.LookupEvents", "cloudtrail:LookupEvents"),
        ("delivery-channel", "kms.GetKeyPolicy", "could not be read"),
        ("baselines", "controltower.ListEnabledBaselines", "controltower:ListEnabledBaselines"),
        ("key-last-use", "kms.GetKeyLastUsage", "kms:GetKeyLastUsage"),
        ("key-last-use", "kms.DescribeKey", "could not be read"),
        ("beside-the-key", "kms.ListGrants", "kms:ListGrants"),
        ("beside-the-key", "kms.ListKeyPolicies", "kms:ListKeyPolicies"),
    ],
)
def test_refused(account: Management, line: str, operation: str, action: str) -> None:
    """What may not be asked is unknown, and the action is named."""
    service, _, name = operation.partition(".")
    account.sandbox.fail_next(service, name, "AccessDeniedException")
    with channel(account):
        check = account.line(line)
    assert check.status is Status.UNKNOWN
    assert action in check.detail
    assert "--print-iam-policy" in check.fix
