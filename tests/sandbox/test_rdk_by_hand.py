"""The RDK's own way: `rdk` in the directory of the rules, with the committed parameters and rdk's layer."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .conftest import DOCUMENTED

if TYPE_CHECKING:
    from .conftest import LandingZoneAccount

RULE = "CONTROL_TOWER_KMS_KEY"
FUNCTION = "RDK-Rule-Function-CONTROLTOWERKMSKEY"


def rdk(account: LandingZoneAccount, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run rdk where its users run it, with nothing but the sandbox's environment.

    The copy's modules come first: our editable install would put those of the checkout before them.
    """
    ours = {"PYTHONPATH": str(account.root / "rules" / RULE), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [Path(sys.executable).with_name("rdk"), *arguments],
        cwd=account.root / "rules",
        env={**account.sandbox.environment, **ours},
        capture_output=True,
        text=True,
        check=False,
    )


class TestDeploy:
    """`rdk deploy` and `rdk undeploy`."""

    def test_and_undeploy(self, management: LandingZoneAccount) -> None:
        """The rule works, from the layer, on both triggers; afterwards nothing of it is left."""
        good, bad = management.key_with(*DOCUMENTED), management.key_with("root")
        done = rdk(management, "deploy", RULE)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Config deploy complete" in done.stdout
        management.sandbox.settle()
        function = management.sandbox.client("lambda").get_function_configuration(FunctionName=FUNCTION)
        (layer,) = function["Layers"]
        assert function["Runtime"] == "python3.13"
        assert ":layer:rdklib-layer:" in layer["Arn"]
        assert management.result(good)[0] == "COMPLIANT"
        assert management.result(bad)[0] == "NON_COMPLIANT"
        management.policy(bad, *DOCUMENTED)
        management.kms("disable_key", KeyId=good)
        assert management.result(bad)[0] == "COMPLIANT"
        assert management.result(good) == ("NON_COMPLIANT", "ENABLED: Disabled (runbook: not-enabled)")
        management.sandbox.recording = False
        management.kms("enable_key", KeyId=good)
        management.sandbox.run_scheduled(RULE)
        management.sandbox.settle()
        assert management.result(good)[0] == "COMPLIANT"
        assert "LastErrorCode" not in management.sandbox.evaluation_status(RULE)
        assert management.sandbox.refused_hosts == ()

        removed = rdk(management, "undeploy", RULE, "--force")
        assert removed.returncode == 0, removed.stdout + removed.stderr
        assert management.sandbox.client("config").describe_config_rules()["ConfigRules"] == []
        assert management.sandbox.client("lambda").list_functions()["Functions"] == []

    def test_the_committed_parameters(self, management: LandingZoneAccount) -> None:
        """A deployed rule has exactly them; what is left empty is not there."""
        committed = json.loads((management.root / "rules" / RULE / "parameters.json").read_text())
        assert rdk(management, "deploy", RULE).returncode == 0
        (rule,) = management.sandbox.client("config").describe_config_rules()["ConfigRules"]
        assert json.loads(rule["InputParameters"]) == json.loads(committed["Parameters"]["InputParameters"])
        triggers = {detail["MessageType"] for detail in rule["Source"]["SourceDetails"]}
        assert len(triggers) == 3
        assert rule["Scope"]["ComplianceResourceTypes"] == ["AWS::KMS::Key"]


class TestLocal:
    """`rdk test-local`."""

    def test_passes(self, management: LandingZoneAccount) -> None:
        """Without a call to AWS."""
        management.sandbox.forget_calls()
        done = rdk(management, "test-local", RULE)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "OK" in done.stderr
        assert management.sandbox.calls == ()
        assert management.sandbox.refused_hosts == ()

    def test_fails_with_the_rule(self, management: LandingZoneAccount) -> None:
        """The twin: a rule that always says the same fails the same tests."""
        rule = management.root / "rules" / RULE / f"{RULE}.py"
        with rule.open("a") as source:
            source.write("\n\ndef lambda_handler(event, context):\n    return {}\n")
        done = rdk(management, "test-local", RULE)
        assert done.returncode != 0
        assert "FAILED" in done.stderr
