"""CloudTrail's event history in the sandbox: what happened there, and what a test adds."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from lzkey_sandbox import LandingZone
from lzkey_sandbox.cloudtrail_events import (
    delivery_by_cloudtrail,
    delivery_by_config,
    key_changed,
    landing_zone_update_ended,
    landing_zone_updated,
    policy_put,
    refused,
)

if TYPE_CHECKING:
    from lzkey_sandbox import Sandbox

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER_KEY = KEY[:-1] + "c"
ABROAD = KEY.replace("us-east-1", "eu-west-1")
MEMBERS = KEY.replace("111122223333", "444455556666")
TRAIL = "arn:aws:cloudtrail:us-east-1:111122223333:trail/aws-controltower-BaselineCloudTrail"
ZONE = "arn:aws:controltower:us-east-1:111122223333:landingzone/1A2B3C4D5E6F7G8H"
ROLE = "arn:aws:iam::111122223333:role/path/administrator"
POLICY = '{"Version": "2012-10-17", "Statement": []}'


def at(minutes: int) -> datetime:
    """So many minutes before noon."""
    return NOON - timedelta(minutes=minutes)


def by(attribute: str) -> dict[str, str]:
    """An attribute to look up by."""
    return {"AttributeKey": attribute, "AttributeValue": "x"}


def disabled(minutes: int, key: str = KEY) -> dict[str, Any]:
    """A key was disabled."""
    return key_changed("DisableKey", key, at(minutes))


@pytest.fixture
def noon(sandbox: Sandbox) -> Sandbox:
    """A sandbox in which it is noon."""
    sandbox.events.clock = lambda: NOON
    return sandbox


def look_up(sandbox: Sandbox, attribute: tuple[str, str] | None = None, **asked: Any) -> list[Any]:
    """The events, by an attribute where one is named."""
    if attribute:
        asked["LookupAttributes"] = [{"AttributeKey": attribute[0], "AttributeValue": attribute[1]}]
    found: list[Any] = sandbox.client("cloudtrail").lookup_events(**asked)["Events"]
    return found


class TestLookingUp:
    """By a time and one attribute."""

    def test_the_newest_comes_first(self, noon: Sandbox) -> None:
        """Whenever it was added; of two of the same second, the one that was added later."""
        records = [disabled(3), disabled(1), disabled(2), disabled(1)]
        noon.events.add(*records)
        found = [event["EventId"] for event in look_up(noon)]
        assert found == [records[place]["eventID"] for place in (3, 1, 2, 0)]

    def test_shows_the_record(self, noon: Sandbox) -> None:
        """Whole, and what identifies it beside it."""
        record = policy_put(KEY, POLICY, at(1), ROLE)
        noon.events.add(record)
        (event,) = look_up(noon)
        assert json.loads(event["CloudTrailEvent"]) == record
        assert (event["EventName"], event["EventSource"]) == ("PutKeyPolicy", "kms.amazonaws.com")
        assert (event["EventTime"], event["ReadOnly"]) == (at(1), "false")
        assert event["Resources"] == [{"ResourceType": "AWS::KMS::Key", "ResourceName": KEY}]

    @pytest.mark.parametrize(
        ("attribute", "found"),
        [
            (None, ["GenerateDataKey", "DisableKey", "PutKeyPolicy", "UpdateLandingZone"]),
            (("EventName", "PutKeyPolicy"), ["PutKeyPolicy"]),
            (("EventName", "EnableKey"), []),
            (("ResourceName", KEY), ["GenerateDataKey", "PutKeyPolicy"]),
            (("ResourceType", "AWS::KMS::Key"), ["GenerateDataKey", "DisableKey", "PutKeyPolicy"]),
            (("EventSource", "controltower.amazonaws.com"), ["UpdateLandingZone"]),
            (("ReadOnly", "true"), ["GenerateDataKey"]),
            (("Username", "administrator"), ["DisableKey", "PutKeyPolicy", "UpdateLandingZone"]),
            (("AccessKeyId", "EXAMPLE_KEY_ID"), ["DisableKey", "PutKeyPolicy", "UpdateLandingZone"]),
        ],
    )
    def test_by_an_attribute(
        self, noon: Sandbox, attribute: tuple[str, str] | None, found: list[str]
    ) -> None:
        """A service has no user's name."""
        noon.events.add(
            delivery_by_cloudtrail(KEY, TRAIL, at(1)),
            disabled(2, OTHER_KEY),
            policy_put(KEY, POLICY, at(3)),
            landing_zone_updated(ZONE, "4.0", {}, at(4)),
        )
        assert [event["EventName"] for event in look_up(noon, attribute)] == found

    def test_by_its_id(self, noon: Sandbox) -> None:
        """As KMS names the event of a key's last use."""
        records = [disabled(1), disabled(2)]
        noon.events.add(*records)
        (event,) = look_up(noon, ("EventId", records[1]["eventID"]))
        assert event["EventTime"] == at(2)

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ({"StartTime": at(2)}, [1, 2]),
            ({"EndTime": at(2)}, [2, 3]),
            ({"StartTime": at(2), "EndTime": at(2)}, [2]),
            ({"EventCategory": "insight"}, []),
        ],
    )
    def test_by_a_time(self, noon: Sandbox, asked: dict[str, Any], found: list[int]) -> None:
        """Both ends belong to it; of Insights there is nothing."""
        noon.events.add(*(disabled(minutes) for minutes in (1, 2, 3)))
        assert [event["EventTime"] for event in look_up(noon, **asked)] == [at(each) for each in found]

    def test_each_account_and_region_has_its_own(self, noon: Sandbox) -> None:
        """A key's events are where the key is."""
        noon.events.add(disabled(1), disabled(2, ABROAD), disabled(3, MEMBERS))
        clients = (
            noon.client("cloudtrail"),
            noon.client("cloudtrail", region="eu-west-1"),
            noon.client("cloudtrail", account="444455556666"),
            noon.client("cloudtrail", region="eu-west-1", account="444455556666"),
        )
        found = [[event["EventTime"] for event in client.lookup_events()["Events"]] for client in clients]
        assert found == [[at(1)], [at(2)], [at(3)], []]

    def test_goes_back_90_days(self, noon: Sandbox) -> None:
        """And no second further, whatever is asked for."""
        noon.events.add(
            key_changed("EnableKey", KEY, NOON - timedelta(days=90)),
            key_changed("DisableKey", KEY, NOON - timedelta(days=90, seconds=1)),
        )
        found = look_up(noon, StartTime=NOON - timedelta(days=365))
        assert [event["EventName"] for event in found] == ["EnableKey"]


class TestPages:
    """Fifty events at most."""

    def test_all_events_come_once(self, noon: Sandbox) -> None:
        """In the same order, page by page; without a size a page has fifty."""
        noon.events.add(*(disabled(minutes) for minutes in range(101)))
        client = noon.client("cloudtrail")
        pages = list(client.get_paginator("lookup_events").paginate())
        assert [len(page["Events"]) for page in pages] == [50, 50, 1]
        found = [event["EventTime"] for page in pages for event in page["Events"]]
        assert found == [at(minutes) for minutes in range(101)]

    def test_what_comes_meanwhile_moves_none(self, noon: Sandbox) -> None:
        """A token goes on in what there was."""
        noon.events.add(disabled(2), disabled(3))
        client = noon.client("cloudtrail")
        first = client.lookup_events(MaxResults=1)
        noon.events.add(disabled(1))
        second = client.lookup_events(MaxResults=1, NextToken=first["NextToken"])
        assert [event["EventTime"] for event in second["Events"]] == [at(3)]
        assert "NextToken" not in second

    @pytest.mark.parametrize(
        ("asked", "code"),
        [
            ({"NextToken": "another"}, "InvalidNextTokenException"),
            ({"StartTime": at(1), "EndTime": at(2)}, "InvalidTimeRangeException"),
            ({"LookupAttributes": [by("EventName"), by("EventId")]}, "InvalidLookupAttributesException"),
            ({"LookupAttributes": [by("EventTime")]}, "ValidationException"),
            ({"MaxResults": 51}, "ValidationException"),
        ],
    )
    def test_what_is_no_question(self, noon: Sandbox, asked: dict[str, Any], code: str) -> None:
        """Is refused."""
        with pytest.raises(ClientError, match=code):
            noon.client("cloudtrail").lookup_events(**asked)


class TestCalls:
    """What really happened is in the history."""

    def test_a_keys_life(self, noon: Sandbox) -> None:
        """Every change by its name, with the key's ARN; a question leaves nothing."""
        kms = noon.client("kms")
        arn = kms.create_key()["KeyMetadata"]["Arn"]
        policy = kms.get_key_policy(KeyId=arn)["Policy"]
        kms.put_key_policy(KeyId=arn, Policy=policy)
        kms.disable_key(KeyId=arn.rpartition("/")[2])
        kms.schedule_key_deletion(KeyId=arn, PendingWindowInDays=7)
        kms.cancel_key_deletion(KeyId=arn)
        kms.enable_key(KeyId=arn)
        kms.describe_key(KeyId=arn)
        found = look_up(noon, ("ResourceName", arn))
        assert [event["EventName"] for event in reversed(found)] == [
            "CreateKey",
            "PutKeyPolicy",
            "DisableKey",
            "ScheduleKeyDeletion",
            "CancelKeyDeletion",
            "EnableKey",
        ]
        assert {event["EventTime"] for event in found} == {NOON}

    def test_a_policy_is_the_one_that_was_put(self, noon: Sandbox) -> None:
        """Character by character, in the very members that a planted event has."""
        kms = noon.client("kms")
        arn = kms.create_key()["KeyMetadata"]["Arn"]
        policy = kms.get_key_policy(KeyId=arn)["Policy"] + "\n"
        kms.put_key_policy(KeyId=arn, Policy=policy)
        (event,) = look_up(noon, ("EventName", "PutKeyPolicy"))
        record = json.loads(event["CloudTrailEvent"])
        planted = policy_put(arn, policy, NOON)
        unique = ("eventID", "requestID")
        assert {**record, **{name: planted[name] for name in unique}} == planted

    def test_what_was_refused(self, noon: Sandbox) -> None:
        """Leaves nothing here."""
        kms = noon.client("kms")
        arn = kms.create_key()["KeyMetadata"]["Arn"]
        with pytest.raises(ClientError, match="MalformedPolicyDocumentException"):
            kms.put_key_policy(KeyId=arn, Policy="{}")
        assert look_up(noon, ("EventName", "PutKeyPolicy")) == []

    def test_who_did_it(self, noon: Sandbox) -> None:
        """A role in another account's hands is the role, and not its session's account alone."""
        noon.client("kms", account="444455556666").create_key()
        (event,) = noon.client("cloudtrail", account="444455556666").lookup_events()["Events"]
        record = json.loads(event["CloudTrailEvent"])
        assert record["userIdentity"]["type"] == "AssumedRole"
        assert record["userIdentity"]["arn"].startswith("arn:aws:sts::444455556666:assumed-role/")
        assert record["recipientAccountId"] == "444455556666"

    @pytest.mark.parametrize("identifier", [ZONE, ZONE.rpartition("/")[2]])
    def test_an_update_of_the_landing_zone(self, noon: Sandbox, identifier: str) -> None:
        """That it was asked for, and that it has come to its end, under one name."""
        noon.landing_zone = LandingZone.with_key(KEY, "3.3")
        manifest = LandingZone.with_key(OTHER_KEY, "4.0").manifest
        noon.client("controltower").update_landing_zone(
            landingZoneIdentifier=identifier, version="4.0", manifest=manifest
        )
        found = look_up(noon, ("EventName", "UpdateLandingZone"))
        ended, asked = (json.loads(event["CloudTrailEvent"]) for event in found)
        assert asked["requestParameters"] == {
            "landingZoneIdentifier": ZONE,
            "version": "4.0",
            "manifest": manifest,
        }
        assert ended["eventType"] == "AwsServiceEvent"
        assert ended["serviceEventDetails"]["updateLandingZoneStatus"]["state"] == "SUCCEEDED"

    def test_some_days_later(self, noon: Sandbox) -> None:
        """What happened until then is older, and what happens from then on is not."""
        kms = noon.client("kms")
        arn = kms.create_key()["KeyMetadata"]["Arn"]
        noon.events.age(timedelta(days=3))
        kms.disable_key(KeyId=arn)
        found = {event["EventName"]: event["EventTime"] for event in look_up(noon)}
        assert found == {"CreateKey": NOON - timedelta(days=3), "DisableKey": NOON}
        noon.events.forget()
        assert look_up(noon) == []


class TestEvents:
    """The events that a test adds are as AWS shows them."""

    def test_a_delivery_of_cloudtrail(self) -> None:
        """The members are those of AWS's sample, and no others.

        https://docs.aws.amazon.com/awscloudtrail/latest/userguide/how-kms-works-with-cloudtrail.html
        """
        record = delivery_by_cloudtrail(KEY, TRAIL, NOON, bucket="logs")
        assert set(record) == {
            *("eventVersion", "userIdentity", "eventTime", "eventSource", "eventName", "awsRegion"),
            *("sourceIPAddress", "userAgent", "requestParameters", "responseElements", "requestID"),
            *("eventID", "readOnly", "resources", "eventType", "managementEvent", "recipientAccountId"),
            *("sharedEventID", "eventCategory"),
        }
        assert record["userIdentity"] == {"type": "AWSService", "invokedBy": "cloudtrail.amazonaws.com"}
        context = record["requestParameters"]["encryptionContext"]
        assert set(context) == {"aws:cloudtrail:arn", "aws:s3:arn"}
        assert context["aws:cloudtrail:arn"] == TRAIL
        assert context["aws:s3:arn"].startswith(
            "arn:aws:s3:::logs/AWSLogs/111122223333/CloudTrail/us-east-1/2026/11/29/"
        )

    def test_a_delivery_of_config(self) -> None:
        """Constructed: CloudTrail's, but for whose it is and the context."""
        record = delivery_by_config(KEY, "444455556666", "eu-west-1", NOON, bucket="logs")
        assert set(record) == set(delivery_by_cloudtrail(KEY, TRAIL, NOON))
        assert record["userIdentity"]["invokedBy"] == "config.amazonaws.com"
        assert (record["awsRegion"], record["recipientAccountId"]) == ("us-east-1", "111122223333")
        (context,) = record["requestParameters"]["encryptionContext"].values()
        assert context.startswith("arn:aws:s3:::logs/AWSLogs/444455556666/Config/eu-west-1/")

    @pytest.mark.parametrize(
        ("record", "who"),
        [
            (delivery_by_cloudtrail(KEY, TRAIL, NOON), "cloudtrail.amazonaws.com"),
            (key_changed("DisableKey", KEY, NOON), "arn:aws:iam::111122223333:user/administrator"),
        ],
    )
    def test_a_request_that_was_refused(self, record: dict[str, Any], who: str) -> None:
        """The same request, with AWS's code and sentence, and without an answer."""
        found = refused(record)
        assert found["errorCode"] == "AccessDenied"
        assert f"User: {who} is not authorized to perform: kms:{record['eventName']}" in found["errorMessage"]
        assert found["responseElements"] is None
        assert found["requestParameters"] == record["requestParameters"]
        stated = refused(record, "DisabledException", f"{KEY} is disabled.")
        assert (stated["errorCode"], stated["errorMessage"]) == ("DisabledException", f"{KEY} is disabled.")

    def test_an_update_that_failed(self) -> None:
        """Ends, too."""
        record = landing_zone_update_ended(ZONE, NOON, succeeded=False)
        assert record["serviceEventDetails"]["updateLandingZoneStatus"]["state"] == "FAILED"

    def test_events_have_ids_of_their_own(self) -> None:
        """Also of the same thing."""
        assert len({disabled(1)["eventID"] for _ in range(3)}) == 3
