"""JSON; `lzkey.documents` says what it has in common with every command's."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated, Literal, TypedDict

from landing_zone_key.manifest import Delivery
from lzkey.documents import Count, document
from lzkey.preflight.model import Level, Part

if TYPE_CHECKING:
    from lzkey.check.formats.json import Ending, Tool
    from lzkey.preflight.model import Configuration, Item, Preflight


class Setup(TypedDict):
    """How the landing zone is set up."""

    version: str | None
    """null: not known."""
    governed_regions: list[str]
    """Empty: any Region may be."""
    accounts: Count
    """For how many AWS Config delivers; 0: they are not known, and it may be any."""
    cloudtrail_key: str | None
    """The key of CloudTrail's logs; null: none, or it is not known."""
    config_key: str | None
    """The key of AWS Config's logs; null: none, or it is not known."""


class Entry(TypedDict):
    """One thing, how it stands, and what to do about it."""

    part: Annotated[str, Part]
    name: str
    """Stable; there may be several of one name, about different things."""
    level: Annotated[str, Level]
    about: str
    """The key, bucket, account, Region or stack set; empty: the landing zone."""
    what: str
    """What is asked; of a requirement in the words of Control Tower's guide."""
    detail: str
    source: str
    """The page of AWS."""
    fix: str
    """Empty: there is nothing to do."""


class Preflown(TypedDict):
    """Whether the next change of the landing zone finds a usable key, and what it brings."""

    tool: Tool
    requests_from: str
    """The moment from which on the landing zone's requests are assumed (ISO 8601, UTC)."""
    told_by: Literal["live", "files"]
    home_region: str
    management_account_id: str
    before: Setup
    after: Setup
    level: Annotated[str, Level]
    """That of the worst item."""
    items: list[Entry]
    assumptions: list[str]
    """What was taken for granted."""
    limits: list[str]
    """What cannot be known by reading."""
    exit_code: Ending


def as_document(preflight: Preflight) -> Preflown:
    """The preflight's members."""
    zone = preflight.before.zone
    return {
        "tool": {"name": "lzkey", "version": version("lzkey")},
        "requests_from": preflight.at.isoformat(),
        "told_by": "live" if preflight.is_live else "files",
        "home_region": zone.home_region,
        "management_account_id": zone.management_account_id,
        "before": _setup(preflight.before),
        "after": _setup(preflight.after),
        "level": preflight.level.value,
        "items": list(map(_entry, preflight.items)),
        "assumptions": list(preflight.assumptions),
        "limits": list(preflight.limits),
        "exit_code": preflight.exit_code,
    }


def render(preflight: Preflight) -> str:
    """The document, a member a line."""
    return json.dumps(document(as_document(preflight)), indent=2) + "\n"


def _setup(configuration: Configuration) -> Setup:
    return {
        "version": configuration.version,
        "governed_regions": list(configuration.zone.governed_regions),
        "accounts": len(configuration.zone.accounts),
        "cloudtrail_key": configuration.key_of(Delivery.CLOUDTRAIL),
        "config_key": configuration.key_of(Delivery.CONFIG),
    }


def _entry(item: Item) -> Entry:
    return {
        "part": item.part.value,
        "name": item.name,
        "level": item.level.value,
        "about": item.about,
        "what": item.what,
        "detail": item.detail,
        "source": item.source,
        "fix": item.fix,
    }
