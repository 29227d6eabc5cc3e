"""A search from what somebody names to what Athena has told: planned, and run only when it is wanted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final

from lzkey.aws.athena import BEHIND_TABLES, query_rows, table_metadata, work_group
from lzkey.aws.fact import takes
from lzkey.errors import UsageError
from lzkey.figures import counted, moment
from lzkey.history.athena.columns import require_documented
from lzkey.history.athena.coverage import coverage, why_not_of_kms
from lzkey.history.athena.estimate import Estimate, told_after
from lzkey.history.athena.layout import DayColumn, layout_of
from lzkey.history.athena.query import text_of
from lzkey.history.athena.records import Records
from lzkey.history.athena.running import run
from lzkey.history.coverage import LATE
from lzkey.history.model import Gap, Origin, Source
from lzkey.history.told import Told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey.aws.account import Asker, Progress
    from lzkey.aws.athena import WorkGroup
    from lzkey.history.athena.coverage import Coverage
    from lzkey.history.athena.layout import Layout
    from lzkey.history.athena.query import Search, TableName
    from lzkey.history.athena.running import Waiting

#: Rows at most: changes of one key, of which most have a few.
MOST: Final = 20_000

_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Plan:
    """A search that can be run."""

    name: TableName
    search: Search
    layout: Layout
    text: str
    """The query."""
    estimate: Estimate

    def sentences(self) -> Iterator[str]:
        """What is to be known before it runs."""
        search = self.search
        times = f"from {moment(search.start)} to {moment(search.end)}"
        yield f"Athena would search {self.name} for {search.key}, {times}"
        yield from self.estimate.sentences()


@takes(*BEHIND_TABLES, facts=(work_group, table_metadata, coverage))
def plan(asker: Asker, name: TableName, group: str, search: Search, waiting: Waiting) -> Plan:
    """Plan a search: everything is looked at, and nothing is run.

    Raises UsageError for a work group that cannot run it, and for a table that is not as AWS documents it,
    and UnansweredError.
    """
    asker = _patient(asker)
    its_group = work_group(asker, group)
    _require_usable(its_group)
    found = table_metadata(asker, name.database, name.table, group)
    if found is None:
        raise UsageError(
            f"there is no table {name} in AWS Glue's catalog of account {asker.account} in {asker.region}; "
            "--region says where else it is"
        )
    require_documented(found, str(name))
    layout = layout_of(found, search.key, search.end)
    search = _within(search, layout)
    seen = coverage(asker, name, found, layout, search, _counting(waiting))
    return Plan(
        name,
        search,
        layout,
        text_of(name, layout, search),
        Estimate(_known(seen, layout), its_group, layout.unused),
    )


@takes(facts=(run, query_rows, why_not_of_kms))
def search_with(asker: Asker, planned: Plan, waiting: Waiting) -> Told:
    """Run a search, and tell what came of it; what cannot be read of it is a sentence, and a gap.

    Raises QueryError where it failed, and UnansweredError.
    """
    asker = _patient(asker)
    query, scanned = run(asker, planned.text, planned.name.database, planned.estimate.group.name, waiting)
    waiting.tell(f"Athena: {told_after(scanned)}")
    records = Records()
    records.read(islice(query_rows(asker, query), MOST + 2))  # the header, and one row too many
    events = tuple(event for alike in records.events.values() for event in alike)
    place = f"{planned.name} in account {asker.account}, {asker.region} (query {query})"
    source = _source(place, planned, records)
    if source.start is not None and not events:  # one would show that the trail has KMS's
        why = why_not_of_kms(asker, planned.estimate.coverage, planned.search.key)
        source = (
            replace(source, start=None, end=None, gaps=(), unread=(*source.unread, why)) if why else source
        )
    return Told(source, events)


def _source(place: str, planned: Plan, records: Records) -> Source:
    """What the source tells everything of: from when on, until when, and what is missing in between."""
    search, seen = planned.search, planned.estimate.coverage
    source = Source(Origin.ATHENA, place, found=len(records.events), unread=tuple(records.unread))
    unknown = [*seen.unknown, *(["when these happened is not known"] if None in records.moments else [])]
    if seen.first is None or seen.last is None:
        unknown.append(f"no log file of account {search.key.account} and {search.key.region} was found")
    if unknown or seen.first is None or seen.last is None:
        why = (f"{each}, so that nobody can say that nothing is missing" for each in unknown)
        return replace(source, unread=(*source.unread, *why))
    start, end = max(search.start, seen.first), min(search.end, seen.last) - LATE
    if records.count > MOST and records.latest:
        end = min(end, records.latest - _SECOND)
        told = f"only the first {counted(records.count, 'row')} were read: until {moment(end)}"
        source = replace(source, unread=(*source.unread, told))
    if end <= start:
        return source
    why_not = "an event of then was found, and could not be read"
    gaps = [
        *seen.gaps(replace(search, start=start, end=end)),
        *(Gap(at, at + _SECOND, why_not) for at in records.moments if at),
    ]
    return replace(source, start=start, end=end, gaps=tuple(sorted(gaps, key=lambda gap: gap.start)))


def _require_usable(group: WorkGroup) -> None:
    """Refuse a work group that runs no SQL, or has nowhere to write results."""
    if not group.enabled:
        raise UsageError(f"the work group {group.name} is disabled: enable it, or name another one")
    if group.engine and not group.engine.startswith("Athena"):
        raise UsageError(f"the work group {group.name} runs no SQL ({group.engine}): name one of Athena SQL")
    if not group.keeps_results:
        raise UsageError(
            f"the work group {group.name} has no place for results: give it one in Amazon S3, or name another"
        )


def _within(search: Search, layout: Layout) -> Search:
    """The part of a search that lies in what the table's range of days has.

    Raises UsageError where there is none.
    """
    days = layout.days
    if not isinstance(days, DayColumn) or days.start is None:
        return search
    if days.end and days.end < search.start.astimezone(UTC).date():
        raise UsageError(f"the table ends with {days.end}, before the time that is asked for")
    start = max(search.start, datetime.combine(days.start, time(), UTC))
    if start >= search.end:
        raise UsageError(f"the table begins with {days.start}, after the time that is asked for")
    return replace(search, start=start)


def _known(seen: Coverage, layout: Layout) -> Coverage:
    """What is covered, and what the table's properties leave open."""
    unclear = layout.days.unclear if layout.days else ()
    why = (f"which days the table has is not known: {name} is not understood" for name in unclear)
    return replace(seen, unknown=(*seen.unknown, *why))


def _counting(waiting: Waiting) -> Progress:
    """Tell a tenth at a time."""

    def told(what: str, done: int, whole: int) -> None:
        if done * 10 // whole != (done - 1) * 10 // whole:
            waiting.tell(f"{what}: {done:,} of {counted(whole, 'place')}")

    return told


def _patient(asker: Asker) -> Asker:
    """The asker as one that asks the same question again: how far a query is changes."""
    return asker.with_manner(replace(asker.manner, once=False))
