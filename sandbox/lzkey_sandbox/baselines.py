"""Control Tower's ListEnabledBaselines: which OUs and accounts are on the landing zone's configuration.

Sources: https://docs.aws.amazon.com/controltower/latest/APIReference/API_ListEnabledBaselines.html and, for
samples, https://docs.aws.amazon.com/controltower/latest/userguide/baseline-api-examples.html. No sample
shows drift against the landing zone's configuration, which is of November 2026: botocore's model has it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from uuid import NAMESPACE_URL, uuid5

from lzkey_sandbox.errors import ServiceError
from lzkey_sandbox.http.listings import Listings
from lzkey_sandbox.moto.motoorganizations import AUDIT_ID, LOG_ARCHIVE_ID, ORGANIZATION_ID, organization_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lzkey_sandbox.controltower import ControlTower
    from lzkey_sandbox.http.contract import Answer, Members

#: The ends of the baselines' ARNs, the same in every Region, as ListBaselines shows them.
#: Source: https://docs.aws.amazon.com/controltower/latest/userguide/baseline-api-examples.html
CONTROL_TOWER: Final = "17BSJV3IGJ2QSGA2"
#: For OUs that are to have AWS Config alone, from landing zone 4.0 on; seen in a listing, on no page of AWS.
#: Source: https://docs.aws.amazon.com/controltower/latest/userguide/config-updates-v4.html
CONFIG: Final = "1QBGH2G48YVGDQ3Y"
_LOG_ARCHIVE: Final = "J8HX46AHS5MIKQPD"
_AUDIT: Final = "4T4HA1KMO10S6311"

#: Assumed: no page says how many there are without maxResults.
_PAGE: Final = 100

DEFAULT_UNIT: Final = "ou-ab12-3cd4ef56"

#: An EnabledBaselineSummary.
Row: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Registration:
    """How an enabled baseline stands; None: Control Tower does not tell, before November 2026 of source."""

    status: str = "SUCCEEDED"
    source: str | None = "IN_SYNC"
    """Against the landing zone's configuration."""
    inheritance: str | None = "IN_SYNC"
    """Of an account against its OU's baseline; of an OU, whether any of its accounts is so."""


PRESENT: Final = Registration()
#: The OU was not registered again since the landing zone changed.
NOT_REREGISTERED: Final = Registration(source="DRIFTED")
FAILED: Final = Registration(status="FAILED")
UNDER_CHANGE: Final = Registration(status="UNDER_CHANGE")
#: The account came from another OU, and was not enrolled again.
MOVED: Final = Registration(inheritance="DRIFTED")
_UNTOLD: Final = Registration(source=None, inheritance=None)


@dataclass(frozen=True, slots=True)
class Unit:
    """A registered OU; its accounts inherit the baseline, and stand as it does but for those `apart`."""

    id: str = DEFAULT_UNIT
    accounts: tuple[str, ...] = ()
    registration: Registration = PRESENT
    apart: Mapping[str, Registration] = field(default_factory=dict)
    version: str = "5.0"
    """Of the baseline, which is not the landing zone's."""
    baseline: str = CONTROL_TOWER


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the baselines are enabled: their ARNs name it."""

    partition: str
    region: str
    management: str
    organization: str

    def row(self, baseline: str, version: str, target: tuple[str, str], stands: Registration) -> Row:
        """An enabled baseline; its target is an `ou` or an `account`, and its id."""
        kind, identifier = target
        within = f"arn:{self.partition}:organizations::{self.management}:{kind}/{self.organization}"
        arn = self._arn(f"{baseline} {identifier}")
        row: Row = {
            "arn": arn,
            "baselineIdentifier": f"arn:{self.partition}:controltower:{self.region}::baseline/{baseline}",
            "baselineVersion": version,
            "targetIdentifier": f"{within}/{identifier}",
            "statusSummary": {
                "status": stands.status,
                "lastOperationIdentifier": str(uuid5(NAMESPACE_URL, arn)),
            },
        }
        drifts = (("source", stands.source), ("inheritance", stands.inheritance))
        types = {name: {"status": status} for name, status in drifts if status is not None}
        return {**row, "driftStatusSummary": {"types": types}} if types else row

    def _arn(self, what: str) -> str:
        """The same for the same, and of as many letters as AWS's."""
        end = sha256(what.encode()).hexdigest()[:15].upper()
        return f"arn:{self.partition}:controltower:{self.region}:{self.management}:enabledbaseline/XA{end}"


class Baselines:
    """`units` are the registered OUs; None: one, with all accounts but those of the landing zone itself."""

    def __init__(self, control_tower: ControlTower) -> None:
        self.units: tuple[Unit, ...] | None = None
        self._control_tower = control_tower
        self._listings = Listings()

    def list_enabled_baselines(self, account: str, region: str, members: Members) -> Answer:
        """Answer ListEnabledBaselines; children are those of accounts.

        Assumed: accounts other than the management account are refused, and other Regions have none.
        """
        management, home = self._control_tower.home
        if account != management:
            raise ServiceError("AccessDeniedException", "You do not have sufficient access.", 403)

        def rows() -> Iterator[Row]:
            here = self._control_tower.landing_zone is not None and region == home
            return (row for row in (self._all() if here else ()) if _is_asked(row, members))

        size = members.get("maxResults", _PAGE)
        try:
            return self._listings.page("enabledBaselines", rows, region, members, size, may_be_empty=False)
        except ServiceError as unknown:
            raise ServiceError("ValidationException", "The nextToken is not valid.") from unknown

    def _all(self) -> Iterator[Row]:
        """First those of the landing zone itself, whose drift Control Tower does not detect.

        Source: https://docs.aws.amazon.com/controltower/latest/APIReference/API_EnabledBaselineDriftTypes.html
        """
        management, region = self._control_tower.home
        organization = organization_of(management, region)
        active = organization.active if organization else ()
        named = organization.organization_id if organization else ORGANIZATION_ID
        place = _Place(self._control_tower.partition, region, management, named)
        shared = {LOG_ARCHIVE_ID: _LOG_ARCHIVE, AUDIT_ID: _AUDIT}
        for account, baseline in shared.items():
            if account in active:
                yield place.row(baseline, "1.0", ("account", account), _UNTOLD)
        others = tuple(account for account in active if account not in {management, *shared})
        for unit in (Unit(accounts=others),) if self.units is None else self.units:
            yield from _of_unit(unit, place)


def _of_unit(unit: Unit, place: _Place) -> Iterator[Row]:
    parent = place.row(unit.baseline, unit.version, ("ou", unit.id), unit.registration)
    yield parent
    for account in unit.accounts:
        stands = unit.apart.get(account, unit.registration)
        row = place.row(unit.baseline, unit.version, ("account", account), stands)
        yield {**row, "parentIdentifier": parent["arn"]}


def _is_asked(row: Row, members: Members) -> bool:
    """Whether a filter leaves a row: what it names has one of its values each."""
    if "parentIdentifier" in row and not members.get("includeChildren", False):
        return False
    types = row.get("driftStatusSummary", {}).get("types", {})
    has = {
        "targetIdentifiers": row["targetIdentifier"],
        "baselineIdentifiers": row["baselineIdentifier"],
        "parentIdentifiers": row.get("parentIdentifier"),
        "statuses": row["statusSummary"]["status"],
        "inheritanceDriftStatuses": types.get("inheritance", {}).get("status"),
        "sourceDriftStatuses": types.get("source", {}).get("status"),
    }
    return all(has[name] in values for name, values in members.get("filter", {}).items())
