"""The conformance pack: AWS Config takes it, and its rule judges as the deployed one does.

moto runs no pack. A pack's template is a stack's as far as this one goes, so the sandbox makes a stack of it.
https://docs.aws.amazon.com/config/latest/developerguide/custom-conformance-pack.html
"""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cfnlint.decode import decode

from landing_zone_key import LandingZone
from landing_zone_key.key import RESOURCE_TYPE
from landing_zone_key.settings import PARAMETERS
from lzkey import RULE_NAME
from lzkey.aws.rule import CHANGES, PERIODS, SCHEDULED
from lzkey.deployment.deploy import deploy
from lzkey.deployment.stack import FUNCTION_NAME
from lzkey.workplace import Workplace
from lzkey_sandbox.http.contract import operation_model, parse_input

from .conftest import ROOT

if TYPE_CHECKING:
    from lzkey_sandbox import Sandbox

    from .conftest import Project

TEMPLATE = ROOT / "deploy/conformance-pack.yaml"
PAGE = ROOT / "docs/conformance-pack.md"
GIVEN = {
    "FunctionArn": f"arn:aws:lambda:us-east-1:111122223333:function:{FUNCTION_NAME}",
    "HomeRegion": "us-east-1",
    "ManagementAccountId": "111122223333",
}
ALL = {
    **GIVEN,
    "OrganizationId": "o-exampleorgid",
    "GovernedRegions": "us-east-1,eu-west-1",
    "TrailName": "my-trail",
    "KeyScope": "all",
    "PermissionStandard": "functional",
    "RequireConfusedDeputyProtection": "true",
    "ExecutionRoleName": "landing-zone-key-rule",
    "ExecutionRoleRegion": "us-east-1",
}
#: As accounts show the names of packs' rules; no page of AWS's does.
NAME = f"{RULE_NAME}-conformance-pack-abcdefghi"
#: A zip without a file in it.
NOTHING = b"PK\x05\x06" + bytes(18)
#: https://docs.aws.amazon.com/config/latest/APIReference/API_PutConformancePack.html
PUTS = {
    "PutConformancePack": "ConformancePack",
    "PutOrganizationConformancePack": "OrganizationConformancePack",
}


def put(sandbox: Sandbox, parameters: dict[str, str]) -> dict[str, Any]:
    """Make the pack's rule, and return it as AWS Config shows it, without what AWS Config adds."""
    sandbox.client("cloudformation").create_stack(
        StackName="pack",
        TemplateBody=TEMPLATE.read_text().replace(f"ConfigRuleName: {RULE_NAME}", f"ConfigRuleName: {NAME}"),
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
    )
    (rule,) = sandbox.client("config").describe_config_rules(ConfigRuleNames=[NAME])["ConfigRules"]
    return {name: value for name, value in rule.items() if name not in {"ConfigRuleArn", "ConfigRuleId"}}


@pytest.fixture
def function(sandbox: Sandbox) -> str:
    """The ARN of a function of that name, which does nothing: AWS Config takes no rule without one."""
    role = sandbox.client("iam").create_role(RoleName="lambda", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    client = sandbox.client("lambda")
    made = client.create_function(
        FunctionName=FUNCTION_NAME,
        Role=role,
        Runtime="python3.13",
        Handler="nothing.handler",
        Code={"ZipFile": NOTHING},
    )
    client.add_permission(
        FunctionName=FUNCTION_NAME,
        StatementId="config",
        Action="lambda:InvokeFunction",
        Principal="config.amazonaws.com",
    )
    return str(made["FunctionArn"])


class TestRule:
    """What is in the pack."""

    def test_is_one_that_config_takes(self, sandbox: Sandbox, function: str) -> None:
        """Every value is one of the service's model, and the sandbox puts it by its own operation, too."""
        rule = put(sandbox, {**ALL, "FunctionArn": function})
        asked = parse_input(operation_model("config", "PutConfigRule"), {"ConfigRule": rule})
        sandbox.client("config").put_config_rule(**asked)
        assert rule["Source"]["SourceIdentifier"] == function
        assert rule["Source"]["Owner"] == "CUSTOM_LAMBDA"

    def test_has_all_triggers_and_sees_keys_alone(self, sandbox: Sandbox, function: str) -> None:
        """As the deployed rule has by default."""
        rule = put(sandbox, {**GIVEN, "FunctionArn": function})
        details = rule["Source"]["SourceDetails"]
        assert {detail["MessageType"] for detail in details} == CHANGES | {SCHEDULED}
        periods = [detail.get("MaximumExecutionFrequency") for detail in details]
        assert [period for period in periods if period] == [max(PERIODS, key=lambda name: PERIODS[name])]
        assert rule["Scope"] == {"ComplianceResourceTypes": [RESOURCE_TYPE]}

    @pytest.mark.parametrize(
        ("parameters", "names"),
        [
            (ALL, set(PARAMETERS)),
            (
                GIVEN,
                {
                    "HomeRegion",
                    "ManagementAccountId",
                    "KeyScope",
                    "PermissionStandard",
                    "RequireConfusedDeputyProtection",
                    "AssumeRoleMode",
                },
            ),
        ],
        ids=["all", "few"],
    )
    def test_parameters_are_ones_that_the_function_accepts(
        self, sandbox: Sandbox, function: str, parameters: dict[str, str], names: set[str]
    ) -> None:
        """All of them; one that is not given is left out, and not empty."""
        rule = put(sandbox, {**parameters, "FunctionArn": function})
        given = json.loads(rule["InputParameters"])
        assert set(given) == names
        assert all(given.values())
        assert given["AssumeRoleMode"] == str("ExecutionRoleName" in parameters).lower()
        LandingZone.from_rule_parameters(given)
        assert {name: given[name] for name in names & set(parameters)} == {
            name: parameters[name] for name in names & set(parameters)
        }

    def test_defaults_are_the_rules_own(self, sandbox: Sandbox, function: str) -> None:
        """But for KeyScope, which is as we recommend it."""
        rule = put(sandbox, {**GIVEN, "FunctionArn": function})
        needed = {name: GIVEN[name] for name in ("HomeRegion", "ManagementAccountId")}
        assert LandingZone.from_rule_parameters(
            json.loads(rule["InputParameters"])
        ) == LandingZone.from_rule_parameters({**needed, "KeyScope": "landing-zone"})

    def test_judges_as_the_deployed_rule_does(self, sandbox: Sandbox, project: Project) -> None:
        """By the real function, which lets AWS Config in for this rule, too."""
        shutil.rmtree(project.root / "rules")
        shutil.copytree(ROOT / "rules", project.root / "rules")
        made = deploy(project.parameters(), at=Workplace.in_checkout(project.root))
        put(sandbox, {**GIVEN, "FunctionArn": made.function_arn, "KeyScope": "all"})
        sandbox.client("kms").create_key()
        sandbox.settle()
        found, deployed = (
            {key: (result.compliance_type, result.annotation) for key, result in results.items()}
            for results in (sandbox.compliance(NAME), sandbox.compliance(RULE_NAME))
        )
        assert len(found) == 1
        assert found == deployed

    def test_report_finds_it(self, sandbox: Sandbox, project: Project) -> None:
        """Where it stands in place of the deployed one."""
        shutil.rmtree(project.root / "rules")
        shutil.copytree(ROOT / "rules", project.root / "rules")
        made = deploy(project.parameters(), at=Workplace.in_checkout(project.root))
        put(sandbox, {**GIVEN, "FunctionArn": made.function_arn, "KeyScope": "all"})
        sandbox.client("config").delete_config_rule(ConfigRuleName=RULE_NAME)
        sandbox.client("kms").create_key()
        sandbox.settle()
        command = [sys.executable, "-m", "lzkey", "report", "--format", "json"]
        done = subprocess.run(
            command, cwd=ROOT, env=sandbox.environment, capture_output=True, text=True, check=False
        )
        report = json.loads(done.stdout)
        assert report["rule"]["name"] == NAME
        assert [key["state"] for key in report["keys"]] == ["NON_COMPLIANT"]


class TestPack:
    """The whole, as it is given to AWS Config."""

    @pytest.mark.parametrize("operation", PUTS)
    def test_is_within_the_limits(self, operation: str) -> None:
        """Size, name, number and lengths of parameters."""
        parse_input(
            operation_model("config", operation),
            {
                f"{PUTS[operation]}Name": "landing-zone-key",
                "TemplateBody": TEMPLATE.read_text(),
                "ConformancePackInputParameters": [
                    {"ParameterName": name, "ParameterValue": value} for name, value in ALL.items()
                ],
            },
        )

    def test_has_nothing_but_what_packs_of_aws_have(self) -> None:
        """AWS documents no more of a pack's template, so no more is in it."""
        template, _ = decode(str(TEMPLATE))
        assert set(template) == {"Parameters", "Conditions", "Resources"}
        assert {it["Type"] for it in template["Resources"].values()} == {"AWS::Config::ConfigRule"}
        assert {key for it in template["Parameters"].values() for key in it} == {
            "Description",
            "Type",
            "Default",
        }
        assert "!" not in TEMPLATE.read_text()

    def test_parameters_are_the_rules_own_and_the_function(self) -> None:
        """AssumeRoleMode follows from ExecutionRoleName."""
        template, _ = decode(str(TEMPLATE))
        assert set(template["Parameters"]) == {"FunctionArn", *PARAMETERS} - {"AssumeRoleMode"}
        assert set(ALL) == set(template["Parameters"])

    def test_commands_of_the_page_are_ones_that_the_cli_takes(self, sandbox: Sandbox) -> None:
        """Checked by the AWS CLI, which asks nobody; a pack's parameters are those of the template."""
        lines = [line for line in PAGE.read_text().splitlines() if line.startswith("$ ")]
        puts = 0
        for line in lines:
            words = shlex.split(line.removeprefix("$ "))
            if f"file://{TEMPLATE.relative_to(ROOT)}" in words:
                puts += 1
                names = {word.split(",")[0].removeprefix("ParameterName=") for word in words if "," in word}
                assert GIVEN.keys() <= names <= ALL.keys()
            program = Path(sys.executable).with_name(words[0])
            done = subprocess.run(
                [program, *words[1:], "--generate-cli-skeleton", "output"],
                cwd=ROOT,
                env=sandbox.environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
        assert puts == len(PUTS)

    def test_lint(self) -> None:
        """cfn-lint has nothing to say."""
        lint = Path(sys.executable).with_name("cfn-lint")
        done = subprocess.run([lint, TEMPLATE], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, "")
