"""What is meant by a word that is misspelt."""

import pytest

from landing_zone_key.policy.conditions import OPERATORS, operator_meant, operator_of
from landing_zone_key.policy.spelling import edits, nearest


class TestEdits:
    """The letters in which two words differ."""

    @pytest.mark.parametrize(
        ("one", "other", "expected"),
        [
            *(("", "", 0), ("a", "a", 0), ("a", "", 1), ("", "abc", 3)),
            *(("StringEqual", "StringEquals", 1), ("StringEqaul", "StringEquals", 3), ("kms=a", "kms:a", 1)),
            ("kitten", "sitting", 3),
            ("0123456789", "abcdefghijkl", 12),
        ],
    )
    def test_are_counted(self, one: str, other: str, expected: int) -> None:
        """The same in both directions."""
        assert edits(one, other) == edits(other, one) == expected


class TestNearest:
    """The word that is meant."""

    def test_is_the_one_with_the_fewest_edits(self) -> None:
        """Whatever its case; of two alike the one that comes first in the alphabet."""
        assert nearest("sTRINGs", ["Strong", "String"], most=2) == "String"
        assert nearest("Strang", ["Strong", "String"], most=2) == "String"

    def test_is_none_where_too_much_differs(self) -> None:
        """The twin: more than is allowed, or more than a third of the word."""
        assert nearest("Stringsss", ["String"], most=2) == ""
        assert nearest("abc", ["axx"], most=2) == ""
        assert nearest("abc", [], most=2) == ""


class TestOperatorMeant:
    """The condition operator that a misspelt name stands for."""

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            *(("StringEqual", "StringEquals"), ("stringequals", "StringEquals")),
            *(("StringEquals2", "StringEquals"), ("ArnLikes", "ArnLike"), ("IPAddress", "IpAddress")),
            ("StringEqualsIfExist", "StringEqualsIfExists"),
            ("ForAllValue:StringEqual", "ForAllValues:StringEquals"),
            ("ForAllValues:Null", "Null"),
            *(("X", ""), ("", ""), ("StringMatches", ""), ("S" * 1_000, "")),
        ],
    )
    def test_is_named(self, name: str, expected: str) -> None:
        """Where it is near enough; else nobody guesses."""
        assert operator_meant(name) == expected

    def test_is_an_operator(self) -> None:
        """Every operator without its last letter leads to one, mostly to itself."""
        for name in OPERATORS:
            assert operator_of(operator_meant(name[:-1])) is not None
