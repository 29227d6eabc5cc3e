"""A landing zone's management account in the sandbox, with the rule deployed and everything as it must be."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.loaders import create_loader

from lzkey.deployment.deploy import ORGANIZATION, deploy
from lzkey.doctor import EXPECTATIONS, Check, Examination, Status, examine
from lzkey.errors import DeployError
from lzkey.workplace import Workplace
from lzkey_sandbox import LandingZone, Sandbox
from lzkey_sandbox.cloudtrail import TrailState
from lzkey_sandbox.config.deliveries import ChannelState, Delivery
from lzkey_sandbox.keys.key_records import KeyRecord, LastUse
from lzkey_sandbox.organization import Organization, OrganizationPlan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[2]
RULE = "CONTROL_TOWER_KMS_KEY"
FUNCTION = "RDK-Rule-Function-CONTROLTOWERKMSKEY"
KEYS_ONLY = {"allSupported": False, "resourceTypes": ["AWS::KMS::Key"]}
NAME = "prod"
EXECUTION_ROLE = "landing-zone-key-rule"

A_WHILE, HOURS = timedelta(days=30), timedelta(hours=3.5)

shared_loader = cache(create_loader)


def not_ok(checks: Mapping[str, Check]) -> dict[str, str]:
    """The lines that are neither OK nor of no concern, with their status."""
    fine = {Status.OK, Status.NOT_APPLICABLE}
    return {name: check.status.value for name, check in checks.items() if check.status not in fine}


@dataclass(frozen=True)
class Management:
    """The management account, its deployment, and what a test does in it."""

    sandbox: Sandbox
    root: Path
    key: str

    def client(self, service: str) -> Any:
        """A client of the account."""
        return self.sandbox.client(service)

    def examine(self, now: datetime | None = None) -> Examination:
        """What the doctor says."""
        return examine(NAME, at=Workplace.in_checkout(self.root), now=now)

    def lines(self, now: datetime | None = None) -> dict[str, Check]:
        """What the doctor says, by the lines' names."""
        return {found.expectation.name: found.check for found in self.examine(now).findings}

    def line(self, name: str) -> Check:
        """One line, looked at alone."""
        made = tuple(expectation for expectation in EXPECTATIONS if expectation.name == name)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("lzkey.doctor.examination.EXPECTATIONS", made)
            (found,) = self.examine().findings
        return found.check

    def wrong(self) -> dict[str, str]:
        """The lines that are not as in a healthy account, with their status."""
        return not_ok(self.lines())

    def parameters(self, **changes: Any) -> None:
        """Write parameters/prod.json: the present one with fields changed, or (None) removed."""
        path = self.root / f"parameters/{NAME}.json"
        document = json.loads(path.read_text())
        for field, value in changes.items():
            part = document["ruleParameters" if field[0].isupper() else "deployment"]
            part.pop(field, None)
            if value is not None:
                part[field] = value
        path.write_text(json.dumps(document))

    @contextmanager
    def other_parameters(self, **changes: Any) -> Iterator[None]:
        """Change the parameters file for a while."""
        path = self.root / f"parameters/{NAME}.json"
        before = path.read_text()
        self.parameters(**changes)
        yield
        path.write_text(before)

    def rule(self) -> dict[str, Any]:
        """The rule as PutConfigRule takes it."""
        (found,) = self.client("config").describe_config_rules(ConfigRuleNames=[RULE])["ConfigRules"]
        read_only = {"ConfigRuleArn", "ConfigRuleId", "ConfigRuleState", "CreatedBy", "LastUpdatedTime"}
        return {name: value for name, value in found.items() if name not in read_only}

    def put_rule(self, rule: dict[str, Any], **changes: Any) -> None:
        """Put the rule, and wait until it has been evaluated."""
        self.client("config").put_config_rule(ConfigRule={**rule, **changes})
        self.sandbox.settle()


def key_policy(arn: str) -> str:
    """The policy that Control Tower's guide asks for, in its shortest form."""
    services = {"Service": ["cloudtrail.amazonaws.com", "config.amazonaws.com"]}
    account = {"AWS": "arn:aws:iam::111122223333:root"}
    allow = {"Effect": "Allow", "Resource": arn}
    statements = [
        {**allow, "Principal": account, "Action": "kms:*"},
        {**allow, "Principal": services, "Action": ["kms:Decrypt", "kms:GenerateDataKey*"]},
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def make_key(sandbox: Sandbox) -> str:
    """Create a key that the landing zone can use, and has used for a while; return its ARN."""
    kms = sandbox.client("kms")
    arn = str(kms.create_key()["KeyMetadata"]["Arn"])
    kms.put_key_policy(KeyId=arn, PolicyName="default", Policy=key_policy(arn))
    sandbox.age(A_WHILE)
    sandbox.key_records[arn] = KeyRecord(LastUse(datetime.now(UTC) - HOURS))
    return arn


def fix_deliveries(sandbox: Sandbox, now: datetime) -> None:
    """Let trail and delivery channels have delivered at one moment, and not so long before each question."""
    sandbox.trail = TrailState(delivered=now - HOURS, digest_delivered=now - HOURS)
    sandbox.tell_deliveries(ChannelState(Delivery.arrived(now - HOURS), Delivery.arrived(now - HOURS)))


def make_config_role(sandbox: Sandbox) -> str:
    """Create AWS Config's service-linked role, to which moto would give another name; return its ARN."""
    made = sandbox.client("iam").create_role(
        RoleName="AWSServiceRoleForConfig",
        Path="/aws-service-role/config.amazonaws.com/",
        AssumeRolePolicyDocument="{}",
    )
    return str(made["Role"]["Arn"])


def make_recorder(sandbox: Sandbox) -> None:
    """Let AWS Config record KMS keys with its service-linked role, as deploy/recorder.yaml does."""
    role = make_config_role(sandbox)
    sandbox.client("s3").create_bucket(Bucket="history")
    config = sandbox.client("config")
    config.put_configuration_recorder(
        ConfigurationRecorder={"name": "default", "roleARN": role, "recordingGroup": KEYS_ONLY}
    )
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "history"})
    config.start_configuration_recorder(ConfigurationRecorderName="default")


def make_role(sandbox: Sandbox, **parameters: str) -> str:
    """Deploy deploy/lambda-role.yaml; return the role's ARN."""
    stacks = sandbox.client("cloudformation")
    stacks.create_stack(
        StackName="role",
        TemplateBody=(ROOT / "deploy/lambda-role.yaml").read_text(),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    (stack,) = stacks.describe_stacks(StackName="role")["Stacks"]
    return next(str(out["OutputValue"]) for out in stack["Outputs"] if out["OutputKey"] == "RoleArn")


@contextmanager
def empty_account(root: Path) -> Iterator[Sandbox]:
    """The account with a code bucket, and a copy of our sources; nothing but the sandbox can be reached."""
    for part in ("rules", "parameters"):
        shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__", "*.zip"))
    shutil.copy(root / "parameters/example.json", root / f"parameters/{NAME}.json")
    with pytest.MonkeyPatch.context() as patch, Sandbox() as sandbox:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in sandbox.environment.items():
            patch.setenv(name, value)
        sandbox.client("s3").create_bucket(Bucket="config-rule-code-bucket-111122223333-us-east-1")
        yield sandbox


@contextmanager
def management_account(root: Path) -> Iterator[Management]:
    """The account with a rule of its own, healthy."""
    with empty_account(root) as sandbox:
        organization = sandbox.client("organizations").create_organization(FeatureSet="ALL")["Organization"]
        make_recorder(sandbox)
        made = Management(sandbox, root, make_key(sandbox))
        sandbox.landing_zone = LandingZone.with_key(made.key, "4.0")
        made.parameters(OrganizationId=organization["Id"], lambdaRoleArn=make_role(sandbox))
        deploy(NAME, at=Workplace.in_checkout(root))
        sandbox.settle()
        yield made


@contextmanager
def organization_account(
    root: Path, *excluded: str, **plan: int
) -> Iterator[tuple[Management, Organization]]:
    """The account with a rule for the organization of the plan, healthy as far as the plan is."""
    with empty_account(root) as sandbox:
        role = make_role(sandbox, ExecutionRoleName=EXECUTION_ROLE, OrganizationId="o-exampleorgid")
        healthy = {"members": 3, "without_recorder": 0, "without_role": 0, "suspended": 0}
        wanted = OrganizationPlan(execution_role=EXECUTION_ROLE, **{**healthy, **plan})
        organization = sandbox.organization(wanted)
        made = Management(sandbox, root, make_key(sandbox))
        sandbox.landing_zone = LandingZone.with_key(made.key, "4.0")
        made.parameters(
            OrganizationId="o-exampleorgid",
            KeyScope="all",  # so that members have keys which need a result
            ExecutionRoleName=EXECUTION_ROLE,
            AssumeRoleMode="true",
            triggers=["change"],
            maximumExecutionFrequency=None,
            excludedAccounts=list(excluded),
            lambdaRoleArn=role,
        )
        give_policy(sandbox)
        make_aggregator(sandbox)
        with suppress(DeployError):  # accounts in which it failed are what a test is about
            deploy(NAME, ORGANIZATION, at=Workplace.in_checkout(root))
        sandbox.settle()
        yield made, organization


def give_policy(sandbox: Sandbox, *more: dict[str, Any], without: str = "") -> None:
    """Let the management account's execution role do what deploy/execution-role.yaml allows."""
    actions = [
        "config:PutEvaluations",
        "config:GetResourceConfigHistory",
        "kms:DescribeKey",
        "kms:GetKeyPolicy",
    ]
    allowed = [action for action in actions if action != without]
    statements = [{"Effect": "Allow", "Action": allowed, "Resource": "*"}, *more]
    sandbox.client("iam").put_role_policy(
        RoleName=EXECUTION_ROLE,
        PolicyName=RULE,
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}),
    )


def make_aggregator(sandbox: Sandbox, name: str = "everywhere") -> None:
    """Aggregate the whole organization, all Regions."""
    source = {"RoleArn": "arn:aws:iam::111122223333:role/aggregates", "AllAwsRegions": True}
    sandbox.client("config").put_configuration_aggregator(
        ConfigurationAggregatorName=name, OrganizationAggregationSource=source
    )


@pytest.fixture(scope="module", autouse=True)
def service_models_read_once() -> Iterator[None]:
    """Every look has sessions of its own, and reading the service models is most of the work."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.session.create_loader", shared_loader)
        yield


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Management]:
    """One healthy account for a whole module."""
    with management_account(tmp_path_factory.mktemp("project")) as account:
        yield account
        assert account.wrong() == {}


@pytest.fixture
def account(deployed: Management) -> Management:
    """The healthy account; a test leaves it as it found it."""
    deployed.sandbox.forget_calls()
    return deployed
