"""`check --only`: fewer rows, alike in every format; what is counted, and the exit code, stay."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator

from lzkey.check.formats import Form
from lzkey.check.run import Only, Tally
from lzkey.documents import schema_of
from lzkey.state import State

if TYPE_CHECKING:
    from conftest import Run

SETTINGS = ("--home-region", "us-east-1", "--management-account-id", "111122223333")
#: What there is of each beside the tests; of what is waived, tests of their own tell.
THERE = {
    Only.NON_COMPLIANT: 3,
    Only.UNKNOWN: 1,
    Only.COMPLIANT: 1,
    Only.NOT_APPLICABLE: 1,
    Only.UNREAD: 1,
}
each_choice = pytest.mark.parametrize(
    "chosen", [(word,) for word in THERE] + [(Only.UNKNOWN, Only.UNREAD), tuple(THERE)], ids="+".join
)


def asked(chosen: tuple[Only, ...]) -> list[str]:
    """The options."""
    return [part for word in chosen for part in ("--only", word)]


def rows_of(form: Form, text: str) -> int:
    """How many keys and unread things a format tells of; SARIF tells of findings and notifications."""
    match form:
        case Form.JSON:
            return len(json.loads(text)["results"])
        case Form.CSV:
            rows = csv.DictReader(io.StringIO(text, newline=""))
            return len([row for row in rows if row["type"] in ("key", "unread")])
        case Form.JUNIT:
            return len([*ET.fromstring(text).iter("testcase")])  # noqa: S314 - our own
        case Form.MARKDOWN:
            return len([line for line in text.splitlines() if line.startswith("- ")])
        case _:
            return len([line for line in text.splitlines() if line[:1].isupper() and line[16:17].strip()])


def left_out_of(form: Form, text: str) -> str:
    """Where a format says what is left out."""
    match form:
        case Form.CSV:
            return str([*csv.DictReader(io.StringIO(text, newline=""))][-1]["annotation"])
        case Form.SARIF:
            (invocation,) = json.loads(text)["runs"][0]["invocations"]
            return str(invocation["toolExecutionNotifications"][0]["message"]["text"])
        case _:
            return text.splitlines()[-1].replace("\\", "")


@pytest.mark.usefixtures("sources")
class TestRows:
    """Those that are asked for, and no other."""

    @each_choice
    @pytest.mark.parametrize("form", [form for form in Form if form is not Form.SARIF])
    def test_standard_output_and_files_alike(self, run: Run, chosen: tuple[Only, ...], form: Form) -> None:
        """As many as there are, in the order in which they come."""
        ended = run(
            "check", ".", *SETTINGS, *asked(chosen), "--format", form, "-o", f"../file{form.suffixes[0]}"
        )
        assert rows_of(form, ended.out) == sum(THERE[word] for word in chosen)
        with Path(f"../file{form.suffixes[0]}").open(newline="") as file:
            assert rows_of(form, file.read()) == rows_of(form, ended.out)

    @each_choice
    def test_json_is_a_part_of_the_whole(self, run: Run, chosen: tuple[Only, ...]) -> None:
        """Each result is what it is without the option; the document is what its schema says."""
        whole: dict[str, Any] = json.loads(run("check", ".", *SETTINGS, "--format", "json").out)
        part: dict[str, Any] = json.loads(
            run("check", ".", *SETTINGS, "--format", "json", *asked(chosen)).out
        )
        Draft202012Validator(schema_of("check")).validate(part)
        words = {word.name for word in chosen}
        assert part["results"] == [
            each for each in whole["results"] if each.get("compliance", "UNREAD") in words
        ]
        assert part["results"]
        assert (part["summary"], part["exit_code"]) == (whole["summary"], whole["exit_code"])
        assert (whole["only"], whole["left_out"]) == ([], 0)
        assert part["only"] == list(chosen)
        assert part["left_out"] == len(whole["results"]) - len(part["results"])

    def test_sarif_has_their_results_alone(self, run: Run) -> None:
        """And of what could not be read a notification, where it is asked for."""
        sarif = [
            json.loads(run("check", ".", *SETTINGS, "--format", "sarif", *asked(chosen)).out)["runs"][0]
            for chosen in ((Only.UNKNOWN,), (Only.UNREAD,))
        ]
        assert {each["level"] for each in sarif[0]["results"]} <= {"warning", "note"}
        assert sarif[0]["results"]
        assert sarif[1]["results"] == []
        told = [each["invocations"][0]["toolExecutionNotifications"] for each in sarif]
        assert ["cut off" in str(notifications) for notifications in told] == [False, True]

    def test_junit_counts_the_cases_that_are_there(self, run: Run) -> None:
        """Whoever reads it counts them, too; what is left out is a property."""
        out = run("check", ".", *SETTINGS, "--format", "junit", "--only", "unknown", "--only", "unread").out
        (suite,) = ET.fromstring(out).iter("testsuite")  # noqa: S314 - our own
        counts = {name: suite.attrib[name] for name in ("tests", "failures", "errors", "skipped")}
        assert counts == {"tests": "2", "failures": "0", "errors": "2", "skipped": "0"}
        properties = {each.attrib["name"]: each.attrib["value"] for each in suite.iter("property")}
        assert properties == {"only": "unknown unread", "left_out": "5"}


@pytest.mark.usefixtures("sources")
class TestWhatIsSaid:
    """Nobody takes a part for the whole."""

    @pytest.mark.parametrize("form", [Form.TEXT, Form.MARKDOWN, Form.CSV, Form.SARIF])
    def test_that_there_is_more(self, run: Run, form: Form) -> None:
        """At the end, with the number; the twin says nothing of the kind."""
        words = ("check", ".", *SETTINGS, "--format", form)
        assert "shown: only compliant, 6 left out" in left_out_of(
            form, run(*words, "--only", "compliant").out
        )
        assert "left out" not in run(*words).out

    @each_choice
    def test_the_exit_code_is_that_of_all(self, run: Run, chosen: tuple[Only, ...]) -> None:
        """What is not shown has not gone away."""
        assert run("check", ".", *SETTINGS, *asked(chosen)).code == 3

    def test_the_summary_is_that_of_all(self, run: Run) -> None:
        """The last line begins as without the option."""
        whole = run("check", ".", *SETTINGS).out.splitlines()[-1]
        part = run("check", ".", *SETTINGS, "--only", "compliant").out.splitlines()[-1]
        assert part == f"{whole}; shown: only compliant, 6 left out"

    def test_a_summary_alone_begins_with_no_empty_line(self, run: Run) -> None:
        """Where nothing stands above it; the twin has something."""
        words = ("check", "template.yaml", *SETTINGS)
        assert "" in run(*words).out.splitlines()
        assert run(*words, "--only", "unread").out.splitlines()[0]

    def test_a_word_that_there_is_not(self, run: Run) -> None:
        """The others are named; the twin is written as in the results."""
        ended = run("check", ".", *SETTINGS, "--only", "broken")
        assert (ended.code, ended.out) == (2, "")
        assert ", ".join(Only) in ended.err
        assert run("check", ".", *SETTINGS, "--only", "NON_COMPLIANT").code != 2


def test_every_state_has_its_word() -> None:
    """A new one is not forgotten."""
    assert {word.name for word in Only} == {*State, "UNREAD"}
    assert {word.value for word in Only} == {word.name.lower().replace("_", "-") for word in Only}


def test_numbers_add_up() -> None:
    """Shown and left out are all."""
    tally = Tally((Only.UNREAD, Only.COMPLIANT), states=dict.fromkeys(State, 7), unread=2)
    assert sum(map(tally.shown, Only)) == 9
    assert tally.left_out == 28
