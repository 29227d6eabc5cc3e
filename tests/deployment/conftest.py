"""A project in miniature: the real parameters files and rdklib, and a rule that a test may change."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lzkey.aws.account import Asker, Manner
from lzkey.deployment.target import Target
from lzkey_sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import boto3

ROOT = Path(__file__).parents[2]
RULE = "CONTROL_TOWER_KMS_KEY"

_ADAPTER = """
import boto3
from landing_zone_key import answer
from rdklib import ConfigRule, Evaluator

import helper


def lambda_handler(event, context):
    return None
"""


def target_at(session: boto3.Session, account: str, region: str) -> Target:
    """What a command works on, with this session to get there."""
    return Target(Asker(session, account, region, Manner()), None, "aws")


@dataclass(frozen=True)
class Project:
    """A directory that `build` and `deploy` can work in."""

    root: Path

    @property
    def rule(self) -> Path:
        """The rule's directory."""
        return self.root / "rules" / RULE

    def parameters(self, name: str = "example", **changes: Any) -> str:
        """Write parameters/NAME.json: the example with fields changed, added, or (None) removed.

        KeyScope is all, for which the role that rdk creates is enough.
        """
        document = json.loads((ROOT / "parameters/example.json").read_text())
        for field, value in {"KeyScope": "all", **changes}.items():
            part = document["ruleParameters" if field[0].isupper() else "deployment"]
            part.pop(field, None)
            if value is not None:
                part[field] = value
        return self.text(json.dumps(document), name)

    def text(self, text: str, name: str = "example") -> str:
        """Write parameters/NAME.json as it is given, and return the name."""
        (self.root / "parameters" / f"{name}.json").write_text(text)
        return name

    def source(self, name: str, text: str) -> Path:
        """Write a file of the rule."""
        path = self.rule / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project whose example builds, and can be deployed without a role of its own."""
    root = tmp_path / "project"
    shutil.copytree(ROOT / "parameters", root / "parameters")
    made = Project(root)
    made.parameters()
    made.source(f"{RULE}.py", _ADAPTER)
    made.source("helper.py", "")
    made.source("landing_zone_key/__init__.py", "from landing_zone_key.policy import answer\n")
    made.source("landing_zone_key/policy/__init__.py", "answer = 42\n")
    return made


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """AWS on this machine, and an environment that sees nothing else."""
    with Sandbox() as made:
        sign_in(monkeypatch, made.environment)
        make_code_bucket(made, made.account)
        yield made


def sign_in(monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, str]) -> None:
    """Let this process, and rdk, see what the environment names and nothing else."""
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


def make_code_bucket(sandbox: Sandbox, account: str) -> None:
    """Create the bucket that rdk expects."""
    bucket = f"config-rule-code-bucket-{account}-{sandbox.region}"
    sandbox.client("s3", account=account).create_bucket(Bucket=bucket)
