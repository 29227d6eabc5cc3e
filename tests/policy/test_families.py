"""What the requests of a family may be: the values of a variable, and the texts that are made of them."""

import pytest

from landing_zone_key.policy import Family, Policy
from landing_zone_key.policy.budget import Budget, TooComplexError
from landing_zone_key.policy.family import Fixed, Text
from landing_zone_key.policy.proof import is_plainly_refused
from landing_zone_key.policy.relevance import can_match
from landing_zone_key.policy.representatives import ANY_TEXT, Domain, one_of
from landing_zone_key.requests import ACCOUNT, REGIONS

TRAIL = Text(("arn:aws:cloudtrail:", "Region", ":", "Account", ":trail/", "Trail", ""))
FAMILY = Family(
    service="cloudtrail.amazonaws.com",
    actions=("kms:Decrypt", "kms:GenerateDataKey"),
    resource="arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    facts={
        "aws:sourcearn": TRAIL,
        "aws:sourceaccount": Text(("", "Account", "")),
        "kms:encryptioncontextkeys": Text(("", "Account", "")),
        "k": Fixed(("v",)),
    },
    variables={"Region": REGIONS["aws"], "Account": one_of(("444455556666",)), "Trail": one_of(("a", "a:b"))},
    excluded={"Trail": "a"},
)
OURS = "arn:aws:cloudtrail:us-east-1:111122223333:trail/a"
THEIRS = "arn:aws:cloudtrail:us-east-1:444455556666:trail/a"


class TestDomain:
    """The values of a variable, within a text."""

    @pytest.mark.parametrize(
        ("domain", "text", "begin", "ends"),
        [
            (one_of(("a", "ab", "b")), "xab", 1, [2, 3]),
            (one_of(("a", "ab", "b")), "xab", 0, []),
            (one_of(("a", "ab", "b")), "xab", 3, []),
            (ANY_TEXT, "ab", 1, [1, 2]),
            (ACCOUNT, "1111222233334", 0, [12]),
            (ACCOUNT, "11112222333", 0, []),
            (REGIONS["aws"], "us-east-12:", 0, [9, 10]),
            (REGIONS["aws"], "us-1", 0, []),
        ],
    )
    def test_ends_wherever_one_of_its_values_does(
        self, domain: Domain, text: str, begin: int, ends: list[int]
    ) -> None:
        """Each place, from the left."""
        assert list(domain.ends(text, begin)) == ends
        assert domain.contains(text[begin:]) is (len(text) in ends)


class TestMayBe:
    """Whether a text is one of those that a fact can be."""

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (THEIRS, True),
            (f"{THEIRS}:b", True),
            (f"{THEIRS}b", False),
            (OURS, False),
            (THEIRS.replace("us-east-1", "us-east-1:x"), False),
            (THEIRS.removesuffix("a"), False),
            ("", False),
        ],
    )
    def test_for_some_values_of_the_variables(self, value: str, *, expected: bool) -> None:
        """An excluded value among them: that is never wrong, if it is not known."""
        assert FAMILY.may_be(TRAIL, value) is expected


#: A condition -> whether some request of the family may meet it.
CONDITIONS = [
    ({"StringEquals": {"aws:SourceArn": OURS}}, False),
    ({"ArnEquals": {"aws:SourceArn": OURS}}, False),
    ({"StringEqualsIfExists": {"aws:SourceArn": OURS}}, False),
    ({"ForAnyValue:StringEquals": {"aws:SourceArn": OURS}}, False),
    ({"StringEquals": {"aws:SourceArn": [OURS, THEIRS]}}, True),
    ({"StringLike": {"aws:SourceArn": f"{OURS}*"}}, True),
    ({"StringNotEquals": {"aws:SourceArn": OURS}}, True),
    ({"ForAllValues:StringEquals": {"aws:SourceArn": OURS}}, True),
    ({"StringEqualsIgnoreCase": {"aws:SourceArn": OURS}}, True),
    ({"StringEquals": {"aws:SourceArn": "${none}"}}, True),
    ({"StringEquals": {"aws:SourceAccount": "111122223333", "aws:SourceArn": THEIRS}}, False),
    ({"StringEquals": {"kms:EncryptionContextKeys": "111122223333"}}, True),
    ({"StringEquals": {"unknown": "x"}}, True),
    ({"Null": {"aws:SourceArn": "true"}}, True),
    ({"StringEqual": {"aws:SourceArn": OURS}}, True),
]


def allowing(condition: dict[str, object], **changes: object) -> Policy:
    """A policy that allows the service both actions under a condition."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "kms:*",
        "Resource": "*",
        "Condition": condition,
        **changes,
    }
    return Policy.parse({"Version": "2012-10-17", "Statement": [statement]})


class TestCanMatch:
    """Whether a request may match a statement: in doubt it does."""

    @pytest.mark.parametrize(("condition", "expected"), CONDITIONS)
    def test_by_the_texts_that_it_lists(self, condition: dict[str, object], *, expected: bool) -> None:
        """Not where each is one that the requests cannot have."""
        policy = allowing(condition)
        assert can_match(policy.statements[0], FAMILY, Budget(1000)) is expected
        assert is_plainly_refused(policy, FAMILY) is not expected

    def test_is_bounded(self) -> None:
        """By the length of the texts."""
        statement = allowing({"StringEquals": {"aws:SourceArn": [OURS]}}).statements[0]
        assert not can_match(statement, FAMILY, Budget(len(OURS)))
        with pytest.raises(TooComplexError):
            can_match(statement, FAMILY, Budget(len(OURS) - 1))


class TestPlainlyRefused:
    """Whether nobody could allow any request."""

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"Effect": "Deny"}, True),
            ({"Principal": {"Service": "config.amazonaws.com"}}, True),
            ({"Action": "kms:Encrypt"}, True),
            ({"Resource": "arn:aws:s3:::*"}, True),
            ({"Condition": {"StringEquals": {"k": "w"}}}, True),
            ({"Condition": {"StringEquals": {"aws:SourceArn": [f"{OURS}{n}" for n in range(200)]}}}, False),
            ({"Action": "kms:Generate*"}, False),
            ({"Action": "k*:Decrypt"}, False),
            ({"Principal": {"AWS": "*"}}, False),
        ],
    )
    def test_by_what_a_statement_is_about(self, changes: dict[str, object], *, expected: bool) -> None:
        """What cannot be decided, or not soon, may allow one."""
        assert is_plainly_refused(allowing({}, **changes), FAMILY) is expected
