"""The log buckets: what of them stops deliveries although the key allows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lzkey.aws.fact import takes

if TYPE_CHECKING:
    from lzkey.aws.account import Asker

_NO_LOCK: Final = frozenset({"ObjectLockConfigurationNotFoundError"})
_NO_ENCRYPTION: Final = frozenset({"ServerSideEncryptionConfigurationNotFoundError"})


@dataclass(frozen=True, slots=True)
class ObjectLock:
    """Object Lock of a bucket.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectLockConfiguration.html
    """

    enabled: bool
    retention: str
    """The default retention, such as `GOVERNANCE, 30 days`; empty: there is none."""


@dataclass(frozen=True, slots=True)
class BucketEncryption:
    """What a bucket encrypts with where a request names nothing.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_ServerSideEncryptionByDefault.html
    """

    algorithm: str
    """Such as AES256 or aws:kms; empty: none is told."""
    key: str | None
    """The ARN, id or alias of the KMS key; None: AWS's own."""
    bucket_key: bool


@takes("s3:GetBucketObjectLockConfiguration")
def object_lock(asker: Asker, bucket: str, owner: str, region: str) -> ObjectLock:
    """Object Lock of a bucket of an account."""
    told = asker.ask(
        "s3:GetBucketObjectLockConfiguration",
        region=region,
        absent=_NO_LOCK,
        Bucket=bucket,
        ExpectedBucketOwner=owner,
    )
    if told is None:
        return ObjectLock(enabled=False, retention="")
    lock = told["ObjectLockConfiguration"]
    rule = (lock.get("Rule") or {}).get("DefaultRetention") or {}
    spans = ((rule.get("Days"), "day"), (rule.get("Years"), "year"))
    lasting = " ".join(f"{number} {noun}{'' if number == 1 else 's'}" for number, noun in spans if number)
    return ObjectLock(
        lock.get("ObjectLockEnabled") == "Enabled", ", ".join(filter(None, (rule.get("Mode"), lasting)))
    )


@takes("s3:GetBucketRequestPayment")
def requester_pays(asker: Asker, bucket: str, owner: str, region: str) -> bool:
    """Whether a bucket's requesters pay."""
    told = asker.ask("s3:GetBucketRequestPayment", region=region, Bucket=bucket, ExpectedBucketOwner=owner)
    return bool(told["Payer"] == "Requester")


@takes("s3:GetEncryptionConfiguration")
def bucket_encryption(asker: Asker, bucket: str, owner: str, region: str) -> BucketEncryption:
    """What a bucket encrypts with by default."""
    told = asker.ask(
        "s3:GetEncryptionConfiguration",
        region=region,
        absent=_NO_ENCRYPTION,
        Bucket=bucket,
        ExpectedBucketOwner=owner,
    )
    if told is None:
        return BucketEncryption("", None, bucket_key=False)
    rules = told["ServerSideEncryptionConfiguration"]["Rules"]
    by_default = rules[0].get("ApplyServerSideEncryptionByDefault") or {}
    return BucketEncryption(
        str(by_default.get("SSEAlgorithm") or ""),
        by_default.get("KMSMasterKeyID"),
        bool(rules[0].get("BucketKeyEnabled")),
    )
