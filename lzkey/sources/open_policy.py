"""A key of which not everything is known before deployment: what is certain of it, and the best it may be."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lzkey.sources.extremes import extremes
from lzkey.sources.source import best_case, default_policy, documented_policy
from lzkey.sources.unknown import ABSENT, Unknown

if TYPE_CHECKING:
    from landing_zone_key import KmsKey, LandingZone
    from lzkey.sources.json_text import Path


@dataclass(frozen=True, slots=True)
class OpenKey:
    """Both extremes of a key. `hopeful` is None where they are the same."""

    certain: KmsKey
    hopeful: KmsKey | None
    statement_paths: tuple[Path, ...]


def open_key(key: KmsKey, policy: object, zone: LandingZone) -> OpenKey:
    """Return the key with a policy as far as it is resolved; `ABSENT` is the one that KMS gives by default.

    Attributes of `key` that are None are open; a key that may be a multi-Region key is one, at worst.
    """
    certain, hopeful, paths = _with_policy(key, policy, zone)
    hopeful = best_case(hopeful, zone) or hopeful
    if key.multi_region is None:
        certain = replace(certain, multi_region=True)
    return OpenKey(certain, hopeful if hopeful != certain else None, paths)


def _with_policy(key: KmsKey, policy: object, zone: LandingZone) -> tuple[KmsKey, KmsKey, tuple[Path, ...]]:
    if policy is ABSENT:
        known = key.with_policy(default_policy(key))
        return known, known, ()
    if isinstance(policy, dict):
        best = documented_policy(key, zone)["Statement"] if zone.require_confused_deputy_protection else None
        found = extremes(policy, best)
        if found is not None:
            return key.with_policy(found.certain), key.with_policy(found.hopeful), found.paths
    if isinstance(policy, dict | Unknown):
        unknown = key.with_policy(None, "the key policy is known only after deployment")
        return unknown, unknown, ()
    known = key.with_policy(policy if isinstance(policy, str) else json.dumps(policy, default=repr))
    return known, known, ()
