"""Objects of Amazon S3: where they are, which there are under a prefix, and what one holds, as it comes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BufferedReader, RawIOBase
from typing import TYPE_CHECKING, Final, Self

from botocore.exceptions import (
    BotoCoreError,
    HTTPClientError,
    IncompleteReadError,
)

from lzkey.aws.fact import takes
from lzkey.aws.unanswered import UnansweredError, line
from lzkey.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from lzkey import Json
    from lzkey.aws.account import Asker

_SCHEME: Final = "s3://"
_RIGHT: Final = "right is s3://BUCKET/PREFIX"
_ARN: Final = re.compile(r"(?:s3://)?arn:[a-z-]+:s3[a-z0-9-]*:")
#: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html; old ones are longer, with
#: capital letters and underscores.
_BUCKET: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]")

_LIST: Final = "s3:ListBucket"
_GET: Final = "s3:GetObject"
#: Bytes that are read at once.
_PIECE: Final = 1 << 20
#: How often in a row one place of an object is asked for, where the connection breaks off.
_TRIES: Final = 3


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
        bucket, _, prefix = text.removeprefix(_SCHEME).partition("/")
        if not is_address(text) or not bucket:
            raise UsageError(f"{text} names no bucket; {_RIGHT}")
        if not _BUCKET.fullmatch(bucket) or ".." in bucket:
            why = f"{bucket} is no name of a bucket, which has letters, digits, dots and hyphens"
            raise UsageError(f"{text}: {why}; {_RIGHT}")
        return cls(bucket, prefix)

    def __str__(self) -> str:
        """As it is written."""
        return f"{_SCHEME}{self.bucket}/{self.prefix}"


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
    """Such as GLACIER, whose objects cannot be read until they are restored."""

    def __str__(self) -> str:
        """Its address."""
        return f"{_SCHEME}{self.bucket}/{self.key}"


def is_address(text: str) -> bool:
    """Whether somebody means objects of Amazon S3: an address, or an ARN in its place."""
    return text.startswith(_SCHEME) or bool(_ARN.match(text))


@takes(_LIST)
def listed(asker: Asker, bucket: str, prefix: str = "") -> Iterator[StoredObject]:
    """The objects whose keys begin with a prefix, in the order of their keys, page by page as they come.

    Raises UnansweredError, also after some of them.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
    """
    about = str(Address(bucket, prefix))
    for its in asker.each(_LIST, "Contents", about=about, Bucket=bucket, Prefix=prefix):
        yield StoredObject(
            bucket, str(its["Key"]), int(its["Size"]), str(its.get("StorageClass", "STANDARD"))
        )


@takes(_GET)
def stream(asker: Asker, bucket: str, key: str) -> BinaryIO:
    """What an object holds, as it comes, as it is stored: gzip is not unpacked.

    Raises UnansweredError, and so does every read of it: where the connection breaks off, the rest is asked
    for, and where it breaks off again and again, the error says after how many bytes.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    """
    answer = _asked(asker, bucket, key)
    return BufferedReader(_Body(asker, bucket, key, answer), _PIECE)


def _asked(asker: Asker, bucket: str, key: str, **part: str) -> Json:
    return asker.ask(_GET, about=f"{_SCHEME}{bucket}/{key}", Bucket=bucket, Key=key, **part)


class _Body(RawIOBase):
    """The bytes of an object, one after the other, over as many connections as that takes."""

    def __init__(self, asker: Asker, bucket: str, key: str, answer: Json) -> None:
        self._asker, self._bucket, self._key = asker, bucket, key
        self._size, self._version = int(answer["ContentLength"]), str(answer["ETag"])
        self._body, self._done = answer["Body"], 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]  # a buffer, which 3.11 has no type for
        piece = self._piece(len(view))
        view[: len(piece)] = piece
        self._done += len(piece)
        return len(piece)

    def close(self) -> None:
        self._body.close()
        super().close()

    def _piece(self, most: int) -> bytes:
        tried = 1
        while True:
            try:
                return bytes(self._body.read(most))
            except BotoCoreError as error:
                broken = isinstance(
                    error, HTTPClientError | IncompleteReadError
                )  # else the checksum is wrong
                if not broken or tried == _TRIES or self._done >= self._size:
                    raise self._broken(error) from error
            tried += 1
            self._go_on()

    def _go_on(self) -> None:
        """Ask for the rest of the same version."""
        self._body.close()
        part = {"Range": f"bytes={self._done}-", "IfMatch": self._version}
        self._body = _asked(self._asker, self._bucket, self._key, **part)["Body"]

    def _broken(self, error: BotoCoreError) -> UnansweredError:
        where = f"{_SCHEME}{self._bucket}/{self._key} breaks off after {self._done:,} of {self._size:,} bytes"
        return UnansweredError(_GET, error, f"{where} ({line(str(error))})")
