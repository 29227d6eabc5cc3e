"""The Makefile: what reaches a make below it, and every Python that we claim."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Final

import pytest

from .makefile import MAKEFILE, environ_without_make

ROOT: Final = Path(__file__).parents[2]
PROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CLAIMED: Final = [
    kind.removeprefix("Programming Language :: Python :: ")
    for kind in PROJECT["classifiers"]
    if kind.startswith("Programming Language :: Python :: ")
]


class TestMakeBelowMake:
    """The tests run make, and are themselves run by `make test`."""

    def test_nothing_is_handed_down(self) -> None:
        """ARGS of `make test` are none of a `make build` in the tests; unless taken away, they would be."""
        above = {**os.environ, "MAKEFLAGS": " -- ARGS=--of-pytest", "ARGS": "--of-pytest"}
        as_typed, below = (
            make("build", "ENV=prod", environ=environ) for environ in (environ_without_make(above), above)
        )
        assert ".venv/bin/lzkey build prod" in as_typed
        assert "--of-pytest" not in as_typed
        assert ".venv/bin/lzkey build prod --of-pytest" in below


class TestEveryPythonThatWeClaim:
    """The classifiers of pyproject.toml are the one list."""

    def test_is_tested(self) -> None:
        """By `make test-pythons` all of them."""
        assert f".ci/test-pythons {' '.join(CLAIMED)}\n" in make("test-pythons")

    def test_is_tested_by_ci(self) -> None:
        """Everything by the Python of .venv, and what may depend on the Python by all others."""
        (rest,) = re.findall(r"\.ci/test-pythons(.*)\n", make("check", f"VENV={sys.prefix}"))
        ours = f"{sys.version_info.major}.{sys.version_info.minor}"
        assert rest.split() == [version for version in CLAIMED if version != ours]

    def test_is_what_pip_and_make_let_in(self) -> None:
        """From the oldest on; tests/docs/test_contributing.py reads what the pages say."""
        oldest = CLAIMED[0]
        assert PROJECT["requires-python"] == f">={oldest}"
        assert f'sys.version_info >= ({oldest.replace(".", ", ")}) else "Python {oldest} or newer' in MAKEFILE


class TestSetup:
    """`make setup` says that it takes minutes, and what comes next; it notices another Python."""

    @pytest.mark.parametrize(
        ("asked", "done"),
        [("3.99", "venv --clear "), ("3.98", "is ready. Next: make demo")],
    )
    def test_another_python(self, tmp_path: Path, asked: str, done: str) -> None:
        """It makes .venv anew; the twin is the one that it has."""
        program(tmp_path / "venv/bin/python", "echo 3.98")
        python = program(tmp_path / f"python{asked}", f"echo {asked}")
        (tmp_path / "venv/.installed").touch()
        said = make("setup", f"VENV={tmp_path}/venv", f"PYTHON={python}")
        assert done in said
        assert ("takes minutes" in said) is (asked == "3.99")

    def test_the_machines_own_python_is_none_that_is_asked_for(self, tmp_path: Path) -> None:
        """Whoever says nothing keeps what there is."""
        program(tmp_path / "venv/bin/python", "echo 3.98")
        (tmp_path / "venv/.installed").touch()
        assert "venv --clear" not in make("setup", f"VENV={tmp_path}/venv")


class TestPythonsOfAMachine:
    """`.ci/test-pythons` on a machine that has this Python under other names; make says what it is asked."""

    @pytest.mark.parametrize("place", ["bin/python3.98", "pyenv/versions/3.98.1/bin/python3.98"])
    def test_one_that_is_there_is_tested(self, tmp_path: Path, place: str) -> None:
        """On the PATH, or pyenv's; in an environment of its own, with what the tests need."""
        python = program(tmp_path / place, f'exec {sys.executable} "$@"')
        ended = pythons(tmp_path, "3.98")
        found = "python3.98" if place.startswith("bin") else python
        given = f"VENV=.venv-3.98 PYTHON={found} EXTRA=test"
        assert ended.stdout.splitlines() == [
            f"asked: setup {given}",
            f"asked: test {given}",
            "The tests pass on Python 3.98.",
        ]
        assert ended.returncode == 0

    def test_one_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        """A machine with nothing but 3.11 passes, and says which it has not."""
        ended = pythons(tmp_path, "3.98", "3.99")
        (said,) = ended.stdout.splitlines()
        assert said.startswith("Not tested, because this machine has none")
        assert said.endswith("Python 3.98 3.99.")
        assert ended.returncode == 0

    @pytest.mark.parametrize(
        "does", ["exit 127", "exec {python} -S -c 'import no_such_module'"], ids=["shim", "no ensurepip"]
    )
    def test_one_that_cannot_make_an_environment_is_not_there(self, tmp_path: Path, does: str) -> None:
        """A shim of pyenv's that leads nowhere; Debian's without its package python3-venv."""
        program(tmp_path / "bin/python3.98", does.format(python=sys.executable))
        assert pythons(tmp_path, "3.98").stdout.startswith("Not tested")

    def test_a_shim_that_leads_nowhere_hides_no_python_of_pyenv(self, tmp_path: Path) -> None:
        """The twin: pyenv has one that its shim does not lead to."""
        program(tmp_path / "bin/python3.98", "exit 127")
        python = program(tmp_path / "pyenv/versions/3.98.1/bin/python3.98", f'exec {sys.executable} "$@"')
        assert f"PYTHON={python} " in pythons(tmp_path, "3.98").stdout

    def test_one_that_fails_fails_at_the_end(self, tmp_path: Path) -> None:
        """After those behind it were tested, too."""
        for version in ("3.97", "3.98"):
            program(tmp_path / "bin" / f"python{version}", f'exec {sys.executable} "$@"')
        ended = pythons(tmp_path, "3.97", "3.98", fails="VENV=.venv-3.97")
        *_, passed, failed = ended.stdout.splitlines()
        assert (passed, failed) == ("The tests pass on Python 3.98.", "The tests fail on Python 3.97.")
        assert ended.returncode == 1


class TestAudit:
    """`.ci/audit`, with programs in the places of Python and of pip-audit, which say what these say."""

    @pytest.mark.parametrize(
        ("does", "said"),
        [
            (
                "echo 'Found 2 known vulnerabilities in 1 package' >&2; echo 'certifi 2022.5.18'; exit 1",
                "Found 2 known vulnerabilities in 1 package",
            ),
            (
                "printf 'Traceback (most recent call last):\\n  File x\\nProxyError: refused\\n' >&2; exit 1",
                "Nothing was audited: PyPI could not be asked: ProxyError: refused",
            ),
            (
                "echo 'ERROR:pip_audit._cli:certifi: Dependency not found on PyPI' >&2; exit 1",
                "Not everything was audited: certifi: Dependency not found on PyPI",
            ),
        ],
        ids=["vulnerable", "out of reach", "not known to PyPI"],
    )
    def test_says_what_is_wrong(self, tmp_path: Path, does: str, said: str) -> None:
        """In a sentence, and it fails; that nothing is known is no good news."""
        ended = audit(tmp_path, f"echo 'WARNING:pip_audit._cli:hash them' >&2; {does}")
        assert (ended.returncode, ended.stderr) == (1, f"{said}\n")

    def test_passes(self, tmp_path: Path) -> None:
        """The twin, with the number of packages that were asked for; each of them by its version."""
        ended = audit(tmp_path, 'cat "${@: -1}"; echo "No known vulnerabilities found" >&2')
        *packages, last = ended.stdout.splitlines()
        assert packages == ["certifi==2022.5.18", "idna==3.10"]
        assert last == f"No known vulnerability in the 2 packages of {tmp_path}/python."
        assert ended.returncode == 0

    def test_without_an_index(self, tmp_path: Path) -> None:
        """pip-audit is to be had from one."""
        python = program(tmp_path / "python", "exit 1")
        ended = run_audit(tmp_path, python)
        assert ended.returncode == 1
        assert ended.stderr.startswith("Nothing was audited: pip-audit could not be installed in ")

    def test_is_no_part_of_the_check(self) -> None:
        """Which reaches nothing."""
        assert ".ci/audit .venv/bin/python\n" in make("audit")
        assert "audit" not in make("check", f"VENV={sys.prefix}")


def audit(folder: Path, does: str) -> subprocess.CompletedProcess[str]:
    """Run `.ci/audit` of an environment with two packages; pip-audit does that."""
    program(folder / "venv/bin/pip-audit", does, interpreter="/bin/bash")
    return run_audit(folder, program(folder / "python", "echo certifi==2022.5.18; echo idna==3.10"))


def run_audit(folder: Path, python: Path) -> subprocess.CompletedProcess[str]:
    """Run it with these programs."""
    environ = {**os.environ, "AUDIT_VENV": str(folder / "venv")}
    words = [ROOT / ".ci/audit", python]
    return subprocess.run(words, env=environ, capture_output=True, text=True, check=False)


def make(*words: str, environ: dict[str, str] | None = None) -> str:
    """What make would do."""
    words = ("/usr/bin/env", "make", "--dry-run", *words)
    environ = environ_without_make(os.environ) if environ is None else environ
    return subprocess.run(words, cwd=ROOT, env=environ, capture_output=True, text=True, check=True).stdout


def program(path: Path, does: str, interpreter: str = "/bin/sh") -> Path:
    """Write a program."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{interpreter}\n{does}\n")
    path.chmod(0o755)
    return path


def pythons(machine: Path, *versions: str, fails: str = "nothing") -> subprocess.CompletedProcess[str]:
    """Run the script on a machine that has what was written there; make fails where it is given that word."""
    asked = program(machine / "make", f'echo "asked: $*"; case "$*" in *"{fails}"*) exit 2;; esac')
    environ = {
        "PATH": os.pathsep.join((str(machine / "bin"), "/usr/bin", "/bin")),
        "PYENV_ROOT": str(machine / "pyenv"),
        "MAKE": str(asked),
    }
    words = [ROOT / ".ci/test-pythons", *versions]
    return subprocess.run(words, env=environ, capture_output=True, text=True, check=False)
