"""The SQL text that finds a key's events, in Athena's own dialect.

It finds more rather than less: whether an event is the key's is decided here, from the record. The key's id
is looked for as text, for AWS documents no form of what the JSON columns hold. Its Region and account bound
what is looked at, for a key is changed by requests in its own Region, and by nobody of another account.
https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Final, Self

from lzkey.aws.athena import CATALOG
from lzkey.errors import UsageError
from lzkey.history.athena.columns import READ, Kind
from lzkey.history.athena.layout import DELIVERED_WITHIN, DayColumn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date, datetime

    from landing_zone_key.key import KeyArn
    from lzkey.history.athena.columns import Read
    from lzkey.history.athena.layout import Days, Layout

#: https://docs.aws.amazon.com/athena/latest/ug/tables-databases-columns-names.html
_TABLE: Final = re.compile(r"([a-z0-9_][a-z0-9_-]{0,254})\.([a-z0-9_][a-z0-9_-]{0,254})", re.IGNORECASE)
_GROUP: Final = re.compile(r"[a-zA-Z0-9._-]{1,128}")

#: Whose events are KMS's.
SOURCE: Final = "kms.amazonaws.com"

#: The columns of JSON text in which the key's id may stand.
_JSON: Final = tuple(read.column[0] for read in READ if read.kind is Kind.JSON)


@dataclass(frozen=True, slots=True)
class TableName:
    """A table of AWS Glue's catalog."""

    database: str
    table: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `DATABASE.TABLE`; raise UsageError for anything else."""
        found = _TABLE.fullmatch(text)
        if not found:
            raise UsageError(
                "--athena takes DATABASE.TABLE, of letters, digits, _ and -: the table of CloudTrail's logs "
                "in AWS Glue's catalog, such as default.cloudtrail_logs"
            )
        return cls(found[1].lower(), found[2].lower())

    def __str__(self) -> str:
        """As it was given."""
        return f"{self.database}.{self.table}"


def require_work_group(name: str) -> None:
    """Raise UsageError for what can be no work group's name."""
    if not _GROUP.fullmatch(name):
        raise UsageError(
            "--workgroup takes the name of a work group of Athena: 1 to 128 letters, digits, periods, _ or -"
        )


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for: changes of a key, of these names, in a time, both ends of which belong to it."""

    key: KeyArn
    names: Sequence[str]
    start: datetime
    end: datetime

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day on which a file with any of it can have been delivered."""
        return self.start.astimezone(UTC).date(), (self.end.astimezone(UTC) + DELIVERED_WITHIN).date()


def text_of(name: TableName, layout: Layout, search: Search) -> str:
    """The query."""
    columns = ",\n".join(f"  {_selected(read)} AS {read.name}" for read in READ)
    conditions = "\n  AND ".join(_conditions(layout, search))
    place = ".".join(map(_identifier, (CATALOG, name.database, name.table)))
    return f"SELECT\n{columns}\nFROM {place}\nWHERE {conditions}\nORDER BY event_time, event_id"


def partitions_of(layout: Layout, search: Search) -> str:
    """The partitions of the catalog that the query looks at, and maybe more, as AWS Glue takes an expression.

    The names in it are known ones, none of which wants quotation marks: AWS Glue's samples have none.
    https://docs.aws.amazon.com/glue/latest/webapi/API_GetPartitions.html
    """
    return " AND ".join(f"{name} {condition}" for name, condition in _places(layout, search))


def _selected(read: Read) -> str:
    column, *members = read.column
    if read.kind is Kind.ARNS:
        return f"json_format(CAST({_arns()} AS json))"
    return ".".join([column, *map(_identifier, members)])


def _arns() -> str:
    return "transform(resources, r -> r.arn)"


def _conditions(layout: Layout, search: Search) -> Iterator[str]:
    for name, condition in _places(layout, search):
        yield f"{_identifier(name)} {condition}"
    if layout.days:
        yield _days(layout.days, *search.days)
    yield f"eventsource = {_literal(SOURCE)}"
    yield f"eventname IN ({', '.join(map(_literal, search.names))})"
    yield f"awsregion = {_literal(search.key.region)}"
    start, end = search.start.replace(microsecond=0), search.end + timedelta(seconds=1)
    yield f"eventtime BETWEEN {_literal(_time(start))} AND {_literal(_time(end))}"
    named = [f"strpos({column}, {_literal(search.key.key_id)}) > 0" for column in _JSON]
    yield f"(contains({_arns()}, {_literal(str(search.key))})\n    OR " + "\n    OR ".join(named) + ")"


def _places(layout: Layout, search: Search) -> Iterator[tuple[str, str]]:
    """What the catalog, too, can tell partitions apart by: the account, the Region, and the years."""
    if layout.account:
        yield layout.account, f"= {_literal(search.key.account)}"
    if layout.region:
        yield layout.region, f"= {_literal(search.key.region)}"
    if layout.days and not isinstance(layout.days, DayColumn):
        years = [str(day.year) for day in search.days]
        first, last = map(_literal, years) if layout.days.year_is_text else years
        yield "year", f"BETWEEN {first} AND {last}"


def _days(days: Days, first: date, last: date) -> str:
    if isinstance(days, DayColumn):
        written = (_literal(days.written(day)) for day in (first, last))
        return f"{_identifier(days.name)} BETWEEN {' AND '.join(written)}"
    year, month, day = (f"CAST({_identifier(name)} AS integer)" for name in ("year", "month", "day"))
    number = f"{year} * 10000 + {month} * 100 + {day}"
    return f"{number} BETWEEN {first:%Y%m%d} AND {last:%Y%m%d}"


def _time(at: datetime) -> str:
    """A time as records have it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _identifier(name: str) -> str:
    """A name that may hold anything, such as one that is a word of SQL's.

    https://docs.aws.amazon.com/athena/latest/ug/reserved-words.html
    """
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
