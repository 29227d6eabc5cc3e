"""The keys of a CloudFormation template: AWS::KMS::Key and AWS::KMS::ReplicaKey."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key import KmsKey
from lzkey.aws.key_name import key_name, tags_told
from lzkey.sources.circles import CIRCLE, circles
from lzkey.sources.numbers import in_quotes
from lzkey.sources.open_policy import NAMES_OPEN, doubted, open_key, with_names_open
from lzkey.sources.source import Format, known_lines, members, stand_in_arn, unread
from lzkey.sources.stacks import stacks_of
from lzkey.sources.subject import FoundKey, Kind, PassedOver, Unread
from lzkey.sources.template import Resolver, Template
from lzkey.sources.unknown import ABSENT, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from landing_zone_key.key import KeyArn
    from lzkey import Json
    from lzkey.sources.nested import Stack
    from lzkey.sources.source import Source
    from lzkey.sources.subject import Context, Environment, Place

KIND: Final = Kind("cloudformation", "a CloudFormation template (JSON or YAML)", is_template=True)

_KEY: Final = "AWS::KMS::Key"
_REPLICA: Final = "AWS::KMS::ReplicaKey"
_ALIAS: Final = "AWS::KMS::Alias"
#: Characters of all templates in templates, each counted as some at least: aliases may stand for many.
_MOST_STACKS: Final = 16 << 20
_LEAST_STACK: Final = 16 << 10
#: What these transform are their own resource types and functions, as their pages say.
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/transform-reference.html
_HARMLESS: Final = frozenset(
    {
        "AWS::LanguageExtensions",
        "AWS::Serverless-2016-10-31",
        "AWS::SecretsManager-2020-07-23",
        "AWS::SecretsManager-2024-09-16",
        "AWS::CodeDeployBlueGreen",
        "AWS::ServiceCatalog",
    }
)
_TRUTH: Final = {"true": True, "false": False}
_PROCESSED: Final = (
    "macros and loops are worked out when it is deployed: give what "
    "`aws cloudformation get-template --template-stage Processed` shows"
)


def is_template(document: Mapping[str, Any]) -> bool:
    """Tell whether it is a template: it has a version, or resources with types."""
    resources = document.get("Resources")
    if not isinstance(resources, dict):
        return False
    typed = any(isinstance(members(resource, "Type"), str) for resource in resources.values())
    return typed or "AWSTemplateFormatVersion" in document


def template_keys(
    source: Source, document: dict[str, Any], context: Context
) -> Iterator[FoundKey | Unread | PassedOver]:
    """Every key of a template, as it would be created, and of those that it makes stacks of."""
    template = template_of(source, document, context)
    found = chain(
        _own_keys(source, template, context), stack_keys(stacks_of(source, template, KIND), context)
    )
    yield from or_passed_over(found, source.place(KIND))


def or_passed_over(
    found: Iterator[FoundKey | Unread | PassedOver], place: Place
) -> Iterator[FoundKey | Unread | PassedOver]:
    """All that is found; where that is nothing, that it is nothing."""
    first = next(found, None)
    yield PassedOver(place) if first is None else first
    yield from found


def stack_keys(stacks: Iterable[Stack], context: Context) -> Iterator[FoundKey | Unread | PassedOver]:
    """The keys of the templates that stacks are made of, and of those that these make stacks of."""
    waiting, length = deque(("", stack, context) for stack in stacks), 0
    while waiting:
        before, stack, given = waiting.popleft()
        read = stack.template()
        if isinstance(read, Unread | PassedOver):
            yield _inside(before, read)
            continue
        source, document = read
        length += _LEAST_STACK + (len(stack.body) if isinstance(stack.body, str) else len(source.text))
        if length > _MOST_STACKS:
            yield Unread(stack.place, f"{before}{stack.name}: there are too many templates in templates")
            return
        if not isinstance(document, dict) or not is_template(document):
            yield _inside(before, stack.unread("its template is none"))
            continue
        name = f"{before}{stack.name}/"
        given = stack.context(given, document)
        template = template_of(source, document, given)
        for entry in _own_keys(source, template, given):
            yield _inside(name, entry)
        waiting += [(name, each, given) for each in stacks_of(source, template, KIND)]


def _inside(before: str, entry: FoundKey | Unread | PassedOver) -> FoundKey | Unread | PassedOver:
    """What is found in a stack's template, by what leads to it."""
    place = replace(entry.place, pointer=f"{before}{entry.place.pointer}")
    if isinstance(entry, FoundKey):
        return replace(entry, name=f"{before}{entry.name}", place=place)
    return replace(entry, place=place)


def _own_keys(
    source: Source, template: Template, context: Context
) -> Iterator[FoundKey | Unread | PassedOver]:
    """The keys among a template's own resources."""
    wanted = list(template.keys)
    loops = [name for name, value in template.resources.items() if _makes_keys(name, value)]
    if wanted and source.environment.fault and _untold(context):
        yield unread(
            source,
            f"{source.name}: {source.environment.fault}; mend it, or give {_giving(_untold(context))}",
            KIND,
        )
        return
    template.circles.update(circles(template))
    aliases = _aliases(template) if wanted else {}
    for name in wanted:
        resolver = Resolver(template)
        resource = template.resources[name]
        is_there = resolver.is_there(resource)
        if is_there is not False:
            condition = "" if is_there else str(resource["Condition"])
            label = key_name(aliases.get(template.keys[name].key_id, ()), _tags(template, name))
            yield replace(_found(source, resolver, context, name, condition), label=label)
    for name in loops:
        yield Unread(source.place(KIND, ("Resources", name), name), f"Resources.{name}: {_PROCESSED}")


def template_of(source: Source, document: Mapping[str, Any], context: Context) -> Template:
    """The template where it is deployed, with an ARN for each of its keys."""
    template = Template.of(document, context, source.environment)
    for name, resource in template.resources.items():
        if members(resource, "Type") in (_KEY, _REPLICA):
            template.keys[name] = _arn(source, name, template, context)
    return template


def _aliases(template: Template) -> dict[str, list[str]]:
    """The aliases that a template gives to its keys, by the ids that stand in for theirs.

    What is not known of one is no matter: nothing but what a key is called hangs on it.
    """
    found: dict[str, list[str]] = defaultdict(list)
    resolver = Resolver(template)
    for name, resource in template.resources.items():
        if members(resource, "Type") == _ALIAS and resolver.is_there(resource):
            properties = resolver.value(members(resource, "Properties"), ("Resources", name, "Properties"))
            alias, target = members(properties, "AliasName"), members(properties, "TargetKeyId")
            if isinstance(alias, str) and isinstance(target, str):
                found[target.rpartition("/")[2]].append(alias)
    return found


def _tags(template: Template, name: str) -> dict[str, str]:
    """The tags of a key, as far as they are known."""
    path = ("Resources", name, "Properties", "Tags")
    return tags_told(Resolver(template).value(members(template.document, *path), path))


def _makes_keys(name: str, value: object) -> bool:
    """Whether a loop or a macro among the resources may make keys."""
    return name.startswith(("Fn::ForEach", "Fn::Transform")) and "AWS::KMS::" in json.dumps(
        value, default=repr
    )


def _arn(source: Source, name: str, template: Template, context: Context) -> KeyArn:
    resource = template.resources[name]
    multi_region = Resolver(template).value(members(resource, "Properties", "MultiRegion"), ())
    return stand_in_arn(
        f"{source.name}#{name}",
        context,
        region=template.region,
        account=template.account,
        multi_region=resource["Type"] == _REPLICA or _truth(multi_region) is True,
    )


def _found(source: Source, resolver: Resolver, context: Context, name: str, condition: str) -> FoundKey:
    """One key of the template; `condition` is one of which is not known whether it holds."""
    template = resolver.template
    path = ("Resources", name)
    properties = _Properties(resolver, name)
    replica = template.resources[name]["Type"] == _REPLICA
    key = _described(properties, template.keys[name], replica=replica)
    where = (*properties.path, "KeyPolicy")
    policy, numbers = in_quotes(properties.value("KeyPolicy"), where, source.line_of)
    either = with_names_open(policy, key.arn)
    if either is not policy:
        properties.unknown(f"{'.'.join(where)}: {NAMES_OPEN}")
    for number in numbers:
        properties.unknown(number)
    opened = open_key(key, either, context.zone)
    if numbers or resolver.misread:
        opened = doubted(opened, "a number without quotes is in what makes the key policy")
    for circle in template.circles.get(name, ()):
        properties.unknown(circle)
        opened = doubted(opened, CIRCLE)
    return FoundKey(
        name=name,
        key=opened.certain,
        place=source.place(KIND, path, name),
        hopeful=opened.hopeful,
        unresolved=(*resolver.reasons, *opened.reasons) if opened.hopeful else (),
        assumptions=_assumptions(template, source.environment, context, condition),
        statement_lines=known_lines(
            source.line_of(each) if each else None for each in opened.statement_paths
        ),
        not_known=opened.not_known,
        known_in_part=opened.known_in_part,
        arn_known=False,
    )


class _Properties:
    """The properties of one resource, resolved; unknown where a macro may change them."""

    def __init__(self, resolver: Resolver, name: str) -> None:
        self._resolver = resolver
        self.path = ("Resources", name, "Properties")
        self._properties = members(resolver.template.document, *self.path) or {}
        macros = _transforms(resolver.template.document) - _HARMLESS
        self._changed = (
            f"Transform: {', '.join(sorted(macros))[:80]} may change any resource" if macros else ""
        )
        if isinstance(self._properties, dict) and any(each.startswith("Fn::") for each in self._properties):
            self._changed = f"{'.'.join(self.path)}: they are worked out when it is deployed"

    def value(self, name: str) -> Json:
        """A property; `ABSENT` without one."""
        if self._changed:
            return self.unknown(f"{self._changed}; {_PROCESSED}")
        if not isinstance(self._properties, dict) or name not in self._properties:
            return ABSENT
        return self._resolver.value(self._properties[name], (*self.path, name))

    def text(self, name: str, default: str) -> str | None:
        """A property that is text; None where it is not known."""
        value = self.value(name)
        return default if value is ABSENT else value if isinstance(value, str) else None

    def boolean(self, name: str, *, default: bool) -> bool | None:
        """A property that is true or false; None where it is not known."""
        value = self.value(name)
        return default if value is ABSENT else _truth(value)

    def unknown(self, why: str) -> Unknown:
        """Say why something is not known."""
        self._resolver.reasons[why] = None
        return Unknown()


def _described(properties: _Properties, arn: KeyArn, *, replica: bool) -> KmsKey:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-key.html."""
    enabled = properties.boolean("Enabled", default=True)
    state = None if enabled is None else "Enabled" if enabled else "Disabled"
    if replica:
        properties.unknown(
            f"{'.'.join(properties.path)}: a replica has the key spec and usage of its primary key"
        )
        return KmsKey(arn, key_manager="CUSTOMER", key_state=state, multi_region=True)
    origin = properties.text("Origin", "AWS_KMS")
    if origin == "EXTERNAL" and enabled:
        state = None
        where = ".".join(properties.path)
        properties.unknown(
            f"{where}.Origin: EXTERNAL: the key is not enabled before its key material is imported"
        )
    return KmsKey(
        arn,
        key_manager="CUSTOMER",
        key_state=state,
        key_spec=properties.text("KeySpec", "SYMMETRIC_DEFAULT"),
        key_usage=properties.text("KeyUsage", "ENCRYPT_DECRYPT"),
        origin=origin,
        multi_region=properties.boolean("MultiRegion", default=False),
    )


def _assumptions(
    template: Template, environment: Environment, context: Context, condition: str
) -> tuple[str, ...]:
    """What is taken for granted of a template's key."""
    made = []
    place = f"it is deployed in account {template.account} and Region {template.region}"
    untold = _untold(context)
    open_still = [name for name in untold if not environment.tells(name)]
    if open_still:
        made.append(f"{place}; {_giving(open_still)} would tell others")
    elif untold:
        made.append(f"{place}, as {environment.told_by} says")
    if condition:
        made.append(f"the condition {condition} holds, so that the key is there")
    if harmless := _transforms(template.document) & _HARMLESS:
        made.append(f"{', '.join(sorted(harmless))} leaves keys as they are")
    return tuple(made)


def _untold(context: Context) -> list[str]:
    """The pseudo parameters of a place that nobody has given."""
    return [name for name in ("AWS::AccountId", "AWS::Region") if not (context.parameters or {}).get(name)]


def _giving(names: Sequence[str]) -> str:
    return " and ".join(f"--parameter {name}=…" for name in names)


def _transforms(document: Mapping[str, Any]) -> set[str]:
    """The names of the template's macros."""
    given = document.get("Transform") or []
    each = given if isinstance(given, list) else [given]
    return {str(members(one, "Name") or one) for one in each}


def _truth(value: object) -> bool | None:
    return value if isinstance(value, bool) else _TRUTH.get(str(value).lower())


FORMATS: Final = (Format(KIND, lambda document, _: is_template(document), template_keys),)
