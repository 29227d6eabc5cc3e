"""Configuration items and events have the shape that AWS Config's have."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from .conftest import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .conftest import Account

JSON_TYPES = {
    str: "string",
    bool: "boolean",
    int: "number",
    dict: "object",
    list: "array",
    type(None): "null",
}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
TAGS = [{"TagKey": "team", "TagValue": "platform"}]


def shape(value: Mapping[str, Any]) -> dict[str, str]:
    """Return the members of an object with their JSON types."""
    return {name: JSON_TYPES[type(member)] for name, member in value.items()}


class TestShape:
    """Member by member what was captured from AWS, and nothing else."""

    def test_of_a_change_notification(self, account: Account) -> None:
        """The event around it, the item in it, and what is in the item."""
        account.rule(account.function("EVENT_LOG"))
        key_id = account.key()
        (event,) = account.events()
        item = event["invokingEvent"]["configurationItem"]
        assert shape(event) == SAMPLES["event"]
        assert shape(event["invokingEvent"]) == SAMPLES["change notification"]
        assert shape(item) == SAMPLES["configuration item"]
        assert shape(item["configuration"]) == SAMPLES["configuration"]
        assert shape(item["supplementaryConfiguration"]) == SAMPLES["supplementary configuration"]
        assert item["resourceId"] == key_id == item["configuration"]["keyId"]
        assert item["ARN"] == f"arn:aws:kms:us-east-1:111122223333:key/{key_id}"
        assert MOMENT.fullmatch(item["configurationItemCaptureTime"])
        assert json.loads(item["supplementaryConfiguration"]["Policy"])["Version"] == "2012-10-17"

    def test_of_a_scheduled_notification(self, account: Account) -> None:
        """No item, and the record version of its own."""
        account.rule(account.function("EVENT_LOG"), triggers=("periodic",))
        (event,) = account.events()
        assert shape(event) == SAMPLES["event"]
        assert shape(event["invokingEvent"]) == SAMPLES["scheduled notification"]
        assert event["invokingEvent"]["recordVersion"] == "1.0"

    def test_of_the_history(self, account: Account) -> None:
        """Names differ from the notification's, and the policy is JSON in JSON."""
        account.rule(account.function("EVENT_LOG"))
        key_id = account.key(Tags=TAGS)
        (item,) = account.history(key_id)
        (event,) = account.events()
        sent = event["invokingEvent"]["configurationItem"]
        assert set(item) == set(SAMPLES["history item"])
        assert json.loads(item["configuration"]) == sent["configuration"]
        assert item["supplementaryConfiguration"]["KeyRotationStatus"] == "false"
        once = json.loads(item["supplementaryConfiguration"]["Policy"])
        assert once == sent["supplementaryConfiguration"]["Policy"]
        assert json.loads(once)["Statement"]
        assert json.loads(item["supplementaryConfiguration"]["Tags"]) == [
            {"tagKey": "team", "tagValue": "platform"}
        ]
        assert item["tags"] == sent["tags"] == {"team": "platform"}
        assert item["configurationStateId"] == str(sent["configurationStateId"])

    def test_of_an_oversized_notification(self, account: Account) -> None:
        """A summary without configuration, and no time of creation, as AWS documents it."""
        account.sandbox.oversized_limit = 1000
        account.rule(account.function("EVENT_LOG"))
        account.key()
        (event,) = account.events()
        assert shape(event["invokingEvent"]) == SAMPLES["oversized notification"]
        summary = event["invokingEvent"]["configurationItemSummary"]
        assert shape(summary) == SAMPLES["configuration item summary"]
        assert event["invokingEvent"]["messageType"].startswith("Oversized")
