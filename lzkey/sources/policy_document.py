"""Terraform's `aws_iam_policy_document`, as a plan shows it before it is read: a policy with unknown parts.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lzkey.sources.plan import references
from lzkey.sources.source import listed, members
from lzkey.sources.unknown import ABSENT, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable

    from lzkey.sources.plan import Resource

_MERGES: Final = ("source_policy_documents", "override_policy_documents", "source_json", "override_json")
_ELEMENTS: Final = {
    "actions": "Action",
    "not_actions": "NotAction",
    "resources": "Resource",
    "not_resources": "NotResource",
}
_PRINCIPALS: Final = {"principals": "Principal", "not_principals": "NotPrincipal"}


def planned_policy(data: Resource, own_arn: Callable[[list[str]], str | None]) -> dict[str, Any] | Unknown:
    """Return the policy that a data source will be; `Unknown` where it merges others.

    `own_arn` says which ARN a list of references stands for, if it is that of a key of the plan.
    """
    if any(data.values.get(name) or data.unknown.get(name) for name in _MERGES):
        return Unknown()
    statements, unknown = data.values.get("statement"), data.unknown.get("statement")
    if not isinstance(statements, list) or unknown is True:
        return Unknown()
    # Dynamic blocks are in no configuration: with them, nobody can tell which block is whose.
    blocks = listed(members(data.expressions, "statement"))
    expressions = blocks if len(blocks) == len(statements) else []
    made: list[Any] = []
    for index, statement in enumerate(statements):
        open_parts = _at(unknown, index)
        if not isinstance(statement, dict) or open_parts is True:
            made.append(Unknown())
            continue
        made.append(_statement(statement, open_parts, _at(expressions, index), own_arn))
    version = data.value("version")
    return {"Version": "2012-10-17" if version is ABSENT else version, "Statement": made}


def _statement(
    values: dict[str, Any],
    unknown: object,
    expressions: object,
    own_arn: Callable[[list[str]], str | None],
) -> dict[str, Any]:
    effect = Unknown() if members(unknown, "effect") else values.get("effect") or "Allow"
    made: dict[str, Any] = {"Effect": effect}
    if isinstance(values.get("sid"), str) and values["sid"]:
        made["Sid"] = values["sid"]
    for name, element in _ELEMENTS.items():
        arn = own_arn(references(members(expressions, name)))
        listed = _texts(values.get(name), members(unknown, name), arn)
        if listed:
            made[element] = listed
    for name, element in _PRINCIPALS.items():
        if members(unknown, name) is True:
            made[element] = Unknown()
        elif values.get(name):
            made[element] = _principals(values[name], members(unknown, name))
    if members(unknown, "condition") is True:
        made["Condition"] = Unknown()
    elif values.get("condition"):
        made["Condition"] = _conditions(values["condition"], members(unknown, "condition"))
    return made


def _principals(listed: object, unknown: object) -> Any:  # noqa: ANN401 - `"*"`, or an object
    if not isinstance(listed, list):
        return Unknown()
    kinds: dict[str, list[Any]] = {}
    for index, each in enumerate(listed):
        kind, texts = members(each, "type"), members(each, "identifiers")
        if not isinstance(kind, str):
            return Unknown()
        kinds.setdefault(kind, []).extend(_texts(texts, members(_at(unknown, index), "identifiers")))
    if "*" in kinds:
        return "*" if kinds["*"] == ["*"] else Unknown()
    return kinds


def _conditions(listed: object, unknown: object) -> Any:  # noqa: ANN401 - an object
    if not isinstance(listed, list):
        return Unknown()
    made: dict[str, dict[str, list[Any]]] = {}
    for index, each in enumerate(listed):
        test, variable = members(each, "test"), members(each, "variable")
        if not isinstance(test, str) or not isinstance(variable, str):
            return Unknown()
        texts = _texts(members(each, "values"), members(_at(unknown, index), "values"))
        made.setdefault(test, {}).setdefault(variable, []).extend(texts)
    return made


def _texts(values: object, unknown: object, arn: str | None = None) -> list[Any]:
    """A list of texts, with what the plan does not know in it."""
    if unknown is True:
        return [arn or Unknown()]
    listed = values if isinstance(values, list) else []
    made = [_text(each, is_unknown=_at(unknown, index) is True, arn=arn) for index, each in enumerate(listed)]
    return made + [
        arn or Unknown() for each in (unknown if isinstance(unknown, list) else [])[len(listed) :] if each
    ]


def _text(value: object, *, is_unknown: bool, arn: str | None) -> Any:  # noqa: ANN401 - text, or what is none
    if is_unknown or value is None:
        return arn or Unknown()
    # IAM's own variables are written &{…} in Terraform.
    return value.replace("&{", "${") if isinstance(value, str) else value


def _at(value: object, index: int) -> Any:  # noqa: ANN401 - any JSON value
    return value[index] if isinstance(value, list) and index < len(value) else None
