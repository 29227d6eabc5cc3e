"""The zip that is deployed, in a Lambda that others have written; its calls meet the faults, too.

That server has no PutEvaluations: the proxy takes what is put, and it is looked at there.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lzkey.deployment.build import HANDLER, RUNTIME, build
from lzkey.workplace import Workplace

from .conftest import MISSING, SETTINGS
from .proxy import Fault

if TYPE_CHECKING:
    from .conftest import Aws

ROOT = Path(__file__).parents[2]
EVENTS = ROOT / "tests/rule/events"
RULE = "CONTROL_TOWER_KMS_KEY"
PUT = "config:PutEvaluations"
ASKED = ("kms:ListKeys", "kms:DescribeKey", "kms:GetKeyPolicy", "config:GetComplianceDetailsByConfigRule")


@dataclass(frozen=True)
class Invoked:
    """What an invocation came to."""

    failed: bool
    answer: Any
    log: str


@dataclass(frozen=True)
class Deployed:
    """The function, and the server that it works in."""

    aws: Aws

    def invoke(self, name: str) -> Invoked:
        """Invoke it with one of the rule's events, as AWS Config does."""
        event = json.loads((EVENTS / f"{name}.json").read_text())
        texts = {member: json.dumps(event[member]) for member in ("invokingEvent", "ruleParameters")}
        invoked = self.aws.server.client("lambda").invoke(
            FunctionName=RULE, LogType="Tail", Payload=json.dumps({**event, **texts})
        )
        log = base64.b64decode(invoked.get("LogResult", "")).decode()
        return Invoked("FunctionError" in invoked, json.loads(invoked["Payload"].read()), log)

    @property
    def put(self) -> dict[str, str]:
        """What was put last, by key."""
        (*_, last) = [asked for asked in self.aws.proxy.asked if asked.action == PUT]
        assert last.members["ResultToken"] == "example-result-token"
        return {each["ComplianceResourceId"]: each["ComplianceType"] for each in last.members["Evaluations"]}

    def puts(self) -> int:
        """How often something was put."""
        return self.aws.proxy.actions.count(PUT)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The zip, built from the sources."""
    return build(
        "example", at=Workplace.in_checkout(ROOT), out=tmp_path_factory.mktemp("build")
    ).archive.path.read_bytes()


@pytest.fixture
def deployed(aws: Aws, package: bytes) -> Deployed:
    """The function and its rule in an account without keys; all that it asks goes through the proxy."""
    role = aws.server.client("iam").create_role(RoleName="rule", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    functions = aws.server.client("lambda")
    made = functions.create_function(
        FunctionName=RULE,
        Runtime=RUNTIME,
        Handler=HANDLER,
        Role=role,
        Code={"ZipFile": package},
        Timeout=60,
        Environment={"Variables": {"AWS_ENDPOINT_URL": aws.proxy.address}},
    )
    functions.get_waiter("function_active_v2").wait(FunctionName=RULE, WaiterConfig={"Delay": 0.05})
    details = [{"EventSource": "aws.config", "MessageType": "ConfigurationItemChangeNotification"}]
    source = {
        "Owner": "CUSTOM_LAMBDA",
        "SourceIdentifier": made["FunctionArn"],
        "SourceDetails": details,
    }
    aws.server.client("config").put_config_rule(ConfigRule={"ConfigRuleName": RULE, "Source": source})
    aws.proxy.answer(PUT, {"FailedEvaluations": []})
    return Deployed(aws)


class TestResults:
    """Both triggers."""

    def test_a_change(self, deployed: Deployed) -> None:
        """It is decided from the event, and one call puts the result."""
        invoked = deployed.invoke("update")
        assert invoked.answer == {"evaluations": 1, "COMPLIANT": 1}, invoked.log
        assert deployed.put == {"1234abcd-12ab-34cd-56ef-1234567890ab": "COMPLIANT"}
        assert deployed.aws.proxy.actions == [PUT]

    def test_every_key(self, deployed: Deployed) -> None:
        """Read from that server's KMS; a second event is answered in the same process."""
        keys = {deployed.aws.key(): "COMPLIANT", deployed.aws.key(MISSING): "NON_COMPLIANT"}
        for _ in range(2):
            invoked = deployed.invoke("periodic")
            assert invoked.answer == {"evaluations": 2, "COMPLIANT": 1, "NON_COMPLIANT": 1}, invoked.log
            assert deployed.put == {arn.rpartition("/")[2]: result for arn, result in keys.items()}

    def test_fixed_and_taken_back(self, deployed: Deployed) -> None:
        """The function sees what the command line has done, and that it is undone."""
        aws, (arn, seen) = deployed.aws, (deployed.aws.key(MISSING), [])
        deployed.invoke("periodic")
        seen += deployed.put.values()
        assert aws.run("fix", arn, *SETTINGS, "--apply", "--yes").code == 0
        deployed.invoke("periodic")
        seen += deployed.put.values()
        (saved,) = aws.folder.glob("*.json")
        aws.server.client("kms").put_key_policy(KeyId=arn, PolicyName="default", Policy=saved.read_text())
        deployed.invoke("periodic")
        seen += deployed.put.values()
        assert seen == ["NON_COMPLIANT", "COMPLIANT", "NON_COMPLIANT"]


class TestNoAnswer:
    """It came with 200, and is no answer of AWS: the invocation fails, so that the former results stand."""

    @pytest.mark.parametrize(
        ("action", "fault"),
        [*((action, Fault.PAGE) for action in ASKED), (ASKED[0], Fault.EMPTY), (ASKED[2], Fault.HALF)],
    )
    def test_to_a_question(self, deployed: Deployed, action: str, fault: Fault) -> None:
        """Nothing is put."""
        deployed.aws.key()
        deployed.aws.proxy.spoil(action, fault)
        invoked = deployed.invoke("periodic")
        assert invoked.failed
        assert action.rpartition(":")[2] in invoked.answer["errorMessage"]
        assert "Sign in" not in invoked.log + invoked.answer["errorMessage"]
        assert deployed.puts() == 0

    @pytest.mark.parametrize("fault", [Fault.PAGE, Fault.HALF, Fault.EMPTY])
    def test_to_what_is_put(self, deployed: Deployed, fault: Fault) -> None:
        """It is not taken for taken; what failed was the code of the zip."""
        deployed.aws.proxy.spoil(PUT, fault)
        invoked = deployed.invoke("update")
        assert invoked.failed
        assert "PutEvaluations" in invoked.answer["errorMessage"]
        assert f"code/{RULE}.py" in invoked.log


class TestTrouble:
    """A busy AWS, a bad network, credentials that end."""

    @pytest.mark.parametrize("fault", [Fault.THROTTLED, Fault.UNAVAILABLE, Fault.RESET])
    def test_that_passes(self, deployed: Deployed, fault: Fault) -> None:
        """It leaves no trace in the results."""
        deployed.aws.key()
        for action in (*ASKED, PUT):
            deployed.aws.proxy.spoil(action, fault, 1)
        invoked = deployed.invoke("periodic")
        assert invoked.answer == {"evaluations": 1, "COMPLIANT": 1}, invoked.log
        assert set(deployed.put.values()) == {"COMPLIANT"}

    def test_an_answer_that_is_lost(self, deployed: Deployed) -> None:
        """The same is put once more."""
        deployed.aws.proxy.spoil(PUT, Fault.LOST, 1)
        assert deployed.invoke("update").answer == {"evaluations": 1, "COMPLIANT": 1}
        first, second = (asked.members for asked in deployed.aws.proxy.asked)
        assert first == second

    @pytest.mark.parametrize("action", ["kms:ListKeys", PUT])
    def test_credentials_that_expire(self, deployed: Deployed, action: str) -> None:
        """Where nothing goes on without an answer, the invocation fails."""
        deployed.aws.key()
        deployed.aws.proxy.spoil(action, Fault.EXPIRED)
        invoked = deployed.invoke("periodic")
        assert invoked.failed
        assert "Expired" in invoked.answer["errorMessage"] + invoked.log
