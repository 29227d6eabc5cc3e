"""The policies of many keys: those that differ in nothing but the keys' own ARNs are read once."""

from collections import OrderedDict
from typing import Final, TypeVar

from landing_zone_key.assessment import policy_of
from landing_zone_key.key import KmsKey
from landing_zone_key.policy.document import Policy, Resources, ResourceText, Statement, resource_text
from landing_zone_key.policy.strict_json import MAXIMUM_CHARACTERS
from landing_zone_key.records import dataclass

#: Stands for a key's own ARN in the text of its policy; no JSON has this character.
_OWN: Final = "\0"
#: Policies that are remembered, and of each so many sorts of keys: an organization has a few dozen.
MOST: Final = 256

_Name = TypeVar("_Name")
_Kept = TypeVar("_Kept")


def left_open(key: KmsKey) -> str | None:
    """The text of the key's policy with its own ARN left open; None where the text tells too little.

    That is so of a text that may be too long for a policy with this ARN alone, and of one that may hold an
    ARN in other characters: with escapes of JSON.
    """
    text = key.policy_text
    if not text or len(text) > MAXIMUM_CHARACTERS or _OWN in text or not key.arn.is_one:
        return None
    if "\\" in text and ("\\u" in text or "\\/" in text):  # one is sought faster
        return None
    return text.replace(str(key.arn), _OWN)


@dataclass(frozen=True, slots=True)
class Shared:
    """A policy as one of the keys has it, and what differs in those of the others."""

    policy: Policy
    own: str
    """The ARN of that key, which stands in the policy as a whole Resource, and nowhere else."""

    @classmethod
    def by(cls, key: KmsKey, policy: Policy) -> "Shared | None":
        """What the key shares with others; None where its ARN stands in its policy in another way."""
        own = str(key.arn)
        whole = sum(entry.text == own for each in policy.statements for entry in each.resources.texts)
        return cls(policy, own) if key.policy_text.count(own) == whole else None

    def of(self, key: KmsKey) -> Policy:
        """The policy of another key with the same text, its own ARN left open."""
        entry = resource_text(str(key.arn), variables=False)
        return Policy(tuple([self._with(entry, each) for each in self.policy.statements]))

    def _with(self, entry: ResourceText, statement: Statement) -> Statement:
        resources = statement.resources
        if self.own not in [text.text for text in resources.texts]:
            return statement
        texts = tuple([entry if text.text == self.own else text for text in resources.texts])
        return statement.with_resources(Resources(resources.negated, texts))


class Remembered(OrderedDict[_Name, _Kept]):
    """The latest `MOST` of what was put in."""

    def __setitem__(self, name: _Name, kept: _Kept) -> None:
        """Put one in; forget what was put in first where that is too much."""
        super().__setitem__(name, kept)
        if len(self) > MOST:
            self.popitem(last=False)


class Policies:
    """Reads the policies of keys as `Policy.parse` does; what it remembers is bounded, and ends with it."""

    def __init__(self) -> None:
        self._shared: Remembered[str, Shared] = Remembered()

    def of(self, key: KmsKey) -> Policy:
        """The policy of a key that has one; raises `PolicyError`."""
        text = left_open(key)
        shared = self._shared.get(text) if text is not None else None
        if shared is not None:
            return shared.of(key)
        policy = policy_of(key)
        shared = Shared.by(key, policy)
        if text is not None and shared is not None:
            self._shared[text] = shared
        return policy
