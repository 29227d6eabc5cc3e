"""One concrete request against one key policy, as AWS documents it.

An explicit Deny refuses; otherwise an Allow allows; otherwise the request is refused. Statement order plays
no part. Where a statement cannot be decided, doubt counts against the request: such an Allow does not grant,
such a Deny denies (or the other way round, where the question is whether a request is certainly refused).
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import field
from enum import StrEnum

from landing_zone_key.policy.document import Policy, Principals, Resources, ResourceText, Statement
from landing_zone_key.policy.patterns import resource_parts
from landing_zone_key.policy.variables import UNSETTLED, Template, Unsettled
from landing_zone_key.records import dataclass


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
    if verdict is False or not statement.actions.include(request.action.lower()):
        return False
    resource = names_resource(statement.resources, request)
    if resource is False:
        return False
    verdict = verdict and resource
    for condition in statement.conditions:
        resolved = condition.resolve(request.value_of) if condition.templates else condition
        holds = resolved.holds(request.values.get(condition.lookup_key))
        if holds is False:
            return False
        verdict = verdict and holds
    return verdict


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
    return named if named is None else named is not principals.negated


def _names_arn(principals: frozenset[str], arn: str) -> bool | None:
    if "*" in principals or arn in principals:
        return True
    # The account as principal lets the account's own IAM policies decide, which nobody sees here.
    account = arn.split(":")[4:5]
    delegated = any(
        principal.split(":")[4:] == [*account, "root"] or [principal] == account for principal in principals
    )
    return None if delegated else False


def names_resource(resources: Resources | None, request: Request) -> bool | None:
    """Tell whether Resource, or NotResource, takes in the key. Without either, the statement has no effect.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
    """
    if resources is None:
        return False
    found = {_matches_resource(text, request) for text in resources.texts}
    named = True if True in found else None if None in found else False
    return named if named is None else named is not resources.negated


def _matches_resource(text: ResourceText, request: Request) -> bool | None:
    pattern = text.read
    if isinstance(pattern, Template):
        resolved = pattern.resolve(request.value_of)
        if resolved is None:
            return False
        pattern = resolved
    if isinstance(pattern, Unsettled):
        return None
    if not pattern.matches(request.resource):
        return False
    # A wildcard inside a component that would have to cross a colon: not documented either way.
    return True if not text.inner or resource_parts(pattern).matches(request.resource) else None
