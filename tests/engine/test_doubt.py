"""What the engine says where nobody can decide: why, and by which statement."""

from typing import Any

import pytest

from landing_zone_key import annotate, assess
from landing_zone_key.policy import Policy, decide

CONFIG = "CONFIG_ACCESS"


def finding(make_key: Any, zone: Any, *statements: Any) -> Any:
    """The finding on AWS Config's requests."""
    assessment = assess(make_key("cloudtrail", *statements), zone)
    (found,) = [each for each in assessment.findings if each.requirement == CONFIG]
    return found, annotate(assessment)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            {"Principal": None, "NotPrincipal": {"AWS": "arn:aws:iam::111122223333:role/a"}},
            "IAM does not support NotPrincipal with Allow",
        ),
        ({"Principal": {"Service": "*"}}, 'whether {"Service": "*"} includes AWS services'),
        ({"Action": "K*:*"}, 'AWS documents no wildcard in the service part of an action, as "K*:*" has one'),
        ({"Resource": "arn:aws:k*:*:*:key/*"}, "not documented: it has a wildcard for the service"),
        (
            {"Resource": "arn:aws:kms:*:*:k*"},
            "not documented: it has a wildcard in part of the resource type",
        ),
        ({"Resource": "*:key/*"}, "not documented: it is no ARN"),
        (
            {"Condition": {"StringLikes": {"aws:SourceArn": "*"}}},
            'there is no condition operator "StringLikes" (perhaps "StringLike" is meant)',
        ),
        (
            {"Condition": {"NewerThanThis": {"aws:SourceArn": "*"}}},
            'there is no condition operator "NewerThanThis"',
        ),
        ({"Condition": {"StringLike": {}}}, "what StringLike asks for without any key is not documented"),
        (
            {"Condition": {"DateLessThan": {"aws:CurrentTime": "1900000000000"}}},
            '("1900000000000" is no date; seconds since 1970 have fewer digits)',
        ),
        (
            {"Condition": {"StringLike": {"aws:CurrentTime": "20*"}}},
            "its conditions cannot be decided for every request",
        ),
    ],
    ids=str,
)
class TestAllow:
    """An Allow that may grant."""

    def test_says_why_it_proves_nothing(
        self, change: dict[str, Any], why: str, make_key: Any, make_zone: Any
    ) -> None:
        """In a sentence, and in the annotation that it perhaps allows."""
        found, annotation = finding(make_key, make_zone(), {"of": "config", **change})
        assert '"Allow Config to use KMS for encryption" may allow it, but ' in found.message
        assert why in found.message
        assert ', perhaps allowed by "Allow Config to use KMS for encryption"' in annotation

    def test_with_another_that_is_certain_it_does_not_matter(
        self, change: dict[str, Any], why: str, make_key: Any, make_zone: Any
    ) -> None:
        """The twin: doubt counts only where it decides."""
        key = make_key("cloudtrail", "config", {"of": "config", **change})
        assert assess(key, make_zone()).compliance == "COMPLIANT", why


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"Resource": "arn:aws:kms:us-east-1"}, "not documented: it has too few parts"),
        ({"Resource": "key/*"}, "not documented: it is no ARN"),
        ({"Condition": {"StringEquals": {"aws:EpochTime": "5"}}}, "for every request of the service"),
    ],
    ids=str,
)
def test_a_deny_that_may_apply_says_why(
    change: dict[str, Any], why: str, make_key: Any, make_zone: Any
) -> None:
    """Whether it applies cannot be decided, for this reason."""
    deny = {"of": "perimeter", "Condition": None, **change}
    found, _ = finding(make_key, make_zone(), "config", deny)
    assert found.reason == "UNDECIDABLE_DENY"
    assert 'whether the Deny "DenyOutsideOrg" applies cannot be decided: ' in found.message
    assert why in found.message


@pytest.mark.parametrize("operator", ["StringLike", "StringNotLike", "StringLikeIfExists"])
def test_a_counterexample_of_a_key_of_many_values_carries_two(
    operator: str, make_key: Any, make_zone: Any
) -> None:
    """So that it is refused by the policy as it stands."""
    statement = {"of": "config", "Condition": {operator: {"aws:SourceOrgPaths": "o-exampleorgid/*"}}}
    zone = make_zone(OrganizationId="o-exampleorgid")
    key = make_key("cloudtrail", statement)
    (found,) = assess(key, zone).findings
    assert not decide(Policy.parse(key.policy), found.request).allowed
