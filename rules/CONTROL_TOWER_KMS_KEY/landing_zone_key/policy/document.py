"""A key policy, read once: JSON in, frozen `Policy` and `Statement` out, or a `PolicyError` that says where.

What the service could not have stored is refused rather than guessed at: two members of one name, an unknown
Version, Action beside NotAction, an empty list. What it stores, while AWS does not say what it means, is kept
and marked as doubtful.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
"""

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Final, NoReturn

from landing_zone_key.policy.conditions import (
    Condition,
    empty_condition,
    operator_meant,
    operator_of,
    read_condition,
)
from landing_zone_key.policy.patterns import ARN_PARTS, Pattern, glob, has_inner_wildcard, has_wildcard
from landing_zone_key.policy.strict_json import PolicyError, read_json, shown
from landing_zone_key.policy.variables import UNSETTLED, Template, Unsettled, read_text
from landing_zone_key.records import dataclass

CURRENT_VERSION: Final = "2012-10-17"
_VERSIONS: Final = (CURRENT_VERSION, "2008-10-17")
_POLICY_MEMBERS: Final = frozenset({"Version", "Id", "Statement"})
_PRINCIPAL_TYPES: Final = frozenset({"AWS", "Service", "Federated", "CanonicalUser"})
_TAKING_IN: Final = frozenset({"Principal", "Action", "Resource"})
_STATEMENT_MEMBERS: Final = frozenset(
    {
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    }
)


@dataclass(frozen=True, slots=True)
class Principals:
    """The Principal or NotPrincipal element."""

    negated: bool
    everyone: bool
    """`"*"`: every principal, AWS services included."""
    aws: frozenset[str]
    services: frozenset[str]
    doubtful: bool = False
    """NotPrincipal in an Allow: "not supported", so that whoever it does not name is not granted anything.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
    """


@dataclass(frozen=True, slots=True)
class Actions:
    """The Action or NotAction element, in lower case: action names have no case."""

    negated: bool
    literals: frozenset[str]
    patterns: tuple[Pattern, ...]
    doubtful: Mapping[str, Pattern] = field(default_factory=dict)
    """By their text: with a wildcard where the grammar has none, as in `k*:Decrypt`."""
    texts: tuple[str, ...] = ()
    """As they are written."""

    @property
    def wild(self) -> int:
        """How many of its texts have a wildcard."""
        return len(self.patterns) + len(self.doubtful)

    def include(self, action: str) -> bool | None:
        """Tell whether the statement is about this action (in lower case); None where nobody can tell."""
        if action in self.literals:
            return not self.negated
        for pattern in self.patterns:
            if pattern.matches(action):
                return not self.negated
        return None if self.undocumented(action) else self.negated

    def undocumented(self, action: str) -> str:
        """The text, as it is written, of which nobody says whether it is about this action; or empty."""
        return next((text for text, pattern in self.doubtful.items() if pattern.matches(action)), "")


@dataclass(frozen=True, slots=True)
class ResourceText:
    """One entry of Resource or NotResource."""

    text: str
    read: Pattern | Template | Unsettled
    """With wildcards that cross colons, as if it were no ARN."""
    inner: bool
    """Whether it may hold a wildcard that must stay inside of its component."""
    doubt: str = ""
    """Why nobody can say that it takes in what it matches as it is written: the end of a sentence."""
    partial: bool = False
    """Whether it is no ARN, or one of too few parts, so that it may take in more than it matches."""

    def may_mean(self, resource: str) -> bool:
        """Tell whether a partial text may stand for a resource that it does not match as it is written.

        What is no ARN may stand for one that it is a part of, such as the key's id. Of an ARN parts may be
        missing at its end, or before the resource; an empty part is missing, too.
        """
        parts = self.text.split(":")
        if not _is_arn(parts):
            return glob(f"*{self.text}*").matches(resource)
        head, last = [part or "*" for part in parts[:-1]], parts[-1]
        if glob(":".join([*head, f"{last}*"])).matches(resource):
            return True
        return bool(last) and glob(":".join([*head, "*", last])).matches(resource)


@dataclass(frozen=True, slots=True)
class Resources:
    """The Resource or NotResource element."""

    negated: bool
    texts: tuple[ResourceText, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a key policy."""

    index: int
    """Its place in the document, from 0."""
    sid: str | None
    allows: bool
    principals: Principals
    actions: Actions
    resources: Resources
    conditions: tuple[Condition, ...]
    lacks: tuple[str, ...] = ()
    """Those of the three that it does not have, and which then take nothing in: it has no effect.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
    """

    @property
    def label(self) -> str:
        """The Sid in quotes, which nothing in it can end; or the place."""
        return '"' + self.sid.replace('"', "'") + '"' if self.sid else f"Statement[{self.index}]"


@dataclass(frozen=True, slots=True)
class Policy:
    """A key policy document."""

    statements: tuple[Statement, ...]

    @classmethod
    def parse(cls, document: str | bytes | Mapping[str, Any]) -> "Policy":
        """Read a policy from its JSON text, from text that holds that text once more, or from an object.

        Raises `PolicyError`, and nothing else, whatever it is given.
        """
        data = read_json(document)
        members = _members(data, "the policy", _POLICY_MEMBERS)
        version = members.get("Version", _VERSIONS[1])
        if version not in _VERSIONS:
            _refuse("Version", f"is {shown(version)}", f"{CURRENT_VERSION} or {_VERSIONS[1]}")
        if not isinstance(members.get("Id", ""), str):
            _refuse("Id", "is no string", "a string")
        statements = members.get("Statement")
        if isinstance(statements, Mapping):
            return cls((_statement(statements, 0, "Statement", version),))
        if not isinstance(statements, list | tuple) or not statements:
            _refuse("Statement", f"is {shown(statements)}", "a statement or a list of them")
        return cls(
            tuple(
                _statement(item, index, f"Statement[{index}]", version)
                for index, item in enumerate(statements)
            )
        )

    def require_operators(self) -> None:
        """Raise `PolicyError` for a condition operator that nobody knows.

        In a policy that KMS has, it may be newer than what is known here; in one that is yet to be put, it is
        a mistake.
        """
        for statement in self.statements:
            for name in dict.fromkeys(condition.name for condition in statement.conditions):
                if operator_of(name) is None:
                    place = f"Statement[{statement.index}].Condition"
                    right = operator_meant(name) or "one of IAM's, such as StringEquals"
                    _refuse(place, f"has {shown(name)}, which is no condition operator", right)


def _statement(data: object, index: int, place: str, version: str) -> Statement:
    members = _members(data, place, _STATEMENT_MEMBERS)
    sid = members.get("Sid")
    if not isinstance(sid, str | None):
        _refuse(f"{place}.Sid", f"is {shown(sid)}", "a string")
    effect = members.get("Effect")
    if effect not in ("Allow", "Deny"):
        _refuse(f"{place}.Effect", f"is {shown(effect)}", "Allow or Deny, in just this case")
    return Statement(
        index=index,
        sid=sid,
        allows=effect == "Allow",
        principals=_principals(members, place, allows=effect == "Allow"),
        actions=_actions(members, place),
        resources=_resources(members, place, version),
        conditions=_conditions(members.get("Condition", {}), f"{place}.Condition", version),
        lacks=() if members.keys() >= _TAKING_IN else _lacks(members),
    )


def _lacks(members: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(name for name in sorted(_TAKING_IN) if name not in members and f"Not{name}" not in members)


def _principals(members: Mapping[str, Any], place: str, *, allows: bool) -> Principals:
    name = _one_of(members, "Principal", place)
    if name is None:
        return Principals(negated=False, everyone=False, aws=frozenset(), services=frozenset())
    value, place, negated = members[name], f"{place}.{name}", name != "Principal"
    if value == "*":
        return Principals(negated, everyone=True, aws=frozenset(), services=frozenset())
    if isinstance(value, str) or not value:
        _refuse(place, f"is {shown(value)}", '"*", or an object such as {"Service": "config.amazonaws.com"}')
    kinds = _members(value, place, _PRINCIPAL_TYPES)
    found = {kind: frozenset(_texts(listed, f"{place}.{kind}")) for kind, listed in kinds.items()}
    return Principals(
        negated,
        everyone=False,
        aws=found.get("AWS", frozenset()),
        services=found.get("Service", frozenset()),
        doubtful=negated and allows,
    )


def _actions(members: Mapping[str, Any], place: str) -> Actions:
    name = _one_of(members, "Action", place)
    if name is None:
        return Actions(negated=False, literals=frozenset(), patterns=())
    literals: set[str] = set()
    patterns: list[Pattern] = []
    doubtful: dict[str, Pattern] = {}
    texts = _texts(members[name], f"{place}.{name}")
    for text in texts:
        action = text.lower()
        if not has_wildcard(action):
            literals.add(action)
            continue
        service, colon, _ = action.partition(":")
        if action == "*" or (colon and not has_wildcard(service)):
            patterns.append(glob(action))
        else:
            doubtful[text] = glob(action)
    return Actions(name != "Action", frozenset(literals), tuple(patterns), doubtful, texts)


def _resources(members: Mapping[str, Any], place: str, version: str) -> Resources:
    name = _one_of(members, "Resource", place)
    if name is None:
        return Resources(negated=False, texts=())
    texts = _texts(members[name], f"{place}.{name}")
    variables = version == CURRENT_VERSION
    return Resources(name != "Resource", tuple(_resource(text, variables=variables) for text in texts))


def _resource(text: str, *, variables: bool) -> ResourceText:
    """Variables count behind the fifth colon only."""
    if text == "*":
        return EVERYTHING
    parts = text.split(":", ARN_PARTS - 1)
    partial = not _is_arn(parts) or len(parts) < ARN_PARTS or parts[-1] == ""
    doubt = _doubt(parts, partial=partial)
    if not variables or "${" not in text:
        return ResourceText(text, glob(text), has_inner_wildcard(text), doubt, partial)
    if text.split("${", 1)[0].count(":") < ARN_PARTS - 1:
        return ResourceText(text, UNSETTLED, inner=True, doubt="a variable before its fifth colon")
    return ResourceText(text, read_text(text, wildcards=True, variables=True), inner=True, doubt=doubt)


EVERYTHING: Final = ResourceText("*", glob("*"), inner=False)
EVERY_RESOURCE: Final = Resources(negated=False, texts=(EVERYTHING,))
DOUBTFUL_RESOURCE: Final = Resources(negated=False, texts=(ResourceText("", UNSETTLED, inner=False),))


def _is_arn(parts: list[str]) -> bool:
    return parts[0] == "arn" and len(parts) > 1


def _doubt(parts: list[str], *, partial: bool) -> str:
    """Why AWS does not say what a text that is not `*` takes in; empty where it does.

    A wildcard may stand in any segment of an ARN but the service's, and be the whole last segment or follow
    the resource type in it. The last is the resource, unless it stands where the Region or account would.
    """
    if not _is_arn(parts):
        return "it is no ARN"
    if len(parts) < 3 or has_wildcard(parts[2]):  # noqa: PLR2004 - the service is third
        return "it has a wildcard for the service" if has_wildcard("".join(parts)) else ""
    last = parts[-1]
    if last == "*" or not has_wildcard(last.partition("/")[0].partition(":")[0]):
        return ""
    is_resource = not partial or any(part.endswith("*") for part in parts[3:-1])
    return "it has a wildcard in part of the resource type" if is_resource else ""


def _conditions(value: object, place: str, version: str) -> tuple[Condition, ...]:
    conditions = []
    for name, block in _members(value, place, None).items():
        keys = _members(block, f"{place}.{name}", None)
        if not keys:
            conditions.append(empty_condition(name))
        if len({key.lower() for key in keys}) != len(keys):
            _refuse(f"{place}.{name}", "has one key twice (keys have no case)", "each key once")
        for key, texts in keys.items():
            read = _texts(texts, f"{place}.{name}.{key}", scalars=True)
            conditions.append(read_condition(name, key, read, variables=version == CURRENT_VERSION))
    return tuple(conditions)


def _members(value: object, place: str, known: frozenset[str] | None) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        _refuse(place, f"is {shown(value)}", "an object")
    if known is not None and value.keys() <= known:
        return value
    for name in value:
        if not isinstance(name, str) or (known is not None and name not in known):
            right = f"only {', '.join(sorted(known))}" if known else "a name"
            _refuse(place, f"has a member {shown(name)}", right)
    return value


def _one_of(members: Mapping[str, Any], name: str, place: str) -> str | None:
    """The element's name, or `Not` and its name; None where neither is there. Both cannot be."""
    if name not in members:
        return f"Not{name}" if f"Not{name}" in members else None
    if f"Not{name}" in members:
        _refuse(place, f"has both {name} and Not{name}", "exactly one of them")
    return name


def _texts(value: object, place: str, *, scalars: bool = False) -> tuple[str, ...]:
    """A string or a list of strings; with `scalars` also booleans and numbers, as the grammar has them."""
    if isinstance(value, str):
        return (value,)
    items = tuple(value) if isinstance(value, list | tuple) else (value,)
    texts = tuple(text for item in items if (text := _text(item, scalars=scalars)) is not None)
    if not texts or len(texts) != len(items):
        _refuse(place, f"is {shown(value)}", "a string or a list of strings, not empty")
    return texts


def _text(value: object, *, scalars: bool) -> str | None:
    if isinstance(value, str):
        return value
    if not scalars or not isinstance(value, bool | int | float) or value - value != 0:
        return None  # what is left of a number is 0, but not of 1e999, which Python reads as infinity
    try:
        return str(value).lower()
    except ValueError:  # an integer of more digits than Python writes
        return None


def _refuse(place: str, what: str, right: str) -> NoReturn:
    raise PolicyError(f"{place} {what}; right would be {right}")
