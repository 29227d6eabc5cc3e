"""What others say stays what they said, wherever it is written."""

from __future__ import annotations

import csv
import io
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from lzkey.quoting import cell, code_span, references

if TYPE_CHECKING:
    from collections.abc import Callable

ANYTHING = st.text(st.characters(codec="utf-8")) | st.text("|\\`*_[]()<>!#:/@w.\n\r\t=+-&;~ a1", max_size=30)
HOSTILE = (
    "=cmd|' /C calc'!A0",
    "\x1b]0;title\x07\u202e\u2066",
    "a\n# b\r\n- c\u2028| d",
    "` `` ``` @team <script>x</script> [a](http://b) ![c](//d) &lt; ]]>",
    "www.example.com _x_ **y** ~~z~~ \\",
    "\udcff",
    "",
)
TEXT = frozenset({"inline", "text", "text_special", "code_inline"}) | {
    f"{name}_{end}"
    for name in (
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "bullet_list",
        "list_item",
        "paragraph",
        "strong",
    )
    for end in ("open", "close")
}


def parsed(markdown: str) -> list[Any]:
    """Every token, as a reader of GitHub's kind understands them."""
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(markdown)
    return [part for token in tokens for part in (token, *(token.children or ()))]


def kinds(markdown: str) -> Counter[str]:
    """How often there is what."""
    return Counter(token.type for token in parsed(markdown))


@pytest.mark.parametrize("text", HOSTILE)
class TestHostile:
    """All of them, over the same texts."""

    @pytest.mark.parametrize("quoted", [cell, code_span, references])
    def test_one_line_that_drives_nothing(self, text: str, quoted: Callable[[str], str]) -> None:
        """No control character, nothing that reorders text, no half of a character."""
        assert quoted(text).isprintable()
        quoted(text).encode()

    def test_one_cell(self, text: str) -> None:
        """Beside one of ours, and no formula."""
        file = io.StringIO()
        csv.writer(file).writerow([cell(text), "ours"])
        ((said, ours),) = csv.reader(io.StringIO(file.getvalue(), newline=""))
        assert (said, ours) == (cell(text), "ours")
        assert not said.startswith(("=", "+", "-", "@", "\t"))

    @pytest.mark.parametrize("quoted", [code_span, references])
    def test_no_markup(self, text: str, quoted: Callable[[str], str]) -> None:
        """In a paragraph, and in an item of a list; ours is markup still."""
        found = kinds(f"**x** {quoted(text)}.\n\n- **x** {quoted(text)} `x`\n")
        assert found.keys() <= TEXT
        assert found["strong_open"] == found["paragraph_open"] == 2

    def test_nobody_is_mentioned(self, text: str) -> None:
        """Where there is an @, it is in code."""
        for quoted in (code_span(text), references(text)):
            assert "@" not in text or quoted.startswith("`")


class TestCell:
    """CSV."""

    @given(ANYTHING)
    def test_no_cell_is_a_formula(self, value: str) -> None:
        """Nor holds anything that a terminal would obey."""
        shown = cell(value)
        assert not shown.startswith(
            ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
        )
        assert shown.isprintable()

    @pytest.mark.parametrize(
        ("value", "shown"),
        [
            ("a;=1", "a;'=1"),
            ("a; @x", "a;' @x"),
            (" =1", "' =1"),
            ("=1;+2", "'=1;'+2"),
            ("a; b", "a; b"),
            ("a,=1", "a,=1"),
        ],
    )
    def test_after_a_semicolon(self, value: str, shown: str) -> None:
        """Which parts cells where the comma parts decimals: no formula begins there either."""
        assert cell(value) == shown

    @pytest.mark.parametrize("value", ["", "plain", "a=b", "1-2", "arn:aws:kms", "é"])
    def test_other_cells(self, value: str) -> None:
        """Stay as they are."""
        assert cell(value) == value


class TestCodeSpan:
    """Markdown, with what shows that somebody else is speaking."""

    @given(ANYTHING)
    def test_is_one(self, text: str) -> None:
        """All of the text is in it, but for what cannot be printed."""
        (paragraph,) = [token for token in parsed(f"x {code_span(text)} x") if token.type == "inline"]
        before, span, after = paragraph.children or ()
        assert (before.content, span.type, after.content) == ("x ", "code_inline", " x")
        expected = "".join(sign if sign.isprintable() or sign == "\n" else "?" for sign in text)
        assert span.content.split() == expected.split()


class TestReferences:
    """Markdown, among our own words."""

    @given(ANYTHING)
    def test_text_is_text(self, value: str) -> None:
        """Wherever it stands: a cell, a paragraph, an item of a list."""
        safe = references(value)
        markdown = f"| a | b |\n| --- | --- |\n| {safe} | x |\n\n**x** {safe}.\n\n- {safe}\n"
        found = kinds(markdown)
        assert found["td_open"] == 2
        assert found.keys() <= TEXT

    @given(ANYTHING.filter(lambda value: "@" not in value))
    def test_text_is_not_lost(self, value: str) -> None:
        """What cannot be printed becomes a question mark, and spaces one."""
        (shown,) = [token for token in parsed(f"x {references(value)} x") if token.type == "inline"]
        said = "".join(part.content for part in shown.children or ())
        expected = "".join(sign if sign.isprintable() or sign == "\n" else "?" for sign in value)
        assert said.split() == ["x", *expected.split(), "x"]

    @pytest.mark.parametrize("address", ["http://example.com", "www.example.com", "HTTPS://example.com"])
    def test_addresses(self, address: str) -> None:
        """Are no links, not even where bare ones are."""
        assert address not in references(address)
