"""Numbers without quotes in templates: what CloudFormation writes differently proves nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from .conftest import Reader

OPEN = ("NON_COMPLIANT", "COMPLIANT")
PROVED = ("COMPLIANT", "COMPLIANT")
REFUSED = ("NON_COMPLIANT", "NON_COMPLIANT")
TEMPLATE = """\
Parameters:
  Management: {{Type: String, Default: {default}}}
Mappings:
  Accounts:
    management: {{id: {mapped}}}
    {name}: {{id: "111122223333"}}
Conditions:
  Management: !Equals [{compared}, "111122223333"]
Resources:
  Key:
    Type: AWS::KMS::Key
    Properties:
      PendingWindowInDays: 07
      Tags: [{{Key: cost-center, Value: 0815}}]
      KeyPolicy:
        Version: 2012-10-17
        Statement:
          - Effect: Allow
            Principal: {{AWS: {principal}}}
            Action: kms:*
            Resource: "*"
          - Effect: Allow
            Principal: {{Service: [config.amazonaws.com, cloudtrail.amazonaws.com]}}
            Action: ["kms:Decrypt", "kms:GenerateDataKey*"]
            Resource: "*"
            Condition: {{StringEquals: {{"aws:ResourceAccount": {value}}}}}
"""
# A line of the template, by what is filled in there.
LINES = {"default": 2, "mapped": 5, "name": 6, "compared": 8, "principal": 19, "value": 26}
QUOTED = '"111122223333"'


def template(**filled: str) -> str:
    """The template, its values in quotes but for these."""
    values = dict.fromkeys(LINES, QUOTED) | {"name": "other", "principal": "arn:aws:iam::111122223333:root"}
    return TEMPLATE.format(**{**values, **filled})


class TestWherever:
    """A number that is written differently is open, wherever it flows from into the key policy."""

    FLOWS = pytest.mark.parametrize(
        ("place", "flow"),
        [
            ("value", {}),
            ("principal", {}),
            ("default", {"value": "!Ref Management"}),
            ("default", {"value": '!Sub "${Management}"'}),
            ("default", {"principal": '!Sub "arn:aws:iam::${Management}:root"'}),
            ("default", {"value": '!Join ["", [!Ref Management]]'}),
            ("default", {"value": "!FindInMap [Accounts, !Ref Management, id]", "name": QUOTED}),
            ("mapped", {"value": "!FindInMap [Accounts, management, id]"}),
            ("mapped", {"value": '!Sub ["${A}", {A: !FindInMap [Accounts, management, id]}]'}),
            ("compared", {"value": f"!If [Management, {QUOTED}, {QUOTED}]"}),
        ],
    )

    @FLOWS
    @pytest.mark.parametrize(
        "number", ["099922223333", "01473565425525", "1.11122223333e11", "111_122_223_333"]
    )
    def test_it_is_never_compliant(
        self, reader: Reader, place: str, flow: dict[str, str], number: str
    ) -> None:
        """Also where octal 01473565425525 is just the right account; the line is that of the number."""
        found = reader.text(template(**flow, **{place: number})).key
        assert reader.answers(found) == OPEN
        (sentence,) = [each for each in found.unresolved if "put it into quotes" in each]
        assert f"line {LINES[place]}: without quotes {number} is a number" in sentence

    @FLOWS
    def test_in_quotes_it_is_the_account(self, reader: Reader, place: str, flow: dict[str, str]) -> None:
        """The twin."""
        found = reader.text(template(**flow, **{place: QUOTED})).key
        assert (reader.answers(found), found.unresolved) == (PROVED, ())

    def test_a_list_in_a_mapping_is_looked_through(self, reader: Reader) -> None:
        """One of its elements is enough."""
        flow = {"value": "!FindInMap [Accounts, management, id]"}
        assert reader.answers(reader.text(template(mapped=f"[{QUOTED}, 099922223333]", **flow)).key) == OPEN
        assert (
            reader.answers(reader.text(template(mapped=f'[{QUOTED}, "099922223333"]', **flow)).key) == PROVED
        )

    @pytest.mark.parametrize("number", ["111122223333", "099922223333"])
    def test_a_mapping_by_a_number_finds_nothing_for_certain(self, reader: Reader, number: str) -> None:
        """No number is a name to CloudFormation, whatever its digits."""
        flow = {"value": f'!FindInMap [Accounts, "{number}", id]'}
        found = reader.text(template(name=number, **flow)).key
        assert reader.answers(found) == OPEN
        assert "line 6: " in found.unresolved[0]
        assert reader.answers(reader.text(template(name=f'"{number}"', **flow)).key) == PROVED

    @pytest.mark.parametrize("place", ["default", "mapped", "name", "compared"])
    def test_what_does_not_flow_there_is_nobody_s_business(self, reader: Reader, place: str) -> None:
        """As are the tags of the key, and its waiting period."""
        found = reader.text(template(**{place: "099922223333"})).key
        assert (reader.answers(found), found.unresolved) == (PROVED, ())

    def test_a_value_that_is_given_takes_the_place_of_a_default(self, reader: Reader) -> None:
        """It comes from the command line, which knows no numbers."""
        text = template(default="099922223333", value="!Ref Management")
        found = reader.text(text, parameters={"Management": "111122223333"}).key
        assert (reader.answers(found), found.unresolved) == (PROVED, ())

    def test_what_is_refused_anyway_stays_refused(self, reader: Reader) -> None:
        """Quotes would not help."""
        text = template(principal="099922223333", value='"444455556666"')
        assert reader.answers(reader.text(text).key) == REFUSED

    def test_a_template_that_was_packaged_is_told_so(self, reader: Reader) -> None:
        """AWS's own tool takes the quotes away, in which the template's author had put it."""
        dumped = yaml.safe_dump({"a": "099922223333"}).strip()
        assert dumped == "a: 099922223333"
        found = reader.text(template(value=dumped.removeprefix("a: "))).key
        assert "`aws cloudformation package` removes such quotes itself" in found.unresolved[0]

    def test_a_key_that_may_be_denied_is_open_too(self, reader: Reader) -> None:
        """A Deny of another account than the number that nobody knows."""
        text = (
            template()
            .replace("Action: kms:*", "Action: kms:Decrypt")
            .replace("Effect: Allow", "Effect: Deny", 1)
        )
        everyone = text.replace("{AWS: arn:aws:iam::111122223333:root}", '"*"')
        account = 'Condition: {StringNotEquals: {"aws:ResourceAccount": NUMBER}}'
        denied = everyone.replace('Resource: "*"', f'Resource: "*"\n            {account}', 1)
        assert reader.answers(reader.text(denied.replace("NUMBER", "011122223333")).key) == OPEN
        assert reader.answers(reader.text(denied.replace("NUMBER", QUOTED)).key) == PROVED


class TestBareNumbers:
    """Numbers that keep their digits: fine in a condition, doubt where a policy has strings alone."""

    PLACES = pytest.mark.parametrize(
        ("change", "answers"),
        [
            ({"Principal": {"AWS": 111122223333}}, OPEN),
            ({"Principal": {"AWS": ["*", 111122223333]}}, OPEN),
            ({"Principal": {"AWS": {"Fn::FindInMap": ["Accounts", "a", "number"]}}}, OPEN),
            ({"Principal": {"AWS": {"Fn::If": ["Open", 111122223333, "*"]}}}, OPEN),
            ({"Sid": 1}, OPEN),
            ({"Principal": {"AWS": "111122223333"}}, PROVED),
            ({"Principal": {"AWS": {"Ref": "Number"}}}, PROVED),
            ({"Principal": {"AWS": {"Fn::FindInMap": ["Accounts", "a", "text"]}}}, PROVED),
            ({"Condition": {"StringEquals": {"aws:SourceAccount": 111122223333}}}, PROVED),
            ({"Condition": {"NumericLessThan": {"aws:MultiFactorAuthAge": [1, 1.5]}}}, PROVED),
            ({"Condition": {"NumericLessThan": {"aws:MultiFactorAuthAge": 1e30}}}, OPEN),
        ],
    )

    @staticmethod
    def document(change: dict[str, Any]) -> dict[str, Any]:
        """A template of a key that the landing zone can use, and one statement more."""
        services = {"Service": ["config.amazonaws.com", "cloudtrail.amazonaws.com"]}
        logs = {"Effect": "Allow", "Principal": services, "Action": "kms:*", "Resource": "*"}
        statement = {
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": "kms:*",
            "Resource": "*",
            **change,
        }
        return {
            "Parameters": {
                "Number": {"Type": "String", "Default": 111122223333},
                "Stage": {"Type": "String"},
            },
            "Mappings": {"Accounts": {"a": {"number": 111122223333, "text": "111122223333"}}},
            "Conditions": {"Open": {"Fn::Equals": [{"Ref": "Stage"}, "x"]}},
            "Resources": {
                "Key": {
                    "Type": "AWS::KMS::Key",
                    "Properties": {"KeyPolicy": {"Version": "2012-10-17", "Statement": [logs, statement]}},
                }
            },
        }

    @PLACES
    def test_json_and_yaml_have_one_answer(
        self, reader: Reader, change: dict[str, Any], answers: tuple[str, str]
    ) -> None:
        """AWS does not say whether CloudFormation makes text of a number in a policy."""
        document = self.document(change)
        as_json, as_yaml = reader.text(document).key, reader.text(yaml.safe_dump(document)).key
        assert [reader.answers(found) for found in (as_json, as_yaml)] == [answers, answers]
        for found in (as_json, as_yaml):
            assert any("put it into quotes" in each for each in found.unresolved) is (answers == OPEN)

    def test_the_sentence_names_place_and_line(self, reader: Reader) -> None:
        """Those of the principal, in both languages."""
        document = self.document({"Principal": {"AWS": 111122223333}})
        for text in (json.dumps(document, indent=1), yaml.safe_dump(document)):
            (line,) = [n for n, line in enumerate(text.splitlines(), 1) if "AWS" in line and "1111" in line]
            (sentence,) = reader.text(text).key.unresolved
            place = "Resources.Key.Properties.KeyPolicy.Statement[1].Principal.AWS"
            assert sentence.startswith(f"{place} (line {line}): 111122223333 is a number")
