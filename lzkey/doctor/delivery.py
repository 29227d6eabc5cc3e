"""Observed, beside what the rule proves: whether the logs that the key is for are delivered.

The rule proves what the key allows. Deliveries also fail for what is not the key: a bucket, its policy, a
trail that somebody has stopped. What is read, what its errors mean and what time decides are
lzkey.observed's, which the report asks likewise. An error is told as AWS tells it, and its cause only where a
page of AWS names it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from landing_zone_key.manifest import Delivery
from landing_zone_key.requests import trail_arn
from lzkey.aws.delivery_channel import delivery_channel_statuses, delivery_channels
from lzkey.aws.fact import takes
from lzkey.aws.trail import trail, trail_status
from lzkey.doctor.names import Names, key_names
from lzkey.doctor.scene import CONFIG_OFF, NO_SCENE, scene
from lzkey.doctor.subject import ago, not_applicable, ok, problem, unknown, warning
from lzkey.observed.causes import CAUSES
from lzkey.observed.in_force import in_force
from lzkey.observed.looking import STOPPED, channel_readings, key_uses, trail_readings
from lzkey.observed.timing import HISTORY, observation
from lzkey.observed.values import InForce, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from lzkey.doctor.subject import Check, Subject
    from lzkey.observed.looking import Scene
    from lzkey.observed.timing import Reading
    from lzkey.observed.values import Observation

_NOT_THE_KEY: Final = (
    "if the rule says COMPLIANT, it is not the key: look at the bucket of the log archive account, its "
    "policy, Object Lock and Requester Pays"
)


@dataclass(frozen=True, slots=True)
class _Seen:
    """One kind of deliveries as it was read, and what that is worth."""

    reading: Reading
    observed: Observation
    since: InForce
    now: datetime

    @property
    def last(self) -> str:
        """When it was delivered last."""
        at = self.reading.succeeded_at
        return f"delivered {ago(self.now, at)}" if at else "never delivered"

    @property
    def failure(self) -> str:
        """The error as it was read, with its cause where a page of AWS names it."""
        message = f" ({self.reading.message})" if self.reading.message else ""
        return f"{self.reading.error}{message}: {self.observed.cause or 'its cause is not known'}"

    def failed(self, told: str, *, certainly: bool = False) -> Check:
        """That it failed; where that may have been before the last change, nobody knows how it is now."""
        if certainly or self.observed.outcome is Outcome.FAILING:
            known = CAUSES.get(self.reading.error)
            return problem(told, f"{known.fix}; {_NOT_THE_KEY}" if known else _NOT_THE_KEY)
        return self.unsettled(told)

    def unsettled(self, told: str) -> Check:
        """That what was read does not count, why, and what would tell more."""
        at, change = self.observed.at, self.since.since
        fix = _NOT_THE_KEY
        if change is None:
            fix = "allow what it names (lzkey doctor --print-iam-policy), or give --management-profile"
        elif at and at < change + self.reading.kind.interval:
            fix = "look again after the next delivery"
        return unknown(f"{told}; {self.observed.detail}", fix)


@takes(facts=(scene, in_force, key_uses, trail_readings))
def organization_trail(subject: Subject) -> Check:
    """Check that the trail that the proof is about is there, uses the key, and has delivered lately."""
    found = scene(subject)
    if found is None:
        return not_applicable(NO_SCENE)
    if Delivery.CLOUDTRAIL not in found.delivers:
        return not_applicable("CloudTrail delivers no logs: centralizedLogging is disabled in the manifest")
    zone = found.zone
    its = (found.home, trail_arn(found.partition, zone), zone.home_region)
    if trail(*its) is None or trail_status(*its) is None:  # what is refused is told with its action
        return problem(
            f"there is no trail {zone.trail_name} in {zone.home_region}: the proof is about its requests",
            "correct TrailName and deploy, or turn the organization's trail on in Control Tower",
        )
    readings = trail_readings(found)
    if readings[0].elsewhere:
        fix = "update the landing zone in Control Tower, or see who has changed the trail"
        return problem(readings[0].elsewhere, fix)
    return _of_trail(zone.trail_name, *_seen(readings, _since(found, subject), subject.now))


def _of_trail(name: str, logs: _Seen, *digests: _Seen) -> Check:
    if logs.reading.error == STOPPED:
        return problem(
            f"{name} is not logging; it {logs.last}", f"start it: aws cloudtrail start-logging --name {name}"
        )
    for seen in (logs, *digests):
        if seen.reading.error:
            what = seen.reading.kind.what
            return seen.failed(f"{name} failed to deliver its {what}: {seen.failure}; last {logs.last}")
    told = f"{name} is logging, and {logs.last}"
    return ok(told) if logs.observed.outcome is Outcome.DELIVERING else logs.unsettled(told)


@takes(facts=(scene, in_force, key_uses, channel_readings, key_names))
def delivery_channel(subject: Subject) -> Check:
    """Check that AWS Config of this account and Region delivers, and with the landing zone's key."""
    if subject.excluded:
        return not_applicable("this account is excluded")
    management = subject if subject.manages else subject.management
    found = scene(management) if management else None
    if management is not None and found is None:
        return not_applicable(NO_SCENE)
    if found is not None and Delivery.CONFIG not in found.delivers:
        return not_applicable(CONFIG_OFF)
    if not delivery_channels(subject.asker, subject.region):
        return _without_channel(subject)
    if not delivery_channel_statuses(subject.asker, subject.region):
        return unknown("AWS Config does not tell what became of its deliveries", "try again later")
    keys = found.keys_of(Delivery.CONFIG) if found else ()
    readings = channel_readings(subject.asker, subject.account, (subject.region,), keys)
    names = key_names(management) if management and keys else Names()
    return _of_channel(subject, _seen(readings, _since(found, subject), subject.now), names)


def _of_channel(subject: Subject, all_kinds: tuple[_Seen, ...], names: Names) -> Check:
    """How a channel's files fare: what goes elsewhere, and in time, is well, and tells nothing of the key."""
    for seen in all_kinds:
        if seen.reading.error:
            told = f"{seen.reading.kind.what} failed with {seen.failure}; last {seen.last}"
            return seen.failed(told, certainly=bool(seen.reading.elsewhere))
    history = all_kinds[0]
    reading, told = history.reading, f"{history.reading.kind.what} {history.last}"
    if history.observed.outcome is Outcome.DELIVERING:
        key = f" with {names.beside(reading.key)}" if reading.key else ""
        return ok(f"{told} to {reading.bucket}{key}")
    at = reading.succeeded_at
    if not reading.elsewhere or at is None or subject.now - at > HISTORY.late:
        return history.unsettled(told)
    elsewhere = f"{told}; {reading.elsewhere}, so that it tells nothing of the landing zone's key"
    if subject.manages:  # its recorder may be one's own, as that of deploy/recorder.yaml
        return ok(elsewhere)
    return warning(elsewhere, "re-register the account's organizational unit in Control Tower")


def _without_channel(subject: Subject) -> Check:
    if subject.manages:  # whether there must be one, the line of the recorder says
        return not_applicable("there is none: Control Tower makes none in the management account")
    return problem(
        f"there is none in {subject.region}: AWS Config delivers nothing from account {subject.account}",
        "enroll the account in Control Tower, or re-register its organizational unit",
    )


def _seen(readings: Iterable[Reading], since: InForce, now: datetime) -> tuple[_Seen, ...]:
    """What each reading is worth."""
    return tuple(_Seen(each, observation(each, since, now), since, now) for each in readings)


def _since(found: Scene | None, subject: Subject) -> InForce:
    """Since when keys and manifest are as they are, as far as whoever looks can know."""
    if found is not None:
        return in_force(found, key_uses(found))
    manager = subject.parameters.management_account
    return InForce(unknown=f"the management account, {manager}, alone sees that")
