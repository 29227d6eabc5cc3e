"""Objects of Amazon S3: which there are under a prefix, and what one holds, as it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from landing_zone_key.records import dataclass
from lzkey.aws.address import SCHEME, Address, is_address
from lzkey.aws.fact import takes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from lzkey.aws.account import Asker

__all__ = ["Address", "StoredObject", "is_address", "listed", "stream"]

_LIST: Final = "s3:ListBucket"
_GET: Final = "s3:GetObject"


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object, as ListObjectsV2 has it.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
    """

    bucket: str
    key: str
    size: int
    """Bytes."""
    storage_class: str = "STANDARD"
    """S3's word for how it is kept: of some an object must be restored before it can be read."""

    def __str__(self) -> str:
        """Its address."""
        return f"{SCHEME}{self.bucket}/{self.key}"


@takes(_LIST)
def listed(asker: Asker, bucket: str, prefix: str = "") -> Iterator[StoredObject]:
    """The objects whose keys begin with a prefix, in the order of their keys, page by page as they come.

    Raises UnansweredError, also after some of them.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
    """
    about = str(Address(bucket, prefix))
    for its in asker.each(_LIST, "Contents", about=about, Bucket=bucket, Prefix=prefix):
        kept = str(its.get("StorageClass", "STANDARD"))
        yield StoredObject(bucket, str(its["Key"]), int(its["Size"]), kept)


@takes(_GET)
def stream(asker: Asker, bucket: str, key: str) -> BinaryIO:
    """What an object holds, as it comes, as it is stored: gzip is not unpacked.

    Raises UnansweredError, and so does every read of it: where the connection breaks off, the rest is asked
    for, and where it breaks off again and again, the error says after how many bytes.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    """
    return asker.stream(_GET, about=f"{SCHEME}{bucket}/{key}", Bucket=bucket, Key=key)
