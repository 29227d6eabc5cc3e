"""What the query would look at: how many bytes at most, and of which days there are log files at all.

A log file says in its name whose it is, and when it was delivered; between the first and the last one of the
key's account and Region, a day without any is a day of which nothing is known.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-filename-format.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final

from lzkey.aws.account import at_once
from lzkey.aws.athena import table_partitions
from lzkey.aws.fact import takes
from lzkey.aws.objects import Address, listed, stream
from lzkey.aws.unanswered import UnansweredError
from lzkey.errors import UsageError
from lzkey.figures import counted
from lzkey.history.athena.layout import prefix_of
from lzkey.history.athena.query import partitions_of
from lzkey.history.coverage import LATE
from lzkey.history.log_files import WITHOUT_KMS, name_of, scanned
from lzkey.history.model import Gap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from landing_zone_key.key import KeyArn
    from lzkey.aws.account import Asker
    from lzkey.aws.athena import Table
    from lzkey.aws.objects import StoredObject
    from lzkey.history.athena.layout import Layout
    from lzkey.history.athena.query import Search, TableName

#: Objects that are counted at most below one place: 1,000 questions.
MOST: Final = 1_000_000

#: Log files at most that are read themselves.
SAMPLES: Final = 20

_UNREAD: Final = (
    "no log file could be read to see whether the trail leaves out the events of KMS, so that nobody can say "
    "that nothing is missing"
)

#: What Athena passes over: the days of such files count as days without any, also where one was restored.
#: https://docs.aws.amazon.com/athena/latest/ug/querying-glacier.html
_ARCHIVED: Final = frozenset({"GLACIER", "DEEP_ARCHIVE"})

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Coverage:
    """What lies where the query would look."""

    size: int = 0
    """Bytes of all objects that were counted."""
    objects: int = 0
    days: frozenset[date] = frozenset()
    """Those on which a file of the key's account and Region was delivered."""
    archived: frozenset[date] = frozenset()
    """Those of which at least one such file is archived, where Athena does not read it."""
    first: datetime | None = None
    """When the first of those that are read was delivered; None: there is none."""
    last: datetime | None = None
    samples: tuple[str, ...] = ()
    """Addresses of some of those that are read, by time: the last one of each of the last days."""
    unknown: tuple[str, ...] = ()
    """Why more may lie there, a sentence each; empty: it is all."""

    def __add__(self, other: Coverage) -> Coverage:
        """Both together."""
        return Coverage(
            self.size + other.size,
            self.objects + other.objects,
            self.days | other.days,
            self.archived | other.archived,
            min((at for at in (self.first, other.first) if at), default=None),
            max((at for at in (self.last, other.last) if at), default=None),
            (*self.samples, *other.samples)[-SAMPLES:],
            tuple(dict.fromkeys((*self.unknown, *other.unknown))),
        )

    def gaps(self, search: Search) -> tuple[Gap, ...]:
        """The days of the time that is searched of which no file is read, by time; neighbours are one.

        What happened just before such a day may have been in its files.
        """
        days = (search.start.astimezone(UTC).date(), search.end.astimezone(UTC).date())
        whose = f"account {search.key.account} and {search.key.region}"
        lacking = [day for day in _days(*days) if day not in self.days | self.archived]
        archived = [day for day in _days(*days) if day in self.archived]
        found = (
            *_gaps(lacking, search, f"where the table looks, there is no log file of {whose}"),
            *_gaps(archived, search, f"Athena passes over archived log files of {whose}"),
        )
        return tuple(sorted(found, key=lambda gap: gap.start))


@takes(facts=(stream,))
def why_not_of_kms(asker: Asker, seen: Coverage, key: KeyArn) -> str:
    """Why the logs may lack every event of KMS; empty where some log file has one.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-management-events-with-cloudtrail.html
    """
    why = _UNREAD
    for place in reversed(seen.samples):
        address = Address.parse(place)
        try:
            with stream(asker, address.bucket, address.prefix) as body:
                its = scanned(body, key)
        except UnansweredError:
            continue
        if its.of_kms:
            return ""
        why = why if its.fault else WITHOUT_KMS
    return why


@takes(facts=(listed, table_partitions))
def coverage(
    asker: Asker,
    name: TableName,
    table: Table,
    layout: Layout,
    search: Search,
    progress: Callable[[str, int, int], None],
) -> Coverage:
    """What lies there, by its names and sizes alone; what cannot be listed is a sentence of it."""
    try:
        places = tuple(dict.fromkeys(_places(asker, name, table, layout, search)))
    except UnansweredError as error:
        return Coverage(unknown=(f"which partitions there are is not known: {error}",))
    found, done = Coverage(), 0

    def count() -> None:
        nonlocal done
        done += 1
        progress("Listing log files", done, len(places))

    for each in at_once(lambda place: _below(asker, place, search), places, count):
        found += each
    return found


def _places(asker: Asker, name: TableName, table: Table, layout: Layout, search: Search) -> Iterator[str]:
    """Addresses in Amazon S3; of a table that has no partitions, or unknown ones, all that it has."""
    first, last = search.days
    if layout.projected:
        last = min(last, datetime.now(UTC).date() + _DAY)
        days = (day for day in _days(first, last) if layout.days is None or layout.days.has(day))
        prefixes = [prefix_of(table, layout, search.key, day) for day in days]
        yield from (table.location if each is None else each for each in prefixes)
    elif layout.keys:
        for each in table_partitions(asker, name.database, name.table, partitions_of(layout, search)):
            values = dict(zip(layout.keys, each.values, strict=False))
            if _is_looked_at(values, layout, search):
                yield each.location
    else:
        yield table.location


def _is_looked_at(values: Mapping[str, str], layout: Layout, search: Search) -> bool:
    """Whether the query looks at a partition, whatever AWS Glue's expression has left out."""
    first, last = search.days
    wanted = {layout.account: search.key.account, layout.region: search.key.region}
    if any(name and values.get(name) != value for name, value in wanted.items()):
        return False
    if layout.days is None:
        return True
    try:
        day = date(*(int(values[part]) for part in ("year", "month", "day")))
    except (KeyError, ValueError):
        return True
    return first <= day <= last


def _below(asker: Asker, place: str, search: Search) -> Coverage:
    """What lies below one place."""
    if not place:
        return Coverage(unknown=("where the table's data lie is not known: it has no location",))
    try:
        address = Address.parse(place)
        objects = listed(asker, address.bucket, _folder(address.prefix))
        return _counted(objects, search, place)
    except (UnansweredError, UsageError) as error:
        return Coverage(unknown=(f"what lies there is not known: {error}",))


def _folder(prefix: str) -> str:
    """A partition is a folder: nothing beside it that begins alike is in it."""
    return prefix if not prefix or prefix.endswith("/") else f"{prefix}/"


def _counted(objects: Iterable[StoredObject], search: Search, place: str) -> Coverage:
    size = number = 0
    samples: dict[date, tuple[datetime, str]] = {}
    times: dict[date, list[datetime]] = {}
    archived = set[date]()
    whose = (search.key.account, search.key.region)
    for each in islice(objects, MOST):
        number, is_read = number + 1, each.storage_class not in _ARCHIVED
        size += each.size if is_read else 0
        name = name_of(each.key.rpartition("/")[2])
        if name is None or (name.account, name.region) != whose:
            continue
        if is_read:
            its = times.setdefault(name.at.date(), [])
            its[:] = min([*its, name.at]), max([*its, name.at])
            one = (name.at, str(each))
            samples[name.at.date()] = max(samples.get(name.at.date(), one), one)
        else:
            archived.add(name.at.date())
    more = f"only the first {counted(number, 'object')} below {place} were counted"
    ends = [at for day in times.values() for at in day]
    return Coverage(
        size,
        number,
        frozenset(times),
        frozenset(archived),
        min(ends, default=None),
        max(ends, default=None),
        tuple(address for _, address in sorted(samples.values())[-SAMPLES:]),
        (more,) if number == MOST else (),
    )


def _gaps(days: Iterable[date], search: Search, why: str) -> Iterator[Gap]:
    for begin, end in _runs(days):
        start, until = max(_midnight(begin) - LATE, search.start), min(_midnight(end + _DAY), search.end)
        if start < until:
            yield Gap(start, until, f"{why}, delivered {_when(begin, end)}")


def _days(first: date, last: date) -> Iterator[date]:
    return (first + _DAY * number for number in range((last - first).days + 1))


def _runs(days: Iterable[date]) -> Sequence[tuple[date, date]]:
    """The first and the last day of each stretch of days without a break."""
    found: list[tuple[date, date]] = []
    for day in days:
        if found and found[-1][1] + _DAY == day:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _when(begin: date, end: date) -> str:
    return f"on {begin}" if begin == end else f"from {begin} to {end}"
