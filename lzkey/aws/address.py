"""Where objects of Amazon S3 are: `s3://BUCKET/PREFIX`, as the AWS CLI takes it; read without botocore."""

from __future__ import annotations

import re
from typing import Final, Self

from landing_zone_key.records import dataclass
from lzkey.errors import UsageError

SCHEME: Final = "s3://"
_RIGHT: Final = "right is s3://BUCKET/PREFIX"
#: What somebody means by it, however it is written; a file of such a name is given as `./s3:…`.
_MEANT: Final = re.compile(r"s3:", re.IGNORECASE)
_ARN: Final = re.compile(r"(?:s3://)?arn:[a-z-]+:s3[a-z0-9-]*:")
#: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html; old ones are longer, with
#: capital letters and underscores.
_BUCKET: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]")


@dataclass(frozen=True, slots=True)
class Address:
    """A bucket, and what the keys of the objects that are meant begin with."""

    bucket: str
    prefix: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Of `s3://BUCKET` or `s3://BUCKET/PREFIX`; the prefix is taken as it stands.

        Raises UsageError for what names no bucket, and for ARNs, those of access points among them.
        """
        if _ARN.match(text):
            raise UsageError(f"{text} is an ARN; neither those nor access points are taken: {_RIGHT}")
        if not text.startswith(SCHEME):
            raise UsageError(f"{text} is no address of objects, which begins with {SCHEME}; {_RIGHT}")
        bucket, _, prefix = text.removeprefix(SCHEME).partition("/")
        if not bucket:
            raise UsageError(f"{text} names no bucket; {_RIGHT}")
        if not _BUCKET.fullmatch(bucket) or ".." in bucket:
            why = f"{bucket} is no name of a bucket, which has 3 or more letters, digits, dots, hyphens"
            raise UsageError(f"{text}: {why}; {_RIGHT}")
        return cls(bucket, prefix)

    def __str__(self) -> str:
        """As it is written."""
        return f"{SCHEME}{self.bucket}/{self.prefix}"


def is_address(text: str) -> bool:
    """Whether somebody means objects of Amazon S3: an address, also a wrong one, or an ARN in its place."""
    return bool(_MEANT.match(text) or _ARN.match(text))
