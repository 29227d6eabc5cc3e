"""The rule's parameters as the live landing zone and its organization tell them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lzkey.aws.account import Asker
from lzkey.sources.account import MANNER, landing_zone_of
from lzkey.sources.source import listed, members

if TYPE_CHECKING:
    import boto3


def discover(session: boto3.Session) -> dict[str, str]:
    """Return HomeRegion, ManagementAccountId, OrganizationId and, where it tells, GovernedRegions.

    Raises LiveError, naming the action, where one of the questions is not answered.
    https://docs.aws.amazon.com/controltower/latest/APIReference/API_GetLandingZone.html
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeOrganization.html
    """
    asker, _ = Asker.of(session, MANNER)
    arn, document = landing_zone_of(asker)
    organization = asker.ask("organizations:DescribeOrganization")["Organization"]
    regions = [each for each in listed(members(document, "governedRegions")) if isinstance(each, str)]
    governed = {"GovernedRegions": ",".join(regions)} if regions else {}
    return {
        "HomeRegion": arn.split(":")[3],
        "ManagementAccountId": str(organization["MasterAccountId"]),
        "OrganizationId": str(organization["Id"]),
        **governed,
    }
