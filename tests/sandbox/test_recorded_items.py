"""Which operations of KMS change a key's configuration item, and what the items of each kind of key say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from .conftest import SAMPLES

if TYPE_CHECKING:
    from .conftest import Account


OWNER = {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "kms:*", "Resource": "*"}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [OWNER]})
TAGS = [{"TagKey": "team", "TagValue": "platform"}]

#: operation and arguments -> properties of the item that change
CHANGES: list[tuple[str, dict[str, Any], dict[str, str]]] = [
    (
        "put_key_policy",
        {"PolicyName": "default", "Policy": POLICY},
        {"SupplementaryConfiguration.Policy": "UPDATE"},
    ),
    ("disable_key", {}, {"Configuration.Enabled": "UPDATE", "Configuration.KeyState": "UPDATE"}),
    (
        "schedule_key_deletion",
        {"PendingWindowInDays": 7},
        {
            "Configuration.Enabled": "UPDATE",
            "Configuration.KeyState": "UPDATE",
            "Configuration.DeletionDate": "CREATE",
        },
    ),
    ("tag_resource", {"Tags": TAGS}, {"SupplementaryConfiguration.Tags": "UPDATE"}),
    ("enable_key_rotation", {}, {"SupplementaryConfiguration.KeyRotationStatus": "UPDATE"}),
    ("update_key_description", {"Description": "for logs"}, {"Configuration.Description": "UPDATE"}),
]
#: what was done, and what undoes it: operations and the key state after both
UNDONE: list[tuple[str, dict[str, Any], str, dict[str, Any], str]] = [
    ("disable_key", {}, "enable_key", {}, "Enabled"),
    ("schedule_key_deletion", {"PendingWindowInDays": 7}, "cancel_key_deletion", {}, "Disabled"),
    ("tag_resource", {"Tags": TAGS}, "untag_resource", {"TagKeys": ["team"]}, "Enabled"),
    ("enable_key_rotation", {}, "disable_key_rotation", {}, "Enabled"),
]
NO_CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("enable_key", {}),
    ("update_key_description", {"Description": ""}),
    ("create_grant", {"GranteePrincipal": "arn:aws:iam::111122223333:root", "Operations": ["Decrypt"]}),
    ("encrypt", {"Plaintext": b"x"}),
    ("describe_key", {}),
]


class TestChanges:
    """Operations of KMS that change what an item says."""

    @pytest.mark.parametrize(
        ("operation", "arguments", "changed"), CHANGES, ids=[change[0] for change in CHANGES]
    )
    def test_are_told(
        self, account: Account, operation: str, arguments: dict[str, Any], changed: dict[str, str]
    ) -> None:
        """One new item and one event, whose difference names what changed and how."""
        account.rule(account.function("EVENT_LOG"))
        key_id = account.key()
        account.kms(operation, KeyId=key_id, **arguments)
        created, updated = (event["invokingEvent"] for event in account.events())
        difference = updated["configurationItemDiff"]
        assert created["configurationItemDiff"] == {"changedProperties": {}, "changeType": "CREATE"}
        assert created["configurationItem"]["configurationItemStatus"] == "ResourceDiscovered"
        assert updated["configurationItem"]["configurationItemStatus"] == "OK"
        assert difference["changeType"] == "UPDATE"
        assert {
            name: change["changeType"] for name, change in difference["changedProperties"].items()
        } == changed
        newest, first = account.history(key_id)
        assert newest["configurationStateId"] > first["configurationStateId"]
        assert newest["configurationItemCaptureTime"] > first["configurationItemCaptureTime"]

    @pytest.mark.parametrize(
        ("operation", "arguments", "undo", "undo_arguments", "state"), UNDONE, ids=[row[2] for row in UNDONE]
    )
    def test_and_their_undoing(
        self,
        account: Account,
        operation: str,
        arguments: dict[str, Any],
        undo: str,
        undo_arguments: dict[str, Any],
        state: str,
    ) -> None:
        """Three items; the last has the state that KMS documents (a rescued key is disabled)."""
        key_id = account.key()
        account.kms(operation, KeyId=key_id, **arguments)
        account.kms(undo, KeyId=key_id, **undo_arguments)
        last, _, first = account.history(key_id)
        configuration = json.loads(last["configuration"])
        assert (configuration["keyState"], configuration["enabled"]) == (state, state == "Enabled")
        assert "deletionDate" not in configuration
        assert last["supplementaryConfiguration"] == first["supplementaryConfiguration"]

    @pytest.mark.parametrize(("operation", "arguments"), NO_CHANGES, ids=[row[0] for row in NO_CHANGES])
    def test_that_are_none(self, account: Account, operation: str, arguments: dict[str, Any]) -> None:
        """No item when nothing in it differs."""
        key_id = account.key()
        account.kms(operation, KeyId=key_id, **arguments)
        assert len(account.history(key_id)) == 1

    def test_aliases_are_resources_of_their_own(self, account: Account) -> None:
        """A new alias is no change of the key; a change through the alias is."""
        key_id = account.key()
        account.kms("create_alias", AliasName="alias/logs", TargetKeyId=key_id)
        assert len(account.history(key_id)) == 1
        account.kms("disable_key", KeyId=key_id)
        account.kms("enable_key", KeyId=f"arn:aws:kms:us-east-1:111122223333:key/{key_id}")
        assert len(account.history(key_id)) == 3

    def test_deletion(self, account: Account) -> None:
        """The last item has no configuration; so the rule is told once, and no more."""
        account.rule(account.function("EVENT_LOG"))
        key_id = account.key()
        account.sandbox.delete_key(key_id)
        account.sandbox.record_all()
        account.sandbox.settle()
        created, deleted = (event["invokingEvent"] for event in account.events())
        assert created["configurationItem"]["configuration"] is not None
        assert deleted["configurationItem"]["configuration"] is None
        assert deleted["configurationItem"]["configurationItemStatus"] == "ResourceDeleted"
        assert deleted["configurationItemDiff"]["changeType"] == "DELETE"
        assert "configuration" not in account.history(key_id)[0]


class TestKinds:
    """Keys of other kinds than the default."""

    @pytest.mark.parametrize(
        ("arguments", "expected"),
        [
            ({}, {"keySpec": "SYMMETRIC_DEFAULT", "encryptionAlgorithms": ["SYMMETRIC_DEFAULT"]}),
            (
                {"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"},
                {"macAlgorithms": ["HMAC_SHA_256"], "encryptionAlgorithms": [], "signingAlgorithms": []},
            ),
            (
                {"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"},
                {"signingAlgorithms": ["ECDSA_SHA_256"], "customerMasterKeySpec": "ECC_NIST_P256"},
            ),
            ({"KeySpec": "RSA_2048", "KeyUsage": "ENCRYPT_DECRYPT"}, {"signingAlgorithms": []}),
            ({"Origin": "EXTERNAL"}, {"keyState": "PendingImport", "enabled": False, "origin": "EXTERNAL"}),
        ],
        ids=["symmetric", "hmac", "ecc", "rsa", "external"],
    )
    def test_specs(self, account: Account, arguments: dict[str, Any], expected: dict[str, Any]) -> None:
        """As DescribeKey documents them."""
        (item,) = account.history(account.key(**arguments))
        configuration = json.loads(item["configuration"])
        assert {name: configuration[name] for name in expected} == expected
        assert set(configuration) == set(SAMPLES["configuration"])

    def test_multi_region(self, account: Account) -> None:
        """Replicating changes the primary's item, and gives the replica one in its Region."""
        key_id = account.key(MultiRegion=True)
        for region in ("eu-west-1", "ap-south-1"):
            account.kms("replicate_key", KeyId=key_id, ReplicaRegion=region)
        arn = f"arn:aws:kms:{{}}:111122223333:key/{key_id}".format
        newest, *older = account.history(key_id)
        configuration = json.loads(newest["configuration"])
        assert len(older) == 2
        assert configuration["multiRegion"] is True
        related = configuration["multiRegionConfiguration"]
        assert related["primaryKey"] == {"arn": arn("us-east-1"), "region": "us-east-1"}
        assert [key["region"] for key in related["replicaKeys"]] == ["eu-west-1", "ap-south-1"]
        assert related["multiRegionKeyType"] == "PRIMARY"
        for region in ("eu-west-1", "ap-south-1"):
            replica = account.history(key_id, region)[0]
            assert replica["arn"] == arn(region)
            found = json.loads(replica["configuration"])["multiRegionConfiguration"]
            assert found == {**related, "multiRegionKeyType": "REPLICA"}

    def test_aws_managed(self, account: Account) -> None:
        """It comes into being when its alias is first used, and is AWS's."""
        key = account.kms("describe_key", KeyId="alias/aws/s3")["KeyMetadata"]
        (item,) = account.history(key["KeyId"])
        assert json.loads(item["configuration"])["keyManager"] == key["KeyManager"] == "AWS"
        (own,) = account.history(account.key())
        assert json.loads(own["configuration"])["keyManager"] == "CUSTOMER"
