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
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from lzkey.errors import DeployError
from lzkey.preflight import FUNCTION_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mypy_boto3_lambda import LambdaClient

    from lzkey.preflight import Target

CONFIG: Final = "config.amazonaws.com"
ACTION: Final = "lambda:InvokeFunction"
OF_THE_ACCOUNT: Final = "ConfigOfThisAccount"
OF_THE_ORGANIZATION: Final = "ConfigOfThisOrganization"

Statement = dict[str, Any]

_EVERYBODY: Final = {("AWS", "*"), ("Service", "*")}


@contextmanager
def restricted_on_failure(target: Target, organization: str | None = None) -> Iterator[None]:
    """Restrict the invocation although a deployment failed, if that left a function; say what stays open."""
    arn = made_function(target)
    try:
        yield
    except (DeployError, ClientError, BotoCoreError) as error:
        try:
            if _exists(target):
                restrict_invocation(target, arn, organization)
        except DeployError as left_open:
            raise DeployError(f"{error}\n{left_open}") from error
        except (ClientError, BotoCoreError) as unknown:
            raise DeployError(f"{error}\n{_unrestricted(target, organization, unknown, arn)}") from error
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
    client = target.session.client("lambda")
    statements: list[Statement] = []
    try:
        statements = _statements(client, function_arn)
        if faults(statements, wanted):
            by_name = organization is None and all("Sid" in entry for entry in _others(statements, wanted))
            replace = _replace_statements if by_name else _replace_policy
            replace(client, function_arn, wanted)
            statements = _statements(client, function_arn)
        wrong = faults(statements, wanted)
    except (ClientError, BotoCoreError) as error:
        wrong = "; ".join(filter(None, (str(error), _wider(statements, wanted))))
    if wrong:
        raise DeployError(_unrestricted(target, organization, wrong, function_arn))
    said = f"AWS Config may invoke the function for {_source(target, organization)}"
    strangers = _names(entry for entry in statements if _lets_strangers_in(entry, target.account))
    return f"{said}; its policy lets others in with {strangers}" if strangers else f"{said} only"


def made_function(target: Target) -> str:
    """Return the ARN of the function that rdk makes."""
    return f"arn:{target.partition}:lambda:{target.region}:{target.account}:function:{FUNCTION_NAME}"


def account_statement(function_arn: str, account: str) -> Statement:
    """AWS Config's invocations on behalf of one account."""
    return _statement(OF_THE_ACCOUNT, function_arn, {"AWS:SourceAccount": account})


def organization_statement(function_arn: str, organization: str) -> Statement:
    """AWS Config's invocations on behalf of any account of an organization, those enrolled later included."""
    return _statement(OF_THE_ORGANIZATION, function_arn, {"aws:SourceOrgID": organization})


def faults(statements: Sequence[Statement], wanted: Statement) -> str:
    """Return what is wrong with a function's policy: AWS Config must have this permission and no other."""
    others = _names(_others(statements, wanted))
    if others:
        return f"its policy has the statements {others} for AWS Config"
    if not _grants(statements, wanted):
        return f"its policy lacks the statement {wanted['Sid']}"
    return _wider(statements, wanted)


def _wider(statements: Sequence[Statement], wanted: Statement) -> str:
    names = _names(entry for entry in statements if _is_wider(entry, wanted))
    return (
        f"its policy has the statements {names}, which are not rdk's to remove: narrow them" if names else ""
    )


def _source(target: Target, organization: str | None) -> str:
    return f"accounts of organization {organization}" if organization else f"account {target.account}"


def _unrestricted(target: Target, organization: str | None, why: object, function_arn: str) -> str:
    return (
        f"invoking {function_arn} could not be restricted to AWS Config for "
        f"{_source(target, organization)}: {why}. Until it is, AWS Config of any account may invoke it; "
        "deploy again"
    )


def _exists(target: Target) -> bool:
    client = target.session.client("lambda")
    try:
        client.get_function_configuration(FunctionName=FUNCTION_NAME)
    except client.exceptions.ResourceNotFoundException:
        return False
    return True


def _statement(sid: str, function_arn: str, condition: dict[str, str]) -> Statement:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": CONFIG},
        "Action": ACTION,
        "Resource": function_arn,
        "Condition": {"StringEquals": condition},
    }


def _replace_policy(client: LambdaClient, function_arn: str, wanted: Statement) -> None:
    """Put the whole policy in one step, if nobody has changed it meanwhile."""
    kept: list[Statement] = []
    revision = {}
    with suppress(client.exceptions.ResourceNotFoundException):  # a function without any policy
        found = client.get_resource_policy(ResourceArn=function_arn)
        kept = [
            entry
            for entry in _listed(json.loads(found["Policy"])["Statement"])
            if not _is_for_config_alone(entry)
        ]
        revision = {"RevisionId": found["RevisionId"]}
    policy = {"Version": "2012-10-17", "Id": "default", "Statement": [*kept, wanted]}
    client.put_resource_policy(ResourceArn=function_arn, Policy=json.dumps(policy), **revision)


def _replace_statements(client: LambdaClient, function_arn: str, wanted: Statement) -> None:
    """Add the statement if it is missing, and only then remove others of AWS Config."""
    statements = _statements(client, function_arn)
    taken = {statement.get("Sid") for statement in statements}
    if not _grants(statements, wanted):
        client.add_permission(
            FunctionName=function_arn,
            StatementId=wanted["Sid"] + "Again" * (wanted["Sid"] in taken),
            Action=ACTION,
            Principal=CONFIG,
            SourceAccount=wanted["Condition"]["StringEquals"]["AWS:SourceAccount"],
        )
    for statement in _others(statements, wanted):
        client.remove_permission(FunctionName=function_arn, StatementId=statement["Sid"])


def _statements(client: LambdaClient, function_arn: str) -> list[Statement]:
    try:
        policy = json.loads(client.get_policy(FunctionName=function_arn)["Policy"])
    except client.exceptions.ResourceNotFoundException:  # a function without any policy
        return []
    return _listed(policy["Statement"])


def _listed(value: Any) -> list[Any]:  # noqa: ANN401 - JSON: one value may stand for a list of one
    return list(value) if isinstance(value, list) else [value]


def _names(statements: Iterable[Statement]) -> str:
    return ", ".join(statement.get("Sid") or "(without Sid)" for statement in statements)


def _grants(statements: Sequence[Statement], wanted: Statement) -> bool:
    return any(_same(statement, wanted) for statement in statements)


def _others(statements: Sequence[Statement], wanted: Statement) -> list[Statement]:
    """The statements like rdk's, for AWS Config alone, that are not the one that is wanted."""
    return [
        statement
        for statement in statements
        if _is_for_config_alone(statement) and not _same(statement, wanted)
    ]


def _is_for_config_alone(statement: Statement) -> bool:
    return _allows_invocation(statement) and _principals(statement) == {("Service", CONFIG)}


def _is_wider(statement: Statement, wanted: Statement) -> bool:
    """Whether a statement unlike rdk's lets in AWS Config of anybody: with other services, or everybody."""
    if not _allows_invocation(statement) or _is_for_config_alone(statement):
        return False
    principals = _principals(statement)
    if principals & _EVERYBODY:
        return not statement.get("Condition")
    ours = _meaning(wanted)["Condition"]["StringEquals"].items()
    given = _meaning(statement)["Condition"].get("StringEquals", {}).items()
    return ("Service", CONFIG) in principals and not all(pair in given for pair in ours)


def _lets_strangers_in(statement: Statement, account: str) -> bool:
    """Whether another account, or everybody on a condition, may invoke the function."""
    return _allows_invocation(statement) and any(
        kind != "Service" and account not in (name, *name.split(":")[4:5])
        for kind, name in _principals(statement)
    )


def _allows_invocation(statement: Statement) -> bool:
    patterns = _listed(statement.get("Action", "*"))  # NotAction is not looked into: it counts as all
    return statement.get("Effect") == "Allow" and any(
        fnmatchcase(ACTION.lower(), pattern.lower()) for pattern in patterns
    )


def _principals(statement: Statement) -> set[tuple[str, str]]:
    """Who a statement is for, by kind; NotPrincipal counts as everybody."""
    principal = statement.get("Principal", "*")
    kinds = principal if isinstance(principal, dict) else {"AWS": principal}
    return {(kind, name) for kind, names in kinds.items() for name in _listed(names)}


def _same(one: Statement, other: Statement) -> bool:
    """Whether they say the same, whatever they are called; names of condition keys have no case."""
    return _meaning(one) == _meaning(other)


def _meaning(statement: Statement) -> Statement:
    condition = {
        operator: {key.lower(): value for key, value in keys.items()}
        for operator, keys in statement.get("Condition", {}).items()
    }
    return {**statement, "Sid": "", "Condition": condition}
