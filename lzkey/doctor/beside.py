"""What stands beside the proof: who is not up to date, when the keys were used, what else admits anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from landing_zone_key.manifest import Delivery
from lzkey.aws.baselines import enabled_baselines
from lzkey.aws.fact import takes
from lzkey.aws.unanswered import line
from lzkey.doctor.landing_zone import READ_KEYS
from lzkey.doctor.names import account_names_at_hand, key_names
from lzkey.doctor.organization import a_few
from lzkey.doctor.scene import CONFIG_OFF, NO_SCENE, allow, scene
from lzkey.doctor.subject import ago, not_applicable, ok, problem, unknown, warning
from lzkey.observed.looking import behind, beside, key_uses
from lzkey.observed.timing import HISTORY

if TYPE_CHECKING:
    from datetime import datetime

    from lzkey.doctor.names import Names
    from lzkey.doctor.subject import Check, Subject
    from lzkey.observed.looking import Scene
    from lzkey.observed.values import KeyUse

_REREGISTER: Final = (
    "re-register the organizational unit in Control Tower (aws controltower reset-enabled-baseline); wait "
    "where a change is under way"
)


@takes(facts=(scene, enabled_baselines, behind, account_names_at_hand))
def baselines(subject: Subject) -> Check:
    """Check that every organizational unit and account is on the landing zone's present configuration.

    One that is not may still deliver elsewhere or with the former key, and after the update to landing zone
    4.0 nothing. https://docs.aws.amazon.com/controltower/latest/userguide/config-updates-v4.html
    """
    found = scene(subject)
    if found is None:
        return not_applicable(NO_SCENE)
    if Delivery.CONFIG not in found.delivers:
        return not_applicable(CONFIG_OFF)
    enabled_baselines(found.home, found.zone.home_region)  # a refusal is told of it, with its action
    late, untold = behind(found)
    if late:
        units_first = sorted(late, key=lambda one: one.is_account)
        names = account_names_at_hand(subject)
        return problem(a_few([f"{names.beside(one.name)}: {one.detail}" for one in units_first]), _REREGISTER)
    if untold:
        return unknown(untold, "re-register what was registered before the landing zone's last change")
    return ok("every organizational unit and account is on the landing zone's present configuration")


@takes(facts=(scene, key_uses, key_names))
def key_last_use(subject: Subject) -> Check:
    """Say when the landing zone's keys were used last, by whomever: KMS names no caller.

    So a use is no delivery; but a key that nobody uses encrypts no logs.
    https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyLastUsage.html
    """
    found = scene(subject)
    if found is None:
        return not_applicable(NO_SCENE)
    uses = key_uses(found)
    if not uses:
        return _without_keys(found, key_names(subject))
    untold = [use.unknown for use in uses if use.unknown]
    if untold:
        return unknown("; ".join(untold), allow(key_uses))
    names = key_names(subject)
    used = "; ".join(_use(subject.now, names.beside_id(use.key), use) for use in uses)
    told = f"{used}; KMS names no caller"
    if all(use.at and subject.now - use.at <= HISTORY.late for use in uses):
        return ok(told)
    return warning(told, "see whether trail and delivery channels encrypt with it, and whether they deliver")


def _use(now: datetime, name: str, use: KeyUse) -> str:
    if use.at is None:
        since = f" since KMS began to tell, {ago(now, use.tracked_since)}" if use.tracked_since else ""
        return f"{name} was not used{since}"
    event = f" (CloudTrail event {use.event_id})" if use.event_id else ""
    return f"{name} was used for {use.operation} {ago(now, use.at)}{event}"


@takes(facts=(scene, beside, key_names))
def beside_the_key(subject: Subject) -> Check:
    """Check that nothing beside the key policies lets a service or another account use the keys.

    What the rule says of the policies is as true with it: a warning.
    """
    found = scene(subject)
    if found is None:
        return not_applicable(NO_SCENE)
    if not found.keys:
        return _without_keys(found, key_names(subject))
    others, unread = beside(found)
    names = key_names(subject)
    things = (one.detail.replace(one.subject, names.beside(one.subject)) for one in others)
    told = "; ".join((*unread, *things))
    if unread:
        return unknown(told, allow(beside))
    if others:
        return warning(told, "see whether it is meant (aws kms list-grants, aws kms list-key-policies)")
    return ok("no grant to an AWS service, and no policy of AWS RAM")


def _without_keys(found: Scene, names: Names) -> Check:
    """Why there is no key to look at: the manifest names none, or none that can be read."""
    manifest = found.zone.manifest_keys
    if manifest and manifest.logging:
        return unknown(f"{', '.join(names.each(map(line, manifest.logging)))} could not be read", READ_KEYS)
    return not_applicable("the landing zone's manifest names no key of yours")
