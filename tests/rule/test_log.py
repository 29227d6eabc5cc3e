"""The function's log: one line of JSON per key, and never a policy or an event."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from landing_zone_key import LandingZoneKeyError

from .conftest import KEY_ID, answer, data, sent

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Aws, LogLines

ARN = f"arn:aws:kms:us-east-1:111122223333:key/{KEY_ID}"

# Text that stands in the policies and in the events of these tests, and in nothing that may be logged.
SECRET = ("Enable IAM User Permissions", "kms:*", "2012-10-17", "example-result-token", "resultToken")


class TestOneLinePerKey:
    """Key ARN, answer, reason codes and milliseconds."""

    def test_a_key_that_passes_has_no_reasons(self, aws: Aws, log: Callable[[], LogLines]) -> None:
        """The line has four members and no more."""
        aws.expect_put().handle(sent("update"))
        (line,) = log().structured
        assert line.pop("milliseconds") >= 0
        assert line == {"key": ARN, "compliance": "COMPLIANT", "reasons": []}

    def test_a_key_that_fails_has_the_codes(self, aws: Aws, log: Callable[[], LogLines]) -> None:
        """Requirement and reason: what a metric filter counts."""
        disabled = {"invokingEvent": {"configurationItem": {"configuration": {"keyState": "Disabled"}}}}
        aws.expect_put().handle(sent("update", disabled))
        (line,) = log().structured
        assert line["compliance"] == "NON_COMPLIANT"
        assert line["reasons"] == ["ENABLED:NOT_ENABLED"]

    def test_a_policy_that_was_refused_is_told_from_one_that_allows_nothing(
        self, aws: Aws, log: Callable[[], LogLines]
    ) -> None:
        """UNKNOWN is the code of what could not be read."""
        without = {"invokingEvent": {"configurationItem": {"supplementaryConfiguration": {"Policy": None}}}}
        aws.expect("kms.GetKeyPolicy", error="AccessDeniedException").expect_put()
        aws.handle(sent("update", without))
        (line,) = log().structured
        assert line["reasons"] == ["CONFIG_ACCESS:UNKNOWN", "CLOUDTRAIL_ACCESS:UNKNOWN"]

    def test_a_scheduled_event_has_one_for_each_key(self, aws: Aws, log: Callable[[], LogLines]) -> None:
        """Two keys, two lines."""
        other = ARN.replace("1234abcd", "0987dcba")
        found = [{"KeyArn": ARN, "KeyId": KEY_ID}, {"KeyArn": other}]
        aws.expect("kms.ListKeys", {"Keys": found})
        for _ in found:
            aws.expect("kms.DescribeKey", answer("describe_key_aws_managed"))
        aws.expect("config.GetComplianceDetailsByConfigRule", answer("no_old_results")).expect_put()
        aws.handle(sent("periodic"))
        assert [line["key"] for line in log().structured] == [ARN, other]


class TestNoPolicies:
    """What is somebody else's is not written down: whoever reads the log need not read policies."""

    @pytest.mark.parametrize("policy", ["documented", "without_cloudtrail"])
    def test_a_judged_policy(self, aws: Aws, log: Callable[[], LogLines], policy: str) -> None:
        """Passed or failed, its text stays out."""
        change = {"supplementaryConfiguration": {"Policy": data("policies", policy)}}
        aws.expect_put().handle(sent("update", {"invokingEvent": {"configurationItem": change}}))
        assert not leaked(log().text)

    @pytest.mark.parametrize(
        "change",
        [
            {"invokingEvent": {"messageType": "ConfigurationSnapshotDeliveryCompleted"}},
            {"invokingEvent": {"notificationCreationTime": "yesterday"}},
            {"ruleParameters": {"HomeRegion": "nowhere"}},
        ],
    )
    def test_an_event_that_fails(
        self, aws: Aws, log: Callable[[], LogLines], change: dict[str, object]
    ) -> None:
        """Neither what rdklib prints of it nor the error's message has a policy or the event in it."""
        with pytest.raises(LandingZoneKeyError) as raised:
            aws.handle(sent("update", change))
        assert not leaked(log().text + str(raised.value))

    def test_a_malformed_policy(self, aws: Aws, log: Callable[[], LogLines]) -> None:
        """A message about a place in a policy is not the place's text."""
        text = '{"Version": "2012-10-17", "Statement": [{"Sid": "Enable IAM User Permissions"'
        change = {"supplementaryConfiguration": {"Policy": text}}
        aws.expect_put().handle(sent("update", {"invokingEvent": {"configurationItem": change}}))
        assert not leaked(log().text + aws.evaluations[0]["Annotation"])

    def test_a_refused_put(self, aws: Aws, log: Callable[[], LogLines]) -> None:
        """What rdklib prints of an error of AWS is AWS's text alone."""
        aws.expect("config.PutEvaluations", error="AccessDeniedException")
        with pytest.raises(LandingZoneKeyError):
            aws.handle(sent("update"))
        printed = log().text
        assert "AccessDeniedException" in printed
        assert not leaked(printed)

    def test_the_words_looked_for_are_in_the_event(self) -> None:
        """A word that no event has would never be found in a log."""
        event = str(sent("update"))
        assert leaked(event) == list(SECRET)


def leaked(text: str) -> list[str]:
    """Return the words of policies and events that a text has."""
    return [word for word in SECRET if word in text]
