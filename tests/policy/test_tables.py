"""The tables themselves."""

import json
from collections.abc import Mapping
from typing import Any

WITHOUT_TWINS = {"truth_table.json", "operators.json"}


class TestTwins:
    """Every case has a twin with another answer."""

    def test_each_twin_differs_in_one_element_and_in_the_answer(self, tables: Mapping[str, Any]) -> None:
        """A twin names one place and expects something else; a case without one would prove little."""
        for name, cases in tables.items():
            if name not in WITHOUT_TWINS:
                for case in cases:
                    assert set(case["twin"]) <= {"at", "value", "expected"}, f"{name}: {case['name']}"
                    assert _verdict(case["twin"]["expected"]) != _verdict(case["expected"]), (
                        f"{name}: {case['name']}"
                    )

    def test_each_case_says_why(self, tables: Mapping[str, Any]) -> None:
        """A case without a source is an opinion."""
        for name, cases in tables.items():
            if name not in WITHOUT_TWINS:
                assert all(case["why"] for case in cases), name

    def test_ids_are_examples(self, tables: Mapping[str, Any]) -> None:
        """No account of anybody's stands in the tables (AWS's own example has 999999999999)."""
        text = json.dumps(tables)
        found = {
            number for number in text.replace('"', ":").split(":") if number.isdigit() and len(number) == 12
        }
        assert found <= {"111122223333", "444455556666", "999999999999"}


def _verdict(expected: Any) -> Any:
    return expected["allowed"] if isinstance(expected, dict) and "allowed" in expected else expected
