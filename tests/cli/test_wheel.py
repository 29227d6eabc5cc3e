"""The wheel is whole: everything works from an empty folder, without a checkout."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from lzkey.deployment.build import build
from lzkey.workplace import Workplace, shipped
from lzkey_sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT: Final = Path(__file__).parents[2]
PROJECT: Final[Mapping[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

USERS: Final = """
from landing_zone_key import Assessment, KmsKey, LandingZone, annotate, assess, repair
from lzkey.workplace import here

zone = LandingZone.from_rule_parameters({"HomeRegion": "us-east-1", "ManagementAccountId": "111122223333"})


def told(described: dict[str, object], policy: str) -> str:
    key = KmsKey.from_describe_key(described).with_policy(policy)
    assessment: Assessment = assess(key, zone)
    for finding in assessment.findings:
        print(finding.requirement.value, finding.anchor, finding.certainty)
    print(repair(key, zone).changes, assessment.to_dict()["compliance"], here().names())
    return annotate(assessment)
"""


#: What would tell the installed program of the checkout, or of settings of its own.
_OURS: Final = ("PYTHON", "LZKEY")


@dataclass(frozen=True)
class Installed:
    """The wheel, and an environment that has it and what it needs; no checkout is on its path."""

    wheel: Path
    python: Path

    def run(self, *command: str, cwd: Path, ends_with: int = 0, **variables: str) -> str:
        """What a command prints, which must end as is said."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        environ = {**inherited, **variables, "COLUMNS": "200"}
        environ["PATH"] = f"{self.python.parent}{os.pathsep}{environ['PATH']}"
        program = self.python.with_name(command[0])  # no other of that name, wherever it is
        done = subprocess.run(
            [program, *command[1:]], cwd=cwd, env=environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == ends_with, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Build it as pip would, and install it beside the libraries of this environment."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    made = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(made, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "environment", with_pip=False)
    python = folder / "environment/bin/python"
    subprocess.run(
        [*pip, "--python", str(python), "install", "--no-deps", "--no-index", str(wheel)],
        check=True,
        capture_output=True,
    )
    (site,) = (folder / "environment/lib").glob("python*/site-packages")
    # A path in a .pth file is one where no further .pth is read: this environment's editable install is not.
    (site / "libraries.pth").write_text(sysconfig.get_paths()["purelib"])
    # What rdk itself is started by stands beside Python, as where all of it is installed.
    python.with_name("rdk").symlink_to(Path(sys.executable).with_name("rdk"))
    return Installed(wheel, python)


class TestContents:
    """What is in it."""

    def test_has_all_that_is_shipped(self, installed: Installed) -> None:
        """Byte for byte as the checkout has it, and nobody's own parameters."""
        ours = shipped()
        expected = {
            **{f"rule/{path.name}": path for path in ours.rule.glob("*.py") if "_test" not in path.name},
            **{f"deploy/{path.name}": path for path in ours.templates.iterdir()},
            **{f"parameters/{name}": ours.parameters / name for name in ("example.json", "schema.json")},
        }
        with zipfile.ZipFile(installed.wheel) as wheel:
            names = [name for name in wheel.namelist() if name.startswith("lzkey/shipped/")]
            found = {name.removeprefix("lzkey/shipped/"): wheel.read(name) for name in names}
        assert found == {name: path.read_bytes() for name, path in expected.items()}

    def test_is_typed(self, installed: Installed) -> None:
        """Each package says so, as the classifier does."""
        with zipfile.ZipFile(installed.wheel) as wheel:
            names = set(wheel.namelist())
        assert {f"{name}/py.typed" for name in ("landing_zone_key", "lzkey", "lzkey_sandbox")} <= names
        assert "Typing :: Typed" in PROJECT["classifiers"]

    def test_has_one_version(self, installed: Installed) -> None:
        """In the file's name, the metadata, `--version` and the changelog's first heading."""
        with zipfile.ZipFile(installed.wheel) as wheel:
            (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
            told = HeaderParser().parsestr(wheel.read(name).decode())
        assert told["Version"] == PROJECT["version"] == installed.wheel.name.split("-")[1]
        assert installed.run("lzkey", "--version", cwd=ROOT).strip() == f"lzkey {PROJECT['version']}"
        headings = [line for line in (ROOT / "CHANGELOG.md").read_text().splitlines() if line[:3] == "## "]
        assert headings[0].split()[1].strip("[]") == PROJECT["version"]


class TestUse:
    """What a user does with it, in an empty folder."""

    def test_a_users_code_is_type_checked(self, installed: Installed, tmp_path: Path) -> None:
        """By mypy, strictly, against the installed packages; the twin has a mistake that only types show."""
        (tmp_path / "right.py").write_text(USERS)
        (tmp_path / "wrong.py").write_text(USERS + "\nannotate(zone)\n")
        command = (sys.executable, "-m", "mypy", "--strict", "--python-executable", str(installed.python))
        right, wrong = (
            subprocess.run([*command, name], cwd=tmp_path, capture_output=True, text=True, check=False)
            for name in ("right.py", "wrong.py")
        )
        assert right.returncode == 0, right.stdout
        assert 'Argument 1 to "annotate" has incompatible type "LandingZone"' in wrong.stdout

    def test_init_check_and_build(self, installed: Installed, tmp_path: Path) -> None:
        """The guides' files, a verdict on one of them, and the very package that a checkout builds."""
        known = ("--home-region", "us-east-1", "--management-account-id", "111122223333")
        installed.run("lzkey", "init", "prod", *known, cwd=tmp_path)
        templates = {path.name: path.read_bytes() for path in (tmp_path / "deploy").iterdir()}
        assert templates == {path.name: path.read_bytes() for path in (ROOT / "deploy").iterdir()}
        checked = installed.run(
            *("lzkey", "check", "deploy/landing-zone-key.yaml", "--parameters", "prod"), cwd=tmp_path
        )
        assert checked.startswith("COMPLIANT")
        built = json.loads(installed.run("lzkey", "build", "prod", "--format", "json", cwd=tmp_path))
        at = Workplace(tmp_path / "of-a-checkout", shipped())
        ours = build(str(tmp_path / "parameters/prod.json"), at=at)
        theirs = (tmp_path / "build/CONTROL_TOWER_KMS_KEY-prod.zip").read_bytes()
        assert built["sha256"] == hashlib.sha256(theirs).hexdigest() == ours.archive.sha256

    def test_deploy_and_doctor(self, installed: Installed, tmp_path: Path) -> None:
        """With the real rdk; what runs there is what the wheel brings, and the doctor knows it."""
        with Sandbox() as sandbox:
            bucket = f"config-rule-code-bucket-{sandbox.account}-{sandbox.region}"
            sandbox.client("s3").create_bucket(Bucket=bucket)
            known = ("--home-region", sandbox.region, "--management-account-id", sandbox.account)
            installed.run("lzkey", "init", "prod", *known, "--key-scope", "all", cwd=tmp_path)
            told = installed.run("lzkey", "deploy", "prod", cwd=tmp_path, **sandbox.environment)
            assert "verified: " in told
            words = ("lzkey", "doctor", "prod", "--format", "json")
            seen = json.loads(installed.run(*words, cwd=tmp_path, ends_with=3, **sandbox.environment))
        (code,) = (check for check in seen["checks"] if check["name"] == "code")
        assert (code["status"], code["detail"][:4]) == ("ok", "all ")

    def test_demo(self, installed: Installed, tmp_path: Path) -> None:
        """The whole story, with the report at its end."""
        told = json.loads(installed.run("lzkey", "demo", "--format", "json", cwd=tmp_path))
        assert told["reports"][0]["delivery"] == "yes"
        assert (tmp_path / "build/landing-zone-report.html").is_file()
