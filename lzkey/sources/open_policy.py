"""A key of which not everything is known before deployment: what is certain of it, and the best it may be."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from lzkey.sources.extremes import extremes
from lzkey.sources.items import row
from lzkey.sources.numbers import QUOTES
from lzkey.sources.source import best_case, default_policy, documented_policy
from lzkey.sources.stand_in import may_be_named
from lzkey.sources.template import dotted
from lzkey.sources.unknown import ABSENT, Located, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable

    from landing_zone_key import KmsKey, LandingZone
    from landing_zone_key.key import KeyArn
    from lzkey import Json
    from lzkey.sources.json_text import Path


NAMES_OPEN: Final = (
    "it names a key by ARN as a resource, and nobody can tell whether that is this key; "
    'write "*", which means the key that has the policy'
)

TAGS_OPEN: Final = "the key's tags, on which its policy has a condition"
RESOURCE_TAG: Final = re.compile("aws:ResourceTag/", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class OpenKey:
    """Both extremes of a key. `hopeful` is None where they are the same."""

    certain: KmsKey
    hopeful: KmsKey | None
    statement_paths: tuple[Path, ...]
    reasons: tuple[str, ...] = ()
    """What is not known of the key itself."""


def open_key(key: KmsKey, policy: object, zone: LandingZone) -> OpenKey:
    """Return the key with a policy as far as it is resolved; `ABSENT` is the one that KMS gives by default.

    Attributes of `key` that are None are open; a key that may be a multi-Region key is one, at worst.
    """
    certain, hopeful, paths = _with_policy(key, policy, zone)
    hopeful = best_case(hopeful, zone) or hopeful
    if key.multi_region is None:
        certain = replace(certain, multi_region=True)
    tagged = with_any_tags(hopeful, zone) if key.tags is None else None
    hopeful = tagged or hopeful
    return OpenKey(certain, hopeful if hopeful != certain else None, paths, (TAGS_OPEN,) if tagged else ())


def doubted(opened: OpenKey, why: str) -> OpenKey:
    """Return a key of whose policy nothing is certain: at best it is what it was."""
    certain = opened.certain.with_policy(None, why)
    return replace(opened, certain=certain, hopeful=opened.hopeful or opened.certain)


def with_any_tags(key: KmsKey, zone: LandingZone) -> KmsKey | None:
    """Return a key of unknown tags at best; None where its policy does not ask for them."""
    document = row(key.policy)
    opened = _without_tags(document)
    is_open = isinstance(opened, dict) and opened != document
    result = extremes(opened, _best(key, zone)) if is_open else None
    return key.with_policy(result.hopeful) if result else None


def _without_tags(value: Json) -> Json:
    if isinstance(value, list):
        return [_without_tags(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: Unknown() if RESOURCE_TAG.match(name) else _without_tags(each) for name, each in value.items()
    }


def with_names_open(policy: Json, arn: KeyArn) -> Json:
    """Return the policy of a key without ARN: a resource that names some key may be this key, or not."""
    document = row(policy)
    if not isinstance(document, dict) or "Statement" not in document:
        return policy

    def open_name(value: Json) -> Json:
        named = isinstance(value, str) and may_be_named(value, arn)
        return Unknown(alternatives=(value, str(arn))) if named else value

    def open_statement(value: Json) -> Json:
        if not isinstance(value, dict):
            return value
        names = {name: _each(value[name], open_name) for name in ("Resource", "NotResource") if name in value}
        return Located.at(getattr(value, "path", ()), {**value, **names})

    opened = {**document, "Statement": _each(document["Statement"], open_statement)}
    return policy if opened == document else opened


def in_quotes(policy: Json, path: Path, line_of: Callable[[Path], int | None]) -> tuple[Any, tuple[str, ...]]:
    """Return a policy with text for its numbers, and a sentence for each of them; conditions may have some.

    A bare number as a principal is doubt, in JSON and in YAML: policies have strings there, so that KMS
    refuses the policy if CloudFormation hands on the number, and takes it if that makes text of it, as it
    does for the handlers of resource types (github.com/aws-cloudformation/cloudformation-cli-python-plugin,
    `recast.py`). Which of them it is for a key policy, AWS does not document.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
    """
    found: dict[str, None] = {}

    def quoted(value: Json, at: Path) -> Json:
        if isinstance(value, dict):
            here = getattr(value, "path", at) or at
            made = {
                name: each if name == "Condition" else quoted(each, (*here, name))
                for name, each in value.items()
            }
            return Located.at(here, made)
        if isinstance(value, list):
            return [quoted(each, at) for each in value]
        if isinstance(value, Unknown) and value.alternatives:
            return Unknown(value.pieces, tuple(quoted(each, at) for each in value.alternatives))
        if not isinstance(value, int | float) or isinstance(value, bool):
            return value
        line = line_of(at)
        where = dotted(at) if line is None else f"{dotted(at)} (line {line})"
        found[
            f"{where}: {value} is a number, where a policy has text alone, and AWS does not say what "
            f"CloudFormation makes of it; {QUOTES}"
        ] = None
        return str(value)

    return quoted(policy, path), tuple(found)


def _each(value: Json, change: Callable[[Any], Any]) -> Json:
    """A value with every element of it, or whatever else it may be, changed."""
    if isinstance(value, list):
        return [_each(each, change) for each in value]
    if isinstance(value, Unknown):
        return replace(value, alternatives=tuple(_each(each, change) for each in value.alternatives))
    return change(value)


def _best(key: KmsKey, zone: LandingZone) -> list[Any] | None:
    """What stands for unknown Allows where one that is as wide as it may be would not be best."""
    return documented_policy(key, zone)["Statement"] if zone.require_confused_deputy_protection else None


def _with_policy(key: KmsKey, policy: object, zone: LandingZone) -> tuple[KmsKey, KmsKey, tuple[Path, ...]]:
    if policy is ABSENT:
        known = key.with_policy(default_policy(key))
        return known, known, ()
    if isinstance(policy, dict):
        found = extremes(policy, _best(key, zone))
        if found is not None:
            return key.with_policy(found.certain), key.with_policy(found.hopeful), found.paths
    if isinstance(policy, dict | Unknown):
        unknown = key.with_policy(None, "the key policy is known only after deployment")
        return unknown, unknown, ()
    known = key.with_policy(policy if isinstance(policy, str) else json.dumps(policy, default=repr))
    return known, known, ()
