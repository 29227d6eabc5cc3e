"""What may be refused is not what would be: exit codes, words and data of every format."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from conftest import MakeKey, Run

SETTINGS = ("--home-region", "us-east-1", "--management-account-id", "111122223333")
DENY = {"Sid": "Perimeter", "Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"}
UNDOCUMENTED = {**DENY, "Condition": {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}


@pytest.fixture
def policies(tmp_path: Path, make_key: MakeKey, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """One policy that may refuse, one that would, and the documented one."""
    documented: Any = make_key("documented").policy
    listed = [
        statement
        if statement.get("Sid") != "Allow Config to use KMS for encryption"
        else {**statement, "Condition": {"StringEquals": {"aws:SourceAccount": "777788889999"}}}
        for statement in documented["Statement"]
    ]
    made = {
        "possible": {**documented, "Statement": [*documented["Statement"], UNDOCUMENTED]},
        "refused": {**documented, "Statement": [*documented["Statement"], DENY]},
        "listed": {**documented, "Statement": listed},
        "holds": documented,
    }
    for name, policy in made.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(policy))
    monkeypatch.chdir(tmp_path)
    return {name: f"{name}.json" for name in made}


class TestExitCodes:
    """3 for what would be refused, 4 for what may be; 3 wins."""

    @pytest.mark.parametrize("command", ["check", "explain", "fix"])
    @pytest.mark.parametrize(
        ("names", "code"),
        [(["holds"], 0), (["possible"], 4), (["refused"], 3), (["possible", "refused"], 3)],
    )
    def test_of_commands(
        self, policies: dict[str, str], run: Run, command: str, names: list[str], code: int
    ) -> None:
        """A folder counts as all that is in it."""
        files = [policies[name] for name in names]
        if command == "check":
            assert run(command, *files, *SETTINGS).code == code
        else:
            assert max(run(command, file, *SETTINGS).code for file in files[-1:]) == code


class TestFormats:
    """Each says it, in words and as data."""

    def test_json(self, policies: dict[str, str], run: Run) -> None:
        """UNKNOWN, beside what the rule answers."""
        for name, state in (("possible", "UNKNOWN"), ("refused", "NON_COMPLIANT")):
            (key,) = json.loads(run("check", policies[name], *SETTINGS, "--format", "json").out)["results"]
            assert (key["compliance"], key["rule_compliance"]) == (state, "NON_COMPLIANT")
            assert {finding["certainty"] for finding in key["findings"]} == {name}

    def test_terminal(self, policies: dict[str, str], run: Run) -> None:
        """What is not documented is named."""
        out = " ".join(run("check", policies["possible"], *SETTINGS).out.split())
        assert 'may be refused: "Perimeter" denies it' in out
        assert "whether aws:SourceIp is in the request is not documented" in out
        assert "would be refused" not in out
        assert "would be refused" in run("check", policies["refused"], *SETTINGS).out

    def test_csv(self, policies: dict[str, str], run: Run) -> None:
        """A column of its own."""
        for name in ("possible", "refused"):
            out = run("check", policies[name], *SETTINGS, "--format", "csv").out
            (row,) = csv.DictReader(io.StringIO(out, newline=""))
            assert row["certainty"] == f"{name} {name}"

    def test_sarif_and_junit(self, policies: dict[str, str], run: Run) -> None:
        """Error or warning; failure or error."""
        for name, level, child in (("possible", "warning", "error"), ("refused", "error", "failure")):
            sarif = json.loads(run("check", policies[name], *SETTINGS, "--format", "sarif").out)
            levels = {each["level"] for each in sarif["runs"][0]["results"]} - {"note"}
            assert levels == {level}
            root = ET.fromstring(run("check", policies[name], *SETTINGS, "--format", "junit").out)  # noqa: S314 - our own
            assert [each.tag for each in next(root.iter("testcase"))] == [child]


class TestExplain:
    """The request in full."""

    def test_an_example_is_called_one(self, policies: dict[str, str], run: Run) -> None:
        """An account that stands for all that a list leaves out; the key's own is none."""
        out = run("explain", policies["listed"], *SETTINGS).out
        assert "aws:SourceAccount = 444455556666 (an example)" in out
        assert "for every account but 777788889999 would be refused" in " ".join(out.split())
        assert "(an example)" not in run("explain", policies["holds"], *SETTINGS).out


class TestFix:
    """What is added, and whether it is needed."""

    @pytest.mark.parametrize(
        ("condition", "needed"),
        [
            ({"StringEquals": {"aws:SourceOrgID": "o-exampleorgid"}}, False),
            ({"StringEquals": {"aws:SourceAccount": "777788889999"}}, True),
        ],
    )
    def test_may_not_be_needed(
        self,
        policies: dict[str, str],
        run: Run,
        condition: dict[str, Any],
        needed: bool,  # noqa: FBT001
    ) -> None:
        """It says so where no refusal is certain."""
        policy = json.loads(Path(policies["listed"]).read_text())
        for statement in policy["Statement"]:
            if "Condition" in statement and "777788889999" in json.dumps(statement):
                statement["Condition"] = condition
        Path("changed.json").write_text(json.dumps(policy))
        shown = run("fix", "changed.json", *SETTINGS).out
        assert ("may not be needed" in shown) is not needed
        (key,) = json.loads(run("fix", "changed.json", *SETTINGS, "--format", "json").out)["results"]
        assert key["needed"] is needed
        assert key["added_statements"]

    def test_one_of_two_may_not_be_needed(self, policies: dict[str, str], run: Run) -> None:
        """It says of which statement."""
        policy = json.loads(Path(policies["holds"]).read_text())
        config, cloudtrail = (
            next(each for each in policy["Statement"] if service in json.dumps(each["Principal"]))
            for service in ("config.amazonaws.com", "cloudtrail.amazonaws.com")
        )
        config["Condition"] = {"StringEquals": {"aws:SourceOrgID": "o-exampleorgid"}}
        policy["Statement"].remove(cloudtrail)
        Path("changed.json").write_text(json.dumps(policy))
        shown = " ".join(run("fix", "changed.json", *SETTINGS).out.replace("# ", "").split())
        assert '"Allow Config to use KMS for encryption 2" may not be needed' in shown
        assert 'CloudTrail to use KMS for encryption" may not' not in shown

    def test_a_deny_that_may_apply(self, policies: dict[str, str], run: Run) -> None:
        """May deny; one that is certain to apply denies."""
        policy = json.loads(Path(policies["holds"]).read_text())
        deny = {"Sid": "Net", "Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"}
        for condition, said in (
            ({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, '"Net" may deny kms:Decrypt'),
            ({"Bool": {"aws:PrincipalIsAWSService": "true"}}, '"Net" denies kms:Decrypt'),
        ):
            changed = {**policy, "Statement": [*policy["Statement"], {**deny, "Condition": condition}]}
            Path("changed.json").write_text(json.dumps(changed))
            assert said in run("fix", "changed.json", *SETTINGS).out
