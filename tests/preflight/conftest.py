"""A landing zone to be changed: in memory, in files, and live in the sandbox; the command in this process."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from botocore.loaders import create_loader

import landing_zone_key
from landing_zone_key import KmsKey
from landing_zone_key.key import KeyArn
from lzkey import cli
from lzkey.preflight.model import Configuration
from lzkey.sources.subject import FoundKey, Kind, Place
from lzkey_sandbox import LandingZone, Organization, OrganizationPlan, Sandbox

if TYPE_CHECKING:
    from pathlib import Path

MANAGEMENT, MEMBER, NEXT = "111122223333", "111122224444", "111122226666"
HOME = "us-east-1"
ARN = f"arn:aws:kms:{HOME}:{MANAGEMENT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER = ARN.replace("1234abcd", "5678abcd")
NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
BUCKET = "aws-controltower-logs"

ROOT_STATEMENT = {
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{MANAGEMENT}:root"},
    "Action": "kms:*",
    "Resource": "*",
}
FOR_CONFIG = {
    "Sid": "Config",
    "Effect": "Allow",
    "Principal": {"Service": "config.amazonaws.com"},
    "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
    "Resource": "*",
}
FOR_CLOUDTRAIL = {
    "Sid": "CloudTrail",
    "Effect": "Allow",
    "Principal": {"Service": "cloudtrail.amazonaws.com"},
    "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
    "Resource": "*",
}


@dataclass(frozen=True)
class Ended:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def told(self) -> Any:
        """The document that it wrote."""
        return json.loads(self.out)

    def items(self, name: str) -> list[tuple[str, str]]:
        """Level and detail of the items of a name."""
        return [(each["level"], each["detail"]) for each in self.told["items"] if each["name"] == name]

    def levels(self) -> dict[str, str]:
        """The level by name; of several items the last."""
        return {each["name"]: each["level"] for each in self.told["items"]}


Run: TypeAlias = Callable[..., Ended]

_shared_loader = cache(create_loader)


def policy(*statements: object) -> dict[str, Any]:
    """A key policy of the account root's statement and these; without any, with both services'."""
    listed = statements or (FOR_CONFIG, FOR_CLOUDTRAIL)
    return {"Version": "2012-10-17", "Statement": [ROOT_STATEMENT, *listed]}


def key(arn: str = ARN, written: object = None, **changes: Any) -> KmsKey:
    """A key that the landing zone can use, with attributes changed."""
    made = KmsKey(
        KeyArn.parse(arn),
        key_manager="CUSTOMER",
        key_state="Enabled",
        key_spec="SYMMETRIC_DEFAULT",
        key_usage="ENCRYPT_DECRYPT",
        origin="AWS_KMS",
        multi_region=False,
        policy=json.dumps(written or policy()),
    )
    return replace(made, **changes)


def found(made: KmsKey, **changes: Any) -> FoundKey:
    """The key as the live account shows it."""
    place = Place(f"account {MANAGEMENT} in {HOME}", Kind.LIVE)
    return FoundKey(**{"name": str(made.arn), "key": made, "place": place, **changes})


def manifest(central: str | None = ARN, config: str | None = None, **more: Any) -> dict[str, Any]:
    """A manifest whose blocks name these keys."""
    made: dict[str, Any] = {"governedRegions": [HOME, "us-west-2"], **more}
    for name, arn in (("centralizedLogging", central), ("config", config)):
        if arn is not None:
            made[name] = {"accountId": "444455556666", "enabled": True, "configurations": {"kmsKeyArn": arn}}
    return made


def configured(told: dict[str, Any] | None, version: str | None = "3.3", **zone: Any) -> Configuration:
    """A landing zone of a manifest."""
    made = landing_zone_key.LandingZone(HOME, MANAGEMENT, governed_regions=(HOME, "us-west-2"), **zone)
    known = made if told is None else made.with_manifest(told, version)
    return Configuration(known, told, version)


def shown(told: dict[str, Any], version: str = "3.3") -> dict[str, Any]:
    """What `aws controltower get-landing-zone` prints."""
    arn = f"arn:aws:controltower:{HOME}:{MANAGEMENT}:landingzone/1A2B3C4D5E6F7G8H"
    return {"landingZone": {"arn": arn, "version": version, "status": "ACTIVE", "manifest": told}}


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine's own settings gets in, and AWS cannot be reached."""
    for name in [name for name in os.environ if name.startswith(("LZKEY_", "AWS_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in this process, with JSON unless another format is asked for."""

    def command(*arguments: str) -> Ended:
        form = () if "--format" in arguments else ("--format", "json")
        code = cli.main(["preflight", *arguments, *form])
        said = capsys.readouterr()
        return Ended(code, said.out, said.err)

    return command


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A manifest of 3.3 and its key's policy, in the current folder."""
    (tmp_path / "zone.json").write_text(json.dumps(shown(manifest())))
    (tmp_path / "policy.json").write_text(json.dumps(policy()))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@dataclass
class Live:
    """A landing zone of 3.3 in the sandbox, and what a test does to it."""

    sandbox: Sandbox
    organization: Organization
    key: str

    def zone(self, told: dict[str, Any] | None = None, **changes: Any) -> None:
        """Let Control Tower have this manifest."""
        made = LandingZone("3.3", told or manifest(self.key), latest="3.3")
        self.sandbox.landing_zone = replace(made, **changes)

    def put(self, *statements: object) -> None:
        """Give the key a policy of these statements."""
        text = json.dumps(policy(*statements))
        self.sandbox.client("kms").put_key_policy(KeyId=self.key, PolicyName="default", Policy=text)

    def create(self) -> str:
        """Another key that the landing zone can use."""
        kms = self.sandbox.client("kms")
        arn = str(kms.create_key()["KeyMetadata"]["Arn"])
        kms.put_key_policy(KeyId=arn, PolicyName="default", Policy=json.dumps(policy()))
        return arn

    @contextmanager
    def recorder(self) -> Iterator[str]:
        """A recorder of the management account, whose channel uses the landing zone's bucket and key."""
        config, name = self.sandbox.client("config"), "default"
        role = f"arn:aws:iam::{MANAGEMENT}:role/recorder"
        group = {"allSupported": False, "resourceTypes": ["AWS::KMS::Key"]}
        config.put_configuration_recorder(
            ConfigurationRecorder={"name": name, "roleARN": role, "recordingGroup": group}
        )
        config.put_delivery_channel(
            DeliveryChannel={"name": name, "s3BucketName": BUCKET, "s3KmsKeyArn": self.key}
        )
        config.start_configuration_recorder(ConfigurationRecorderName=name)
        yield name
        config.delete_configuration_recorder(ConfigurationRecorderName=name)
        config.delete_delivery_channel(DeliveryChannelName=name)

    def buckets(self) -> Any:
        """Amazon S3 of the log archive account."""
        return self.sandbox.client("s3", account=self.organization.log_archive)


PLAN = OrganizationPlan(
    3, execution_role="reader", management_recorder=False, without_recorder=0, without_role=0, suspended=1
)


@pytest.fixture(scope="module", autouse=True)
def _service_models_read_once() -> Iterator[None]:
    """Every look has sessions of its own, and reading the service models is most of the work."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.session.create_loader", _shared_loader)
        yield


@pytest.fixture(scope="module")
def aws() -> Iterator[Live]:
    """The sandbox with an organization, a key and the log bucket."""
    with Sandbox() as sandbox:
        organization = sandbox.organization(PLAN)
        trusted = sandbox.client("organizations")
        trusted.enable_aws_service_access(ServicePrincipal="controltower.amazonaws.com")
        made = Live(sandbox, organization, "")
        made.key = made.create()
        made.buckets().create_bucket(Bucket=BUCKET)
        channel = {"name": "aws-controltower-BaselineConfigDeliveryChannel", "s3BucketName": BUCKET}
        config = sandbox.client("config", account=organization.log_archive)
        config.put_delivery_channel(DeliveryChannel=channel)
        yield made


@pytest.fixture
def live(aws: Live, monkeypatch: pytest.MonkeyPatch) -> Live:
    """The same, as the command sees it; a test leaves all but the landing zone and the policy as it was."""
    for name, value in aws.sandbox.environment.items():
        monkeypatch.setenv(name, value)
    aws.zone()
    aws.put()
    aws.sandbox.forget_calls()
    return aws
