"""The body of an answer, as it comes, over as many connections as that takes: an object of Amazon S3."""

from __future__ import annotations

from io import RawIOBase
from typing import TYPE_CHECKING, Any, Final, Protocol

from botocore.exceptions import BotoCoreError, HTTPClientError, IncompleteReadError

from lzkey.aws.unanswered import UnansweredError, line

if TYPE_CHECKING:
    from lzkey import Json

#: How often in a row one place of a body is asked for, where the connection breaks off.
_TRIES: Final = 3


class Ask(Protocol):
    """Asks, and where it is to go on also with these arguments; raises UnansweredError."""

    def __call__(self, **part: str) -> Json:
        """The answer."""


class Body(RawIOBase):
    """Every byte, once and in order; reading raises UnansweredError, and never takes an end for the whole.

    The rest is asked for by Range, of the same version alone.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    """

    def __init__(self, action: str, about: str, ask: Ask) -> None:
        self._action, self._about, self._ask = action, about, ask
        self._body: Any = None  # where there is no answer, this is closed all the same
        answer: dict[str, Any] = ask()
        self._body, self._done = answer["Body"], 0
        self._size, self._version = int(answer["ContentLength"]), str(answer["ETag"])

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: object) -> int:
        """Read as many bytes as have come, and no more than there is room for."""
        view = memoryview(buffer)  # type: ignore[arg-type]  # a buffer, which 3.11 has no type for
        piece = self._piece(len(view))
        view[: len(piece)] = piece
        self._done += len(piece)
        return len(piece)

    def close(self) -> None:
        """Wait for nothing more."""
        if self._body is not None:
            self._body.close()
        super().close()

    def _piece(self, most: int) -> bytes:
        tried = 1
        while True:
            try:
                return bytes(self._body.read(most))
            except BotoCoreError as error:
                # Else the checksum is another one.
                broken = isinstance(error, HTTPClientError | IncompleteReadError)
                if not broken or tried == _TRIES or self._done >= self._size:
                    raise self._broken(error) from error
            tried += 1
            self._body.close()
            answer: dict[str, Any] = self._ask(Range=f"bytes={self._done}-", IfMatch=self._version)
            self._body, rest = answer["Body"], self._size - self._done
            if int(answer["ContentLength"]) != rest:  # such as all of it, from a proxy that knows no Range
                whole = ValueError(f"the rest of {self._about} has not {rest:,} bytes")
                raise UnansweredError.of_answer(self._action, whole)

    def _broken(self, error: BotoCoreError) -> UnansweredError:
        after = f"{self._about} breaks off after {self._done:,} of {self._size:,} bytes"
        return UnansweredError(self._action, error, f"{after} ({line(str(error))})")
