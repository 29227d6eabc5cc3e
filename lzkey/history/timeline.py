"""The key at each moment, from everything that sources have told, and each of these times proved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from importlib.metadata import version
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from landing_zone_key import KeyDataError, KmsKey
from landing_zone_key.settings import KeyScope
from lzkey.figures import counted, moment
from lzkey.history.believed import SKEW, believed
from lzkey.history.course import Times, course_of
from lzkey.history.coverage import Coverage
from lzkey.history.events import changes_of, facts_of
from lzkey.history.items import of_present, seen
from lzkey.history.model import BY_ITSELF, Act, History, Origin, Span
from lzkey.history.parts import Change, Part, Sight, Unknown, becomes
from lzkey.history.proving import NAMES, Facts, dates_of, later_refused, proofs
from lzkey.parameters import as_parameters

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from landing_zone_key import LandingZone
    from landing_zone_key.key import KeyArn
    from lzkey.history.believed import Believed
    from lzkey.history.course import Course
    from lzkey.history.model import Gap
    from lzkey.history.parts import Tell
    from lzkey.history.proving import Proof
    from lzkey.history.told import Told

#: Events tell whole seconds.
_SECOND: Final = timedelta(seconds=1)
_GONE: Final = "the key is gone: whatever still encrypts with it is refused, and nobody asked what does"
_DATE: Final = "a date had come that its policy names"
#: Sources that are a trail's files.
_OF_TRAILS: Final = frozenset({Origin.TRAIL_FILES, Origin.ATHENA})
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
    courses = {part: course_of(part, told.tells, told.times_of(part), now) for part in Part}
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
        (*told.believed.contradictions, *dict.fromkeys(_contradictions(courses))),
        (*_notes(told, zone, start, later_refused(last, asked, now)), *([_GONE] if last.is_gone else [])),
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
        return cls(sources, heard, tuple(changes), sights, fixed, created, min(start, now))

    @property
    def tells(self) -> tuple[Tell, ...]:
        """All that is told of what changes."""
        return (*self.changes, *self.sights)

    def times_of(self, part: Part) -> Times:
        """Of which times they tell everything that happened to a part."""
        created = None if self.created is None else self.created.replace(microsecond=0)
        if part is Part.STATE and self.fixed.origin in _STORES:
            none = Coverage()
            return Times(none, none, lambda _: "its key store may have been out of reach", created)
        sources = [told.source for told in self.sources]
        by_events = [each for each in sources if each.origin is not Origin.CONFIG]
        return Times(Coverage.of(by_events), Coverage.of(sources), self._why_not, created)

    def _why_not(self, after: datetime) -> str:
        gaps = [gap for told in self.sources for gap in told.source.gaps if gap.start <= after < gap.end]
        if gaps:
            return _first(gaps).why
        return "no source tells everything that happened in this time"


_IN_DOUBT: Final = Unknown("one event is told in two ways")


def _first(gaps: Iterable[Gap]) -> Gap:
    return min(gaps, key=lambda gap: (gap.start, gap.end, gap.why))


def _without_misread(told: Told, now: datetime) -> Told:
    """Without the items that are none, or of a time to come, each of which becomes a sentence."""
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
    source = replace(told.source, unread=(*told.source.unread, *unread))
    return replace(told, items=tuple(items), source=source)


@dataclass(frozen=True, slots=True)
class _Course:
    """The whole key, by time."""

    fixed: KmsKey
    parts: dict[Part, Course]

    def facts(self, at: datetime) -> Facts:
        """What is known of it at a moment."""
        value = {part: course.at(at).value for part, course in self.parts.items()}
        return Facts(self.fixed, value[Part.POLICY], value[Part.STATE], value[Part.TAGS])

    def begun_by(self, at: datetime) -> Act | None:
        """What changed it at a moment."""
        pieces = [self.parts[part].at(at) for part in Part]
        return next((each.begun_by for each in pieces if each.start == at and each.begun_by), None)

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
    proofs: dict[str, Proof]
    begun_by: Act | None


def _spans(course: _Course, zone: LandingZone, start: datetime, now: datetime) -> Iterator[Span]:
    """By service, and by time: of times that are alike one."""
    moments, dates = course.moments(start, now), course.dates
    proved = []
    for at, following in zip_longest(moments, moments[1:]):
        until = now if following is None else max(following - _SECOND, at)
        by_date = Act(at, BY_ITSELF, "", told=_DATE) if at in dates else None
        made = proofs(course.facts(at), zone, at, until)
        proved.append(_Proved(at, made, course.begun_by(at) or by_date))
    for service in NAMES:
        yield from _of_service(service, proved)


def _of_service(service: str, proved: Iterable[_Proved]) -> Iterator[Span]:
    spans: list[Span] = []
    before: Proof | None = None
    for each in proved:
        proof = each.proofs[service]
        if proof == before:
            continue
        if spans:
            spans[-1] = replace(spans[-1], end=each.at, ended_by=each.begun_by)
        spans.append(
            Span(service, each.at, None, proof.standing, proof.reasons, proof.unknown, each.begun_by)
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


def _of_a_trail(told: Told) -> str:
    """What is taken for granted of a trail whose files tell everything; empty of other sources.

    Its event selectors may leave out KMS's events, or all that change something, and no file says so.
    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-management-events-with-cloudtrail.html
    """
    if told.source.origin not in _OF_TRAILS or told.source.start is None:
        return ""
    granted = "that its trail logs the requests that change keys, and leaves KMS's events out at no time"
    if told.events:
        return f"{told.source.place}: {granted}, is taken for granted"
    return (
        f"{told.source.place} has no event of the key: {granted}, is taken for granted, and nothing there "
        "shows it: look at the trail's event selectors"
    )


def _notes(told: _AllTold, zone: LandingZone, start: datetime, later: Sequence[str]) -> Iterator[str]:
    yield from told.believed.future
    if told.created is None or told.created < start:
        yield f"what the key was like before {moment(start)} no source here tells"
    yield (
        "every time is proved with today's rule parameters: that the landing zone was set up so then, and "
        "used this key, is taken for granted"
    )
    yield from dict.fromkeys(filter(None, map(_of_a_trail, told.sources)))
    if zone.accounts:
        today = counted(len(zone.accounts), "account")
        yield f"AWS Config is proved for today's {today}: which ones there were before is not known"
    if told.fixed.origin in _STORES:
        yield "whether the key could be used depends on its key store, of whose state no source tells"
    for service in later:
        yield f"{service} is allowed now, and by a date in the key policy will not always be: see lzkey check"
