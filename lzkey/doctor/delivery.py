"""Observed, beside what the rule proves: whether the logs that the key is for are delivered.

The rule proves what the key allows. Deliveries also fail for what is not the key: a bucket, its policy, a
trail that somebody has stopped. An error is told as AWS tells it, which need not say its cause.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from landing_zone_key import LandingZone
from landing_zone_key.manifest import Delivery
from landing_zone_key.requests import trail_arn
from lzkey.aws.fact import takes
from lzkey.aws.trail import trail, trail_status
from lzkey.doctor.landing_zone import FIND, found_landing_zone
from lzkey.doctor.subject import ago, not_applicable, ok, problem, unknown

if TYPE_CHECKING:
    from lzkey.aws.landing_zone import LandingZoneDetail
    from lzkey.aws.trail import Trail, TrailStatus
    from lzkey.doctor.subject import Check, Subject

#: CloudTrail delivers about every five minutes where anything happens, and in an organization it does.
#: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
_LATE: Final = timedelta(days=1)

_NOT_THE_KEY: Final = (
    "if the rule says COMPLIANT, it is not the key: look at the bucket of the log archive account, its "
    "policy, Object Lock and Requester Pays"
)


@takes(facts=(*FIND, trail, trail_status))
def organization_trail(subject: Subject) -> Check:
    """Check that the trail that the proof is about is there, uses the key, and has delivered lately."""
    landing_zone = found_landing_zone(subject)
    if landing_zone is None:
        return not_applicable("there is no landing zone whose trail it would be")
    if Delivery.CLOUDTRAIL not in landing_zone.manifest_keys.delivers:
        return not_applicable("CloudTrail delivers no logs: centralizedLogging is disabled in the manifest")
    zone = LandingZone.from_rule_parameters(subject.parameters.rule)
    home = zone.home_region
    arn = trail_arn(subject.partition, zone)
    found = trail(subject.asker, arn, home)
    status = trail_status(subject.asker, arn, home) if found is not None else None
    if found is None or status is None:
        return problem(
            f"there is no trail {zone.trail_name} in {home}: the proof is about its requests",
            "correct TrailName and deploy, or turn the organization's trail on in Control Tower",
        )
    return _of_key(found, landing_zone) or _of_deliveries(subject, zone.trail_name, status)


def _of_key(found: Trail, landing_zone: LandingZoneDetail) -> Check | None:
    """What is wrong with the key that the trail uses; None where it is the landing zone's, or may be."""
    uses = landing_zone.manifest_keys.uses
    keys = [key for key, delivery in uses if delivery is Delivery.CLOUDTRAIL]
    by_alias = any(":key/" not in key for key in keys)
    if not keys or by_alias or found.key in keys:
        return None
    used = f"it encrypts with {found.key}" if found.key else "it encrypts with no KMS key"
    return problem(
        f"{used}, which the landing zone's manifest does not name",
        "update the landing zone in Control Tower, or see who has changed the trail",
    )


def _of_deliveries(subject: Subject, name: str, status: TrailStatus) -> Check:
    last = f"delivered {ago(subject.now, status.delivered_at)}" if status.delivered_at else "never delivered"
    if not status.logging:
        return problem(
            f"{name} is not logging; it {last}" if status.delivered_at else f"{name} is not logging",
            f"start it: aws cloudtrail start-logging --name {name}",
        )
    for error, what in ((status.error, "log files"), (status.digest_error, "digest files")):
        if error:
            return problem(f"{name} failed to deliver its {what}: {error}; last {last}", _NOT_THE_KEY)
    if status.delivered_at is None or subject.now - status.delivered_at > _LATE:
        return unknown(f"{name} is logging, and {last}; no error is told", _NOT_THE_KEY)
    return ok(f"{name} is logging, and {last}")
