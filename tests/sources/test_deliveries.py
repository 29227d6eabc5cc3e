"""What the names in a log bucket tell, before anything is fetched."""

from __future__ import annotations

import pytest

from lzkey.sources.deliveries import Snapshot, delivery

AT = "AWSLogs/111122223333/Config/eu-central-1/2026/1/9"
SNAPSHOT = (
    "111122223333_Config_eu-central-1_ConfigSnapshot_20260109T031500Z_1234abcd-12ab-34cd-56ef-1234567890ab"
)
HISTORY = "111122223333_Config_eu-central-1_ConfigHistory"
TIMES = "20260109T031500Z_20260109T091500Z_1.json.gz"


class TestNames:
    """They are AWS's own, below any prefix of the bucket's."""

    @pytest.mark.parametrize("prefix", ["", "o-exampleorgid/", "logs/of all/", "AWSLogs/"])
    @pytest.mark.parametrize("organization", ["", "o-exampleorgid/"])
    def test_a_snapshot(self, prefix: str, organization: str) -> None:
        """Whose it is, and of when."""
        at = AT.replace("AWSLogs/", f"{prefix}AWSLogs/{organization}")
        its = delivery(f"{at}/ConfigSnapshot/{SNAPSHOT}.json.gz")
        assert its.snapshot == Snapshot("111122223333", "eu-central-1", "2026-01-09T03:15:00Z")
        assert (its.holds_keys, its.why_not) == (True, "")

    def test_the_history_of_keys(self) -> None:
        """Is read, and is no snapshot."""
        its = delivery(f"{AT}/ConfigHistory/{HISTORY}_AWS::KMS::Key_{TIMES}")
        assert (its.snapshot, its.holds_keys, its.why_not) == (None, True, "")

    @pytest.mark.parametrize(
        ("key", "why"),
        [
            (
                f"{AT}/ConfigHistory/{HISTORY}_AWS::S3::Bucket_{TIMES}",
                "it is AWS Config's history of AWS::S3::Bucket, by its name",
            ),
            (
                f"{AT}/ConfigHistory/{HISTORY}_AWS::KMS::KeyPair_{TIMES}",
                "it is AWS Config's history of AWS::KMS::KeyPair, by its name",
            ),
            (
                "AWSLogs/111122223333/Config/ConfigWritabilityCheckFile",
                "it is what AWS Config has tried with whether it can deliver, by its name",
            ),
            (
                "o-exampleorgid/AWSLogs/o-exampleorgid/111122223333/CloudTrail/us-east-1/2026/01/09/x.json.gz",
                "it is a delivery of CloudTrail, not of AWS Config, by its name",
            ),
            (
                "AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/01/09/x.json.gz",
                "it is a delivery of CloudTrail-Digest, not of AWS Config, by its name",
            ),
            (
                "AWSLogs/111122223333/vpcflowlogs/us-east-1/2026/01/09/x.log.gz",
                "it is a delivery of vpcflowlogs, not of AWS Config, by its name",
            ),
        ],
    )
    def test_what_holds_no_key(self, key: str, why: str) -> None:
        """Is said to be that by its name alone."""
        its = delivery(key)
        assert (its.snapshot, its.holds_keys, its.why_not) == (None, False, why)

    @pytest.mark.parametrize(
        "key",
        [
            "key.json",
            "AWSLogs/mine/CloudTrail/x.json",
            "AWSLogs/1111/Config/us-east-1/2026/1/9/ConfigSnapshot/x.json.gz",
            f"{AT}/ConfigSnapshot/x.json.gz",
            f"{AT}/ConfigSnapshot/{SNAPSHOT.replace('20260109T031500Z', '99999999T999999Z')}.json.gz",
            f"{AT}/ConfigSnapshot/{SNAPSHOT.replace('20260109', '20260230')}.json.gz",
            f"{AT}/ConfigSnapshot/{SNAPSHOT.replace('111122223333', '444455556666')}.json.gz",
            f"{AT}/ConfigSnapshot/{SNAPSHOT.replace('eu-central-1', 'eu-west-1')}.json.gz",
            f"{AT}/ConfigHistory/AWS::S3::Bucket.json.gz",
            f"{AT}/OversizedChangeNotification/AWS::KMS::Key/1234abcd/x.json.gz",
            f"xAWSLogs/111122223333/Config/eu-central-1/2026/1/9/ConfigSnapshot/{SNAPSHOT}",
            "AWSLogs/111122223333/Config/us-east-1/a\nb",
        ],
    )
    def test_any_other_name_tells_nothing(self, key: str) -> None:
        """What is in it decides."""
        its = delivery(key)
        assert (its.snapshot, its.holds_keys, its.why_not) == (None, False, "")
