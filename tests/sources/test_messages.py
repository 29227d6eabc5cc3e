"""What AWS Config sends, in whatever it is wrapped."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lzkey.sources.items import KIND

from .test_configuration_items import BUCKET

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Reader

KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
SUMMARY = {"changeType": "UPDATE", "resourceType": "AWS::KMS::Key", "resourceId": KEY_ID}


def change(item: Any) -> dict[str, Any]:
    """A notification of an item."""
    return {
        "messageType": "ConfigurationItemChangeNotification",
        "configurationItemDiff": None,
        "configurationItem": item,
    }


def event(detail: Any) -> dict[str, Any]:
    """Of Amazon EventBridge."""
    return {"version": "0", "source": "aws.config", "detail-type": "Config ...", "detail": detail}


def notification(message: Any) -> dict[str, Any]:
    """What Amazon SNS sends."""
    return {"Type": "Notification", "TopicArn": "arn:aws:sns:x", "Message": json.dumps(message)}


WRAPPINGS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "none": (lambda message: message, "/configurationItem"),
    "EventBridge": (event, "/detail/configurationItem"),
    "SNS": (notification, "/Message"),
    "a rule's event": (lambda message: {"invokingEvent": json.dumps(message)}, "/invokingEvent"),
    "SNS to Lambda": (
        lambda message: {"Records": [{"EventSource": "aws:sns", "Sns": notification(message)}]},
        "/Records/0/Sns/Message",
    ),
    "SQS to Lambda": (lambda message: {"Records": [{"body": json.dumps(message)}]}, "/Records/0/body"),
    "SNS to SQS to Lambda": (
        lambda message: {"Records": [{"body": json.dumps(notification(message))}]},
        "/Records/0/body",
    ),
    "EventBridge to SNS to SQS": (
        lambda message: {"Messages": [{"Body": json.dumps(notification(event(message)))}]},
        "/Messages/0/Body",
    ),
    "a record of SQS": (lambda message: [{"messageId": "1", "body": json.dumps(message)}], "/0/body"),
    "SNS to a function": (lambda message: {"Sns": notification(message)}, "/Sns/Message"),
    "a list of events": (lambda message: [event(message)], "/0/detail/configurationItem"),
}


class TestWrappings:
    """The item is the same."""

    @pytest.mark.parametrize("name", WRAPPINGS)
    @pytest.mark.parametrize("named", [True, False])
    def test_the_item_is_judged(self, reader: Reader, item: Any, name: str, *, named: bool) -> None:
        """With its place, down to text in which it stands."""
        wrapped, pointer = WRAPPINGS[name]
        found = reader.text(wrapped(change(item)), named=named).key
        assert (found.place.kind, found.place.pointer) == (KIND, pointer)
        assert reader.answers(found) == ("COMPLIANT", "COMPLIANT")

    @pytest.mark.parametrize("name", WRAPPINGS)
    def test_a_disabled_key(self, reader: Reader, item: Any, name: str) -> None:
        """The twin."""
        disabled = {**item, "configuration": {**item["configuration"], "keyState": "Disabled"}}
        assert reader.failed(reader.text(WRAPPINGS[name][0](change(disabled))).key) == ["ENABLED"]

    @pytest.mark.parametrize("name", WRAPPINGS)
    def test_another_resource_holds_no_key(self, reader: Reader, name: str) -> None:
        """It is passed over."""
        result = reader.text(WRAPPINGS[name][0](change(BUCKET)))
        assert (result.keys, result.unread, len(result.passed)) == ([], [], 1)

    def test_every_record_is_read(self, reader: Reader, item: Any) -> None:
        """Several come at once."""
        other = {**item, "ARN": f"{item['ARN'][:-2]}cd"}
        records = [{"body": json.dumps(change(each))} for each in (item, other)]
        result = reader.text({"Records": records})
        assert [found.place.pointer for found in result.keys] == ["/Records/0/body", "/Records/1/body"]

    def test_an_aggregator_s_answer(self, reader: Reader, item: Any) -> None:
        """GetAggregateResourceConfig writes it with a capital."""
        found = reader.text(
            {"ConfigurationItem": {**item, "configuration": json.dumps(item["configuration"])}}
        ).key
        assert found.place.pointer == "/ConfigurationItem"
        assert reader.answers(found) == ("COMPLIANT", "COMPLIANT")

    @pytest.mark.parametrize(
        "document",
        [
            {"Records": [{"eventSource": "kms.amazonaws.com", "eventName": "PutKeyPolicy"}]},
            {"Type": "Notification", "TopicArn": "x", "Message": "no JSON"},
            {"source": "aws.kms", "detail": {"eventName": "PutKeyPolicy"}},
            {"messageType": "DATA_MESSAGE", "logEvents": []},
            {"Records": [{"body": "[]"}, 1], "Messages": ["x", {"Body": None}]},
        ],
    )
    def test_other_messages_are_not_recognised(self, reader: Reader, document: Any) -> None:
        """Of AWS CloudTrail, of Amazon CloudWatch Logs, of anybody."""
        assert "is not recognised" in reader.text(document).message


class TestWithoutAnItem:
    """What to give in its place."""

    @pytest.mark.parametrize("name", WRAPPINGS)
    def test_an_item_that_is_too_large(self, reader: Reader, name: str) -> None:
        """It is summed up, and stands in Amazon S3."""
        message = {
            "messageType": "OversizedConfigurationItemChangeNotification",
            "configurationItem": None,
            "configurationItemSummary": SUMMARY,
            "s3DeliverySummary": {"s3BucketLocation": "amzn-s3-demo-bucket/AWSLogs/item.json.gz"},
        }
        said = reader.text(WRAPPINGS[name][0](message)).message
        assert "the item is too large for a message" in said
        assert (
            "give s3://amzn-s3-demo-bucket/AWSLogs/item.json.gz, or the answer of `aws configservice" in said
        )
        assert f"--resource-id {KEY_ID}`" in said

    def test_of_another_resource_it_is_passed_over(self, reader: Reader) -> None:
        """The twin."""
        summary = {**SUMMARY, "resourceType": "AWS::S3::Bucket"}
        message = {
            "messageType": "OversizedConfigurationItemChangeNotification",
            "configurationItemSummary": summary,
        }
        assert len(reader.text(message).passed) == 1

    @pytest.mark.parametrize(
        ("message", "said"),
        [
            (
                {**SUMMARY, "messageType": "ComplianceChangeNotification", "newEvaluationResult": {}},
                "it tells how a rule has judged a key",
            ),
            (
                {"messageType": "ScheduledNotification", "awsAccountId": "111122223333"},
                "it only starts a periodic rule; give the answer of `aws configservice",
            ),
            (
                {
                    "messageType": "ConfigurationSnapshotDeliveryCompleted",
                    "s3Bucket": "b",
                    "s3ObjectKey": "k",
                },
                "it is AWS Config's message ConfigurationSnapshotDeliveryCompleted; give s3://b/k, or",
            ),
        ],
    )
    @pytest.mark.parametrize("name", WRAPPINGS)
    def test_others_tell_of_no_item(self, reader: Reader, name: str, message: Any, said: str) -> None:
        """Of Config Rules Compliance Change, of a schedule, of a delivery."""
        told = reader.text(WRAPPINGS[name][0](message)).message
        assert said in told
        assert "holds no configuration item" in told
