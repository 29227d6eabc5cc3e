"""Statements that allow one Region each, and together all: proved as one statement with all Regions is."""

from typing import Any

import pytest

from landing_zone_key import assess

# The Regions of the partition aws, in the order of AWS's list.
REGIONS = (
    *(
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
        "af-south-1",
        "ap-east-1",
        "ap-east-2",
        "ap-south-1",
    ),
    *("ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5"),
    *(
        "ap-southeast-6",
        "ap-southeast-7",
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ca-central-1",
    ),
    *("ca-west-1", "eu-central-1", "eu-central-2", "eu-west-1", "eu-west-2", "eu-west-3", "eu-south-1"),
    *("eu-south-2", "eu-north-1", "il-central-1", "me-central-1", "me-south-1", "mx-central-1", "sa-east-1"),
)
COUNTS = pytest.mark.parametrize("count", [2, 16, 17, 30, len(REGIONS)])


def allowing(region: str, *more: Any, operator: str = "ArnLike", **changed: Any) -> dict[str, Any]:
    """AWS Config's statement for the recorders of one Region, with more conditions."""
    condition: dict[str, Any] = {operator: {"aws:SourceArn": f"arn:aws:config:{region}:*:*"}}
    for each in more:
        condition |= each
    return {"of": "config", "Condition": condition, **changed}


def config_access(make_key: Any, zone: Any, *statements: Any) -> list[tuple[str, str]]:
    """The reasons for which AWS Config's requests are not proved, each with the source that is refused."""
    findings = assess(make_key("cloudtrail", *statements), zone).findings
    return [
        (finding.reason.value, "".join(finding.request.values["aws:sourcearn"]) if finding.request else "")
        for finding in findings
        if finding.requirement == "CONFIG_ACCESS"
    ]


class TestRegions:
    """One statement for each governed Region."""

    @COUNTS
    @pytest.mark.parametrize("operator", ["ArnLike", "ArnEquals", "StringLike", "ForAnyValue:StringLike"])
    def test_all_of_them_are_proved(self, count: int, operator: str, make_key: Any, make_zone: Any) -> None:
        """However many there are."""
        zone = make_zone(GovernedRegions=",".join(REGIONS[:count]))
        statements = [allowing(region, operator=operator) for region in REGIONS[:count]]
        assert config_access(make_key, zone, *statements) == []

    @COUNTS
    def test_one_left_out_is_refused(self, count: int, make_key: Any, make_zone: Any) -> None:
        """The twin: the counterexample is of that Region."""
        zone = make_zone(GovernedRegions=",".join(REGIONS[:count]))
        [(reason, source)] = config_access(make_key, zone, *map(allowing, REGIONS[: count - 1]))
        assert (reason, source.split(":")[3]) == ("NO_ALLOW", REGIONS[count - 1])

    def test_a_deny_among_them_is_found(self, make_key: Any, make_zone: Any) -> None:
        """What allows is joined, and what denies still denies."""
        zone = make_zone(GovernedRegions=",".join(REGIONS))
        deny = {"of": "perimeter", "Condition": allowing("sa-east-1")["Condition"]}
        [(reason, source)] = config_access(make_key, zone, *map(allowing, REGIONS), deny)
        assert (reason, source.split(":")[3]) == ("EXPLICIT_DENY", "sa-east-1")


class TestWhatIsNotAlike:
    """Only statements that differ in the values of one condition are one."""

    def grid(self, *ends: str) -> list[dict[str, Any]]:
        """A statement for each of two Regions and each of these ends of an account id."""
        return [
            allowing(region, {"StringLike": {"aws:SourceAccount": f"*{end}"}})
            for region in REGIONS[:2]
            for end in ends
        ]

    def test_regions_by_accounts(self, make_key: Any, make_zone: Any) -> None:
        """Two lists are joined one after the other: each Region for each last digit of an account."""
        zone = make_zone(GovernedRegions=",".join(REGIONS[:2]))
        assert config_access(make_key, zone, *self.grid(*"0123456789")) == []

    def test_regions_by_accounts_with_a_hole(self, make_key: Any, make_zone: Any) -> None:
        """The twin: one Region for one digit is missing."""
        zone = make_zone(GovernedRegions=",".join(REGIONS[:2]))
        [(reason, source)] = config_access(make_key, zone, *self.grid(*"0123456789")[:-1])
        assert (reason, source.split(":")[3], source.split(":")[4][-1]) == ("NO_ALLOW", REGIONS[1], "9")

    @pytest.mark.parametrize(
        "changed", [{"Action": "kms:Decrypt"}, {"Resource": "arn:aws:kms:us-east-1:111122223333:key/other"}]
    )
    def test_another_action_or_resource(self, changed: dict[str, Any], make_key: Any, make_zone: Any) -> None:
        """A statement that says less elsewhere does not count for what it does not say."""
        zone = make_zone(GovernedRegions=",".join(REGIONS[:2]))
        statements = [allowing(REGIONS[0]), allowing(REGIONS[1], **changed)]
        [(reason, source)] = config_access(make_key, zone, *statements)
        assert (reason, source.split(":")[3]) == ("NO_ALLOW", REGIONS[1])

    def test_negated_values(self, make_key: Any, make_zone: Any) -> None:
        """Not this and not that are two statements: together they allow everything."""
        zone = make_zone(GovernedRegions=",".join(REGIONS))
        statements = [allowing(region, operator="ArnNotLike") for region in REGIONS[:2]]
        assert config_access(make_key, zone, *statements) == []

    def test_negated_values_of_one_statement(self, make_key: Any, make_zone: Any) -> None:
        """The twin: in one statement they leave both out."""
        zone = make_zone(GovernedRegions=",".join(REGIONS))
        sources = [f"arn:aws:config:{region}:*:*" for region in REGIONS[:2]]
        both = {"of": "config", "Condition": {"ArnNotLike": {"aws:SourceArn": sources}}}
        [(reason, _)] = config_access(make_key, zone, both)
        assert reason == "NO_ALLOW"

    @pytest.mark.parametrize(("operator", "proved"), [("ForAnyValue", True), ("ForAllValues", False)])
    def test_keys_of_many_values(self, operator: str, make_key: Any, make_zone: Any, *, proved: bool) -> None:
        """Any value of either statement is enough; all values of either are not all values of both."""
        names = ("config.amazonaws.com", "config.us-east-1.amazonaws.com")
        statements = [
            {
                "of": "config",
                "Condition": {f"{operator}:StringEquals": {"aws:PrincipalServiceNamesList": name}},
            }
            for name in names
        ]
        found = [reason for reason, _ in config_access(make_key, make_zone(), *statements)]
        assert found == ([] if proved else ["NO_ALLOW"])
