"""What one account's own AWS Config answers, and the sandbox does not: failures of rule and recorder.

The same answers are a problem to `lzkey doctor` (tests/doctor), and a doubt here.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from lzkey.aws.account import Asker, Manner
from lzkey.report.collection import look
from lzkey.report.facts import RuleInForce
from lzkey.report.model import Cause

ACCOUNT, REGION, RULE = "111122223333", "us-east-1", "CONTROL_TOWER_KMS_KEY"
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
NOW = datetime(2026, 11, 25, tzinfo=UTC)
GOOD = {"LastSuccessfulEvaluationTime": NOW - timedelta(hours=3)}
RECORDER = {"name": "default", "recordingGroup": {"allSupported": True}}


def before(hours: float) -> datetime:
    """A moment before now."""
    return NOW - timedelta(hours=hours)


class Answering(boto3.Session):
    """A session whose clients answer what a test says, in that order, by service."""

    def __init__(self, **answers: list[tuple[str, dict[str, Any]]]) -> None:
        super().__init__("a", "b", region_name=REGION)
        self._clients: dict[str, Any] = {}
        for service, given in answers.items():
            client: Any = super().client(service)  # type: ignore[call-overload]
            stubber = Stubber(client)
            for operation, answer in given:
                stubber.add_response(operation, answer)
            stubber.activate()
            self._clients[service] = client

    def client(self, service_name: str, *_where: Any, **_settings: Any) -> Any:
        """The one client of the service."""
        return self._clients[service_name]


def doubt(status: dict[str, Any], recorder: dict[str, Any]) -> tuple[Cause, str] | None:
    """What is doubtful of an account whose rule waits for changes, and has judged one key."""
    result = {
        "EvaluationResultIdentifier": {
            "EvaluationResultQualifier": {
                "ConfigRuleName": RULE,
                "ResourceType": "AWS::KMS::Key",
                "ResourceId": KEY_ID,
            },
            "OrderingTimestamp": NOW,
        },
        "ComplianceType": "COMPLIANT",
        "ResultRecordedTime": NOW,
        "ConfigRuleInvokedTime": NOW,
    }
    key = {"KeyId": KEY_ID, "KeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{KEY_ID}"}
    session = Answering(
        config=[
            (
                "describe_config_rules",
                {"ConfigRules": [{"ConfigRuleName": RULE, "Source": {"Owner": "AWS"}}]},
            ),
            ("get_compliance_details_by_config_rule", {"EvaluationResults": [result]}),
            (
                "describe_config_rule_evaluation_status",
                {"ConfigRulesEvaluationStatus": [{"ConfigRuleName": RULE, **status}]},
            ),
            ("describe_configuration_recorders", {"ConfigurationRecorders": [RECORDER]}),
            (
                "describe_configuration_recorder_status",
                {"ConfigurationRecordersStatus": [{"name": "default", **recorder}]},
            ),
        ],
        kms=[("list_keys", {"Keys": [key], "Truncated": False})],
    )
    seen = look(Asker(session, ACCOUNT, REGION, Manner()), RULE, RuleInForce(RULE))
    return None if seen.trouble is None else (seen.trouble.cause, seen.trouble.detail)


class TestLastEvaluation:
    """The last failure, of an invocation or of an evaluation, against the last good evaluation."""

    @pytest.mark.parametrize("what", ["Invocation", "Evaluation"])
    def test_a_failure_after_it_is_a_doubt(self, what: str) -> None:
        """The results are those of the time before."""
        status = {**GOOD, f"LastFailed{what}Time": before(2), "LastErrorCode": "Timeout"}
        found = doubt(status, {"recording": True})
        assert found == (Cause.RULE_FAILING, "the last evaluation failed (Timeout)")

    @pytest.mark.parametrize("what", ["Invocation", "Evaluation"])
    def test_a_failure_before_it_is_none(self, what: str) -> None:
        """The twin: what failed was mended."""
        assert doubt({**GOOD, f"LastFailed{what}Time": before(4)}, {"recording": True}) is None

    def test_an_invocation_that_succeeded_since_proves_nothing(self) -> None:
        """A function that was invoked may have put no results."""
        status = {**GOOD, "LastFailedInvocationTime": before(2), "LastSuccessfulInvocationTime": before(1)}
        found = doubt(status, {"recording": True})
        assert found == (Cause.RULE_FAILING, "the last evaluation failed (no reason given)")

    def test_an_error_without_any_success_is_a_doubt(self) -> None:
        """Nothing is known to have worked."""
        found = doubt({"LastErrorCode": "AccessDenied"}, {"recording": True})
        assert found == (Cause.RULE_FAILING, "the last evaluation failed (AccessDenied)")


class TestRecorder:
    """A recorder that is on."""

    def test_one_that_failed_the_last_time_is_a_doubt(self) -> None:
        """Whatever is COMPLIANT may have changed since."""
        recorder = {"recording": True, "lastStatus": "FAILURE", "lastErrorCode": "AccessDenied"}
        assert doubt(GOOD, recorder) == (
            Cause.RECORDER_FAILING,
            "the recorder default failed the last time (AccessDenied)",
        )

    @pytest.mark.parametrize("status", ["SUCCESS", "PENDING", "NOT_APPLICABLE"])
    def test_any_other_status_is_none(self, status: str) -> None:
        """The twins."""
        assert doubt(GOOD, {"recording": True, "lastStatus": status}) is None

    def test_one_that_is_off_is_stopped_whatever_it_did_last(self) -> None:
        """The worse of two faults is told."""
        found = doubt(GOOD, {"recording": False, "lastStatus": "FAILURE"})
        assert found == (Cause.NO_RECORDER, "the recorder default is stopped")
