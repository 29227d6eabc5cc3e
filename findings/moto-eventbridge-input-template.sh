#!/usr/bin/env bash
# moto 5.2.5: an input transformer's template that AWS's page shows ends in an error on moto: a JSON object that takes a
# value without quotes. So does a message for people in which the word "time" stands, as of the time of a change, since
# it is looked up in the text as if that were an event. PutTargets takes both without a word; it is PutEvents that ends
# in an error of Python's, for whoever sends an event that the rule matches, and nothing arrives. A text without the word,
# and an object whose variables stand in quotes, arrive.
#
# Seen: "text: sent, 1 in the queue; text with time: TypeError, 0 in the queue; value: JSONDecodeError, 0 in the queue;
# quoted: sent, 1 in the queue"
# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_InputTransformer.html (InputTemplate, its examples)
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'moto[events,sqs]==5.2.5'

cat >"$folder/look.py" <<'PYTHON'
import json

import boto3
from moto import mock_aws

ACCESS = {"region_name": "us-east-1", "aws_access_key_id": "example", "aws_secret_access_key": "example"}
TEMPLATES = {
    "text": '"<key> is <state>"',
    "text with time": '"<key> is <state> for the first time"',
    "value": '{"key": <key>, "state": <state>}',
    "quoted": '{"key": "<key>", "state": "<state>"}',
}


def outcome(template):
    queues, events = boto3.client("sqs", **ACCESS), boto3.client("events", **ACCESS)
    queue = queues.create_queue(QueueName="told")["QueueUrl"]
    arn = queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="changes", EventPattern=json.dumps({"source": ["example"]}))
    paths = {"key": "$.detail.key", "state": "$.detail.state"}
    transformer = {"InputPathsMap": paths, "InputTemplate": template}
    put = events.put_targets(Rule="changes", Targets=[{"Id": "told", "Arn": arn, "InputTransformer": transformer}])
    assert put["FailedEntryCount"] == 0
    detail = json.dumps({"key": "a key", "state": "Disabled"})
    try:
        events.put_events(Entries=[{"Source": "example", "DetailType": "Change", "Detail": detail}])
        told = "sent"
    except Exception as error:  # of whatever kind: its name is what is seen
        told = type(error).__name__
    arrived = queues.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    return f"{told}, {len(arrived)} in the queue"


def seen():
    for name, template in TEMPLATES.items():
        with mock_aws():
            yield f"{name}: {outcome(template)}"


print("; ".join(seen()))
PYTHON
seen=$("$folder/venv/bin/python" -W ignore "$folder/look.py")
echo "moto 5.2.5: $seen"
expected="text: sent, 1 in the queue; text with time: TypeError, 0 in the queue"
expected+="; value: JSONDecodeError, 0 in the queue; quoted: sent, 1 in the queue"
[ "$seen" = "$expected" ] || {
  echo "that is another behaviour than was found" >&2
  exit 1
}
