"""The timeline as a drawing: a lane for each service, what was done below, an axis of time.

Positions are percent of the width and sizes are pixels, so that a drawing is as wide as the page while its
text stays as large as it is. What would touch where there is least room is drawn as one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Final

from lzkey.figures import counted, lasted, to_the_second
from lzkey.history.model import Standing
from lzkey.history.since import services
from lzkey.page.axis import CHARACTER, Scale, Tick, of_pixels, ticks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from lzkey.history.model import Act, History, Span

#: What is narrower, in pixels, is drawn as wide as this.
LEAST: Final = 3
#: What is drawn later is seen where both are in one place: the worst.
_PAINTED: Final = (
    Standing.NO_KEY,
    Standing.ALLOWED,
    Standing.UNKNOWN,
    Standing.POSSIBLE,
    Standing.REFUSED,
)
WORDS: Final = {
    Standing.REFUSED: "refused",
    Standing.POSSIBLE: "possibly refused",
    Standing.UNKNOWN: "not known",
    Standing.ALLOWED: "allowed",
    Standing.NO_KEY: "no key",
}
#: Pixels around a label in what it stands in.
_AROUND: Final = 12
#: Of a letter of a lane's name, in pixels: more than the widest takes.
_LETTER: Final = 14
#: Of the mark of a single act, and around the number of several.
_DOT: Final = 12
_PILL: Final = 10
#: Between two marks.
_APART: Final = 3
#: How many acts the title of a mark names.
_NAMED: Final = 5
#: Of a lane with its name, and of what stands below the lanes.
LANE: Final = 62
BELOW: Final = 82


@dataclass(frozen=True, slots=True)
class Shape:
    """A time in a lane, or several in one place."""

    standing: Standing
    percent: float
    width: float
    """In percent; 0: it is as narrow as can be seen."""
    label: str
    """Empty where there is no room."""
    title: str


@dataclass(frozen=True, slots=True)
class Lane:
    """What became of one service's deliveries."""

    service: str
    name: str
    """The same, as much of it as there is room for."""
    shapes: tuple[Shape, ...]
    """In the order in which they are painted."""
    words: str
    """The same in words."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Acts that stand at one place."""

    percent: float
    shift: float
    """Pixels to the right, so that nothing is cut off at an edge."""
    width: float
    number: int
    title: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A timeline for as much room as there is at least."""

    lanes: tuple[Lane, ...]
    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]
    widened: str
    """Up to how long what is drawn wider than it is has lasted; empty where nothing is."""

    @property
    def height(self) -> int:
        """In pixels."""
        return LANE * len(self.lanes) + BELOW

    @property
    def words(self) -> str:
        """What it shows, for who does not see it."""
        return "; ".join(f"{lane.service}: {lane.words}" for lane in self.lanes)


def drawing(history: History, room: int) -> Drawing:
    """The timeline, so that nothing touches where it has no more than so many pixels."""
    scale = Scale(history.start, history.as_of, room)
    lanes = tuple(_lane(history, service, scale) for service in services(history))
    widened = any(not shape.width for lane in lanes for shape in lane.shapes)
    return Drawing(
        lanes,
        _marks(history.acts, scale),
        ticks(scale),
        lasted(of_pixels(scale, LEAST)) if widened else "",
    )


def _lane(history: History, service: str, scale: Scale) -> Lane:
    spans = [span for span in history.spans if span.service == service]
    shapes = sorted(_shapes(spans, scale), key=lambda shape: _PAINTED.index(shape.standing))
    fits = int(scale.room / _LETTER)
    name = service if len(service) <= fits else f"{service[: fits - 1]}…"
    return Lane(service, name, tuple(shapes), _in_words(spans, history.as_of))


def _shapes(spans: Iterable[Span], scale: Scale) -> Iterator[Shape]:
    narrow: dict[tuple[Standing, int], list[Span]] = {}
    for standing, alike in groupby(spans, key=lambda span: span.standing):
        for run in _runs(alike):
            start, end = run[0].start, run[-1].end or scale.end
            width = scale.pixels(end) - scale.pixels(start)
            if width < LEAST:
                narrow.setdefault((standing, round(scale.pixels(start) / LEAST)), []).extend(run)
                continue
            word = WORDS[standing]
            fits = width >= len(word) * CHARACTER + _AROUND
            percent = scale.percent(start)
            shown = scale.percent(end) - percent
            yield Shape(standing, percent, shown, word if fits else "", _title(standing, run, scale.end))
    for (standing, _), found in narrow.items():
        middle = found[0].start + ((found[-1].end or scale.end) - found[0].start) / 2
        yield Shape(standing, scale.percent(middle), 0, "", _title(standing, found, scale.end))


def _runs(spans: Iterable[Span]) -> Iterator[list[Span]]:
    """Spans that follow each other without a hole."""
    run: list[Span] = []
    for span in spans:
        if run and run[-1].end != span.start:
            yield run
            run = []
        run.append(span)
    yield run


def _title(standing: Standing, spans: Sequence[Span], now: datetime) -> str:
    start, end = spans[0].start, spans[-1].end
    when = f"from {to_the_second(start)} {f'to {to_the_second(end)}' if end else 'until now'}"
    time = sum(((span.end or now) - span.start for span in spans), timedelta())
    why = next((span.unknown for span in spans if span.unknown), "")
    return f"{WORDS[standing]} {when}, {lasted(time)}{f': {why}' if why else ''}"


def _in_words(spans: Sequence[Span], now: datetime) -> str:
    """For how long it was how, the worst first."""
    told = []
    for standing in Standing:
        times = [(span.end or now) - span.start for span in spans if span.standing is standing]
        if times:
            told.append(f"{WORDS[standing]} for {lasted(sum(times, timedelta()))}")
    return ", ".join(told)


@dataclass(slots=True)
class _Group:
    """Acts that are one mark, by the places of the first and the last."""

    acts: list[Act]
    first: float
    last: float

    @property
    def width(self) -> float:
        return _DOT if len(self.acts) == 1 else len(f"{len(self.acts):,}") * CHARACTER + _PILL

    @property
    def middle(self) -> float:
        return (self.first + self.last) / 2

    def centre(self, room: float) -> float:
        """Where its middle is drawn, so that nothing is cut off."""
        half = self.width / 2
        return min(max(self.middle, half), room - half)


def _marks(acts: Iterable[Act], scale: Scale) -> tuple[Mark, ...]:
    """The acts, those that would touch as one mark with their number."""
    groups: list[_Group] = []
    for act in sorted(acts, key=lambda act: act.at):
        at = scale.pixels(act.at)
        groups.append(_Group([act], at, at))
        while len(groups) > 1 and _touch(groups[-2], groups[-1], scale.room):
            last = groups.pop()
            groups[-1].acts += last.acts
            groups[-1].last = last.last
    return tuple(
        Mark(
            group.middle * 100 / scale.room,
            round(group.centre(scale.room) - group.middle, 2),
            group.width,
            len(group.acts),
            _told(group.acts),
        )
        for group in groups
    )


def _touch(one: _Group, other: _Group, room: int) -> bool:
    between = other.centre(room) - one.centre(room)
    return between < (one.width + other.width) / 2 + _APART


def _told(acts: Sequence[Act]) -> str:
    if len(acts) == 1:
        (act,) = acts
        return f"{act.name} at {to_the_second(act.at)}{f' by {act.principal}' if act.principal else ''}"
    names = Counter(act.name for act in acts).most_common()
    told = ", ".join(f"{number:,} {name}" for name, number in names[:_NAMED])
    more = f", and {len(names) - _NAMED:,} other kinds" if len(names) > _NAMED else ""
    when = f"from {to_the_second(acts[0].at)} to {to_the_second(acts[-1].at)}"
    return f"{counted(len(acts), 'change')} {when}: {told}{more}"
