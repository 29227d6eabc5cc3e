"""The real rdk deploys and removes a small rule in the sandbox; what is wrong ends in one clear error."""

from __future__ import annotations

import json
import re
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from lzkey import RULE_NAME
from lzkey.aws.function import account_statement
from lzkey.cli import main
from lzkey.deployment.build import build
from lzkey.deployment.deploy import deploy, undeploy
from lzkey.deployment.stack import FUNCTION_NAME, STACK_NAME
from lzkey.deployment.target import Where
from lzkey.documents import schema_of
from lzkey.errors import DeployError, DeployInterruptedError, PrerequisiteError
from lzkey.workplace import Workplace

if TYPE_CHECKING:
    from collections.abc import Callable

    from lzkey_sandbox import Sandbox

    from .conftest import Project


class TestDeploy:
    """From a parameters file to a verified rule."""

    def test_what_it_says_is_what_is_there(self, project: Project, sandbox: Sandbox) -> None:
        """The result can be found again with any client."""
        said: list[str] = []
        result = deploy("example", at=Workplace.in_checkout(project.root), progress=said.append)
        function = sandbox.client("lambda").get_function_configuration(FunctionName=FUNCTION_NAME)
        (rule,) = sandbox.client("config").describe_config_rules()["ConfigRules"]
        assert result.stack_status == "CREATE_COMPLETE"
        assert function["CodeSha256"] == result.uploaded.code_sha256
        assert function["FunctionArn"] == result.function_arn
        assert rule["ConfigRuleArn"] == result.rule_arn
        assert result.uploaded.content_sha256 == result.built.archive.content_sha256
        assert any("Config deploy complete" in line for line in said)
        assert policy(sandbox) == [account_statement(result.function_arn, sandbox.account)]
        assert f"AWS Config may invoke the function for account {sandbox.account} only" in result.verified
        assert sandbox.refused_hosts == ()

    def test_twice_with_a_change(self, project: Project, sandbox: Sandbox) -> None:
        """The second deployment replaces parameters and code, and restricts anew who may invoke it."""
        first = deploy("example", at=Workplace.in_checkout(project.root))
        sandbox.client("lambda").add_permission(
            FunctionName=FUNCTION_NAME,
            StatementId="as-rdk-makes-it",
            Action="lambda:InvokeFunction",
            Principal="config.amazonaws.com",
        )
        project.source("helper.py", "changed = True\n")
        name = project.parameters(TrailName="another-trail", maximumExecutionFrequency="One_Hour")
        second = deploy(name, at=Workplace.in_checkout(project.root))
        assert second.stack_status == "UPDATE_COMPLETE"
        assert second.uploaded.code_sha256 != first.uploaded.code_sha256
        assert second.rule_arn == first.rule_arn
        assert policy(sandbox) == [account_statement(second.function_arn, sandbox.account)]
        (rule,) = sandbox.client("config").describe_config_rules()["ConfigRules"]
        assert json.loads(rule["InputParameters"])["TrailName"] == "another-trail"
        assert "One_Hour" in [
            detail.get("MaximumExecutionFrequency") for detail in rule["Source"]["SourceDetails"]
        ]

    def test_from_the_command_line(
        self,
        project: Project,
        sandbox: Sandbox,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """The result names what is there, and nothing of an organization; test_deploy_organization has it."""
        monkeypatch.setattr("lzkey.cli.deployment.here", lambda: Workplace.in_checkout(project.root))
        assert main(["deploy", "example", "--format", "json", "--quiet"]) == 0
        said = capsys.readouterr()
        assert said.err == ""
        told = json.loads(said.out)
        assert told["account"] == sandbox.account
        assert told["warnings"][0].startswith("there is no AWS Config recorder in account")
        assert not {"organization_id", "accounts", "excluded_accounts"} & set(told)
        Draft202012Validator(schema_of("deploy")).validate(told)
        assert main(["undeploy", "example", "--format", "json", "--verbose"]) == 0
        said = capsys.readouterr()
        assert "$ rdk " in said.err
        assert re.search(
            rf"cloudformation:\w+ in us-east-1, account {sandbox.account}: ok, \d+ ms\n", said.err
        )
        told = json.loads(said.out)
        assert told["found"]
        Draft202012Validator(schema_of("undeploy")).validate(told)

    def test_excluded_accounts(self, project: Project, sandbox: Sandbox) -> None:
        """Only an organization rule has them; an empty list is none."""
        name = project.parameters(excludedAccounts=[sandbox.account])
        with pytest.raises(PrerequisiteError, match="which `rdk deploy` ignores"):
            deploy(name, at=Workplace.in_checkout(project.root))

    def test_nothing_is_built_for_the_wrong_account(self, project: Project, sandbox: Sandbox) -> None:
        """Checked first."""
        assert sandbox.account == "111122223333"
        with pytest.raises(PrerequisiteError, match="111122223333, but ManagementAccountId"):
            deploy(
                project.parameters(ManagementAccountId="444455556666"), at=Workplace.in_checkout(project.root)
            )
        assert not (project.root / "build").exists()

    def test_rdk_that_fails_is_quoted(self, project: Project, sandbox: Sandbox, monkeypatch: Any) -> None:
        """Its last lines are the message. Here the bucket disappears after the check."""
        monkeypatch.setattr("lzkey.deployment.deploy.inspect", lambda *_: ())
        sandbox.client("s3").delete_bucket(Bucket=f"config-rule-code-bucket-{sandbox.account}-us-east-1")
        with pytest.raises(DeployError, match="rdk deploy failed with exit code 1") as caught:
            deploy("example", at=Workplace.in_checkout(project.root))
        assert "NoSuchBucket" in str(caught.value)

    def test_a_stack_without_the_rule_is_an_error(
        self, project: Project, sandbox: Sandbox, monkeypatch: Any
    ) -> None:
        """Believed is only what AWS says: here the rule is removed behind rdk's back."""
        from lzkey.deployment import readback  # noqa: PLC0415 - the seam at which the rule is removed

        believed = readback.verify_stack

        def remove_rule(*arguments: Any) -> str:
            sandbox.client("config").delete_config_rule(ConfigRuleName=RULE_NAME)
            return believed(*arguments)

        monkeypatch.setattr("lzkey.deployment.deploy.verify_stack", remove_rule)
        with pytest.raises(DeployError, match="AWS Config has no rule"):
            deploy("example", at=Workplace.in_checkout(project.root))


class TestFailure:
    """However a deployment ends: if there is a function, only AWS Config for this account may invoke it."""

    @pytest.mark.parametrize(
        "step", ["run_rdk", "verify_stack", "uploaded", "verify_function", "verify_rule"]
    )
    def test_is_restricted_all_the_same(
        self, project: Project, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, step: str
    ) -> None:
        """Whichever step fails, and its error stays what it was."""
        fail_after(monkeypatch, f"lzkey.deployment.deploy.{step}")
        with pytest.raises(DeployError) as caught:
            deploy("example", at=Workplace.in_checkout(project.root))
        assert str(caught.value) == "it failed"
        arn = sandbox.client("lambda").get_function_configuration(FunctionName=FUNCTION_NAME)["FunctionArn"]
        assert policy(sandbox) == [account_statement(arn, sandbox.account)]

    @pytest.mark.parametrize("step", ["run_rdk", "verify_stack"])
    @pytest.mark.parametrize("refused", ["GetFunctionConfiguration", "AddPermission"])
    def test_what_stays_open_is_said(
        self, project: Project, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, step: str, refused: str
    ) -> None:
        """Beside the error that came first."""
        fail_after(
            monkeypatch,
            f"lzkey.deployment.deploy.{step}",
            lambda: sandbox.fail_next("lambda", refused, "AccessDeniedException"),
        )
        with pytest.raises(DeployError, match=r"^it failed\n") as caught:
            deploy("example", at=Workplace.in_checkout(project.root))
        assert "Until it is, AWS Config of any account may invoke it" in str(caught.value)
        assert refused in str(caught.value)

    @pytest.mark.parametrize(
        ("said", "made"), [("Running deploy", False), ("CloudFormation stack operation complete", True)]
    )
    def test_ctrl_c_while_rdk_works(
        self, project: Project, sandbox: Sandbox, said: str, *, made: bool
    ) -> None:
        """Rdk is ended, what goes on is said, and a function that is there already is restricted."""

        def interrupt(line: str) -> None:
            if said.lower() in line.lower():
                raise KeyboardInterrupt

        with pytest.raises(DeployInterruptedError, match="CloudFormation may go on") as caught:
            deploy("example", at=Workplace.in_checkout(project.root), progress=interrupt)
        assert caught.value.exit_code == 130
        if made:
            function = sandbox.client("lambda").get_function_configuration(FunctionName=FUNCTION_NAME)
            assert policy(sandbox) == [account_statement(function["FunctionArn"], sandbox.account)]

    def test_without_a_function_nothing_is_open(
        self, project: Project, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A stack that was rolled back has none."""
        fail_after(
            monkeypatch,
            "lzkey.deployment.deploy.verify_stack",
            lambda: sandbox.client("lambda").delete_function(FunctionName=FUNCTION_NAME),
        )
        with pytest.raises(DeployError) as caught:
            deploy("example", at=Workplace.in_checkout(project.root))
        assert str(caught.value) == "it failed"


class TestUndeploy:
    """What was made is removed; the code bucket stays."""

    def test_is_gone(self, project: Project, sandbox: Sandbox) -> None:
        """Stack, rule and function."""
        deploy("example", at=Workplace.in_checkout(project.root))
        assert undeploy("example", at=Workplace.in_checkout(project.root)).found
        assert sandbox.client("config").describe_config_rules()["ConfigRules"] == []
        assert sandbox.client("lambda").list_functions()["Functions"] == []

    def test_of_nothing(self, project: Project, sandbox: Sandbox) -> None:
        """Says so, and is no error: removing twice is removing once."""
        assert sandbox.region
        said: list[str] = []
        assert not undeploy("example", at=Workplace.in_checkout(project.root), progress=said.append).found
        assert said[-1] == f"nothing to remove: there is no stack {STACK_NAME}"

    def test_in_the_wrong_region(self, project: Project, sandbox: Sandbox) -> None:
        """The same guard as for a deployment."""
        assert sandbox.region
        with pytest.raises(PrerequisiteError, match="home Region is us-east-1"):
            undeploy("example", at=Workplace.in_checkout(project.root), where=Where(region="eu-west-1"))


def policy(sandbox: Sandbox) -> list[dict[str, Any]]:
    """The statements of the function's policy."""
    answer = sandbox.client("lambda").get_policy(FunctionName=FUNCTION_NAME)
    return list(json.loads(answer["Policy"])["Statement"])


def test_the_build_directory_can_be_deployed_by_hand(project: Project, sandbox: Sandbox) -> None:
    """The zip that rdk makes of our directory unpacks to what was built."""
    assert sandbox.region
    result = deploy("example", at=Workplace.in_checkout(project.root))
    again = build("example", at=Workplace.in_checkout(project.root))
    assert again.archive.content_sha256 == result.uploaded.content_sha256


def fail_after(monkeypatch: pytest.MonkeyPatch, step: str, then: Callable[[], object] = lambda: None) -> None:
    """Let a step of the deployment do its work, and fail."""
    module, name = step.rsplit(".", 1)
    works = getattr(import_module(module), name)

    def fails(*arguments: Any) -> None:
        works(*arguments)
        then()
        raise DeployError("it failed")

    monkeypatch.setattr(step, fails)
