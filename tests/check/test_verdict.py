"""What a key comes to: the rule's own answer, and how certain it is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from landing_zone_key import KmsKey, LandingZone, annotate, assess
from lzkey.check.verdict import judge
from lzkey.sources.subject import FoundKey, Place
from lzkey.state import State

if TYPE_CHECKING:
    from conftest import MakeFound, MakeKey

TESTS = Path(__file__).parents[1]
PUBLISHED = json.loads((TESTS / "corpus/published-policies.json").read_text())
ITEMS = sorted((TESTS / "engine/configuration_items").glob("*.json"))
LISTED = "arn:aws:kms:us-east-1:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321"


def requirements(verdict: Any, *, certain: bool) -> list[str]:
    """The requirements that fail, or may fail."""
    return [problem.requirement for problem in verdict.problems if problem.certain is certain]


class TestRule:
    """The same facts give the same answer as the rule's."""

    @pytest.mark.parametrize("organization", [None, "o-exampleorgid"])
    @pytest.mark.parametrize("entry", PUBLISHED, ids=[entry["id"] for entry in PUBLISHED])
    def test_same_answer_for_every_published_policy(
        self, entry: dict[str, Any], organization: str | None, make_key: MakeKey
    ) -> None:
        """Compliance, annotation, findings and advisories."""
        parameters = {"HomeRegion": entry["region"], "ManagementAccountId": entry["account"]}
        zone = LandingZone.from_rule_parameters(
            {**parameters, **({"OrganizationId": organization} if organization else {})}
        )
        key = make_key(entry["policy"], Arn=entry["key_arn"])
        self.agree(key, zone)

    @pytest.mark.parametrize("path", ITEMS, ids=[path.stem for path in ITEMS])
    def test_same_answer_for_every_shape_of_item(self, path: Path, zone: LandingZone) -> None:
        """Deleted, pending deletion, without policy, and so on."""
        self.agree(KmsKey.from_configuration_item(json.loads(path.read_text())), zone)

    def agree(self, key: KmsKey, zone: LandingZone) -> None:
        """Both say the same; what the rule calls non-compliant for want of knowledge is not determined."""
        assessment = assess(key, zone)
        verdict = judge(FoundKey("key", key, Place("key.json")), zone)
        certain = [f.certainty == "refused" or f.reason == "MALFORMED_POLICY" for f in assessment.findings]
        unknown = bool(certain) and not any(certain)
        assert verdict.rule == assessment.compliance
        assert verdict.state == ("UNKNOWN" if unknown else assessment.compliance)
        assert verdict.annotation == ("Not determined: " if unknown else "") + annotate(assessment)
        assert [(p.requirement, p.reason, p.message, p.statement) for p in verdict.problems] == [
            (f.requirement, f.reason, f.message, f.statement) for f in assessment.findings
        ]
        assert [remark.code for remark in verdict.remarks] == [a.code for a in assessment.advisories]


class TestCertainty:
    """A key that is known in part lies between two extremes."""

    @pytest.mark.parametrize(
        ("surely", "perhaps", "state"),
        [
            ("documented", None, State.COMPLIANT),
            ("documented", "documented", State.COMPLIANT),
            ("missing", None, State.NON_COMPLIANT),
            ("missing", "missing", State.NON_COMPLIANT),
            ("missing", "documented", State.UNKNOWN),
            ("denied", "missing", State.NON_COMPLIANT),
        ],
    )
    def test_state(
        self, make_found: MakeFound, zone: LandingZone, surely: str, perhaps: str | None, state: State
    ) -> None:
        """Proved, certain to fail, or neither."""
        assert judge(make_found(surely, hopeful=perhaps), zone).state is state

    def test_a_failure_in_both_extremes_is_told_as_the_better_one_has_it(
        self, make_found: MakeFound, zone: LandingZone
    ) -> None:
        """The Deny of the worse extreme may not be there; that no statement allows is so in any case."""
        verdict = judge(make_found("denied", hopeful="missing"), zone)
        assert requirements(verdict, certain=True) == ["CONFIG_ACCESS", "CLOUDTRAIL_ACCESS"]
        assert {problem.reason for problem in verdict.problems} == {"NO_ALLOW"}

    def test_certain_and_uncertain_failures_stand_side_by_side(
        self, make_found: MakeFound, make_key: MakeKey, zone: LandingZone
    ) -> None:
        """A disabled key whose policy is not resolved fails for certain, and perhaps in more."""
        disabled = make_key("documented", KeyState="Disabled")
        found = make_found("missing", hopeful=disabled)
        verdict = judge(replace(found, key=make_key("missing", KeyState="Disabled")), zone)
        assert verdict.state is State.NON_COMPLIANT
        assert requirements(verdict, certain=True) == ["ENABLED"]
        assert requirements(verdict, certain=False) == ["CONFIG_ACCESS", "CLOUDTRAIL_ACCESS"]

    @pytest.mark.parametrize(
        ("state", "expected"), [(None, State.UNKNOWN), ("Disabled", State.NON_COMPLIANT)]
    )
    def test_an_attribute_that_nobody_could_read_fails_nothing_for_certain(
        self, make_key: MakeKey, zone: LandingZone, state: str | None, expected: State
    ) -> None:
        """Its twin, an attribute with the wrong value, does."""
        key = make_key(KeyState=state)
        assert judge(FoundKey("key", key, Place("key.json")), zone).state is expected

    @pytest.mark.parametrize(
        ("length", "expected"), [(2, (State.COMPLIANT, "COMPLIANT")), (8, (State.UNKNOWN, "NON_COMPLIANT"))]
    )
    def test_too_complex_is_not_determined(
        self, make_found: MakeFound, make_key: MakeKey, zone: LandingZone, length: int, expected: Any
    ) -> None:
        """A Deny that never applies, past the bound of what can be proved: the rule has no word for that."""
        patterns = {"kms:ViaService": "*a" + "?" * length, "kms:CallerAccount": "*b" + "?" * length}
        deny = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "kms:*",
            "Resource": "*",
            "Condition": {"StringLike": patterns, "Null": {"aws:SourceArn": "true"}},
        }
        documented: Any = make_key("documented").policy
        hostile = {**documented, "Statement": [*documented["Statement"], deny]}
        verdict = judge(make_found(hostile), zone)
        assert (verdict.state, verdict.rule) == expected
        assert {problem.reason for problem in verdict.problems} <= {"TOO_COMPLEX"}

    def test_an_annotation_fits_where_the_rule_has_no_word_for_doubt(
        self, make_found: MakeFound, zone: LandingZone
    ) -> None:
        """At most 256 characters, also with the words before it."""
        long = {
            "Version": "2012-10-17",
            "Statement": {
                "Sid": "S" * 400,
                "Effect": "Deny",
                "Principal": "*",
                "Action": "*",
                "Resource": "*",
            },
        }
        verdict = judge(make_found(long, hopeful="documented"), zone)
        assert verdict.annotation.startswith("Not determined: CLOUDTRAIL_ACCESS: ")
        assert 250 <= len(verdict.annotation) <= 256


class TestScope:
    """Which keys are judged."""

    @pytest.mark.parametrize(("arn_known", "state"), [(True, State.NOT_APPLICABLE), (False, State.COMPLIANT)])
    def test_a_list_of_keys_cannot_name_one_that_is_not_there_yet(
        self,
        make_found: MakeFound,
        zone: LandingZone,
        arn_known: bool,  # noqa: FBT001 - a table
        state: State,
    ) -> None:
        """A key with an ARN of its own is out of the list's scope."""
        listed = LandingZone.from_rule_parameters(
            {"HomeRegion": "us-east-1", "ManagementAccountId": "111122223333", "KeyScope": LISTED}
        )
        verdict = judge(make_found(arn_known=arn_known), listed)
        assert (verdict.state, verdict.arn is None) == (state, not arn_known)
        assert judge(make_found(arn_known=arn_known), zone).state is State.COMPLIANT


class TestPlace:
    """Where the trouble is."""

    def test_a_problem_is_at_its_statement(self, make_found: MakeFound, zone: LandingZone) -> None:
        """The Deny is the third statement."""
        assert {problem.line for problem in judge(make_found("denied"), zone).problems} == {30}

    def test_a_problem_of_the_key_is_where_the_key_is(
        self, make_found: MakeFound, make_key: MakeKey, zone: LandingZone
    ) -> None:
        """No statement is to blame."""
        disabled = replace(make_found(), key=make_key(KeyState="Disabled"))
        assert [problem.line for problem in judge(disabled, zone).problems] == [3]

    def test_nobody_counted(self, make_found: MakeFound, zone: LandingZone) -> None:
        """Then the key's own line has to do."""
        verdict = judge(make_found("denied", statement_lines=()), zone)
        assert {problem.line for problem in verdict.problems} == {3}
