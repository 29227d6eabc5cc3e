"""What else a delivery, or the update, depends on, as AWS shows it; looking never changes anything."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from landing_zone_key.key import RESOURCE_TYPE
from landing_zone_key.manifest import Delivery
from lzkey.aws.baselines import enabled_baselines
from lzkey.aws.delivery_channel import delivery_channels
from lzkey.aws.fact import takes
from lzkey.aws.organization import accounts_of_unit, trusted_services
from lzkey.aws.recorder import own_recorder
from lzkey.aws.stack_sets import operations_at_work, own_stack_sets
from lzkey.preflight.log_buckets import log_buckets
from lzkey.preflight.model import Level, Part, Topic
from lzkey.preflight.subject import Look

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lzkey.preflight.model import Item
    from lzkey.preflight.subject import Subject

_GUIDE: Final = "https://docs.aws.amazon.com/controltower/latest/userguide/"
_TOWER: Final = "https://docs.aws.amazon.com/controltower/latest/APIReference/"
_FAILURES: Final = f"{_GUIDE}common-eg-failures.html"
_STACK_SETS: Final = (
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_UpdateStackSet.html"
)

UNIT: Final = Topic(Part.CHANGE, "organization-unit", "Unit to be registered", _FAILURES)

_CONTROL_TOWER: Final = "controltower.amazonaws.com"
#: What the name of the bucket begins with that both logs share before 4.0 (config-updates-v4).
_SHARED_BUCKET: Final = "aws-controltower-logs"
_MOST_NAMED: Final = 3


@takes(facts=(own_recorder,))
def _recorder(subject: Subject, topic: Topic) -> Iterator[Item]:
    """Tell of a recorder of the management account: Control Tower makes none there, and needs none."""
    found = own_recorder(subject.asker)
    if found is not None and found.fault is None:
        yield topic.item(Level.OK, f"{found.name} is on and records {RESOURCE_TYPE}")
        return
    told = f"{found.name} does not ({found.fault.value})" if found and found.fault else "there is none"
    yield topic.item(
        Level.WARNING,
        f"{told}: no change to the key is recorded; the update does not need it",
        "deploy deploy/recorder.yaml, or see lzkey doctor, if the rule is to hear of changes",
    )


@takes(facts=(delivery_channels,))
def _channel(subject: Subject, topic: Topic) -> Iterator[Item]:
    """Tell of the management account's own delivery channel, which no update redirects."""
    channels = delivery_channels(subject.asker, subject.home)
    if not channels:
        yield topic.item(Level.OK, "there is none that would have to follow")
    former, new = (each.key_of(Delivery.CONFIG) for each in (subject.before, subject.after))
    for channel in channels:
        if subject.splits and channel.bucket.startswith(_SHARED_BUCKET):
            yield topic.item(
                Level.WARNING,
                f"it delivers to {channel.bucket}, whose policy admits AWS Config no more after the update",
                "after the update give it another bucket: aws configservice put-delivery-channel",
                channel.name,
            )
        elif channel.key and channel.key == former != new:
            yield topic.item(
                Level.WARNING,
                f"it encrypts with the former key, {channel.key}, which the update does not change",
                "give it the new key: aws configservice put-delivery-channel",
                channel.name,
            )
        else:
            yield topic.item(Level.OK, f"it delivers to {channel.bucket or 'no bucket'}", "", channel.name)


@takes(facts=(trusted_services,))
def _trusted_access(subject: Subject, topic: Topic) -> Iterator[Item]:
    """Tell whether Control Tower hears of changes in the organization."""
    if _CONTROL_TOWER in trusted_services(subject.asker):
        yield topic.item(Level.OK, f"the organization trusts {_CONTROL_TOWER}")
    else:
        yield topic.item(
            Level.WARNING,
            f"the organization does not trust {_CONTROL_TOWER}, which is drift of the landing zone",
            "reset the landing zone in Control Tower, and register each OU again",
        )


@takes(facts=(own_stack_sets, operations_at_work))
def _stack_sets(subject: Subject, topic: Topic) -> Iterator[Item]:
    """Tell of a stack set that is at work: it takes one operation at a time."""
    names, busy = own_stack_sets(subject.asker, subject.home), False
    for name in names:
        for operation in operations_at_work(subject.asker, name, subject.home)[:1]:
            busy = True
            told = f"an operation is at work ({operation}), and there can be no other beside it"
            yield topic.item(Level.BLOCKER, told, "wait until it has ended", name)
    if not busy:
        yield topic.item(Level.OK, f"none of those that there are ({len(names)}) is at work")


@takes()
def _status(subject: Subject, topic: Topic) -> Iterator[Item]:
    """Tell of an operation at work, or of one that has failed."""
    status = subject.found().status
    match status:
        case "ACTIVE":
            yield topic.item(Level.OK, "ACTIVE")
        case "PROCESSING":
            yield topic.item(
                Level.BLOCKER,
                "PROCESSING: an operation is at work, and what is read may be changing",
                "wait until it has ended, and look again",
            )
        case "FAILED":
            enrols = bool(subject.change.accounts or subject.change.unit)
            nothing = ", and nothing can be registered or enrolled" if enrols else ""
            yield replace(topic, source=_FAILURES).item(
                Level.BLOCKER if enrols else Level.WARNING,
                f"FAILED: the manifest may not be what is in force{nothing}",
                "see why in Control Tower's console; reset or update the landing zone",
            )
        case _:
            told = f"Control Tower tells {status or 'none'}"
            yield topic.item(Level.NOT_KNOWN, told, "look in its console")


@takes()
def _drift(subject: Subject, topic: Topic) -> Iterator[Item]:
    """Tell of drift of the landing zone itself, which an update repairs."""
    drift = subject.found().drift
    match drift:
        case "IN_SYNC":
            yield topic.item(Level.OK, "IN_SYNC")
        case "DRIFTED":
            yield topic.item(
                Level.WARNING,
                "DRIFTED: what Control Tower has made was changed, and an update puts it back",
                "see in its console what was changed, before it is put back",
            )
        case _:
            yield topic.item(Level.NOT_KNOWN, f"Control Tower tells {drift or 'none'}", "look in its console")


@takes(facts=(enabled_baselines,))
def _baselines(subject: Subject, topic: Topic) -> Iterator[Item]:
    """Tell of OUs and accounts that are behind the landing zone's configuration, before any change."""
    found = enabled_baselines(subject.asker, subject.home)
    baselines = [each for each in found if each.is_present is not None or not each.is_of_landing_zone]
    behind, silent = (
        tuple(dict.fromkeys(each.target_id for each in baselines if each.is_present is wanted))
        for wanted in (False, None)
    )
    if behind:
        yield topic.item(
            Level.WARNING,
            f"not on the landing zone's present configuration: {_named(behind)}; AWS Config may deliver "
            "there with a former key, or to a former bucket",
            "register the OUs again, or reset their baselines, before another change",
        )
    if silent:
        told = f"Control Tower does not tell of {_named(silent)}"
        yield topic.item(Level.NOT_KNOWN, told, "look at their baselines in its console")
    if not baselines:
        yield topic.item(Level.OK, "Control Tower lists no baseline of any: none is registered")
    elif not behind and not silent:
        there = len({each.target for each in baselines})
        yield topic.item(Level.OK, f"all are on the landing zone's present configuration ({there})")


def _named(targets: Sequence[str]) -> str:
    """How many, and the first of them: `5 (ou-ab12-1, ou-ab12-2, 111122224444, …)`."""
    more = ", …" if len(targets) > _MOST_NAMED else ""
    return f"{len(targets)} ({', '.join(targets[:_MOST_NAMED])}{more})"


@takes(facts=(accounts_of_unit,))
def _unit(subject: Subject, topic: Topic) -> Iterator[Item]:
    """Tell of the unit's accounts, all of which are enrolled; one that is suspended cannot be."""
    unit = subject.change.unit
    if unit is None:
        return
    accounts = accounts_of_unit(subject.asker, unit)
    if accounts is None:
        yield topic.item(Level.BLOCKER, "there is no such unit", "give the id of one that is there", unit)
        return
    suspended = tuple(each.account for each in accounts if not each.is_active)
    if suspended:
        told = f"suspended, and not to be enrolled: {_named(suspended)}"
        yield topic.item(Level.BLOCKER, told, "move them out of the unit", unit)
    else:
        yield topic.item(Level.OK, f"none of its accounts ({len(accounts)}) is suspended", "", unit)


def _beside(name: str, what: str, source: str) -> Topic:
    return Topic(Part.BESIDE, name, what, source)


#: In the order in which they are told.
LOOKS: Final = (
    Look(_beside("log-buckets", "Log buckets", f"{_GUIDE}configuration-updates.html"), log_buckets),
    Look(
        _beside("recorder", "Recorder of the management account", f"{_GUIDE}getting-started-prereqs.html"),
        _recorder,
    ),
    Look(
        _beside(
            "delivery-channel",
            "Delivery channel of the management account",
            f"{_GUIDE}config-updates-v4.html",
        ),
        _channel,
    ),
    Look(_beside("trusted-access", "Trusted access", f"{_GUIDE}governance-drift.html"), _trusted_access),
    Look(_beside("stack-sets", "Control Tower's stack sets", _STACK_SETS), _stack_sets),
    Look(_beside("status", "Status of the landing zone", f"{_TOWER}API_UpdateLandingZone.html"), _status),
    Look(_beside("drift", "Drift of the landing zone", f"{_GUIDE}governance-drift.html"), _drift),
    Look(_beside("baselines", "OUs and accounts", f"{_TOWER}API_EnabledBaselineDriftTypes.html"), _baselines),
    Look(UNIT, _unit),
)
