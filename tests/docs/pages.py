"""The pages that people read, and what a reader types, saves and sees on them.

A page's commands stand in ```console blocks, each line behind a prompt. A ```text block straight after one is
what its last command shows; a line `…` in it stands for any lines. A command that ends with another exit code
than 0 says so behind it: `# ends with 3`. JSON, YAML or HCL below a line that ends with "`NAME`:" is a file
to save.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[2]
PROMPT: Final = "$ "

_FENCED: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SAVED: Final = re.compile(r"`([\w./-]+)`:$")
_FILES: Final = ("hcl", "json", "yaml")
_ENDS_WITH: Final = re.compile(r"  # ends with (\d+)$")
_LINK: Final = re.compile(r"\]\(([^)\s]+)\)")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block, and where its text stands in the page."""

    language: str
    text: str
    begins: int
    below: str
    """The last line of the page before it."""


@dataclass(frozen=True, slots=True)
class Command:
    """What a reader types, and what the page says that he sees."""

    line: str
    exit_code: int = 0
    shown: Block | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """A file that a reader saves."""

    name: str
    text: str


Step: TypeAlias = Command | Saved


@dataclass(frozen=True, slots=True)
class Page:
    """One page, by its place in the repository."""

    name: str
    text: str

    @property
    def blocks(self) -> list[Block]:
        """Its fenced blocks, in order."""
        return [
            Block(found[1], found[2], found.start(2), self.text[: found.start()].rstrip().rpartition("\n")[2])
            for found in _FENCED.finditer(self.text)
        ]

    def in_language(self, language: str) -> list[str]:
        """The texts of its blocks of one language."""
        return [block.text for block in self.blocks if block.language == language]

    @property
    def prose(self) -> str:
        """The page without its blocks."""
        return _FENCED.sub("", self.text)

    @property
    def steps(self) -> list[Step]:
        """What a reader does, from top to bottom."""
        return list(self._steps())

    def _steps(self) -> Iterator[Step]:
        blocks = self.blocks
        for number, block in enumerate(blocks, 1):
            if block.language == "console":
                *others, last = map(_command, block.text.splitlines())
                yield from others
                after = [each for each in blocks[number : number + 1] if each.language == "text"]
                yield replace(last, shown=next((each for each in after if each.below == "```"), None))
            elif block.language in _FILES and (saved := _SAVED.search(block.below)) is not None:
                yield Saved(saved[1], block.text)

    @property
    def commands(self) -> list[str]:
        """The lines that a reader types."""
        return [step.line for step in self.steps if isinstance(step, Command)]

    def table(self, heading: str) -> list[list[str]]:
        """The rows of the table whose first heading this is, each cell as written."""
        _, found, rest = self.text.partition(f"\n| {heading} |")
        assert found, f"{self.name} has no table of {heading}"
        lines = rest.split("\n\n")[0].splitlines()[2:]
        return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]

    @property
    def links(self) -> list[str]:
        """Where its links and pictures lead."""
        return _LINK.findall(self.prose)

    @property
    def anchors(self) -> set[str]:
        """What its headings are called in an address, as GitHub calls them; and the anchors of its own."""
        headings = re.findall(r"^#+ (.*)$", self.prose, re.MULTILINE)
        texts = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading) for heading in headings]
        own = re.findall(r'<a (?:id|name)="([^"]+)"', self.prose)
        return {re.sub(r"[^\w -]", "", text.lower()).replace(" ", "-") for text in texts} | set(own)


def _command(line: str) -> Command:
    ends_with = _ENDS_WITH.search(line)
    typed = _ENDS_WITH.sub("", line.removeprefix(PROMPT))
    return Command(typed, int(ends_with[1]) if ends_with else 0)


def _page(path: Path) -> Page:
    return Page(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))


def agrees(shown: str, seen: str) -> bool:
    """Say whether a page shows what is seen."""
    lines = [r"(?:.*\n)*?" if line == "…" else f"{re.escape(line)}\n" for line in shown.splitlines()]
    return re.fullmatch("".join(lines), seen) is not None


def codes(cell: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", cell)


#: By its name: the README, the folder docs/, and what GitHub shows beside them.
PAGES: Final = {
    page.name: page
    for path in (
        ROOT / "README.md",
        *sorted((ROOT / "docs").glob("*.md")),
        *(ROOT / name for name in ("CONTRIBUTING.md", "SECURITY.md")),
    )
    if path.is_file()
    for page in [_page(path)]
}
