"""Rule parameters: strings in, one landing zone out, or one error with every fault in it."""

import json
from pathlib import Path
from typing import Any

import pytest

from landing_zone_key import KmsKey, LandingZone, SettingsError, assess
from landing_zone_key.settings import MAXIMUM_PARAMETERS_LENGTH, PARAMETERS, KeyScope, PermissionStandard

VALUES = json.loads(Path(__file__).with_name("parameters.json").read_text())
REQUIRED = {"HomeRegion": "us-east-1", "ManagementAccountId": "111122223333"}
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"


def values(kind: str) -> Any:
    """Parametrize by every parameter and every value of one kind."""
    cases = [(name, value) for name, table in VALUES.items() for value in table[kind]]
    return pytest.mark.parametrize(("name", "value"), cases)


class TestValues:
    """Each parameter's good and bad values."""

    def test_the_table_has_every_parameter(self) -> None:
        """No parameter is untested, each with at least one good and one bad value."""
        assert set(VALUES) == set(PARAMETERS)
        assert all(table["good"] and table["bad"] for table in VALUES.values())

    @values("good")
    def test_a_good_value_is_taken(self, name: str, value: str) -> None:
        """White space around it does not count."""
        assert LandingZone.from_rule_parameters({**REQUIRED, name: value})

    @values("bad")
    def test_a_bad_value_is_named(self, name: str, value: str) -> None:
        """The message names the parameter, the value and what is expected."""
        with pytest.raises(SettingsError) as error:
            LandingZone.from_rule_parameters({**REQUIRED, name: value})
        expects = PARAMETERS[name].expects
        assert str(error.value) == f"{name} is {json.dumps(value.strip())}, but must be {expects}"

    @pytest.mark.parametrize("name", PARAMETERS)
    @pytest.mark.parametrize("value", [1, True, None, ["us-east-1"], {"a": 1}])
    def test_a_value_that_is_no_string_is_one_fault(self, name: str, value: object) -> None:
        """AWS Config passes strings only; a required parameter is not called missing on top."""
        with pytest.raises(SettingsError) as error:
            LandingZone.from_rule_parameters({**REQUIRED, name: value})
        assert str(error.value) == f"{name} must be a string, not {json.dumps(value)}"


class TestFaults:
    """Everything that is wrong is said at once."""

    def test_every_fault_stands_in_one_message(self) -> None:
        """Unknown, missing, malformed and no string: four faults, one error."""
        wrong = {"HomeRegion": "nowhere", "TrailName": 3, "HomeRegions": "us-east-1"}
        with pytest.raises(SettingsError) as error:
            LandingZone.from_rule_parameters(wrong)
        faults = str(error.value).split("; ")
        assert [fault.split(" ")[0] for fault in faults] == [
            "TrailName",
            "HomeRegions",
            "ManagementAccountId",
            "HomeRegion",
        ]

    @pytest.mark.parametrize("given", [{}, {"HomeRegion": "", "ManagementAccountId": "  "}])
    def test_required_parameters_are_asked_for(self, given: dict[str, str]) -> None:
        """Not given, and given empty, are the same."""
        with pytest.raises(SettingsError, match=r"HomeRegion is required.*ManagementAccountId is required"):
            LandingZone.from_rule_parameters(given)

    def test_an_unknown_name_shows_the_known_ones(self) -> None:
        """A slip in a name is found by reading the message; names have case."""
        with pytest.raises(SettingsError) as error:
            LandingZone.from_rule_parameters({**REQUIRED, "organizationId": "o-exampleorgid"})
        assert all(name in str(error.value) for name in PARAMETERS)

    @pytest.mark.parametrize(("padding", "fits"), [(0, True), (1, False)])
    def test_the_whole_has_at_most_1024_characters(self, padding: int, *, fits: bool) -> None:
        """AWS Config takes no more: the last that fits, and one more."""
        key = f"{KEY_ID},"
        given = {**REQUIRED, "KeyScope": "", "TrailName": "abc"}
        room = MAXIMUM_PARAMETERS_LENGTH - len(json.dumps(given, separators=(",", ":")))
        given["KeyScope"] = key * (room // len(key)) + "," * (room % len(key) + padding)
        if fits:
            assert LandingZone.from_rule_parameters(given).key_scope is KeyScope.LISTED
        else:
            with pytest.raises(SettingsError, match="the parameters have 1025 characters as JSON"):
                LandingZone.from_rule_parameters(given)


class TestLandingZone:
    """What becomes of good values."""

    def test_defaults(self) -> None:
        """Two parameters are enough; empty ones count as not given."""
        zone = LandingZone.from_rule_parameters({**REQUIRED, "TrailName": "", "OrganizationId": " "})
        assert zone == LandingZone("us-east-1", "111122223333")
        assert zone.trail_name == "aws-controltower-BaselineCloudTrail"
        assert zone.permission_standard is PermissionStandard.DOCUMENTED
        assert zone.key_scope is KeyScope.ALL
        assert zone.require_confused_deputy_protection is False

    def test_everything_given(self) -> None:
        """Each parameter ends up in its attribute."""
        zone = LandingZone.from_rule_parameters(
            {
                "HomeRegion": "eu-west-1",
                "ManagementAccountId": "111122223333",
                "OrganizationId": "o-exampleorgid",
                "GovernedRegions": "us-east-1, eu-west-1,us-east-1",
                "TrailName": "example-trail",
                "KeyScope": f"{KEY_ID}, arn:aws:kms:eu-west-1:111122223333:key/{KEY_ID}",
                "PermissionStandard": "functional",
                "RequireConfusedDeputyProtection": "TRUE",
            }
        )
        assert zone == LandingZone(
            home_region="eu-west-1",
            management_account_id="111122223333",
            organization_id="o-exampleorgid",
            governed_regions=("eu-west-1", "us-east-1"),
            trail_name="example-trail",
            key_scope=KeyScope.LISTED,
            listed_keys=(KEY_ID, f"arn:aws:kms:eu-west-1:111122223333:key/{KEY_ID}"),
            permission_standard=PermissionStandard.FUNCTIONAL,
            require_confused_deputy_protection=True,
        )

    def test_rdklibs_parameters_change_nothing(self, make_key: Any) -> None:
        """They are checked, and read by rdklib alone."""
        with_them = LandingZone.from_rule_parameters(
            {
                **REQUIRED,
                "ExecutionRoleName": "x",
                "ExecutionRoleRegion": "us-east-1",
                "AssumeRoleMode": "true",
            }
        )
        assert with_them == LandingZone.from_rule_parameters(REQUIRED)
        key: KmsKey = make_key()
        assert assess(key, with_them).compliance == "COMPLIANT"
