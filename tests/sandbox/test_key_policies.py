"""What KMS refuses of a key policy.

https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lzkey_sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

OWNER = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:*"}
ALLOW = {**OWNER, "Resource": "*"}
CONFIG = {**ALLOW, "Principal": {"Service": "config.amazonaws.com"}}
ADMINISTRATOR = {"AWS": "arn:aws:iam::111122223333:user/administrator"}
FUTURE = "will not allow you to update the key policy"


@pytest.fixture(scope="module")
def shared() -> Iterator[Sandbox]:
    """One sandbox for all tests."""
    with Sandbox() as made:
        yield made


@pytest.fixture(scope="module")
def kms(shared: Sandbox) -> Any:
    """A client of the sandbox's account."""
    return shared.client("kms")


@pytest.fixture(scope="module")
def key(kms: Any) -> str:
    """A key's id."""
    return str(kms.create_key()["KeyMetadata"]["KeyId"])


def document(*statements: dict[str, Any], **members: Any) -> str:
    """A policy of statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": statements, **members})


def without(name: str) -> dict[str, Any]:
    """A statement for AWS Config that lacks an element."""
    return {element: value for element, value in CONFIG.items() if element != name}


class TestMalformed:
    """What is no policy, beside one like it that KMS takes."""

    @pytest.mark.parametrize(
        ("bad", "good"),
        [
            ("no JSON", document(ALLOW)),
            (json.dumps(document(ALLOW)), f" {document(ALLOW)}\n"),
            ("[]", json.dumps({"Statement": ALLOW})),
            ("{}", document(ALLOW, CONFIG)),
            (document(), document(ALLOW)),
            (document(ALLOW, Version="2012-10-18"), document(ALLOW, Version="2008-10-17")),
            (document(ALLOW, Remark="x"), document(ALLOW, Id="x")),
            (document(ALLOW, {**CONFIG, "Effect": "allow"}), document(ALLOW, {**CONFIG, "Effect": "Deny"})),
            (document(ALLOW, without("Principal")), document(ALLOW, without("Resource"))),
            (document(ALLOW, {**CONFIG, "NotAction": "kms:*"}), document(ALLOW, without("Action"))),
            (
                '{"Id": "\N{EURO SIGN}",' + document(ALLOW)[1:],
                '{"Id": "\N{POUND SIGN}",' + document(ALLOW)[1:],
            ),
            (
                document(ALLOW, {**CONFIG, "Condition": {"StringEqual": {"aws:SourceAccount": "1"}}}),
                document(ALLOW, {**CONFIG, "Condition": {"StringEquals": {"aws:SourceAccount": "1"}}}),
            ),
        ],
    )
    def test_each(self, kms: Any, key: str, bad: str, good: str) -> None:
        """Whichever operation puts it, and whether the check is bypassed or not; the old policy stays."""
        kms.put_key_policy(KeyId=key, Policy=good)
        kms.create_key(Policy=good)
        for bypass in (False, True):
            members = {"Policy": bad, "BypassPolicyLockoutSafetyCheck": bypass}
            with pytest.raises(kms.exceptions.MalformedPolicyDocumentException):
                kms.put_key_policy(KeyId=key, **members)
            with pytest.raises(kms.exceptions.MalformedPolicyDocumentException):
                kms.create_key(**members)
        assert kms.get_key_policy(KeyId=key)["Policy"] == good

    @pytest.mark.parametrize("size", [32768, 32769])
    def test_size(self, kms: Any, key: str, size: int) -> None:
        """32 KB are the limit."""
        policy = document(ALLOW).ljust(size)
        if size == 32768:
            kms.put_key_policy(KeyId=key, Policy=policy)
        else:
            with pytest.raises(kms.exceptions.LimitExceededException):
                kms.put_key_policy(KeyId=key, Policy=policy)


class TestLockout:
    """The policy has to let its author put the next one."""

    @pytest.mark.parametrize(
        ("bad", "good"),
        [
            ([CONFIG], [CONFIG, ALLOW]),
            ([{**ALLOW, "Action": "kms:Describe*"}], [{**ALLOW, "Action": "kms:Put*"}]),
            ([{**ALLOW, "Principal": {"AWS": "444455556666"}}], [{**ALLOW, "Principal": {"AWS": "*"}}]),
            ([{**ALLOW, "Resource": "arn:aws:kms:us-east-1:444455556666:key/*"}], [ALLOW]),
            (
                [OWNER],
                [OWNER, {**ALLOW, "Principal": ADMINISTRATOR}],
            ),
            (
                [ALLOW, {**ALLOW, "Effect": "Deny", "Principal": "*"}],
                [ALLOW, {**ALLOW, "Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt"}],
            ),
            (
                [{**ALLOW, "Condition": {"StringEquals": {"kms:CallerAccount": "444455556666"}}}],
                [{**ALLOW, "Condition": {"StringEquals": {"kms:CallerAccount": "111122223333"}}}],
            ),
        ],
    )
    def test_each(self, kms: Any, key: str, bad: list[dict[str, Any]], good: list[dict[str, Any]]) -> None:
        """Unless the check is bypassed; here the next policy can be put all the same."""
        for put in (
            lambda **members: kms.put_key_policy(KeyId=key, **members),
            kms.create_key,
        ):
            with pytest.raises(kms.exceptions.MalformedPolicyDocumentException, match=FUTURE):
                put(Policy=document(*bad))
            put(Policy=document(*bad), BypassPolicyLockoutSafetyCheck=True)
            put(Policy=document(*good))

    def test_of_a_role(self, shared: Sandbox) -> None:
        """Of another account: its own account's policy lets it, that of ours does not."""
        kms = shared.client("kms", account="444455556666")
        kms.create_key(Policy=document({**ALLOW, "Principal": {"AWS": "444455556666"}}))
        with pytest.raises(kms.exceptions.MalformedPolicyDocumentException, match=FUTURE):
            kms.create_key(Policy=document(ALLOW))


class TestPlanted:
    """A policy that KMS would refuse, and that is there all the same."""

    @pytest.mark.parametrize("policy", ["no policy", document(CONFIG)])
    def test_each(self, shared: Sandbox, kms: Any, policy: str) -> None:
        """KMS shows it, and AWS Config has recorded it; other keys keep theirs."""
        one, other = (kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(2))
        kept = kms.get_key_policy(KeyId=other)["Policy"]
        shared.plant_policy(one, policy)
        assert [kms.get_key_policy(KeyId=each)["Policy"] for each in (one, other)] == [policy, kept]
        config = shared.client("config")
        history = config.get_resource_config_history(resourceType="AWS::KMS::Key", resourceId=one)
        recorded = history["configurationItems"][0]["supplementaryConfiguration"]["Policy"]
        assert json.loads(recorded) == policy
