"""What moto lacks of Amazon S3's buckets: whose they are, and who pays for requests.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketRequestPayment.html and
https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lzkey_sandbox.errors import ServiceError
from lzkey_sandbox.moto import motobuckets

if TYPE_CHECKING:
    from lzkey_sandbox.http.contract import Answer, Members
    from lzkey_sandbox.http.requests import ApiRequest

#: Names a bucket that need not be there.
_CREATE: Final = "CreateBucket"


class Buckets:
    """A bucket is its account's; `admitted` are buckets, and other accounts that their policies allow all."""

    def __init__(self) -> None:
        self.admitted: set[tuple[str, str]] = set()

    def before(self, account: str, request: ApiRequest) -> None:
        """Refuse what moto would answer to anybody about a bucket; of objects, where the owner is another."""
        bucket = request.path_parameters.get("Bucket")
        if bucket is None or request.operation == _CREATE or motobuckets.owner_of(bucket) is None:
            return
        of_object = "Key" in request.path_parameters
        self._require(account, bucket, request.headers.get("ExpectedBucketOwner"), of_object=of_object)
        if request.operation == "GetBucketEncryption":
            motobuckets.encrypt_by_default(bucket)

    def get_bucket_request_payment(self, account: str, _region: str, members: Members) -> Answer:
        """Answer GetBucketRequestPayment."""
        self._require(account, members["Bucket"], members.get("ExpectedBucketOwner"))
        return {"Payer": motobuckets.payer_of(members["Bucket"])}

    def put_bucket_request_payment(self, account: str, _region: str, members: Members) -> Answer:
        """Answer PutBucketRequestPayment."""
        self._require(account, members["Bucket"], members.get("ExpectedBucketOwner"))
        motobuckets.let_pay(members["Bucket"], members["RequestPaymentConfiguration"]["Payer"])
        return {}

    def _require(self, account: str, bucket: str, expected: str | None, *, of_object: bool = False) -> None:
        owner = motobuckets.owner_of(bucket)
        if owner is None:
            raise ServiceError("NoSuchBucket", "The specified bucket does not exist", 404)
        allowed = of_object or account == owner or (bucket, account) in self.admitted
        if not allowed or expected not in (None, owner):
            raise ServiceError("AccessDenied", "Access Denied", 403)
