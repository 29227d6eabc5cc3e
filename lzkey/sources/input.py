"""Standard input, which somebody must look at before it is read."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from typing import BinaryIO


class Input:
    """Standard input; what is read of it before `rewind` can be read once more."""

    def __init__(self) -> None:
        self._kept: list[bytes] | None = []
        self._again = b""

    @property
    def stream(self) -> BinaryIO:
        """It, for those who read: they use nothing but `read`."""
        return cast("BinaryIO", self)

    def rewind(self) -> None:
        """Begin anew; from now on nothing is kept."""
        self._again, self._kept = b"".join(self._kept or ()), None

    def read(self, count: int, /) -> bytes:
        """So many bytes, or fewer; none at the end."""
        if self._again:
            piece, self._again = self._again[:count], self._again[count:]
            return piece
        piece = sys.stdin.buffer.read(count)
        if self._kept is not None:
            self._kept.append(piece)
        return piece
