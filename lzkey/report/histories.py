"""Since when the landing zone's keys have failed what they fail: their histories, asked and walked back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from landing_zone_key import Requirement
from landing_zone_key.access import SERVICES
from lzkey.aws.fact import takes
from lzkey.history.asking import history_of
from lzkey.history.model import BY_ITSELF
from lzkey.history.since import finding_since
from lzkey.report.model import Opened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lzkey.aws.account import Progress
    from lzkey.history.model import History
    from lzkey.observed.looking import Scene
    from lzkey.report.facts import World
    from lzkey.report.model import KeyResult

_FAILED: Final = "NON_COMPLIANT"
#: What a history is about: what stops deliveries. The rest of what the rule requires stops none.
_TOLD: Final = frozenset({Requirement.ENABLED, Requirement.SYMMETRIC, *SERVICES})


@takes(facts=(history_of,))
def histories(scene: Scene, world: World, progress: Progress) -> dict[str, History]:
    """The history of each of the landing zone's keys that has failed, by ARN; nobody is asked of others."""
    failed = {
        (seen.account, seen.region, evaluation.key_id)
        for seen in world.seen
        for evaluation in seen.evaluations
        if evaluation.compliance == _FAILED
    }
    wanted = [
        (text, key)
        for text, key in world.own_keys.items()
        if (key.arn.account, key.arn.region, key.arn.key_id) in failed
    ]
    found = {}
    for done, (text, key) in enumerate(wanted, 1):
        found[text] = history_of(scene.home, key, scene.zone, scene.now)
        progress("histories of keys", done, len(wanted))
    return found


def opened(keys: Iterable[KeyResult], world: World) -> tuple[Opened, ...] | None:
    """Since when each failure of the landing zone's keys has been; None where no history was asked for."""
    return None if world.histories is None else tuple(_opened(keys, world, world.histories))


def _opened(keys: Iterable[KeyResult], world: World, found: Mapping[str, History]) -> Iterator[Opened]:
    unread = world.landing_zone.unknown or "KMS did not show the key as it is today"
    for key in keys:
        for failure in key.failures if key.of_landing_zone else ():
            history = found.get(key.arn)
            if history is None:
                yield Opened(key.arn, failure.requirement, unknown=unread)
            else:
                yield _of(history, key.arn, failure.requirement)


def _of(history: History, key: str, requirement: str) -> Opened:
    if requirement not in _TOLD:
        return Opened(key, requirement, unknown=f"a key's history does not tell of {requirement}")
    since = finding_since(history, requirement)
    if since is None:
        return Opened(key, requirement, unknown=_HOLDS)
    act = since.begun_by
    if since.at is not None and since.at >= history.as_of:
        return Opened(key, requirement, unknown=since.unknown or _UNTOLD)
    if act is None:
        return Opened(key, requirement, since.at, unknown=since.unknown or _UNTOLD)
    by_itself = act.name == BY_ITSELF
    return Opened(
        key,
        requirement,
        since.at,
        act.told if by_itself else act.name,
        act.principal,
        act.behind,
        act.event_id,
        "" if by_itself else act.origin.value,
        since.unknown,
    )


#: Where AWS Config's result is of another time than the proof.
_HOLDS: Final = (
    "it holds for the key as KMS shows it now, so that AWS Config's result is older, or of other accounts"
)
_UNTOLD: Final = "no source tells what began it"
