"""Control Tower's baselines: which OUs and accounts are on the landing zone's present configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lzkey.aws.fact import takes

if TYPE_CHECKING:
    from lzkey import Json
    from lzkey.aws.account import Asker

IN_SYNC: Final = "IN_SYNC"
_DRIFTED: Final = "DRIFTED"


@dataclass(frozen=True, slots=True)
class EnabledBaseline:
    """A baseline that is enabled on an organizational unit, or that an account inherits from one.

    https://docs.aws.amazon.com/controltower/latest/APIReference/API_EnabledBaselineSummary.html
    """

    arn: str
    baseline: str
    """The ARN of the baseline, whose end AWS chooses."""
    version: str
    target: str
    """The ARN of the organizational unit or account."""
    parent: str | None
    """The enabled baseline that it is inherited from; None: it was enabled here."""
    status: str
    """SUCCEEDED, FAILED or UNDER_CHANGE."""
    inheritance: str
    """IN_SYNC or DRIFTED against the parent; empty: not told."""
    source: str
    """IN_SYNC or DRIFTED against the landing zone's configuration; empty: not told."""

    @property
    def target_id(self) -> str:
        """The id of the organizational unit, or of the account."""
        return self.target.rpartition("/")[2]

    @property
    def is_of_landing_zone(self) -> bool:
        """Whether it is the landing zone's own, of an account of it: its drift Control Tower does not detect.

        https://docs.aws.amazon.com/controltower/latest/APIReference/API_EnabledBaselineDriftTypes.html
        """
        return self.parent is None and ":account/" in self.target

    @property
    def is_present(self) -> bool | None:
        """Whether it is the landing zone's present configuration; None: Control Tower does not tell."""
        if self.status != "SUCCEEDED" or _DRIFTED in (self.source, self.inheritance):
            return False
        return True if self.source else None


@takes("controltower:ListEnabledBaselines")
def enabled_baselines(asker: Asker, region: str) -> tuple[EnabledBaseline, ...]:
    """All enabled baselines, those of accounts among them, asked for in the landing zone's home Region.

    The management account alone is told.
    https://docs.aws.amazon.com/controltower/latest/APIReference/API_ListEnabledBaselines.html
    """
    found = asker.each(
        "controltower:ListEnabledBaselines", "enabledBaselines", region=region, size=100, includeChildren=True
    )
    return tuple(map(_baseline, found))


def _baseline(told: Json) -> EnabledBaseline:
    types = (told.get("driftStatusSummary") or {}).get("types") or {}
    return EnabledBaseline(
        str(told["arn"]),
        str(told["baselineIdentifier"]),
        str(told.get("baselineVersion") or ""),
        str(told["targetIdentifier"]),
        told.get("parentIdentifier"),
        str(told["statusSummary"].get("status") or ""),
        str((types.get("inheritance") or {}).get("status") or ""),
        str((types.get("source") or {}).get("status") or ""),
    )
