"""What could not be read is told with its reason, in the finding and in the annotation."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ConnectTimeoutError

from key_reader import complete
from landing_zone_key import KmsKey, LandingZone, assess

from .conftest import answer, sent

if TYPE_CHECKING:
    from .conftest import Aws

ZONE = LandingZone("us-east-1", "111122223333")
NO_POLICY = {"supplementaryConfiguration": {"Policy": None}}


def item_without_policy() -> dict[str, Any]:
    """Return a configuration item that lacks its policy."""
    event = sent("update", {"invokingEvent": {"configurationItem": NO_POLICY}})
    item: dict[str, Any] = json.loads(event["invokingEvent"])["configurationItem"]
    return item


class TestTheFinding:
    """Its message has the item's lack, the action, and what became of it."""

    @pytest.mark.parametrize(
        ("error", "outcome"),
        [
            ("AccessDeniedException", "was refused"),
            ("KMSInternalException", "failed with KMSInternalException"),
        ],
    )
    def test_an_error_of_kms(self, aws: Aws, error: str, outcome: str) -> None:
        """Refused is told from failed: the one needs a permission, the other another try."""
        aws.expect("kms.GetKeyPolicy", error=error)
        unread = KmsKey.from_configuration_item(item_without_policy())
        key = complete(unread, lambda: boto3.client("kms", "us-east-1"), among_many=True)
        messages = {finding.message for finding in assess(key, ZONE).findings}
        assert messages == {f"the key policy is not in the configuration item and kms:GetKeyPolicy {outcome}"}

    def test_kms_out_of_reach(self, aws: Aws) -> None:
        """A function in a VPC without an endpoint for KMS; no text of the network's is repeated."""

        def out_of_reach(**_: object) -> None:
            raise ConnectTimeoutError(endpoint_url="https://kms.us-east-1.amazonaws.com")

        aws.expect("kms.GetKeyPolicy", answer("get_key_policy"))
        kms = boto3.client("kms", "us-east-1")
        kms.meta.events.register_first("provide-client-params.kms.GetKeyPolicy", out_of_reach)
        key = complete(KmsKey.from_configuration_item(item_without_policy()), lambda: kms, among_many=True)
        outcome = "AWS KMS could not be asked (ConnectTimeoutError)"
        messages = {finding.message for finding in assess(key, ZONE).findings}
        assert messages == {f"the key policy is not in the configuration item and {outcome}"}


class TestTheAnnotation:
    """The console shows nothing but the annotation."""

    def test_a_policy_in_the_item_of_a_refused_description(self, aws: Aws) -> None:
        """What is known is judged; what is not is called unknown."""
        aws.expect("kms.DescribeKey", error="AccessDeniedException").expect_put()
        aws.handle(sent("update", {"invokingEvent": {"configurationItem": {"configuration": None}}}))
        annotation = aws.evaluations[0]["Annotation"]
        assert "ENABLED: key state unknown" in annotation
        assert "CONFIG_ACCESS" not in annotation

    def test_a_refused_policy(self, aws: Aws) -> None:
        """The on-call learns which permission is missing."""
        aws.expect("kms.GetKeyPolicy", error="AccessDeniedException").expect_put()
        aws.handle(sent("update", {"invokingEvent": {"configurationItem": NO_POLICY}}))
        annotation = aws.evaluations[0]["Annotation"]
        assert "kms:GetKeyPolicy was refused" in annotation
        assert "CLOUDTRAIL_ACCESS" in annotation
