"""CONTRIBUTING.md: its map is the folders that are there, and what it says of commands is the Makefile's."""

from __future__ import annotations

import re
import tomllib

from ..cli.makefile import MAKEFILE  # noqa: TID252 - tests are no package
from .pages import PAGES, ROOT, codes

PAGE = PAGES["CONTRIBUTING.md"]


def test_the_map_has_every_folder_of_tests() -> None:
    """And no other."""
    folders = {path.parent.name for path in (ROOT / "tests").glob("*/test_*.py")}
    rows = PAGE.table("folder of `tests/`")
    assert sorted(codes(row[0])[0] for row in rows) == sorted(folders)
    assert all(row[1] for row in rows)


def test_every_target_is_one_of_the_makefile() -> None:
    """On every page."""
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    named = {word for page in PAGES.values() for word in re.findall(r"`make ([a-z-]+)", page.text)}
    typed = {line.split()[1] for page in PAGES.values() for line in page.commands if line.startswith("make ")}
    assert named | typed <= targets


def test_pythons() -> None:
    """Those that are claimed, wherever a page says which are needed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    claimed = [kind.rpartition(" ")[2] for kind in project["classifiers"] if re.search(r":: 3\.\d+$", kind)]
    for page in PAGES.values():
        for oldest, newest in re.findall(r"(3\.\d+) to (3\.\d+)", page.text):
            assert (oldest, newest) == (claimed[0], claimed[-1]), page.name
    assert f"Python {claimed[0]} to {claimed[-1]}, `make`" in PAGE.text
