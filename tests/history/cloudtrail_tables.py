"""CloudTrail's logs as Athena has them: files, the documented tables, and an engine that runs the SQL.

Hive's SerDe is imitated: names are in lower case, and what a column has as text keeps JSON as it stands. The
SQL is read as Athena's, written as DuckDB's, and run by DuckDB.
https://docs.aws.amazon.com/athena/latest/ug/create-cloudtrail-table.html
"""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
from typing import TYPE_CHECKING, Any, Final

import duckdb
import sqlglot
from sqlglot import exp

from lzkey.aws.athena import CATALOG, Column, Table
from lzkey_sandbox.athena import EngineError, Result

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from lzkey_sandbox import Sandbox

DATABASE, NAME = "logs", "cloudtrail_logs"

_ISSUER = "struct<type:string,principalid:string,arn:string,accountid:string,username:string>"
_SESSION = (
    "struct<attributes:struct<mfaauthenticated:string,creationdate:string>,"
    f"sessionissuer:{_ISSUER},ec2roledelivery:string,"
    "webidfederationdata:struct<federatedprovider:string,attributes:map<string,string>>>"
)
_IDENTITY = (
    "struct<type:string,principalid:string,arn:string,accountid:string,invokedby:string,accesskeyid:string,"
    "username:string,onbehalfof:struct<userid:string,identitystorearn:string>,"
    f"sessioncontext:{_SESSION}>"
)
_TEXTS = (
    "eventtime eventsource eventname awsregion sourceipaddress useragent errorcode errormessage "
    "requestparameters responseelements additionaleventdata requestid eventid readonly"
)
_MORE_TEXTS = (
    "eventtype apiversion recipientaccountid serviceeventdetails sharedeventid vpcendpointid "
    "vpcendpointaccountid eventcategory"
)
#: The columns that AWS documents, by name, in their order.
COLUMNS: Final[Mapping[str, str]] = {
    "eventversion": "string",
    "useridentity": _IDENTITY,
    **dict.fromkeys(_TEXTS.split(), "string"),
    "resources": "array<struct<arn:string,accountid:string,type:string>>",
    **dict.fromkeys(_MORE_TEXTS.split(), "string"),
    "addendum": "struct<reason:string,updatedfields:string,originalrequestid:string,originaleventid:string>",
    "sessioncredentialfromconsole": "string",
    "edgedevicedetails": "string",
    "tlsdetails": "struct<tlsversion:string,ciphersuite:string,clientprovidedhostheader:string>",
}

#: Where CloudTrail delivers a file of an organization's trail, or of another one.
_PATH = re.compile(
    r"s3://[^/]+/AWSLogs/(?:o-[a-z0-9]+/)?(?P<account>\d{12})/CloudTrail/(?P<region>[a-z0-9-]+)/"
    r"(?P<year>\d{4})/(?P<month>\d{2})/(?P<day>\d{2})/[^/]+\.json\.gz"
)


@dataclass(frozen=True)
class LogFile:
    """A log file that a trail has delivered."""

    records: Sequence[Mapping[str, Any]]
    delivered: datetime
    account: str = "111122223333"
    region: str = "us-east-1"
    number: int = field(default_factory=count().__next__)
    """No two files have one name."""

    @property
    def key(self) -> str:
        """The key of its object."""
        folder = f"AWSLogs/{self.account}/CloudTrail/{self.region}/{self.delivered:%Y/%m/%d}"
        name = f"{self.account}_CloudTrail_{self.region}_{self.delivered:%Y%m%dT%H%MZ}"
        return f"{folder}/{name}_EXAMPLE{self.number}.json.gz"

    @property
    def body(self) -> bytes:
        """What the object holds."""
        return gzip.compress(json.dumps({"Records": list(self.records)}).encode(), mtime=0)


def table(
    partition_keys: Mapping[str, str] | None = None,
    location: str = "s3://logs/AWSLogs/",
    columns: Mapping[str, str] = COLUMNS,
    **properties: str,
) -> Table:
    """A table as its catalog describes it."""
    its = {"location": location, **{name.replace("__", "."): value for name, value in properties.items()}}
    return Table(
        NAME,
        tuple(Column(name, kind) for name, kind in columns.items()),
        tuple(Column(name, kind) for name, kind in (partition_keys or {}).items()),
        its,
    )


def projection(
    start: str = "2020/01/01", name: str = "timestamp", form: str = "yyyy/MM/dd", region: str = "us-east-1"
) -> dict[str, str]:
    """The properties of the documented table whose partitions are projected."""
    folder = f"s3://logs/AWSLogs/111122223333/CloudTrail/{region}"
    return {
        "projection__enabled": "true",
        f"projection__{name}__format": form,
        f"projection__{name}__interval": "1",
        f"projection__{name}__interval__unit": "DAYS",
        f"projection__{name}__range": f"{start},NOW",
        f"projection__{name}__type": "date",
        "storage__location__template": f"{folder}/${{{name}}}",
    }


class Lake:
    """The rows of a table, in DuckDB."""

    def __init__(self, files: Iterable[LogFile], partition_keys: Sequence[str], folder: Path) -> None:
        found = ((f"s3://logs/{each.key}", each.body) for each in files)
        self.connection = _loaded(found, partition_keys, folder)

    def rows(self, text: str) -> list[tuple[str | None, ...]]:
        """The rows of a query, the first of which names the columns."""
        return run(self.connection, sqlglot.parse_one(text, read="athena"))


def run(connection: duckdb.DuckDBPyConnection, parsed: exp.Expression) -> list[tuple[str | None, ...]]:
    """Run a query of Athena's; every column of the result is text."""
    cursor = connection.execute(parsed.sql(dialect="duckdb"))
    names = tuple(each[0] for each in cursor.description)
    assert {str(each[1]) for each in cursor.description} == {"VARCHAR"}
    return [names, *cursor.fetchall()]


class Engine:
    """Answers Athena's queries in the sandbox, over what the sandbox's Amazon S3 holds."""

    def __init__(self, sandbox: Sandbox, bucket: str, partition_keys: Sequence[str], folder: Path) -> None:
        self._sandbox, self._bucket = sandbox, bucket
        self._keys, self._folder = partition_keys, folder

    def __call__(self, text: str, database: str) -> Result:
        """Run the query over all of the bucket."""
        assert database == DATABASE
        s3, objects = self._sandbox.client("s3"), []
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket):
            for each in page.get("Contents", ()):
                if each.get("StorageClass") == "GLACIER":  # which Athena passes over
                    continue
                body = s3.get_object(Bucket=self._bucket, Key=each["Key"])["Body"].read()
                objects.append((f"s3://{self._bucket}/{each['Key']}", body))
        try:
            connection = _loaded(objects, self._keys, self._folder)
            names, *rows = run(connection, sqlglot.parse_one(text, read="athena"))
        except (duckdb.Error, sqlglot.ParseError) as error:
            raise EngineError(str(error)) from error
        return Result([str(name) for name in names], rows, sum(len(body) for _, body in objects))


def _loaded(
    objects: Iterable[tuple[str, bytes]], partition_keys: Sequence[str], folder: Path
) -> duckdb.DuckDBPyConnection:
    """A connection to a database that has the documented table, with these objects' records."""
    connection = duckdb.connect()
    types = {name: _duckdb(kind) for name, kind in COLUMNS.items()} | dict.fromkeys(partition_keys, "VARCHAR")
    connection.execute(f'ATTACH \':memory:\' AS "{CATALOG}"; CREATE SCHEMA "{CATALOG}".{DATABASE}')
    rows = folder / "rows.json"
    with rows.open("w") as written:
        for place, body in objects:
            partition = _partition(place, partition_keys)
            for record in json.loads(gzip.decompress(body))["Records"]:
                written.write(json.dumps(_row(record) | partition) + "\n")
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in types.items())
    read = f"read_json('{rows}', columns={{{columns}}}, format='newline_delimited')"
    connection.execute(f'CREATE TABLE "{CATALOG}"."{DATABASE}"."{NAME}" AS FROM {read}')
    return connection


def _partition(place: str, keys: Sequence[str]) -> dict[str, str]:
    """The values of the partition that a file lies in."""
    found = _PATH.fullmatch(place)
    assert found, place
    parts = found.groupdict()
    day = date(int(parts["year"]), int(parts["month"]), int(parts["day"]))
    return {key: parts.get(key, f"{day:%Y/%m/%d}") for key in keys}


def _row(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record as Hive's SerDe makes a row of it."""
    values = {name.lower(): value for name, value in record.items()}
    return {name: _value(values.get(name), kind) for name, kind in COLUMNS.items()}


def _value(value: Any, kind: str) -> Any:
    if value is None or kind != "string":
        return _lowered(value)
    return value if isinstance(value, str) else json.dumps(value)


def _lowered(value: Any) -> Any:
    if isinstance(value, dict):
        return {name.lower(): _lowered(each) for name, each in value.items()}
    return [_lowered(each) for each in value] if isinstance(value, list) else value


def _duckdb(kind: str) -> str:
    return exp.DataType.build(kind, dialect="hive").sql(dialect="duckdb")


def at(year: int, month: int, day: int, hour: int = 12) -> datetime:
    """A time in UTC."""
    return datetime(year, month, day, hour, tzinfo=UTC)
