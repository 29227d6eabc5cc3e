"""What an object of a log bucket is, by the name that AWS has given to it; nothing of what it holds is told.

https://docs.aws.amazon.com/config/latest/developerguide/view-config-history.html
https://docs.aws.amazon.com/config/latest/developerguide/deliver-snapshot-cli.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from landing_zone_key.key import RESOURCE_TYPE

_CONFIG: Final = "Config"
_DELIVERY: Final = re.compile(
    r"""
    (?:\A|.*/) AWSLogs/ (?:o-[a-z0-9]{10,32}/)? (?P<account>\d{12}) / (?P<service>[A-Za-z][\w-]*) /
    (?: (?P<region>[a-z0-9-]+) / \d{4}/\d{1,2}/\d{1,2} / (?P<kind>\w+) / (?P<name>.+) | (?P<other>.*) )
    """,
    re.VERBOSE | re.DOTALL,
)
_SNAPSHOT: Final = re.compile(
    r"(?P<account>\d{12})_Config_(?P<region>[a-z0-9-]+)_ConfigSnapshot_(?P<moment>\d{8}T\d{6}Z)_[^/]+"
)
_HISTORY: Final = re.compile(
    r"\d{12}_Config_[a-z0-9-]+_ConfigHistory_([A-Za-z0-9]+(?:::[A-Za-z0-9]+){2})_\d{8}T[^/]+"
)
_WRITABILITY: Final = "ConfigWritabilityCheckFile"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One of AWS Config's snapshots: all that it has recorded in an account and Region, at a moment."""

    account: str
    region: str
    moment: str
    """In UTC: `2026-11-24T12:00:00Z`. Texts of later moments are greater."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a name tells."""

    snapshot: Snapshot | None = None
    holds_keys: bool = False
    """Whether it holds keys, if there are any: it is missed where it cannot be read."""
    why_not: str = ""
    """Why it holds none, beginning with `it`; empty: it may."""


_UNTOLD: Final = Delivery()


def delivery(key: str) -> Delivery:
    """What an object's key tells; of a name that AWS does not give, nothing."""
    found = _DELIVERY.fullmatch(key)
    if found is None:
        return _UNTOLD
    kind, name = found["kind"], found["name"] or found["other"]
    if found["service"] != _CONFIG:
        return Delivery(why_not=f"it is a delivery of {found['service']}, not of AWS Config, by its name")
    if name == _WRITABILITY:
        return Delivery(why_not="it is what AWS Config has tried with whether it can deliver, by its name")
    if kind == "ConfigSnapshot" and (its := _snapshot(found, name)):
        return Delivery(its, holds_keys=True)
    history = _HISTORY.fullmatch(name) if kind == "ConfigHistory" else None
    if history is None:
        return _UNTOLD
    is_of_keys = history[1] == RESOURCE_TYPE
    why_not = "" if is_of_keys else f"it is AWS Config's history of {history[1]}, by its name"
    return Delivery(holds_keys=is_of_keys, why_not=why_not)


def _snapshot(place: re.Match[str], name: str) -> Snapshot | None:
    """What a name says; None where it contradicts its place, or its moment is none: AWS gives no such."""
    found = _SNAPSHOT.fullmatch(name)
    if found is None or found.group("account", "region") != place.group("account", "region"):
        return None
    try:
        moment = datetime.strptime(found["moment"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
    return Snapshot(found["account"], found["region"], f"{moment:%Y-%m-%dT%H:%M:%SZ}")
