"""JSON in pieces, and the lines of its values: for any document, cut anywhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lzkey.errors import SourceError
from lzkey.sources.json_text import JsonStream, encoded_twice, line_of, read

if TYPE_CHECKING:
    from collections.abc import Sequence

_KEYS = st.text(max_size=3)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=12,
)


def pieces(text: str, cuts: Sequence[int]) -> JsonStream:
    """A stream that gives the text in pieces of these lengths, and then the rest."""
    parts, at = [], 0
    for cut in cuts:
        parts.append(text[at : at + cut])
        at += cut
    given_parts = iter([part for part in (*parts, text[at:]) if part])
    return JsonStream(lambda: next(given_parts, ""))


def everything(stream: JsonStream, *names: str) -> list[tuple[str, list[tuple[Any, str, int]]]]:
    """All lists of the stream, with all their elements."""
    return [(name, list(stream.elements())) for name in stream.lists(names)]


class TestStream:
    """The elements of a list are those of the whole."""

    @given(
        st.lists(VALUES, max_size=6),
        st.dictionaries(_KEYS, VALUES, max_size=3),
        st.lists(st.integers(1, 9), max_size=40),
        st.sampled_from([None, 0, 2]),
        st.booleans(),
    )
    def test_any_list_is_read_as_a_whole(
        self,
        wanted: list[Any],
        other: dict[str, Any],
        cuts: list[int],
        indent: int | None,
        ascii_only: Any,
    ) -> None:
        """Values, texts and lines, wherever the pieces end."""
        document = {**other, "items": wanted, "last": 1}
        text = json.dumps(document, indent=indent, ensure_ascii=ascii_only)
        ((name, found),) = everything(pieces(text, cuts), "items")
        assert name == "items"
        assert [value for value, _, _ in found] == wanted
        assert [json.loads(part) for _, part, _ in found] == wanted
        lines = [line_of(text, ("items", index)) for index in range(len(wanted))]
        assert [line for _, _, line in found] == lines

    @given(VALUES, st.integers(0, 300), st.lists(st.integers(1, 9), max_size=40))
    def test_what_is_cut_off_is_an_error(self, value: Any, at: int, cuts: list[int]) -> None:
        """Never an end."""
        text = json.dumps({"items": [value, value]}, indent=1)
        cut = text[: min(at, len(text) - 1)]
        with pytest.raises(SourceError, match=r"cut off|is empty"):
            everything(pieces(cut, cuts), "items")

    def test_a_list_at_the_top_has_no_name(self) -> None:
        """It is read alike."""
        ((name, found),) = everything(pieces('[1, "a"]', [1, 1, 1]), "items")
        assert (name, [value for value, _, _ in found]) == ("", [1, "a"])

    def test_several_lists_are_read_in_order(self) -> None:
        """Those of other names are skipped, and so is what is no list."""
        text = '{"a": [1], "b": [2], "c": {"a": [3]}, "d": [4]}'
        found = [
            (name, [value for value, _, _ in read])
            for name, read in everything(pieces(text, []), "a", "d", "c")
        ]
        assert found == [("a", [1]), ("d", [4])]

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ('{"a": [1, 2,]}', "line 1, column 13"),
            ('{"a": [1 2]}', "line 1, column 10"),
            ('{"a": [1]} x', "line 1, column 12"),
            ('{"a": [1],}', "line 1, column 11"),
            (
                '{"a": [[1,\n ]]}',
                "line 2, column 2: it is not JSON; right would be one more value, or no comma",
            ),
            ('{"a": [{"b": 1, }]}', "line 1, column 17: it is not JSON; right would be a member's name"),
            ('{\n"a": [1,\n 2,\n x]}', "line 4, column 2"),
            ('{"a" [1]}', "line 1, column 6"),
            ("1", "line 1, column 1"),
        ],
    )
    @pytest.mark.parametrize("cuts", [[], [1] * 20])
    def test_faults_have_their_place(self, text: str, said: str, cuts: list[int]) -> None:
        """Whichever piece they are in: of the whole text, not of what is kept."""
        with pytest.raises(SourceError, match=said):
            everything(pieces(text + " " * 20, cuts), "a")

    def test_only_what_is_read_is_kept(self) -> None:
        """A hundred thousand elements, and never more than two pieces."""
        longest = 0
        stream: JsonStream

        def more() -> str:
            nonlocal longest
            longest = max(longest, len(stream._text))  # noqa: SLF001 - what is measured
            return next(parts, "")

        parts = iter(['{"a": [1', *(", 1" * 1000 for _ in range(100)), "]}"])
        stream = JsonStream(more)
        ((_, found),) = ((name, sum(1 for _ in stream.elements())) for name in stream.lists(["a"]))
        assert found == 100_001
        assert longest <= 3 * 3000


class TestLines:
    """A value's line."""

    TEXT = '{\n "a": {"b": [1,\n\n 2, {"c": "\\n"}]},\n "d": []}'

    @pytest.mark.parametrize(
        ("path", "line"),
        [
            ((), 1),
            (("a",), 2),
            (("a", "b"), 2),
            (("a", "b", 1), 4),
            (("a", "b", 2, "c"), 4),
            (("d",), 5),
            (("a", "b", 3), None),
            (("d", 0), None),
            (("x",), None),
            (("a", 0), None),
            (("a", "b", "c"), None),
        ],
    )
    def test_a_path_leads_to_its_line(self, path: Any, line: int | None) -> None:
        """None where it leads nowhere."""
        assert read(self.TEXT)
        assert line_of(self.TEXT, path) == line


class TestTwice:
    """A member that stands twice has the line of its second place."""

    @pytest.mark.parametrize(
        ("text", "line", "name"),
        [
            ('{"a": 1,\n "a": 2}', 2, "a"),
            ('{"a": 1,\n "b": {"\\u0063": 1,\n\n "c": 2},\n "a": 2}', 4, "c"),
            (
                '{"a": 1,\n "b": {"a": 2}, "c": "a: \\"a\\": [{",\n "d": [{"a": 1}, {"a": 1}],\n"a" :\n 2}',
                4,
                "a",
            ),
            ('[{"a": 1},\n {"a": 1, "a": 2}]', 2, "a"),
            ('{"a": 1, "a": 2}\nno JSON', 1, "a"),
        ],
    )
    def test_the_second_is_named(self, text: str, line: int, name: str) -> None:
        """However it is written, and whatever looks like it before."""
        with pytest.raises(SourceError, match=f'^line {line}: the member "{name}" stands twice'):
            read(text)

    def test_the_text_may_begin_further_down(self) -> None:
        """As an element of a long list does; the same holds for what is no JSON."""
        with pytest.raises(SourceError, match=r"^line 11: the member"):
            read('{"a": 1,\n "a": 2}', 10)
        with pytest.raises(SourceError, match=r"^line 11, column 2: it is not JSON"):
            read('{"a": 1,\n x}', 10)


class TestEncodedTwice:
    """Text in text, where only one of them is wanted."""

    ONCE = json.dumps({"Statement": []})

    def test_text_in_text_in_text(self) -> None:
        """Whatever it ends in; and once more is no better."""
        assert encoded_twice(json.dumps(self.ONCE))
        assert encoded_twice(json.dumps(" {cut off"))
        assert encoded_twice(json.dumps(json.dumps(self.ONCE)))

    @pytest.mark.parametrize("value", [ONCE, "", "{", "text", '"text"', '""', "[1]", {"a": ONCE}, None, 1])
    def test_anything_else_is_not(self, value: Any) -> None:
        """The twin."""
        assert not encoded_twice(value)
