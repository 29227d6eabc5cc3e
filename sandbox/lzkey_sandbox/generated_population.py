"""A large organization that is computed, not made: what AWS Config holds in it follows from numbers.

Everything is the same whenever it is asked for, and nothing of it is kept.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key.assessment import COMPLIANT_REASON
from lzkey_sandbox.config import organization_rules
from lzkey_sandbox.config.aggregation import Holdings
from lzkey_sandbox.config.configuration_item import KEY_TYPE, ConfigurationItem, KeyFacts, key_configuration
from lzkey_sandbox.config.events import CHANGE, OVERSIZED
from lzkey_sandbox.config.ledger import Result
from lzkey_sandbox.errors import ServiceError
from lzkey_sandbox.moto import motoorganizations
from lzkey_sandbox.moto.motoorganizations import CONFIG_ROLE
from lzkey_sandbox.moto.motostate import partition_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from lzkey import Untyped
    from lzkey_sandbox.config.organization_rules import OrganizationRule

#: A compliance type and its annotation, in which `{account}` and `{management}` stand for accounts.
Verdict = tuple[str, str]

PROVED: Final[Verdict] = ("COMPLIANT", COMPLIANT_REASON)
NOT_JUDGED: Final[Verdict] = ("NOT_APPLICABLE", "Not a key of the landing zone's manifest")
FOREIGN: Final[Verdict] = (
    "NON_COMPLIANT",
    (
        "CLOUDTRAIL_ACCESS: kms:Decrypt refused, no statement allows it; CONFIG_ACCESS: kms:Decrypt refused, "
        "no statement allows it; MANAGEMENT_ACCOUNT: in account {account}, not {management}"
    ),
)

RULE: Final = "CONTROL_TOWER_KMS_KEY"
FIRST_ID: Final = 200000000001

_POLICY: Final = json.dumps({"Version": "2012-10-17", "Statement": []})


@dataclass(frozen=True, slots=True)
class GeneratedPlan:
    """`accounts` accounts, each with `keys` customer managed keys in every Region, and one rule everywhere.

    `verdicts` are the keys' results, in turn; None is a key that the rule has not evaluated. The landing
    zone's key, the first of the management account in the first Region, is PROVED whatever they are. The
    last accounts are in trouble: `suspended` ones, before them those `without_recorder`, before those the
    ones `without_results`, whose keys the rule has not evaluated.
    """

    accounts: int = 5000
    regions: tuple[str, ...] = ("us-east-1", "us-west-2", "eu-west-1", "eu-central-1")
    keys: int = 3
    verdicts: tuple[Verdict | None, ...] = (NOT_JUDGED,)
    suspended: int = 0
    without_recorder: int = 0
    without_results: int = 0
    evaluated: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(hours=1))

    def suspends(self, number: int) -> bool:
        """Say whether an account is suspended, by its number from 0."""
        return number >= self.accounts - self.suspended

    def records(self, number: int) -> bool:
        """Say whether an account has a recorder, by its number from 0."""
        return number < self.accounts - self.suspended - self.without_recorder

    def evaluates(self, number: int) -> bool:
        """Say whether the rule has evaluated an account's keys, by its number from 0."""
        return number < self.accounts - self.suspended - self.without_recorder - self.without_results


class _Items(Sequence[ConfigurationItem]):
    """Items that are made when they are asked for."""

    def __init__(self, make: Callable[[int], ConfigurationItem], length: int) -> None:
        self._make = make
        self._length = length

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, place: Untyped) -> Untyped:
        places = range(self._length)[place]
        return self._make(places) if isinstance(places, int) else [self._make(number) for number in places]


class GeneratedPopulation:
    """The accounts of a plan, the management account first; `rules` are the rule's names by Region."""

    def __init__(self, plan: GeneratedPlan, accounts: Sequence[str], rules: Mapping[str, str]) -> None:
        self.plan = plan
        self.accounts = tuple(accounts)
        self.rules = rules
        self._numbers = {account: number for number, account in enumerate(self.accounts)}

    @property
    def landing_zone_key(self) -> str:
        """The ARN of the landing zone's key."""
        return self.key_arn(self.accounts[0], self.plan.regions[0], 0)

    def key_arn(self, account: str, region: str, number: int) -> str:
        """The ARN of one of the keys of an account and Region, numbered from 0."""
        return (
            f"arn:{partition_of(region)}:kms:{region}:{account}:key/{self._key_id(account, region, number)}"
        )

    def regions(self, account: str) -> Sequence[str]:
        """The Regions in which the account has a recorder."""
        return self.plan.regions if self.plan.records(self._numbers[account]) else ()

    def holdings(self, account: str, region: str) -> Holdings:
        """Compute what AWS Config holds there."""
        if region not in self.regions(account):
            return Holdings()
        numbers = range(self.plan.keys)
        results = (self._result(account, region, number) for number in numbers)
        return Holdings(
            {self.rules[region]: tuple(result for result in results if result is not None)},
            _Items(partial(self._item, account, region), self.plan.keys),
            (_recorder(account),),
        )

    def _key_id(self, account: str, region: str, number: int) -> str:
        place = self.plan.regions.index(region)
        return f"1234abcd-{place:04x}-4{number:03x}-8000-{self._numbers[account]:012x}"

    def _result(self, account: str, region: str, number: int) -> Result | None:
        of_account, place = self._numbers[account], self.plan.regions.index(region)
        turn = (of_account * len(self.plan.regions) + place) * self.plan.keys + number
        verdict = PROVED if turn == 0 else self.plan.verdicts[turn % len(self.plan.verdicts)]
        if verdict is None or not self.plan.evaluates(of_account):
            return None
        annotation = verdict[1].format(account=account, management=self.accounts[0])
        when = self.plan.evaluated + timedelta(seconds=turn % 600)
        key_id = self._key_id(account, region, number)
        return Result(KEY_TYPE, key_id, verdict[0], annotation, when, when, when)

    def _item(self, account: str, region: str, number: int) -> ConfigurationItem:
        key_id, arn = self._key_id(account, region, number), self.key_arn(account, region, number)
        created = self.plan.evaluated - timedelta(days=30)
        facts = KeyFacts(_metadata(account, key_id, arn, created), region, _POLICY, rotation=False, tags=())
        return ConfigurationItem(
            account=account,
            region=region,
            key_id=key_id,
            arn=arn,
            captured=created,
            created=created,
            status="OK",
            change="UPDATE",
            configuration=key_configuration(facts),
            supplementary={"KeyRotationStatus": False, "Policy": _POLICY, "Tags": []},
            tags=(),
        )


def generate(
    plan: GeneratedPlan, management: str, administrator: str, parameters: Mapping[str, str]
) -> GeneratedPopulation:
    """Fill a management account's organization up to the plan's number of accounts.

    AWSOrganizationsNotInUseException, a ServiceError, where there is no organization.
    """
    home = plan.regions[0]
    organization = motoorganizations.organization_of(management, home)
    if organization is None:
        raise ServiceError("AWSOrganizationsNotInUseException", f"{management} is in no organization")
    present = [account for account, _ in organization.accounts][: plan.accounts]
    added = {f"{FIRST_ID + number}": f"Member {number:04}" for number in range(plan.accounts - len(present))}
    motoorganizations.add_members(management, home, added)
    accounts = (*present, *added)
    for number, account in enumerate(accounts):
        if plan.suspends(number):
            motoorganizations.suspend(management, home, account)
    active = [
        (account, plan.records(number))
        for number, account in enumerate(accounts)
        if not plan.suspends(number)
    ]
    rules = {region: _rule(administrator, region, parameters, active).member_rule for region in plan.regions}
    return GeneratedPopulation(plan, accounts, rules)


def _rule(
    administrator: str, region: str, parameters: Mapping[str, str], accounts: Iterable[tuple[str, bool]]
) -> OrganizationRule:
    metadata = {
        "LambdaFunctionArn": f"arn:{partition_of(region)}:lambda:{region}:{administrator}:function:{RULE}",
        "OrganizationConfigRuleTriggerTypes": [CHANGE, OVERSIZED],
        "InputParameters": json.dumps(dict(parameters)),
        "ResourceTypesScope": [KEY_TYPE],
    }
    kind = {"OrganizationCustomRuleMetadata": metadata}
    return organization_rules.pretend(
        organization_rules.new_rule(administrator, region, RULE, kind, ()), accounts
    )


def _metadata(account: str, key_id: str, arn: str, created: datetime) -> dict[str, Any]:
    return {
        "AWSAccountId": account,
        "KeyId": key_id,
        "Arn": arn,
        "CreationDate": created.timestamp(),
        "Enabled": True,
        "Description": "",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "KeyState": "Enabled",
        "Origin": "AWS_KMS",
        "KeyManager": "CUSTOMER",
        "KeySpec": "SYMMETRIC_DEFAULT",
    }


def _recorder(account: str) -> dict[str, Any]:
    return {
        "name": "aws-controltower-BaselineConfigRecorder",
        "roleARN": f"arn:aws:iam::{account}:role/{CONFIG_ROLE}",
        "recordingGroup": {"allSupported": False, "resourceTypes": [KEY_TYPE]},
        "recordingMode": {"recordingFrequency": "CONTINUOUS"},
        "recording": True,
    }
