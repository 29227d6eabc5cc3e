"""Where the pages lead: every relative link and picture is there, every anchor is a heading of its page."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from posixpath import normpath
from typing import Final

import pytest

from .pages import PAGES, ROOT

#: Whose pages we link to; documentation of our own has no other address than its path.
HOSTS: Final = {
    "aws.amazon.com",
    "docs.astral.sh",
    "docs.aws.amazon.com",
    "github.com",
    "pages.nist.gov",
    "pipx.pypa.io",
    "pre-commit.com",
    "semver.org",
    "www.rfc-editor.org",
}


def local(name: str) -> list[tuple[str, str]]:
    """A page's links within the repository: the path from its root, and the anchor or nothing."""
    folder = PurePosixPath(name).parent
    links = [link.partition("#") for link in PAGES[name].links if "://" not in link]
    return [(normpath(folder / path) if path else name, anchor) for path, _, anchor in links]


@pytest.mark.parametrize("name", PAGES)
class TestLinks:
    """Of each page."""

    def test_lead_to_what_is_there(self, name: str) -> None:
        """A file or a folder of the repository."""
        there = [path for path, _ in local(name) if (ROOT / path).exists()]
        assert [path for path, _ in local(name) if path not in there] == []

    def test_lead_to_an_anchor_of_the_page(self, name: str) -> None:
        """As GitHub makes them of headings."""
        to_anchors = [(path, anchor) for path, anchor in local(name) if anchor]
        assert [(path, anchor) for path, anchor in to_anchors if anchor not in PAGES[path].anchors] == []

    def test_leave_the_repository_for_pages_of_record(self, name: str) -> None:
        """AWS's own, and those of what we stand on."""
        assert {link.split("/")[2] for link in PAGES[name].links if "://" in link} <= HOSTS


@pytest.mark.parametrize("name", [name for name in PAGES if name != "README.md"])
def test_lines_fit(name: str) -> None:
    """Below 120 characters, but for tables, pictures, links and what is run, which cannot be broken."""
    lines = [line for line in PAGES[name].prose.splitlines() if not line.startswith(("|", "!["))]
    assert [line for line in lines if len(line) >= 120 and "](http" not in line] == []


class TestFront:
    """README.md, which is seen first."""

    def test_begins_with_the_promise_in_two_sentences(self) -> None:
        """The first paragraph."""
        first = PAGES["README.md"].text.split("\n\n")[1]
        assert len(re.findall(r"[.?](?:\*\*)?(?:\s|$)", first)) == 2

    def test_is_short(self) -> None:
        """Whoever wants more finds it in docs/; its first block is seen in one look."""
        page = PAGES["README.md"]
        assert len(page.text.splitlines()) <= 170
        assert len(page.in_language("text")[0].splitlines()) <= 12


class TestIndex:
    """docs/README.md."""

    def test_has_every_page(self) -> None:
        """Of its folder, and none twice."""
        listed = [path for path, _ in local("docs/README.md") if path.startswith("docs/")]
        pages = {name for name in PAGES if name.startswith("docs/")} - {"docs/README.md"}
        assert sorted(listed) == sorted(pages)

    def test_every_page_begins_with_its_title(self) -> None:
        """One heading of the first rank, and first."""
        for name, page in PAGES.items():
            titles = [line for line in page.prose.splitlines() if line.startswith("# ")]
            assert titles == [page.text.splitlines()[0]], name
