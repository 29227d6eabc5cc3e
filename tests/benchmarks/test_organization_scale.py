"""The built zip over an organization: calls per key and account, seconds, memory, and what faults leave.

200 accounts of 25 keys when timed, a few otherwise; what is counted is held to in both.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import pytest

from lzkey import RULE_NAME
from lzkey.deployment.build import build
from lzkey.workplace import Workplace
from lzkey_sandbox import OrganizationPlan, Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .conftest import Stopwatch

ROOT = Path(__file__).parents[2]
ROLE = "LandingZoneKeyReader"
# More where there are few calls, so that there are faults at all.
FAULTS = {
    True: {"ThrottlingException": 0.05, "AccessDeniedException": 0.01},
    False: {"ThrottlingException": 0.15, "AccessDeniedException": 0.1},
}
LAMBDA_KIB = 256 * 1024  # rdk's function
CHANGES = {"DisableKey", "ScheduleKeyDeletion"}
PARAMETERS = {
    "HomeRegion": "us-east-1",
    "ManagementAccountId": "111122223333",
    "OrganizationId": "o-exampleorgid",
    "ExecutionRoleName": ROLE,
    "AssumeRoleMode": "true",
}


@dataclass
class Fleet:
    """Accounts with keys in them, and the organization's rule; only members are looked at."""

    sandbox: Sandbox
    accounts: tuple[str, ...]
    rule: str
    keys: dict[str, list[str]] = field(default_factory=dict)

    def evaluate(self, step: Callable[[], object]) -> float:
        """Count anew, take a step, and wait until its evaluations are done; the seconds since."""
        self.sandbox.forget_calls()
        began = perf_counter()
        step()
        self.sandbox.settle(3600)
        return perf_counter() - began

    def schedule(self) -> float:
        """Let the schedule come round in every account."""
        return self.evaluate(lambda: [self.sandbox.run_scheduled(self.rule, name) for name in self.accounts])

    def record(self) -> float:
        """Let every key's configuration item be delivered."""
        return self.evaluate(lambda: [self.sandbox.record_all(name) for name in self.accounts])

    def turn(self, operation: str, most: int | None = None) -> dict[str, list[str]]:
        """Change the state of keys, of every account so many; return them."""
        turned = {account: keys[:most] for account, keys in self.keys.items()}
        for account, keys in turned.items():
            for key in keys:
                getattr(self.sandbox.client("kms", account=account), operation)(KeyId=key)
        return turned

    def counts(self) -> Counter[str]:
        """The calls of the function, by operation."""
        return Counter(call.operation for call in self.sandbox.calls if call.operation not in CHANGES)

    def gaps(self, keys: dict[str, list[str]], since: datetime) -> list[tuple[str, str]]:
        """The keys whose result is older than this moment or missing: account and key."""
        return [
            (account, key)
            for account, wanted in keys.items()
            for key, fresh in self._fresh(account, wanted, since).items()
            if not fresh
        ]

    def _fresh(self, account: str, keys: Iterable[str], since: datetime) -> dict[str, bool]:
        config = self.sandbox.client("config", account=account)
        pages = config.get_paginator("get_compliance_details_by_config_rule").paginate(
            ConfigRuleName=self.rule, PaginationConfig={"PageSize": 100}
        )
        ordered = {
            result["EvaluationResultIdentifier"]["EvaluationResultQualifier"]["ResourceId"]: result[
                "EvaluationResultIdentifier"
            ]["OrderingTimestamp"]
            for page in pages
            for result in page["EvaluationResults"]
        }
        return {key: key in ordered and ordered[key] >= since for key in keys}

    def wrong(self, keys: dict[str, list[str]], state: str) -> list[tuple[str, str]]:
        """The keys of which the annotation tells another state, and says of nothing that it is not known."""
        found = []
        for account, wanted in keys.items():
            results = self.sandbox.compliance(self.rule, account)
            for key in wanted:
                annotation = results[key].annotation if key in results else ""
                if not any(told in annotation for told in (state, "was refused", "failed with")):
                    found.append((account, key))
        return found

    def named(self, since: datetime) -> set[str]:
        """The accounts whose AWS Config shows that an evaluation has failed since."""
        statuses = {account: self.sandbox.evaluation_status(self.rule, account) for account in self.accounts}
        never = datetime.min.replace(tzinfo=UTC)
        return {
            account
            for account, status in statuses.items()
            if status.get("LastFailedEvaluationTime", never) >= since
        }


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory, stopwatch: Stopwatch) -> Iterator[Fleet]:
    """The organization, its keys, and the rule with both triggers; nothing is recorded yet."""
    each = stopwatch.sized(25, 5, 3)
    project = tmp_path_factory.mktemp("project")
    for part in ("parameters", "rules"):
        shutil.copytree(ROOT / part, project / part, ignore=shutil.ignore_patterns("__pycache__"))
    package = build("example", at=Workplace.in_checkout(project)).archive.path.read_bytes()
    plan = OrganizationPlan(
        members=stopwatch.sized(200, 8, 3),
        execution_role=ROLE,
        without_recorder=0,
        without_role=0,
        suspended=0,
    )
    with Sandbox() as sandbox:
        sandbox.answer_sts_address()
        sandbox.recording = False
        organization = sandbox.organization(plan)
        put_rule(sandbox, put_function(sandbox, package))
        sandbox.settle(3600)
        rules = sandbox.client("config", account=organization.sound[0]).describe_config_rules()
        made = Fleet(sandbox, organization.sound, rules["ConfigRules"][0]["ConfigRuleName"])
        for account in made.accounts:
            kms = sandbox.client("kms", account=account)
            created = [kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(each)]
            made.keys[account] = created
        yield made


def put_function(sandbox: Sandbox, package: bytes) -> str:
    """Create the function as rdk does; AWS Config of the organization may invoke it."""
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = sandbox.client("iam").create_role(
        RoleName="function",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": trust}),
    )
    client = sandbox.client("lambda")
    arn = client.create_function(
        FunctionName=RULE_NAME,
        Runtime="python3.13",
        Role=role["Role"]["Arn"],
        Handler=f"{RULE_NAME}.lambda_handler",
        Code={"ZipFile": package},
        Timeout=300,
        MemorySize=256,
    )["FunctionArn"]
    permission = {
        "Sid": "config",
        "Effect": "Allow",
        "Principal": {"Service": "config.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": arn,
        "Condition": {"StringEquals": {"aws:SourceOrgID": PARAMETERS["OrganizationId"]}},
    }
    policy = {"Version": "2012-10-17", "Statement": [permission]}
    client.put_resource_policy(ResourceArn=arn, Policy=json.dumps(policy))
    return str(arn)


def put_rule(sandbox: Sandbox, function_arn: str) -> None:
    """Put the organization rule, for changes and on a schedule."""
    metadata: dict[str, Any] = {
        "LambdaFunctionArn": function_arn,
        "OrganizationConfigRuleTriggerTypes": [
            "ConfigurationItemChangeNotification",
            "OversizedConfigurationItemChangeNotification",
            "ScheduledNotification",
        ],
        "InputParameters": json.dumps(PARAMETERS),
        "ResourceTypesScope": ["AWS::KMS::Key"],
    }
    sandbox.client("config").put_organization_config_rule(
        OrganizationConfigRuleName=RULE_NAME, OrganizationCustomRuleMetadata=metadata
    )


def note_memory(fleet: Fleet, stopwatch: Stopwatch) -> None:
    """Hold the largest memory that the function's process ever had well under what rdk gives it."""
    status = Path(f"/proc/{fleet.sandbox.process_ids[0]}/status")
    if status.exists():  # Linux alone has it
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        peak = int(line.split()[1])
        stopwatch.note("Lambda, peak memory of the process", f"{peak / 1024:.0f} of 256 MiB")
        assert peak < LAMBDA_KIB / 2


class TestOrganization:
    """In this order: the second needs no recorder, and the faults come last."""

    def test_on_schedule(self, fleet: Fleet, stopwatch: Stopwatch) -> None:
        """Two calls per key, four per account, and nobody's results in another account."""
        since = datetime.now(UTC).replace(microsecond=0)
        seconds = fleet.schedule()
        accounts, keys = len(fleet.accounts), sum(map(len, fleet.keys.values()))
        assert fleet.counts() == {
            "AssumeRole": accounts,
            "ListKeys": accounts,
            "DescribeKey": keys,
            "GetKeyPolicy": keys,
            "GetComplianceDetailsByConfigRule": accounts,
            "PutEvaluations": accounts,
        }
        total = fleet.counts().total()
        assert fleet.gaps(fleet.keys, since) == []
        assert all(
            set(fleet.keys[name]) == set(fleet.sandbox.compliance(fleet.rule, name))
            for name in fleet.accounts
        )
        stopwatch.note(f"{accounts} accounts, {keys} keys, on schedule", f"{seconds:.0f} s")
        stopwatch.note("AWS calls", f"{total / keys:.2f} a key, {total / accounts:.0f} an account")
        stopwatch.note("seconds", f"{seconds / accounts:.3f} an account")
        note_memory(fleet, stopwatch)

    def test_on_change(self, fleet: Fleet, stopwatch: Stopwatch) -> None:
        """Two calls per key: AssumeRole and PutEvaluations."""
        since = datetime.now(UTC).replace(microsecond=0)
        fleet.sandbox.recording = True
        seconds = fleet.record()
        keys = sum(map(len, fleet.keys.values()))
        assert fleet.counts() == {"AssumeRole": keys, "PutEvaluations": keys}
        assert fleet.gaps(fleet.keys, since) == []
        stopwatch.note(f"{keys} keys in {len(fleet.accounts)} accounts, on change", f"{seconds:.0f} s")
        stopwatch.note("AWS calls", "2.00 a key")
        stopwatch.note("seconds", f"{seconds / keys:.3f} a key")
        note_memory(fleet, stopwatch)

    def test_on_schedule_when_calls_fail(self, fleet: Fleet, stopwatch: Stopwatch) -> None:
        """5 % throttled, 1 % refused: fresh and right, or known to be unknown, or the account says so."""
        fleet.sandbox.recording = False
        turned = fleet.turn("disable_key")
        since = datetime.now(UTC)
        fleet.sandbox.fail_at_random(FAULTS[stopwatch.at_scale], seed=3)
        seconds = fleet.schedule()
        fleet.sandbox.fail_at_random({})
        failed = Counter(call.error for call in fleet.sandbox.calls)
        left = {*fleet.wrong(turned, "Disabled"), *fleet.gaps(turned, since.replace(microsecond=0))}
        named = fleet.named(since)
        assert {account for account, _ in left} <= named
        assert failed["ThrottlingException"] > 0
        self.note(stopwatch, "schedule", seconds, failed, len(left), len(named))
        self.heal(fleet, turned, "Disabled")

    def test_on_change_when_calls_fail(self, fleet: Fleet, stopwatch: Stopwatch) -> None:
        """The same for changes, without Lambda's own two tries again, which would hide most of it."""
        fleet.sandbox.recording = True
        since = datetime.now(UTC)
        fleet.sandbox.fail_at_random(FAULTS[stopwatch.at_scale], seed=4)
        turned: dict[str, list[str]] = {}
        seconds = fleet.evaluate(lambda: turned.update(fleet.turn("schedule_key_deletion", 5)))
        fleet.sandbox.fail_at_random({})
        failed = Counter(call.error for call in fleet.sandbox.calls)
        left, named = fleet.wrong(turned, "PendingDeletion"), fleet.named(since)
        assert left
        assert {account for account, _ in left} <= named
        assert failed["ThrottlingException"] > 0
        self.note(
            stopwatch, f"{sum(map(len, turned.values()))} changes", seconds, failed, len(left), len(named)
        )
        self.heal(fleet, turned, "PendingDeletion")

    @staticmethod
    def heal(fleet: Fleet, keys: dict[str, list[str]], state: str) -> None:
        """Nothing is lost: the next run on schedule makes all good, and no account shows an error."""
        since = datetime.now(UTC).replace(microsecond=0)
        fleet.schedule()
        assert fleet.gaps(keys, since) == fleet.wrong(keys, state) == []
        statuses = [fleet.sandbox.evaluation_status(fleet.rule, name) for name in fleet.accounts]
        assert not [status for status in statuses if "LastErrorCode" in status]

    @staticmethod
    def note(
        stopwatch: Stopwatch, what: str, seconds: float, failed: Counter[str], left: int, named: int
    ) -> None:
        """Put what the faults did under the run."""
        faults = f"{failed['ThrottlingException']} throttled, {failed['AccessDeniedException']} refused"
        stopwatch.note(f"on {what}, {faults}", f"{seconds:.0f} s")
        stopwatch.note("results left behind, all in accounts that say so", f"{left} in {named}")
