"""What whoever deploys needs, by SECURITY.md: the calls of real deployments, and what CloudFormation adds."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from lzkey.deployment.deploy import ACCOUNT, ORGANIZATION, Kind, deploy, undeploy
from lzkey.workplace import Workplace
from lzkey_sandbox.organization import OrganizationPlan

from ..permissions import deployers_actions, permissions  # noqa: TID252 - tests are no package
from .test_organization_end_to_end import parameters

if TYPE_CHECKING:
    from lzkey_sandbox import Sandbox

    from .conftest import Project

# What IAM calls otherwise than the API does.
ACTIONS = {"s3:HeadBucket": "s3:ListBucket"}

# What nobody can be refused.
FREE = {"sts:GetCallerIdentity"}

# Not called here: only where something has failed, or from the delegated administrator.
ELSEWHERE = {"cloudformation:DescribeStackEvents", "organizations:ListDelegatedAdministrators"}

# What CloudFormation does on behalf of whoever calls it, to the resources of rdk's templates: a rule (of the
# organization), a role, a function that is given one, and its code.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html
ON_BEHALF = {
    *("config:PutConfigRule", "config:DeleteConfigRule"),
    *("config:PutOrganizationConfigRule", "config:DeleteOrganizationConfigRule"),
    *("iam:CreateRole", "iam:TagRole", "iam:PutRolePolicy", "iam:AttachRolePolicy"),
    *("iam:PutRolePermissionsBoundary", "iam:DetachRolePolicy", "iam:DeleteRolePolicy", "iam:DeleteRole"),
    *("iam:PassRole", "s3:GetObject"),
}


def called(project: Project, sandbox: Sandbox, name: str, kind: Kind) -> set[str]:
    """The actions of making, changing and removing a rule."""
    sandbox.forget_calls()
    deploy(name, kind, at=Workplace.in_checkout(project.root))
    project.source("helper.py", "changed = True\n")
    deploy(name, kind, at=Workplace.in_checkout(project.root))
    undeploy(name, kind, at=Workplace.in_checkout(project.root))
    calls = {f"{call.service}:{call.operation}" for call in sandbox.calls}
    assert {"cloudformation:CreateStack", "cloudformation:UpdateStack", "lambda:UpdateFunctionCode"} <= calls
    return {ACTIONS.get(call, call) for call in calls} - FREE - of_the_function()


def of_the_function() -> set[str]:
    """What the function may do, which runs as soon as it is there; whoever deploys needs none of it."""
    return {entry.action for entry in permissions() if entry.who == "deploy/lambda-role.yaml"}


def test_the_table_names_all_that_is_called_and_nothing_else(project: Project, sandbox: Sandbox) -> None:
    """Of the account, and of the organization."""
    alone = project.parameters("alone")
    organization = sandbox.organization(
        OrganizationPlan(members=1, without_recorder=0, without_role=0, suspended=0)
    )
    name = parameters(project, sandbox, organization, "change")
    found = called(project, sandbox, name, ORGANIZATION) | called(project, sandbox, alone, ACCOUNT)
    table = deployers_actions()
    assert len(set(table)) == len(table)
    assert [action for action in found if not any(fnmatchcase(action, row) for row in table)] == []
    needed = found | ON_BEHALF | ELSEWHERE
    assert [row for row in table if not any(fnmatchcase(action, row) for action in needed)] == []
    assert not found & (ON_BEHALF | ELSEWHERE)
    assert not set(table) & of_the_function()
