"""Hypothesis, reproducible by default; `HYPOTHESIS_PROFILE=thorough` hunts with many more examples.

The package `oracle` beside this file holds the strategies, and the slow evaluator that is obviously right.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from landing_zone_key.policy import proof

sys.path.insert(0, str(Path(__file__).parent))

_SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)

settings.register_profile(
    "reproducible",
    derandomize=True,
    deadline=None,
    max_examples=120,
    database=None,
    suppress_health_check=_SLOW,
)
settings.register_profile(
    "thorough",
    deadline=None,
    max_examples=10_000,
    database=None,
    suppress_health_check=_SLOW,
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "reproducible"))


@pytest.fixture(scope="module")
def without_bound() -> Iterator[None]:
    """A bound so high that no small policy reaches it: what a proof says without it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(proof, "MAXIMUM_STEPS", 1_000_000)
        yield
