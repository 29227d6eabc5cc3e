"""KeyScope=landing-zone, deployed: the keys of the landing zone's manifest are judged, no others.

The role is the one of `deploy/lambda-role.yaml`, deployed by CloudFormation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lzkey.deployment.deploy import deploy
from lzkey.workplace import Workplace
from lzkey_sandbox import LandingZone

from .conftest import DOCUMENTED

if TYPE_CHECKING:
    from .conftest import LandingZoneAccount

RULE = "CONTROL_TOWER_KMS_KEY"


def block(key_id: str) -> dict[str, Any]:
    """Return a block of a manifest that encrypts with a key."""
    arn = f"arn:aws:kms:us-east-1:111122223333:key/{key_id}"
    return {"enabled": True, "configurations": {"kmsKeyArn": arn}}


@pytest.fixture
def account(management: LandingZoneAccount) -> LandingZoneAccount:
    """The management account with the rule's role."""
    cloudformation = management.sandbox.client("cloudformation")
    cloudformation.create_stack(
        StackName="role",
        TemplateBody=(management.root / "deploy/lambda-role.yaml").read_text(),
        Parameters=[{"ParameterKey": "LandingZoneScope", "ParameterValue": "true"}],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    (stack,) = cloudformation.describe_stacks(StackName="role")["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    management.parameters(KeyScope="landing-zone", lambdaRoleArn=outputs["RoleArn"])
    return management


def evaluate(account: LandingZoneAccount) -> dict[str, str]:
    """Evaluate the rule anew; return the compliance types by key."""
    account.sandbox.client("config").start_config_rules_evaluation(ConfigRuleNames=[RULE])
    account.sandbox.settle()
    return {key: found.compliance_type for key, found in account.sandbox.compliance(RULE).items()}


def test_keys_of_the_manifest(account: LandingZoneAccount) -> None:
    """Before 4.0 one block, from then on two and the backup's, whose key must be what the others must not."""
    logs, config, other = (account.key_with("root") for _ in range(3))
    backup = account.key(MultiRegion=True)
    account.sandbox.landing_zone = LandingZone("3.3", {"centralizedLogging": block(logs)})
    result = deploy("sandbox", at=Workplace.in_checkout(account.root))
    assert result.role_arn.startswith("arn:aws:iam::111122223333:role/")
    account.sandbox.settle()
    assert evaluate(account) == {
        logs: "NON_COMPLIANT",
        config: "NOT_APPLICABLE",
        other: "NOT_APPLICABLE",
        backup: "NOT_APPLICABLE",
    }
    manifest = {"centralizedLogging": block(logs), "config": block(config), "backup": block(backup)}
    account.sandbox.landing_zone = LandingZone("4.0", {**manifest, "accessManagement": {"enabled": True}})
    account.policy(config, *DOCUMENTED)
    assert evaluate(account) == {
        logs: "NON_COMPLIANT",
        config: "COMPLIANT",
        other: "NOT_APPLICABLE",
        backup: "NOT_APPLICABLE",
    }
    assert account.sandbox.refused_hosts == ()


def test_no_landing_zone(account: LandingZoneAccount) -> None:
    """Nothing can be said, and that shows; once it is set up, the error goes."""
    key_id = account.key_with(*DOCUMENTED)
    deploy("sandbox", at=Workplace.in_checkout(account.root))
    account.sandbox.settle()
    assert account.sandbox.compliance(RULE) == {}
    status = account.sandbox.evaluation_status(RULE)
    assert "landing zone" in status["LastErrorMessage"]
    account.sandbox.landing_zone = LandingZone("3.3", {"centralizedLogging": block(key_id)})
    assert evaluate(account) == {key_id: "COMPLIANT"}
    assert "LastErrorCode" not in account.sandbox.evaluation_status(RULE)


def test_control_tower_refuses(account: LandingZoneAccount) -> None:
    """Of a known key the old result stands, with an error beside it."""
    key_id = account.key_with(*DOCUMENTED)
    account.sandbox.landing_zone = LandingZone.with_key(block(key_id)["configurations"]["kmsKeyArn"], "4.0")
    deploy("sandbox", at=Workplace.in_checkout(account.root))
    account.sandbox.settle()
    assert account.result(key_id)[0] == "COMPLIANT"
    account.sandbox.fail_next("controltower", "GetLandingZone", "AccessDeniedException")
    account.policy(key_id, "root")
    assert account.result(key_id)[0] == "COMPLIANT"
    assert "AccessDenied" in account.sandbox.evaluation_status(RULE)["LastErrorMessage"]
    assert evaluate(account) == {key_id: "NON_COMPLIANT"}
