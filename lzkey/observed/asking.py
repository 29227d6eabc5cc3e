"""Ask AWS what depends on one key, and since when keys have been out of service."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Final, TypeAlias

from landing_zone_key.key import KeyArn
from landing_zone_key.manifest import Delivery as Block
from lzkey.aws.account import Asker, Manner
from lzkey.aws.events import HISTORY, is_of
from lzkey.aws.fact import takes
from lzkey.aws.landing_zone import landing_zone_arn, landing_zone_detail
from lzkey.aws.standing import ENABLED, UNTOLD, standing_of
from lzkey.aws.unanswered import UnansweredError
from lzkey.observed.blast import FACTS, blast_radius, survey
from lzkey.observed.in_force import INTO, changes, in_force
from lzkey.observed.looking import Scene, channel_readings, key_uses, trail_readings
from lzkey.observed.timing import LOG_FILES, Reading, observation
from lzkey.observed.values import BLOCKS, InForce, Observed, OutOfService

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    import boto3

    from landing_zone_key import KmsKey, LandingZone
    from lzkey.aws.events import Event
    from lzkey.aws.standing import Standing
    from lzkey.observed.blast import BlastRadius

#: Errors stand in files that others read.
MANNER: Final = Manner(quoting=False)

#: What takes a key out of service, and what puts it back; imported key material has events of its own.
_IMPORTED: Final = (INTO["PendingImport"], "ImportKeyMaterial")
_USUAL: Final = ((*INTO["PendingDeletion"], *INTO["Disabled"]), "EnableKey")
_WAYS: Final = {
    "PendingImport": _IMPORTED,
    "Disabled": _USUAL,
    "PendingDeletion": _USUAL,
    "PendingReplicaDeletion": _USUAL,
}

#: The events of a Region by name.
_Events: TypeAlias = Callable[[str, str], tuple["Event", ...]]


@takes(facts=(changes,))
def out_of_service(scene: Scene, standings: Iterable[Standing]) -> tuple[OutOfService, ...]:
    """Since when each key that is not Enabled has not been; of those that are, nothing is asked."""
    events = cache(lambda region, name: tuple(changes(scene, region, name)))
    return tuple(_out(scene, one, events) for one in standings if one.state not in (ENABLED, UNTOLD))


def _out(scene: Scene, standing: Standing, events: _Events) -> OutOfService:
    """The first change after which nothing has put it back, of a history that need not show its beginning."""
    key = KeyArn.parse(standing.arn)
    if standing.state not in _WAYS:
        return OutOfService(standing.arn, unknown=f"no event makes a key {standing.state}")
    if key.account != scene.home.account:
        return OutOfService(standing.arn, unknown=f"account {key.account} alone has its events")
    ways, back = _WAYS[standing.state]
    try:
        left = [event for name in ways for event in events(key.region, name) if is_of(event, key)]
        returned = [event.at for event in events(key.region, back) if is_of(event, key)]
    except UnansweredError as error:
        return OutOfService(standing.arn, unknown=str(error))
    since = [event for event in left if not returned or event.at > max(returned)]
    if not since:
        missing = f"the event history of {HISTORY.days} days has no {' or '.join(ways)} of it"
        return OutOfService(standing.arn, unknown=missing)
    first = min(since, key=lambda event: event.at)
    return OutOfService(standing.arn, first.at, first.name)


def blast_radius_in(session: boto3.Session, key: KmsKey, zone: LandingZone, now: datetime) -> BlastRadius:
    """What depends on a key, as far as the credentials' account tells; raises CredentialsError."""
    asker, caller = Asker.of(session, MANNER)
    return dependents(asker, caller.partition, key, zone, now)


@takes(facts=FACTS)
def dependents(asker: Asker, partition: str, key: KmsKey, zone: LandingZone, now: datetime) -> BlastRadius:
    """What depends on a key: of the landing zone's trail, and of the account's own delivery channels.

    They are asked for whether the landing zone's integrations are on or off. Nothing that is refused ends it.
    The trail is the management account's, and nobody else is told of it.
    """
    told, regions, unknown = _with_manifest(asker, zone)
    scene = Scene(asker, told, partition, now, {str(key.arn): key})
    channels = channel_readings(asker, asker.account, regions, scene.keys_of(Block.CONFIG))
    readings = (*_of_trail(scene), *channels)
    since = _since(scene, readings)
    standing = standing_of(key)
    found = Observed(
        since,
        tuple(observation(reading, since, now) for reading in readings),
        accounts_asked=1,
        out_of_service=out_of_service(scene, [standing]),
    )
    services, purpose = _services(key, told)
    return blast_radius(standing, survey(found), now, services, purpose=unknown or purpose)


def _since(scene: Scene, readings: Iterable[Reading]) -> InForce:
    """Since when policy and state are as they are; it is asked for where something fails."""
    if any(reading.error for reading in readings):
        return in_force(scene, key_uses(scene))
    return InForce(unknown="nothing fails, so nobody has asked")


def _of_trail(scene: Scene) -> tuple[Reading, ...]:
    manager, home = scene.zone.management_account_id, scene.zone.home_region
    if scene.home.account == manager:
        return trail_readings(scene)
    alone = f"the management account, {manager}, alone sees the trail"
    return (Reading(LOG_FILES, manager, home, unread=alone),)


def _services(key: KmsKey, zone: LandingZone) -> tuple[tuple[str, ...], str]:
    """Whose logs the manifest names the key for; for none, whether it may be named all the same."""
    uses = zone.manifest_keys.uses if zone.manifest_keys else ()
    blocks = {block for name, block in uses if name in (str(key.arn), key.arn.key_id)}
    services = tuple(service for service, block in BLOCKS.items() if block in blocks)
    if services:
        return services, ""
    if any("alias/" in name for name, _ in uses):
        return (), "the landing zone's manifest names an alias, which may be this key's"
    return (), "the landing zone's manifest does not name it"


def _with_manifest(asker: Asker, zone: LandingZone) -> tuple[LandingZone, tuple[str, ...], str]:
    """The landing zone with its manifest, its Regions, and why the manifest is not known."""
    regions = zone.governed_regions or (zone.home_region,)
    if zone.manifest_keys is not None:
        return zone, regions, ""
    unknown = "whether the landing zone's manifest names it is not known"
    manager = zone.management_account_id
    if asker.account != manager:
        return zone, regions, f"{unknown}: the management account, {manager}, alone sees it"
    try:
        arn = landing_zone_arn(asker, zone.home_region)
        found = landing_zone_detail(asker, arn) if arn else None
    except UnansweredError as error:
        return zone, regions, f"{unknown}: {error}"
    if found is None or found.manifest is None:
        return zone, regions, f"{unknown}: Control Tower does not show it"
    return zone.with_manifest(found.manifest, found.version), found.governed_regions or regions, ""
