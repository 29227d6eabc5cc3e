"""What AWS has told, as values: what the report is judged from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from landing_zone_key import KmsKey, LandingZone
    from lzkey.aws.rule import Evaluation
    from lzkey.history.model import History
    from lzkey.observed.values import Observed
    from lzkey.report.model import Account, Doubt, LandingZoneFacts, RuleFacts, Scope

#: How many accounts are asked for their delivery channels, unless somebody wants another number.
SAMPLE: Final = 20

#: An account, and a Region in it.
AccountRegion = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Options:
    """What the report is asked to cover."""

    rule_name: str
    aggregator: str | None = None
    assume_role: str | None = None
    """Read the accounts' own results with this role in each of them."""
    management_role: str | None = None
    """Read the landing zone and the rule with this role in the management account."""
    accounts: tuple[str, ...] = ()
    excluded_accounts: tuple[str, ...] = ()
    observer_role: str | None = None
    """Ask accounts for their delivery channels with this role in each of them."""
    sample: int | None = SAMPLE
    """How many accounts, beside the management account; None: all."""
    events: bool = False
    """Count KMS's events of the landing zone's keys."""
    history: bool = False
    """Ask since when the landing zone's keys fail what they fail."""
    title: str = ""
    """What the report is to be called."""


@dataclass(frozen=True, slots=True)
class RuleInForce:
    """The rule, its parameters as the engine reads them, and how often it runs."""

    facts: RuleFacts
    zone: LandingZone | None = None
    period: timedelta | None = None
    """None: it runs on changes only, or nothing is known of it."""
    excluded_accounts: tuple[str, ...] = ()
    is_absent: bool = False
    """The account that was asked has told its rules, and this is none of them."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One account in one Region: the results, the keys that are there, and what is wrong with seeing them."""

    account: str
    region: str
    evaluations: tuple[Evaluation, ...] = ()
    keys: tuple[KmsKey, ...] = ()
    changed_at: Mapping[str, datetime] = field(default_factory=dict)
    """When keys were last recorded, by their ids, where that is known."""
    trouble: Doubt | None = None
    rule_name: str | None = None
    updated_at: datetime | None = None
    excluded: bool = False
    gap: Doubt | None = None
    """Why there may be keys that nobody sees; what is seen is good all the same."""


@dataclass(frozen=True, slots=True)
class World:
    """Everything that AWS has told."""

    scope: Scope
    rule: RuleInForce
    landing_zone: LandingZoneFacts
    accounts: tuple[Account, ...]
    seen: tuple[Seen, ...]
    partition: str
    active: frozenset[str] = frozenset()
    """The organization's active accounts; none where they may not be listed."""
    own_keys: Mapping[str, KmsKey] = field(default_factory=dict)
    """The landing zone's keys with their policies of today, by ARN, where they can be read."""
    observed: Observed | None = None
    """What AWS tells of deliveries; None: whoever asks cannot see it."""
    histories: Mapping[str, History] | None = None
    """What those of the landing zone's keys that fail were like before, by ARN; None: nobody has asked."""
