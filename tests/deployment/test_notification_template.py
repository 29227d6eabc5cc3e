"""The notification template, deployed in the sandbox: which events are told, its alarms, who may publish."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cfnlint.decode import decode

from lzkey import RULE_NAME
from lzkey.aws.rule import PERIODS
from lzkey.deployment.stack import FUNCTION_NAME
from lzkey_sandbox import Sandbox

from .conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TEMPLATE = ROOT / "deploy/notification.yaml"
KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
#: With quotes, as the rule's annotations have where they name a statement.
WHY = 'CLOUDTRAIL_ACCESS: kms:Decrypt refused, denied by "DenyOutsideOrg" (runbook: cloudtrail-access-denied)'
QUEUE = "arn:aws:sqs:us-east-1:111122223333:told"

Seen = list[Any]


def compliance(**changes: Any) -> dict[str, Any]:
    """An event of AWS Config: its documented notification, as EventBridge gets it, with members changed.

    https://docs.aws.amazon.com/config/latest/developerguide/example-config-rule-compliance-notification.html
    """
    detail = {
        "awsAccountId": "111122223333",
        "awsRegion": "us-east-1",
        "configRuleName": RULE_NAME,
        "configRuleARN": "arn:aws:config:us-east-1:111122223333:config-rule/config-rule-9rpvxc",
        "resourceType": "AWS::KMS::Key",
        "resourceId": KEY,
        "newEvaluationResult": result("NON_COMPLIANT", WHY),
        "oldEvaluationResult": result("COMPLIANT"),
        "notificationCreationTime": "2026-11-27T19:48:42.620Z",
        "messageType": "ComplianceChangeNotification",
        "recordVersion": "1.0",
    }
    return {
        "Source": "aws.config",
        "DetailType": "Config Rules Compliance Change",
        "Detail": json.dumps({**detail, **changes}),
    }


def result(compliance_type: str, annotation: str | None = None) -> dict[str, Any]:
    """An evaluation, as such an event has it."""
    return {
        "evaluationResultIdentifier": {"orderingTimestamp": "2026-11-27T19:48:40.619Z"},
        "complianceType": compliance_type,
        "resultRecordedTime": "2026-11-27T19:48:41.405Z",
        "configRuleInvokedTime": "2026-11-27T19:48:40.914Z",
        "annotation": annotation,
    }


def create(sandbox: Sandbox, **parameters: str) -> str:
    """Deploy the template, and return the topic's ARN."""
    stacks = sandbox.client("cloudformation")
    stacks.create_stack(
        StackName="notification",
        TemplateBody=TEMPLATE.read_text(),
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
    )
    (stack,) = stacks.describe_stacks(StackName="notification")["Stacks"]
    return str(stack["Outputs"][0]["OutputValue"])


def alarms(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    """Every alarm, by what it measures."""
    found = sandbox.client("cloudwatch").describe_alarms()["MetricAlarms"]
    return {alarm["MetricName"]: alarm for alarm in found}


@pytest.fixture(scope="class")
def tell() -> Iterator[Callable[[dict[str, Any]], Seen]]:
    """Puts an event on the bus, and returns the messages that the rules make of it.

    moto sends no event to a topic, so a queue takes the topic's place.
    """
    with Sandbox() as sandbox:
        create(sandbox)
        events, queues = sandbox.client("events"), sandbox.client("sqs")
        queue = queues.create_queue(QueueName="told")["QueueUrl"]
        for rule in events.list_rules()["Rules"]:
            (target,) = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
            events.remove_targets(Rule=rule["Name"], Ids=[target["Id"]])
            events.put_targets(Rule=rule["Name"], Targets=[{**target, "Arn": QUEUE}])

        def told(event: dict[str, Any]) -> Seen:
            assert events.put_events(Entries=[event])["FailedEntryCount"] == 0
            messages = queues.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
            for message in messages:
                queues.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            return [json.loads(message["Body"]) for message in messages]

        yield told


class TestEvents:
    """What is told, and what is not."""

    def test_message_says_what_where_and_why(self, tell: Callable[[dict[str, Any]], Seen]) -> None:
        """In a sentence that a person reads, and in full, with the annotation as it is."""
        (seen,) = tell(compliance())
        assert seen == {
            "message": f"NON_COMPLIANT: KMS key {KEY}, account 111122223333, us-east-1. Before: COMPLIANT. "
            f"In full: lzkey explain {KEY}",
            "detail": json.loads(compliance()["Detail"]),
        }
        assert seen["detail"]["newEvaluationResult"]["annotation"] == WHY

    @pytest.mark.parametrize(
        "changes",
        [
            {"configRuleName": f"OrgConfigRule-{RULE_NAME}-abcdefgh"},
            {"configRuleName": f"{RULE_NAME}-conformance-pack-abcdefghi"},
            {"newEvaluationResult": result("COMPLIANT"), "oldEvaluationResult": result("NON_COMPLIANT")},
            {"newEvaluationResult": result("NOT_APPLICABLE")},
            {"oldEvaluationResult": None},
        ],
        ids=["organization", "pack", "mended", "no longer in scope", "first"],
    )
    def test_told(self, tell: Callable[[dict[str, Any]], Seen], changes: dict[str, Any]) -> None:
        """Of the rule, whoever made it; the good news, too, and that a key is judged no more."""
        assert len(tell(compliance(**changes))) == 1

    @pytest.mark.parametrize(
        "changes",
        [
            {"configRuleName": "cmk-backing-key-rotation-enabled"},
            {"configRuleName": "OrgConfigRule-cmk-backing-key-rotation-enabled-abcdefgh"},
            {"configRuleName": f"MY_{RULE_NAME}"},
            {"messageType": "ConfigRulesEvaluationStarted"},
            {"newEvaluationResult": result("NOT_APPLICABLE"), "oldEvaluationResult": None},
        ],
        ids=["other", "other of the organization", "other that ends so", "no change", "never in scope"],
    )
    def test_not_told(self, tell: Callable[[dict[str, Any]], Seen], changes: dict[str, Any]) -> None:
        """Of other rules, and of keys that are nobody's business."""
        assert tell(compliance(**changes)) == []

    def test_drift(self, tell: Callable[[dict[str, Any]], Seen]) -> None:
        """By the pattern of AWS's page, and as it comes: the page shows no member of the detail."""
        (seen,) = tell(
            {"Source": "aws.controltower", "DetailType": "Drift Detected", "Detail": '{"any": "thing"}'}
        )
        assert seen["detail"] == {"any": "thing"}

    def test_other_events_of_control_tower(self, tell: Callable[[dict[str, Any]], Seen]) -> None:
        """Everybody's calls are in CloudTrail."""
        event = {"Source": "aws.controltower", "DetailType": "AWS API Call via CloudTrail", "Detail": "{}"}
        assert tell({**event, "Detail": '{"eventSource": "controltower.amazonaws.com"}'}) == []


class TestAlarms:
    """Errors, and the silence of a rule that does not run."""

    def test_silence_is_an_alarm(self, sandbox: Sandbox) -> None:
        """The dead man's switch: an hour without a run has no data, and that is what breaches."""
        create(sandbox)
        silence = alarms(sandbox)["Invocations"]
        assert (silence["Statistic"], silence["ComparisonOperator"], silence["Threshold"]) == (
            "Sum",
            "LessThanThreshold",
            1,
        )
        assert silence["TreatMissingData"] == "breaching"

    def test_silence_is_longer_than_any_schedule(self, sandbox: Sandbox) -> None:
        """By two hours, within what an alarm may look back: seven days, and one day in periods below an hour.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
        """
        create(sandbox)
        silence = alarms(sandbox)["Invocations"]
        looks_back = timedelta(seconds=silence["Period"] * silence["EvaluationPeriods"])
        assert looks_back == max(PERIODS.values()) + timedelta(hours=2)
        assert silence["Period"] >= 3600
        longest = decode(str(TEMPLATE))[0]["Parameters"]["SilenceHours"]["MaxValue"]
        assert timedelta(hours=longest) == timedelta(days=7)

    def test_no_schedule_no_silence(self, sandbox: Sandbox) -> None:
        """A rule on changes alone may be still for months."""
        create(sandbox, SilenceHours="0")
        assert set(alarms(sandbox)) == {"Errors"}

    def test_error_is_an_alarm_and_no_run_is_none(self, sandbox: Sandbox) -> None:
        """One error is enough."""
        create(sandbox)
        errors = alarms(sandbox)["Errors"]
        assert (errors["Statistic"], errors["ComparisonOperator"], errors["Threshold"]) == (
            "Sum",
            "GreaterThanThreshold",
            0,
        )
        assert errors["TreatMissingData"] == "notBreaching"

    def test_both_are_of_the_function_and_told_both_ways(self, sandbox: Sandbox) -> None:
        """That it is over is news, too."""
        topic = create(sandbox)
        for alarm in alarms(sandbox).values():
            assert alarm["Namespace"] == "AWS/Lambda"
            assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": FUNCTION_NAME}]
            assert alarm["AlarmActions"] == alarm["OKActions"] == [topic]


class TestTopic:
    """Who publishes, and who reads."""

    def test_rules_and_alarms_of_the_stack_publish_and_nobody_else(self, sandbox: Sandbox) -> None:
        """Each named by its ARN, in this account."""
        topic = create(sandbox)
        attributes = sandbox.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]
        rules = [rule["Arn"] for rule in sandbox.client("events").list_rules()["Rules"]]
        sources = {
            "events.amazonaws.com": rules,
            "cloudwatch.amazonaws.com": [alarm["AlarmArn"] for alarm in alarms(sandbox).values()],
        }
        statements = json.loads(attributes["Policy"])["Statement"]
        assert [statement["Principal"]["Service"] for statement in statements] == list(sources)
        for statement in statements:
            assert statement["Effect"] == "Allow"
            assert (statement["Action"], statement["Resource"]) == ("sns:Publish", topic)
            condition = statement["Condition"]
            assert condition["StringEquals"] == {"aws:SourceAccount": sandbox.account}
            service = statement["Principal"]["Service"]
            assert sorted(condition["ArnEquals"]["aws:SourceArn"]) == sorted(sources[service])

    def test_policy_is_there_before_an_alarm_can_sound(self) -> None:
        """An alarm over a function that has never run sounds within the hour, and once."""
        resources = decode(str(TEMPLATE))[0]["Resources"]
        waits = {name for name, resource in resources.items() if resource.get("DependsOn") == "TopicPolicy"}
        assert waits == {name for name, it in resources.items() if it["Type"] == "AWS::CloudWatch::Alarm"}

    @pytest.mark.parametrize(("address", "subscribed"), [("", []), ("security@example.com", ["email"])])
    def test_subscription(self, sandbox: Sandbox, address: str, subscribed: list[str]) -> None:
        """By e-mail where there is an address; otherwise nobody is."""
        create(sandbox, EmailAddress=address)
        found = sandbox.client("sns").list_subscriptions()["Subscriptions"]
        assert [subscription["Protocol"] for subscription in found] == subscribed

    @pytest.mark.parametrize("key", ["", f"arn:aws:kms:us-east-1:111122223333:key/{KEY}"])
    def test_key_is_the_one_that_is_given(self, sandbox: Sandbox, key: str) -> None:
        """And otherwise none: never the one of Amazon SNS, which EventBridge cannot use."""
        topic = create(sandbox, TopicKeyArn=key)
        attributes = sandbox.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]
        assert attributes.get("KmsMasterKeyId", "") == key


class TestTemplate:
    """The template is one that CloudFormation accepts."""

    def test_lint(self) -> None:
        """cfn-lint has nothing to say."""
        lint = Path(sys.executable).with_name("cfn-lint")
        done = subprocess.run([lint, TEMPLATE], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, "")

    @pytest.mark.parametrize(
        ("parameter", "good", "bad"),
        [
            ("EmailAddress", ["", "security@example.com"], ["security", "@example.com", "a b@example.com"]),
            (
                "TopicKeyArn",
                ["", f"arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/{KEY}"],
                [KEY, "alias/aws/sns", "arn:aws:kms:us-east-1:111122223333:alias/aws/sns"],
            ),
        ],
    )
    def test_a_value_that_could_not_work_is_refused(
        self, parameter: str, good: list[str], bad: list[str]
    ) -> None:
        """Before anything is made."""
        pattern = decode(str(TEMPLATE))[0]["Parameters"][parameter]["AllowedPattern"]
        assert [value for value in (*good, *bad) if re.search(pattern, value)] == good
