"""Events from the rows of the query's result: text, of which nothing is trusted.

A row that cannot be read is a sentence, and the time of its event one of which nothing is known.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lzkey.aws.events import event_of
from lzkey.aws.unanswered import UnansweredError, line
from lzkey.errors import SourceError
from lzkey.history.athena.columns import READ, Kind
from lzkey.sources.json_text import read as json_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lzkey import Json
    from lzkey.aws.events import Event

#: The first row of a result, which names its columns.
HEADER = tuple(each.name for each in READ)

_NO_VALUE = "no value"


@dataclass(slots=True)
class Records:
    """What the rows of a result are."""

    events: dict[str, list[Event]] = field(default_factory=dict)
    """By id: an event that several files have counts once, unless they tell of it in different ways."""
    unread: list[str] = field(default_factory=list)
    """A sentence for each row that cannot be read."""
    moments: list[datetime | None] = field(default_factory=list)
    """When these happened, as far as that can be read."""
    count: int = 0
    """How many rows there were."""
    latest: datetime | None = None
    """When the last of them that can be read happened; they come by time."""

    def read(self, rows: Iterable[Sequence[str | None]]) -> None:
        """Read all rows, the header first. Raises UnansweredError where it is another one."""
        found = iter(rows)
        header = next(found, ())
        if tuple(header) != HEADER:
            shown = line(", ".join(str(name) for name in header) or "none")
            wrong = ValueError(f"its columns are not those that were asked for, but {shown}")
            raise UnansweredError.of_answer("athena:GetQueryResults", wrong)
        for row in found:
            self.count += 1
            self._read(row)

    def _read(self, row: Sequence[str | None]) -> None:
        values = dict(zip(HEADER, row, strict=False))
        try:
            event = event_of(_record(row))
            _require_zone(event)
            alike = self.events.setdefault(event.id, [])
            if event not in alike:
                alike.append(event)
            self.latest = event.at
        except (KeyError, SourceError, TypeError, ValueError) as error:
            told = error.args[0] if error.args else type(error).__name__
            self.unread.append(f"{_what(values)}: {line(str(told))}")
            self.moments.append(_moment(values.get("event_time")))


def _record(row: Sequence[str | None]) -> dict[str, Any]:
    """A record as a log file would have it, of what was read of it."""
    if len(row) != len(READ):
        raise ValueError(f"it has {len(row)} values, and not {len(READ)}")
    record: dict[str, Any] = {}
    for each, text in zip(READ, row, strict=True):
        if text is None and each.kind is Kind.TEXT:
            continue
        *path, name = each.member
        place = record
        for step in path:
            place = place.setdefault(step, {})
        place[name] = text if each.kind is Kind.TEXT else _json(each.name, text)
    record["resources"] = _resources(record.get("resources"))
    return record


def _json(name: str, text: str | None) -> Json:
    """A value; what is NULL is one that CloudTrail has as null, or has left out."""
    try:
        return json_in(text) if text else None
    except SourceError as error:
        raise SourceError(f"its {name} is no JSON: {error}") from error


def _resources(arns: Json) -> list[dict[str, str]]:
    if not isinstance(arns, list | None):
        raise SourceError("its resources are no list")
    return [{"ARN": arn} for arn in arns or () if isinstance(arn, str)]


def _require_zone(event: Event) -> None:
    if event.at.tzinfo is None:
        raise SourceError("its time has no zone")


def _shown(values: dict[str, str | None], name: str) -> str:
    return line(values.get(name) or _NO_VALUE)


def _what(values: dict[str, str | None]) -> str:
    name, at, event = (_shown(values, each) for each in ("event_name", "event_time", "event_id"))
    return f"the row of {name} at {at}, event {event}, was not read"


def _moment(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo else None
