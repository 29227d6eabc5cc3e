"""References that lead back to the key: CloudFormation refuses the template."""

from __future__ import annotations

from time import process_time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import Reader, Result

LOGS = {
    "Effect": "Allow",
    "Principal": {"Service": ["config.amazonaws.com", "cloudtrail.amazonaws.com"]},
    "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
    "Resource": "*",
}
OWN = 'it refers to Key itself: CloudFormation refuses this circle; write "*"'


def key(*statements: Any, **members: Any) -> dict[str, Any]:
    """A key with these statements besides the one that the landing zone needs."""
    policy = {"Version": "2012-10-17", "Statement": [LOGS, *statements]}
    return {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": policy}, **members}


def about(resource: Any) -> dict[str, Any]:
    """A statement about a resource."""
    return {**LOGS, "Resource": resource}


def circles(result: Result) -> dict[str, list[str]]:
    """What is said of the circles of each key."""
    return {
        found.name: [each for each in found.unresolved if "refuses this circle" in each]
        for found in result.keys
    }


class TestItself:
    """A key that its own policy refers to."""

    @pytest.mark.parametrize(
        "resource",
        [
            {"Fn::GetAtt": ["Key", "Arn"]},
            {"Fn::GetAtt": "Key.Arn"},
            {"Fn::Sub": "${Key.Arn}"},
            {"Fn::Sub": "arn:aws:kms:${AWS::Region}:${AWS::AccountId}:key/${ Key }"},
            {"Fn::Sub": ["${Arn}", {"Arn": {"Fn::GetAtt": ["Key", "Arn"]}}]},
            {"Fn::Join": ["", ["arn:aws:kms:us-east-1:111122223333:key/", {"Ref": "Key"}]]},
            {"Fn::If": ["Yes", {"Fn::GetAtt": ["Key", "Arn"]}, "*"]},
            {"Fn::If": ["Open", {"Fn::GetAtt": ["Key", "Arn"]}, "*"]},
        ],
    )
    def test_is_refused(self, reader: Reader, resource: Any) -> None:
        """However it does so; and it is never compliant."""
        document = {
            "Conditions": {
                "Yes": {"Fn::Equals": ["a", "a"]},
                "Open": {"Fn::Equals": ["a", {"Ref": "Other"}]},
            },
            "Resources": {"Key": key(about(resource))},
        }
        result = reader.text(document)
        assert reader.answers(result.key) == ("NON_COMPLIANT", "COMPLIANT")
        (sentence,) = circles(result)["Key"]
        place = "Resources.Key.Properties.KeyPolicy.Statement[1].Resource"
        assert sentence == f"{place}: {OWN}, which means the key that has the policy"
        assert "CloudFormation refuses" in str(result.key.key.policy_missing)

    @pytest.mark.parametrize(
        "resource",
        [
            "*",
            {"Fn::Sub": "arn:aws:kms:${AWS::Region}:${AWS::AccountId}:key/*"},
            {"Fn::Sub": "${!Key.Arn}"},
            {"Fn::Sub": ["${Key}", {"Key": "*"}]},
            {"Fn::If": ["No", {"Fn::GetAtt": ["Key", "Arn"]}, "*"]},
            {"Fn::GetAtt": ["Bucket", "Arn"]},
        ],
    )
    def test_what_does_not_refer_to_it_is_not(self, reader: Reader, resource: Any) -> None:
        """The twin; nor do outputs, or a resource that refers to the key."""
        alias = {"Type": "AWS::KMS::Alias", "Properties": {"TargetKeyId": {"Ref": "Key"}}}
        document = {
            "Conditions": {"No": {"Fn::Equals": ["a", "b"]}},
            "Resources": {"Key": key(about(resource)), "Alias": alias, "Bucket": {"Type": "AWS::S3::Bucket"}},
            "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Key", "Arn"]}}},
        }
        result = reader.text(document)
        assert circles(result) == {"Key": []}
        assert reader.answers(result.key)[0] == "COMPLIANT"


class TestOthers:
    """A key that others lead back to."""

    ARN = staticmethod(lambda name: {"Fn::GetAtt": [name, "Arn"]})

    def test_two_keys_that_refer_to_each_other(self, reader: Reader) -> None:
        """Each is in the circle; a third, which refers to them, is not."""
        document = {
            "Resources": {
                "A": key(about(self.ARN("B"))),
                "B": key(about(self.ARN("A"))),
                "C": key(about(self.ARN("A"))),
            }
        }
        said = circles(reader.text(document))
        assert "refers to B, and that leads back to A: CloudFormation refuses this circle" in said["A"][0]
        assert "refers to A, and that leads back to B" in said["B"][0]
        assert said["C"] == []

    def test_a_reference_to_another_key_is_none(self, reader: Reader) -> None:
        """The twin."""
        first, second = reader.text({"Resources": {"A": key(), "B": key(about(self.ARN("A")))}}).keys
        assert [reader.answers(each)[0] for each in (first, second)] == ["COMPLIANT", "COMPLIANT"]

    def test_a_role_whose_policy_names_the_key(self, reader: Reader) -> None:
        """The key's policy names the role, and so on through one more resource."""
        role = {"Type": "AWS::IAM::Role", "Properties": {"ManagedPolicyArns": [{"Ref": "Managed"}]}}
        managed = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"Resource": {"Fn::Sub": "${Key.Arn}"}}}
        admin = {**LOGS, "Principal": {"AWS": self.ARN("Role")}}
        resources = {"Key": key(admin), "Role": role, "Managed": managed}
        (sentence,) = circles(reader.text({"Resources": resources}))["Key"]
        assert "it refers to Role, and that leads back to Key" in sentence
        kept = {"Conditions": {"No": {"Fn::Equals": ["a", "b"]}}}
        absent = {**resources, "Managed": {**managed, "Condition": "No"}}
        assert circles(reader.text({**kept, "Resources": absent})) == {"Key": []}

    @pytest.mark.parametrize("depends", ["Alias", ["Bucket", "Alias"]])
    def test_what_the_key_waits_for(self, reader: Reader, depends: Any) -> None:
        """DependsOn is a reference, too."""
        alias = {"Type": "AWS::KMS::Alias", "Properties": {"TargetKeyId": {"Ref": "Key"}}}
        said = circles(reader.text({"Resources": {"Key": key(DependsOn=depends), "Alias": alias}}))
        assert said["Key"][0].startswith("Resources.Key.DependsOn: it refers to Alias")

    def test_many_keys_are_soon_seen_through(self, reader: Reader) -> None:
        """A chain of thousands, closed."""
        count = 2000
        resources = {
            f"K{each}": {"Type": "AWS::KMS::Key", "DependsOn": f"K{(each + 1) % count}"}
            for each in range(count)
        }
        before = process_time()
        said = circles(reader.text({"Resources": resources}))
        assert process_time() - before < 10
        assert all(map(len, said.values()))

    @pytest.mark.parametrize("value", [1, None, [1], {"a": 1}, [None, None], ["Key"], [["Key"], {}]])
    @pytest.mark.parametrize("function", ["Ref", "Fn::GetAtt", "Fn::Sub", "Fn::If", "DependsOn"])
    def test_whatever_a_function_holds(self, reader: Reader, function: str, value: Any) -> None:
        """Nothing is raised."""
        assert len(reader.text({"Resources": {"Key": key({function: value}, DependsOn=value)}}).keys) == 1
