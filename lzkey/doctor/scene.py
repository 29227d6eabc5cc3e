"""Where observing begins: the landing zone's manifest and keys, as its management account sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from landing_zone_key import KeyDataError, LandingZone
from landing_zone_key.key import KeyArn
from lzkey.aws.fact import Fact, takes
from lzkey.aws.keys import key, key_policy
from lzkey.aws.unanswered import UnansweredError
from lzkey.doctor.landing_zone import FIND, found_landing_zone
from lzkey.observed.looking import Scene

if TYPE_CHECKING:
    from typing import Any

    from landing_zone_key import KmsKey
    from lzkey.doctor.subject import Subject

NO_SCENE: Final = "there is no landing zone whose deliveries they would be"
CONFIG_OFF: Final = "AWS Config delivers no logs: config is disabled in the manifest"


@takes(facts=(*FIND, key, key_policy))
def scene(subject: Subject) -> Scene | None:
    """The landing zone of the account, which manages it; None where there is none.

    A key that cannot be read is not in it, and then nobody knows since when it is as it is.
    """
    found = found_landing_zone(subject)
    if found is None:
        return None
    zone = LandingZone.from_rule_parameters(subject.parameters.rule)
    zone = zone.with_manifest(found.manifest, found.version)
    keys: dict[str, KmsKey] = {}
    for name in found.keys:
        try:
            arn = KeyArn.parse(name)
            described = key(subject.asker, name, arn.region)
            keys[name] = described.with_policy(key_policy(subject.asker, arn))
        except (KeyDataError, UnansweredError):  # an alias is no key's ARN, and may be any's
            continue
    return Scene(subject.asker, zone, subject.partition, subject.now, keys)


def allow(fact: Fact[..., Any]) -> str:
    """What to do where AWS does not tell: its sentence names which of the actions it was."""
    actions = " and ".join(sorted(fact.actions))
    return f"allow {actions} (lzkey doctor --print-iam-policy), or try again later"
