"""The score over several reports, as a line: positions across are percent, those down are pixels."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from lzkey.figures import moment
from lzkey.page.axis import Scale, ticks
from lzkey.report.wording import percentage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lzkey.page.axis import Tick
    from lzkey.report.model import Point

#: Down the drawing, in pixels: where 100 % and 0 % are, and how high it is with what stands around.
TOP: Final = 20
BOTTOM: Final = 140
HEIGHT: Final = 172
#: So many points are drawn as points, too; of more the line alone.
_POINTS: Final = 40


@dataclass(frozen=True, slots=True)
class Place:
    """A report on the drawing."""

    percent: float
    down: float
    """In pixels; of a report without a score, at the bottom, where no line leads."""
    scored: bool
    title: str


@dataclass(frozen=True, slots=True)
class Line:
    """The drawing, for as much room as there is at least."""

    segments: tuple[tuple[Place, Place], ...]
    """From each report to the next one, where both have a score."""
    points: tuple[Place, ...]
    ticks: tuple[Tick, ...]
    words: str


def line(points: Sequence[Point], room: int) -> Line:
    """The scores by time; a report in which nothing was judged is a gap, and never 0."""
    scale = Scale(points[0].as_of, points[-1].as_of, room)
    places = tuple(_place(point, scale) for point in points)
    segments = tuple((one, other) for one, other in pairwise(places) if one.scored and other.scored)
    joined = {place for segment in segments for place in segment}
    shown = places if len(places) <= _POINTS else tuple(place for place in places if place not in joined)
    return Line(segments, shown, ticks(scale), _in_words(points))


def _place(point: Point, scale: Scale) -> Place:
    score = point.score
    down = BOTTOM if score is None else BOTTOM - score * (BOTTOM - TOP)
    title = f"{moment(point.as_of)}: {percentage(score)}"
    return Place(scale.percent(point.as_of), round(down, 2), score is not None, title)


def _in_words(points: Sequence[Point]) -> str:
    scores = [point.score for point in points if point.score is not None]
    gaps = len(points) - len(scores)
    told = f"from {moment(points[0].as_of)} to {moment(points[-1].as_of)}, {len(points):,} reports"
    if scores:
        told += f": first {percentage(scores[0])}, lowest {percentage(min(scores))}, "
        told += f"highest {percentage(max(scores))}, last {percentage(scores[-1])}"
    return f"{told}; in {gaps:,} nothing was judged" if gaps else told
