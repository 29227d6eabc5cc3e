"""`lzkey report` of a large organization: AWS calls by action, seconds, memory, and the size of the files.

5,000 accounts x 4 Regions x 3 keys when timed, a few otherwise; what is counted is held to in both. The
command runs in a process of its own, so that the sandbox's memory is not measured with it.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

import pytest

from lzkey.aws.fact import actions_of
from lzkey.report.document import from_document
from lzkey.report.model import Delivery
from lzkey.report.observing import IN_EACH_ACCOUNT, IN_THE_MANAGEMENT_ACCOUNT
from lzkey.state import State
from lzkey_sandbox import GeneratedPlan, LandingZone, OrganizationPlan, Sandbox
from lzkey_sandbox.baselines import Unit
from lzkey_sandbox.generated_population import FOREIGN, NOT_JUDGED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lzkey.report.model import Report

    from .conftest import Stopwatch

ALONE = OrganizationPlan(members=0, without_recorder=0, without_role=0, suspended=0)
AGGREGATOR = "aws-controltower-ConfigAggregatorForOrganization"
PARAMETERS = {
    "HomeRegion": "us-east-1",
    "ManagementAccountId": "111122223333",
    "OrganizationId": "o-exampleorgid",
    "AssumeRoleMode": "true",
    "ExecutionRoleName": "LandingZoneKeyReader",
}
DETAILS = "config:GetAggregateComplianceDetailsByConfigRule"
INVENTORY = "config:SelectAggregateResourceConfig"
REGIONS = ("us-east-1", "us-west-2", "eu-west-1", "eu-central-1")

#: Runs the command, and tells the most memory that its process ever had (KiB on Linux) at the end.
PROGRAM = """
import resource, sys
from lzkey.cli import main
code = main(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
sys.exit(code)
"""


@dataclass(frozen=True)
class Made:
    """A report, and what it took."""

    report: Report
    seconds: float
    mebibytes: float
    sizes: dict[str, float]
    """MB by suffix."""

    @property
    def calls(self) -> dict[str, int]:
        """The calls by action."""
        return dict(self.report.calls or {})


@contextmanager
def organization(plan: GeneratedPlan, **parameters: str) -> Iterator[Sandbox]:
    """An organization that is computed, seen through an aggregator in its management account."""
    with Sandbox() as sandbox:
        sandbox.organization(ALONE)
        population = sandbox.generate(plan, {**PARAMETERS, **parameters})
        sandbox.landing_zone = LandingZone.with_key(population.landing_zone_key, "4.0")
        sandbox.units = (Unit(accounts=tuple(population.accounts)),)
        sandbox.client("config").put_configuration_aggregator(
            ConfigurationAggregatorName=AGGREGATOR,
            OrganizationAggregationSource={
                "RoleArn": "arn:aws:iam::111122223333:role/aggregator",
                "AwsRegions": list(plan.regions),
            },
        )
        yield sandbox


def make(sandbox: Sandbox, folder: Path) -> Made:
    """Let the command write all its files."""
    paths = [folder / f"report.{suffix}" for suffix in ("json", "html", "csv", "md")]
    arguments = [part for path in paths for part in ("--output", str(path))]
    began = perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "report", *arguments],
        env=sandbox.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = perf_counter() - began
    assert done.returncode in {0, 3, 4}, done.stderr
    report = from_document(json.loads(paths[0].read_text()))
    sizes = {path.suffix: path.stat().st_size / 1e6 for path in paths}
    return Made(report, seconds, int(done.stderr.split()[-1]) / 1024, sizes)


@pytest.fixture
def accounts(stopwatch: Stopwatch) -> int:
    """How many accounts there are."""
    return stopwatch.sized(5000, 50, 6)


def note(stopwatch: Stopwatch, made: Made, what: str) -> None:
    """Put what it took under the run."""
    places, keys = len(made.report.places), len(made.report.keys)
    stopwatch.note(f"report, {what}: {places} places, {keys} keys", f"{made.seconds:.0f} s")
    stopwatch.note("peak memory of the command", f"{made.mebibytes:.0f} MiB")
    stopwatch.note("files, MB", ", ".join(f"{name[1:]} {size:.1f}" for name, size in made.sizes.items()))
    for action, count in made.calls.items():
        if count > 1:
            stopwatch.note(f"  {action}", str(count))
    stopwatch.note("  all calls", str(sum(made.calls.values())))


class TestScale:
    """What it takes follows from what there is to see."""

    def test_landing_zone_keys_alone(self, accounts: int, stopwatch: Stopwatch, tmp_path: Path) -> None:
        """One account has a result: one call for details, whatever the number of accounts and keys."""
        plan = GeneratedPlan(accounts=accounts, verdicts=(NOT_JUDGED,))
        with organization(plan, KeyScope="landing-zone") as sandbox:
            made = make(sandbox, tmp_path)
        keys = accounts * len(REGIONS) * plan.keys
        assert made.report.proved.delivery is Delivery.YES
        assert made.report.counts == {
            State.NOT_APPLICABLE: keys - 1,
            State.COMPLIANT: 1,
            State.UNKNOWN: 0,
            State.NON_COMPLIANT: 0,
        }
        assert made.calls[DETAILS] == 1
        pages = math.ceil(accounts * plan.keys / 100) + math.ceil(accounts / 100)
        assert made.calls[INVENTORY] <= len(REGIONS) * math.ceil(pages * 1.5 + 1)
        observing = actions_of(*IN_THE_MANAGEMENT_ACCOUNT, *IN_EACH_ACCOUNT)
        seen = sum(count for action, count in made.calls.items() if action in observing)
        assert seen <= len(observing) + math.ceil((accounts + 10) / 50) + 10
        if stopwatch.at_scale:
            assert sum(made.calls.values()) <= 1.3 * (sum(made.calls.values()) - seen)
        stopwatch.note("calls that observe", str(seen))
        note(stopwatch, made, "KeyScope=landing-zone")

    def test_every_key_is_judged(self, accounts: int, stopwatch: Stopwatch, tmp_path: Path) -> None:
        """A call for details per account and Region, not per key."""
        with organization(GeneratedPlan(accounts=accounts, verdicts=(FOREIGN,))) as sandbox:
            made = make(sandbox, tmp_path)
        places = accounts * len(REGIONS)
        assert made.report.counts[State.NON_COMPLIANT] == 3 * places - 1
        assert places <= made.calls[DETAILS] <= 1.6 * places
        assert made.report.proved.delivery is Delivery.YES
        note(stopwatch, made, "every key judged")
        if stopwatch.at_scale:
            assert made.mebibytes < 20 * made.sizes[".json"]

    def test_more_keys(self, tmp_path: Path) -> None:
        """Add pages to the inventory, and no other call."""
        calls = []
        for keys in (1, 3):
            plan = GeneratedPlan(accounts=5, regions=REGIONS[:2], keys=keys, verdicts=(FOREIGN,))
            with organization(plan) as sandbox:
                calls.append(make(sandbox, tmp_path).calls)
        few, many = ({name: count for name, count in found.items() if name != INVENTORY} for found in calls)
        assert few == many
