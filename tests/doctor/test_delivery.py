"""Whether the landing zone's trail delivers, beside what the rule proves."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from lzkey.doctor import Status
from lzkey_sandbox import LandingZone
from lzkey_sandbox.cloudtrail import TrailState

if TYPE_CHECKING:
    from .conftest import Management

OTHER = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
TRAIL = "aws-controltower-BaselineCloudTrail"


@pytest.mark.parametrize(
    ("state", "status", "said"),
    [
        (TrailState(), Status.OK, f"{TRAIL} is logging, and delivered "),
        (None, Status.PROBLEM, f"there is no trail {TRAIL} in us-east-1: the proof is about its requests"),
        (TrailState(logging=False), Status.PROBLEM, "is not logging; it delivered "),
        (TrailState(logging=False, delivered=None), Status.PROBLEM, f"{TRAIL} is not logging"),
        (
            TrailState(error="AccessDenied", delivered=timedelta(hours=3.5)),
            Status.PROBLEM,
            "failed to deliver its log files: AccessDenied; last delivered 3 hours ago",
        ),
        (TrailState(digest_error="AccessDenied"), Status.PROBLEM, "failed to deliver its digest files"),
        (TrailState(delivered=None), Status.UNKNOWN, "is logging, and never delivered; no error is told"),
        (TrailState(delivered=timedelta(hours=23.5)), Status.OK, "delivered 23 hours ago"),
        (
            TrailState(delivered=timedelta(hours=25.5)),
            Status.UNKNOWN,
            "delivered 1 day ago; no error is told",
        ),
        (TrailState(key=OTHER), Status.PROBLEM, f"it encrypts with {OTHER}, which the landing zone's"),
    ],
    ids=str,
)
def test_trail(account: Management, state: TrailState | None, status: Status, said: str) -> None:
    """Each state of it; an error is told as it was read, and nobody calls it healthy."""
    account.sandbox.trail = state
    check = account.lines()["trail"]
    account.sandbox.trail = TrailState()
    assert check.status is status
    assert said in check.detail
    assert bool(check.fix) is (status is not Status.OK)


@pytest.mark.parametrize("enabled", [True, False])
def test_where_the_integration_is_off(account: Management, *, enabled: bool) -> None:
    """There is no trail to look at; the twin is on."""
    before = account.sandbox.landing_zone
    assert before is not None
    blocks = {name: dict(block) for name, block in before.manifest.items()}
    blocks["centralizedLogging"]["enabled"] = enabled
    account.sandbox.landing_zone = LandingZone("4.0", blocks)
    check = account.lines()["trail"]
    account.sandbox.landing_zone = before
    assert check.status is (Status.OK if enabled else Status.NOT_APPLICABLE)
