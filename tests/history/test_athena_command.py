"""`lzkey history KEY --athena DATABASE.TABLE`: what is said before anything runs, and what comes of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from landing_zone_key import KmsKey
from landing_zone_key.key import KeyArn
from lzkey import cli
from lzkey.cli.athena import STATEMENT
from lzkey.sources.source import documented_policy
from lzkey_sandbox.athena import EngineError, Result
from lzkey_sandbox.cloudtrail_events import policy_put

from .cloudtrail_tables import COLUMNS, DATABASE, NAME, Engine, LogFile, projection
from .conftest import SETTINGS
from .lives import BAD, ZONE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lzkey_sandbox import Sandbox

TABLE, BUCKET = f"{DATABASE}.{NAME}", "logs"
DAYS, AGE = 200, 160


@dataclass(frozen=True)
class Lake:
    """A key, and an organization's logs of it that go back further than CloudTrail's event history."""

    sandbox: Sandbox
    key: str
    settings: str
    now: datetime

    def deliver(self, number: int, *records: Any) -> None:
        """Let the trail deliver a file so many days ago."""
        file = LogFile(records, self.ago(number))
        self.sandbox.client("s3").put_object(Bucket=BUCKET, Key=file.key, Body=file.body)

    def ago(self, days: float) -> datetime:
        """So many days ago."""
        return self.now - timedelta(days=days)

    def arguments(self, *more: str) -> tuple[str, ...]:
        """A command line that runs the query."""
        return (
            "history",
            self.key,
            "--parameters",
            self.settings,
            "--athena",
            TABLE,
            "--workgroup",
            "security",
            *more,
        )


@pytest.fixture
def lake(sandbox: Sandbox, tmp_path: Path) -> Lake:
    """150 days ago a policy was put that lets no service in, and 120 days ago the one that is there now."""
    settings = tmp_path / "settings.json"
    settings.write_text(SETTINGS)
    now = datetime.now(UTC)
    key = sandbox.client("kms").create_key()["KeyMetadata"]["Arn"]
    made = Lake(sandbox, key, str(settings), now)
    good = json.dumps(documented_policy(KmsKey.from_arn(KeyArn.parse(key)), ZONE))
    sandbox.client("kms").put_key_policy(KeyId=key, Policy=good, BypassPolicyLockoutSafetyCheck=True)
    sandbox.age(timedelta(days=AGE))
    s3, glue, athena = (sandbox.client(each) for each in ("s3", "glue", "athena"))
    s3.create_bucket(Bucket=BUCKET)
    for number, policy in ((150, BAD), (120, good)):
        made.deliver(number, policy_put(key, policy, made.ago(number)))
    glue.create_database(DatabaseInput={"Name": DATABASE})
    properties = projection(f"{made.ago(180):%Y/%m/%d}")
    glue.create_table(
        DatabaseName=DATABASE,
        TableInput={
            "Name": NAME,
            "StorageDescriptor": {
                "Columns": [{"Name": name, "Type": kind} for name, kind in COLUMNS.items()],
                "Location": f"s3://{BUCKET}/AWSLogs/111122223333/CloudTrail/us-east-1",
            },
            "PartitionKeys": [{"Name": "timestamp", "Type": "string"}],
            "Parameters": {name.replace("__", "."): value for name, value in properties.items()},
        },
    )
    place = {"ResultConfiguration": {"OutputLocation": "s3://results/"}}
    athena.create_work_group(Name="security", Configuration=place)
    sandbox.athena.answers_until_ended = 0
    sandbox.athena.engine = Engine(sandbox, BUCKET, ["timestamp"], tmp_path)
    sandbox.forget_calls()
    return made


class TestWithoutYes:
    """Nothing is run."""

    def test_says_what_it_would_be(self, sandbox: Sandbox, lake: Lake, run: Callable[..., Any]) -> None:
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

    def test_quiet_says_it_as_well(self, lake: Lake, run: Callable[..., Any]) -> None:
        """It changes what the result means."""
        _, _, told = run(*lake.arguments("--since", "170d", "--quiet"))
        assert "nothing was run" in told

    def test_programs_get_nothing(self, lake: Lake, run: Callable[..., Any], tmp_path: Path) -> None:
        """No JSON that is none, and no file; the query is told beside it."""
        file = tmp_path / "history.json"
        code, said, told = run(*lake.arguments("--since", "170d", "--format", "json", "-o", str(file)))
        assert (code, said, file.exists()) == (4, "", False)
        assert "SELECT" in told

    def test_exit_zero_is_asked_for(self, lake: Lake, run: Callable[..., Any]) -> None:
        """As everywhere: in place of 4."""
        assert run(*lake.arguments("--since", "170d", "--exit-zero"))[0] == 0


class TestWithYes:
    """It is run, and proved here."""

    def test_goes_back_further_than_the_event_history(
        self, sandbox: Sandbox, lake: Lake, run: Callable[..., Any]
    ) -> None:
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

    def test_the_key_s_age_bounds_it(self, lake: Lake, run: Callable[..., Any]) -> None:
        """Without --since: nothing before it was made is searched."""
        _, said, told = run(*lake.arguments())
        assert f"from {lake.ago(AGE):%Y-%m-%d}" in told
        assert f"BETWEEN '{lake.ago(AGE):%Y/%m/%d}'" in said

    def test_a_query_that_fails(self, sandbox: Sandbox, lake: Lake, run: Callable[..., Any]) -> None:
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
        self, sandbox: Sandbox, lake: Lake, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
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
    def test_that_do_not(
        self, sandbox: Sandbox, run: Callable[..., Any], tmp_path: Path, options: tuple[str, ...], told: str
    ) -> None:
        """Are a sentence, and nothing is asked of Athena."""
        settings = tmp_path / "settings.json"
        settings.write_text(SETTINGS)
        key = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
        code, said, error = run("history", key, "--parameters", str(settings), *options)
        assert (code, said) == (2, "")
        assert told in error
        assert "athena" not in {call.service for call in sandbox.calls}

    def test_a_table_that_is_not_there(self, lake: Lake, run: Callable[..., Any]) -> None:
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
