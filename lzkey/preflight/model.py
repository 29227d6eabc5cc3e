"""What a preflight is made of: how the landing zone stands, before and after; items; what they come to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from landing_zone_key.manifest import Delivery
from lzkey.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any

    from landing_zone_key import LandingZone
    from landing_zone_key.manifest import ManifestKeys

#: What uses a key, as people call it, in the order in which both are told.
SERVICES: Final = {Delivery.CLOUDTRAIL: "CloudTrail", Delivery.CONFIG: "AWS Config"}

_VERSION: Final = re.compile(r"[0-9]{1,4}\.[0-9]{1,4}", re.ASCII)


class Level(StrEnum):
    """How one thing stands before the change, the worst last."""

    OK = "OK"
    WARNING = "WARNING"
    """It stops nothing, and somebody should know it before."""
    NOT_KNOWN = "NOT_KNOWN"
    """Nobody could read it, decide it, or find it documented."""
    BLOCKER = "BLOCKER"
    """The change would fail, or the logs would not be delivered after it."""

    @property
    def words(self) -> str:
        """As people read it."""
        return self.value.replace("_", " ")


class Part(StrEnum):
    """What an item is about, in the order in which they are told."""

    REQUIREMENTS = "requirements"
    """The five that Control Tower's pre-check has, for each key."""
    BESIDE = "beside"
    """What else a delivery, or the update, depends on."""
    CHANGE = "change"
    """What the change brings with it, and until when."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing, how it stands, and what to do about it."""

    part: Part
    name: str
    """Stable."""
    level: Level
    what: str
    """What is asked, in words; of a requirement those of Control Tower's guide."""
    detail: str
    """What is."""
    source: str
    """The page of AWS."""
    fix: str = ""
    """Empty: there is nothing to do."""
    about: str = ""
    """The key, bucket, account or stack set; empty where it is the landing zone."""


@dataclass(frozen=True, slots=True)
class Topic:
    """What there are items of."""

    part: Part
    name: str
    what: str
    source: str

    def item(self, level: Level, detail: str, fix: str = "", about: str = "") -> Item:
        """How it stands."""
        return Item(self.part, self.name, level, self.what, detail, self.source, fix, about)


@dataclass(frozen=True, slots=True)
class Configuration:
    """How a landing zone is set up."""

    zone: LandingZone
    """Its Regions and accounts; keys as its manifest names them, None where nobody has read it."""
    manifest: Mapping[str, Any] | None
    version: str | None
    """Such as 3.3; None: not known."""
    enrolled: tuple[str, ...] = ()
    """Accounts that are enrolled by the change, also where nobody knows which others there are."""

    @property
    def some_accounts(self) -> tuple[str, ...]:
        """Accounts from which AWS Config surely delivers; where none is known the management account."""
        told = () if self.keys is None else (account for _, account in self.keys.accounts)
        return tuple(dict.fromkeys((*told, *self.enrolled))) or (self.zone.management_account_id,)

    @property
    def keys(self) -> ManifestKeys | None:
        """The keys, and what each is for."""
        return self.zone.manifest_keys

    @property
    def major(self) -> int | None:
        """The first number of the version; None: not known."""
        return next(iter(numbers(self.version)), None)

    def key_of(self, delivery: Delivery) -> str | None:
        """The key that encrypts a service's logs; None where there is none, or nobody knows."""
        uses = () if self.keys is None else self.keys.uses
        return next((key for key, use in uses if use is delivery), None)

    def services_of(self, key: str) -> str:
        """What uses a key, for people."""
        uses = () if self.keys is None else self.keys.uses
        return " and ".join(name for each, name in SERVICES.items() if (key, each) in uses)


@dataclass(frozen=True, slots=True)
class Preflight:
    """Whether the next change finds a usable key, and everything else that it needs of it."""

    before: Configuration
    after: Configuration
    at: datetime
    """The moment from which on requests are assumed."""
    is_live: bool
    """Whether AWS was asked; else files tell all that is known."""
    items: tuple[Item, ...]
    assumptions: tuple[str, ...] = ()
    """What was taken for granted, a sentence each."""
    limits: tuple[str, ...] = ()
    """What cannot be known by reading, a sentence each."""

    @property
    def level(self) -> Level:
        """The worst of all items."""
        order = list(Level)
        return max((item.level for item in self.items), key=order.index, default=Level.OK)

    @property
    def exit_code(self) -> ExitCode:
        """A blocker is a problem, and what is not known undetermined; a warning stops nothing."""
        codes = {Level.BLOCKER: ExitCode.PROBLEM, Level.NOT_KNOWN: ExitCode.UNDETERMINED}
        return codes.get(self.level, ExitCode.DONE)

    def count(self, level: Level) -> int:
        """How many items stand so."""
        return sum(item.level is level for item in self.items)


def numbers(version: str | None) -> tuple[int, ...]:
    """The numbers of a version, by which versions are compared: (3, 3) of 3.3; none of what is no version."""
    return tuple(map(int, version.split("."))) if version and _VERSION.fullmatch(version) else ()
