"""What is read of a record, and the columns that AWS's documented table has for it.

https://docs.aws.amazon.com/athena/latest/ug/create-cloudtrail-table.html and
create-cloudtrail-table-partition-projection.html; every column is named, and none is taken to be there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, TypeAlias

from lzkey.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lzkey.aws.athena import Table


class Kind(Enum):
    """What the text of a column is."""

    TEXT = "text"
    JSON = "JSON text"
    """Of any shape, as CloudTrail wrote it."""
    ARNS = "a list of ARNs"
    """Written as JSON by the query."""


@dataclass(frozen=True, slots=True)
class Read:
    """Something that is read of each record."""

    name: str
    """What it is called in the result."""
    column: tuple[str, ...]
    """The column, and the members of its struct on the way."""
    member: tuple[str, ...]
    """Where a record has it."""
    kind: Kind = Kind.TEXT


#: In the order in which they are asked for.
READ: Final = (
    Read("event_id", ("eventid",), ("eventID",)),
    Read("event_time", ("eventtime",), ("eventTime",)),
    Read("event_source", ("eventsource",), ("eventSource",)),
    Read("event_name", ("eventname",), ("eventName",)),
    Read("event_type", ("eventtype",), ("eventType",)),
    Read("region", ("awsregion",), ("awsRegion",)),
    Read("recipient_account", ("recipientaccountid",), ("recipientAccountId",)),
    Read("identity_type", ("useridentity", "type"), ("userIdentity", "type")),
    Read("identity_arn", ("useridentity", "arn"), ("userIdentity", "arn")),
    Read("identity_account", ("useridentity", "accountid"), ("userIdentity", "accountId")),
    Read("identity_service", ("useridentity", "invokedby"), ("userIdentity", "invokedBy")),
    Read(
        "identity_issuer",
        ("useridentity", "sessioncontext", "sessionissuer", "arn"),
        ("userIdentity", "sessionContext", "sessionIssuer", "arn"),
    ),
    Read("error_code", ("errorcode",), ("errorCode",)),
    Read("error_message", ("errormessage",), ("errorMessage",)),
    Read("request", ("requestparameters",), ("requestParameters",), Kind.JSON),
    Read("response", ("responseelements",), ("responseElements",), Kind.JSON),
    Read("service_details", ("serviceeventdetails",), ("serviceEventDetails",), Kind.JSON),
    Read("resources", ("resources", "arn"), ("resources",), Kind.ARNS),
)

#: A type as it is read here: its name, or the members of a struct; of an array, what it is of.
_Type: TypeAlias = "str | _Struct | _Array"

#: What text may be called. https://docs.aws.amazon.com/athena/latest/ug/data-types.html
_TEXT: Final = re.compile(r"string|varchar(\(\d+\))?|char\(\d+\)")
_WORD: Final = re.compile(r"\s*([^<>,:(]+(?:\([^)]*\))?|[<>,:])")


@dataclass(frozen=True, slots=True)
class _Struct:
    members: Mapping[str, _Type]


@dataclass(frozen=True, slots=True)
class _Array:
    of: _Type


def is_text(written: str) -> bool:
    """Whether a type of Hive's is one of text."""
    return _TEXT.fullmatch(written.strip().lower()) is not None


def require_documented(table: Table, place: str) -> None:
    """Raise UsageError for a table that lacks what is read of records, or has it otherwise."""
    missing, wrong = [], []
    types = {each.name: _parsed(each.type) for each in table.columns}
    for read in READ:
        shown = ".".join(read.column)
        found = _at(types, read)
        if found is None:
            missing.append(shown)
        elif not (isinstance(found, str) and is_text(found)):
            wrong.append(shown)
    told = [f"it lacks {', '.join(missing)}"] if missing else []
    if wrong:
        told.append(f"what it has as {', '.join(wrong)} is no text")
    if told:
        raise UsageError(
            f"{place} is not the table that AWS documents for CloudTrail's logs: {'; '.join(told)}; create "
            "one as https://docs.aws.amazon.com/athena/latest/ug/cloudtrail-logs.html shows"
        )


def _at(types: Mapping[str, _Type], read: Read) -> _Type | None:
    """The type of what is read; None where there is none."""
    column, *members = read.column
    found = types.get(column)
    if read.kind is Kind.ARNS:
        found = found.of if isinstance(found, _Array) else None
    for name in members:
        found = found.members.get(name) if isinstance(found, _Struct) else None
    return found


def _parsed(text: str) -> _Type:
    """A type of Hive's; what is none is a name that is no type of text."""
    words = _words(text.lower())
    try:
        found = _type(words)
        return text if next(words, None) is not None else found
    except (StopIteration, RecursionError):
        return "unreadable"


def _words(text: str) -> Iterator[str]:
    return (found[1].strip() for found in _WORD.finditer(text))


def _type(words: Iterator[str]) -> _Type:
    """The type that begins here; raises StopIteration where the text ends within it."""
    name = next(words)
    if name not in {"array", "map", "struct"}:
        return name
    next(words)  # <
    if name == "array":
        found: _Type = _Array(_type(words))
        next(words)  # >
        return found
    members: dict[str, _Type] = {}
    word = ","
    while word == ",":
        key = next(words)
        next(words)  # : of a struct, the comma of a map
        members[key] = _type(words)
        word = next(words)
    return _Struct(members) if name == "struct" else name
