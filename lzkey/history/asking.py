"""A key's history, asked of all sources that there are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key import KeyDataError, KmsKey
from lzkey.aws.account import Asker, Manner
from lzkey.aws.events import HISTORY, event_history, is_of
from lzkey.aws.fact import takes
from lzkey.aws.keys import NOT_FOUND, described_key, has_tag_condition, key_policy, key_tags, recorded_history
from lzkey.aws.recorder import CONTINUOUS, own_recorder
from lzkey.aws.unanswered import UnansweredError
from lzkey.history.coverage import LATE
from lzkey.history.events import CHANGING, KMS, TAGGING
from lzkey.history.items import moment_of, seen
from lzkey.history.model import Gap, Origin, Source
from lzkey.history.timeline import history_from
from lzkey.history.told import Told
from lzkey.history.trail_files import trail_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from landing_zone_key import LandingZone
    from landing_zone_key.key import KeyArn
    from lzkey.aws.events import Event
    from lzkey.history.items import Seen
    from lzkey.history.model import History

#: Errors stand in files that others read.
MANNER: Final = Manner(quoting=False)

_DAILY: Final = "AWS Config recorded the key once a day then"
_NOT_RECORDED: Final = "AWS Config did not record the key then"


def _silent(_: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which sources are asked."""

    trail_files: tuple[str, ...] = ()
    """Folders, and addresses in Amazon S3."""
    config: bool = True
    tell: Callable[[str], None] = _silent
    """Is told what is done, a line each."""


@takes(facts=(event_history, described_key, key_policy, key_tags, recorded_history, own_recorder))
def history_of(
    asker: Asker,
    key: KmsKey | KeyArn,
    zone: LandingZone,
    now: datetime,
    *,
    trail_files: Sequence[str] = (),
    since: datetime | None = None,
) -> History:
    """The history of a key: CloudTrail's, AWS Config's, the trail's files in these places, and the present.

    `key` with its policy is the key as it is at `now`, and is not asked for again. What is not answered is a
    sentence of its source, and never an error; raises SettingsError for a place that is none. Log files in
    Amazon S3 take what `trail_files` takes as well.
    """
    arn = key.arn if isinstance(key, KmsKey) else key
    sources = gathered(asker, key, now, Wanted(tuple(trail_files)))
    return history_from(arn, zone, now, sources, since=since)


def gathered(asker: Asker | None, key: KmsKey | KeyArn, now: datetime, wanted: Wanted) -> tuple[Told, ...]:
    """What all sources tell of a key; without anybody to ask, those on this machine.

    Raises SettingsError for a place of log files that is none.
    """
    arn = key.arn if isinstance(key, KmsKey) else key
    files = [trail_files(place, arn, asker, wanted.tell) for place in wanted.trail_files]
    if asker is None:
        return tuple(files)
    asking = _Asking(asker, arn, now, wanted.tell)
    found = [asking.events(CHANGING), *files]
    if wanted.config:
        found.append(asking.items())
    known = key if isinstance(key, KmsKey) and key.policy is not None else None
    now_told = asking.present(known)
    found.append(now_told)
    if any(map(_names_tags, found)):
        found[0] = _together(found[0], asking.events(TAGGING))
        found[-1] = asking.with_tags(now_told)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Asking:
    """One key, and whom it is asked of."""

    asker: Asker
    key: KeyArn
    now: datetime
    tell: Callable[[str], None]

    @property
    def place(self) -> str:
        return f"account {self.asker.account}, {self.key.region}"

    def events(self, names: Sequence[str]) -> Told:
        """The events of these names in 90 days: by name there are few, by key one for each delivery."""
        source = Source(Origin.EVENT_HISTORY, self.place)
        if self.asker.account != self.key.account:
            why = f"the events of {self.key} are in account {self.key.account}, and were not read"
            return Told(replace(source, unread=(why,)))
        since, unread = self.now - HISTORY, ""
        found: list[Event] = []
        self.tell(f"asking CloudTrail for {len(names)} kinds of changes of 90 days")
        try:
            for name in names:
                found += self._named(name, since)
        except UnansweredError as error:
            unread = f"not all events are known: {error}"
        if unread:
            return Told(replace(source, found=len(found), unread=(unread,)), tuple(found))
        return Told(replace(source, start=since, end=self.now - LATE, found=len(found)), tuple(found))

    def _named(self, name: str, since: datetime) -> Iterator[Event]:
        for event in event_history(self.asker, self.key.region, since, name=name):
            if event.record.get("eventSource") == KMS and is_of(event, self.key):
                yield event

    def items(self) -> Told:
        """AWS Config's items, and from when on none is missing."""
        source = Source(Origin.CONFIG, self.place)
        if self.asker.account != self.key.account:
            why = f"what AWS Config recorded of {self.key} is in account {self.key.account}, and was not read"
            return Told(replace(source, unread=(why,)))
        self.tell("asking AWS Config for the key's configuration items")
        try:
            items = recorded_history(self.asker, self.key)
        except UnansweredError as error:
            return Told(replace(source, unread=(f"its items are not known: {error}",)))
        if not items:
            return Told(replace(source, unread=("AWS Config has recorded nothing of the key",)))
        try:
            started = self._recording_since()
        except UnansweredError as error:
            started = None
            source = replace(source, unread=(f"since when AWS Config records is not known: {error}",))
        source = replace(source, found=len(items))
        end = self.now - LATE
        if started is not None and started < end:
            source = replace(source, start=started, end=end, gaps=_gaps(items, started, self.now))
        return Told(source, items=items)

    def _recording_since(self) -> datetime | None:
        """Since when the recorder records changes of keys as they happen; None where it does not.

        It would be asked in the asker's own Region; of a key elsewhere nothing is known of it.
        """
        if self.asker.region != self.key.region:
            return None
        recorder = own_recorder(self.asker)
        if recorder is None or not recorder.on or recorder.fault or recorder.frequency != CONTINUOUS:
            return None
        return recorder.started

    def present(self, known: KmsKey | None) -> Told:
        """The key as KMS tells of it now; one that is gone is told, too."""
        source = Source(Origin.PRESENT, self.place, found=1)
        if known is not None:
            return Told(source, present=known)
        self.tell("asking KMS for the key")
        try:
            found = described_key(self.asker, str(self.key), self.key.region)
            created = moment_of(found.created)
        except UnansweredError as error:
            if error.code == NOT_FOUND:
                return Told(source, present=replace(KmsKey.from_arn(self.key), deleted=True))
            return Told(replace(source, found=0, unread=(f"the key is not known: {error}",)))
        if found.key.key_manager == "AWS":  # nobody can change its policy, and reading it raises alarms
            return Told(source, present=found.key, created=created)
        try:
            whole = found.key.with_policy(key_policy(self.asker, self.key))
        except UnansweredError as error:
            unread = f"its policy is not known: {error}"
            return Told(replace(source, unread=(unread,)), present=found.key, created=created)
        return Told(source, present=whole, created=created)

    def with_tags(self, told: Told) -> Told:
        """The same with the key's tags, where they can be read."""
        if told.present is None or told.present.deleted or told.present.tags is not None:
            return told
        try:
            return replace(told, present=replace(told.present, tags=key_tags(self.asker, self.key)))
        except UnansweredError as error:
            unread = (*told.source.unread, f"its tags are not known: {error}")
            return replace(told, source=replace(told.source, unread=unread))


def _together(one: Told, other: Told) -> Told:
    """What two questions to one source have told; everything of a time where both have."""
    whole = one.source.start is not None and other.source.start is not None
    source = replace(
        one.source,
        start=one.source.start if whole else None,
        end=one.source.end if whole else None,
        found=one.source.found + other.source.found,
        unread=tuple(dict.fromkeys((*one.source.unread, *other.source.unread))),
    )
    return replace(one, source=source, events=(*one.events, *other.events))


def _names_tags(told: Told) -> bool:
    """Whether some policy has a condition on the key's tags."""
    policies = [str(event.parameters.get("policy")) for event in told.events]
    policies += [str(item.get("supplementaryConfiguration")) for item in told.items]
    if told.present is not None:
        policies.append(str(told.present.policy))
    return any(map(has_tag_condition, policies))


def _gaps(items: Sequence[Mapping[str, Any]], started: datetime, now: datetime) -> tuple[Gap, ...]:
    """When changes may have left no item since the recorder was started."""
    looks = sorted(((look, item) for look, item in _seen(items) if look.at >= started), key=_captured)
    gaps = []
    for place, (look, item) in enumerate(looks):
        before = looks[place - 1][0].at if place else started
        after = looks[place + 1][0].at if place + 1 < len(looks) else now
        if not look.recorded:
            gaps.append(Gap(look.at, after, _NOT_RECORDED))
        elif item.get("recordingFrequency", CONTINUOUS) != CONTINUOUS:
            gaps.append(Gap(before, after, _DAILY))
    return tuple(gaps)


def _seen(items: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Seen, Mapping[str, Any]]]:
    for item in items:
        try:
            yield seen(item), item
        except (KeyDataError, ValueError, AttributeError):  # the timeline says so
            continue


def _captured(pair: tuple[Seen, Mapping[str, Any]]) -> datetime:
    return pair[0].at
