"""Templates in templates and plans: their keys and where they are, and what is said of unreadable ones."""

from __future__ import annotations

import json
from time import process_time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import Reader, Result

SERVICES = "[config.amazonaws.com, cloudtrail.amazonaws.com]"
INNER = f"""\
Parameters:
  Who: {{Type: CommaDelimitedList, Default: nobody.amazonaws.com}}
Resources:
  Key:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy:
        Version: '2012-10-17'
        Statement:
          - {{Effect: Allow, Principal: {{AWS: !Sub 'arn:aws:iam::${{AWS::AccountId}}:root'}},
             Action: 'kms:*', Resource: '*'}}
          - {{Effect: Allow, Principal: {{Service: {SERVICES}}}, Action: 'kms:*', Resource: '*'}}
"""
OPEN = INNER.replace(SERVICES, "!Ref Who")
BOTH = "config.amazonaws.com,cloudtrail.amazonaws.com"
KEY = {
    "Type": "AWS::KMS::Key",
    "Properties": {
        "KeyPolicy": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}],
        }
    },
}


def stack_set(body: Any, **properties: Any) -> dict[str, Any]:
    """A template with a stack set of that template."""
    given = {"TemplateBody": body, **properties}
    return {"Resources": {"Set": {"Type": "AWS::CloudFormation::StackSet", "Properties": given}}}


def indented(text: str, by: int) -> str:
    """Text as it stands in YAML."""
    return "".join(f"{' ' * by}{line}" for line in text.splitlines(keepends=True))


def block(begins: str, text: str = INNER) -> str:
    """A template in YAML with that text behind TemplateBody."""
    head = "Resources:\n  Set:\n    Type: AWS::CloudFormation::StackSet\n    Properties:\n"
    return f"{head}      TemplateBody: {begins}\n{indented(text, 8)}"


class TestText:
    """A template that is the text of another one's property."""

    @pytest.mark.parametrize(
        ("text", "line", "lines"),
        [
            (block("|"), 9, (15, 17)),
            (block("|-  # as text"), 9, (15, 17)),
            (block("!Sub |", INNER.replace("${AWS::AccountId}", "${!AWS::AccountId}")), 9, (15, 17)),
            (block("|", json.dumps({"Resources": {"Key": KEY}}, indent=1) + "\n"), 8, (14,)),
            (block(">", json.dumps({"Resources": {"Key": KEY}}) + "\n"), 5, (5,)),
            (json.dumps(stack_set(INNER)), 1, (1, 1)),
            (json.dumps(stack_set(json.dumps({"Resources": {"Key": KEY}})), indent=1), 6, (6,)),
            (json.dumps(stack_set({"Resources": {"Key": KEY}}), indent=1), 8, (14,)),
            (json.dumps(stack_set({"Fn::ToJsonString": {"Resources": {"Key": KEY}}}), indent=1), 9, (15,)),
        ],
    )
    def test_its_key_is_found_where_it_is(
        self, reader: Reader, text: str, line: int, lines: tuple[int, ...]
    ) -> None:
        """By the line in the file, and by what leads to it."""
        found = reader.text(text).key
        assert (found.name, found.place.pointer) == ("Set/Key", "Set/Key")
        assert (found.place.line, found.statement_lines) == (line, lines)
        assert reader.answers(found) == ("COMPLIANT", "COMPLIANT")

    def test_its_key_may_fail(self, reader: Reader) -> None:
        """The twin."""
        found = reader.text(block("|", INNER.replace("cloudtrail.", "logs."))).key
        assert reader.failed(found) == ["CLOUDTRAIL_ACCESS"]

    def test_it_stands_beside_others(self, reader: Reader) -> None:
        """Keys of its own, and sets in sets; one that is not there has none."""
        inner = stack_set({"Resources": {"Key": KEY}})
        inner["Resources"]["Own"] = KEY
        outer = stack_set(json.dumps(inner))
        outer["Resources"]["Own"] = KEY
        outer["Resources"]["Not"] = {**outer["Resources"]["Set"], "Condition": "No"}
        outer["Conditions"] = {"No": {"Fn::Equals": ["a", "b"]}}
        result = reader.text(outer)
        assert [found.name for found in result.keys] == ["Own", "Set/Own", "Set/Set/Key"]
        assert (result.unread, result.passed) == ([], [])

    def test_one_without_keys_is_passed_over(self, reader: Reader) -> None:
        """Once, with the template that it is in."""
        result = reader.text(stack_set({"Resources": {"B": {"Type": "AWS::S3::Bucket"}}}))
        assert (result.keys, result.unread, len(result.passed)) == ([], [], 1)

    @pytest.mark.parametrize(
        ("body", "said"),
        [
            ("{'Resources': {'Key': 'AWS::KMS::Key'", "Set: its template cannot be read: line 2"),
            ("just AWS::KMS::Key", "Set: its template is neither JSON nor YAML"),
            ('{"kms": 1}', "Set: its template is none"),
            ({"Fn::Sub": "${Unknown} AWS::KMS::Key"}, "Set: its template is known only when it is deployed"),
        ],
    )
    def test_what_cannot_be_read_is_told(self, reader: Reader, body: Any, said: str) -> None:
        """Where it speaks of KMS; the twin, which does not, is passed over with the reason."""
        assert reader.text(stack_set(body)).message.startswith(said)
        other = json.loads(json.dumps(stack_set(body)).replace("KMS", "X").replace("kms", "x"))
        result = reader.text(other)
        assert (result.keys, result.unread) == ([], [])
        assert result.passed[0].reason.startswith(
            "it is a stack that does not mention KMS, and its template "
        )


class TestParameters:
    """What a set or a stack gives to the template."""

    @pytest.mark.parametrize(
        ("parameters", "answers"),
        [
            ([], ("NON_COMPLIANT", "NON_COMPLIANT")),
            ([{"ParameterKey": "Who", "ParameterValue": BOTH}], ("COMPLIANT", "COMPLIANT")),
            ([{"ParameterKey": "Other", "ParameterValue": BOTH}], ("NON_COMPLIANT", "NON_COMPLIANT")),
            ([{"ParameterKey": "Who", "ParameterValue": {"Ref": "X"}}], ("NON_COMPLIANT", "COMPLIANT")),
            ([{"ParameterKey": "Who", "ParameterValue": {"Ref": "Known"}}], ("COMPLIANT", "COMPLIANT")),
            ({"Fn::Transform": {"Name": "x"}}, ("NON_COMPLIANT", "COMPLIANT")),
            ([{"Fn::Transform": {"Name": "x"}}], ("NON_COMPLIANT", "COMPLIANT")),
        ],
    )
    def test_what_is_given_comes_before_the_default(
        self, reader: Reader, parameters: Any, answers: tuple[str, str]
    ) -> None:
        """And what is given and not known is not the default."""
        outer = stack_set(OPEN, Parameters=parameters)
        outer["Parameters"] = {"Known": {"Type": "String", "Default": BOTH}}
        assert reader.answers(reader.text(outer).key) == answers

    def test_what_is_overridden_is_not_known(self, reader: Reader) -> None:
        """Some stacks of the set have another value; one that is told is that."""
        given = [{"ParameterKey": "Who", "ParameterValue": BOTH}]
        group = {"ParameterOverrides": [{"ParameterKey": "Who", "ParameterValue": "x"}]}
        outer = stack_set(OPEN, Parameters=given, StackInstancesGroup=[group])
        assert reader.answers(reader.text(outer).key) == ("NON_COMPLIANT", "COMPLIANT")
        assert "--parameter Who=VALUE would tell" in reader.text(outer).key.unresolved[0]
        told = reader.text(outer, parameters={"Who": BOTH}).key
        assert reader.answers(told) == ("COMPLIANT", "COMPLIANT")


class TestPlaces:
    """Where the stacks of a set are."""

    @pytest.mark.parametrize(
        ("accounts", "regions", "failed"),
        [
            (["111122223333"], ["us-east-1"], []),
            (["444455556666"], ["us-east-1"], ["MANAGEMENT_ACCOUNT"]),
            (["111122223333"], ["eu-west-1"], ["HOME_REGION"]),
            ([], [], []),
        ],
    )
    def test_one_place_is_told(
        self, reader: Reader, accounts: list[str], regions: list[str], failed: list[str]
    ) -> None:
        """By the group of its instances; by default it is the landing zone's, which is an assumption."""
        group = {"DeploymentTargets": {"Accounts": accounts}, "Regions": regions}
        found = reader.text(stack_set(INNER, StackInstancesGroup=[group])).key
        assert reader.failed(found) == failed
        said = "would tell others" if not accounts else "as Resources.Set.Properties.StackInstancesGroup says"
        assert said in found.assumptions[0]

    def test_of_several_nobody_can_tell(self, reader: Reader) -> None:
        """But for who says which one is asked about."""
        group = {"DeploymentTargets": {"Accounts": ["111122223333"]}, "Regions": ["us-east-1", "eu-west-1"]}
        outer = stack_set(INNER, StackInstancesGroup=[group])
        assert "names more than one account or Region" in reader.text(outer).message
        place = {"AWS::AccountId": "111122223333", "AWS::Region": "us-east-1"}
        assert reader.failed(reader.text(outer, parameters=place).key) == []


def stack(url: Any, name: str = "Child", **members: Any) -> dict[str, Any]:
    """A template with a stack whose template is there."""
    properties = {"TemplateURL": url, "Parameters": {"Who": BOTH}}
    resource = {"Type": "AWS::CloudFormation::Stack", "Properties": properties, **members}
    return {"Resources": {name: resource}}


class TestFiles:
    """A stack whose template is a file, as `aws cloudformation package` takes it."""

    @pytest.mark.parametrize("url", ["./below/child.yaml", "below/child.yaml", "below/../below/child.yaml"])
    @pytest.mark.parametrize("indent", [None, 1])
    def test_the_file_is_read_with_the_parameters(self, reader: Reader, url: str, indent: int | None) -> None:
        """Where the parent alone is named; its keys are at their places in the file."""
        (reader.folder / "below").mkdir()
        (reader.folder / "below/child.yaml").write_text(OPEN)
        found = reader.text(json.dumps(stack(url), indent=indent)).key
        assert reader.answers(found) == ("COMPLIANT", "COMPLIANT")
        assert (found.name, found.place.source) == ("Child/Key", str(reader.folder / "below/child.yaml"))
        assert (found.place.line, found.statement_lines) == (4, (10, 12))

    def test_yaml_names_it_too(self, reader: Reader) -> None:
        """With or without quotes, and a file of the file."""
        begins = (
            "Resources:\n  A:\n    Type: AWS::CloudFormation::Stack\n    Properties:\n      TemplateURL: "
        )
        (reader.folder / "child.yaml").write_text(f"{begins}'./grandchild.yaml'\n")
        (reader.folder / "grandchild.yaml").write_text(INNER)
        assert reader.text(f"{begins}child.yaml\n").key.name == "A/A/Key"

    def test_the_cdk_tells_it_as_an_asset(self, reader: Reader) -> None:
        """Its URL is one of a bucket, known only when it is deployed."""
        (reader.folder / "Nested.nested.template.json").write_text(json.dumps({"Resources": {"Key": KEY}}))
        url = {"Fn::Sub": "https://s3.${AWS::Region}.${Suffix}/cdk-assets/1234.json"}
        metadata = {"aws:asset:path": "Nested.nested.template.json", "aws:asset:property": "TemplateURL"}
        assert reader.text(stack(url, Metadata=metadata)).key.name == "Child/Key"

    @pytest.mark.parametrize(
        ("location", "name"), [("./child.yaml", "App/Key"), ({"ApplicationId": "x"}, "")]
    )
    def test_an_application_has_a_location(self, reader: Reader, location: Any, name: str) -> None:
        """Of a file, or, the twin, of a repository that nobody reads."""
        (reader.folder / "child.yaml").write_text(INNER)
        application = {"Type": "AWS::Serverless::Application", "Properties": {"Location": location}}
        result = reader.text({"Resources": {"App": application}})
        assert ([found.name for found in result.keys], result.unread) == ([name] if name else [], [])
        assert len(result.passed) == (0 if name else 1)

    @pytest.mark.parametrize("content", [None, b"\xff\xfe", b"x" * (2 << 20)])
    def test_one_that_is_not_there_is_named(self, reader: Reader, content: bytes | None) -> None:
        """Or is none that can be read."""
        if content is not None:
            (reader.folder / "child.yaml").write_bytes(content)
        message = reader.text(stack("child.yaml")).message
        path = reader.folder / "child.yaml"
        assert message == f"Child: its template is {path}, which cannot be read: give {path}, too"

    @pytest.mark.parametrize("content", ["Resources: [", "text"])
    def test_one_that_is_wrong_is_told(self, reader: Reader, content: str) -> None:
        """With its name."""
        (reader.folder / "child.yaml").write_text(content)
        assert str(reader.folder / "child.yaml") in reader.text(stack("child.yaml")).message

    def test_standard_input_has_no_files_beside_it(self, reader: Reader) -> None:
        """So that the child is named."""
        result = reader.read("-", stdin=json.dumps(stack("child.yaml")).encode())
        assert "give child.yaml, too" in result.message

    def test_files_that_name_each_other_come_to_an_end(self, reader: Reader) -> None:
        """And that is said."""
        two = {"Resources": {**stack("a.json", "A")["Resources"], **stack("b.json", "B")["Resources"]}}
        before = process_time()
        (reader.folder / "a.json").write_text(json.dumps(two))
        (reader.folder / "b.json").write_text(json.dumps(two))
        result = reader.read(reader.folder / "a.json")
        assert "too many templates in templates" in result.unread[-1].message
        assert process_time() - before < 20

    @pytest.mark.parametrize(
        "url", ["https://example.com/kms.yaml", {"Fn::Sub": "https://${Bucket}/kms.yaml"}]
    )
    def test_one_far_away_is_told_of_where_it_speaks_of_kms(self, reader: Reader, url: Any) -> None:
        """The twin is passed over, with the reason."""
        assert "the place of its template is " in reader.text(stack(url)).message
        assert reader.text(stack("https://example.com/x.yaml", "KmsStack")).unread
        other = json.loads(json.dumps(stack(url)).replace("kms", "network"))
        (passed,) = reader.text(other).passed
        assert passed.reason.startswith(
            "it is a stack that does not mention KMS, and the place of its template is "
        )


def plan(kind: str, values: Any, unknown: Any = None, expressions: Any = None) -> dict[str, Any]:
    """A plan of one resource that makes stacks."""
    resource = {"address": f"{kind}.logs", "mode": "managed", "type": kind, "name": "logs"}
    change = {"actions": ["create"], "after": values, "after_unknown": unknown or {}}
    configured = [{**resource, "expressions": expressions or {}}]
    return {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": [{**resource, "values": values}]}},
        "resource_changes": [{**resource, "change": change}],
        "configuration": {"root_module": {"resources": configured}},
    }


def of(reader: Reader, document: Any) -> Result:
    """What a plan holds; its keys are called by the resource."""
    result = reader.text(document)
    assert all(found.name.endswith(".logs/Key") for found in result.keys)
    return result


class TestTerraform:
    """Stacks and stack sets of a plan."""

    KINDS = ("aws_cloudformation_stack", "aws_cloudformation_stack_set", "awscc_cloudformation_stack_set")

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("body", [INNER, json.dumps({"Resources": {"Key": KEY}})])
    def test_the_template_is_read(self, reader: Reader, kind: str, body: str) -> None:
        """Text in YAML or JSON; its line is that of the resource."""
        found = of(reader, plan(kind, {"template_body": body})).key
        assert reader.answers(found) == ("COMPLIANT", "COMPLIANT")
        assert found.place.line == 6

    @pytest.mark.parametrize(
        ("parameters", "unknown", "answers"),
        [
            (None, None, ("NON_COMPLIANT", "NON_COMPLIANT")),
            ({"Who": BOTH}, None, ("COMPLIANT", "COMPLIANT")),
            ({}, {"Who": True}, ("NON_COMPLIANT", "COMPLIANT")),
            (None, True, ("NON_COMPLIANT", "COMPLIANT")),
            ([{"parameter_key": "Who", "parameter_value": BOTH}], None, ("COMPLIANT", "COMPLIANT")),
            ([{"parameter_key": "Who"}], [{"parameter_value": True}], ("NON_COMPLIANT", "COMPLIANT")),
        ],
    )
    def test_its_parameters_are_given(
        self, reader: Reader, parameters: Any, unknown: Any, answers: tuple[str, str]
    ) -> None:
        """As an object, or as pairs; unknown ones are not the default."""
        values = {"template_body": OPEN, "parameters": parameters}
        document = plan(self.KINDS[0], values, {"parameters": unknown}, {"parameters": {}})
        assert reader.answers(of(reader, document).key) == answers

    def test_a_body_that_is_not_known_is_told_of(self, reader: Reader) -> None:
        """Where it speaks of KMS; the twin, which does not, is passed over."""
        for name, count in (("data.template_file.kms", 1), ("data.template_file.vpc", 0)):
            expressions = {"template_body": {"references": [name, "aws_kms_key.x"][: 1 + count]}}
            result = of(reader, plan(self.KINDS[0], {}, {"template_body": True}, expressions))
            assert (len(result.unread), len(result.passed)) == (count, 1 - count)

    def test_a_template_far_away(self, reader: Reader) -> None:
        """As for a template's own stacks."""
        (passed,) = of(reader, plan(self.KINDS[0], {"template_url": "https://example.com/x.yaml"})).passed
        assert "the place of its template is https://example.com/x.yaml" in passed.reason

    def test_the_stack_is_where_the_provider_is(self, reader: Reader) -> None:
        """Its Region decides."""
        document = plan(self.KINDS[0], {"template_body": INNER, "region": "eu-west-1"})
        assert reader.failed(of(reader, document).key) == ["HOME_REGION"]


class TestMalice:
    """Little text that stands for much."""

    def test_one_text_for_thousands_of_sets(self, reader: Reader) -> None:
        """Is read a bounded number of times, and that is said."""
        outer: dict[str, Any] = {"Parameters": {"Body": {"Type": "String", "Default": INNER * 1}}}
        one = stack_set({"Ref": "Body"})["Resources"]["Set"]
        before = process_time()
        result = reader.text({**outer, "Resources": {f"Set{index}": one for index in range(5000)}})
        assert process_time() - before < 60
        assert "too many templates in templates" in result.unread[-1].message

    def test_many_sets_are_all_read(self, reader: Reader) -> None:
        """The twin: what a template may well have."""
        one = stack_set(INNER)["Resources"]["Set"]
        result = reader.text({"Resources": {f"Set{index}": one for index in range(100)}})
        assert (len(result.keys), result.unread) == (100, [])
