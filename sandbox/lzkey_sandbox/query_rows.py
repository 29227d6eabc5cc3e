"""Resources as advanced queries see them: items and recorders, each as one row of properties.

Its dates are text and its policy is JSON text, encoded once. Sources:
https://docs.aws.amazon.com/config/latest/APIReference/API_SelectAggregateResourceConfig.html, a query's
answer in cloud-custodian/cloud-custodian (tests/data/placebo/test_kms_config_source), and for recorders, a
resource type of AWS Config's own, https://docs.aws.amazon.com/config/latest/developerguide/drift-detection.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from lzkey_sandbox.configuration_item import ITEM_VERSION, KEY_TYPE, timestamp
from lzkey_sandbox.motostate import partition_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lzkey_sandbox.configuration_item import ConfigurationItem
    from lzkey_sandbox.population import Holdings

RECORDER_TYPE: Final = "AWS::Config::ConfigurationRecorder"

_DATES: Final = ("creationDate", "deletionDate")


def rows(account: str, region: str, holdings: Holdings) -> Iterator[Mapping[str, Any]]:
    """Return what a query sees of one account and Region."""
    for item in holdings.items:
        yield _item(item)
    for recorder in holdings.recorders:
        yield _recorder(account, region, recorder)


def _item(item: ConfigurationItem) -> dict[str, Any]:
    configuration = dict(item.configuration or {})
    for name in _DATES:
        if name in configuration:
            configuration[name] = timestamp(datetime.fromtimestamp(configuration[name] / 1000, UTC))
    return {
        "version": ITEM_VERSION,
        "accountId": item.account,
        "arn": item.arn,
        "availabilityZone": "Not Applicable",
        "awsRegion": item.region,
        "configuration": configuration,
        "configurationItemCaptureTime": timestamp(item.captured),
        "configurationItemStatus": item.status,
        "configurationStateId": str(item.state_id),
        "relationships": [],
        "resourceCreationTime": timestamp(item.created),
        "resourceId": item.key_id,
        "resourceType": KEY_TYPE,
        "supplementaryConfiguration": dict(item.supplementary),
        "tags": [{"key": key, "value": value, "tag": f"{key}={value}"} for key, value in item.tags],
    }


def _recorder(account: str, region: str, recorder: Mapping[str, Any]) -> dict[str, Any]:
    name = recorder["name"]
    return {
        "version": ITEM_VERSION,
        "accountId": account,
        "arn": f"arn:{partition_of(region)}:config:{region}:{account}:configuration-recorder/{name}",
        "availabilityZone": "Not Applicable",
        "awsRegion": region,
        "configuration": dict(recorder),
        "configurationItemStatus": "OK",
        "relationships": [],
        "resourceId": name,
        "resourceName": name,
        "resourceType": RECORDER_TYPE,
        "supplementaryConfiguration": {},
        "tags": [],
    }
