"""Since when keys are out of service, by what really happened to them; and what is asked about one key."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from landing_zone_key import KmsKey, LandingZone
from landing_zone_key.key import KeyArn
from lzkey.aws.account import Asker, Manner
from lzkey.aws.fact import actions_of
from lzkey.aws.keys import key, key_policy
from lzkey.aws.landing_zone import landing_zone_arn, landing_zone_detail
from lzkey.aws.standing import Standing, standing_of
from lzkey.observed.asking import dependents, out_of_service
from lzkey.observed.in_force import in_force
from lzkey.observed.looking import Scene, channel_readings, key_uses, trail_readings
from lzkey.observed.values import InForce, OutOfService
from lzkey_sandbox import LandingZone as Zone
from lzkey_sandbox import Sandbox
from lzkey_sandbox.cloudtrail_events import key_changed
from lzkey_sandbox.config.deliveries import ACCESS_DENIED, ChannelState

from ..channels import delivery_channel  # noqa: TID252 - tests are no package

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey.observed.blast import BlastRadius

ACCOUNT = "111122223333"
ARN = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER = f"{ARN[:-1]}c"
NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
ZONE = LandingZone.from_rule_parameters({"HomeRegion": "us-east-1", "ManagementAccountId": ACCOUNT})
NONE_OF_IT = (
    "the event history of 90 days has no ScheduleKeyDeletion or DisableKey or CancelKeyDeletion of it"
)


def ago(days: int) -> datetime:
    """So many days before the test's noon."""
    return NOON - timedelta(days=days)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """The management account, and nothing but the sandbox can be reached."""
    with pytest.MonkeyPatch.context() as patch, Sandbox(recording=False) as made:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in made.environment.items():
            patch.setenv(name, value)
        yield made


@pytest.fixture
def aws(sandbox: Sandbox) -> Sandbox:
    """The same, at noon, and nothing has happened yet."""
    sandbox.events.forget()
    sandbox.events.clock = lambda: NOON
    sandbox.forget_calls()
    return sandbox


def asker(account: str = ACCOUNT) -> Asker:
    """Who asks, in an account."""
    return Asker(boto3.Session(), account, "us-east-1", Manner())


def out(standing: Standing, account: str = ACCOUNT) -> OutOfService:
    """Since when the key is out of service."""
    (found,) = out_of_service(Scene(asker(account), ZONE, "aws", NOON), [standing])
    return found


@pytest.mark.parametrize(
    ("state", "changes", "since", "change"),
    [
        ("Disabled", [("DisableKey", 3)], 3, "DisableKey"),
        ("Disabled", [("DisableKey", 9), ("EnableKey", 5), ("DisableKey", 3)], 3, "DisableKey"),
        (
            "Disabled",
            [("DisableKey", 9), ("EnableKey", 8), ("DisableKey", 7), ("EnableKey", 5), ("DisableKey", 3)],
            3,
            "DisableKey",
        ),
        ("Disabled", [("DisableKey", 9), ("DisableKey", 3)], 9, "DisableKey"),
        ("Disabled", [("ScheduleKeyDeletion", 4), ("CancelKeyDeletion", 2)], 4, "ScheduleKeyDeletion"),
        ("PendingDeletion", [("DisableKey", 20), ("ScheduleKeyDeletion", 4)], 20, "DisableKey"),
        ("PendingReplicaDeletion", [("ScheduleKeyDeletion", 4)], 4, "ScheduleKeyDeletion"),
        (
            "PendingImport",
            [("DeleteImportedKeyMaterial", 9), ("ImportKeyMaterial", 8), ("DeleteExpiredKeyMaterial", 1)],
            1,
            "DeleteExpiredKeyMaterial",
        ),
    ],
    ids=range(8),
)
def test_since_when(
    aws: Sandbox, state: str, changes: list[tuple[str, int]], since: int, change: str
) -> None:
    """By the first change after which nothing has put it back; another key's changes are nothing."""
    aws.events.add(*(key_changed(name, ARN, ago(days)) for name, days in changes))
    aws.events.add(key_changed("DisableKey", OTHER, ago(80)), key_changed("EnableKey", OTHER, ago(0)))
    assert out(Standing(ARN, state)) == OutOfService(ARN, ago(since), change)


def test_a_key_of_another_region(aws: Sandbox) -> None:
    """Has its changes in the history of its own Region; and the latest change says whose it was."""
    arn = ARN.replace("us-east-1", "eu-west-1")
    key_there = replace(KmsKey.from_arn(KeyArn.parse(arn)), key_state="Enabled")
    manifest = {"centralizedLogging": {"configurations": {"kmsKeyArn": arn}}}
    scene = Scene(asker(), ZONE.with_manifest(manifest, "3.3"), "aws", NOON, {arn: key_there})
    aws.events.add(key_changed("EnableKey", arn, ago(3)))
    assert in_force(scene, ()) == InForce(ago(3), "EnableKey", key=arn)


def test_a_change_that_was_refused(aws: Sandbox) -> None:
    """Has changed nothing: neither did it take the key out of service, nor was the key put back by it."""
    refused = {"errorCode": "AccessDenied"}
    aws.events.add({**key_changed("DisableKey", ARN, ago(9)), **refused})
    assert out(Standing(ARN, "Disabled")) == OutOfService(ARN, unknown=NONE_OF_IT)
    aws.events.add(key_changed("DisableKey", ARN, ago(3)))
    aws.events.add({**key_changed("EnableKey", ARN, ago(1)), **refused})
    assert out(Standing(ARN, "Disabled")).since == ago(3)


def test_what_is_older_than_the_history(aws: Sandbox) -> None:
    """Is not known, and no guess is made."""
    aws.events.add(key_changed("DisableKey", ARN, ago(91)))
    assert out(Standing(ARN, "Disabled")) == OutOfService(ARN, unknown=NONE_OF_IT)


@pytest.mark.parametrize(
    ("state", "account", "unknown"),
    [
        ("Unavailable", ACCOUNT, "no event makes a key Unavailable"),
        ("Disabled", "444455556666", f"account {ACCOUNT} alone has its events"),
    ],
)
@pytest.mark.usefixtures("aws")
def test_what_nobody_can_know(state: str, account: str, unknown: str) -> None:
    """Is told with its reason."""
    assert out(Standing(ARN, state), account) == OutOfService(ARN, unknown=unknown)


def test_where_it_is_refused(aws: Sandbox) -> None:
    """It is not known, and that is no error."""
    aws.fail_next("cloudtrail", "LookupEvents", "AccessDeniedException")
    assert "refused cloudtrail:LookupEvents" in out(Standing(ARN, "Disabled")).unknown


def test_what_it_costs(aws: Sandbox) -> None:
    """Nothing for keys that are Enabled; a question for each kind of event, however many keys there are."""
    scene = Scene(asker(), ZONE, "aws", NOON)
    assert out_of_service(scene, [Standing(ARN, "Enabled")]) == ()
    assert list(aws.calls) == []
    assert len(out_of_service(scene, [Standing(one, "Disabled") for one in (ARN, OTHER)])) == 2
    assert [call.operation for call in aws.calls] == ["LookupEvents"] * 4


class TestOneKey:
    """What `explain --live` asks for."""

    @pytest.fixture
    def arn(self, aws: Sandbox) -> Iterator[str]:
        """A landing zone's key, with a trail and a delivery channel that encrypt with it."""
        arn = str(aws.client("kms").create_key()["KeyMetadata"]["Arn"])
        aws.landing_zone = Zone.with_key(arn, "4.0")
        aws.events.clock = lambda: datetime.now(UTC)
        with delivery_channel(aws, arn):
            yield arn
        aws.landing_zone = None
        aws.tell_deliveries(ChannelState())

    def radius(self, arn: str, account: str = ACCOUNT, **changes: Any) -> BlastRadius:
        """What depends on the key, now."""
        home, who = asker(), asker(account)
        found = key(home, arn).with_policy(key_policy(home, KeyArn.parse(arn)))
        return dependents(who, "aws", found, changes.get("zone", ZONE), datetime.now(UTC))

    def test_what_depends_on_it(self, arn: str) -> None:
        """The landing zone's trail and the account's delivery channel, each with its bucket."""
        found = self.radius(arn)
        assert found.services == ("CloudTrail", "AWS Config")
        assert [one.rpartition("/")[2] for one in found.trails] == ["aws-controltower-BaselineCloudTrail"]
        assert (found.delivery_channels, found.accounts, found.regions) == (1, (ACCOUNT,), ("us-east-1",))
        assert found.buckets == ("aws-controltower-logs", "aws-controltower-config")
        assert (found.trouble, found.out_of_service) == ("", None)

    def test_health_costs_no_event(self, arn: str, aws: Sandbox) -> None:
        """The event history is slow: it is asked where something fails, or is out of service."""
        self.radius(arn)
        asked = {call.operation for call in aws.calls}
        assert not asked & {"LookupEvents", "GetKeyLastUsage"}
        aws.tell_deliveries(ChannelState.failing(ACCESS_DENIED))
        self.radius(arn)
        assert {call.operation for call in aws.calls} > {"LookupEvents", "GetKeyLastUsage"}

    def test_its_deletion(self, arn: str, aws: Sandbox) -> None:
        """With the days, what took it out of service, and the commands that stop it."""
        aws.client("kms").schedule_key_deletion(KeyId=arn, PendingWindowInDays=7)
        found = self.radius(arn)
        assert found.days_left == 7
        assert found.out_of_service is not None
        assert found.out_of_service.change == "ScheduleKeyDeletion"
        assert found.fix.startswith(f"run aws kms cancel-key-deletion --key-id {arn} and then ")

    def test_a_failure_before_the_change(self, arn: str, aws: Sandbox) -> None:
        """Is told with that, and counted as none: the key is newer."""
        aws.tell_deliveries(ChannelState.failing(ACCESS_DENIED))
        found = self.radius(arn)
        assert found.failing == 0
        assert ": not observed since the change at " in found.trouble

    @pytest.mark.parametrize(
        ("operation", "service", "said"),
        [
            (
                "ListLandingZones",
                "controltower",
                "the landing zone's manifest names it is not known: ",
            ),
            ("DescribeTrails", "cloudtrail", "of 1 of 2 trails and delivery channels nothing was seen: "),
            (
                "DescribeDeliveryChannels",
                "config",
                "of 1 of 2 trails and delivery channels nothing was seen: ",
            ),
        ],
    )
    def test_what_is_refused(self, arn: str, aws: Sandbox, operation: str, service: str, said: str) -> None:
        """Is said, and the rest is told."""
        aws.fail_next(service, operation, "AccessDeniedException")
        found = self.radius(arn)
        told = f"{found.purpose}; {found.depends}"
        assert said in told
        assert f"refused {service}:{operation}" in told
        assert " with it, into " in told

    def test_another_account(self, arn: str) -> None:
        """Sees neither the landing zone nor its trail."""
        found = self.radius(arn, "444455556666")
        assert found.purpose.endswith(f"the management account, {ACCOUNT}, alone sees it")
        assert "alone sees the trail" in found.depends
        assert found.trails == ()

    @pytest.mark.parametrize(
        ("named", "purpose"),
        [
            ("OWN", "the landing zone's manifest names it for the logs of CloudTrail and AWS Config"),
            (OTHER, "the landing zone's manifest does not name it"),
            ("alias/logs", "the landing zone's manifest names an alias, which may be this key's"),
        ],
    )
    def test_a_manifest_that_is_given(self, arn: str, named: str, purpose: str) -> None:
        """Is the one that is meant; an alias may be any key's."""
        block = {"configurations": {"kmsKeyArn": arn if named == "OWN" else named}}
        zone = ZONE.with_manifest({"centralizedLogging": block, "config": block}, "4.0")
        assert self.radius(arn, zone=zone).purpose == purpose

    def test_what_it_takes(self) -> None:
        """Is what the facts take that it asks for."""
        facts = (landing_zone_arn, landing_zone_detail, trail_readings, channel_readings)
        assert dependents.actions == actions_of(*facts, key_uses, in_force, out_of_service)

    def test_a_state_of_today(self, arn: str, aws: Sandbox) -> None:
        """Is the one that is told."""
        aws.client("kms").disable_key(KeyId=arn)
        assert self.radius(arn).state == standing_of(key(asker(), arn)).state == "Disabled"
