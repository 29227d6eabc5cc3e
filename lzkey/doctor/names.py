"""What people call the landing zone's keys and the organization's accounts, beside their ids.

Nothing is decided by a name: where AWS does not tell any, every line is as it is without.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lzkey.aws.fact import takes
from lzkey.aws.key_name import called, key_name
from lzkey.aws.keys import key_aliases
from lzkey.aws.organization import members
from lzkey.aws.unanswered import UnansweredError
from lzkey.doctor.subject import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lzkey.doctor.subject import Subject


@dataclass(frozen=True, slots=True)
class Names:
    """Names by the ARNs of keys, or by the numbers of accounts."""

    known: Mapping[str, str] = field(default_factory=dict)
    untold: str = ""
    """Why AWS did not tell them; empty: it did, or was not asked."""

    def beside(self, identifier: str) -> str:
        """The ARN or the number, and its name where that is known."""
        return called(identifier, self.known.get(identifier))

    def each(self, identifiers: Iterable[str]) -> list[str]:
        """All of them so."""
        return [*map(self.beside, identifiers)]

    def beside_id(self, arn: str) -> str:
        """The same of a key's id."""
        return called(arn.rpartition("/")[2], self.known.get(arn))


@takes(facts=(key_aliases,))
def key_names(subject: Subject) -> Names:
    """What the keys of the landing zone's home Region are called; asked of its management account."""
    try:
        found = key_aliases(subject.asker, subject.parameters.home_region)
    except UnansweredError as error:
        return Names(untold=f"{error}: aliases are not shown")
    return Names({arn: key_name(aliases) for arn, aliases in found.items()})


@takes(facts=(members,))
def account_names(subject: Subject) -> Names:
    """What the organization's accounts are called; where they may not be listed, other lines say so."""
    try:
        return Names({member.account: member.name for member in members(subject.asker)})
    except UnansweredError as error:
        return Names(untold=str(error))


@takes(facts=(*RULES, account_names))
def account_names_at_hand(subject: Subject) -> Names:
    """The same, where accounts are listed anyway: for an organization's rule, by the account that made it."""
    maker = subject.maker or subject
    try:
        listed = maker.is_organization() and maker.organization_rule() is not None
    except UnansweredError as error:
        return Names(untold=str(error))
    return account_names(maker) if listed else Names()
