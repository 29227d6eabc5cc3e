"""`decide` and the pattern matcher agree with an evaluator written for nothing but being plain."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import evaluator
from oracle.policies import policies, requests

from landing_zone_key.policy import Policy, Request, decide
from landing_zone_key.policy.patterns import arn_parts, glob, ignoring_case, resource_parts

ALPHABET = "ab:*?"
texts = st.text(alphabet="abA:*", max_size=8)
patterns = st.text(alphabet=ALPHABET, max_size=8)
arn_patterns = st.lists(st.text(alphabet="ab*?", max_size=2), min_size=4, max_size=8).map(":".join)
arns = st.lists(st.text(alphabet="ab", max_size=2), min_size=4, max_size=8).map(":".join)


class TestDecide:
    """One request against one policy."""

    @pytest.mark.parametrize("doubt_allows", [False, True])
    @given(policy=policies(), request=requests())
    def test_agrees_with_the_reference(
        self, policy: dict[str, Any], request: dict[str, Any], *, doubt_allows: bool
    ) -> None:
        """Both give every request the same answer, whichever way doubt counts."""
        decision = decide(Policy.parse(policy), Request(**request), doubt_allows=doubt_allows)
        assert decision.allowed is evaluator.allowed(policy, request, doubt_allows=doubt_allows)


class TestPatterns:
    """Matching without backtracking against matching by definition."""

    @given(pattern=patterns, text=texts)
    def test_globs_match_as_defined(self, pattern: str, text: str) -> None:
        """`*` is any run of characters, `?` exactly one."""
        assert glob(pattern).matches(text) is evaluator.like(evaluator.tokens(pattern), text)

    @given(pattern=patterns, text=texts)
    def test_letter_case_can_be_ignored(self, pattern: str, text: str) -> None:
        """Every letter then stands for both of its cases."""
        lowered = evaluator.like(evaluator.tokens(pattern.lower()), text.lower())
        assert ignoring_case(glob(pattern)).matches(text) is lowered

    @given(pattern=st.one_of(arn_patterns, patterns), text=st.one_of(arns, texts))
    def test_arns_match_component_by_component(self, pattern: str, text: str) -> None:
        """No wildcard crosses one of the first five colons; fewer than six components are no pattern."""
        read = arn_parts(glob(pattern))
        found = None if read is None else read.matches(text)
        assert found is evaluator.arn_like(evaluator.tokens(pattern), text)

    @given(pattern=st.one_of(arn_patterns, patterns), text=st.one_of(arns, texts))
    def test_resources_match_as_the_element_says(self, pattern: str, text: str) -> None:
        """Before the sixth component, a `*` crosses colons only where it ends a component."""
        found = resource_parts(glob(pattern)).matches(text)
        assert found is evaluator.resource_like(evaluator.tokens(pattern), text)
