"""Keys that are alike: what is found out about one of them is true of all.

Most keys of an organization have one of a few dozen policies, each with the key's own ARN as Resource. What
such an answer depends on, beside the landing zone and the moment, is all in two things here: the policy's
text with that ARN left open (`policies.left_open`), and `Likeness.of` the key.
"""

from collections.abc import Hashable, Iterator
from dataclasses import fields
from operator import attrgetter
from typing import Final

from landing_zone_key.assessment import why_not_judged
from landing_zone_key.key import KmsKey
from landing_zone_key.policies import Shared
from landing_zone_key.policy.decision import Request, matches_resource
from landing_zone_key.policy.document import Policy, ResourceText
from landing_zone_key.policy.patterns import Pattern
from landing_zone_key.records import dataclass
from landing_zone_key.requests import RESOURCE_TAG
from landing_zone_key.settings import LandingZone

#: All that is known of a key, but for what is looked at by itself.
_FACTS: Final = attrgetter(
    *(each.name for each in fields(KmsKey) if each.name not in ("arn", "policy", "tags"))
)


def is_shown_in(text: str, key: KmsKey) -> bool:
    """Whether a text may name this very key; also where it breaks off within its ARN."""
    arn = str(key.arn)
    return arn[: 1 - len(key.arn.key_id)] in text


@dataclass(frozen=True, slots=True)
class Likeness:
    """What makes keys alike whose policies are the same text once their own ARNs are left open."""

    resources: tuple[tuple[ResourceText, bool], ...]
    """Those that may take in one key and not another, and whether they stand in NotResource."""
    by_tags: bool
    """Whether the policy asks for the key's tags."""

    @classmethod
    def among(cls, key: KmsKey, policy: Policy) -> "Likeness | None":
        """That of all keys with this key's policy; None where its ARN may matter in another way."""
        if Shared.by(key, policy) is None:
            return None
        own = str(key.arn)
        others = tuple(
            (entry, each.resources.negated)
            for each in policy.statements
            for entry in each.resources.texts
            if entry.text not in ("*", own)
        )
        if not all(isinstance(entry.read, Pattern) for entry, _ in others):
            return None
        return cls(others, any(name.startswith(RESOURCE_TAG) for name in _asked(policy)))

    def of(self, key: KmsKey, zone: LandingZone) -> Hashable:
        """All that such keys can differ in: where it is equal, so is every answer."""
        arn = key.arn
        return (
            _FACTS(key),
            (arn.partition, arn.region, arn.account, len(arn.key_id)),
            why_not_judged(key, zone),
            zone.uses_of({str(arn), arn.key_id}),
            tuple(sorted(key.tags.items())) if self.by_tags and key.tags is not None else None,
            tuple(self._taken_in(str(arn))),
        )

    def _taken_in(self, arn: str) -> Iterator[tuple[bool, bool | None]]:
        request = Request("", arn)
        for entry, negated in self.resources:
            matches = isinstance(entry.read, Pattern) and entry.read.matches(arn)
            yield matches, matches_resource(entry, request, negated=negated)


def _asked(policy: Policy) -> Iterator[str]:
    """The condition keys that the policy asks for, also by variables of its conditions."""
    for statement in policy.statements:
        for condition in statement.conditions:
            yield condition.lookup_key
            for template in condition.templates:
                yield from template.keys
