"""The keys of CloudFormation templates, before anything is deployed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from lzkey.sources.cloudformation import KIND

if TYPE_CHECKING:
    from .conftest import Reader

TEMPLATES = Path(__file__).with_name("templates")
YAML = (TEMPLATES / "landing_zone_key.yaml").read_text()
CDK = json.loads((TEMPLATES / "cdk.json").read_text())
ADMIN = {"AdminRole": "arn:aws:iam::111122223333:role/admin", "Guard": "no"}
PLACE, ID = "arn:aws:kms:us-east-1:111122223333", "1234abcd-12ab-34cd-56ef-1234567890ab"
SERVICES = {"Service": ["config.amazonaws.com", "cloudtrail.amazonaws.com"]}
LOGS = {
    "Effect": "Allow",
    "Principal": SERVICES,
    "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
    "Resource": "*",
}


def template(properties: Any, **members: Any) -> dict[str, Any]:
    """A template of one key that the landing zone can use, but for these properties."""
    given = {"KeyPolicy": {"Version": "2012-10-17", "Statement": [LOGS]}, **properties}
    resource = {"Type": "AWS::KMS::Key", **members.pop("resource", {}), "Properties": given}
    return {"Resources": {"Key": resource, **members.pop("resources", {})}, **members}


class TestRealTemplates:
    """As people and tools write them."""

    def test_a_key_is_proved_before_it_is_there(self, reader: Reader) -> None:
        """Pseudo parameters and defaults are resolved."""
        found = reader.text(YAML, parameters=ADMIN).key
        assert (found.name, found.arn_known, found.hopeful) == ("Key", False, None)
        assert (found.place.kind, found.place.pointer) == (KIND, "Key")
        assert reader.answers(found) == ("COMPLIANT", "COMPLIANT")

    def test_another_trail_is_refused(self, reader: Reader) -> None:
        """The twin: one parameter differs."""
        found = reader.text(YAML, parameters={**ADMIN, "TrailName": "my-trail"}).key
        assert reader.failed(found) == ["CLOUDTRAIL_ACCESS"]

    def test_a_condition_decides(self, reader: Reader) -> None:
        """With another stage the Deny is there."""
        found = reader.text(YAML, parameters={**ADMIN, "Stage": "dev"}).key
        assert reader.failed(found) == ["CONFIG_ACCESS", "CLOUDTRAIL_ACCESS"]

    def test_who_administers_makes_no_difference(self, reader: Reader) -> None:
        """A parameter without value that names a role leaves nothing open for the services."""
        assert reader.answers(reader.text(YAML).key) == ("COMPLIANT", "COMPLIANT")

    def test_lines_are_those_of_the_template(self, reader: Reader) -> None:
        """Of the key's name and of its statements; the one that is not there has none."""
        lines = YAML.splitlines()
        found = reader.text(YAML, parameters=ADMIN).key
        assert lines[(found.place.line or 0) - 1] == "  Key:"
        shown = [lines[line - 1].strip() for line in found.statement_lines]
        assert shown == ["- Sid: Root", "- Sid: Admin", "- Sid: Config", "- Sid: CloudTrail"]
        (*_, last) = reader.text(YAML, parameters={"Stage": "dev"}).key.statement_lines
        assert lines[last - 1].strip() == "- Sid: OutsideProd"

    def test_what_the_cdk_writes_is_read(self, reader: Reader) -> None:
        """JSON, with joined ARNs."""
        text = json.dumps(CDK, indent=1)
        found = reader.text(text).key
        assert reader.answers(found) == ("COMPLIANT", "COMPLIANT")
        lines = [number for number, line in enumerate(text.splitlines(), 1) if line == "      {"]
        assert list(found.statement_lines) == lines

    def test_json_is_yaml_too(self, reader: Reader) -> None:
        """The same template in both languages has the same key."""
        as_yaml = reader.text(yaml.safe_dump(CDK)).key
        assert as_yaml.key == reader.text(CDK).key.key

    def test_where_it_is_deployed_can_be_told(self, reader: Reader) -> None:
        """Otherwise it is taken to be the landing zone's place, which is said."""
        place = {"AWS::AccountId": "444455556666", "AWS::Region": "eu-west-1"}
        found = reader.text(YAML, parameters={**ADMIN, **place}).key
        assert reader.failed(found)[:2] == ["MANAGEMENT_ACCOUNT", "HOME_REGION"]
        assert found.assumptions == ()
        (assumption,) = reader.text(YAML).key.assumptions
        assert "in account 111122223333 and Region us-east-1" in assumption

    def test_partitions_come_from_the_region(self, reader: Reader) -> None:
        """With their own suffix, which services' principals do not have."""
        found = reader.text(YAML, parameters={**ADMIN, "AWS::Region": "cn-north-1"}).key
        assert found.key.arn.partition == "aws-cn"
        assert "CONFIG_ACCESS" in reader.failed(found)


class TestGetTemplate:
    """What `aws cloudformation get-template` prints."""

    def test_a_json_template_is_an_object_with_lines(self, reader: Reader) -> None:
        """Of the answer's own text."""
        text = json.dumps({"TemplateBody": CDK, "StagesAvailable": ["Original", "Processed"]}, indent=1)
        found = reader.text(text).key
        assert reader.answers(found) == ("COMPLIANT", "COMPLIANT")
        lines = [number for number, line in enumerate(text.splitlines(), 1) if line == "       {"]
        assert list(found.statement_lines) == lines

    def test_a_yaml_template_is_text(self, reader: Reader) -> None:
        """The twin; its lines are those of no file."""
        found = reader.text({"TemplateBody": YAML}, parameters=ADMIN).key
        assert reader.answers(found) == ("COMPLIANT", "COMPLIANT")
        assert (found.place.line, found.statement_lines) == (None, ())


class TestProperties:
    """Attributes of the key; each with what AWS takes where it is not given."""

    @pytest.mark.parametrize(
        ("properties", "failed"),
        [
            ({}, []),
            ({"Enabled": False}, ["ENABLED"]),
            ({"Enabled": "false"}, ["ENABLED"]),
            ({"Enabled": "true", "MultiRegion": "false"}, []),
            ({"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"}, ["SYMMETRIC"]),
            ({"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}, ["SYMMETRIC"]),
            ({"KeySpec": "SYMMETRIC_DEFAULT", "KeyUsage": "ENCRYPT_DECRYPT", "Origin": "AWS_KMS"}, []),
            ({"MultiRegion": True}, ["SINGLE_REGION"]),
            ({"Enabled": {"Ref": "AWS::NoValue"}}, []),
            ({"KeyPolicy": "text"}, ["CONFIG_ACCESS", "CLOUDTRAIL_ACCESS"]),
            ({"KeyPolicy": None}, ["CONFIG_ACCESS", "CLOUDTRAIL_ACCESS"]),
            ({"KeyPolicy": {"Ref": "AWS::NoValue"}}, ["CONFIG_ACCESS", "CLOUDTRAIL_ACCESS"]),
            ({"KeyPolicy": json.dumps({"Statement": [LOGS]})}, []),
        ],
    )
    def test_a_property_decides_its_requirement(
        self, reader: Reader, properties: Any, failed: list[str]
    ) -> None:
        """For certain: nothing is open."""
        found = reader.text(template(properties)).key
        assert found.hopeful is None
        assert reader.failed(found) == failed

    def test_a_policy_that_is_encoded_twice_is_said_so(self, reader: Reader) -> None:
        """KMS decodes it once; the twin, which is encoded once, is above."""
        found = reader.text(template({"KeyPolicy": json.dumps(json.dumps({"Statement": [LOGS]}))})).key
        assert reader.failed(found) == ["CONFIG_ACCESS", "CLOUDTRAIL_ACCESS"]
        assert "encoded twice" in str(found.key.policy_missing)

    @pytest.mark.parametrize("name", ["Enabled", "KeySpec", "KeyUsage", "MultiRegion", "KeyPolicy"])
    def test_what_is_not_known_is_open(self, reader: Reader, name: str) -> None:
        """Refused at worst, allowed at best, and the sentence names the property."""
        found = reader.text(template({name: {"Fn::ImportValue": "x"}})).key
        assert reader.answers(found) == ("NON_COMPLIANT", "COMPLIANT")
        assert found.unresolved == (
            f"Resources.Key.Properties.{name}: !ImportValue x is known only to the deployed stack",
        )

    def test_imported_material_is_open(self, reader: Reader) -> None:
        """A key without its material is not enabled."""
        found = reader.text(template({"Origin": "EXTERNAL"})).key
        assert reader.answers(found) == ("NON_COMPLIANT", "COMPLIANT")
        disabled = reader.text(template({"Origin": "EXTERNAL", "Enabled": False})).key
        assert reader.answers(disabled) == ("NON_COMPLIANT", "NON_COMPLIANT")

    def test_a_key_without_policy_has_kms_s_default(self, reader: Reader) -> None:
        """The account's root, and no service."""
        found = reader.text({"Resources": {"Key": {"Type": "AWS::KMS::Key"}}}).key
        assert reader.failed(found) == ["CONFIG_ACCESS", "CLOUDTRAIL_ACCESS"]
        assert "arn:aws:iam::111122223333:root" in json.dumps(found.key.policy)

    def test_a_replica_is_a_multi_region_key(self, reader: Reader) -> None:
        """For certain, whatever its primary key is."""
        policy = {"Statement": [LOGS]}
        primary = "arn:aws:kms:eu-west-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab"
        properties = {"PrimaryKeyArn": primary, "KeyPolicy": policy}
        found = reader.text(
            {"Resources": {"R": {"Type": "AWS::KMS::ReplicaKey", "Properties": properties}}}
        ).key
        assert found.key.arn.key_id.startswith("mrk-")
        assert reader.answers(found) == ("NON_COMPLIANT", "NON_COMPLIANT")


class TestOpenStatements:
    """What is unknown of the policy counts against the landing zone at worst, for it at best."""

    @pytest.mark.parametrize(
        ("statement", "answers"),
        [
            (
                {**LOGS, "Effect": "Deny", "Principal": {"AWS": {"Ref": "Role"}}},
                ("NON_COMPLIANT", "COMPLIANT"),
            ),
            (
                {**LOGS, "Effect": "Deny", "Principal": {"AWS": {"Fn::Sub": "arn:aws:iam::${Role}:root"}}},
                ("COMPLIANT", "COMPLIANT"),
            ),
            (
                {"Fn::If": ["C", {**LOGS, "Effect": "Deny"}, {"Ref": "AWS::NoValue"}]},
                ("NON_COMPLIANT", "COMPLIANT"),
            ),
            ({"Fn::If": ["C", LOGS, {"Ref": "AWS::NoValue"}]}, ("COMPLIANT", "COMPLIANT")),
            ({"Fn::Transform": {"Name": "AWS::Include"}}, ("NON_COMPLIANT", "COMPLIANT")),
        ],
        ids=["deny-someone", "deny-no-service", "deny-perhaps", "allow-perhaps", "include"],
    )
    def test_one_more_statement(self, reader: Reader, statement: Any, answers: tuple[str, str]) -> None:
        """Beside one that grants everything."""
        policy = {"Version": "2012-10-17", "Statement": [LOGS, statement]}
        document = template({"KeyPolicy": policy}, Conditions={"C": {"Fn::Equals": [{"Ref": "Open"}, "x"]}})
        assert reader.answers(reader.text(document).key) == answers

    @pytest.mark.parametrize(
        ("principal", "answers"),
        [
            ({"Fn::Sub": "{{resolve:ssm:/${AWS::Region}}}"}, ("NON_COMPLIANT", "COMPLIANT")),
            ({"Fn::Join": ["", ["{{resolve:ssm:", "/who", "}}"]]}, ("NON_COMPLIANT", "COMPLIANT")),
            ({"Ref": "Who"}, ("NON_COMPLIANT", "COMPLIANT")),
            ({"Fn::FindInMap": ["Who", "is", "it"]}, ("NON_COMPLIANT", "COMPLIANT")),
            ({"Fn::Sub": "s3.${AWS::URLSuffix}"}, ("COMPLIANT", "COMPLIANT")),
            (
                {
                    "Fn::Select": [
                        0,
                        [{"Fn::If": ["C", {"Ref": "AWS::NoValue"}, "x"]}, "config.amazonaws.com"],
                    ]
                },
                ("NON_COMPLIANT", "COMPLIANT"),
            ),
            (
                {
                    "Fn::Join": [
                        ".",
                        ["config", {"Fn::If": ["C", {"Ref": "AWS::NoValue"}, "x"]}, "amazonaws.com"],
                    ]
                },
                ("NON_COMPLIANT", "COMPLIANT"),
            ),
            ({"Fn::Select": [0, ["x", "config.amazonaws.com"]]}, ("COMPLIANT", "COMPLIANT")),
        ],
        ids=["sub", "join", "parameter", "mapping", "known", "select-if", "join-if", "select"],
    )
    def test_who_is_denied_may_be_read_at_deployment(
        self, reader: Reader, principal: Any, answers: tuple[str, str]
    ) -> None:
        """By a dynamic reference, however it is put together, or by what a condition leaves out."""
        statement = {**LOGS, "Effect": "Deny", "Principal": {"Service": principal}}
        document = template(
            {"KeyPolicy": {"Version": "2012-10-17", "Statement": [LOGS, statement]}},
            Conditions={"C": {"Fn::Equals": [{"Ref": "Open"}, "x"]}},
            Parameters={"Who": {"Type": "String", "Default": "{{resolve:ssm:/who}}"}},
            Mappings={"Who": {"is": {"it": "{{resolve:ssm:/who}}"}}},
        )
        assert reader.answers(reader.text(document).key) == answers

    @pytest.mark.parametrize(
        ("key", "answers"),
        [
            ("aws:ResourceTag/Team", ("NON_COMPLIANT", "COMPLIANT")),
            ("aws:resourcetag/Team", ("NON_COMPLIANT", "COMPLIANT")),
            ("aws:PrincipalTag/Team", ("COMPLIANT", "COMPLIANT")),
            ("aws:SourceAccount", ("NON_COMPLIANT", "NON_COMPLIANT")),
        ],
    )
    def test_tags_come_from_the_stack_too(self, reader: Reader, key: str, answers: tuple[str, str]) -> None:
        """So that nobody can tell from the template what a condition on them comes to."""
        deny = {**LOGS, "Effect": "Deny", "Condition": {"StringEquals": {key: "111122223333"}}}
        found = reader.text(template({"KeyPolicy": {"Statement": [LOGS, deny]}})).key
        assert reader.answers(found) == answers
        assert any("the key's tags" in sentence for sentence in found.unresolved) is (
            answers[0] != answers[1]
        )

    @pytest.mark.parametrize("as_text", [False, True])
    @pytest.mark.parametrize(
        ("statement", "answers"),
        [
            ({"Effect": "Deny", "Resource": f"{PLACE}:key/{ID}"}, ("NON_COMPLIANT", "COMPLIANT")),
            (
                {"Effect": "Deny", "Resource": ["x", "arn:aws:kms:*:*:key/12*"]},
                ("NON_COMPLIANT", "COMPLIANT"),
            ),
            ({"Effect": "Deny", "Resource": f"{PLACE}:key/*"}, ("NON_COMPLIANT", "NON_COMPLIANT")),
            ({"Effect": "Deny", "Resource": f"{PLACE}:alias/x"}, ("COMPLIANT", "COMPLIANT")),
            ({"Effect": "Deny", "Resource": f"arn:aws:kms:eu-west-1:1:key/{ID}"}, ("COMPLIANT", "COMPLIANT")),
            ({"Effect": "Allow", "Resource": f"{PLACE}:key/{ID}"}, ("COMPLIANT", "COMPLIANT")),
        ],
    )
    def test_a_key_that_is_named_may_be_this_one(
        self, reader: Reader, statement: Any, answers: tuple[str, str], *, as_text: bool
    ) -> None:
        """The stack may be there already, and its policy name the key that it made."""
        policy: Any = {"Version": "2012-10-17", "Statement": [LOGS, {**LOGS, **statement}]}
        found = reader.text(template({"KeyPolicy": json.dumps(policy) if as_text else policy})).key
        assert reader.answers(found) == answers
        assert answers[0] == answers[1] or any('write "*"' in sentence for sentence in found.unresolved)

    def test_protection_does_not_make_the_best_worse(self, protected: Reader) -> None:
        """Foreign requests: an open Allow may be narrow enough."""
        statement = {**LOGS, "Condition": {"StringEquals": {"aws:SourceOrgID": {"Ref": "Organization"}}}}
        document = template({"KeyPolicy": {"Statement": [statement]}})
        assert protected.answers(protected.text(document).key) == ("NON_COMPLIANT", "COMPLIANT")
        tagged = {**LOGS, "Condition": {"StringEquals": {"aws:ResourceTag/Team": "x"}}}
        document = template({"KeyPolicy": {"Statement": [tagged]}})
        assert protected.answers(protected.text(document).key) == ("NON_COMPLIANT", "COMPLIANT")
        wide = template({"KeyPolicy": {"Statement": [LOGS]}})
        assert protected.answers(protected.text(wide).key) == ("NON_COMPLIANT", "NON_COMPLIANT")


class TestPresence:
    """Which keys a template has."""

    def test_a_condition_that_does_not_hold_takes_the_key_away(self, reader: Reader) -> None:
        """One that holds keeps it; one that is open is taken to hold, and said so."""
        for text, count, said in (
            ("x", 1, False),
            ("y", 0, False),
            ({"Ref": "Open"}, 1, True),
            ({"Ref": "AWS::NoValue"}, 1, True),
        ):
            document = template(
                {}, resource={"Condition": "C"}, Conditions={"C": {"Fn::Equals": [text, "x"]}}
            )
            result = reader.text(document)
            assert len(result.keys) == count
            for found in result.keys:
                assert any("the condition C holds" in each for each in found.assumptions) is said

    def test_every_key_has_an_arn_of_its_own(self, reader: Reader) -> None:
        """So that a policy that names the other key does not count as its own."""
        other = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Statement": [
            {**LOGS, "Resource": {"Fn::GetAtt": ["Key", "Arn"]}}]}}}  # fmt: skip
        first, second = reader.text(template({}, resources={"Other": other})).keys
        assert first.key.arn != second.key.arn
        assert reader.failed(first) == []
        assert reader.failed(second) == ["CONFIG_ACCESS", "CLOUDTRAIL_ACCESS"]

    def test_a_template_without_keys_is_passed_over(self, reader: Reader) -> None:
        """It is a source, and holds none."""
        result = reader.text({"Resources": {"B": {"Type": "AWS::S3::Bucket"}}})
        assert (result.unread, len(result.passed)) == ([], 1)

    def test_a_loop_that_makes_keys_is_told(self, reader: Reader) -> None:
        """Nobody has looked at them; one that makes buckets is nobody's business."""
        loop = {"Fn::ForEach::Keys": ["Name", ["A"], {"${Name}": {"Type": "AWS::KMS::Key"}}]}
        assert (
            "--template-stage Processed" in reader.text({"Resources": {**loop, "B": {"Type": "x"}}}).message
        )
        bucket = json.loads(json.dumps(loop).replace("KMS::Key", "S3::Bucket"))
        assert not reader.text({"Resources": {**bucket, "B": {"Type": "x"}}}).unread

    @pytest.mark.parametrize(
        ("transform", "answers"),
        [
            ("AWS::Serverless-2016-10-31", ("COMPLIANT", "COMPLIANT")),
            (["AWS::LanguageExtensions"], ("COMPLIANT", "COMPLIANT")),
            ("MyMacro", ("NON_COMPLIANT", "COMPLIANT")),
            ([{"Name": "AWS::Include", "Parameters": {}}], ("NON_COMPLIANT", "COMPLIANT")),
        ],
    )
    def test_a_macro_may_change_everything(
        self, reader: Reader, transform: Any, answers: tuple[str, str]
    ) -> None:
        """But for AWS's own that are known to leave keys alone, which is said."""
        found = reader.text(template({}, Transform=transform)).key
        assert reader.answers(found) == answers
        assert any("leaves keys as they are" in each for each in found.assumptions) is (
            answers[0] == "COMPLIANT"
        )


class TestMalformedTemplates:
    """Templates that no stack could be made of: no exception, whatever they hold."""

    @pytest.mark.parametrize(
        "resource",
        [
            {"Properties": []},
            {"Properties": "x"},
            {"Properties": {"Fn::Transform": {"Name": "x"}}},
            {"Condition": 1},
            {"Condition": ["a"]},
            {"Properties": {"KeyPolicy": []}},
            {"Properties": {"KeyPolicy": {"Statement": {"Fn::If": ["a"]}}}},
            {"Properties": {"KeyPolicy": {"Statement": [{"Fn::Sub": [1, 2, 3]}]}}},
            {"Properties": {"KeyPolicy": {"Statement": [{"Principal": {"AWS": {"Fn::GetAtt": [1]}}}]}}},
            {"Properties": {"MultiRegion": {"Fn::Select": {"a": 1}}}},
            {"Properties": {"Enabled": {"Fn::FindInMap": [1, 2, {"a": []}]}}},
        ],
    )
    def test_a_key_is_never_compliant_by_accident(self, reader: Reader, resource: Any) -> None:
        """Whatever cannot be read is open, or wrong."""
        result = reader.text({"Resources": {"Key": {"Type": "AWS::KMS::Key", **resource}, "X": [], "Y": 1}})
        (found,) = result.keys
        assert reader.answers(found)[0] == "NON_COMPLIANT"

    @pytest.mark.parametrize(
        "members",
        [{"Conditions": []}, {"Mappings": 1}, {"Parameters": ["a"]}, {"Transform": 5}, {"Resources": []}],
    )
    def test_sections_may_be_anything(self, reader: Reader, members: Any) -> None:
        """And are then empty."""
        result = reader.text({**template({}), **members})
        assert len(result.keys) + len(result.unread) == 1
