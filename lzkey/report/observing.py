"""What the report observes: the trail, the delivery channels that it may ask for, and the keys' records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from landing_zone_key.manifest import Delivery as Block
from lzkey.aws.account import at_once
from lzkey.aws.fact import takes
from lzkey.aws.unanswered import UnansweredError
from lzkey.observed.in_force import in_force
from lzkey.observed.looking import behind, beside, channel_readings, key_uses, trail_readings
from lzkey.observed.timing import HISTORY, Reading, observation
from lzkey.observed.values import Observed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lzkey.aws.account import Asker, Progress
    from lzkey.observed.looking import Scene
    from lzkey.report.facts import Options, World

#: What is asked in the management account alone.
IN_THE_MANAGEMENT_ACCOUNT: Final = (trail_readings, key_uses, in_force, behind, beside)
#: What is asked in every account: with the observer's role, where the caller is in another one.
IN_EACH_ACCOUNT: Final = (channel_readings,)


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
    accounts = _chosen(world, options)
    if Block.CONFIG in scene.delivers:
        readings += _channels(scene, asker, world, options, accounts, progress)
    late, late_unknown = behind(scene) if Block.CONFIG in scene.delivers else ((), "")
    others, unread = beside(scene)
    return Observed(
        since,
        tuple(observation(reading, since, scene.now) for reading in readings),
        len(accounts),
        len(world.active) or len(world.accounts),
        uses,
        late,
        late_unknown,
        others,
        unread=unread,
    )


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
) -> list[Reading]:
    zone = world.landing_zone
    regions = zone.governed_regions or scene.zone.governed_regions or (scene.zone.home_region,)
    keys = scene.keys_of(Block.CONFIG)

    def look(account: str) -> tuple[Reading, ...]:
        try:
            there = _in(scene, asker, account, options.observer_role)
        except UnansweredError as error:
            return tuple(Reading(HISTORY, account, region, unread=str(error)) for region in regions)
        return channel_readings(there, account, regions, keys)

    wanted = tuple(accounts)
    found: list[Reading] = []
    for done, readings in enumerate(at_once(look, wanted), 1):
        found += readings
        progress("delivery channels", done, len(wanted))
    return found


def _in(scene: Scene, asker: Asker, account: str, role: str | None) -> Asker:
    """Who asks in an account: whoever is there already, else the role; raises UnansweredError."""
    for one in (scene.home, asker):
        if one.account == account:
            return one
    return asker.role(f"arn:{scene.partition}:iam::{account}:role/{role}")
