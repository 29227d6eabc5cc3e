"""What a page's reader has before he begins: AWS on this machine, and his own hands between the commands."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from moto.kms.models import kms_backends

from landing_zone_key.manifest import ManifestKeys
from lzkey_sandbox import GeneratedPlan, LandingZone, OrganizationPlan, Sandbox
from lzkey_sandbox.cloudtrail_events import key_changed
from lzkey_sandbox.generated_population import NOT_JUDGED
from lzkey_sandbox.keys.key_records import KeyRecord, LastUse

if TYPE_CHECKING:
    from pathlib import Path

KEY: Final = "landing-zone-key"
AGGREGATOR: Final = "aws-controltower-ConfigAggregatorForOrganization"
_ALONE: Final = OrganizationPlan(
    0, management_recorder=False, without_recorder=0, without_role=0, suspended=0
)


class Scene:
    """A management account with a landing zone and its key, and nothing of ours."""

    plan = _ALONE

    def __init__(self, sandbox: Sandbox, root: Path) -> None:
        self.sandbox, self.root = sandbox, root
        self.organization = sandbox.organization(self.plan)
        self.begin()

    def begin(self) -> None:
        """Make what is there before the first command."""
        template = (self.root / "deploy/landing-zone-key.yaml").read_text()
        self.sandbox.client("cloudformation").create_stack(StackName=KEY, TemplateBody=template)
        self.use_the_key()

    def use_the_key(self) -> None:
        """Give the stack's key to Control Tower, as one does in its console."""
        self.sandbox.landing_zone = LandingZone.with_key(self.output(KEY, "KeyArn"), "4.0")

    @property
    def environment(self) -> dict[str, str]:
        """The variables under which the reader's commands see AWS."""
        return self.sandbox.environment

    def before(self, line: str) -> str:
        """The command with what is the reader's own in it; who calls the doctor has slept on it."""
        if line.startswith("lzkey doctor"):
            a_day_later(self.sandbox)
        return line

    def after(self, line: str, said: str) -> None:
        """What the page tells the reader to do, or to see, after a command."""

    def end(self) -> None:
        """What must be true when the reader has come to the end."""

    def output(self, stack: str, name: str) -> str:
        """An output of a stack."""
        return output(self.sandbox, stack, name)

    @property
    def stacks(self) -> set[str]:
        """The names of the stacks that are there and stay."""
        stacks = self.sandbox.client("cloudformation").describe_stacks()["Stacks"]
        return {each["StackName"] for each in stacks if each["StackStatus"] != "DELETE_IN_PROGRESS"}

    def rules(self, account: str | None = None) -> list[str]:
        """The names of the rules in an account."""
        rules = self.sandbox.client("config", account=account).describe_config_rules()["ConfigRules"]
        return [rule["ConfigRuleName"] for rule in rules]

    def edit(self, name: str, **fields: Any) -> None:
        """Edit parameters/NAME.json; None removes a field."""
        edit(self.root / f"parameters/{name}.json", **fields)


class OneAccount(Scene):
    """Nothing but the landing zone's account; the page makes the key, too."""

    def begin(self) -> None:
        """There is no key yet."""

    def after(self, line: str, said: str) -> None:
        """Give Control Tower the key, and the parameters the role; AWS Config evaluates the key."""
        if line.startswith(f"aws cloudformation deploy --stack-name {KEY} "):
            self.use_the_key()
        if line.startswith("aws cloudformation describe-stacks --stack-name landing-zone-key-role"):
            self.edit("prod", lambdaRoleArn=self.role)
        if line == "lzkey deploy prod":
            assert f"verified: the function's role is {self.role}" in said
            assert "warning" not in said
            self.sandbox.settle()

    @property
    def role(self) -> str:
        """The ARN of the Lambda's role."""
        return self.output("landing-zone-key-role", "RoleArn")

    def end(self) -> None:
        """Nothing is left but what the page says stays."""
        assert self.rules() == []
        assert self.stacks == {KEY}
        assert self.sandbox.refused_hosts == ()


class AnOrganization(Scene):
    """A landing zone with four member accounts, a recorder in each, and the bucket for the code."""

    plan = OrganizationPlan(4, without_recorder=0, without_role=0, suspended=0)

    def begin(self) -> None:
        """What the guide of one account has made before."""
        super().begin()
        self.sandbox.answer_sts_address()
        name = f"config-rule-code-bucket-{self.sandbox.account}-{self.sandbox.region}"
        self.sandbox.client("s3").create_bucket(Bucket=name)
        (self.unit,) = self.sandbox.client("organizations").list_roots()["Roots"]

    def before(self, line: str) -> str:
        """The root is the organization's; moto's StackSet has gone into the management account, too."""
        if line.startswith("aws cloudformation deploy --stack-name landing-zone-key-rule"):
            forget_motos_role(self.sandbox)
        return super().before(line).replace("r-ab12", self.unit["Id"])

    def after(self, line: str, said: str) -> None:
        """Fill in the parameters; every account gets its rule."""
        assert "warning" not in said
        if line.startswith("lzkey init organization"):
            self.edit(
                "organization",
                ExecutionRoleName="landing-zone-key-rule",
                AssumeRoleMode="true",
                triggers=["change"],
                maximumExecutionFrequency=None,
                lambdaRoleArn=f"arn:aws:iam::{self.sandbox.account}:role/landing-zone-key-lambda",
            )
        if line.startswith("lzkey deploy-organization"):
            self._aggregate()
            assert all(self.rules(account) for account in self.organization.accounts)
            self.sandbox.settle()

    def end(self) -> None:
        """No account has the rule any more."""
        assert not any(self.rules(account) for account in self.organization.accounts)

    def _aggregate(self) -> None:
        role = f"arn:aws:iam::{self.sandbox.account}:role/aggregator"
        self.sandbox.client("config").put_configuration_aggregator(
            ConfigurationAggregatorName=AGGREGATOR,
            OrganizationAggregationSource={"RoleArn": role, "AwsRegions": [self.sandbox.region]},
        )


class ARuleEverywhere(Scene):
    """Twelve accounts with the rule, two of them in trouble, seen through an aggregator."""

    def begin(self) -> None:
        """Its accounts are computed, not made."""
        population = self.sandbox.generate(
            GeneratedPlan(
                accounts=12,
                regions=(self.sandbox.region,),
                keys=2,
                verdicts=(NOT_JUDGED,),
                suspended=1,
                without_recorder=1,
            ),
            {
                "HomeRegion": self.sandbox.region,
                "ManagementAccountId": self.sandbox.account,
                "KeyScope": "landing-zone",
            },
        )
        self.sandbox.landing_zone = LandingZone.with_key(population.landing_zone_key, "4.0")
        role = f"arn:aws:iam::{self.sandbox.account}:role/aggregator"
        self.sandbox.client("config").put_configuration_aggregator(
            ConfigurationAggregatorName=AGGREGATOR,
            OrganizationAggregationSource={"RoleArn": role, "AllAwsRegions": True},
        )
        self.sandbox.answer_sts_address()
        self.reporter = self.organization.make_role(self.sandbox.account, "reporter")

    @property
    def environment(self) -> dict[str, str]:
        """The reader is a role, which that of an observer can trust."""
        made = self.sandbox.client("sts").assume_role(RoleArn=self.reporter, RoleSessionName="page")
        given = made["Credentials"]
        return {
            **super().environment,
            "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["SessionToken"],
        }

    def before(self, line: str) -> str:
        """The root is the organization's."""
        (root,) = self.sandbox.client("organizations").list_roots()["Roots"]
        return line.replace("r-ab12", root["Id"])

    def end(self) -> None:
        """Other accounts were observed with the role: of these two alone there are any."""
        report = json.loads((self.root / "observed.json").read_text())
        seen = {one["account"]: one["detail"] for one in report["observed"]["observations"]}
        for account in (self.organization.log_archive, self.organization.audit):
            assert "last delivered at " in seen[account]


class EvidenceOfIt(ARuleEverywhere):
    """The same, with the landing zone's key in KMS; the reader's signing key is the one that he has made."""

    def begin(self) -> None:
        """A key of the documented policy, which KMS knows by the id of the computed one."""
        super().begin()
        zone = self.sandbox.landing_zone
        assert zone is not None
        (arn,) = ManifestKeys.from_manifest(zone.manifest, zone.version).logging
        template = (self.root / "deploy/landing-zone-key.yaml").read_text()
        self.sandbox.client("cloudformation").create_stack(StackName=KEY, TemplateBody=template)
        keys = kms_backends[self.sandbox.account][self.sandbox.region].keys
        key = keys.pop(self.output(KEY, "KeyArn").rpartition("/")[2])
        key.arn, key.id = arn, arn.rpartition("/")[2]
        keys[key.id] = key

    def before(self, line: str) -> str:
        """Its id in place of the page's."""
        for key in self.sandbox.client("kms").list_keys()["Keys"]:
            described = self.sandbox.client("kms").describe_key(KeyId=key["KeyId"])["KeyMetadata"]
            if described["KeyUsage"] == "SIGN_VERIFY":
                line = line.replace("1234abcd-12ab-34cd-56ef-1234567890ab", key["KeyId"])
        return super().before(line)

    def end(self) -> None:
        """The packs are there, and one is signed."""
        assert (self.root / "signed/signature/signature.json").exists()


class BeforeAChange(Scene):
    """A landing zone of 3.3 with members, the log bucket and a role beside it, and a key for the change."""

    plan = OrganizationPlan(
        3,
        execution_role="LandingZoneReader",
        management_recorder=False,
        without_recorder=0,
        without_role=0,
        suspended=0,
    )

    def begin(self) -> None:
        """What Control Tower has made, and what somebody has made for the next step."""
        super().begin()
        organizations, archive = self.sandbox.client("organizations"), self.organization.log_archive
        organizations.enable_aws_service_access(ServicePrincipal="controltower.amazonaws.com")
        bucket = "aws-controltower-logs"
        self.sandbox.client("s3", account=archive).create_bucket(Bucket=bucket)
        config = self.sandbox.client("config", account=archive)
        (channel,) = config.describe_delivery_channels()["DeliveryChannels"]
        config.put_delivery_channel(DeliveryChannel={**channel, "s3BucketName": bucket})
        template = (self.root / "deploy/landing-zone-key.yaml").read_text()
        stacks = self.sandbox.client("cloudformation")
        stacks.create_stack(StackName="config-key", TemplateBody=template)
        self.sandbox.client("kms").create_alias(
            AliasName="alias/config", TargetKeyId=self.output("config-key", "KeyArn")
        )

    def use_the_key(self) -> None:
        """One key for both logs."""
        configurations = {"kmsKeyArn": self.output(KEY, "KeyArn")}
        logging = {"accountId": self.organization.log_archive, "configurations": configurations}
        manifest = {"governedRegions": ["us-east-1"], "centralizedLogging": logging}
        self.sandbox.landing_zone = LandingZone("3.3", manifest, latest="4.0")


class AKeyWithAPast(Scene):
    """The landing zone's key, three weeks old, which somebody has disabled for four days."""

    def begin(self) -> None:
        """It can be used again; of what stacks make, the sandbox records no event."""
        super().begin()
        kms, key = self.sandbox.client("kms"), self.output(KEY, "KeyArn")
        asked = {"policy": kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"], "tags": []}
        shown = {"arn": key, "keyState": "Enabled", "keySpec": "SYMMETRIC_DEFAULT"}
        answered = {"keyMetadata": {**shown, "keyUsage": "ENCRYPT_DECRYPT", "origin": "AWS_KMS"}}
        self.sandbox.events.add(key_changed("CreateKey", key, datetime.now(UTC), "", asked, answered))
        self.sandbox.age(timedelta(days=12))
        kms.disable_key(KeyId=key)
        self.sandbox.age(timedelta(days=4))
        kms.enable_key(KeyId=key)
        self.sandbox.age(timedelta(days=5))


class AtNight(Scene):
    """The landing zone's key, with what the reader of each place has met."""

    def begin(self) -> None:
        """All is well until somebody does something."""
        super().begin()
        self.kms = self.sandbox.client("kms")
        self.key = self.output(KEY, "KeyArn").rpartition("/")[2]

    def before(self, line: str) -> str:
        """What is wrong comes first; the key is the reader's own, and the question is answered."""
        if line.startswith("aws kms cancel-key-deletion"):
            self.kms.schedule_key_deletion(KeyId=self.key, PendingWindowInDays=7)
        if line.endswith("--apply"):
            policy = self.policy
            del policy["Statement"][-1]
            self.kms.put_key_policy(KeyId=self.key, PolicyName="default", Policy=json.dumps(policy))
        line = line.replace("1234abcd-12ab-34cd-56ef-1234567890ab", self.key)
        return f"{line} --yes" if line.endswith("--apply") else line

    @property
    def policy(self) -> Any:
        """The key's."""
        return json.loads(self.kms.get_key_policy(KeyId=self.key, PolicyName="default")["Policy"])

    def end(self) -> None:
        """The key is enabled, and its policy whole."""
        assert self.kms.describe_key(KeyId=self.key)["KeyMetadata"]["KeyState"] == "Enabled"
        assert "cloudtrail.amazonaws.com" in json.dumps(self.policy)


class ALogArchive(Scene):
    """The bucket of the log archive, with snapshots of two accounts, of two days, and what else there is."""

    bucket = "aws-controltower-logs-111122223333-us-east-1"

    def begin(self) -> None:
        """A key is repaired between the days."""
        super().begin()
        self.s3 = self.sandbox.client("s3")
        self.s3.create_bucket(Bucket=self.bucket)
        arn = self.output(KEY, "KeyArn")
        policy = self.sandbox.client("kms").get_key_policy(KeyId=arn, PolicyName="default")["Policy"]
        broken = policy.replace("cloudtrail.amazonaws.com", "s3.amazonaws.com")
        for account, day, its in (
            ("111122223333", 9, broken),
            ("111122223333", 24, policy),
            ("444455556666", 24, policy.replace("111122223333", "444455556666")),
        ):
            name = f"ConfigSnapshot_202611{day:02}T120000Z_1234abcd-12ab-34cd-56ef-1234567890ab.json.gz"
            place = f"Config/us-east-1/2026/11/{day}/ConfigSnapshot/{account}_Config_us-east-1_{name}"
            self.put(f"{account}/{place}", gzip.compress(snapshot(account, its)))
        self.put("111122223333/CloudTrail/us-east-1/2026/11/24/1.json.gz", b"")
        self.put("111122223333/Config/ConfigWritabilityCheckFile", b"")

    def put(self, name: str, content: bytes) -> None:
        """Store an object."""
        self.s3.put_object(Bucket=self.bucket, Key=f"o-a1b2c3d4e5/AWSLogs/{name}", Body=content)


def snapshot(account: str, policy: str) -> bytes:
    """A snapshot of one key of an account."""
    key_id = "1234abcd-12ab-34cd-56ef-1234567890ab"
    arn = f"arn:aws:kms:us-east-1:{account}:key/{key_id}"
    attributes = {
        "arn": arn,
        "keyId": key_id,
        "keyManager": "CUSTOMER",
        "keyState": "Enabled",
        "keySpec": "SYMMETRIC_DEFAULT",
        "keyUsage": "ENCRYPT_DECRYPT",
        "origin": "AWS_KMS",
        "multiRegion": False,
    }
    item = {
        "configurationItemStatus": "OK",
        "resourceType": "AWS::KMS::Key",
        "resourceId": key_id,
        "ARN": arn,
        "configuration": attributes,
        "supplementaryConfiguration": {"Policy": policy, "Tags": []},
    }
    return json.dumps({"fileVersion": "1.0", "configurationItems": [item]}, indent=1).encode()


def a_day_later(sandbox: Sandbox) -> None:
    """Nothing was changed for a day, and the landing zone's keys were in use."""
    sandbox.age(timedelta(days=1))
    zone = sandbox.landing_zone
    assert zone is not None
    for key in ManifestKeys.from_manifest(zone.manifest, zone.version).logging:
        sandbox.key_records[key] = KeyRecord(LastUse(datetime.now(UTC)))


def output(sandbox: Sandbox, stack: str, name: str) -> str:
    """An output of a stack."""
    (made,) = sandbox.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return str({each["OutputKey"]: each["OutputValue"] for each in made["Outputs"]}[name])


def edit(file: Path, **fields: Any) -> None:
    """Edit a file of parameters, as a page says; None removes a field."""
    document = json.loads(file.read_text())
    for field, value in fields.items():
        part = document["ruleParameters" if field[0].isupper() else "deployment"]
        part[field] = value
        if value is None:
            del part[field]
    file.write_text(json.dumps(document, indent=2))


def forget_motos_role(sandbox: Sandbox) -> None:
    """A service-managed StackSet leaves the management account out; moto's does not."""
    iam = sandbox.client("iam")
    for policy in iam.list_role_policies(RoleName="landing-zone-key-rule")["PolicyNames"]:
        iam.delete_role_policy(RoleName="landing-zone-key-rule", PolicyName=policy)
    iam.delete_role(RoleName="landing-zone-key-rule")


#: What each page's reader has, or the tests that run the page's commands in a scene of their own.
SCENES: Final[dict[str, type[Scene] | str]] = {
    "docs/deploy.md": OneAccount,
    "docs/evidence.md": EvidenceOfIt,
    "docs/organization.md": AnOrganization,
    "docs/history.md": AKeyWithAPast,
    "docs/preflight.md": BeforeAChange,
    "docs/report.md": ARuleEverywhere,
    "docs/runbook.md": AtNight,
    "docs/snapshots.md": ALogArchive,
    "docs/conformance-pack.md": "tests/deployment/test_conformance_pack.py",
    "docs/delegated-administrator.md": "tests/docs/test_landing_zone_4.py",
    "docs/history-athena.md": "tests/history/test_athena_page.py",
    "docs/landing-zone-4.md": "tests/docs/test_landing_zone_4.py",
}
