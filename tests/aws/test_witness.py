"""Answers kept as they were read: which, with what, and what of them never."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from lzkey.aws.account import Asker, Manner
from lzkey.aws.keys import key, key_policy, key_tags
from lzkey.aws.witness import KEPT, Witness

if TYPE_CHECKING:
    from collections.abc import Iterator

AT = datetime(2026, 11, 28, 9, tzinfo=UTC)
HERE = ("111122223333", "us-east-1")


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[boto3.Session]:
    """A session of an account of moto's."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield boto3.Session(region_name="us-east-1")


class TestSaw:
    """What is kept of an answer."""

    @pytest.mark.parametrize("operation", sorted(KEPT))
    def test_one_of_those(self, operation: str) -> None:
        """With its request id, and without what is of the transport or the next page."""
        witness = Witness()
        answer = {"Policy": "{}", "NextToken": "t", "ResponseMetadata": {"RequestId": "r", "HTTPHeaders": {}}}
        witness.saw(operation, HERE, AT, {"KeyId": "k"}, answer)
        (reading,) = witness.of(operation)
        assert (reading.answer, reading.request_id) == ({"Policy": "{}"}, "r")
        assert (reading.account, reading.region, reading.asked_at) == (*HERE, AT)
        assert reading.arguments == {"KeyId": "k"}

    @pytest.mark.parametrize(
        "operation",
        ["sts:AssumeRole", "sts:GetCallerIdentity", "lambda:GetFunction", "organizations:ListAccounts"],
    )
    def test_no_other(self, operation: str) -> None:
        """Credentials, where a function's code lies, and addresses of members are in these."""
        witness = Witness()
        witness.saw(operation, HERE, AT, {}, {"Credentials": {"SecretAccessKey": "s"}})
        assert list(witness.of(operation)) == []

    def test_by_arguments(self) -> None:
        """The first ones first."""
        witness = Witness()
        for name in ("one", "two", "one"):
            witness.saw("kms:GetKeyPolicy", HERE, AT, {"KeyId": name}, {"Policy": name})
        assert [reading.answer["Policy"] for reading in witness.of("kms:GetKeyPolicy", KeyId="one")] == [
            "one",
            "one",
        ]

    @pytest.mark.parametrize(
        ("item", "state", "captured"),
        [
            ({"configurationStateId": 17, "configurationItemCaptureTime": "then"}, "17", "then"),
            ({}, None, None),
        ],
        ids=["told", "untold"],
    )
    def test_a_row_of_an_aggregator(
        self, item: dict[str, Any], state: str | None, captured: str | None
    ) -> None:
        """By its digest, which half of a character does not prevent."""
        witness = Witness()
        witness.saw_item("arn", '{"a": "\ud800"}', item)
        assert (witness.items["arn"].state_id, witness.items["arn"].captured_at) == (state, captured)
        assert len(witness.items["arn"].sha256) == 64


class TestAsker:
    """Who is asked with a witness."""

    def test_tells_it_everything_that_is_evidence(self, session: boto3.Session) -> None:
        """Whether it is one answer, or one of several pages; and whose credentials they are."""
        tags = [{"TagKey": "use", "TagValue": "logs"}]
        arn = session.client("kms").create_key(Tags=tags)["KeyMetadata"]["Arn"]
        witness = Witness()
        asker, caller = Asker.of(session, Manner(), witness)
        before = datetime.now(UTC)
        found = key(asker, arn)
        policy = key_policy(asker, found.arn)
        assert key_tags(asker, found.arn) == {"use": "logs"}
        assert witness.caller == caller
        assert caller.arn.startswith("arn:aws:sts::123456789012:")
        (described,) = witness.of("kms:DescribeKey", KeyId=arn)
        (put,) = witness.of("kms:GetKeyPolicy", KeyId=arn)
        (tagged,) = witness.of("kms:ListResourceTags", KeyId=arn)
        assert described.answer["KeyMetadata"]["Arn"] == arn
        assert put.answer["Policy"] == policy
        assert tagged.answer["Tags"] == tags
        assert all(before <= reading.asked_at <= datetime.now(UTC) for reading in (described, put, tagged))
        assert {reading.account for reading in (described, put, tagged)} == {"123456789012"}

    def test_keeps_nothing_without_one(self, session: boto3.Session) -> None:
        """Which is how every command asks that writes no pack."""
        asker, _ = Asker.of(session, Manner())
        assert asker.log.witness is None
