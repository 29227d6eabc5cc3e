"""Former keys: what the landing zone encrypted its logs with before, and without which those cannot be read.

No API tells them. They are known by their policies, which still admit the landing zone's deliveries.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from landing_zone_key.access import FAMILIES, SERVICES
from landing_zone_key.assessment import ask
from landing_zone_key.key import KeyArn
from landing_zone_key.policy.proof import Proved, prove
from landing_zone_key.settings import PermissionStandard
from lzkey.aws.account import at_once
from lzkey.aws.fact import takes
from lzkey.aws.keys import NOT_FOUND, key, key_arns, key_policy
from lzkey.aws.standing import Standing, standing_of
from lzkey.aws.unanswered import UnansweredError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from landing_zone_key import KmsKey, LandingZone
    from lzkey.aws.account import Asker

#: Keys at most that are looked at: each takes two calls.
MOST: Final = 500


@dataclass(frozen=True, slots=True)
class FormerKey(Standing):
    """A key that the landing zone does not encrypt with, whose policy is proved to admit its deliveries."""

    services: tuple[str, ...] = ()
    """Those whose every delivery is proved to be allowed: AWS Config, CloudTrail."""
    name: str = field(default="", compare=False)
    """What people call it, where that is known; nothing is decided by it."""


@dataclass(frozen=True, slots=True)
class FormerKeys:
    """The former keys, and what could not be looked at."""

    keys: tuple[FormerKey, ...] = ()
    unread: tuple[str, ...] = ()
    """A sentence for each reason for which keys could not be looked at."""


@takes(facts=(key_arns, key, key_policy))
def former_keys(asker: Asker, zone: LandingZone) -> FormerKeys:
    """The landing zone's former keys, in its home Region; none where its manifest is not known or has no key.

    Asked of the management account, where they all must be. A key that may not be read is a sentence; raises
    UnansweredError where the keys may not be listed.
    """
    manifest = zone.manifest_keys
    if manifest is None or not manifest.logging:
        return FormerKeys()
    listed = map(KeyArn.parse, key_arns(asker, zone.home_region))
    others = [arn for arn in listed if not _is_named(arn, zone)]
    looked = [*at_once(lambda arn: _looked_at(asker, arn, zone), others[:MOST])]
    found = tuple(one for one in looked if isinstance(one, FormerKey))
    refused = (one for one in looked if isinstance(one, UnansweredError))
    return FormerKeys(found, (*_unread(refused), *_left_out(asker, len(others) - MOST)))


def _is_named(arn: KeyArn, zone: LandingZone) -> bool:
    """Whether the manifest names the key, for whatever; an alias in it may stand for any key."""
    manifest, names = zone.manifest_keys, {str(arn), arn.key_id}
    return manifest is None or manifest.may_log_with(names) or bool(names & {*manifest.backup})


def _looked_at(asker: Asker, arn: KeyArn, zone: LandingZone) -> FormerKey | UnansweredError | None:
    """The key as a former one; None where it is none, or gone."""
    try:
        found = key(asker, str(arn), arn.region)
        if found.key_manager == "AWS" or found.key_spec not in (None, "SYMMETRIC_DEFAULT"):
            return None
        return former_key_of(found.with_policy(key_policy(asker, arn)), zone)
    except UnansweredError as error:
        return None if error.code == NOT_FOUND else error


def former_key_of(found: KmsKey, zone: LandingZone) -> FormerKey | None:
    """A key with its policy as a former one; None where the policy is not proved to admit any deliveries."""
    services = admitted(found, zone)
    if not services:
        return None
    stands = standing_of(found)
    return FormerKey(stands.arn, stands.state, stands.deletion_date, stands.valid_to, services)


def admitted(found: KmsKey, zone: LandingZone) -> tuple[str, ...]:
    """The services whose every delivery the key's policy is proved to allow, whatever the key's state is.

    What is documented beyond that is asked of keys in use.
    """
    needed = replace(zone, permission_standard=PermissionStandard.FUNCTIONAL)
    question = ask(found, needed)
    if question.policy is None:
        return ()
    return tuple(
        SERVICES[requirement]
        for requirement, family in FAMILIES.items()
        if isinstance(prove(question.policy, family(found, needed, question.earliest)), Proved)
    )


def _unread(errors: Iterable[UnansweredError]) -> Iterator[str]:
    """A sentence for each action that was not answered, and not for each key."""
    alike: dict[tuple[str, str], list[UnansweredError]] = defaultdict(list)
    for error in errors:
        alike[error.action, error.code].append(error)
    for first, *more in alike.values():
        also = f", as for {len(more)} more" if more else ""
        yield f"{first}{also}: whether older logs need that key is not known"


def _left_out(asker: Asker, number: int) -> Iterator[str]:
    if number > 0:
        yield (
            f"account {asker.account} has more than {MOST} keys: of {number} it is not known whether older "
            "logs need them"
        )
