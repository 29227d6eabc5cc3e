"""An AWS Config rule: its name in each account, its schedule, and when it was last evaluated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

#: https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigRule.html (MaximumExecutionFrequency)
PERIODS: Final = {
    "One_Hour": timedelta(hours=1),
    "Three_Hours": timedelta(hours=3),
    "Six_Hours": timedelta(hours=6),
    "Twelve_Hours": timedelta(hours=12),
    "TwentyFour_Hours": timedelta(hours=24),
}


def is_named(name: str, wanted: str) -> bool:
    """Whether a rule of an account is the one that is asked for, or comes from the organization's.

    AWS Config names the latter OrgConfigRule-NAME-SUFFIX.
    https://docs.aws.amazon.com/config/latest/developerguide/config-rule-multi-account-deployment.html
    """
    return name == wanted or name.startswith(f"OrgConfigRule-{wanted}-")


@dataclass(frozen=True, slots=True)
class EvaluationStatus:
    """One rule's, as DescribeConfigRuleEvaluationStatus tells it.

    https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigRuleEvaluationStatus.html
    """

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
