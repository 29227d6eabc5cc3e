"""Sandboxes with small rules in them, and the steps that most tests take."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lzkey_sandbox import Sandbox

from .accounts import Account, zipped
from .aggregates import Aggregated, aggregated_organization
from .organizations import SMALL, Organized

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ROOT = Path(__file__).parents[2]
SAMPLES: Any = json.loads((Path(__file__).parent / "aws_samples.json").read_text())


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
def organized(sandbox: Sandbox) -> Organized:
    """A small organization around the sandbox's account."""
    return Organized(sandbox, sandbox.organization(SMALL))


@pytest.fixture(scope="class")
def shared() -> Iterator[Organized]:
    """A small organization for a whole class; no test of it can have a sandbox of its own."""
    with Sandbox() as made:
        yield Organized(made, made.organization(SMALL))


@pytest.fixture(scope="class")
def event_log(shared: Organized) -> str:
    """The shared organization's one function, which logs the events that it is invoked with."""
    return shared.function("EVENT_LOG")


@pytest.fixture
def without_rules(shared: Organized) -> Iterator[Organized]:
    """The shared organization; the rules that a test puts are gone after it."""
    yield shared
    for account in (shared.organization.management, shared.organization.audit):
        config = shared.sandbox.client("config", account=account)
        for rule in config.describe_organization_config_rules()["OrganizationConfigRules"]:
            name = rule["OrganizationConfigRuleName"]
            config.delete_organization_config_rule(OrganizationConfigRuleName=name)


@pytest.fixture(scope="module")
def aggregated() -> Iterator[Aggregated]:
    """An organization with an aggregator; every test takes accounts of its own."""
    with aggregated_organization() as made:
        yield made


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
        """Write a parameters file, the example with fields changed (None: left out); return its name.

        KeyScope is all, for which the role that rdk creates is enough.
        """
        document = json.loads((self.root / "parameters/example.json").read_text())
        for field, value in {"KeyScope": "all", **changes}.items():
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
