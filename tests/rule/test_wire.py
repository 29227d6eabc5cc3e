"""What shows over HTTP alone: retries, throttling, STS's address. AWS is the sandbox, on this machine."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from config_event import RuleError
from CONTROL_TOWER_KMS_KEY import CLIENTS, lambda_handler
from lzkey_sandbox import LandingZone, Sandbox

from .conftest import data, sent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .conftest import LogLines

# Nothing is stored of a result that comes with this token, and the sandbox takes it without an invocation.
TEST = {"resultToken": "TESTMODE"}
ATTEMPTS = CLIENTS.retries["total_max_attempts"]

# A fault that botocore retries within milliseconds; throttling is retried within seconds.
TRANSIENT = "RequestTimeoutException"


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """AWS with a rule of the name, and this process as a cold Lambda environment that sees nothing else."""
    with Sandbox() as made:
        for name, value in made.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
        made.client("config").put_config_rule(
            ConfigRule={
                "ConfigRuleName": "CONTROL_TOWER_KMS_KEY",
                "Source": {"Owner": "AWS", "SourceIdentifier": "CMK_BACKING_KEY_ROTATION_ENABLED"},
            }
        )
        made.settle()
        made.forget_calls()
        yield made


def make_keys(sandbox: Sandbox, count: int) -> list[str]:
    """Make keys with the documented policy, and return their ids."""
    kms = sandbox.client("kms")
    ids = []
    for _ in range(count):
        key = kms.create_key()["KeyMetadata"]
        policy = json.dumps(data("policies", "documented")).replace(
            "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", key["Arn"]
        )
        kms.put_key_policy(KeyId=key["KeyId"], PolicyName="default", Policy=policy)
        ids.append(key["KeyId"])
    sandbox.settle()
    sandbox.forget_calls()
    return ids


def made_calls(sandbox: Sandbox) -> Counter[str]:
    """Count the calls that reached AWS, failed ones included."""
    return Counter(call.operation for call in sandbox.calls)


class TestRetries:
    """A fault that passes is no finding; one that stays is a finding of its own key alone."""

    @pytest.mark.parametrize("operation", ["ListKeys", "DescribeKey", "GetKeyPolicy"])
    def test_a_fault_that_passes(self, sandbox: Sandbox, operation: str) -> None:
        """KMS fails once less often than it is asked."""
        make_keys(sandbox, 1)
        sandbox.fail_next("kms", operation, TRANSIENT, ATTEMPTS - 1)
        assert lambda_handler(sent("periodic", TEST), None) == {"evaluations": 1, "COMPLIANT": 1}
        assert made_calls(sandbox)[operation] == ATTEMPTS

    def test_throttling_that_passes(self, sandbox: Sandbox) -> None:
        """KMS throttles by this code."""
        make_keys(sandbox, 2)
        sandbox.fail_next("kms", "DescribeKey", "ThrottlingException", 1)
        assert lambda_handler(sent("periodic", TEST), None) == {"evaluations": 2, "COMPLIANT": 2}
        assert made_calls(sandbox)["DescribeKey"] == 3

    def test_a_fault_that_stays(self, sandbox: Sandbox, log: Callable[[], LogLines]) -> None:
        """The key is NON_COMPLIANT, for want of what could not be read, and the run goes on to its end."""
        make_keys(sandbox, 1)
        sandbox.fail_next("kms", "GetKeyPolicy", TRANSIENT, ATTEMPTS)
        assert lambda_handler(sent("periodic", TEST), None) == {"evaluations": 1, "NON_COMPLIANT": 1}
        (line,) = log().structured
        assert line["reasons"] == ["CONFIG_ACCESS:UNKNOWN", "CLOUDTRAIL_ACCESS:UNKNOWN"]

    @pytest.mark.parametrize(("times", "stays"), [(ATTEMPTS - 1, False), (ATTEMPTS, True)])
    def test_a_fault_of_the_one_key_of_a_change(self, sandbox: Sandbox, times: int, *, stays: bool) -> None:
        """One that passes within our attempts is none; one that stays fails the run, and no result is put."""
        [key_id] = make_keys(sandbox, 1)
        item = {"ARN": f"arn:aws:kms:us-east-1:{sandbox.account}:key/{key_id}", "configuration": None}
        event = sent("update", {**TEST, "invokingEvent": {"configurationItem": item}})
        sandbox.fail_next("kms", "DescribeKey", TRANSIENT, times)
        if stays:
            with pytest.raises(RuleError, match=f"kms:DescribeKey failed with {TRANSIENT}"):
                lambda_handler(event, None)
        else:
            assert lambda_handler(event, None)["evaluations"] == 1
        assert made_calls(sandbox) == Counter(DescribeKey=ATTEMPTS, PutEvaluations=int(not stays))

    def test_put_evaluations_is_retried(self, sandbox: Sandbox) -> None:
        """A result is not lost by one fault."""
        sandbox.fail_next("config", "PutEvaluations", TRANSIENT, 1)
        assert lambda_handler(sent("update", TEST), None) == {"evaluations": 1, "COMPLIANT": 1}
        assert made_calls(sandbox) == {"PutEvaluations": 2}


class TestOneKeyAmongMany:
    """One key that cannot be read is one finding."""

    @pytest.mark.parametrize(
        ("operation", "error", "expected"),
        [
            ("DescribeKey", "AccessDeniedException", {"COMPLIANT": 11, "NON_COMPLIANT": 1}),
            ("GetKeyPolicy", "AccessDeniedException", {"COMPLIANT": 11, "NON_COMPLIANT": 1}),
            ("DescribeKey", "NotFoundException", {"COMPLIANT": 11}),
            ("GetKeyPolicy", "NotFoundException", {"COMPLIANT": 11}),
        ],
    )
    def test_the_others_are_judged(
        self, sandbox: Sandbox, operation: str, error: str, expected: dict[str, int]
    ) -> None:
        """Twelve keys: refused is a finding, not found is a key that was deleted meanwhile."""
        make_keys(sandbox, 12)
        sandbox.fail_next("kms", operation, error, 1)
        summary = lambda_handler(sent("periodic", TEST), None)
        assert summary == {"evaluations": sum(expected.values()), **expected}

    def test_each_key_is_described_once_and_its_policy_read_once(self, sandbox: Sandbox) -> None:
        """Two calls per key, and three for all of them together."""
        make_keys(sandbox, 12)
        lambda_handler(sent("periodic", TEST), None)
        assert made_calls(sandbox) == {
            "ListKeys": 1,
            "DescribeKey": 12,
            "GetKeyPolicy": 12,
            "GetComplianceDetailsByConfigRule": 1,
            "PutEvaluations": 1,
        }


class TestAChange:
    """The one call of a change, as it reaches AWS."""

    def test_it_is_put_evaluations(self, sandbox: Sandbox) -> None:
        """No STS, no KMS, no history."""
        lambda_handler(sent("update", TEST), None)
        assert [(call.service, call.operation) for call in sandbox.calls] == [("config", "PutEvaluations")]
        assert sandbox.refused_hosts == ()

    def test_a_landing_zone_that_is_there(self, sandbox: Sandbox) -> None:
        """Control Tower is asked for the landing zone and its manifest."""
        key = json.loads(sent("update")["invokingEvent"])["configurationItem"]["ARN"]
        sandbox.landing_zone = LandingZone.with_key(key, "4.0")
        change = {**TEST, "ruleParameters": {"KeyScope": "landing-zone"}}
        assert lambda_handler(sent("update", change), None) == {"evaluations": 1, "COMPLIANT": 1}
        assert made_calls(sandbox) == {"ListLandingZones": 1, "GetLandingZone": 1, "PutEvaluations": 1}


class TestAssumedRole:
    """A member account's role, by way of STS."""

    CHANGE: dict[str, Any] = {  # noqa: RUF012 - read only
        **TEST,
        "executionRoleArn": "arn:aws:iam::444455556666:role/aws-service-role/config.amazonaws.com/"
        "AWSServiceRoleForConfig",
        "ruleParameters": {"AssumeRoleMode": "true", "ExecutionRoleName": "LandingZoneKeyReader"},
    }

    @pytest.fixture(autouse=True)
    def role(self, sandbox: Sandbox) -> None:
        """A role in the member account that trusts the function's account."""
        trust = {
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{sandbox.account}:root"},
                "Action": "sts:AssumeRole",
            },
        }
        sandbox.client("iam", account="444455556666").create_role(
            RoleName="LandingZoneKeyReader", AssumeRolePolicyDocument=json.dumps(trust)
        )
        sandbox.forget_calls()

    def test_results_are_put_in_its_account(self, sandbox: Sandbox) -> None:
        """Where the address of STS that rdklib has in its code is out of reach, the other one serves."""
        lambda_handler(sent("update", self.CHANGE), None)
        calls = [(call.operation, call.account) for call in sandbox.calls]
        assert calls == [("AssumeRole", "111122223333"), ("PutEvaluations", "444455556666")]
        assert set(sandbox.refused_hosts) == {"sts.us-east-1.amazonaws.com"}

    def test_the_address_out_of_reach_costs_no_more_than_our_attempts(self, sandbox: Sandbox) -> None:
        """A partition without that address pays for each attempt, in each invocation."""
        lambda_handler(sent("update", self.CHANGE), None)
        assert 1 <= len(sandbox.refused_hosts) <= ATTEMPTS <= 5
