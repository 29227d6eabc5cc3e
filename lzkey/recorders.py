"""What an AWS Config recorder, as DescribeConfigurationRecorders shows it, does with KMS keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lzkey.parameters import RESOURCE_TYPE

if TYPE_CHECKING:
    from mypy_boto3_config.type_defs import ConfigurationRecorderOutputTypeDef

CONTINUOUS: Final = "CONTINUOUS"


def records_keys(recorder: ConfigurationRecorderOutputTypeDef) -> bool:
    """Whether a recording group covers AWS::KMS::Key (AWS Config API, RecordingGroup)."""
    group = recorder.get("recordingGroup", {})
    excluded = group.get("exclusionByResourceTypes", {}).get("resourceTypes", [])
    strategy = group.get("recordingStrategy", {}).get("useOnly")
    if strategy == "EXCLUSION_BY_RESOURCE_TYPES":
        return RESOURCE_TYPE not in excluded
    return group.get("allSupported", False) or RESOURCE_TYPE in group.get("resourceTypes", [])


def key_frequency(recorder: ConfigurationRecorderOutputTypeDef) -> str:
    """Return how often keys are recorded, CONTINUOUS or DAILY (AWS Config API, RecordingMode)."""
    mode = recorder.get("recordingMode")
    if mode is None:
        return CONTINUOUS
    for override in mode.get("recordingModeOverrides", []):
        if RESOURCE_TYPE in override["resourceTypes"]:
            return override["recordingFrequency"]
    return mode["recordingFrequency"]
