"""Reading a policy document: every shape the service accepts; for all others the place."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from landing_zone_key import LandingZoneKeyError
from landing_zone_key.policy import Policy, PolicyError
from landing_zone_key.policy.strict_json import MAXIMUM_CHARACTERS, on_every_python

Case = Mapping[str, Any]
DOCUMENT = {
    "Version": "2012-10-17",
    "Id": "example",
    "Statement": [{"Sid": "ß", "Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}],
}
TEXT = json.dumps(DOCUMENT)

# What json says of a comma too many: Python 3.11 and 3.12, and 3.13.
NAME_MISSING, OBJECT_COMMA = (
    "Expecting property name enclosed in double quotes",
    "Illegal trailing comma before end of object",
)
VALUE_MISSING, ARRAY_COMMA = "Expecting value", "Illegal trailing comma before end of array"


class TestMalformedDocument:
    """Documents that the service could not have stored."""

    TABLE = "malformed.json"

    def test_is_refused_with_the_place(self, case: Case, twin_of: Callable[[Case], Case]) -> None:
        """The message begins with the place and what stands there; with that one place right, it parses."""
        with pytest.raises(PolicyError) as error:
            Policy.parse(case["policy"])
        assert str(error.value).startswith(case["expected"])
        assert Policy.parse(twin_of(case)["policy"]).statements

    def test_is_refused_as_text_in_the_same_words(self, case: Case) -> None:
        """Text and object are one document."""
        with pytest.raises(PolicyError) as error:
            Policy.parse(json.dumps(case["policy"]))
        assert str(error.value).startswith(case["expected"])


class TestMalformedText:
    """Text that is no JSON, or JSON that means two things."""

    TABLE = "malformed_text.json"

    def test_is_refused_with_the_place(self, case: Case, twin_of: Callable[[Case], Case]) -> None:
        """The message says what is wrong with the text; its twin parses."""
        with pytest.raises(PolicyError) as error:
            Policy.parse(case["text"])
        assert str(error.value).startswith(case["expected"])
        assert Policy.parse(twin_of(case)["text"]).statements


class TestJsonOfEveryPython:
    """The words do not depend on the Python: Lambda has one, who runs the command another."""

    @pytest.mark.parametrize(
        ("message", "text", "position", "words", "line", "column"),
        [
            (NAME_MISSING, '{"a": 1,\n }', 10, "Illegal trailing comma before end of object", 2, 2),
            (OBJECT_COMMA, '{"a": 1,\n }', 7, "Illegal trailing comma before end of object", 2, 2),
            (VALUE_MISSING, '{"a": [1 , ]}', 11, "Illegal trailing comma before end of array", 1, 12),
            (ARRAY_COMMA, '{"a": [1 , ]}', 9, "Illegal trailing comma before end of array", 1, 12),
        ],
    )
    def test_a_comma_too_many(
        self, message: str, text: str, position: int, words: str, line: int, column: int
    ) -> None:
        """As 3.11 and 3.12 tell it, and as 3.13 does: its name, and the place of the closing bracket."""
        told = on_every_python(json.JSONDecodeError(message, text, position))
        assert (told.msg, told.lineno, told.colno) == (words, line, column)
        assert on_every_python(told) is told

    @pytest.mark.parametrize("text", ['{"a": 1,\n }', '{"a": [1 , ]}'])
    def test_a_comma_too_many_in_a_policy(self, text: str) -> None:
        """As this Python tells it."""
        with pytest.raises(PolicyError, match=": Illegal trailing comma before end of "):
            Policy.parse(text)

    @pytest.mark.parametrize(
        "text", ["{", "{,}", "[,]", '{"a": ]', '{"a": 1,]', "[1,}", "[1,,]", "[1,", '["a,]']
    )
    def test_any_other_fault_is_told_as_it_is(self, text: str) -> None:
        """The twin: no comma too many, or none before its own bracket."""
        with pytest.raises(json.JSONDecodeError) as caught:
            json.loads(text)
        assert on_every_python(caught.value) is caught.value


class TestAcceptedShapes:
    """One document, many ways to hand it over."""

    @pytest.mark.parametrize(
        "document",
        [
            TEXT,
            TEXT.encode(),
            bytearray(TEXT.encode("utf-16")),
            json.dumps(TEXT),
            json.dumps(TEXT).encode(),
            json.dumps(DOCUMENT, indent=4, ensure_ascii=False).replace("\n", "\r\n"),
            {**DOCUMENT, "Statement": tuple(DOCUMENT["Statement"])},
            {**DOCUMENT, "Statement": DOCUMENT["Statement"][0]},
        ],
        ids=["text", "bytes", "UTF-16", "text twice", "bytes twice", "white space", "tuple", "single"],
    )
    def test_are_the_same_policy(self, document: Any) -> None:
        """Text, bytes, doubly encoded text and objects are read alike."""
        assert Policy.parse(document) == Policy.parse(DOCUMENT)

    def test_the_argument_is_left_alone(self) -> None:
        """Parsing changes nothing in the object that it is given."""
        document = json.loads(TEXT)
        Policy.parse(document)
        assert document == DOCUMENT


class TestRepeated:
    """What stands in a policy again is read once; it is what it would be alone."""

    STATEMENT: Mapping[str, Any] = {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ({}, {}),
            ({"Sid": "a"}, {"Effect": "Deny"}),
            ({"Action": ["kms:D?", "k*:E"]}, {"Action": ["kms:D?", "k*:E"]}),
            ({"Resource": ["a", "a", "*"]}, {"Resource": "a"}),
            ({"Condition": {"StringLike": {"a": "x*"}}}, {"Condition": {"StringLike": {"a": "x*"}}}),
            ({"Condition": {"StringLike": {"a": "x*"}}}, {"Condition": {"StringLike": {"A": "x*"}}}),
            ({"Condition": {"StringLike": {"a": "x*"}}}, {"Condition": {"StringEquals": {"a": "x*"}}}),
            ({"Condition": {"StringLike": {"a": "x"}}}, {"Condition": {"StringLike": {"a": ["x", "x"]}}}),
        ],
    )
    def test_statements_are_what_they_are_alone(self, one: Case, other: Case) -> None:
        """But for their index."""
        statements = [{**self.STATEMENT, **changed} for changed in (one, other)]
        together = Policy.parse({"Version": "2012-10-17", "Statement": statements})
        for index, statement in enumerate(statements):
            alone = Policy.parse({"Version": "2012-10-17", "Statement": statement})
            assert together.statements[index] == replace(alone.statements[0], index=index)

    @pytest.mark.parametrize("name", ["Action", "Resource", "Principal"])
    def test_an_element_is_not_its_negation(self, name: str) -> None:
        """Even where both have the same texts."""
        value = {"Service": "a"} if name == "Principal" else "a"
        negation = {**self.STATEMENT, f"Not{name}": value}
        del negation[name]
        plain, negated = Policy.parse(
            {"Statement": [{**self.STATEMENT, name: value}, negation]},
        ).statements
        field = f"{name.lower()}s"
        assert (getattr(plain, field).negated, getattr(negated, field).negated) == (False, True)


class TestHostileInput:
    """Input that is made to break a parser."""

    @pytest.mark.parametrize(
        ("document", "message"),
        [
            pytest.param("[" * 20_000 + "]" * 20_000, "the policy is nested too deeply", id="nested deeply"),
            pytest.param(
                '{"a":' * 20_000 + "1" + "}" * 20_000, "the policy is nested too deeply", id="objects"
            ),
            pytest.param(
                " " * (MAXIMUM_CHARACTERS + 1 - len(TEXT)) + TEXT,
                f"the policy has {MAXIMUM_CHARACTERS + 1} characters; a key policy has at most 32 KB",
                id="too long",
            ),
            pytest.param(b"\xff\xfe\xfa", "the policy is not JSON: it holds text or a number", id="no UTF-8"),
            pytest.param("1" * 5000, "the policy is not JSON: it holds text or a number", id="huge number"),
            pytest.param("\ufeff" + TEXT, "the policy is not JSON: line 1, column 1: ", id="byte order mark"),
            pytest.param('"\\ud800"', "the policy is not JSON: line 1, column 1: ", id="half a character"),
            pytest.param(
                TEXT.replace("\\u00df", "\\ud800"),
                "the policy holds half of a character",
                id="half a character in a Sid",
            ),
            pytest.param(
                {**DOCUMENT, "Id": "\udfff"}, "the policy holds half of a character", id="in an object"
            ),
            pytest.param(
                TEXT.replace('"Allow"', '"Allow", "Condition": {"NumericEquals": {"k": 1e999}}', 1),
                "Statement[0].Condition.NumericEquals.k is Infinity; right would be",
                id="a number out of range",
            ),
            pytest.param(None, "the policy is null; right would be an object", id="nothing"),
            pytest.param(7, "the policy is 7; right would be an object", id="a number"),
            pytest.param({1: 2}, "the policy has a member 1; right would be only", id="a name that is none"),
            pytest.param({"Statement": {object()}}, "Statement is set; right would be", id="a set"),
        ],
    )
    def test_is_refused_in_one_short_line(self, document: Any, message: str) -> None:
        """`PolicyError` and nothing else, whatever it is given."""
        with pytest.raises(PolicyError) as error:
            Policy.parse(document)
        assert str(error.value).startswith(message)
        assert len(str(error.value)) < 200
        assert str(error.value).isprintable()

    def test_the_longest_text_is_still_read(self) -> None:
        """The bound on length is exact."""
        padded = " " * (MAXIMUM_CHARACTERS - len(TEXT)) + TEXT
        assert Policy.parse(padded) == Policy.parse(DOCUMENT)

    def test_a_number_of_very_many_digits_is_refused_with_its_place(self) -> None:
        """An object may hold an integer that Python does not write as text."""
        huge, large = ({"NumericLessThan": {"k": 10**digits}} for digits in (5000, 4000))
        statement = DOCUMENT["Statement"][0]
        with pytest.raises(PolicyError, match=r"^Statement\.Condition\.NumericLessThan\.k is int; "):
            Policy.parse({"Statement": {**statement, "Condition": huge}})
        assert Policy.parse({"Statement": {**statement, "Condition": large}}).statements

    def test_a_name_in_a_condition_that_is_no_text_is_refused(self) -> None:
        """An object may have keys that JSON has not."""
        statement = {**DOCUMENT["Statement"][0], "Condition": {"Bool": {1: "true"}}}
        with pytest.raises(
            PolicyError, match=r"^Statement\.Condition\.Bool has a member 1; right would be a name$"
        ):
            Policy.parse({"Statement": statement})

    def test_an_object_that_holds_itself_is_refused(self) -> None:
        """What cannot be shown as JSON is named by its type."""
        knot: list[Any] = []
        knot.append(knot)
        with pytest.raises(PolicyError, match=r"^Statement\[0\] is list; "):
            Policy.parse({"Statement": knot})

    def test_the_error_is_the_packages_own(self) -> None:
        """A PolicyError is no ValueError, which rdklib would swallow."""
        assert issubclass(PolicyError, LandingZoneKeyError)
        assert not issubclass(PolicyError, ValueError)


class TestFrozen:
    """Parsed policies are values."""

    def test_a_policy_cannot_be_changed(self) -> None:
        """Policy, statement and condition are frozen, and equal when they say the same."""
        policy = Policy.parse(TEXT)
        with pytest.raises(AttributeError):
            policy.statements[0].sid = "other"  # type: ignore[misc]
        with pytest.raises(AttributeError):
            policy.statements = ()  # type: ignore[misc]
        assert policy == Policy.parse(DOCUMENT)
        assert policy != Policy.parse({**DOCUMENT, "Statement": DOCUMENT["Statement"] * 2})


class TestOperatorsOfANewPolicy:
    """Condition operators that nobody knows."""

    @staticmethod
    def policy(operator: str) -> Policy:
        """A policy with one condition."""
        statement = {**DOCUMENT["Statement"][0], "Condition": {operator: {"aws:SourceAccount": "1"}}}
        return Policy.parse({"Statement": [DOCUMENT["Statement"][0], statement]})

    @pytest.mark.parametrize(
        ("operator", "right"), [("StringEqual", "StringEquals"), ("Matches", "one of IAM's, such as")]
    )
    def test_are_refused_with_the_one_that_is_meant(self, operator: str, right: str) -> None:
        """With the place; where none is near, no other is named."""
        with pytest.raises(PolicyError) as error:
            self.policy(operator).require_operators()
        assert str(error.value).startswith(
            f'Statement[1].Condition has "{operator}", which is no condition operator; right would be {right}'
        )

    @pytest.mark.parametrize("operator", ["StringEquals", "ForAllValues:StringLikeIfExists"])
    def test_are_those_alone(self, operator: str) -> None:
        """The twin: what IAM has is taken."""
        self.policy(operator).require_operators()
