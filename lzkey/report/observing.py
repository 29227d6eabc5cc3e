"""What the report observes: trail, delivery channels, the keys' records, and buckets where it may look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from landing_zone_key.manifest import Delivery as Block
from lzkey.aws.account import at_once
from lzkey.aws.fact import takes
from lzkey.aws.standing import standing_of
from lzkey.aws.unanswered import UnansweredError
from lzkey.figures import counted
from lzkey.observed.asking import out_of_service
from lzkey.observed.in_force import in_force
from lzkey.observed.key_events import KeyEvents, key_events
from lzkey.observed.log_buckets import beside_keys, log_buckets, looked_at, with_cause
from lzkey.observed.looking import behind, beside, channel_readings, key_uses, trail_readings
from lzkey.observed.timing import HISTORY, Reading, observation
from lzkey.observed.values import Observed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lzkey.aws.account import Asker, Progress
    from lzkey.observed.log_buckets import LogBucket
    from lzkey.observed.looking import Scene
    from lzkey.observed.values import Beside
    from lzkey.report.facts import Options, World

#: What is asked in the management account alone.
IN_THE_MANAGEMENT_ACCOUNT: Final = (
    trail_readings,
    key_uses,
    in_force,
    behind,
    beside,
    key_events,
    out_of_service,
)
#: What is asked in every account: with the observer's role, where the caller is in another one.
IN_EACH_ACCOUNT: Final = (channel_readings, looked_at)

#: Said where something fails of which a bucket may be the cause.
_NO_ROLE: Final = "the log buckets were not looked at, which takes --observer-role"


@takes(facts=(*IN_THE_MANAGEMENT_ACCOUNT, *IN_EACH_ACCOUNT))
def observed(scene: Scene, asker: Asker, world: World, options: Options, progress: Progress) -> Observed:
    """Look at the deliveries of what is on; the delivery channels in the home account, and where a role is.

    Nothing that is refused ends it: each is an observation that did not come about.
    """
    uses = key_uses(scene)
    since = in_force(scene, uses)
    readings: list[Reading] = []
    if Block.CLOUDTRAIL in scene.delivers:
        readings += trail_readings(scene)
    accounts = _chosen(world, options) if Block.CONFIG in scene.delivers else ()
    channels, closed = _channels(scene, asker, world, options, accounts, progress)
    readings += channels
    late, late_unknown = behind(scene) if Block.CONFIG in scene.delivers else ((), "")
    others, unread = beside(scene)
    buckets, not_looked_at = _buckets(scene, asker, readings, options)
    stopping = beside_keys(buckets, (name for arn in scene.arns for name in (str(arn), arn.key_id)))
    found = KeyEvents()
    if options.events:
        found = key_events(scene, since, _alone(scene, others, unread), settled=not (late or late_unknown))
    observations = (observation(reading, since, scene.now) for reading in readings)
    standings = tuple(map(standing_of, scene.keys.values()))
    return Observed(
        since,
        tuple(with_cause(each, stopping) for each in observations),
        len(accounts) - len(closed),
        len(world.active) or len(world.accounts),
        uses,
        late,
        late_unknown,
        (*others, *stopping),
        found.read,
        found.events,
        found.contradictions,
        (*_closed(closed), *unread, *not_looked_at, *found.unread),
        standings,
        out_of_service(scene, (*standings, *world.landing_zone.former_keys)),
    )


def _alone(scene: Scene, others: Iterable[Beside], unread: Iterable[str]) -> frozenset[str]:
    """The keys that nothing but their policy lets a service use; none where not all of that was told."""
    if any(unread):
        return frozenset()
    return frozenset(map(str, scene.arns)) - {thing.subject for thing in others}


def _buckets(
    scene: Scene, asker: Asker, readings: Iterable[Reading], options: Options
) -> tuple[tuple[LogBucket, ...], tuple[str, ...]]:
    """The log buckets, and what could not be read of them; without a role nobody is asked."""
    if options.observer_role is None:
        failing = any(reading.error for reading in readings)
        return (), (_NO_ROLE,) if failing else ()
    named, unread = log_buckets(scene, readings)
    found: list[LogBucket] = []
    refused: list[str] = []
    for bucket in named:
        try:
            there = _in(scene, asker, bucket.owner, options.observer_role)
        except UnansweredError as error:
            refused.append(f"bucket {bucket.name} was not looked at: {error}")
            continue
        found.append(looked_at(there, bucket, scene.zone.home_region))
    told = (sentence for bucket in found for sentence in bucket.unread)
    return tuple(found), (*unread, *refused, *told)


def _chosen(world: World, options: Options) -> tuple[str, ...]:
    """The accounts to ask: the management account, and with a role a sample of the others, evenly spread."""
    manager = str(world.scope.management_account)
    if options.observer_role is None:
        return (manager,)
    others = sorted(world.active - {manager})
    number = len(others) if options.sample is None else min(options.sample, len(others))
    return (manager, *(others[index * len(others) // number] for index in range(number)))


def _channels(
    scene: Scene,
    asker: Asker,
    world: World,
    options: Options,
    accounts: Iterable[str],
    progress: Progress,
) -> tuple[list[Reading], list[UnansweredError]]:
    """The delivery channels of these accounts; and why some were not asked, an error for each."""
    zone = world.landing_zone
    regions = zone.governed_regions or scene.zone.governed_regions or (scene.zone.home_region,)
    keys = scene.keys_of(Block.CONFIG)

    def look(account: str) -> tuple[tuple[Reading, ...], UnansweredError | None]:
        try:
            there = _in(scene, asker, account, options.observer_role)
        except UnansweredError as error:
            return tuple(Reading(HISTORY, account, region, unread=str(error)) for region in regions), error
        return channel_readings(there, account, regions, keys), None

    wanted = tuple(accounts)
    found: list[Reading] = []
    closed: list[UnansweredError] = []
    for done, (readings, error) in enumerate(at_once(look, wanted), 1):
        found += readings
        closed += [error] if error else []
        progress("delivery channels", done, len(wanted))
    return found, closed


def _closed(errors: list[UnansweredError]) -> Iterator[str]:
    """That accounts were not asked for their delivery channels, and why the first was not."""
    if errors:
        number = counted(len(errors), "account was", "accounts were")
        yield f"{number} not asked for delivery channels: {errors[0]}"


def _in(scene: Scene, asker: Asker, account: str, role: str | None) -> Asker:
    """Who asks in an account: whoever is there already, else the role; raises UnansweredError."""
    for one in (scene.home, asker):
        if one.account == account:
            return one
    return asker.role(f"arn:{scene.partition}:iam::{account}:role/{role}")
