"""What a verdict rests on, as JSON and back: a key, and the landing zone that it is judged for.

Members are named as the fields; what has its default is left out. Whatever is read back may be anybody's:
what has another shape is refused with its place, and nothing is made of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import MISSING, fields, replace
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, TypeVar

from landing_zone_key import KeyDataError, KmsKey, LandingZone
from landing_zone_key.key import KeyArn
from landing_zone_key.manifest import Delivery, ManifestKeys
from landing_zone_key.policy.strict_json import PolicyError, read_json
from landing_zone_key.settings import KeyScope, PermissionStandard
from lzkey.errors import PackError
from lzkey.sources.subject import FoundKey, Kind, Place
from lzkey.terminal import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey import Json

_Word = TypeVar("_Word", bound=StrEnum)

_TAG: Final = re.compile(r"aws:ResourceTag/([^}]*)", re.IGNORECASE)

_KEY_TEXTS: Final = (
    *("resource_type", "key_manager", "key_state", "deletion_date", "material_expires"),
    *("key_spec", "key_usage", "origin", "attributes_missing", "policy_missing"),
)
_KEY_FLAGS: Final = ("deleted", "multi_region", "policy_put")
_ZONE_TEXTS: Final = ("home_region", "management_account_id", "organization_id", "trail_name")
_ZONE_LISTS: Final = ("governed_regions", "listed_keys", "accounts")


def as_facts(found: FoundKey) -> dict[str, Json]:
    """A key as its source describes it; of its tags, those that a condition names and no others.

    It may be called by its tag Name all the same.
    """
    return {
        "name": found.name,
        "place": _place(found.place),
        "key": key_members(found.key),
        **_told(hopeful=found.hopeful and key_members(found.hopeful)),
        **_told(unresolved=[*found.unresolved], assumptions=[*found.assumptions]),
        **_told(statement_lines=[*found.statement_lines], not_known=[*found.not_known]),
        **_told(known_in_part=[*found.known_in_part]),
        **({} if found.arn_known else {"arn_known": False}),
        **_told(manifest_keys=None if found.manifest_keys is None else manifest_members(found.manifest_keys)),
        **_told(label=found.label),
    }


def as_text(facts: Mapping[str, Json]) -> str:
    """Facts as the text that stands for them, a member a line; raises TypeError, ValueError for no JSON."""
    return json.dumps(facts, indent=1, allow_nan=False) + "\n"


def digest(text: str) -> str:
    """The SHA-256 of a text."""
    return sha256(text.encode()).hexdigest()


def with_named_tags(key: KmsKey) -> KmsKey:
    """The key with the tags alone that a condition of its policy names, or a variable in it."""
    if key.tags is None:
        return key
    named = {name.lower() for name in _named_tags(key.policy)}
    return replace(key, tags={name: value for name, value in key.tags.items() if name.lower() in named})


def _named_tags(policy: object) -> Iterator[str]:
    try:
        yield from _names_in(read_json(policy))
    except (PolicyError, RecursionError):
        return


def _names_in(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield from _TAG.findall(value)
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield from _names_in(str(name))
            yield from _names_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from _names_in(each)


def zone_members(zone: LandingZone) -> dict[str, Json]:
    """The landing zone that keys are judged for."""
    return {
        "home_region": zone.home_region,
        "management_account_id": zone.management_account_id,
        "organization_id": zone.organization_id,
        "governed_regions": [*zone.governed_regions],
        "trail_name": zone.trail_name,
        "key_scope": zone.key_scope.value,
        "listed_keys": [*zone.listed_keys],
        "permission_standard": zone.permission_standard.value,
        "require_confused_deputy_protection": zone.require_confused_deputy_protection,
        "manifest_keys": None if zone.manifest_keys is None else manifest_members(zone.manifest_keys),
        "accounts": [*zone.accounts],
    }


def manifest_members(keys: ManifestKeys) -> dict[str, Json]:
    """The keys of a manifest, what each is for, and what is delivered."""
    return {
        "logging": [*keys.logging],
        "backup": [*keys.backup],
        "uses": [[key, use.value] for key, use in keys.uses],
        "delivers": sorted(each.value for each in keys.delivers),
        "accounts": [[use.value, account] for use, account in keys.accounts],
    }


def found_key(told: Json, where: str) -> FoundKey:
    """The key that facts tell of; raises PackError."""
    members = _Members(told, where)
    key = kms_key(members.take("key"), f"{where}: key")
    hopeful, manifest = members.take("hopeful"), members.take("manifest_keys")
    made = FoundKey(
        name=members.text("name"),
        key=key,
        place=_place_of(members.take("place"), f"{where}: place"),
        hopeful=None if hopeful is None else kms_key(hopeful, f"{where}: hopeful"),
        unresolved=members.texts("unresolved"),
        assumptions=members.texts("assumptions"),
        statement_lines=members.numbers("statement_lines"),
        not_known=members.numbers("not_known"),
        known_in_part=members.numbers("known_in_part"),
        arn_known=members.flag("arn_known", otherwise=True) is not False,
        manifest_keys=None if manifest is None else manifest_keys(manifest, f"{where}: manifest_keys"),
        label=members.maybe("label") or "",
    )
    members.require_no_more()
    return made


def kms_key(told: Json, where: str) -> KmsKey:
    """The attributes, the policy and the tags of a key; raises PackError."""
    members = _Members(told, where)
    try:
        arn = KeyArn.parse(members.text("arn"))
    except KeyDataError as error:
        raise PackError(f"{where}: {error}") from error
    defaults = {field.name: field.default for field in fields(KmsKey) if field.default is not MISSING}
    values: dict[str, Any] = {name: members.maybe(name, defaults[name]) for name in _KEY_TEXTS}
    values |= {name: members.flag(name, otherwise=defaults[name]) for name in _KEY_FLAGS}
    policy, tags = members.take("policy"), members.take("tags")
    if not isinstance(policy, str | dict | None):
        raise members.wrong("policy", "text or an object")
    if tags is not None and not (
        isinstance(tags, dict) and all(isinstance(tag, str) for tag in tags.values())
    ):
        raise members.wrong("tags", "an object of texts")
    members.require_no_more()
    return KmsKey(arn, policy=policy, tags=tags, **values)


def zone_of(told: Json, where: str) -> LandingZone:
    """The landing zone that keys were judged for; raises PackError."""
    members = _Members(told, where)
    texts: dict[str, Any] = {name: members.maybe(name) for name in _ZONE_TEXTS}
    if not all(texts[name] for name in ("home_region", "management_account_id", "trail_name")):
        raise PackError(f"{where} lacks home_region, management_account_id or trail_name")
    lists: dict[str, Any] = {name: members.texts(name) for name in _ZONE_LISTS}
    manifest = members.take("manifest_keys")
    made = LandingZone(
        **texts,
        **lists,
        key_scope=members.word("key_scope", KeyScope),
        permission_standard=members.word("permission_standard", PermissionStandard),
        require_confused_deputy_protection=members.flag("require_confused_deputy_protection") is True,
        manifest_keys=None if manifest is None else manifest_keys(manifest, f"{where}: manifest_keys"),
    )
    members.require_no_more()
    return made


def manifest_keys(told: Json, where: str) -> ManifestKeys:
    """The keys of a manifest; raises PackError."""
    members = _Members(told, where)
    uses = tuple((key, members.delivery(use)) for key, use in members.pairs("uses"))
    accounts = tuple((members.delivery(use), account) for use, account in members.pairs("accounts"))
    delivers = frozenset(members.delivery(each) for each in members.texts("delivers"))
    made = ManifestKeys(members.texts("logging"), members.texts("backup"), uses, delivers, accounts)
    members.require_no_more()
    return made


def _told(**members: Json) -> dict[str, Json]:
    """The members that tell something."""
    return {name: value for name, value in members.items() if value}


def key_members(key: KmsKey) -> dict[str, Json]:
    """The attributes, the policy and the tags of a key; those that have their default are left out."""
    named = with_named_tags(key)
    told = ((field.name, getattr(named, field.name), field.default) for field in fields(KmsKey))
    members = {name: value for name, value, default in told if value != default}
    return {**members, "arn": str(key.arn), **({} if named.tags is None else {"tags": dict(named.tags)})}


def _place(place: Place) -> dict[str, Json]:
    return {
        "source": place.source,
        **_told(kind=place.kind.name if place.kind else None, pointer=place.pointer, line=place.line),
    }


def _place_of(told: Json, where: str) -> Place:
    members = _Members(told, where)
    kind, line = members.maybe("kind"), members.take("line")
    if line is not None and not _is_number(line):
        raise members.wrong("line", "a number")
    pointer = members.maybe("pointer", "") or ""
    place = Place(members.text("source"), Kind(kind) if kind else None, pointer, line)
    members.require_no_more()
    return place


def _are_texts(tags: Json) -> bool:
    return isinstance(tags, dict) and all(isinstance(value, str) for value in tags.values())


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


class _Members:
    """The members of an object of a pack, taken one after the other."""

    def __init__(self, told: Json, where: str) -> None:
        if not isinstance(told, dict):
            raise PackError(f"{where} is no JSON object")
        self._left, self._where = dict(told), where

    def wrong(self, name: str, wanted: str) -> PackError:
        """That a member is not what it must be."""
        return PackError(f"{self._where}: {one_line(name)[:60]} must be {wanted}")

    def take(self, name: str) -> Json:
        """A member; None where there is none."""
        return self._left.pop(name, None)

    def text(self, name: str) -> str:
        """One that must be there."""
        value = self.take(name)
        if not isinstance(value, str):
            raise self.wrong(name, "text")
        return value

    def maybe(self, name: str, otherwise: Json = None) -> Json:
        """Text; else the default."""
        value = self._left.pop(name, otherwise)
        if value is not None and not isinstance(value, str):
            raise self.wrong(name, "text")
        return value

    def flag(self, name: str, *, otherwise: Json = None) -> Json:
        """True or false; else the default."""
        value = self._left.pop(name, otherwise)
        if value is not None and not isinstance(value, bool):
            raise self.wrong(name, "true or false")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts."""
        value = self._left.pop(name, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self.wrong(name, "a list of texts")
        return tuple(value)

    def numbers(self, name: str) -> tuple[int, ...]:
        """A list of whole numbers."""
        value = self._left.pop(name, [])
        if not isinstance(value, list) or not all(map(_is_number, value)):
            raise self.wrong(name, "a list of numbers")
        return tuple(value)

    def pairs(self, name: str) -> tuple[tuple[str, str], ...]:
        """A list of pairs of texts."""
        value = self._left.pop(name, [])
        pairs: list[Any] = value if isinstance(value, list) else [None]
        if not all(isinstance(pair, list) and [*map(type, pair)] == [str, str] for pair in pairs):
            raise self.wrong(name, "a list of pairs")
        return tuple((first, second) for first, second in pairs)

    def word(self, name: str, words: type[_Word]) -> _Word:
        """One of the words of an enumeration."""
        value = self.text(name)
        if value not in {each.value for each in words}:
            raise self.wrong(name, f"one of {', '.join(each.value for each in words)}")
        return words(value)

    def delivery(self, text: str) -> Delivery:
        """What is delivered."""
        if text not in {each.value for each in Delivery}:
            raise self.wrong(text, f"one of {', '.join(each.value for each in Delivery)}")
        return Delivery(text)

    def require_no_more(self) -> None:
        """Raise PackError for a member that is not known: it may change the meaning of the others."""
        for name in self._left:
            raise self.wrong(str(name), "left out: no pack of this version has such a member")
