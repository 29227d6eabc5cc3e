"""Containerfile: its steps, each in a folder that has what was copied until then. No image is built here."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

import pytest

from .offline import OFFLINE

ROOT: Final = Path(__file__).parents[2]
INSTALLED: Final = "/opt/lzkey"
IGNORED: Final = [
    line
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


@dataclass(frozen=True)
class Instruction:
    """A line of it."""

    word: str
    rest: str


def stages() -> list[list[Instruction]]:
    """The instructions of each stage, the first of which is where it begins."""
    text = (ROOT / "Containerfile").read_text(encoding="utf-8")
    found = [Instruction(*line) for line in re.findall(r"^([A-Z]+) (.*)$", text, re.MULTILINE)]
    begins = [number for number, each in enumerate(found) if each.word == "FROM"]
    return [found[begin:end] for begin, end in zip(begins, [*begins[1:], None], strict=True)]


BUILD, IMAGE = stages()


def reaches_the_build(name: str) -> bool:
    """Whether .dockerignore lets a file through, as the last line says that fits it or a folder of it."""
    parts = name.split("/")
    names = ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]
    let_through = True
    for line in IGNORED:
        pattern = line.removeprefix("!")
        if any(fnmatch(each, pattern.removeprefix("**/")) for each in (names if "**" not in line else parts)):
            let_through = line.startswith("!")
    return let_through


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the first stage was gone through; /opt/lzkey is in it, too."""
    made = tmp_path_factory.mktemp("image")
    source = made / "source"
    source.mkdir()
    (made / "bin").mkdir()
    (made / "bin/python").symlink_to(sys.executable)
    for each in BUILD[2:]:
        if each.word == "COPY":
            copy(each.rest, source)
        else:
            assert each.word == "RUN"
            run(each.rest.replace(INSTALLED, str(made / "lzkey")), source, str(made / "bin"))
    return made


def copy(arguments: str, source: Path) -> None:
    """Copy what reaches the build."""
    *names, target = arguments.split()
    for name in names:
        if (ROOT / name).is_dir():
            files = [path for path in sorted((ROOT / name).rglob("*")) if path.is_file()]
            places = [source / target / path.relative_to(ROOT / name) for path in files]
        else:
            files, places = [ROOT / name], [source / target / Path(name).name]
        for file, place in zip(files, places, strict=True):
            if reaches_the_build(file.relative_to(ROOT).as_posix()):
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(file, place)


def run(command: str, source: Path, programs: str) -> None:
    """Run a step; python is that of these tests, and nothing is fetched."""
    environ = {**os.environ, **OFFLINE, "PATH": os.pathsep.join((programs, os.environ["PATH"]))}
    done = subprocess.run(
        ["/bin/sh", "-c", command], cwd=source, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stderr}"


class TestBuild:
    """The first stage."""

    def test_lzkey_works(self, folder: Path, tmp_path: Path) -> None:
        """From an empty folder, with what is shipped."""
        environ = {**os.environ, "PYTHONPATH": OFFLINE["PYTHONPATH"]}
        words = [folder / "lzkey/bin/lzkey", "init", "prod", "--home-region", "us-east-1"]
        words += ["--management-account-id", "111122223333"]
        done = subprocess.run(words, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        shipped = {path.name for path in (tmp_path / "deploy").iterdir()}
        assert shipped == {path.name for path in (ROOT / "deploy").iterdir()}

    def test_no_tool_that_installs_is_left(self, folder: Path) -> None:
        """Beside lzkey in its environment."""
        (site,) = (folder / "lzkey/lib").glob("python*/site-packages")
        assert (site / "lzkey").is_dir()
        assert [path.name for path in site.glob("pip*")] == []

    def test_nothing_else_of_the_checkout_goes_in(self) -> None:
        """No parameters of somebody's own, no history, nothing that was built."""
        for name in (".git/config", "parameters/prod.json", "tests/conftest.py", "rules/A/A.zip", ".venv/x"):
            assert not reaches_the_build(name)
        for name in ("parameters/example.json", "lzkey/cli/check.py", "pyproject.toml"):
            assert reaches_the_build(name)


class TestImage:
    """The second stage."""

    def test_has_the_environment_and_nothing_else(self) -> None:
        """No step is run in it, and nothing of the checkout is copied."""
        assert [each.rest for each in IMAGE if each.word == "COPY"] == [
            f"--from=build {INSTALLED} {INSTALLED}"
        ]
        assert [each for each in IMAGE if each.word in ("RUN", "ADD")] == []

    def test_begins_where_the_build_does(self) -> None:
        """A Python that we claim, by its tag; the environment holds its path."""
        (name, _, stage), (same,) = (each[0].rest.split(" ") for each in (BUILD, IMAGE))
        assert (name, stage) == (same, "build")
        assert re.fullmatch(r"docker\.io/library/python:3\.1[1-3]-slim", name)

    def test_is_not_root(self) -> None:
        """And runs the command."""
        said = {each.word: each.rest for each in IMAGE}
        user, group = said["USER"].split(":")
        assert int(user) > 0
        assert int(group) > 0
        assert json.loads(said["ENTRYPOINT"]) == ["lzkey"]
        assert f"PATH={INSTALLED}/bin:$PATH" in said["ENV"].split()
