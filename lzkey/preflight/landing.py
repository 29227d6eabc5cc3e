"""The live landing zone, as far as whoever asks may read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from lzkey.aws.account import Asker, Manner
from lzkey.aws.landing_zone import LandingZoneDetail, home_region, landing_zone_arn, landing_zone_detail
from lzkey.aws.organization import Member, OrganizationDetail, members, organization
from lzkey.aws.unanswered import UnansweredError
from lzkey.errors import LiveError

if TYPE_CHECKING:
    from collections.abc import Callable

    import boto3

    from lzkey.aws.caller import Caller

_Answer = TypeVar("_Answer")

#: AWS's own texts do not stand in files for others; what several looks need is asked once.
MANNER: Final = Manner(once=True, quoting=False)

#: What reading it takes.
FACTS: Final = (landing_zone_arn, landing_zone_detail, organization, members)


@dataclass(frozen=True, slots=True)
class Landing:
    """What was answered, and in place of what was not the reason."""

    asker: Asker
    """Of the management account, in whatever Region."""
    caller: Caller
    arn: str | UnansweredError
    detail: LandingZoneDetail | UnansweredError
    organization: OrganizationDetail | UnansweredError | None
    members: tuple[Member, ...] | UnansweredError

    @property
    def parameters(self) -> dict[str, str]:
        """The rule parameters that it tells."""
        told: dict[str, str] = {}
        if isinstance(self.arn, str):
            told |= {"HomeRegion": home_region(self.arn), "ManagementAccountId": self.caller.account}
        if isinstance(self.organization, OrganizationDetail):
            told |= {
                "ManagementAccountId": self.organization.management_account,
                "OrganizationId": self.organization.id,
            }
        if isinstance(self.detail, LandingZoneDetail) and self.detail.governed_regions:
            told["GovernedRegions"] = ",".join(self.detail.governed_regions)
        return told

    @property
    def accounts(self) -> tuple[str, ...]:
        """The active accounts; none where they may not be listed."""
        if isinstance(self.members, UnansweredError):
            return ()
        return tuple(member.account for member in self.members if member.is_active)

    @property
    def latest(self) -> str | None:
        """The latest version that there is; None: not known."""
        return self.detail.latest if isinstance(self.detail, LandingZoneDetail) else None

    def at_home(self, session: boto3.Session, home: str) -> Asker:
        """The management account, asked in the home Region."""
        return Asker(session, self.caller.account, home, MANNER, self.asker.log)


def look(session: boto3.Session) -> Landing:
    """Read the landing zone of the credentials' account.

    Raises LiveError where that is not the management account, or has no landing zone: both were answered.
    """
    asker, caller = Asker.of(session, MANNER)
    whole = _answer(lambda: organization(asker))
    if isinstance(whole, OrganizationDetail) and whole.management_account != caller.account:
        raise LiveError(
            f"account {caller.account} is not the organization's management account, which alone can read "
            f"the landing zone: use credentials of {whole.management_account}"
        )
    arn = _answer(lambda: landing_zone_arn(asker))
    detail = _answer(lambda: landing_zone_detail(asker, arn)) if isinstance(arn, str) else arn
    if arn is None or detail is None:
        raise LiveError(
            f"account {caller.account} has no landing zone: only an organization's management account has one"
        )
    return Landing(asker, caller, arn, detail, whole, _answer(lambda: members(asker)))


def _answer(ask: Callable[[], _Answer]) -> _Answer | UnansweredError:
    """The answer, or why there is none."""
    try:
        return ask()
    except UnansweredError as error:
        return error
