"""The sandbox's trail: CloudTrail's two questions about it, in AWS's shapes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from lzkey_sandbox import LandingZone, Sandbox
from lzkey_sandbox.cloudtrail import TrailState

KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
ARN = "arn:aws:cloudtrail:us-east-1:111122223333:trail/aws-controltower-BaselineCloudTrail"


class TestTrail:
    """In the management account's home Region alone."""

    def test_delivers_with_the_manifests_key(self) -> None:
        """Unless it is told not to."""
        with Sandbox(landing_zone=LandingZone.with_key(KEY, "4.0")) as sandbox:
            client = sandbox.client("cloudtrail")
            (trail,) = client.describe_trails(trailNameList=[ARN])["trailList"]
            assert (trail["TrailARN"], trail["KmsKeyId"], trail["IsOrganizationTrail"]) == (ARN, KEY, True)
            status = client.get_trail_status(Name=ARN)
            assert status["IsLogging"]
            assert (
                timedelta(minutes=4) < datetime.now(UTC) - status["LatestDeliveryTime"] < timedelta(minutes=6)
            )
            assert "LatestDeliveryError" not in status
            sandbox.trail = TrailState(delivered=None, error="AccessDenied")
            status = client.get_trail_status(Name=ARN)
            assert (status["LatestDeliveryError"], "LatestDeliveryTime" in status) == ("AccessDenied", False)

    def test_tells_what_its_state_says(self) -> None:
        """Digest files, a bucket of its own, and the try that AWS tells as text, where it still does."""
        with Sandbox(landing_zone=LandingZone.with_key(KEY, "4.0")) as sandbox:
            client = sandbox.client("cloudtrail")
            status = client.get_trail_status(Name=ARN)
            assert (
                timedelta(minutes=29)
                < datetime.now(UTC) - status["LatestDigestDeliveryTime"]
                < timedelta(minutes=31)
            )
            sandbox.trail = TrailState(
                delivered=NOON,
                digest_delivered=NOON - timedelta(hours=1),
                digest_error="NoSuchBucket",
                bucket="logs",
            )
            status = client.get_trail_status(Name=ARN)
            assert status["LatestDeliveryTime"] == NOON
            assert status["LatestDigestDeliveryTime"] == NOON - timedelta(hours=1)
            assert status["LatestDigestDeliveryError"] == "NoSuchBucket"
            assert client.describe_trails(trailNameList=[ARN])["trailList"][0]["S3BucketName"] == "logs"

    def test_has_no_digest_of_what_was_never_delivered(self) -> None:
        """Nor where digest files alone never came."""
        with Sandbox(landing_zone=LandingZone.with_key(KEY, "4.0")) as sandbox:
            client = sandbox.client("cloudtrail")
            for state in (TrailState(delivered=None), TrailState(digest_delivered=None)):
                sandbox.trail = state
                assert "LatestDigestDeliveryTime" not in client.get_trail_status(Name=ARN)

    def test_there_is_no_other(self) -> None:
        """By another name, in another Region, in another account, or when it is gone."""
        with Sandbox(landing_zone=LandingZone.with_key(KEY)) as sandbox:
            elsewhere = sandbox.client("cloudtrail", region="eu-west-1")
            member = sandbox.client("cloudtrail", account="444455556666")
            own = sandbox.client("cloudtrail")
            for client, name in ((elsewhere, ARN), (member, ARN), (own, f"{ARN}-2")):
                assert client.describe_trails(trailNameList=[name])["trailList"] == []
                with pytest.raises(ClientError, match="TrailNotFoundException"):
                    client.get_trail_status(Name=name)
            sandbox.trail = None
            assert own.describe_trails(trailNameList=[ARN])["trailList"] == []
