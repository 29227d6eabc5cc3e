"""Who may invoke the function: AWS Config for our accounts, at every moment, and nobody else's for long."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from landing_zone_key.policy import Policy, Request, decide
from lzkey.aws.function import account_statement, organization_statement
from lzkey.deployment.permission import restrict_invocation
from lzkey.errors import DeployError

from .conftest import target_at

if TYPE_CHECKING:
    from lzkey.deployment.target import Target
    from lzkey_sandbox import Sandbox

FUNCTION = "my-function"
ARN = f"arn:aws:lambda:us-east-1:111122223333:function:{FUNCTION}"
ORGANIZATION = "o-exampleorgid"
WRITES = {"AddPermission", "RemovePermission", "PutResourcePolicy"}

AS_RDK_MAKES_IT: dict[str, Any] = {
    "StatementId": "ConfigPermissionToCallrdkRuleCodeLambda",
    "Action": "lambda:InvokeFunction",
    "Principal": "config.amazonaws.com",
}
FOR_SOMEBODY_ELSE: dict[str, Any] = {
    "StatementId": "mine",
    "Action": "lambda:InvokeFunction",
    "Principal": "events.amazonaws.com",
}


@pytest.fixture
def target(sandbox: Sandbox) -> Target:
    """An account with a function that rdk's template would have made."""
    iam = sandbox.client("iam")
    role = iam.create_role(RoleName="my-role", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    sandbox.client("lambda").create_function(
        FunctionName=FUNCTION, Runtime="python3.13", Handler="a.b", Role=role, Code={"ZipFile": b"code"}
    )
    add(sandbox, AS_RDK_MAKES_IT)
    sandbox.forget_calls()
    return target_at(boto3.Session(), sandbox.account, sandbox.region)


def add(sandbox: Sandbox, permission: dict[str, Any]) -> None:
    """Add a statement to the function's policy."""
    sandbox.client("lambda").add_permission(FunctionName=FUNCTION, **permission)


def statements(sandbox: Sandbox) -> list[dict[str, Any]]:
    """The function's policy."""
    answer = sandbox.client("lambda").get_policy(FunctionName=FUNCTION)
    return list(json.loads(answer["Policy"])["Statement"])


def writes(sandbox: Sandbox) -> list[str]:
    """The calls that changed the policy, in order; and a new record is begun."""
    made = [call.operation for call in sandbox.calls if call.operation in WRITES]
    sandbox.forget_calls()
    return made


class TestAccount:
    """One account: aws:SourceAccount, by AddPermission."""

    def test_replaces_the_one_for_any_account(self, sandbox: Sandbox, target: Target) -> None:
        """Ours is there before the other goes: at no moment may AWS Config not invoke the function."""
        said = restrict_invocation(target, ARN)
        assert said == "AWS Config may invoke the function for account 111122223333 only"
        assert writes(sandbox) == ["AddPermission", "RemovePermission"]
        assert statements(sandbox) == [account_statement(ARN, "111122223333")]

    def test_is_left_alone_when_it_is_right(self, sandbox: Sandbox, target: Target) -> None:
        """A second deployment changes nothing."""
        restrict_invocation(target, ARN)
        writes(sandbox)
        restrict_invocation(target, ARN)
        assert writes(sandbox) == []

    def test_the_wide_one_goes_again(self, sandbox: Sandbox, target: Target) -> None:
        """Whoever put it back."""
        restrict_invocation(target, ARN)
        add(sandbox, AS_RDK_MAKES_IT)
        writes(sandbox)
        restrict_invocation(target, ARN)
        assert writes(sandbox) == ["RemovePermission"]

    def test_one_of_our_name_with_another_condition(self, sandbox: Sandbox, target: Target) -> None:
        """Two statements cannot have one name: ours gets another before that one goes."""
        add(
            sandbox,
            {**AS_RDK_MAKES_IT, "StatementId": "ConfigOfThisAccount", "SourceAccount": "444455556666"},
        )
        writes(sandbox)
        restrict_invocation(target, ARN)
        assert writes(sandbox) == ["AddPermission", "RemovePermission", "RemovePermission"]
        (left,) = statements(sandbox)
        assert left["Condition"] == {"StringEquals": {"AWS:SourceAccount": "111122223333"}}


class TestOrganization:
    """An organization: aws:SourceOrgID, which takes PutResourcePolicy."""

    def test_replaces_the_policy_in_one_step(self, sandbox: Sandbox, target: Target) -> None:
        """At no moment may AWS Config not invoke the function."""
        said = restrict_invocation(target, ARN, ORGANIZATION)
        assert said == "AWS Config may invoke the function for accounts of organization o-exampleorgid only"
        assert writes(sandbox) == ["PutResourcePolicy"]
        assert statements(sandbox) == [organization_statement(ARN, ORGANIZATION)]

    def test_is_left_alone_when_it_is_right(self, sandbox: Sandbox, target: Target) -> None:
        """A second deployment changes nothing; for another organization it does."""
        restrict_invocation(target, ARN, ORGANIZATION)
        writes(sandbox)
        restrict_invocation(target, ARN, ORGANIZATION)
        assert writes(sandbox) == []
        restrict_invocation(target, ARN, "o-anotherorgid1")
        assert writes(sandbox) == ["PutResourcePolicy"]


def put(sandbox: Sandbox, *made: dict[str, Any]) -> None:
    """Put a whole policy."""
    policy = json.dumps({"Version": "2012-10-17", "Id": "default", "Statement": made})
    sandbox.client("lambda").put_resource_policy(ResourceArn=ARN, Policy=policy)


def own(**changes: Any) -> dict[str, Any]:
    """A statement as rdk's, with members changed or (None) removed."""
    statement = {
        "Sid": "own",
        "Effect": "Allow",
        "Principal": {"Service": "config.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": ARN,
        **changes,
    }
    return {name: value for name, value in statement.items() if value is not None}


SEVERAL = {"Service": ["config.amazonaws.com", "events.amazonaws.com"]}
OF_US = {"StringEquals": {"aws:SourceAccount": "111122223333", "aws:SourceOrgID": ORGANIZATION}}
OF_AN_ORGANIZATION = {"StringEquals": {"aws:PrincipalOrgID": ORGANIZATION}}


@pytest.mark.parametrize("organization", [None, ORGANIZATION])
class TestStatementsOfOthers:
    """Removed is what rdk makes; what else lets somebody in is named."""

    @pytest.mark.parametrize(
        "statement",
        [own(), own(Sid=None), own(Principal={"Service": ["config.amazonaws.com"]}), own(Action="lambda:*")],
    )
    def test_like_rdks_is_removed(
        self, sandbox: Sandbox, target: Target, organization: str | None, statement: dict[str, Any]
    ) -> None:
        """Whatever it is called, or if it has no name at all."""
        put(sandbox, statement)
        assert restrict_invocation(target, ARN, organization).endswith(" only")
        (left,) = statements(sandbox)
        assert left["Sid"] == ("ConfigOfThisOrganization" if organization else "ConfigOfThisAccount")

    @pytest.mark.parametrize(
        "statement",
        [
            own(Effect="Deny"),
            own(Action="lambda:GetFunction"),
            own(Principal=SEVERAL, Condition=OF_US),
            own(Principal={"AWS": "arn:aws:iam::111122223333:role/mine"}),
            own(Principal={"AWS": "111122223333"}),
            own(Effect="Deny", Principal="*"),
        ],
    )
    def test_that_lets_nobody_else_in_stays(
        self, sandbox: Sandbox, target: Target, organization: str | None, statement: dict[str, Any]
    ) -> None:
        """A Deny above all, which somebody had a reason for."""
        put(sandbox, statement)
        assert restrict_invocation(target, ARN, organization).endswith(" only")
        assert statement in statements(sandbox)

    @pytest.mark.parametrize(
        "statement",
        [
            own(Principal=SEVERAL),
            own(Principal=SEVERAL, Action="lambda:*"),
            own(Principal=SEVERAL, Condition={"StringEquals": {"aws:SourceAccount": "444455556666"}}),
        ],
    )
    def test_that_lets_in_any_config_is_an_error(
        self, sandbox: Sandbox, target: Target, organization: str | None, statement: dict[str, Any]
    ) -> None:
        """It is not ours to remove; ours is there beside it."""
        put(sandbox, statement)
        with pytest.raises(DeployError, match="has the statements own, which are not rdk's to remove"):
            restrict_invocation(target, ARN, organization)
        assert statement in statements(sandbox)
        assert len(statements(sandbox)) == 2

    def test_that_lets_everybody_in_is_an_error(
        self, sandbox: Sandbox, target: Target, organization: str | None
    ) -> None:
        """Named even though Lambda refuses to put a policy that is public."""
        add(sandbox, {**FOR_SOMEBODY_ELSE, "Principal": "*"})
        with pytest.raises(DeployError, match="has the statements mine, which are not rdk's to remove"):
            restrict_invocation(target, ARN, organization)
        assert "mine" in [statement["Sid"] for statement in statements(sandbox)]

    @pytest.mark.parametrize(
        "statement",
        [
            own(Principal={"AWS": "arn:aws:iam::444455556666:root"}),
            own(Principal={"AWS": ["111122223333", "444455556666"]}),
            own(Principal="*", Condition=OF_AN_ORGANIZATION),
        ],
    )
    def test_that_lets_another_account_in_is_named(
        self, sandbox: Sandbox, target: Target, organization: str | None, statement: dict[str, Any]
    ) -> None:
        """Somebody wanted it so; but it is not AWS Config only that may invoke the function."""
        put(sandbox, statement)
        assert restrict_invocation(target, ARN, organization).endswith("its policy lets others in with own")
        assert statement in statements(sandbox)

    def test_without_a_name_is_named_so(
        self, sandbox: Sandbox, target: Target, organization: str | None
    ) -> None:
        """A Sid is optional."""
        put(sandbox, own(Sid=None, Principal=SEVERAL))
        with pytest.raises(DeployError, match=r"has the statements \(without Sid\)"):
            restrict_invocation(target, ARN, organization)


@pytest.mark.parametrize("organization", [None, ORGANIZATION])
class TestEither:
    """What holds for both."""

    def test_statements_for_others_stay(
        self, sandbox: Sandbox, target: Target, organization: str | None
    ) -> None:
        """They are not ours."""
        add(sandbox, FOR_SOMEBODY_ELSE)
        restrict_invocation(target, ARN, organization)
        services = [statement["Principal"]["Service"] for statement in statements(sandbox)]
        assert sorted(services) == ["config.amazonaws.com", "events.amazonaws.com"]

    def test_a_function_without_a_policy(
        self, sandbox: Sandbox, target: Target, organization: str | None
    ) -> None:
        """AWS Config could not invoke it at all."""
        sandbox.client("lambda").remove_permission(
            FunctionName=FUNCTION, StatementId=AS_RDK_MAKES_IT["StatementId"]
        )
        restrict_invocation(target, ARN, organization)
        (statement,) = statements(sandbox)
        assert list(statement["Condition"]["StringEquals"].values()) == [organization or target.account]

    def test_what_is_refused_is_said(
        self, sandbox: Sandbox, target: Target, organization: str | None
    ) -> None:
        """With what stays open; the rule is there."""
        operation = "PutResourcePolicy" if organization else "AddPermission"
        sandbox.fail_next("lambda", operation, "AccessDeniedException")
        with pytest.raises(DeployError, match="AWS Config of any account may invoke it") as caught:
            restrict_invocation(target, ARN, organization)
        assert operation in str(caught.value)
        assert [statement["Sid"] for statement in statements(sandbox)] == [AS_RDK_MAKES_IT["StatementId"]]


class TestDecision:
    """The statements do what they say, decided as the rule decides a key's policy."""

    @pytest.mark.parametrize(
        ("statement", "source", "allowed"),
        [
            (account_statement(ARN, "111122223333"), ("111122223333", ORGANIZATION), True),
            (account_statement(ARN, "111122223333"), ("444455556666", ORGANIZATION), False),
            (organization_statement(ARN, ORGANIZATION), ("111122223333", ORGANIZATION), True),
            (organization_statement(ARN, ORGANIZATION), ("444455556666", ORGANIZATION), True),
            (organization_statement(ARN, ORGANIZATION), ("444455556666", "o-anotherorgid1"), False),
        ],
    )
    def test_for_whom(self, statement: dict[str, Any], source: tuple[str, str], allowed: bool) -> None:  # noqa: FBT001
        """The account, or every account of the organization, and nobody else."""
        assert invocation_is_allowed(statement, *source) == allowed

    def test_principal_org_id_would_let_nobody_in(self) -> None:
        """What AddPermission can say of organizations: the key is absent when a service calls."""
        statement = organization_statement(ARN, ORGANIZATION)
        assert invocation_is_allowed(statement, "111122223333", ORGANIZATION)
        statement["Condition"] = {"StringEquals": {"aws:PrincipalOrgID": ORGANIZATION}}
        assert not invocation_is_allowed(statement, "111122223333", ORGANIZATION)


def invocation_is_allowed(statement: dict[str, Any], account: str, organization: str) -> bool:
    """Whether AWS Config may invoke the function for a rule of this account of this organization."""
    policy = Policy.parse({"Version": "2012-10-17", "Statement": [statement]})
    context = {"aws:SourceAccount": account, "aws:SourceOrgID": organization}
    request = Request(
        service="config.amazonaws.com", action="lambda:InvokeFunction", resource=ARN, context=context
    )
    return decide(policy, request).allowed
