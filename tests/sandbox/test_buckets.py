"""The sandbox's buckets: whose they are, and what of them can stop deliveries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from .organizations import SMALL, Organized

if TYPE_CHECKING:
    from lzkey_sandbox import Sandbox

KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
LOCKED, PLAIN = "aws-controltower-config-logs", "aws-controltower-logs"
ASKED = ("get_object_lock_configuration", "get_bucket_request_payment", "get_bucket_encryption")


@pytest.fixture
def buckets(sandbox: Sandbox) -> Organized:
    """Two buckets of the log archive account, one with Object Lock."""
    made = Organized(sandbox, sandbox.organization(SMALL))
    s3 = sandbox.client("s3", account=made.organization.log_archive)
    s3.create_bucket(Bucket=LOCKED, ObjectLockEnabledForBucket=True)
    s3.create_bucket(Bucket=PLAIN)
    return made


def ask(made: Organized, operation: str, account: str | None = None, **asked: Any) -> Any:
    """What an account is answered, by default the log archive account."""
    s3 = made.sandbox.client("s3", account=account or made.organization.log_archive)
    owner = made.organization.log_archive
    answer = getattr(s3, operation)(**{"Bucket": PLAIN, "ExpectedBucketOwner": owner, **asked})
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


class TestWhose:
    """A bucket is its account's."""

    @pytest.mark.parametrize("operation", ASKED)
    def test_another_account_is_refused(self, buckets: Organized, operation: str) -> None:
        """Unless the bucket's policy admits it; so is everybody where the owner is another than expected."""
        management = buckets.organization.management
        with pytest.raises(ClientError, match="AccessDenied"):
            ask(buckets, operation, management, Bucket=LOCKED)
        buckets.sandbox.admit(LOCKED, management)
        assert ask(buckets, operation, management, Bucket=LOCKED)
        for account in (management, None):
            with pytest.raises(ClientError, match="AccessDenied"):
                ask(buckets, operation, account, Bucket=LOCKED, ExpectedBucketOwner=management)

    @pytest.mark.parametrize("operation", ASKED)
    def test_one_that_is_not_there(self, buckets: Organized, operation: str) -> None:
        """Is another error."""
        with pytest.raises(ClientError, match="NoSuchBucket"):
            ask(buckets, operation, Bucket="nobodys")

    def test_objects_are_left_to_policies(self, buckets: Organized) -> None:
        """Of which the sandbox knows nothing; the owner that is expected counts."""
        management = buckets.organization.management
        assert ask(buckets, "put_object", management, Key="k", Body=b"<Payer>Requester</Payer>")
        with pytest.raises(ClientError, match="AccessDenied"):
            ask(buckets, "get_object", management, Key="k", ExpectedBucketOwner=management)
        with pytest.raises(ClientError, match="403"):
            ask(buckets, "head_bucket", management)


class TestLevers:
    """Through Amazon S3's own operations."""

    def test_object_lock(self, buckets: Organized) -> None:
        """None; enabled; with a default retention."""
        with pytest.raises(ClientError, match="ObjectLockConfigurationNotFoundError"):
            ask(buckets, ASKED[0])
        found = ask(buckets, ASKED[0], Bucket=LOCKED)["ObjectLockConfiguration"]
        assert found == {"ObjectLockEnabled": "Enabled"}
        rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 30}}
        lock = {"ObjectLockEnabled": "Enabled", "Rule": rule}
        ask(buckets, "put_object_lock_configuration", Bucket=LOCKED, ObjectLockConfiguration=lock)
        found = ask(buckets, ASKED[0], Bucket=LOCKED)["ObjectLockConfiguration"]
        assert found["Rule"]["DefaultRetention"].items() >= rule["DefaultRetention"].items()

    def test_requester_pays(self, buckets: Organized) -> None:
        """Until it is taken back; another word is none of Amazon S3's."""
        assert ask(buckets, ASKED[1]) == {"Payer": "BucketOwner"}
        for payer in ("Requester", "BucketOwner"):
            ask(buckets, "put_bucket_request_payment", RequestPaymentConfiguration={"Payer": payer})
            assert ask(buckets, ASKED[1]) == {"Payer": payer}
        assert ask(buckets, ASKED[1], Bucket=LOCKED) == {"Payer": "BucketOwner"}
        with pytest.raises(ClientError, match="ValidationException"):
            ask(buckets, "put_bucket_request_payment", RequestPaymentConfiguration={"Payer": "Nobody"})
        with pytest.raises(ClientError, match="AccessDenied"):
            ask(
                buckets,
                "put_bucket_request_payment",
                buckets.organization.management,
                RequestPaymentConfiguration={"Payer": "Requester"},
            )

    def test_encryption(self, buckets: Organized) -> None:
        """Amazon S3's own keys at first, and again when what was said is deleted."""

        def rule() -> Any:
            (found,) = ask(buckets, ASKED[2])["ServerSideEncryptionConfiguration"]["Rules"]
            return found

        at_first = {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
            "BucketKeyEnabled": False,
        }
        assert rule() == at_first
        by_key = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
        said = {"ApplyServerSideEncryptionByDefault": by_key, "BucketKeyEnabled": True}
        configuration = {"Rules": [said]}
        ask(buckets, "put_bucket_encryption", ServerSideEncryptionConfiguration=configuration)
        assert rule() == said
        ask(buckets, "delete_bucket_encryption")
        assert rule() == at_first
