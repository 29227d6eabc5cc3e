"""Why each statement does or does not match a request: for people, after the decision."""

import re
from collections.abc import Sequence
from typing import Final

from landing_zone_key.policy.budget import Budget, TooComplexError
from landing_zone_key.policy.conditions import Condition, Kind, operator_meant, operator_of
from landing_zone_key.policy.decision import (
    Request,
    effort,
    filled_in,
    matches_resource,
    names_principal,
    names_resource,
)
from landing_zone_key.policy.document import Actions, Policy, Principals, Statement
from landing_zone_key.policy.spelling import nearest
from landing_zone_key.policy.variables import Unsettled
from landing_zone_key.records import dataclass

#: The bound on one explanation; an ordinary policy of 32 KB needs a tenth of it.
MAXIMUM_STEPS: Final = 20_000
#: For the doubt of one condition: to find the operator that is meant takes the longest.
_STEPS_TO_SAY_WHY: Final = 50

#: An element that is written nearly right is a slip, and weighs less than one that is about something else.
_SLIP: Final = 50
_WEIGHTS: Final = {"Statement": 10_000, "Principal": 1_000, "Action": 100, "Resource": 10, "Condition": 1}
#: In the name of a service that is nearly right; more than one in that of an action is another action.
_MOST_EDITS: Final = 3
_SERVICE: Final = re.compile(r"[\w.-]{1,80}", re.ASCII)

_DIGITS_OF_SECONDS: Final = 12


@dataclass(frozen=True, slots=True)
class Miss:
    """One element of a statement that does not match the request, or that nobody can decide."""

    element: str
    """`Principal`, `Action`, `Resource` or `Condition` (or its `Not` form); `Statement` for the whole."""
    condition: Condition | None = None
    undecidable: bool = False
    doubt: str = ""
    """Why nobody can decide it: the end of a sentence."""
    written: str = ""
    """Of a Principal or an Action that is nearly right: what stands there, `Service config.amazon.com`."""
    right: str = ""
    """Of a Principal or an Action: what the request has there."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one statement does for one request."""

    statement: Statement
    matches: bool | None
    misses: tuple[Miss, ...]


def explain(policy: Policy, request: Request) -> tuple[Outcome, ...]:
    """Look at every statement, with everything that keeps it from matching.

    The work is bounded: a statement that would take more than is left of it is left undecided.
    """
    budget = Budget(MAXIMUM_STEPS)
    return tuple(_outcome(statement, request, budget) for statement in policy.statements)


def nearest_allow(outcomes: Sequence[Outcome]) -> Outcome | None:
    """The Allow that names the principal and misses the request by the least; None where none names it.

    A name that is nearly right counts, unless another Allow may be about the request.
    """
    allows = [outcome for outcome in outcomes if outcome.statement.allows]
    slips = all(outcome.matches is not None for outcome in allows)
    candidates = [
        outcome
        for outcome in allows
        if all(miss.element != "Principal" or (slips and miss.written) for miss in outcome.misses)
    ]
    return min(candidates, key=lambda outcome: (missed_by(outcome), outcome.statement.index), default=None)


def missed_by(outcome: Outcome) -> int:
    """By how much a statement misses the request: what it misses, weighed."""
    return sum(_SLIP if miss.written else _WEIGHTS[miss.element] for miss in outcome.misses)


def certainly_allowed(outcomes: Sequence[Outcome]) -> bool:
    """Whether the request is allowed without any doubt."""
    allowed = any(each.matches for each in outcomes if each.statement.allows)
    return allowed and all(each.matches is False for each in outcomes if not each.statement.allows)


def _outcome(statement: Statement, request: Request, budget: Budget) -> Outcome:
    try:
        budget.spend(effort(statement, request.value_of))
        misses = _misses(statement, request, budget)
    except TooComplexError:
        doubt = "whether it applies takes too long to find out"
        return Outcome(statement, None, (Miss("Statement", undecidable=True, doubt=doubt),))
    open_ = misses and False not in [miss.undecidable for miss in misses]
    return Outcome(statement, None if open_ else not misses, tuple(misses))


def _misses(statement: Statement, request: Request, budget: Budget) -> list[Miss]:
    misses = []
    elements = (
        ("Principal", names_principal(statement.principals, request), _doubt_of_principals),
        ("Action", statement.actions.include(request.action.lower()), _doubt_of_actions),
        ("Resource", names_resource(statement.resources, request), _doubt_of_resources),
    )
    for name, verdict, doubt in elements:
        if verdict is None and not (name == "Resource" and _grants_elsewhere(statement, request)):
            misses.append(Miss(name, undecidable=True, doubt=doubt(statement, request)))
        elif not verdict:
            misses.append(_missed(name, statement, request))
    for condition in statement.conditions:
        values = request.values.get(condition.lookup_key)
        resolved = condition.resolve(request.value_of)
        budget.spend(resolved.effort(values))
        holds = resolved.holds(values)
        if holds is None:
            budget.spend(_STEPS_TO_SAY_WHY)
            misses.append(
                Miss("Condition", condition, undecidable=True, doubt=_doubt_of_condition(condition))
            )
        elif not holds:
            misses.append(Miss("Condition", condition))
    return misses


def _missed(element: str, statement: Statement, request: Request) -> Miss:
    """The element, with what is written there where that is nearly right."""
    if element == "Principal":
        right = request.service or ""
        meant = _service_meant(statement.principals, right) if right else ""
        return Miss(element, written=f"Service {meant}" if meant else "", right=right)
    if element == "Action":
        return Miss(element, written=_action_meant(statement.actions, request.action), right=request.action)
    return Miss(element)


def _action_meant(actions: Actions, right: str) -> str:
    """The action that is nearly the one of the request."""
    texts = () if actions.negated else actions.texts
    bare = {text.rstrip("*"): text for text in texts}
    return bare.get(nearest(right, bare, most=1), "")


def _service_meant(principals: Principals, right: str) -> str:
    """The service that is nearly the one of the request: misspelt, or longer in the part before the dot."""
    named = [] if principals.negated else sorted(filter(_SERVICE.fullmatch, principals.services))
    own = right.partition(".")[0]
    longer = next((name for name in named if name.startswith(own)), "")
    return nearest(right, named, most=_MOST_EDITS) or longer


def _grants_elsewhere(statement: Statement, request: Request) -> bool:
    """Whether an Allow is about other resources, as they are written: whatever else those may mean."""
    resources = statement.resources
    if not statement.allows or resources.negated:
        return False
    read = [filled_in(text, request.value_of, negated=False) for text in resources.texts]
    return not any(isinstance(each, Unsettled) or each.matches(request.resource) for each in read)


def _doubt_of_principals(statement: Statement, _request: Request) -> str:
    if statement.principals.doubtful:
        return "IAM does not support NotPrincipal with Allow, so what it grants is not documented"
    kind = "AWS" if "*" in statement.principals.aws else "Service"
    return f'whether {{"{kind}": "*"}} includes AWS services is not documented'


def _doubt_of_actions(statement: Statement, request: Request) -> str:
    text = statement.actions.undocumented(request.action.lower())
    return f'AWS documents no wildcard in the service part of an action, as "{text}" has one'


def _doubt_of_resources(statement: Statement, request: Request) -> str:
    resources = statement.resources
    entry = next(
        entry
        for entry in resources.texts
        if matches_resource(entry, request, negated=resources.negated) is None
    )
    why = entry.doubt or ("it has too few parts" if entry.partial else "")
    told = f'whether "{entry.text[:160]}" takes in the key is not documented'
    return f"{told}: {why}" if why else told


def _doubt_of_condition(condition: Condition) -> str:
    if condition.operator is not None:
        return f"{condition.name} {condition.key} cannot be decided{_unreadable(condition)}"
    if condition.key or operator_of(condition.name) is None:
        meant = operator_meant(condition.name)
        perhaps = f' (perhaps "{meant}" is meant)' if meant else ""
        return f'there is no condition operator "{condition.name}"{perhaps}'
    return f"what {condition.name} asks for without any key is not documented"


def _unreadable(condition: Condition) -> str:
    """The value that is none of the operator's kind, in brackets; empty where every one can be read."""
    operator = condition.operator
    if operator is None or operator.kind not in (Kind.DATE, Kind.NUMBER) or not condition.doubtful:
        return ""
    read = [text for text in condition.texts if operator.read(text) in condition.operands]
    wrong = next((text for text in condition.texts if text not in read), "")
    too_long = wrong.isdigit() and len(wrong) > _DIGITS_OF_SECONDS
    digits = "; seconds since 1970 have fewer digits" if too_long else ""
    return f' ("{wrong[:40]}" is no {operator.kind.value}{digits})' if wrong else ""
