"""Which actions a statement is about: each is asked once of patterns, and again of none."""

from typing import Any

import pytest

from landing_zone_key.policy import Policy


def included(action: str, **written: Any) -> list[bool | None]:
    """What a statement says to one action, the first time and the second."""
    statement = {"Effect": "Allow", "Principal": "*", "Resource": "*", **written}
    actions = Policy.parse({"Statement": [statement]}).statements[0].actions
    return [actions.include(action), actions.include(action)]


ABOUT = [
    ("kms:Decrypt", True),
    ("KMS:DECRYPT", True),
    ("kms:D*", True),
    ("kms:*", True),
    ("*", True),
    ("kms:*t", True),
    ("kms:?ecrypt", True),
    ("kms:decrypt?", False),
    ("kms:De*x*", False),
    ("kms:decryp", False),
    ("kms:Encrypt", False),
    ("s3:*", False),
    ("k*:Decrypt", None),
    ("kms*", None),
    ("*:*", None),
    ("s*:Decrypt", False),
]


class TestActions:
    """Names without case, and wildcards."""

    @pytest.mark.parametrize(("text", "expected"), ABOUT)
    def test_by_one_text(self, text: str, *, expected: bool | None) -> None:
        """NotAction is the other way round; doubt stays doubt."""
        assert included("kms:decrypt", Action=text) == [expected] * 2
        other = None if expected is None else not expected
        assert included("kms:decrypt", NotAction=text) == [other] * 2

    @pytest.mark.parametrize(
        ("texts", "expected"),
        [
            (["s3:*", "kms:D*"], True),
            (["k*:Decrypt", "kms:?ecrypt"], True),
            (["k*:Decrypt", "kms:Decrypt"], True),
            (["k*:Decrypt", "kms:Encrypt"], None),
            (["kms:Encrypt", "kms:?encrypt", "kms:E*"], False),
        ],
    )
    def test_by_the_surest_of_several(self, texts: list[str], *, expected: bool | None) -> None:
        """What names it for certain counts before what may."""
        assert included("kms:decrypt", Action=texts) == [expected] * 2

    def test_each_action_has_its_own_answer(self) -> None:
        """Whatever was asked before."""
        statement = {"Effect": "Allow", "Principal": "*", "Resource": "*", "Action": ["kms:?ecrypt", "s3:*"]}
        actions = Policy.parse({"Statement": [statement]}).statements[0].actions
        asked = ["kms:decrypt", "kms:encrypt", "kms:decrypt", "s3:getobject", "kms:encrypt"]
        assert [actions.include(each) for each in asked] == [True, False, True, True, False]
