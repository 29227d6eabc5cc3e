"""A Lambda function: its settings, its code, and who may invoke it by its resource policy.

https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

from lzkey.aws.fact import takes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lzkey import Json
    from lzkey.aws.account import Asker

_NONE: Final = frozenset({"ResourceNotFoundException"})

CONFIG: Final = "config.amazonaws.com"
ACTION: Final = "lambda:InvokeFunction"
OF_THE_ACCOUNT: Final = "ConfigOfThisAccount"
OF_THE_ORGANIZATION: Final = "ConfigOfThisOrganization"

Statement = dict[str, Any]

_EVERYBODY: Final = {("AWS", "*"), ("Service", "*")}


@dataclass(frozen=True, slots=True)
class Function:
    """A function's configuration.

    https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html
    """

    arn: str
    role: str
    runtime: str | None
    handler: str | None
    timeout: int
    """Seconds."""
    memory: int | None
    """Megabytes."""
    code_size: int
    """Bytes, zipped."""
    code_sha256: str | None
    """In base64."""
    state: str
    state_reason: str
    update: str
    """Successful, Failed or InProgress: the last update's."""
    update_reason: str
    layers: tuple[str, ...] = ()
    """Their ARNs; a function of ours has none."""
    variables: tuple[str, ...] = ()
    """The names of its environment variables, without their values; a function of ours has none."""

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Function:
        """Read GetFunctionConfiguration, which leaves out states that are as they should be."""
        return cls(
            str(found["FunctionArn"]),
            str(found["Role"]),
            found.get("Runtime"),
            found.get("Handler"),
            found.get("Timeout", 0),
            found.get("MemorySize"),
            found.get("CodeSize", 0),
            found.get("CodeSha256"),
            found.get("State", "Active"),
            found.get("StateReason", "no reason given"),
            found.get("LastUpdateStatus", "Successful"),
            found.get("LastUpdateStatusReason", "no reason given"),
            tuple(layer["Arn"] for layer in found.get("Layers", ())),
            tuple(sorted(found.get("Environment", {}).get("Variables", {}))),
        )

    @property
    def additions(self) -> list[str]:
        """What it has that no deployment of ours gives it, and that can change what its code does."""
        layers = [f"it has the layer {layer}" for layer in self.layers]
        return layers + [f"it has the environment variable {name}" for name in self.variables]

    @property
    def changing(self) -> bool:
        """Whether Lambda is still at work on it."""
        return self.update == "InProgress" or self.state == "Pending"


@takes("lambda:GetFunctionConfiguration")
def function(asker: Asker, name: str, region: str | None = None) -> Function | None:
    """The function of a name or ARN; None where there is none."""
    found = asker.ask("lambda:GetFunctionConfiguration", region=region, absent=_NONE, FunctionName=name)
    return None if found is None else Function.of(found)


@takes("lambda:GetFunction")
def code_location(asker: Asker, name: str) -> str:
    """The presigned address of the function's zip; empty where none is given."""
    return str(asker.ask("lambda:GetFunction", FunctionName=name)["Code"].get("Location", ""))


@takes("lambda:GetPolicy")
def policy(asker: Asker, name: str) -> str | None:
    """The function's resource policy as JSON text; None where it has none."""
    found = asker.ask("lambda:GetPolicy", absent=_NONE, FunctionName=name)
    return None if found is None else str(found["Policy"])


def statements_of(text: str | None) -> list[Statement]:
    """The statements of a policy; none where there is none."""
    return [] if text is None else listed(json.loads(text)["Statement"])


def account_statement(function_arn: str, account: str) -> Statement:
    """AWS Config's invocations on behalf of one account."""
    return _statement(OF_THE_ACCOUNT, function_arn, {"AWS:SourceAccount": account})


def organization_statement(function_arn: str, organization: str) -> Statement:
    """AWS Config's invocations on behalf of any account of an organization, those enrolled later included."""
    return _statement(OF_THE_ORGANIZATION, function_arn, {"aws:SourceOrgID": organization})


def faults(statements: Sequence[Statement], wanted: Statement) -> str:
    """What is wrong with a function's policy: AWS Config must have this permission and no other."""
    strays = names(others(statements, wanted))
    if strays:
        return f"its policy has the statements {strays} for AWS Config"
    if not grants(statements, wanted):
        return f"its policy lacks the statement {wanted['Sid']}"
    return wider(statements, wanted)


def wider(statements: Sequence[Statement], wanted: Statement) -> str:
    """What else lets in AWS Config of anybody; empty where nothing does."""
    found = names(entry for entry in statements if _is_wider(entry, wanted))
    return (
        f"its policy has the statements {found}, which are not rdk's to remove: narrow them" if found else ""
    )


def _statement(sid: str, function_arn: str, condition: dict[str, str]) -> Statement:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": CONFIG},
        "Action": ACTION,
        "Resource": function_arn,
        "Condition": {"StringEquals": condition},
    }


def listed(value: Json) -> list[Any]:
    """A list as it is, and any other value as a list of one, as policies may write it."""
    return list(value) if isinstance(value, list) else [value]


def names(statements: Iterable[Statement]) -> str:
    """The Sids."""
    return ", ".join(statement.get("Sid") or "(without Sid)" for statement in statements)


def grants(statements: Sequence[Statement], wanted: Statement) -> bool:
    """Whether one of the statements says what is wanted, whatever it is called."""
    return any(_same(statement, wanted) for statement in statements)


def others(statements: Sequence[Statement], wanted: Statement) -> list[Statement]:
    """The statements like rdk's, for AWS Config alone, that are not the one that is wanted."""
    return [
        statement
        for statement in statements
        if is_for_config_alone(statement) and not _same(statement, wanted)
    ]


def is_for_config_alone(statement: Statement) -> bool:
    """Whether a statement is like rdk's: it lets in AWS Config, and nobody else."""
    return _allows_invocation(statement) and _principals(statement) == {("Service", CONFIG)}


def _is_wider(statement: Statement, wanted: Statement) -> bool:
    """Whether a statement unlike rdk's lets in AWS Config of anybody: with other services, or everybody."""
    if not _allows_invocation(statement) or is_for_config_alone(statement):
        return False
    principals = _principals(statement)
    if principals & _EVERYBODY:
        return not statement.get("Condition")
    ours = _meaning(wanted)["Condition"]["StringEquals"].items()
    given = _meaning(statement)["Condition"].get("StringEquals", {}).items()
    return ("Service", CONFIG) in principals and not all(pair in given for pair in ours)


def lets_strangers_in(statement: Statement, account: str) -> bool:
    """Whether another account, or everybody on a condition, may invoke the function."""
    return _allows_invocation(statement) and any(
        kind != "Service" and account not in (name, *name.split(":")[4:5])
        for kind, name in _principals(statement)
    )


def _allows_invocation(statement: Statement) -> bool:
    patterns = listed(statement.get("Action", "*"))  # NotAction is not looked into: it counts as all
    return statement.get("Effect") == "Allow" and any(
        fnmatchcase(ACTION.lower(), pattern.lower()) for pattern in patterns
    )


def _principals(statement: Statement) -> set[tuple[str, str]]:
    """Who a statement is for, by kind; NotPrincipal counts as everybody."""
    principal = statement.get("Principal", "*")
    kinds = principal if isinstance(principal, dict) else {"AWS": principal}
    return {(kind, name) for kind, names in kinds.items() for name in listed(names)}


def _same(one: Statement, other: Statement) -> bool:
    """Whether they say the same, whatever they are called; names of condition keys have no case."""
    return _meaning(one) == _meaning(other)


def _meaning(statement: Statement) -> Statement:
    condition = {
        operator: {key.lower(): value for key, value in keys.items()}
        for operator, keys in statement.get("Condition", {}).items()
    }
    return {**statement, "Sid": "", "Condition": condition}
