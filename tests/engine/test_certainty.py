"""How certain a refusal is: it will happen, it may happen, or every request is proved."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from landing_zone_key import annotate, assess
from landing_zone_key.access import FAMILIES
from landing_zone_key.finding import Certainty, Finding, FindingReason, Requirement
from landing_zone_key.policy import Policy, decide
from landing_zone_key.policy.proof import find_refused, prove
from landing_zone_key.requests import EARLIEST_MOMENT, config_family

DENY = {"Sid": "Perimeter", "Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"}
ORGANIZATION = {"StringEquals": {"aws:SourceOrgID": "o-exampleorgid"}}
ONE_REGION = {"ArnLike": {"aws:SourceArn": "arn:aws:config:us-east-1:*:*"}}
CONTEXT = {"StringLike": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::logs*"}}


def denied(condition: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A Deny on a condition."""
    return {**DENY, "Condition": condition, **more}


def config_if(condition: dict[str, Any]) -> dict[str, Any]:
    """AWS Config's statement on a condition."""
    return {"of": "config", "Condition": condition}


#: What the policy adds to CloudTrail's statement -> how certain it is that AWS Config is refused, and by what
#: words; each with a twin beside it.
CASES: dict[str, tuple[list[Any], str, str]] = {
    "nothing allows it": ([], "refused", "no statement allows it"),
    "documented": (["config"], "holds", ""),
    "a plain Deny": (["config", DENY], "refused", "Perimeter"),
    "a Deny on what is absent": (
        ["config", denied({"StringNotEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}})],
        "refused",
        "Perimeter",
    ),
    "a Deny on what is undocumented": (
        ["config", denied({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}})],
        "possible",
        "whether aws:SourceIp is in the request is not documented",
    ),
    "a Deny on what is undocumented, of others": (
        ["config", denied({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, Principal={"AWS": "*"})],
        "possible",
        "Perimeter",
    ),
    "two Denies, one certain": (
        ["config", denied({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}), {**DENY, "Sid": "All"}],
        "refused",
        '"All" denies it',
    ),
    "an Allow on what is undocumented": (
        [config_if(CONTEXT)],
        "possible",
        "kms:EncryptionContext:aws:s3:arn",
    ),
    "an Allow on what is absent": (
        [config_if({"StringEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}})],
        "refused",
        "aws:PrincipalOrgID",
    ),
    "an Allow on what a parameter settles": (
        [config_if(ORGANIZATION)],
        "possible",
        "the rule parameter OrganizationId would settle aws:SourceOrgID",
    ),
    "an Allow on the home Region": ([config_if(ONE_REGION)], "possible", "GovernedRegions"),
    "an Allow on another Region": (
        [config_if({"ArnLike": {"aws:SourceArn": "arn:aws:config:eu-west-1:*:*"}})],
        "refused",
        "aws:SourceArn",
    ),
    "an Allow on a list of accounts": (
        [config_if({"StringEquals": {"aws:SourceAccount": "777788889999"}})],
        "refused",
        "for every account but 777788889999 would be refused",
    ),
    "a Deny on a list of accounts": (
        ["config", denied({"StringEquals": {"aws:SourceAccount": "777788889999"}})],
        "refused",
        "for account 777788889999 would be refused",
    ),
    "a Deny on all other accounts": (
        ["config", denied({"StringNotEquals": {"aws:SourceAccount": "777788889999"}})],
        "refused",
        "for every account but 777788889999 would be refused",
    ),
    "an Allow on accounts of a pattern": (
        [config_if({"StringLike": {"aws:SourceAccount": "1111*"}})],
        "refused",
        "for some accounts would be refused",
    ),
    "an Allow on a list of accounts, of one action": (
        [{**config_if({"StringEquals": {"aws:SourceAccount": "777788889999"}}), "Action": "kms:Decrypt"}],
        "refused",
        "kms:Decrypt refused for account 111122223333",
    ),
    "an Allow on a list of accounts, and no other action in it": (
        [
            {**config_if({"StringEquals": {"aws:SourceAccount": "111122223333"}}), "Action": "kms:Decrypt"},
            {**config_if({}), "Action": "kms:GenerateDataKey"},
        ],
        "refused",
        "for every account but 111122223333",
    ),
    "a Deny on a pattern of what a context may hold more": (
        ["config", denied({"ForAnyValue:StringLike": {"kms:EncryptionContextKeys": "aws:s3:*"}})],
        "possible",
        "kms:EncryptionContextKeys",
    ),
    "an Allow that cannot be decided": (
        [config_if({"StringLikes": {"aws:SourceArn": "*"}})],
        "possible",
        'may allow it, but there is no condition operator "StringLikes"',
    ),
    "a Deny that cannot be decided": (
        ["config", {**DENY, "Resource": "key/*"}],
        "possible",
        "applies cannot be decided",
    ),
    "nothing allows it, and a Deny that cannot be decided": (
        [{**DENY, "Resource": "key/*"}],
        "refused",
        "no statement allows it",
    ),
    "a variable for each request": (
        [config_if({"StringEquals": {"aws:SourceAccount": "${aws:SourceAccount}"}})],
        "possible",
        "its conditions cannot be decided for every request of the service",
    ),
}


def on_config(make_key: Any, zone: Any, statements: list[Any]) -> tuple[Finding | None, str]:
    """The finding on AWS Config's requests, and the annotation."""
    assessment = assess(make_key("cloudtrail", *statements), zone)
    found = [each for each in assessment.findings if each.requirement is Requirement.CONFIG_ACCESS]
    return (found[0] if found else None), annotate(assessment)


class TestFindings:
    """Each by its words, and as data."""

    @pytest.mark.parametrize(("statements", "certainty", "said"), CASES.values(), ids=CASES)
    def test_each(
        self, statements: list[Any], certainty: str, said: str, make_key: Any, make_zone: Any
    ) -> None:
        """What would be refused is not what may be."""
        found, annotation = on_config(make_key, make_zone(), statements)
        if found is None:
            assert certainty == "holds"
            return
        assert found.certainty.value == certainty
        assert said in f"{found.summary} {found.message}"
        verb, short = ("would be", "refused") if certainty == "refused" else ("may be", "may be refused")
        assert f" {verb} refused: " in found.message
        assert f"CONFIG_ACCESS: kms:Decrypt {short}" in annotation

    def test_a_parameter_settles_it(self, make_key: Any, make_zone: Any) -> None:
        """With the parameter it holds, or is certain."""
        for name, value, condition in (
            ("OrganizationId", "o-exampleorgid", ORGANIZATION),
            ("GovernedRegions", "us-east-1", ONE_REGION),
        ):
            assert on_config(make_key, make_zone(**{name: value}), [config_if(condition)])[0] is None
        others, _ = on_config(make_key, make_zone(GovernedRegions="eu-west-1"), [config_if(ONE_REGION)])
        assert others is not None
        assert others.certainty is Certainty.REFUSED
        foreign, _ = on_config(make_key, make_zone(OrganizationId="o-otherorgid"), [config_if(ORGANIZATION)])
        assert foreign is not None
        assert foreign.certainty is Certainty.REFUSED

    @pytest.mark.parametrize(
        ("actions", "certainty", "action"),
        [
            (
                ["kms:GenerateDataKey", "kms:Decrypt"],
                Certainty.POSSIBLE,
                "kms:GenerateDataKeyWithoutPlaintext",
            ),
            (["kms:GenerateDataKeyPair*", "kms:Decrypt"], Certainty.REFUSED, "kms:GenerateDataKey"),
            (["kms:GenerateDataKey*"], Certainty.REFUSED, "kms:Decrypt"),
        ],
    )
    def test_what_nobody_has_seen_cloudtrail_ask_for(
        self, actions: list[str], certainty: Certainty, action: str, make_key: Any, make_zone: Any
    ) -> None:
        """The page documents all of GenerateDataKey*; CloudTrail has been seen to ask for one of them."""
        key = make_key("config", {"of": "cloudtrail", "Action": actions})
        (found,) = assess(key, make_zone()).findings
        assert (found.certainty, found.action) == (certainty, action)
        said = "whether CloudTrail makes that request is not documented"
        assert (said in found.message) is (certainty is Certainty.POSSIBLE)

    @pytest.mark.parametrize(
        ("metadata", "certainty"),
        [({"KeyState": "Disabled"}, Certainty.REFUSED), ({"KeyState": None}, Certainty.POSSIBLE)],
    )
    def test_what_the_key_is(
        self, metadata: dict[str, Any], certainty: Certainty, make_key: Any, make_zone: Any
    ) -> None:
        """Known, or not."""
        (found,) = assess(make_key(**metadata), make_zone()).findings
        assert found.certainty is certainty

    def test_an_invented_account_is_not_named(self, make_key: Any, make_zone: Any) -> None:
        """The request has one, as an example; the words have not."""
        condition = {"StringEquals": {"aws:SourceAccount": "777788889999"}}
        found, annotation = on_config(make_key, make_zone(), [config_if(condition)])
        assert found is not None
        assert found.request is not None
        (account,) = found.request.values["aws:sourceaccount"]
        assert account not in found.message
        assert account not in annotation


class TestKnownAccounts:
    """Where somebody has listed the accounts, the requests are decided for those."""

    TODAY = ("111122223333", "777788889999")

    @pytest.mark.parametrize(
        ("listed", "reason", "certainty"),
        [
            (("111122223333", "777788889999"), "NEXT_ACCOUNT", "possible"),
            (("111122223333", "777788889999", "222233334444"), "NEXT_ACCOUNT", "possible"),
            (("111122223333",), "NO_ALLOW", "refused"),
        ],
    )
    def test_a_list(
        self, listed: tuple[str, ...], reason: str, certainty: str, make_key: Any, make_zone: Any
    ) -> None:
        """That is complete today refuses the next account; one that is not refuses an account by its name."""
        zone = replace(make_zone(), accounts=self.TODAY)
        found, annotation = on_config(
            make_key, zone, [config_if({"StringEquals": {"aws:SourceAccount": list(listed)}})]
        )
        assert found is not None
        assert (found.reason.value, found.certainty.value) == (reason, certainty)
        if reason == "NEXT_ACCOUNT":
            said = "kms:Decrypt by config.amazonaws.com is allowed for today's 2 accounts, and the next one"
            assert found.message.startswith(said)
            assert "CONFIG_ACCESS: kms:Decrypt allowed for today's 2 accounts; the next one" in annotation
        else:
            assert "for account 777788889999 would be refused" in found.message

    @pytest.mark.parametrize(
        ("statements", "certainty"),
        [
            (["config"], None),
            ([], "refused"),
            ([config_if(CONTEXT)], "possible"),
            (["config", denied({"StringEquals": {"aws:SourceAccount": "222233334444"}})], "possible"),
            (["config", denied({"StringEquals": {"aws:SourceAccount": "777788889999"}})], "refused"),
        ],
    )
    def test_all_else_is_as_ever(
        self, statements: list[Any], certainty: str | None, make_key: Any, make_zone: Any
    ) -> None:
        """A Deny of an account that is not there refuses nobody today."""
        found, _ = on_config(make_key, replace(make_zone(), accounts=self.TODAY), statements)
        assert (found and found.certainty) == certainty

    @pytest.mark.parametrize(
        ("statements", "said"),
        [
            (["config", denied({"StringEquals": {"aws:SourceAccount": "222233334444"}})], "another one may"),
            ([config_if({"StringEquals": {"aws:SourceAccount": list(TODAY)}})], "the next one would"),
            ([config_if({"StringLike": {"aws:SourceAccount": ["1*", "7*"]}})], "another one may"),
        ],
    )
    def test_the_next_one(self, statements: list[Any], said: str, make_key: Any, make_zone: Any) -> None:
        """Is refused where any other would be; names and patterns leave out some of them only."""
        zone = replace(make_zone(), accounts=(*self.TODAY, self.TODAY[0]))
        found, annotation = on_config(make_key, zone, statements)
        assert found is not None
        assert f"is allowed for today's 2 accounts, and {said} be refused" in found.message
        assert f"{said} be refused" in annotation


class TestEveryReason:
    """No reason is without its certainty."""

    @pytest.mark.parametrize("reason", FindingReason)
    def test_is_in_doubt_or_not(self, reason: FindingReason) -> None:
        """What nobody could read or decide is never certain; the others may be."""
        certain = Finding(Requirement.CONFIG_ACCESS, reason, "", "").certainty is Certainty.REFUSED
        doubtful = {"UNKNOWN", "MALFORMED_POLICY", "UNDECIDABLE_DENY", "TOO_COMPLEX", "NEXT_ACCOUNT"}
        assert certain is (reason.value not in doubtful)
        assert (
            Finding(Requirement.CONFIG_ACCESS, reason, "", "", possible=True).certainty is Certainty.POSSIBLE
        )


class TestSearch:
    """What is found is refused by the policy as it is written."""

    @pytest.mark.parametrize("statements", [case[0] for case in CASES.values()], ids=CASES)
    def test_a_certain_refusal_is_one(self, statements: list[Any], make_key: Any, make_zone: Any) -> None:
        """Also with any value of what is not documented."""
        key, zone = make_key("cloudtrail", *statements), make_zone()
        policy = Policy.parse(key.policy)
        found = find_refused(policy, config_family(key, zone))
        if found is None:
            return
        assert found.request is not None
        assert not decide(policy, found.request).allowed
        undocumented = ("aws:sourceip", "aws:sourceorgid", "kms:encryptioncontext:aws:s3:arn")
        for value in ("10.1.2.3", "192.0.2.1", "o-exampleorgid", "arn:aws:s3:::logs"):
            more = {**found.request.values, **dict.fromkeys(undocumented, value)}
            request = type(found.request)(
                found.request.action, found.request.resource, found.request.service, more
            )
            assert not decide(policy, request).allowed

    def test_a_proof_has_none(self, make_key: Any, make_zone: Any) -> None:
        """Every request that is allowed is not refused."""
        key, zone = make_key(), make_zone()
        policy = Policy.parse(key.policy)
        for family in FAMILIES.values():
            assert not hasattr(prove(policy, family(key, zone, EARLIEST_MOMENT)), "request")
            assert find_refused(policy, family(key, zone, EARLIEST_MOMENT)) is None
