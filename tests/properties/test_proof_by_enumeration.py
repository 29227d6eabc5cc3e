"""`prove` says Proved if, and only if, every single request of a small family is allowed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from oracle.families import FREE, all_requests, belongs, family, family_policies, statement, used

from landing_zone_key.policy import (
    Family,
    Policy,
    Proved,
    Refused,
    Request,
    decide,
    prove,
    prove_refused,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("without_bound")
WAYS = pytest.mark.parametrize("wanted", [True, False], ids=["prove", "prove_refused"])


def search(policy: Policy, of: Family, *, wanted: bool) -> Proved | Refused:
    """Prove that all are allowed (`wanted`), or that all are refused."""
    return prove(policy, of) if wanted else prove_refused(policy, of)


def as_wanted(policy: Policy, request: Request, *, wanted: bool) -> bool:
    """Whether the request is decided as it should be; doubt counts against it."""
    return decide(policy, request, doubt_allows=not wanted).allowed is wanted


def requests_of(document: dict[str, Any], of: Family) -> Iterator[Request]:
    """Every request of the family, as far as this policy could tell it from another."""
    names = used(document)
    several = frozenset(key for name, key in names if name.startswith("For"))
    return all_requests(of, frozenset(key for _, key in names), several)


@WAYS
class TestProof:
    """The proof against brute force."""

    @given(document=family_policies(), excluded=st.booleans())
    def test_proved_means_that_no_request_is_decided_otherwise(
        self, document: dict[str, Any], *, excluded: bool, wanted: bool
    ) -> None:
        """Proved: enumeration finds nothing. Refused: the counterexample is of the family, and is one."""
        policy, of = Policy.parse(document), family(excluded=excluded)
        result = search(policy, of, wanted=wanted)
        if isinstance(result, Refused):
            assert result.request is not None
            assert belongs(result.request, of)
            assert not as_wanted(policy, result.request, wanted=wanted)
            return
        otherwise = [r for r in requests_of(document, of) if not as_wanted(policy, r, wanted=wanted)]
        assert otherwise == []

    @given(document=family_policies(unsettled=True), excluded=st.booleans())
    def test_variables_that_differ_between_requests_are_never_guessed(
        self, document: dict[str, Any], *, excluded: bool, wanted: bool
    ) -> None:
        """A policy variable that no fact settles may refuse what is allowed, never the other way round."""
        policy, of = Policy.parse(document), family(excluded=excluded)
        if isinstance(search(policy, of, wanted=wanted), Proved):
            otherwise = [r for r in requests_of(document, of) if not as_wanted(policy, r, wanted=wanted)]
            assert otherwise == []

    @given(document=family_policies())
    def test_what_the_counterexample_is_does_not_depend_on_the_order(
        self, document: dict[str, Any], *, wanted: bool
    ) -> None:
        """Statements in reverse order are proved, or not, alike."""
        turned = {**document, "Statement": document["Statement"][::-1]}
        results = [search(Policy.parse(d), family(excluded=False), wanted=wanted) for d in (document, turned)]
        assert isinstance(results[0], Proved) is isinstance(results[1], Proved)


@WAYS
@pytest.mark.parametrize("key", sorted({*FREE, "left", "both", "now", "epoch"}))
@pytest.mark.parametrize("expected", [Proved, Refused])
def test_both_answers_occur_on_every_kind_of_key(*, wanted: bool, key: str, expected: type) -> None:
    """The policies that are drawn are proved and refused for every kind of key: no test above is idle."""

    def answers(document: dict[str, Any]) -> bool:
        return isinstance(search(Policy.parse(document), family(excluded=False), wanted=wanted), expected)

    once = settings(derandomize=True, max_examples=1_000, database=None, phases=[Phase.generate])
    assert used(find(family_policies((key,)), answers, settings=once))


TRAPS = json.loads((Path(__file__).parent / "proof_traps.json").read_text())


@pytest.mark.parametrize("trap", TRAPS, ids=[trap["name"] for trap in TRAPS])
def test_known_traps(trap: dict[str, Any]) -> None:
    """Policies that a proof with too few representatives gets wrong, and their twins."""
    listed = [statement(effect, condition) for effect, condition in trap["statements"]]
    result = prove(Policy.parse({"Version": "2012-10-17", "Statement": listed}), family(excluded=False))
    assert type(result).__name__ == trap["expected"]
