"""What a repair must never do: grow over KMS's limit, or grant more than the documented access."""

import json
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from landing_zone_key import assess, repair
from landing_zone_key.policy import Policy, Request, decide

LIMIT = 32 * 1024
ARN = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
TRAIL = "arn:aws:cloudtrail:us-east-1:111122223333:trail/aws-controltower-BaselineCloudTrail"


def compact(policy: Any) -> int:
    """Bytes of the policy as compact JSON."""
    return len(json.dumps(policy, separators=(",", ":"), ensure_ascii=False).encode())


class TestSize:
    """KMS takes 32 KB of policy text, counted in bytes."""

    def padded(self, room: int, make_policy: Any, filler: str = "x") -> dict[str, Any]:
        """A policy without the statements, which has `room` bytes less than the limit as compact JSON."""
        policy: dict[str, Any] = make_policy(["root"])
        policy["Id"] = ""
        missing = LIMIT - room - compact(policy)
        width = len(filler.encode())
        policy["Id"] = filler * (missing // width) + "x" * (missing % width)
        return policy

    @pytest.fixture
    def needed(self, make_key: Any, make_zone: Any, make_policy: Any) -> int:
        """Bytes that the two statements need."""
        return compact(repair(make_key("root"), make_zone()).policy) - compact(make_policy(["root"]))

    @pytest.mark.parametrize("filler", ["x", "é"])
    def test_the_last_that_fits(
        self, filler: str, needed: int, make_policy: Any, make_key: Any, make_zone: Any
    ) -> None:
        """To the byte, and it says that it must be written compactly."""
        key = make_key(policy=self.padded(needed, make_policy, filler))
        repaired = repair(key, make_zone())
        assert compact(repaired.policy) == LIMIT
        assert assess(key.with_policy(repaired.policy), make_zone()).compliance == "COMPLIANT"
        assert f"{LIMIT} of {LIMIT} bytes" in repaired.changes[-1]
        assert "compact JSON" in repaired.changes[-1]

    @pytest.mark.parametrize("filler", ["x", "é"])
    def test_one_byte_more_does_not_fit(
        self, filler: str, needed: int, make_policy: Any, make_key: Any, make_zone: Any
    ) -> None:
        """The statement that still fits is added; the other is unresolved."""
        key = make_key(policy=self.padded(needed - 1, make_policy, filler))
        repaired = repair(key, make_zone())
        assert compact(repaired.policy) <= LIMIT
        assert len(repaired.changes) == 1
        (left,) = repaired.unresolved
        assert left.requirement == "CLOUDTRAIL_ACCESS"
        assert "32 KB" in left.message

    def test_a_small_policy_says_nothing_of_its_size(self, make_key: Any, make_zone: Any) -> None:
        """The twin: it fits however it is written."""
        assert not any("bytes" in change for change in repair(make_key("root"), make_zone()).changes)


def requests() -> Iterator[Request]:
    """Requests of many kinds: services, actions, sources and contexts that a repair might open."""
    services = ("config.amazonaws.com", "cloudtrail.amazonaws.com", "sns.amazonaws.com", "logs.amazonaws.com")
    actions = (
        "kms:Decrypt",
        "kms:Encrypt",
        "kms:GenerateDataKey",
        "kms:GenerateDataKeyPairWithoutPlaintext",
        "kms:CreateGrant",
        "kms:PutKeyPolicy",
        "kms:DescribeKey",
    )
    sources = (TRAIL, TRAIL.replace("111122223333", "444455556666"), f"{TRAIL}2", None)
    contexts = (TRAIL, TRAIL.replace("us-east-1", "eu-west-1"), TRAIL.replace("1111", "4444"), None)
    resources = (ARN, ARN.replace("1234abcd", "0987dcba"))
    for service, action, source, trail, resource in product(services, actions, sources, contexts, resources):
        context = {"aws:SourceArn": source, "kms:EncryptionContext:aws:cloudtrail:arn": trail}
        yield Request(
            action, resource, service, {name: value for name, value in context.items() if value is not None}
        )


def documented(request: Request) -> bool:
    """Whether Control Tower's page grants the request (configure-kms-keys, both statements)."""
    if request.resource != ARN:
        return False
    if request.service == "config.amazonaws.com":
        return request.action in ("kms:Decrypt", "kms:GenerateDataKey")
    (source,) = request.values.get("aws:sourcearn", (None,))
    (trail,) = request.values.get("kms:encryptioncontext:aws:cloudtrail:arn", ("",))
    return (
        request.service == "cloudtrail.amazonaws.com"
        and (request.action == "kms:Decrypt" or request.action.startswith("kms:GenerateDataKey"))
        and source == TRAIL
        and trail.startswith("arn:aws:cloudtrail:")
        and ":111122223333:trail/" in trail
    )


class TestAccess:
    """Nothing but the documented access is granted."""

    def test_what_is_new_is_what_the_page_grants(
        self, make_key: Any, make_zone: Any, make_policy: Any
    ) -> None:
        """Every request that is allowed after the repair and was not before, and no other."""
        before = Policy.parse(make_policy(["root"]))
        after = Policy.parse(repair(make_key("root"), make_zone()).policy)
        new = {
            index
            for index, request in enumerate(requests())
            if decide(after, request).allowed and not decide(before, request).allowed
        }
        assert new == {index for index, request in enumerate(requests()) if documented(request)}
        assert new

    @pytest.mark.parametrize("statements", [["root", "perimeter"], ["root", "config", "perimeter"]])
    def test_a_deny_still_denies(
        self, statements: list[str], make_key: Any, make_zone: Any, make_policy: Any
    ) -> None:
        """A proposed exemption is not applied: nothing that was denied is allowed."""
        after = Policy.parse(repair(make_key(*statements), make_zone()).policy)
        assert (
            make_policy(statements)["Statement"][-1]
            in repair(make_key(*statements), make_zone()).policy["Statement"]
        )
        assert not any(decide(after, request).allowed for request in requests())

    @pytest.mark.parametrize("role", ["arn:aws:iam::111122223333:role/a", "arn:aws:iam::444455556666:role/a"])
    def test_no_role_gains_anything(self, role: str, make_key: Any, make_zone: Any, make_policy: Any) -> None:
        """Users and roles are decided as before."""
        asked = [Request("kms:Decrypt", ARN, principal_arn=role), Request("kms:*", ARN, principal_arn=role)]
        before = Policy.parse(make_policy(["root"]))
        after = Policy.parse(repair(make_key("root"), make_zone()).policy)
        assert [decide(after, each) for each in asked] == [decide(before, each) for each in asked]


class TestNamesWithoutCase:
    """An exemption joins a condition whose key is written in another case."""

    @pytest.mark.parametrize(
        "condition",
        [
            {"StringNotEqualsIfExists": {"aws:principalservicename": ["s3.amazonaws.com"]}},
            {"StringNotEqualsIfExists": {"AWS:PrincipalServiceName": "s3.amazonaws.com"}},
            {"BoolIfExists": {"AWS:PrincipalIsAWSService": "true"}},
        ],
    )
    def test_the_policy_stays_one_that_can_be_read(
        self, make_key: Any, make_zone: Any, condition: dict[str, Any]
    ) -> None:
        """One key twice in one operator would be malformed."""
        deny = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "kms:*",
            "Resource": "*",
            "Condition": condition,
        }
        repaired = repair(make_key("config", "cloudtrail", deny), make_zone())
        assert {each.requirement for each in repaired.unresolved} == {"CONFIG_ACCESS", "CLOUDTRAIL_ACCESS"}
        for each in repaired.unresolved:
            for keys in (each.exemption or {}).values():
                assert len({key.lower() for key in keys}) == len(keys)
