"""The recorder template, deployed in the sandbox: what it records, where to, and who may write there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cfnlint.decode import decode

from lzkey_sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

TEMPLATE = Path(__file__).parents[2] / "deploy/recorder.yaml"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """AWS on this machine with the stack in it."""
    with Sandbox() as made:
        made.client("cloudformation").create_stack(StackName="recorder", TemplateBody=TEMPLATE.read_text())
        yield made


def policy(sandbox: Sandbox) -> list[dict[str, Any]]:
    """The statements of the bucket's policy."""
    answer = sandbox.client("s3").get_bucket_policy(Bucket=bucket(sandbox))
    return list(json.loads(answer["Policy"])["Statement"])


def bucket(sandbox: Sandbox) -> str:
    """The bucket that the stack names."""
    (stack,) = sandbox.client("cloudformation").describe_stacks(StackName="recorder")["Stacks"]
    return str(stack["Outputs"][0]["OutputValue"])


class TestRecorder:
    """One recorder, for keys."""

    def test_records_kms_keys_and_nothing_else(self, sandbox: Sandbox) -> None:
        """AWS Config charges for every configuration item."""
        (recorder,) = sandbox.client("config").describe_configuration_recorders()["ConfigurationRecorders"]
        assert recorder["recordingGroup"]["resourceTypes"] == ["AWS::KMS::Key"]
        assert not recorder["recordingGroup"]["allSupported"]

    def test_uses_the_service_linked_role(self, sandbox: Sandbox) -> None:
        """It may read key policies, and nobody has to keep it up to date."""
        (recorder,) = sandbox.client("config").describe_configuration_recorders()["ConfigurationRecorders"]
        role = "role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
        assert recorder["roleARN"] == f"arn:aws:iam::{sandbox.account}:{role}"

    def test_is_running_and_delivers_to_the_bucket(self, sandbox: Sandbox) -> None:
        """As CloudFormation starts it."""
        config = sandbox.client("config")
        (status,) = config.describe_configuration_recorder_status()["ConfigurationRecordersStatus"]
        (channel,) = config.describe_delivery_channels()["DeliveryChannels"]
        assert status["recording"]
        assert channel["s3BucketName"] == bucket(sandbox)


class TestBucket:
    """Nobody but AWS Config of this account writes there."""

    def test_every_grant_is_to_config_for_this_account(self, sandbox: Sandbox) -> None:
        """The confused deputy is shut out."""
        grants = [statement for statement in policy(sandbox) if statement["Effect"] == "Allow"]
        own = {"StringEquals": {"aws:SourceAccount": sandbox.account}}
        assert len(grants) == 2
        assert all(grant["Principal"] == {"Service": "config.amazonaws.com"} for grant in grants)
        assert all(grant["Condition"] == own for grant in grants)

    def test_plain_http_is_denied(self, sandbox: Sandbox) -> None:
        """To everyone."""
        (deny,) = [statement for statement in policy(sandbox) if statement["Effect"] == "Deny"]
        assert (deny["Principal"], deny["Action"]) == ("*", "s3:*")
        assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}

    def test_is_never_public(self) -> None:
        """All four blocks, read in the template: moto's CloudFormation makes buckets without them."""
        template, _ = decode(str(TEMPLATE))
        block = template["Resources"]["Bucket"]["Properties"]["PublicAccessBlockConfiguration"]
        assert all(block.values())
        assert len(block) == 4


class TestTemplate:
    """The template is one that CloudFormation accepts in every partition."""

    def test_lint(self) -> None:
        """cfn-lint has nothing to say."""
        lint = Path(sys.executable).with_name("cfn-lint")
        result = subprocess.run([lint, TEMPLATE], capture_output=True, text=True, check=False)
        assert (result.returncode, result.stdout) == (0, "")

    def test_no_partition_is_written_out(self) -> None:
        """GovCloud's ARNs begin with arn:aws-us-gov."""
        assert "arn:aws:" not in TEMPLATE.read_text()
