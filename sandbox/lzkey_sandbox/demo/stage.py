"""What the demo needs before it begins: an organization with its landing zone, its keys, and the rule.

The accounts are those of any company, some of them in the states that a report must not be silent about.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import boto3

from landing_zone_key import KmsKey
from lzkey import RULE_NAME
from lzkey.aws.environment import aws_environment
from lzkey.deployment.deploy import ORGANIZATION, deploy
from lzkey.workplace import Workplace
from lzkey_sandbox import LandingZone, OrganizationPlan, Sandbox
from lzkey_sandbox.demo.keys import EXECUTION_ROLE, GOOD_KEY, KEYS, RULE_PARAMETERS, ZONE, DemoKey, policy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lzkey import Untyped
    from lzkey.workplace import Shipped

AGGREGATOR: Final = "aws-controltower-ConfigAggregatorForOrganization"
_DEPLOYMENT: Final = {"triggers": ["change"], "tags": {"Application": "landing-zone-key"}}
_MEMBERS: Final = ("Payments Production", "Payments Staging", "Customer Portal", "Data Platform")
_WITHOUT_ROLE: Final = "Acquired Company"
_CLOSED: Final = "Former Subsidiary"
_LATECOMER: Final = "Research Sandbox"
#: As deploy/observer-role.yaml calls it by default.
OBSERVER_ROLE: Final = "landing-zone-observer"
#: Anybody in the management account may be the auditor.
_TRUST: Final = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": ZONE.management_account_id}, "Action": "sts:AssumeRole"}
    ],
}
_ALONE: Final = OrganizationPlan(members=0, without_recorder=0, without_role=0, suspended=0)


@dataclass(frozen=True, slots=True)
class Stage:
    """The sandbox with everything in it."""

    sandbox: Sandbox
    keys: Mapping[str, str]
    """Alias of every key of the management account by its id."""
    rule: str
    """The name that the organization's rule has there."""
    members: tuple[str, ...]
    log_archive: str
    reporter: str
    """The ARN of the role that makes the report."""

    def make_log_bucket(self, *, locked: bool) -> None:
        """Make the bucket that AWS Config delivers to, in the log archive account, anew."""
        s3 = self.sandbox.client("s3", account=self.log_archive)
        name = self._log_bucket()
        if name in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
            s3.delete_bucket(Bucket=name)
        s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=locked)

    def _log_bucket(self) -> str:
        (channel,) = self.sandbox.client("config").describe_delivery_channels()["DeliveryChannels"]
        return str(channel["s3BucketName"])

    def auditor(self) -> boto3.Session:
        """A session of the role that the observers' roles trust, in the management account."""
        given = self.sandbox.client("sts").assume_role(RoleArn=self.reporter, RoleSessionName="auditor")
        credentials = given["Credentials"]
        return boto3.Session(
            credentials["AccessKeyId"],
            credentials["SecretAccessKey"],
            credentials["SessionToken"],
            region_name=self.sandbox.region,
        )

    def begin(self) -> None:
        """Let AWS Config record, and so evaluate, what there is."""
        self.sandbox.recording = True
        for account in (self.sandbox.account, *self.members):
            self.sandbox.record_all(account)

    def set_key_scope(self, scope: str) -> None:
        """Change the rule as a deployment with another KeyScope would; AWS Config evaluates all keys anew."""
        config = self.sandbox.client("config")
        found = config.describe_organization_config_rules(OrganizationConfigRuleNames=[RULE_NAME])
        metadata = found["OrganizationConfigRules"][0]["OrganizationCustomRuleMetadata"]
        parameters = {**json.loads(metadata["InputParameters"]), "KeyScope": scope}
        config.put_organization_config_rule(
            OrganizationConfigRuleName=RULE_NAME,
            OrganizationCustomRuleMetadata={**metadata, "InputParameters": json.dumps(parameters)},
        )


def set_up(sandbox: Sandbox, shipped: Shipped, progress: Callable[[str], None]) -> Stage:
    """Make an organization and its keys, and deploy the rule to it; `shipped` is what is deployed.

    Raises what `deploy` raises.
    """
    sandbox.answer_sts_address()  # as in most partitions; rdklib asks it before it assumes a role
    organization = sandbox.organization(_ALONE)
    sound = [organization.enroll(name) for name in _MEMBERS]
    without_role = organization.enroll(_WITHOUT_ROLE)
    for account in (*sound, without_role):
        sandbox.client("kms", account=account).describe_key(KeyId="alias/aws/s3")  # which AWS then makes
    for account in (sound[-1], without_role):
        sandbox.client("kms", account=account).create_key(Description="the team's own data")
    closed = organization.enroll(_CLOSED)
    sandbox.client("organizations").close_account(AccountId=closed)
    organization.unit("Security", organization.log_archive, organization.audit)
    workloads = organization.unit("Workloads")
    production, staging, *others = sound
    organization.unit("Production", production, *others, below=workloads)
    organization.unit("Staging", staging, below=workloads)
    keys = _make_landing_zone(sandbox, organization.log_archive)
    progress(f"an organization, with {len(keys)} keys in its management account")
    accounts = (sandbox.account, organization.log_archive, organization.audit, *sound)
    role = _make_roles(sandbox, shipped.templates, organization.organization_id, accounts)
    reporter = organization.make_role(sandbox.account, "auditor", _TRUST)
    trusting = {"ReporterRoleArn": reporter, "OrganizationId": organization.organization_id}
    for account in (*accounts, without_role):
        _stack(sandbox, account, shipped.templates / "observer-role.yaml", trusting)
    progress("deploying the rule to every account with rdk")
    rule = _deploy(sandbox, shipped, role, progress)
    organization.enroll(_LATECOMER, recorder=False)
    sandbox.client("config").put_configuration_aggregator(
        ConfigurationAggregatorName=AGGREGATOR,
        OrganizationAggregationSource={
            "RoleArn": f"arn:aws:iam::{sandbox.account}:role/aggregator",
            "AwsRegions": [sandbox.region],
        },
    )
    stage = Stage(sandbox, keys, rule, (*sound, without_role), organization.log_archive, reporter)
    stage.make_log_bucket(locked=False)
    sandbox.client("s3", account=organization.log_archive).create_bucket(Bucket="aws-controltower-logs")
    return stage


def put_policy(kms: Untyped, key_id: str, document: Mapping[str, Untyped]) -> None:
    """Put a key policy, written as people write it."""
    kms.put_key_policy(KeyId=key_id, PolicyName="default", Policy=json.dumps(document, indent=2))


def _make_landing_zone(sandbox: Sandbox, log_archive: str) -> dict[str, str]:
    """Make what a management account has; return the alias of every key by its id."""
    name = f"config-rule-code-bucket-{sandbox.account}-{sandbox.region}"
    sandbox.client("s3").create_bucket(Bucket=name)  # as `rdk init` does
    kms = sandbox.client("kms")
    keys = {_make(kms, key): key.alias for key in KEYS}
    managed = kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]["KeyId"]
    good = kms.describe_key(KeyId=f"alias/{GOOD_KEY}")["KeyMetadata"]["Arn"]
    zone = LandingZone.with_key(good, "4.0")
    blocks = {name: {**block, "accountId": log_archive} for name, block in zone.manifest.items()}
    sandbox.landing_zone = replace(zone, manifest=blocks)
    return {**keys, managed: "aws/s3"}


def _make(kms: Untyped, wanted: DemoKey) -> str:
    made = kms.create_key(**wanted.created_with)["KeyMetadata"]
    key_id = str(made["KeyId"])
    kms.create_alias(AliasName=f"alias/{wanted.alias}", TargetKeyId=key_id)
    key = KmsKey.from_describe_key(made)
    put_policy(kms, key_id, policy(*wanted.statements(key)))
    for operation, arguments in wanted.then:
        getattr(kms, operation)(KeyId=key_id, **arguments)
    return key_id


def _make_roles(sandbox: Sandbox, templates: Path, organization: str, accounts: Sequence[str]) -> str:
    """Create the Lambda's role, and in each account the one that it assumes; return the ARN of the first."""
    ours = {"OrganizationId": organization, "PeriodicTrigger": "false"}
    wanted = {**ours, "ExecutionRoleName": EXECUTION_ROLE}
    made = _stack(sandbox, sandbox.account, templates / "lambda-role.yaml", wanted)
    for account in accounts:
        _stack(
            sandbox, account, templates / "execution-role.yaml", {**ours, "LambdaRoleArn": made["RoleArn"]}
        )
    return made["RoleArn"]


def _stack(sandbox: Sandbox, account: str, template: Path, parameters: Mapping[str, str]) -> dict[str, str]:
    """Create a stack; return its outputs."""
    stacks = sandbox.client("cloudformation", account=account)
    stacks.create_stack(
        StackName=f"landing-zone-key-{template.stem}",
        TemplateBody=template.read_text(encoding="utf-8"),
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    (made,) = stacks.describe_stacks(StackName=f"landing-zone-key-{template.stem}")["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in made["Outputs"]}


def _deploy(sandbox: Sandbox, shipped: Shipped, role: str, progress: Callable[[str], None]) -> str:
    """Deploy the rule with parameters of the demo's own, from a folder that nobody sees.

    Returns the name of the management account's rule.
    """
    with tempfile.TemporaryDirectory(prefix="lzkey-demo-") as name, aws_environment(sandbox.environment):
        at = Workplace(Path(name), shipped)
        at.parameters.mkdir()
        document = {"ruleParameters": RULE_PARAMETERS, "deployment": {**_DEPLOYMENT, "lambdaRoleArn": role}}
        at.file("demo").write_text(json.dumps(document), encoding="utf-8")
        done = deploy("demo", ORGANIZATION, at=at, progress=progress)
    for line in done.verified:
        progress(f"verified: {line}")
    return next(entry.rule for entry in done.accounts if entry.account == sandbox.account)
