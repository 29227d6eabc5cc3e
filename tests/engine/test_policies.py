"""Many keys' policies: those that differ in the keys' own ARNs alone are read once, and no other."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from landing_zone_key import KmsKey, policies
from landing_zone_key.key import KeyArn
from landing_zone_key.policies import Policies
from landing_zone_key.policy import Policy, PolicyError
from landing_zone_key.policy.strict_json import MAXIMUM_CHARACTERS

FIRST, SECOND = (f"{digit}234abcd-12ab-34cd-56ef-1234567890ab" for digit in "12")
SHORT = "k"
OWN = "<arn>"


def text_of(**changes: Any) -> str:
    """A policy of one statement about its own key; `Id` is the policy's."""
    statement = {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": OWN, **changes}
    named = {"Id": statement.pop("Id")} if "Id" in statement else {}
    return json.dumps({"Version": "2012-10-17", **named, "Statement": [statement]})


def key_of(text: str, key_id: str = FIRST, region: str = "us-east-1") -> KmsKey:
    """A key with this policy, its own ARN filled in."""
    arn = KeyArn("aws", region, "111122223333", key_id)
    return KmsKey(arn, policy=text.replace(OWN, str(arn)))


Read = Callable[[], int]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Read:
    """How many policies were read."""
    texts: list[Any] = []
    parse = Policy.parse

    def counted(text: Any) -> Policy:
        texts.append(text)
        return parse(text)

    monkeypatch.setattr(Policy, "parse", counted)
    return lambda: len(texts)


class TestOnce:
    """Most keys of an organization have one of a few policies."""

    @pytest.mark.parametrize(
        "text",
        [
            text_of(),
            text_of(Resource="*"),
            text_of(Resource=[OWN, "*", OWN]),
            text_of(Resource=[OWN, "arn:aws:kms:us-east-1:111122223333:key/1*"]),
            json.dumps(text_of()),
        ],
    )
    def test_keys_with_their_own_arns(self, text: str, read: Read) -> None:
        """One is read, and each has the policy that it would have."""
        of = Policies().of
        first, second = key_of(text), key_of(text, SECOND)
        found = of(first), of(second)
        assert read() == 1
        assert found == (Policy.parse(first.policy or ""), Policy.parse(second.policy or ""))

    def test_not_resource(self, read: Read) -> None:
        """It stays what it is."""
        of = Policies().of
        text = text_of(NotResource=OWN).replace(f', "Resource": "{OWN}"', "")
        found = [of(key_of(text, each)) for each in (FIRST, SECOND)]
        assert read() == 1
        assert [each.statements[0].resources.negated for each in found] == [True, True]
        assert found[1] == Policy.parse(key_of(text, SECOND).policy or "")

    def test_only_so_many_are_remembered(self, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
        """The first is forgotten first."""
        monkeypatch.setattr(policies, "MOST", 2)
        of = Policies().of
        for sid in "abcb":
            of(key_of(text_of(Sid=sid)))
        assert read() == 3
        of(key_of(text_of(Sid="a")))
        assert read() == 4


TRAPS = {
    "in a Sid": text_of(Sid=OWN),
    "in the policy's Id": text_of(Id=OWN),
    "as a principal": text_of(Principal={"AWS": OWN}),
    "in a condition": text_of(Condition={"StringEquals": {"aws:SourceArn": OWN}}),
    "as a condition's key": text_of(Condition={"Null": {OWN: "true"}}),
    "with a star behind it": text_of(Resource=f"{OWN}*"),
    "with another id behind it": text_of(Resource=[OWN, f"{OWN}1"]),
}


class TestTraps:
    """Where an ARN stands as no Resource, or not as it is written."""

    @pytest.mark.parametrize("text", TRAPS.values(), ids=TRAPS)
    @pytest.mark.parametrize("second", [SECOND, SHORT, FIRST[:-1]])
    def test_each_key_has_its_own_policy(self, text: str, second: str) -> None:
        """As `Policy.parse` reads it, whichever comes first."""
        for order in ((FIRST, second), (second, FIRST)):
            of = Policies().of
            for key in (key_of(text, each) for each in order):
                assert of(key) == Policy.parse(key.policy or "")

    @pytest.mark.parametrize("escape", ["\\/", "\\u002f"])
    def test_an_escaped_arn_beside_one_in_a_sid(self, escape: str) -> None:
        """As often as there is a Resource the ARN is found, but elsewhere."""
        first = f"arn:aws:kms:us-east-1:111122223333:key{escape}{FIRST}"
        text = text_of(Resource="<escaped>", Sid=OWN).replace("<escaped>", first)
        of = Policies().of
        for key in (key_of(text), key_of(text, SECOND)):
            assert of(key) == Policy.parse(key.policy or "")

    def test_a_text_that_is_too_long_with_this_arn(self) -> None:
        """It is refused, whatever was read before."""
        of = Policies().of
        text = text_of(Resource=[OWN] * 100)
        short = key_of(text, SHORT)
        room = " " * (MAXIMUM_CHARACTERS - len(short.policy_text))
        assert of(key_of(text + room, SHORT)).statements
        with pytest.raises(PolicyError, match="characters; a key policy has at most 32 KB"):
            of(key_of(text + room))

    @pytest.mark.parametrize("region", ["${aws:username}", "us-*", 'us", "*'])
    def test_an_arn_that_is_none(self, region: str) -> None:
        """A configuration item without an ARN tells its parts, which may be any text."""
        of = Policies().of
        for key in (key_of(text_of(Resource=[OWN]), each, region) for each in (FIRST, SECOND)):
            assert of(key) == Policy.parse(key.policy or "")

    @pytest.mark.parametrize("text", ["", "{", text_of(Effect="allow"), text_of() + "\0", OWN])
    def test_what_is_no_policy_is_told_of_each(self, text: str) -> None:
        """In the words that are true of its own text."""
        of = Policies().of
        for key in (key_of(text, each) for each in (FIRST, SHORT, FIRST)):
            with pytest.raises(PolicyError) as told:
                of(key)
            with pytest.raises(PolicyError) as right:
                Policy.parse(key.policy or "")
            assert str(told.value) == str(right.value)

    def test_a_text_with_the_mark_of_what_is_left_open(self) -> None:
        """It is no JSON, whatever another key has in that place."""
        of = Policies().of
        assert of(key_of(text_of())).statements
        with pytest.raises(PolicyError, match="the policy is not JSON"):
            of(key_of(text_of().replace(OWN, "\0")))

    def test_an_object_is_read_each_time(self) -> None:
        """Whoever has one might change it."""
        document = json.loads(text_of(Resource="*"))
        key = KmsKey(KeyArn("aws", "us-east-1", "111122223333", FIRST), policy=document)
        of = Policies().of
        assert of(key).statements[0].sid is None
        document["Statement"][0]["Sid"] = "later"
        assert of(key).statements[0].sid == "later"
