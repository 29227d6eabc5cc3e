"""The log buckets: whose they are, what of them stops deliveries, and what is another key."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import boto3
import pytest

from landing_zone_key import LandingZone
from lzkey.aws.account import Asker, Manner
from lzkey.aws.buckets import BucketEncryption, ObjectLock
from lzkey.observed.log_buckets import LogBucket, beside_keys, log_buckets, looked_at, with_cause
from lzkey.observed.looking import Scene
from lzkey.observed.timing import HISTORY, LOG_FILES, Reading, observation
from lzkey.observed.values import CLOUDTRAIL, CONFIG, Beside, InForce, Observed, Outcome
from lzkey_sandbox import OrganizationPlan, Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey_sandbox import Organization

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
ACCOUNT, ARCHIVE, AUDIT = "111122223333", "222233334444", "333344445555"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER_KEY = KEY[:-1] + "c"
LOGS, CONFIG_LOGS = "aws-controltower-logs", "aws-controltower-config-logs"
ZONE = LandingZone.from_rule_parameters({"HomeRegion": "us-east-1", "ManagementAccountId": ACCOUNT})
BEFORE_4 = {"centralizedLogging": {"accountId": ARCHIVE, "configurations": {"kmsKeyArn": KEY}}}
SINCE_4 = {**BEFORE_4, "config": {"accountId": AUDIT, "configurations": {"kmsKeyArn": KEY}}}
LOCK_SOURCE = (
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-config-deliverychannel.html"
)


def trail(bucket: str = LOGS) -> Reading:
    """What was read of the trail."""
    return Reading(LOG_FILES, ACCOUNT, "us-east-1", NOON, bucket=bucket)


def channel(bucket: str = LOGS, elsewhere: str = "", unread: str = "") -> Reading:
    """What was read of a delivery channel, which failed."""
    at = NOON - timedelta(minutes=1)
    more = {"bucket": bucket, "elsewhere": elsewhere, "unread": unread}
    return Reading(HISTORY, ACCOUNT, "us-east-1", None, at, "AccessDenied", **more)


def named(
    *readings: Reading, manifest: object = BEFORE_4, version: str = "3.3"
) -> tuple[tuple[LogBucket, ...], tuple[str, ...]]:
    """The buckets of these readings."""
    asker = Asker(boto3.Session(), ACCOUNT, "us-east-1", Manner())
    zone = ZONE.with_manifest(manifest, version) if manifest is not None else ZONE
    return log_buckets(Scene(asker, zone, "aws", NOON), readings)


class TestWhose:
    """A bucket is its account's, by the manifest."""

    def test_one_account_for_both(self) -> None:
        """Before 4.0: the log archive account's, of which both services' logs are."""
        assert named(trail(), channel(), channel()) == ((LogBucket(LOGS, ARCHIVE, (CLOUDTRAIL, CONFIG)),), ())

    def test_one_for_each(self) -> None:
        """Since 4.0 AWS Config has an account and a bucket of its own."""
        found = named(trail(), channel(CONFIG_LOGS), manifest=SINCE_4, version="4.0")
        assert found == (
            (LogBucket(LOGS, ARCHIVE, (CLOUDTRAIL,)), LogBucket(CONFIG_LOGS, AUDIT, (CONFIG,))),
            (),
        )

    @pytest.mark.parametrize("manifest", [None, {}, {"centralizedLogging": {"accountId": 7}}])
    def test_a_manifest_that_does_not_tell(self, manifest: object) -> None:
        """Leaves the bucket unread, and says so."""
        told = f"bucket {LOGS} was not looked at: the manifest does not tell whose it is"
        assert named(trail(), manifest=manifest) == ((), (told,))

    def test_what_is_not_control_towers(self) -> None:
        """May be anybody's; a bucket of Control Tower's with another key is looked at."""
        elsewhere = (channel(name, "another bucket") for name in ("mine", "yours", "mine", "theirs"))
        found, unread = named(*elsewhere, channel(elsewhere="another key"), channel("", unread="refused"))
        assert [bucket.name for bucket in found] == [LOGS]
        assert unread == (
            "bucket mine and 2 more were not looked at: not Control Tower's, so nobody tells whose",
        )
        assert named(channel("mine", "another bucket"))[1] == (
            "bucket mine was not looked at: not Control Tower's, so nobody tells whose",
        )


BOTH = LogBucket(LOGS, ARCHIVE, (CLOUDTRAIL, CONFIG))
PAYS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/RequesterPaysBuckets.html"
DEFAULT = "so is encrypted whatever is delivered without a key of its own"


class TestBeside:
    """What is found of a bucket, a sentence each."""

    @pytest.mark.parametrize(
        ("bucket", "detail", "stops"),
        [
            (
                replace(BOTH, lock=ObjectLock(enabled=True, retention="GOVERNANCE, 30 days")),
                (
                    f"bucket {LOGS} has Object Lock (default retention GOVERNANCE, 30 days), and AWS Config "
                    "does not support such a bucket"
                ),
                CONFIG,
            ),
            (
                replace(BOTH, lock=ObjectLock(enabled=True, retention="")),
                f"bucket {LOGS} has Object Lock, and AWS Config does not support such a bucket",
                CONFIG,
            ),
            (
                replace(BOTH, services=(CLOUDTRAIL,), lock=ObjectLock(enabled=True, retention="")),
                f"bucket {LOGS} has Object Lock",
                "",
            ),
            (
                replace(BOTH, pays=True),
                (
                    f"the requesters of bucket {LOGS} pay (Requester Pays): whether CloudTrail and AWS "
                    "Config deliver to such a bucket is not documented"
                ),
                "",
            ),
            (
                replace(BOTH, encryption=BucketEncryption("aws:kms", OTHER_KEY, bucket_key=True)),
                (
                    f"bucket {LOGS} encrypts by default with {OTHER_KEY}, which is not the landing zone's: "
                    f"{DEFAULT}"
                ),
                "",
            ),
            (
                replace(BOTH, encryption=BucketEncryption("aws:kms:dsse", None, bucket_key=False)),
                (
                    f"bucket {LOGS} encrypts by default with the AWS managed key aws/s3, which is not the "
                    f"landing zone's: {DEFAULT}"
                ),
                "",
            ),
            (
                replace(BOTH, encryption=BucketEncryption("aws:kms", "alias/logs", bucket_key=False)),
                f"bucket {LOGS} encrypts by default with alias/logs, which may be any key: {DEFAULT}",
                "",
            ),
        ],
    )
    def test_each(self, bucket: LogBucket, detail: str, stops: str) -> None:
        """Object Lock alone stops deliveries, and of AWS Config alone; that is documented."""
        (found,) = beside_keys([bucket], (KEY,))
        assert (found.detail, found.stops, found.service) == (detail, bool(stops), stops)
        assert found.subject == LOGS
        assert found.source.startswith("https://docs.aws.amazon.com/")

    @pytest.mark.parametrize(
        "bucket",
        [
            BOTH,
            replace(BOTH, lock=ObjectLock(enabled=False, retention=""), pays=False),
            replace(BOTH, encryption=BucketEncryption("AES256", None, bucket_key=False)),
            replace(BOTH, encryption=BucketEncryption("", None, bucket_key=False)),
            replace(BOTH, encryption=BucketEncryption("aws:kms", KEY, bucket_key=True)),
            replace(BOTH, encryption=BucketEncryption("aws:kms", KEY.rpartition("/")[2], bucket_key=True)),
        ],
    )
    def test_what_is_nothing(self, bucket: LogBucket) -> None:
        """Not read, off, or the landing zone's own key."""
        assert beside_keys([bucket], (KEY, KEY.rpartition("/")[2])) == ()


HAS = "bucket has Object Lock"
LOCKED = Beside("bucket", HAS, stops=True, source=LOCK_SOURCE, subject=LOGS, service=CONFIG)
OLD = InForce(NOON - timedelta(days=30), "PutKeyPolicy")


class TestCause:
    """What was read of a bucket is the cause of its failures, where it stops them."""

    def test_of_a_failure(self) -> None:
        """In place of what the code may mean."""
        failing = observation(channel(), OLD, NOON)
        found = with_cause(failing, (replace(LOCKED, subject="another"), LOCKED))
        assert (found.cause, found.source) == (HAS, LOCK_SOURCE)
        assert replace(found, cause=failing.cause, source=failing.source) == failing
        assert f": {HAS} (account" in Observed(OLD, (found,)).why(CONFIG)

    @pytest.mark.parametrize(
        ("reading", "thing"),
        [
            (channel(), replace(LOCKED, stops=False)),
            (channel("another"), LOCKED),
            (replace(channel(), elsewhere="another key"), LOCKED),
            (replace(channel(), kind=LOG_FILES), LOCKED),
            (replace(channel(), error="", succeeded_at=NOON - timedelta(minutes=1)), LOCKED),
        ],
    )
    def test_of_nothing_else(self, reading: Reading, thing: Beside) -> None:
        """Not of another bucket or service, not of what does not count, and not of what arrives."""
        seen = observation(reading, OLD, NOON)
        assert with_cause(seen, (thing,)) == seen
        assert Observed(OLD, (seen,), beside=(thing,)).stopped(CONFIG) == ""

    def test_for_the_headline(self) -> None:
        """What stops a service's failing deliveries, of that service alone."""
        found = Observed(OLD, (observation(channel(), OLD, NOON),), beside=(LOCKED,))
        assert found.stopped(CONFIG) == HAS
        assert found.stopped(CLOUDTRAIL) == ""
        assert found.outcome(CONFIG) is Outcome.FAILING


@dataclass(frozen=True)
class Archive:
    """An organization whose log archive account has the buckets."""

    sandbox: Sandbox
    organization: Organization

    def look(self, bucket: LogBucket, account: str) -> LogBucket:
        """The bucket, as it is shown to an account."""
        arn = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
        home = Asker(boto3.Session(), self.organization.management, "us-east-1", Manner())
        there = home if account == self.organization.management else home.role(arn)
        return looked_at(there, bucket, "us-east-1")


@pytest.fixture
def archive() -> Iterator[Archive]:
    """One bucket with everything that can be wrong with one, and one with nothing."""
    plan = OrganizationPlan(members=0, without_recorder=0, without_role=0, suspended=0)
    with pytest.MonkeyPatch.context() as patch, Sandbox(recording=False) as sandbox:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in sandbox.environment.items():
            patch.setenv(name, value)
        organization = sandbox.organization(plan)
        s3 = sandbox.client("s3", account=organization.log_archive)
        s3.create_bucket(Bucket=LOGS, ObjectLockEnabledForBucket=True)
        retention = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 30}}
        s3.put_object_lock_configuration(
            Bucket=LOGS, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": retention}
        )
        s3.put_bucket_request_payment(Bucket=LOGS, RequestPaymentConfiguration={"Payer": "Requester"})
        by_default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": OTHER_KEY}
        s3.put_bucket_encryption(
            Bucket=LOGS,
            ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": by_default}]},
        )
        s3.create_bucket(Bucket=CONFIG_LOGS)
        yield Archive(sandbox, organization)


class TestLooking:
    """In the account that has it."""

    def test_what_there_is(self, archive: Archive) -> None:
        """Object Lock, who pays, and the default encryption; three questions."""
        owner = archive.organization.log_archive
        found = archive.look(LogBucket(LOGS, owner, (CONFIG,)), owner)
        assert found.lock == ObjectLock(enabled=True, retention="GOVERNANCE, 30 days")
        assert (found.pays, found.unread) == (True, ())
        assert found.encryption == BucketEncryption("aws:kms", OTHER_KEY, bucket_key=False)
        plain = archive.look(LogBucket(CONFIG_LOGS, owner, (CONFIG,)), owner)
        assert (plain.lock, plain.pays) == (ObjectLock(enabled=False, retention=""), False)
        assert beside_keys([plain], ()) == ()

    @pytest.mark.parametrize("bucket", [LOGS, "nobodys"])
    def test_what_is_refused(self, archive: Archive, bucket: str) -> None:
        """Or is not there: a sentence each, and nothing is known."""
        owner = archive.organization.log_archive
        account = archive.organization.management if bucket == LOGS else owner
        found = archive.look(LogBucket(bucket, owner, (CONFIG,)), account)
        assert (found.lock, found.pays, found.encryption) == (None, None, None)
        assert len(found.unread) == 3
        assert all(told.startswith(f"bucket {bucket}: account {account} ") for told in found.unread)
        assert beside_keys([found], ()) == ()
