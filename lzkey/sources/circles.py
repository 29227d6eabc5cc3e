"""References of a template that lead back to where they begin: CloudFormation makes no stack of them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-dependson.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lzkey.sources.source import dotted, listed, members
from lzkey.sources.template import VARIABLE, Resolver

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lzkey.sources.json_text import Path
    from lzkey.sources.template import Template

CIRCLE: Final = 'CloudFormation refuses a key whose references lead back to it; write "*" for the key itself'
_OWN: Final = 'CloudFormation refuses this circle; write "*", which means the key that has the policy'
_OTHERS: Final = "CloudFormation refuses this circle; write the ARN of one of them as text"


def circles(template: Template) -> dict[str, tuple[str, ...]]:
    """The keys of a template that are in a circle, each with a sentence for every reference of it."""
    if not template.keys:
        return {}
    resolver = Resolver(template)
    found = {
        name: list(_references(resource, ("Resources", name), resolver))
        for name, resource in template.resources.items()
        if resolver.is_there(resource) is not False
    }
    group = _groups({name: {other for other, _ in each if other in found} for name, each in found.items()})
    return {
        name: tuple(
            _sentence(name, other, path) for other, path in found[name] if group.get(other) == group[name]
        )
        for name in template.keys
        if name in found
    }


def _sentence(name: str, other: str, path: Path) -> str:
    if other == name:
        return f"{dotted(path)}: it refers to {name} itself: {_OWN}"
    return f"{dotted(path)}: it refers to {other}, and that leads back to {name}: {_OTHERS}"


def _references(resource: object, path: Path, resolver: Resolver) -> Iterator[tuple[str, Path]]:
    """The logical ids that a resource refers to, each with its place; of `Fn::If`, as far as it applies."""
    depends = members(resource, "DependsOn")
    for name in [*listed(depends), depends]:
        if isinstance(name, str):
            yield name, (*path, "DependsOn")
    waiting: list[tuple[Any, Path]] = [(resource, path)]
    while waiting:
        value, path = waiting.pop()
        if isinstance(value, list):
            waiting += reversed([(each, (*path, index)) for index, each in enumerate(value)])
        elif isinstance(value, dict):
            for function, argument in value.items() if len(value) == 1 else ():
                yield from ((name, path) for name in _named(function, argument))
            applying = _applying(value, resolver)
            waiting += reversed([(each, (*path, name)) for name, each in applying.items()])


def _applying(value: dict[str, Any], resolver: Resolver) -> dict[str, Any]:
    """The members of an object; of `Fn::If` the one value, where it is known which."""
    match value:
        case {"Fn::If": [name, yes, no], **others} if not others:
            holds = resolver.condition(name)
            return value if holds is None else {"Fn::If": yes if holds else no}
    return value


def _named(function: str, argument: object) -> Iterator[str]:
    """The names in one function that are of resources, or may be."""
    match function, argument:
        case "Ref", str(name):
            yield name
        case "Fn::GetAtt", str(name) | [str(name), *_]:
            yield name.partition(".")[0]
        case "Fn::Sub", str(text):
            yield from _variables(text, {})
        case "Fn::Sub", [str(text), dict(own)]:
            yield from _variables(text, own)


def _variables(text: str, own: Mapping[str, Any]) -> Iterator[str]:
    """The resources in `${…}`: those that are neither literals nor of Sub's own map."""
    for literal, name in VARIABLE.findall(text):
        if not literal and name.strip() not in own:
            yield name.strip().partition(".")[0]


def _groups(leads_to: Mapping[str, set[str]]) -> dict[str, int]:
    """A number for each name, the same for names that lead to each other (Tarjan's algorithm)."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    group: dict[str, int] = {}
    open_names: list[str] = []
    for start in leads_to:
        waiting = [] if start in order else [(start, iter(leads_to[start]))]
        while waiting:
            name, others = waiting[-1]
            if name not in order:
                order[name] = lowest[name] = len(order)
                open_names.append(name)
            following = next((other for other in others if other not in order), None)
            if following is not None:
                waiting.append((following, iter(leads_to[following])))
                continue
            waiting.pop()
            lowest[name] = min([order[name], *(lowest[each] for each in leads_to[name] if each not in group)])
            if lowest[name] == order[name]:
                while name not in group:
                    group[open_names.pop()] = order[name]
    return group
