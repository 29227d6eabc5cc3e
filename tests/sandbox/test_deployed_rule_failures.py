"""Our deployed rule on a schedule, and when AWS does not play along: no stale result without a sign of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from lzkey.deployment.deploy import deploy
from lzkey.workplace import Workplace

from .conftest import DOCUMENTED, landing_zone_account

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import LandingZoneAccount

RULE = "CONTROL_TOWER_KMS_KEY"
FUNCTION = "RDK-Rule-Function-CONTROLTOWERKMSKEY"


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LandingZoneAccount]:
    """The account with the rule in it."""
    with landing_zone_account(tmp_path_factory.mktemp("project")) as account:
        account.kms("describe_key", KeyId="alias/aws/s3")
        deploy(account.parameters(OrganizationId="o-exampleorgid"), at=Workplace.in_checkout(account.root))
        account.sandbox.settle()
        yield account


@pytest.fixture
def account(deployed: LandingZoneAccount) -> Iterator[LandingZoneAccount]:
    """The account, in good order before and after the test."""
    assert "LastErrorCode" not in deployed.sandbox.evaluation_status(RULE)
    yield deployed
    deployed.sandbox.recording = True
    assert deployed.sandbox.refused_hosts == ()


def run(account: LandingZoneAccount) -> list[str]:
    """Let the schedule come round; return the calls that the function made."""
    account.sandbox.forget_calls()
    account.sandbox.run_scheduled(RULE)
    account.sandbox.settle()
    return [call.operation for call in account.sandbox.calls]


class TestSchedule:
    """The periodic trigger, which needs no recorder."""

    def test_sees_what_no_recorder_told(self, account: LandingZoneAccount) -> None:
        """Keys that were made, changed and deleted while nothing was recorded."""
        changed, deleted = account.key_with(*DOCUMENTED), account.key_with("root")
        account.sandbox.recording = False
        made = account.key_with(*DOCUMENTED)
        account.policy(changed, "root")
        account.sandbox.delete_key(deleted)
        assert account.result(changed)[0] == "COMPLIANT"
        run(account)
        assert account.result(made)[0] == "COMPLIANT"
        assert account.result(changed)[0] == "NON_COMPLIANT"
        assert account.result(deleted)[0] == "NOT_APPLICABLE"

    def test_asks_no_more_than_it_must(self, account: LandingZoneAccount) -> None:
        """Every key is described once, and no policy of an AWS managed key is read."""
        account.key_with(*DOCUMENTED)
        total = len(account.sandbox.client("kms").list_keys()["Keys"])
        calls = run(account)
        asked = {name: calls.count(name) for name in set(calls) if name != "GetComplianceDetailsByConfigRule"}
        assert asked == {
            "ListKeys": 1,
            "DescribeKey": total,
            "GetKeyPolicy": total - 1,
            "PutEvaluations": 1,
        }

    def test_one_key_that_cannot_be_read(self, account: LandingZoneAccount) -> None:
        """Is one key of unknown policy, which is not compliant; the others are judged."""
        keys = [account.key_with(*DOCUMENTED) for _ in range(3)]
        account.sandbox.fail_next("kms", "GetKeyPolicy", "AccessDeniedException")
        before = len(account.sandbox.lambda_logs(FUNCTION))
        run(account)
        results = account.sandbox.compliance(RULE)
        log = account.sandbox.lambda_logs(FUNCTION)[before:].splitlines()
        lines = [json.loads(line) for line in log if line.startswith("{")]
        (unread,) = [line["key"] for line in lines if "CONFIG_ACCESS:UNKNOWN" in line["reasons"]]
        assert results[unread.rpartition("/")[2]].compliance_type == "NON_COMPLIANT"
        assert sum(results[key].compliance_type == "COMPLIANT" for key in keys) >= 2
        run(account)
        assert {account.result(key)[0] for key in keys} == {"COMPLIANT"}

    def test_no_list_of_keys(self, account: LandingZoneAccount) -> None:
        """Is a failed evaluation; the old results stand, and the next run clears the error."""
        key_id = account.key_with(*DOCUMENTED)
        account.sandbox.fail_next("kms", "ListKeys", "AccessDeniedException")
        assert "PutEvaluations" not in run(account)
        status = account.sandbox.evaluation_status(RULE)
        assert "AccessDenied" in status["LastErrorMessage"]
        assert account.result(key_id)[0] == "COMPLIANT"
        run(account)
        assert "LastErrorCode" not in account.sandbox.evaluation_status(RULE)


class TestResultsThatAreNotTaken:
    """The evaluation fails where everyone can see it."""

    @pytest.mark.parametrize(
        "failure", ["FailedEvaluations", "AccessDeniedException", "InvalidResultTokenException"]
    )
    def test_on_a_change(self, account: LandingZoneAccount, failure: str) -> None:
        """The old result is stale, and the evaluation status says so until the next success."""
        key_id = account.key_with(*DOCUMENTED)
        if failure == "FailedEvaluations":
            account.sandbox.reject_evaluations()
        else:
            account.sandbox.fail_next("config", "PutEvaluations", failure)
        before = account.sandbox.evaluation_status(RULE)
        account.policy(key_id, "root")
        status = account.sandbox.evaluation_status(RULE)
        assert account.result(key_id)[0] == "COMPLIANT"
        assert status["LastErrorCode"] == "RuleError"
        assert status["LastFailedEvaluationTime"] > before["LastSuccessfulEvaluationTime"]
        assert status["LastSuccessfulEvaluationTime"] == before["LastSuccessfulEvaluationTime"]
        account.sandbox.client("config").start_config_rules_evaluation(ConfigRuleNames=[RULE])
        account.sandbox.settle()
        assert account.result(key_id)[0] == "NON_COMPLIANT"
        assert "LastErrorCode" not in account.sandbox.evaluation_status(RULE)

    def test_on_a_schedule(self, account: LandingZoneAccount) -> None:
        """The same, for all keys at once."""
        account.key_with(*DOCUMENTED)
        account.sandbox.reject_evaluations()
        run(account)
        assert account.sandbox.evaluation_status(RULE)["LastErrorCode"] == "RuleError"
        run(account)
        assert "LastErrorCode" not in account.sandbox.evaluation_status(RULE)

    def test_throttled_is_tried_again(self, account: LandingZoneAccount) -> None:
        """And needs nobody."""
        key_id = account.key_with(*DOCUMENTED)
        account.sandbox.forget_calls()
        account.sandbox.fail_next("config", "PutEvaluations", "ThrottlingException")
        account.policy(key_id, "root")
        assert account.result(key_id)[0] == "NON_COMPLIANT"
        tried = [call.error for call in account.sandbox.calls if call.operation == "PutEvaluations"]
        assert tried == ["ThrottlingException", ""]
        assert "LastErrorCode" not in account.sandbox.evaluation_status(RULE)
