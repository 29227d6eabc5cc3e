"""The bound: hostile policies end in TOO_COMPLEX, realistic ones do not come near it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle.families import NAMES, belongs, family, family_policies, statement

from landing_zone_key.policy import Policy, Proved, Reason, Refused, decide, proof, prove
from landing_zone_key.policy.budget import Budget, TooComplexError
from landing_zone_key.policy.proof import is_plainly_refused, prove_refused

HOSTILE: dict[str, list[dict[str, Any]]] = {
    "a determinised automaton of 2**30 states": [
        statement("Allow"),
        statement("Deny", {"StringLike": {"free": f"*a{'?' * 30}"}, "StringNotLike": {"free": "*"}}),
    ],
    "thousands of keys": [
        statement("Allow"),
        statement("Deny", {"StringLike": {f"key{n}": "*" for n in range(1500)}, "Null": {"key0": "true"}}),
    ],
    "hundreds of patterns on tens of keys": [
        statement("Allow"),
        statement(
            "Deny",
            {"StringLike": {f"key{k}": [f"*a{n}*" for n in range(100)] for k in range(20)}},
            {"Null": {"key0": "true"}},
        ),
    ],
    "a long run of stars": [
        statement("Allow"),
        statement("Deny", {"StringLike": {"free": ["*a" * 400, "*b" * 400]}, "Null": {"free": "true"}}),
    ],
    "thirty set operators on one key": [
        statement("Allow"),
        *(
            statement("Deny", {"ForAnyValue:StringEquals": {"free": f"v{n}"}, "Null": {"free": "true"}})
            for n in range(30)
        ),
    ],
    "thousands of dates": [
        statement("Allow"),
        statement(
            "Deny",
            {"DateEquals": {"now": [str(1_900_000_000 + 10 * n) for n in range(2500)]}},
            {"DateLessThan": {"now": "2020-01-01"}},
        ),
    ],
    "thousands of numbers": [
        statement("Allow"),
        statement("Deny", {"NumericEquals": {"free": list(range(4000))}, "Null": {"free": "true"}}),
    ],
}  # fmt: skip


class CountingBudget(Budget):
    """A budget that remembers what was spent."""

    spent = 0

    def spend(self, steps: int) -> None:
        """Count, and then spend."""
        type(self).spent += steps
        super().spend(steps)


class TestHostilePolicies:
    """Somebody else's text, made to be expensive."""

    @pytest.mark.parametrize("statements", HOSTILE.values(), ids=HOSTILE)
    def test_stay_under_the_bound(
        self, statements: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The answer is TOO_COMPLEX, without a request; or it is a proof, and within the bound."""
        monkeypatch.setattr(proof, "Budget", CountingBudget)
        CountingBudget.spent = 0
        result = prove(Policy.parse({"Statement": statements}), family(excluded=False))
        if isinstance(result, Refused):
            assert result.decision.reason is Reason.TOO_COMPLEX
            assert result.request is None
        else:
            assert CountingBudget.spent <= proof.MAXIMUM_STEPS

    def test_some_are_too_complex(self) -> None:
        """The first of them is: a bound that nothing reaches would be none."""
        [statements, *_] = HOSTILE.values()
        result = prove(Policy.parse({"Statement": statements}), family(excluded=False))
        assert isinstance(result, Refused)
        assert result.decision.reason is Reason.TOO_COMPLEX

    @given(document=family_policies(), steps=st.integers(0, 300))
    def test_no_bound_is_a_proof(self, document: dict[str, Any], *, steps: int) -> None:
        """With fewer steps a proof may be lost, but never won."""
        policy, of = Policy.parse(document), family(excluded=False)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(proof, "MAXIMUM_STEPS", steps)
            hurried = prove(policy, of)
            patch.setattr(proof, "MAXIMUM_STEPS", 1_000_000)
            assert isinstance(prove(policy, of), Proved) or not isinstance(hurried, Proved)

    @given(document=family_policies(), steps=st.integers(0, 300))
    def test_a_request_that_is_named_is_refused(self, document: dict[str, Any], *, steps: int) -> None:
        """Also where the bound is reached: it is one of the family, and the policy refuses it."""
        policy, of = Policy.parse(document), family(excluded=True)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(proof, "MAXIMUM_STEPS", steps)
            hurried = prove(policy, of)
        if isinstance(hurried, Refused) and hurried.request is not None:
            assert belongs(hurried.request, of)
            assert not decide(policy, hurried.request).allowed


class TestShortWays:
    """What is seen without any cases is what all cases show, and the bound is where it was."""

    @given(document=family_policies(), steps=st.integers(0, 300))
    def test_one_statement_that_allows_everything(self, document: dict[str, Any], *, steps: int) -> None:
        """The same answer at the same cost as where its one case is decided."""
        policy, of = Policy.parse(document), family(excluded=False)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(proof, "Budget", CountingBudget)
            answers = []
            for _ in range(2):
                CountingBudget.spent = 0
                answers.append((prove(policy, of, steps), CountingBudget.spent))
                patch.setattr(proof, "_is_plain", lambda *_: False)
        assert answers[0] == answers[1]

    @pytest.mark.usefixtures("without_bound")
    @given(document=family_policies())
    def test_nobody_who_could_allow(self, document: dict[str, Any]) -> None:
        """Where no statement can match, every request is refused."""
        policy, of = Policy.parse(document), family(excluded=True)
        assert not is_plainly_refused(policy, of) or isinstance(prove_refused(policy, of), Proved)


def test_a_budget_ends() -> None:
    """The step after the last one raises, and the one before does not."""
    budget = Budget(2)
    budget.spend(2)
    with pytest.raises(TooComplexError):
        budget.spend(1)


@pytest.mark.parametrize("key", sorted(NAMES))
def test_one_condition_of_every_operator_is_cheap(key: str) -> None:
    """An exemption on any one key, in three Denies and three Allows, is decided within the bound."""
    conditions = [{name: {key: list(values)}} for name, values in NAMES[key].items()][:3]
    denies = [statement("Deny", condition, {"Null": {"gone": "false"}}) for condition in conditions]
    allows = [statement("Allow", condition) for condition in conditions]
    document = {"Version": "2012-10-17", "Statement": [*denies, *allows, statement("Allow")]}
    assert isinstance(prove(Policy.parse(document), family(excluded=False)), Proved)


class TestStatementsForOthers:
    """A key policy grants much to others; what a proof does not need must not cost it anything."""

    USES: tuple[dict[str, Any], ...] = tuple(
        statement("Allow", {"StringLike": {f"key{k}": [f"s{n}.*.amazonaws.com" for n in range(10)]}})
        for k in range(6)
    )

    def test_cost_a_proof_nothing(self) -> None:
        """Wildcards on keys that the services' own statements do not ask for."""
        needed = statement("Allow", {"ArnLike": {"both": "p:q:*:s:t:*"}})
        document = {"Statement": [*self.USES, needed]}
        assert isinstance(prove(Policy.parse(document), family(excluded=False)), Proved)

    def test_are_looked_at_where_they_are_needed(self) -> None:
        """Without a statement of its own, the service is refused."""
        missing = statement("Allow", {"ArnLike": {"both": "p:q:b*:s:t:*"}})
        document = {"Statement": [*self.USES, missing]}
        assert isinstance(prove(Policy.parse(document), family(excluded=False)), Refused)
