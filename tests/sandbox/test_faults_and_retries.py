"""Calls that fail at random, events that are tried again, and the address of STS in rdklib's code."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from .conftest import Account

REFUSALS = {"AccessDeniedException": 0.2, "ValidationException": 0.1}

# Puts one evaluation, and lets whatever goes wrong end the invocation.
PUT_ONE = """
import json, boto3
def answer(event, context):
    item = json.loads(event["invokingEvent"])["configurationItem"]
    evaluation = {
        "ComplianceResourceType": "AWS::KMS::Key",
        "ComplianceResourceId": item["resourceId"],
        "ComplianceType": "COMPLIANT",
        "OrderingTimestamp": item["configurationItemCaptureTime"],
    }
    boto3.client("config").put_evaluations(Evaluations=[evaluation], ResultToken=event["resultToken"])
"""


def errors(account: Account, seed: int, invocations: int = 60) -> list[str]:
    """Let a function's calls fail at random; return the error of each, in their order."""
    account.sandbox.fail_at_random(REFUSALS, seed)
    account.sandbox.forget_calls()
    for _ in range(invocations):
        account.sandbox.run_scheduled("a-rule")
    account.sandbox.settle()
    account.sandbox.fail_at_random({})
    return [call.error for call in account.sandbox.calls]


class TestRandomFaults:
    """A share of the calls of functions."""

    def test_the_shares(self, account: Account) -> None:
        """Are about those that were asked for, and the same for the same seed."""
        account.rule(account.function("PROBE_RULE"), triggers=("periodic",))
        first = errors(account, seed=1)
        counts = Counter(first)
        for code, share in REFUSALS.items():
            assert counts[code] / len(first) == pytest.approx(share, abs=0.08)
        again, other = (errors(account, seed, invocations=20) for seed in (1, 2))
        assert again == first[: len(again)]
        assert other != first[: len(other)]

    def test_the_sandboxs_own_clients(self, account: Account) -> None:
        """Are spared; an operation that was told to fail still does."""
        account.sandbox.client("kms").list_keys()
        account.sandbox.fail_at_random({"AccessDeniedException": 1.0})
        assert account.sandbox.client("kms").list_keys()["Keys"] == []
        account.sandbox.fail_next("kms", "ListKeys", "AccessDeniedException")
        with pytest.raises(ClientError, match="AccessDeniedException"):
            account.sandbox.client("kms").list_keys()


class TestRetries:
    """Lambda tries an asynchronous event again whose invocation failed.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    """

    @pytest.mark.parametrize(("retries", "stored"), [(0, False), (1, False), (2, True)])
    def test_as_often_as_asked_for(self, account: Account, retries: int, *, stored: bool) -> None:
        """With the same token; a success clears the error."""
        account.rule(account.function("", "put-one", {"f.py": PUT_ONE}, Handler="f.answer"))
        account.sandbox.invocation_retries = retries
        account.sandbox.fail_next("config", "PutEvaluations", "AccessDeniedException", 2)
        key_id = account.key()
        assert (key_id in account.sandbox.compliance("a-rule")) is stored
        assert ("LastErrorCode" in account.sandbox.evaluation_status("a-rule")) is not stored


class TestStsAddress:
    """https://sts.us-east-1.amazonaws.com, which rdklib calls whatever the endpoint is."""

    def test_answers(self, account: Account) -> None:
        """With the sandbox's own answers, and nothing is refused."""
        account.sandbox.answer_sts_address()
        account.sandbox.client("config").put_configuration_recorder(
            ConfigurationRecorder={"name": "default", "roleARN": account.role("config")}
        )
        rule = account.rule(account.function("PROBE_RULE"), parameters={"AssumeRoleMode": "True"})
        key_id = account.key()
        assert account.sandbox.refused_hosts == ()
        assert account.sandbox.compliance(rule)[key_id].compliance_type == "COMPLIANT"
        assumed = [call for call in account.sandbox.calls if call.operation == "AssumeRole"]
        assert [(call.service, call.error) for call in assumed] == [("sts", "")]

    def test_refuses_as_sts_does(self, account: Account) -> None:
        """A role that cannot be assumed."""
        account.sandbox.answer_sts_address()
        rule = account.rule(account.function("PROBE_RULE"), parameters={"AssumeRoleMode": "True"})
        account.key()
        assert account.sandbox.compliance(rule) == {}
        assert {call.error for call in account.sandbox.calls if call.operation == "AssumeRole"} == {
            "AccessDenied"
        }
        assert account.sandbox.refused_hosts == ()

    def test_other_hosts(self, account: Account) -> None:
        """Are refused as before."""
        account.sandbox.answer_sts_address()
        source = (
            "import urllib.request\n"
            "def answer(event, context):\n"
            "    try:\n"
            "        urllib.request.urlopen(event, timeout=5)\n"
            "    except OSError as error:\n"
            "        return str(error)\n"
        )
        account.function("", "reaching", {"f.py": source}, Handler="f.answer")
        account.sandbox.invoke("reaching", "https://sts.eu-west-1.amazonaws.com/")
        assert account.sandbox.refused_hosts == ("sts.eu-west-1.amazonaws.com",)
