"""Patterns: what they match, compared with their definition, and how many steps a hostile one takes."""

import sys
from collections.abc import Callable, Iterable
from itertools import product
from types import FrameType
from typing import Any

import pytest

from landing_zone_key.policy.patterns import (
    NOTHING,
    Pattern,
    arn_parts,
    exactly,
    glob,
    ignoring_case,
    resource_parts,
)

Naive = Callable[[str, str], bool]
Words = Callable[[Iterable[str], int], list[str]]


def disagreements(
    patterns: Iterable[str],
    texts: list[str],
    read: Callable[[Pattern], Pattern | None],
    definition: Naive,
) -> list[tuple[str, str]]:
    """The pattern and text of each match that the definition decides otherwise."""
    return [
        (pattern, text)
        for pattern in patterns
        if (parsed := read(glob(pattern))) is not None
        for text in texts
        if parsed.matches(text) is not definition(pattern, text)
    ]


class TestWildcards:
    """`*` and `?` as StringLike has them."""

    def test_match_by_their_definition(self, words: Words, naive_match: Naive) -> None:
        """Every pattern and every text of up to four characters agree with the plain definition."""
        assert disagreements(words("ab*?:", 4), words("ab:", 4), lambda read: read, naive_match) == []

    def test_have_no_meaning_where_text_is_exact(self, words: Words) -> None:
        """A text read exactly matches itself and nothing else."""
        texts = words("a*?", 3)
        assert all(exactly(text).matches(other) is (text == other) for text in texts for other in texts)

    @pytest.mark.parametrize(
        ("pattern", "literal"),
        [("", ""), ("abc", "abc"), ("a*c", None), ("a?c", None), ("*", None), ("a[bc]", "a[bc]")],
    )
    def test_are_what_keeps_a_pattern_from_being_literal(self, pattern: str, literal: str | None) -> None:
        """A pattern without wildcards is one text."""
        assert glob(pattern).literal == literal

    @pytest.mark.parametrize(("written", "shown"), [("a*b?c", "a*b?c"), ("a***b", "a*b"), ("", "")])
    def test_are_shown_as_written(self, written: str, shown: str) -> None:
        """A pattern can be read by people; a run of asterisks is one."""
        assert str(glob(written)) == shown
        assert str(resource_parts(glob(written))) == shown

    def test_nothing_matches_no_text(self, words: Words) -> None:
        """Not even the empty one, which an empty pattern does match."""
        assert not any(NOTHING.matches(text) for text in words("a", 3))
        assert NOTHING.literal is None
        assert glob("").matches("")


class TestCase:
    """Patterns without case."""

    def test_match_as_the_lower_case_texts_do(self, words: Words, naive_match: Naive) -> None:
        """Upper and lower case of pattern and text make no difference."""
        patterns, texts = words("aB*?", 3), words("AbB", 3)

        def definition(pattern: str, text: str) -> bool:
            return naive_match(pattern.lower(), text.lower())

        assert disagreements(patterns, texts, ignoring_case, definition) == []

    def test_are_shown_as_written(self) -> None:
        """The case of the policy is kept for people, whatever the hash seed."""
        assert str(ignoring_case(exactly("aBcDeFgH"))) == "aBcDeFgH"


class TestArnParts:
    """ArnLike: each of six components by itself."""

    def test_match_component_by_component(self, naive_match: Naive) -> None:
        """Components of all shapes agree with matching the six of them one by one."""
        shapes, values = ["", "a", "*", "?", "a*", "*a", "a?*"], ["", "a", "aa", "ba"]
        tails, rests = ["", "*", "a:*", "*:a", "?:a"], ["", "a", "a:a", ":a", "a:b:a"]
        patterns = [f"{one}:b:{two}:::{tail}" for one, two, tail in product(shapes, shapes, tails)]
        texts = [f"{one}:b:{two}:::{rest}" for one, two, rest in product(values, values, rests)]
        texts += ["a:b:a::a", "a:a:b:a:::a", ":::::", "a", ""]

        def definition(pattern: str, text: str) -> bool:
            wanted, given = pattern.split(":", 5), text.split(":", 5)
            return len(wanted) == len(given) and all(map(naive_match, wanted, given))

        assert disagreements(patterns, texts, arn_parts, definition) == []

    @pytest.mark.parametrize(
        ("pattern", "is_one"),
        [("*", False), ("a:b:c:d:e", False), ("a:b:c:d:e:f", True), (":::::", True), ("a:b:c:d:e:f:g", True)],
    )
    def test_are_six(self, pattern: str, is_one: bool) -> None:  # noqa: FBT001 - a table
        """Fewer components than six are no ARN pattern."""
        assert (arn_parts(glob(pattern)) is not None) is is_one


def resource_match(pattern: str, text: str, colons: int = 0) -> bool:
    """Resource's wildcards by definition: before the fifth colon only a `*` that ends a segment crosses."""
    if not pattern:
        return not text
    head, rest = pattern[0], pattern[1:]
    crosses = colons >= 5 or (head == "*" and rest[:1] in ("", ":"))
    if head == "*":
        return any(
            resource_match(rest, text[end:], colons)
            for end in range(len(text) + 1)
            if crosses or ":" not in text[:end]
        )
    if not text or (head == "?" and text[0] == ":" and not crosses) or head not in ("?", text[0]):
        return False
    return resource_match(rest, text[1:], colons + (head == ":"))


class TestResourceParts:
    """Resource: only a `*` that ends a segment crosses colons."""

    @pytest.mark.parametrize("head", ["", ":::", "a:::", "*:::"])
    def test_match_by_their_definition(self, head: str, words: Words) -> None:
        """Short patterns, alone and around the fifth colon, agree with the plain definition."""
        patterns = [head + tail for tail in words("a*?:", 4)]
        texts = [
            start + tail for start in dict.fromkeys((head.replace("*", "a"), "")) for tail in words("a:", 5)
        ]
        assert disagreements(patterns, texts, resource_parts, resource_match) == []


def steps(pattern: Pattern, text: str) -> int:
    """The lines of Python that one match runs through; it ends as soon as there are too many."""
    count = 0
    most = 20 * (len(pattern.tokens) + 10) * (len(text) + 10)

    def trace(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        assert count <= most, "more steps than pattern length times text length"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        pattern.matches(text)
    finally:
        sys.settrace(before)
    return count


class TestHostilePatterns:
    """A policy is somebody else's text."""

    @pytest.mark.parametrize(
        ("read", "pattern"),
        [
            pytest.param(glob, lambda n: "*a" * n + "Z*", id="stars and letters"),
            pytest.param(glob, lambda n: "*" * n + "Z*", id="stars alone"),
            pytest.param(glob, lambda n: "*?" * n + "Z", id="stars and question marks"),
            pytest.param(glob, lambda n: "*" + "?" * n + "Z", id="a star and question marks"),
            pytest.param(lambda text: ignoring_case(glob(text)), lambda n: "*A" * n + "Z", id="without case"),
            pytest.param(
                lambda text: arn_parts(glob(text)), lambda n: "*a" * n + "Z:b:c:d:e:f", id="in an ARN"
            ),
            pytest.param(
                lambda text: arn_parts(glob(text)), lambda n: "a:b:c:d:e:" + "*a" * n + "Z", id="at its end"
            ),
            pytest.param(
                lambda text: resource_parts(glob(text)), lambda n: "*a" * n + "?Z:*", id="in a Resource"
            ),
        ],
    )
    @pytest.mark.parametrize("text", ["{a}", "{a}:b:c:d:e:f", "a:b:c:d:e:{a}"])
    def test_take_steps_by_the_product_of_lengths_at_most(
        self, read: Callable[[str], Pattern], pattern: Callable[[int], str], text: str
    ) -> None:
        """Twice the pattern and the text are four times the steps at most, where backtracking explodes."""
        fewer, more = (steps(read(pattern(size)), text.format(a="a" * size)) for size in (40, 80))
        assert more <= 4.5 * fewer

    def test_steps_are_counted(self) -> None:
        """The counter sees the work: a pattern matched character by character takes more on a longer text."""
        assert steps(glob("?" * 50), "a" * 50) > steps(glob("?" * 5), "a" * 5) > 0
