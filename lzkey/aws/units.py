"""The organizational units: which there are, and which accounts are in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from landing_zone_key.records import dataclass
from lzkey.aws.account import at_once
from lzkey.aws.fact import takes
from lzkey.aws.organization import accounts_of_unit

if TYPE_CHECKING:
    from lzkey import Json
    from lzkey.aws.account import Asker
    from lzkey.aws.organization import Member


@dataclass(frozen=True, slots=True)
class Unit:
    """An organizational unit, or a root, which is above all of them."""

    id: str
    name: str


@takes("organizations:ListRoots")
def roots(asker: Asker) -> tuple[Unit, ...]:
    """The organization's root: there is one."""
    return tuple(map(_unit, asker.each("organizations:ListRoots", "Roots")))


@takes("organizations:ListOrganizationalUnitsForParent")
def units_below(asker: Asker, parent: str) -> tuple[Unit, ...]:
    """The organizational units right below a root or a unit; none where that is gone.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListOrganizationalUnitsForParent.html
    """
    listed = asker.all(
        "organizations:ListOrganizationalUnitsForParent",
        "OrganizationalUnits",
        absent={"ParentNotFoundException"},
        ParentId=parent,
    )
    return tuple(map(_unit, listed or ()))


@takes(facts=(roots, units_below, accounts_of_unit))
def unit_paths(asker: Asker) -> dict[str, str]:
    """The unit that each account is in, by the account, as a path such as `Root/Security`.

    The calls grow with the units, and not with the accounts.
    """
    found: dict[str, str] = {}

    def look(unit: Unit) -> tuple[tuple[Member, ...], tuple[Unit, ...]]:
        return accounts_of_unit(asker, unit.id) or (), units_below(asker, unit.id)

    level = {unit.id: unit for unit in roots(asker)}  # each with its path as its name
    seen = {*level}
    while level:
        above = [*level.values()]
        level = {}
        for unit, (accounts, below) in zip(above, at_once(look, above), strict=True):
            found |= {one.account: unit.name for one in accounts}
            level |= {one.id: Unit(one.id, f"{unit.name}/{one.name}") for one in below if one.id not in seen}
        seen |= {*level}
    return found


def _unit(found: Json) -> Unit:
    return Unit(str(found["Id"]), str(found.get("Name", "")))
