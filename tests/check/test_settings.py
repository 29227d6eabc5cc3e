"""The landing zone's settings: options over environment variables over a file over what AWS says."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from landing_zone_key import LandingZone
from landing_zone_key.settings import PARAMETERS
from lzkey.cli.asked import flag, landing_zone, variable
from lzkey.errors import ParametersError, SettingsError
from lzkey.parameters import as_parameters

if TYPE_CHECKING:
    from conftest import Run

ROOT = Path(__file__).parents[2]
GIVEN = {"HomeRegion": "us-east-1", "ManagementAccountId": "111122223333"}
MANAGEMENT = ("--management-account-id", "111122223333")
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
        """parameters/NAME.json here; where there is none, a file of that very name."""
        monkeypatch.chdir(tmp_path)
        (tmp_path / "parameters").mkdir()
        (tmp_path / "prod").write_text(json.dumps({"ruleParameters": {**GIVEN, "TrailName": "another"}}))
        if folder == "parameters":
            (tmp_path / "parameters/prod.json").write_text(json.dumps({"ruleParameters": GIVEN}))
        expected = "another" if folder == "." else "aws-controltower-BaselineCloudTrail"
        assert landing_zone({}, "prod").trail_name == expected

    def test_example_of_this_project(self) -> None:
        """parameters/example.json is found from anywhere."""
        assert landing_zone({}, "example").home_region == "us-east-1"

    @pytest.mark.parametrize("command", ["check", "explain"])
    def test_the_examples_scope_judges_a_template(self, run: Run, command: str) -> None:
        """KeyScope landing-zone: no manifest names a key that is not there yet, so it is judged like one."""
        template = str(ROOT / "deploy/landing-zone-key.yaml")
        ended = run(command, template, "--parameters", "example", "--format", "json")
        document = json.loads(ended.out)
        assert (ended.code, document["results"][0]["compliance"]) == (0, "COMPLIANT")
        if command == "check":
            assert document["settings"]["KeyScope"] == "landing-zone"


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


class TestRegions:
    """A Region that AWS has not is a slip of the keyboard."""

    @pytest.mark.parametrize(
        ("region", "nearest"),
        [
            ("us-eats-1", "us-east-1"),
            ("us-esat-1", "us-east-1"),
            ("eu-west-12", "eu-west-1"),
            ("us-gov-wst-1", "us-gov-west-1"),
            ("cn-north-2", "cn-north-1"),
        ],
    )
    @pytest.mark.usefixtures("sources")
    def test_is_refused_with_the_nearest(self, run: Run, region: str, nearest: str) -> None:
        """In every partition, and in one sentence."""
        ended = run("check", "policies/documented.json", *MANAGEMENT, "--home-region", region)
        assert (ended.code, ended.out) == (2, "")
        assert f"HomeRegion has {region}, which is no Region of AWS; the nearest is {nearest} " in ended.err

    @pytest.mark.parametrize("region", ["ap-southeast-7", "eusc-de-east-1", "us-isob-east-1", "il-central-1"])
    @pytest.mark.usefixtures("sources")
    def test_those_that_there_are(self, run: Run, region: str) -> None:
        """The twin."""
        assert settings(run, *MANAGEMENT, "--home-region", region)["HomeRegion"] == region

    @pytest.mark.parametrize("how", ["option", "variable", "file"])
    def test_wherever_it_is_named(
        self, run: Run, sources: Path, how: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Among governed Regions, too; with the other faults."""
        wrong = "eu-west-1,us-eats-1"
        (sources / "prod.json").write_text(json.dumps({**GIVEN, "GovernedRegions": wrong}))
        given = [part for name, value in GIVEN.items() for part in (flag(name), value)]
        if how == "variable":
            monkeypatch.setenv("LZKEY_GOVERNED_REGIONS", wrong)
        how_given = {"option": ["--governed-regions", wrong], "file": ["--parameters", "prod.json"]}
        ended = run("check", "policies/documented.json", *given, *how_given.get(how, []), "--key-scope", "x")
        assert ended.code == 2
        assert "GovernedRegions has us-eats-1" in ended.err
        assert "KeyScope is" in ended.err

    @pytest.mark.usefixtures("sources")
    def test_may_be_newer_than_this_machine(self, run: Run) -> None:
        """Then it is allowed on purpose."""
        new = ("--home-region", "us-north-7", "--allow-unknown-region")
        assert settings(run, *MANAGEMENT, *new)["HomeRegion"] == "us-north-7"

    def test_is_what_aws_says(self) -> None:
        """Who discovers the landing zone is not asked whether its Region is known."""
        asked = {**GIVEN, "HomeRegion": "us-north-7"}
        assert landing_zone({}, None, lambda: asked).home_region == "us-north-7"

    def test_botocore_is_not_imported(self, sources: Path) -> None:
        """Which would take longer than the check."""
        program = (
            "import sys; from lzkey import cli; "
            "code = cli.main(sys.argv[1:]); print(code, [name for name in sys.modules if 'boto' in name])"
        )
        given = [part for name, value in GIVEN.items() for part in (flag(name), value)]
        command = [sys.executable, "-c", program, "check", "policies/documented.json", *given]
        ended = subprocess.run(command, cwd=sources, capture_output=True, text=True, check=True)
        assert ended.stdout.splitlines()[-1] == "0 []"


class TestStackParameters:
    """`--parameter` of a parameter that no template has."""

    SETTINGS = ("--home-region", "us-east-1", *MANAGEMENT, "--parameter")

    @pytest.mark.parametrize("source", ["template.yaml", "."])
    @pytest.mark.usefixtures("sources")
    def test_is_refused(self, run: Run, source: str) -> None:
        """With those that there are; no file is written."""
        ended = run("check", source, "--output", "result.json", *self.SETTINGS, "Trals=a")
        assert (ended.code, ended.out) == (2, "")
        assert "no template has the parameter Trals" in ended.err
        assert "there is Trails" in ended.err
        assert not Path("result.json").exists()

    @pytest.mark.parametrize("command", ["check", "explain", "fix"])
    @pytest.mark.parametrize("given", ["Trails=cloudtrail.amazonaws.com", "AWS::StackName=logs"])
    @pytest.mark.usefixtures("sources")
    def test_is_there(self, run: Run, command: str, given: str) -> None:
        """The twin: pseudo parameters always are."""
        assert run(command, "template.yaml", *self.SETTINGS, given).code in (0, 4)

    @pytest.mark.usefixtures("sources")
    def test_where_there_is_no_template(self, run: Run) -> None:
        """Nor any parameter."""
        ended = run("check", "policies/documented.json", *self.SETTINGS, "Trails=a")
        assert ended.code == 2
        assert "there are none" in ended.err

    @pytest.mark.parametrize(
        "document",
        [{"TemplateBody": {"Parameters": {"Inner": {}}, "Resources": {}}}, "Parameters: [Resources"],
    )
    def test_may_be_one_of_what_is_not_read(self, run: Run, sources: Path, document: object) -> None:
        """Of a template inside of something, or one with a fault, which is told."""
        text = document if isinstance(document, str) else json.dumps(document)
        (sources / "other.yaml").write_text(text)
        assert run("check", "template.yaml", "other.yaml", *self.SETTINGS, "Inner=a").code == 4

    def test_on_standard_input(self, run: Run, sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is read for its parameters first, and then for its keys."""
        template = (sources / "template.yaml").read_bytes()
        for given, code in (("Trails=cloudtrail.amazonaws.com", 0), ("Trals=a", 2)):
            monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(template)))
            assert run("check", "-", *self.SETTINGS, given).code == code
