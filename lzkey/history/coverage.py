"""The times of which sources tell everything that happened: of theirs together, without the gaps of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from lzkey.history.model import Source

#: How long after a change its event, its log file or its configuration item comes, at most: about five
#: minutes on average, and nothing is promised.
#: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/how-cloudtrail-works.html and
#: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html
LATE: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Coverage:
    """Times from a first to a last moment, in order, none touching another."""

    times: tuple[tuple[datetime, datetime], ...] = ()

    @classmethod
    def of(cls, sources: Iterable[Source], now: datetime | None = None) -> Coverage:
        """What at least one of the sources tells everything of; with `now`, of the last minutes as well.

        What happened in these they may tell only later.
        """
        if now is not None:
            sources = [replace(one, end=now) if one.end and one.end >= now - LATE else one for one in sources]
        joined: list[tuple[datetime, datetime]] = []
        for start, end in sorted(time for source in sources for time in _without_gaps(source)):
            if joined and start <= joined[-1][1]:
                joined[-1] = joined[-1][0], max(end, joined[-1][1])
            else:
                joined.append((start, end))
        return cls(tuple(joined))

    def covers(self, start: datetime, end: datetime) -> bool:
        """Whether nothing is missing between two moments."""
        return end <= self.reach(start)

    def reach(self, at: datetime) -> datetime:
        """Up to when nothing is missing from a moment on; the moment itself where it is at once."""
        return next((end for start, end in self.times if start <= at <= end), at)

    def back(self, at: datetime) -> datetime:
        """From when on nothing is missing up to a moment; the moment itself where it was just before."""
        return next((start for start, end in self.times if start <= at <= end), at)


def _without_gaps(source: Source) -> Iterator[tuple[datetime, datetime]]:
    """The times of a source, around its gaps."""
    if source.start is None or source.end is None:
        return
    begin = source.start
    for gap in sorted(source.gaps, key=lambda each: each.start):
        if gap.start > begin:
            yield begin, min(gap.start, source.end)
        begin = max(begin, gap.end)
    if begin < source.end:
        yield begin, source.end
