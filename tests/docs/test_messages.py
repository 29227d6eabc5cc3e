"""docs/troubleshooting.md quotes what the program says."""

from __future__ import annotations

import ast
import re
from functools import cache
from typing import Final

import pytest

from lzkey.doctor import EXPECTATIONS
from lzkey.observed.causes import CAUSES
from lzkey.report.model import Cause

from .pages import PAGES, ROOT, codes

PAGE: Final = PAGES["docs/troubleshooting.md"]


class TestTroubleshooting:
    """What it quotes."""

    @pytest.mark.parametrize("quoted", PAGE.in_language("text"))
    def test_a_message_is_one_of_ours(self, quoted: str) -> None:
        """Its words stand in one string of the source, in this order, with something else for each `…`."""
        assert is_said(" ".join(quoted.split()))

    @pytest.mark.parametrize("row", PAGE.table("line"), ids=str)
    def test_a_line_of_the_doctor(self, row: list[str]) -> None:
        """There is one of that name, and it says so."""
        names = {expectation.name.replace("-", " ") for expectation in EXPECTATIONS}
        assert row[0] == "any" or codes(row[0])[0] in names
        assert is_said(codes(row[1])[0])

    def test_every_cause_of_the_report(self) -> None:
        """In the order of the report."""
        assert [codes(row[0]) for row in PAGE.table("cause")] == [[cause.value] for cause in Cause]

    def test_every_error_whose_cause_is_known(self) -> None:
        """With what it means, the page that says so, and what to do, in the order of the code."""
        rows = [[codes(code), means, fix] for code, means, fix in PAGE.table("error")]
        assert rows == [
            [[code], f"[{cause.text}]({cause.source})", cause.fix] for code, cause in CAUSES.items()
        ]

    def test_what_is_not_said(self) -> None:
        """Is found out: the test can fail."""
        assert not is_said("the moon is not listed in KeyScope")
        assert not is_said("is not listed in KeyScopes")


@cache
def said() -> tuple[str, ...]:
    """Every string of the program and the rule, with `…` for each part that is put in."""
    found = []
    for folder in ("lzkey", "rules"):
        for file in (ROOT / folder).rglob("*.py"):
            program = ast.parse(file.read_text(encoding="utf-8"))
            docstrings = {node.value for node in ast.walk(program) if isinstance(node, ast.Expr)}
            for node in ast.walk(program):
                if node in docstrings:
                    continue
                if isinstance(node, ast.JoinedStr):
                    parts = [part.value if isinstance(part, ast.Constant) else "…" for part in node.values]
                    found.append("".join(map(str, parts)))
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.append(re.sub(r"\{\w*\}", "…", node.value))
    return tuple(found)


def is_said(quoted: str) -> bool:
    """Whether one string has all parts of what is quoted between its `…`, in their order."""
    parts = [part for part in quoted.split("…") if part.strip(" :;,.()")]
    pattern = re.compile(".*".join(map(re.escape, parts)), re.DOTALL)
    return any(pattern.search(text) for text in said())
