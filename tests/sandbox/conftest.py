"""Sandboxes with small rules in them, and the steps that most tests take."""

from __future__ import annotations

import io
import json
import os
import shutil
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lzkey.sandbox import Sandbox
from lzkey.vendored import rdklib_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ROOT = Path(__file__).parents[2]
RULES = Path(__file__).parent / "rules"
SAMPLES: Any = json.loads((Path(__file__).parent / "aws_samples.json").read_text())
MESSAGES = {
    "change": "ConfigurationItemChangeNotification",
    "oversized": "OversizedConfigurationItemChangeNotification",
    "periodic": "ScheduledNotification",
}


@dataclass(frozen=True)
class Account:
    """A sandbox's own account, and what a test does in it."""

    sandbox: Sandbox

    def function(
        self, rule: str, /, name: str = "", files: Mapping[str, str] | None = None, **more: Any
    ) -> str:
        """Create a function from `rules/RULE` and rdklib, with further files and settings; return its ARN."""
        sources = {f"{rule}.py": (RULES / rule / f"{rule}.py").read_text()} if rule else {}
        client = self.sandbox.client("lambda")
        created = client.create_function(
            FunctionName=name or rule,
            Role=self.role("lambda"),
            Code={"ZipFile": zipped({**rdklib_files(), **sources, **(files or {})})},
            **{"Runtime": "python3.13", "Handler": f"{rule}.lambda_handler", "Timeout": 30, **more},
        )
        client.add_permission(
            FunctionName=created["FunctionName"],
            StatementId="config",
            Action="lambda:InvokeFunction",
            Principal="config.amazonaws.com",
        )
        return str(created["FunctionArn"])

    def role(self, service: str, account: str = "") -> str:
        """Create a role that a service and its own account may assume, once; return its ARN."""
        iam = self.sandbox.client("iam", account=account or None)
        name, owner = f"{service}-role", account or self.sandbox.account
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": f"{service}.amazonaws.com", "AWS": owner},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
        if name not in {role["RoleName"] for role in iam.list_roles()["Roles"]}:
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
        return str(iam.get_role(RoleName=name)["Role"]["Arn"])

    def rule(
        self,
        function_arn: str,
        name: str = "a-rule",
        triggers: tuple[str, ...] = ("change", "oversized"),
        parameters: Mapping[str, str] | None = None,
        **scope: Any,
    ) -> str:
        """Put a rule for KMS keys, wait until it has been evaluated, and return its name."""
        details = [{"EventSource": "aws.config", "MessageType": MESSAGES[trigger]} for trigger in triggers]
        source = {"Owner": "CUSTOM_LAMBDA", "SourceIdentifier": function_arn, "SourceDetails": details}
        rule = {
            "ConfigRuleName": name,
            "Source": source,
            "Scope": scope or {"ComplianceResourceTypes": ["AWS::KMS::Key"]},
            "InputParameters": json.dumps(parameters or {"AssumeRoleMode": "False"}),
        }
        self.sandbox.client("config").put_config_rule(ConfigRule=rule)
        self.sandbox.settle()
        return name

    def key(self, region: str | None = None, **arguments: Any) -> str:
        """Create a key, wait until it has been evaluated, and return its id."""
        created = self.sandbox.client("kms", region).create_key(**arguments)
        self.sandbox.settle()
        return str(created["KeyMetadata"]["KeyId"])

    def kms(self, operation: str, **arguments: Any) -> Any:
        """Call an operation of KMS, and wait until its consequences have been evaluated."""
        answer = getattr(self.sandbox.client("kms"), operation)(**arguments)
        self.sandbox.settle()
        return answer

    def events(self, function: str = "EVENT_LOG") -> list[dict[str, Any]]:
        """Return the events that a function has logged, the invoking events decoded."""
        lines = self.sandbox.lambda_logs(function).splitlines()
        events = [json.loads(line) for line in lines if line.startswith("{")]
        return [{**event, "invokingEvent": json.loads(event["invokingEvent"])} for event in events]

    def token(self, name: str = "a-rule") -> str:
        """Return the result token of a rule's newest invocation; its function logs events."""
        tokens = [event["resultToken"] for event in self.events() if event["configRuleName"] == name]
        return str(tokens[-1])

    def history(self, key_id: str, region: str | None = None, **arguments: Any) -> list[dict[str, Any]]:
        """Return a key's recorded items, the newest first."""
        config = self.sandbox.client("config", region)
        answer = config.get_resource_config_history(
            resourceType="AWS::KMS::Key", resourceId=key_id, **arguments
        )
        return list(answer["configurationItems"])


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    """Return a zip file of path and content."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return buffer.getvalue()


@pytest.fixture
def make_zip() -> Callable[[Mapping[str, str | bytes]], bytes]:
    """A function that makes zip files."""
    return zipped


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """AWS on this machine, empty."""
    with Sandbox() as made:
        yield made


@pytest.fixture
def account(sandbox: Sandbox) -> Account:
    """The sandbox's account."""
    return Account(sandbox)


@pytest.fixture
def put(account: Account) -> Callable[..., Any]:
    """PutEvaluations under a token of the rule `a-rule`, which stands for whatever reports results.

    Takes (resource id, compliance) pairs; keyword arguments replace members of the request.
    """
    account.rule(account.function("EVENT_LOG"), triggers=("change", "periodic"))
    config, token = account.sandbox.client("config"), account.token()

    def call(*results: tuple[str, str], ordering: float = 1_800_000_000.0, **members: Any) -> Any:
        evaluations = [
            {
                "ComplianceResourceType": "AWS::KMS::Key",
                "ComplianceResourceId": resource,
                "ComplianceType": compliance,
                "OrderingTimestamp": ordering,
            }
            for resource, compliance in results
        ]
        return config.put_evaluations(**{"Evaluations": evaluations, "ResultToken": token, **members})

    return call


CATALOGUE: Any = json.loads((Path(__file__).parent / "landing_zone_keys.json").read_text())
DOCUMENTED: list[str] = CATALOGUE["documented"]


@dataclass(frozen=True)
class LandingZoneAccount(Account):
    """The management account, with our rule's sources in a directory of their own."""

    root: Path

    def policy(self, key_id: str, *statements: str) -> None:
        """Put a policy of statements of the catalogue on a key, and wait for the evaluation."""
        arn = f"arn:aws:kms:us-east-1:111122223333:key/{key_id}"
        document = {
            "Version": "2012-10-17",
            "Statement": [CATALOGUE["statements"][name] for name in statements],
        }
        text = json.dumps(document).replace("KEY-ARN", arn)
        self.kms("put_key_policy", KeyId=key_id, PolicyName="default", Policy=text)

    def key_with(self, *statements: str, **create: Any) -> str:
        """Create a key with statements of the catalogue; return its id."""
        key_id = self.key(**create)
        self.policy(key_id, *statements)
        return key_id

    def parameters(self, **changes: Any) -> str:
        """Write a parameters file, the example with fields changed (None: left out); return its name."""
        document = json.loads((self.root / "parameters/example.json").read_text())
        for field, value in changes.items():
            members = document["ruleParameters" if field[0].isupper() else "deployment"]
            members[field] = value
            if value is None:
                del members[field]
        (self.root / "parameters/sandbox.json").write_text(json.dumps(document))
        return "sandbox"

    def result(self, key_id: str) -> tuple[str, str]:
        """Return our rule's result for a key: compliance type and annotation."""
        found = self.sandbox.compliance("CONTROL_TOWER_KMS_KEY")[key_id]
        return found.compliance_type, found.annotation


@contextmanager
def landing_zone_account(root: Path) -> Iterator[LandingZoneAccount]:
    """A sandbox, the environment that sees it alone, rdk's bucket, and a copy of our sources."""
    for part in ("rules", "parameters", "deploy"):
        shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__", "*.zip"))
    with Sandbox() as sandbox, pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in sandbox.environment.items():
            patch.setenv(name, value)
        bucket = f"config-rule-code-bucket-{sandbox.account}-{sandbox.region}"
        sandbox.client("s3").create_bucket(Bucket=bucket)
        yield LandingZoneAccount(sandbox, root)


@pytest.fixture
def management(tmp_path: Path) -> Iterator[LandingZoneAccount]:
    """The management account of a landing zone, nothing deployed yet."""
    with landing_zone_account(tmp_path) as made:
        yield made
