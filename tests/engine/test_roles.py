"""A landing zone of 4.0 may keep a key for CloudTrail alone, or for AWS Config alone."""

from __future__ import annotations

from typing import Any

import pytest

from landing_zone_key import annotate, assess, repair
from landing_zone_key.assessment import COMPLIANT_FOR_ONE, COMPLIANT_REASON
from landing_zone_key.finding import Certainty, Requirement

ARN = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER = ARN.replace("1234abcd", "4321abcd")


def block(arn: str) -> dict[str, Any]:
    """A block of the manifest."""
    return {"enabled": True, "configurations": {"kmsKeyArn": arn}}


SPLIT = {"centralizedLogging": block(ARN), "config": block(OTHER)}
SWAPPED = {"centralizedLogging": block(OTHER), "config": block(ARN)}
SHARED = {"centralizedLogging": block(ARN), "config": block(ARN)}
CLOUDTRAIL, CONFIG = Requirement.CLOUDTRAIL_ACCESS, Requirement.CONFIG_ACCESS


class TestFunctional:
    """Judged by what the key is for."""

    @pytest.mark.parametrize(
        ("manifest", "statement", "failed"),
        [
            (SPLIT, "cloudtrail", []),
            (SPLIT, "config", [CLOUDTRAIL]),
            (SWAPPED, "config", []),
            (SWAPPED, "cloudtrail", [CONFIG]),
            (SHARED, "cloudtrail", [CONFIG]),
            (None, "cloudtrail", [CONFIG]),
        ],
    )
    def test_by_role(
        self, manifest: Any, statement: str, failed: list[Requirement], make_key: Any, make_zone: Any
    ) -> None:
        """And repaired by it: what the key is for, and nothing else."""
        zone = make_zone(PermissionStandard="functional")
        zone = zone if manifest is None else zone.with_manifest(manifest, "4.0")
        key = make_key("root", statement)
        assessment = assess(key, zone)
        assert [finding.requirement for finding in assessment.findings] == failed
        assert len(repair(key, zone).added) == len(failed)

    @pytest.mark.parametrize(
        ("manifest", "statements", "said"),
        [
            (SPLIT, ("cloudtrail",), COMPLIANT_FOR_ONE[CONFIG]),
            (SWAPPED, ("config",), COMPLIANT_FOR_ONE[CLOUDTRAIL]),
            (SHARED, ("cloudtrail", "config"), COMPLIANT_REASON),
        ],
    )
    def test_says_what_was_proved(
        self, manifest: Any, statements: tuple[str, ...], said: str, make_key: Any, make_zone: Any
    ) -> None:
        """No claim is stronger than what was looked at."""
        zone = make_zone(PermissionStandard="functional").with_manifest(manifest, "4.0")
        assert annotate(assess(make_key(*statements), zone)) == said

    def test_what_it_is_for_must_be_allowed(self, make_key: Any, make_zone: Any) -> None:
        """And is refused for certain, where it is."""
        zone = make_zone(PermissionStandard="functional").with_manifest(SPLIT, "4.0")
        (finding,) = assess(make_key("root"), zone).findings
        assert (finding.requirement, finding.certainty) == (CLOUDTRAIL, Certainty.REFUSED)


class TestDocumented:
    """Control Tower's page has both statements on each key."""

    def test_its_own_deliveries_are_allowed(self, make_key: Any, make_zone: Any) -> None:
        """It is not as documented, and nothing is refused for certain."""
        zone = make_zone().with_manifest(SPLIT, "4.0")
        assessment = assess(make_key("cloudtrail"), zone)
        (finding,) = assessment.findings
        assert (finding.requirement, finding.certainty) == (CONFIG, Certainty.POSSIBLE)
        assert finding.message.startswith("not as documented: the landing zone's key for CloudTrail alone")
        assert "its own deliveries are allowed" in finding.message
        assert annotate(assessment).startswith(
            "CONFIG_ACCESS: not as documented; its own deliveries are allowed ("
        )

    def test_its_own_deliveries_are_refused(self, make_key: Any, make_zone: Any) -> None:
        """That is what counts."""
        zone = make_zone().with_manifest(SPLIT, "4.0")
        found = {each.requirement: each for each in assess(make_key("root"), zone).findings}
        assert found[CLOUDTRAIL].certainty is Certainty.REFUSED
        assert found[CONFIG].certainty is Certainty.POSSIBLE
        assert "its own deliveries are allowed" not in found[CONFIG].message

    def test_both_statements_are_as_documented(self, make_key: Any, make_zone: Any) -> None:
        """Nothing is said of roles."""
        assert annotate(assess(make_key(), make_zone().with_manifest(SPLIT, "4.0"))) == COMPLIANT_REASON
