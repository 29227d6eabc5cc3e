"""`lzkey doctor` as it is typed: the screen, the JSON, exit codes, and the permissions that it needs."""

from __future__ import annotations

import json
import os
import re
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from lzkey import cli
from lzkey.doctor import EXPECTATIONS, Status, examine, iam_policy
from lzkey.documents import schema_of
from lzkey.workplace import Workplace
from lzkey_sandbox import LandingZone
from lzkey_sandbox.cloudtrail import TrailState
from lzkey_sandbox.config.deliveries import ChannelState

from .conftest import NAME, fix_deliveries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import Management

Run = tuple[int, str, str]


@pytest.fixture
def run(
    account: Management, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """Run the command over the sandbox's account; returns exit code, standard output and standard error.

    It is always the same moment, so that what it says of an account does not change while a test runs.
    """
    now = datetime.now(UTC)
    monkeypatch.setattr("lzkey.cli.doctor.examine", partial(examine, now=now))
    fix_deliveries(account.sandbox, now)
    monkeypatch.setattr("lzkey.cli.doctor.here", lambda: Workplace.in_checkout(account.root))
    monkeypatch.setenv("COLUMNS", "200")

    def ran(*arguments: str) -> Run:
        code = cli.main(["doctor", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    yield ran
    account.sandbox.trail = TrailState()
    account.sandbox.tell_deliveries(ChannelState())


@contextmanager
def manifest_key(account: Management, key: str) -> Iterator[None]:
    """The manifest names something else."""
    before = account.sandbox.landing_zone
    account.sandbox.landing_zone = LandingZone.with_key(key, "4.0")
    yield
    account.sandbox.landing_zone = before


class TestScreen:
    """One line for each thing."""

    def test_healthy(self, run: Any) -> None:
        """All lines are OK, and the verdict says so."""
        code, out, err = run(NAME)
        assert (code, err) == (0, "")
        assert out.startswith("parameters/prod.json, account 111122223333, us-east-1\n")
        lines = [line for line in out.splitlines() if line.lstrip().startswith("OK ")]
        assert len(lines) == 20
        assert "everything that can be seen is as it must be (6 do not apply)" in out

    def test_problem(self, account: Management, run: Any) -> None:
        """The line, its fix, the verdict, and exit code 3."""
        config = account.client("config")
        config.stop_configuration_recorder(ConfigurationRecorderName="default")
        code, out, err = run(NAME)
        config.start_configuration_recorder(ConfigurationRecorderName="default")
        assert (code, err) == (3, "")
        assert "PROBLEM  recorder  " in out
        assert "fix: start it: aws configservice start-configuration-recorder" in out
        assert "do not trust the rule's results" in out

    def test_a_file_is_named_as_it_was_given(self, account: Management, run: Any) -> None:
        """Wherever it is: as what was read, and as what is to be deployed again."""
        document = json.loads((account.root / f"parameters/{NAME}.json").read_text())
        document["ruleParameters"]["PermissionStandard"] = "functional"
        file = account.root / "other files/mine.json"
        file.parent.mkdir()
        file.write_text(json.dumps(document))
        code, out, _ = run("other files/mine.json")
        assert code == 3
        assert out.startswith("other files/mine.json, account 111122223333, us-east-1\n")
        assert "fix: deploy again: lzkey deploy 'other files/mine.json'\n" in out

    def test_tells_what_it_asks(self, account: Management, run: Any) -> None:
        """With --verbose, on standard error alone: as many lines as there are calls of its own."""
        usual = run(NAME)
        account.sandbox.forget_calls()
        code, out, err = run(NAME, "--verbose")
        assert (code, out, "") == usual
        lines = re.findall(r"^[a-z0-9]+:\w+ in us-east-1(?:, account 111122223333)?: \w+", err, re.MULTILINE)
        assert len(lines) == len(err.splitlines()) == len(account.sandbox.calls)

    def test_unknown(self, account: Management, run: Any) -> None:
        """Exit code 4."""
        account.sandbox.fail_next("lambda", "GetPolicy", "AccessDeniedException")
        code, out, _ = run(NAME)
        assert code == 4
        assert "account 111122223333 refused lambda:GetPolicy" in out
        assert "not everything can be seen" in out

    def test_aws_cannot_paint_the_terminal(self, account: Management, run: Any) -> None:
        """What a manifest says goes through as text, on one line, and not without end."""
        with manifest_key(account, f"\x1b[2J[bold]\r\n{'x' * 5000}:alias/\u202e"):
            code, out, _ = run(NAME)
        assert code == 4
        assert "?[2J[bold]" in out
        assert not {"\x1b", "\r", "\u202e"} & set(out)
        assert len(out) < 10_000

    def test_an_answer_that_nobody_foresaw(self, account: Management, run: Any) -> None:
        """One line is unknown; the others are there, and there is no traceback."""
        with manifest_key(account, "arn:key/"):
            code, out, err = run(NAME)
        assert (code, err) == (4, "")
        assert "not understood" in out
        assert "succeeded " in out


class TestJson:
    """Version 1, for programs."""

    def test_shape(self, run: Any) -> None:
        """Every check is there, also those that do not apply, with the same members."""
        code, out, _ = run(NAME, "--format", "json")
        told = json.loads(out)
        assert code == 0
        assert {name: told[name] for name in ("schema_version", "name", "account", "region", "status")} == {
            "schema_version": 1,
            "name": NAME,
            "account": "111122223333",
            "region": "us-east-1",
            "status": "ok",
        }
        assert [check["name"] for check in told["checks"]] == [made.name for made in EXPECTATIONS]
        assert {tuple(check) for check in told["checks"]} == {
            ("name", "must_be_true", "status", "detail", "fix")
        }
        assert {check["status"] for check in told["checks"]} == {"ok", "not-applicable"}
        Draft202012Validator(schema_of("doctor")).validate(told)

    def test_says_what_the_screen_says(self, account: Management, run: Any) -> None:
        """The same exit code, the same words."""
        account.sandbox.fail_next("lambda", "GetPolicy", "AccessDeniedException", times=2)
        screen, told = run(NAME), run(NAME, "--format", "json")
        assert screen[0] == told[0] == 4
        document = json.loads(told[1])
        Draft202012Validator(schema_of("doctor")).validate(document)
        (found,) = [check for check in document["checks"] if check["status"] == "unknown"]
        assert found["name"] == "permission"
        assert found["detail"] in screen[1]


class TestPermissions:
    """The least that whoever looks must be allowed."""

    def test_is_printed_without_a_file_or_credentials(
        self, run: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As an IAM policy."""
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            monkeypatch.delenv(name)
        code, out, err = run("--print-iam-policy")
        monkeypatch.undo()
        assert (code, err) == (0, "")
        assert json.loads(out) == iam_policy()

    def test_has_what_was_asked_and_no_more(self, account: Management) -> None:
        """Every call of an examination is allowed; nothing in it can change anything."""
        account.examine()
        called = {f"{call.service}:{call.operation}" for call in account.sandbox.calls}
        allowed = {action for made in iam_policy()["Statement"] for action in made["Action"]}
        assert called - {"sts:GetCallerIdentity", "s3:GetObject"} <= allowed
        reads = ("Describe", "Get", "List", "Lookup", "Select", "BatchGet")
        assert all(action.partition(":")[2].startswith(reads) for action in allowed)

    @pytest.mark.parametrize("partition", ["aws", "aws-us-gov"])
    def test_names_the_function(self, partition: str) -> None:
        """In the partition that is asked for."""
        (functions, rest) = iam_policy(partition)["Statement"]
        name = "RDK-Rule-Function-CONTROLTOWERKMSKEY"
        assert functions["Resource"] == f"arn:{partition}:lambda:*:*:function:{name}"
        assert not any(action.startswith("lambda:") for action in rest["Action"])


class TestMistakes:
    """Where there is nothing to look at."""

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("nonsense",), "there is: example, prod"),
            ((), "Missing argument"),
            ((NAME, "--region", "eu-west-1"), "the landing zone's home Region is us-east-1"),
            ((NAME, "--profile", "nobody"), "aws configure list-profiles"),
        ],
    )
    def test_exit_code_2(self, run: Any, arguments: tuple[str, ...], said: str) -> None:
        """The mistake is named, and nothing is on standard output."""
        code, out, err = run(*arguments)
        assert (code, out) == (2, "")
        assert said in err

    def test_another_account(self, account: Management, run: Any) -> None:
        """Refused, unless it is asked for: then what only the management account sees is unknown."""
        with account.other_parameters(ManagementAccountId="444455556666"):
            refused = run(NAME)
            asked = run(NAME, "--allow-other-account")
        assert refused[0] == 2
        assert "belong to account 111122223333" in refused[2]
        assert asked[0] == 3
        assert "account 111122223333 cannot see it" in asked[1]

    def test_the_help_documents_the_exit_codes(self, run: Any) -> None:
        """All four."""
        out = " ".join(run("--help")[1].split())
        assert all(f" {code} " in out.partition("Exit codes:")[2] for code in ("0", "2", "3", "4"))


class TestOrder:
    """The statuses, as exit codes weigh them."""

    def test_best_first(self) -> None:
        """A problem outweighs what is unknown, and that a warning."""
        assert list(Status)[-3:] == [Status.WARNING, Status.UNKNOWN, Status.PROBLEM]
