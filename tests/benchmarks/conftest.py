"""What the benchmarks share: the documented policy, a race of functions, and bars that are held when timed.

Ordinary runs disable benchmarks: every body then runs once, and only what it answers is checked. With
`--benchmark-enable` ratios are measured in one run, on one machine, and held against their bars.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import inf
from time import process_time
from typing import TYPE_CHECKING, Any

import pytest

from landing_zone_key import KmsKey, LandingZone
from landing_zone_key.key import KeyArn
from landing_zone_key.requests import EARLIEST_MOMENT
from landing_zone_key.requests import families as families_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from landing_zone_key.policy import Family

ARN = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
TRAIL = "arn:aws:cloudtrail:us-east-1:111122223333:trail/aws-controltower-BaselineCloudTrail"

# https://docs.aws.amazon.com/controltower/latest/userguide/configure-kms-keys.html
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

_HELD = pytest.StashKey[list[str]]()


@dataclass(frozen=True)
class Documented:
    """The two statements of Control Tower's page, for one key and trail."""

    key_arn: str = ARN
    trail_arn: str = TRAIL

    def policy(self, *more: object) -> str:
        """A key policy with the two statements, and then more."""
        return json.dumps({"Version": "2012-10-17", "Statement": [CONFIG, CLOUDTRAIL, *more]})

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
class Stopwatch:
    """Measures when benchmarks are enabled; otherwise runs everything once and holds nothing to a bar."""

    enabled: bool
    held: list[str]

    def race(self, *contestants: Callable[[], Any], rounds: int, calls: int = 1) -> list[float]:
        """The fewest CPU seconds that one call of each took; they take turns, and so share the noise."""
        if not self.enabled:
            rounds = calls = 1
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
            self.held.append(f"{what:<62} {measured:>34}")

    def hold(self, what: str, seconds: float, unit: float, most: float) -> None:
        """Assert that the seconds are at most so many units."""
        if not self.enabled:
            return
        ratio = seconds / unit
        verdict = "ok" if ratio <= most else "MISSED"
        self.note(what, f"{_time(seconds)} = {ratio:6.2f} of {most:6.2f} {verdict}")
        assert ratio <= most, f"{what}: {ratio:.2f} times, at most {most}"


@pytest.fixture(scope="session")
def documented() -> Documented:
    """The documented policy and its requests."""
    return Documented()


@pytest.fixture
def stopwatch(request: pytest.FixtureRequest) -> Stopwatch:
    """Enabled by `--benchmark-enable`, in a run without workers that would disturb each other."""
    enabled = request.config.getoption("benchmark_enable") and not hasattr(request.config, "workerinput")
    return Stopwatch(bool(enabled), request.config.stash.setdefault(_HELD, []))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the bars below the table of pytest-benchmark."""
    if held := config.stash.get(_HELD, []):
        terminalreporter.section("bars: measured, as a ratio, of at most")
        for line in held:
            terminalreporter.write_line(line)


def _time(seconds: float) -> str:
    return f"{seconds * 1e6:8.1f} us" if seconds < 1e-3 else f"{seconds * 1e3:8.1f} ms"
