"""What `deploy/recorder.yaml` declares and moto's CloudFormation lacks: recorder, channel and bucket policy.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Config.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from moto.config.models import config_backends
from moto.core.common_models import CloudFormationModel
from moto.s3.models import s3_backends
from moto.utilities.utils import get_partition

from lzkey_sandbox.moto import motostate

Resource = Mapping[str, Any]


class ConfigurationRecorderResource(CloudFormationModel):  # type: ignore[misc]  # moto is untyped
    """AWS::Config::ConfigurationRecorder."""

    def __init__(self, name: str) -> None:
        self.physical_resource_id = name

    @staticmethod
    def cloudformation_name_type() -> str:
        """Return the property that names the resource."""
        return "Name"

    @staticmethod
    def cloudformation_type() -> str:
        """Return the resource type."""
        return "AWS::Config::ConfigurationRecorder"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Resource, account_id: str, region_name: str, **_: object
    ) -> ConfigurationRecorderResource:
        """Make the recorder; it starts when its channel is there."""
        properties = cloudformation_json["Properties"]
        recorder = {
            "name": resource_name,
            "roleARN": properties["RoleARN"],
            "recordingGroup": _members(properties.get("RecordingGroup", {"AllSupported": True})),
        }
        config_backends[account_id][region_name].put_configuration_recorder(recorder)
        mode = _members(properties.get("RecordingMode", {}))
        motostate.complete_recorders(account_id, region_name, {**recorder, "recordingMode": mode})
        return cls(resource_name)

    def delete(self, account_id: str, region_name: str) -> None:
        """Delete the recorder."""
        config_backends[account_id][region_name].delete_configuration_recorder(self.physical_resource_id)


class DeliveryChannelResource(CloudFormationModel):  # type: ignore[misc]  # moto is untyped
    """AWS::Config::DeliveryChannel."""

    def __init__(self, name: str) -> None:
        self.physical_resource_id = name

    @staticmethod
    def cloudformation_name_type() -> str:
        """Return the property that names the resource."""
        return "Name"

    @staticmethod
    def cloudformation_type() -> str:
        """Return the resource type."""
        return "AWS::Config::DeliveryChannel"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Resource, account_id: str, region_name: str, **_: object
    ) -> DeliveryChannelResource:
        """Make the channel and start the recorder."""
        backend = config_backends[account_id][region_name]
        bucket = cloudformation_json["Properties"]["S3BucketName"]
        backend.put_delivery_channel({"name": resource_name, "s3BucketName": bucket})
        for recorder in backend.recorders:
            backend.start_configuration_recorder(recorder)
        motostate.complete_recorders(account_id, region_name)
        return cls(resource_name)

    def delete(self, account_id: str, region_name: str) -> None:
        """Stop the recorder and delete the channel."""
        backend = config_backends[account_id][region_name]
        for recorder in backend.recorders:
            backend.stop_configuration_recorder(recorder)
        backend.delete_delivery_channel(self.physical_resource_id)


class BucketPolicyResource(CloudFormationModel):  # type: ignore[misc]  # moto is untyped
    """AWS::S3::BucketPolicy."""

    def __init__(self, bucket: str) -> None:
        self.physical_resource_id = bucket

    @staticmethod
    def cloudformation_name_type() -> str:
        """Return the property that names the resource."""
        return ""

    @staticmethod
    def cloudformation_type() -> str:
        """Return the resource type."""
        return "AWS::S3::BucketPolicy"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Resource, account_id: str, region_name: str, **_: object
    ) -> BucketPolicyResource:
        """Put the policy on the bucket."""
        del resource_name
        properties = cloudformation_json["Properties"]
        policy = json.dumps(properties["PolicyDocument"]).encode()
        s3_backends[account_id][get_partition(region_name)].put_bucket_policy(properties["Bucket"], policy)
        return cls(properties["Bucket"])

    def delete(self, account_id: str, region_name: str) -> None:
        """Take the policy off the bucket."""
        backend = s3_backends[account_id][get_partition(region_name)]
        backend.delete_bucket_policy(self.physical_resource_id)


def _members(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return a resource's properties under the API's names, which begin with small letters."""
    return {name[:1].lower() + name[1:]: _member(value) for name, value in properties.items()}


def _member(value: Any) -> Any:  # noqa: ANN401 - a template's properties are of any shape
    if isinstance(value, Mapping):
        return _members(value)
    return [_member(item) for item in value] if isinstance(value, list) else value
