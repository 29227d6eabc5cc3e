"""What a reader pastes: Python that prints what the page says, and YAML that is what it is for."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

import pytest
import yaml

from .checkout import Checkout, copy_of_the_checkout, python_path
from .pages import PAGES, ROOT, Block, Page, Saved, agrees

if TYPE_CHECKING:
    from pathlib import Path

ACCEPT: Final = os.environ.get("LZKEY_ACCEPT_GOLDEN") == "1"

CHECK: Final = PAGES["docs/check-in-ci.md"]


def programs(page: Page) -> list[tuple[Block, Block | None]]:
    """The Python blocks of a page, each with the block that says what it prints."""
    blocks = page.blocks
    return [
        (block, after if after and after.language == "text" and after.below == "```" else None)
        for block, after in zip(blocks, [*blocks[1:], None], strict=False)
        if block.language == "python"
    ]


class TestPython:
    """From top to bottom, as in one program."""

    @pytest.mark.parametrize("name", [name for name, page in PAGES.items() if programs(page)])
    def test_prints_what_the_page_says(self, name: str) -> None:
        """Run as it stands; LZKEY_ACCEPT_GOLDEN=1 writes what it prints."""
        told: dict[str, Any] = {}
        text, moved = PAGES[name].text, 0
        for program, shown in programs(PAGES[name]):
            said = io.StringIO()
            with contextlib.redirect_stdout(said):
                exec(compile(program.text, name, "exec"), told)  # noqa: S102 - our own page
            assert ACCEPT or said.getvalue() == (shown.text if shown else "")
            if shown:
                begins = shown.begins + moved
                text = text[:begins] + said.getvalue() + text[begins + len(shown.text) :]
                moved += len(said.getvalue()) - len(shown.text)
        if ACCEPT:
            (ROOT / name).write_text(text, encoding="utf-8")


class TestPicture:
    """The README's first block: commands with what they show, as in a terminal."""

    def test_is_what_is_seen(self, tmp_path: Path) -> None:
        """Of the file that the quick start saves."""
        checkout = Checkout(copy_of_the_checkout(tmp_path / "lzkey"), {})
        (saved,) = (step for step in PAGES["docs/quick-start.md"].steps if isinstance(step, Saved))
        (checkout.root / saved.name).write_text(saved.text)
        first, *_ = PAGES["README.md"].in_language("text")
        parts = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", first, re.MULTILINE)
        assert "".join(f"$ {line}\n{shown}" for line, shown in parts) == first
        for line, shown in parts:
            is_refused = "NON_COMPLIANT" in shown or "explain" in line
            seen = checkout.show(line, 3 if is_refused else 0)
            assert agrees(shown or "\n", seen), f"$ {line}\n{seen}"


class TestJson:
    """What is saved as JSON."""

    def test_is_json(self) -> None:
        """On every page."""
        texts = [text for page in PAGES.values() for text in page.in_language("json")]
        assert texts
        assert all(isinstance(json.loads(text), dict) for text in texts)


class TestYaml:
    """What is saved as YAML."""

    def test_can_be_read(self) -> None:
        """On every page."""
        texts = [text for page in PAGES.values() for text in page.in_language("yaml")]
        assert texts
        assert all(isinstance(yaml.safe_load(text), dict) for text in texts)

    def test_is_the_same_wherever_it_stands(self) -> None:
        """What another page has of it, such as the README."""
        known = CHECK.in_language("yaml")
        for page in PAGES.values():
            for text in page.in_language("yaml"):
                assert text in known or not any(word in text for word in ("lzkey-check", "upload-sarif"))


class TestHook:
    """The pre-commit hook."""

    def test_is_one_that_this_repository_has(self) -> None:
        """pre-commit finds it by its id; what it runs is the command."""
        (used,) = snippet("lzkey-check")["repos"][0]["hooks"]
        (defined,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
        assert used["id"] == defined["id"]
        assert defined["entry"].startswith("lzkey check ")

    @pytest.mark.parametrize("changed", [["parameters/example.json"], ["deploy/landing-zone-key.yaml"]])
    def test_runs(self, tmp_path: Path, changed: list[str]) -> None:
        """As pre-commit runs it: the entry, the arguments, the files of the commit, whatever they hold."""
        (used,) = snippet("lzkey-check")["repos"][0]["hooks"]
        (defined,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
        words = [*defined["entry"].split(), *used["args"], *changed]
        assert lzkey(copy_of_the_checkout(tmp_path / "lzkey"), words) == 0


class TestPipelines:
    """GitLab: the `lzkey` step, run in a checkout, writes what is kept. GitHub's is the action."""

    def test_the_job_of_gitlab_writes_what_it_keeps(self, tmp_path: Path) -> None:
        """JUnit, copied into the checkout, because GitLab keeps nothing from elsewhere."""
        (job,) = snippet("reports:").values()
        (command,) = [line for line in job["script"] if line.startswith("lzkey ")]
        kept = job["artifacts"]["reports"]["junit"]
        assert job["after_script"] == [f"cp ../{kept} {kept}"]  # which runs whatever the script ends with
        suites = ET.fromstring(written(tmp_path, command, job["variables"], f"../{kept}"))  # noqa: S314 - our own file
        assert [case.get("name") for case in suites.iter("testcase")] != []


def snippet(word: str) -> dict[Any, Any]:
    """The YAML of check-in-ci.md that has the word."""
    (text,) = [text for text in CHECK.in_language("yaml") if word in text]
    read: dict[Any, Any] = yaml.safe_load(text)
    return read


def written(folder: Path, command: str, variables: dict[str, str], name: str) -> str:
    """What a pipeline's command writes, which must find nothing wrong with the keys of deploy/."""
    checkout = folder / "checkout"
    shutil.copytree(ROOT / "deploy", checkout / "deploy")
    assert lzkey(checkout, command.split("#", maxsplit=1)[0].split(), variables) == 0
    return (checkout / name).read_text()


def lzkey(folder: Path, words: list[str], variables: dict[str, str] | None = None) -> int:
    """Run the command in a folder; return its exit code."""
    assert words[0] == "lzkey"
    environ = {**os.environ, **python_path(ROOT), **(variables or {})}
    return subprocess.run([sys.executable, "-m", *words], cwd=folder, env=environ, check=False).returncode
