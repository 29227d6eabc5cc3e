"""Actions of IAM, by which everything here is asked for, and the operations that they allow."""

from __future__ import annotations

from typing import Final

#: Those whose operations have other names.
#: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
_OPERATIONS: Final = {
    "s3:GetBucketObjectLockConfiguration": "GetObjectLockConfiguration",
    "s3:GetEncryptionConfiguration": "GetBucketEncryption",
    "s3:ListBucket": "ListObjectsV2",
}


def operation_of(action: str) -> str:
    """The operation that an action such as `s3:GetEncryptionConfiguration` allows: GetBucketEncryption."""
    return _OPERATIONS.get(action, action.partition(":")[2])
