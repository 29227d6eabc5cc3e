"""What the rule's annotation says, read back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landing_zone_key import Assessment, Compliance, Finding, FindingReason, Requirement, annotate
from lzkey.report.annotations import failures, proves
from lzkey.report.model import Failure

SIDS = st.text(st.characters(codec="latin-1"), max_size=40) | st.sampled_from(
    ["; ENABLED: no", "CONFIG_ACCESS", "...; SYMMETRIC", "a; b", '": ', "ENABLED; "]
)


def assessed(details: dict[Requirement, str]) -> Assessment:
    """An assessment that finds these."""
    findings = [Finding(name, FindingReason.NO_ALLOW, detail, detail) for name, detail in details.items()]
    return Assessment(Compliance.NON_COMPLIANT, tuple(findings))


class TestFailures:
    """REQUIREMENT: detail; REQUIREMENT."""

    @pytest.mark.parametrize(
        ("annotation", "expected"),
        [
            ("ENABLED: Disabled", [("ENABLED", "Disabled")]),
            ("ENABLED", [("ENABLED", "")]),
            ("ENABLED; SYMMETRIC", [("ENABLED", ""), ("SYMMETRIC", "")]),
            ("ENABLED: a; b; SYMMETRIC: c", [("ENABLED", "a; b"), ("SYMMETRIC", "c")]),
            (
                'CONFIG_ACCESS: denied by "x; ENABLED: y"; SYMMETRIC: z',
                [("CONFIG_ACCESS", 'denied by "x; ENABLED: y"'), ("SYMMETRIC", "z")],
            ),
            (
                'CONFIG_ACCESS: denied by "x; y...; ENABLED: Disabled',
                [("CONFIG_ACCESS", 'denied by "x; y...'), ("ENABLED", "Disabled")],
            ),
            ("ENABLED: a; ENABLED: b", [("ENABLED", "a; ENABLED: b")]),
            ("ENABLED: a; ENABLEDX: b", [("ENABLED", "a; ENABLEDX: b")]),
        ],
    )
    def test_are_read(self, annotation: str, expected: list[tuple[str, str]]) -> None:
        """Each requirement once; a detail may hold what separates them."""
        assert failures(annotation) == tuple(Failure(*each) for each in expected)

    @pytest.mark.parametrize(
        "annotation", ["", "x", "enabled: no", "ENABLEDX: a", "ENABLED:a", " ENABLED: a", "x; ENABLED: a"]
    )
    def test_of_somebody_else(self, annotation: str) -> None:
        """Are not understood."""
        assert failures(annotation) is None

    @given(st.dictionaries(st.sampled_from(Requirement), SIDS.map('denied by "{}"'.format), min_size=1))
    def test_none_is_lost(self, details: dict[Requirement, str]) -> None:
        """Whatever a policy's author calls his statements, cut short or not."""
        found = failures(annotate(assessed(details)))
        assert found is not None
        assert {Requirement(failure.requirement) for failure in found} >= set(details)

    @given(
        st.dictionaries(
            st.sampled_from(Requirement),
            st.text("ab; :.", max_size=12).map('denied by "{}"'.format),
            min_size=1,
            max_size=4,
        )
    )
    def test_what_had_room_is_read_exactly(self, details: dict[Requirement, str]) -> None:
        """And no requirement is added."""
        found = failures(annotate(assessed(details)))
        assert {Requirement(one.requirement): one.detail for one in found or ()} == details


class TestProof:
    """What a COMPLIANT key is told to be."""

    def test_is_ours(self) -> None:
        """The engine's own words, and no others."""
        compliant = annotate(Assessment(Compliance.COMPLIANT))
        assert proves(compliant)
        assert not proves(compliant + ".")
        assert not proves("")
