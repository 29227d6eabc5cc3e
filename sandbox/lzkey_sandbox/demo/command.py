"""`lzkey demo`: the scenes shown as they happen."""

from __future__ import annotations

import json
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Final

from lzkey.files import require_folder, write_text
from lzkey.terminal import messages, output, picture, progress_to
from lzkey.workplace import here
from lzkey_sandbox.demo.page import as_json, in_picture, shown
from lzkey_sandbox.demo.story import Kept, scenes

if TYPE_CHECKING:
    from pathlib import Path

    from lzkey.workplace import Workplace

REPORT: Final = "landing-zone-report.html"


def show(*, keep: bool, svg: Path | None, report: Path | None, as_document: bool) -> None:
    """Show the scenes on standard output, or at the end the JSON document; also write report and picture.

    With `keep` it goes on until it is interrupted. Raises LzkeyError.
    """
    at = here()
    report = report or _default_report(at)
    for file in filter(None, (svg, report)):
        require_folder(file)
    told = []
    with closing(scenes(at.shipped, report, progress_to(messages()), keep=keep)) as happening:
        for scene in happening:
            told.append(scene)
            if not as_document:
                output().print(shown(scene), soft_wrap=True)
            if isinstance(scene, Kept):
                threading.Event().wait()
    if as_document:
        print(json.dumps(as_json(told), indent=2))  # noqa: T201 - the result
    if svg:
        write_text(svg, picture(map(in_picture, told), "make demo"))


def _default_report(at: Workplace) -> Path:
    """Return the report's file in `build`, as short as it can be written from here."""
    at.build.mkdir(exist_ok=True)
    return (at.build / REPORT).relative_to(at.folder)
