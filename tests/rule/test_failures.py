"""Whatever keeps a result from AWS Config fails the invocation: no former result stands as if it held."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)
from rdklib import InvalidParametersError

import CONTROL_TOWER_KMS_KEY
from config_event import RuleError
from key_reader import PASSING, complete
from landing_zone_key import KeyDataError, KmsKey, SettingsError

from .conftest import KEY_ID, answer, sent

if TYPE_CHECKING:
    from .conftest import Aws

LANDING_ZONE = {"ruleParameters": {"KeyScope": "landing-zone"}}
FAILED = {
    "ComplianceResourceId": KEY_ID,
    "ComplianceResourceType": "AWS::KMS::Key",
    "ComplianceType": "COMPLIANT",
    "OrderingTimestamp": "2026-11-24T12:00:00Z",
}
ARN = f"arn:aws:kms:us-east-1:111122223333:key/{KEY_ID}"
WITHOUT_POLICY = {"invokingEvent": {"configurationItem": {"supplementaryConfiguration": {"Policy": None}}}}
WITHOUT_SPEC = {
    "invokingEvent": {
        "configurationItem": {"configuration": {"keySpec": None, "customerMasterKeySpec": None}}
    }
}
ASKED = pytest.mark.parametrize(
    ("call", "change"), [("kms.GetKeyPolicy", WITHOUT_POLICY), ("kms.DescribeKey", WITHOUT_SPEC)]
)


class TestAnotherAccount:
    """A function that assumes no role reads its own account's keys, whosever event it is."""

    CONTEXT = SimpleNamespace(
        invoked_function_arn="arn:aws:lambda:us-east-1:111122223333:function:RDK-Rule-Function-X"
    )

    def test_is_refused(self, aws: Aws) -> None:
        """Before anything is asked; the message says what to give."""
        event = sent("update", {"accountId": "444455556666"})
        with pytest.raises(RuleError, match="of account 444455556666, and without AssumeRoleMode"):
            CONTROL_TOWER_KMS_KEY.lambda_handler(event, self.CONTEXT)
        assert aws.calls == []

    def test_of_its_own_it_is_judged(self, aws: Aws) -> None:
        """The twin."""
        aws.expect_put()
        assert CONTROL_TOWER_KMS_KEY.lambda_handler(sent("update"), self.CONTEXT)["evaluations"] == 1

    def test_a_role_is_assumed_in_the_account_of_the_event(self, aws: Aws) -> None:
        """So that it is asked for, whosever event it is."""
        change = {"accountId": "444455556666", "ruleParameters": {"AssumeRoleMode": "true"}}
        aws.expect("sts.AssumeRole", error="AccessDenied").expect("sts.AssumeRole", error="AccessDenied")
        with pytest.raises(RuleError, match="AssumeRole"):
            CONTROL_TOWER_KMS_KEY.lambda_handler(sent("update", change), self.CONTEXT)


class TestErrorsOfAws:
    """rdklib turns them into an answer, with which the function would have succeeded."""

    @pytest.mark.parametrize(
        "code",
        ["AccessDeniedException", "InvalidResultTokenException", "ThrottlingException", "InternalError"],
    )
    def test_put_evaluations_refused(self, aws: Aws, code: str) -> None:
        """The code is in the error's message."""
        aws.expect("config.PutEvaluations", error=code)
        with pytest.raises(RuleError, match=code):
            aws.handle(sent("update"))

    @pytest.mark.parametrize("code", ["AccessDenied", "RegionDisabledException"])
    def test_assume_role_refused(self, aws: Aws, code: str) -> None:
        """At both of the addresses that rdklib tries; the message says what was refused."""
        aws.expect("sts.AssumeRole", error=code).expect("sts.AssumeRole", error=code)
        with pytest.raises(RuleError, match=rf"\({code}\) when calling the AssumeRole"):
            aws.handle(sent("update", {"ruleParameters": {"AssumeRoleMode": "true"}}))

    @pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotDiscoveredException"])
    def test_history_refused(self, aws: Aws, code: str) -> None:
        """The item of an oversized event must come from somewhere."""
        aws.expect("config.GetResourceConfigHistory", error=code)
        with pytest.raises(ClientError, match=code):
            aws.handle(sent("oversized"))

    def test_keys_cannot_be_listed(self, aws: Aws) -> None:
        """Without the list nothing can be said, and an empty one would withdraw every result."""
        aws.expect("kms.ListKeys", error="AccessDeniedException")
        with pytest.raises(RuleError, match=r"AccessDeniedException\) when calling the ListKeys"):
            aws.handle(sent("periodic"))

    def test_old_results_cannot_be_read(self, aws: Aws) -> None:
        """Then those of deleted keys would stay."""
        aws.expect("kms.ListKeys", {"Keys": []})
        aws.expect("config.GetComplianceDetailsByConfigRule", error="AccessDeniedException")
        with pytest.raises(RuleError, match="GetComplianceDetailsByConfigRule"):
            aws.handle(sent("periodic"))

    @pytest.mark.parametrize("name", ["update", "periodic"])
    def test_landing_zone_refused(self, aws: Aws, name: str) -> None:
        """Which keys are in scope is not known."""
        aws.expect("controltower.ListLandingZones", error="AccessDeniedException")
        with pytest.raises(RuleError, match="ListLandingZones"):
            aws.handle(sent(name, LANDING_ZONE))

    def test_manifest_refused(self, aws: Aws) -> None:
        """GetLandingZone is another permission than ListLandingZones."""
        aws.expect("controltower.ListLandingZones", answer("list_landing_zones"))
        aws.expect("controltower.GetLandingZone", error="AccessDeniedException")
        with pytest.raises(RuleError, match="GetLandingZone"):
            aws.handle(sent("update", LANDING_ZONE))

    def test_no_landing_zone(self, aws: Aws) -> None:
        """The parameter asks for what is not there; no key would be judged, ever."""
        aws.expect("controltower.ListLandingZones", answer("list_no_landing_zones"))
        with pytest.raises(SettingsError, match="no landing zone in us-east-1"):
            aws.handle(sent("update", LANDING_ZONE))


class TestFailedEvaluations:
    """PutEvaluations may succeed and yet not take an evaluation; rdklib does not look."""

    def test_cold_and_warm(self, aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
        """The first invocation sets the check up, the second one finds it there."""
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
        for _invocation in ("cold", "warm"):
            aws.forget()
            aws.expect_put(FAILED)
            with pytest.raises(RuleError, match=f"did not take 1 evaluations, the first for {KEY_ID}"):
                aws.handle(sent("update"))

    def test_with_a_default_session_that_was_there(self, aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
        """Somebody else's session gets the check too, and stays the default one."""
        theirs = boto3.Session(region_name="us-east-1")
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", theirs)
        aws.expect_put(FAILED)
        with pytest.raises(RuleError, match="did not take 1 evaluations"):
            aws.handle(sent("update"))
        assert boto3.DEFAULT_SESSION is theirs

    @pytest.mark.parametrize("cold", [True, False])
    def test_none_failed(self, aws: Aws, monkeypatch: pytest.MonkeyPatch, *, cold: bool) -> None:
        """An empty list is a success."""
        if cold:
            monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
        assert aws.expect_put().handle(sent("update")) == {"evaluations": 1, "COMPLIANT": 1}

    def test_with_an_assumed_role(self, aws: Aws) -> None:
        """Clients with credentials of their own have the check as well."""
        credentials = {
            "AccessKeyId": "ASIAIOSFODNN7EXAMPLE",
            "SecretAccessKey": "example",
            "SessionToken": "example",
            "Expiration": "2026-11-24T12:15:00Z",
        }
        aws.expect("sts.AssumeRole", {"Credentials": credentials}).expect_put(FAILED)
        with pytest.raises(RuleError, match="did not take"):
            aws.handle(sent("update", {"ruleParameters": {"AssumeRoleMode": "true"}}))


class TestPassingFailures:
    """KMS may answer a minute later: Lambda tries again, and no result says what nobody has seen."""

    @ASKED
    @pytest.mark.parametrize("code", sorted(PASSING))
    def test_throttled_or_at_fault(self, aws: Aws, call: str, change: dict[str, Any], code: str) -> None:
        """The change of one key ends in a visible failure, and its former result stands."""
        aws.expect(call, error=code)
        with pytest.raises(
            RuleError, match=rf"{call.replace('.', ':')} failed with {code} for arn:.*{KEY_ID}"
        ):
            aws.handle(sent("update", change))
        assert aws.evaluations == []

    @ASKED
    @pytest.mark.parametrize(
        "code", ["AccessDeniedException", "KMSInvalidStateException", "InvalidArnException"]
    )
    def test_refused(self, aws: Aws, call: str, change: dict[str, Any], code: str) -> None:
        """The twin: what would be answered alike the next time is a finding."""
        aws.expect(call, error=code).expect_put()
        assert aws.handle(sent("update", change)) == {"evaluations": 1, "NON_COMPLIANT": 1}

    @pytest.mark.parametrize(("status", "fails"), [(499, False), (500, True), (503, True)])
    def test_any_error_of_the_server(self, aws: Aws, status: int, *, fails: bool) -> None:
        """From status 500 on it is AWS's own fault, whatever its code."""
        aws.expect("kms.GetKeyPolicy", error="NewException", status=status)
        if fails:
            with pytest.raises(RuleError, match="NewException"):
                aws.handle(sent("update", WITHOUT_POLICY))
        else:
            assert aws.expect_put().handle(sent("update", WITHOUT_POLICY))["NON_COMPLIANT"] == 1

    @pytest.mark.parametrize(
        ("error", "fails"),
        [
            (ReadTimeoutError(endpoint_url="https://kms"), True),
            (ConnectTimeoutError(endpoint_url="https://kms"), True),
            (EndpointConnectionError(endpoint_url="https://kms"), True),
            (ConnectionClosedError(endpoint_url="https://kms"), True),
            (NoCredentialsError(), False),
        ],
    )
    def test_no_answer(self, error: BotoCoreError, *, fails: bool) -> None:
        """A question that timed out is asked again; one that cannot be sent leaves the policy unknown."""
        kms = boto3.client("kms", config=Config(retries={"total_max_attempts": 1}))
        kms.meta.events.register("before-send.kms.GetKeyPolicy", raising(error))
        unread = KmsKey.from_describe_key(answer("describe_key")["KeyMetadata"])
        if fails:
            with pytest.raises(RuleError, match=type(error).__name__):
                complete(unread, lambda: kms)
        else:
            assert complete(unread, lambda: kms).policy is None

    @pytest.mark.parametrize("code", ["ThrottlingException", "KMSInternalException"])
    def test_one_key_among_many(self, aws: Aws, code: str) -> None:
        """On a schedule it is a finding of its own key, and the others have their results."""
        others = [ARN.replace(KEY_ID, f"{number}{KEY_ID[1:]}") for number in (2, 3)]
        aws.expect("kms.ListKeys", {"Keys": [{"KeyArn": each} for each in (ARN, *others)]})
        aws.expect("kms.DescribeKey", error=code)
        for _ in others:
            aws.expect("kms.DescribeKey", answer("describe_key_aws_managed"))
        aws.expect("config.GetComplianceDetailsByConfigRule", {"EvaluationResults": []}).expect_put()
        assert aws.handle(sent("periodic")) == {"evaluations": 3, "NON_COMPLIANT": 1, "NOT_APPLICABLE": 2}


class TestErrorsOfTheRule:
    """rdklib turns ValueError and InvalidParametersError into an answer too."""

    @pytest.mark.parametrize("error", [ValueError("no number"), json.JSONDecodeError("no JSON", "{", 1)])
    def test_a_value_error(self, aws: Aws, monkeypatch: pytest.MonkeyPatch, error: ValueError) -> None:
        """Wherever one may come from in the engine, the function fails with its text."""
        monkeypatch.setattr(CONTROL_TOWER_KMS_KEY, "assess", raising(error))
        with pytest.raises(RuleError, match=str(error).split(":", maxsplit=1)[0]):
            aws.handle(sent("update"))

    @pytest.mark.parametrize("place", ["evaluate_parameters", "evaluate_change"])
    def test_invalid_parameters(self, aws: Aws, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
        """The error that rdklib has for parameters, from wherever it comes."""
        rule = CONTROL_TOWER_KMS_KEY.CONTROL_TOWER_KMS_KEY
        monkeypatch.setattr(rule, place, raising(InvalidParametersError("no such Region")))
        with pytest.raises(InvalidParametersError, match="no such Region"):
            aws.handle(sent("update"))

    def test_a_malformed_time(self, aws: Aws) -> None:
        """The event's own time is read, and a ValueError is what Python says of another text."""
        with pytest.raises(RuleError, match="isoformat"):
            aws.handle(sent("update", {"invokingEvent": {"notificationCreationTime": "yesterday"}}))

    def test_an_item_that_names_no_key(self, aws: Aws) -> None:
        """There is no resource to report for."""
        change = {"configuration": {"arn": None, "keyId": None}, "ARN": None, "awsRegion": None}
        with pytest.raises(KeyDataError, match="names no KMS key"):
            aws.handle(sent("update", {"invokingEvent": {"configurationItem": change}}))

    def test_a_message_type_of_no_rule(self, aws: Aws) -> None:
        """Without our look at it, rdklib would print the whole event."""
        change = {"invokingEvent": {"messageType": "ConfigurationSnapshotDeliveryCompleted"}}
        with pytest.raises(RuleError, match="ConfigurationSnapshotDeliveryCompleted"):
            aws.handle(sent("update", change))


def raising(error: Exception) -> Any:
    """Return a function that raises an error, whatever it is given."""

    def fail(*_: object, **__: object) -> None:
        raise error

    return fail
