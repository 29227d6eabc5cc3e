"""What KMS tells of a key beside its policy, in the sandbox: last use, grants, names of policies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from lzkey_sandbox.keys.key_records import KeyRecord, LastUse, ServiceGrant

if TYPE_CHECKING:
    from lzkey_sandbox import Sandbox

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
TRAIL = "arn:aws:cloudtrail:us-east-1:111122223333:trail/aws-controltower-BaselineCloudTrail"
GRANT = ServiceGrant("cloudtrail.amazonaws.com", TRAIL, created_at=NOON)
USER = "arn:aws:iam::111122223333:role/reader"
OTHERS = "arn:aws:kms:us-east-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def key_of(sandbox: Sandbox, **record: Any) -> tuple[Any, str]:
    """A client of KMS, and the ARN of a new key with this record."""
    kms = sandbox.client("kms")
    arn = kms.create_key()["KeyMetadata"]["Arn"]
    sandbox.key_records[arn] = KeyRecord(**record)
    return kms, arn


class TestLastUse:
    """Whose it was is told by nobody."""

    def test_a_key_that_nobody_has_used(self, sandbox: Sandbox) -> None:
        """An empty object, and account is kept since the key was made: also where no test says anything."""
        kms = sandbox.client("kms")
        made = kms.create_key()["KeyMetadata"]
        told = kms.get_key_last_usage(KeyId=made["Arn"])
        assert (told["KeyId"], told["KeyLastUsage"]) == (made["KeyId"], {})
        assert told["TrackingStartDate"] == told["KeyCreationDate"]
        assert abs(told["KeyCreationDate"] - made["CreationDate"]) <= timedelta(milliseconds=1)

    def test_a_key_that_is_older_than_the_account(self, sandbox: Sandbox) -> None:
        """Since when account is kept is told of any key."""
        kms, arn = key_of(sandbox, tracked_since=NOON)
        assert kms.get_key_last_usage(KeyId=arn)["TrackingStartDate"] == NOON

    def test_a_use(self, sandbox: Sandbox) -> None:
        """What was done, when, and by which event."""
        kms, arn = key_of(sandbox, last_use=LastUse(NOON, "Decrypt", event_id="an-event"))
        told = kms.get_key_last_usage(KeyId=arn.rpartition("/")[2])["KeyLastUsage"]
        assert (told["Operation"], told["Timestamp"], told["CloudTrailEventId"]) == (
            "Decrypt",
            NOON,
            "an-event",
        )

    def test_an_operation_that_is_no_use(self, sandbox: Sandbox) -> None:
        """Is outside of KMS's model, and so no answer."""
        kms, arn = key_of(sandbox, last_use=LastUse(NOON, "DescribeKey"))
        with pytest.raises(ClientError, match="answered outside its model"):
            kms.get_key_last_usage(KeyId=arn)


class TestGrants:
    """Those of CreateGrant, and those to services."""

    def test_of_both_kinds(self, sandbox: Sandbox) -> None:
        """Whoever a grant is to has one name alone, and all have the time when they were made."""
        kms, arn = key_of(sandbox, service_grants=(GRANT,))
        kms.create_grant(KeyId=arn, GranteePrincipal=USER, Operations=["Decrypt"])
        own, services = kms.list_grants(KeyId=arn)["Grants"]
        assert (own["GranteePrincipal"], "GranteeServicePrincipal" in own) == (USER, False)
        assert timedelta() <= datetime.now(UTC) - own["CreationDate"] < timedelta(minutes=1)
        assert (services["GranteeServicePrincipal"], "GranteePrincipal" in services) == (GRANT.service, False)
        assert (services["Constraints"], services["CreationDate"]) == ({"SourceArn": TRAIL}, NOON)
        assert {own["KeyId"], services["KeyId"]} == {arn}

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ({}, 2),
            ({"GranteeServicePrincipal": GRANT.service}, 1),
            ({"GranteeServicePrincipal": "config.amazonaws.com"}, 0),
            ({"GranteePrincipal": USER}, 1),
            ({"GrantId": GRANT.id}, 1),
            ({"GrantId": GRANT.id, "GranteePrincipal": USER}, 0),
        ],
    )
    def test_of_one_kind(self, sandbox: Sandbox, asked: dict[str, str], found: int) -> None:
        """By what is asked for."""
        kms, arn = key_of(sandbox, service_grants=(GRANT,))
        kms.create_grant(KeyId=arn, GranteePrincipal=USER, Operations=["Decrypt"])
        assert len(kms.list_grants(KeyId=arn, **asked)["Grants"]) == found

    def test_come_in_pages(self, sandbox: Sandbox) -> None:
        """All of them, and each once."""
        grants = tuple(ServiceGrant(GRANT.service, TRAIL) for _ in range(5))
        kms, arn = key_of(sandbox, service_grants=grants)
        pages = kms.get_paginator("list_grants").paginate(KeyId=arn, PaginationConfig={"PageSize": 2})
        found = [[grant["GrantId"] for grant in page["Grants"]] for page in pages]
        assert [len(page) for page in found] == [2, 2, 1]
        assert [each for page in found for each in page] == [grant.id for grant in grants]
        with pytest.raises(ClientError, match="InvalidMarkerException"):
            kms.list_grants(KeyId=arn, Marker="another")


class TestPolicies:
    """One that its owner puts, and one of AWS RAM where the key is shared."""

    def test_of_a_key_that_is_not_shared(self, sandbox: Sandbox) -> None:
        """There is no other."""
        kms, arn = key_of(sandbox)
        assert kms.list_key_policies(KeyId=arn)["PolicyNames"] == ["default"]
        with pytest.raises(ClientError, match="NotFoundException"):
            kms.get_key_policy(KeyId=arn, PolicyName="AWS_RAM")

    def test_of_a_shared_key(self, sandbox: Sandbox) -> None:
        """Each policy has its own name and text, and `default` is the one that is not named."""
        kms, arn = key_of(sandbox, ram_policy='{"Id": "ram"}')
        assert kms.list_key_policies(KeyId=arn)["PolicyNames"] == ["default", "AWS_RAM"]
        shared = kms.get_key_policy(KeyId=arn, PolicyName="AWS_RAM")
        assert (shared["Policy"], shared["PolicyName"]) == ('{"Id": "ram"}', "AWS_RAM")
        default = kms.get_key_policy(KeyId=arn)
        assert default["PolicyName"] == "default"
        assert default["Policy"] != shared["Policy"]


@pytest.mark.parametrize("operation", ["GetKeyLastUsage", "ListGrants", "ListKeyPolicies"])
class TestNoAnswer:
    """What KMS does not tell."""

    def ask(self, kms: Any, operation: str, key: str) -> Any:
        """Ask one of the three."""
        methods = {
            "GetKeyLastUsage": kms.get_key_last_usage,
            "ListGrants": kms.list_grants,
            "ListKeyPolicies": kms.list_key_policies,
        }
        return methods[operation](KeyId=key)

    def test_is_refused(self, sandbox: Sandbox, operation: str) -> None:
        """That operation, of that key, and no other."""
        kms, arn = key_of(sandbox, refuses=frozenset({operation}))
        with pytest.raises(ClientError, match=f"AccessDeniedException.*kms:{operation}"):
            self.ask(kms, operation, arn)
        for other in {"GetKeyLastUsage", "ListGrants", "ListKeyPolicies"} - {operation}:
            assert self.ask(kms, other, arn)
        assert self.ask(kms, operation, kms.create_key()["KeyMetadata"]["Arn"])

    @pytest.mark.parametrize("key", [OTHERS, OTHERS.rpartition("/")[2], "alias/landing-zone"])
    def test_there_is_no_such_key(self, sandbox: Sandbox, operation: str, key: str) -> None:
        """Neither another account's, nor by an alias, which these operations do not take."""
        kms, arn = key_of(sandbox)
        kms.create_alias(AliasName="alias/landing-zone", TargetKeyId=arn.rpartition("/")[2])
        with pytest.raises(ClientError, match="NotFoundException"):
            self.ask(kms, operation, key)
