"""Who may invoke the function: rdk's template lets AWS Config do it for any account in the world.

Its statement is replaced by one for the account, or for the organization. CloudFormation does not miss it:
its updates leave a Lambda permission alone whose properties stay, and a deletion that finds none succeeds. It
comes back with a stack that is made anew, so every deployment looks.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-permission.html

AddPermission knows the condition aws:SourceAccount, and of organizations aws:PrincipalOrgID alone, which is
absent when a service calls: AWS Config could not invoke the function at all. What a service's request carries
is aws:SourceOrgID, and it takes PutResourcePolicy to say that.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-sourceorgid
https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lzkey.aws.function import (
    ACTION,
    CONFIG,
    Statement,
    account_statement,
    faults,
    function,
    grants,
    is_for_config_alone,
    lets_strangers_in,
    names,
    organization_statement,
    others,
    policy,
    statements_of,
    wider,
)
from lzkey.aws.unanswered import NOT_ANSWERED
from lzkey.deployment.stack import FUNCTION_NAME
from lzkey.errors import DeployError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey.aws.account import Asker
    from lzkey.deployment.target import Target


@contextmanager
def restricted_on_failure(target: Target, organization: str | None = None) -> Iterator[None]:
    """Restrict the invocation although a deployment failed, if that left a function; say what stays open."""
    arn = made_function(target)
    try:
        yield
    except (DeployError, *NOT_ANSWERED) as error:
        kind = type(error) if isinstance(error, DeployError) else DeployError
        failed = str(error) if isinstance(error, DeployError) else error.said
        try:
            if function(target.asker, FUNCTION_NAME) is not None:
                restrict_invocation(target, arn, organization)
        except DeployError as left_open:
            raise kind(f"{failed}\n{left_open}") from error
        except NOT_ANSWERED as unknown:
            raise kind(f"{failed}\n{_unrestricted(target, organization, unknown.said, arn)}") from error
        raise


def restrict_invocation(target: Target, function_arn: str, organization: str | None = None) -> str:
    """Let AWS Config invoke the function for this account, or this organization's accounts, and no other.

    At every moment AWS Config has one of the two permissions. Removed are statements like rdk's, which allow
    it to AWS Config alone; all others stay, and those of them that let in AWS Config of anybody are an error.
    A function that is right already is left alone. Returns what was read back; raises DeployError when that
    is not what was asked for.
    """
    if organization:
        wanted = organization_statement(function_arn, organization)
    else:
        wanted = account_statement(function_arn, target.account)
    asker = target.asker
    statements: list[Statement] = []
    try:
        statements = statements_of(policy(asker, function_arn))
        if faults(statements, wanted):
            by_name = organization is None and all("Sid" in entry for entry in others(statements, wanted))
            replace = _replace_statements if by_name else _replace_policy
            replace(asker, function_arn, wanted)
            statements = statements_of(policy(asker, function_arn))
        wrong = faults(statements, wanted)
    except NOT_ANSWERED as error:
        wrong = "; ".join(filter(None, (error.said, wider(statements, wanted))))
    if wrong:
        raise DeployError(_unrestricted(target, organization, wrong, function_arn))
    said = f"AWS Config may invoke the function for {_source(target, organization)}"
    strangers = names(entry for entry in statements if lets_strangers_in(entry, target.account))
    return f"{said}; its policy lets others in with {strangers}" if strangers else f"{said} only"


def made_function(target: Target) -> str:
    """The ARN of the function that rdk makes."""
    return f"arn:{target.partition}:lambda:{target.region}:{target.account}:function:{FUNCTION_NAME}"


def _source(target: Target, organization: str | None) -> str:
    return f"accounts of organization {organization}" if organization else f"account {target.account}"


def _unrestricted(target: Target, organization: str | None, why: object, function_arn: str) -> str:
    return (
        f"invoking {function_arn} could not be restricted to AWS Config for "
        f"{_source(target, organization)}: {why}. Until it is, AWS Config of any account may invoke it; "
        "deploy again"
    )


def _replace_policy(asker: Asker, function_arn: str, wanted: Statement) -> None:
    """Put the whole policy in one step, if nobody has changed it meanwhile."""
    kept: list[Statement] = []
    revision = {}
    found = asker.ask(
        "lambda:GetResourcePolicy", absent={"ResourceNotFoundException"}, ResourceArn=function_arn
    )
    if found is not None:
        kept = [entry for entry in statements_of(found["Policy"]) if not is_for_config_alone(entry)]
        revision = {"RevisionId": found["RevisionId"]}
    document = {"Version": "2012-10-17", "Id": "default", "Statement": [*kept, wanted]}
    asker.change(
        "lambda:PutResourcePolicy", ResourceArn=function_arn, Policy=json.dumps(document), **revision
    )


def _replace_statements(asker: Asker, function_arn: str, wanted: Statement) -> None:
    """Add the statement if it is missing, and only then remove others of AWS Config."""
    statements = statements_of(policy(asker, function_arn))
    taken = {statement.get("Sid") for statement in statements}
    if not grants(statements, wanted):
        asker.change(
            "lambda:AddPermission",
            FunctionName=function_arn,
            StatementId=wanted["Sid"] + "Again" * (wanted["Sid"] in taken),
            Action=ACTION,
            Principal=CONFIG,
            SourceAccount=wanted["Condition"]["StringEquals"]["AWS:SourceAccount"],
        )
    for statement in others(statements, wanted):
        asker.change("lambda:RemovePermission", FunctionName=function_arn, StatementId=statement["Sid"])
