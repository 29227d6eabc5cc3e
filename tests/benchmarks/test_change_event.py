"""One change notification through the handler, rdklib and botocore; only the network is left out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.session import get_session

from CONTROL_TOWER_KMS_KEY import lambda_handler

if TYPE_CHECKING:
    from .conftest import Documented


class _Body:
    """The body of an answer without failed evaluations."""

    def stream(self) -> Any:
        """Botocore reads it in pieces."""
        yield b'{"FailedEvaluations": []}'


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The bodies that would have gone to AWS Config."""
    bodies: list[bytes] = []

    def answer(request: Any, **_: object) -> AWSResponse:
        bodies.append(request.body)
        return AWSResponse(request.url, 200, {"Content-Type": "application/x-amz-json-1.1"}, _Body())

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    session = boto3.Session(botocore_session=get_session(), region_name="us-east-1")
    session.events.register("before-send.config-service.PutEvaluations", answer)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", session)
    return bodies


def event(documented: Documented, key_state: str) -> dict[str, Any]:
    """A notification for a key with the documented policy."""
    item = {
        "configuration": {
            "keyState": key_state,
            "keySpec": "SYMMETRIC_DEFAULT",
            "keyUsage": "ENCRYPT_DECRYPT",
            "keyManager": "CUSTOMER",
            "multiRegion": False,
        },
        "supplementaryConfiguration": {"Policy": documented.policy()},
        "tags": {},
        "configurationItemCaptureTime": "2026-11-24T12:00:00.000Z",
        "configurationItemStatus": "OK",
        "awsAccountId": "111122223333",
        "awsRegion": "us-east-1",
        "resourceType": "AWS::KMS::Key",
        "resourceId": documented.key_arn.rpartition("/")[2],
        "ARN": documented.key_arn,
    }
    notification = {
        "configurationItem": item,
        "messageType": "ConfigurationItemChangeNotification",
        "notificationCreationTime": "2026-11-24T12:00:01.000Z",
    }
    parameters = {
        "HomeRegion": "us-east-1",
        "ManagementAccountId": "111122223333",
        "AssumeRoleMode": "false",
    }
    return {
        "invokingEvent": json.dumps(notification),
        "ruleParameters": json.dumps(parameters),
        "resultToken": "example-token",
        "eventLeftScope": False,
        "executionRoleArn": "arn:aws:iam::111122223333:role/config",
    }


@pytest.mark.parametrize(
    ("key_state", "compliance"), [("Enabled", "COMPLIANT"), ("Disabled", "NON_COMPLIANT")]
)
def test_change_event(
    documented: Documented, sent: list[bytes], benchmark: Any, key_state: str, compliance: str
) -> None:
    """Each invocation makes its client, and one call with one evaluation."""
    notification = event(documented, key_state)
    result = benchmark(lambda: (sent.clear(), lambda_handler(notification, None))[1])
    (evaluation,) = json.loads(sent[0])["Evaluations"]
    assert (result, evaluation["ComplianceType"]) == ({"evaluations": 1, compliance: 1}, compliance)
