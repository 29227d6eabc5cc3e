"""action.yml: each step as GitHub Actions runs it, with what a caller gives in the environment alone."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from .offline import OFFLINE

ROOT: Final = Path(__file__).parents[2]
ACTION: Final[dict[str, Any]] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS: Final[dict[str, dict[str, Any]]] = {step["name"]: step for step in ACTION["runs"]["steps"]}
WORKFLOW: Final = (ROOT / "docs/check-in-ci.md").read_text(encoding="utf-8")
LANDING_ZONE: Final = {"home-region": "us-east-1", "management-account-id": "111122223333"}

_INPUT: Final = re.compile(r"\$\{\{ inputs\.([a-z-]+) \}\}")


@dataclass(frozen=True)
class Job:
    """A job's folders, and the files in which its steps tell something."""

    folder: Path

    @property
    def checkout(self) -> Path:
        """Where steps begin."""
        return self.folder / "checkout"

    def run(self, name: str, given: dict[str, str], **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a step, as `shell: bash` says, with inputs; those that are not given have their defaults."""
        inputs = {name: each["default"] for name, each in ACTION["inputs"].items()} | given
        environ = {
            name: _INPUT.sub(lambda found: inputs[found[1]], value)
            for name, value in STEPS[name].get("env", {}).items()
        }
        (self.folder / "step.sh").write_text(STEPS[name]["run"])
        return subprocess.run(
            ["/bin/bash", "--noprofile", "--norc", "-eo", "pipefail", str(self.folder / "step.sh")],
            cwd=self.checkout,
            env={**self._environ(), **environ, **variables},
            capture_output=True,
            text=True,
            check=False,
        )

    def told(self, name: str) -> str:
        """What stands in one of the job's files; nothing where it is not there."""
        file = self.folder / name
        return file.read_text() if file.exists() else ""

    @property
    def outputs(self) -> dict[str, str]:
        """What the last step has put out."""
        return dict(line.split("=", 1) for line in self.told("output").splitlines())

    def _environ(self) -> dict[str, str]:
        """What the runner sets."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("LZKEY")}
        return {
            **inherited,
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_ACTIONS": "true",
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            "RUNNER_TEMP": str(self.folder),
        }


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A checkout with the templates, and lzkey installed: that of these tests."""
    shutil.copytree(ROOT / "deploy", tmp_path / "checkout/deploy")
    (tmp_path / "lzkey/bin").mkdir(parents=True)
    program = tmp_path / "lzkey/bin/lzkey"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m lzkey "$@"\n')
    program.chmod(0o755)
    return Job(tmp_path)


def put_policy(job: Job, name: str = "policy.json") -> None:
    """Add a key policy that refuses both services."""
    statement = {
        "Sid": "Root",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    (job.checkout / name).write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


class TestAction:
    """What GitHub reads of it."""

    def test_no_command_is_put_together(self) -> None:
        """From what GitHub would fill in; every input reaches a command by its environment."""
        assert [name for name, step in STEPS.items() if "${{" in step["run"]] == []
        values = [value for step in STEPS.values() for value in step.get("env", {}).values()]
        assert sorted(_INPUT.fullmatch(value)[1] for value in values) == sorted(ACTION["inputs"])  # type: ignore[index]

    def test_each_step_says_its_shell(self) -> None:
        """A composite action must."""
        assert ACTION["runs"]["using"] == "composite"
        assert {step["shell"] for step in STEPS.values()} == {"bash"}

    def test_each_output_is_one_of_a_step(self) -> None:
        """Which writes it."""
        (step,) = (step for step in STEPS.values() if step.get("id") == "check")
        for name, output in ACTION["outputs"].items():
            assert output["value"] == f"${{{{ steps.check.outputs.{name} }}}}"
            assert f"{name}=$" in step["run"]


class TestInstall:
    """Its own checkout, in an environment of its own."""

    def test_lzkey_is_there(self, tmp_path: Path) -> None:
        """Without an index: what it needs, and what builds it, is that of these tests."""
        (tmp_path / "checkout").mkdir()
        job = Job(tmp_path)
        done = job.run("Install lzkey", {}, **OFFLINE)
        assert done.returncode == 0, done.stderr
        asked = [tmp_path / "lzkey/bin/lzkey", "--version"]
        environ = {**os.environ, "PYTHONPATH": OFFLINE["PYTHONPATH"]}
        told = subprocess.run(asked, env=environ, capture_output=True, text=True, check=True)
        assert told.stdout.startswith("lzkey ")
        assert list((tmp_path / "lzkey/lib").glob("python*/site-packages/lzkey/__init__.py")) != []

    def test_nothing_of_the_checkout_runs(self, job: Job) -> None:
        """Whatever its files are called."""
        for name in ("venv.py", "ensurepip.py", "pip.py"):
            (job.checkout / name).write_text("open('made', 'w')")
        job.run("Install lzkey", {}, **OFFLINE)
        assert not (job.checkout / "made").exists()


class TestCheck:
    """Of a checkout."""

    def test_passes(self, job: Job) -> None:
        """With a summary for people and a file for code scanning, beside the checkout."""
        done = job.run("Check", LANDING_ZONE)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("COMPLIANT")
        assert "COMPLIANT" in job.told("summary")
        assert job.outputs == {"exit-code": "0", "sarif": str(job.folder / "lzkey.sarif")}
        assert json.loads(job.told("lzkey.sarif"))["version"] == "2.1.0"

    def test_passes_with_what_the_page_gives(self, job: Job) -> None:
        """The workflow that a reader pastes."""
        (text,) = re.findall(r"^        with:\n((?:          .*\n)+)", WORKFLOW, re.MULTILINE)
        done = job.run("Check", yaml.safe_load(text))
        assert (done.returncode, job.outputs["exit-code"]) == (0, "0")

    def test_fails(self, job: Job) -> None:
        """With the same files, and the code of `lzkey check`."""
        put_policy(job)
        done = job.run("Check", LANDING_ZONE)
        assert (done.returncode, job.outputs["exit-code"]) == (3, "3")
        assert "NON_COMPLIANT" in job.told("summary")
        assert json.loads(job.told("lzkey.sarif"))["runs"][0]["results"] != []

    def test_a_wrong_usage_leaves_no_file_of_another_step(self, job: Job) -> None:
        """Nobody uploads what an earlier check has found."""
        assert job.run("Check", LANDING_ZONE).returncode == 0
        (job.folder / "output").unlink()
        done = job.run("Check", {"home-region": "us-east-1"})
        assert (done.returncode, job.outputs) == (2, {"exit-code": "2"})
        assert "ManagementAccountId" in done.stderr
        assert job.told("lzkey.sarif") == ""

    def test_lines_are_words(self, job: Job) -> None:
        """Sources, patterns and arguments; spaces are no ends of any, and a source is never an option."""
        for name in ("a policy.json", "--exit-zero"):
            put_policy(job, name)
        given = {**LANDING_ZONE, "sources": "a policy.json\n--exit-zero\n\n", "args": "--only\ncompliant\n"}
        done = job.run("Check", given)
        assert done.returncode == 3
        assert "2 NON_COMPLIANT" in done.stdout
        assert job.run("Check", {**LANDING_ZONE, "ignore": "a *\n--exit-zero"}).returncode == 0

    def test_variables_of_the_job_count(self, job: Job) -> None:
        """An input that is not given takes nothing away."""
        variables = {"LZKEY_HOME_REGION": "us-east-1", "LZKEY_MANAGEMENT_ACCOUNT_ID": "111122223333"}
        assert job.run("Check", {}, **variables).returncode == 0

    def test_nothing_that_is_given_is_a_command(self, job: Job) -> None:
        """Whoever may choose a folder's name may not choose what runs."""
        for evil in ("$(touch made)", "`touch made`", '"; touch made; "', "*; touch made"):
            given = dict.fromkeys(ACTION["inputs"], evil)
            assert job.run("Check", given).returncode == 2
            assert not (job.checkout / "made").exists()
