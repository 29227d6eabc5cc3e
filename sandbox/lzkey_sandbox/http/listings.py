"""Pages of long answers: the first page begins a listing, and a token goes on in it.

A listing is made as far as it is asked for, so that the first of a thousand pages comes at once. At AWS a
page of an aggregate answer can be empty and still have a token; here that is so before every third page
that is not empty, or as often as the sandbox's user says. Source:
https://docs.aws.amazon.com/config/latest/APIReference/API_DescribeAggregateComplianceByConfigRules.html
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass, replace
from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from lzkey_sandbox.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

#: Tokens that are remembered; older ones expire, as they do at AWS.
MOST_TOKENS: Final = 10_000

_OF_A_PAGE: Final = frozenset({"Limit", "MaxResults", "NextToken", "limit", "nextToken"})


class _Listing:
    """What one request lists; `rows` are those that were made so far."""

    def __init__(self, asked: object, source: Iterator[Any]) -> None:
        self.asked = asked
        self._source = source
        self._rows: list[Any] = []
        self._lock = Lock()

    def rows(self, start: int, end: int) -> tuple[list[Any], bool]:
        """Some rows, and whether there are more after them."""
        with self._lock:
            self._rows.extend(islice(self._source, max(end + 1 - len(self._rows), 0)))
            return self._rows[start:end], len(self._rows) > end


@dataclass(frozen=True, slots=True)
class _Position:
    """Where a token goes on; `page` counts from 1 those that are not empty."""

    listing: _Listing
    start: int = 0
    page: int = 1
    was_empty: bool = False


class Listings:
    """The listings that have begun; before every `empty_every`-th page comes an empty one, 0 is never."""

    def __init__(self) -> None:
        self.empty_every = 3
        self._positions: OrderedDict[str, _Position] = OrderedDict()
        self._lock = Lock()

    def page(
        self,
        name: str,
        rows: Callable[[], Iterable[Any]],
        asked: object,
        members: Mapping[str, Any],
        size: int,
        *,
        may_be_empty: bool = True,
    ) -> dict[str, Any]:
        """One page; `rows` is called for the first one alone.

        A token that was not issued, or was for another request than `asked` and the members, is
        InvalidNextTokenException; an empty one asks for the first page, as AWS tolerates. The token's name
        begins small where the answer's does.
        """
        what = repr((name, asked, {key: value for key, value in members.items() if key not in _OF_A_PAGE}))
        continuation = "NextToken" if name[0].isupper() else "nextToken"
        token = members.get(continuation)
        here = self._found(token, what) if token else _Position(_Listing(what, iter(rows())))
        every = self.empty_every if may_be_empty else 0
        if every and here.page % every == 0 and not here.was_empty:
            return {name: [], continuation: self._issue(replace(here, was_empty=True))}
        found, more = here.listing.rows(here.start, here.start + size)
        answer: dict[str, Any] = {name: found}
        if more:
            answer[continuation] = self._issue(_Position(here.listing, here.start + size, here.page + 1))
        return answer

    def _found(self, token: str, what: object) -> _Position:
        with self._lock:
            position = self._positions.get(token)
        if position is None or position.listing.asked != what:
            raise ServiceError("InvalidNextTokenException", "The nextToken provided is invalid.")
        return position

    def _issue(self, position: _Position) -> str:
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._positions[token] = position
            while len(self._positions) > MOST_TOKENS:
                self._positions.popitem(last=False)
        return token
