"""A copy of the checkout in which a page's commands are run as they stand, with AWS on this machine alone."""

from __future__ import annotations

import contextlib
import os
import pty
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..cli.makefile import environ_without_make  # noqa: TID252 - tests are no package
from .pages import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What a page shows is what a terminal of this width shows, without colours.
_TERMINAL: Final = {"TERM": "dumb", "COLUMNS": "100", "LINES": "50"}


@dataclass(frozen=True, slots=True)
class Checkout:
    """The copy, and the environment variables under which AWS is seen."""

    root: Path
    environ: Mapping[str, str]

    def run(self, line: str, exit_code: int = 0) -> str:
        """Run a command, and return what it printed to both streams; it must end as is said."""
        done = subprocess.run(
            _shell(line), cwd=self.root, env=self._environ(), capture_output=True, text=True, check=False
        )
        assert done.returncode == exit_code, f"$ {line}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def show(self, line: str, exit_code: int = 0) -> str:
        """Run a command in a terminal, and return what is seen there; it must end as is said."""
        ours, its = pty.openpty()
        environ = {**self._environ(), **_TERMINAL}
        with subprocess.Popen(_shell(line), cwd=self.root, env=environ, stdout=its, stderr=its) as process:
            os.close(its)
            seen = b""
            with contextlib.suppress(OSError):  # how Linux says that nobody writes any more
                while part := os.read(ours, 65536):
                    seen += part
        os.close(ours)
        text = "\n".join(part.rstrip() for part in seen.decode().replace("\r\n", "\n").splitlines())
        assert process.returncode == exit_code, f"$ {line}\n{text}"
        return f"{text.strip()}\n"

    def _environ(self) -> dict[str, str]:
        return {
            **environ_without_make(os.environ),
            **self.environ,
            **python_path(self.root),
            "PATH": self._path,
        }

    @property
    def _path(self) -> str:
        """`aws` is the one of the environment."""
        return os.pathsep.join((str(self.root / ".venv/bin"), os.environ["PATH"]))


def _shell(line: str) -> list[str]:
    return ["/bin/bash", "-euo", "pipefail", "-c", line]


def python_path(root: Path) -> dict[str, str]:
    """Let the environment's commands find a folder's code before what they are installed from."""
    folders = (root, root / "rules/CONTROL_TOWER_KMS_KEY", root / "sandbox")
    return {"PYTHONPATH": os.pathsep.join(map(str, folders))}


def copy_of_the_checkout(target: Path) -> Path:
    """Copy what git knows or would add, with an environment that is set up already."""
    listed = subprocess.run(
        ["/usr/bin/env", "git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    (target / ".venv").mkdir()
    (target / ".venv/bin").symlink_to(Path(sys.executable).parent)
    (target / ".venv/.installed").touch()
    return target
