"""How a key stands: the days that are left to it, in any time zone, and what is said of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from landing_zone_key import KmsKey
from landing_zone_key.key import KeyArn
from lzkey.aws.standing import UNTOLD, Standing, standing_of

ARN = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
SAMOA = timezone(timedelta(hours=13))


@pytest.mark.parametrize(
    ("standing", "now", "days"),
    [
        (Standing(ARN, "PendingDeletion", "2026-12-09"), datetime(2026, 11, 29, 0, 0, tzinfo=UTC), 10),
        (Standing(ARN, "PendingDeletion", "2026-12-09"), datetime(2026, 11, 29, 23, 59, tzinfo=UTC), 10),
        (Standing(ARN, "PendingDeletion", "2026-12-09"), datetime(2026, 12, 8, 23, 59, tzinfo=UTC), 1),
        (Standing(ARN, "PendingDeletion", "2026-12-09"), datetime(2026, 12, 9, 0, 0, tzinfo=UTC), 0),
        (Standing(ARN, "PendingDeletion", "2026-12-09"), datetime(2026, 12, 9, 12, 59, tzinfo=SAMOA), 1),
        (Standing(ARN, "PendingDeletion", "2026-12-09"), datetime(2026, 12, 10, 0, 0, tzinfo=UTC), -1),
        (Standing(ARN, "Enabled", None, "2027-01-01"), datetime(2026, 12, 31, 12, 0, tzinfo=UTC), 1),
        (Standing(ARN, "Enabled"), datetime(2026, 12, 31, 12, 0, tzinfo=UTC), None),
        (Standing(ARN, "PendingDeletion", "2026-99-99"), datetime(2026, 12, 31, 12, 0, tzinfo=UTC), None),
    ],
)
def test_days_left(standing: Standing, now: datetime, days: int | None) -> None:
    """Are days of UTC's calendar; none where nothing ends it, or nobody can read when."""
    assert standing.days_left(now) == days


def test_deletion_comes_before_expiry() -> None:
    """A key that waits for its deletion never reaches the day on which its key material would expire."""
    assert Standing(ARN, "PendingDeletion", "2026-12-09", "2026-12-01").ends == "2026-12-09"


@pytest.mark.parametrize(("state", "known"), [(None, UNTOLD), ("Disabled", "Disabled")])
def test_a_state_that_nobody_tells(state: str | None, known: str) -> None:
    """Is no health, and no fault of the key either; the twin is told."""
    standing = standing_of(KmsKey(KeyArn.parse(ARN), key_state=state))
    assert standing.state == known
    assert ("not known" in standing.fault) is (state is None)
    assert standing.fix == f"run aws kms {'describe' if state is None else 'enable'}-key --key-id {ARN}"
