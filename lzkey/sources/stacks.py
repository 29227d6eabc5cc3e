"""The resources of a template that make stacks of other templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lzkey.sources.nested import Stack
from lzkey.sources.source import listed, members
from lzkey.sources.subject import Environment
from lzkey.sources.template import Resolver
from lzkey.sources.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey import Json
    from lzkey.sources.json_text import Path
    from lzkey.sources.source import Source
    from lzkey.sources.subject import Kind
    from lzkey.sources.template import Template

_SET: Final = "AWS::CloudFormation::StackSet"
#: The property that tells where the template is, by the type of the resource.
#: https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-application.html
_PLACES: Final = {
    "AWS::CloudFormation::Stack": "TemplateURL",
    _SET: "TemplateURL",
    "AWS::Serverless::Application": "Location",
}
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-ToJsonString.html
_AS_TEXT: Final = "Fn::ToJsonString"


def stacks_of(source: Source, template: Template, kind: Kind) -> Iterator[Stack]:
    """What makes stacks of other templates."""
    resolver = Resolver(template)
    for name, resource in template.resources.items():
        kind_of = str(members(resource, "Type"))
        if kind_of not in _PLACES or resolver.is_there(resource) is False:
            continue
        path, is_set = ("Resources", name), kind_of == _SET
        written = members(resource, "Properties")
        body, url, parameters, groups = (
            resolver.value(members(written, each), (*path, "Properties", each))
            for each in ("TemplateBody", _PLACES[kind_of], "Parameters", "StackInstancesGroup")
        )
        body_path: Path = (*path, "Properties", "TemplateBody")
        if isinstance(encoded := members(written, "TemplateBody", _AS_TEXT), dict):
            body, body_path = encoded, (*body_path, _AS_TEXT)
        elif isinstance(body, dict):
            body = members(written, "TemplateBody")
        asset = members(resource, "Metadata", "aws:asset:path")
        yield Stack(
            name=name,
            source=source,
            kind=kind,
            path=path,
            body=body,
            body_path=body_path,
            url=asset if isinstance(asset, str) else url,
            written=[members(written, each) for each in ("TemplateBody", _PLACES[kind_of])],
            parameters=_of_set(parameters, groups) if is_set else parameters,
            environment=_targets(name, groups) if is_set else source.environment,
        )


def _of_set(parameters: Json, groups: Json) -> Json:
    """The parameters of a stack set by name; those that a group of its stacks overrides are not known."""
    each = listed(parameters)
    if isinstance(parameters, Unknown) or any(not isinstance(one, dict) for one in each):
        return Unknown()
    given = {str(one.get("ParameterKey")): one.get("ParameterValue") for one in each}
    overridden = [one for group in listed(groups) for one in listed(members(group, "ParameterOverrides"))]
    return given | {str(members(one, "ParameterKey")): Unknown() for one in overridden}


def _targets(name: str, groups: Json) -> Environment:
    """Where a stack set's stacks are, as far as that is one place."""
    accounts: set[str] = set()
    regions: set[str] = set()
    units = False
    for group in listed(groups):
        targets = members(group, "DeploymentTargets")
        accounts |= {each for each in listed(members(targets, "Accounts")) if isinstance(each, str)}
        regions |= {each for each in listed(members(group, "Regions")) if isinstance(each, str)}
        units = units or bool(members(targets, "OrganizationalUnitIds"))
    told_by = f"Resources.{name}.Properties.StackInstancesGroup"
    if len(accounts) > 1 or len(regions) > 1:
        return Environment(told_by=told_by, fault=f"{told_by} names more than one account or Region")
    account = None if units else next(iter(accounts), None)
    return Environment(account, next(iter(regions), None), told_by)
