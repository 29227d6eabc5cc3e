"""What the doctor finds is readable on every terminal, and nothing of it is cut."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lzkey_sandbox import LandingZone
from lzkey_sandbox.cloudtrail import TrailState
from lzkey_sandbox.config.deliveries import ChannelState

from ..screens import on_terminal  # noqa: TID252 - tests are no package
from .conftest import NAME, fix_deliveries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import Management

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def troubled(deployed: Management) -> Iterator[tuple[Path, dict[str, str]]]:
    """A checkout of which nothing is shared, and the environment of an account with a lot to say of it."""
    shutil.copytree(ROOT / "lzkey", deployed.root / "lzkey", ignore=shutil.ignore_patterns("__pycache__"))
    before, config = deployed.sandbox.landing_zone, deployed.client("config")
    aliases = [f"alias/{'landing-zone-logs' * 6}-{number}" for number in range(6)]
    deployed.sandbox.landing_zone = LandingZone.with_key(", ".join(aliases), "4.0")
    fix_deliveries(deployed.sandbox, datetime.now(UTC))
    config.stop_configuration_recorder(ConfigurationRecorderName="default")
    path = f"{deployed.root}:{deployed.root / 'rules/CONTROL_TOWER_KMS_KEY'}"
    yield deployed.root, {**os.environ, "PYTHONPATH": path}
    config.start_configuration_recorder(ConfigurationRecorderName="default")
    deployed.sandbox.trail = TrailState()
    deployed.sandbox.tell_deliveries(ChannelState())
    deployed.sandbox.landing_zone = before


def piped(troubled: tuple[Path, dict[str, str]], *more: str) -> str:
    """What a program gets."""
    root, environment = troubled
    words = [sys.executable, "-m", "lzkey", "doctor", NAME, *more]
    return subprocess.run(
        words, cwd=root, env=environment, capture_output=True, text=True, check=False
    ).stdout


@pytest.fixture(scope="module")
def sentences(troubled: tuple[Path, dict[str, str]]) -> list[str]:
    """What is wrong, and what would mend it."""
    document: dict[str, Any] = json.loads(piped(troubled, "--format", "json"))
    checks = [check for check in document["checks"] if check["status"] != "not-applicable"]
    return [" ".join(text.split()) for check in checks for text in (check["detail"], check["fix"]) if text]


@pytest.mark.parametrize("columns", [60, 80, 120, 200])
def test_nothing_is_cut_on_a_terminal(
    troubled: tuple[Path, dict[str, str]], sentences: list[str], columns: int
) -> None:
    """Every fault and every fix is there to its end, each line fits, and no column is squeezed."""
    root, environment = troubled
    screen = on_terminal(columns, "-m", "lzkey", "doctor", NAME, cwd=root, environment=environment)
    assert screen.code == 3
    assert max(map(len, sentences)) > 600
    text = " ".join(screen.words)
    assert [each for each in sentences if each not in text] == []
    assert "…" not in text
    assert screen.too_wide(columns) == []
    lines = [line.strip() for line in screen.text.splitlines()]
    wide = [line for line in lines if len(line) > 30]
    assert len(wide) > len([line for line in lines if line]) / 3


def test_a_sentence_is_on_one_line_elsewhere(
    troubled: tuple[Path, dict[str, str]], sentences: list[str]
) -> None:
    """So that it can be searched; no line ends in spaces."""
    lines = piped(troubled).splitlines()
    assert [each for each in sentences if not any(each in line for line in lines)] == []
    assert [line for line in lines if line != line.rstrip()] == []
