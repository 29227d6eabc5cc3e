"""Bytes of a source as characters, piece by piece: gzip is unpacked, the encoding is found out."""

from __future__ import annotations

import codecs
import gzip
import io
import json
import zlib
from typing import TYPE_CHECKING, Final

from lzkey.errors import SourceError

if TYPE_CHECKING:
    from typing import BinaryIO

_PIECE: Final = 1 << 20
_GZIP: Final = b"\x1f\x8b"
_OTHER_ARCHIVES: Final = {b"PK\x03\x04": "zip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"(\xb5/\xfd": "zstd"}


class Characters:
    """The characters of one binary stream. `read` gives them in pieces of bounded size, "" at the end.

    Raises SourceError for what is no text: another archive than gzip, gzip data that is broken or cut off,
    bytes that are not in the encoding that the first of them tell (UTF-8, UTF-16 or UTF-32: RFC 4627).
    """

    def __init__(self, raw: BinaryIO) -> None:
        head = _exactly(raw, 4)
        for magic, name in _OTHER_ARCHIVES.items():
            if head.startswith(magic):
                raise SourceError(
                    f"it is a {name} archive; unpack it first (gzip is read as it is), or, if it is a saved "
                    "Terraform plan, give what `terraform show -json` prints of it"
                )
        self._raw: io.BufferedReader | gzip.GzipFile = io.BufferedReader(_Rewound(head, raw), _PIECE)
        self.compressed = head.startswith(_GZIP)
        self._next, self._broken = b"", ""
        if self.compressed:
            self._raw = gzip.GzipFile(fileobj=self._raw)
            head = self._next = self._unpacked()
        self.begins = b""
        """The first piece as it came, for who must tell what this is."""
        self._encoding = json.detect_encoding(head[:4]).replace("-sig", "")
        self._decoder = codecs.getincrementaldecoder(self._encoding)()
        self._done = 0

    def read(self) -> str:
        """The next piece."""
        while True:
            piece = self._bytes()
            self.begins = self.begins or piece
            try:
                text = self._decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as error:
                place = self._done + error.start
                raise SourceError(
                    f"it is not {self._encoding.upper()}: byte {place} is the first that is wrong; "
                    "save it as UTF-8"
                ) from None
            text = text.removeprefix("\ufeff") if self._done == 0 else text
            self._done += len(piece)
            if text or not piece:
                return text

    def _bytes(self) -> bytes:
        if not self.compressed:
            return self._raw.read(_PIECE)
        piece, self._next = self._next or self._unpacked(), b""
        if not piece and self._broken:
            raise SourceError(self._broken)
        return piece

    def _unpacked(self) -> bytes:
        """The next piece of gzip data; what breaks it is told after all that comes before."""
        pieces, missing = list[bytes](), _PIECE
        try:
            while missing and not self._broken and (piece := self._raw.read1(missing)):
                pieces.append(piece)
                missing -= len(piece)
        except EOFError:
            self._broken = "its gzip data ends too early: the file is cut off"
        except (gzip.BadGzipFile, zlib.error) as error:
            self._broken = f"its gzip data is broken: {error}"
        return b"".join(pieces)


class _Rewound(io.RawIOBase):
    """A stream of which the first bytes have been read already."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]  # a buffer, which 3.11 has no type for
        taken = self._head[: len(view)] or self._rest.read(len(view)) or b""
        self._head = self._head[len(taken) :] if self._head else b""
        view[: len(taken)] = taken
        return len(taken)


def _exactly(raw: BinaryIO, count: int) -> bytes:
    """So many bytes, fewer only at the end: a pipe may give them one by one."""
    got = b""
    while len(got) < count and (piece := raw.read(count - len(got))):
        got += piece
    return got
