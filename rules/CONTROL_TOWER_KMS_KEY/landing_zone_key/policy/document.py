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
from itertools import compress
from typing import Any, Final, NoReturn

from landing_zone_key.policy.conditions import (
    Condition,
    empty_condition,
    operator_meant,
    operator_of,
    read_condition,
)
from landing_zone_key.policy.patterns import (
    ARN_PARTS,
    Pattern,
    exactly,
    glob,
    has_inner_wildcard,
    has_wildcard,
)
from landing_zone_key.policy.strict_json import PolicyError, read_json, shown
from landing_zone_key.policy.variables import UNSETTLED, Template, Unsettled, read_text
from landing_zone_key.records import dataclass

CURRENT_VERSION: Final = "2012-10-17"
_VERSIONS: Final = (CURRENT_VERSION, "2008-10-17")
_POLICY_MEMBERS: Final = frozenset({"Version", "Id", "Statement"})
_PRINCIPAL_TYPES: Final = frozenset({"AWS", "Service", "Federated", "CanonicalUser"})
_SERVICE: Final = 2  # in an ARN
#: In the order of `Statement.lacks`.
_TAKING_IN: Final = ("Action", "Principal", "Resource")
#: For `isinstance`, which takes long to see that a dict is a Mapping.
_OBJECTS: Final = (dict, Mapping)
_LISTS: Final = (list, tuple)
_ONLY_STRINGS: Final = frozenset({str})
_NOBODY: Final[frozenset[str]] = frozenset()
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
    beginnings: tuple[str, ...] = ()
    """What ends with its one wildcard, a `*`, without it."""
    patterns: tuple[Pattern, ...] = ()
    """With other wildcards."""
    doubtful: Mapping[str, Pattern] = field(default_factory=dict)
    """By their text: with a wildcard where the grammar has none, as in `k*:Decrypt`."""
    texts: tuple[str, ...] = ()
    """As they are written."""
    included: dict[str, bool | None] = field(default_factory=dict, repr=False, compare=False)
    """What has been asked already: of patterns, which may be many, each action is asked once."""

    @property
    def wild(self) -> int:
        """How many of its texts have a wildcard."""
        return len(self.beginnings) + len(self.patterns) + len(self.doubtful)

    def include(self, action: str) -> bool | None:
        """Tell whether the statement is about this action (in lower case); None where nobody can tell."""
        if action in self.literals or action.startswith(self.beginnings):
            return not self.negated
        if not self.patterns and not self.doubtful:
            return self.negated
        if action not in self.included:
            self.included[action] = self._matched(action)
        return self.included[action]

    def _matched(self, action: str) -> bool | None:
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

    def with_resources(self, resources: Resources) -> "Statement":
        """The statement about other resources."""
        return Statement(
            self.index,
            self.sid,
            self.allows,
            self.principals,
            self.actions,
            resources,
            self.conditions,
            self.lacks,
        )

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
        members = _members(read_json(document), _POLICY_MEMBERS, "the policy")
        version = members.get("Version", _VERSIONS[1])
        if version not in _VERSIONS:
            _refuse(f"is {shown(version)}", f"{CURRENT_VERSION} or {_VERSIONS[1]}", "Version")
        if not isinstance(members.get("Id", ""), str):
            _refuse("is no string", "a string", "Id")
        statements = members.get("Statement")
        reader = _Reader(variables=version == CURRENT_VERSION)
        if isinstance(statements, _LISTS) and statements:
            read = [reader.statement(each, at, f"Statement[{at}]") for at, each in enumerate(statements)]
            return cls(tuple(read))
        if not isinstance(statements, _OBJECTS):
            _refuse(f"is {shown(statements)}", "a statement or a list of them", "Statement")
        return cls((reader.statement(statements, 0, "Statement"),))

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
                    _refuse(f"has {shown(name)}, which is no condition operator", right, place)


_NO_PRINCIPALS: Final = Principals(negated=False, everyone=False, aws=frozenset(), services=frozenset())
_EVERYONE: Final = Principals(negated=False, everyone=True, aws=frozenset(), services=frozenset())
_NOT_EVERYONE: Final = Principals(negated=True, everyone=True, aws=frozenset(), services=frozenset())
_NO_ACTIONS: Final = Actions(negated=False, literals=frozenset())
_NO_RESOURCES: Final = Resources(negated=False, texts=())
EVERYTHING: Final = ResourceText("*", glob("*"), inner=False)
EVERY_RESOURCE: Final = Resources(negated=False, texts=(EVERYTHING,))
DOUBTFUL_RESOURCE: Final = Resources(negated=False, texts=(ResourceText("", UNSETTLED, inner=False),))


class _Reader:
    """Reads the statements of one policy; what stands in it again is not read again."""

    def __init__(self, *, variables: bool) -> None:
        self._variables = variables
        self._actions: dict[tuple[str, tuple[str, ...]], Actions] = {}
        self._resource_texts = {"*": EVERYTHING}
        self._conditions: dict[tuple[str, str, tuple[str, ...]], Condition] = {}

    def statement(self, data: object, index: int, place: str) -> Statement:
        members = _members(data, _STATEMENT_MEMBERS, place)
        sid = members.get("Sid")
        if sid is not None and not isinstance(sid, str):
            _refuse(f"is {shown(sid)}", "a string", place, ".Sid")
        effect = members.get("Effect")
        allows = effect == "Allow"
        if not allows and effect != "Deny":
            _refuse(f"is {shown(effect)}", "Allow or Deny, in just this case", place, ".Effect")
        principals = _principals(members, place, allows=allows)
        actions = self._read_actions(members, place)
        resources = self._read_resources(members, place)
        conditions = self._read_conditions(members["Condition"], place) if "Condition" in members else ()
        absent = actions is _NO_ACTIONS, principals is _NO_PRINCIPALS, resources is _NO_RESOURCES
        lacks = tuple(compress(_TAKING_IN, absent))
        return Statement(index, sid, allows, principals, actions, resources, conditions, lacks)

    def _read_actions(self, members: Mapping[str, Any], place: str) -> Actions:
        name = _one_of(members, "Action", "NotAction", place)
        if name is None:
            return _NO_ACTIONS
        texts = _texts(members[name], place, ".", name)
        read = self._actions.get((name, texts))
        if read is None:
            read = self._actions[name, texts] = _actions(texts, negated=name != "Action")
        return read

    def _read_resources(self, members: Mapping[str, Any], place: str) -> Resources:
        name = _one_of(members, "Resource", "NotResource", place)
        if name is None:
            return _NO_RESOURCES
        texts = _texts(members[name], place, ".", name)
        read = self._resource_texts
        for text in texts:
            if text not in read:
                read[text] = resource_text(text, variables=self._variables)
        return Resources(name != "Resource", tuple(map(read.__getitem__, texts)))

    def _read_conditions(self, value: object, place: str) -> tuple[Condition, ...]:
        conditions = []
        for name, block in _members(value, None, place, ".Condition").items():
            keys = _members(block, None, place, ".Condition.", name)
            if not keys:
                conditions.append(empty_condition(name))
            if len(keys) > 1 and len({key.lower() for key in keys}) != len(keys):
                _refuse("has one key twice (keys have no case)", "each key once", place, ".Condition.", name)
            for key, listed in keys.items():
                texts = _texts(listed, place, ".Condition.", name, ".", key, scalars=True)
                read = self._conditions.get((name, key, texts))
                if read is None:
                    read = read_condition(name, key, texts, variables=self._variables)
                    self._conditions[name, key, texts] = read
                conditions.append(read)
        return tuple(conditions)


def _principals(members: Mapping[str, Any], place: str, *, allows: bool) -> Principals:
    name = _one_of(members, "Principal", "NotPrincipal", place)
    if name is None:
        return _NO_PRINCIPALS
    value, negated = members[name], name != "Principal"
    if value == "*":
        return _NOT_EVERYONE if negated else _EVERYONE
    if isinstance(value, str) or not value:
        right = '"*", or an object such as {"Service": "config.amazonaws.com"}'
        _refuse(f"is {shown(value)}", right, place, ".", name)
    found = {"AWS": _NOBODY, "Service": _NOBODY}
    for kind, listed in _members(value, _PRINCIPAL_TYPES, place, ".", name).items():
        found[kind] = frozenset(_texts(listed, place, ".", name, ".", kind))
    everyone = False
    return Principals(negated, everyone, found["AWS"], found["Service"], negated and allows)


def _actions(texts: tuple[str, ...], *, negated: bool) -> Actions:
    literals: set[str] = set()
    beginnings: list[str] = []
    patterns: list[Pattern] = []
    doubtful: dict[str, Pattern] = {}
    for text in texts:
        action = text.lower()
        if not has_wildcard(action):
            literals.add(action)
            continue
        service, colon, _ = action.partition(":")
        if action != "*" and (not colon or has_wildcard(service)):
            doubtful[text] = glob(action)
        elif action[-1] == "*" and not has_wildcard(action[:-1]):
            beginnings.append(action[:-1])
        else:
            patterns.append(glob(action))
    return Actions(negated, frozenset(literals), tuple(beginnings), tuple(patterns), doubtful, texts)


def resource_text(text: str, *, variables: bool) -> ResourceText:
    """Read an entry of Resource; variables count behind its fifth colon only."""
    parts = text.split(":", ARN_PARTS - 1)
    partial = len(parts) < ARN_PARTS or parts[0] != "arn" or parts[-1] == ""
    wild = has_wildcard(text)
    doubt = _doubt(parts, wild=wild, partial=partial)
    if not variables or "${" not in text:
        read, inner = (glob(text), has_inner_wildcard(parts)) if wild else (exactly(text), False)
        return ResourceText(text, read, inner, doubt, partial)
    if text.split("${", 1)[0].count(":") < ARN_PARTS - 1:
        return ResourceText(text, UNSETTLED, inner=True, doubt="a variable before its fifth colon")
    return ResourceText(text, read_text(text, wildcards=True, variables=True), inner=True, doubt=doubt)


def _is_arn(parts: list[str]) -> bool:
    return parts[0] == "arn" and len(parts) > 1


def _doubt(parts: list[str], *, wild: bool, partial: bool) -> str:
    """Why AWS does not say what a text that is not `*` takes in; empty where it does.

    A wildcard may stand in any segment of an ARN but the service's, and be the whole last segment or follow
    the resource type in it. The last is the resource, unless it stands where the Region or account would.
    """
    if not _is_arn(parts):
        return "it is no ARN"
    if not wild:
        return ""
    if len(parts) <= _SERVICE or has_wildcard(parts[_SERVICE]):
        return "it has a wildcard for the service"
    last = parts[-1]
    if last == "*" or not has_wildcard(last.partition("/")[0].partition(":")[0]):
        return ""
    is_resource = not partial or any(part.endswith("*") for part in parts[3:-1])
    return "it has a wildcard in part of the resource type" if is_resource else ""


def _members(value: object, known: frozenset[str] | None, *place: str) -> Mapping[str, Any]:
    if not isinstance(value, _OBJECTS):
        _refuse(f"is {shown(value)}", "an object", *place)
    if known is not None and known.issuperset(value):
        return value
    for name in value:
        if not isinstance(name, str) or (known is not None and name not in known):
            right = f"only {', '.join(sorted(known))}" if known else "a name"
            _refuse(f"has a member {shown(name)}", right, *place)
    return value


def _one_of(members: Mapping[str, Any], name: str, other: str, place: str) -> str | None:
    """The element's name, or the one with `Not`; None where neither is there. Both cannot be."""
    if name not in members:
        return other if other in members else None
    if other in members:
        _refuse(f"has both {name} and {other}", "exactly one of them", place)
    return name


def _texts(value: object, *place: str, scalars: bool = False) -> tuple[str, ...]:
    """A string or a list of strings; with `scalars` also booleans and numbers, as the grammar has them."""
    if isinstance(value, str):
        return (value,)
    items = tuple(value) if isinstance(value, _LISTS) else (value,)
    if {*map(type, items)} == _ONLY_STRINGS:
        return items
    texts = tuple([text for item in items if (text := _text(item, scalars=scalars)) is not None])
    if not texts or len(texts) != len(items):
        _refuse(f"is {shown(value)}", "a string or a list of strings, not empty", *place)
    return texts


def _text(value: object, *, scalars: bool) -> str | None:
    if isinstance(value, str):
        return value
    if not scalars or not isinstance(value, (int, float)) or value - value != 0:
        return None  # what is left of a number is 0, but not of 1e999, which Python reads as infinity
    try:
        return str(value).lower()
    except ValueError:  # an integer of more digits than Python writes
        return None


def _refuse(what: str, right: str, *place: str) -> NoReturn:
    """Raise; the parts of the place become text only here, since nearly every policy has no fault."""
    raise PolicyError(f"{''.join(place)} {what}; right would be {right}")
