"""The landing zone's settings: options over environment variables over a file over what AWS says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from landing_zone_key import LandingZone
from landing_zone_key.settings import PARAMETERS
from lzkey.cli.asked import as_parameters, flag, landing_zone, variable
from lzkey.errors import ParametersError, SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

GIVEN = {"HomeRegion": "us-east-1", "ManagementAccountId": "111122223333"}
RDKLIB = {"ExecutionRoleName", "ExecutionRoleRegion", "AssumeRoleMode"}
VALUES = {
    "HomeRegion": "eu-west-1",
    "ManagementAccountId": "444455556666",
    "OrganizationId": "o-exampleorgid",
    "GovernedRegions": "eu-west-1,us-east-1",
    "TrailName": "another-trail",
    "KeyScope": "1234abcd-12ab-34cd-56ef-1234567890ab",
    "PermissionStandard": "functional",
    "RequireConfusedDeputyProtection": "true",
}


def settings(run: Run, *arguments: str) -> dict[str, Any]:
    """The rule parameters that a check has worked with."""
    ended = run("check", "policies/documented.json", "--format", "json", "--exit-zero", *arguments)
    assert ended.code == 0, ended.err
    found: dict[str, Any] = json.loads(ended.out)["settings"]
    return found


class TestNames:
    """Every rule parameter but rdklib's own has its option and its variable."""

    def test_of_all_parameters(self) -> None:
        """In kebab case, and in capitals."""
        assert flag("RequireConfusedDeputyProtection") == "--require-confused-deputy-protection"
        assert variable("ManagementAccountId") == "LZKEY_MANAGEMENT_ACCOUNT_ID"
        assert set(VALUES) == set(PARAMETERS) - RDKLIB

    @pytest.mark.parametrize("command", ["check", "explain", "fix"])
    def test_in_the_help(self, run: Run, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Of each command."""
        monkeypatch.setenv("COLUMNS", "200")
        out = run(command, "--help").out
        assert [name for name in VALUES if flag(name) not in out or variable(name) not in out] == []


class TestPrecedence:
    """Who wins."""

    @pytest.mark.parametrize("name", [name for name in VALUES if name not in GIVEN])
    @pytest.mark.usefixtures("sources")
    def test_option_gets_there(self, run: Run, name: str) -> None:
        """Each of them."""
        value = [] if VALUES[name] == "true" else [VALUES[name]]
        required = [part for known in GIVEN for part in (flag(known), VALUES[known])]
        assert settings(run, *required, flag(name), *value)[name] == VALUES[name]

    @pytest.mark.parametrize("name", VALUES)
    @pytest.mark.usefixtures("sources")
    def test_variable_gets_there(self, run: Run, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Each of them."""
        for known, value in {**GIVEN, "HomeRegion": "eu-west-1", name: VALUES[name]}.items():
            monkeypatch.setenv(variable(known), value)
        assert settings(run)[name] == VALUES[name]

    def test_option_over_variable_over_file(
        self, run: Run, sources: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The file is named by its path; each source tells one thing that no better one tells."""
        written = {
            "HomeRegion": "eu-west-1",
            "ManagementAccountId": "444455556666",
            "TrailName": "of-the-file",
        }
        (sources / "prod.json").write_text(json.dumps({"ruleParameters": written, "deployment": {}}))
        monkeypatch.setenv("LZKEY_HOME_REGION", "us-west-2")
        monkeypatch.setenv("LZKEY_MANAGEMENT_ACCOUNT_ID", "777766665555")
        found = settings(run, "--parameters", "prod.json", "--home-region", "us-east-1")
        assert found["HomeRegion"] == "us-east-1"
        assert found["ManagementAccountId"] == "777766665555"
        assert found["TrailName"] == "of-the-file"

    def test_file_over_what_aws_says(self, tmp_path: Path) -> None:
        """What is given is not asked for."""
        path = tmp_path / "prod.json"
        path.write_text(json.dumps({"ruleParameters": GIVEN}))
        asked = {"HomeRegion": "us-west-2", "OrganizationId": "o-exampleorgid"}
        zone = landing_zone({}, str(path), lambda: asked)
        assert (zone.home_region, zone.organization_id) == ("us-east-1", "o-exampleorgid")

    @pytest.mark.parametrize("folder", ["parameters", "."])
    def test_file_by_its_name(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
        """parameters/NAME.json here; a file of that very name goes before it."""
        monkeypatch.chdir(tmp_path)
        (tmp_path / "parameters").mkdir()
        (tmp_path / "parameters/prod.json").write_text(json.dumps({"ruleParameters": GIVEN}))
        if folder == ".":
            (tmp_path / "prod").write_text(json.dumps({"ruleParameters": {**GIVEN, "TrailName": "another"}}))
        expected = "another" if folder == "." else "aws-controltower-BaselineCloudTrail"
        assert landing_zone({}, "prod").trail_name == expected

    def test_example_of_this_project(self) -> None:
        """parameters/example.json is found from anywhere."""
        assert landing_zone({}, "example").home_region == "us-east-1"


class TestFaults:
    """One error, with everything that is wrong and what would be right."""

    @pytest.mark.parametrize("command", ["check", "explain", "fix"])
    def test_missing_settings_name_all_three_ways(self, run: Run, sources: Path, command: str) -> None:
        """Options, environment variables, a parameters file."""
        assert sources.is_dir()
        ended = run(command, "policies/documented.json")
        assert (ended.code, ended.out) == (2, "")
        for way in ("--home-region", "LZKEY_HOME_REGION", "--parameters", "--discover"):
            assert way in ended.err
        assert "--management-account-id" in ended.err

    def test_only_what_is_missing_is_asked_for(self, run: Run, sources: Path) -> None:
        """One of the two is enough to be told about the other."""
        assert sources.is_dir()
        ended = run("check", ".", "--home-region", "us-east-1")
        assert "--management-account-id" in ended.err
        assert "LZKEY_HOME_REGION" not in ended.err

    def test_all_faults_at_once(self) -> None:
        """Wrong and missing."""
        with pytest.raises(SettingsError) as raised:
            landing_zone({"HomeRegion": "nowhere", "PermissionStandard": "all"})
        said = str(raised.value)
        assert all(name in said for name in ("HomeRegion", "ManagementAccountId", "PermissionStandard"))

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("[]", "has no ruleParameters"),
            ('{"ruleParameters": []}', "has no ruleParameters"),
            (
                '{"ruleParameters": {"HomeRegion": 1, "Nonsense": "a"}}',
                '"Nonsense" is not a rule parameter; HomeR',
            ),
            ("{", "line 1"),
            (
                '{"ruleParameters": {"ManagementAccountId": ' + "1" * 5000 + "}}",
                "holds a number of thousands of digits",
            ),
            (
                '{"ruleParameters": {"ManagementAccountId": ' + "1" * 4000 + "}}",
                "ManagementAccountId must be a string, not 111",
            ),
        ],
    )
    def test_file(self, tmp_path: Path, text: str, said: str) -> None:
        """Its faults are named, with the file."""
        path = tmp_path / "wrong.json"
        path.write_text(text)
        with pytest.raises(ParametersError) as raised:
            landing_zone({}, str(path))
        assert said in str(raised.value)
        assert "wrong.json" in str(raised.value)

    @pytest.mark.parametrize("named", ["nowhere", "nowhere.json", "../parameters/example"])
    def test_no_file(self, named: str) -> None:
        """Neither a file nor a name."""
        with pytest.raises(ParametersError):
            landing_zone({}, named)

    @pytest.mark.parametrize("pair", ["Name", "=value"])
    def test_stack_parameter(self, run: Run, sources: Path, pair: str) -> None:
        """NAME=VALUE."""
        assert sources.is_dir()
        given = ("--home-region", "us-east-1", "--management-account-id", "111122223333")
        ended = run("check", "template.yaml", *given, "--parameter", pair)
        assert ended.code == 2
        assert "NAME=VALUE" in ended.err

    @pytest.mark.parametrize(
        "arn", ["1234abcd-12ab-34cd-56ef-1234567890ab", "arn:aws:kms:us-east-1:1:alias/logs"]
    )
    def test_key_arn(self, run: Run, sources: Path, arn: str) -> None:
        """Neither an id nor an alias."""
        assert sources.is_dir()
        given = ("--home-region", "us-east-1", "--management-account-id", "111122223333")
        ended = run("check", "policies/denied.json", *given, "--key-arn", arn)
        assert (ended.code, ended.out) == (2, "")
        assert "--key-arn" in ended.err


class TestRoundTrip:
    """What is told of a landing zone makes the same landing zone."""

    @pytest.mark.parametrize("given", [GIVEN, VALUES])
    def test_as_parameters(self, given: dict[str, str]) -> None:
        """With defaults, and with everything given."""
        zone = LandingZone.from_rule_parameters(given)
        assert LandingZone.from_rule_parameters(as_parameters(zone)) == zone
