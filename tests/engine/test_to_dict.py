"""Assessment.to_dict: what `lzkey check` writes of a key, for programs of one's own."""

import json
from typing import Any

import pytest

from landing_zone_key import Assessment, Certainty, Compliance, FindingReason, Requirement, assess
from landing_zone_key.words import Word
from lzkey.documents import schema_of

CASES: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "compliant": ((), {}),
    "refused": (("root", "config", "cloudtrail", "perimeter"), {"KeyState": "Disabled"}),
    "without a statement": (("root",), {"KeyState": None}),
    "not judged": ((), {"KeyManager": "AWS"}),
}


@pytest.mark.parametrize("case", CASES)
class TestToDict:
    """Of any assessment."""

    def assessment(self, case: str, make_key: Any, make_zone: Any) -> Assessment:
        """The case's."""
        statements, described = CASES[case]
        return assess(make_key(*statements, **described), make_zone())

    def test_is_json(self, case: str, make_key: Any, make_zone: Any) -> None:
        """And says what the fields say."""
        made = self.assessment(case, make_key, make_zone)
        told = json.loads(json.dumps(made.to_dict()))
        assert told["compliance"] == made.compliance
        assert told["reason"] == made.reason
        assert [each["requirement"] for each in told["findings"]] == [
            each.requirement for each in made.findings
        ]
        assert [each["runbook"] for each in told["findings"]] == [each.anchor for each in made.findings]
        assert [each["requirement"] for each in told["holds"]] == [each.requirement for each in made.holds]
        judged = {*(each["requirement"] for each in told["findings"] + told["holds"])}
        assert judged == (set() if case == "not judged" else set(Requirement))

    def test_names_are_those_of_check(self, case: str, make_key: Any, make_zone: Any) -> None:
        """But for what a key of a program has not: a line, and who has waived something."""
        told = self.assessment(case, make_key, make_zone).to_dict()
        definitions = schema_of("check")["$defs"]
        for name, members in (("finding", told["findings"]), ("advisory", told["advisories"])):
            for each in members:
                assert set(each) == set(definitions[name]["properties"]) - {"line", "waiver"}


@pytest.mark.parametrize("words", [Compliance, Certainty, FindingReason, Requirement])
def test_dir_has_the_words_alone(words: type[Word]) -> None:
    """So that `help` shows them, and not every method of a text."""
    assert [name for name in dir(words) if not name.startswith("__")] == sorted(word.name for word in words)
