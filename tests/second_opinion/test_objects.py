"""check s3://BUCKET/PREFIX before Amazon S3s that others have written."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from .conftest import DOCUMENTED, MISSING, SETTINGS

if TYPE_CHECKING:
    from .conftest import Aws

BOTH = pytest.mark.parametrize("aws", ["ministack", "moto"], indirect=True)
MINISTACK = pytest.mark.parametrize("aws", ["ministack"], indirect=True)
BUCKET = "logs-111122223333"
PLACE = "AWSLogs/111122223333/Config/us-east-1/2026/11/24/ConfigSnapshot"


def arn(number: int) -> str:
    """The ARN of a key."""
    return f"arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-{number:012}"


def snapshot(*policies: str, first: int = 0) -> bytes:
    """A packed snapshot of keys with these policies."""
    items: list[dict[str, Any]] = [
        {
            "configurationItemStatus": "OK",
            "resourceType": "AWS::KMS::Key",
            "ARN": arn(number),
            "configuration": {
                "arn": arn(number),
                "keyManager": "CUSTOMER",
                "keyState": "Enabled",
                "keySpec": "SYMMETRIC_DEFAULT",
                "keyUsage": "ENCRYPT_DECRYPT",
                "multiRegion": False,
            },
            "supplementaryConfiguration": {"Policy": policy},
        }
        for number, policy in enumerate(policies, first)
    ]
    return gzip.compress(json.dumps({"fileVersion": "1.0", "configurationItems": items}).encode())


class TestObjects:
    """Which objects there are, and what they come to."""

    @MINISTACK
    def test_more_than_a_page(self, aws: Aws) -> None:
        """Every page is asked for, in order, and odd names are what they are."""
        s3, policy = aws.server.client("s3"), json.dumps(DOCUMENTED)
        s3.create_bucket(Bucket=BUCKET)
        for number in range(1_010):
            s3.put_object(Bucket=BUCKET, Key=f"AWSLogs/111122223333/CloudTrail/{number:04}", Body=b"")
        for number, name in enumerate(("a b+ü&<.json.gz", "x/1", "x/10", "x/2")):
            s3.put_object(Bucket=BUCKET, Key=f"z/{name}", Body=snapshot(policy, MISSING, first=2 * number))
        ended = aws.run("check", f"s3://{BUCKET}", *SETTINGS, "--format", "json")
        assert list(ended.results) == [arn(number) for number in range(8)]
        assert list(ended.results.values()) == ["COMPLIANT", "NON_COMPLIANT"] * 4
        found = json.loads(ended.out)
        assert (ended.code, len(found["passed_over"]), found["summary"]["unread"]) == (3, 1_010, 0)
        assert found["results"][0]["place"]["source"] == f"s3://{BUCKET}/z/a b+ü&<.json.gz"

    @BOTH
    def test_what_is_not_there(self, aws: Aws) -> None:
        """A bucket, and what a prefix should lead to."""
        ended = aws.run("check", "s3://nobodys-bucket/x", *SETTINGS)
        assert (ended.code, "there is no bucket of that name" in ended.said) == (4, True)
        aws.server.client("s3").create_bucket(Bucket=BUCKET)
        ended = aws.run("check", f"s3://{BUCKET}/x", *SETTINGS)
        assert (ended.code, "no object's key begins with 'x'" in ended.said) == (4, True)

    @BOTH
    def test_a_cut_off_snapshot(self, aws: Aws) -> None:
        """Is not known, beside those that are."""
        s3, whole = aws.server.client("s3"), snapshot(json.dumps(DOCUMENTED))
        s3.create_bucket(Bucket=BUCKET)
        for number, content in enumerate((whole, whole[:-20])):
            name = f"111122223333_Config_us-east-1_ConfigSnapshot_20261124T12000{number}Z_a.json.gz"
            s3.put_object(Bucket=BUCKET, Key=f"{PLACE}/{name}", Body=content)
        ended = aws.run("check", f"s3://{BUCKET}/", *SETTINGS)
        assert ended.code == 4
        assert "1 key: 1 COMPLIANT; 1 could not be read" in ended.said
        assert "the file is cut off" in ended.said
