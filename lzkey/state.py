"""How a key, or an account in a Region, stands: what the rule can answer, and that there is no answer."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


class State(StrEnum):
    """How a key, or an account in a Region, stands; the worst last."""

    NOT_APPLICABLE = "NOT_APPLICABLE"
    COMPLIANT = "COMPLIANT"
    WAIVED = "WAIVED"
    """All that a key fails, or may fail, is waived by people; no answer of the rule, and no proof."""
    UNKNOWN = "UNKNOWN"
    NON_COMPLIANT = "NON_COMPLIANT"


#: As people are told: what is worst comes first.
WORST_FIRST: Final = (
    State.NON_COMPLIANT,
    State.UNKNOWN,
    State.WAIVED,
    State.COMPLIANT,
    State.NOT_APPLICABLE,
)


def told_states(*counts: Mapping[State, int]) -> tuple[State, ...]:
    """The states that people are told of, the worst first: WAIVED only where something is waived."""
    return tuple(
        state for state in WORST_FIRST if state is not State.WAIVED or any(each.get(state) for each in counts)
    )


def scored_states(*counts: Mapping[State, int]) -> tuple[State, ...]:
    """The states that a score is a share of, COMPLIANT first: of all that is judged."""
    order = (State.COMPLIANT, State.NON_COMPLIANT, State.UNKNOWN, State.WAIVED)
    return tuple(state for state in order if state in told_states(*counts))
