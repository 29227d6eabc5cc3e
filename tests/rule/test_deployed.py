"""The packaged function, invoked by AWS Config's evaluation loop, and its results as the console has them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lzkey.deployment.build import build
from lzkey.workplace import Workplace
from lzkey_sandbox import Sandbox

from .conftest import data

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
RULE = "CONTROL_TOWER_KMS_KEY"
CHANGES = ("ConfigurationItemChangeNotification", "OversizedConfigurationItemChangeNotification")
TRIGGERS = (*CHANGES, "ScheduledNotification")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The zip that goes to Lambda."""
    return build(
        "example", at=Workplace.in_checkout(ROOT), out=tmp_path_factory.mktemp("build")
    ).archive.path.read_bytes()


@pytest.fixture
def sandbox(package: bytes) -> Iterator[Sandbox]:
    """AWS with the rule in it."""
    with Sandbox() as made:
        function = deploy_function(made, package)
        made.client("config").put_config_rule(
            ConfigRule={
                "ConfigRuleName": RULE,
                "InputParameters": json.dumps(
                    {
                        "HomeRegion": "us-east-1",
                        "ManagementAccountId": "111122223333",
                        "AssumeRoleMode": "false",
                    }
                ),
                "Scope": {"ComplianceResourceTypes": ["AWS::KMS::Key"]},
                "Source": {
                    "Owner": "CUSTOM_LAMBDA",
                    "SourceIdentifier": function,
                    "SourceDetails": [
                        {"EventSource": "aws.config", "MessageType": trigger} for trigger in TRIGGERS
                    ],
                },
            }
        )
        made.settle()
        yield made


def deploy_function(sandbox: Sandbox, package: bytes) -> str:
    """Create the role and the function, let AWS Config invoke it, and return its ARN."""
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = sandbox.client("iam").create_role(
        RoleName="lambda", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": trust})
    )
    functions = sandbox.client("lambda")
    function = functions.create_function(
        FunctionName=RULE,
        Runtime="python3.13",
        Role=role["Role"]["Arn"],
        Handler=f"{RULE}.lambda_handler",
        Code={"ZipFile": package},
        Timeout=60,
    )
    functions.add_permission(
        FunctionName=RULE,
        StatementId="config",
        Action="lambda:InvokeFunction",
        Principal="config.amazonaws.com",
    )
    return str(function["FunctionArn"])


def make_key(sandbox: Sandbox, policy: str = "documented") -> str:
    """Make a key with a policy of the folder `policies`, and return its id."""
    key = sandbox.client("kms").create_key()["KeyMetadata"]
    put_policy(sandbox, key["KeyId"], policy)
    return str(key["KeyId"])


def put_policy(sandbox: Sandbox, key_id: str, policy: str) -> None:
    """Write a key's policy, with its own id in it, and let AWS Config evaluate it."""
    text = json.dumps(data("policies", policy)).replace("1234abcd-12ab-34cd-56ef-1234567890ab", key_id)
    sandbox.client("kms").put_key_policy(KeyId=key_id, PolicyName="default", Policy=text)
    sandbox.settle()


def calls_after(sandbox: Sandbox, key_id: str, policy: str) -> list[str]:
    """Write a key's policy and return the calls that this led to."""
    sandbox.forget_calls()
    put_policy(sandbox, key_id, policy)
    return [call.operation for call in sandbox.calls if call.operation != "PutKeyPolicy"]


def failure(sandbox: Sandbox) -> dict[str, Any]:
    """Return the rule's evaluation status, as AWS Config has it."""
    return sandbox.evaluation_status(RULE)


class TestLifecycle:
    """A key's life, and the rule's answers."""

    def test_a_key_from_its_creation_to_its_deletion(self, sandbox: Sandbox) -> None:
        """Proved, broken, mended, disabled, deleted: the result follows every time."""
        key = make_key(sandbox)
        seen = [sandbox.compliance(RULE)[key].compliance_type]
        for policy in ("without_cloudtrail", "documented"):
            put_policy(sandbox, key, policy)
            seen.append(sandbox.compliance(RULE)[key].compliance_type)
        sandbox.client("kms").disable_key(KeyId=key)
        sandbox.settle()
        seen.append(sandbox.compliance(RULE)[key].compliance_type)
        sandbox.delete_key(key)
        sandbox.settle()
        seen.append(sandbox.compliance(RULE)[key].compliance_type)
        assert seen == ["COMPLIANT", "NON_COMPLIANT", "COMPLIANT", "NON_COMPLIANT", "NOT_APPLICABLE"]

    def test_a_change_costs_one_call(self, sandbox: Sandbox) -> None:
        """PutEvaluations, whatever the answer is."""
        key = make_key(sandbox)
        assert calls_after(sandbox, key, "without_cloudtrail") == ["PutEvaluations"]
        assert calls_after(sandbox, key, "documented") == ["PutEvaluations"]

    def test_an_oversized_item_costs_two(self, sandbox: Sandbox) -> None:
        """The history has it, encoded once more; the runtime takes what the handler returns."""
        key = make_key(sandbox)
        sandbox.oversized_limit = 0
        calls = calls_after(sandbox, key, "without_cloudtrail")
        assert calls == ["GetResourceConfigHistory", "PutEvaluations"]
        assert sandbox.compliance(RULE)[key].compliance_type == "NON_COMPLIANT"
        assert "LastErrorCode" not in failure(sandbox)


class TestASchedule:
    """The schedule finds what no event told."""

    def test_keys_are_found_and_old_results_withdrawn(self, sandbox: Sandbox) -> None:
        """One key is deleted and two are made while nothing records: all three results are right after it."""
        gone = make_key(sandbox, "without_config")
        sandbox.recording = False
        sandbox.client("kms").schedule_key_deletion(KeyId=gone)
        sandbox.delete_key(gone)
        good, bad = make_key(sandbox), make_key(sandbox, "without_config")
        assert set(sandbox.compliance(RULE)) == {gone}
        sandbox.run_scheduled(RULE)
        sandbox.settle()
        found = {key: result.compliance_type for key, result in sandbox.compliance(RULE).items()}
        assert found == {gone: "NOT_APPLICABLE", good: "COMPLIANT", bad: "NON_COMPLIANT"}


class TestFailures:
    """A result that AWS Config did not get is an error that AWS Config shows."""

    def test_evaluations_that_are_not_taken(self, sandbox: Sandbox) -> None:
        """The former result stands, and so does the error; the next success replaces both."""
        key = make_key(sandbox)
        sandbox.reject_evaluations(10)
        put_policy(sandbox, key, "without_cloudtrail")
        assert sandbox.compliance(RULE)[key].compliance_type == "COMPLIANT"
        assert failure(sandbox)["LastErrorCode"] == "RuleError"
        assert "did not take 1 evaluations" in failure(sandbox)["LastErrorMessage"]

    @pytest.mark.parametrize("error", ["AccessDeniedException", "InvalidResultTokenException"])
    def test_a_put_that_is_refused(self, sandbox: Sandbox, error: str) -> None:
        """Of which rdklib alone would have made a success."""
        key = make_key(sandbox)
        sandbox.fail_next("config", "PutEvaluations", error, 10)
        put_policy(sandbox, key, "without_cloudtrail")
        assert failure(sandbox)["LastErrorCode"] == "RuleError"
        assert error in failure(sandbox)["LastErrorMessage"]

    def test_what_is_logged_has_no_policy(self, sandbox: Sandbox) -> None:
        """Successes and failures, as CloudWatch Logs has them."""
        key = make_key(sandbox)
        sandbox.fail_next("config", "PutEvaluations", "AccessDeniedException", 10)
        put_policy(sandbox, key, "without_cloudtrail")
        log = sandbox.lambda_logs(RULE)
        assert '"compliance": "COMPLIANT"' in log
        assert "AccessDeniedException" in log
        assert "Enable IAM User Permissions" not in log
