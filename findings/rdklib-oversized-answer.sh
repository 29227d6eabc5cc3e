#!/usr/bin/env bash
# rdklib 0.3.10: a rule's handler returns what Evaluator.handle() returns, as rdk's own template has it. For a change
# that fits in its notification these are the evaluations, with the time as text. For one that is too large rdklib asks
# GetResourceConfigHistory, and the time in them is a datetime, which Lambda's runtime client cannot put into an answer:
# AWS Config has taken the evaluation, and the invocation fails all the same, once for every oversized item. A handler
# that returns something else is spared.
#
# Seen: "change: answered; oversized: evaluated COMPLIANT, then Runtime.MarshalError" (awslambdaric 4.2.2, moto 5.2.5)
# https://docs.aws.amazon.com/config/latest/developerguide/oversized-notification-example.html
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check rdklib==0.3.10 awslambdaric==4.2.2 \
  'moto[config,s3]==5.2.5' boto3==1.44.8

cat >"$folder/look.py" <<'PYTHON'
import json

import boto3
from awslambdaric.lambda_runtime_exception import FaultException
from awslambdaric.lambda_runtime_marshaller import LambdaMarshaller
from moto import mock_aws
from rdklib import ComplianceType, ConfigRule, Evaluation, Evaluator

TYPE = "AWS::S3::Bucket"


class Rule(ConfigRule):
    def evaluate_change(self, event, client_factory, configuration_item, valid_rule_parameters):
        return [Evaluation(ComplianceType.COMPLIANT)]


def answer(message, member):
    """What the handler returns for a notification, and what becomes of it in Lambda."""
    item = {
        "resourceType": TYPE,
        "resourceId": "example",
        "configurationItemStatus": "OK",
        "configurationItemCaptureTime": "2026-01-01T00:00:00.000Z",
    }
    notification = {
        "messageType": message,
        member: item,
        "notificationCreationTime": "2026-01-01T00:00:01.000Z",
        "recordVersion": "1.0",
    }
    event = {
        "invokingEvent": json.dumps(notification),
        "ruleParameters": json.dumps({"AssumeRoleMode": "false"}),
        "resultToken": "TESTMODE",
        "eventLeftScope": False,
        "executionRoleArn": "arn:aws:iam::111122223333:role/example",
        "accountId": "111122223333",
    }
    returned = Evaluator(Rule(), [TYPE]).handle(event, None)
    try:
        LambdaMarshaller().marshal_response(returned)
    except FaultException as error:
        return f"evaluated {returned[0]['ComplianceType']}, then {error.exception_type}"
    return "answered"


with mock_aws():
    boto3.client("s3").create_bucket(Bucket="example")
    change = answer("ConfigurationItemChangeNotification", "configurationItem")
    oversized = answer("OversizedConfigurationItemChangeNotification", "configurationItemSummary")
print(f"change: {change}; oversized: {oversized}")
PYTHON
seen=$(env -i PATH="$PATH" HOME="$folder" AWS_ACCESS_KEY_ID=testing AWS_SECRET_ACCESS_KEY=testing \
  AWS_DEFAULT_REGION=us-east-1 "$folder/venv/bin/python" "$folder/look.py")
echo "rdklib 0.3.10: $seen"
[ "$seen" = "change: answered; oversized: evaluated COMPLIANT, then Runtime.MarshalError" ] || {
  echo "that is another behaviour than was found" >&2
  exit 1
}
