"""What rdk's stack needs and moto's CloudFormation lacks: Config rules, and layers on functions.

moto finds its resource models as direct subclasses of ``CloudFormationModel``, the last one of a type
winning; defining them here and clearing its caches is all the registration there is.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from moto.awslambda.models import LambdaFunction, LayerVersion, lambda_backends
from moto.cloudformation import parsing
from moto.core.common_models import CloudFormationModel

from lzkey_sandbox.functions.lambda_runtime import rdklib_layer
from lzkey_sandbox.moto import motostate
from lzkey_sandbox.moto.motostate import without_no_value

# Those besides motostate for their classes.
from lzkey_sandbox.stacks import lambda_resources, organization_resource, recorder_resources

# Source: rdk's RDKLIB_ARN_STRING; the account is the one that publishes rdk's layers.
_RDKLIB_LAYER: Final = re.compile(
    r"arn:aws:lambda:(?P<region>[^:]+):711761543063:layer:(?P<name>rdklib-layer):(?P<version>\d+)"
)

Resource = Mapping[str, Any]


def register() -> None:
    """Make moto look for its resource models anew, so that it finds ours, those of other modules included."""
    assert lambda_resources, organization_resource  # noqa: S101 - being imported is all that they need
    assert recorder_resources  # noqa: S101 - as above
    for cached in (parsing.get_model_list, parsing.get_model_map, parsing.get_name_type_map):
        cached.cache_clear()


class ConfigRuleResource(CloudFormationModel):  # type: ignore[misc]  # moto is untyped
    """AWS::Config::ConfigRule, backed by the rules of moto's Config.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-config-configrule.html
    """

    def __init__(self, name: str, account: str, region: str) -> None:
        self._name, self._account, self._region = name, account, region

    @property
    def physical_resource_id(self) -> str:
        """What Ref returns: the rule's name."""
        return self._name

    @staticmethod
    def cloudformation_name_type() -> str:
        """Return the property that names the resource."""
        return "ConfigRuleName"

    @staticmethod
    def cloudformation_type() -> str:
        """Return the resource type."""
        return "AWS::Config::ConfigRule"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        """Say whether Fn::GetAtt knows an attribute."""
        return attr in {"Arn", "ConfigRuleId"}

    def get_cfn_attribute(self, attribute_name: str) -> str:
        """Return an attribute for Fn::GetAtt."""
        rules = motostate.config_rules(self._account, self._region)
        rule = next(rule for rule in rules if rule["ConfigRuleName"] == self._name)
        return str(rule["ConfigRuleArn" if attribute_name == "Arn" else attribute_name])

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Resource, account_id: str, region_name: str, **_: object
    ) -> ConfigRuleResource:
        """Create the rule, its intrinsic functions already resolved by moto."""
        rule = _rule(resource_name, cloudformation_json["Properties"])
        motostate.put_config_rule(account_id, region_name, rule)
        return cls(resource_name, account_id, region_name)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: ConfigRuleResource,
        new_resource_name: str,
        cloudformation_json: Resource,
        account_id: str,
        region_name: str,
    ) -> ConfigRuleResource:
        """Update the rule; a new name replaces it."""
        properties = cloudformation_json["Properties"]
        name = new_resource_name if "ConfigRuleName" in properties else original_resource.physical_resource_id
        if name != original_resource.physical_resource_id:
            original_resource.delete(account_id, region_name)
        return cls.create_from_cloudformation_json(name, cloudformation_json, account_id, region_name)

    def delete(self, account_id: str, region_name: str) -> None:
        """Delete the rule."""
        motostate.delete_config_rule(account_id, region_name, self._name)

    def is_created(self) -> bool:
        """Say that creation is complete at once."""
        return True


class FunctionWithLayers(CloudFormationModel):  # type: ignore[misc]  # moto is untyped
    """AWS::Lambda::Function as moto has it, but with the layers, which moto drops when it creates one."""

    @staticmethod
    def cloudformation_name_type() -> str:
        """Return the property that names the resource."""
        return "FunctionName"

    @staticmethod
    def cloudformation_type() -> str:
        """Return the resource type."""
        return "AWS::Lambda::Function"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        """Say whether Fn::GetAtt knows an attribute."""
        return bool(LambdaFunction.has_cfn_attr(attr))

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Resource, account_id: str, region_name: str, **_: object
    ) -> LambdaFunction:
        """Create the function, then give it its layers."""
        function = LambdaFunction.create_from_cloudformation_json(
            resource_name, cloudformation_json, account_id, region_name
        )
        layers = without_no_value(cloudformation_json["Properties"].get("Layers") or [])
        provide_layers(layers, account_id, region_name)
        function.update_configuration({"Layers": layers})
        return function

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: LambdaFunction,
        new_resource_name: str,
        cloudformation_json: Resource,
        account_id: str,
        region_name: str,
    ) -> LambdaFunction:
        """Update code and configuration; a property that is gone returns to its default."""
        properties = without_no_value({"Layers": [], **cloudformation_json["Properties"]})
        provide_layers(properties["Layers"], account_id, region_name)
        return LambdaFunction.update_from_cloudformation_json(
            original_resource, new_resource_name, {"Properties": properties}, account_id, region_name
        )


def provide_layers(arns: list[str], account: str, region: str) -> None:
    """Make the version of rdk's public layer that a function names known to moto.

    moto keeps layers per account and knows no layers of others; this one is what rdk's ``-lib`` runtimes
    name. Any other unknown layer is refused as at AWS.
    """
    backend = lambda_backends[account][region]
    for match in filter(None, map(_RDKLIB_LAYER.fullmatch, arns)):
        if backend.layers_versions_by_arn(match[0]) is not None:
            continue
        spec = {"LayerName": match["name"], "Content": {"ZipFile": _base64(rdklib_layer())}}
        version = LayerVersion(spec, account_id="711761543063", region=region)
        storage = backend._layers  # noqa: SLF001 - moto can publish under its own version numbers only
        storage.put_layer_version(version)
        layer = storage._layers[match["name"]]  # noqa: SLF001 - as above
        del layer.layer_versions[str(version.version)]
        version.version = int(match["version"])
        layer.layer_versions[match["version"]] = version


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _rule(name: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return PutConfigRule's argument for a resource's properties."""
    rule: dict[str, Any] = {"ConfigRuleName": name, **without_no_value(properties)}
    parameters = rule.get("InputParameters")
    if parameters is not None and not isinstance(parameters, str):
        rule["InputParameters"] = json.dumps(parameters)
    rule.pop("Compliance", None)  # an attribute that the resource type lists as a property
    return rule
