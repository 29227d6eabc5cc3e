"""An AWS Config recorder: whether changes of KMS keys are recorded, and if not, why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key.key import RESOURCE_TYPE
from lzkey.aws.fact import takes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mypy_boto3_config.type_defs import ConfigurationRecorderOutputTypeDef

    from lzkey.aws.account import Asker

CONTINUOUS: Final = "CONTINUOUS"

#: Part of the error code of an account without a recorder; AWS does not document how it ends.
NO_RECORDER: Final = "NoAvailableConfigurationRecorder"


class RecorderFault(Enum):
    """Why changes of keys are not recorded."""

    STOPPED = "stopped"
    LEAVES_KEYS_OUT = "leaves keys out"
    FAILING = "failing"
    """It is on, and failed the last time: what it recorded before may not be so any more."""


@dataclass(frozen=True, slots=True)
class Recorder:
    """A recorder of the account's own; those that AWS services run for themselves deliver to no rule.

    https://docs.aws.amazon.com/config/latest/developerguide/stop-start-recorder.html
    """

    name: str
    on: bool | None
    """None: it is not told."""
    keys: bool
    """Whether its recording group takes KMS keys in."""
    frequency: str = CONTINUOUS
    """How often it records keys, CONTINUOUS or DAILY."""
    failure: str = ""
    """Code and message, where it failed the last time."""
    started: datetime | None = None
    """When it was last started; None: it is not told."""

    @classmethod
    def of(cls, found: ConfigurationRecorderOutputTypeDef, status: Mapping[str, Any] | None) -> Recorder:
        """Read DescribeConfigurationRecorders and -RecorderStatus; a recorder without a status is stopped.

        https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigurationRecorderStatus.html
        """
        status = status or {}
        failed = str(status.get("lastStatus", "")).upper() == "FAILURE"
        why = ": ".join(filter(None, (status.get("lastErrorCode"), status.get("lastErrorMessage"))))
        return cls(
            found.get("name", "default"),
            bool(status.get("recording")),
            records_keys(found),
            key_frequency(found),
            (why or "no reason given") if failed else "",
            status.get("lastStartTime"),
        )

    @classmethod
    def of_item(cls, configuration: object) -> Recorder | None:
        """Read the configuration item of a recorder; None where it is none of the account's own.

        AWS Config records its own recorders, as a system resource type whose shape it publishes nowhere.
        https://docs.aws.amazon.com/config/latest/developerguide/drift-detection.html
        """
        if not isinstance(configuration, dict):
            return None
        shown: Any = {name[:1].lower() + name[1:]: value for name, value in configuration.items()}
        if shown.get("servicePrincipal") or "recordingGroup" not in shown:
            return None
        on = shown.get("recording")
        name = str(shown.get("name", "default"))
        return cls(name, on if isinstance(on, bool) else None, records_keys(shown))

    @property
    def fault(self) -> RecorderFault | None:
        """What is wrong with it, the worst first; None where it records changes of keys."""
        if self.on is False:
            return RecorderFault.STOPPED
        if not self.keys:
            return RecorderFault.LEAVES_KEYS_OUT
        return RecorderFault.FAILING if self.failure else None


@takes("config:DescribeConfigurationRecorders")
def described(asker: Asker) -> ConfigurationRecorderOutputTypeDef | None:
    """The account's own recorder in its Region, as it is set up; None where there is none."""
    answer = asker.ask("config:DescribeConfigurationRecorders")
    own = (found for found in answer["ConfigurationRecorders"] if not found.get("servicePrincipal"))
    found: ConfigurationRecorderOutputTypeDef | None = next(own, None)
    return found


@takes("config:DescribeConfigurationRecorderStatus", facts=(described,))
def own_recorder(asker: Asker) -> Recorder | None:
    """The account's own recorder in its Region, and how it fares; None where there is none."""
    found = described(asker)
    if found is None:
        return None
    answer = asker.ask("config:DescribeConfigurationRecorderStatus")
    name = found.get("name", "default")
    its = (each for each in answer["ConfigurationRecordersStatus"] if each.get("name", "default") == name)
    return Recorder.of(found, next(its, None))


def records_keys(recorder: ConfigurationRecorderOutputTypeDef) -> bool:
    """Whether a recording group covers AWS::KMS::Key (AWS Config API, RecordingGroup)."""
    group = recorder.get("recordingGroup", {})
    excluded = group.get("exclusionByResourceTypes", {}).get("resourceTypes", [])
    strategy = group.get("recordingStrategy", {}).get("useOnly")
    if strategy == "EXCLUSION_BY_RESOURCE_TYPES":
        return RESOURCE_TYPE not in excluded
    return group.get("allSupported", False) or RESOURCE_TYPE in group.get("resourceTypes", [])


def key_frequency(recorder: ConfigurationRecorderOutputTypeDef) -> str:
    """How often keys are recorded, CONTINUOUS or DAILY (AWS Config API, RecordingMode)."""
    mode = recorder.get("recordingMode")
    if mode is None:
        return CONTINUOUS
    for override in mode.get("recordingModeOverrides", []):
        if RESOURCE_TYPE in override["resourceTypes"]:
            return override["recordingFrequency"]
    return mode["recordingFrequency"]
