"""What fails in how many keys: a screenful, however many keys there are, and numbers that add up."""

from __future__ import annotations

import json
import re
from collections import Counter
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from landing_zone_key import Certainty, FindingReason, Requirement
from lzkey.check.run import Failing, Tally
from lzkey.documents import schema_of
from lzkey.state import State

from ..screens import on_terminal  # noqa: TID252 - tests are no package

if TYPE_CHECKING:
    from conftest import Run

HERE = Path(__file__).parent
SETTINGS = ("--home-region", "us-east-1", "--management-account-id", "111122223333")
#: So many keys of each kind of which the snapshot below consists.
KINDS = {"documented": 20, "missing": 1500, "denied": 7, "disabled": 12, "aws": 1}


def snapshot(folder: Path, **kinds: int) -> Path:
    """A snapshot of keys with these policies, of keys that are disabled, and of AWS's own."""
    document: dict[str, Any] = json.loads((HERE / "sources/snapshot.json").read_text())
    item = document["configurationItems"][0]
    item["configuration"].pop("deletionDate")
    items = []
    for kind, count in kinds.items():
        name = kind if (HERE / f"sources/policies/{kind}.json").is_file() else "documented"
        for _ in range(count):
            made = deepcopy(item)
            key = f"{len(items):08d}-12ab-34cd-56ef-1234567890ab"
            arn = f"arn:aws:kms:us-east-1:111122223333:key/{key}"
            made |= {"resourceId": key, "ARN": arn}
            state = "Disabled" if kind == "disabled" else "Enabled"
            manager = "AWS" if kind == "aws" else "CUSTOMER"
            made["configuration"] |= {"keyId": key, "arn": arn, "keyState": state, "keyManager": manager}
            made["configuration"]["enabled"] = state == "Enabled"
            text = (HERE / f"sources/policies/{name}.json").read_text()
            made["supplementaryConfiguration"]["Policy"] = text
            items.append(made)
    path = folder / "snapshot.json"
    path.write_text(json.dumps({**document, "configurationItems": items}))
    return path


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A snapshot of 1,540 keys."""
    return snapshot(tmp_path_factory.mktemp("many"), **KINDS)


class TestManyKeys:
    """Thousands."""

    @pytest.mark.parametrize("columns", [60, 80, 200])
    def test_the_end_is_a_screenful(self, many: Path, columns: int) -> None:
        """The worst first, below the rows, and the counts of all on the last line."""
        screen = on_terminal(columns, "-m", "lzkey", "check", str(many), *SETTINGS, "--only", "unread")
        lines = [line for line in screen.text.splitlines() if line]
        assert len(screen.text.splitlines()) <= 24
        assert screen.too_wide(columns) == []
        rows = [tuple(line.split()) for line in lines if line.split()[-1] in ("refused", "possible")]
        assert rows == [
            ("1,500", "CONFIG_ACCESS", "NO_ALLOW", "refused"),
            ("1,500", "CLOUDTRAIL_ACCESS", "NO_ALLOW", "refused"),
            ("12", "ENABLED", "NOT_ENABLED", "refused"),
            ("7", "CONFIG_ACCESS", "EXPLICIT_DENY", "refused"),
            ("7", "CLOUDTRAIL_ACCESS", "EXPLICIT_DENY", "refused"),
        ]
        end = " ".join(screen.words)
        assert "1,540 keys: 1,519 NON_COMPLIANT, 20 COMPLIANT, 1 NOT_APPLICABLE; shown: only unread" in end
        assert end.endswith("1,540 left out")

    def test_json_counts_the_same(self, run: Run, many: Path) -> None:
        """Of each requirement and reason, as its own results say; with and without fewer rows."""
        document = json.loads(run("check", str(many), *SETTINGS, "--format", "json").out)
        Draft202012Validator(schema_of("check")).validate(document)
        counted = Counter(
            (finding["requirement"], finding["reason"], finding["certainty"])
            for result in document["results"]
            for finding in result["findings"]
        )
        found = document["summary"]["findings"]
        assert {
            (each["requirement"], each["reason"], each["certainty"]): each["keys"] for each in found
        } == counted
        assert [each["keys"] for each in found] == [1500, 1500, 12, 7, 7]
        fewer = json.loads(run("check", str(many), *SETTINGS, "--format", "json", "--only", "compliant").out)
        assert fewer["summary"] == document["summary"]

    def test_rows_stay_as_they_are(self, run: Run, many: Path) -> None:
        """Each key has its own."""
        out = run("check", str(many), *SETTINGS).out
        rows = Counter(line.split()[0] for line in out.splitlines() if re.match(r"[A-Z_]+ +arn:", line))
        assert rows == {"NON_COMPLIANT": 1519, "COMPLIANT": 20, "NOT_APPLICABLE": 1}
        assert [line for line in out.splitlines() if line != line.rstrip()] == []


class TestFewKeys:
    """What is seen at a glance needs no summary."""

    @pytest.mark.parametrize(("count", "summed_up"), [(20, False), (21, True)])
    def test_from_a_screenful_on(self, run: Run, tmp_path: Path, *, count: int, summed_up: bool) -> None:
        """And not before."""
        out = run("check", str(snapshot(tmp_path, missing=count)), *SETTINGS).out
        assert ("what fails, or may" in out) is summed_up

    def test_where_nothing_fails(self, run: Run, tmp_path: Path) -> None:
        """There is nothing to sum up."""
        out = run("check", str(snapshot(tmp_path, documented=21)), *SETTINGS).out
        assert "what fails, or may" not in out
        assert out.endswith("\n\n21 keys: 21 COMPLIANT\n")


class TestOrder:
    """Certain before possible, many before few, and of equals the requirement that is told first."""

    def test_of_everything_that_there_can_be(self) -> None:
        """Whatever fails, each once."""
        tally = Tally(states=dict.fromkeys(State, 9))
        for number, (requirement, reason, certainty) in enumerate(
            (requirement.value, reason.value, certainty)
            for requirement in Requirement
            for reason in FindingReason
            for certainty in Certainty
        ):
            tally.failing[Failing(requirement, reason, certainty)] = 1 + number % 5
        found = tally.worst_first()
        assert len(found) == len(Requirement) * len(FindingReason) * len(Certainty)
        assert [each.certainty for each, _ in found] == sorted(
            (each.certainty for each, _ in found), reverse=True
        )
        for certainty in Certainty:
            counts = [keys for each, keys in found if each.certainty is certainty]
            assert counts == sorted(counts, reverse=True)
