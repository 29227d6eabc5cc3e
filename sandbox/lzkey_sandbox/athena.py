"""Amazon Athena: tables of moto's AWS Glue, moto's work groups, and queries that an engine of SQL answers.

No engine is part of the sandbox: whoever has one, as the tests have DuckDB, lets it answer. Sources:
https://docs.aws.amazon.com/athena/latest/APIReference/API_GetQueryExecution.html and its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from lzkey_sandbox.errors import ServiceError
from lzkey_sandbox.moto.motoathena import table_of, work_group_of

if TYPE_CHECKING:
    from lzkey_sandbox.http.contract import Answer, Members
    from lzkey_sandbox.http.listings import Listings

#: Rows in an answer at most, and where nobody asks for fewer.
#: Source: https://docs.aws.amazon.com/athena/latest/APIReference/API_GetQueryResults.html
_PAGE: Final = 1_000

#: Assumed: that Athena quotes AWS Glue's error, as it does in its console.
_NO_ENTITY: Final = "EntityNotFoundException: Entity Not Found"

#: What a query goes through before it ends. Source:
#: https://docs.aws.amazon.com/athena/latest/APIReference/API_QueryExecutionStatus.html
_BEFORE: Final = ("QUEUED", "RUNNING")
_ENDED: Final = frozenset({"SUCCEEDED", "FAILED", "CANCELLED"})


class EngineError(Exception):
    """An engine of SQL did not run a query; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a query has come to."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str | None]]
    scanned: int = 0
    """Bytes."""


#: Answers a query: its text, and the database that it names.
Engine = Callable[[str, str], Result]


@dataclass(slots=True)
class _Query:
    text: str
    database: str
    group: str
    states: list[str]
    """What it still goes through, the present one first."""
    result: Result | None = None
    reason: str = ""


@dataclass(slots=True)
class AthenaState:
    """How queries are answered; may be set at any time."""

    engine: Engine | None = None
    """None: every query fails."""
    answers_until_ended: int = 2
    """How often GetQueryExecution says that a query has not ended; the first time it is QUEUED."""
    queries: list[str] = field(default_factory=list)
    """The text of all that were started."""
    stopped: list[str] = field(default_factory=list)
    """The text of those that were stopped before they ended."""


class Athena:
    """Queries, each of its account and Region."""

    def __init__(self, state: AthenaState, listings: Listings) -> None:
        self._state = state
        self._listings = listings
        self._queries: dict[tuple[str, str, str], _Query] = {}
        self._lock = Lock()

    def get_work_group(self, account: str, region: str, members: Members) -> Answer:
        """A work group as moto has it."""
        found = work_group_of(account, region, members["WorkGroup"])
        if found is None:
            raise _invalid(f"WorkGroup {members['WorkGroup']} is not found.")
        return {"WorkGroup": found}

    def get_table_metadata(self, account: str, region: str, members: Members) -> Answer:
        """A table of the account's own catalog."""
        database, name = members["DatabaseName"], members["TableName"]
        found = table_of(account, region, database, name)
        if found is None:
            raise ServiceError("MetadataException", f"{_NO_ENTITY} ({database}.{name}; Service: AWSGlue)")
        return {"TableMetadata": found}

    def start_query_execution(self, account: str, region: str, members: Members) -> Answer:
        """Take a query, which the engine answers when it is first asked about at its end."""
        group = members.get("WorkGroup", "primary")
        found = work_group_of(account, region, group)
        if found is None:
            raise _invalid(f"WorkGroup {group} is not found.")
        settings = found["Configuration"]
        if not (settings.get("ResultConfiguration") or {}).get("OutputLocation"):
            raise _invalid("No output location provided.")
        waits = self._state.answers_until_ended
        states = [*_BEFORE[:1], *_BEFORE[1:] * max(0, waits - 1)][:waits]
        database = (members.get("QueryExecutionContext") or {}).get("Database", "default")
        query = str(uuid4())
        with self._lock:
            self._queries[account, region, query] = _Query(members["QueryString"], database, group, states)
            self._state.queries.append(members["QueryString"])
        return {"QueryExecutionId": query}

    def get_query_execution(self, account: str, region: str, members: Members) -> Answer:
        """How far a query is: with each answer one state further."""
        query = self._found(account, region, members)
        with self._lock:
            if not query.states:
                query.states.append(self._run(query))
            state = query.states[0]
            if state not in _ENDED:
                query.states.pop(0)
        scanned = query.result.scanned if query.result else 0
        return {
            "QueryExecution": {
                "QueryExecutionId": members["QueryExecutionId"],
                "Query": query.text,
                "StatementType": "DML",
                "QueryExecutionContext": {"Database": query.database, "Catalog": "AwsDataCatalog"},
                "Status": {"State": state, **({"StateChangeReason": query.reason} if query.reason else {})},
                "Statistics": {"DataScannedInBytes": scanned},
                "WorkGroup": query.group,
            }
        }

    def get_query_results(self, account: str, region: str, members: Members) -> Answer:
        """The rows of a query that has succeeded, in pages; the first row of the first names the columns."""
        query = self._found(account, region, members)
        if query.result is None:
            raise _invalid(f"Query has not yet finished. Current state: {(query.states or ['RUNNING'])[0]}")
        result, size = query.result, members.get("MaxResults", _PAGE)

        def rows() -> list[dict[str, Any]]:
            return [_row(result.columns), *map(_row, result.rows)]

        found = self._listings.page("Rows", rows, (account, region), members, size, may_be_empty=False)
        columns = [{"Name": each, "Type": "varchar"} for each in result.columns]
        shown = {"Rows": found.pop("Rows"), "ResultSetMetadata": {"ColumnInfo": columns}}
        return {"UpdateCount": 0, "ResultSet": shown, **found}

    def stop_query_execution(self, account: str, region: str, members: Members) -> Answer:
        """Cancel a query; one that has ended stays as it is."""
        query = self._found(account, region, members)
        with self._lock:
            if query.states[:1] and query.states[0] in _ENDED:
                return {}
            query.states, query.reason = ["CANCELLED"], "Query cancelled by user"
            self._state.stopped.append(query.text)
        return {}

    def _run(self, query: _Query) -> str:
        """What a query ends with."""
        try:
            if self._state.engine is None:
                query.reason = "the sandbox has no engine of SQL"
                return "FAILED"
            query.result = self._state.engine(query.text, query.database)
        except EngineError as error:
            query.reason = str(error)
            return "FAILED"
        return "SUCCEEDED"

    def _found(self, account: str, region: str, members: Members) -> _Query:
        with self._lock:
            found = self._queries.get((account, region, members["QueryExecutionId"]))
        if found is None:
            raise _invalid(f"QueryExecution {members['QueryExecutionId']} was not found")
        return found


def _row(values: Sequence[str | None]) -> dict[str, Any]:
    """A row; what is NULL has no value."""
    return {"Data": [{} if value is None else {"VarCharValue": value} for value in values]}


def _invalid(message: str) -> ServiceError:
    return ServiceError("InvalidRequestException", message)
