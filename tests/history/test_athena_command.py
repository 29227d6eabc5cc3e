"""`lzkey history KEY --athena DATABASE.TABLE`: what is said before anything runs, and what comes of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from lzkey import cli
from lzkey.cli.athena import STATEMENT
from lzkey_sandbox.athena import EngineError, Result

from .athena_lake import AGE, DAYS, PROFILE, Lake, lake_of

if TYPE_CHECKING:
    from pathlib import Path

    from lzkey_sandbox import Sandbox

    from .conftest import Run


OTHER = "444455556666"


@pytest.fixture
def lake(sandbox: Sandbox, tmp_path: Path) -> Lake:
    """A key, and logs that go back further than CloudTrail's event history."""
    return lake_of(sandbox, tmp_path)


class TestWithoutYes:
    """Nothing is run."""

    def test_says_what_it_would_be(self, sandbox: Sandbox, lake: Lake, run: Run) -> None:
        """What it scans at most, what that costs, the limit, and the query: the exit code claims nothing."""
        code, said, told = run(*lake.arguments("--since", "170d"))
        assert code == 4
        assert said.startswith("SELECT\n")
        assert lake.key in said
        assert "at most: less than USD 0.01 (USD 5 a TB in most Regions" in told
        assert "the work group security does not limit what a query scans" in told
        assert "nothing was run, and no history was made: --yes runs it" in told
        assert sandbox.athena.queries == []
        assert "LookupEvents" not in {call.operation for call in sandbox.calls}

    def test_quiet_says_it_as_well(self, lake: Lake, run: Run) -> None:
        """It changes what the result means."""
        _, _, told = run(*lake.arguments("--since", "170d", "--quiet"))
        assert "nothing was run" in told

    def test_programs_get_nothing(self, lake: Lake, run: Run, tmp_path: Path) -> None:
        """No JSON that is none, and no file; the query is told beside it."""
        file = tmp_path / "history.json"
        code, said, told = run(*lake.arguments("--since", "170d", "--format", "json", "-o", str(file)))
        assert (code, said, file.exists()) == (4, "", False)
        assert "SELECT" in told

    def test_exit_zero_is_asked_for(self, lake: Lake, run: Run) -> None:
        """As everywhere: in place of 4."""
        assert run(*lake.arguments("--since", "170d", "--exit-zero"))[0] == 0


class TestWithYes:
    """It is run, and proved here."""

    def test_goes_back_further_than_the_event_history(self, sandbox: Sandbox, lake: Lake, run: Run) -> None:
        """Who stopped deliveries, when, and when they went on; a file a day tells that nothing is missing."""
        for number in range(DAYS):
            lake.deliver(number)
        code, said, told = run(*lake.arguments("--since", "170d", "--yes", "--format", "json"))
        history = json.loads(said)
        (source,) = [each for each in history["sources"] if each["origin"] == "Athena"]
        assert (source["found"], source["gaps"], source["unread"]) == (2, [], [])
        began, ended = (f"{lake.ago(days):%Y-%m-%dT%H:%M}" for days in (150, 120))
        refused = [
            window
            for service in history["services"]
            for window in service["windows"]
            if window["standing"] == "refused" and window["start"].startswith(began)
        ]
        assert len(refused) == 2
        assert all(each["end"].startswith(ended) for each in refused)
        by = {each[end]["principal"] for each in refused for end in ("begun_by", "ended_by")}
        assert by == {"arn:aws:iam::111122223333:user/administrator"}
        assert len(sandbox.athena.queries) == 1
        assert "Athena: it scanned " in told
        assert code == 4  # nobody knows what it was like before the first change

    def test_the_key_s_age_bounds_it(self, lake: Lake, run: Run) -> None:
        """Without --since: nothing before it was made is searched."""
        _, said, told = run(*lake.arguments())
        assert f"from {lake.ago(AGE):%Y-%m-%d}" in told
        assert f"BETWEEN '{lake.ago(AGE):%Y/%m/%d}'" in said

    def test_a_query_that_fails(self, sandbox: Sandbox, lake: Lake, run: Run) -> None:
        """Is no history without these events."""

        def refuse(_text: str, _database: str) -> Result:
            raise EngineError("HIVE_CURSOR_ERROR: \x1b]0;x\x07 Access Denied\n::error::")

        sandbox.athena.engine = refuse
        code, said, told = run(*lake.arguments("--since", "170d", "--yes"))
        assert (code, said) == (1, "")
        assert "failed (HIVE_CURSOR_ERROR: " in told
        assert "\x1b" not in told
        assert "\n::error" not in told

    def test_ctrl_c_stops_it(
        self, sandbox: Sandbox, lake: Lake, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What was begun costs no more."""
        sandbox.athena.answers_until_ended = 5

        def interrupted(_: float) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("lzkey.cli.athena.time.sleep", interrupted)
        code, said, told = run(*lake.arguments("--since", "170d", "--yes"))
        assert (code, said) == (130, "")
        assert "was stopped; what it has scanned is charged" in told
        assert len(sandbox.athena.stopped) == 1


class TestProfile:
    """Of the account that has the logs."""

    def test_is_for_athena_alone(
        self, sandbox: Sandbox, lake: Lake, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Its account is asked for the work group, and has none; the key is asked of its own account."""
        trust = {"Effect": "Allow", "Principal": {"AWS": sandbox.account}, "Action": "sts:AssumeRole"}
        made = sandbox.client("iam", account=OTHER).create_role(
            RoleName="auditor",
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )
        role = made["Role"]["Arn"]
        given = sandbox.client("sts").assume_role(RoleArn=role, RoleSessionName="auditor")["Credentials"]
        monkeypatch.setenv("AWS_CONFIG_FILE", str(lake.config(given)))
        code, said, told = run(*lake.arguments("--athena-profile", PROFILE))
        assert (code, said) == (1, "")
        assert "athena:GetWorkGroup failed (InvalidRequestException) for the work group security" in told
        assert f"in account {OTHER}" in told
        assert {call.account for call in sandbox.calls if call.service == "athena"} == {OTHER}
        assert {call.account for call in sandbox.calls if call.service == "kms"} == {sandbox.account}


class TestArguments:
    """What goes with what."""

    @pytest.mark.parametrize(
        ("options", "told"),
        [
            (("--workgroup", "w"), "--workgroup is for --athena"),
            (("--athena-profile", "p"), "--athena-profile is for --athena"),
            (("--yes",), "--yes is for --athena"),
            (("--athena", "a.b"), "--athena needs a work group"),
            (("--athena", "a", "--workgroup", "w"), "--athena takes DATABASE.TABLE"),
            (("--athena", "a.b", "--workgroup", "w w"), "--workgroup takes the name"),
            (("--athena", "a.b", "--workgroup", "w", "--offline", "--trail-files", "."), "--athena asks AWS"),
            (("--athena", "a.b", "--workgroup", "w", "--athena-profile", "none"), "none"),
        ],
    )
    def test_that_do_not(self, sandbox: Sandbox, run: Run, options: tuple[str, ...], told: str) -> None:
        """Are a sentence, and nothing is asked of Athena."""
        key = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
        code, said, error = run(key, *options)
        assert (code, said) == (2, "")
        assert told in error
        assert "athena" not in {call.service for call in sandbox.calls}

    def test_a_table_that_is_not_there(self, lake: Lake, run: Run) -> None:
        """Is looked for where the credentials and the Region say."""
        code, _, error = run(*lake.arguments("--athena", "logs.other"))
        assert code == 2
        assert (
            "there is no table logs.other in AWS Glue's catalog of account 111122223333 in us-east-1" in error
        )

    def test_it_is_in_the_policy(self, capsys: pytest.CaptureFixture[str]) -> None:
        """As a statement of its own, which whoever does without Athena leaves out."""
        assert cli.main(["history", "--print-iam-policy"]) == 0
        statements = json.loads(capsys.readouterr().out)["Statement"]
        assert STATEMENT in statements
        assert "athena:StartQueryExecution" in STATEMENT["Action"]
