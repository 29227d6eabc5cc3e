"""Which keys are judged, and from which moment on."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from landing_zone_key import Assessment, assess

KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
ARN = f"arn:aws:kms:us-east-1:111122223333:key/{KEY_ID}"
OTHER_ID = "0987dcba-09fe-87dc-65ba-ab0987654321"
ENDS = {"of": "merged", "Condition": {"DateLessThan": {"aws:CurrentTime": "2025-06-01T00:00:00Z"}}}
BEGINS = {"of": "merged", "Condition": {"DateGreaterThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}}
OTHER = f"arn:aws:kms:us-east-1:111122223333:key/{OTHER_ID}"


def manifest(**blocks: str) -> dict[str, Any]:
    """A manifest whose blocks name these keys."""
    return {block: {"configurations": {"kmsKeyArn": key}} for block, key in blocks.items()}


class TestNotJudged:
    """NOT_APPLICABLE, with its reason and nothing else; the twin of each case is judged."""

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"deleted": True}, "deleted"),
            ({"resource_type": "AWS::S3::Bucket"}, "Not a KMS key"),
            ({"key_manager": "AWS"}, "AWS managed key"),
        ],
    )
    def test_what_is_no_customer_key_is_not_judged(
        self, change: dict[str, Any], words: str, make_key: Any, make_zone: Any
    ) -> None:
        """Even a key that fails every requirement."""
        key = make_key("root", KeyState="Disabled")
        assert assess(key, make_zone()).compliance == "NON_COMPLIANT"
        assessment = assess(replace(key, **change), make_zone())
        assert assessment.compliance == "NOT_APPLICABLE"
        assert words in assessment.reason
        assert (assessment.findings, assessment.advisories) == ((), ())

    def test_a_key_whose_manager_is_not_known_is_judged(self, make_key: Any, make_zone: Any) -> None:
        """Doubt means that the rule applies."""
        assert assess(make_key("root", KeyManager=None), make_zone()).compliance == "NON_COMPLIANT"


class TestScope:
    """`KeyScope` decides which keys are judged."""

    @pytest.mark.parametrize(
        ("scope", "judged"),
        [
            ("all", True),
            (KEY_ID, True),
            (ARN, True),
            (f"{OTHER}, {ARN}", True),
            (OTHER, False),
            (OTHER_ID, False),
            (ARN.replace("us-east-1", "eu-west-1"), False),
            (ARN.replace("111122223333", "444455556666"), False),
        ],
    )
    def test_a_list_of_keys(self, scope: str, make_key: Any, make_zone: Any, *, judged: bool) -> None:
        """By ARN or by id; an ARN is compared whole."""
        answer = assess(make_key("root"), make_zone(KeyScope=scope))
        assert answer.compliance == ("NON_COMPLIANT" if judged else "NOT_APPLICABLE")
        assert ("KeyScope" in answer.reason) is not judged

    @pytest.mark.parametrize(
        ("keys", "judged"),
        [
            (manifest(centralizedLogging=ARN), True),
            (manifest(config=ARN), True),
            (manifest(centralizedLogging=OTHER, config=ARN), True),
            (manifest(centralizedLogging=KEY_ID), True),
            (manifest(centralizedLogging="alias/landing-zone"), True),
            (manifest(centralizedLogging=OTHER), False),
            (manifest(backup=ARN), False),
            (manifest(centralizedLogging=OTHER, backup=ARN), False),
            ({}, False),
        ],
    )
    def test_the_landing_zones_keys(
        self, keys: dict[str, Any], make_key: Any, make_zone: Any, *, judged: bool
    ) -> None:
        """The manifest's keys, but for the backup key."""
        zone = make_zone(KeyScope="landing-zone").with_manifest(keys)
        compliance = assess(make_key("root"), zone).compliance
        assert compliance == ("NON_COMPLIANT" if judged else "NOT_APPLICABLE")

    def test_a_manifest_that_nobody_has_read_rules_nothing_out(self, make_key: Any, make_zone: Any) -> None:
        """Without it every key is judged."""
        zone = make_zone(KeyScope="landing-zone")
        assert assess(make_key("root"), zone).compliance == "NON_COMPLIANT"

    @pytest.mark.parametrize("scope", ["all", "landing-zone", KEY_ID])
    def test_the_backup_key_is_never_judged(self, scope: str, make_key: Any, make_zone: Any) -> None:
        """It must be multi-Region, so whatever the scope it is left out where the manifest is known."""
        zone = make_zone(KeyScope=scope)
        assert assess(make_key("root"), zone).compliance == "NON_COMPLIANT"
        answer = assess(make_key("root"), zone.with_manifest(manifest(backup=ARN)))
        assert (answer.compliance, "backup key" in answer.reason) == ("NOT_APPLICABLE", True)

    def test_a_backup_key_that_also_encrypts_logs_is_judged(self, make_key: Any, make_zone: Any) -> None:
        """The logs come first."""
        zone = make_zone(KeyScope="landing-zone").with_manifest(manifest(centralizedLogging=ARN, backup=ARN))
        assert assess(make_key("root"), zone).compliance == "NON_COMPLIANT"


class TestMoment:
    """Requests are made at any moment from the evaluation on."""

    @pytest.mark.parametrize(
        ("at", "compliance"),
        [
            (None, "NON_COMPLIANT"),
            (datetime(2029, 12, 31, tzinfo=UTC), "NON_COMPLIANT"),
            (datetime(2030, 1, 2, tzinfo=UTC), "COMPLIANT"),
            (datetime(1999, 1, 1, tzinfo=UTC), "NON_COMPLIANT"),
        ],
    )
    def test_a_grant_that_begins(
        self, at: datetime | None, compliance: str, make_key: Any, make_zone: Any
    ) -> None:
        """Refused until it has begun; a clock that is wrong proves nothing."""
        assert assess(make_key(BEGINS), make_zone(), at=at).compliance == compliance


class TestPast:
    """Requests of a time that has passed, from its first moment to its last."""

    @pytest.mark.parametrize(
        ("at", "until", "compliance"),
        [
            (datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 5, 31, 23, 59, 59, tzinfo=UTC), "COMPLIANT"),
            (datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 6, 1, tzinfo=UTC), "NON_COMPLIANT"),
            (datetime(2025, 6, 1, tzinfo=UTC), datetime(2025, 6, 2, tzinfo=UTC), "NON_COMPLIANT"),
            (datetime(2025, 1, 1, tzinfo=UTC), None, "NON_COMPLIANT"),
        ],
    )
    def test_a_grant_that_has_ended(
        self, at: datetime, until: datetime | None, compliance: str, make_key: Any, make_zone: Any
    ) -> None:
        """Allowed until then, however long ago it is; without an end it is no time that has passed."""
        assert assess(make_key(ENDS), make_zone(), at=at, until=until).compliance == compliance

    def test_what_begins_later_is_refused_then(self, make_key: Any, make_zone: Any) -> None:
        """For certain; its twin is of a time after it has begun."""
        at, until = datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 1, 2, tzinfo=UTC)
        (past,) = {
            each.certainty for each in assess(make_key(BEGINS), make_zone(), at=at, until=until).findings
        }
        assert past == "refused"
        later = datetime(2030, 1, 2, tzinfo=UTC)
        assert assess(make_key(BEGINS), make_zone(), at=later, until=later).compliance == "COMPLIANT"


class TestAssessment:
    """The answer is a value."""

    def test_the_same_question_has_the_same_answer(self, make_key: Any, make_zone: Any) -> None:
        """No clock, no environment: two assessments are equal."""
        key, zone = make_key("config", "perimeter"), make_zone()
        assert assess(key, zone) == assess(key, zone)

    def test_compliance_is_what_aws_config_takes(self, make_key: Any, make_zone: Any) -> None:
        """The words of PutEvaluations, as strings."""
        assert assess(make_key(), make_zone()).compliance == "COMPLIANT"
        assert isinstance(assess(make_key(), make_zone()), Assessment)
