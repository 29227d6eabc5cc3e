"""Reads moto's Config recorders, and gives them what Config's own show and moto drops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.config.models import config_backends
from moto.utilities.utils import get_partition

from lzkey_sandbox.configuration_item import KEY_TYPE
from lzkey_sandbox.motoorganizations import organization_of

if TYPE_CHECKING:
    from collections.abc import Mapping


def complete_recorders(account: str, region: str, asked: Mapping[str, Any] | None = None) -> None:
    """Give recorders their recording mode, by default continuous, and a status once they are on.

    ``asked`` is the recorder of a PutConfigurationRecorder. Source:
    https://docs.aws.amazon.com/config/latest/APIReference/API_RecordingMode.html
    """
    for name, recorder in config_backends[account][region].recorders.items():
        if asked is not None and asked["name"] == name:
            recorder.recording_mode = asked.get("recordingMode")
        known = getattr(recorder, "recording_mode", None)
        recorder.recording_mode = known or {"recordingFrequency": "CONTINUOUS"}
        if recorder.status.recording:
            recorder.status.last_status = "SUCCESS"


def has_recorder(account: str, region: str) -> bool:
    """Say whether the account has a Config recorder in the Region, on or off."""
    return bool(config_backends[account][region].recorders)


def recorders(account: str, region: str) -> list[dict[str, Any]]:
    """Return the account's recorders as DescribeConfigurationRecorders shows them, and whether each is on."""
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
    """Return the role of the account's Config recorder; without a recorder, Config's service-linked role.

    Source: https://docs.aws.amazon.com/config/latest/developerguide/using-service-linked-roles.html
    """
    for recorder in config_backends[account][region].recorders.values():
        return str(recorder.role_arn)
    role = "aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
    return f"arn:{get_partition(region)}:iam::{account}:role/{role}"
