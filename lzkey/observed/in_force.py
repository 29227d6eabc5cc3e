"""Since when the present policy, key state and manifest are in force, by CloudTrail's event history."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from lzkey.aws.events import HISTORY, event_history, is_of
from lzkey.aws.fact import takes
from lzkey.aws.unanswered import UnansweredError, line
from lzkey.observed.values import InForce

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from landing_zone_key import KmsKey
    from lzkey import Json
    from lzkey.aws.events import Event
    from lzkey.observed.looking import Scene
    from lzkey.observed.values import KeyUse

_POLICY: Final = "PutKeyPolicy"

#: What brings a key into each state; of material that has expired KMS itself records it.
#: https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html and
#: https://docs.aws.amazon.com/kms/latest/developerguide/ct-deleteexpiredkeymaterial.html
INTO: Final = {
    "Enabled": ("EnableKey", "ImportKeyMaterial"),
    "Disabled": ("DisableKey", "CancelKeyDeletion"),
    "PendingDeletion": ("ScheduleKeyDeletion",),
    "PendingImport": ("DeleteImportedKeyMaterial", "DeleteExpiredKeyMaterial"),
}
#: https://docs.aws.amazon.com/controltower/latest/userguide/logging-using-cloudtrail.html
_MANIFEST: Final = ("UpdateLandingZone", "ResetLandingZone", "CreateLandingZone")


@takes(facts=(event_history,))
def in_force(scene: Scene, uses: Iterable[KeyUse]) -> InForce:
    """The latest change of the keys' policies and states, and of the landing zone; by name a question each.

    The history holds 90 days: what is not in it is older. Where it shows another policy than the key has, a
    later change is not in it yet; of a key that nobody could read, no change is known.
    """
    unread = _unread(scene)
    if unread:
        return InForce(unknown=unread)
    try:
        found = [*_of_keys(scene), *_of_landing_zone(scene)]
    except UnansweredError as error:
        return InForce(unknown=str(error))
    newer = _not_in_the_history_yet(scene, found)
    if newer:
        return InForce(unknown=newer)
    changes = [(event.at, event.name, _whose(scene, event)) for event in found]
    changes += [(use.created_at, "CreateKey", use.key) for use in uses if use.created_at is not None]
    oldest = scene.now - HISTORY, f"no change in the event history of {HISTORY.days} days", ""
    since, change, key = max([*changes, oldest])
    return InForce(since, change, key=key)


def _unread(scene: Scene) -> str:
    """Which key's changes are not looked for, as nobody could read it; empty where all are."""
    manifest = scene.zone.manifest_keys
    if manifest is None:
        return "which keys they are is not known"
    missing = next((line(name) for name in manifest.logging if name not in scene.keys), "")
    if missing and ":key/" not in missing:
        return f"the landing zone's manifest names {missing}, which may be any key"
    return f"{missing} could not be read" if missing else ""


def _of_keys(scene: Scene) -> Iterator[Event]:
    """What changed the landing zone's keys, and went well."""
    keys = scene.keys.values()
    asked = dict.fromkeys((key.arn.region, name) for key in keys for name in (_POLICY, *_states(key)))
    for region, name in asked:
        for event in changes(scene, region, name):
            if any(is_of(event, arn) for arn in scene.arns):
                yield event


def _states(key: KmsKey) -> tuple[str, ...]:
    """What may have brought the key into its state; material is imported for keys of that origin alone."""
    if key.key_state not in INTO:
        return tuple(name for names in INTO.values() for name in names)
    imported = key.origin in (None, "EXTERNAL")
    return tuple(name for name in INTO[key.key_state] if imported or name != "ImportKeyMaterial")


def _of_landing_zone(scene: Scene) -> Iterator[Event]:
    for name in _MANIFEST:
        yield from changes(scene, scene.zone.home_region, name)


@takes(facts=(event_history,))
def changes(scene: Scene, region: str, name: str) -> Iterator[Event]:
    """The events of a name that changed something; one that was refused has changed nothing."""
    found = event_history(scene.home, region, scene.now - HISTORY, name=name)
    return (event for event in found if not event.error_code)


def _whose(scene: Scene, event: Event) -> str:
    """The ARN of the key that it changed; empty where it was the landing zone."""
    return next((str(arn) for arn in scene.arns if is_of(event, arn)), "")


def _not_in_the_history_yet(scene: Scene, found: list[Event]) -> str:
    """Why the history is behind: its latest policy of a key is not the key's; empty where it is not."""
    for arn, key in scene.keys.items():
        puts = [event for event in found if event.name == _POLICY and is_of(event, key.arn)]
        if not puts or key.policy is None:
            continue
        latest = max(puts, key=_at)
        if _read(latest.parameters.get("policy")) != _read(key.policy):
            return f"the event history does not show the present policy of {arn}, or not yet"
    return ""


def _at(event: Event) -> datetime:
    return event.at


def _read(policy: Json) -> Json:
    """A policy as JSON, whatever its spaces; as it stands where it is none."""
    try:
        return json.loads(policy) if isinstance(policy, str) else policy
    except ValueError:
        return policy
