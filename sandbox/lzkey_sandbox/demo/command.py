"""`lzkey demo`: the scenes shown as they happen."""

from __future__ import annotations

import json
import threading
from contextlib import closing
from pathlib import Path
from typing import Final

from lzkey.deployment.build import checkout
from lzkey.files import require_folder, write_text
from lzkey.terminal import messages, output, picture, progress_to
from lzkey_sandbox.demo.page import as_json, shown
from lzkey_sandbox.demo.story import Kept, scenes

REPORT: Final = "landing-zone-report.html"


def show(*, keep: bool, svg: Path | None, report: Path | None, as_document: bool) -> None:
    """Show the scenes on standard output, or at the end the JSON document; also write report and picture.

    With `keep` it goes on until it is interrupted. Raises LzkeyError.
    """
    root = checkout()
    report = report or _default_report(root)
    for file in filter(None, (svg, report)):
        require_folder(file)
    told = []
    with closing(scenes(root, report, progress_to(messages()), keep=keep)) as happening:
        for scene in happening:
            told.append(scene)
            if not as_document:
                output().print(shown(scene), soft_wrap=True)
            if isinstance(scene, Kept):
                threading.Event().wait()
    if as_document:
        print(json.dumps(as_json(told), indent=2))  # noqa: T201 - the result
    if svg:
        write_text(svg, picture(map(shown, told), "make demo"))


def _default_report(root: Path) -> Path:
    """Return the report's file in the checkout's `build`, as short as it can be written from here."""
    folder = root / "build"
    folder.mkdir(exist_ok=True)
    path = folder / REPORT
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
