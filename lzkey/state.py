"""How a key, or an account in a Region, stands: what the rule can answer, and that there is no answer."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class State(StrEnum):
    """How a key, or an account in a Region, stands; the worst last."""

    NOT_APPLICABLE = "NOT_APPLICABLE"
    COMPLIANT = "COMPLIANT"
    UNKNOWN = "UNKNOWN"
    NON_COMPLIANT = "NON_COMPLIANT"


#: As people are told: what is worst comes first.
WORST_FIRST: Final = (State.NON_COMPLIANT, State.UNKNOWN, State.COMPLIANT, State.NOT_APPLICABLE)
