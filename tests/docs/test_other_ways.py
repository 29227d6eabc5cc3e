"""docs/other-ways.md: what other deployers are given is what they read, and the rules that they make work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import hcl2
import pytest
import yaml
from botocore.session import get_session
from hcl2.utils import SerializationOptions
from jsonschema import Draft202012Validator
from moto import mock_aws

from landing_zone_key import LandingZone as Settings
from lzkey import RULE_NAME
from lzkey.deployment.build import HANDLER, RUNTIME, build
from lzkey.deployment.stack import FUNCTION_NAME
from lzkey.workplace import Workplace
from lzkey_sandbox import LandingZone, OrganizationPlan, Sandbox

from ..deployment.test_lambda_role import deployed_statements  # noqa: TID252 - tests are no package
from .checkout import python_path
from .pages import PAGES, ROOT, Saved
from .scenes import output

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

PAGE: Final = PAGES["docs/other-ways.md"]
SAVED: Final = {step.name: step.text for step in PAGE.steps if isinstance(step, Saved)}
MANAGEMENT: Final = "111122223333"
TRIGGERS: Final = [
    "ConfigurationItemChangeNotification",
    "OversizedConfigurationItemChangeNotification",
    "ScheduledNotification",
]


def schema(name: str) -> Draft202012Validator:
    """A schema that stands beside the tests."""
    return Draft202012Validator(json.loads((ROOT / f"tests/docs/schemas/{name}.schema.json").read_text()))


def enumeration(service: str, shape: str) -> list[str]:
    """The values that an AWS API takes."""
    values: list[str] = get_session().get_service_model(service).shape_for(shape).enum
    return values


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip of the page's second command, but for its parameters, which do not go to Lambda."""
    out = tmp_path_factory.mktemp("build")
    return build("example", at=Workplace.in_checkout(ROOT), out=out).archive.path


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """An organization with a landing zone, its key, and nothing of ours."""
    with Sandbox() as made:
        made.organization(OrganizationPlan(2, without_recorder=0, without_role=0, suspended=0))
        template = (ROOT / "deploy/landing-zone-key.yaml").read_text()
        made.client("cloudformation").create_stack(StackName="key", TemplateBody=template)
        made.landing_zone = LandingZone.with_key(output(made, "key", "KeyArn"), "4.0")
        yield made


def stack(sandbox: Sandbox, name: str, template: str, parameters: Mapping[str, str], account: str) -> None:
    """Make a stack in an account."""
    sandbox.client("cloudformation", account=account).create_stack(
        StackName=name,
        TemplateBody=(ROOT / template).read_text(),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )


def verdict(sandbox: Sandbox, function: Mapping[str, Any], rule: Mapping[str, Any]) -> str:
    """What a rule and its function, in the management account, say of the landing zone's key."""
    client = sandbox.client("lambda")
    made = client.create_function(**function)
    client.add_permission(
        FunctionName=made["FunctionName"],
        StatementId="config",
        Action="lambda:InvokeFunction",
        Principal="config.amazonaws.com",
        SourceAccount=MANAGEMENT,
    )
    source = {**rule["Source"], "SourceIdentifier": made["FunctionArn"]}
    sandbox.client("config").put_config_rule(ConfigRule={**rule, "Source": source})
    sandbox.settle()
    return of_the_key(sandbox, rule["ConfigRuleName"])


def of_the_key(sandbox: Sandbox, rule: str) -> str:
    """A rule's result for the landing zone's key."""
    key = output(sandbox, "key", "KeyArn").rpartition("/")[2]
    return sandbox.compliance(rule)[key].compliance_type


class TestLandingZoneAccelerator:
    """Its configuration repository."""

    @pytest.fixture
    def configuration(self) -> Any:
        """`security-config.yaml`."""
        return yaml.safe_load(SAVED["security-config.yaml"])

    @pytest.fixture
    def rule(self, configuration: Any) -> Any:
        """The only rule in it."""
        ((rule,),) = (each["rules"] for each in configuration["awsConfig"]["ruleSets"])
        return rule

    def test_is_what_it_reads(self, configuration: Any) -> None:
        """By its own schema; the twins: a parameter that is empty, and one that YAML takes for a number."""
        assert list(schema("landing-zone-accelerator").iter_errors(configuration)) == []
        for value in ("", 111122223333):
            wrong = json.loads(json.dumps(configuration))
            wrong["awsConfig"]["ruleSets"][0]["rules"][0]["inputParameters"]["ManagementAccountId"] = value
            assert list(schema("landing-zone-accelerator").iter_errors(wrong)) != []

    def test_has_what_lambda_and_config_take(self, rule: Any) -> None:
        """Handler and runtime of the package, and AWS Config's words."""
        function = rule["customRule"]["lambda"]
        assert (rule["name"], rule["type"]) == (RULE_NAME, "Custom")
        assert (function["handler"], function["runtime"]) == (HANDLER, RUNTIME)
        frequency = rule["customRule"]["maximumExecutionFrequency"]
        assert frequency in enumeration("config", "MaximumExecutionFrequency")

    def test_parameters_are_ones_that_the_function_accepts(self, rule: Any) -> None:
        """For one account, of which the function is."""
        zone = Settings.from_rule_parameters(rule["inputParameters"])
        assert (zone.home_region, zone.management_account_id) == ("us-east-1", MANAGEMENT)
        assert rule["inputParameters"]["AssumeRoleMode"] == "false"

    def test_is_for_the_management_account_in_the_home_region(self, configuration: Any) -> None:
        """Nowhere else is there a key to judge."""
        ((targets, rules),) = (each.values() for each in configuration["awsConfig"]["ruleSets"])
        assert targets["accounts"] == ["Management"]
        assert "organizationalUnits" not in targets
        assert rules[0]["inputParameters"]["HomeRegion"] not in targets["excludedRegions"]

    def test_policy_is_that_of_our_role(self, rule: Any) -> None:
        """Statement by statement, but for the log, and for the account, which moto chooses."""
        with mock_aws():
            ours = json.loads(json.dumps(deployed_statements()).replace("123456789012", MANAGEMENT))
        (policy,) = (json.loads(text) for name, text in SAVED.items() if name.endswith(".json"))
        assert policy["Statement"] == [each for each in ours if each["Sid"] != "WriteItsOwnLog"]
        assert rule["customRule"]["lambda"]["rolePolicyFile"] in SAVED

    def test_the_rule_works(self, sandbox: Sandbox, package: Path, rule: Any) -> None:
        """As its CDK makes function and rule of it: 128 MB, and three triggers of the two switches."""
        custom = rule["customRule"]
        role = sandbox.client("iam").create_role(RoleName="cdk", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        function = {
            "FunctionName": "AWSAccelerator-SecurityResourcesStack-Function",
            "Code": {"ZipFile": package.read_bytes()},
            "Handler": custom["lambda"]["handler"],
            "Runtime": custom["lambda"]["runtime"],
            "Timeout": custom["lambda"]["timeout"],
            "MemorySize": 128,
            "Role": role,
        }
        assert (custom["configurationChanges"], custom["periodic"]) == (True, True)
        made = {
            "ConfigRuleName": rule["name"],
            "InputParameters": json.dumps(rule["inputParameters"]),
            "Scope": {"ComplianceResourceTypes": custom["triggeringResources"]["lookupValue"]},
            "Source": {
                "Owner": "CUSTOM_LAMBDA",
                "SourceDetails": [{"EventSource": "aws.config", "MessageType": each} for each in TRIGGERS],
            },
        }
        assert verdict(sandbox, function, made) == "COMPLIANT"


class TestCustomizations:
    """The manifest of Customizations for AWS Control Tower."""

    @pytest.fixture
    def manifest(self) -> Any:
        """`manifest.yaml`."""
        return yaml.safe_load(SAVED["manifest.yaml"])

    def test_is_what_it_reads(self, manifest: Any) -> None:
        """By its own schema, in which the version is a date."""
        assert isinstance(manifest["version"], date)
        written = json.loads(json.dumps(manifest, default=str))
        assert list(schema("control-tower-customizations").iter_errors(written)) == []
        del written["resources"][0]["deployment_targets"]
        assert list(schema("control-tower-customizations").iter_errors(written)) != []

    def test_values_are_texts(self, manifest: Any) -> None:
        """An account id without quotes would be a number."""
        values = [
            each["parameter_value"] for resource in manifest["resources"] for each in resource["parameters"]
        ]
        accounts = [each for resource in manifest["resources"] for each in targets(resource, "accounts")]
        assert {type(value) for value in [*values, *accounts]} == {str}

    def test_the_rule_works(self, sandbox: Sandbox, package: Path, manifest: Any) -> None:
        """Each template, where the manifest puts it, with what the manifest gives it."""
        text = json.dumps(manifest["resources"])
        organization = sandbox.client("organizations")
        unit = organization.describe_organization()["Organization"]["Id"]
        accounts = [each["Id"] for each in organization.list_accounts()["Accounts"]]
        sandbox.answer_sts_address()
        (rule,) = (each for each in manifest["resources"] if "organization-rule" in each["resource_file"])
        storage = sandbox.client("s3")
        storage.create_bucket(Bucket=given(rule)["CodeBucket"])
        storage.put_object(
            Bucket=given(rule)["CodeBucket"], Key=given(rule)["CodeKey"], Body=package.read_bytes()
        )
        for resource in json.loads(text.replace("o-exampleorgid", unit)):
            units = targets(resource, "organizational_units")
            assert units in ([], ["Root"])
            members = [each for each in accounts if units and each != MANAGEMENT]
            for account in [*targets(resource, "accounts"), *members]:
                assert resource["regions"] == [sandbox.region]
                stack(sandbox, resource["name"], resource["resource_file"], given(resource), account)
        sandbox.settle()
        config = sandbox.client("config")
        names = [each["ConfigRuleName"] for each in config.describe_config_rules()["ConfigRules"]]
        assert of_the_key(sandbox, *names) == "COMPLIANT"


def given(resource: Any) -> dict[str, str]:
    """A resource's parameters."""
    return {each["parameter_key"]: each["parameter_value"] for each in resource["parameters"]}


def targets(resource: Any, kind: str) -> list[str]:
    """Where a resource goes: accounts, or units."""
    named: list[str] = resource["deployment_targets"].get(kind, [])
    return named


@pytest.fixture(scope="module")
def terraform() -> dict[str, Any]:
    """What is in the file; texts without their quotes."""
    as_values = SerializationOptions(strip_string_quotes=True, explicit_blocks=False)
    read: dict[str, Any] = hcl2.loads(SAVED["landing-zone-key.tf"], serialization_options=as_values)
    assert set(read) == {"locals", "resource"}
    return read


@pytest.fixture(scope="module")
def resources(terraform: dict[str, Any]) -> dict[str, Any]:
    """Each resource by its type, of which there is one."""
    return {
        kind: body
        for resource in terraform["resource"]
        for kind, named in resource.items()
        for body in named.values()
    }


class TestTerraform:
    """`landing-zone-key.tf`."""

    def test_the_function_is_the_one_of_our_templates(self, resources: dict[str, Any]) -> None:
        """By its name the role lets it write its log, and the doctor finds it."""
        function = resources["aws_lambda_function"]
        assert function["function_name"] == FUNCTION_NAME
        assert (function["handler"], function["runtime"]) == (HANDLER, RUNTIME)
        role = resources["aws_cloudformation_stack"]
        assert role["template_body"] == '${file("deploy/lambda-role.yaml")}'
        assert set(role["capabilities"]) <= set(enumeration("cloudformation", "Capability"))

    def test_nobody_else_may_invoke_it(self, resources: dict[str, Any]) -> None:
        """AWS Config, for this account."""
        permission = resources["aws_lambda_permission"]
        assert permission["principal"] == "config.amazonaws.com"
        assert permission["source_account"] == MANAGEMENT

    def test_the_rule_works(
        self,
        sandbox: Sandbox,
        package: Path,
        terraform: dict[str, Any],
        resources: dict[str, Any],
        tmp_path: Path,
    ) -> None:
        """With the file's parameters, triggers and types, and the stack's role; and the doctor knows it."""
        stack(sandbox, "role", "deploy/lambda-role.yaml", {}, MANAGEMENT)
        function, rule = resources["aws_lambda_function"], resources["aws_config_config_rule"]
        (source,), (scope,), (known,) = rule["source"], rule["scope"], terraform["locals"]
        assert rule["input_parameters"] == "${jsonencode(local.parameters)}"
        assert source["owner"] in enumeration("config", "Owner")
        made = {
            "FunctionName": function["function_name"],
            "Code": {"ZipFile": package.read_bytes()},
            "Handler": function["handler"],
            "Runtime": function["runtime"],
            "Timeout": function["timeout"],
            "MemorySize": function["memory_size"],
            "Role": output(sandbox, "role", "RoleArn"),
        }
        put = {
            "ConfigRuleName": rule["name"],
            "Description": rule["description"],
            "InputParameters": json.dumps(known["parameters"]),
            "Scope": {"ComplianceResourceTypes": scope["compliance_resource_types"]},
            "Source": {"Owner": source["owner"], "SourceDetails": list(details(source["source_detail"]))},
        }
        assert [each["MessageType"] for each in put["Source"]["SourceDetails"]] == TRIGGERS
        assert verdict(sandbox, made, put) == "COMPLIANT"
        seen = doctor(sandbox, tmp_path)
        assert {seen[name] for name in ("rule", "function", "code", "runtime", "role", "permission")} == {
            "ok"
        }


def doctor(sandbox: Sandbox, folder: Path) -> dict[str, str]:
    """How each thing is that the doctor looks at, with the page's parameters file."""
    environ = {**os.environ, **python_path(ROOT), **sandbox.environment}

    def run(*words: str) -> str:
        command = [sys.executable, "-m", "lzkey", *words]
        done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
        return done.stdout

    (init,) = (command for command in PAGE.commands if command.startswith("lzkey init "))
    run(*init.split()[1:])
    seen = json.loads(run("doctor", "prod", "--format", "json"))
    return {each["name"]: each["status"] for each in seen["checks"]}


def details(blocks: list[dict[str, str]]) -> Iterator[dict[str, str]]:
    """The triggers; AWS Config's API takes the values that it lists."""
    for block in blocks:
        frequency = block.get("maximum_execution_frequency")
        assert block["message_type"] in enumeration("config", "MessageType")
        assert frequency in (None, *enumeration("config", "MaximumExecutionFrequency"))
        more = {"MaximumExecutionFrequency": frequency} if frequency else {}
        yield {"EventSource": "aws.config", "MessageType": block["message_type"], **more}
