"""The report on a terminal of any width, and for whoever searches it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lzkey.report.formats import Form, render
from lzkey.report.wording import unknowns

from ..screens import WIDTHS, on_terminal  # noqa: TID252 - tests are no package

if TYPE_CHECKING:
    from collections.abc import Callable

    from lzkey.report.model import Report

STORED = Path(__file__).parent / "reports/troubled.json"
SHOW = """
import pathlib, sys
from lzkey.report.formats import Form, render
from lzkey.report.trend import earlier_report
sys.stdout.write(render(earlier_report(pathlib.Path(sys.argv[1])), Form.TEXT))
"""


@pytest.mark.parametrize("columns", WIDTHS)
def test_fits_a_terminal(load_report: Callable[[str], Report], columns: int) -> None:
    """With the words that programs get."""
    screen = on_terminal(columns, "-c", SHOW, str(STORED))
    assert screen.code == 0
    assert screen.too_wide(columns) == []
    assert [word for word in screen.words if "─" not in word] == [
        word for word in render(load_report("troubled"), Form.TEXT).split() if "─" not in word
    ]


def test_a_sentence_is_on_one_line_elsewhere(load_report: Callable[[str], Report]) -> None:
    """Of a key that fails, and of what is not known."""
    report = load_report("troubled")
    lines = render(report, Form.TEXT).splitlines()
    doubt, *_ = next(unknowns(report))
    assert any(f"{doubt.cause}: {doubt.detail}; {doubt.fix}" in line for line in lines)
    assert [line for line in lines if line != line.rstrip()] == []
