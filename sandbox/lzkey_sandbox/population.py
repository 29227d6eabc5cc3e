"""What AWS Config holds in accounts: the one thing that aggregators read, wherever it comes from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from moto.config.models import config_backends

from lzkey_sandbox import motorecorders, motostate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lzkey_sandbox.configuration_item import ConfigurationItem
    from lzkey_sandbox.ledger import Ledger, Result
    from lzkey_sandbox.recorder import Recorder


@dataclass(frozen=True, slots=True)
class Holdings:
    """What AWS Config holds in one account and Region."""

    results: Mapping[str, Sequence[Result]] = field(default_factory=dict)
    """By the rule's name; a rule that has no result yet is there with none."""
    items: Sequence[ConfigurationItem] = ()
    """The newest item of every resource that is not deleted."""
    recorders: Sequence[Mapping[str, Any]] = ()
    """As DescribeConfigurationRecorders shows them, and whether each is `recording`."""


class Population(Protocol):
    """Accounts, and what AWS Config holds in each."""

    def regions(self, account: str) -> Sequence[str]:
        """Return the Regions in which the account has a recorder, on or off."""

    def holdings(self, account: str, region: str) -> Holdings:
        """Return what AWS Config holds there now."""


class LivePopulation:
    """The accounts that the sandbox really has."""

    def __init__(self, ledger: Ledger, recorder: Recorder) -> None:
        self._ledger = ledger
        self._recorder = recorder

    def regions(self, account: str) -> Sequence[str]:
        """Return the Regions in which the account has a recorder, on or off."""
        return [
            region
            for region in sorted(config_backends[account])
            if motorecorders.has_recorder(account, region)
        ]

    def holdings(self, account: str, region: str) -> Holdings:
        """Read the ledger, the recorded items and the recorders."""
        rules = motostate.config_rules(account, region)
        items = self._recorder.discovered(account, region)
        return Holdings(
            {rule["ConfigRuleName"]: self._ledger.results(rule["ConfigRuleId"]) for rule in rules},
            [item for item in items if item.configuration is not None],
            motorecorders.recorders(account, region),
        )
