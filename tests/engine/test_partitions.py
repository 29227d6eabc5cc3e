"""Every partition: it comes from the key's ARN, and with it the sources of the requests."""

from collections.abc import Mapping
from typing import Any

import pytest

from landing_zone_key import Requirement, assess, repair
from landing_zone_key.requests import ACCOUNT, trail_arn
from landing_zone_key.requests import REGIONS as DOMAINS

KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
REGIONS = {
    "aws": "us-east-1",
    "aws-us-gov": "us-gov-west-1",
    "aws-cn": "cn-north-1",
    "aws-eusc": "eusc-de-east-1",
}

each_partition = pytest.mark.parametrize(("partition", "region"), REGIONS.items(), ids=REGIONS)


@pytest.fixture
def landing_zone(region: str, make_zone: Any) -> Any:
    """The landing zone in the partition's Region."""
    return make_zone(HomeRegion=region)


@pytest.fixture
def policy(partition: str, region: str) -> Any:
    """A policy with conditions on both sources, written for a partition."""

    def make(sources: str = partition) -> dict[str, Any]:
        trail = f"arn:{sources}:cloudtrail:{region}:111122223333:trail/aws-controltower-BaselineCloudTrail"
        actions = ["kms:Decrypt", "kms:GenerateDataKey*"]
        return {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": service},
                    "Action": actions,
                    "Resource": f"arn:{partition}:kms:{region}:111122223333:key/{KEY_ID}",
                    "Condition": {operator: {"aws:SourceArn": source}},
                }
                for service, operator, source in (
                    ("config.amazonaws.com", "ArnLike", f"arn:{sources}:config:*:*:*"),
                    ("cloudtrail.amazonaws.com", "StringEquals", trail),
                )
            ],
        }

    return make


@pytest.fixture
def arn(partition: str, region: str) -> str:
    """The key's ARN."""
    return f"arn:{partition}:kms:{region}:111122223333:key/{KEY_ID}"


@each_partition
class TestPartition:
    """The same policy, in each partition."""

    def test_sources_of_the_partition_are_proved(
        self, arn: str, policy: Any, landing_zone: Any, make_key: Any
    ) -> None:
        """Config's recorders and the trail have ARNs of the key's partition."""
        assert assess(make_key(Arn=arn, policy=policy()), landing_zone).compliance == "COMPLIANT"

    def test_sources_of_another_partition_are_refused(
        self, arn: str, partition: str, policy: Any, landing_zone: Any, make_key: Any
    ) -> None:
        """A policy copied from another partition fails for both services."""
        other = "aws" if partition != "aws" else "aws-cn"
        assessment = assess(make_key(Arn=arn, policy=policy(other)), landing_zone)
        failed = {finding.requirement for finding in assessment.findings}
        assert failed == {Requirement.CONFIG_ACCESS, Requirement.CLOUDTRAIL_ACCESS}

    def test_the_counterexample_is_of_the_partition(
        self, arn: str, partition: str, landing_zone: Any, make_key: Any
    ) -> None:
        """The Region that a message names exists there."""
        finding = assess(make_key("root", Arn=arn), landing_zone).findings[0]
        assert finding.request is not None
        source = finding.request.values["aws:sourcearn"][0].split(":")
        assert source[1] == partition
        prefix = {"aws": "", "aws-us-gov": "us-gov-", "aws-cn": "cn-", "aws-eusc": "eusc-"}[partition]
        assert source[3].startswith(prefix)

    def test_a_repaired_policy_is_of_the_partition(self, arn: str, landing_zone: Any, make_key: Any) -> None:
        """The documented statements carry the partition, and pass."""
        key = make_key(policy={"Version": "2012-10-17", "Statement": [_root(arn)]}, Arn=arn)
        repaired = repair(key, landing_zone)
        assert assess(key.with_policy(repaired.policy), landing_zone).compliance == "COMPLIANT"
        assert trail_arn(key.arn.partition, landing_zone) in str(repaired.policy)


class TestDomains:
    """What a request may come from: every Region that there is or may be, and every account."""

    REAL: Mapping[str, str] = {
        "aws": "us-east-1 us-west-2 ap-southeast-5 eu-central-1 il-central-1 mx-central-1 ca-west-1",
        "aws-us-gov": "us-gov-east-1 us-gov-west-1",
        "aws-cn": "cn-north-1 cn-northwest-1",
        "aws-eusc": "eusc-de-east-1",
    }

    @pytest.mark.parametrize("partition", REAL)
    def test_real_regions_are_in_it(self, partition: str) -> None:
        """And one that does not exist yet, of two digits."""
        real = self.REAL[partition].split()
        assert all(DOMAINS[partition].contains(region) for region in (*real, f"{real[0]}2"))
        assert all(DOMAINS[partition].contains(example) for example in DOMAINS[partition].examples)

    @pytest.mark.parametrize("partition", REAL)
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "-",
            "1",
            "us",
            "us-east",
            "us-east-",
            "us--1",
            "-east-1",
            "us-east-1-",
            "us-east-123",
            "US-EAST-1",
        ],
    )
    def test_what_is_no_region_is_not(self, partition: str, text: str) -> None:
        """Neither its pieces nor more than it."""
        assert not DOMAINS[partition].contains(text)
        assert not DOMAINS[partition].contains(f"{self.REAL[partition].split()[0]}:{text}")

    @pytest.mark.parametrize("partition", [name for name in REAL if name != "aws"])
    def test_a_partition_has_its_own(self, partition: str) -> None:
        """No Region of the commercial partition is in another's."""
        assert not any(DOMAINS[partition].contains(region) for region in self.REAL["aws"].split())

    @pytest.mark.parametrize(
        ("text", "answer"),
        [("111122223333", True), ("000000000000", True), ("11112222333", False), ("1111222233334", False)],
    )
    def test_an_account_is_twelve_digits(self, text: str, *, answer: bool) -> None:
        """No more and no fewer."""
        assert ACCOUNT.contains(text) is answer


def _root(arn: str) -> dict[str, Any]:
    partition = arn.split(":")[1]
    principal = {"AWS": f"arn:{partition}:iam::111122223333:root"}
    return {"Effect": "Allow", "Principal": principal, "Action": "kms:*", "Resource": "*"}
