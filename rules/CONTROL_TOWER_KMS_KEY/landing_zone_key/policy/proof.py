"""Prove that a policy allows every request of a family, or find the request that it refuses.

What the requests differ in is cut into cases that no statement of the policy can tell apart; each case is
decided by `decide`. A bound keeps hostile policies cheap: past it the answer is `TOO_COMPLEX`, never a proof.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, product
from typing import Final

from landing_zone_key.policy.budget import Budget, TooComplexError
from landing_zone_key.policy.cases import Alternative, axes, examples
from landing_zone_key.policy.decision import Decision, Reason, Request, Values, applies, decide, effort
from landing_zone_key.policy.document import Policy, Statement
from landing_zone_key.policy.family import Family
from landing_zone_key.policy.joining import joined, taken_apart
from landing_zone_key.policy.relevance import (
    Reaching,
    Variety,
    can_match,
    contributing,
    favourable,
    is_settled,
    reaching,
    variety_of,
    with_action,
)
from landing_zone_key.records import dataclass

#: The bound on one proof: steps of the automata, statements and values looked at, together; each takes about
#: a microsecond. The documented policy needs some 50.
MAXIMUM_STEPS: Final = 7_000

#: The bound on looking for one request that is denied, where the bound on the proof is reached.
INSTANCE_STEPS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Proved:
    """Every request of the family is allowed (or, for `prove_refused`, refused)."""

    cases: int
    """How many requests were decided to know it; they stand for all the others."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A request of the family is not decided as it should be."""

    request: Request | None
    """The counterexample. None where the bound was reached first (`TOO_COMPLEX`)."""
    decision: Decision
    certain: bool = False
    """Whether it is refused whatever nobody documents, and however doubt is decided."""


def prove(policy: Policy, family: Family, steps: int = MAXIMUM_STEPS) -> Proved | Refused:
    """Prove that every request of the family is allowed; doubt counts against it."""
    return _search(policy, family, Budget(steps), _PROVE)


def prove_refused(policy: Policy, family: Family) -> Proved | Refused:
    """Prove that every request of the family is refused; doubt counts against that, too.

    The counterexample is then a request that is allowed, or that nobody can say is refused.
    """
    return _search(policy, family, Budget(MAXIMUM_STEPS), _PROVE_REFUSED)


def is_plainly_refused(policy: Policy, family: Family) -> bool:
    """Whether no statement can allow a request of the family, as far as that is seen without any cases."""
    budget, actions = Budget(MAXIMUM_STEPS), [action.lower() for action in family.actions]
    try:
        return not any(
            can_match(each.statement, family, budget)
            for each in reaching(policy, family, budget)
            if each.statement.allows and not {False}.issuperset(map(each.statement.actions.include, actions))
        )
    except TooComplexError:
        return False


def find_refused(policy: Policy, family: Family, steps: int = MAXIMUM_STEPS) -> Refused | None:
    """A request that is certain to be refused; None where none is, or the bound was reached first."""
    found = _search(policy, family, Budget(steps), _FIND_REFUSED)
    if not isinstance(found, Refused) or found.request is None:
        return None
    decision = found.decision
    if decision.statement is not None:  # as it is written, with all its conditions
        decision = replace(decision, statement=policy.statements[decision.statement.index])
    return Refused(found.request, decision, certain=True)


class _Aim:
    """What every request should be, and for what doubt speaks."""

    __slots__ = ("allowed", "doubt_allows")

    def __init__(self, *, allowed: bool, doubt_allows: bool) -> None:
        self.allowed, self.doubt_allows = allowed, doubt_allows


_PROVE: Final = _Aim(allowed=True, doubt_allows=False)
_PROVE_REFUSED: Final = _Aim(allowed=False, doubt_allows=True)
#: What is undocumented is doubt, too, so that no doubt is left in what is found.
_FIND_REFUSED: Final = _Aim(allowed=True, doubt_allows=True)


def _search(policy: Policy, family: Family, budget: Budget, aim: _Aim) -> Proved | Refused:
    cases = 0
    answered = set()
    about: list[Statement] = []
    action = ""
    try:
        reached = reaching(policy, family, budget)
        if aim is _FIND_REFUSED:
            best = (favourable(each.statement, family) for each in reached)
            reached = [Reaching(each, surely=False) for each in best if each is not None]
        named = [each.statement.actions for each in reached]
        wild = sum([actions.wild for actions in named])
        for action in family.actions:
            budget.spend(wild)
            lowered = action.lower()
            named_by = tuple([actions.include(lowered) for actions in named])
            if named_by in answered:  # nothing else depends on the action
                continue
            answered.add(named_by)
            including = [pair for pair in zip(reached, named_by, strict=True) if pair[1] is not False]
            if _is_plain(including, family, budget, aim):
                cases += 1
                continue
            about = [
                with_action(each.statement, lowered, surely=includes is True) for each, includes in including
            ]
            result = _decide_action(about, family, action, budget, aim)
            if isinstance(result, Refused):
                return result
            cases += result.cases
    except TooComplexError:
        denied = _denied(policy, about, family, action) if aim.allowed else None
        decision = Decision(allowed=not aim.allowed, statement=None, reason=Reason.TOO_COMPLEX)
        return denied or Refused(None, decision)
    return Proved(cases)


def _is_plain(
    including: Sequence[tuple[Reaching, bool | None]], family: Family, budget: Budget, aim: _Aim
) -> bool:
    """Whether there is one statement about the action, and it allows every request; as costly as to find out.

    Else the bound would be reached with other policies than if every case was looked at.
    """
    if not aim.allowed or len(including) != 1:
        return False
    ((each, includes),) = including
    if not (each.statement.allows and each.surely and includes):
        return False
    budget.spend(_cost((each.statement,), family.settled_values))
    return True


def _cost(statements: Sequence[Statement], values_of: Callable[[str], tuple[str, ...] | None]) -> int:
    """The steps that it takes to decide a request that carries these values."""
    steps = 8 + 7 * len(statements)
    for statement in statements:
        for condition in statement.conditions:
            steps += condition.effort(values_of(condition.lookup_key))
    return steps


def _denied(policy: Policy, about: Sequence[Statement], family: Family, action: str) -> Refused | None:
    """A request for the action that a Deny refuses for certain, by one of its values; None: none is near.

    The Denies that ask for less that is not known come first.
    """
    budget = Budget(INSTANCE_STEPS)
    certain = [each for each in about if all(condition.operator for condition in each.conditions)]
    denies = sorted((each for each in certain if not each.allows), key=lambda each: variety_of(each, family))
    try:
        for part in chain.from_iterable(map(taken_apart, denies)):
            for request in _requests(family, action, (part,), budget):
                if applies(part, request):
                    budget.spend(sum(effort(each, request.value_of) for each in policy.statements))
                    return Refused(request, decide(policy, request, doubt_allows=True))
    except TooComplexError:
        pass
    return None


def _decide_action(
    about: Sequence[Statement], family: Family, action: str, budget: Budget, aim: _Aim
) -> Proved | Refused:
    """Decide with few of the statements that help, then with more: what the few prove, all of them do.

    Most policies have an Allow that every request meets; what else they allow would only make more cases.
    """
    helping = [statement for statement in about if statement.allows is aim.allowed]
    others = [statement for statement in about if statement.allows is not aim.allowed]
    about = [*joined(helping, budget), *others]
    varieties = [Variety.SETTLED if s.allows is not aim.allowed else variety_of(s, family) for s in about]
    for variety in sorted(set(varieties)) or (Variety.SETTLED,):
        few = [each for each, its_own in zip(about, varieties, strict=True) if its_own <= variety]
        statements = contributing(few, family, doubt_allows=aim.doubt_allows)
        result = _decide_all(statements, family, action, budget, aim)
        if isinstance(result, Proved):
            break
    return result


def _decide_all(
    statements: tuple[Statement, ...], family: Family, action: str, budget: Budget, aim: _Aim
) -> Proved | Refused:
    policy, cases = Policy(statements), 0
    for request in _requests(family, action, statements, budget):
        cases += 1
        decision = decide(policy, request, doubt_allows=aim.doubt_allows)
        if decision.allowed is not aim.allowed:
            return Refused(request, decision)
    return Proved(cases)


def _requests(
    family: Family, action: str, statements: tuple[Statement, ...], budget: Budget
) -> Iterator[Request]:
    """The cases as requests: a few that read well, because most refusals show there, and then all."""
    conditions = [condition for statement in statements for condition in statement.conditions]
    free = [
        condition
        for condition in conditions
        if condition.operator is not None and not is_settled(family, condition)
    ]

    def request(chosen: Iterable[Alternative]) -> Request:
        values = Values(family.sample.values)
        for alternative in chosen:
            values.update(alternative)
        budget.spend(_cost(statements, values.get))
        return Request(action, family.resource, family.service, values)

    for example in examples(family, free):
        yield request([example])
    if choices := axes(family, free, budget):
        yield from map(request, product(*choices))
