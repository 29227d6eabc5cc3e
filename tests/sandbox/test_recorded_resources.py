"""Recorded keys as AWS Config's read operations show them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Account


def code(call: Callable[..., Any], **arguments: Any) -> str:
    """Return the error code with which a call is refused."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return str(caught.value.response["Error"]["Code"])


class TestHistory:
    """GetResourceConfigHistory."""

    def test_order_and_pages(self, account: Account) -> None:
        """The newest first unless asked otherwise, in pages of the limit."""
        key_id = account.key()
        for number in range(3):
            account.kms("update_key_description", KeyId=key_id, Description=str(number))
        backward = [item["configurationStateId"] for item in account.history(key_id)]
        forward = [
            item["configurationStateId"] for item in account.history(key_id, chronologicalOrder="Forward")
        ]
        assert backward == sorted(backward, reverse=True) == forward[::-1]
        paginator = account.sandbox.client("config").get_paginator("get_resource_config_history")
        pages = paginator.paginate(
            resourceType="AWS::KMS::Key", resourceId=key_id, PaginationConfig={"PageSize": 3}
        )
        sizes = [len(page["configurationItems"]) for page in pages]
        assert sizes == [3, 1]

    def test_between_two_times(self, account: Account) -> None:
        """Both ends belong to it."""
        key_id = account.key()
        account.kms("disable_key", KeyId=key_id)
        newest, first = account.history(key_id)
        moment = first["configurationItemCaptureTime"]
        assert account.history(key_id, laterTime=moment) == [first]
        assert account.history(key_id, earlierTime=moment) == [newest, first]
        assert account.history(key_id, earlierTime=newest["configurationItemCaptureTime"]) == [newest]
        assert account.history(key_id, laterTime=moment - timedelta(days=1)) == []

    def test_refusals(self, account: Account) -> None:
        """A key that was never recorded, a time range the wrong way round, a limit too high."""
        history = account.sandbox.client("config").get_resource_config_history
        known = {"resourceType": "AWS::KMS::Key", "resourceId": account.key()}
        now = datetime.now(UTC)
        assert history(**known, limit=100)["configurationItems"]
        assert code(history, **{**known, "resourceId": "another"}) == "ResourceNotDiscoveredException"
        assert code(history, **known, limit=101) == "ValidationException"
        assert code(history, **known, nextToken="made-up") == "InvalidNextTokenException"
        turned = {"earlierTime": now, "laterTime": now - timedelta(hours=1)}
        assert code(history, **known, **turned) == "InvalidTimeRangeException"

    def test_other_types_are_answered_by_moto(self, account: Account) -> None:
        """The sandbox records keys; what moto knows it still answers."""
        account.sandbox.client("s3").create_bucket(Bucket="logs")
        config = account.sandbox.client("config")
        (item,) = config.get_resource_config_history(resourceType="AWS::S3::Bucket", resourceId="logs")[
            "configurationItems"
        ]
        assert item["resourceId"] == "logs"


class TestDiscoveredResources:
    """ListDiscoveredResources."""

    def test_deleted_ones_on_request(self, account: Account) -> None:
        """With the time of their deletion."""
        kept, gone = account.key(), account.key()
        account.sandbox.delete_key(gone)
        found = account.sandbox.client("config").list_discovered_resources
        here = found(resourceType="AWS::KMS::Key")["resourceIdentifiers"]
        everything = found(resourceType="AWS::KMS::Key", includeDeletedResources=True)["resourceIdentifiers"]
        assert here == [{"resourceType": "AWS::KMS::Key", "resourceId": kept}]
        assert [entry["resourceId"] for entry in everything] == [kept, gone]
        assert (
            everything[1]["resourceDeletionTime"] == account.history(gone)[0]["configurationItemCaptureTime"]
        )

    def test_by_id_or_name(self, account: Account) -> None:
        """Keys have no names."""
        first, second = account.key(), account.key()
        found = account.sandbox.client("config").list_discovered_resources
        answer = found(resourceType="AWS::KMS::Key", resourceIds=[second, "another"])
        assert [entry["resourceId"] for entry in answer["resourceIdentifiers"]] == [second]
        assert found(resourceType="AWS::KMS::Key", resourceName=first)["resourceIdentifiers"] == []

    def test_pages(self, account: Account) -> None:
        """Of the limit."""
        keys = [account.key() for _ in range(3)]
        found = account.sandbox.client("config").list_discovered_resources
        first = found(resourceType="AWS::KMS::Key", limit=2)
        second = found(resourceType="AWS::KMS::Key", limit=2, nextToken=first["nextToken"])
        pages = [[entry["resourceId"] for entry in page["resourceIdentifiers"]] for page in (first, second)]
        assert pages == [keys[:2], keys[2:]]
        assert "nextToken" not in second


class TestBatch:
    """BatchGetResourceConfig."""

    def test_what_is_unknown_stays_unprocessed(self, account: Account) -> None:
        """Known keys come with their newest item, in the history's form."""
        key_id = account.key()
        account.kms("disable_key", KeyId=key_id)
        asked = [{"resourceType": "AWS::KMS::Key", "resourceId": name} for name in (key_id, "another")]
        answer = account.sandbox.client("config").batch_get_resource_config(resourceKeys=asked)
        (item,) = answer["baseConfigurationItems"]
        assert json.loads(item["configuration"])["keyState"] == "Disabled"
        assert set(item) <= set(account.history(key_id)[0])
        assert answer["unprocessedResourceKeys"] == asked[1:]


class TestRecording:
    """A recorder can be off, as it is in the management account until somebody turns it on."""

    def test_off(self, account: Account) -> None:
        """Nothing is recorded or evaluated; switching on and looking round finds every key."""
        account.rule(account.function("EVENT_LOG"))
        account.sandbox.recording = False
        unseen = account.key()
        assert account.events() == []
        with pytest.raises(ClientError, match="ResourceNotDiscoveredException"):
            account.history(unseen)
        account.sandbox.recording = True
        account.sandbox.record_all()
        account.sandbox.settle()
        assert len(account.history(unseen)) == len(account.events()) == 1

    def test_what_went_meanwhile_is_recorded_as_deleted(self, account: Account) -> None:
        """Looking round also finds what is no longer there."""
        kept, gone = account.key(), account.key()
        account.sandbox.recording = False
        account.sandbox.delete_key(gone)
        account.sandbox.recording = True
        account.sandbox.record_all()
        assert account.history(gone)[0]["configurationItemStatus"] == "ResourceDeleted"
        assert len(account.history(kept)) == 1

    def test_keys_of_a_stack(self, account: Account) -> None:
        """CloudFormation makes and removes keys without a call to KMS that could be seen."""
        cloudformation = account.sandbox.client("cloudformation")
        properties = {"KeyPolicy": {"Version": "2012-10-17"}, "Enabled": False}
        key = {"Type": "AWS::KMS::Key", "Properties": properties}
        cloudformation.create_stack(StackName="keys", TemplateBody=json.dumps({"Resources": {"Key": key}}))
        (found,) = cloudformation.list_stack_resources(StackName="keys")["StackResourceSummaries"]
        key_id = found["PhysicalResourceId"]
        (item,) = account.history(key_id)
        assert item["configurationItemStatus"] == "ResourceDiscovered"
        assert json.loads(item["configuration"])["keyState"] == "Disabled"
        assert json.loads(json.loads(item["supplementaryConfiguration"]["Policy"])) == properties["KeyPolicy"]
        cloudformation.delete_stack(StackName="keys")
        assert account.history(key_id)[0]["configurationItemStatus"] == "ResourceDeleted"
