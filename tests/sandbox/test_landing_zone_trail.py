"""The sandbox's trail: CloudTrail's two questions about it, in AWS's shapes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from lzkey_sandbox import LandingZone, Sandbox
from lzkey_sandbox.cloudtrail import TrailState

KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
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
