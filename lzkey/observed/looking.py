"""Ask AWS for what is observed; what is refused or absent is said, and is observed as nothing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from landing_zone_key.manifest import Delivery as Block
from landing_zone_key.requests import trail_arn
from lzkey.aws.baselines import IN_SYNC, enabled_baselines
from lzkey.aws.delivery_channel import delivery_channel_statuses, delivery_channels
from lzkey.aws.fact import takes
from lzkey.aws.key_record import grants, key_usage, policy_names
from lzkey.aws.trail import trail, trail_status
from lzkey.aws.unanswered import UnansweredError
from lzkey.figures import some
from lzkey.observed.timing import DIGEST_FILES, HISTORY, LOG_FILES, SNAPSHOTS, Reading
from lzkey.observed.values import Behind, Beside, KeyUse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from landing_zone_key import KmsKey, LandingZone
    from landing_zone_key.key import KeyArn
    from lzkey.aws.account import Asker
    from lzkey.aws.baselines import EnabledBaseline
    from lzkey.aws.delivery_channel import DeliveryChannel, DeliveryChannelStatus

#: What a trail that was stopped is told as, and a delivery that failed without a code.
STOPPED: Final = "IsLogging: false"
_FAILURE: Final = "Failure"

#: How Control Tower's log buckets begin.
#: https://docs.aws.amazon.com/controltower/latest/userguide/logging-s3-audit-bucket.html
CONTROL_TOWERS: Final = "aws-controltower-"

_GRANTS: Final = "https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateGrant.html"
_RAM: Final = "https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyPolicy.html"
#: Not the default policy: AWS RAM manages it.
_SHARED: Final = "AWS_RAM"


@dataclass(frozen=True, slots=True)
class Scene:
    """The landing zone that is looked at, from its management account."""

    home: Asker
    zone: LandingZone
    """With its manifest, where that could be read."""
    partition: str
    now: datetime
    keys: Mapping[str, KmsKey] = field(default_factory=dict)
    """Its keys as KMS shows them today, by ARN."""

    @property
    def delivers(self) -> frozenset[Block]:
        """What is delivered at all; both where nobody tells."""
        manifest = self.zone.manifest_keys
        return manifest.delivers if manifest else frozenset(Block)

    def keys_of(self, block: Block) -> tuple[str, ...]:
        """The keys that a block of the manifest names, as it names them; none where nobody tells."""
        manifest = self.zone.manifest_keys
        return tuple(key for key, use in manifest.uses if use is block) if manifest else ()

    @property
    def arns(self) -> tuple[KeyArn, ...]:
        """The keys that can be asked for."""
        return tuple(key.arn for key in self.keys.values())


@takes(facts=(trail, trail_status))
def trail_readings(scene: Scene) -> tuple[Reading, ...]:
    """The landing zone's trail: its log files, and its digest files where it writes them."""
    zone, account = scene.zone, scene.zone.management_account_id
    home = zone.home_region
    arn = trail_arn(scene.partition, zone)
    try:
        found = trail(scene.home, arn, home)
        status = trail_status(scene.home, arn, home) if found else None
    except UnansweredError as error:
        return (Reading(LOG_FILES, account, home, unread=str(error)),)
    if found is None or status is None:
        absent = f"there is no trail {zone.trail_name} in {home}"
        return (Reading(LOG_FILES, account, home, unread=absent),)
    both = [(LOG_FILES, status.delivered_at, status.error)]
    if found.validates:
        both.append((DIGEST_FILES, status.digest_at, status.digest_error))
    elsewhere = _another_key(found.key, scene.keys_of(Block.CLOUDTRAIL))
    return tuple(
        Reading(
            kind,
            account,
            home,
            succeeded,
            scene.now,  # a trail's status is that of its last try
            error if status.logging else STOPPED,
            key=found.key,
            bucket=found.bucket,
            elsewhere=elsewhere,
            sender=found.arn,
            stopped=not status.logging,
        )
        for kind, succeeded, error in both
    )


@takes(facts=(delivery_channels, delivery_channel_statuses))
def channel_readings(
    asker: Asker, account: str, regions: Iterable[str], keys: tuple[str, ...]
) -> tuple[Reading, ...]:
    """The delivery channels of an account: configuration history, and snapshots where they are on.

    `keys` are those that the landing zone's manifest names for AWS Config.
    """
    return tuple(reading for region in regions for reading in _of_region(asker, (account, region), keys))


def _of_region(asker: Asker, where: tuple[str, str], keys: tuple[str, ...]) -> Iterator[Reading]:
    region = where[1]
    try:
        channels = {channel.name: channel for channel in delivery_channels(asker, region)}
        statuses = delivery_channel_statuses(asker, region) if channels else ()
    except UnansweredError as error:
        yield Reading(HISTORY, *where, unread=str(error))
        return
    if not channels:
        yield Reading(HISTORY, *where, unread="there is no delivery channel")
    for name in sorted(channels.keys() - {status.name for status in statuses}):
        yield Reading(HISTORY, *where, unread=f"nothing is told of the delivery channel {name}")
    for status in statuses:
        channel = channels.get(status.name)
        for reading in _of_channel(status, where):
            yield replace(
                reading,
                key=channel.key if channel else None,
                bucket=channel.bucket if channel else "",
                elsewhere=_elsewhere(channel, keys),
                sender=status.name,
            )


def _of_channel(status: DeliveryChannelStatus, where: tuple[str, str]) -> Iterator[Reading]:
    for kind, told in ((HISTORY, status.history), (SNAPSHOTS, status.snapshot)):
        failed = told.status == _FAILURE
        if kind is HISTORY or told.succeeded_at or failed:
            yield Reading(
                kind,
                *where,
                told.succeeded_at,
                told.attempted_at if failed else None,
                (told.error_code or _FAILURE) if failed else "",
                told.error_message if failed else "",
            )


def _elsewhere(channel: DeliveryChannel | None, keys: tuple[str, ...]) -> str:
    """Why a channel's deliveries are not the landing zone's; empty where they are."""
    if channel is None:
        return "the delivery channel is not described"
    another = _another_key(channel.key, keys) if channel.key else ""
    if another or channel.key in keys or channel.bucket.startswith(CONTROL_TOWERS):
        return another
    return f"the delivery channel is not Control Tower's: it delivers to {channel.bucket}"


def _another_key(key: str | None, keys: tuple[str, ...]) -> str:
    """That it encrypts with a key that is not the landing zone's; an alias may stand for any."""
    if not keys or key in keys or any(":key/" not in own for own in keys):
        return ""
    used = f"with {key}" if key else "with no KMS key"
    return f"it encrypts {used}, which is not the landing zone's"


@takes(facts=(key_usage,))
def key_uses(scene: Scene) -> tuple[KeyUse, ...]:
    """The last use of each of the landing zone's keys."""
    return tuple(_use(scene.home, arn) for arn in scene.arns)


def _use(home: Asker, arn: KeyArn) -> KeyUse:
    try:
        found = key_usage(home, arn)
    except UnansweredError as error:
        return KeyUse(str(arn), unknown=str(error))
    return KeyUse(str(arn), found.operation, found.at, found.event_id, found.tracked_since, found.created_at)


@takes(facts=(enabled_baselines,))
def behind(scene: Scene) -> tuple[tuple[Behind, ...], str]:
    """Which organizational units and accounts are not on the present configuration, or why nobody knows."""
    try:
        found = enabled_baselines(scene.home, scene.zone.home_region)
    except UnansweredError as error:
        return (), str(error)
    if not found:
        return (), "Control Tower shows no baseline that is enabled anywhere"
    late = tuple(_behind(baseline) for baseline in found if baseline.is_present is False)
    if all(baseline.is_present is None for baseline in found):
        return (), "Control Tower does not tell which are on the present configuration"
    silent = [*dict.fromkeys(_untold(found))]
    if late or not silent:
        return late, ""
    return (), f"Control Tower does not tell it of {some(silent)}"


def _untold(found: tuple[EnabledBaseline, ...]) -> Iterator[str]:
    """Of whom it is not told; an account that is in sync with its organizational unit stands as that does."""
    present = {baseline.arn for baseline in found if baseline.is_present}
    for baseline in found:
        as_its_unit = baseline.inheritance == IN_SYNC and baseline.parent in present
        if baseline.is_present is None and not baseline.is_of_landing_zone and not as_its_unit:
            yield baseline.target_id


def _behind(baseline: EnabledBaseline) -> Behind:
    if baseline.status != "SUCCEEDED":
        detail = f"its baseline is {baseline.status}"
    elif baseline.source == "DRIFTED":
        detail = "it is not on the landing zone's present configuration: re-register it"
    else:
        detail = "it is not as its organizational unit: re-register that"
    return Behind(baseline.target, detail, ":account/" in baseline.target)


@takes(facts=(grants, policy_names))
def beside(scene: Scene) -> tuple[tuple[Beside, ...], tuple[str, ...]]:
    """Grants to services and a second policy of the landing zone's keys; and what could not be read."""
    found: list[Beside] = []
    unread: list[str] = []
    for arn in scene.arns:
        try:
            found += _grants(scene.home, arn)
        except UnansweredError as error:
            unread.append(str(error))
        try:
            if _SHARED in policy_names(scene.home, arn):
                told = f"{arn} has a second policy, {_SHARED}, with which AWS RAM shares it"
                told = f"{told}: the proof does not read it"
                found.append(Beside("key policy", told, source=_RAM, subject=str(arn)))
        except UnansweredError as error:
            unread.append(str(error))
    return tuple(found), tuple(unread)


def _grants(home: Asker, arn: KeyArn) -> Iterator[Beside]:
    for grant in grants(home, arn):
        if grant.service:
            within = f" for {grant.source_arn}" if grant.source_arn else ""
            allowed = ", ".join(grant.operations)
            told = f"grant {grant.id} of {arn} allows {grant.service} {allowed}{within}"
            told = f"{told}: the proof does not read it"
            yield Beside("grant", told, source=_GRANTS, subject=str(arn))
