"""What KMS's own keys have and moto's lack: pages, places, names of policies, key material.

https://docs.aws.amazon.com/kms/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Iterator

from lzkey_sandbox import Sandbox

OTHER = "444455556666"


@pytest.fixture(scope="module")
def shared() -> Iterator[Sandbox]:
    """One sandbox for tests that make keys of their own."""
    with Sandbox() as made:
        yield made


@pytest.fixture
def kms(shared: Sandbox) -> Any:
    """A client of the sandbox's account."""
    return shared.client("kms")


@pytest.fixture
def key(kms: Any) -> Any:
    """A key's metadata."""
    return kms.create_key()["KeyMetadata"]


class TestListKeys:
    """Pages of keys."""

    @pytest.fixture
    def listed(self, shared: Sandbox) -> Any:
        """A client for a Region with 103 keys."""
        kms = shared.client("kms", "eu-north-1")
        for _ in range(103 - len(kms.list_keys(Limit=1000)["Keys"])):
            kms.create_key()
        return kms

    def test_without_a_limit(self, listed: Any) -> None:
        """A hundred, and the marker for the others."""
        first = listed.list_keys()
        second = listed.list_keys(Marker=first["NextMarker"])
        assert (len(first["Keys"]), first["Truncated"]) == (100, True)
        assert (len(second["Keys"]), second["Truncated"]) == (3, False)
        assert "NextMarker" not in second
        assert len({entry["KeyArn"] for entry in first["Keys"] + second["Keys"]}) == 103

    @pytest.mark.parametrize(("limit", "pages"), [(1000, 1), (103, 1), (102, 2), (1, 103)])
    def test_with_one(self, listed: Any, limit: int, pages: int) -> None:
        """As botocore's paginator reads them."""
        found = list(listed.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": limit}))
        assert [len(page["Keys"]) <= limit for page in found] == [True] * pages
        assert sum(len(page["Keys"]) for page in found) == 103

    @pytest.mark.parametrize(
        ("members", "error"),
        [({"Limit": 1001}, "ValidationException"), ({"Marker": "made-up"}, "InvalidMarkerException")],
    )
    def test_refused(self, kms: Any, members: dict[str, Any], error: str) -> None:
        """A page that is too long, and a marker that nobody gave."""
        with pytest.raises(ClientError, match=error):
            kms.list_keys(**members)


class TestPolicyName:
    """The name that can be left out."""

    def test_is_default(self, kms: Any, key: Any) -> None:
        """Of both operations, and in the answer."""
        document = json.loads(kms.get_key_policy(KeyId=key["KeyId"])["Policy"])
        document["Id"] = "changed"
        kms.put_key_policy(KeyId=key["KeyId"], Policy=json.dumps(document))
        found = kms.get_key_policy(KeyId=key["Arn"])
        assert (json.loads(found["Policy"])["Id"], found["PolicyName"]) == ("changed", "default")
        assert kms.get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"] == found["Policy"]

    def test_of_a_shared_key(self, kms: Any, key: Any) -> None:
        """No key is shared here."""
        with pytest.raises(kms.exceptions.NotFoundException):
            kms.get_key_policy(KeyId=key["KeyId"], PolicyName="AWS_RAM")


class TestElsewhere:
    """A key is found in its own Region and account alone."""

    @pytest.mark.parametrize(
        ("operation", "members"),
        [
            ("describe_key", {}),
            ("get_key_policy", {}),
            ("list_resource_tags", {}),
            ("get_key_rotation_status", {}),
            ("disable_key", {}),
            ("schedule_key_deletion", {"PendingWindowInDays": 7}),
        ],
    )
    def test_not_found(self, shared: Sandbox, key: Any, operation: str, members: dict[str, Any]) -> None:
        """By the ARN of another Region or account, at whose end is the id of a key that is here."""
        here = shared.client("kms")
        for other in (
            key["Arn"].replace("us-east-1", "eu-west-1"),
            key["Arn"].replace("111122223333", OTHER),
        ):
            with pytest.raises(here.exceptions.NotFoundException, match=re.escape(other)):
                getattr(here, operation)(KeyId=other, **members)
        getattr(here, operation)(KeyId=key["Arn"], **members)

    @pytest.mark.parametrize("where", [("eu-west-1", None), (None, OTHER)])
    def test_asked_from_elsewhere(
        self, shared: Sandbox, key: Any, where: tuple[str | None, str | None]
    ) -> None:
        """Whatever access there would be."""
        elsewhere = shared.client("kms", *where)
        with pytest.raises(elsewhere.exceptions.NotFoundException, match=re.escape(key["Arn"])):
            elsewhere.describe_key(KeyId=key["Arn"])

    def test_by_alias(self, kms: Any, key: Any) -> None:
        """An alias's ARN has a Region, too."""
        kms.create_alias(AliasName="alias/here", TargetKeyId=key["KeyId"])
        arn = key["Arn"].rpartition(":")[0] + ":alias/here"
        assert kms.describe_key(KeyId=arn)["KeyMetadata"]["KeyId"] == key["KeyId"]
        with pytest.raises(kms.exceptions.NotFoundException, match="eu-west-1"):
            kms.describe_key(KeyId=arn.replace("us-east-1", "eu-west-1"))

    def test_a_replica(self, shared: Sandbox, kms: Any) -> None:
        """Has the same id, and an ARN of its own."""
        made = kms.create_key(MultiRegion=True)["KeyMetadata"]
        kms.replicate_key(KeyId=made["Arn"], ReplicaRegion="eu-west-1")
        replica = made["Arn"].replace("us-east-1", "eu-west-1")
        found = shared.client("kms", "eu-west-1").describe_key(KeyId=replica)["KeyMetadata"]
        assert found["Arn"] == replica
        with pytest.raises(kms.exceptions.NotFoundException, match=re.escape(replica)):
            kms.describe_key(KeyId=replica)


class TestRequests:
    """A request outside the service model is refused before moto sees it."""

    def test_is_checked(self, kms: Any, key: Any) -> None:
        """Botocore leaves the lengths to the service."""
        with pytest.raises(ClientError, match="ValidationException"):
            kms.update_key_description(KeyId=key["KeyId"], Description="x" * 8193)
        kms.update_key_description(KeyId=key["KeyId"], Description="x" * 8192)


class TestKeyMaterial:
    """https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html (CurrentKeyMaterialId)."""

    def test_of_symmetric_keys(self, shared: Sandbox, kms: Any, key: Any) -> None:
        """Its own for each key, the same for a replica."""
        made = kms.create_key(MultiRegion=True)["KeyMetadata"]
        kms.replicate_key(KeyId=made["KeyId"], ReplicaRegion="eu-west-1")
        replica = shared.client("kms", "eu-west-1").describe_key(KeyId=made["KeyId"])["KeyMetadata"]
        found = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["CurrentKeyMaterialId"]
        assert re.fullmatch("[0-9a-f]{64}", found)
        assert found == key["CurrentKeyMaterialId"] != made["CurrentKeyMaterialId"]
        assert replica["CurrentKeyMaterialId"] == made["CurrentKeyMaterialId"]

    @pytest.mark.parametrize(
        "create",
        [
            {"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"},
            {"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"},
            {"Origin": "EXTERNAL"},
        ],
        ids=str,
    )
    def test_of_other_keys(self, kms: Any, create: dict[str, str]) -> None:
        """Neither of those that do not encrypt, nor of one that waits for its material."""
        assert "CurrentKeyMaterialId" not in kms.create_key(**create)["KeyMetadata"]
