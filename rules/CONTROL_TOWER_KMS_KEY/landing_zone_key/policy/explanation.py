"""Why each statement does or does not match a request: for people, after the decision."""

from collections.abc import Sequence

from landing_zone_key.policy.conditions import Condition
from landing_zone_key.policy.decision import Request, applies, names_principal, names_resource
from landing_zone_key.policy.document import Policy, Statement
from landing_zone_key.records import dataclass


@dataclass(frozen=True, slots=True)
class Miss:
    """One element of a statement that does not match the request, or that nobody can decide."""

    element: str
    """`Principal`, `Action`, `Resource` or `Condition` (also for their `Not` forms)."""
    condition: Condition | None = None
    undecidable: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one statement does for one request."""

    statement: Statement
    matches: bool | None
    misses: tuple[Miss, ...]


def explain(policy: Policy, request: Request) -> tuple[Outcome, ...]:
    """Look at every statement, with everything that keeps it from matching."""
    return tuple(
        Outcome(statement, applies(statement, request), tuple(_misses(statement, request)))
        for statement in policy.statements
    )


def nearest_allow(outcomes: Sequence[Outcome]) -> Outcome | None:
    """The Allow that names the principal and misses the request by the least; None where none names it."""
    candidates = [
        outcome
        for outcome in outcomes
        if outcome.statement.allows and not any(miss.element == "Principal" for miss in outcome.misses)
    ]
    order = {"Action": 100, "Resource": 10, "Condition": 1}
    return min(
        candidates,
        key=lambda outcome: (sum(order[miss.element] for miss in outcome.misses), outcome.statement.index),
        default=None,
    )


def _misses(statement: Statement, request: Request) -> list[Miss]:
    misses: list[Miss] = []
    elements = {
        "Principal": names_principal(statement.principals, request),
        "Action": statement.actions.include(request.action.lower()),
        "Resource": names_resource(statement.resources, request),
    }
    misses.extend(
        Miss(name, undecidable=verdict is None) for name, verdict in elements.items() if not verdict
    )
    for condition in statement.conditions:
        resolved = condition.resolve(request.value_of)
        holds = resolved.holds(request.values.get(condition.lookup_key))
        if not holds:
            misses.append(Miss("Condition", condition, undecidable=holds is None))
    return misses
