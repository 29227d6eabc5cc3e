"""One CloudFormation template before it is deployed: its sections, and what its intrinsic functions give.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

import json
import re
from dataclasses import field
from typing import TYPE_CHECKING, Any, ClassVar, Final

from landing_zone_key.key import partition_of
from landing_zone_key.records import dataclass
from lzkey.sources.numbers import Misread, misread
from lzkey.sources.source import dotted, members
from lzkey.sources.unknown import ABSENT, Located, Unknown, is_known, joined

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from landing_zone_key.key import KeyArn
    from lzkey import Json
    from lzkey.sources.json_text import Path
    from lzkey.sources.subject import Context, Environment

VARIABLE: Final = re.compile(r"\$\{(!?)([^}]*)\}")
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
_DYNAMIC: Final = "{{resolve:"
#: Of Fn::Equals.
_SIDES: Final = 2
_MOST_SHOWN: Final = 80
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
_SUFFIXES: Final = {
    "aws-cn": "amazonaws.com.cn",
    "aws-eusc": "amazonaws.eu",
    "aws-iso": "c2s.ic.gov",
    "aws-iso-b": "sc2s.sgov.gov",
}


@dataclass(frozen=True, slots=True)
class Template:
    """A template, and where it is deployed."""

    document: Mapping[str, Any]
    given: Mapping[str, Any]
    """Values of parameters, pseudo parameters among them, by name; `Unknown` for what another one gives."""
    account: str
    region: str
    keys: dict[str, KeyArn] = field(default_factory=dict)
    """The ARN of each key of the template, by logical id."""
    circles: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The references of each key that lead back to it, by logical id: a sentence each."""

    @classmethod
    def of(cls, document: Mapping[str, Any], context: Context, environment: Environment) -> Template:
        """The template as it would be deployed where that is told, or in the landing zone's place.

        What somebody gives comes before what a manifest says.
        """
        given = context.parameters or {}
        account = given.get("AWS::AccountId") or environment.account or context.zone.management_account_id
        region = given.get("AWS::Region") or environment.region or context.zone.home_region
        return cls(document, given, account, region)

    @property
    def conditions(self) -> Mapping[str, Any]:
        """The conditions by name."""
        return self._section("Conditions")

    @property
    def mappings(self) -> Mapping[str, Any]:
        """The mappings by name."""
        return self._section("Mappings")

    @property
    def resources(self) -> Mapping[str, Any]:
        """The resources by logical id."""
        return self._section("Resources")

    def ref(self, name: str) -> tuple[Any, str]:
        """What Ref gives, and "" ; or None and why it is not known."""
        if name in self.keys:
            return self.keys[name].key_id, ""
        if name in self.given or name in self._section("Parameters"):
            return self._parameter(name)
        pseudo = self._pseudo().get(name)
        if pseudo is not None:
            return pseudo, ""
        if name.startswith("AWS::"):
            return None, f"is known only to the deployed stack; --parameter {name}=VALUE would tell"
        if name in self.resources:
            return None, "is known only after deployment"
        return None, "is neither a parameter nor a resource of the template"

    def attribute(self, resource: str, attribute: str) -> str | None:
        """An attribute of a key of the template; None for all others.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-key.html
        """
        arn = self.keys.get(resource)
        if arn is None:
            return None
        return {"Arn": str(arn), "KeyId": arn.key_id}.get(attribute)

    def _parameter(self, name: str) -> tuple[Any, str]:
        parameter = self._section("Parameters").get(name)
        declared = parameter if isinstance(parameter, dict) else {}
        kind = str(declared.get("Type", "String"))
        if name not in self.given and kind.startswith("AWS::SSM::Parameter::Value"):
            return None, f"is read from Parameter Store at deployment; --parameter {name}=VALUE would tell"
        value = self.given.get(name, declared.get("Default"))
        if value is None:
            return None, f"has no value; --parameter {name}=VALUE would tell"
        if misread(value):
            return value, ""
        if isinstance(value, Unknown):
            return None, f"is known only to the stack around it; --parameter {name}=VALUE would tell"
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if "List" in kind:
            return [item.strip() for item in text.split(",")], ""
        return text, ""

    def _pseudo(self) -> dict[str, str]:
        partition = partition_of(self.region)
        return {
            "AWS::AccountId": self.account,
            "AWS::Region": self.region,
            "AWS::Partition": partition,
            "AWS::URLSuffix": _SUFFIXES.get(partition, "amazonaws.com"),
        }

    def _section(self, name: str) -> Mapping[str, Any]:
        section = self.document.get(name)
        return section if isinstance(section, dict) else {}


class Resolver:
    """Resolves values of one template; each thing that stays unknown gets a sentence in `reasons`."""

    def __init__(self, template: Template) -> None:
        self.template = template
        self._conditions: dict[str, bool | None] = {}
        self.reasons: dict[str, None] = {}
        """In the order in which they were found, each once."""
        self.misread = False
        """Whether one of them is a number that CloudFormation writes differently."""

    def value(self, value: Json, path: Path) -> Json:
        """The value with its functions resolved: `ABSENT`, or `Unknown` where that cannot be."""
        if isinstance(value, str):
            return (
                self._unknown(path, f"{value[:80]} is read when it is deployed")
                if _DYNAMIC in value
                else value
            )
        if isinstance(value, list):
            made = [self.value(each, (*path, index)) for index, each in enumerate(value)]
            return [each for each in made if each is not ABSENT]
        if not isinstance(value, dict):
            return self._as_written(value, path)
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self._call(name, argument, (*path, name))
        if any(name.startswith(("Fn::Transform", "Fn::ForEach")) for name in value):
            return self._unknown(path, "Fn::Transform and Fn::ForEach are worked out when it is deployed")
        resolved = Located.at(path, {})
        for name, member in value.items():
            if (each := self.value(member, (*path, name))) is not ABSENT:
                resolved[name] = each
        return resolved

    def condition(self, name: object) -> bool | None:
        """Whether a condition of the template holds; None where that is not known."""
        if not isinstance(name, str) or name not in self.template.conditions:
            self._unknown(("Conditions",), f"there is no condition {json.dumps(name, default=repr)[:80]}")
            return None
        if name not in self._conditions:
            self._conditions[name] = None  # for one that leads back to itself
            self._conditions[name] = self._test(self.template.conditions[name], ("Conditions", name))
        return self._conditions[name]

    def is_there(self, resource: object) -> bool | None:
        """Whether a resource is made, as its condition says; None where that is not known."""
        condition = members(resource, "Condition")
        return True if condition is None else self.condition(condition)

    def _call(self, name: str, argument: Json, path: Path) -> Json:
        function = self._FUNCTIONS.get(name)
        if function is None:
            return self._unknown(path, f"{_shown(name, argument)} is known only to the deployed stack")
        try:
            result = function(self, argument, path)
        except (ValueError, TypeError, LookupError, AttributeError):
            return self._unknown(path, f"{_shown(name, argument)} is not in the form that {name} takes")
        if _is_dynamic(result):
            return self._unknown(path, f"{_shown(name, argument)} gives what is read when it is deployed")
        return result

    def _unknown(self, path: Path, why: str) -> Unknown:
        self.reasons[f"{dotted(path)}: {why}"] = None
        return Unknown(path=path)

    def _as_written(self, value: Json, path: Path) -> Json:
        """A value, if CloudFormation writes it as it stands there."""
        why = misread(value)
        if not why:
            return value
        self.misread = True
        return self._unknown(path, why)

    def _ref(self, name: Json, path: Path) -> Json:
        if name == "AWS::NoValue":
            return ABSENT
        found, why = self.template.ref(str(name))
        if found is None:
            return self._unknown(path, f"{_shown('Ref', name)} {why}")
        return self._as_written(found, ("Parameters", name, "Default"))

    def _get_att(self, argument: Json, path: Path) -> Json:
        resource, attribute = argument if isinstance(argument, list) else str(argument).split(".", 1)
        found = self.template.attribute(resource, attribute)
        if found is None:
            shown = _shown("Fn::GetAtt", f"{resource}.{attribute}")
            return self._unknown(path, f"{shown} is known only after deployment")
        return found

    def _sub(self, argument: Json, path: Path) -> Json:
        text, given = argument if isinstance(argument, list) else (argument, {})
        if not isinstance(text, str) or not isinstance(given, dict):
            raise TypeError(text)
        own = {name: self.value(value, (*path, 1, name)) for name, value in given.items()}
        parts: list[str | Unknown] = []
        at = 0
        for found in VARIABLE.finditer(text):
            parts += [text[at : found.start()], self._variable(found, own, path)]
            at = found.end()
        return joined([*parts, text[at:]])

    def _variable(self, found: re.Match[str], own: Mapping[str, Any], path: Path) -> str | Unknown:
        """One `${…}`: a literal, one of Sub's own map, an attribute, or what Ref gives."""
        name = found[2].strip()
        if found[1]:
            return "${" + found[2] + "}"
        if name in own:
            return _text(own[name])
        return _text(self._get_att(name, path) if "." in name else self._ref(name, path))

    def _join(self, argument: Json, path: Path) -> Json:
        delimiter, listed = argument
        values = self.value(listed, (*path, 1))
        if not _is_counted(values):
            return Unknown()
        parts: list[str | Unknown] = []
        for value in values:
            parts += [delimiter, _text(value)]
        return joined(parts[1:])

    def _split(self, argument: Json, path: Path) -> Json:
        delimiter, text = argument
        value = self.value(text, (*path, 1))
        return Unknown() if isinstance(value, Unknown) else value.split(delimiter)

    def _select(self, argument: Json, path: Path) -> Json:
        index, values = (self.value(part, (*path, place)) for place, part in enumerate(argument))
        if isinstance(index, Unknown) or not _is_counted(values):
            return Unknown()
        return values[int(index)]

    def _find_in_map(self, argument: Json, path: Path) -> Json:
        names = [self.value(part, (*path, place)) for place, part in enumerate(argument[:3])]
        if not is_known(names):
            return Unknown()
        found: Any = self.template.mappings
        for name in names:
            if isinstance(found, Misread):
                break
            found = found.get(_text(name)) if isinstance(found, dict) else None
        if found is None and argument[3:]:  # {"DefaultValue": …} of AWS::LanguageExtensions
            found = self.value(argument[3]["DefaultValue"], path)
        if found is None:
            return self._unknown(path, f"{_shown('Fn::FindInMap', argument)} finds nothing in Mappings")
        # Functions are not for mappings: there, an object is what it is.
        return found if isinstance(found, dict) else self.value(found, ("Mappings", *map(str, names)))

    def _if(self, argument: Json, path: Path) -> Json:
        name, yes, no = argument
        holds = self.condition(name)
        if holds is not None:
            return self.value(yes if holds else no, (*path, 1 if holds else 2))
        either = self.value(yes, (*path, 1)), self.value(no, (*path, 2))
        if either[0] == either[1] and is_known(either[0]):
            return either[0]
        self._unknown(path, f"it depends on the condition {name}, of which is not known whether it holds")
        return Unknown(alternatives=either)

    _FUNCTIONS: ClassVar[Mapping[str, Callable[[Resolver, Any, Path], Any]]] = {
        "Ref": _ref,
        "Fn::GetAtt": _get_att,
        "Fn::Sub": _sub,
        "Fn::Join": _join,
        "Fn::Split": _split,
        "Fn::Select": _select,
        "Fn::FindInMap": _find_in_map,
        "Fn::If": _if,
    }

    def _test(self, value: Json, path: Path) -> bool | None:
        """A condition function, in three values."""
        if not isinstance(value, dict) or len(value) != 1:
            return {"true": True, "false": False}.get(_lower(value))
        ((name, argument),) = value.items()
        here = (*path, name)
        if name == "Condition":
            return self.condition(argument)
        if name == "Fn::Equals" and isinstance(argument, list) and len(argument) == _SIDES:
            return _equal(*(self.value(each, (*here, place)) for place, each in enumerate(argument)))
        tests = [self._test(each, (*here, place)) for place, each in enumerate(_listed(argument))]
        if name == "Fn::Not" and len(tests) == 1:
            return None if tests[0] is None else not tests[0]
        if name in ("Fn::And", "Fn::Or") and tests:
            decisive = name == "Fn::Or"
            return decisive if decisive in tests else None if None in tests else not decisive
        self._unknown(here, f"{_shown(name, argument)} cannot be decided before deployment")
        return None


def _is_dynamic(value: object) -> bool:
    """Whether a dynamic reference is in a value, or may be: with parts that are not known yet."""
    if isinstance(value, list):
        return any(map(_is_dynamic, value))
    if isinstance(value, Unknown):
        return any("{{" in piece or "}}" in piece for piece in value.pieces)
    return isinstance(value, str) and _DYNAMIC in value


def _is_counted(values: Json) -> bool:
    """Whether it is known how many elements a list has: what depends on a condition may be `AWS::NoValue`."""
    return not isinstance(values, Unknown) and not any(
        isinstance(each, Unknown) and each.alternatives for each in values
    )


def _text(value: Json) -> str | Unknown:
    """A value inside of a text; TypeError for lists and objects."""
    if isinstance(value, str | Unknown):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    raise TypeError(value)


def _equal(left: Json, right: Json) -> bool | None:
    """Whether two values are the same text; None where that depends on what is not known."""
    if ABSENT in (left, right):
        return None
    if is_known(left) and is_known(right):
        return bool(_plain_text(left) == _plain_text(right))
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Unknown) and isinstance(other, str) and not one.may_be(other):
            return False
    return None


def _plain_text(value: Json) -> Json:
    return value if isinstance(value, list | dict) or value is None else _text(value)


def _lower(value: object) -> str:
    return str(value).lower() if isinstance(value, str | bool) else ""


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _shown(name: str, argument: object) -> str:
    """A function as YAML's short form shows it."""
    text = argument if isinstance(argument, str) else json.dumps(argument, default=repr)
    short = text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 3]}..."
    return f"!{name.removeprefix('Fn::')} {short}"
