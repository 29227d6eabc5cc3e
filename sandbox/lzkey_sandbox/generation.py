"""Puts a generated population into an organization: its accounts, and the rule that they all have."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from lzkey_sandbox import motoorganizations, organization_rules
from lzkey_sandbox.configuration_item import KEY_TYPE
from lzkey_sandbox.errors import ServiceError
from lzkey_sandbox.events import CHANGE, OVERSIZED
from lzkey_sandbox.generated_population import GeneratedPlan, GeneratedPopulation
from lzkey_sandbox.motostate import partition_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lzkey_sandbox.organization_rules import OrganizationRule

RULE: Final = "CONTROL_TOWER_KMS_KEY"
FIRST_ID: Final = 200000000001


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
