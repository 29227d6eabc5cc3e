"""Before an organization rule: what rdk would drop or do wrong, and who may make one, is told at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.session import get_session
from botocore.stub import Stubber

from lzkey import RULE_NAME
from lzkey.cli import main
from lzkey.deployment.prerequisites import (
    identify_organization,
    require_deployable_to_organization,
    require_execution_role,
)
from lzkey.errors import ParametersError, PrerequisiteError
from lzkey.parameters import load
from lzkey.workplace import Workplace
from lzkey_sandbox.organization import Organization, OrganizationPlan

from .conftest import target_at

if TYPE_CHECKING:
    from lzkey.deployment.target import Target
    from lzkey.parameters import Parameters
    from lzkey_sandbox import Sandbox

    from .conftest import Project

DEPLOYABLE: dict[str, Any] = {
    "OrganizationId": "o-exampleorgid",
    "ExecutionRoleName": "my-role",
    "AssumeRoleMode": "true",
    "triggers": ["periodic"],
    "lambdaRoleArn": "arn:aws:iam::111122223333:role/lzkey-lambda",
}


def parameters(project: Project, **changes: Any) -> Parameters:
    """A file that can be deployed to an organization, with fields changed."""
    return load(project.parameters(**{**DEPLOYABLE, **changes}), at=Workplace.in_checkout(project.root))


class TestFile:
    """What the file must say."""

    def test_can_be_deployed(self, project: Project) -> None:
        """Either trigger; the mode may be left out, as rdklib assumes a role unless told otherwise."""
        require_deployable_to_organization(parameters(project))
        require_deployable_to_organization(parameters(project, AssumeRoleMode=None))
        require_deployable_to_organization(
            parameters(project, triggers=["change"], maximumExecutionFrequency=None)
        )

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"triggers": ["change", "periodic"]}, "deployment.triggers: rdk drops the change trigger"),
            ({"triggers": None}, "or deploy deploy/organization-rule.yaml, which has both"),
            ({"lambdaRoleArn": None}, "deployment.lambdaRoleArn: is missing"),
            ({"AssumeRoleMode": "false"}, 'ruleParameters.AssumeRoleMode: must not be "false"'),
            ({"OrganizationId": None}, "ruleParameters.OrganizationId: is missing"),
        ],
    )
    def test_cannot(self, project: Project, changes: dict[str, Any], said: str) -> None:
        """Each with its reason; one element differs."""
        with pytest.raises(ParametersError) as caught:
            require_deployable_to_organization(parameters(project, **changes))
        assert said in str(caught.value)
        assert len(str(caught.value).splitlines()) == 2

    def test_all_at_once(self, project: Project) -> None:
        """The example is a file for one account."""
        with pytest.raises(ParametersError) as caught:
            require_deployable_to_organization(
                load(project.parameters(OrganizationId=None), at=Workplace.in_checkout(project.root))
            )
        fields = [line.strip().split(":")[0] for line in str(caught.value).splitlines()[1:]]
        assert fields == [
            "deployment.triggers",
            "deployment.lambdaRoleArn",
            "ruleParameters.ExecutionRoleName",
            "ruleParameters.AssumeRoleMode",
            "ruleParameters.OrganizationId",
        ]

    def test_at_build(
        self, project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """`lzkey build NAME --organization` says the same, without an account."""
        monkeypatch.setattr("lzkey.cli.deployment.here", lambda: Workplace.in_checkout(project.root))
        project.parameters(**{**DEPLOYABLE, "triggers": ["change", "periodic"]})
        assert main(["build", "example", "--organization"]) == 2
        assert "rdk drops the change trigger" in capsys.readouterr().err
        assert not (project.root / "build").exists()

    def test_the_rules_name_is_short_enough(self) -> None:
        """At most 64 characters (AWS Config API, OrganizationConfigRuleName)."""
        model = get_session().get_service_model("config")
        shape = model.shape_for("OrganizationConfigRuleName")
        assert len(RULE_NAME) <= shape.metadata["max"] == 64


@pytest.fixture
def organization(sandbox: Sandbox) -> Organization:
    """An organization with one account more than Control Tower makes, and that one suspended."""
    plan = OrganizationPlan(
        members=1, without_recorder=0, without_role=0, suspended=1, execution_role="my-role"
    )
    return sandbox.organization(plan)


def target_of(sandbox: Sandbox, account: str) -> Target:
    """An account, with a session that gets there."""
    role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
    if account == sandbox.account:
        return target_at(boto3.Session(), account, sandbox.region)
    given = sandbox.client("sts").assume_role(RoleArn=role, RoleSessionName="lzkey")["Credentials"]
    session = boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    return target_at(session, account, sandbox.region)


class TestCaller:
    """Who may make organization rules."""

    def test_management_account(self, project: Project, sandbox: Sandbox, organization: Organization) -> None:
        """It sees the active accounts, itself among them."""
        found = identify_organization(parameters(project), target_of(sandbox, organization.management))
        assert found.organization
        assert found.organization.id == organization.organization_id
        assert found.members == set(organization.accounts) - set(organization.suspended)

    def test_delegated_administrator(
        self, project: Project, sandbox: Sandbox, organization: Organization
    ) -> None:
        """For the service that makes organization rules; the log archive account is none."""
        found = identify_organization(parameters(project), target_of(sandbox, organization.audit))
        assert found.organization
        assert found.organization.management_account == organization.management
        with pytest.raises(PrerequisiteError, match="register-delegated-administrator") as caught:
            identify_organization(parameters(project), target_of(sandbox, organization.log_archive))
        assert "refused organizations:ListDelegatedAdministrators" in str(caught.value)
        assert "or it is neither the organization's management account nor a delegated" in str(caught.value)

    def test_delegated_administrator_who_may_not_ask(
        self, project: Project, sandbox: Sandbox, organization: Organization
    ) -> None:
        """The refused call is named: it is not said that the account is none."""
        target = target_of(sandbox, organization.audit)
        sandbox.fail_next("organizations", "ListDelegatedAdministrators", "AccessDeniedException")
        with pytest.raises(PrerequisiteError, match="its credentials lack that permission, or") as caught:
            identify_organization(parameters(project), target)
        assert "refused organizations:ListDelegatedAdministrators" in str(caught.value)
        identify_organization(parameters(project), target)

    def test_delegated_for_another_service(
        self, project: Project, sandbox: Sandbox, organization: Organization
    ) -> None:
        """An aggregator's delegated administrator may not make rules."""
        sandbox.client("organizations").register_delegated_administrator(
            AccountId=organization.log_archive, ServicePrincipal="config.amazonaws.com"
        )
        with pytest.raises(PrerequisiteError, match=r"config-multiaccountsetup\.amazonaws\.com"):
            identify_organization(parameters(project), target_of(sandbox, organization.log_archive))

    @pytest.mark.parametrize(
        "case",
        [
            ("OrganizationId", "o-anotherorgid1", "o-exampleorgid"),
            ("ManagementAccountId", "444455556666", "111122223333"),
        ],
    )
    def test_another_organization(
        self, project: Project, sandbox: Sandbox, organization: Organization, case: tuple[str, str, str]
    ) -> None:
        """Than the file's: both sides are named."""
        name, value, has = case
        target = target_of(sandbox, organization.management)
        with pytest.raises(PrerequisiteError, match=f"{name} in .* is {value}, but .* has {has}"):
            identify_organization(parameters(project, **{name: value}), target)

    def test_no_organization(self, project: Project, sandbox: Sandbox) -> None:
        """An account of its own."""
        with pytest.raises(PrerequisiteError, match="belongs to no organization"):
            identify_organization(parameters(project), target_of(sandbox, sandbox.account))

    def test_consolidated_billing(self, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
        """AWS Config would refuse the rule (OrganizationAllFeaturesNotEnabledException)."""
        organization = {
            "Id": "o-exampleorgid",
            "MasterAccountId": "111122223333",
            "FeatureSet": "CONSOLIDATED_BILLING",
        }
        session = boto3.Session("testing", "testing", region_name="us-east-1")
        client = session.client("organizations")
        monkeypatch.setattr(session, "client", lambda *_, **__: client)
        with Stubber(client) as stubber:
            stubber.add_response("describe_organization", {"Organization": organization})
            with pytest.raises(PrerequisiteError, match="need all features"):
                identify_organization(parameters(project), target_at(session, "111122223333", "us-east-1"))

    def test_accounts_that_may_not_be_listed(
        self, project: Project, sandbox: Sandbox, organization: Organization
    ) -> None:
        """Are not known; what may not be described at all is refused with the call's name."""
        target = target_of(sandbox, organization.management)
        sandbox.fail_next("organizations", "ListAccounts", "AccessDeniedException")
        assert identify_organization(parameters(project), target).members is None
        sandbox.fail_next("organizations", "DescribeOrganization", "AccessDeniedException")
        with pytest.raises(PrerequisiteError, match="refused organizations:DescribeOrganization in us-"):
            identify_organization(parameters(project), target)


class TestExecutionRole:
    """The account that deploys gets the rule too."""

    def test_must_be_there(self, project: Project, sandbox: Sandbox, organization: Organization) -> None:
        """By the name in the file; another one is not."""
        target = target_of(sandbox, organization.management)
        require_execution_role(parameters(project), target)
        with pytest.raises(PrerequisiteError, match="has no role another-role"):
            require_execution_role(parameters(project, ExecutionRoleName="another-role"), target)

    def test_by_its_path_too(self, project: Project, sandbox: Sandbox) -> None:
        """The Lambda assumes role/PATH/NAME; GetRole finds a role by its name alone."""
        sandbox.client("iam").create_role(RoleName="deep", Path="/a/", AssumeRolePolicyDocument="{}")
        target = target_of(sandbox, sandbox.account)
        require_execution_role(parameters(project, ExecutionRoleName="a/deep"), target)
        for name in ("deep", "b/deep"):
            with pytest.raises(PrerequisiteError, match=r"role/a/deep: give the name with its path"):
                require_execution_role(parameters(project, ExecutionRoleName=name), target)

    def test_unless_excluded(self, project: Project, sandbox: Sandbox) -> None:
        """Then nothing is evaluated there."""
        excluded = parameters(project, ExecutionRoleName="no-role", excludedAccounts=[sandbox.account])
        require_execution_role(excluded, target_of(sandbox, sandbox.account))
