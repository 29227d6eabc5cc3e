"""`lzkey init`: a parameters file that can be deployed, and what it takes; nothing is written over."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Final

import pytest
from jsonschema import Draft202012Validator

from lzkey.cli import main
from lzkey.documents import schema_of
from lzkey.parameters import load
from lzkey.workplace import here, shipped
from lzkey_sandbox import LandingZone, OrganizationPlan, Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KNOWN: Final = ("--home-region", "eu-west-1", "--management-account-id", "111122223333")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where somebody works: an empty folder, without settings in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in ("LZKEY_HOME_REGION", "LZKEY_MANAGEMENT_ACCOUNT_ID", "AWS_PROFILE", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def organization(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A management account with a landing zone."""
    with Sandbox() as sandbox:
        sandbox.organization(OrganizationPlan(1))
        key = sandbox.client("kms").create_key()["KeyMetadata"]["Arn"]
        sandbox.landing_zone = LandingZone.with_key(key, "4.0")
        for name, value in sandbox.environment.items():
            monkeypatch.setenv(name, value)
        yield sandbox


def files(folder: Path) -> set[str]:
    """Everything that is there."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


TEMPLATES: Final = {f"deploy/{path.name}" for path in shipped().templates.iterdir()}


def told(capsys: pytest.CaptureFixture[str]) -> Any:
    """The JSON, which is what its schema says."""
    document = json.loads(capsys.readouterr().out)
    Draft202012Validator(schema_of("init")).validate(document)
    return document


class TestFile:
    """parameters/NAME.json, or FILE."""

    def test_can_be_deployed(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """What is given is in it, and nobody else's organization; the rest is the example's."""
        assert main(["init", "prod", *KNOWN, "--format", "json"]) == 0
        assert files(folder) == {"parameters/prod.json", "parameters/schema.json", *TEMPLATES}
        made = load("prod", at=here())
        example = load("example", at=here())
        own = {"HomeRegion": "eu-west-1", "ManagementAccountId": "111122223333"}
        left = {
            name: value
            for name, value in example.rule.items()
            if name not in ("OrganizationId", "GovernedRegions")
        }
        assert dict(made.rule) == {**left, **own}
        assert made.deployment.region == "eu-west-1"
        said = told(capsys)
        assert said["rule_parameters"] == dict(made.rule)
        assert set(said["written"]) == files(folder)

    def test_a_path_is_taken(self, folder: Path) -> None:
        """Its folder is made, and the schema that it names is beside it."""
        assert main(["init", "zones/a.json", *KNOWN]) == 0
        document = json.loads((folder / "zones/a.json").read_text())
        assert (folder / "zones" / document["$schema"]).is_file()

    def test_is_asked_for(self, organization: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
        """`--discover` fills in what is not given; only what `--print-iam-policy` names is asked."""
        organization.forget_calls()
        assert main(["init", "prod", "--discover", "--key-scope", "all", "--format", "json"]) == 0
        given = told(capsys)["rule_parameters"]
        assert given["HomeRegion"] == organization.region
        assert given["ManagementAccountId"] == organization.account
        assert given["OrganizationId"].startswith("o-")
        assert given["KeyScope"] == "all"
        assert main(["init", "--print-iam-policy"]) == 0
        (statement,) = json.loads(capsys.readouterr().out)["Statement"]
        asked = {f"{call.service}:{call.operation}" for call in organization.calls}
        assert asked - {"sts:GetCallerIdentity"} <= set(statement["Action"])


class TestMistakes:
    """Exit code 2, one sentence, and nothing is written."""

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("prod",), "give --home-region and --management-account-id, or --discover"),
            (("prod", *KNOWN[:2]), "give --management-account-id, or --discover"),
            (("prod", "--home-region", "eu-wset-1", *KNOWN[2:]), "eu-west-1"),
            (("prod", *KNOWN[:2], "--management-account-id", "1"), "must be the 12 digits"),
            (("prod", *KNOWN, "--key-scope", "lz"), "KeyScope"),
        ],
    )
    def test_wrong_settings(
        self, words: tuple[str, ...], said: str, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """What would be right is said."""
        assert main(["init", *words]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert said in line
        assert files(folder) == set()

    @pytest.mark.parametrize("name", ["prod", "parameters/prod.json"])
    def test_a_file_that_is_there_stays(
        self, name: str, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """By whatever name it is called."""
        (folder / "parameters").mkdir()
        (folder / "parameters/prod.json").write_text("mine")
        assert main(["init", name, *KNOWN]) == 2
        assert "parameters/prod.json is there already" in capsys.readouterr().err
        assert files(folder) == {"parameters/prod.json"}
        assert (folder / "parameters/prod.json").read_text() == "mine"

    def test_a_template_of_another_version_stays(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """And is told; one that is the same is not."""
        (folder / "deploy").mkdir()
        (folder / "deploy/lambda-role.yaml").write_text("mine")
        (folder / "deploy/recorder.yaml").write_bytes((shipped().templates / "recorder.yaml").read_bytes())
        assert main(["init", "prod", *KNOWN, "--format", "json"]) == 0
        assert told(capsys)["differing"] == ["deploy/lambda-role.yaml"]
        assert (folder / "deploy/lambda-role.yaml").read_text() == "mine"

    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("schema", "is the name of another file"),
            ("schema.json", "is the name of another file"),
            ("deploy/recorder.yaml", "ends with .json"),
            ("prod/", "ends with .json"),
        ],
    )
    def test_a_name_of_something_else(
        self, name: str, said: str, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Nothing takes the place of what belongs beside it."""
        assert main(["init", name, *KNOWN]) == 2
        assert said in capsys.readouterr().err
        assert list(folder.iterdir()) == []

    @pytest.mark.parametrize("name", ["parameters/prod.json", "parameters/schema.json"])
    def test_the_result_has_a_place_of_its_own(
        self, name: str, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """It takes no other file's."""
        (folder / "parameters").mkdir()
        assert main(["init", "prod", *KNOWN, "-o", name]) == 2
        assert f"{name} is a file that is written anyway" in capsys.readouterr().err
        assert files(folder) == set()

    @pytest.mark.parametrize("made", ["folder", "link", "pipe", "bytes"])
    def test_what_cannot_be_read_stays(
        self, made: str, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """In the place of a template; it is told, and nobody waits for it."""
        (folder / "deploy").mkdir()
        there = folder / "deploy/recorder.yaml"
        {
            "folder": there.mkdir,
            "link": lambda: there.symlink_to("nowhere"),
            "pipe": lambda: os.mkfifo(there),
            "bytes": lambda: there.write_bytes(b"\xff"),
        }[made]()
        assert main(["init", "prod", *KNOWN, "--format", "json"]) == 0
        assert told(capsys)["differing"] == ["deploy/recorder.yaml"]

    def test_no_folder_can_be_made(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A file is in its place."""
        (folder / "parameters").write_text("")
        assert main(["init", "prod", *KNOWN]) == 2
        assert "parameters cannot be made" in capsys.readouterr().err
        assert [path.name for path in folder.iterdir()] == ["parameters"]
