"""`lzkey demo`: the scenes shown as they happen."""

from __future__ import annotations

import json
import threading
from contextlib import closing
from typing import TYPE_CHECKING

from lzkey.checkout import checkout
from lzkey.demo.page import as_json, shown
from lzkey.demo.story import Kept, scenes
from lzkey.files import require_folder, write_text
from lzkey.terminal import messages, output, picture, progress_to

if TYPE_CHECKING:
    from pathlib import Path


def show(*, keep: bool, svg: Path | None, as_document: bool) -> None:
    """Show the scenes on standard output, or at the end the JSON document; also write the picture.

    With `keep` it goes on until it is interrupted. Raises LzkeyError.
    """
    if svg:
        require_folder(svg)
    told = []
    with closing(scenes(checkout(), progress_to(messages()), keep=keep)) as happening:
        for scene in happening:
            told.append(scene)
            if not as_document:
                output().print(shown(scene))
            if isinstance(scene, Kept):
                threading.Event().wait()
    if as_document:
        print(json.dumps(as_json(told), indent=2))  # noqa: T201 - the result
    if svg:
        write_text(svg, picture(map(shown, told), "make demo"))
