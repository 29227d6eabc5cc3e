"""The resources that our stacks and rdk's declare and moto's CloudFormation lacks, or has otherwise than AWS.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
"""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import yaml
from moto.awslambda.models import LambdaFunction, LayerVersion, lambda_backends
from moto.cloudformation import parsing
from moto.cloudformation.models import CloudFormationBackend
from moto.config.models import config_backends
from moto.core.common_models import CloudFormationModel
from moto.core.exceptions import JsonRESTError
from moto.s3.models import s3_backends
from moto.utilities.utils import get_partition

from lzkey_sandbox.config import organization_rules
from lzkey_sandbox.config.organization_api import put_organization_rule
from lzkey_sandbox.errors import ServiceError
from lzkey_sandbox.functions import lambda_permissions
from lzkey_sandbox.functions.lambda_runtime import rdklib_layer
from lzkey_sandbox.http.contract import operation_model, parse_input
from lzkey_sandbox.moto import motostate
from lzkey_sandbox.moto.motostate import without_no_value
from lzkey_sandbox.stacks import alarms
from lzkey_sandbox.stacks.resource import resource_class

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lzkey import Untyped
    from lzkey_sandbox.stacks.resource import Properties

#: Source: rdk's RDKLIB_ARN_STRING; the account is the one that publishes rdk's layers.
_RDKLIB_LAYER: Final = re.compile(
    r"arn:aws:lambda:(?P<region>[^:]+):711761543063:layer:(?P<name>rdklib-layer):(?P<version>\d+)"
)


def register() -> None:
    """Make moto look for its resource models anew: it finds those of this module, and the last one wins."""
    for cached in (parsing.get_model_list, parsing.get_model_map, parsing.get_name_type_map):
        cached.cache_clear()


@contextmanager
def dates_as_text() -> Iterator[None]:
    """Let moto read a date in a template, such as an unquoted Version, as the text that it is to AWS.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/format-version-structure.html
    """
    known = yaml.Loader.yaml_constructors
    text = yaml.constructor.SafeConstructor.construct_yaml_str
    yaml.Loader.yaml_constructors = {**known, "tag:yaml.org,2002:timestamp": text}
    try:
        yield
    finally:
        yaml.Loader.yaml_constructors = known


@contextmanager
def failures_forgotten() -> Iterator[None]:
    """Let nothing be left of a stack that could not be made, so that its name is free for another attempt."""
    create = CloudFormationBackend.create_stack

    def create_stack(backend: Untyped, name: str, *arguments: object, **members: object) -> Untyped:
        known = set(backend.stacks)
        try:
            return create(backend, name, *arguments, **members)
        except Exception as error:
            for stack in list(backend.stacks.values()):
                if stack.name == name and stack.stack_id not in known:
                    backend.delete_stack(stack.stack_id)
            if isinstance(
                error, JsonRESTError
            ):  # of another service: in JSON, which these clients cannot read
                raise ServiceError(error.error_type, error.message) from error
            raise

    CloudFormationBackend.create_stack = create_stack
    try:
        yield
    finally:
        CloudFormationBackend.create_stack = create


def _put_rule(account: str, region: str, name: str, properties: Properties) -> str:
    rule = {"ConfigRuleName": name, **_with_text(properties)}
    rule.pop("Compliance", None)  # an attribute that the resource type lists as a property
    motostate.put_config_rule(account, region, rule)
    return name


def _delete_rule(account: str, region: str, name: str, _: Properties) -> None:
    motostate.delete_config_rule(account, region, name)


def _rule_attribute(member: str) -> Callable[[str, str, str], str]:
    """What reads a member of a rule as DescribeConfigRules shows it."""

    def read(account: str, region: str, name: str) -> str:
        rules = motostate.config_rules(account, region)
        return next(str(rule[member]) for rule in rules if rule["ConfigRuleName"] == name)

    return read


def _put_organization_rule(account: str, region: str, name: str, properties: Properties) -> str:
    """Put a rule, its properties checked as PutOrganizationConfigRule's members.

    Whether AWS rolls a stack back when the rule fails in some accounts is not documented: here it does not.
    """
    members = {**properties, "OrganizationConfigRuleName": name}
    members |= {kind: _with_text(members[kind]) for kind in organization_rules.KINDS if kind in members}
    operation = operation_model("config", "PutOrganizationConfigRule")
    put_organization_rule(account, region, parse_input(operation, members))
    return name


def _delete_organization_rule(account: str, region: str, name: str, _: Properties) -> None:
    rule = organization_rules.stored_rules(account, region).get(name)
    if rule is not None:
        organization_rules.delete(rule)


def _put_recorder(account: str, region: str, name: str, properties: Properties) -> str:
    """Make the recorder; it starts when its channel is there."""
    recorder = {
        "name": name,
        "roleARN": properties["RoleARN"],
        "recordingGroup": _members(properties.get("RecordingGroup", {"AllSupported": True})),
    }
    config_backends[account][region].put_configuration_recorder(recorder)
    mode = _members(properties.get("RecordingMode", {}))
    motostate.complete_recorders(account, region, {**recorder, "recordingMode": mode})
    return name


def _delete_recorder(account: str, region: str, name: str, _: Properties) -> None:
    config_backends[account][region].delete_configuration_recorder(name)


def _put_channel(account: str, region: str, name: str, properties: Properties) -> str:
    """Make the channel and start the recorder."""
    backend = config_backends[account][region]
    backend.put_delivery_channel({**_members(properties), "name": name})
    for recorder in backend.recorders:
        backend.start_configuration_recorder(recorder)
    return name


def _delete_channel(account: str, region: str, name: str, _: Properties) -> None:
    """Stop the recorder and delete the channel."""
    backend = config_backends[account][region]
    for recorder in backend.recorders:
        backend.stop_configuration_recorder(recorder)
    backend.delete_delivery_channel(name)


def _put_bucket_policy(account: str, region: str, _: str, properties: Properties) -> str:
    policy = json.dumps(properties["PolicyDocument"]).encode()
    s3_backends[account][get_partition(region)].put_bucket_policy(properties["Bucket"], policy)
    return str(properties["Bucket"])


def _delete_bucket_policy(account: str, region: str, bucket: str, _: Properties) -> None:
    s3_backends[account][get_partition(region)].delete_bucket_policy(bucket)


def _put_permission(account: str, region: str, name: str, properties: Properties) -> str:
    """Add the statement, under an id of CloudFormation's making: every property requires replacement."""
    statement = f"{name}-{uuid.uuid4().hex[:12]}"
    lambda_permissions.add_permission(account, region, {**properties, "StatementId": statement})
    return statement


def _delete_permission(account: str, region: str, statement: str, properties: Properties) -> None:
    members = {"FunctionName": properties["FunctionName"], "StatementId": statement}
    _unless_gone(lambda_permissions.remove_permission, account, region, members)


def _put_function_policy(account: str, region: str, _: str, properties: Properties) -> str:
    """Put the whole policy of a function, in the place of any other."""
    document = properties["PolicyDocument"]
    policy = document if isinstance(document, str) else json.dumps(document)
    members = {"ResourceArn": properties["ResourceArn"], "Policy": policy}
    lambda_permissions.put_resource_policy(account, region, members)
    return str(properties["ResourceArn"])


def _delete_function_policy(account: str, region: str, function: str, _: Properties) -> None:
    _unless_gone(lambda_permissions.delete_resource_policy, account, region, {"ResourceArn": function})


#: moto looks among the classes that are alive, so these are kept. Its own permissions are never taken back.
RESOURCES: Final = (
    *alarms.RESOURCES,
    resource_class(
        "AWS::Config::ConfigRule",
        _put_rule,
        _delete_rule,
        named_by="ConfigRuleName",
        attributes={"Arn": _rule_attribute("ConfigRuleArn"), "ConfigRuleId": _rule_attribute("ConfigRuleId")},
    ),
    resource_class(
        "AWS::Config::OrganizationConfigRule",
        _put_organization_rule,
        _delete_organization_rule,
        named_by="OrganizationConfigRuleName",
    ),
    resource_class("AWS::Config::ConfigurationRecorder", _put_recorder, _delete_recorder, named_by="Name"),
    resource_class("AWS::Config::DeliveryChannel", _put_channel, _delete_channel, named_by="Name"),
    resource_class("AWS::S3::BucketPolicy", _put_bucket_policy, _delete_bucket_policy),
    resource_class("AWS::Lambda::Permission", _put_permission, _delete_permission),
    resource_class("AWS::Lambda::ResourcePolicy", _put_function_policy, _delete_function_policy),
)


class FunctionWithLayers(CloudFormationModel):  # type: ignore[misc]  # moto is untyped
    """AWS::Lambda::Function as moto has it, but with the layers, which moto drops when it creates one."""

    @staticmethod
    def cloudformation_name_type() -> str:
        """The property that names the resource."""
        return "FunctionName"

    @staticmethod
    def cloudformation_type() -> str:
        """The resource type."""
        return "AWS::Lambda::Function"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        """Say whether Fn::GetAtt knows an attribute."""
        return bool(LambdaFunction.has_cfn_attr(attr))

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: Mapping[str, Any],
        account_id: str,
        region_name: str,
        **_: object,
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
        cloudformation_json: Mapping[str, Any],
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


def _with_text(properties: Mapping[str, Any]) -> Properties:
    """A rule's properties; parameters that are an object become text, as in every stack."""
    parameters = properties.get("InputParameters")
    if parameters is None or isinstance(parameters, str):
        return dict(properties)
    return {**properties, "InputParameters": json.dumps(parameters)}


def _members(properties: Mapping[str, Any]) -> dict[str, Any]:
    """A resource's properties under the API's names, which begin with small letters."""
    return {name[:1].lower() + name[1:]: _member(value) for name, value in properties.items()}


def _member(value: Untyped) -> Untyped:
    if isinstance(value, Mapping):
        return _members(value)
    return [_member(item) for item in value] if isinstance(value, list) else value


def _unless_gone(
    delete: Callable[[str, str, Properties], object], account: str, region: str, members: Properties
) -> None:
    """Delete what may be gone already, or whose function may be."""
    try:
        delete(account, region, members)
    except ServiceError as gone:
        if gone.code != "ResourceNotFoundException":
            raise
