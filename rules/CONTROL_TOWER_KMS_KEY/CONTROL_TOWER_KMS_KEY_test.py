"""The smoke set that `rdk test-local` runs: the rule through its handler, no AWS account and no network."""

import json
import unittest
from unittest.mock import patch

from botocore.stub import Stubber
from rdklib import ClientFactory

import CONTROL_TOWER_KMS_KEY as rule
from landing_zone_key import SettingsError

KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
ARN = f"arn:aws:kms:us-east-1:111122223333:key/{KEY_ID}"
TRAIL = "arn:aws:cloudtrail:us-east-1:111122223333:trail/aws-controltower-BaselineCloudTrail"
CONFIG = {
    "Sid": "Allow Config to use KMS for encryption",
    "Effect": "Allow",
    "Principal": {"Service": "config.amazonaws.com"},
    "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
    "Resource": ARN,
}
CLOUDTRAIL = {
    "Sid": "Allow CloudTrail to use KMS for encryption",
    "Effect": "Allow",
    "Principal": {"Service": "cloudtrail.amazonaws.com"},
    "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
    "Resource": ARN,
    "Condition": {
        "StringEquals": {"aws:SourceArn": TRAIL},
        "StringLike": {
            "kms:EncryptionContext:aws:cloudtrail:arn": "arn:aws:cloudtrail:*:111122223333:trail/*"
        },
    },
}


def event(*statements, **overrides):
    """A change notification, as AWS Config sends it, for a key with these statements."""
    item = {
        "configuration": {
            "keyState": "Enabled",
            "keySpec": "SYMMETRIC_DEFAULT",
            "keyUsage": "ENCRYPT_DECRYPT",
            "keyManager": "CUSTOMER",
            "multiRegion": False,
            **overrides,
        },
        "supplementaryConfiguration": {
            "Policy": json.dumps({"Version": "2012-10-17", "Statement": statements})
        },
        "tags": {},
        "configurationItemCaptureTime": "2026-11-24T12:00:00.000Z",
        "configurationItemStatus": "OK",
        "awsAccountId": "111122223333",
        "awsRegion": "us-east-1",
        "resourceType": "AWS::KMS::Key",
        "resourceId": KEY_ID,
        "ARN": ARN,
    }
    return {
        "invokingEvent": json.dumps(
            {
                "configurationItem": item,
                "messageType": "ConfigurationItemChangeNotification",
                "notificationCreationTime": "2026-11-24T12:00:01.000Z",
            }
        ),
        "ruleParameters": json.dumps({"HomeRegion": "us-east-1", "ManagementAccountId": "111122223333"}),
        "resultToken": "TESTMODE",
        "eventLeftScope": False,
        "executionRoleArn": "arn:aws:iam::111122223333:role/config",
    }


class RuleTest(unittest.TestCase):
    """Each test sends one event; AWS Config is a stub that takes exactly the expected evaluation."""

    def answer(self, sent):
        """The compliance and annotation that the rule puts for this event."""
        taken = []
        session = rule.boto3.session.Session()
        config = session.client(
            "config",
            "us-east-1",
            aws_access_key_id="example",
            aws_secret_access_key="example",  # noqa: S106 - nobody's
        )
        config.meta.events.register(
            "before-parameter-build.config.PutEvaluations", lambda params, **_: taken.append(params)
        )
        stub = Stubber(config)
        stub.add_response("put_evaluations", {"FailedEvaluations": []})
        with stub, patch.object(ClientFactory, "build_client", lambda *_args, **_more: config):
            rule.lambda_handler(sent, None)
        stub.assert_no_pending_responses()
        (evaluation,) = taken[0]["Evaluations"]
        return evaluation["ComplianceType"], evaluation["Annotation"]

    def test_documented_statements_are_compliant(self):
        """The two statements of Control Tower's page are enough."""
        self.assertEqual(self.answer(event(CONFIG, CLOUDTRAIL))[0], "COMPLIANT")

    def test_a_missing_statement_is_named(self):
        """Without CloudTrail's statement the annotation names the requirement and the action."""
        compliance, annotation = self.answer(event(CONFIG))
        self.assertEqual(compliance, "NON_COMPLIANT")
        self.assertIn("CLOUDTRAIL_ACCESS: kms:Decrypt refused", annotation)

    def test_a_disabled_key_is_named(self):
        """The key state stands in the annotation."""
        compliance, annotation = self.answer(event(CONFIG, CLOUDTRAIL, keyState="Disabled"))
        self.assertEqual(
            (compliance, annotation), ("NON_COMPLIANT", "ENABLED: Disabled (runbook: not-enabled)")
        )

    def test_a_deny_is_named(self):
        """An organization perimeter that forgets AWS services is named by its Sid."""
        deny = {
            "Sid": "DenyOutsideOrg",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "kms:*",
            "Resource": "*",
            "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}},
        }
        compliance, annotation = self.answer(event(CONFIG, CLOUDTRAIL, deny))
        self.assertEqual(compliance, "NON_COMPLIANT")
        self.assertIn('denied by "DenyOutsideOrg"', annotation)

    def test_wrong_parameters_fail_visibly(self):
        """Nothing is put, and the error lists the faults."""
        sent = {**event(CONFIG), "ruleParameters": json.dumps({"HomeRegion": "nowhere"})}
        with self.assertRaisesRegex(SettingsError, "ManagementAccountId is required.*HomeRegion"):
            rule.lambda_handler(sent, None)


if __name__ == "__main__":
    unittest.main()
