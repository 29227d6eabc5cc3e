"""What is worth knowing about a policy, and changes nothing about the compliance."""

import json
from pathlib import Path
from typing import Any

import pytest

from landing_zone_key import assess
from landing_zone_key.advisories import AdvisoryCode

CASES = json.loads(Path(__file__).with_name("advisories.json").read_text())

each_case = pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])


def key_of(case: dict[str, Any], make_key: Any) -> Any:
    """The key of a case; CloudTrail may describe it, if the case does not say otherwise."""
    describe = ["describe"] if case.get("describe", True) else []
    return make_key(*case["statements"], *describe, **case.get("key", {}))


@each_case
def test_a_policy_is_advised_on(case: dict[str, Any], make_key: Any, make_zone: Any) -> None:
    """Exactly these advisories, each with the statement it is about."""
    advisories = assess(key_of(case, make_key), make_zone()).advisories
    assert [[each.code, each.statement] for each in advisories] == case["expected"], case["why"]
    assert all(each.message for each in advisories)


@each_case
def test_advisories_change_no_compliance(case: dict[str, Any], make_key: Any, make_zone: Any) -> None:
    """Every policy of the table grants both services what they need, advised on or not."""
    zone = make_zone(**case.get("zone", {}))
    assert assess(key_of(case, make_key), zone).compliance == "COMPLIANT"


def test_every_advisory_is_in_the_table() -> None:
    """Each code with a case; the empty ones are the twins."""
    codes = {code for case in CASES for code, _ in case["expected"]}
    assert codes == set(AdvisoryCode)
    assert sum(not case["expected"] for case in CASES) >= len(AdvisoryCode)


def test_there_are_none_without_a_policy(make_key: Any, make_zone: Any) -> None:
    """Missing or malformed: nothing to advise on."""
    for policy in (None, "{"):
        assert assess(make_key().with_policy(policy), make_zone()).advisories == ()


def test_a_statement_under_conditions_says_so(make_key: Any, make_zone: Any) -> None:
    """A wildcard under conditions is another matter than one without."""
    plain = {"Effect": "Allow", "Principal": "*", "Action": "kms:DescribeKey", "Resource": "*"}
    limited = {**plain, "Condition": {"StringEquals": {"kms:CallerAccount": "111122223333"}}}
    found = [assess(make_key("root", "merged", each), make_zone()).advisories for each in (plain, limited)]
    messages = [[each.message for each in advisories if each.statement == 2] for advisories in found]
    assert messages == [
        ["the statement allows every principal"],
        ["the statement allows every principal under conditions"],
    ]
