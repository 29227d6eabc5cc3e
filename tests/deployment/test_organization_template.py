"""Our own organization rule, with all triggers, deployed in the sandbox with the code that was built."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cfnlint.decode import decode

from landing_zone_key import LandingZone
from landing_zone_key.settings import PARAMETERS
from lzkey import RULE_NAME
from lzkey.aws.function import organization_statement
from lzkey.deployment.build import HANDLER, RUNTIME, build
from lzkey.deployment.stack import FUNCTION_NAME
from lzkey.workplace import Workplace
from lzkey_sandbox.organization import Organization, OrganizationPlan

from .conftest import ROOT

if TYPE_CHECKING:
    from lzkey_sandbox import Sandbox

    from .conftest import Project

TEMPLATE = ROOT / "deploy/organization-rule.yaml"
GIVEN = {
    "CodeBucket": "my-code",
    "CodeKey": "CONTROL_TOWER_KMS_KEY.zip",
    "LambdaRoleArn": "arn:aws:iam::111122223333:role/lzkey-lambda",
    "HomeRegion": "us-east-1",
    "ManagementAccountId": "111122223333",
    "OrganizationId": "o-exampleorgid",
}


@pytest.fixture
def organization(sandbox: Sandbox, project: Project) -> Organization:
    """An organization, the role, and the code in a bucket."""
    made = sandbox.organization(OrganizationPlan(members=3))
    sandbox.client("iam").create_role(RoleName="lzkey-lambda", AssumeRolePolicyDocument="{}")
    storage = sandbox.client("s3")
    storage.create_bucket(Bucket="my-code")
    archive = build("example", at=Workplace.in_checkout(project.root)).archive
    storage.put_object(Bucket="my-code", Key=GIVEN["CodeKey"], Body=archive.path.read_bytes())
    return made


def create(sandbox: Sandbox, **parameters: str) -> None:
    """Deploy the template."""
    sandbox.client("cloudformation").create_stack(
        StackName="organization-rule",
        TemplateBody=TEMPLATE.read_text(),
        Parameters=[
            {"ParameterKey": key, "ParameterValue": value} for key, value in {**GIVEN, **parameters}.items()
        ],
    )


def rule(sandbox: Sandbox) -> dict[str, Any]:
    """The organization rule."""
    (found,) = sandbox.client("config").describe_organization_config_rules()["OrganizationConfigRules"]
    return dict(found)


class TestRule:
    """What `rdk deploy-organization` cannot make."""

    def test_has_all_triggers(self, sandbox: Sandbox, organization: Organization) -> None:
        """Changes, oversized ones, and the schedule, over KMS keys."""
        create(sandbox, MaximumExecutionFrequency="One_Hour", ExcludedAccounts=organization.audit)
        custom = rule(sandbox)["OrganizationCustomRuleMetadata"]
        assert rule(sandbox)["OrganizationConfigRuleName"] == RULE_NAME
        assert custom["OrganizationConfigRuleTriggerTypes"] == [
            "ConfigurationItemChangeNotification",
            "OversizedConfigurationItemChangeNotification",
            "ScheduledNotification",
        ]
        assert custom["MaximumExecutionFrequency"] == "One_Hour"
        assert custom["ResourceTypesScope"] == ["AWS::KMS::Key"]
        assert rule(sandbox)["ExcludedAccounts"] == [organization.audit]

    def test_excludes_nobody_unless_told(self, sandbox: Sandbox, organization: Organization) -> None:
        """The twin."""
        assert organization.audit
        create(sandbox)
        assert rule(sandbox).get("ExcludedAccounts", []) == []

    def test_parameters_are_ones_that_the_function_accepts(
        self, sandbox: Sandbox, organization: Organization
    ) -> None:
        """All of them, those that are empty as not given, below AWS Config's 1,024 characters."""
        assert organization.audit
        create(sandbox)
        text = rule(sandbox)["OrganizationCustomRuleMetadata"]["InputParameters"]
        given = json.loads(text)
        assert set(given) == set(PARAMETERS)
        zone = LandingZone.from_rule_parameters({name: value for name, value in given.items() if value})
        assert zone.organization_id == "o-exampleorgid"
        assert given["AssumeRoleMode"] == "true"

    def test_leaves_room_for_parameters(self) -> None:
        """Without any value the text is short: 1,024 characters are the limit of the whole."""
        template, _ = decode(str(TEMPLATE))
        custom = template["Resources"]["Rule"]["Properties"]["OrganizationCustomRuleMetadata"]
        assert len(re.sub(r"\$\{\w+\}", "", custom["InputParameters"]["Fn::Sub"])) < 400


class TestFunction:
    """The function, as `lzkey deploy-organization` makes it."""

    def test_is_the_same(self, sandbox: Sandbox, organization: Organization, project: Project) -> None:
        """Name, runtime, handler and code, so that whatever looks at the one understands the other."""
        assert organization.audit
        create(sandbox)
        found = sandbox.client("lambda").get_function_configuration(FunctionName=FUNCTION_NAME)
        assert (found["Runtime"], found["Handler"]) == (RUNTIME, HANDLER)
        assert (
            found["CodeSha256"]
            == build("example", at=Workplace.in_checkout(project.root)).archive.code_sha256
        )
        assert found["Timeout"] == 300

    def test_is_invoked_by_config_of_the_organization_alone(
        self, sandbox: Sandbox, organization: Organization
    ) -> None:
        """The same statement as `lzkey deploy-organization` puts."""
        create(sandbox)
        answer = sandbox.client("lambda").get_policy(FunctionName=FUNCTION_NAME)
        arn = f"arn:aws:lambda:us-east-1:{organization.management}:function:{FUNCTION_NAME}"
        assert json.loads(answer["Policy"])["Statement"] == [organization_statement(arn, "o-exampleorgid")]

    @pytest.mark.parametrize(("days", "groups"), [("0", []), ("30", [30])])
    def test_log_group(
        self, sandbox: Sandbox, organization: Organization, days: str, groups: list[int]
    ) -> None:
        """Made with a retention unless deploy/lambda-role.yaml has made it."""
        assert organization.audit
        create(sandbox, LogRetentionDays=days)
        found = sandbox.client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{FUNCTION_NAME}")[
            "logGroups"
        ]
        assert [group["retentionInDays"] for group in found if "retentionInDays" in group] == groups


class TestTemplate:
    """The template is one that CloudFormation accepts."""

    def test_lint(self) -> None:
        """cfn-lint has nothing to say."""
        lint = Path(sys.executable).with_name("cfn-lint")
        result = subprocess.run([lint, TEMPLATE], capture_output=True, text=True, check=False)
        assert (result.returncode, result.stdout) == (0, "")

    @pytest.mark.parametrize("name", [name for name in PARAMETERS if name != "AssumeRoleMode"])
    def test_no_parameter_can_break_out_of_the_json(self, name: str) -> None:
        """None of them may hold a quote or a backslash."""
        template, _ = decode(str(TEMPLATE))
        parameter = template["Parameters"][name]
        if "AllowedValues" in parameter:
            return
        for evil in ('"', "\\", 'us-east-1"', "\n"):
            assert not re.fullmatch(parameter["AllowedPattern"], evil)
