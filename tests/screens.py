"""A terminal, of any width, and what a command shows on it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

WIDTHS = (60, 80, 120, 200, 300)
_CONTROLS = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


class Screen(NamedTuple):
    """What was shown, colours apart, and how the command ended."""

    code: int
    text: str

    @property
    def words(self) -> list[str]:
        """What was said, wherever lines end."""
        return self.text.split()

    def too_wide(self, columns: int) -> list[str]:
        """The lines that do not fit, and of which more than a single word could have been kept out."""
        lines = [line for line in self.text.splitlines() if cell_len(line) > columns]
        return [line for line in lines if len(line.split()) > 1 or line != line.lstrip()]


def on_terminal(
    columns: int, *words: str, cwd: Path | None = None, environment: Mapping[str, str] | None = None
) -> Screen:
    """Run a Python command with a terminal so wide for standard output and standard error."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    inherited = os.environ if environment is None else environment
    plain = {name: value for name, value in inherited.items() if name not in ("COLUMNS", "LINES")}
    process = subprocess.Popen(
        [sys.executable, *words],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        cwd=cwd,
        env={**plain, "TERM": "xterm-256color"},
    )
    os.close(theirs)
    shown = b""
    while part := _read(ours):
        shown += part
    os.close(ours)
    return Screen(process.wait(), _CONTROLS.sub("", shown.decode()).replace("\r\n", "\n"))


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # how Linux tells that nobody writes any more
        return b""
