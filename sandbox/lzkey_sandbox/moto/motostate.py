"""Reads and writes moto's own state, but for KMS keys and organizations, which have files of their own.

Everything else of the sandbox takes and returns values. moto keeps its state per process, account and
Region (``config_backends[account][region]``); IAM and STS are kept per partition.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import LambdaFunction, lambda_backends
from moto.cloudformation.models import cloudformation_backends
from moto.config import models as config_models
from moto.config.models import config_backends
from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.iam import models as iam_models
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, iam_backends
from moto.logs.models import logs_backends
from moto.sts.models import sts_backends
from moto.utilities.utils import get_partition

from lzkey_sandbox.config.configuration_item import KEY_TYPE
from lzkey_sandbox.errors import ServiceError
from lzkey_sandbox.moto.motoorganizations import CONFIG_ROLE, MULTI_ACCOUNT_SETUP, organization_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey import Untyped

_ARN_PARTS: Final = 6


@dataclass(frozen=True, slots=True)
class Function:
    """A deployed Lambda function, as the runtime needs it; ``layers`` are zip files, first one first."""

    name: str
    arn: str
    account: str
    region: str
    handler: str
    runtime: str
    role: str
    timeout: float
    memory: int
    environment: tuple[tuple[str, str], ...]
    code: bytes
    layers: tuple[bytes, ...]


def reset() -> None:
    """Forget everything moto holds, as its server's ``/moto-api/reset`` does."""
    BackendDict.reset()
    reset_model_data()


def partition_of(region: str) -> str:
    """The partition of a Region, such as ``aws-us-gov``."""
    return str(get_partition(region))


def account_of(access_key: str, default: str) -> str:
    """The account of an access key that moto issued, else the default."""
    for account, backends in list(iam_backends.items()):
        if any(access_key in backend.access_keys for backend in list(backends.values())):
            return str(account)
    return default


@contextmanager
def named_roles_of_config() -> Iterator[None]:
    """Let CreateServiceLinkedRole name Config's role as AWS does; moto knows the words of few services."""
    known = iam_models.SERVICE_NAME_CONVERSION
    iam_models.SERVICE_NAME_CONVERSION = {**known, "config": "Config"}
    try:
        yield
    finally:
        iam_models.SERVICE_NAME_CONVERSION = known


def role_credentials(role: str, session: str, region: str) -> dict[str, str]:
    """Temporary credentials of a role, in the role's account, as environment variables."""
    account = role.split(":")[4]
    session_of_role = sts_backends[account][get_partition(region)].assume_role(
        region_name=region,
        role_session_name=session[:64],
        role_arn=role,
        policy=None,
        duration=43200,
        external_id=None,
    )
    return {
        "AWS_ACCESS_KEY_ID": session_of_role.access_key_id,
        "AWS_SECRET_ACCESS_KEY": session_of_role.secret_access_key,
        "AWS_SESSION_TOKEN": session_of_role.session_token,
    }


def provide_managed_policy(account: str, region: str, arn: str) -> None:
    """Make one AWS managed policy attachable; moto loads all 1,500 of them for each account or none."""
    partition = get_partition(region)
    backend = iam_backends[account][partition]
    name = arn.rpartition("/")[2]
    data = json.loads(aws_managed_policies_data).get(name)
    if data and arn not in backend.managed_policies:
        policy = AWSManagedPolicy.from_data(name, account, partition, data)
        backend.managed_policies[policy.arn] = policy


def mend_inline_policies() -> None:
    """Let inline policies that CloudFormation made be JSON text; moto keeps the template's objects."""
    for backends in list(iam_backends.values()):
        for backend in list(backends.values()):
            for role in list(backend.roles.values()):
                role.policies = {name: as_json(document) for name, document in role.policies.items()}


def as_json(document: Untyped) -> str:
    """A document of a template as text; what JSON has no word for, as its own text."""
    return document if isinstance(document, str) else json.dumps(without_no_value(document), default=str)


def without_no_value(value: Untyped) -> Untyped:
    """Leave out what is `AWS::NoValue`: moto leaves it out of objects, but puts None into lists.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
    """
    if isinstance(value, Mapping):
        return {name: without_no_value(member) for name, member in value.items() if member is not None}
    if isinstance(value, list):
        return [without_no_value(member) for member in value if member is not None]
    return value


def refresh_stack_outputs(account: str, region: str) -> None:
    """Give stacks that came from a change set their outputs, which moto computes for CreateStack alone."""
    for stack in list(cloudformation_backends[account][region].stacks.values()):
        if stack.status.endswith("_COMPLETE") and stack.template:
            stack._parse_template()  # noqa: SLF001 - moto has no public way
            stack.output_map = stack._create_output_map()  # noqa: SLF001 - as above


@contextmanager
def functions_of_other_accounts() -> Iterator[None]:
    """Let a rule name a function of another account, as AWS does; moto looks in the rule's own alone."""
    known = config_models.Source
    config_models.Source = _Source
    try:
        yield
    finally:
        config_models.Source = known


class _Source(config_models.Source):  # type: ignore[misc]  # moto is untyped
    """Looks for the function in the account and Region that its ARN names."""

    def __init__(
        self,
        account_id: str,
        region: str,
        owner: str,
        source_identifier: str,
        source_details: Untyped = None,
    ) -> None:
        parts = source_identifier.split(":")
        if parts[0] == "arn" and parts[2:3] == ["lambda"] and len(parts) > _ARN_PARTS:
            region, account_id = parts[3:5]
        super().__init__(account_id, region, owner, source_identifier, source_details)


def config_rules(account: str, region: str) -> list[dict[str, Any]]:
    """The Config rules of an account and Region as DescribeConfigRules shows them."""
    return [rule.to_dict() for rule in list(config_backends[account][region].config_rules.values())]


def put_config_rule(account: str, region: str, rule: Mapping[str, Any]) -> None:
    """Create or update a Config rule as the PutConfigRule operation would."""
    config_backends[account][region].put_config_rule(dict(rule))
    complete_config_rule(account, region, rule)


def complete_config_rule(account: str, region: str, rule: Mapping[str, Any]) -> None:
    """Store what moto drops of a rule: its evaluation modes (by default DETECTIVE) and its scope's tag."""
    stored = config_backends[account][region].config_rules.get(rule.get("ConfigRuleName"))
    if stored is None:
        return
    stored.evaluation_modes = rule.get("EvaluationModes") or [{"Mode": "DETECTIVE"}]
    if stored.scope is not None:
        scope = rule.get("Scope") or {}
        stored.scope.tag_key, stored.scope.tag_value = scope.get("TagKey"), scope.get("TagValue")


def put_service_linked_rule(account: str, region: str, rule: Mapping[str, Any]) -> None:
    """Create or update a Config rule that an organization rule is behind, and that its account cannot touch.

    Source: https://docs.aws.amazon.com/config/latest/developerguide/service-linked-awsconfig-rules.html
    """
    put_config_rule(account, region, rule)
    config_backends[account][region].config_rules[rule["ConfigRuleName"]].created_by = MULTI_ACCOUNT_SETUP


def is_service_linked_rule(account: str, region: str, name: str) -> bool:
    """Say whether a Config rule belongs to an AWS service."""
    rule = config_backends[account][region].config_rules.get(name)
    return rule is not None and rule.created_by is not None


def delete_config_rule(account: str, region: str, name: str) -> None:
    """Delete a Config rule; deleting one that is already gone is no error."""
    if name in config_backends[account][region].config_rules:
        config_backends[account][region].delete_config_rule(name)


def complete_recorders(account: str, region: str, asked: Mapping[str, Any] | None = None) -> None:
    """Give recorders their recording mode, by default continuous.

    ``asked`` is the recorder of a PutConfigurationRecorder. Source:
    https://docs.aws.amazon.com/config/latest/APIReference/API_RecordingMode.html
    """
    for name, recorder in config_backends[account][region].recorders.items():
        if asked is not None and asked["name"] == name:
            recorder.recording_mode = asked.get("recordingMode")
        known = getattr(recorder, "recording_mode", None)
        recorder.recording_mode = known or {"recordingFrequency": "CONTINUOUS"}


def note_recording(account: str, region: str) -> None:
    """Let a recorder that is on say that it has recorded; from its start until then it is PENDING.

    Source: https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigurationRecorderStatus.html
    """
    for recorder in config_backends[account][region].recorders.values():
        if recorder.status.recording:
            recorder.status.last_status = "SUCCESS"


def delivery_channels(account: str, region: str) -> list[dict[str, Any]]:
    """The delivery channels of an account and Region as DescribeDeliveryChannels shows them."""
    return [
        channel.to_dict() for channel in list(config_backends[account][region].delivery_channels.values())
    ]


def has_recorder(account: str, region: str) -> bool:
    """Say whether the account has a Config recorder in the Region, on or off."""
    return bool(config_backends[account][region].recorders)


def recorders(account: str, region: str) -> list[dict[str, Any]]:
    """The account's recorders as DescribeConfigurationRecorders shows them, and whether each is on."""
    return [
        {**recorder.to_dict(), "recording": bool(recorder.status.recording)}
        for recorder in list(config_backends[account][region].recorders.values())
    ]


def records_keys(account: str, region: str) -> bool:
    """Say whether KMS keys are recorded: always in a lone account, else where its recorder is on for them.

    Source: https://docs.aws.amazon.com/config/latest/APIReference/API_RecordingGroup.html
    """
    if organization_of(account, region) is None:
        return True
    for recorder in config_backends[account][region].recorders.values():
        group = recorder.recording_group
        excluded = (group.exclusion_by_resource_types or {}).get("resourceTypes") or []
        named = KEY_TYPE in (group.resource_types or [])
        everything = group.all_supported or bool(excluded)
        return bool(recorder.status.recording and (named or (everything and KEY_TYPE not in excluded)))
    return False


def recorder_role(account: str, region: str) -> str:
    """The role of the account's Config recorder; without a recorder, Config's service-linked role.

    Source: https://docs.aws.amazon.com/config/latest/developerguide/using-service-linked-roles.html
    """
    for recorder in config_backends[account][region].recorders.values():
        return str(recorder.role_arn)
    return f"arn:{get_partition(region)}:iam::{account}:role/{CONFIG_ROLE}"


def function(account: str, region: str, name: str) -> Function:
    """A deployed function by name or ARN; ResourceNotFoundException when there is none."""
    stored = stored_function(account, region, name)
    layers = lambda_backends[account][region]
    return Function(
        name=stored.function_name,
        arn=stored.function_arn,
        account=account,
        region=region,
        handler=str(stored.handler),
        runtime=str(stored.run_time),
        role=stored.role,
        timeout=float(stored.timeout),
        memory=int(stored.memory_size),
        environment=tuple(sorted(stored.environment_vars.items())),
        code=bytes(stored.code_bytes),
        layers=tuple(layers.layers_versions_by_arn(layer["Arn"]).code_bytes for layer in stored.layers),
    )


def stored_function(account: str, region: str, name: str) -> LambdaFunction:
    """Moto's function by name or ARN; ResourceNotFoundException when there is none."""
    plain = name.split(":")[6] if name.startswith("arn:") else name.partition(":")[0]
    for candidate in lambda_backends[account][region].list_functions():
        if candidate.function_name == plain:
            return candidate
    raise ServiceError(
        "ResourceNotFoundException",
        f"Function not found: arn:{get_partition(region)}:lambda:{region}:{account}:function:{plain}",
        404,
    )


def require_qualifier(account: str, region: str, name: str, qualifier: str) -> None:
    """Refuse a version or alias that a function does not have."""
    try:
        lambda_backends[account][region].get_function(name, qualifier)
    except UnknownFunctionException as unknown:
        raise ServiceError("ResourceNotFoundException", str(unknown.message), 404) from unknown


def write_log(account: str, region: str, group: str, stream: str, lines: list[tuple[int, str]]) -> None:
    """Append lines (epoch milliseconds, text) to a CloudWatch log stream, creating it when needed."""
    backend = logs_backends[account][region]
    backend.ensure_log_group(group)
    backend.ensure_log_stream(group, stream)
    events = [{"timestamp": time, "message": text} for time, text in lines]
    if events:
        backend.put_log_events(group, stream, events)
