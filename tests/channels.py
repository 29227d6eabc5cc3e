"""A delivery channel of AWS Config's in the sandbox, for as long as a test looks at it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey_sandbox import Sandbox

BUCKET = "aws-controltower-config"


@contextmanager
def delivery_channel(sandbox: Sandbox, key: str) -> Iterator[None]:
    """Let the management account's AWS Config deliver, encrypted with a key, in the home Region."""
    config = sandbox.client("config")
    role = f"arn:aws:iam::{sandbox.account}:role/recorder"
    config.put_configuration_recorder(ConfigurationRecorder={"name": "default", "roleARN": role})
    channel = {"name": "default", "s3BucketName": BUCKET, "s3KmsKeyArn": key}
    config.put_delivery_channel(DeliveryChannel=channel)
    sandbox.forget_calls()
    yield
    config.delete_delivery_channel(DeliveryChannelName="default")
    config.delete_configuration_recorder(ConfigurationRecorderName="default")
