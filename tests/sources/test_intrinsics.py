"""CloudFormation's functions: what they give before deployment, and what is said where they cannot tell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from landing_zone_key.key import KeyArn
from lzkey.sources.template import Resolver, Template
from lzkey.sources.unknown import Unknown, is_known, joined

TABLE = json.loads(Path(__file__).with_name("intrinsics.json").read_text())
ARN = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
PATH = ("Resources", "Key", "Properties", "KeyPolicy", "Statement", 1, "Resource")


def cases(name: str) -> Any:
    """Parametrize by the rows of a table."""
    rows = TABLE[name]
    return pytest.mark.parametrize(
        ("value", "expected"), [row[1:] for row in rows], ids=[row[0] for row in rows]
    )


@pytest.fixture
def resolver() -> Resolver:
    """A resolver of the table's template."""
    keys = {"Key": KeyArn.parse(ARN)}
    return Resolver(Template(TABLE["template"], TABLE["parameters"], "111122223333", "us-east-1", keys))


class TestFunctions:
    """Each in a template that has something of everything."""

    @cases("resolved")
    def test_what_can_be_resolved_is(self, resolver: Resolver, value: Any, expected: Any) -> None:
        """Without a word."""
        wanted = json.dumps(expected).replace("ARN", ARN).replace('"ID"', f'"{ARN.rpartition("/")[2]}"')
        assert resolver.value(value, PATH) == json.loads(wanted)
        assert is_known(resolver.value(value, PATH))

    @cases("unresolved")
    def test_what_cannot_is_unknown_with_a_sentence(
        self, resolver: Resolver, value: Any, expected: str
    ) -> None:
        """Which names what, and mostly what would tell."""
        assert not is_known(resolver.value(value, PATH))
        assert expected in "\n".join(resolver.reasons)

    def test_the_sentence_names_the_place(self, resolver: Resolver) -> None:
        """As people write it, down to the function."""
        resolver.value({"Fn::Sub": ["${A}", {"A": {"Fn::ImportValue": "x"}}]}, PATH)
        (sentence,) = resolver.reasons
        place, _, what = sentence.partition(": ")
        assert place == "Resources.Key.Properties.KeyPolicy.Statement[1].Resource"
        assert what == "!ImportValue x is known only to the deployed stack"

    def test_each_sentence_is_said_once(self, resolver: Resolver) -> None:
        """However often its value is used."""
        for _ in range(3):
            resolver.value({"Ref": "Missing"}, PATH)
        assert len(resolver.reasons) == 1


class TestKnownParts:
    """Text that is known in part."""

    @pytest.mark.parametrize(
        ("parts", "text", "possible"),
        [
            ([Unknown()], "anything", True),
            (["config.", Unknown()], "config.amazonaws.com", True),
            (["config.", Unknown()], "cloudtrail.amazonaws.com", False),
            ([Unknown(), ".amazonaws.com"], "config.amazonaws.com", True),
            (["a", Unknown(), "a"], "a", False),
            (["a", Unknown(), "a"], "aa", True),
            (["a", Unknown(), "b", Unknown(), "c"], "abc", True),
            (["a", Unknown(), "b", Unknown(), "c"], "acbc", True),
            (["a", Unknown(), "b", Unknown(), "c"], "ac", False),
            ([Unknown(), "bb", Unknown(), "bb", Unknown()], "bbb", False),
            ([Unknown(), "bb", Unknown(), "bb", Unknown()], "bbbb", True),
            ([Unknown(alternatives=("x", "y"))], "anything", True),
        ],
    )
    def test_what_is_known_excludes_texts(self, parts: list[Any], text: str, *, possible: bool) -> None:
        """Pieces stand in their order and do not overlap."""
        value = joined(parts)
        assert isinstance(value, Unknown)
        assert value.may_be(text) is possible

    def test_alternatives_are_all_that_it_may_be(self) -> None:
        """By themselves."""
        either = Unknown(alternatives=("x", joined(["y", Unknown()])))
        assert [either.may_be(text) for text in ("x", "yes", "z")] == [True, True, False]

    def test_known_parts_are_text(self) -> None:
        """The twin."""
        assert joined(["a", "b"]) == "ab"
