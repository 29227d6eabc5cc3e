"""Writes the pages' picture of the report: `.venv/bin/python tests/browser/picture.py`.

The first screen of the troubled report, light, 1280 pixels wide.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from driver import chromium, opened

from lzkey.report.document import from_document
from lzkey.report.html import as_html

ROOT = Path(__file__).parents[2]
REPORT = ROOT / "tests/report/reports/troubled.json"
PICTURE = ROOT / "docs/report.png"
SIZE = {"width": 1280, "height": 1200}


def take(picture: Path) -> None:
    """Write the picture."""
    with TemporaryDirectory() as folder, chromium() as browser:
        page = Path(folder) / "report.html"
        page.write_text(
            as_html(from_document(json.loads(REPORT.read_text(encoding="utf-8")))), encoding="utf-8"
        )
        with opened(browser, page, viewport=SIZE) as shown:
            shown.page.screenshot(path=picture)


if __name__ == "__main__":
    take(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE)
