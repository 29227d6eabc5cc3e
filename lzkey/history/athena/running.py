"""One query from its start to its end: waited for, and stopped where nobody waits any more."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Final

from lzkey.aws.athena import BEHIND_QUERIES, query_execution, start_query, stop_query
from lzkey.aws.fact import takes
from lzkey.aws.unanswered import NOT_ANSWERED
from lzkey.errors import LiveError
from lzkey.history.athena.estimate import size

if TYPE_CHECKING:
    from collections.abc import Callable

    from lzkey.aws.account import Asker

#: Seconds between two questions, at first and at last.
_FIRST: Final = 1.0
_LAST: Final = 10.0

_SUCCEEDED: Final = "SUCCEEDED"
#: https://docs.aws.amazon.com/athena/latest/APIReference/API_QueryExecutionStatus.html
_ENDINGS: Final = {"FAILED": "failed", "CANCELLED": "was cancelled"}
_ENDED: Final = frozenset({_SUCCEEDED, *_ENDINGS})


class QueryError(LiveError):
    """Athena did not run a query to its end."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """How a query is waited for."""

    tell: Callable[[str], None]
    """Is told how far it is, each time that this is something new."""
    sleep: Callable[[float], None]


@takes(*BEHIND_QUERIES, facts=(start_query, query_execution, stop_query))
def run(asker: Asker, text: str, database: str, group: str, waiting: Waiting) -> tuple[str, int]:
    """Run a query, and tell its id, and how many bytes it has scanned.

    Raises QueryError where it failed or was cancelled, and UnansweredError. Where this ends in between, such
    as by Ctrl-C, the query is stopped; Athena itself ends one after 30 minutes.
    https://docs.aws.amazon.com/athena/latest/ug/service-limits.html
    """
    query, ended = start_query(asker, text, database, group), False
    try:
        began, pause, told = monotonic(), _FIRST, ""
        while True:
            found = query_execution(asker, query)
            if found.state in _ENDED:
                ended = True
                break
            if found.state != told:
                told = found.state
                waiting.tell(f"Athena: query {query} is {told}")
            waiting.sleep(pause)
            pause = min(pause * 1.5, _LAST)
    finally:
        if not ended:
            _stop(asker, query, waiting.tell)
    if found.state != _SUCCEEDED:
        ended_so = f"{_ENDINGS[found.state]} ({found.reason or 'no reason is told'})"
        scanned = f"after it had scanned {size(found.scanned)}"
        raise QueryError(f"Athena's query {query} {ended_so}, {scanned}; nothing of it was read")
    waiting.tell(f"Athena: query {query} took {monotonic() - began:,.0f} s")
    return query, found.scanned


def _stop(asker: Asker, query: str, tell: Callable[[str], None]) -> None:
    try:
        stop_query(asker, query)
        tell(f"Athena: query {query} was stopped; what it has scanned is charged")
    except NOT_ANSWERED as error:
        tell(f"Athena: query {query} may go on, and is charged for what it scans: {error}")
