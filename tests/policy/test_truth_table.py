"""Every condition operator in every form: the answers stand in `truth_table.json`, none is computed."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from landing_zone_key.policy.conditions import OPERATORS

FORMS = (
    "OPERATOR",
    "OPERATORIfExists",
    "ForAllValues:OPERATOR",
    "ForAllValues:OPERATORIfExists",
    "ForAnyValue:OPERATOR",
    "ForAnyValue:OPERATORIfExists",
)


def contexts(case: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What a request may carry for the key `k`: nothing, or values of which some, all or none match."""
    (match, match_too), (other, other_too) = case["matching"], case["other"]
    return {
        "absent": {},
        "empty list": {"k": []},
        "empty string": {"k": ""},
        "one matching": {"k": match_too},
        "one other": {"k": other},
        "all matching": {"k": [match, match_too]},
        "mixed": {"k": [other_too, match]},
        "none matching": {"k": [other, other_too]},
    }


class TestEveryOperator:
    """Each operator against the documented truth table."""

    TABLE = "operators.json"

    def test_the_table_names_them_all(self, tables: Mapping[str, Any]) -> None:
        """No operator of the guide is missing; Null has a table of its own."""
        assert {case["name"] for case in tables["operators.json"]} | {"Null"} == set(OPERATORS)

    @pytest.mark.parametrize("form", FORMS)
    def test_holds_as_documented(
        self, case: Mapping[str, Any], form: str, tables: Mapping[str, Any], judge: Callable[..., str]
    ) -> None:
        """Quantifier, IfExists, and a key that is absent, single or many-valued decide as the guide says."""
        expected = tables["truth_table.json"][case["sense"]][form]
        name = form.replace("OPERATOR", case["name"])
        seen = contexts(case)
        assert {
            situation: judge({name: {"k": case["policy"]}}, seen[situation]) for situation in expected
        } == expected

    def test_each_request_value_is_compared_by_itself(
        self, case: Mapping[str, Any], judge: Callable[..., str]
    ) -> None:
        """Each value of the table matches, or does not, alone: no row passes for the wrong reason."""
        condition = {case["name"]: {"k": case["policy"]}}
        right, wrong = ("holds", "fails") if case["sense"] == "positive" else ("fails", "holds")
        assert [judge(condition, {"k": value}) for value in case["matching"]] == [right, right]
        assert [judge(condition, {"k": value}) for value in case["other"]] == [wrong, wrong]

    @pytest.mark.parametrize("form", FORMS)
    def test_a_policy_value_that_cannot_be_read_is_doubt_unless_another_settles_it(
        self, case: Mapping[str, Any], form: str, tables: Mapping[str, Any], judge: Callable[..., str]
    ) -> None:
        """Beside an unreadable value a match counts; no match proves nothing. Text can always be read."""
        if "unreadable" not in case:
            assert case["name"].startswith("String")
            return
        expected = tables["truth_table.json"]["unreadable"][case["sense"]][form]
        condition = {form.replace("OPERATOR", case["name"]): {"k": [case["unreadable"], *case["policy"]]}}
        seen = contexts(case)
        assert {situation: judge(condition, seen[situation]) for situation in expected} == expected

    def test_a_request_value_of_another_kind_is_doubt(
        self, case: Mapping[str, Any], judge: Callable[..., str]
    ) -> None:
        """A request value that is no number, date, address or base64 cannot be compared; as text, all can."""
        expected = "doubt"
        if "foreign" not in case:
            expected = "fails" if case["sense"] == "positive" else "holds"
        assert judge({case["name"]: {"k": case["policy"]}}, {"k": case.get("foreign", "x")}) == expected
