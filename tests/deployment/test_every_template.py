"""Every action that any template of `deploy/` allows, and what needs it: a widened one is not on the list."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from cfnlint.decode import decode

from lzkey.aws.fact import actions_of
from lzkey.observed.looking import channel_readings
from lzkey.report.histories import histories
from lzkey.report.observing import IN_THE_MANAGEMENT_ACCOUNT

from .conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

TEMPLATES = sorted(path.name for path in (ROOT / "deploy").glob("*.yaml"))

_RULE = {
    "config:PutEvaluations": "the results",
    "config:GetResourceConfigHistory": "configuration items that were too large for their notification",
    "kms:DescribeKey": "each key on a schedule; on a change what the configuration item lacks",
    "kms:GetKeyPolicy": "each key on a schedule; on a change what the configuration item lacks",
    "kms:ListKeys": "the schedule: all keys",
    "config:GetComplianceDetailsByConfigRule": "the schedule: results of keys that are gone",
}

#: template -> what its Allow statements allow, and what needs it. A principal is named where there is one.
NEEDED: dict[str, dict[str, str]] = {
    "lambda-role.yaml": {
        **_RULE,
        "lambda.amazonaws.com sts:AssumeRole": "Lambda runs the function with this role",
        "logs:CreateLogStream": "the Lambda service, once for each execution environment",
        "logs:PutLogEvents": "the Lambda service, for what the function logs",
        "controltower:ListLandingZones": "KeyScope landing-zone",
        "controltower:GetLandingZone": "KeyScope landing-zone",
        "sts:AssumeRole": "ExecutionRoleName, in the account of each key",
    },
    "execution-role.yaml": {**_RULE, "AWS sts:AssumeRole": "the Lambda's role, and no other"},
    "reader-role.yaml": {
        "AWS sts:AssumeRole": "who makes the report, in the account of the aggregator",
        "controltower:ListLandingZones": "the landing zone's ARN",
        "controltower:GetLandingZone": "its manifest, which the management account alone is shown",
        "kms:ListKeys": "the keys that it had before",
        "kms:ListAliases": "what these keys are called",
        "kms:DescribeKey": "the landing zone's keys of today and of before",
        "kms:GetKeyPolicy": "the landing zone's keys of today and of before",
        "kms:ListResourceTags": "the tags that a condition of their policies names",
        "config:DescribeOrganizationConfigRules": "the rule, where the management account has made it",
        "config:GetOrganizationConfigRuleDetailedStatus": "how it fares in each account",
        "lambda:GetFunctionConfiguration": "its function's code",
        "controltower:ListEnabledBaselines": "who is not on the landing zone's present configuration",
        "kms:GetKeyLastUsage": "the keys' last use",
        "kms:ListGrants": "grants to services",
        "kms:ListKeyPolicies": "whether AWS RAM shares a key",
        "cloudtrail:DescribeTrails": "the trail, and its key",
        "cloudtrail:GetTrailStatus": "whether it delivers",
        "cloudtrail:LookupEvents": "since when keys and manifest are as they are",
        "config:DescribeDeliveryChannels": "where the account's own AWS Config delivers",
        "config:DescribeDeliveryChannelStatus": "what became of it",
        "config:GetResourceConfigHistory": "what the keys were like before",
        "config:DescribeConfigurationRecorders": "whether what was recorded of them is all there was",
        "config:DescribeConfigurationRecorderStatus": "since when it records",
    },
    "observer-role.yaml": {
        "AWS sts:AssumeRole": "the role of whoever makes the report, and no other",
        "config:DescribeDeliveryChannels": "where AWS Config delivers, and with which key",
        "config:DescribeDeliveryChannelStatus": "what became of it",
        "s3:GetBucketObjectLockConfiguration": "a log bucket's Object Lock",
        "s3:GetBucketRequestPayment": "a log bucket's Requester Pays",
        "s3:GetEncryptionConfiguration": "the key that a log bucket encrypts with by default",
    },
    "organization-rule.yaml": {
        "config.amazonaws.com lambda:InvokeFunction": "AWS Config of the organization's accounts",
    },
    "conformance-pack.yaml": {},
    "notification.yaml": {
        "events.amazonaws.com sns:Publish": "its rules tell of changes and drift",
        "cloudwatch.amazonaws.com sns:Publish": "its alarms tell of errors and silence",
    },
    "landing-zone-key.yaml": {
        "AWS kms:*": "KMS's own first statement: IAM decides for the account, and nobody is locked out",
        "config.amazonaws.com kms:Decrypt": "Control Tower's statement for AWS Config",
        "config.amazonaws.com kms:GenerateDataKey": "Control Tower's statement for AWS Config",
        "cloudtrail.amazonaws.com kms:Decrypt": "Control Tower's statement for CloudTrail",
        "cloudtrail.amazonaws.com kms:GenerateDataKey*": "Control Tower's statement for CloudTrail",
        "cloudtrail.amazonaws.com kms:DescribeKey": "CloudTrail's guide requires it",
    },
    "recorder.yaml": {
        "config.amazonaws.com s3:GetBucketAcl": "AWS Config looks at the bucket it delivers to",
        "config.amazonaws.com s3:ListBucket": "AWS Config looks at the bucket it delivers to",
        "config.amazonaws.com s3:PutObject": "AWS Config delivers",
    },
}

#: What checkov would have otherwise, of which resource of which template.
PASSED_OVER = {
    "lambda-role.yaml LogGroup CKV_AWS_158",
    "organization-rule.yaml LogGroup CKV_AWS_158",
    "organization-rule.yaml Function CKV_AWS_115",
    "organization-rule.yaml Function CKV_AWS_116",
    "organization-rule.yaml Function CKV_AWS_117",
    "recorder.yaml Bucket CKV_AWS_18",
    "recorder.yaml Bucket CKV_AWS_21",
}

#: Actions with a wildcard that AWS itself documents for a landing zone's key.
DOCUMENTED = {"AWS kms:*", "cloudtrail.amazonaws.com kms:GenerateDataKey*"}


def allowed(value: Any) -> Iterator[str]:
    """Yield what every Allow statement below a template's node allows, conditional ones included."""
    if isinstance(value, list):
        for item in value:
            yield from allowed(item)
    elif isinstance(value, dict):
        if value.get("Effect") == "Allow":
            actions = value["Action"]
            for action in [actions] if isinstance(actions, str) else actions:
                yield " ".join([*principals(value.get("Principal", {})), action])
        for item in value.values():
            yield from allowed(item)


def passed_over(template: dict[str, Any]) -> dict[str, str]:
    """What checkov is told to pass over in a template, resource and check, and why."""
    return {
        f"{name} {skip['id']}": skip["comment"]
        for name, resource in template["Resources"].items()
        for skip in resource.get("Metadata", {}).get("checkov", {}).get("skip", [])
    }


def principals(principal: dict[str, Any]) -> list[str]:
    """The services of a principal; `AWS` for an account that the template computes."""
    return [who if kind == "Service" else kind for kind, who in principal.items()]


def test_reader_may_what_is_observed_in_its_account() -> None:
    """A report with it shows as much as one of the management account."""
    observed = actions_of(*IN_THE_MANAGEMENT_ACCOUNT, channel_readings, histories)
    assert observed <= NEEDED["reader-role.yaml"].keys()


@pytest.mark.parametrize("name", TEMPLATES)
class TestTemplate:
    """Each template by itself."""

    def test_allows_what_is_needed_and_nothing_else(self, name: str) -> None:
        """Whoever widens one has to say here what for."""
        template, faults = decode(str(ROOT / "deploy" / name))
        assert not faults
        assert set(allowed(template["Resources"])) == set(NEEDED[name])

    def test_names_every_action_in_full(self, name: str) -> None:
        """An action that AWS adds tomorrow is not allowed today."""
        template, _ = decode(str(ROOT / "deploy" / name))
        wide = {action for action in allowed(template["Resources"]) if "*" in action}
        assert wide == (DOCUMENTED if name == "landing-zone-key.yaml" else set())

    def test_attaches_no_policy_of_others(self, name: str) -> None:
        """A managed policy grows without anybody looking here."""
        assert "ManagedPolicyArns" not in (ROOT / "deploy" / name).read_text()

    def test_has_no_partition_written_out(self, name: str) -> None:
        """GovCloud's ARNs begin with arn:aws-us-gov."""
        assert "arn:aws:" not in (ROOT / "deploy" / name).read_text()

    def test_says_why_checkov_passes_something_over(self, name: str) -> None:
        """In a sentence; CONTRIBUTING tells how checkov is run."""
        template, _ = decode(str(ROOT / "deploy" / name))
        assert [what for what, why in passed_over(template).items() if len(why.split()) < 5] == []
        assert all(re.fullmatch(r"\w+ CKV2?_AWS_[0-9]+", what) for what in passed_over(template))


def test_what_checkov_passes_over_is_known() -> None:
    """Whoever adds one has to write it down here, too."""
    found = {
        f"{name} {what}" for name in TEMPLATES for what in passed_over(decode(str(ROOT / "deploy" / name))[0])
    }
    assert found == PASSED_OVER
