"""`lzkey check s3://BUCKET/PREFIX`: exit codes, what is told where, and what other commands say of it."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from lzkey.cli.asked import iam_policy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import Run

    from lzkey_sandbox import Sandbox

BUCKET, REGION = "logs-111122223333", "us-east-1"
SETTINGS = ("--home-region", "us-east-1", "--management-account-id", "111122223333")
GRANT = {
    "Sid": "Logs",
    "Effect": "Allow",
    "Principal": {"Service": ["config.amazonaws.com", "cloudtrail.amazonaws.com"]},
    "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
    "Resource": "*",
}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": GRANT})
FOLDER = f"AWSLogs/111122223333/Config/{REGION}/2026/11"


def name(day: int) -> str:
    """A snapshot's key."""
    moment = f"202611{day:02}T120000Z"
    return f"{FOLDER}/{day}/ConfigSnapshot/111122223333_Config_{REGION}_ConfigSnapshot_{moment}_a.json.gz"


def snapshot(*states: str, first: int = 0) -> bytes:
    """A snapshot of keys in these states."""
    found = [_item(first + number, state) for number, state in enumerate(states)]
    return gzip.compress(json.dumps({"fileVersion": "1.0", "configurationItems": found}).encode())


def _item(number: int, state: str) -> dict[str, Any]:
    key_id = f"1234abcd-12ab-34cd-56ef-{number:012d}"
    arn = f"arn:aws:kms:{REGION}:111122223333:key/{key_id}"
    attributes = {
        "arn": arn,
        "keyId": key_id,
        "keyManager": "CUSTOMER",
        "keyState": state,
        "keySpec": "SYMMETRIC_DEFAULT",
        "keyUsage": "ENCRYPT_DECRYPT",
        "origin": "AWS_KMS",
        "multiRegion": False,
    }
    return {
        "configurationItemStatus": "OK",
        "resourceType": "AWS::KMS::Key",
        "resourceId": key_id,
        "ARN": arn,
        "configuration": attributes,
        "supplementaryConfiguration": {"Policy": POLICY},
    }


@pytest.fixture
def put(live: Sandbox) -> Iterator[Callable[[str, bytes], None]]:
    """A bucket, and what stores an object in it."""
    client = live.client("s3")
    client.create_bucket(Bucket=BUCKET)
    yield lambda key, content: client.put_object(Bucket=BUCKET, Key=key, Body=content)
    for each in client.list_objects_v2(Bucket=BUCKET).get("Contents", ()):
        client.delete_object(Bucket=BUCKET, Key=each["Key"])
    client.delete_bucket(Bucket=BUCKET)


Put = "Callable[[str, bytes], None]"


class TestExitCodes:
    """As of files."""

    @pytest.mark.parametrize(
        ("objects", "code"),
        [
            ({name(24): snapshot("Enabled")}, 0),
            ({name(24): snapshot("Enabled", "Disabled")}, 3),
            ({name(24): snapshot("Enabled"), name(25): b"\x1f\x8b"}, 4),
            ({name(24): snapshot("Disabled"), name(25): b"\x1f\x8b"}, 3),
            ({"README": b"of anything"}, 4),
            ({}, 4),
        ],
    )
    def test_by_what_the_objects_hold(self, run: Run, put: Put, objects: dict[str, bytes], code: int) -> None:
        """What cannot be read is never health, and neither is nothing."""
        for key, content in objects.items():
            put(key, content)
        assert run("check", f"s3://{BUCKET}/", *SETTINGS).code == code

    def test_beside_files(self, run: Run, put: Put, tmp_path: Path) -> None:
        """Sources of all kinds, in their order."""
        put(name(24), snapshot("Enabled", first=2))
        local = tmp_path / "snapshot.json.gz"
        local.write_bytes(snapshot("Enabled", first=1))
        ended = run("check", str(local), f"s3://{BUCKET}/", "--format", "json", *SETTINGS)
        found = json.loads(ended.out)
        assert [each["place"]["source"] for each in found["results"]] == [
            str(local),
            f"s3://{BUCKET}/{name(24)}",
        ]
        assert (ended.code, found["summary"]["COMPLIANT"]) == (0, 2)

    @pytest.mark.parametrize("form", ["json", "csv", "markdown", "sarif", "junit", "text"])
    def test_in_every_format(self, run: Run, put: Put, form: str) -> None:
        """The place is the address, in each as it is written there."""
        put("a b.json", gzip.decompress(snapshot("Enabled")))
        put(name(25), b"\x1f\x8b")
        ended = run("check", f"s3://{BUCKET}/", "--format", form, *SETTINGS)
        address = f"s3://{BUCKET}/a%20b.json" if form == "sarif" else f"s3://{BUCKET}/a b.json"
        assert ended.code == 4
        assert address in ended.out
        assert "its gzip data ends too early" in ended.out.replace("\\_", "_")


class TestNotes:
    """What changes the meaning of the result is said on standard error, in every format."""

    def test_a_key_of_several_days(self, run: Run, put: Put) -> None:
        """Counts as often, unless the newest alone is asked for."""
        put(name(9), snapshot("Disabled"))
        put(name(24), snapshot("Enabled"))
        both = run("check", f"s3://{BUCKET}/", "--format", "csv", "--quiet", *SETTINGS)
        assert both.code == 3
        assert "of 1 of 1 accounts and Regions there are several AWS Config snapshots" in " ".join(
            both.err.split()
        )
        newest = run("check", f"s3://{BUCKET}/", "--newest", "--format", "json", *SETTINGS)
        assert newest.code == 0
        assert "are of 2026-11-24T12:00:00Z to 2026-11-24T12:00:00Z" in " ".join(newest.err.split())
        assert json.loads(newest.out)["summary"] | {"findings": []} == {
            "keys": 1,
            "NOT_APPLICABLE": 0,
            "COMPLIANT": 1,
            "UNKNOWN": 0,
            "NON_COMPLIANT": 0,
            "unread": 0,
            "passed_over": 1,
            "findings": [],
        }

    def test_what_is_ignored(self, run: Run, put: Put) -> None:
        """Names of objects, as of files."""
        put(name(9), snapshot("Disabled"))
        put(name(24), snapshot("Enabled"))
        ended = run("check", f"s3://{BUCKET}/{FOLDER}/", "--ignore", "9", "--format", "json", *SETTINGS)
        assert ended.code == 0
        (passed,) = json.loads(ended.out)["passed_over"]
        assert (passed["place"]["source"], passed["reason"]) == (
            f"s3://{BUCKET}/{name(9)}",
            "it is ignored, by --ignore 9",
        )


class TestMistakes:
    """One sentence, and 2, before anything is asked."""

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("check", "s3://"), "s3:// names no bucket; right is s3://BUCKET/PREFIX"),
            (("check", "arn:aws:s3:::logs/x"), "arn:aws:s3:::logs/x is an ARN"),
            (("check", "s3://a..b/x"), "s3://a..b/x: a..b is no name of a bucket"),
            (("check", ".", "--newest"), "--newest is for objects of Amazon S3: give s3://BUCKET/PREFIX"),
            (("explain", "s3://logs/x"), "s3://logs/x is for `lzkey check` alone: fetch the object"),
            (("fix", "s3://logs/x"), "s3://logs/x is for `lzkey check` alone: fetch the object"),
            (("preflight", "s3://logs/x"), "s3://logs/x is for `lzkey check` alone: fetch the object"),
            (
                ("check", "s3://logs/x", "--profile", "nobody"),
                "The config profile (nobody) could not be found",
            ),
        ],
    )
    def test_is_told(self, run: Run, live: Sandbox, arguments: tuple[str, ...], said: str) -> None:
        """What is wrong, and what would be right."""
        live.forget_calls()
        ended = run(*arguments, *SETTINGS)
        assert ended.code == 2
        assert said in " ".join(ended.err.split())
        assert ended.out == ""
        assert live.calls == ()

    def test_nobody_to_ask_as(self, run: Run) -> None:
        """There are no credentials: the same sentence as of every command."""
        ended = run("check", "s3://logs/x", *SETTINGS)
        assert ended.code == 2
        assert "there are no AWS credentials: sign in" in " ".join(ended.err.split())

    def test_a_bucket_that_is_not_there(self, run: Run, live: Sandbox) -> None:
        """Is one thing that is not known."""
        ended = run("check", "s3://nobodys-bucket/x", *SETTINGS)
        assert live.calls
        assert ended.code == 4
        assert "there is no bucket of that name" in " ".join(ended.out.split())


class TestPermissions:
    """What it asks for."""

    def test_are_printed(self, run: Run, live: Sandbox, put: Put) -> None:
        """By --print-iam-policy, and no others."""
        put(name(24), snapshot("Enabled"))
        live.forget_calls()
        assert run("check", f"s3://{BUCKET}/", *SETTINGS).code == 0
        operations = {f"{call.service}:{call.operation}" for call in live.calls}
        assert operations == {"sts:GetCallerIdentity", "s3:ListObjectsV2", "s3:GetObject"}
        statements = {each["Sid"]: each["Action"] for each in iam_policy("check")["Statement"]}
        assert statements["ReadObjects"] == ["s3:GetObject", "s3:ListBucket"]
        assert "ReadObjects" not in {each["Sid"] for each in iam_policy("explain")["Statement"]}
