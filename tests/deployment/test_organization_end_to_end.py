"""The real rule with our two roles, from `deploy-organization` to results in the accounts of their keys."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from lzkey.deployment.deploy import ORGANIZATION, deploy
from lzkey.workplace import Workplace
from lzkey_sandbox import LandingZone
from lzkey_sandbox.organization import OrganizationPlan

from .conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lzkey_sandbox import Sandbox

    from .conftest import Project

EXECUTION_ROLE = "landing-zone-key-rule"


def stack(sandbox: Sandbox, account: str, template: str, parameters: Mapping[str, str]) -> dict[str, str]:
    """Deploy a template of ours in an account; return its outputs."""
    stacks = sandbox.client("cloudformation", account=account)
    stacks.create_stack(
        StackName=template,
        TemplateBody=(ROOT / f"deploy/{template}.yaml").read_text(),
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    (made,) = stacks.describe_stacks(StackName=template)["Stacks"]
    return {out["OutputKey"]: out["OutputValue"] for out in made["Outputs"]}


@pytest.mark.parametrize("trigger", ["change", "periodic"])
def test_results_are_in_the_account_of_the_key(project: Project, sandbox: Sandbox, trigger: str) -> None:
    """KeyScope landing-zone, read with the Lambda's own role: keys of members are nobody's business.

    The landing zone's key is judged in the management account.
    """
    organization = sandbox.organization(
        OrganizationPlan(members=1, without_recorder=0, without_role=0, suspended=0)
    )
    name = parameters(project, sandbox, organization, trigger)
    result = deploy(name, ORGANIZATION, at=Workplace.in_checkout(project.root))
    (member,) = organization.sound
    rules = {entry.account: entry.rule for entry in result.accounts}
    sandbox.recording = False  # until the landing zone names the key
    key = sandbox.client("kms").create_key()["KeyMetadata"]
    other = sandbox.client("kms", account=member).create_key()["KeyMetadata"]
    sandbox.landing_zone = LandingZone.with_key(key["Arn"])
    sandbox.recording = True
    for account in (sandbox.account, member):
        sandbox.record_all(account)
        if trigger == "periodic":
            sandbox.run_scheduled(rules[account], account)
    sandbox.settle()
    found = {
        **sandbox.compliance(rules[sandbox.account]),
        **sandbox.compliance(rules[member], account=member),
    }
    assert {id_: result.compliance_type for id_, result in found.items()} == {
        key["KeyId"]: "NON_COMPLIANT",
        other["KeyId"]: "NOT_APPLICABLE",
    }


def parameters(project: Project, sandbox: Sandbox, organization: Any, trigger: str) -> str:
    """The real rule, the role of the Lambda, and the role in every account."""
    shutil.rmtree(project.root / "rules")
    shutil.copytree(ROOT / "rules", project.root / "rules")
    ours = {
        "OrganizationId": organization.organization_id,
        "PeriodicTrigger": str(trigger == "periodic").lower(),
    }
    role = stack(
        sandbox,
        sandbox.account,
        "lambda-role",
        {**ours, "LandingZoneScope": "true", "ExecutionRoleName": EXECUTION_ROLE},
    )["RoleArn"]
    for account in organization.accounts:
        stack(sandbox, account, "execution-role", {**ours, "LambdaRoleArn": role})
    return project.parameters(
        OrganizationId=organization.organization_id,
        ExecutionRoleName=EXECUTION_ROLE,
        AssumeRoleMode="true",
        KeyScope="landing-zone",
        triggers=[trigger],
        maximumExecutionFrequency="TwentyFour_Hours" if trigger == "periodic" else None,
        lambdaRoleArn=role,
    )
