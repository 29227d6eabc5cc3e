"""Writes the pages' picture of the report: `.venv/bin/python tests/browser/picture.py`.

The summary of the troubled report in the light, down to the first answers of its first key: as wide as a code
host shows it, and half as sharp again.
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
SIZE = {"width": 1000, "height": 1600}


def take(picture: Path) -> None:
    """Write the picture."""
    with TemporaryDirectory() as folder, chromium() as browser:
        page = Path(folder) / "report.html"
        page.write_text(
            as_html(from_document(json.loads(REPORT.read_text(encoding="utf-8")))), encoding="utf-8"
        )
        with opened(browser, page, viewport=SIZE, device_scale_factor=1.5) as shown:
            box = shown.page.locator("#summary .answers tbody tr").nth(1).bounding_box()
            assert box
            shown.page.screenshot(
                path=picture, clip=SIZE | {"x": 0, "y": 0, "height": box["y"] + box["height"]}
            )


if __name__ == "__main__":
    take(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE)
