"""When a rule was last evaluated in an account, and whether that failed.

https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigRuleEvaluationStatus.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any


@dataclass(frozen=True, slots=True)
class EvaluationStatus:
    """One rule's, as DescribeConfigRuleEvaluationStatus tells it."""

    succeeded: datetime | None
    """The last evaluation whose results AWS Config has."""
    failed: datetime | None
    """The last time that the function failed, or that AWS Config could not invoke it."""
    why: str
    """Code and message of the last error; empty where there is none."""

    @classmethod
    def of(cls, status: Mapping[str, Any]) -> EvaluationStatus:
        """Read it from the API's answer."""
        failures = (status.get(f"LastFailed{what}Time") for what in ("Evaluation", "Invocation"))
        why = ": ".join(filter(None, (status.get("LastErrorCode"), status.get("LastErrorMessage"))))
        return cls(
            status.get("LastSuccessfulEvaluationTime"),
            max((moment for moment in failures if moment is not None), default=None),
            why,
        )

    @property
    def is_failing(self) -> bool:
        """Whether it failed after the last good evaluation: the results are those of the time before.

        An invocation that succeeded is no evaluation yet: the function may have put no results.
        """
        if self.succeeded is None:
            return self.failed is not None or bool(self.why)
        return self.failed is not None and self.failed > self.succeeded
