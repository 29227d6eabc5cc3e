"""The resources that stacks have of the sandbox's own making: put, put anew, renamed and deleted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from lzkey_sandbox import Sandbox

KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
BUCKET = "recorded"


def stack(sandbox: Sandbox, operation: str, resources: dict[str, Any]) -> None:
    """Create or update the one stack."""
    getattr(sandbox.client("cloudformation"), operation)(
        StackName="stack", TemplateBody=json.dumps({"Resources": resources})
    )


def recorder(*types: str) -> dict[str, Any]:
    """A recorder of some types with its channel, as a template declares them."""
    role = "arn:aws:iam::111122223333:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
    group = {"AllSupported": False, "ResourceTypes": list(types)}
    return {
        "Recorder": {
            "Type": "AWS::Config::ConfigurationRecorder",
            "Properties": {"Name": "keys", "RoleARN": role, "RecordingGroup": group},
        },
        "Channel": {
            "Type": "AWS::Config::DeliveryChannel",
            "DependsOn": "Recorder",
            "Properties": {"Name": "keys", "S3BucketName": BUCKET},
        },
    }


def rule(source: str, **properties: Any) -> dict[str, Any]:
    """A rule of AWS's own, as a template declares it."""
    given = {"Source": {"Owner": "AWS", "SourceIdentifier": source}, **properties}
    return {"Rule": {"Type": "AWS::Config::ConfigRule", "Properties": given}}


def rules(sandbox: Sandbox) -> dict[str, str]:
    """The source of every rule by the rule's name."""
    found = sandbox.client("config").describe_config_rules()["ConfigRules"]
    return {entry["ConfigRuleName"]: entry["Source"]["SourceIdentifier"] for entry in found}


class TestUpdate:
    """A changed resource is put anew."""

    def test_reaches_a_recorder_and_leaves_it_on(self, sandbox: Sandbox) -> None:
        """What it records is what the template says now."""
        config = sandbox.client("config")
        sandbox.client("s3").create_bucket(Bucket=BUCKET)
        for operation, types in (("create_stack", ["AWS::KMS::Key"]), ("update_stack", ["AWS::IAM::Role"])):
            stack(sandbox, operation, recorder(*types))
            (found,) = config.describe_configuration_recorders()["ConfigurationRecorders"]
            (status,) = config.describe_configuration_recorder_status()["ConfigurationRecordersStatus"]
            assert (found["recordingGroup"]["resourceTypes"], status["recording"]) == (types, True)

    def test_a_channel_keeps_what_it_names(self, sandbox: Sandbox) -> None:
        """Such as the key that it encrypts with."""
        sandbox.client("s3").create_bucket(Bucket=BUCKET)
        resources = recorder("AWS::KMS::Key")
        resources["Channel"]["Properties"] |= {"S3KmsKeyArn": KEY, "S3KeyPrefix": "o-exampleorgid"}
        stack(sandbox, "create_stack", resources)
        (found,) = sandbox.client("config").describe_delivery_channels()["DeliveryChannels"]
        assert found == {
            "name": "keys",
            "s3BucketName": BUCKET,
            "s3KmsKeyArn": KEY,
            "s3KeyPrefix": "o-exampleorgid",
        }

    @pytest.mark.parametrize(
        ("before", "after", "expected"),
        [
            ({"ConfigRuleName": "one"}, {"ConfigRuleName": "one"}, ["one"]),
            ({"ConfigRuleName": "one"}, {"ConfigRuleName": "two"}, ["two"]),
            ({"ConfigRuleName": "one"}, {"Description": "nameless"}, ["one"]),
        ],
    )
    def test_a_new_name_replaces_a_rule(
        self, sandbox: Sandbox, before: dict[str, str], after: dict[str, str], expected: list[str]
    ) -> None:
        """Without a new name the rule stays, with what is new of it."""
        stack(sandbox, "create_stack", rule("CMK_BACKING_KEY_ROTATION_ENABLED", **before))
        stack(sandbox, "update_stack", rule("ROOT_ACCOUNT_MFA_ENABLED", **after))
        assert rules(sandbox) == dict.fromkeys(expected, "ROOT_ACCOUNT_MFA_ENABLED")


class TestDelete:
    """What the stack made goes with it."""

    def test_nothing_is_left(self, sandbox: Sandbox) -> None:
        """Recorder, channel and rule."""
        sandbox.client("s3").create_bucket(Bucket=BUCKET)
        stack(sandbox, "create_stack", recorder("AWS::KMS::Key") | rule("ROOT_ACCOUNT_MFA_ENABLED"))
        assert len(rules(sandbox)) == 1
        sandbox.client("cloudformation").delete_stack(StackName="stack")
        config = sandbox.client("config")
        assert config.describe_configuration_recorders()["ConfigurationRecorders"] == []
        assert config.describe_delivery_channels()["DeliveryChannels"] == []
        assert rules(sandbox) == {}


class TestAttribute:
    """What Fn::GetAtt knows of a rule."""

    @pytest.mark.parametrize(
        ("attribute", "start"), [("Arn", "arn:aws:config:"), ("ConfigRuleId", "config-rule-")]
    )
    def test_is_in_the_outputs(self, sandbox: Sandbox, attribute: str, start: str) -> None:
        """ARN and id."""
        cloudformation = sandbox.client("cloudformation")
        outputs = {"Found": {"Value": {"Fn::GetAtt": ["Rule", attribute]}}}
        template = {"Resources": rule("ROOT_ACCOUNT_MFA_ENABLED"), "Outputs": outputs}
        cloudformation.create_stack(StackName="stack", TemplateBody=json.dumps(template))
        (found,) = cloudformation.describe_stacks(StackName="stack")["Stacks"]
        assert found["Outputs"][0]["OutputValue"].startswith(start)


DATED = """
AWSTemplateFormatVersion: 2010-09-09
Resources:
  Key:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy:
        Version: 2012-10-17
        Statement:
          - {Effect: Allow, Principal: {AWS: !Ref AWS::AccountId}, Action: kms:*, Resource: "*"}
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: dated
      AssumeRolePolicyDocument:
        Version: 2012-10-17
        Statement:
          - {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}
      Policies:
        - PolicyName: dated
          PolicyDocument:
            Version: 2012-10-17
            Statement: [{Effect: Allow, Action: kms:ListKeys, Resource: "*"}]
"""


class TestDates:
    """YAML reads an unquoted version as a date; to AWS it is text."""

    @pytest.mark.parametrize("quote", ["", '"'])
    def test_a_version(self, sandbox: Sandbox, quote: str) -> None:
        """Of every policy, and of the template."""
        template = DATED.replace("2012-10-17", f"{quote}2012-10-17{quote}")
        cloudformation, iam, kms = (sandbox.client(name) for name in ("cloudformation", "iam", "kms"))
        cloudformation.create_stack(StackName="stack", TemplateBody=template)
        (key,) = kms.list_keys()["Keys"]
        found = [
            json.loads(kms.get_key_policy(KeyId=key["KeyId"])["Policy"]),
            iam.get_role(RoleName="dated")["Role"]["AssumeRolePolicyDocument"],
            iam.get_role_policy(RoleName="dated", PolicyName="dated")["PolicyDocument"],
        ]
        assert [document["Version"] for document in found] == ["2012-10-17"] * 3
        summary = cloudformation.get_template_summary(TemplateBody=template)
        assert summary["Version"] == "2010-09-09"


class TestFailure:
    """What fails once does not fail for good."""

    def test_another_attempt(self, sandbox: Sandbox) -> None:
        """Under the same name, and with the same names in it; a stack that is there stays."""
        sandbox.client("s3").create_bucket(Bucket=BUCKET)
        good = recorder("AWS::KMS::Key") | rule("ROOT_ACCOUNT_MFA_ENABLED", ConfigRuleName="one")
        bad = good | {"Rule": {"Type": "AWS::Config::ConfigRule", "Properties": {}, "DependsOn": "Channel"}}
        with pytest.raises(ClientError):
            stack(sandbox, "create_stack", bad)
        config = sandbox.client("config")
        assert config.describe_configuration_recorders()["ConfigurationRecorders"] == []
        stack(sandbox, "create_stack", good)
        with pytest.raises(ClientError, match="AlreadyExists"):
            stack(sandbox, "create_stack", bad)
        assert list(rules(sandbox)) == ["one"]
        assert config.describe_configuration_recorders()["ConfigurationRecorders"]

    def test_of_another_service(self, sandbox: Sandbox) -> None:
        """Its error can be read; the twin is made."""
        sandbox.client("logs").create_log_group(logGroupName="taken")
        groups = {
            name: {"Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": name}}}
            for name in ("taken", "free")
        }
        with pytest.raises(ClientError, match="ResourceAlreadyExistsException"):
            stack(sandbox, "create_stack", groups["taken"])
        stack(sandbox, "create_stack", groups["free"])


def alarms(service: str, **properties: Any) -> dict[str, Any]:
    """A topic that lets a service publish, its reader, and an alarm to it."""
    topic = {"Ref": "Topic"}
    grant = {"Effect": "Allow", "Action": "sns:Publish", "Resource": topic}
    policy = {"Version": "2012-10-17", "Statement": [{**grant, "Principal": {"Service": service}}]}
    alarm = {
        "AlarmName": "silence",
        "Namespace": "AWS/Lambda",
        "MetricName": "Invocations",
        "Statistic": "Sum",
        "Period": 3600,
        "EvaluationPeriods": 26,
        "ComparisonOperator": "LessThanThreshold",
        "Threshold": 1,
        "AlarmActions": [topic],
    }
    reader = {"TopicArn": topic, "Protocol": "email", "Endpoint": "security@example.com"}
    return {
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "told"}},
        "Policy": {
            "Type": "AWS::SNS::TopicPolicy",
            "Properties": {"Topics": [topic], "PolicyDocument": policy},
        },
        "Subscription": {"Type": "AWS::SNS::Subscription", "Properties": reader},
        "Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": {**alarm, **properties}},
    }


class TestAlarms:
    """What tells somebody something."""

    def test_are_put_and_put_anew(self, sandbox: Sandbox) -> None:
        """With the properties of the last update; there is one reader."""
        stack(sandbox, "create_stack", alarms("events.amazonaws.com"))
        stack(sandbox, "update_stack", alarms("cloudwatch.amazonaws.com", EvaluationPeriods=2))
        notifications = sandbox.client("sns")
        (topic,) = (entry["TopicArn"] for entry in notifications.list_topics()["Topics"])
        attributes = notifications.get_topic_attributes(TopicArn=topic)["Attributes"]
        (statement,) = json.loads(attributes["Policy"])["Statement"]
        (alarm,) = sandbox.client("cloudwatch").describe_alarms()["MetricAlarms"]
        (reader,) = notifications.list_subscriptions()["Subscriptions"]
        assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
        assert statement["Resource"] == topic
        assert (alarm["AlarmName"], alarm["EvaluationPeriods"]) == ("silence", 2)
        assert alarm["AlarmActions"] == [topic]
        assert (reader["TopicArn"], reader["Endpoint"]) == (topic, "security@example.com")

    def test_go_with_the_stack(self, sandbox: Sandbox) -> None:
        """Whatever is deleted first."""
        stack(sandbox, "create_stack", alarms("events.amazonaws.com"))
        sandbox.client("cloudformation").delete_stack(StackName="stack")
        assert sandbox.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
        assert sandbox.client("sns").list_subscriptions()["Subscriptions"] == []
        assert sandbox.client("sns").list_topics()["Topics"] == []

    def test_go_without_the_stack(self, sandbox: Sandbox) -> None:
        """The topic stays, and lets nobody else in."""
        both = alarms("events.amazonaws.com")
        stack(sandbox, "create_stack", both)
        stack(sandbox, "update_stack", {"Topic": both["Topic"]})
        notifications = sandbox.client("sns")
        (topic,) = (entry["TopicArn"] for entry in notifications.list_topics()["Topics"])
        attributes = notifications.get_topic_attributes(TopicArn=topic)["Attributes"]
        assert json.loads(attributes["Policy"])["Statement"] == []
        assert notifications.list_subscriptions()["Subscriptions"] == []
        assert sandbox.client("cloudwatch").describe_alarms()["MetricAlarms"] == []

    def test_value_that_no_alarm_has(self, sandbox: Sandbox) -> None:
        """As PutMetricAlarm would refuse it."""
        with pytest.raises(ClientError, match="omparisonOperator"):
            stack(sandbox, "create_stack", alarms("events.amazonaws.com", ComparisonOperator="Fewer"))
