"""RequireConfusedDeputyProtection: requests of foreign accounts' recorders and trails must be refused."""

from typing import Any

import pytest

from landing_zone_key import annotate, assess, repair

ORGANIZATION = {"OrganizationId": "o-exampleorgid"}
PROTECT = {"RequireConfusedDeputyProtection": "true"}
LIMITED = {"of": "config", "Condition": {"StringEquals": {"aws:SourceOrgID": "o-exampleorgid"}}}
BY_PATH = {
    "of": "config",
    "Condition": {"ForAnyValue:StringLike": {"aws:SourceOrgPaths": "o-exampleorgid/*"}},
}
OPEN_TRAIL = {"of": "cloudtrail", "Condition": None}
BY_ACCOUNT = {"of": "cloudtrail", "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}}
ANY_TRAIL = {
    "of": "cloudtrail",
    "Condition": {"StringLike": {"aws:SourceArn": "arn:aws:cloudtrail:*:*:trail/*"}},
}
CONTEXT_ONLY = {
    "of": "cloudtrail",
    "Condition": {
        "StringLike": {
            "kms:EncryptionContext:aws:cloudtrail:arn": "arn:aws:cloudtrail:*:111122223333:trail/*"
        }
    },
}
PATH = {"aws:SourceOrgPaths": "o-exampleorgid/*"}
PATH_OR_NONE = [
    {"of": "config", "Condition": {"ForAllValues:StringLike": PATH}},
    {"of": "config", "Condition": {"ForAnyValue:StringLikeIfExists": PATH}},
]
DENY_BY_PATH = {
    "Sid": "OtherOrganizations",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "kms:*",
    "Resource": "*",
    "Condition": {"ForAnyValue:StringNotLike": PATH},
}
DENY_WITHOUT_PATH = {
    **DENY_BY_PATH,
    "Sid": "NoOrganization",
    "Condition": {"Null": {"aws:SourceOrgPaths": "true"}},
}
ALL_OF_AWS = {"of": "merged", "Principal": {"AWS": "*"}}
FOREIGN_DENY = {
    "Sid": "OurOrganization",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "kms:*",
    "Resource": "*",
    "Condition": {
        "StringNotEquals": {"aws:SourceOrgID": "o-exampleorgid"},
        "Bool": {"aws:PrincipalIsAWSService": "true"},
    },
}


def reasons(key: Any, zone: Any) -> dict[str, str]:
    """Requirement -> reason, for those that fail."""
    return {found.requirement.value: found.reason.value for found in assess(key, zone).findings}


class TestWithTheOrganization:
    """Foreign is what lies outside of it."""

    @pytest.mark.parametrize(
        ("statements", "exposed"),
        [
            ([LIMITED, "cloudtrail"], set()),
            ([BY_PATH, "cloudtrail"], set()),
            # An account that belongs to no organization has neither key.
            ([PATH_OR_NONE[0], "cloudtrail"], {"CONFIG_ACCESS"}),
            ([PATH_OR_NONE[1], "cloudtrail"], {"CONFIG_ACCESS"}),
            (["config", "cloudtrail", DENY_BY_PATH], {"CONFIG_ACCESS"}),
            (["config", "cloudtrail", DENY_BY_PATH, DENY_WITHOUT_PATH], set()),
            (["config", "cloudtrail"], {"CONFIG_ACCESS"}),
            ([LIMITED, OPEN_TRAIL], {"CLOUDTRAIL_ACCESS"}),
            ([LIMITED, BY_ACCOUNT], set()),
            ([LIMITED, CONTEXT_ONLY], set()),
            ([LIMITED, ANY_TRAIL], {"CLOUDTRAIL_ACCESS"}),
            (["merged"], {"CONFIG_ACCESS", "CLOUDTRAIL_ACCESS"}),
            (["merged", FOREIGN_DENY], set()),
            ([LIMITED, "cloudtrail", ALL_OF_AWS], {"CONFIG_ACCESS", "CLOUDTRAIL_ACCESS"}),
        ],
    )
    def test_foreign_requests_are_refused(
        self, statements: list[Any], exposed: set[str], make_key: Any, make_zone: Any
    ) -> None:
        """Open statements fail with the parameter, and pass without it; doubt counts against protection."""
        key = make_key(*statements)
        assert reasons(key, make_zone(**ORGANIZATION)) == {}
        found = reasons(key, make_zone(**ORGANIZATION, **PROTECT))
        assert found == dict.fromkeys(exposed, "FOREIGN_REQUEST_ALLOWED")

    def test_the_finding_names_the_statement_and_the_request(self, make_key: Any, make_zone: Any) -> None:
        """The statement that is open, and a foreign account that could use it."""
        (finding,) = assess(make_key("config", "cloudtrail"), make_zone(**ORGANIZATION, **PROTECT)).findings
        assert finding.statement == "Allow Config to use KMS for encryption"
        assert finding.request is not None
        values = finding.request.values
        assert values["aws:sourceaccount"] != ("111122223333",)
        assert values.get("aws:sourceorgid") != ("o-exampleorgid",)
        assert values["aws:sourceaccount"][0] in finding.message

    def test_the_annotation_says_that_it_is_open(self, make_key: Any, make_zone: Any) -> None:
        """And by which statement."""
        text = annotate(assess(make_key("config", "cloudtrail"), make_zone(**ORGANIZATION, **PROTECT)))
        assert text == (
            "CONFIG_ACCESS: kms:Decrypt open to account 444455556666 by "
            '"Allow Config to use KMS for encryption" (runbook: config-access-open-to-others)'
        )

    def test_a_request_of_our_own_that_is_refused_comes_first(self, make_key: Any, make_zone: Any) -> None:
        """A refused delivery is worse than an open statement."""
        found = reasons(make_key("merged", "perimeter"), make_zone(**ORGANIZATION, **PROTECT))
        assert set(found.values()) == {"EXPLICIT_DENY"}


class TestWithoutTheOrganization:
    """Foreign is every account but the management account, which Config's members are, too."""

    def test_cloudtrail_can_be_protected(self, make_key: Any, make_zone: Any) -> None:
        """The trail is the management account's."""
        found = reasons(make_key("config", "cloudtrail"), make_zone(**PROTECT))
        assert found == {"CONFIG_ACCESS": "FOREIGN_REQUEST_ALLOWED"}

    def test_config_asks_for_the_organization(self, make_key: Any, make_zone: Any) -> None:
        """No policy can do both, so the message names the parameter that is missing."""
        (finding,) = assess(make_key("config", "cloudtrail"), make_zone(**PROTECT)).findings
        assert "give the rule parameter OrganizationId" in finding.message
        (known,) = assess(make_key("config", "cloudtrail"), make_zone(**ORGANIZATION, **PROTECT)).findings
        assert "OrganizationId" not in known.message

    def test_a_condition_on_the_organization_is_not_proved(self, make_key: Any, make_zone: Any) -> None:
        """Nobody knows which one it is."""
        found = reasons(make_key(LIMITED, "cloudtrail"), make_zone(**PROTECT))
        assert found == {"CONFIG_ACCESS": "NO_ALLOW"}


class TestRepair:
    """What is added is protected, too."""

    def test_the_statement_for_config_is_limited_to_the_organization(
        self, make_key: Any, make_zone: Any
    ) -> None:
        """Otherwise it would not pass."""
        key, zone = make_key("root"), make_zone(**ORGANIZATION, **PROTECT)
        repaired = repair(key, zone)
        assert reasons(key.with_policy(repaired.policy), zone) == {}
        conditions = [statement.get("Condition") for statement in repaired.policy["Statement"]]
        assert {"StringEquals": {"aws:SourceOrgID": "o-exampleorgid"}} in conditions

    def test_without_the_parameter_it_is_as_documented(self, make_key: Any, make_zone: Any) -> None:
        """The twin: no condition that the page does not show."""
        repaired = repair(make_key("root"), make_zone(**ORGANIZATION))
        assert "Condition" not in repaired.policy["Statement"][1]

    def test_without_the_organization_nothing_is_opened(self, make_key: Any, make_zone: Any) -> None:
        """Config's statement would be open to everyone: it is not added, and the parameter is asked for."""
        repaired = repair(make_key("root"), make_zone(**PROTECT))
        assert repaired.changes == ('added "Allow CloudTrail to use KMS for encryption"',)
        (left,) = repaired.unresolved
        assert left.requirement == "CONFIG_ACCESS"
        assert "OrganizationId" in left.message

    def test_an_open_statement_must_be_narrowed_by_hand(self, make_key: Any, make_zone: Any) -> None:
        """Adding cannot narrow; the statement is named."""
        repaired = repair(make_key("config", "cloudtrail"), make_zone(**ORGANIZATION, **PROTECT))
        assert repaired.changes == ()
        (left,) = repaired.unresolved
        assert left.statement == "Allow Config to use KMS for encryption"
        assert "narrow" in left.message


class TestSourceOrgPaths:
    """A key of many values: what a condition without a set operator does with it is not documented."""

    @pytest.mark.parametrize(
        ("operator", "exposed"),
        [("ForAnyValue:StringLike", set()), ("StringLike", {"CONFIG_ACCESS"})],
    )
    def test_needs_a_set_operator(
        self, make_key: Any, make_zone: Any, operator: str, exposed: set[str]
    ) -> None:
        """With one it is granted, without it refused."""
        key = make_key({"of": "config", "Condition": {operator: PATH}}, "cloudtrail")
        assert set(reasons(key, make_zone(**ORGANIZATION))) == exposed


class TestWords:
    """Doubt is not told as certainty."""

    @pytest.mark.parametrize(
        ("grant", "said"), [("config", "kms:Decrypt open to"), (ALL_OF_AWS, "kms:Decrypt perhaps open to")]
    )
    def test_of_an_allow_to_all_of_aws(self, make_key: Any, make_zone: Any, grant: Any, said: str) -> None:
        """Whether it includes services is left open by the documentation."""
        key = make_key(LIMITED, grant, "cloudtrail")
        assert f"CONFIG_ACCESS: {said} account" in annotate(assess(key, make_zone(**ORGANIZATION, **PROTECT)))
