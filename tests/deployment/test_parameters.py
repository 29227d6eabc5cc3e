"""A parameters file is either deployable as it stands, or refused with every fault in it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from landing_zone_key.settings import PARAMETERS, LandingZone
from lzkey.cli import COMMANDS, main
from lzkey.deployment.build import build
from lzkey.deployment.deploy import deploy, undeploy
from lzkey.deployment.target import Where
from lzkey.doctor import examine
from lzkey.errors import LzkeyError, ParametersError, PrerequisiteError
from lzkey.parameters import load
from lzkey.workplace import Workplace

from .conftest import ROOT, RULE

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Project

SCHEMA: Any = json.loads((ROOT / "parameters/schema.json").read_text())
EXAMPLE: Any = json.loads((ROOT / "parameters/example.json").read_text())
RDK: Any = json.loads((ROOT / "rules" / RULE / "parameters.json").read_text())


def refusal(project: Project, **changes: Any) -> str:
    """What is said about the example with these fields changed."""
    with pytest.raises(ParametersError) as caught:
        load(project.parameters(**changes), at=Workplace.in_checkout(project.root))
    return str(caught.value)


class TestExample:
    """The example is complete and deployable as it is."""

    def test_is_accepted(self) -> None:
        """Nobody has to guess what a good file looks like."""
        parameters = load("example", at=Workplace.in_checkout(ROOT))
        assert parameters.home_region == "us-east-1"
        assert parameters.management_account == "111122223333"
        assert parameters.deployment.triggers == {"change", "periodic"}

    def test_names_every_rule_parameter(self) -> None:
        """The example, the schema, rdk's file and the Lambda's settings know the same names."""
        in_rdk = {**json.loads(RDK["Parameters"]["InputParameters"])}
        optional = json.loads(RDK["Parameters"]["OptionalParameters"])
        names = set(PARAMETERS)
        assert set(EXAMPLE["ruleParameters"]) == names
        assert set(SCHEMA["properties"]["ruleParameters"]["properties"]) == names
        assert set(in_rdk) | set(optional) == names
        assert not set(in_rdk) & set(optional)

    def test_names_every_deployment_field(self) -> None:
        """What can be given can be seen."""
        assert set(EXAMPLE["deployment"]) == set(SCHEMA["properties"]["deployment"]["properties"])

    def test_an_empty_value_is_not_given(self, project: Project) -> None:
        """As rdk drops empty optional parameters; rdklib would take an empty Region for a Region."""
        parameters = load(
            project.parameters(ExecutionRoleRegion="", TrailName="my-trail"),
            at=Workplace.in_checkout(project.root),
        )
        assert "ExecutionRoleRegion" not in parameters.rule
        assert parameters.rule["TrailName"] == "my-trail"


class TestSchema:
    """The schema is one that editors understand, and it agrees with the Lambda."""

    def test_is_a_schema(self) -> None:
        """Draft 2020-12 accepts it."""
        Draft202012Validator.check_schema(SCHEMA)

    def test_describes_every_field(self) -> None:
        """An editor can explain each of them."""
        parts = [SCHEMA, *SCHEMA["properties"].values()]
        fields = [field for part in parts for field in part.get("properties", {}).values()]
        assert all(field["description"].endswith(".") for field in fields)

    def test_example_refers_to_it(self) -> None:
        """By a path that holds wherever the project lies."""
        assert EXAMPLE["$schema"] == "./schema.json"

    @pytest.mark.parametrize(
        ("name", "good", "bad"),
        [
            ("HomeRegion", "us-gov-west-1", "us-east"),
            ("ManagementAccountId", "000000000001", "11112222333"),
            ("OrganizationId", "o-a1b2c3d4e5", "a1b2c3d4e5"),
            ("GovernedRegions", "eu-west-1, us-east-1", "eu-west-1 us-east-1"),
            ("TrailName", "my.trail_1", "a"),
            ("TrailName", "my-trail", "my--trail"),
            ("TrailName", "trail", "trail-"),
            ("TrailName", "a" * 128, "a" * 129),
            ("PermissionStandard", "functional", "minimal"),
            ("RequireConfusedDeputyProtection", "true", "yes"),
            ("ExecutionRoleName", "path/to-role", "my role"),
            ("ExecutionRoleRegion", "eusc-de-east-1", "europe"),
            ("AssumeRoleMode", "false", "off"),
        ],
    )
    def test_agrees_with_the_settings(self, name: str, good: str, bad: str) -> None:
        """What the schema accepts the Lambda accepts, and what it refuses the Lambda refuses."""
        field = Draft202012Validator(SCHEMA["properties"]["ruleParameters"]["properties"][name])
        assert field.is_valid(good)
        assert PARAMETERS[name].accepts(good)
        assert not field.is_valid(bad)
        assert not PARAMETERS[name].accepts(bad)


class TestRdkFile:
    """The file for the RDK's own way: `cd rules && rdk deploy CONTROL_TOWER_KMS_KEY`."""

    def test_values_are_good_ones(self) -> None:
        """The Lambda accepts what rdk would pass on."""
        given = json.loads(RDK["Parameters"]["InputParameters"])
        assert LandingZone.from_rule_parameters(given).home_region == "us-east-1"
        assert given["AssumeRoleMode"] == "false"

    def test_has_both_triggers_and_rdks_layer(self) -> None:
        """The runtime with -lib gets rdklib from rdk's layer."""
        fields = RDK["Parameters"]
        assert fields["SourceEvents"] == "AWS::KMS::Key"
        assert fields["SourcePeriodic"] == "TwentyFour_Hours"
        assert fields["SourceRuntime"] == "python3.13-lib"
        assert fields["RuleName"] == RULE


class TestFile:
    """The file itself: there, readable, and JSON as it is defined."""

    @pytest.mark.parametrize("name", ["nowhere", "schema", "../example", "", "a/b", "example.json"])
    def test_unknown_name_shows_the_known_ones(self, project: Project, name: str) -> None:
        """A slip in the name costs one look; no name leads out of the folder."""
        with pytest.raises(ParametersError, match=r"there is no parameters file .*; there is: example"):
            load(name, at=Workplace.in_checkout(project.root))

    def test_a_path_is_taken(self, project: Project) -> None:
        """What a shell completes."""
        at = Workplace.in_checkout(project.root)
        taken = load("parameters/example.json", at=at)
        assert replace(taken, named="example") == load("example", at=at)
        assert load(str(at.file("example")), at=at).name == "example"

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ('{"ruleParameters": {"HomeReg', "has no closing quote: it is missing, or the file is cut off"),
            ('{"ruleParameters": {"HomeRegion": ', "it is cut off, or a bracket is not closed"),
            ('{"ruleParameters": {}', "it is cut off, or a bracket is not closed"),
        ],
    )
    def test_a_file_that_is_cut_off(self, project: Project, text: str, said: str) -> None:
        """It says so, beside what the parser missed."""
        with pytest.raises(ParametersError, match=said):
            load(project.text(text), at=Workplace.in_checkout(project.root))

    def test_bad_json_in_the_middle_is_not_called_cut_off(self, project: Project) -> None:
        """There is more behind the fault."""
        with pytest.raises(ParametersError) as caught:
            load(
                project.text('{"ruleParameters": {} "deployment": {}}'),
                at=Workplace.in_checkout(project.root),
            )
        assert "cut off" not in str(caught.value)

    def test_bad_json_has_a_place(self, project: Project) -> None:
        """Line and column, as an editor counts."""
        with pytest.raises(ParametersError, match=r"example.json, line 2, column 3: "):
            load(project.text('{"ruleParameters": {},\n  }'), at=Workplace.in_checkout(project.root))

    def test_a_member_given_twice_is_refused(self, project: Project) -> None:
        """JSON leaves open which of the two counts."""
        with pytest.raises(ParametersError, match='line 1: the member "HomeRegion" is there twice'):
            load(
                project.text('{"ruleParameters": {"HomeRegion": "", "HomeRegion": ""}}'),
                at=Workplace.in_checkout(project.root),
            )

    @pytest.mark.parametrize("text", ["[]", "null", "3", '"x"', '{"ruleParameters": []}', "NaN", "[" * 5000])
    def test_other_values_are_refused(self, project: Project, text: str) -> None:
        """Whatever is in the file, it is a ParametersError."""
        with pytest.raises(ParametersError):
            load(project.text(text), at=Workplace.in_checkout(project.root))

    def test_a_number_of_very_many_digits_is_refused(self, project: Project) -> None:
        """More than Python reads; as many as it reads are a fault of the field that they stand in."""
        text = '{{"ruleParameters": {{"ManagementAccountId": {}}}}}'
        with pytest.raises(ParametersError, match=r"example.json holds a number of thousands of digits$"):
            load(project.text(text.format("1" * 5000)), at=Workplace.in_checkout(project.root))
        with pytest.raises(ParametersError, match="cannot be deployed:") as caught:
            load(project.text(text.format("1" * 4000)), at=Workplace.in_checkout(project.root))
        assert "ManagementAccountId" in str(caught.value)

    def test_other_encodings_are_refused(self, project: Project) -> None:
        """UTF-16 is what some editors write."""
        (project.root / "parameters/example.json").write_text("{}", encoding="utf-16")
        with pytest.raises(ParametersError, match="is not UTF-8"):
            load("example", at=Workplace.in_checkout(project.root))


class TestFaults:
    """Every fault is named, once, with what would be right."""

    def test_all_at_once(self, project: Project) -> None:
        """One message for the rule's part and the deployment's."""
        said = refusal(
            project,
            HomeRegion=None,
            ManagementAccountId="1234",
            Colour="red",
            triggers=["weekly"],
            lambdaTimeoutSeconds=901,
            regoin="us-east-1",
        )
        assert str(project.root / "parameters/example.json") in said
        assert len(said.splitlines()) == 1 + 6
        assert "HomeRegion is required" in said
        assert 'ManagementAccountId is "1234", but must be the 12 digits' in said
        assert "Colour is not a parameter of this rule" in said
        assert 'deployment.triggers[0] is "weekly", but must be "change" or "periodic"' in said
        assert "deployment.lambdaTimeoutSeconds is 901, but may have at most 900" in said
        assert "deployment.regoin is unknown; did you mean region?" in said

    def test_number_for_a_string(self, project: Project) -> None:
        """AWS Config's parameters are strings; an account's leading zeros would be lost."""
        assert "ManagementAccountId must be a string" in refusal(project, ManagementAccountId=111122223333)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("description", ""),
            ("description", "x" * 256),
            ("triggers", []),
            ("triggers", ["change", "change"]),
            ("maximumExecutionFrequency", "Daily"),
            ("lambdaRoleArn", "my-role"),
            ("codeBucket", "My_Bucket"),
            ("lambdaTimeoutSeconds", "60"),
            ("tags", {"aws:owner": "me"}),
            ("tags", {"Owner": 1}),
            ("region", "everywhere"),
        ],
    )
    def test_deployment_field(self, project: Project, field: str, value: object) -> None:
        """Each is refused by name."""
        assert f"deployment.{field}" in refusal(project, **{field: value})

    @pytest.mark.parametrize("field", ["remediation", "evaluationMode", "customLambdaName"])
    def test_what_rdk_would_drop_or_mangle(self, project: Project, field: str) -> None:
        """Refused with the reason, not passed on."""
        assert f"deployment.{field} is refused: " in refusal(project, **{field: "x"})

    def test_longer_than_config_takes(self, project: Project) -> None:
        """Its limit is on the whole, as JSON."""
        key = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
        assert "1024" in refusal(project, KeyScope=",".join([key] * 13))
        load(project.parameters(KeyScope=",".join([key] * 7)), at=Workplace.in_checkout(project.root))

    @pytest.mark.parametrize(
        ("field", "where", "value"),
        [
            ("HomeRegion", "ruleParameters", "us-eats-1"),
            ("GovernedRegions", "ruleParameters", "eu-west-1, us-eats-1"),
            ("ExecutionRoleRegion", "ruleParameters", "us-eats-1"),
            ("region", "deployment", "us-eats-1"),
        ],
    )
    def test_a_region_that_there_is_not(self, project: Project, field: str, where: str, value: str) -> None:
        """In the words of `lzkey check`; one that is newer than this machine is allowed on purpose."""
        said = refusal(project, **{field: value})
        assert f"{where}.{field} has us-eats-1, which is no Region of AWS; the nearest is us-east-1" in said
        load("example", at=Workplace.in_checkout(project.root), any_region=True)

    @pytest.mark.parametrize("command", [deploy, undeploy, examine])
    def test_whoever_reads_the_file(self, project: Project, command: Callable[..., object]) -> None:
        """Is told; who allows it gets as far as to the profile that there is not."""
        name = project.parameters(HomeRegion="us-north-7", region="us-north-7")
        with pytest.raises(ParametersError, match="us-north-7, which is no Region of AWS"):
            command(name, at=Workplace.in_checkout(project.root), where=Where("nobody"))
        with pytest.raises(PrerequisiteError, match="nobody"):
            command(name, at=Workplace.in_checkout(project.root), where=Where("nobody", unknown_region=True))

    def test_whoever_builds(self, project: Project) -> None:
        """The same, without an account."""
        name = project.parameters(HomeRegion="us-north-7")
        with pytest.raises(ParametersError, match="us-north-7, which is no Region of AWS"):
            build(name, at=Workplace.in_checkout(project.root))
        assert (
            build(name, at=Workplace.in_checkout(project.root), any_region=True).parameters.home_region
            == "us-north-7"
        )

    @pytest.mark.parametrize("command", sorted(COMMANDS.keys() - {"report", "verify", "demo"}))
    def test_the_option_of_every_command(
        self, command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """That takes a parameters file."""
        monkeypatch.setenv("COLUMNS", "200")
        assert main([command, "--help"]) == 0
        assert "--allow-unknown-region" in capsys.readouterr().out

    def test_errors_are_no_value_errors(self) -> None:
        """And all of them are one kind, for the command line."""
        assert issubclass(ParametersError, LzkeyError)
        assert not issubclass(LzkeyError, ValueError)


class TestPairs:
    """Fields that are good alone and wrong together; each with the twin that is right."""

    def test_assuming_configs_own_role(self, project: Project) -> None:
        """No Lambda may assume AWSServiceRoleForConfig; a role of one's own it may."""
        assert "AssumeRoleMode: must be" in refusal(project, AssumeRoleMode=None)
        assert "AssumeRoleMode: must be" in refusal(project, AssumeRoleMode="true")
        load(
            project.parameters(AssumeRoleMode="true", ExecutionRoleName="my-role"),
            at=Workplace.in_checkout(project.root),
        )

    def test_frequency_without_schedule(self, project: Project) -> None:
        """It would never be read."""
        assert "maximumExecutionFrequency" in refusal(project, triggers=["change"])
        load(
            project.parameters(triggers=["change"], maximumExecutionFrequency=None),
            at=Workplace.in_checkout(project.root),
        )

    def test_boundary_of_a_role_that_rdk_does_not_make(self, project: Project) -> None:
        """It would be ignored silently."""
        role = "arn:aws:iam::111122223333:role/my-role"
        boundary = "arn:aws:iam::111122223333:policy/my-boundary"
        assert "boundaryPolicyArn" in refusal(project, lambdaRoleArn=role, boundaryPolicyArn=boundary)
        load(project.parameters(boundaryPolicyArn=boundary), at=Workplace.in_checkout(project.root))
