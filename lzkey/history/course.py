"""The course of one part of a key: its value at each moment, known or unknown, and what made it so.

Forward a value holds as long as sources tell everything that happens; backward from a sight of it as far as
they tell that nothing did. Nowhere else is anything known.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Final

from lzkey.figures import moment
from lzkey.history.model import BY_ITSELF, RECORDED, Act, Origin
from lzkey.history.parts import GONE, NOT_YET, Change, KeyState, Part, Sight, Unknown
from lzkey.history.policies import alike

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from lzkey.history.coverage import Coverage
    from lzkey.history.parts import Tell, Value

#: How long a sight may still show what was before a change.
#: https://docs.aws.amazon.com/kms/latest/developerguide/programming-eventual-consistency.html
SETTLING: Final = timedelta(minutes=5)

_EVER: Final = datetime.min.replace(tzinfo=UTC)
_PENDING: Final = "PendingDeletion"
_REPLICAS: Final = KeyState("PendingReplicaDeletion")
_SO_SOON: Final = "AWS Config has it otherwise so soon after a change that it may be of before it"
_DELETED: Final = "the day had come for which its deletion was scheduled"


@dataclass(frozen=True, slots=True)
class Times:
    """Of which times sources tell everything."""

    by_events: Coverage
    """By events: of these, what is seen and was not told contradicts them."""
    by_any: Coverage
    why_not: Callable[[datetime], str]
    """Why what happened after a moment is not known."""
    created: datetime | None = None
    """When the key was made, where a source tells."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The value from a moment on."""

    start: datetime
    value: Value
    begun_by: Act | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """The values of a part, by time; the first of them has been for ever."""

    pieces: tuple[Piece, ...]
    contradictions: tuple[str, ...] = ()
    recorded: tuple[Act, ...] = ()
    """What AWS Config alone shows."""

    def at(self, when: datetime) -> Piece:
        """The piece of a moment."""
        return self.pieces[bisect_right(self.pieces, when, key=lambda piece: piece.start) - 1]


def course_of(part: Part, tells: Iterable[Tell], times: Times, now: datetime) -> Course:
    """The course of a part until now, by all that is told of it."""
    told = sorted((each for each in tells if each.part is part), key=_order)
    first = told[0].at if told else now
    made = _Making(part, times)
    made.begin(times.created if times.created is None else min(times.created, first))
    for at, group in groupby(told, key=lambda each: each.at):
        together = list(group)
        made.change(at, [each for each in together if isinstance(each, Change)])
        for each in together:
            if isinstance(each, Sight):
                made.see(each)
    made.end(now)
    return Course(tuple(made.pieces), tuple(made.contradictions), tuple(made.recorded))


def _order(tell: Tell) -> tuple[datetime, bool, bool, str, str]:
    """By time; in one second the making of the key first, and sights last."""
    if isinstance(tell, Sight):
        return tell.at, True, True, tell.origin.value, str(tell.value)
    return tell.at, False, not tell.creates, tell.act.event_id, tell.act.name


@dataclass(slots=True)
class _Making:
    """Goes through what is told of a part, from the first to the last."""

    part: Part
    times: Times
    pieces: list[Piece] = field(default_factory=list)
    contradictions: list[str] = field(default_factory=list)
    recorded: list[Act] = field(default_factory=list)
    _value: Value = field(default_factory=lambda: Unknown(""))
    _at: datetime | None = None
    """When it was last told."""
    _changed: datetime | None = None
    _floor: datetime = _EVER

    def begin(self, created: datetime | None) -> None:
        nothing = Unknown("no source goes back to it")
        if created is None:
            self.pieces = [Piece(_EVER, nothing)]
            return
        self._floor = created
        self.pieces = [Piece(_EVER, NOT_YET), Piece(created, nothing)]

    def change(self, at: datetime, changes: Sequence[Change]) -> None:
        """What events tell of one moment: events tell whole seconds, and not which of them was the last."""
        made = [each for each in changes if each.creates]
        for each in made[:1]:
            if self._at is not None and at - self._at > SETTLING:
                self._contradict(
                    f"what is told of the key is of before the event of {moment(at)} that made it"
                )
            else:
                self.pieces = [Piece(_EVER, NOT_YET)]
            self._set(at, each.becomes(NOT_YET), each.act)
        others = [each for each in changes if not each.creates]
        if not others:
            return
        before = self._arriving(at)
        if before == GONE and any(each.becomes(before) != GONE for each in others):
            self._contradict(f"{others[0].act.name} of {moment(at)} is of a key that was deleted before")
            before = Unknown("sources contradict each other")
        values = [each.becomes(before) for each in others]
        alike = all(value == values[0] for value in values)
        unclear = Unknown(
            f"the {self.part} was changed more than once at {at:%Y-%m-%d %H:%M:%S} UTC, and no event tells "
            "which change was the last"
        )
        self._set(at, values[-1] if alike else unclear, others[-1].act)

    def see(self, sight: Sight) -> None:
        """What it was at a moment, whatever made it so."""
        before = self._arriving(sight.at, gone=sight.value == GONE)
        if _is_same(before, sight.value):
            self._at = sight.at
            return
        if isinstance(before, Unknown):
            self._fill(sight)
        elif _is_without_replicas(before, sight.value):
            self._set(sight.at, sight.value, None, seen=True)
        elif self._may_be_late(sight):
            if not self.times.by_events.covers(self._changed or sight.at, sight.at):
                self._set(sight.at, Unknown(_SO_SOON), None, seen=True)
            return
        elif self._is_contradicted(sight):
            self._contradict(
                f"{_BY[sight.origin]} tells another {self.part} at {moment(sight.at)} than was told before, "
                "and no event tells of a change"
            )
            self._set(sight.at, sight.value, None, seen=True)
        else:
            act = Act(sight.at, RECORDED, "", origin=sight.origin, told=f"another {self.part} than before")
            self.recorded.append(act)
            self._set(sight.at, sight.value, act, seen=True)
        self._value, self._at = sight.value, sight.at

    def end(self, now: datetime) -> None:
        """Until now."""
        if self._at is not None and self._at < now:
            self._arriving(now, gone=True)

    def _arriving(self, at: datetime, *, gone: bool = False) -> Value:
        """The value just before a moment; the end of what is known of it becomes a piece.

        `gone`: a key that was to be deleted by then is not there any more.
        """
        if self._at is None or self._at >= at or self._value == GONE:
            return self._value
        reach = self.times.by_any.reach(self._at)
        value = self._value
        if gone and isinstance(value, KeyState) and value.name == _PENDING and value.deletion is not None:
            came = max(value.deletion, self._at)
            if came <= min(reach, at):
                self._set(came, GONE, Act(came, BY_ITSELF, "", told=_DELETED))
                return GONE
        if reach >= at:
            return value
        missing = value if isinstance(value, Unknown) else Unknown(self.times.why_not(reach))
        self._put(reach, missing)
        self._value = missing
        return missing

    def _fill(self, sight: Sight) -> None:
        """Back from a sight, up to where something else was told, or something may be missing.

        An item of AWS Config's shows a change: by items alone it was otherwise before.
        """
        by = self.times.by_events if sight.origin is Origin.CONFIG else self.times.by_any
        since = max(by.back(sight.at), self._floor)
        if self._at is not None and since <= self._at:
            last = self.pieces[-1]
            self.pieces[-1] = replace(last, value=sight.value)
        elif self.pieces[-1].start >= since:
            self.pieces[-1] = Piece(self.pieces[-1].start, sight.value)
        else:
            self.pieces.append(Piece(since, sight.value))

    def _may_be_late(self, sight: Sight) -> bool:
        """A sight so soon after a change may still be of what was before it."""
        recent = self._changed is not None and sight.at - self._changed <= SETTLING
        return recent and sight.origin is not Origin.PRESENT

    def _is_contradicted(self, sight: Sight) -> bool:
        if sight.origin is Origin.PRESENT or self._value == GONE:
            return True
        return self._at is not None and self.times.by_events.covers(self._at, sight.at)

    def _contradict(self, sentence: str) -> None:
        """Nothing is known of the time since it was last told."""
        self.contradictions.append(sentence)
        self._put(self._at or _EVER, Unknown(f"sources contradict each other: {sentence}"))

    def _set(self, at: datetime, value: Value, act: Act | None, *, seen: bool = False) -> None:
        self._put(at, value, act)
        self._value, self._at = value, at
        self._changed = None if seen else at

    def _put(self, at: datetime, value: Value, act: Act | None = None) -> None:
        """From a moment on, instead of what began then."""
        if self.pieces[-1].start >= at:
            self.pieces.pop()
        self.pieces.append(Piece(at, value, act))


def _is_without_replicas(before: Value, after: Value) -> bool:
    """Whether the replicas are gone for which a key waited: no event tells of that."""
    return before == _REPLICAS and after in (KeyState(_PENDING), GONE)


def _is_same(one: Value, other: Value) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return alike(one, other)
    return one == other


_BY: Final = {
    Origin.PRESENT: "KMS",
    Origin.CONFIG: "AWS Config",
    Origin.EVENT_HISTORY: "CloudTrail",
    Origin.TRAIL_FILES: "CloudTrail",
    Origin.ATHENA: "CloudTrail",
}
