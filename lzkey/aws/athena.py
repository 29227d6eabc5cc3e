"""Amazon Athena: a work group, a table and its partitions, and a query from its start to its rows.

https://docs.aws.amazon.com/athena/latest/APIReference/Welcome.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from lzkey.aws.fact import takes
from lzkey.aws.unanswered import UnansweredError, line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lzkey import Json
    from lzkey.aws.account import Asker

#: The catalog that is AWS Glue's, of the account and Region that are asked.
#: https://docs.aws.amazon.com/athena/latest/ug/data-sources-glue.html
CATALOG: Final = "AwsDataCatalog"

#: Rows at most in one answer (MaxResults).
PAGE: Final = 1_000

#: Partitions at most in one answer (MaxResults).
_PARTITIONS: Final = 1_000

#: What a MetadataException quotes of AWS Glue where there is no such database or table.
_NO_ENTITY: Final = "EntityNotFound"

#: What Athena does with the permissions of whoever asks: it looks a table up, reads its data, writes results.
#: https://docs.aws.amazon.com/athena/latest/ug/fine-grained-access-to-glue-resources.html
BEHIND_TABLES: Final = ("glue:GetDatabase", "glue:GetTable")
#: https://docs.aws.amazon.com/athena/latest/ug/s3-permissions.html
BEHIND_QUERIES: Final = (
    "glue:GetPartitions",
    "s3:AbortMultipartUpload",
    "s3:GetBucketLocation",
    "s3:GetObject",
    "s3:ListBucket",
    "s3:ListBucketMultipartUploads",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
)


@dataclass(frozen=True, slots=True)
class WorkGroup:
    """What a work group settles for its queries.

    https://docs.aws.amazon.com/athena/latest/APIReference/API_WorkGroupConfiguration.html
    """

    name: str
    enabled: bool
    output: str
    """Where in Amazon S3 results are written; empty: the work group names no place."""
    managed: bool
    """Whether Athena keeps the results itself, and no place is needed."""
    cutoff: int | None
    """Bytes that a query may scan until Athena cancels it; None: any number."""
    engine: str
    """Such as `Athena engine version 3`; empty where it is not told."""

    @property
    def keeps_results(self) -> bool:
        """Whether there is anywhere that the results of a query can go."""
        return self.managed or bool(self.output)


@dataclass(frozen=True, slots=True)
class Column:
    """A column, or a partition key."""

    name: str
    """In lower case, as AWS Glue keeps it."""
    type: str
    """As Hive writes it, such as `array<struct<arn:string>>`."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table as its catalog describes it.

    https://docs.aws.amazon.com/athena/latest/APIReference/API_TableMetadata.html
    """

    name: str
    columns: tuple[Column, ...]
    partition_keys: tuple[Column, ...]
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Its properties: `location`, and what its partition projection is; nothing of them is trusted."""

    @property
    def location(self) -> str:
        """Where its data lie in Amazon S3; empty where it does not say, as of a view."""
        return self.parameters.get("location", "")


@dataclass(frozen=True, slots=True)
class Partition:
    """A partition that is in the catalog.

    https://docs.aws.amazon.com/glue/latest/webapi/API_Partition.html
    """

    values: tuple[str, ...]
    """In the order of the table's partition keys."""
    location: str


@dataclass(frozen=True, slots=True)
class Execution:
    """How far a query is.

    https://docs.aws.amazon.com/athena/latest/APIReference/API_QueryExecutionStatus.html
    """

    state: str
    """QUEUED, RUNNING, SUCCEEDED, FAILED or CANCELLED."""
    reason: str
    """Why it failed, or was cancelled: a line of AWS's own text, which may hold anything."""
    scanned: int
    """Bytes, so far."""


@takes("athena:GetWorkGroup")
def work_group(asker: Asker, name: str) -> WorkGroup:
    """A work group of the account and Region that are asked. Raises UnansweredError, also for none."""
    told = asker.ask("athena:GetWorkGroup", about=f"the work group {name}", WorkGroup=name)["WorkGroup"]
    settings = told.get("Configuration") or {}
    return WorkGroup(
        str(told["Name"]),
        told.get("State", "ENABLED") == "ENABLED",
        str((settings.get("ResultConfiguration") or {}).get("OutputLocation") or ""),
        bool((settings.get("ManagedQueryResultsConfiguration") or {}).get("Enabled")),
        settings.get("BytesScannedCutoffPerQuery"),
        str((settings.get("EngineVersion") or {}).get("EffectiveEngineVersion") or ""),
    )


@takes("athena:GetTableMetadata")
def table_metadata(asker: Asker, database: str, name: str, group: str) -> Table | None:
    """A table of AWS Glue's catalog; None where there is no such one. Raises UnansweredError."""
    try:
        told = asker.ask(
            "athena:GetTableMetadata",
            about=f"the table {database}.{name}",
            CatalogName=CATALOG,
            DatabaseName=database,
            TableName=name,
            WorkGroup=group,
        )["TableMetadata"]
    except UnansweredError as error:
        if error.code == "MetadataException" and _NO_ENTITY in error.message:
            return None
        raise
    return Table(
        str(told["Name"]),
        tuple(_column(each) for each in told.get("Columns") or ()),
        tuple(_column(each) for each in told.get("PartitionKeys") or ()),
        {str(key): str(value) for key, value in (told.get("Parameters") or {}).items()},
    )


@takes("glue:GetPartitions")
def table_partitions(asker: Asker, database: str, name: str, expression: str) -> Iterator[Partition]:
    """The partitions that a table has in the catalog, of those that an expression of SQL names; all for none.

    https://docs.aws.amazon.com/glue/latest/webapi/API_GetPartitions.html
    """
    narrowed = {"Expression": expression} if expression else {}
    found = asker.each(
        "glue:GetPartitions",
        "Partitions",
        about=f"the table {database}.{name}",
        size=_PARTITIONS,
        DatabaseName=database,
        TableName=name,
        **narrowed,
    )
    for each in found:
        values = tuple(str(value) for value in each["Values"])
        yield Partition(values, str((each.get("StorageDescriptor") or {}).get("Location") or ""))


@takes("athena:StartQueryExecution")
def start_query(asker: Asker, text: str, database: str, group: str) -> str:
    """Start a query, and tell its id; botocore's token keeps one that is sent twice from running twice."""
    told = asker.change(
        "athena:StartQueryExecution",
        QueryString=text,
        QueryExecutionContext={"Catalog": CATALOG, "Database": database},
        WorkGroup=group,
    )
    return str(told["QueryExecutionId"])


@takes("athena:GetQueryExecution")
def query_execution(asker: Asker, query: str) -> Execution:
    """How far a query is."""
    told = asker.ask("athena:GetQueryExecution", QueryExecutionId=query)["QueryExecution"]
    status = told["Status"]
    return Execution(
        str(status["State"]),
        line(str(status.get("StateChangeReason") or "")),
        int((told.get("Statistics") or {}).get("DataScannedInBytes") or 0),
    )


@takes("athena:StopQueryExecution")
def stop_query(asker: Asker, query: str) -> None:
    """Let a query end before it is done; one that has ended stays as it is."""
    asker.change("athena:StopQueryExecution", QueryExecutionId=query)


@takes("athena:GetQueryResults")
def query_rows(asker: Asker, query: str) -> Iterator[tuple[str | None, ...]]:
    """The rows of a query that has succeeded, the first of which names the columns, as the pages come.

    What is NULL has no value there. https://docs.aws.amazon.com/athena/latest/APIReference/API_Datum.html
    """
    more: dict[str, str] = {}
    while True:
        told = asker.ask("athena:GetQueryResults", QueryExecutionId=query, MaxResults=PAGE, **more)
        for row in told["ResultSet"]["Rows"]:
            yield tuple(each.get("VarCharValue") for each in row.get("Data") or ())
        token = told.get("NextToken")
        if not token:
            return
        more = {"NextToken": token}


def _column(told: Json) -> Column:
    return Column(str(told["Name"]).lower(), str(told.get("Type") or ""))
