"""docs/history-athena.md: each of its commands ends as it says, and what it says of numbers is so."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lzkey.history.athena.columns import READ
from lzkey.history.athena.estimate import LEAST, PRICE
from lzkey.history.athena.layout import DELIVERED_WITHIN, FORMATS
from lzkey.history.trail_files import LATE

from .athena_lake import Lake, lake_of
from .cloudtrail_tables import COLUMNS

if TYPE_CHECKING:
    from lzkey_sandbox import Sandbox

    from .conftest import Run

PAGE = (Path(__file__).parents[2] / "docs/history-athena.md").read_text()
COMMANDS = re.findall(r"^\$ lzkey history (.+?)(?:  # ends with (\d))?$", PAGE, re.MULTILINE)


@pytest.fixture
def lake(sandbox: Sandbox, tmp_path: Path) -> Lake:
    """The reader's key, and logs of it."""
    return lake_of(sandbox, tmp_path)


class TestPage:
    """What a reader types and reads."""

    @pytest.mark.parametrize(("line", "ending"), COMMANDS)
    def test_commands(
        self, lake: Lake, run: Run, monkeypatch: pytest.MonkeyPatch, line: str, ending: str
    ) -> None:
        """With the reader's own key and settings in their places."""
        monkeypatch.setenv("AWS_CONFIG_FILE", str(lake.config()))
        own = {"KEY-ARN": lake.key, "prod": lake.settings}
        code, said, told = run(*(own.get(word, word) for word in shlex.split(line)))
        assert code == int(ending or 0), told
        assert ("nothing was run" in told) is ("--yes" not in line)
        assert said.startswith("SELECT") is ("--yes" not in line)

    def test_it_has_commands(self) -> None:
        """Without a query, and with one."""
        assert len(COMMANDS) == 3

    def test_numbers(self) -> None:
        """Are those that count."""
        text = " ".join(PAGE.split())
        assert f"about USD {PRICE} a TB, with {LEAST >> 20} MB at least" in text
        assert f"until {DELIVERED_WITHIN.days} days after" in text
        assert f"later than {LATE.seconds // 60} minutes" in text

    def test_formats(self) -> None:
        """All that a key of dates may have."""
        assert [form for form in FORMATS if f"`{form}`" not in PAGE] == []

    def test_every_column_is_documented(self) -> None:
        """Of those that are read there is no other."""
        assert {read.column[0] for read in READ} <= set(COLUMNS)
