"""Condition keys of many values: a plain operator on one is undefined for two, and no proof rests on it."""

from typing import Any

import pytest

from landing_zone_key import assess
from landing_zone_key.policy.family import MANY_VALUED

# Nothing is known of these in AWS Config's requests.
UNKNOWN = ("kms:ResourceAliases", "aws:SourceOrgPaths", "kms:EncryptionContextKeys", "aws:ResourceOrgPaths")
# No request of AWS Config's carries these.
ABSENT = ("aws:CalledVia", "aws:TagKeys", "aws:VpceOrgPaths", "kms:GrantOperations")


def config_access(make_key: Any, zone: Any, *statements: Any) -> list[str]:
    """The reasons for which AWS Config's requests are not proved."""
    findings = assess(make_key("cloudtrail", *statements), zone).findings
    return [finding.reason for finding in findings if finding.requirement == "CONFIG_ACCESS"]


def allowing(condition: dict[str, Any]) -> dict[str, Any]:
    """AWS Config's statement with a condition."""
    return {"of": "config", "Condition": condition}


@pytest.mark.parametrize("name", [*UNKNOWN, "AWS:RESOURCEORGPATHS", "KMS:ResourceAliases"])
class TestPlainOperator:
    """An operator without ForAllValues or ForAnyValue."""

    def test_an_allow_on_any_value_proves_nothing(self, name: str, make_key: Any, make_zone: Any) -> None:
        """One value, or none, would be let through; two are undefined."""
        condition = {"StringLikeIfExists": {name: "*"}}
        assert config_access(make_key, make_zone(), allowing(condition)) == ["NO_ALLOW"]

    def test_with_a_set_operator_it_does(self, name: str, make_key: Any, make_zone: Any) -> None:
        """The twin: every value matches, however many there are."""
        condition = {"ForAllValues:StringLike": {name: "*"}}
        assert config_access(make_key, make_zone(), allowing(condition)) == []

    def test_a_deny_of_no_value_may_apply(self, name: str, make_key: Any, make_zone: Any) -> None:
        """Of one value it is certain that it does not; of two it is not."""
        condition = {"Null": {name: "false"}, "StringNotLike": {name: "*"}}
        deny = {"of": "perimeter", "Condition": condition}
        assert config_access(make_key, make_zone(), "config", deny) == ["UNDECIDABLE_DENY"]


@pytest.mark.parametrize("name", [*ABSENT, "AWS:TAGKEYS"])
class TestAbsentKey:
    """The twins: where no request carries the key, there are no two values to be in doubt about."""

    def test_an_allow_on_any_value_is_proved(self, name: str, make_key: Any, make_zone: Any) -> None:
        """None is let through."""
        condition = {"StringLikeIfExists": {name: "*"}}
        assert config_access(make_key, make_zone(), allowing(condition)) == []

    def test_a_deny_of_no_value_does_not_apply(self, name: str, make_key: Any, make_zone: Any) -> None:
        """It asks that the key be there."""
        condition = {"Null": {name: "false"}, "StringNotLike": {name: "*"}}
        deny = {"of": "perimeter", "Condition": condition}
        assert config_access(make_key, make_zone(), "config", deny) == []


class TestOrdinaryKey:
    """The twins: a key of one value."""

    @pytest.mark.parametrize("name", ["kms:ViaService", "kms:EncryptionContext:project"])
    def test_any_value_is_any_value(self, name: str, make_key: Any, make_zone: Any) -> None:
        """There is one value or none, and both are let through."""
        condition = {"StringLikeIfExists": {name: "*"}}
        assert config_access(make_key, make_zone(), allowing(condition)) == []


class TestKnowingMore:
    """With OrganizationId aws:SourceOrgPaths is known; that proves more, and never less."""

    CONDITIONS = (
        {"StringLikeIfExists": {"aws:SourceOrgPaths": "*"}},
        {"StringNotEqualsIfExists": {"aws:SourceOrgPaths": "o-otherexampleorg/r-ab12/"}},
        {"StringNotEquals": {"aws:SourceOrgPaths": "x"}},
        {"ForAllValues:StringLike": {"aws:SourceOrgPaths": "*"}},
        {"ForAllValues:StringLike": {"aws:SourceOrgPaths": "o-exampleorgid/*"}},
        {"ForAnyValue:StringLike": {"aws:SourceOrgPaths": "o-exampleorgid/*"}},
        {"Null": {"aws:SourceOrgPaths": "false"}},
        {"StringLikeIfExists": {"aws:ResourceOrgPaths": "*"}},
    )

    @pytest.mark.parametrize("condition", CONDITIONS, ids=str)
    def test_what_is_proved_without_it_is_proved_with_it(
        self, condition: dict[str, Any], make_key: Any, make_zone: Any
    ) -> None:
        """Nobody loses a proof by naming the organization."""
        without, with_it = (
            config_access(make_key, zone, allowing(condition))
            for zone in (make_zone(), make_zone(OrganizationId="o-exampleorgid"))
        )
        assert len(with_it) <= len(without)

    def test_it_settles_a_set_operator(self, make_key: Any, make_zone: Any) -> None:
        """The case in which it proves more."""
        condition = {"ForAnyValue:StringLike": {"aws:SourceOrgPaths": "o-exampleorgid/*"}}
        assert config_access(make_key, make_zone(), allowing(condition)) == ["NO_ALLOW"]
        zone = make_zone(OrganizationId="o-exampleorgid")
        assert config_access(make_key, zone, allowing(condition)) == []


def test_the_keys_are_written_as_they_are_looked_up() -> None:
    """In lower case: names of condition keys have none."""
    assert {key.lower() for key in MANY_VALUED} == MANY_VALUED
    assert {name.lower() for name in (*UNKNOWN, *ABSENT)} <= MANY_VALUED
