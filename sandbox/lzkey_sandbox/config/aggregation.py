"""What AWS Config holds in accounts, and which of them an aggregator shows, and how fresh.

Whatever accounts there are, aggregators read a `Population`: of the accounts that the sandbox really has, or
of computed ones.

Sources: https://docs.aws.amazon.com/config/latest/developerguide/aggregate-data.html and
https://docs.aws.amazon.com/config/latest/APIReference/API_AggregatedSourceStatus.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from moto.config.models import config_backends

from lzkey_sandbox.errors import ServiceError
from lzkey_sandbox.moto import motostate
from lzkey_sandbox.moto.motoorganizations import CONFIG, administers, organization_of, status_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from lzkey import Untyped
    from lzkey_sandbox.config.configuration_item import ConfigurationItem
    from lzkey_sandbox.config.ledger import Ledger, Result
    from lzkey_sandbox.config.recorder import Recorder

FRESH: Final = "SUCCEEDED"


@dataclass(frozen=True, slots=True)
class Holdings:
    """What AWS Config holds in one account and Region."""

    results: Mapping[str, Sequence[Result]] = field(default_factory=dict)
    """By the rule's name; a rule that has no result yet is there with none."""
    items: Sequence[ConfigurationItem] = ()
    """The newest item of every resource that is not deleted."""
    recorders: Sequence[Mapping[str, Any]] = ()
    """As DescribeConfigurationRecorders shows them, and whether each is `recording`."""


NOTHING: Final = Holdings()


class Population(Protocol):
    """Accounts, and what AWS Config holds in each: the one thing that aggregators read."""

    def regions(self, account: str) -> Sequence[str]:
        """The Regions in which the account has a recorder, on or off."""

    def holdings(self, account: str, region: str) -> Holdings:
        """What AWS Config holds there now."""


class LivePopulation:
    """The accounts that the sandbox really has."""

    def __init__(self, ledger: Ledger, recorder: Recorder) -> None:
        self._ledger = ledger
        self._recorder = recorder

    def regions(self, account: str) -> Sequence[str]:
        """The Regions in which the account has a recorder, on or off."""
        return [
            region for region in sorted(config_backends[account]) if motostate.has_recorder(account, region)
        ]

    def holdings(self, account: str, region: str) -> Holdings:
        """Read the ledger, the recorded items and the recorders."""
        rules = motostate.config_rules(account, region)
        items = self._recorder.discovered(account, region)
        return Holdings(
            {rule["ConfigRuleName"]: self._ledger.results(rule["ConfigRuleId"]) for rule in rules},
            [item for item in items if item.configuration is not None],
            motostate.recorders(account, region),
        )


@dataclass(frozen=True, slots=True)
class Told:
    """What a test said of a source, and what aggregators had of it then, and keep unless it is fresh."""

    status: str
    updated: datetime | None
    holdings: Holdings


class Aggregation:
    """The sources of aggregators; what a test says of one stands, else it follows from its recorder."""

    def __init__(self, population: Population) -> None:
        self._live = population
        self._others: dict[str, Population] = {}
        self._told: dict[tuple[str, str], Told] = {}

    def add(self, accounts: tuple[str, ...], population: Population) -> None:
        """Read some accounts from another population than the sandbox's own."""
        self._others |= dict.fromkeys(accounts, population)

    def tell(self, account: str, region: str, status: str, updated: datetime | None) -> None:
        """Let every aggregator show a source as SUCCEEDED, OUTDATED or FAILED."""
        had = self.holdings(account, region)
        self._told[account, region] = Told(status, updated, had)

    def status(self, account: str, region: str) -> tuple[str, datetime | None]:
        """A source's status, and since when where that was told."""
        told = self._told.get((account, region))
        if told is not None:
            return told.status, told.updated
        return (FRESH if region in self._of(account).regions(account) else "FAILED"), None

    def holdings(self, account: str, region: str) -> Holdings:
        """What aggregators have of a source; one that is not fresh shows what it once was."""
        told = self._told.get((account, region))
        if told is not None and told.status != FRESH:
            return told.holdings
        population = self._of(account)
        return population.holdings(account, region) if region in population.regions(account) else NOTHING

    def own(self, account: str, region: str) -> Holdings:
        """What AWS Config holds in an account itself."""
        return self._of(account).holdings(account, region)

    def sources(self, aggregator: Untyped, account: str, region: str) -> Iterator[tuple[str, str]]:
        """The source accounts and Regions of an account's aggregator; "all" is where a recorder is."""
        source = aggregator.organization_aggregation_source
        organization = organization_of(account, region)
        if source is None:
            source = aggregator.account_aggregation_sources[0]
            accounts = tuple(source.account_ids)
        else:
            accounts = organization.active if organization else ()
        for member in accounts:
            for named in self._regions(source, member, region):
                yield member, named

    def shown(self, aggregator: Untyped, account: str, region: str) -> Iterator[tuple[str, str]]:
        """The sources of which there is data: none of an account that is suspended or being closed."""
        listed = aggregator.organization_aggregation_source is None
        if not listed and not administers(account, region, CONFIG):
            return
        for member, named in self.sources(aggregator, account, region):
            if not listed or _may_be_read(member, region):
                yield member, named

    def shows(self, aggregator: Untyped, here: tuple[str, str], member: str, named: str) -> bool:
        """Say whether an aggregator of an account and Region has data of a source."""
        source = aggregator.organization_aggregation_source
        if source is None:
            source = aggregator.account_aggregation_sources[0]
            if member not in source.account_ids:
                return False
        elif not administers(*here, CONFIG) or status_of(member, here[1]) is None:
            return False
        return named in self._regions(source, member, here[1]) and _may_be_read(member, here[1])

    def _regions(self, source: Untyped, member: str, region: str) -> list[str]:
        if not source.all_aws_regions:
            return list(source.aws_regions or [])
        return sorted({region, *self._of(member).regions(member)})

    def _of(self, account: str) -> Population:
        return self._others.get(account, self._live)


def _may_be_read(account: str, region: str) -> bool:
    """Say whether an account is alive: one that is in no organization is."""
    return status_of(account, region) in {"ACTIVE", None}


def aggregator_of(account: str, region: str, name: str) -> Untyped:
    """An account's aggregator, or raise NoSuchConfigurationAggregatorException."""
    found = config_backends[account][region].config_aggregators.get(name)
    if found is None:
        raise ServiceError(
            "NoSuchConfigurationAggregatorException", f"The configuration aggregator {name} does not exist."
        )
    return found
