"""`lzkey report` of a large organization: AWS calls by action, CPU, memory, and the size of the files.

5,000 accounts x 4 Regions x 3 keys when timed, 10,000 where an aggregator ends, a few otherwise; what is
counted is held to in both. The command runs in a process of its own, so that the sandbox is not measured
with it.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import pytest

import lzkey
from lzkey.aws.fact import actions_of
from lzkey.aws.keys import key_aliases
from lzkey.aws.units import unit_paths
from lzkey.report.document import from_document
from lzkey.report.model import Delivery
from lzkey.report.observing import IN_EACH_ACCOUNT, IN_THE_MANAGEMENT_ACCOUNT
from lzkey.state import State
from lzkey_sandbox import GeneratedPlan, LandingZone, OrganizationPlan, Sandbox
from lzkey_sandbox.baselines import Unit
from lzkey_sandbox.generated_population import FOREIGN, NOT_JUDGED

if TYPE_CHECKING:
    from collections.abc import Iterator

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
#: What the build before did not ask yet: what keys are called, and the units that accounts are in.
OF_NAMES = frozenset(actions_of(key_aliases, unit_paths))

#: When all keys of the organizations that are compared were evaluated.
EVALUATED = datetime.now(UTC) - timedelta(hours=1)
HERE = Path(lzkey.__file__).parents[1]

#: Runs the command, and tells the most memory that its process ever had (KiB on Linux) at the end.
#: `ru_maxrss` would count that of the process by which it was begun.
PROGRAM = """
import sys
from lzkey.cli import main
code = main(sys.argv[1:])
memory = next(line for line in open("/proc/self/status") if line.startswith("VmHWM:"))
print(memory.split()[1], file=sys.stderr)
sys.exit(code)
"""


@dataclass(frozen=True)
class Made:
    """A report, and what it took."""

    report: Report
    seconds: float
    cpu: float
    """Seconds, the system's for it among them."""
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


def make(sandbox: Sandbox, folder: Path, root: Path = HERE) -> Made:
    """Let the command write all its files; `root` is where its build is."""
    paths = [folder / f"report.{suffix}" for suffix in ("json", "html", "csv", "md")]
    arguments = [part for path in paths for part in ("--output", str(path))]
    imported = os.pathsep.join(map(str, (root, root / "rules" / "CONTROL_TOWER_KMS_KEY")))
    told = folder / "told"
    began = perf_counter()
    with told.open("w") as errors:
        command = subprocess.Popen(
            [sys.executable, "-P", "-c", PROGRAM, "report", *arguments],
            env={**sandbox.environment, "PYTHONPATH": imported},
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        _, status, used = os.wait4(command.pid, 0)
    command.returncode = os.waitstatus_to_exitcode(status)
    seconds = perf_counter() - began
    assert command.returncode in {0, 3, 4}, told.read_text()
    report = from_document(json.loads(paths[0].read_text()))
    sizes = {path.suffix: path.stat().st_size / 1e6 for path in paths}
    memory = int(told.read_text().split()[-1]) / 1024
    return Made(report, seconds, used.ru_utime + used.ru_stime, memory, sizes)


@pytest.fixture
def accounts(stopwatch: Stopwatch) -> int:
    """How many accounts there are."""
    return stopwatch.sized(5000, 50, 6)


def note(stopwatch: Stopwatch, made: Made, what: str) -> None:
    """Put what it took under the run."""
    places, keys = len(made.report.places), len(made.report.keys)
    stopwatch.note(f"report, {what}: {places} places, {keys} keys", f"{made.seconds:.0f} s")
    stopwatch.note("CPU of the command", f"{made.cpu:.0f} s")
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


class TestLimit:
    """10,000 accounts are the most that an aggregator shows.

    https://docs.aws.amazon.com/config/latest/developerguide/configlimits.html
    """

    #: The fewest accounts that an organization with a landing zone is made of here.
    LEAST = 5

    @pytest.fixture
    def sizes(self, stopwatch: Stopwatch) -> tuple[int, int]:
        """Two numbers of accounts, the second twice the first."""
        if not stopwatch.enabled:
            return 2 * self.LEAST, 4 * self.LEAST
        return (250, 500) if stopwatch.quick else (5_000, 10_000)

    def of(self, accounts: int, folder: Path, root: Path = HERE) -> Made:
        """The report of so many accounts, of which every key is judged."""
        plan = GeneratedPlan(accounts=accounts, verdicts=(FOREIGN,), evaluated=EVALUATED)
        with organization(plan) as sandbox:
            made = make(sandbox, folder, root)
        assert len(made.report.places) == accounts * len(REGIONS)
        return made

    def test_an_account_takes_no_more_where_there_are_more(
        self, sizes: tuple[int, int], stopwatch: Stopwatch, tmp_path: Path
    ) -> None:
        """Of CPU and of memory."""
        few, many = (self.of(accounts, tmp_path) for accounts in sizes)
        note(stopwatch, many, f"{sizes[1]:,} accounts")
        of = f"of each of {sizes[1]:,} accounts, to {sizes[0]:,}"
        stopwatch.hold(f"CPU {of}", many.cpu / sizes[1], few.cpu / sizes[0], 1.1)
        ratio = many.mebibytes / sizes[1] / (few.mebibytes / sizes[0])
        stopwatch.note(f"peak memory {of}", f"{ratio:.2f} of 1.10")
        assert not stopwatch.enabled or ratio <= 1.1

    def test_an_account_takes_little_more_than_half_of_what_it_took(
        self, sizes: tuple[int, int], before: Path, stopwatch: Stopwatch, tmp_path: Path
    ) -> None:
        """Of CPU, beside what a report of the fewest accounts takes; and what is told is the same.

        Two thirds of what is left are botocore's and urllib3's, for calls of which no fewer are possible.
        """
        rounds = 2 if stopwatch.enabled and sizes[0] < 1_000 else 1  # in turn, to share the noise
        took: dict[tuple[Path, int], float] = {}
        made: dict[Path, Made] = {}
        for accounts, root in rounds * [*product((self.LEAST, sizes[0]), (before, HERE))]:
            made[root] = self.of(accounts, tmp_path, root)
            took[root, accounts] = min(made[root].cpu, took.get((root, accounts), math.inf))
        assert made[HERE].report.keys == made[before].report.keys
        since = {action: number for action, number in made[HERE].calls.items() if action not in OF_NAMES}
        assert since == made[before].calls
        ours, theirs = (took[root, sizes[0]] - took[root, self.LEAST] for root in (HERE, before))
        stopwatch.hold("CPU of all but the fewest accounts, to the build before", ours, theirs, 0.65)
