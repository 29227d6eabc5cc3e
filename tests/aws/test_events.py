"""The facts of a key's record and of CloudTrail's history, asked of the sandbox."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import boto3
import pytest

from landing_zone_key.key import KeyArn
from lzkey.aws.account import Asker, Manner
from lzkey.aws.events import event_history
from lzkey.aws.key_record import grants, key_usage, policy_names
from lzkey.aws.unanswered import UnansweredError
from lzkey_sandbox import Sandbox
from lzkey_sandbox.cloudtrail_events import delivery_by_cloudtrail, refused
from lzkey_sandbox.keys.key_records import KeyRecord, LastUse, ServiceGrant

if TYPE_CHECKING:
    from collections.abc import Iterator

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
SINCE = NOON - timedelta(days=90)
TRAIL = "arn:aws:cloudtrail:us-east-1:111122223333:trail/aws-controltower-BaselineCloudTrail"


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """The management account, at noon."""
    with Sandbox() as made:
        made.events.clock = lambda: NOON
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            monkeypatch.delenv(name)
        for name, value in made.environment.items():
            monkeypatch.setenv(name, value)
        yield made


@pytest.fixture
def asker(sandbox: Sandbox) -> Asker:
    """Whoever asks it."""
    return Asker(boto3.Session(), sandbox.account, sandbox.region, Manner())


@pytest.fixture
def arn(sandbox: Sandbox) -> str:
    """A key, three days old."""
    made = str(sandbox.client("kms").create_key()["KeyMetadata"]["Arn"])
    sandbox.events.age(timedelta(days=3))
    return made


class TestHistory:
    """What was done to a key, and what services did with it."""

    def test_of_a_key(self, sandbox: Sandbox, asker: Asker, arn: str) -> None:
        """From the newest to the oldest, each with what decides: its time, its text, its error."""
        kms = sandbox.client("kms")
        policy = kms.get_key_policy(KeyId=arn)["Policy"]
        sandbox.events.add(refused(delivery_by_cloudtrail(arn, TRAIL, NOON - timedelta(days=2))))
        kms.put_key_policy(KeyId=arn, Policy=policy)
        put, delivery, created = event_history(asker, sandbox.region, SINCE, resource=arn)
        assert (put.name, put.at, put.parameters["policy"]) == ("PutKeyPolicy", NOON, policy)
        assert (delivery.service, delivery.error_code) == ("cloudtrail.amazonaws.com", "AccessDenied")
        assert (created.name, created.at) == ("CreateKey", NOON - timedelta(days=3))

    def test_of_a_name(self, sandbox: Sandbox, asker: Asker, arn: str) -> None:
        """On as many pages as it takes."""
        sandbox.events.add(*(delivery_by_cloudtrail(arn, TRAIL, NOON) for _ in range(120)))
        found = event_history(asker, sandbox.region, SINCE, name="GenerateDataKey")
        assert len({event.id for event in found}) == 120
        assert asker.log.calls == {"cloudtrail:LookupEvents": 3}

    def test_is_refused(self, sandbox: Sandbox, asker: Asker) -> None:
        """As an error, and never as a history without events."""
        sandbox.fail_next("cloudtrail", "LookupEvents", "AccessDeniedException")
        with pytest.raises(UnansweredError, match="refused cloudtrail:LookupEvents"):
            list(event_history(asker, sandbox.region, SINCE))


class TestRecord:
    """What KMS keeps of a key."""

    def test_of_a_new_key(self, asker: Asker, arn: str) -> None:
        """Nothing was done with it, nobody has a grant, and it has one policy."""
        usage = key_usage(asker, KeyArn.parse(arn))
        assert (usage.operation, usage.at, usage.tracked_since) == (None, None, usage.created_at)
        assert list(grants(asker, KeyArn.parse(arn))) == []
        assert policy_names(asker, KeyArn.parse(arn)) == ("default",)

    def test_of_a_used_and_shared_key(self, sandbox: Sandbox, asker: Asker, arn: str) -> None:
        """The event of its last use is in the history."""
        event = delivery_by_cloudtrail(arn, TRAIL, NOON)
        sandbox.events.add(event)
        sandbox.key_records[arn] = KeyRecord(
            last_use=LastUse(NOON, event_id=event["eventID"]),
            service_grants=(ServiceGrant("cloudtrail.amazonaws.com", TRAIL),),
            ram_policy="{}",
        )
        usage = key_usage(asker, KeyArn.parse(arn))
        (found,) = event_history(asker, sandbox.region, SINCE, name="GenerateDataKey")
        assert (usage.event_id, usage.at) == (found.id, found.at)
        (grant,) = grants(asker, KeyArn.parse(arn))
        assert (grant.service, grant.principal, grant.source_arn) == ("cloudtrail.amazonaws.com", None, TRAIL)
        assert policy_names(asker, KeyArn.parse(arn)) == ("default", "AWS_RAM")

    def test_is_refused(self, sandbox: Sandbox, asker: Asker, arn: str) -> None:
        """As an error, and never as a key that nobody has used."""
        sandbox.key_records[arn] = KeyRecord(refuses=frozenset({"GetKeyLastUsage"}))
        with pytest.raises(UnansweredError, match="refused kms:GetKeyLastUsage"):
            key_usage(asker, KeyArn.parse(arn))
