"""What CloudTrail's events tell of a key's life: what each has changed, and who did it.

https://docs.aws.amazon.com/kms/latest/developerguide/understanding-kms-entries.html has an entry for each.
One with an error took no effect. Those of another account are copies of what it asked of this key.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key import KeyDataError, KmsKey
from lzkey.aws.events import is_of, within
from lzkey.figures import moment
from lzkey.history.model import Act
from lzkey.history.parts import GONE, Change, KeyState, Part, Unknown, becomes
from lzkey.sources.source import default_policy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from landing_zone_key.key import KeyArn
    from lzkey.aws.events import Event
    from lzkey.history.model import Origin
    from lzkey.history.parts import Becomes, Value

KMS: Final = "kms.amazonaws.com"

#: How a key may be when it is made; a replica is Creating, and no event tells when it is Enabled.
#: https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
_MADE: Final = ("Enabled", "PendingImport")

#: What tags matter for is conditions on them alone: they are asked for only where a policy has one.
TAGGING: Final = ("TagResource", "UntagResource")

#: How a date stands in an event: as JSON of Java has had it in different years.
#: https://docs.aws.amazon.com/kms/latest/developerguide/ct-importkeymaterial.html and
#: https://docs.aws.amazon.com/kms/latest/developerguide/ct-schedule-key-deletion.html
_DATES: Final = (
    "%b %d, %Y, %I:%M:%S %p",
    "%b %d, %Y %I:%M:%S %p",
    "%b %d, %Y %H:%M:%S %p",
)
#: https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html
_DEFAULT_WINDOW: Final = 30
_WINDOWS: Final = range(7, 31)

_NO_POLICY: Final = "made without a key policy, so with that which KMS gives to such a key"


@dataclass(frozen=True, slots=True)
class _Known:
    """What one event is read from, and where what it did is told."""

    event: Event
    key: KeyArn
    act: Act

    def change(self, part: Part, how: Becomes, told: str = "") -> Change:
        return Change(part, replace(self.act, told=told or self.act.told), how)


def changes_of(event: Event, key: KeyArn, origin: Origin) -> tuple[Change, ...]:
    """What an event has changed of the key; empty where it has changed nothing, or is another key's."""
    read = _READ.get(event.name)
    if read is None or not _is_change(event, key):
        return ()
    return tuple(read(_Known(event, key, act_of(event, origin))))


def act_of(event: Event, origin: Origin) -> Act:
    """Who did it: the service with the role that it did it with, else the identity, with the role behind."""
    invoker = str(within(event.record, "userIdentity", "invokedBy") or "")
    issuer = within(event.record, "userIdentity", "sessionContext", "sessionIssuer", "arn")
    principal = event.principal
    if invoker and "." in invoker and invoker != principal:  # a service that works for somebody
        principal, issuer = invoker, issuer or event.principal
    behind = str(issuer or "")
    return Act(
        event.at,
        event.name,
        principal,
        "" if behind == principal else behind,
        origin,
        event.id,
    )


def facts_of(event: Event, key: KeyArn) -> tuple[KmsKey, datetime] | None:
    """What CreateKey tells of what never changes, and when it was; None for every other event."""
    if event.name != "CreateKey" or not _is_change(event, key):
        return None
    metadata = within(event.record, "responseElements", "keyMetadata")
    try:
        return KmsKey.from_describe_key(metadata if isinstance(metadata, Mapping) else {}), event.at
    except KeyDataError:
        return KmsKey.from_arn(key), event.at


def date_of(text: object) -> datetime | None:
    """A date as an event writes it, in UTC; None where it is none that is known."""
    for form in _DATES:
        with suppress(ValueError):
            return datetime.strptime(f"{text} +0000", f"{form} %z")
    with suppress(ValueError, OverflowError):
        at = datetime.fromisoformat(str(text))
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    return None


def _is_change(event: Event, key: KeyArn) -> bool:
    source = event.record.get("eventSource")
    return (
        not event.error_code
        and source in (None, KMS)
        and event.account in ("", key.account)
        and is_of(event, key)
    )


def _created(known: _Known) -> Iterator[Change]:
    """A key without a policy gets KMS's own; of a replica it stands in another event."""
    event, key = known.event, known.key
    metadata = within(event.record, "responseElements", "keyMetadata")
    state = within(metadata, "keyState")
    policy = event.parameters.get("policy")
    replica = within(metadata, "multiRegionConfiguration", "multiRegionKeyType") == "REPLICA"
    told = ""
    if _is_cut(event):
        its: Value = _cut(event)
    elif isinstance(policy, str) and policy.strip():
        its = policy
    elif policy or replica:
        its = Unknown(f"the event of {moment(event.at)} that made the key does not tell it")
    else:
        its, told = json.dumps(default_policy(KmsKey.from_arn(key))), _NO_POLICY
    unknown = Unknown(f"the event of {moment(event.at)} that made the key does not tell it")
    made = (
        (Part.POLICY, its),
        (Part.STATE, KeyState(state) if state in _MADE else unknown),
        (Part.TAGS, _cut(event) if _is_cut(event) else _tags(event)),
    )
    for part, value in made:
        yield replace(known.change(part, becomes(value), told), creates=True)


def _put(known: _Known) -> Iterator[Change]:
    event = known.event
    policy = event.parameters.get("policy")
    if isinstance(policy, str) and policy.strip():
        yield known.change(Part.POLICY, becomes(policy))
    else:
        missing = _cut(event) if _is_cut(event) else Unknown(f"{_the(event)} tells no policy")
        yield known.change(Part.POLICY, becomes(missing))


def _into(name: str) -> Callable[[_Known], Iterator[Change]]:
    """What brings the key into a state, whatever it was in before."""

    def read(known: _Known) -> Iterator[Change]:
        yield known.change(Part.STATE, becomes(KeyState(name)))

    return read


def _scheduled(known: _Known) -> Iterator[Change]:
    """https://docs.aws.amazon.com/kms/latest/developerguide/ct-schedule-key-deletion.html."""
    event = known.event
    name = within(event.record, "responseElements", "keyState") or "PendingDeletion"
    date = date_of(within(event.record, "responseElements", "deletionDate"))
    if date is None and name == "PendingDeletion":
        days = event.parameters.get("pendingWindowInDays", _DEFAULT_WINDOW)
        date = event.at + timedelta(days=days) if days in _WINDOWS else None
    told = f"to be deleted at {moment(date)}" if date else ""
    yield known.change(Part.STATE, becomes(KeyState(str(name), date)), told)


def _material_deleted(known: _Known) -> Iterator[Change]:
    """A key that waits for its deletion goes on waiting; every other one waits for the material.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_DeleteImportedKeyMaterial.html
    """
    gone = _material(known.event)

    def read(before: Value) -> Value:
        if not isinstance(before, KeyState):
            return KeyState("PendingImport", missing=frozenset({gone}))
        name = before.name if before.name == "PendingDeletion" else "PendingImport"
        return replace(before, name=name, missing=before.missing | {gone})

    yield known.change(Part.STATE, read)


def _imported(known: _Known) -> Iterator[Change]:
    """A key that waited for its material can be used, once all of it is there; another stays as it is.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_ImportKeyMaterial.html
    """
    event, brought = known.event, _material(known.event)

    def read(before: Value) -> Value:
        if not isinstance(before, KeyState):
            return before
        left = before.missing - {brought}
        if before.name != "PendingImport":
            return replace(before, missing=left)
        if left and "" in left | {brought} and len(before.missing) > 1:
            return Unknown(f"{_the(event)} may have brought one of several pieces of key material")
        return replace(before, missing=left) if left and brought else KeyState("Enabled")

    valid = date_of(event.parameters.get("validTo"))
    told = f"the key material expires at {moment(valid)}" if valid else ""
    yield known.change(Part.STATE, read, told)


def _material(event: Event) -> str:
    """The id of key material; empty where the event tells none, as those of earlier years."""
    places = ("responseElements", "requestParameters", "serviceEventDetails")
    found = (within(event.record, place, "keyMaterialId") for place in places)
    return next((each for each in found if isinstance(each, str)), "")


def _tagged(known: _Known) -> Iterator[Change]:
    new = _cut(known.event) if _is_cut(known.event) else _tags(known.event)

    def read(before: Value) -> Value:
        if isinstance(before, Mapping) and isinstance(new, Mapping):
            return {**before, **new}
        return before if isinstance(before, Unknown) else new

    yield known.change(Part.TAGS, read)


def _untagged(known: _Known) -> Iterator[Change]:
    names = known.event.parameters.get("tagKeys")
    gone: list[Any] | None = names if isinstance(names, list) else None

    def read(before: Value) -> Value:
        if gone is None:
            return _cut(known.event)
        if not isinstance(before, Mapping):
            return before
        return {name: value for name, value in before.items() if name not in gone}

    yield known.change(Part.TAGS, read)


def _tags(event: Event) -> Mapping[str, str] | Unknown:
    listed = event.parameters.get("tags") or []
    pairs: list[tuple[Any, Any]] = [
        (within(each, "tagKey"), within(each, "tagValue"))
        for each in (listed if isinstance(listed, list) else [None])
    ]
    if all(isinstance(name, str) and isinstance(value, str) for name, value in pairs):
        return dict(pairs)
    return Unknown(f"the tags in {_the(event)} cannot be read")


def _is_cut(event: Event) -> bool:
    """CloudTrail leaves out what is larger than a field may be.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
    """
    asked = event.record.get("requestParameters", event.parameters)
    return not isinstance(asked, Mapping) or asked.get("omitted") is True


def _cut(event: Event) -> Unknown:
    return Unknown(f"CloudTrail has left out of {_the(event)} what was asked for")


def _the(event: Event) -> str:
    return f"the event {event.name} of {moment(event.at)}"


_READ: Final[Mapping[str, Callable[[_Known], Iterator[Change]]]] = {
    "CreateKey": _created,
    "PutKeyPolicy": _put,
    "EnableKey": _into("Enabled"),
    "DisableKey": _into("Disabled"),
    "ScheduleKeyDeletion": _scheduled,
    "CancelKeyDeletion": _into("Disabled"),
    "ImportKeyMaterial": _imported,
    "DeleteImportedKeyMaterial": _material_deleted,
    "DeleteExpiredKeyMaterial": _material_deleted,
    "DeleteKey": _into(GONE.name),
    "TagResource": _tagged,
    "UntagResource": _untagged,
}

#: The events that are asked for by name: those that change what deliveries depend on.
CHANGING: Final = tuple(name for name in _READ if name not in TAGGING)
