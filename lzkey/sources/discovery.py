"""The rule's parameters as the live landing zone and its organization tell them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lzkey.aws.account import Asker
from lzkey.aws.organization import organization
from lzkey.errors import LiveError
from lzkey.sources.account import MANNER, landing_zone_of

if TYPE_CHECKING:
    import boto3


def discover(session: boto3.Session) -> dict[str, str]:
    """Return HomeRegion, ManagementAccountId, OrganizationId and, where it tells, GovernedRegions.

    Raises LiveError, naming the action, where one of the questions is not answered.
    https://docs.aws.amazon.com/controltower/latest/APIReference/API_GetLandingZone.html
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeOrganization.html
    """
    asker, _ = Asker.of(session, MANNER)
    region, zone = landing_zone_of(asker)
    found = organization(asker)
    if found is None:
        raise LiveError(f"account {asker.account} is in no organization")
    governed = {"GovernedRegions": ",".join(zone.governed_regions)} if zone.governed_regions else {}
    return {
        "HomeRegion": region,
        "ManagementAccountId": found.management_account,
        "OrganizationId": found.id,
        **governed,
    }
