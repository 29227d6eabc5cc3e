"""What the benchmarks share: the documented policy, a race of functions, and bars that are held when timed.

Ordinary runs disable benchmarks: every body then runs once, and only what it answers is checked. With
`--benchmark-enable` ratios are measured in one run, on one machine, and held against their bars; with
`--quick`, too, on fewer keys and in fewer rounds, within three minutes.
"""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import zipfile
from dataclasses import dataclass
from math import inf
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Any

import pytest

from landing_zone_key import KmsKey, LandingZone
from landing_zone_key.key import KeyArn
from landing_zone_key.requests import EARLIEST_MOMENT
from landing_zone_key.requests import families as families_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from landing_zone_key.policy import Family

ARN = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
TRAIL = "arn:aws:cloudtrail:us-east-1:111122223333:trail/aws-controltower-BaselineCloudTrail"

# https://docs.aws.amazon.com/controltower/latest/userguide/configure-kms-keys.html
ROOT = {
    "Sid": "Enable IAM User Permissions",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
    "Action": "kms:*",
    "Resource": "*",
}
CONFIG = {
    "Sid": "Allow Config to use KMS for encryption",
    "Effect": "Allow",
    "Principal": {"Service": "config.amazonaws.com"},
    "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
    "Resource": ARN,
}
CLOUDTRAIL = {
    "Sid": "Allow CloudTrail to use KMS for encryption",
    "Effect": "Allow",
    "Principal": {"Service": "cloudtrail.amazonaws.com"},
    "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
    "Resource": ARN,
    "Condition": {
        "StringEquals": {"aws:SourceArn": TRAIL},
        "StringLike": {
            "kms:EncryptionContext:aws:cloudtrail:arn": "arn:aws:cloudtrail:*:111122223333:trail/*"
        },
    },
}

PROJECT = Path(__file__).parents[2]
#: The last commit before it was made ten times faster.
BEFORE = "af9984ae8d99d48ada48b9990d4cc3cd0b9f7593"

_HELD = pytest.StashKey[list["Bar"]]()


@dataclass(frozen=True)
class Documented:
    """The two statements of Control Tower's page, for one key and trail."""

    key_arn: str = ARN
    trail_arn: str = TRAIL

    def policy(self, *more: object) -> str:
        """A key policy with the two statements, and then more."""
        documented = ({**statement, "Resource": self.key_arn} for statement in (CONFIG, CLOUDTRAIL))
        return json.dumps({"Version": "2012-10-17", "Statement": [*documented, *more]})

    def families(self) -> tuple[Family, ...]:
        """All requests of AWS Config and CloudTrail."""
        parameters = {
            "HomeRegion": "us-east-1",
            "ManagementAccountId": "111122223333",
            "OrganizationId": "o-exampleorgid",
        }
        key = KmsKey.from_arn(KeyArn.parse(self.key_arn))
        return families_of(key, LandingZone.from_rule_parameters(parameters), EARLIEST_MOMENT)


@dataclass(frozen=True)
class Bar:
    """A line under the run."""

    what: str
    measured: str
    ratio: float = 0
    missed: bool = False
    among: str = ""
    """Of these the costliest is shown, and what is missed."""

    def __str__(self) -> str:
        """At most a hundred columns."""
        return f"{self.what:<64.64} {self.measured:>35}"


def seconds(measured: float) -> str:
    """Seconds for people."""
    return f"{measured * 1e6:8.1f} us" if measured < 1e-3 else f"{measured * 1e3:8.1f} ms"


@dataclass(frozen=True)
class Stopwatch:
    """Measures when benchmarks are enabled; otherwise runs everything once and holds nothing to a bar."""

    enabled: bool
    quick: bool
    held: list[Bar]

    @property
    def at_scale(self) -> bool:
        """Whether there are as many as in a large organization."""
        return self.enabled and not self.quick

    def sized(self, timed: int, quick: int, once: int) -> int:
        """So many where times are taken, where they are taken quickly, and where everything runs once."""
        if not self.enabled:
            return once
        return quick if self.quick else timed

    def race(self, *contestants: Callable[[], Any], rounds: int, calls: int = 1) -> list[float]:
        """The fewest CPU seconds that one call of each took; they take turns, and so share the noise."""
        rounds, calls = self.sized(rounds, max(2, rounds // 5), 1), self.sized(calls, calls, 1)
        fewest = [inf] * len(contestants)
        for _ in range(rounds):
            for place, contestant in enumerate(contestants):
                began = process_time()
                for _ in range(calls):
                    contestant()
                fewest[place] = min(fewest[place], (process_time() - began) / calls)
        return fewest

    def note(self, what: str, measured: str) -> None:
        """Put a line under the run."""
        if self.enabled:
            self.held.append(Bar(what, measured))

    def hold(
        self,
        what: str,
        measured: float,
        unit: float,
        most: float,
        *,
        told: Callable[[float], str] = seconds,
        among: str = "",
    ) -> None:
        """Fail the test in the end where it is more than so many units; first its other bars are measured."""
        if not self.enabled:
            return
        ratio = measured / unit
        missed = ratio > most
        line = f"{told(measured)} = {ratio:6.2f} of {most:6.2f} {'MISSED' if missed else 'ok'}"
        self.held.append(Bar(what, line, ratio, missed, among))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Known wherever the benchmarks are named, as `make bench` does."""
    parser.addoption("--quick", action="store_true", help="benchmarks: fewer keys and rounds, three minutes")


@pytest.fixture(scope="session")
def documented() -> Documented:
    """The documented policy and its requests."""
    return Documented()


@pytest.fixture(scope="session")
def stopwatch(request: pytest.FixtureRequest) -> Stopwatch:
    """Enabled by `--benchmark-enable`, in a run without workers that would disturb each other."""
    config = request.config
    enabled = config.getoption("benchmark_enable") and not hasattr(config, "workerinput")
    quick = config.getoption("quick", default=False)
    return Stopwatch(bool(enabled), bool(quick), config.stash.setdefault(_HELD, []))


@pytest.fixture(scope="session")
def before(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The build of that commit, which is not left behind."""
    git = shutil.which("git")
    if git is None:
        pytest.skip("there is no git, which has the build to compare with")
    command = [git, "archive", "--format=zip", BEFORE, "lzkey", "rules"]
    packing = subprocess.run(command, cwd=PROJECT, check=False, capture_output=True)
    if packing.returncode:
        pytest.skip(f"git has no commit {BEFORE} to compare with: {packing.stderr.decode().strip()}")
    made = tmp_path_factory.mktemp("before")
    with zipfile.ZipFile(io.BytesIO(packing.stdout)) as archive:
        archive.extractall(made)
    yield made
    shutil.rmtree(made)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Fail a test that has missed a bar, after all of its bars."""
    held = item.config.stash.setdefault(_HELD, [])
    before = len(held)
    yield
    if missed := [str(bar) for bar in held[before:] if bar.missed]:
        pytest.fail("\n".join(missed), pytrace=False)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the bars below the table of pytest-benchmark."""
    held = config.stash.get(_HELD, [])
    if not held:
        return
    costliest: dict[str, Bar] = {}
    for bar in held:
        if bar.among and bar.ratio >= costliest.get(bar.among, bar).ratio:
            costliest[bar.among] = bar
    terminalreporter.section("bars: measured, as a ratio, of at most")
    for bar in held:
        if not bar.among or bar.missed or bar is costliest[bar.among]:
            terminalreporter.write_line(str(bar))
