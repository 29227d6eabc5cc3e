"""One CloudFormation template as data: what Ref and GetAtt give in it, before it is deployed."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key.key import partition_of
from lzkey.sources.numbers import misread

if TYPE_CHECKING:
    from collections.abc import Mapping

    from landing_zone_key.key import KeyArn
    from lzkey.sources.json_text import Path
    from lzkey.sources.subject import Context, Environment

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
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
    given: Mapping[str, str]
    """Values of parameters, pseudo parameters among them, by name."""
    account: str
    region: str
    keys: dict[str, KeyArn] = field(default_factory=dict)
    """The ARN of each key of the template, by logical id."""

    @classmethod
    def of(cls, document: Mapping[str, Any], context: Context, environment: Environment) -> Template:
        """Return the template as it would be deployed where that is told, or in the landing zone's place.

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
        """Return what Ref gives, and "" ; or None and why it is not known."""
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
        """Return an attribute of a key of the template; None for all others.

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


def dotted(path: Path) -> str:
    """Write a path as people do, `Resources.Key.Properties.KeyPolicy.Statement[1]`, down to a function."""
    steps = itertools.takewhile(lambda step: not _is_function(step), path)
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")


def _is_function(step: str | int) -> bool:
    return step == "Ref" or str(step).startswith("Fn::")
