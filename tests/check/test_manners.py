"""Help whose examples run, a quick start, completion, the pre-commit hook, and the least permissions."""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from lzkey.aws.actions import operation_of
from lzkey.cli import COMMANDS
from lzkey_sandbox import LandingZone, Sandbox
from lzkey_sandbox.cloudtrail import TrailState

from ..channels import delivery_channel  # noqa: TID252 - tests are no package

if TYPE_CHECKING:
    from conftest import Create, Run

ROOT = Path(__file__).parents[2]
SETTINGS = ("--home-region", "us-east-1", "--management-account-id", "111122223333")
JUDGING = ("check", "explain", "fix")
EXAMPLES = [
    line.removeprefix("$ ")
    for command in JUDGING
    for line in import_module(f"lzkey.cli.{command}").EXIT_CODES.splitlines()
    if line.startswith("$ ")
]
HEAVY = ("boto3", "botocore", "moto", "rdk", "rdklib", "jsonschema", "jinja2")


def plan(policy: str) -> dict[str, Any]:
    """What `terraform show -json` prints of a plan with one key."""
    values = {
        "policy": policy,
        "is_enabled": True,
        "key_usage": "ENCRYPT_DECRYPT",
        "customer_master_key_spec": "SYMMETRIC_DEFAULT",
        "multi_region": False,
    }
    key = {
        "address": "aws_kms_key.logs",
        "mode": "managed",
        "type": "aws_kms_key",
        "name": "logs",
        "values": values,
    }
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": {"resources": [key]}},
    }


@pytest.fixture
def workplace(live: Sandbox, create: Create, sources: Path) -> dict[str, str]:
    """A folder and an account in which every example makes sense; the environment of a shell in it."""
    arn = create("missing")
    live.client("kms").create_alias(AliasName="alias/landing-zone", TargetKeyId=arn)
    live.landing_zone = LandingZone.with_key(arn)
    missing = (sources / "policies/missing.json").read_text()
    (sources / "policy.json").write_text(missing)
    (sources / "plan.json").write_text(json.dumps(plan(missing)))
    (sources / "parameters").mkdir()
    given = {"HomeRegion": "us-east-1", "ManagementAccountId": "111122223333"}
    (sources / "parameters/prod.json").write_text(json.dumps({"ruleParameters": given}))
    credentials = "".join(
        f"{name.lower()} = {live.environment[name]}\n"
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    )
    (sources / "waivers.yaml").write_text("version: 1\nwaivers: []\n")
    (sources / "config").write_text(f"[profile management]\nregion = us-east-1\n{credentials}")
    tools = sources / "tools"
    tools.mkdir()
    self = f"{shlex.quote(sys.executable)} -m lzkey"
    for name, does in (("lzkey", f'exec {self} "$@"'), ("terraform", "exec cat plan.json")):
        (tools / name).write_text(f"#!/bin/sh\n{does}\n")
        (tools / name).chmod(0o755)
    return {
        **live.environment,
        "AWS_CONFIG_FILE": str(sources / "config"),
        "LZKEY_HOME_REGION": "us-east-1",
        "LZKEY_MANAGEMENT_ACCOUNT_ID": "111122223333",
        "PATH": f"{tools}{os.pathsep}{os.defpath}",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "rules/CONTROL_TOWER_KMS_KEY")]),
    }


class TestHelp:
    """Of each command."""

    @pytest.mark.parametrize("example", EXAMPLES)
    def test_every_example_runs(self, example: str, workplace: dict[str, str], sources: Path) -> None:
        """As typed, on a terminal on which somebody says yes."""
        ours, theirs = pty.openpty()
        os.write(ours, b"y\n")
        ended = subprocess.run(
            ["/bin/sh", "-c", example],
            cwd=sources,
            env=workplace,
            stdin=theirs,
            capture_output=True,
            text=True,
            check=False,
        )
        os.close(ours)
        os.close(theirs)
        assert "error" not in ended.stderr.lower()
        assert ended.returncode in (0, 3, 4), ended.stderr
        assert ended.stdout

    @pytest.mark.parametrize("command", JUDGING)
    def test_examples_and_exit_codes_are_shown(
        self, run: Run, command: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One line each, where the terminal is wide enough."""
        monkeypatch.setenv("COLUMNS", "160")
        out = run(command, "--help").out
        mine = [example for example in EXAMPLES if f"lzkey {command} " in example]
        assert len(mine) >= 3
        assert [example for example in mine if f"$ {example}" not in out] == []
        assert "Exit codes: 0 " in out

    def test_first_page_names_every_command(self, run: Run) -> None:
        """Without a missing one."""
        out = run("--help").out
        assert [command for command in COMMANDS if f" {command} " not in out] == []

    def test_a_slip_is_met_with_a_suggestion(self, run: Run) -> None:
        """The commands are imported when they run, and known before."""
        ended = run("chekc")
        assert ended.code == 2
        assert "Did you mean 'check'?" in ended.err


class TestQuickStart:
    """A hook before every commit must not be felt."""

    def modules(self, *arguments: str) -> set[str]:
        """Which of the heavy modules a command has imported."""
        script = f"""
import sys
from lzkey.cli import main
code = main({list(arguments)!r})
print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
"""
        said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        return set(re.findall(r"'(\w+)'", said.stderr.splitlines()[-1]))

    @pytest.mark.parametrize(
        "arguments",
        [
            ("check", "policies", "template.yaml"),
            ("check", "policies", "--parameters", "example", "--format", "sarif"),
            ("explain", "policies/denied.json"),
            ("fix", "policies/denied.json", "--format", "cloudformation"),
        ],
    )
    def test_files_need_no_aws(self, sources: Path, arguments: tuple[str, ...]) -> None:
        """Nor anything else that takes its time."""
        assert sources.is_dir()
        assert self.modules(*arguments, *SETTINGS) == set()

    def test_a_live_key_does(self, sources: Path) -> None:
        """The twin: the same command on a key."""
        assert sources.is_dir()
        assert "boto3" in self.modules("explain", "alias/logs", *SETTINGS)


class TestTerminal:
    """Colour and progress are for people who look on."""

    def seen(self, stream: str, *arguments: str, **variables: str) -> tuple[str, str]:
        """What a terminal in place of one stream gets, and what the other stream gets."""
        ours, theirs = pty.openpty()
        other = {"stdout": "stderr", "stderr": "stdout"}[stream]
        streams: dict[str, Any] = {stream: theirs, other: subprocess.PIPE}
        environment = {**os.environ, "TERM": "xterm-256color", **variables}
        words = [sys.executable, "-m", "lzkey", *arguments, *SETTINGS]
        ended = subprocess.run(words, env=environment, check=False, **streams)
        os.close(theirs)
        got = os.read(ours, 1 << 16).decode()
        os.close(ours)
        return got, getattr(ended, other).decode()

    @pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
    @pytest.mark.usefixtures("sources")
    def test_colour(self, variables: dict[str, str], *, coloured: bool) -> None:
        """On a terminal, unless NO_COLOR asks for none."""
        shown, _ = self.seen("stdout", "check", "policies/documented.json", **variables)
        assert ("\x1b[1;32mCOMPLIANT" in shown) is coloured
        assert "COMPLIANT" in shown

    @pytest.mark.usefixtures("sources")
    def test_progress_goes_beside_the_results(self) -> None:
        """On standard error, and is gone at the end; a program that reads the results sees none of it."""
        shown, result = self.seen("stderr", "check", "policies/documented.json", "--format", "json")
        assert "1 keys" in shown
        assert json.loads(result)["exit_code"] == 0


class TestCompletion:
    """Of typer, for the shells."""

    @pytest.mark.parametrize(
        ("typed", "offered"), [("lzkey ch", {"check"}), ("lzkey check --home", {"--home-region"})]
    )
    def test_bash(self, typed: str, offered: set[str]) -> None:
        """Commands and options."""
        environment = {
            **os.environ,
            "COMP_WORDS": typed,
            "COMP_CWORD": str(len(typed.split()) - 1),
            "_LZKEY_COMPLETE": "complete_bash",
        }
        said = subprocess.run(
            [sys.executable, "-m", "lzkey"], env=environment, capture_output=True, text=True, check=True
        )
        assert set(said.stdout.split()) == offered


class TestHook:
    """.pre-commit-hooks.yaml."""

    @pytest.mark.parametrize(
        ("files", "code"),
        [
            (["package.json"], 0),
            (["policies/documented.json", "package.json"], 0),
            (["policies/denied.json", "package.json"], 3),
            (["template.yaml"], 4),
        ],
    )
    def test_entry(self, run: Run, sources: Path, files: list[str], code: int) -> None:
        """The hook is given every changed file, and minds those that hold keys."""
        assert sources.is_dir()
        (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
        assert (hook["id"], hook["language"]) == ("lzkey-check", "python")
        names = {
            "a.json": True,
            "a.yml": True,
            "a.yaml": True,
            "a.template": True,
            "a.tf": False,
            "a.jsonl": False,
        }
        assert {name: bool(re.search(hook["files"], name)) for name in names} == names
        command, *arguments = shlex.split(hook["entry"])
        assert command == "lzkey"
        assert run(*arguments, *SETTINGS, *files).code == code


class TestPermissions:
    """--print-iam-policy."""

    @pytest.mark.parametrize(
        ("command", "steps"),
        [
            (
                "check",
                [
                    ("check", "--discover"),
                    ("check", "--discover", "--landing-zone"),
                    ("check", "--key", "KEY", *SETTINGS),
                    ("check", "s3://logs/", *SETTINGS),
                    ("check", "--key", "KEY", *SETTINGS, "--evidence", "pack", "--sign", "SIGNER"),
                ],
            ),
            ("explain", [("explain", "KEY", "--discover", "--live")]),
            ("fix", [("fix", "KEY", "--discover", "--apply", "--yes")]),
        ],
    )
    @pytest.mark.usefixtures("sources")
    def test_is_all_that_the_command_does(
        self, run: Run, live: Sandbox, create: Create, command: str, steps: list[tuple[str, ...]]
    ) -> None:
        """No call that it makes is missing, and none is there that it does not make."""
        ended = run(command, "--print-iam-policy")
        assert ended.code == 0
        statements = json.loads(ended.out)["Statement"]
        actions = {action for statement in statements for action in statement["Action"]}
        allowed = {f"{action.partition(':')[0]}:{operation_of(action)}" for action in actions}
        objects = live.client("s3")
        objects.create_bucket(Bucket="logs")
        objects.put_object(Bucket="logs", Key="one", Body=b"")
        tagged = {"Bool": {"aws:SecureTransport": "false"}, "StringEquals": {"aws:ResourceTag/env": "x"}}
        arn = create(
            {
                "Version": "2012-10-17",
                "Statement": {
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "kms:*",
                    "Resource": "*",
                    "Condition": tagged,
                },
            }
        )
        signer = create("documented", KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
        live.landing_zone = LandingZone.with_key(arn)
        live.trail = TrailState(error="AccessDenied")  # since when that counts is asked, too
        with delivery_channel(live, arn):
            for step in steps:
                run(*[{"KEY": arn, "SIGNER": signer}.get(word, word) for word in step])
            made = {f"{call.service}:{call.operation}" for call in live.calls} - {"sts:GetCallerIdentity"}
        live.trail = TrailState()
        objects.delete_object(Bucket="logs", Key="one")
        objects.delete_bucket(Bucket="logs")
        assert made == allowed

    def test_writing_is_allowed_with_the_lockout_check_alone(self, run: Run) -> None:
        """As --apply does it."""
        document = json.loads(run("fix", "--print-iam-policy").out)
        (writing,) = [each for each in document["Statement"] if "kms:PutKeyPolicy" in each["Action"]]
        assert writing["Condition"] == {"Bool": {"kms:BypassPolicyLockoutSafetyCheck": "false"}}
        reading = json.loads(run("check", "--print-iam-policy").out)
        assert "kms:PutKeyPolicy" not in json.dumps(reading)
