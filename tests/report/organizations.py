"""An organization in the sandbox with our rule in it, and everything that can be wrong with an account."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from lzkey.deployment.build import build
from lzkey.report.making import DEFAULT, make_report
from lzkey.workplace import Workplace
from lzkey_sandbox import LandingZone, OrganizationPlan, Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey.report.facts import Options
    from lzkey.report.model import KeyResult, RegionResult, Report
    from lzkey_sandbox import Organization

ROOT = Path(__file__).parents[2]
RULE = "CONTROL_TOWER_KMS_KEY"
FUNCTION = "RDK-Rule-Function-CONTROLTOWERKMSKEY"
AGGREGATOR = "aws-controltower-ConfigAggregatorForOrganization"
ROLE = "LandingZoneKeyReader"
STALE_SINCE = datetime(2026, 11, 1, 4, 10, tzinfo=UTC)
HOSTILE = "=cmd|' /C calc'!A0; ENABLED: <script>alert(1)</script>"
PLAN = OrganizationPlan(
    members=10,
    names=("Payments", "=HYPERLINK(0)", "No keys", "Keys not recorded", "Stale", "Stopped"),
    execution_role=ROLE,
)


@dataclass
class Org:
    """The organization, the rule in it, and what a test asks."""

    sandbox: Sandbox
    organization: Organization
    rule: str = ""
    latecomer: str = ""
    keys: dict[str, str] = field(default_factory=dict)
    """ARNs by a word."""
    sessions: dict[str, boto3.Session] = field(default_factory=dict)

    def account(self, name: str) -> str:
        """The id of an account by what is said of it."""
        named = dict(zip(PLAN.names, self.organization.sound, strict=False))
        return {
            "management": self.organization.management,
            "audit": self.organization.audit,
            "no recorder": self.organization.without_recorder[0],
            "no role": self.organization.without_role[0],
            "suspended": self.organization.suspended[0],
            "latecomer": self.latecomer,
            **named,
        }[name]

    def key(self, word: str, account: str, *statements: dict[str, Any], **arguments: Any) -> str:
        """Create a key with these statements in its policy; return its ARN."""
        kms = self.sandbox.client("kms", account=account)
        arn = str(kms.create_key(**arguments)["KeyMetadata"]["Arn"])
        root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "kms:*"}
        document = {"Version": "2012-10-17", "Statement": [{**root, "Resource": "*"}, *statements]}
        kms.put_key_policy(KeyId=arn, PolicyName="default", Policy=json.dumps(document))
        self.keys[word] = arn
        return arn

    @contextmanager
    def another_landing_zone_key(self) -> Iterator[None]:
        """For a while the landing zone's manifest names a key that nobody else does."""
        before = self.sandbox.landing_zone
        key = f"arn:aws:kms:us-east-1:{self.sandbox.account}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
        self.sandbox.landing_zone = LandingZone.with_key(key, "4.0")
        yield
        self.sandbox.landing_zone = before

    def session(self, account: str | None = None) -> boto3.Session:
        """A session of an account, as its credentials make one; each reads botocore's models once."""
        who = account or self.sandbox.account
        if who not in self.sessions:
            self.sessions[who] = self._session(who)
        return self.sessions[who]

    def _session(self, account: str) -> boto3.Session:
        if account == self.sandbox.account:
            return boto3.Session(region_name=self.sandbox.region)
        role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
        given = self.sandbox.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
        return boto3.Session(
            given["AccessKeyId"],
            given["SecretAccessKey"],
            given["SessionToken"],
            region_name=self.sandbox.region,
        )

    def report(self, account: str | None = None, options: Options = DEFAULT, **more: Any) -> Report:
        """The report that an account makes."""
        return make_report(self.session(account), options, **more)

    def truth(self) -> dict[str, tuple[str, str]]:
        """What each account's own AWS Config has of the rule, by the key's id: compliance and annotation."""
        found: dict[str, tuple[str, str]] = {}
        active = set(self.organization.accounts) - set(self.organization.suspended)
        for account in sorted(active):
            rules = self.sandbox.client("config", account=account).describe_config_rules()["ConfigRules"]
            for rule in rules:
                results = self.sandbox.compliance(rule["ConfigRuleName"], account)
                found |= {key: (one.compliance_type, one.annotation) for key, one in results.items()}
        return found


def keys_by_arn(report: Report) -> dict[str, KeyResult]:
    """The keys of a report."""
    return {key.arn: key for key in report.keys}


def places_of(report: Report, account: str) -> dict[str, RegionResult]:
    """An account's places by their Region."""
    return {place.region: place for place in report.places if place.account == account}


def granting(**changes: Any) -> dict[str, Any]:
    """A statement that grants both services what they need."""
    services = {"Service": ["cloudtrail.amazonaws.com", "config.amazonaws.com"]}
    allow = {"Effect": "Allow", "Principal": services, "Resource": "*"}
    return {**allow, "Action": ["kms:Decrypt", "kms:GenerateDataKey*"], **changes}


@contextmanager
def built_organization(root: Path, plan: OrganizationPlan = PLAN) -> Iterator[Org]:
    """The organization with the function of the built zip in its management account; no rule yet."""
    for part in ("rules", "parameters"):
        shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__", "*.zip"))
    package = build("example", at=Workplace.in_checkout(root)).archive.path.read_bytes()
    with pytest.MonkeyPatch.context() as patch, Sandbox() as sandbox:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in sandbox.environment.items():
            patch.setenv(name, value)
        sandbox.answer_sts_address()
        organization = sandbox.organization(plan)
        _put_function(sandbox, package, organization.organization_id)
        yield Org(sandbox, organization)


def put_rule(
    org: Org, triggers: tuple[str, ...] = ("ConfigurationItemChangeNotification",), **more: Any
) -> None:
    """Put the organization rule, and wait until every key has been evaluated."""
    parameters = {
        "HomeRegion": "us-east-1",
        "ManagementAccountId": org.sandbox.account,
        "OrganizationId": org.organization.organization_id,
        "ExecutionRoleName": ROLE,
        "AssumeRoleMode": "true",
        **more.pop("parameters", {}),
    }
    function = f"arn:aws:lambda:us-east-1:{org.sandbox.account}:function:{FUNCTION}"
    config = org.sandbox.client("config")
    config.put_organization_config_rule(
        OrganizationConfigRuleName=RULE,
        OrganizationCustomRuleMetadata={
            "LambdaFunctionArn": function,
            "OrganizationConfigRuleTriggerTypes": list(triggers),
            "InputParameters": json.dumps(parameters),
            "ResourceTypesScope": ["AWS::KMS::Key"],
        },
        **more,
    )
    org.sandbox.settle()
    pages = config.get_paginator("get_organization_config_rule_detailed_status")
    entries = pages.paginate(OrganizationConfigRuleName=RULE).build_full_result()
    org.rule = entries["OrganizationConfigRuleDetailedStatus"][0]["ConfigRuleName"]


def put_aggregator(org: Org, account: str, name: str = AGGREGATOR, **source: Any) -> None:
    """Put an aggregator of the whole organization, of all Regions or as the source says."""
    role = f"arn:aws:iam::{account}:role/aggregator"
    org.sandbox.client("config", account=account).put_configuration_aggregator(
        ConfigurationAggregatorName=name,
        OrganizationAggregationSource={"RoleArn": role, **(source or {"AllAwsRegions": True})},
    )


def _put_function(sandbox: Sandbox, package: bytes, organization: str) -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = sandbox.client("iam").create_role(
        RoleName="function",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": trust}),
    )
    client = sandbox.client("lambda")
    arn = client.create_function(
        FunctionName=FUNCTION,
        Runtime="python3.13",
        Role=role["Role"]["Arn"],
        Handler=f"{RULE}.lambda_handler",
        Code={"ZipFile": package},
        Timeout=60,
        MemorySize=256,
    )["FunctionArn"]
    permission = {
        "Sid": "config",
        "Effect": "Allow",
        "Principal": {"Service": "config.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": arn,
        "Condition": {"StringEquals": {"aws:SourceOrgID": organization}},
    }
    policy = {"Version": "2012-10-17", "Statement": [permission]}
    client.put_resource_policy(ResourceArn=arn, Policy=json.dumps(policy))


@contextmanager
def troubled_organization(root: Path) -> Iterator[Org]:
    """The organization with an account for every trouble, as an aggregator in the audit account shows it."""
    with built_organization(root) as org:
        keys_only = {"allSupported": False, "resourceTypes": ["AWS::KMS::Key"]}
        landing_zone = org.key("landing zone", org.account("management"), granting())
        org.sandbox.landing_zone = LandingZone.with_key(landing_zone, "4.0")
        org.sandbox.client("kms").create_alias(AliasName="alias/landing-zone", TargetKeyId=landing_zone)
        tags = [{"TagKey": "Name", "TagValue": "payments data"}]
        org.key("not granting", org.account("Payments"), Tags=tags)
        org.key("mrk", org.account("Payments"), granting(), MultiRegion=True)
        org.key("hostile", org.account("=HYPERLINK(0)"), granting(), granting(Sid=HOSTILE, Effect="Deny"))
        org.key("stale", org.account("Stale"), granting())
        org.key("never evaluated", org.account("no role"), granting())
        put_rule(org)
        unrecorded = org.sandbox.client("config", account=org.account("Keys not recorded"))
        (recorder,) = unrecorded.describe_configuration_recorders()["ConfigurationRecorders"]
        recorder["recordingGroup"] = {**keys_only, "resourceTypes": ["AWS::S3::Bucket"]}
        recorder.pop("arn", None)
        known = {"name", "roleARN", "recordingGroup"}
        unrecorded.put_configuration_recorder(
            ConfigurationRecorder={name: value for name, value in recorder.items() if name in known}
        )
        stopped = org.sandbox.client("config", account=org.account("Stopped"))
        stopped.stop_configuration_recorder(
            ConfigurationRecorderName="aws-controltower-BaselineConfigRecorder"
        )
        org.latecomer = org.organization.enroll("Latecomer")
        org.key("of the latecomer", org.latecomer, granting())
        org.organization.unit("Security", org.account("audit"))
        workloads = org.organization.unit("Workloads")
        org.organization.unit("Production", org.account("Payments"), below=workloads)
        put_aggregator(org, org.account("audit"))
        put_aggregator(org, org.account("management"))
        org.sandbox.settle()
        org.sandbox.tell_aggregators(org.account("Stale"), "OUTDATED", STALE_SINCE)
        yield org
