"""Standard input, which somebody must look at before it is read."""

from __future__ import annotations

import sys
from hashlib import sha256
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from typing import BinaryIO


class Input:
    """Standard input; what is read of it before `rewind` can be read once more."""

    def __init__(self, *, measured: bool = False) -> None:
        self._digest = sha256() if measured else None
        self._kept: list[bytes] | None = []
        self._again = b""

    @property
    def stream(self) -> BinaryIO:
        """It, for those who read: they use nothing but `read`."""
        return cast("BinaryIO", self)

    @property
    def sha256(self) -> str | None:
        """Of all that was read until now, as hexadecimal digits; None where nobody wants it."""
        return None if self._digest is None else self._digest.hexdigest()

    def rewind(self) -> None:
        """Begin anew; from now on nothing is kept."""
        self._again, self._kept = b"".join(self._kept or ()), None

    def read(self, count: int, /) -> bytes:
        """So many bytes, or fewer; none at the end."""
        if self._again:
            piece, self._again = self._again[:count], self._again[count:]
            return piece
        piece = sys.stdin.buffer.read(count)
        if self._digest is not None:
            self._digest.update(piece)
        if self._kept is not None:
            self._kept.append(piece)
        return piece
