"""Our rule with one trigger alone: rdk's template then leaves the other one out by `AWS::NoValue`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lzkey.deployment.deploy import deploy
from lzkey.workplace import Workplace
from lzkey_sandbox.moto.motostate import without_no_value

from .conftest import DOCUMENTED

if TYPE_CHECKING:
    from .conftest import LandingZoneAccount

RULE = "CONTROL_TOWER_KMS_KEY"
CHANGE = {"ConfigurationItemChangeNotification", "OversizedConfigurationItemChangeNotification"}


def triggers(account: LandingZoneAccount) -> set[str]:
    """What the deployed rule is invoked with."""
    (rule,) = account.sandbox.client("config").describe_config_rules()["ConfigRules"]
    return {detail["MessageType"] for detail in rule["Source"]["SourceDetails"]}


class TestOneTrigger:
    """Deployed by rdk, and evaluated when that trigger says so, and only then."""

    def test_periodic(self, management: LandingZoneAccount) -> None:
        """A change shows with the next scheduled evaluation."""
        good, bad = management.key_with(*DOCUMENTED), management.key_with("root")
        deploy(management.parameters(triggers=["periodic"]), at=Workplace.in_checkout(management.root))
        management.sandbox.settle()
        assert triggers(management) == {"ScheduledNotification"}
        assert (management.result(good)[0], management.result(bad)[0]) == ("COMPLIANT", "NON_COMPLIANT")
        management.kms("disable_key", KeyId=good)
        assert management.result(good)[0] == "COMPLIANT"
        management.sandbox.run_scheduled(RULE)
        management.sandbox.settle()
        assert management.result(good) == ("NON_COMPLIANT", "ENABLED: Disabled (runbook: not-enabled)")

    def test_change(self, management: LandingZoneAccount) -> None:
        """A change shows at once; nothing is scheduled."""
        good, bad = management.key_with(*DOCUMENTED), management.key_with("root")
        name = management.parameters(triggers=["change"], maximumExecutionFrequency=None)
        deploy(name, at=Workplace.in_checkout(management.root))
        management.sandbox.settle()
        assert triggers(management) == CHANGE
        assert (management.result(good)[0], management.result(bad)[0]) == ("COMPLIANT", "NON_COMPLIANT")
        management.kms("disable_key", KeyId=good)
        assert management.result(good) == ("NON_COMPLIANT", "ENABLED: Disabled (runbook: not-enabled)")


class TestNoValue:
    """As CloudFormation: what has no value is not there."""

    @pytest.mark.parametrize(
        ("properties", "left"),
        [
            ({"Details": [None, {"Type": "A"}, None]}, {"Details": [{"Type": "A"}]}),
            ({"Details": [{"Type": None, "Every": ""}]}, {"Details": [{"Every": ""}]}),
            ({"Details": [[None], 0, False]}, {"Details": [[], 0, False]}),
            ({"Details": None}, {}),
        ],
    )
    def test_is_left_out(self, properties: object, left: object) -> None:
        """Of lists and objects, at any depth; other empty values stay."""
        assert without_no_value(properties) == left
