"""The pages as the W3C's Nu Html Checker reads them, where LZKEY_VNU names its jar, or vnu is on the PATH."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Final

import pytest

from lzkey.history.formats.html import render

from .conftest import MANY, NAMES, page_of
from .histories import HISTORIES

if TYPE_CHECKING:
    from pathlib import Path

JAR: Final = os.environ.get("LZKEY_VNU")
COMMAND: Final = ["java", "-jar", JAR] if JAR else [found] if (found := shutil.which("vnu")) else []

#: What it tells that is not so of these pages, or of none.
ASIDE: Final = (
    ".*violates Content Security Policy.*",  # it computes no digests; a browser does, in these tests
    ".*“(paint-order|vector-effect)” doesn't exist.*",  # of SVG 2, which it knows as attributes alone
    ".*appears to be written in.*",  # a guess
)

pytestmark = pytest.mark.skipif(
    not COMMAND, reason="no vnu: npm install vnu-jar, and LZKEY_VNU=…/build/dist/vnu.jar"
)


def told(*pages: Path) -> str:
    """What it finds, each in a line."""
    asked = [*COMMAND, "--stdout", "--exit-zero-always", "--filterpattern", "|".join(ASIDE), *map(str, pages)]
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()


def test_it_finds_nothing(tmp_path: Path) -> None:
    """Neither an error nor a warning in any report or history."""
    pages = {f"report-{number}.html": page_of(name) for number, name in enumerate([*NAMES, MANY])}
    pages |= {f"history-{number}.html": render(make()) for number, make in enumerate(HISTORIES.values())}
    for name, page in pages.items():
        (tmp_path / name).write_text(page, encoding="utf-8")
    assert told(*(tmp_path / name for name in pages)) == ""


def test_it_would_tell(tmp_path: Path) -> None:
    """Of a time with too many digits, and a table that says that it is one."""
    page = tmp_path / "page.html"
    spoilt = page_of("empty").replace("00.000Z", "00.000001Z").replace("<table ", '<table role="table" ', 1)
    page.write_text(spoilt, encoding="utf-8")
    found = told(page)
    assert "datetime" in found
    assert "role" in found
