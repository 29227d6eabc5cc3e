"""What depends on a key: only what was observed, with how much was looked at, and until when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lzkey.aws.standing import UNTOLD, Standing
from lzkey.observed.blast import BlastRadius, blast_radius, survey
from lzkey.observed.values import InForce, Observation, Observed, Outcome, OutOfService

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
ARN = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER = f"{ARN[:-1]}c"
TRAIL = "arn:aws:cloudtrail:us-east-1:111122223333:trail/aws-controltower-BaselineCloudTrail"
MEMBERS = ("444455556666", "777788889999", "123456789012")
STANDS = Standing(ARN, "Enabled")
CANNOT = "log objects that are encrypted with it cannot be read"
GONE = f"{CANNOT}, and never again once it is deleted"


def log_files(**changes: object) -> Observation:
    """The trail's log files, which arrive."""
    made = Observation(
        *("CloudTrail", "log files", "111122223333", "us-east-1", Outcome.DELIVERING, "last delivered"),
        *("cloudtrail:GetTrailStatus", NOON),
        key=ARN,
        bucket="aws-controltower-logs",
        sender=TRAIL,
    )
    return replace(made, **changes)  # type: ignore[arg-type] - a test names them right


def history(account: str = "111122223333", region: str = "us-east-1", **changes: object) -> Observation:
    """The configuration history of an account and Region, which arrives."""
    made = Observation(
        *("AWS Config", "configuration history", account, region, Outcome.DELIVERING, "last delivered"),
        *("config:DescribeDeliveryChannelStatus", NOON),
        key=ARN,
        bucket="aws-controltower-config",
        sender="default",
    )
    return replace(made, **changes)  # type: ignore[arg-type] - a test names them right


def unseen(one: Observation, why: str = "refused") -> Observation:
    """The same, of which nothing was read."""
    return replace(one, outcome=Outcome.NOT_OBSERVED, detail=why, key=None, bucket="", sender="", at=None)


def radius_of(*seen: Observation, standing: Standing = STANDS, asked: int = 1, of: int = 1) -> BlastRadius:
    """What depends on the key by these observations."""
    found = Observed(InForce(NOON), seen, asked, of)
    return blast_radius(standing, survey(found), NOON, ("CloudTrail",))


ITS_TRAIL = "trail aws-controltower-BaselineCloudTrail"
LOGS, CONFIGS = "into aws-controltower-logs", "into aws-controltower-config"
CHANNELS = "delivery channels of 1 account were asked for"
FOUR = "4 accounts: 111122223333, 444455556666, 777788889999 and 1 more"
UNSEEN = "of 1 of 2 trails and delivery channels nothing was seen: refused"
NAMELESS = "1 delivery channel names no key: with what the bucket encrypts was not observed"
NONE = "nothing that was observed encrypts with it"


@pytest.mark.parametrize(
    ("seen", "asked", "encrypts", "looked_at"),
    [
        (
            (log_files(), history()),
            (1, 1),
            f"{ITS_TRAIL} and the delivery channel of account 111122223333 in us-east-1 encrypt",
            f"{LOGS}, aws-controltower-config (the landing zone's trail and {CHANNELS})",
        ),
        (
            (log_files(), log_files(what="digest files")),
            (1, 1),
            f"{ITS_TRAIL} encrypts",
            f"{LOGS} (the landing zone's trail alone was asked for)",
        ),
        (
            (history(), history(what="configuration snapshots"), history(region="eu-west-1")),
            (1, 1),
            "delivery channels of account 111122223333 in us-east-1, eu-west-1 encrypt",
            f"{CONFIGS} ({CHANNELS})",
        ),
        (
            (history(), *map(history, MEMBERS)),
            (4, 5000),
            f"delivery channels of {FOUR} in us-east-1 encrypt",
            f"{CONFIGS} (delivery channels of 4 accounts of 5,000 were asked for)",
        ),
        (
            (log_files(), unseen(history())),
            (1, 0),
            f"{ITS_TRAIL} encrypts",
            f"{LOGS} (the landing zone's trail and {CHANNELS}, and of no other; {UNSEEN})",
        ),
    ],
    ids=range(5),
)
def test_what_depends(
    seen: tuple[Observation, ...], asked: tuple[int, int], encrypts: str, looked_at: str
) -> None:
    """Is named with the accounts, Regions and buckets, and beside it what was not seen."""
    found = radius_of(*seen, asked=asked[0], of=asked[1])
    assert found.depends == f"{encrypts} with it, {looked_at}"


def test_nothing_that_depends() -> None:
    """Is nothing of what was seen: a channel without a key may encrypt with any that its bucket has."""
    found = radius_of(history(key=None), history(MEMBERS[0], key=OTHER), asked=2, of=2)
    assert found.depends == f"{NONE} (delivery channels of all 2 accounts were asked for; {NAMELESS})"
    assert radius_of().depends == f"{NONE} (nothing was asked for)"


def test_what_depends_as_values() -> None:
    """Each once, however many kinds of deliveries there are; of another key none."""
    snapshots = history(MEMBERS[0], what="configuration snapshots")
    found = radius_of(log_files(), history(), history(MEMBERS[0]), snapshots, history(MEMBERS[1], key=OTHER))
    assert (found.trails, found.delivery_channels) == ((TRAIL,), 2)
    assert found.accounts == ("111122223333", MEMBERS[0])
    assert (found.regions, found.buckets) == (
        ("us-east-1",),
        ("aws-controltower-logs", "aws-controltower-config"),
    )
    assert (found.trouble, found.fix, found.days_left) == ("", "", None)


@pytest.mark.parametrize(
    ("name", "depends"),
    [
        (ARN.rpartition("/")[2], f"{ITS_TRAIL} encrypts with it"),
        ("alias/logs", "it is named by an alias, which may be any key's"),
        (f"{ARN.rpartition(':')[0]}:alias/logs", "it is named by an alias, which may be any key's"),
        (OTHER, "nothing that was observed encrypts with it"),
    ],
)
def test_whatever_the_manifest_calls_it(name: str, depends: str) -> None:
    """An id is enough, an alias is not; of how it stands nothing is known then."""
    found = radius_of(log_files(), standing=Standing(name, UNTOLD))
    assert found.depends.startswith(depends)
    assert "its state is not known" in found.trouble


def test_where_nothing_was_observed() -> None:
    """Nothing depends on nothing: it is said that nobody looked, and how the key stands all the same."""
    found = blast_radius(Standing(ARN, "PendingDeletion", "2026-12-09"), None, NOON)
    assert found.depends == "what encrypts with it was not observed"
    assert (found.out_of_service, found.days_left) == (None, 10)


@pytest.mark.parametrize(
    ("standing", "trouble"),
    [
        (Standing(ARN, "Disabled"), f"Disabled: {CANNOT}"),
        *(
            (Standing(ARN, "PendingDeletion", date), f"PendingDeletion until {date}: {GONE}; {left}")
            for date, left in (
                ("2026-12-09", "10 days left, in UTC"),
                ("2026-11-30", "1 day left, in UTC"),
                ("2026-11-29", "that is today, in UTC"),
                ("2026-11-28", "that date is past"),
            )
        ),
        (
            Standing(ARN, "Enabled", None, "2026-12-01"),
            f"Enabled, its key material expires on 2026-12-01: from then on {CANNOT}; 2 days left, in UTC",
        ),
    ],
)
def test_what_is_in_the_way(standing: Standing, trouble: str) -> None:
    """With the days that are left, and with the buckets as far as they were observed."""
    assert radius_of(standing=standing).trouble == trouble
    known = f"{trouble}; as far as is observed they are in aws-controltower-logs"
    assert radius_of(log_files(), standing=standing).trouble == known


@pytest.mark.parametrize(
    ("out", "said"),
    [
        (
            OutOfService(ARN, NOON - timedelta(days=3), "DisableKey"),
            "; out of service since 2026-11-26 12:00 UTC at the latest (DisableKey)",
        ),
        (OutOfService(ARN, unknown="refused"), "; since when is not known: refused"),
        (OutOfService(OTHER, NOON, "DisableKey"), ""),
    ],
)
def test_since_when(out: OutOfService, said: str) -> None:
    """By the event history, which may not show it; that of another key says nothing."""
    found = Observed(InForce(NOON), out_of_service=(out,))
    told = blast_radius(Standing(ARN, "Disabled"), survey(found), NOON)
    assert told.trouble == f"Disabled: {CANNOT}{said}"
    assert told.out_of_service == (out if said else None)


class TestFailures:
    """What fails of what encrypts with it: whatever the cause is."""

    FAILED = history(
        outcome=Outcome.FAILING,
        error="AccessDenied",
        at=NOON - timedelta(hours=2),
        succeeded_at=NOON - timedelta(days=2),
    )

    def test_the_first_and_the_last_success(self) -> None:
        """Are those that are known; deliveries that arrive, and of another key, are not among them."""
        hour, day = NOON - timedelta(hours=1), NOON - timedelta(days=1)
        later = replace(self.FAILED, account=MEMBERS[0], at=hour, succeeded_at=day)
        other = replace(self.FAILED, key=OTHER, at=NOON - timedelta(days=9))
        found = radius_of(log_files(), later, self.FAILED, other)
        assert (found.failing, found.first_failure) == (2, NOON - timedelta(hours=2))
        assert found.last_success == day
        assert found.trouble == (
            "2 of 3 kinds of deliveries that encrypt with it fail, the first failure that is known at "
            "2026-11-29 10:00 UTC, the last success that is known at 2026-11-28 12:00 UTC"
        )

    def test_of_a_trail(self) -> None:
        """AWS does not tell when they were: what is told is as of the question."""
        failed = log_files(outcome=Outcome.FAILING, error="AccessDenied", at=NOON, succeeded_at=None)
        found = radius_of(failed)
        assert (found.failing, found.first_failure) == (1, None)
        assert found.trouble == "1 of 1 kind of deliveries that encrypt with it fails"

    def test_where_nothing_ever_arrived(self) -> None:
        """There is no success to tell of."""
        assert "success" not in radius_of(replace(self.FAILED, succeeded_at=None)).trouble

    def test_one_that_does_not_count(self) -> None:
        """Because it was before a change: it is told as that, and counted as no failure."""
        detail = "not observed since the change at T"
        before = replace(self.FAILED, outcome=Outcome.NOT_OBSERVED, detail=detail)
        found = radius_of(before)
        assert (found.failing, found.first_failure, found.last_success) == (0, None, None)
        told = f"configuration history of account 111122223333 in us-east-1: {detail}"
        assert found.trouble == told


@pytest.mark.parametrize(
    ("services", "former", "purpose"),
    [
        (
            ("CloudTrail", "AWS Config"),
            False,
            "the landing zone's manifest names it for the logs of CloudTrail and AWS Config",
        ),
        ((), False, "the landing zone's manifest names it"),
        (("CloudTrail",), True, "its policy admits CloudTrail"),
    ],
)
def test_whose_logs(services: tuple[str, ...], former: bool, purpose: str) -> None:  # noqa: FBT001 - a table
    """By the manifest, or of a former key by its policy."""
    assert blast_radius(STANDS, None, NOON, services, former=former).purpose == purpose
