"""The key at each moment, from everything that sources have told, and each of these times proved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from landing_zone_key import KeyDataError, KmsKey
from landing_zone_key.settings import KeyScope
from lzkey.figures import counted, moment
from lzkey.history.believed import SKEW, believed
from lzkey.history.course import Times, course_of
from lzkey.history.coverage import LATE, Coverage
from lzkey.history.events import changes_of, facts_of
from lzkey.history.items import of_present, seen
from lzkey.history.model import BY_ITSELF, Act, History, Origin, Span
from lzkey.history.parts import Change, Part, Sight, Unknown, becomes
from lzkey.history.proving import NAMES, Facts, dates_of, later_refused, proofs
from lzkey.parameters import as_parameters

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from landing_zone_key import LandingZone
    from landing_zone_key.key import KeyArn
    from lzkey.history.believed import Believed
    from lzkey.history.course import Course
    from lzkey.history.model import Gap
    from lzkey.history.parts import Tell, Value
    from lzkey.history.proving import Proof
    from lzkey.history.told import Told

#: Events tell whole seconds.
_SECOND: Final = timedelta(seconds=1)
_INSTANT: Final = timedelta(microseconds=1)
_GONE: Final = "the key is gone: whatever still encrypts with it is refused, and nobody asked what does"
_NEVER: Final = (
    "KMS has no such key, and no source tells that there ever was one: is its id right, and its Region?"
)
_DATE: Final = "a date had come that its policy names"
#: Whether such a key can be used depends on its key store, of which no event of the key tells.
#: https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
_STORES: Final = ("AWS_CLOUDHSM", "EXTERNAL_KEY_STORE")


def history_from(
    key: KeyArn, zone: LandingZone, now: datetime, sources: Sequence[Told], *, since: datetime | None = None
) -> History:
    """The history of a key, by these sources together; asks nobody.

    Without `since` it goes back as far as any of them does.
    """
    told = _AllTold.of(key, now, sources)
    asked = replace(zone, key_scope=KeyScope.ALL, listed_keys=(), require_confused_deputy_protection=False)
    start = since or told.start
    courses = {part: told.course(part) for part in Part}
    spans = tuple(_spans(_Course(told.fixed, courses), asked, start, now))
    recorded = {act for course in courses.values() for act in course.recorded}
    acts = {**{_id(each.act): each.act for each in told.changes}, **{_id(act): act for act in recorded}}
    last = _Course(told.fixed, courses).facts(now)
    return History(
        str(key),
        now,
        start,
        as_parameters(zone),
        version("lzkey"),
        tuple(each.source for each in told.sources),
        tuple(sorted((act for act in acts.values() if act.at >= start), key=_order)),
        spans,
        (*told.believed.contradictions, *told.believed.future, *dict.fromkeys(_contradictions(courses))),
        (
            *_notes(told, zone, start, later_refused(last, asked, now)),
            *([_GONE if told.ever else _NEVER] if last.is_gone else []),
        ),
    )


@dataclass(frozen=True, slots=True)
class _AllTold:
    """What all sources have told, sorted by what it is."""

    sources: tuple[Told, ...]
    believed: Believed
    changes: tuple[Change, ...]
    sights: tuple[Sight, ...]
    fixed: KmsKey
    created: datetime | None
    start: datetime
    now: datetime

    @classmethod
    def of(cls, key: KeyArn, now: datetime, sources: Sequence[Told]) -> _AllTold:
        """Read everything; what is no item is a sentence of its source."""
        sources = tuple(_without_misread(told, now) for told in sources)
        heard = believed(sources, now)
        changes = [each for event, origin in heard.events for each in changes_of(event, key, origin)]
        doubted = [each for event, origin in heard.doubted for each in changes_of(event, key, origin)]
        changes += [replace(each, becomes=becomes(_IN_DOUBT), creates=False) for each in doubted]
        looks = [
            (look, told.source.origin)
            for told in sources
            for look in (
                *(replace(look, at=min(look.at, now)) for look in map(seen, told.items)),
                *([of_present(told.present, now)] if told.present is not None else []),
            )
        ]
        made = [found for event, _ in heard.events if (found := facts_of(event, key)) is not None]
        fixed = KmsKey.from_arn(key)
        for known in (*(one for one, _ in made), *(look.key for look, _ in looks if not look.gone)):
            fixed = fixed.completed_by(known)
        dates = (*(at for _, at in made), *(told.created for told in sources))
        created = min((date for date in dates if date is not None), default=None)
        sights = tuple(each for look, origin in looks for each in look.sights(origin))
        tells: tuple[Tell, ...] = (*changes, *sights)
        begins = (*(each.source.start for each in sources), *(each.at for each in tells))
        start = min((begin for begin in begins if begin is not None), default=now)
        start = max(start, created) if created is not None else start
        return cls(sources, heard, tuple(changes), sights, fixed, created, min(start, now), now)

    @property
    def tells(self) -> tuple[Tell, ...]:
        """All that is told of what changes."""
        return (*self.changes, *self.sights)

    @property
    def ever(self) -> bool:
        """Whether anything tells of a key, and not only that there is none."""
        return bool(self.changes) or any(sight.origin is not Origin.PRESENT for sight in self.sights)

    @property
    def is_present_believed(self) -> bool:
        """Whether something rests on what KMS shows now, of minutes of which sources tell only later."""
        ends = [told.source.end for told in self.sources if told.source.end is not None]
        seen_now = any(sight.origin is Origin.PRESENT for sight in self.sights)
        return seen_now and any(self.now - LATE <= end < self.now for end in ends)

    def course(self, part: Part) -> Course:
        """The course of a part.

        Sources tell what happened in the last minutes only later. Where KMS shows the part as it is now, and
        nothing else was told before, nothing is taken to have happened in them.
        """
        settled = course_of(part, self.tells, self._times_of(part, None, _LATER), self.now)
        if not any(sight.part is part and sight.origin is Origin.PRESENT for sight in self.sights):
            return settled
        found = course_of(part, self.tells, self._times_of(part, self.now, _LATER), self.now)
        if len(found.contradictions) <= len(settled.contradictions):
            return found
        return course_of(part, self.tells, self._times_of(part, None, _OTHERWISE.format(part)), self.now)

    def _times_of(self, part: Part, now: datetime | None, later: str) -> Times:
        """Of which times they tell everything that happened to a part; with `now`, up to then."""
        created = None if self.created is None else self.created.replace(microsecond=0)
        if part is Part.STATE and self.fixed.origin in _STORES:
            none = Coverage()
            return Times(none, none, lambda _: "its key store may have been out of reach", created)
        sources = [told.source for told in self.sources if _tells_of(part, told)]
        by_events = [each for each in sources if each.origin is not Origin.CONFIG]
        why_not = partial(self._why_not, later=later)
        return Times(Coverage.of(by_events, now), Coverage.of(sources, now), why_not, created)

    def _why_not(self, after: datetime, later: str) -> str:
        gaps = [gap for told in self.sources for gap in told.source.gaps if gap.start <= after < gap.end]
        if gaps:
            return _first(gaps).why
        return later if after >= self.now - LATE else _UNTOLD


_UNTOLD: Final = "no source tells everything that happened in this time"
_PRESUMED: Final = (
    "sources tell what happened in the last 15 minutes only later: where KMS shows the key now as it was "
    "told before, nothing is taken to have happened in them"
)
_RECORDS_KMS: Final = (
    "that the trail recorded the changes of keys all the time is taken for granted: one may leave out KMS"
)
_OF_TRAILS: Final = (Origin.TRAIL_FILES, Origin.ATHENA)
_LATER: Final = "what happened in the last minutes sources tell only later"
_OTHERWISE: Final = "the {} is another now than was told, and sources tell of the last minutes only later"


def _tells_of(part: Part, told: Told) -> bool:
    """Whether a source tells of changes of this part: items without it, such as its policy, do not."""
    if told.source.origin is not Origin.CONFIG:
        return True
    looks = [look for look in map(seen, told.items) if look.recorded and not look.gone]
    return all(part in {sight.part for sight in look.sights(Origin.CONFIG)} for look in looks)


_IN_DOUBT: Final = Unknown("one event is told in two ways")


def _first(gaps: Iterable[Gap]) -> Gap:
    return min(gaps, key=lambda gap: (gap.start, gap.end, gap.why))


def _without_misread(told: Told, now: datetime) -> Told:
    """Without the items that are none, or of a time to come, each of which becomes a sentence.

    What such an item has told may be a change: the others tell of their moments alone.
    """
    items, unread = [], []
    for item in told.items:
        try:
            look = seen(item)
        except (KeyDataError, ValueError, AttributeError) as error:
            unread.append(f"a configuration item cannot be read: {error}")
            continue
        if look.at > now + SKEW:
            unread.append(f"a configuration item of {moment(look.at)}, later than now, is not believed")
        else:
            items.append(item)
    if not unread:
        return told
    source = replace(told.source, start=None, end=None, gaps=(), unread=(*told.source.unread, *unread))
    return replace(told, items=tuple(items), source=source)


@dataclass(frozen=True, slots=True)
class _Course:
    """The whole key, by time."""

    fixed: KmsKey
    parts: dict[Part, Course]

    def facts(self, at: datetime) -> Facts:
        """What is known of it at a moment."""
        return self._facts({part: course.at(at).value for part, course in self.parts.items()})

    def _facts(self, value: Mapping[Part, Value]) -> Facts:
        return Facts(self.fixed, value[Part.POLICY], value[Part.STATE], value[Part.TAGS])

    def changed(self, at: datetime) -> tuple[tuple[Act, Facts], ...]:
        """What changed it at a moment, and the key with that change alone: events tell whole seconds."""
        pieces = {part: course.at(at) for part, course in self.parts.items()}
        before = {part: course.at(at - _INSTANT).value for part, course in self.parts.items()}
        return tuple(
            (piece.begun_by, self._facts({**before, part: piece.value}))
            for part, piece in pieces.items()
            if piece.start == at and piece.begun_by
        )

    @property
    def dates(self) -> frozenset[datetime]:
        """When a policy may have begun to decide otherwise by itself."""
        pieces = self.parts[Part.POLICY].pieces
        return frozenset(date for piece in pieces for date in dates_of(piece.value))

    def moments(self, start: datetime, now: datetime) -> list[datetime]:
        """When it may have become something else, from the start to now."""
        changed = {piece.start for course in self.parts.values() for piece in course.pieces}
        return sorted({start, *(at for at in self.dates | changed if start < at <= now)})


@dataclass(frozen=True, slots=True)
class _Proved:
    """The proofs of a time, and what began it."""

    at: datetime
    proofs: Mapping[str, Proof]
    begun_by: Mapping[str, Act | None]
    """By service."""


def _spans(course: _Course, zone: LandingZone, start: datetime, now: datetime) -> Iterator[Span]:
    """By service, and by time: of times that are alike one."""
    moments, dates = course.moments(start, now), course.dates
    proved = []
    for at, following in zip_longest(moments, moments[1:]):
        until = now if following is None else max(following - _SECOND, at)
        by_date = Act(at, BY_ITSELF, "", told=_DATE) if at in dates else None
        made = proofs(course.facts(at), zone, at, until)
        acts = [(act, proofs(alone, zone, at, until)) for act, alone in course.changed(at)]
        begun_by = {service: _beginner(service, made, acts) or by_date for service in NAMES}
        proved.append(_Proved(at, made, begun_by))
    for service in NAMES:
        yield from _of_service(service, proved)


def _beginner(
    service: str, made: Mapping[str, Proof], acts: Sequence[tuple[Act, Mapping[str, Proof]]]
) -> Act | None:
    """Of what was changed in one second, that which alone would have made it so; else the first."""
    alone = [act for act, proof in acts if proof[service].standing is made[service].standing]
    return next(iter((*alone, *(act for act, _ in acts))), None)


def _of_service(service: str, proved: Iterable[_Proved]) -> Iterator[Span]:
    spans: list[Span] = []
    before: Proof | None = None
    for each in proved:
        proof = each.proofs[service]
        if proof == before:
            continue
        if spans:
            spans[-1] = replace(spans[-1], end=each.at, ended_by=each.begun_by[service])
        spans.append(
            Span(
                service,
                each.at,
                None,
                proof.standing,
                proof.reasons,
                proof.unknown,
                each.begun_by[service],
                besides=proof.besides,
            )
        )
        before = proof
    yield from spans


def _id(act: Act) -> tuple[str, ...]:
    return (act.event_id,) if act.event_id else (act.name, act.at.isoformat(), act.told)


def _order(act: Act) -> tuple[datetime, bool, str, str]:
    return act.at, act.name != "CreateKey", act.event_id, act.name


def _contradictions(courses: dict[Part, Course]) -> Iterator[str]:
    for course in courses.values():
        yield from course.contradictions


def _notes(told: _AllTold, zone: LandingZone, start: datetime, later: Sequence[str]) -> Iterator[str]:
    if told.start == start and (told.created is None or told.created < start):
        yield f"what the key was like before {moment(start)} no source here tells"
    yield (
        "every time is proved with today's rule parameters: that the landing zone was set up so then, and "
        "used this key, is taken for granted"
    )
    if any(each.source.origin in _OF_TRAILS and each.source.start for each in told.sources):
        yield _RECORDS_KMS
    if told.is_present_believed:
        yield _PRESUMED
    if zone.accounts:
        today = counted(len(zone.accounts), "account")
        yield f"AWS Config is proved for today's {today}: which ones there were before is not known"
    if told.fixed.origin in _STORES:
        yield "whether the key could be used depends on its key store, of whose state no source tells"
    for service in later:
        yield f"{service} is allowed now, and by a date in the key policy will not always be: see lzkey check"
