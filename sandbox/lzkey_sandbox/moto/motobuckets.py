"""Reads moto's buckets, and gives them what Amazon S3's have and moto's lack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from moto.s3.models import s3_backends

if TYPE_CHECKING:
    from lzkey import Untyped

#: Who pays for requests until somebody says otherwise.
#: Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketRequestPayment.html
BUCKET_OWNER: Final = "BucketOwner"

_BY_DEFAULT: Final = {
    "Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": "false"}
}


def owner_of(bucket: str) -> str | None:
    """The account of a bucket, or None where there is none of that name."""
    known = s3_backends.bucket_accounts.get(bucket)
    return None if known is None else str(known[1])


def payer_of(bucket: str) -> str:
    """Who pays for requests to a bucket."""
    return str(getattr(_bucket(bucket), "payer", BUCKET_OWNER))


def let_pay(bucket: str, payer: str) -> None:
    """Let BucketOwner or Requester pay."""
    _bucket(bucket).payer = payer


def encrypt_by_default(bucket: str) -> None:
    """Let a bucket of which nothing else was said encrypt with Amazon S3's own keys, as since January 2023.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html
    """
    found = _bucket(bucket)
    found.encryption = found.encryption or _BY_DEFAULT


def _bucket(name: str) -> Untyped:
    partition, account = s3_backends.bucket_accounts[name]
    return s3_backends[account][partition].buckets[name]
