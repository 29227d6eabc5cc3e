"""The deployed rule over many keys in the sandbox: AWS calls per key, seconds, and Lambda's cold start."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from math import ceil
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import pytest

from lzkey import RULE_NAME
from lzkey.deployment.deploy import deploy
from lzkey.deployment.stack import FUNCTION_NAME
from lzkey.workplace import Workplace
from lzkey_sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import Documented, Stopwatch

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The example, built and deployed by rdk; nothing is recorded, so that its schedule alone evaluates."""
    project = tmp_path_factory.mktemp("project")
    for part in ("parameters", "rules"):
        shutil.copytree(ROOT / part, project / part, ignore=shutil.ignore_patterns("__pycache__"))
    with Sandbox(recording=False) as made, pytest.MonkeyPatch.context() as monkeypatch:
        for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
            monkeypatch.delenv(name, raising=False)
        for name, value in made.environment.items():
            monkeypatch.setenv(name, value)
        made.client("s3").create_bucket(Bucket=f"config-rule-code-bucket-{made.account}-{made.region}")
        example = project / "parameters/example.json"
        document = json.loads(example.read_text())
        document["ruleParameters"]["KeyScope"] = (
            "all"  # with the role that rdk makes, which reads no manifest
        )
        example.write_text(json.dumps(document))
        deploy("example", at=Workplace.in_checkout(project))
        made.settle()
        yield made


def evaluate(sandbox: Sandbox) -> float:
    """Let the schedule come round once; the seconds until all results are there."""
    began = perf_counter()
    sandbox.run_scheduled(RULE_NAME)
    sandbox.settle(600)
    return perf_counter() - began


class TestColdStart:
    """A new execution environment beside a warm one."""

    def test_answers_after_a_change_of_configuration(self, sandbox: Sandbox, stopwatch: Stopwatch) -> None:
        """Lambda replaces the environment then; the next run is warm again."""
        function = sandbox.client("lambda")
        cold, warm = [], []
        for attempt in range(stopwatch.sized(5, 2, 1)):
            before = sandbox.process_ids
            function.update_function_configuration(FunctionName=FUNCTION_NAME, Timeout=200 + attempt)
            cold.append(evaluate(sandbox))
            between = sandbox.process_ids
            warm.append(evaluate(sandbox))
            assert before != between == sandbox.process_ids
        assert "error" not in str(sandbox.evaluation_status(RULE_NAME)).lower()
        stopwatch.note("Lambda, cold: start, import, one empty run", f"{min(cold) * 1e3:.0f} ms")
        stopwatch.note("Lambda, warm: one empty run", f"{min(warm) * 1e3:.0f} ms")


class TestPeriodic:
    """One scheduled run."""

    def test_two_calls_per_key(self, sandbox: Sandbox, documented: Documented, stopwatch: Stopwatch) -> None:
        """DescribeKey and GetKeyPolicy; lists and results come in pages. Every key gets its result."""
        count = stopwatch.sized(1000, 100, 3)
        policy = documented.policy().replace(documented.key_arn, "*")
        kms = sandbox.client("kms")
        given = {"Policy": policy, "BypassPolicyLockoutSafetyCheck": True}
        keys = {kms.create_key(**given)["KeyMetadata"]["KeyId"] for _ in range(count)}
        sandbox.forget_calls()
        seconds = evaluate(sandbox)
        calls = Counter(call.operation for call in sandbox.calls)
        results = sandbox.compliance(RULE_NAME)
        assert calls["DescribeKey"] == calls["GetKeyPolicy"] == count
        assert calls["ListKeys"] == ceil(count / 1000)
        assert calls["PutEvaluations"] == ceil(count / 100)
        assert {key: results[key].compliance_type for key in keys} == dict.fromkeys(keys, "COMPLIANT")
        stopwatch.note(f"{count} keys, periodic", f"{seconds:.1f} s, {seconds / count * 1e3:.1f} ms a key")
        stopwatch.note("AWS calls per key", f"{sum(calls.values()) / count:.3f}")
