"""The report as values: what each key, each account and Region, and the whole organization come to.

Silence never reads as health: what has no result is UNKNOWN, with a cause, unless our own engine says that
the rule does not judge it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from landing_zone_key.finding import Certainty
from lzkey.state import WORST_FIRST, State, scored_states, told_states

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from lzkey.aws.former_keys import FormerKey
    from lzkey.observed.values import Observed
    from lzkey.waivers.values import Waived


class Cause(StrEnum):
    """Why something is UNKNOWN."""

    ACCOUNT_NOT_ACTIVE = "ACCOUNT_NOT_ACTIVE"
    """Suspended, or being closed: AWS Config delivers nothing from there."""
    NOT_AGGREGATED = "NOT_AGGREGATED"
    """An account of the organization that is no source of the aggregator."""
    SOURCE_FAILED = "SOURCE_FAILED"
    SOURCE_OUTDATED = "SOURCE_OUTDATED"
    """The aggregator shows what it saw some time ago: a failure counts, a COMPLIANT does not."""
    NO_RECORDER = "NO_RECORDER"
    KEYS_NOT_RECORDED = "KEYS_NOT_RECORDED"
    """AWS Config records there, but no KMS keys."""
    RECORDER_FAILING = "RECORDER_FAILING"
    """AWS Config failed to record there the last time: what is COMPLIANT may have changed since."""
    RULE_MISSING = "RULE_MISSING"
    RULE_FAILING = "RULE_FAILING"
    NEVER_EVALUATED = "NEVER_EVALUATED"
    """A key is in the inventory and in the rule's scope, and has no result."""
    RESULT_OUTDATED = "RESULT_OUTDATED"
    """A COMPLIANT result that is older than the rule's schedule allows."""
    NOT_READ = "NOT_READ"
    """AWS refused or failed to tell, to whoever made the report."""
    NOT_UNDERSTOOD = "NOT_UNDERSTOOD"
    """A result that is not this rule's, or of another version of it."""


class Delivery(StrEnum):
    """Whether the landing zone's logs can be delivered today."""

    YES = "yes"
    NO = "no"
    POSSIBLE = "possible"
    """The key may refuse some of them."""
    UNKNOWN = "unknown"
    NONE = "none"
    """Nothing is delivered, whatever the keys allow: the integrations are off."""


class Collected(StrEnum):
    """Where results come from."""

    AGGREGATOR = "aggregator"
    ACCOUNT = "account"
    """One account's own results."""
    ROLES = "roles"
    """Several accounts' own results, each read with a role that was assumed there."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why something is UNKNOWN, and what would settle it."""

    cause: Cause
    detail: str
    fix: str


@dataclass(frozen=True, slots=True)
class Failure:
    """One requirement that a key fails, as far as the annotation tells."""

    requirement: str
    detail: str
    """Empty where the annotation had no room for it."""
    certainty: Certainty = Certainty.POSSIBLE
    """`refused`: it will happen; `possible`: it may, or the annotation does not tell."""
    allows_todays_accounts: bool | None = None
    """Whether all accounts of today are proved to be allowed; null: not known, or none is."""
    refused_account: str | None = None
    """One of today's accounts that the key's policy is proved to refuse, where that makes a difference."""
    runbook: str = ""
    """Where docs/runbook.md tells what to do: the reason, or the requirement where the annotation is full."""
    waiver: Waived | None = None
    """Who has decided that it need not be mended yet; the key fails it all the same."""

    @property
    def is_waived(self) -> bool:
        """Whether a waiver of it is in force."""
        return self.waiver is not None and self.waiver.in_force


@dataclass(frozen=True, slots=True)
class Opened:
    """Since when one of the landing zone's keys has failed a requirement, as far as its history tells."""

    key: str
    """Its ARN."""
    requirement: str
    since: datetime | None = None
    """From when on it is proved to have failed; null: not known."""
    event: str = ""
    """What began it, such as PutKeyPolicy; `recorded` where AWS Config alone shows that something did; a
    sentence where nobody did it; empty where no source tells."""
    principal: str = ""
    """Who did that."""
    behind: str = ""
    """The role that a service such as CloudFormation did it with."""
    event_id: str = ""
    """CloudTrail's id of it."""
    origin: str = ""
    """Where that is known from; empty where nobody did it."""
    unknown: str = ""
    """Why it may have failed before; without `since`, why nothing is known."""


@dataclass(frozen=True, slots=True)
class KeyResult:
    """One key of one account and Region."""

    arn: str
    account: str
    region: str
    state: State
    annotation: str
    """AWS Config's, as it stands; for NOT_APPLICABLE without a result, our own reason."""
    failures: tuple[Failure, ...] = ()
    evaluated_at: datetime | None = None
    doubt: Doubt | None = None
    """Exactly where the state is UNKNOWN."""
    of_landing_zone: bool = False
    """The landing zone's manifest names it; where that cannot be read, the rule parameter KeyScope."""
    outdated: Doubt | None = None
    """Why a NON_COMPLIANT result may be another today: bad news stands, and no good news rests on it."""
    name: str = ""
    """What people call it, its alias or its tag Name, where that is known."""


@dataclass(frozen=True, slots=True)
class RegionResult:
    """One account in one Region."""

    account: str
    region: str
    state: State
    """The worst of its keys and, where a key could be judged there, its doubt."""
    keys: Mapping[State, int]
    rule_name: str | None = None
    source_updated_at: datetime | None = None
    oldest_evaluation: datetime | None = None
    doubt: Doubt | None = None
    excluded: bool = False
    """The organization rule leaves the account out, on purpose."""
    out_of_scope: bool = False
    """KeyScope names keys of other accounts and Regions alone: whatever keys are there, none is judged."""

    @property
    def counts_as_unknown(self) -> bool:
        """Whether it is in doubt, might have keys that are judged, and shows none that is UNKNOWN."""
        silent = self.excluded or self.out_of_scope
        return self.doubt is not None and not silent and not self.keys.get(State.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Account:
    """An account that should be there."""

    account: str
    name: str
    status: str
    """AWS Organizations' word for it, such as ACTIVE."""
    unit: str = ""
    """The organizational unit that it is in, as a path such as `Root/Security`, where that is known."""


@dataclass(frozen=True, slots=True)
class UnitResult:
    """The accounts directly in one organizational unit, and how their keys stand."""

    unit: str
    """As a path such as `Root/Security`; empty: of these accounts no unit is known."""
    accounts: int
    keys: Mapping[State, int]
    """By state: those of all units add up to the report's."""
    places_in_doubt: int
    """Of its accounts' Regions, as the report's own."""
    score: float | None
    """As the report's own."""

    @property
    def rank(self) -> tuple[int, int, str]:
        """Orders the worst first."""
        bad, unknown = (self.keys[state] for state in WORST_FIRST[:2])
        return -bad, -unknown - self.places_in_doubt, self.unit


@dataclass(frozen=True, slots=True)
class Scope:
    """What the report covers."""

    collected: Collected
    account: str
    """Where the report was made."""
    region: str
    home_region: str | None
    management_account: str | None
    organization: str | None
    aggregator: str | None
    regions: tuple[str, ...]
    excluded_accounts: tuple[str, ...] = ()
    other_regions: tuple[str, ...] = ()
    """Regions of the aggregator where no account has the rule, as far as is seen: not in the report."""
    caller: str = ""
    """The ARN of whoever made the report, as STS tells it."""


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """The rule that gave the results."""

    name: str
    parameters: Mapping[str, str]
    function: str | None = None
    code_sha256: str | None = None
    unknown: str = ""
    """Why not all of it is known."""
    hours: int | None = None
    """How often it runs on its schedule; null: on changes alone, or that is not known."""


@dataclass(frozen=True, slots=True)
class LandingZoneFacts:
    """The landing zone, as Control Tower tells."""

    version: str | None
    latest_version: str | None
    status: str | None
    keys: tuple[str, ...]
    """The ARNs of the keys that it encrypts its logs with."""
    unknown: str = ""
    """Why it could not be read; from any account but the management account it cannot."""
    governed_regions: tuple[str, ...] = ()
    """Those that its manifest names."""
    cloudtrail_keys: tuple[str, ...] = ()
    """Those of the keys that CloudTrail encrypts with, where the manifest tells."""
    config_keys: tuple[str, ...] = ()
    """Those of the keys that AWS Config encrypts with, where the manifest tells."""
    disabled: tuple[str, ...] = ()
    """The manifest's blocks of what is not delivered, such as centralizedLogging."""
    former_keys: tuple[FormerKey, ...] = ()
    """Keys that it does not encrypt with, whose policies admit its deliveries: older logs may need them."""
    home_region: str | None = None
    """By its ARN."""


@dataclass(frozen=True, slots=True)
class ServiceProof:
    """Whether what one service delivers is proved to be allowed."""

    service: str
    """CloudTrail or AWS Config."""
    delivery: Delivery
    why: str


@dataclass(frozen=True, slots=True)
class DeliveryAnswer:
    """What is proved: can the landing zone's logs be delivered today?"""

    delivery: Delivery
    why: str
    services: tuple[ServiceProof, ...] = ()
    """The same for each service alone."""
    evidence: tuple[str, ...] = ()
    """The ARNs of the keys whose results it rests on."""
    at: datetime | None = None
    """When the oldest of these results was made."""


@dataclass(frozen=True, slots=True)
class Change:
    """A key whose state is another than in the earlier report; None where it was, or is, not there."""

    arn: str
    before: State | None
    after: State | None


@dataclass(frozen=True, slots=True)
class Point:
    """The score of one report."""

    as_of: datetime
    score: float | None
    """None where nothing was judged, which is no score of 0."""
    counts: Mapping[State, int]


@dataclass(frozen=True, slots=True)
class Trend:
    """What has changed since the latest of the earlier reports."""

    since: datetime
    score_before: float | None
    counts_before: Mapping[State, int]
    changes: tuple[Change, ...]
    """The new failures first."""
    points: tuple[Point, ...] = ()
    """The scores of all earlier reports that were given, by time; `since` is the last of them."""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that is known, and everything that is not."""

    as_of: datetime
    proved: DeliveryAnswer
    scope: Scope
    rule: RuleFacts
    landing_zone: LandingZoneFacts
    accounts: tuple[Account, ...]
    places: tuple[RegionResult, ...]
    """By account, the home Region first."""
    keys: tuple[KeyResult, ...]
    notes: tuple[str, ...] = ()
    """What could not be read on the way, a sentence each."""
    calls: Mapping[str, int] | None = None
    """AWS calls by action."""
    trend: Trend | None = None
    observed: Observed | None = None
    """What AWS tells of deliveries; null: whoever made the report cannot see it."""
    opened: tuple[Opened, ...] | None = None
    """Since when each failure of the landing zone's keys has been; null: nobody has asked, see --history."""
    title: str = ""
    """What whoever made the report calls it; empty: it is called by what it is of."""
    idle_waivers: tuple[str, ...] = ()
    """Why waivers that were given have no effect, a sentence each."""

    @property
    def keys_by_state(self) -> dict[State, int]:
        """How many keys are in each state: together all keys. WAIVED is there where something is waived."""
        found = dict.fromkeys(State, 0)
        for key in self.keys:
            found[key.state] += 1
        return {state: number for state, number in found.items() if number or state is not State.WAIVED}

    @property
    def places_in_doubt(self) -> int:
        """Accounts and Regions that show no UNKNOWN key, and count as UNKNOWN."""
        return sum(place.counts_as_unknown for place in self.places)

    @property
    def counts(self) -> dict[State, int]:
        """What the score is made of: keys by state, and each place in doubt as one more UNKNOWN."""
        found = self.keys_by_state
        found[State.UNKNOWN] += self.places_in_doubt
        return found

    @property
    def keys_without_result(self) -> tuple[str, ...]:
        """The keys that the landing zone names, and of which the report knows nothing else."""
        known = {key.arn for key in self.keys if key.of_landing_zone}
        return tuple(arn for arn in self.landing_zone.keys if arn not in known)

    @property
    def judges_own_alone(self) -> bool:
        """Whether the score is made of keys of the landing zone and of nothing else."""
        judged = [key for key in self.keys if key.state is not State.NOT_APPLICABLE]
        return bool(judged) and not self.places_in_doubt and all(key.of_landing_zone for key in judged)

    @property
    def score(self) -> float | None:
        """COMPLIANT / (COMPLIANT + NON_COMPLIANT + UNKNOWN + WAIVED); None where nothing is judged.

        Doubt counts against compliance, and so does what is waived: both are in the denominator.
        """
        return _score(self.counts)

    @property
    def units(self) -> tuple[UnitResult, ...]:
        """The organizational units, the worst first; none where of no account its unit is known."""
        of = {account.account: account.unit for account in self.accounts}
        if not any(of.values()):
            return ()
        mentioned = {*of, *(place.account for place in self.places), *(key.account for key in self.keys)}
        accounts = Counter(of.get(account, "") for account in mentioned)
        keys = {unit: Counter[State]() for unit in accounts}
        doubts = Counter(of.get(place.account, "") for place in self.places if place.counts_as_unknown)
        for key in self.keys:
            keys[of.get(key.account, "")][key.state] += 1
        states = told_states(self.keys_by_state)  # the same in all of them
        found = (
            UnitResult(
                unit,
                number,
                {state: keys[unit][state] for state in states},
                doubts[unit],
                _score(keys[unit] + Counter({State.UNKNOWN: doubts[unit]})),
            )
            for unit, number in accounts.items()
        )
        return tuple(sorted(found, key=lambda one: one.rank))

    @property
    def account_names(self) -> dict[str, str]:
        """The names of accounts, where AWS Organizations tells them."""
        return {account.account: account.name for account in self.accounts if account.name}

    @property
    def key_names(self) -> dict[str, str]:
        """What keys are called, by their ARNs, where that is known."""
        former = {key.arn: key.name for key in self.landing_zone.former_keys if key.name}
        return former | {key.arn: key.name for key in self.keys if key.name}

    @property
    def line(self) -> tuple[Point, ...]:
        """The scores of several earlier reports, and this one's, by time; none where two are no line."""
        earlier = self.trend.points if self.trend else ()
        return (*earlier, Point(self.as_of, self.score, self.counts)) if len(earlier) > 1 else ()

    @property
    def freshness(self) -> tuple[datetime, datetime] | None:
        """Between when and when accounts last told the aggregator of themselves; None: that is not known."""
        told = [place.source_updated_at for place in self.places if place.source_updated_at]
        return (min(told), max(told)) if told else None

    @property
    def oldest_evaluation(self) -> datetime | None:
        """When the oldest of all results was made."""
        return min((key.evaluated_at for key in self.keys if key.evaluated_at), default=None)


def _score(counts: Mapping[State, int]) -> float | None:
    judged = sum(counts[state] for state in scored_states(counts))
    return counts[State.COMPLIANT] / judged if judged else None
