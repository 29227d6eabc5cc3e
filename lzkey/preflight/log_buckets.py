"""The buckets of the logs: what of them stops an update, or AWS Config, although the key is fit.

The names are those that the trail, and the delivery channel in the bucket's account, deliver to; whose they
are, the manifest tells.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from landing_zone_key.manifest import Delivery
from landing_zone_key.requests import trail_arn
from lzkey.aws.buckets import object_lock, requester_pays
from lzkey.aws.delivery_channel import delivery_channels
from lzkey.aws.fact import takes
from lzkey.aws.trail import trail
from lzkey.aws.unanswered import UnansweredError
from lzkey.preflight.model import SERVICES, Level
from lzkey.preflight.subject import unanswered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey.aws.account import Asker
    from lzkey.preflight.model import Item, Topic
    from lzkey.preflight.subject import Subject

#: What the role in the accounts of the buckets must be allowed.
IN_THEIR_ACCOUNT: Final = (object_lock, requester_pays, delivery_channels)

#: That AWS Config delivers to no bucket that has Object Lock.
_CHANNEL: Final = (
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/"
    "aws-resource-config-deliverychannel.html"
)
_GIVE_ROLE: Final = "give --log-archive-role ROLE, the name of a role that may look at them in their account"
_LOOK_THERE: Final = "look at it in its account"


@dataclass(frozen=True, slots=True)
class _Bucket:
    """A log bucket, and what delivers to it after the change."""

    name: str
    owner: str
    """Its account; empty: nobody tells."""
    uses: tuple[Delivery, ...]


@takes(facts=(trail,))
def log_buckets(subject: Subject, topic: Topic) -> Iterator[Item]:
    """Tell of Requester Pays, which must be off, and of Object Lock, which AWS Config does not support."""
    keys = subject.after.keys
    delivers = frozenset(Delivery) if keys is None else keys.delivers
    if not delivers:
        yield topic.item(Level.OK, "no logs are delivered: both integrations are off in the manifest")
        return
    if subject.role is None:
        yield topic.item(
            Level.NOT_KNOWN, "they are in the log archive account, and not looked at", _GIVE_ROLE
        )
        return
    if subject.before.manifest is None:
        subject.found()  # else it would be the manifest that names no account
    found: list[_Bucket | Item] = []
    if Delivery.CLOUDTRAIL in delivers:
        found.append(_of_cloudtrail(subject, topic))
    if Delivery.CONFIG in delivers and not subject.splits:  # else the update makes another one
        found.append(_of_config(subject, topic))
    buckets: dict[str, _Bucket] = {}
    for each in found:
        if isinstance(each, _Bucket):
            uses = buckets[each.name].uses if each.name in buckets else ()
            buckets[each.name] = replace(each, uses=(*uses, *each.uses))
        else:
            yield each
    for bucket in buckets.values():
        yield from _looked_at(subject, topic, bucket)


def _of_cloudtrail(subject: Subject, topic: Topic) -> _Bucket | Item:
    name = subject.before.zone.trail_name
    found = trail(subject.asker, trail_arn(subject.partition, subject.before.zone), subject.home)
    if found is None or not found.bucket:
        told = f"there is no trail {name} that would tell the bucket of CloudTrail"
        return topic.item(Level.NOT_KNOWN, told, "give --trail-name")
    return _Bucket(found.bucket, _account_of(subject, Delivery.CLOUDTRAIL), (Delivery.CLOUDTRAIL,))


def _of_config(subject: Subject, topic: Topic) -> _Bucket | Item:
    """The bucket of AWS Config, as a delivery channel in its own account tells it."""
    owner = _account_of(subject, Delivery.CONFIG)
    if not owner:
        return topic.item(
            Level.NOT_KNOWN, "the manifest names no account of AWS Config's bucket", _LOOK_THERE
        )
    try:
        channels = delivery_channels(subject.in_account(owner), subject.home)
    except UnansweredError as error:
        return unanswered(topic, error, owner, role=str(subject.role))
    if not channels or not channels[0].bucket:
        told = "it has no delivery channel that would tell AWS Config's bucket"
        return topic.item(Level.NOT_KNOWN, told, _LOOK_THERE, owner)
    return _Bucket(channels[0].bucket, owner, (Delivery.CONFIG,))


def _account_of(subject: Subject, delivery: Delivery) -> str:
    """The account that has the bucket for it by the manifest; empty where that names none."""
    keys = subject.before.keys
    account = (keys.account_of(delivery) if keys else None) or ""
    return account if re.fullmatch(r"[0-9]{12}", account, re.ASCII) else ""


def _looked_at(subject: Subject, topic: Topic, bucket: _Bucket) -> Iterator[Item]:
    if not bucket.owner:
        yield topic.item(Level.NOT_KNOWN, "the manifest does not name its account", _LOOK_THERE, bucket.name)
        return
    try:
        asker = subject.in_account(bucket.owner)
    except UnansweredError as error:
        yield unanswered(topic, error, bucket.name, role=str(subject.role))
        return
    for look in (_payment, _lock):
        try:
            yield look(asker, subject.home, topic, bucket)
        except UnansweredError as error:
            yield unanswered(topic, error, bucket.name, role=str(subject.role))


def _payment(asker: Asker, region: str, topic: Topic, bucket: _Bucket) -> Item:
    services = " and ".join(SERVICES[use] for use in bucket.uses)
    if not requester_pays(asker, bucket.name, bucket.owner, region):
        return topic.item(Level.OK, f"Requester Pays is off, for {services}", "", bucket.name)
    fix = "there: aws s3api put-bucket-request-payment, with Payer=BucketOwner"
    return topic.item(
        Level.BLOCKER, "Requester Pays is on, and must be off before an update", fix, bucket.name
    )


def _lock(asker: Asker, region: str, topic: Topic, bucket: _Bucket) -> Item:
    """What is locked as it is written is what fails; without a default retention nothing is."""
    topic = replace(topic, source=_CHANNEL)
    lock = object_lock(asker, bucket.name, bucket.owner, region)
    if not lock.enabled:
        return topic.item(Level.OK, "Object Lock is off", "", bucket.name)
    told = f"Object Lock is on, {lock.retention or 'without a default retention'}"
    if Delivery.CONFIG not in bucket.uses:
        return topic.item(Level.OK, f"{told}; AWS Config does not deliver here", "", bucket.name)
    told = f"{told}: AWS Config does not support delivery to such a bucket"
    if lock.retention:
        fix = "remove the default retention: Object Lock itself cannot be turned off"
        return topic.item(Level.BLOCKER, told, fix, bucket.name)
    return topic.item(Level.WARNING, told, "see that it delivers, and set no default retention", bucket.name)
