"""--verbose tells what is asked of AWS and nothing secret; --quiet what must not be missed alone."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from lzkey import cli
from lzkey.terminal import Loudness, loudness, set_loudness

from ..screens import on_terminal  # noqa: TID252 - tests are no package

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Create, Run

    from lzkey_sandbox import Sandbox

SETTINGS = ("--home-region", "us-east-1", "--management-account-id", "111122223333")
LINE = re.compile(
    r"(?P<action>[a-z0-9]+:[A-Z]\w+) in (?P<region>[a-z0-9-]+)(, account (?P<account>\d{12}))?: "
    r"(?P<outcome>\w+)(, (?P<attempts>\d+) attempts)?, [\d,]+ ms"
)


def calls_of(text: str) -> list[re.Match[str]]:
    """The calls that standard error tells, on which there is nothing else."""
    found = [LINE.fullmatch(line) for line in text.splitlines()]
    assert all(found), text
    return [each for each in found if each]


def asked_of(sandbox: Sandbox) -> Counter[str]:
    """What the sandbox was asked, in the words of IAM."""
    return Counter(f"{call.service}:{call.operation}" for call in sandbox.calls)


class TestVerbose:
    """A line a call."""

    @pytest.mark.parametrize("command", ["check", "explain", "fix"])
    def test_every_call_is_told(self, run: Run, live: Sandbox, create: Create, command: str) -> None:
        """As the sandbox counts them, with Region and account; the result is what it is without."""
        arn = create("missing")
        target = ("--key", arn) if command == "check" else (arn,)
        usual = run(command, *target, *SETTINGS)
        live.forget_calls()
        ended = run(command, *target, *SETTINGS, "--verbose")
        told = calls_of(ended.err)
        assert Counter(each["action"] for each in told) == asked_of(live)
        assert {each["region"] for each in told} == {"us-east-1"}
        assert {each["account"] for each in told if not each["action"].startswith("sts:")} == {"111122223333"}
        assert {each["outcome"] for each in told} == {"ok"}
        assert (usual.code, usual.err) == (ended.code, "")
        assert re.sub(r"T[\d:]+Z|\b1\d{9}\b", "", usual.out) == re.sub(r"T[\d:]+Z|\b1\d{9}\b", "", ended.out)

    def test_a_call_that_was_tried_again(self, run: Run, live: Sandbox, create: Create) -> None:
        """Is one line, with its attempts."""
        arn = create()
        live.fail_next("kms", "GetKeyPolicy", "ThrottlingException")
        told = calls_of(run("check", "--key", arn, *SETTINGS, "-v").err)
        assert {each["action"]: each["attempts"] for each in told if each["attempts"]} == {
            "kms:GetKeyPolicy": "2"
        }
        assert {each["outcome"] for each in told} == {"ok"}

    def test_a_call_that_is_refused(self, run: Run, live: Sandbox, create: Create) -> None:
        """Is told with AWS's code, and not with its words."""
        arn = create()
        live.fail_next("kms", "GetKeyPolicy", "AccessDeniedException")
        lines = run("check", "--key", arn, *SETTINGS, "-v").err.splitlines()
        told = [each for each in map(LINE.fullmatch, lines) if each]
        assert {each["action"] for each in told if each["outcome"] == "AccessDeniedException"} == {
            "kms:GetKeyPolicy"
        }

    def test_a_call_that_is_not_answered(self, run: Run, live: Sandbox, create: Create) -> None:
        """Is told with what came in place of an answer."""
        arn = create()
        os.environ["AWS_ENDPOINT_URL_KMS"] = "http://127.0.0.1:9"
        try:
            ended = run("check", "--key", arn, *SETTINGS, "-v")
        finally:
            del os.environ["AWS_ENDPOINT_URL_KMS"]
        assert ended.code != 0
        assert re.search(r"kms:\w+ in us-east-1, account 111122223333: EndpointConnectionError, ", ended.err)
        assert live.calls

    def test_nothing_secret_is_told(self, run: Run, live: Sandbox, create: Create, tmp_path: Path) -> None:
        """No credentials, arguments and answers: neither the policy that is read nor the one that is put."""
        arn = create("missing")
        said = run("fix", arn, *SETTINGS, "-v", "--apply", "--yes", "--backup", str(tmp_path)).err
        told = "\n".join(line for line in said.splitlines() if LINE.fullmatch(line))
        assert "kms:PutKeyPolicy in us-east-1, account 111122223333: ok, " in told
        secrets = [value for name, value in live.environment.items() if "KEY" in name or "TOKEN" in name]
        assert secrets
        assert [secret for secret in secrets if secret in told] == []
        assert arn.rpartition("/")[2] not in told
        assert "Statement" not in told

    def test_a_role_of_a_profile_is_asked_for_too(
        self, run: Run, live: Sandbox, create: Create, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whoever waits for credentials sees for what."""
        arn = create()
        role = live.client("iam").create_role(
            RoleName="reader",
            AssumeRolePolicyDocument=json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": {
                        "Effect": "Allow",
                        "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
                        "Action": "sts:AssumeRole",
                    },
                }
            ),
        )["Role"]["Arn"]
        profile = (
            f"[profile reader]\nrole_arn = {role}\ncredential_source = Environment\nregion = us-east-1\n"
        )
        (tmp_path / "config").write_text(profile)
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
        ended = run("check", "--key", arn, *SETTINGS, "--profile", "reader", "-v")
        live.client("iam").delete_role(RoleName="reader")
        assert "sts:AssumeRole" in [each["action"] for each in calls_of(ended.err)]

    def test_without_it_nothing_is_told(self, run: Run, create: Create) -> None:
        """The twin, also after a command that was verbose."""
        arn = create()
        assert run("check", "--key", arn, *SETTINGS, "-v").err
        assert run("check", "--key", arn, *SETTINGS).err == ""

    def test_a_file_asks_nothing(self, run: Run, sources: Path) -> None:
        """And the option is understood."""
        assert sources.is_dir()
        assert run("check", "policies", *SETTINGS, "--verbose").err == ""


class TestQuiet:
    """Silence, but for what must not be missed."""

    @pytest.mark.parametrize(("option", "shown"), [((), True), (("--quiet",), False), (("-q",), False)])
    @pytest.mark.usefixtures("sources")
    def test_no_progress(self, option: tuple[str, ...], *, shown: bool) -> None:
        """On a terminal on which it would be seen."""
        words = ("-m", "lzkey", "check", "policies", *SETTINGS, "--format", "json", *option)
        script = "import subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)"
        screen = on_terminal(80, "-c", script, sys.executable, *words)
        assert ("keys" in screen.text) is shown

    @pytest.mark.parametrize("option", ["--quiet", "-q"])
    def test_what_cannot_be_read_is_told(self, run: Run, sources: Path, option: str) -> None:
        """It changes what the result means; so does it that nothing was found."""
        (sources / "empty").mkdir()
        assert "cut off" in run("explain", "cut-off.json", *SETTINGS, option).err
        assert "no KMS key was found" in run("check", "empty", *SETTINGS, "--format", "json", option).err

    def test_errors_are_told(self, run: Run) -> None:
        """Always."""
        ended = run("check", "policy.json", "-q")
        assert ended.code == 2
        assert ended.err.startswith("error: HomeRegion")

    def test_what_is_waited_for_is_not(self, capsys: pytest.CaptureFixture[str]) -> None:
        """The library's own warnings of that kind are progress; the twin tells them."""
        log = logging.getLogger("lzkey.aws.silence")

        def said(*options: str) -> str:
            def command(*_: object, **__: object) -> None:
                log.warning("waiting for kms:ListKeys in us-east-1")

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("lzkey.cli.doctor.examine", command)
                with pytest.raises(AttributeError):
                    cli.main(["doctor", "prod", *options])
            return capsys.readouterr().err

        assert said() == "waiting for kms:ListKeys in us-east-1\n"
        assert said("-q") == ""

    def test_the_result_is_the_same(self, run: Run, sources: Path) -> None:
        """Standard output has nothing less."""
        assert sources.is_dir()
        assert run("check", ".", *SETTINGS, "-q") == run("check", ".", *SETTINGS)


class TestEverywhere:
    """Before the command and after it, of each."""

    @pytest.mark.parametrize("words", [("-q", "{}"), ("{}", "-q"), ("--verbose", "{}"), ("{}", "--verbose")])
    @pytest.mark.parametrize("command", cli.COMMANDS)
    def test_is_understood(self, run: Run, words: tuple[str, ...], command: str) -> None:
        """And told of in its help."""
        ended = run(*(word.format(command) for word in words), "--help")
        assert (ended.code, ended.err) == (0, "")
        assert "--quiet" in ended.out
        assert "--verbose" in ended.out

    @pytest.mark.parametrize("words", [("check", "-q", "-v"), ("-q", "check", "-v"), ("-v", "check", "-q")])
    def test_not_both(self, run: Run, words: tuple[str, ...]) -> None:
        """They ask for opposite things."""
        ended = run(*words, "policy.json")
        assert (ended.code, ended.out) == (2, "")
        assert "give one of them" in ended.err

    @pytest.mark.parametrize("option", ["-q", "-v"])
    def test_alone_they_are_no_command(self, run: Run, option: str) -> None:
        """Help is shown, and nobody takes that for success."""
        ended = run(option)
        assert ended.code == 2
        assert ended.out.startswith("Usage: lzkey [OPTIONS] COMMAND")

    def test_completion_offers_them(self) -> None:
        """As every option."""
        environment = {
            **os.environ,
            "COMP_WORDS": "lzkey check --ver",
            "COMP_CWORD": "2",
            "_LZKEY_COMPLETE": "complete_bash",
        }
        said = subprocess.run(
            [sys.executable, "-m", "lzkey"], env=environment, capture_output=True, text=True, check=True
        )
        assert said.stdout.split() == ["--verbose"]

    @pytest.mark.parametrize("level", [logging.NOTSET, logging.INFO, logging.CRITICAL, 1])
    def test_whatever_level_the_log_has(self, level: int) -> None:
        """One of the three."""
        log = logging.getLogger("lzkey")
        before = log.level
        try:
            log.setLevel(level)
            assert loudness() in Loudness
            for wanted in Loudness:
                set_loudness(wanted)
                assert loudness() is wanted
        finally:
            log.setLevel(before)
