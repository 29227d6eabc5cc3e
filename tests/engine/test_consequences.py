"""What the families of requests mean for policies as people write them: one table, each case with a twin."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from landing_zone_key import Finding, assess

CASES = json.loads(Path(__file__).with_name("consequences.json").read_text())
BY_NAME = {case["name"]: case for case in CASES}
SERVICES = {"config": "CONFIG_ACCESS", "cloudtrail": "CLOUDTRAIL_ACCESS"}

each_case = pytest.mark.parametrize("case", CASES, ids=BY_NAME)


@pytest.fixture
def findings(case: dict[str, Any], make_key: Any, make_zone: Any) -> dict[str, Finding]:
    """Service -> why its requirement does not hold, for the case's policy."""
    zone = make_zone(**case.get("parameters", {}))
    found = {each.requirement: each for each in assess(make_key(*case["statements"]), zone).findings}
    return {service: found[name] for service, name in SERVICES.items() if name in found}


@each_case
def test_a_service_is_granted_what_the_table_says(case: dict[str, Any], findings: dict[str, Finding]) -> None:
    """Granted where every request is allowed, refused where one is not."""
    assert {service: service not in findings for service in SERVICES} == case["expected"], case["why"]


@each_case
def test_a_refusal_says_what_the_reader_needs(case: dict[str, Any], findings: dict[str, Finding]) -> None:
    """Each finding names action, service and request, and the table's words stand in its message."""
    for service, finding in findings.items():
        assert finding.request is not None
        assert finding.request.service == f"{service}.amazonaws.com"
        assert finding.action == finding.request.action
        assert finding.message.startswith(f"{finding.action} by {service}.amazonaws.com")
        for words in case.get("says", {}).get(service, ()):
            assert words in finding.message
        for words in case.get("silent", {}).get(service, ()):
            assert words not in finding.message


@each_case
def test_the_counterexample_is_one_of_the_landing_zone(
    case: dict[str, Any], findings: dict[str, Finding]
) -> None:
    """The refused request is a whole one: a source, the same account in both keys, to this key."""
    for finding in findings.values():
        assert finding.request is not None
        values = finding.request.values
        (account,), (source,) = values["aws:sourceaccount"], values["aws:sourcearn"]
        assert source.split(":")[4] == account, case["name"]
        assert len(account) == 12
        assert account.isdecimal()
        assert finding.request.resource.endswith("key/1234abcd-12ab-34cd-56ef-1234567890ab")


def test_every_case_has_a_twin_with_another_answer() -> None:
    """A twin has another answer, and differs either in its statements or in its parameters."""
    for case in CASES:
        twin = BY_NAME[case["twin"]]
        assert twin["expected"] != case["expected"], case["name"]
        assert case["why"], case["name"]
        assert case["source"], case["name"]
        differing = [part for part in ("statements", "parameters") if case.get(part) != twin.get(part)]
        assert len(differing) == 1, case["name"]


class TestAccountLists:
    """A list of accounts breaks at the next enrolment, however long it is."""

    LISTS: Mapping[str, list[str]] = {
        "one": ["111122223333"],
        "accounts of examples": [
            "111122223333",
            "444455556666",
            "999988887777",
            "777766665555",
            "222233334444",
        ],
        "from the first on": [f"{number:012}" for number in range(20)],
        "three hundred": [f"{number * 1234567:012}" for number in range(1, 301)],
    }

    @pytest.mark.parametrize("listed", LISTS.values(), ids=LISTS)
    @pytest.mark.parametrize("operator", ["StringEquals", "StringLike", "ArnLike"])
    def test_the_refused_account_is_none_of_the_list(
        self, listed: list[str], operator: str, make_key: Any, make_zone: Any
    ) -> None:
        """It stands for all that the list forgets, also by its recorder's ARN; the others are named."""
        key, values = "aws:SourceAccount", listed
        if operator == "ArnLike":
            key, values = "aws:SourceArn", [f"arn:aws:config:*:{account}:*" for account in listed[:60]]
        statement = {"of": "config", "Condition": {operator: {key: values}}}
        (finding,) = assess(make_key("cloudtrail", statement), make_zone()).findings
        assert finding.request is not None
        (account,) = finding.request.values["aws:sourceaccount"]
        assert account not in listed
        assert account not in finding.message
        allowed = listed[:60] if operator == "ArnLike" else listed
        told = allowed[0] if len(allowed) == 1 else f"the {len(allowed)} that are listed"
        assert f"for every account but {told}" in finding.message
        assert finding.certainty == "refused"
        assert finding.reason == "NO_ALLOW"
