"""KMS's events of the landing zone's keys in CloudTrail's event history: how many, and the strange ones."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final

from lzkey.aws.events import HISTORY, event_history, within
from lzkey.aws.fact import takes
from lzkey.aws.unanswered import UnansweredError
from lzkey.figures import moment
from lzkey.observed.contradictions import assumptions, contradiction, is_refusal
from lzkey.observed.values import Contradiction, Events

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from landing_zone_key import KmsKey
    from lzkey.aws.events import Event
    from lzkey.observed.contradictions import Assumption
    from lzkey.observed.looking import Scene
    from lzkey.observed.values import InForce

#: Events of a key at most, the newest: 20 questions, of which AWS answers two a second.
MOST: Final = 1_000

#: How long a change is given until KMS heeds it everywhere, which may take several minutes.
#: https://docs.aws.amazon.com/kms/latest/developerguide/programming-eventual-consistency.html
HEEDED: Final = timedelta(minutes=15)

_KMS: Final = "kms.amazonaws.com"


@dataclass(frozen=True, slots=True)
class KeyEvents:
    """What the event history tells of the landing zone's keys."""

    events: tuple[Events, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    unread: tuple[str, ...] = ()
    """What could not be read, or was not, a sentence each."""
    read: bool = False
    """Whether at least one key's events were told, if there are any."""

    def __add__(self, other: KeyEvents) -> KeyEvents:
        """Both together."""
        return KeyEvents(
            self.events + other.events,
            self.contradictions + other.contradictions,
            self.unread + other.unread,
            self.read or other.read,
        )


@takes(facts=(event_history,))
def key_events(scene: Scene, in_force: InForce, alone: frozenset[str], *, settled: bool) -> KeyEvents:
    """The events since what is in force is heeded; of a time before, nothing is compared with what is proved.

    `alone` are the ARNs of the keys that nothing but their policy lets a service use, as far as is known, and
    `settled` says that every account is on the landing zone's present configuration.
    """
    if in_force.since is None:
        why = f"whether events contradict what is proved is not known: {in_force.unknown}"
        return _of_keys(scene, scene.now - HISTORY, None, settled=settled) + KeyEvents(unread=(why,))
    since = in_force.since + HEEDED
    if since > scene.now:
        why = f"the change at {moment(in_force.since)} ({in_force.change}) may not be heeded everywhere yet"
        return KeyEvents(unread=(f"events of the keys were not read: {why}",))
    return _of_keys(scene, since, alone, settled=settled)


def _of_keys(scene: Scene, since: datetime, alone: frozenset[str] | None, *, settled: bool) -> KeyEvents:
    """The events of all keys; `alone` is None where nothing is to be compared."""
    found = KeyEvents()
    for key in scene.keys.values():
        arn = str(key.arn)
        assumed: tuple[Assumption, ...] = ()
        if alone is not None:
            assumed = assumptions(key, scene.zone, scene.now, policy_alone=arn in alone, settled=settled)
        found += _of_key(scene, key, since, assumed)
    return found


def _of_key(scene: Scene, key: KmsKey, since: datetime, assumed: tuple[Assumption, ...]) -> KeyEvents:
    arn = key.arn
    if arn.account != scene.home.account:
        return KeyEvents(unread=(f"the events of {arn} are in account {arn.account}, and were not read",))
    try:
        found = [*islice(event_history(scene.home, arn.region, since, resource=str(arn)), MOST)]
    except UnansweredError as error:
        return KeyEvents(unread=(f"events of {arn} are not known: {error}",))
    unread: tuple[str, ...] = ()
    if len(found) == MOST:
        since = min(event.at for event in found)
        unread = (f"events of {arn} before {moment(since)} were not read: the newest {MOST:,} are",)
    used = [event for event in found if event.record.get("eventSource") == _KMS]
    return KeyEvents(counted(str(arn), used, since), strange_ones(str(arn), used, assumed), unread, read=True)


def counted(key: str, events: Iterable[Event], since: datetime) -> tuple[Events, ...]:
    """The events by who asked: services first, then by how many there are."""
    allowed, refused, failed = Counter[str](), Counter[str](), Counter[str]()
    latest: dict[str, datetime] = {}
    services = set()
    for event in events:
        who = _who(event)
        count = refused if is_refusal(event) else failed if event.error_code else allowed
        count[who] += 1
        latest[who] = max(event.at, latest.get(who, event.at))
        if event.service:
            services.add(who)
    found = (Events(key, who, allowed[who], refused[who], since, latest[who], failed[who]) for who in latest)

    def order(one: Events) -> tuple[bool, int, str]:
        return one.principal not in services, -(one.allowed + one.refused + one.failed), one.principal

    return tuple(sorted(found, key=order))


def _who(event: Event) -> str:
    """Who asked; the sessions of a role are one, by the role's ARN."""
    issuer = within(event.record, "userIdentity", "sessionContext", "sessionIssuer", "arn")
    return str(event.service or issuer or event.principal)


def strange_ones(
    key: str, events: Iterable[Event], assumed: tuple[Assumption, ...]
) -> tuple[Contradiction, ...]:
    """The events that are not as assumed: of those that are strange alike, the latest, and how many."""
    alike: dict[tuple[str, str], list[tuple[Event, str]]] = {}
    for event in events:
        found = contradiction(event, assumed)
        if found:
            service, kind, why = found
            alike.setdefault((service, kind), []).append((event, why))
    return tuple(_latest(key, service, kind, whole) for (service, kind), whole in sorted(alike.items()))


def _latest(key: str, service: str, kind: str, whole: list[tuple[Event, str]]) -> Contradiction:
    event, why = max(whole, key=lambda each: each[0].at)
    return Contradiction(key, why, json.dumps(event.record), service, kind, len(whole))
