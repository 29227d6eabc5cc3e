"""What observations are of: keys, and accounts in Regions, as items of an inventory.

A key and an account in a Region have the same UUID in every report, so that reports can be laid side by side.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from landing_zone_key.key import RESOURCE_TYPE
from lzkey.report.oscal.parts import Part, identifier, markup, part, properties, value

if TYPE_CHECKING:
    from lzkey.report.model import KeyResult, Report


@dataclass(frozen=True, slots=True)
class Inventory:
    """The items that observations refer to, each once."""

    names: dict[str, str]
    """Accounts' names, by their ids."""
    items: dict[str, Part] = field(default_factory=dict)
    """By UUID."""

    @classmethod
    def of(cls, report: Report) -> Inventory:
        """An inventory of all keys."""
        inventory = cls({account.account: account.name for account in report.accounts})
        former = {key.arn for key in report.landing_zone.former_keys}
        for key in report.keys:
            inventory.key(key, is_former=key.arn in former)
        return inventory

    def key(self, key: KeyResult, *, is_former: bool = False) -> Part:
        """A reference to a key, which is in the inventory then."""
        uuid = identifier("key", key.arn)
        if uuid not in self.items:
            use = "former" if is_former else "present" if key.of_landing_zone else ""
            pairs = ("resource-type", RESOURCE_TYPE), ("landing-zone-key", use)
            self._add(uuid, key.arn, "A KMS key.", key.account, key.region, *pairs)
        return _reference(uuid, key.arn)

    def place(self, account: str, region: str) -> Part:
        """A reference to an account in a Region, which is in the inventory then."""
        uuid, name = identifier("place", account, region), f"account {account}, {region}"
        if uuid not in self.items:
            self._add(uuid, name, "An account in a Region.", account, region)
        return _reference(uuid, name)

    def named(self, arn: str | None, account: str, region: str) -> Part:
        """A reference to a key that is in the inventory; where it is not, to its account and Region."""
        uuid = identifier("key", arn or "")
        return _reference(uuid, arn) if arn and uuid in self.items else self.place(account, region)

    def _add(  # the place of a thing is two facts, and what more is told of it varies
        self, uuid: str, name: str, description: str, account: str, region: str, *pairs: tuple[str, str]
    ) -> None:
        told = ("account", account), ("account-name", self.names.get(account, "")), ("region", region)
        self.items[uuid] = part(
            uuid=uuid,
            description=description,
            props=[{"name": "asset-id", "value": value(name) or "none"}, *properties(*told, *pairs)],
        )


def _reference(uuid: str, title: str) -> Part:
    return part(subject_uuid=uuid, type="inventory-item", title=markup(title))
