"""The operation of AWS Organizations that large organizations are read with.

Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html (at most 20
accounts a page, and pages that are empty though there are more).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lzkey_sandbox.errors import ServiceError
from lzkey_sandbox.motoorganizations import described_members, management_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lzkey_sandbox.listings import Listings

MOST_ACCOUNTS: Final = 20


class OrganizationsApi:
    """Lists accounts in AWS's pages; moto answers everything else."""

    def __init__(self, listings: Listings) -> None:
        self._listings = listings

    def list_accounts(self, account: str, region: str, members: Mapping[str, Any]) -> dict[str, Any]:
        """Return the accounts of the organization, in the order of their joining."""
        management = management_for(account, region, "ListAccounts")
        found = described_members(management, region)
        if found is None:
            raise ServiceError(
                "AWSOrganizationsNotInUseException", "Your account is not a member of an organization."
            )
        size = members.get("MaxResults") or MOST_ACCOUNTS
        try:
            return self._listings.page("Accounts", lambda: found, management, members, size)
        except ServiceError as error:
            raise ServiceError("InvalidInputException", "You provided an invalid NextToken.") from error
