"""What a fresh interpreter spends on importing the handler, beside what boto3 and rdklib cost alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .conftest import Stopwatch

RULE = Path(__file__).parents[2] / "rules/CONTROL_TOWER_KMS_KEY"
CLOCKED = "import sys, time; began = time.process_time(); import {}; print(time.process_time() - began)"


def seconds(modules: str, cache: Path) -> float:
    """CPU seconds of importing them in a new process, with all bytecode in a cache of its own."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    run = subprocess.run(
        [sys.executable, "-c", CLOCKED.format(modules)],
        cwd=RULE,
        env={**kept, "PYTHONPYCACHEPREFIX": str(cache)},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(run.stdout)


class TestImport:
    """Lambda pays it with every cold start."""

    def test_handler_adds_at_most_a_tenth(self, stopwatch: Stopwatch, tmp_path: Path) -> None:
        """To boto3 and rdklib alone; the first round, which compiles, does not count."""
        imports = ("boto3", "boto3, rdklib", "CONTROL_TOWER_KMS_KEY")
        count = stopwatch.sized(16, 9, 1)
        rounds = [[seconds(modules, tmp_path) for modules in imports] for _ in range(count)]
        bare, with_rdklib, handler = map(min, zip(*(rounds[1:] or rounds), strict=True))
        stopwatch.note("import boto3; boto3 and rdklib", f"{bare * 1e3:.0f} ms; {with_rdklib * 1e3:.0f} ms")
        stopwatch.hold("import the handler, in boto3 and rdklib", handler, with_rdklib, 1.1)
        assert bare > 0
