"""Pages of an answer, the way AWS Config cuts them."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any

from lzkey_sandbox.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def page(
    name: str, items: Sequence[Any], members: Mapping[str, Any], size: int, continuation: str = "NextToken"
) -> dict[str, Any]:
    """Return one page of items and, if there are more, the token of the next one.

    An empty token asks for the first page, as AWS tolerates; a token that was not issued is
    InvalidNextTokenException.
    """
    start = _offset(members.get(continuation) or _token(0))
    end = start + size
    answer: dict[str, Any] = {name: list(items[start:end])}
    return {**answer, continuation: _token(end)} if end < len(items) else answer


def _token(offset: int) -> str:
    return base64.urlsafe_b64encode(f"page-from-{offset}".encode()).decode()


def _offset(token: str) -> int:
    try:
        text = base64.b64decode(token, altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        text = ""
    issued = re.fullmatch(r"page-from-(\d+)", text)
    if issued is None:
        raise ServiceError("InvalidNextTokenException", "The nextToken provided is invalid.")
    return int(issued[1])
