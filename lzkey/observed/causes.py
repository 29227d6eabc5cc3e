"""What an error of a delivery means, where a page of AWS's says so; others are shown as they were read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_S3_ERRORS: Final = "https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"
_CHANNEL_ERRORS: Final = "https://docs.aws.amazon.com/config/latest/APIReference/API_PutDeliveryChannel.html"


@dataclass(frozen=True, slots=True)
class Cause:
    """What a code means, and the page that says so."""

    text: str
    source: str
    fix: str


#: By the code. AccessDenied names no one cause: a bucket's policy gives it, and so does a key.
CAUSES: Final = {
    "NoSuchBucket": Cause(
        "the bucket does not exist",
        _S3_ERRORS,
        "create the bucket again, or reset the landing zone in Control Tower",
    ),
    "NoSuchBucketException": Cause(
        "the bucket does not exist",
        _CHANNEL_ERRORS,
        "create the bucket again, or reset the landing zone in Control Tower",
    ),
    "AccessDenied": Cause(
        "it was refused, as a bucket's policy, a key that may not be used, or a topic's policy does",
        _S3_ERRORS,
        "look at the bucket policy in the log archive account",
    ),
    "InsufficientDeliveryPolicyException": Cause(
        "the bucket's policy does not let AWS Config write to it, or the bucket has Object Lock",
        _CHANNEL_ERRORS,
        "look at the bucket's policy and Object Lock in the log archive account",
    ),
    "InvalidS3KmsKeyArnException": Cause(
        "the delivery channel names a KMS key that is none",
        _CHANNEL_ERRORS,
        "reset the landing zone in Control Tower",
    ),
}


def cause_of(code: str) -> Cause | None:
    """What a code means; None: no page tells."""
    return CAUSES.get(code)
