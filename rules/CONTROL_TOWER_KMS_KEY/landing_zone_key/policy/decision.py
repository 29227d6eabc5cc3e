"""One concrete request against one key policy, as AWS documents it.

An explicit Deny refuses; otherwise an Allow allows; otherwise the request is refused. Statement order plays
no part. Where a statement cannot be decided, doubt counts against the request: such an Allow does not grant,
such a Deny denies (or the other way round, where the question is whether a request is certainly refused).
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from typing import Final

from landing_zone_key.policy.document import (
    EVERYTHING,
    Policy,
    Principals,
    Resources,
    ResourceText,
    Statement,
)
from landing_zone_key.policy.patterns import NOTHING, Pattern, resource_parts
from landing_zone_key.policy.variables import UNSETTLED, Lookup, Template, Unsettled
from landing_zone_key.records import dataclass

_STEPS_PER_CONDITION: Final = 10
_STEPS_PER_PARTIAL: Final = 5
#: Matching a pattern that cannot be matched by search.
_STEPS_PER_WALK: Final = 50


class Reason(StrEnum):
    """Why a request is allowed or refused."""

    ALLOWED = "ALLOWED"
    EXPLICIT_DENY = "EXPLICIT_DENY"
    UNDECIDABLE_DENY = "UNDECIDABLE_DENY"
    """A Deny that cannot be decided: an unknown operator, a malformed value."""
    NO_ALLOW = "NO_ALLOW"
    TOO_COMPLEX = "TOO_COMPLEX"
    """From `prove` alone: the policy needs more cases than the bound."""


class Values(dict[str, tuple[str, ...]]):
    """A context that is as a decision reads it: keys in lower case, with at least one value each."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request to the key. Exactly one of `service` and `principal_arn` says who makes it."""

    action: str
    """Such as `kms:Decrypt`."""
    resource: str
    """The key's ARN."""
    service: str | None = None
    """A service principal, such as `config.amazonaws.com`."""
    context: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    """Condition keys (without case) and their values; a list for a key of many values. Nothing is added."""
    principal_arn: str | None = None
    """An IAM role or user, instead of a service."""
    values: Mapping[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)
    """The context as the decision reads it: keys in lower case, empty lists left out."""

    def __post_init__(self) -> None:
        """Normalise the context once."""
        if isinstance(self.context, Values):
            object.__setattr__(self, "values", self.context)
            return
        values = {
            key.lower(): (value,) if isinstance(value, str) else tuple(value)
            for key, value in self.context.items()
            if isinstance(value, str) or value
        }
        object.__setattr__(self, "values", values)

    def value_of(self, key: str) -> str | Unsettled | None:
        """The one value of a key, for a policy variable: variables cannot hold keys of many values."""
        values = self.values.get(key)
        if values is None:
            return None
        return values[0] if len(values) == 1 else UNSETTLED


@dataclass(frozen=True, slots=True)
class Decision:
    """What the policy says to one request."""

    allowed: bool
    statement: Statement | None
    """The statement that decides; None where none does (`NO_ALLOW`, `TOO_COMPLEX`)."""
    reason: Reason


def decide(policy: Policy, request: Request, *, doubt_allows: bool = False) -> Decision:
    """Decide one request.

    `doubt_allows` turns doubt round: what cannot be decided then speaks for the request, so that a refusal
    is certain.
    """
    allowing: Statement | None = None
    for statement in policy.statements:
        if statement.allows and allowing is not None:
            continue
        verdict = applies(statement, request)
        if verdict is None:
            verdict = statement.allows is doubt_allows
            if verdict and not statement.allows:
                return Decision(allowed=False, statement=statement, reason=Reason.UNDECIDABLE_DENY)
        if verdict and not statement.allows:
            return Decision(allowed=False, statement=statement, reason=Reason.EXPLICIT_DENY)
        if verdict:
            allowing = statement
    if allowing is None:
        return Decision(allowed=False, statement=None, reason=Reason.NO_ALLOW)
    return Decision(allowed=True, statement=allowing, reason=Reason.ALLOWED)


def applies(statement: Statement, request: Request) -> bool | None:
    """Tell whether all elements of the statement match the request; None where that cannot be decided."""
    verdict = names_principal(statement.principals, request)
    if verdict is False:
        return False
    action = statement.actions.include(request.action.lower())
    if action is False:
        return False
    resource = names_resource(statement.resources, request)
    if resource is False:
        return False
    verdict = verdict and action and resource
    for condition in statement.conditions:
        resolved = condition.resolve(request.value_of) if condition.templates else condition
        holds = resolved.holds(request.values.get(condition.lookup_key))
        if holds is False:
            return False
        verdict = verdict and holds
    return verdict


def effort(statement: Statement, lookup: Lookup) -> int:
    """The steps that it takes to fill the variables in, and to see whether the statement is about a request.

    The conditions have an `effort` of their own.
    """
    texts = statement.resources.texts
    steps = 1 + len(texts) + statement.actions.wild + _STEPS_PER_CONDITION * len(statement.conditions)
    for text in texts:
        if text.partial:
            steps += _STEPS_PER_PARTIAL
        if text.inner or not isinstance(text.read, Pattern) or text.read.spelled:
            steps += _STEPS_PER_WALK + len(text.text) + _size(text.read, lookup) // 2
    for condition in statement.conditions:
        for template in condition.templates:
            steps += 8 + template.size(lookup) // 4
    return steps


def _size(read: Pattern | Template | Unsettled, lookup: Lookup) -> int:
    if isinstance(read, Template):
        return read.size(lookup)
    return read.length if isinstance(read, Pattern) else 0


def names_principal(principals: Principals, request: Request) -> bool | None:
    """Tell whether Principal, or NotPrincipal, takes in whoever makes the request."""
    if principals.everyone:
        return not principals.negated
    named: bool | None
    if request.service is not None:
        # Whether {"AWS": "*"} includes services is left open by the documentation, as is {"Service": "*"}.
        open_to_all = "*" in principals.aws or "*" in principals.services
        named = request.service in principals.services or (None if open_to_all else False)
    else:
        named = _names_arn(principals.aws, request.principal_arn or "")
    if named is None or (principals.doubtful and not named):
        return None
    return named is not principals.negated


def _names_arn(principals: frozenset[str], arn: str) -> bool | None:
    if "*" in principals or arn in principals:
        return True
    # The account as principal lets the account's own IAM policies decide, which nobody sees here.
    account = arn.split(":")[4:5]
    delegated = any(
        principal.split(":")[4:] == [*account, "root"] or [principal] == account for principal in principals
    )
    return None if delegated else False


def names_resource(resources: Resources, request: Request) -> bool | None:
    """Tell whether Resource, or NotResource, takes in the key."""
    named: bool | None = False
    for text in resources.texts:
        matches = matches_resource(text, request, negated=resources.negated)
        if matches:
            return not resources.negated
        named = None if matches is None else named
    return named if named is None else resources.negated


def matches_resource(text: ResourceText, request: Request, *, negated: bool) -> bool | None:
    """Tell whether one entry of Resource, or of NotResource, takes in the key."""
    if text is EVERYTHING or (text.text == request.resource and not text.inner and not text.doubt):
        return True
    pattern = filled_in(text, request.value_of, negated=negated)
    if isinstance(pattern, Unsettled):
        return None
    if not pattern.matches(request.resource):
        return None if text.partial and text.may_mean(request.resource) else False
    # A wildcard inside a component that would have to cross a colon: not documented either way.
    inside = not text.inner or resource_parts(pattern).matches(request.resource)
    return True if inside and not text.doubt else None


def filled_in(text: ResourceText, lookup: Lookup, *, negated: bool) -> Pattern | Unsettled:
    """What the text says once its variables have values.

    A text with a variable that has none matches nothing. Whether NotResource therefore takes everything in is
    not documented.
    """
    if not isinstance(text.read, Template):
        return text.read
    resolved = text.read.resolve(lookup)
    return (UNSETTLED if negated else NOTHING) if resolved is None else resolved
