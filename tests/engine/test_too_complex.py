"""A policy that is too complex to prove: a request that a Deny certainly refuses is named."""

from dataclasses import replace
from typing import Any

import pytest

from landing_zone_key import Finding, KmsKey, LandingZone, assess
from landing_zone_key.finding import Certainty
from landing_zone_key.policy import Policy, decide, proof

ACCOUNTS = [f"{number * 987654321 % 10**12:012d}" for number in range(1, 151)]
TOO_LONG = [f"{account}0" for account in ACCOUNTS]


def arns(accounts: list[str]) -> list[str]:
    """The recorders of these accounts, in any Region."""
    return [f"arn:aws:config:*:{account}:*" for account in accounts]


def denying(*conditions: dict[str, Any]) -> list[dict[str, Any]]:
    """A Deny with each of these conditions."""
    return [{"of": "perimeter", "Condition": condition} for condition in conditions]


def listing(accounts: list[str], count: int) -> dict[str, list[dict[str, Any]]]:
    """Denies that list so many accounts in one way or another, each too complex for a proof."""
    some = accounts[:count]
    return {
        "accounts": denying({"StringEquals": {"aws:SourceAccount": accounts[: 2 * count]}}),
        "account ARNs": denying({"ArnLike": {"aws:SourceArn": arns(some)}}),
        "account ARNs as text": denying({"StringLike": {"aws:SourceArn": arns(some)}}),
        "account ids in any place": denying({"StringLike": {"aws:SourceArn": [f"*{a}*" for a in some[:20]]}}),
        "a statement for each account": denying(
            *({"StringEquals": {"aws:SourceAccount": account}} for account in accounts[: 2 * count])
        ),
        "accounts in one Region": denying(
            {
                "StringEquals": {"aws:SourceAccount": accounts[: 2 * count]},
                "ArnLike": {"aws:SourceArn": "arn:aws:config:us-*:*:*"},
            }
        ),
    }


def found(key: KmsKey, zone: LandingZone) -> list[Finding]:
    """What is found of AWS Config's access."""
    return [each for each in assess(key, zone).findings if each.requirement == "CONFIG_ACCESS"]


def config_access(make_key: Any, make_zone: Any, denies: list[dict[str, Any]]) -> tuple[str, Any, Policy]:
    """Why AWS Config's requests are not proved, the request that is named, and the policy."""
    key = make_key("config", "cloudtrail", *denies)
    [finding] = found(key, make_zone())
    return finding.reason.value, finding.request, Policy.parse(key.policy)


@pytest.mark.parametrize("name", listing(ACCOUNTS, 60))
class TestLists:
    """Denies with lists of accounts."""

    def test_a_refused_request_is_named(self, name: str, make_key: Any, make_zone: Any) -> None:
        """It is one of a listed account, and refused by the policy as it stands."""
        reason, request, policy = config_access(make_key, make_zone, listing(ACCOUNTS, 60)[name])
        assert reason == "EXPLICIT_DENY"
        assert request.values["aws:sourceaccount"][0] in ACCOUNTS
        assert decide(policy, request, doubt_allows=True).allowed is False

    def test_it_is_certain(self, name: str, make_key: Any, make_zone: Any) -> None:
        """Nothing of it depends on what is not documented."""
        [finding] = found(make_key("config", "cloudtrail", *listing(ACCOUNTS, 60)[name]), make_zone())
        assert finding.certainty is Certainty.REFUSED

    def test_where_none_is_refused_none_is_named(self, name: str, make_key: Any, make_zone: Any) -> None:
        """The twin: ids of 13 digits are no account's; the proof is too complex all the same, or given."""
        answers = assess(make_key("config", "cloudtrail", *listing(TOO_LONG, 60)[name]), make_zone())
        assert all(each.reason == "TOO_COMPLEX" and each.request is None for each in answers.findings)

    def test_without_looking_it_is_too_complex(
        self, name: str, make_key: Any, make_zone: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nothing but the look for one request tells them apart."""
        monkeypatch.setattr(proof, "INSTANCE_STEPS", 0)
        reason, request, _ = config_access(make_key, make_zone, listing(ACCOUNTS, 60)[name])
        assert (reason, request) == ("TOO_COMPLEX", None)


@pytest.mark.parametrize("count", [0, 3, 10, 100])
def test_of_cloudtrail_no_account_makes_a_difference(count: int, make_key: Any, make_zone: Any) -> None:
    """Its requests are the same for today's accounts and for the next one."""
    denies = [
        {
            "of": "perimeter",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Condition": {
                "StringLike": {"kms:EncryptionContext:aws:s3:arn": f"*{account[:3]}*"},
                "DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"},
            },
        }
        for account in ACCOUNTS[:6]
    ]
    zone = replace(make_zone(), accounts=tuple(ACCOUNTS[:count]))
    (finding,) = assess(make_key("config", "cloudtrail", *denies), zone).findings
    assert (finding.requirement, finding.reason) == ("CLOUDTRAIL_ACCESS", "TOO_COMPLEX")


class TestWhatIsNamed:
    """Of several Denies."""

    LISTED = listing(ACCOUNTS, 60)["accounts"]

    def test_one_that_rests_on_what_is_known_comes_first(self, make_key: Any, make_zone: Any) -> None:
        """Before one on a key that may be absent, wherever they stand."""
        services = [f"*{number}*.{account}*" for number, account in enumerate(ACCOUNTS)]
        unknown = denying({"StringLike": {"kms:ViaService": services}, "Null": {"kms:ViaService": "false"}})
        _, request, policy = config_access(make_key, make_zone, [*unknown, *self.LISTED])
        assert request.values["aws:sourceaccount"][0] in ACCOUNTS
        assert decide(policy, request).statement == policy.statements[3]

    def test_one_that_rests_on_what_is_not_known_is_possible(self, make_key: Any, make_zone: Any) -> None:
        """The twin: where there is no other, it is named, and not certain."""
        services = [f"*{number}*.{account}*" for number, account in enumerate(ACCOUNTS)]
        unknown = denying({"StringLike": {"kms:ViaService": services}, "Null": {"kms:ViaService": "false"}})
        [finding] = found(make_key("config", "cloudtrail", *unknown), make_zone())
        assert finding.certainty is Certainty.POSSIBLE
        assert finding.statement == "DenyOutsideOrg"
        assert finding.request is not None

    def test_one_that_may_deny_is_not_certain(self, make_key: Any, make_zone: Any) -> None:
        """A Deny that nobody can decide is passed by; the certain one beside it is named."""
        doubtful = {"StringEqual": {"aws:SourceAccount": "444455556666"}, **self.LISTED[0]["Condition"]}
        _, request, policy = config_access(make_key, make_zone, [*denying(doubtful), *self.LISTED])
        assert request is not None
        assert decide(policy, request, doubt_allows=True).statement == policy.statements[3]

    def test_one_that_may_deny_is_not_certain_alone(self, make_key: Any, make_zone: Any) -> None:
        """The twin: without the certain one no request is refused for certain."""
        doubtful = {"StringEqual": {"aws:SourceAccount": "444455556666"}, **self.LISTED[0]["Condition"]}
        _, request, policy = config_access(make_key, make_zone, denying(doubtful))
        assert request is None or decide(policy, request, doubt_allows=True).allowed


TRAIL = "arn:aws:cloudtrail:us-east-1:111122223333:trail/aws-controltower-BaselineCloudTrail"


class TestListsOfTrails:
    """How many trails a statement may list, until nobody can say that no foreign one is among them."""

    @pytest.mark.parametrize(("count", "reason"), [(1, None), (50, None), (51, "TOO_COMPLEX")])
    def test_of_other_regions(self, make_key: Any, make_zone: Any, count: int, reason: str | None) -> None:
        """To see whether a list names a foreign trail takes its part of the bound once."""
        trails = [TRAIL, *(TRAIL.replace("us-east-1", f"eu-west-{number}") for number in range(count))]
        limited = {"of": "cloudtrail", "Condition": {"StringEquals": {"aws:SourceArn": trails}}}
        key = make_key("root", "config", limited)
        zone = make_zone(RequireConfusedDeputyProtection="true")
        findings = {each.requirement: each.reason for each in assess(key, zone).findings}
        assert findings.get("CLOUDTRAIL_ACCESS") == reason

    def test_what_is_not_found_out_is_not_told(self, make_key: Any, make_zone: Any) -> None:
        """It takes too long to find out of the first action, and so nothing is told of the others."""
        conditions = {
            "ForAnyValue:ArnNotEquals": {"aws:TokenIssueTime": "2026-12-01"},
            "StringNotEquals": {"kms:EncryptionContext:a": ["?"]},
            "StringNotEqualsIgnoreCase": {"kms:ViaService": "s3.us-east-1.amazonaws.com"},
            "ForAnyValue:StringEqualsIfExists": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::*"},
        }
        grant = {"of": "cloudtrail", "Action": None, "NotAction": "kms:Decrypt", "Condition": None}
        denied = {"Effect": "Deny", "Action": "kms:Decrypt", "NotAction": None, "Condition": conditions}
        codes = [
            [each.code for each in assess(make_key("root", *denies, grant), make_zone()).advisories]
            for denies in ([], [{**grant, **denied}])
        ]
        assert ["OPEN_TO_OTHER_TRAILS" in each for each in codes] == [True, False]
