"""A key of which not everything is known before deployment: what is certain of it, and the best it may be.

Of a policy of which parts are unknown, `certain` takes what is unknown against the landing zone: an Allow is
as narrow, a Deny as wide as it may be. `hopeful` is the other way round. Statements stay in their places: one
that is left out has no Resource, and with that no effect.
https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key.records import dataclass
from landing_zone_key.requests import CLOUDTRAIL, CONFIG
from lzkey.aws.keys import RESOURCE_TAG
from lzkey.sources.json_text import decoded, encoded_twice
from lzkey.sources.source import best_case, default_policy, documented_policy, may_be_named
from lzkey.sources.unknown import ABSENT, Located, Unknown, entries, is_known

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from landing_zone_key import KmsKey, LandingZone
    from landing_zone_key.key import KeyArn
    from lzkey import Json
    from lzkey.sources.json_text import Path

Statement = dict[str, Any]

#: Stands for principals that are no AWS services, whoever they may be.
_NOBODY: Final = {"Federated": "not-known-yet"}
_EVERYTHING: Final = {"Principal": "*", "Action": "kms:*", "Resource": "*"}
_NEGATED: Final = {"NotPrincipal": "Principal", "NotAction": "Action", "NotResource": "Resource"}

NAMES_OPEN: Final = (
    "it names a key by ARN as a resource, and nobody can tell whether that is this key; "
    'write "*", which means the key that has the policy'
)

ENCODED_TWICE: Final = (
    "the key policy is encoded twice, JSON in a string of JSON, which KMS does not take: leave out one "
    "jsonencode, or whatever writes it as text"
)

TAGS_OPEN: Final = "the key's tags, on which its policy has a condition"


@dataclass(frozen=True, slots=True)
class OpenKey:
    """Both extremes of a key. `hopeful` is None where they are the same."""

    certain: KmsKey
    hopeful: KmsKey | None
    statement_paths: tuple[Path, ...]
    reasons: tuple[str, ...] = ()
    """What is not known of the key itself."""
    not_known: tuple[int, ...] = ()
    """The statements of which nothing is known, by index."""
    known_in_part: tuple[int, ...] = ()
    """Those of which something is not known."""


def open_key(key: KmsKey, policy: object, zone: LandingZone, *, put: bool = False) -> OpenKey:
    """The key with a policy as far as it is resolved; `ABSENT` is the one that KMS gives by default.

    Attributes of `key` that are None are open; a key that may be a multi-Region key is one, at worst. `put`
    tells that KMS has taken the policy.
    """
    certain, hopeful, found = _with_policy(replace(key, policy_put=put), policy, zone)
    hopeful = best_case(hopeful, zone) or hopeful
    if key.multi_region is None:
        certain = replace(certain, multi_region=True)
    tagged = with_any_tags(hopeful, zone) if key.tags is None else None
    hopeful = tagged or hopeful
    return OpenKey(
        certain,
        hopeful if hopeful != certain else None,
        found.paths if found else (),
        (TAGS_OPEN,) if tagged else (),
        found.not_known if found else (),
        found.known_in_part if found else (),
    )


def doubted(opened: OpenKey, why: str) -> OpenKey:
    """A key of whose policy nothing is certain: at best it is what it was."""
    certain = opened.certain.with_policy(None, why)
    return replace(opened, certain=certain, hopeful=opened.hopeful or opened.certain)


def with_any_tags(key: KmsKey, zone: LandingZone) -> KmsKey | None:
    """A key of unknown tags at best; None where its policy does not ask for them."""
    document = decoded(key.policy)
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
    """The policy of a key without ARN: a resource that names some key may be this key, or not."""
    document = decoded(policy)
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


def _with_policy(key: KmsKey, policy: object, zone: LandingZone) -> tuple[KmsKey, KmsKey, Extremes | None]:
    if policy is ABSENT:
        known = key.with_policy(default_policy(key))
        return known, known, None
    if isinstance(policy, dict):
        found = extremes(policy, _best(key, zone))
        if found is not None:
            return key.with_policy(found.certain), key.with_policy(found.hopeful), found
    if isinstance(policy, dict | Unknown):
        unknown = key.with_policy(None, "the key policy is known only after deployment")
        return unknown, unknown, None
    known = with_text(key, policy if isinstance(policy, str) else json.dumps(policy, default=repr))
    return known, known, None


def with_text(key: KmsKey, policy: str) -> KmsKey:
    """The key with a policy as it would be put; KMS decodes it once."""
    return key.with_policy(None, ENCODED_TWICE) if encoded_twice(policy) else key.with_policy(policy)


@dataclass(frozen=True, slots=True)
class Extremes:
    """What a policy is at least, and at best, for the landing zone."""

    certain: dict[str, Any]
    hopeful: dict[str, Any]
    paths: tuple[Path, ...]
    """Where each statement stands in its document; () where that is not known."""
    not_known: tuple[int, ...] = ()
    """The statements of which nothing is known, by index."""
    known_in_part: tuple[int, ...] = ()
    """Those of which something is not known."""


def extremes(policy: Mapping[str, Any], best: Sequence[Statement] | None = None) -> Extremes | None:
    """Both extremes; None where so much is unknown that anything may be.

    `best` are statements that stand for whatever unknown Allows may be at best; by default each is widened.
    """
    statements = policy.get("Statement")
    if is_known(policy):
        same = _plain(policy)
        return Extremes(same, same, tuple(_path(each) for each, _ in entries(statements)))
    if not is_known(policy.get("Version")) or (
        isinstance(statements, Unknown) and not statements.alternatives
    ):
        return None
    slots = list(entries(statements))
    certain = [_certain(statement, there=there) for statement, there in slots]
    hopeful = [_hopeful(statement, there=there, widen=best is None) for statement, there in slots]
    if best is not None and any(map(_is_open, slots)):
        hopeful += best
    members = {name: value for name, value in policy.items() if name != "Statement" and is_known(value)}
    return Extremes(
        {**members, "Statement": certain},
        {**members, "Statement": hopeful},
        tuple(_path(slot) for slot, _ in slots),
        tuple(index for index, (slot, _) in enumerate(slots) if isinstance(slot, Unknown)),
        tuple(
            index
            for index, (slot, there) in enumerate(slots)
            if isinstance(slot, dict) and not (there and is_known(slot))
        ),
    )


def _path(statement: object) -> Path:
    return statement.path if isinstance(statement, Located | Unknown) else ()


def _is_open(slot: tuple[Any, bool]) -> bool:
    """Whether it may allow more than what is certain."""
    statement, there = slot
    if there and is_known(statement):
        return False
    return not isinstance(statement, dict) or statement.get("Effect") != "Deny"


def _certain(statement: Json, *, there: bool) -> Json:
    if isinstance(statement, Unknown):
        return {"Effect": "Deny", **_EVERYTHING}
    if not isinstance(statement, dict) or (there and is_known(statement)):
        return _plain(statement)
    effect = statement.get("Effect")
    if effect == "Allow":
        return (_narrowed(statement) if there else None) or _disarmed(statement, "Allow")
    return _widened(statement, "Deny" if isinstance(effect, Unknown) else effect)


def _hopeful(statement: Json, *, there: bool, widen: bool) -> Json:
    if isinstance(statement, Unknown):
        return {"Effect": "Allow", **_EVERYTHING} if widen else _disarmed({}, "Allow")
    if not isinstance(statement, dict) or (there and is_known(statement)):
        return _plain(statement)
    effect = statement.get("Effect")
    if effect == "Deny":
        return (_narrowed(statement) if there else None) or _disarmed(statement, "Deny")
    effect = "Allow" if isinstance(effect, Unknown) else effect
    return _widened(statement, effect) if widen else _disarmed(statement, effect)


def _disarmed(statement: Statement, effect: object) -> Statement:
    sid = statement.get("Sid")
    named = {"Sid": sid} if isinstance(sid, str) else {}
    return {**named, "Effect": effect, "Principal": _NOBODY, "Action": "kms:*"}


def _narrowed(statement: Statement) -> Statement | None:
    """The statement where it applies whatever the unknown is; None where that may be nowhere."""
    if not is_known(statement.get("Condition")):
        return None
    made: Statement = {}
    for name, value in statement.items():
        if is_known(value):
            made[name] = _plain(value)
        elif name in _NEGATED:
            left = _narrowed_exception(name, value)
            if left is None:
                return None
            made[name] = left
        elif name != "Sid":
            kept = _known_principals(value) if name == "Principal" else _known(value)
            if not kept:
                return None
            made[name] = kept
    return made


def _widened(statement: Statement, effect: object) -> Statement:
    """The statement where it may apply, depending on the unknown."""
    made: Statement = {}
    for name, value in statement.items():
        if is_known(value):
            made[name] = _plain(value)
        elif name == "Condition":
            made |= _known_conditions(value)
        elif name in _NEGATED:
            left = _known_principals(value) if name == "NotPrincipal" else _known(value)
            made |= {name: left} if left else {_NEGATED[name]: "*"}
        elif name == "Principal":
            made[name] = _possible_principals(value)
        elif name != "Sid":
            made[name] = _possible(value)
    return {**made, "Effect": effect}


def _narrowed_exception(name: str, value: object) -> object:
    """The most that a Not-element may leave out; None where that may be everything."""
    if name != "NotPrincipal":
        return _possible(value)
    possible = _possible_principals(value)
    if possible == "*" or "*" in possible.get("AWS", ()):
        return None
    return possible


def _known(value: object) -> list[Any]:
    """The entries of a list that are certain."""
    return [_plain(each) for each, there in entries(value) if there and not isinstance(each, Unknown)]


def _possible(value: object) -> list[Any]:
    """The entries of a list that may be there, with wildcards for what is not known of them."""
    return [each.widened if isinstance(each, Unknown) else _plain(each) for each, _ in entries(value)]


def _known_principals(value: object) -> Json:
    """The principals that are certain; empty where none is."""
    if not isinstance(value, dict):
        return {}
    kinds = {kind: _known(listed) for kind, listed in value.items()}
    return {kind: listed for kind, listed in kinds.items() if listed}


def _possible_principals(value: object) -> Json:
    """The principals that there may be. An unknown one counts as the services that it may be, if any."""
    if not isinstance(value, dict):
        return "*"
    kinds = {kind: _possible_of(kind, listed) for kind, listed in value.items()}
    return {kind: listed for kind, listed in kinds.items() if listed} or dict(_NOBODY)


def _possible_of(kind: str, listed: object) -> list[Any]:
    candidates = {"AWS": ("*",), "Service": (CONFIG, CLOUDTRAIL)}.get(kind, ())
    found = []
    for each, _ in entries(listed):
        if isinstance(each, Unknown):
            found += [name for name in candidates if each.may_be(name)]
        else:
            found.append(_plain(each))
    return found


def _known_conditions(value: object) -> dict[str, Any]:
    """The conditions without those of which something is unknown: with fewer, a statement applies wider."""
    if not isinstance(value, dict):
        return {}
    known: dict[str, Any] = {}
    for operator, keys in value.items():
        kept = {key: _plain(texts) for key, texts in _items(keys) if is_known(texts)}
        if kept:
            known[operator] = kept
    return {"Condition": known} if known else {}


def _items(value: object) -> Json:
    return value.items() if isinstance(value, dict) else ()


def _plain(value: Json) -> Json:
    """A copy in plain dicts and lists."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value
