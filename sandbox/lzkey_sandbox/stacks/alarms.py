"""Alarms and what a topic needs: resource types that moto's CloudFormation lacks, and moto's services have.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from moto.cloudwatch.models import cloudwatch_backends
from moto.sns.models import sns_backends

from lzkey_sandbox.http.contract import operation_model, parse_input
from lzkey_sandbox.stacks.resource import resource_class

if TYPE_CHECKING:
    from lzkey_sandbox.stacks.resource import Properties

#: What moto's CloudWatch calls a member of PutMetricAlarm.
_ALARM: Final = {
    "AlarmName": "name",
    "AlarmDescription": "description",
    "Namespace": "namespace",
    "MetricName": "metric_name",
    "Dimensions": "dimensions",
    "Statistic": "statistic",
    "Period": "period",
    "EvaluationPeriods": "evaluation_periods",
    "ComparisonOperator": "comparison_operator",
    "Threshold": "threshold",
    "TreatMissingData": "treat_missing_data",
    "AlarmActions": "alarm_actions",
    "OKActions": "ok_actions",
}


def _put_alarm(account: str, region: str, name: str, properties: Properties) -> str:
    """Put an alarm of one metric, its properties checked as PutMetricAlarm's members."""
    members = {**properties, "AlarmName": name, "EvaluationPeriods": int(properties["EvaluationPeriods"])}
    alarm = parse_input(operation_model("cloudwatch", "PutMetricAlarm"), members)
    given = {_ALARM[member]: value for member, value in alarm.items()}
    cloudwatch_backends[account][region].put_metric_alarm(**{"description": "", "dimensions": [], **given})
    return name


def _delete_alarm(account: str, region: str, name: str, _: Properties) -> None:
    cloudwatch_backends[account][region].delete_alarms([name])


def _put_topic_policy(account: str, region: str, _: str, properties: Properties) -> str:
    for topic in properties["Topics"]:
        sns_backends[account][region].get_topic(topic).policy = json.dumps(properties["PolicyDocument"])
    return " ".join(properties["Topics"])


def _delete_topic_policy(account: str, region: str, _: str, properties: Properties) -> None:
    """Leave the topics without a policy; AWS gives them its default, which lets the account alone in."""
    topics = sns_backends[account][region].topics
    for topic in properties["Topics"]:
        if topic in topics:
            topics[topic].policy = json.dumps({"Version": "2012-10-17", "Statement": []})


def _put_subscription(account: str, region: str, _: str, properties: Properties) -> str:
    members = properties["TopicArn"], properties["Endpoint"], properties["Protocol"]
    return str(sns_backends[account][region].subscribe(*members).arn)


def _delete_subscription(account: str, region: str, arn: str, _: Properties) -> None:
    sns_backends[account][region].unsubscribe(arn)


RESOURCES: Final = (
    resource_class("AWS::CloudWatch::Alarm", _put_alarm, _delete_alarm, named_by="AlarmName"),
    resource_class("AWS::SNS::TopicPolicy", _put_topic_policy, _delete_topic_policy),
    resource_class("AWS::SNS::Subscription", _put_subscription, _delete_subscription),
)
