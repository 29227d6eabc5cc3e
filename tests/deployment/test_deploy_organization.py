"""The real rdk deploys an organization rule in the sandbox, and every account is looked at afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from lzkey import RULE_NAME
from lzkey.aws.function import organization_statement
from lzkey.cli import main
from lzkey.deployment.deploy import ORGANIZATION, deploy, undeploy
from lzkey.deployment.stack import FUNCTION_NAME, STACK_NAME
from lzkey.deployment.target import Where
from lzkey.documents import schema_of
from lzkey.errors import DeployError, ParametersError, PrerequisiteError
from lzkey.workplace import Workplace
from lzkey_sandbox.organization import Organization, OrganizationPlan

from .conftest import ROOT, make_code_bucket, sign_in

if TYPE_CHECKING:
    from lzkey.deployment.deploy import DeployResult
    from lzkey_sandbox import Sandbox

    from .conftest import Project

EXECUTION_ROLE = "landing-zone-key-rule"

Build = Callable[..., Organization]
Write = Callable[..., str]


@pytest.fixture
def build(sandbox: Sandbox) -> Build:
    """What makes an organization with two sound members, unless a test asks for another."""

    def made(**changes: Any) -> Organization:
        plan = {"members": 2, "without_recorder": 0, "without_role": 0, "suspended": 0, **changes}
        return sandbox.organization(OrganizationPlan(execution_role=EXECUTION_ROLE, **plan))

    return made


@pytest.fixture
def write(project: Project, sandbox: Sandbox) -> Write:
    """What writes a parameters file that can be deployed to the organization, its role from our template."""

    def written(account: str | None = None, **changes: Any) -> str:
        given = {
            "OrganizationId": "o-exampleorgid",
            "ExecutionRoleName": EXECUTION_ROLE,
            "AssumeRoleMode": "true",
            "triggers": ["periodic"],
            "lambdaRoleArn": lambda_role(sandbox, account or sandbox.account),
            **changes,
        }
        return project.parameters(**given)

    return written


def lambda_role(sandbox: Sandbox, account: str) -> str:
    """Deploy deploy/lambda-role.yaml once; return the role's ARN."""
    stacks = sandbox.client("cloudformation", account=account)
    if "role" not in [stack["StackName"] for stack in stacks.describe_stacks()["Stacks"]]:
        stacks.create_stack(
            StackName="role",
            TemplateBody=(ROOT / "deploy/lambda-role.yaml").read_text(),
            Parameters=[
                {"ParameterKey": "ExecutionRoleName", "ParameterValue": EXECUTION_ROLE},
                {"ParameterKey": "OrganizationId", "ParameterValue": "o-exampleorgid"},
            ],
            Capabilities=["CAPABILITY_IAM"],
        )
    outputs = stacks.describe_stacks(StackName="role")["Stacks"][0]["Outputs"]
    return str(next(out["OutputValue"] for out in outputs if out["OutputKey"] == "RoleArn"))


def organization_rule(sandbox: Sandbox, account: str | None = None) -> dict[str, Any]:
    """The one organization rule of an account."""
    config = sandbox.client("config", account=account)
    (rule,) = config.describe_organization_config_rules()["OrganizationConfigRules"]
    return dict(rule)


class TestDeploy:
    """From a parameters file to a rule in every account."""

    def test_what_it_says_is_what_is_there(
        self, project: Project, sandbox: Sandbox, build: Build, write: Write
    ) -> None:
        """The rule, each account's share of it, and who may invoke the function."""
        organization = build()
        result = deploy(
            write(excludedAccounts=[organization.sound[0]]),
            ORGANIZATION,
            at=Workplace.in_checkout(project.root),
        )
        rule = organization_rule(sandbox)
        assert rule["OrganizationConfigRuleArn"] == result.rule_arn
        assert rule["ExcludedAccounts"] == [organization.sound[0]]
        assert [entry.account for entry in result.accounts] == sorted(
            set(organization.accounts) - {organization.sound[0]}
        )
        assert {entry.status for entry in result.accounts} == {"CREATE_SUCCESSFUL"}
        policy = sandbox.client("lambda").get_policy(FunctionName=FUNCTION_NAME)["Policy"]
        assert json.loads(policy)["Statement"] == [
            organization_statement(result.function_arn, "o-exampleorgid")
        ]
        assert result.warnings == ()
        assert "it is in 4 accounts" in result.verified
        assert f"excluded accounts: {organization.sound[0]}" in result.verified

    def test_twice_with_a_change(
        self, project: Project, sandbox: Sandbox, build: Build, write: Write
    ) -> None:
        """Parameters and excluded accounts follow the file, and the restricted permission stays."""
        organization = build()
        first = deploy(write(), ORGANIZATION, at=Workplace.in_checkout(project.root))
        changed = write(excludedAccounts=[organization.audit], TrailName="another-trail")
        second = deploy(changed, ORGANIZATION, at=Workplace.in_checkout(project.root))
        custom = organization_rule(sandbox)["OrganizationCustomRuleMetadata"]
        assert json.loads(custom["InputParameters"])["TrailName"] == "another-trail"
        assert first.rule_arn == second.rule_arn
        assert {entry.account for entry in first.accounts} - {entry.account for entry in second.accounts} == {
            organization.audit
        }
        assert "AWS Config may invoke the function for accounts of organization o-exampleorgid only" in (
            second.verified
        )

    def test_excluded_accounts_come_in_one_order(
        self, project: Project, sandbox: Sandbox, build: Build, write: Write
    ) -> None:
        """The order of a set is random in rdk, and another one would be an update of the stack."""
        organization = build(members=6)
        orders = []
        for accounts in (organization.sound, organization.sound[::-1]):
            deploy(
                write(excludedAccounts=list(accounts)), ORGANIZATION, at=Workplace.in_checkout(project.root)
            )
            orders.append(organization_rule(sandbox)["ExcludedAccounts"])
        assert orders[0] == orders[1]
        assert sorted(orders[0]) == sorted(organization.sound)

    def test_on_change_from_the_command_line(
        self,
        project: Project,
        sandbox: Sandbox,
        build: Build,
        write: Write,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """The other trigger, with its scope; every account is in the result."""
        organization = build()
        monkeypatch.setattr("lzkey.cli.deployment.here", lambda: Workplace.in_checkout(project.root))
        name = write(triggers=["change"], maximumExecutionFrequency=None)
        assert main(["deploy-organization", name, "--format", "json"]) == 0
        told = json.loads(capsys.readouterr().out)
        custom = organization_rule(sandbox)["OrganizationCustomRuleMetadata"]
        assert custom["ResourceTypesScope"] == ["AWS::KMS::Key"]
        assert "ScheduledNotification" not in custom["OrganizationConfigRuleTriggerTypes"]
        assert told["organization_id"] == organization.organization_id
        assert {entry["account"] for entry in told["accounts"]} == set(organization.accounts)
        assert {entry["status"] for entry in told["accounts"]} == {"CREATE_SUCCESSFUL"}
        Draft202012Validator(schema_of("deploy")).validate(told)
        assert main(["undeploy-organization", name, "--format", "json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["found"]
        Draft202012Validator(schema_of("undeploy")).validate(told)

    def test_from_the_delegated_administrator(
        self,
        project: Project,
        sandbox: Sandbox,
        build: Build,
        write: Write,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Control Tower's audit account; the rule is the management account's neighbour, not its own."""
        organization = build(trust=trusting_the_audit_account())
        make_code_bucket(sandbox, organization.audit)
        name = write(organization.audit)
        sign_in(monkeypatch, credentials(sandbox, organization.audit))
        result = deploy(name, ORGANIZATION, at=Workplace.in_checkout(project.root))
        assert result.account == organization.audit
        assert organization.management in {entry.account for entry in result.accounts}
        assert organization_rule(sandbox, organization.audit)["OrganizationConfigRuleArn"] == result.rule_arn
        assert undeploy(name, ORGANIZATION, at=Workplace.in_checkout(project.root)).found


class TestAccounts:
    """The rule may be missing in some accounts: each is named, with its reason and what to do."""

    def test_without_a_recorder(self, project: Project, sandbox: Sandbox, build: Build, write: Write) -> None:
        """The others have the rule, and the permission is restricted all the same."""
        organization = build(members=3, without_recorder=1)
        (off,) = organization.without_recorder
        with pytest.raises(DeployError) as caught:
            deploy(write(), ORGANIZATION, at=Workplace.in_checkout(project.root))
        said = str(caught.value)
        assert "the rule is in 5 of 6 accounts" in said
        assert f"account {off}: CREATE_FAILED: NoAvailableConfigurationRecorder" in said
        assert "enroll the account in Control Tower" in said
        policy = sandbox.client("lambda").get_policy(FunctionName=FUNCTION_NAME)["Policy"]
        assert "aws:SourceOrgID" in policy
        deploy(write(excludedAccounts=[off]), ORGANIZATION, at=Workplace.in_checkout(project.root))

    def test_the_management_account_has_no_recorder(
        self, project: Project, build: Build, write: Write
    ) -> None:
        """As Control Tower leaves it; a warning before, the explanation after, and two ways out."""
        organization = build(management_recorder=False)
        heard: list[str] = []
        with pytest.raises(DeployError) as caught:
            deploy(write(), ORGANIZATION, at=Workplace.in_checkout(project.root), progress=heard.append)
        said = str(caught.value)
        assert f"account {organization.management}: CREATE_FAILED: NoAvailableConfigurationRecorder" in said
        assert "Control Tower does not enable AWS Config in the management account" in said
        assert "deploy/recorder.yaml" in said
        assert any("there is no AWS Config recorder" in line for line in heard)
        heard.clear()
        excluded = write(excludedAccounts=[organization.management])
        deploy(excluded, ORGANIZATION, at=Workplace.in_checkout(project.root), progress=heard.append)
        assert not any("recorder" in line for line in heard)

    def test_a_stack_that_was_rolled_back(
        self, project: Project, build: Build, write: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """AWS does not document whether a failing account fails the stack; if so, the reason is explained."""
        reason = (
            "stack ended in ROLLBACK_COMPLETE: rdkConfigRule CREATE_FAILED: NoAvailableConfigurationRecorder"
        )

        def rolled_back(*_: object) -> str:
            raise DeployError(reason)

        build()
        monkeypatch.setattr("lzkey.deployment.deploy.verify_stack", rolled_back)
        with pytest.raises(DeployError) as caught:
            deploy(write(), ORGANIZATION, at=Workplace.in_checkout(project.root))
        assert str(caught.value).startswith(f"{reason} (Control Tower does not enable AWS Config")

    @pytest.mark.parametrize("step", ["verify_stack", "uploaded", "verify_function"])
    def test_is_restricted_whatever_fails(
        self,
        project: Project,
        sandbox: Sandbox,
        build: Build,
        write: Write,
        monkeypatch: pytest.MonkeyPatch,
        step: str,
    ) -> None:
        """Also before any account is looked at; test_deploy has what stays open."""

        def fails(*_: object) -> str:
            raise DeployError("it failed")

        build()
        monkeypatch.setattr(f"lzkey.deployment.deploy.{step}", fails)
        with pytest.raises(DeployError, match=r"^it failed$"):
            deploy(write(), ORGANIZATION, at=Workplace.in_checkout(project.root))
        found = sandbox.client("lambda").get_policy(FunctionName=FUNCTION_NAME)["Policy"]
        (statement,) = json.loads(found)["Statement"]
        assert statement == organization_statement(statement["Resource"], "o-exampleorgid")

    def test_still_at_work(
        self,
        project: Project,
        sandbox: Sandbox,
        build: Build,
        write: Write,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Waited for; and an error when it takes too long."""
        build()
        monkeypatch.setattr("lzkey.deployment.readback._PAUSE_SECONDS", 0)
        sandbox.delay_organization_rules(2)
        deploy(write(), ORGANIZATION, at=Workplace.in_checkout(project.root))
        sandbox.delay_organization_rules(1000)
        monkeypatch.setattr("lzkey.deployment.readback._WAIT_SECONDS", 0.5)
        with pytest.raises(DeployError, match="IN_PROGRESS, AWS Config is still at work"):
            deploy(write(), ORGANIZATION, at=Workplace.in_checkout(project.root))

    def test_accounts_that_are_none_of_the_organization(
        self, project: Project, build: Build, write: Write
    ) -> None:
        """A slip in excludedAccounts is a warning; so is a suspended account, which gets no rule anyway."""
        organization = build(members=2, suspended=1)
        named = ["999999999999", *organization.suspended]
        result = deploy(write(excludedAccounts=named), ORGANIZATION, at=Workplace.in_checkout(project.root))
        (warning,) = result.warnings
        assert warning.startswith("excluded, but no active accounts of the organization: ")
        assert all(account in warning for account in named)


class TestRefusals:
    """What would go wrong is refused before anything is built or changed."""

    @pytest.fixture(autouse=True)
    def nothing_is_built(self, project: Project) -> Any:
        """Checked first."""
        yield
        assert not (project.root / "build").exists()

    def test_a_file_for_one_account(self, project: Project, sandbox: Sandbox) -> None:
        """Everything at once; which faults there are is the business of test_prerequisites_organization."""
        assert sandbox.account
        with pytest.raises(ParametersError, match="cannot be deployed to an organization"):
            deploy("example", ORGANIZATION, at=Workplace.in_checkout(project.root))

    def test_elsewhere_than_at_home(self, project: Project, build: Build, write: Write) -> None:
        """Every key would fail HOME_REGION; asked for, the next obstacle is the bucket there."""
        build()
        away = Where(region="eu-west-1")
        with pytest.raises(PrerequisiteError, match="elsewhere every key fails HOME_REGION"):
            deploy(write(), ORGANIZATION, at=Workplace.in_checkout(project.root), where=away)
        allowed = Where(region="eu-west-1", other_region=True)
        with pytest.raises(PrerequisiteError, match="config-rule-code-bucket-111122223333-eu-west-1"):
            deploy(write(), ORGANIZATION, at=Workplace.in_checkout(project.root), where=allowed)

    def test_the_manifest_cannot_be_read_in_the_delegated_administrator(
        self,
        project: Project,
        sandbox: Sandbox,
        build: Build,
        write: Write,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """GetLandingZone works in the management account alone; key ARNs work everywhere."""
        organization = build()
        name = write(organization.audit, KeyScope="landing-zone")
        sign_in(monkeypatch, credentials(sandbox, organization.audit))
        with pytest.raises(PrerequisiteError, match="works in the management account alone"):
            deploy(name, ORGANIZATION, at=Workplace.in_checkout(project.root))
        key = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
        with pytest.raises(PrerequisiteError, match="config-rule-code-bucket-777788889999"):
            deploy(
                write(organization.audit, KeyScope=key), ORGANIZATION, at=Workplace.in_checkout(project.root)
            )

    def test_no_role_in_the_account_that_deploys(
        self, project: Project, sandbox: Sandbox, write: Write
    ) -> None:
        """A StackSet does not reach the management account; excluded it needs none."""
        sandbox.organization(OrganizationPlan(members=3))
        with pytest.raises(PrerequisiteError, match=r"Deploy deploy/execution-role\.yaml there too"):
            deploy(write(), ORGANIZATION, at=Workplace.in_checkout(project.root))


class TestOtherKind:
    """`deploy` and `deploy-organization` make stacks of one name that do not turn into each other."""

    def test_over_a_rule_of_the_account(self, project: Project, build: Build, write: Write) -> None:
        """Undeploy first."""
        build()
        write()  # its role, whose template makes the log group, which the function makes where there is none
        deploy(project.parameters(), at=Workplace.in_checkout(project.root))
        for command in (deploy, undeploy):
            with pytest.raises(
                PrerequisiteError, match=r"made by `lzkey deploy`.*run `lzkey undeploy` first"
            ):
                command(write(), ORGANIZATION, at=Workplace.in_checkout(project.root))

    def test_over_a_rule_of_the_organization(self, project: Project, build: Build, write: Write) -> None:
        """The twin."""
        build()
        deploy(write(), ORGANIZATION, at=Workplace.in_checkout(project.root))
        for command in (deploy, undeploy):
            with pytest.raises(
                PrerequisiteError,
                match=r"`lzkey deploy-organization`.*run `lzkey undeploy-organization` first",
            ):
                command(project.parameters(), at=Workplace.in_checkout(project.root))


class TestUndeploy:
    """What was made is removed, in every account."""

    def test_is_gone(self, project: Project, sandbox: Sandbox, build: Build, write: Write) -> None:
        """CloudFormation does not miss the permission that we replaced."""
        organization = build()
        result = deploy(write(), ORGANIZATION, at=Workplace.in_checkout(project.root))
        assert undeploy(write(), ORGANIZATION, at=Workplace.in_checkout(project.root)).found
        config = sandbox.client("config")
        assert config.describe_organization_config_rules()["OrganizationConfigRules"] == []
        assert sandbox.client("lambda").list_functions()["Functions"] == []
        for account in organization.accounts:
            rules = sandbox.client("config", account=account).describe_config_rules()["ConfigRules"]
            assert rules == [], (account, result.accounts)

    def test_of_nothing(self, project: Project, build: Build, write: Write) -> None:
        """Says so, and is no error: removing twice is removing once."""
        build()
        said: list[str] = []
        assert not undeploy(
            write(), ORGANIZATION, at=Workplace.in_checkout(project.root), progress=said.append
        ).found
        assert said[-1] == f"nothing to remove: there is no stack {STACK_NAME}"

    def test_a_rule_that_stays(
        self,
        project: Project,
        sandbox: Sandbox,
        build: Build,
        write: Write,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """AWS Config takes it from each account after the stack is gone: those left are named."""
        organization = build()
        result = deploy(write(), ORGANIZATION, at=Workplace.in_checkout(project.root))
        monkeypatch.setattr("lzkey.deployment.readback._WAIT_SECONDS", 0)
        monkeypatch.setattr("lzkey.deployment.deploy.verify_gone", lambda _: put_back(sandbox, result))
        with pytest.raises(DeployError, match=f"still has the organization rule {RULE_NAME}") as caught:
            undeploy(write(), ORGANIZATION, at=Workplace.in_checkout(project.root))
        assert f"{organization.audit} (CREATE_FAILED)" in str(caught.value)


def put_back(sandbox: Sandbox, result: DeployResult) -> None:
    """Make the organization rule again."""
    sandbox.client("config").put_organization_config_rule(
        OrganizationConfigRuleName=RULE_NAME,
        OrganizationCustomRuleMetadata={
            "LambdaFunctionArn": result.function_arn,
            "OrganizationConfigRuleTriggerTypes": ["ScheduledNotification"],
        },
    )


def credentials(sandbox: Sandbox, account: str) -> dict[str, str]:
    """The environment of somebody who has signed in to another account."""
    role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
    given = sandbox.client("sts").assume_role(RoleArn=role, RoleSessionName="lzkey")["Credentials"]
    return {
        **sandbox.environment,
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
    }


def trusting_the_audit_account() -> dict[str, Any]:
    """The trust policy of the execution role when the Lambda is in the audit account."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::777788889999:root"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
