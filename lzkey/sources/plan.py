"""The output of `terraform show -json`: resources of a plan or a state, with what a plan leaves unknown.

A data source `aws_iam_policy_document` that a plan has not read yet is a policy with unknown parts.
https://developer.hashicorp.com/terraform/internals/json-format
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key.records import dataclass
from lzkey.sources.source import listed, members
from lzkey.sources.unknown import ABSENT, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from lzkey import Json
    from lzkey.sources.json_text import Path

_WANTED: Final = (
    *("aws_kms_", "awscc_kms_", "aws_iam_policy_document", "aws_caller_identity"),
    *("aws_cloudformation_stack", "awscc_cloudformation_stack"),
    *("aws_controltower_landing_zone", "awscc_controltower_landing_zone"),
)
#: What is left of a resource afterwards; "forget" leaves it as it is, and Terraform without it.
_GONE: Final = (["delete"], ["forget"])
_INDEX: Final = re.compile(r"\[[^\]]*\]")


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of a plan or a state."""

    address: str
    module: str
    """The address of its module; "" for the root."""
    type: str
    name: str
    mode: str
    values: Mapping[str, Any]
    unknown: Mapping[str, Any]
    """`after_unknown` of its change."""
    expressions: Mapping[str, Any] | None
    """Its arguments in the configuration; None where there is no configuration."""
    repeated: list[str]
    """What `for_each` refers to."""
    provider: str
    path: Path

    @property
    def local(self) -> str:
        """Its address inside of its module, `[0]` or `["a"]` included."""
        return self.address.removeprefix(self.module).removeprefix(".")

    @property
    def index(self) -> str:
        """The index of `count` or `for_each`; "" without one."""
        return self.local.partition("[")[2]

    def value(self, name: str) -> Json:
        """An argument or attribute; `ABSENT` where it is null, or left to the provider's default."""
        if self.unknown.get(name) is True:
            default = self.expressions is not None and name not in self.expressions
            return ABSENT if default else Unknown()
        value = self.values.get(name)
        return ABSENT if value is None else value

    def references(self, name: str) -> list[str]:
        """What an argument refers to; `each` stands for what `for_each` refers to."""
        found = references(members(self.expressions, name))
        repeated = self.repeated if any(each.startswith("each.") for each in found) else []
        return [*found, *repeated]


class Plan:
    """A plan or a state, and its configuration where there is one."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self.is_state = not {"planned_values", "resource_changes"} & document.keys()
        self._changes = {
            change["address"]: change
            for change in _dicts(document.get("resource_changes"))
            # What is left of a replaced object, to be destroyed after the new one is there, is "deposed".
            if isinstance(change.get("address"), str) and "deposed" not in change
        }

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        """All managed resources as they will be (plan), or are (state); those of changes alone come last."""
        top = "values" if self.is_state else "planned_values"
        planned = [each for each in self._under(top) if each.mode == "managed"]
        told = {each.address for each in planned}
        alone = self._of_changes(
            lambda change: (
                change.get("mode", "managed") == "managed"
                and change["address"] not in told
                and self._changes.get(change["address"]) is change
                and members(change, "change", "actions") not in _GONE
            )
        )
        return (*planned, *alone)

    @cached_property
    def reads(self) -> tuple[Resource, ...]:
        """The data sources: those that were read, and those that are read when the plan is applied."""
        known = [
            each
            for top in (("prior_state", "values"), ("planned_values",), ("values",))
            for each in self._under(*top)
            if each.mode == "data"
        ]
        return (*self._of_changes(lambda change: change.get("mode") == "data"), *known)

    @cached_property
    def destroyed(self) -> tuple[Resource, ...]:
        """The resources that the plan destroys, as they are; not those that are made anew afterwards."""
        return tuple(
            self._of_changes(
                lambda change: listed(members(change, "change", "actions"))[-1:] == ["delete"], "before"
            )
        )

    def account(self, resource: Resource) -> str | None:
        """The account of a resource's provider, where a data source tells it."""
        accounts = {
            account
            for each in self.reads
            if each.type == "aws_caller_identity"
            and each.provider == resource.provider
            and isinstance(account := each.values.get("account_id"), str)
        }
        return accounts.pop() if len(accounts) == 1 else None

    def region(self, resource: Resource) -> str | None:
        """The Region of a resource: its own, or its provider's."""
        own = resource.values.get("region")
        if isinstance(own, str):
            return own
        expression = members(
            self._document, "configuration", "provider_config", resource.provider, "expressions", "region"
        )
        value = members(expression, "constant_value")
        named = references(expression)
        if (
            len(named) == 1 and ":" not in resource.provider
        ):  # a module's own provider has the module's variables
            value = members(self._document, "variables", named[0].removeprefix("var."), "value")
        return value if isinstance(value, str) else None

    def _of_changes(self, fits: Callable[[dict[str, Any]], bool], at: str = "after") -> Iterator[Resource]:
        """The resources of the changes that fit, as they are before or after."""
        for index, change in enumerate(listed(self._document.get("resource_changes"))):
            if _is_wanted(change) and fits(change):
                entry = {**change, "values": members(change, "change", at)}
                module = str(change.get("module_address", ""))
                yield self._resource(entry, ("resource_changes", index), module)

    def _under(self, *top: str) -> Iterator[Resource]:
        """The resources of a root module and of all modules below it."""
        root = members(self._document, *top, "root_module")
        waiting: list[tuple[Any, Path, str]] = [(root, (*top, "root_module"), "")]
        while waiting:
            module, path, address = waiting.pop()
            for index, each in enumerate(listed(members(module, "resources"))):
                if _is_wanted(each):
                    yield self._resource(each, (*path, "resources", index), address)
            children = list(enumerate(listed(members(module, "child_modules"))))
            waiting += [
                (child, (*path, "child_modules", index), str(members(child, "address") or ""))
                for index, child in reversed(children)
            ]

    def _resource(self, entry: Mapping[str, Any], path: Path, module: str) -> Resource:
        change = members(self._changes.get(entry["address"]), "change")
        values = entry["values"] if isinstance(entry.get("values"), dict) else members(change, "after")
        unknown = members(change, "after_unknown")
        configured = self._configured(entry, module)
        return Resource(
            address=entry["address"],
            module=module,
            type=str(entry.get("type", "")),
            name=str(entry.get("name", "")),
            mode=str(entry.get("mode", "managed")),
            values=_mapping(values),
            unknown=_mapping(unknown),
            expressions=None if configured is None else _mapping(configured.get("expressions")),
            repeated=references(members(configured, "for_each_expression")),
            provider=str(members(configured, "provider_config_key") or _provider_of(entry)),
            path=path,
        )

    def _configured(self, entry: Mapping[str, Any], module: str) -> Json:
        """What the configuration says of a resource; None where there is none."""
        found = members(self._document, "configuration", "root_module")
        for name in _INDEX.sub("", module).split(".")[1::2]:  # module.NAME.module.NAME
            found = members(found, "module_calls", name, "module")
        kind = (entry.get("mode", "managed"), entry.get("type"), entry.get("name"))
        for each in _dicts(members(found, "resources")):
            if (each.get("mode", "managed"), each.get("type"), each.get("name")) == kind:
                return each
        return None


def _provider_of(entry: Mapping[str, Any]) -> str:
    """The provider's local name, as long as nobody has given it another."""
    return str(entry.get("type", "")).partition("_")[0]


def _is_wanted(entry: object) -> bool:
    """Whether an entry is of a type that has to do with keys: a plan may hold thousands of others."""
    kind = members(entry, "type")
    return isinstance(members(entry, "address"), str) and isinstance(kind, str) and kind.startswith(_WANTED)


def references(expression: object) -> list[str]:
    """What an expression refers to, such as `aws_kms_key.this.arn`."""
    found = members(expression, "references")
    return [each for each in listed(found) if isinstance(each, str)]


def without_indexes(address: str) -> str:
    """An address, or a reference, without `[0]` and `["a"]`."""
    return _INDEX.sub("", address)


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: object) -> Iterator[dict[str, Any]]:
    yield from (each for each in listed(value) if isinstance(each, dict))


_MERGES: Final = ("source_policy_documents", "override_policy_documents", "source_json", "override_json")
_ELEMENTS: Final = {
    "actions": "Action",
    "not_actions": "NotAction",
    "resources": "Resource",
    "not_resources": "NotResource",
}
_PRINCIPALS: Final = {"principals": "Principal", "not_principals": "NotPrincipal"}


def planned_policy(data: Resource, own_arn: Callable[[list[str]], str | None]) -> dict[str, Any] | Unknown:
    """The policy that a data source will be; `Unknown` where it merges others.

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


def _principals(listed: object, unknown: object) -> Json:
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


def _conditions(listed: object, unknown: object) -> Json:
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


def _text(value: object, *, is_unknown: bool, arn: str | None) -> Json:
    if is_unknown or value is None:
        return arn or Unknown()
    # IAM's own variables are written &{…} in Terraform.
    return value.replace("&{", "${") if isinstance(value, str) else value


def _at(value: object, index: int) -> Json:
    return value[index] if isinstance(value, list) and index < len(value) else None
