"""What keys are called: their aliases, else their tag Name, where a source tells."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from lzkey.aws.key_name import key_name, tags_told

from .test_cloudformation import template
from .test_terraform import PLAN, STATE

if TYPE_CHECKING:
    from .conftest import Reader

NAME = [{"Key": "Name", "Value": "logs key"}]


def alias(target: Any, name: Any = "alias/logs", **members: Any) -> dict[str, Any]:
    """The resources of a template with an alias."""
    properties = {"AliasName": name, "TargetKeyId": target}
    return {"Alias": {"Type": "AWS::KMS::Alias", "Properties": properties, **members}}


def planned(document: Any, kind: str, **members: Any) -> Any:
    """A plan or a state with an alias of its key `aws_kms_key.logs`."""
    made = copy.deepcopy(document)
    top = made.get("planned_values") or made["values"]
    each = {"address": f"{kind}.logs", "mode": "managed", "type": kind, "name": "logs", **members}
    top["root_module"]["resources"].append(each)
    return made


class TestKeyName:
    """The one place that chooses."""

    @pytest.mark.parametrize(
        ("aliases", "name"),
        [
            (["alias/longer", "alias/b", "alias/a"], "alias/a, alias/b, alias/longer"),
            (["alias/a", "alias/aws/kinesis"], "alias/aws/kinesis, alias/a"),
            ([f"alias/{number}" for number in range(5)], "alias/0, alias/1, alias/2 and 2 more"),
            ([], "the tag"),
        ],
    )
    def test_aliases_come_first(self, aliases: list[str], name: str) -> None:
        """AWS's own, then the shortest; the tag Name is for keys without any."""
        assert key_name(aliases, {"Name": " the tag ", "name": "another"}) == name

    @pytest.mark.parametrize("tags", [None, {}, {"name": "x"}, {"Name": ""}, {"Name": "  "}])
    def test_no_name(self, tags: dict[str, str] | None) -> None:
        """Nothing is made up."""
        assert key_name(tags=tags) == ""

    def test_no_name_is_endless(self) -> None:
        """A file may say what AWS would not take."""
        assert len(key_name(tags={"Name": "x" * 10_000})) == 256

    def test_pairs_that_are_none(self) -> None:
        """They are left out, whatever they are."""
        assert tags_told([*NAME, {"Key": 1, "Value": "x"}, {"Key": "a"}, None, "x"]) == {"Name": "logs key"}
        assert [tags_told(tags) for tags in (None, {}, "Name")] == [{}, {}, {}]


class TestTemplate:
    """CloudFormation."""

    @pytest.mark.parametrize(
        "target",
        [{"Ref": "Key"}, {"Fn::GetAtt": ["Key", "Arn"]}, {"Fn::Sub": "${Key.KeyId}"}, {"Fn::Sub": "${Key}"}],
    )
    def test_an_alias(self, reader: Reader, target: Any) -> None:
        """It targets the key by whatever names that."""
        assert reader.text(template({"Tags": NAME}, resources=alias(target))).key.label == "alias/logs"

    @pytest.mark.parametrize(
        "others",
        [
            alias("another"),
            alias({"Ref": "Key"}, {"Ref": "Unknown"}),
            alias({"Ref": "Key"}, Condition="Off"),
            {"Alias": {"Type": "AWS::KMS::Alias", "Properties": []}},
            {"Alias": {"Type": "AWS::KMS::Alias"}},
        ],
    )
    def test_no_alias_of_the_key(self, reader: Reader, others: Any) -> None:
        """Another key's, one that is not known, and one that is not made; then the tag counts."""
        conditions = {"Off": {"Fn::Equals": ["a", "b"]}}
        found = reader.text(template({"Tags": NAME}, resources=others, Conditions=conditions)).key
        assert found.label == "logs key"
        assert (found.unresolved, reader.answers(found)[0]) == ((), "COMPLIANT")

    def test_what_is_not_known_of_it_changes_nothing(self, reader: Reader) -> None:
        """Neither a name nor a doubt comes of a tag that a parameter without value is."""
        tags = [{"Key": "Name", "Value": {"Ref": "Nowhere"}}]
        found = reader.text(template({"Tags": tags})).key
        assert (found.label, found.unresolved, reader.answers(found)[0]) == ("", (), "COMPLIANT")


class TestTerraform:
    """Plans and states."""

    def labels(self, reader: Reader, document: Any) -> dict[str, str]:
        """What keys are called that are called anything."""
        return {each.name: each.label for each in reader.text(document).keys if each.label}

    def test_a_state_knows_the_id(self, reader: Reader) -> None:
        """An alias targets a key by its id."""
        resources = STATE["values"]["root_module"]["resources"]
        (key,) = (each for each in resources if each["address"] == "aws_kms_key.logs")
        values = {"name": "alias/logs", "target_key_id": key["values"]["key_id"]}
        document = planned(STATE, "aws_kms_alias", values=values)
        assert self.labels(reader, document) == {"aws_kms_key.logs": "alias/logs"}

    def test_a_plan_knows_what_refers_to_what(self, reader: Reader) -> None:
        """The configuration's references tell."""
        document = planned(PLAN, "aws_kms_alias", values={"name": "alias/logs"})
        change = {
            "actions": ["create"],
            "after": {"name": "alias/logs"},
            "after_unknown": {"target_key_id": True},
        }
        described = {
            "address": "aws_kms_alias.logs",
            "mode": "managed",
            "type": "aws_kms_alias",
            "name": "logs",
        }
        document["resource_changes"].append({**described, "change": change})
        references = {"references": ["aws_kms_key.logs.key_id", "aws_kms_key.logs"]}
        expressions = {"name": {"constant_value": "alias/logs"}, "target_key_id": references}
        document["configuration"]["root_module"]["resources"].append(
            {**described, "expressions": expressions}
        )
        assert self.labels(reader, document) == {"aws_kms_key.logs": "alias/logs"}

    def test_the_tag(self, reader: Reader) -> None:
        """The provider's default tags are among tags_all; the other provider has a list."""
        made = copy.deepcopy(STATE)
        for each in made["values"]["root_module"]["resources"]:
            if each["address"] == "aws_kms_key.logs":
                each["values"]["tags_all"] = {"Name": "logs key"}
        values = {"key_policy": "{}", "tags": [{"key": "Name", "value": "another"}]}
        found = self.labels(reader, planned(made, "awscc_kms_key", values=values))
        assert found == {"aws_kms_key.logs": "logs key", "awscc_kms_key.logs": "another"}


class TestItems:
    """AWS Config."""

    @pytest.mark.parametrize(
        "told",
        [
            {"tags": {"Name": "logs key"}},
            {"tags": [{"key": "Name", "value": "logs key", "tag": "Name=logs key"}]},
        ],
    )
    def test_the_tag(self, reader: Reader, documents: Any, told: Any) -> None:
        """Of an item, and of a row of an advanced query, where the verdict stays what it is."""
        plain = reader.text(documents["advanced_query_row"]).key
        found = reader.text({**documents["advanced_query_row"], **told}).key
        assert (found.label, reader.answers(found)) == ("logs key", reader.answers(plain))
