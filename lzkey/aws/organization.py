"""The organization: which one it is, who manages it, and its accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from landing_zone_key.records import dataclass
from lzkey.aws.fact import takes

if TYPE_CHECKING:
    from lzkey import Json
    from lzkey.aws.account import Asker

_NONE: Final = frozenset({"AWSOrganizationsNotInUseException"})

#: Makes organization rules: whose delegated administrator may have some (AWS Config API,
#: PutOrganizationConfigRule), and what must be trusted for them to arrive.
MULTI_ACCOUNT_SETUP: Final = "config-multiaccountsetup.amazonaws.com"


@dataclass(frozen=True, slots=True)
class OrganizationDetail:
    """As DescribeOrganization shows it to any of its accounts.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_Organization.html
    """

    id: str
    management_account: str
    all_features: bool = True
    """Else it has consolidated billing alone."""


@dataclass(frozen=True, slots=True)
class Member:
    """One account of the organization."""

    account: str
    name: str
    status: str

    @property
    def is_active(self) -> bool:
        """Whether it is neither suspended nor being closed: AWS Config delivers nothing from those."""
        return self.status == "ACTIVE"


@takes("organizations:DescribeOrganization")
def organization(asker: Asker) -> OrganizationDetail | None:
    """The organization that the account is in; None where it is in none."""
    answer = asker.ask("organizations:DescribeOrganization", absent=_NONE)
    if answer is None:
        return None
    found = answer["Organization"]
    return OrganizationDetail(
        str(found["Id"]), str(found["MasterAccountId"]), found.get("FeatureSet", "ALL") == "ALL"
    )


@takes("organizations:ListAccounts")
def members(asker: Asker) -> tuple[Member, ...]:
    """All accounts; the management account and delegated administrators alone may list them.

    An account's status is its `State`, before 2026 its `Status`.
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html
    """
    return tuple(map(_member, asker.each("organizations:ListAccounts", "Accounts")))


@takes("organizations:ListAccountsForParent")
def accounts_of_unit(asker: Asker, unit: str) -> tuple[Member, ...] | None:
    """The accounts that are in an organizational unit itself; None where there is no such unit.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccountsForParent.html
    """
    listed = asker.all(
        "organizations:ListAccountsForParent", "Accounts", absent={"ParentNotFoundException"}, ParentId=unit
    )
    return None if listed is None else tuple(map(_member, listed))


@takes("organizations:ListDelegatedAdministrators")
def delegated_administrators(asker: Asker, service: str) -> frozenset[str]:
    """The accounts that may administer a service, given by its service principal."""
    found = asker.each(
        "organizations:ListDelegatedAdministrators", "DelegatedAdministrators", ServicePrincipal=service
    )
    return frozenset(str(administrator["Id"]) for administrator in found)


@takes("organizations:ListAWSServiceAccessForOrganization")
def trusted_services(asker: Asker) -> frozenset[str]:
    """The service principals that may work in the organization's accounts."""
    found = asker.each("organizations:ListAWSServiceAccessForOrganization", "EnabledServicePrincipals")
    return frozenset(str(service["ServicePrincipal"]) for service in found)


def _member(found: Json) -> Member:
    status = found.get("State") or found.get("Status") or "UNKNOWN"
    return Member(str(found["Id"]), str(found.get("Name", "")), str(status))
