"""`Policy.parse` reads a policy or raises `PolicyError`, whatever it is given, and all answers go by that."""

import copy
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from oracle.policies import policies

from landing_zone_key import KmsKey, LandingZone, annotate, assess, repair
from landing_zone_key.policy import Policy, PolicyError

NAMES = (
    *("Version", "Id", "Statement", "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction"),
    *("Resource", "NotResource", "Condition", "AWS", "Service", "StringLike", "Null", "2012-10-17", "Allow"),
    *("Deny", "*", "kms:*", "${aws:username}", "${", "9999-12-31T23:59:59+00:00", "0001-01-01", "-", "1/2"),
)
KINDS = ("NumericEquals", "DateEquals", "IpAddress", "BinaryEquals", "Bool", "StringLike", "ArnLike", "Null")
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(NAMES),
)
anything = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.one_of(st.sampled_from(NAMES), scalars.filter(lambda key: key == key)), inner),  # noqa: PLR0124
    ),
    max_leaves=20,
)
json_texts = anything.map(lambda value: json.dumps(value, default=repr, skipkeys=True))


MARK = "the place of a literal"
# JSON that Python reads, and that it, UTF-8 or a key policy cannot hold; and the nearest that they can.
LITERALS = (
    *('"\\ud800"', '"\\udfff\\ud800"', '"\\ud83d\\ude00"', "1e999", "-1e999", "1e308", "NaN", "1e-999"),
    *("1" * 5000, "1" * 4000, "[" * 500 + "]" * 500, '{"a":' * 500 + "1" + "}" * 500, "[" * 5 + "]" * 5),
)
KEY = KmsKey.from_describe_key(
    {
        "Arn": "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "KeyManager": "CUSTOMER",
        "KeyState": "Enabled",
        "MultiRegion": False,
        "KeySpec": "SYMMETRIC_DEFAULT",
        "KeyUsage": "ENCRYPT_DECRYPT",
    }
)
ZONE = LandingZone("us-east-1", "111122223333")


@st.composite
def mutated(draw: st.DrawFn, thing: st.SearchStrategy[Any] = anything) -> Any:
    """A policy with one thing in it replaced, removed, or doubled."""
    policy = copy.deepcopy(draw(policies()))
    place: Any = policy
    while isinstance(place, dict | list) and place:
        names = list(place) if isinstance(place, dict) else list(range(len(place)))
        name = draw(st.sampled_from(names))
        if draw(st.booleans()) or not isinstance(place[name], dict | list):
            place[name] = draw(st.one_of(thing, st.just([place[name], place[name]])))
            break
        place = place[name]
    return policy


def reads_or_refuses(document: Any) -> None:
    """Parse; any exception but PolicyError is the test's failure."""
    with suppress(PolicyError):
        assert Policy.parse(document).statements


class TestParse:
    """Nothing gets out but `PolicyError`."""

    @given(document=st.one_of(anything, json_texts, st.text(), st.binary()))
    @example(document="[" * 100_000)
    @example(document='{"Statement":' * 20_000)
    @example(document="1" * 5_000)
    @example(document='"\\ud800"')
    @example(document=b"\xff\xfe{")
    @example(document={"Statement": {"Condition": 10**5_000}})
    def test_of_anything(self, document: Any) -> None:
        """Whatever is no policy is refused with an error of ours."""
        reads_or_refuses(document)

    @given(document=mutated())
    def test_of_a_policy_with_one_fault(self, document: Any) -> None:
        """A policy with something in its wrong place, as data and as text."""
        reads_or_refuses(document)
        reads_or_refuses(json.dumps(document, default=repr, skipkeys=True))

    @given(policy=policies(), data=st.data())
    def test_of_text_that_is_cut(self, policy: dict[str, Any], data: st.DataObject) -> None:
        """A policy's text that ends too early is refused, and whole it is read."""
        text = json.dumps(policy)
        assert Policy.parse(text) == Policy.parse(policy) == Policy.parse(json.dumps(text))
        with pytest.raises(PolicyError):
            Policy.parse(text[: data.draw(st.integers(0, len(text) - 1))])

    @pytest.mark.parametrize(
        "name", ["NumericEquals", "DateEquals", "IpAddress", "BinaryEquals", "Bool", "StringLike"]
    )
    @given(value=st.one_of(st.text(), st.text(alphabet="0123456789-+:TZ./ \n"), scalars))
    def test_of_any_condition_value(self, name: str, value: Any) -> None:
        """Values of the wrong form are doubt, not errors."""
        allow = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
        reads_or_refuses({"Statement": {**allow, "Condition": {name: {"k": value}}}})


def is_answered(policy: Any) -> None:
    """Judge and repair: every answer is about the policy as it is parsed, and can be written."""
    key = KEY.with_policy(policy)
    assert annotate(assess(key, ZONE)).isprintable()
    repaired = repair(key, ZONE)
    try:
        Policy.parse(policy)
    except PolicyError:
        assert (repaired.policy, repaired.changes) == (None, ())
        assert {left.requirement.value for left in repaired.unresolved} == {
            "CONFIG_ACCESS",
            "CLOUDTRAIL_ACCESS",
        }
    else:
        written = json.dumps(repaired.policy, ensure_ascii=False, allow_nan=False).encode()
        assert Policy.parse(written) == Policy.parse(repaired.policy or {})


class TestAnswers:
    """`assess`, `annotate` and `repair` raise nothing, and agree on what can be read."""

    @given(document=st.one_of(json_texts, st.text(), st.binary()))
    @example(document="[" * 100_000)
    @example(document='"\\ud800"')
    @example(document=b"\xff\xfe{")
    def test_to_any_text(self, document: str | bytes) -> None:
        """Whatever was stored, or was never a policy."""
        is_answered(document)

    @given(document=mutated())
    def test_to_a_policy_with_one_fault(self, document: Any) -> None:
        """As data and as text."""
        if isinstance(document, dict):
            is_answered(document)
        is_answered(json.dumps(document, default=repr, skipkeys=True))

    @given(document=mutated(st.just(MARK)), literal=st.sampled_from(LITERALS))
    def test_to_a_policy_with_a_literal_at_the_edge(self, document: Any, literal: str) -> None:
        """Anywhere in it, as text and as the object that it is decoded to."""
        text = json.dumps(document).replace(f'"{MARK}"', literal)
        is_answered(text)
        is_answered(json.loads(text, parse_int=lambda digits: 10 ** (len(digits) - 1)))
