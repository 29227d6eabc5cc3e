"""A scheduled event: every key of the account and Region, whatever becomes of one of them."""

from __future__ import annotations

from threading import Barrier
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from key_reader import WORKERS
from landing_zone_key import SettingsError

from .conftest import PUT_EVALUATIONS, Aws, answer, sent

if TYPE_CHECKING:
    from collections.abc import Iterable

DETAILS = "config.GetComplianceDetailsByConfigRule"
TIME = "2026-11-24T13:00:00.000Z"


def arn(number: int) -> str:
    """Return one of many key ARNs."""
    return f"arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-{number:012d}"


def listed(numbers: Iterable[int]) -> dict[str, Any]:
    """Return ListKeys' answer with these keys."""
    return {"Keys": [{"KeyArn": arn(number)} for number in numbers]}


def old_results(*ids: str) -> dict[str, Any]:
    """Return what AWS Config still holds of a rule."""
    qualifiers = [{"ResourceType": "AWS::KMS::Key", "ResourceId": name} for name in ids]
    return {
        "EvaluationResults": [
            {"EvaluationResultIdentifier": {"EvaluationResultQualifier": qualifier}}
            for qualifier in qualifiers
        ]
    }


def described(aws: Aws, count: int) -> Aws:
    """Expect that many keys to be described, each of them AWS managed: the cheapest kind."""
    for _ in range(count):
        aws.expect("kms.DescribeKey", answer("describe_key_aws_managed"))
    return aws


class TestTheList:
    """ListKeys answers in pages."""

    def test_every_page_is_read(self, aws: Aws) -> None:
        """The marker of the first page asks for the second; each key has one evaluation."""
        aws.expect("kms.ListKeys", {**listed([1, 2]), "Truncated": True, "NextMarker": "example"})
        aws.expect("kms.ListKeys", listed([3]))
        described(aws, 3).expect(DETAILS, old_results()).expect_put()
        assert aws.handle(sent("periodic")) == {"evaluations": 3, "NOT_APPLICABLE": 3}
        asked = [given.get("Marker") for call, given in aws.asked if call == "kms.ListKeys"]
        assert asked == [None, "example"]
        assert [one["ComplianceResourceId"] for one in aws.evaluations] == [
            arn(number).rpartition("/")[2] for number in (1, 2, 3)
        ]

    def test_no_keys(self, aws: Aws) -> None:
        """An account without keys has no evaluations, and that is no error."""
        aws.expect("kms.ListKeys", listed([])).expect(DETAILS, old_results()).expect_put()
        assert aws.handle(sent("periodic")) == {"evaluations": 0}

    @pytest.mark.parametrize(("keys", "batches"), [(100, [100]), (101, [100, 1]), (250, [100, 100, 50])])
    def test_results_are_put_in_batches_of_a_hundred(self, aws: Aws, keys: int, batches: list[int]) -> None:
        """PutEvaluations takes a hundred at most; none is lost, and none is put twice."""
        aws.expect("kms.ListKeys", listed(range(keys)))
        described(aws, keys).expect(DETAILS, old_results())
        for _ in batches:
            aws.expect_put()
        assert aws.handle(sent("periodic"))["evaluations"] == keys
        sizes = [len(given["Evaluations"]) for call, given in aws.asked if call == PUT_EVALUATIONS]
        assert sizes == batches
        assert len({one["ComplianceResourceId"] for one in aws.evaluations}) == keys

    def test_keys_are_read_concurrently(self, aws: Aws) -> None:
        """As many requests as there are workers are under way at one time: each waits for all others."""
        meeting = Barrier(WORKERS, timeout=10)
        session = boto3.DEFAULT_SESSION
        assert session is not None

        met = []

        def meet(**_: object) -> None:
            met.append(meeting.wait())

        session.events.register("provide-client-params.kms.DescribeKey", meet)
        try:
            aws.expect("kms.ListKeys", listed(range(WORKERS)))
            described(aws, WORKERS).expect(DETAILS, old_results()).expect_put()
            aws.handle(sent("periodic"))
        finally:
            session.events.unregister("provide-client-params.kms.DescribeKey", meet)
        assert sorted(met) == list(range(WORKERS))


class TestOldResults:
    """A key that is not there any more must not stay NON_COMPLIANT for ever."""

    def test_those_of_other_keys_are_withdrawn(self, aws: Aws) -> None:
        """All pages of the old results are read; the listed key's is replaced, the other's withdrawn."""
        present, gone = (arn(number).rpartition("/")[2] for number in (1, 2))
        aws.expect("kms.ListKeys", listed([1]))
        aws.expect("kms.DescribeKey", answer("describe_key"))
        aws.expect("kms.GetKeyPolicy", answer("get_key_policy_without_config"))
        aws.expect(DETAILS, {**old_results(present), "NextToken": "example"})
        aws.expect(DETAILS, old_results(gone)).expect_put()
        aws.handle(sent("periodic"))
        found = {one["ComplianceResourceId"]: one["ComplianceType"] for one in aws.evaluations}
        assert found == {present: "NON_COMPLIANT", gone: "NOT_APPLICABLE"}
        assert {one["OrderingTimestamp"] for one in aws.evaluations} == {TIME}

    def test_that_of_a_key_deleted_meanwhile_is_withdrawn(self, aws: Aws) -> None:
        """ListKeys still had it, DescribeKey does not find it."""
        gone = arn(1).rpartition("/")[2]
        aws.expect("kms.ListKeys", listed([1]))
        aws.expect("kms.DescribeKey", error="NotFoundException")
        aws.expect(DETAILS, old_results(gone)).expect_put()
        assert aws.handle(sent("periodic")) == {"evaluations": 1, "NOT_APPLICABLE": 1}

    def test_a_key_deleted_before_its_policy_is_read_has_no_result(self, aws: Aws) -> None:
        """It is no finding either."""
        aws.expect("kms.ListKeys", listed([1]))
        aws.expect("kms.DescribeKey", answer("describe_key"))
        aws.expect("kms.GetKeyPolicy", error="NotFoundException")
        aws.expect(DETAILS, old_results()).expect_put()
        assert aws.handle(sent("periodic")) == {"evaluations": 0}


class TestScope:
    """KeyScope=landing-zone on a schedule."""

    LANDING_ZONE = {"ruleParameters": {"KeyScope": "landing-zone"}}  # noqa: RUF012 - read only

    def test_the_manifest_is_read_once(self, aws: Aws) -> None:
        """However many keys there are."""
        aws.expect("controltower.ListLandingZones", answer("list_landing_zones"))
        aws.expect("controltower.GetLandingZone", answer("landing_zone_4"))
        aws.expect("kms.ListKeys", listed(range(3)))
        described(aws, 3).expect(DETAILS, old_results()).expect_put()
        assert aws.handle(sent("periodic", self.LANDING_ZONE))["evaluations"] == 3

    def test_no_landing_zone(self, aws: Aws) -> None:
        """Then no key is read, and no result is touched."""
        aws.expect("controltower.ListLandingZones", answer("list_no_landing_zones"))
        with pytest.raises(SettingsError, match="no landing zone in us-east-1"):
            aws.handle(sent("periodic", self.LANDING_ZONE))
