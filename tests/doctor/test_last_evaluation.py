"""What DescribeConfigRuleEvaluationStatus says, time by time.

https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigRuleEvaluationStatus.html
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from lzkey.doctor.rule import last_evaluation

from .answers import OTHER, organization_rule, subject
from .conftest import RULE

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 25, tzinfo=UTC)
NAME = f"OrgConfigRule-{RULE}-x"
CUSTOM = {"Owner": "CUSTOM_LAMBDA"}


def before(hours: float) -> datetime:
    """A moment before now."""
    return NOW - timedelta(hours=hours)


class TestTimes:
    """The last failure against the last success."""

    @pytest.mark.parametrize(
        ("told", "status", "said"),
        [
            ({"LastSuccessfulEvaluationTime": before(1)}, "ok", "succeeded 1 hour ago"),
            (
                {"LastSuccessfulEvaluationTime": before(1), "LastFailedEvaluationTime": before(2)},
                "ok",
                "succeeded 1 hour ago",
            ),
            (
                {"LastSuccessfulEvaluationTime": before(2), "LastFailedEvaluationTime": before(1)},
                "problem",
                "it failed 1 hour ago (no reason given); the last success was 2 hours ago",
            ),
            (
                {"LastSuccessfulEvaluationTime": before(2), "LastFailedInvocationTime": before(1)},
                "problem",
                "it failed 1 hour ago",
            ),
            (
                {
                    "LastSuccessfulEvaluationTime": before(1),
                    "LastFailedEvaluationTime": before(2),
                    "LastErrorCode": "Timeout",
                },
                "ok",
                "succeeded",
            ),
            (
                {
                    "LastSuccessfulEvaluationTime": before(3),
                    "LastFailedInvocationTime": before(2),
                    "LastSuccessfulInvocationTime": before(1),
                },
                "problem",
                "it failed 2 hours ago (no reason given); the last success was 3 hours ago",
            ),
            ({"LastErrorCode": "AccessDenied"}, "problem", "it failed (AccessDenied)"),
            (
                {"LastErrorCode": "AccessDenied", "LastFailedInvocationTime": before(3)},
                "problem",
                "it failed 3 hours ago (AccessDenied)",
            ),
            ({}, "unknown", "has not been evaluated yet"),
            ({"LastSuccessfulInvocationTime": before(1)}, "unknown", "has not been evaluated yet"),
            ({"LastSuccessfulEvaluationTime": before(72)}, "problem", "later than its schedule allows"),
        ],
    )
    def test_each(self, tmp_path: Path, told: dict[str, Any], status: str, said: str) -> None:
        """An error code counts where no success is known; an older failure than the last success does not."""
        answer = {"ConfigRulesEvaluationStatus": [{"ConfigRuleName": NAME, **told}]}
        local = {"ConfigRuleName": NAME, "Source": CUSTOM}
        seen = subject(
            tmp_path,
            organization_rule(),
            ("describe_config_rules", {"ConfigRules": [local]}),
            ("describe_config_rule_evaluation_status", answer),
        )
        check = last_evaluation(seen)
        assert (check.status.value, said in check.detail) == (status, True), check.detail


class TestNothingToEvaluate:
    """A member, and a rule that waits for changes, which was never evaluated."""

    @pytest.mark.parametrize(("recorded", "status"), [([], "not-applicable"), (["one"], "unknown")])
    def test_by_what_is_recorded(self, tmp_path: Path, recorded: list[str], status: str) -> None:
        """Without keys there is nothing to wait for; an empty page with a token is not the end of them."""
        found = [{"resourceType": "AWS::KMS::Key", "resourceId": key} for key in recorded]
        seen = subject(
            tmp_path,
            organization_rule(),
            ("describe_config_rules", {"ConfigRules": [{"ConfigRuleName": NAME, "Source": CUSTOM}]}),
            (
                "describe_config_rule_evaluation_status",
                {"ConfigRulesEvaluationStatus": [{"ConfigRuleName": NAME}]},
            ),
            ("list_discovered_resources", {"resourceIdentifiers": [], "nextToken": "more"}),
            ("list_discovered_resources", {"resourceIdentifiers": found}),
        )
        on_change = replace(seen.parameters.deployment, triggers=frozenset({"change"}))
        member = replace(seen, account=OTHER, parameters=replace(seen.parameters, deployment=on_change))
        assert last_evaluation(member).status.value == status
