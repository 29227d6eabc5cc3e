"""Each event of AWS Config is answered with exactly the expected calls (`events`, and tables in `cases`)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from .conftest import KEY_ID, PUT_EVALUATIONS, data, sent

if TYPE_CHECKING:
    from .conftest import Aws

TABLES = ("lifecycle", "item_shapes", "incomplete_items", "oversized", "key_scope", "periodic")
CASES = [
    pytest.param(case, id=f"{table}: {case['name']}") for table in TABLES for case in data("cases", table)
]

FORMS = {
    "text": json.dumps,
    "encoded twice": lambda policy: json.dumps(json.dumps(policy, indent=1)),
    "object": lambda policy: policy,
}


def event_of(case: dict[str, Any]) -> dict[str, Any]:
    """Return a case's event, with the policy in the form in which the case has it."""
    change = dict(case.get("change", {}))
    if "policy" not in case:
        return sent(case["event"], change)
    policy = data("policies", case["policy"])
    if case["calls"] and case["calls"][0]["call"].startswith("config."):
        raise ValueError("the policy of an oversized item is in its history")
    form = FORMS[case.get("form", "text")]
    change["invokingEvent"] = {"configurationItem": {"supplementaryConfiguration": {"Policy": form(policy)}}}
    return sent(case["event"], change)


class TestEveryEvent:
    """One evaluation for each event; what is not in the event is asked for, and nothing else is."""

    @pytest.mark.parametrize("case", CASES)
    def test_it_is_answered_with_the_expected_calls_alone(self, aws: Aws, case: dict[str, Any]) -> None:
        """The compliance, the annotation, the time and the calls are those of the table."""
        event = event_of(case)
        aws.expect_all(case["calls"])
        summary = aws.handle(event)
        (evaluation,) = aws.evaluations
        assert evaluation["ComplianceType"] == case["compliance"]
        assert case.get("annotation", "") in evaluation.get("Annotation", "")
        assert evaluation["ComplianceResourceId"] == resource_id(event)
        assert instant(evaluation["OrderingTimestamp"]) == case.get("ordered", "2026-11-24T12:00:00.000Z")
        assert summary == {"evaluations": 1, case["compliance"]: 1}

    @pytest.mark.parametrize("table", TABLES)
    def test_every_table_has_both_answers(self, table: str) -> None:
        """A table whose cases all have one answer would prove nothing of the events in it."""
        answers = {case["compliance"] for case in data("cases", table)}
        assert {"COMPLIANT", "NON_COMPLIANT"} <= answers

    def test_no_two_cases_have_one_name(self) -> None:
        """A name finds its case."""
        names = [(table, case["name"]) for table in TABLES for case in data("cases", table)]
        assert len(names) == len(set(names))


class TestAChange:
    """The promise to the security reviewer: a change costs one call."""

    @pytest.mark.parametrize("table", ["lifecycle", "item_shapes"])
    def test_a_complete_item_costs_put_evaluations_alone(self, table: str) -> None:
        """No case of a complete item has another call."""
        assert [case["name"] for case in data("cases", table) if case["calls"]] == []

    def test_the_result_token_is_passed_on(self, aws: Aws) -> None:
        """The token says whose results these are; it is a real one, so nothing is a test."""
        aws.expect_put().handle(sent("update"))
        ((_, given),) = aws.asked
        assert (given["ResultToken"], given["TestMode"]) == ("example-result-token", False)

    def test_the_testmode_token_is_a_test(self, aws: Aws) -> None:
        """Of rdk's own token AWS Config keeps nothing."""
        aws.expect_put().handle(sent("update", {"resultToken": "TESTMODE"}))
        ((call, given),) = aws.asked
        assert (call, given["TestMode"]) == (PUT_EVALUATIONS, True)


def resource_id(event: dict[str, Any]) -> str:
    """Return the id that AWS Config knows the event's resource by."""
    invoking = json.loads(event["invokingEvent"])
    return str(invoking.get("configurationItem", {}).get("resourceId", KEY_ID))


def instant(text: str) -> str:
    """Return a time as AWS Config writes it; a history's comes with a space and an offset."""
    moment = text.replace(" ", "T").removesuffix("+00:00").removesuffix("Z")
    return f"{moment}Z" if "." in moment else f"{moment}.000Z"
