"""A function's policy decides whose AWS Config may invoke it.

https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from .organizations import Organized

ACTION = {"Action": "lambda:InvokeFunction", "Principal": "config.amazonaws.com"}
MEMBER = "100000000001"
ORGANIZATION = "o-exampleorgid"


@pytest.fixture
def organized(without_rules: Organized) -> Organized:
    """One organization for all tests."""
    return without_rules


@pytest.fixture
def function(organized: Organized, event_log: str) -> str:
    """A function that nobody may invoke yet."""
    client = organized.sandbox.client("lambda")
    with suppress(client.exceptions.ResourceNotFoundException):
        client.delete_resource_policy(ResourceArn=event_log)
    return event_log


def allow(organized: Organized, **members: str) -> None:
    """Add a permission for AWS Config, with these conditions."""
    added = {"FunctionName": "EVENT_LOG", "StatementId": "config", **ACTION, **members}
    organized.sandbox.client("lambda").add_permission(**added)


def invoked_for(organized: Organized, function: str) -> set[str]:
    """Put an organization rule; return the accounts for which the function was invoked."""
    before = len(organized.events())
    organized.put(function)
    return {event["accountId"] for event in organized.events()[before:]}


def refused_in(organized: Organized) -> dict[str, str]:
    """Return the error of each account whose AWS Config could not invoke the function."""
    errors = {}
    for account, entry in organized.statuses().items():
        if entry["MemberAccountRuleStatus"].endswith("SUCCESSFUL"):
            status = organized.sandbox.evaluation_status(entry["ConfigRuleName"], account)
            if "LastFailedInvocationTime" in status:
                errors[account] = status["LastErrorCode"]
    return errors


class TestInvocation:
    """Refused unless a statement allows it for the rule's account."""

    def test_without_a_policy(self, organized: Organized, function: str) -> None:
        """Every account's evaluation status shows the failed invocation."""
        assert invoked_for(organized, function) == set()
        organization = organized.organization
        reached = set(organization.accounts) - {*organization.suspended, *organization.without_recorder}
        assert refused_in(organized) == dict.fromkeys(reached, "AccessDeniedException")

    @pytest.mark.parametrize(
        ("members", "only"),
        [
            ({}, None),
            ({"Principal": "events.amazonaws.com"}, set()),
            ({"Action": "lambda:GetFunction"}, set()),
            ({"Action": "lambda:*"}, None),
            ({"SourceAccount": MEMBER}, {MEMBER}),
            ({"SourceArn": f"arn:aws:config:us-east-1:{MEMBER}:config-rule/*"}, {MEMBER}),
            ({"SourceArn": f"arn:aws:config:eu-west-1:{MEMBER}:config-rule/*"}, set()),
            ({"SourceArn": f"arn:aws:config:us-east-1:{MEMBER}:*", "SourceAccount": "444455556666"}, set()),
            ({"PrincipalOrgID": ORGANIZATION}, set()),
            ({"PrincipalOrgID": ORGANIZATION, "SourceAccount": MEMBER}, set()),
        ],
        ids=str,
    )
    def test_under_conditions(
        self, organized: Organized, function: str, members: dict[str, str], only: set[str] | None
    ) -> None:
        """Of AddPermission; a service has no PrincipalOrgID, which shuts AWS Config out."""
        allow(organized, **members)
        invoked = invoked_for(organized, function)
        everyone = invoked | set(refused_in(organized))
        assert invoked == (everyone if only is None else only)

    @pytest.mark.parametrize(("organization", "invoked"), [(ORGANIZATION, True), ("o-otherorg000", False)])
    def test_of_the_organization(
        self, organized: Organized, function: str, organization: str, *, invoked: bool
    ) -> None:
        """PutResourcePolicy can say what AddPermission cannot: aws:SourceOrgID."""
        condition = {"StringEquals": {"aws:SourceOrgID": organization}}
        put_policy(organized, function, Condition=condition)
        assert bool(invoked_for(organized, function)) is invoked

    def test_a_permission_that_goes(self, organized: Organized, function: str) -> None:
        """Old results stay, and every later change shows the failed invocation."""
        allow(organized)
        organized.put(function)
        organized.sandbox.client("lambda").remove_permission(FunctionName="EVENT_LOG", StatementId="config")
        before = len(organized.events())
        organized.key_in(MEMBER)
        assert len(organized.events()) == before
        assert refused_in(organized) == {MEMBER: "AccessDeniedException"}


def put_policy(organized: Organized, function: str, **members: Any) -> Any:
    """Replace the function's policy by one statement."""
    statement = {
        "Sid": "config",
        "Effect": "Allow",
        "Principal": {"Service": "config.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": function,
    }
    policy = {"Version": "2012-10-17", "Statement": [{**statement, **members.pop("statement", members)}]}
    return organized.sandbox.client("lambda").put_resource_policy(
        ResourceArn=function, Policy=json.dumps(policy)
    )


class TestStatements:
    """What AddPermission writes, https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html ."""

    def test_conditions_are_kept_together(self, organized: Organized, function: str) -> None:
        """Two of one operator, and one of another."""
        source = f"arn:aws:config:us-east-1:{MEMBER}:*"
        allow(organized, SourceAccount=MEMBER, SourceArn=source, PrincipalOrgID=ORGANIZATION)
        policy = organized.sandbox.client("lambda").get_policy(FunctionName=function)["Policy"]
        (statement,) = json.loads(policy)["Statement"]
        assert statement == {
            "Sid": "config",
            "Effect": "Allow",
            "Principal": {"Service": "config.amazonaws.com"},
            "Action": "lambda:InvokeFunction",
            "Resource": function,
            "Condition": {
                "StringEquals": {"AWS:SourceAccount": MEMBER, "aws:PrincipalOrgID": ORGANIZATION},
                "ArnLike": {"AWS:SourceArn": source},
            },
        }

    @pytest.mark.parametrize(
        ("principal", "shown"),
        [
            ("444455556666", {"AWS": "arn:aws:iam::444455556666:root"}),
            ("arn:aws:iam::444455556666:role/x", {"AWS": "arn:aws:iam::444455556666:role/x"}),
            ("s3.amazonaws.com", {"Service": "s3.amazonaws.com"}),
            ("*", "*"),
        ],
    )
    def test_principals(self, organized: Organized, function: str, principal: str, shown: Any) -> None:
        """An account, a role, a service, everyone."""
        allow(organized, Principal=principal)
        policy = organized.sandbox.client("lambda").get_policy(FunctionName=function)["Policy"]
        assert json.loads(policy)["Statement"][0]["Principal"] == shown

    def test_an_id_is_taken_once(self, organized: Organized, function: str) -> None:
        """The second is ResourceConflictException."""
        allow(organized)
        with pytest.raises(ClientError, match="ResourceConflictException"):
            allow(organized, SourceAccount=MEMBER)
        assert function

    def test_what_is_not_there(self, organized: Organized, function: str) -> None:
        """Neither a statement nor a policy."""
        client = organized.sandbox.client("lambda")
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            client.remove_permission(FunctionName=function, StatementId="config")
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            client.get_policy(FunctionName=function)
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            client.get_resource_policy(ResourceArn=function)

    @pytest.mark.parametrize("qualifier", ["1", "live", "2", "unknown"])
    def test_a_qualifier(self, organized: Organized, function: str, qualifier: str) -> None:
        """Is that of a version or an alias that there is."""
        client = organized.sandbox.client("lambda")
        if not client.list_aliases(FunctionName="EVENT_LOG")["Aliases"]:
            client.publish_version(FunctionName="EVENT_LOG")
            client.create_alias(FunctionName="EVENT_LOG", Name="live", FunctionVersion="1")
        members = {"FunctionName": function, "StatementId": "config", "Qualifier": qualifier}
        if qualifier in {"1", "live"}:
            client.add_permission(**members, **ACTION)
            client.remove_permission(**members)
        else:
            for operation, more in ((client.add_permission, ACTION), (client.remove_permission, {})):
                with pytest.raises(client.exceptions.ResourceNotFoundException, match=f":{qualifier}"):
                    operation(**members, **more)

    def test_a_revision(self, organized: Organized, function: str) -> None:
        """Another than the policy's present one is PreconditionFailedException."""
        allow(organized)
        client = organized.sandbox.client("lambda")
        old = client.get_policy(FunctionName=function)["RevisionId"]
        allow(organized, StatementId="second", RevisionId=old)
        arguments = {"FunctionName": function, "StatementId": "second"}
        with pytest.raises(client.exceptions.PreconditionFailedException):
            client.remove_permission(**arguments, RevisionId=old)
        new = client.get_policy(FunctionName=function)["RevisionId"]
        client.remove_permission(**arguments, RevisionId=new)


class TestWholePolicy:
    """PutResourcePolicy, https://docs.aws.amazon.com/lambda/latest/api/API_PutResourcePolicy.html ."""

    def test_replaces_what_was_added(self, organized: Organized, function: str) -> None:
        """GetPolicy and GetResourcePolicy show the same."""
        allow(organized, StatementId="added")
        put_policy(organized, function)
        client = organized.sandbox.client("lambda")
        one, other = (
            client.get_policy(FunctionName=function),
            client.get_resource_policy(ResourceArn=function),
        )
        assert json.loads(one["Policy"]) == json.loads(other["Policy"])
        assert [statement["Sid"] for statement in json.loads(one["Policy"])["Statement"]] == ["config"]
        client.delete_resource_policy(ResourceArn=function, RevisionId=other["RevisionId"])
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            client.get_resource_policy(ResourceArn=function)

    @pytest.mark.parametrize(
        ("statement", "error"),
        [
            ({"Principal": "*"}, "PublicPolicyException"),
            ({"Effect": "Perhaps"}, "InvalidParameterValueException"),
        ],
    )
    def test_refused(
        self, organized: Organized, function: str, statement: dict[str, Any], error: str
    ) -> None:
        """One that is open to all, and one that is none; the old policy stays."""
        allow(organized, StatementId="added")
        with pytest.raises(ClientError, match=error):
            put_policy(organized, function, statement=statement)
        policy = organized.sandbox.client("lambda").get_policy(FunctionName=function)["Policy"]
        assert json.loads(policy)["Statement"][0]["Sid"] == "added"
