"""Events of a key that are not as the proof assumes: the most valuable thing that can be observed.

Of an event that alone is compared which it shows: who asked, the operation, the key, the encryption context
and the error. One in which nothing is strange proves nothing, for it does not show whose request it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from landing_zone_key.access import FAMILIES, SERVICES
from landing_zone_key.assessment import ask
from landing_zone_key.policy.family import ABSENT, AtLeast, Fixed
from landing_zone_key.policy.proof import Proved, prove, prove_refused
from landing_zone_key.requests import CLOUDTRAIL, foreign_families
from landing_zone_key.settings import PermissionStandard
from lzkey.observed.values import BLOCKS

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from landing_zone_key import KmsKey, LandingZone
    from landing_zone_key.finding import Question, Requirement
    from landing_zone_key.policy.family import Family
    from lzkey.aws.events import Event

#: What a request carries and its event does not show.
#: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
NOT_SHOWN: Final = ("aws:SourceArn", "aws:SourceAccount", "aws:SourceOrgID", "aws:SourceOrgPaths")

#: https://docs.aws.amazon.com/kms/latest/APIReference/CommonErrors.html
_REFUSED: Final = frozenset({"AccessDenied", "AccessDeniedException"})

#: In no family, and yet documented: CloudTrail's guide requires it.
#: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
_DESCRIBES: Final = "kms:DescribeKey"

_CONTEXT: Final = "kms:encryptioncontext:"
_CONTEXT_KEYS: Final = "kms:encryptioncontextkeys"

#: Characters at most that a sentence takes of an event, which is shown whole beside it.
_LONGEST: Final = 160


class Strange(StrEnum):
    """In what an event is not as assumed."""

    PRINCIPAL = "principal"
    OPERATION = "operation"
    RESOURCE = "resource"
    CONTEXT = "context"
    USE = "use"
    """The manifest keeps the key for the other service."""
    REFUSED = "refused"
    """Although it is proved to be allowed."""
    ALLOWED = "allowed"
    """Although it is refused for certain."""


@dataclass(frozen=True, slots=True)
class Assumption:
    """What is taken for granted of a service's requests to a key, and what is proved of them."""

    service: str
    """As people call it."""
    family: Family
    allowed: frozenset[str]
    """The actions by which every request of the landing zone is proved to be allowed."""
    refused: frozenset[str]
    """The actions by which every request is refused for certain, whosever it is."""
    uses: bool = True
    """Whether the service uses the key, by the manifest."""


def is_refusal(event: Event) -> bool:
    """Whether KMS refused the request for want of a permission, and not for the state of the key."""
    return event.error_code in _REFUSED


def assumptions(
    key: KmsKey, zone: LandingZone, at: datetime, *, policy_alone: bool, settled: bool
) -> tuple[Assumption, ...]:
    """What is assumed of each service.

    `policy_alone`: nothing but the key policy lets a service in, such as a grant. `settled`: no account is
    left that may still deliver as an earlier manifest had it.
    """
    documented = replace(zone, permission_standard=PermissionStandard.DOCUMENTED, accounts=())
    question = ask(key, documented, at)
    uses = documented.uses_of({str(key.arn), key.arn.key_id})
    return tuple(
        Assumption(
            SERVICES[requirement],
            make(key, documented, question.earliest),
            _actions(question, (make(key, documented, question.earliest),), prove),
            _actions(question, _anybodys(question, requirement), prove_refused)
            if policy_alone
            else frozenset(),
            BLOCKS[SERVICES[requirement]] in uses or not settled,
        )
        for requirement, make in FAMILIES.items()
    )


def _actions(
    question: Question, families: tuple[Family, ...], proof: Callable[..., object]
) -> frozenset[str]:
    """The actions of which this is proved for all requests of the families."""
    policy = question.policy
    if policy is None:
        return frozenset()
    return frozenset(
        action
        for action in families[0].actions
        if all(isinstance(proof(policy, replace(family, actions=(action,))), Proved) for family in families)
    )


def _anybodys(question: Question, requirement: Requirement) -> tuple[Family, ...]:
    """The service's requests from anywhere: an event does not show for which account and Region it is."""
    anywhere = replace(question.zone, governed_regions=())
    own = FAMILIES[requirement](question.key, anywhere, question.earliest)
    return (own, *foreign_families(own, question.key, anywhere))


def contradiction(event: Event, assumed: tuple[Assumption, ...]) -> tuple[str, Strange, str] | None:
    """Whose event is not as assumed, in what, and that in words; None where nothing is, as far as it shows.

    Also None for what the proof does not speak of: other services, users and roles, and other trails.
    """
    for assumption in assumed:
        if _is_by(event, assumption.family.service):
            return None if _is_of_another_trail(event, assumption) else _strange(event, assumption)
    return None


def _strange(event: Event, assumption: Assumption) -> tuple[str, Strange, str] | None:
    if f"kms:{event.name}" == _DESCRIBES and assumption.family.service == CLOUDTRAIL:
        return None
    for kind, look in _LOOKS.items():
        why = look(event, assumption)
        if why:
            return assumption.service, kind, why
    return None


def _is_by(event: Event, service: str) -> bool:
    """Whether it is of the service by whatever name, such as config.af-south-1.amazonaws.com."""
    name, _, domain = service.partition(".")
    asked = event.service or ""
    return asked == service or (asked.startswith(f"{name}.") and f".{domain}" in asked)


def _context(event: Event) -> Mapping[str, object] | None:
    """The encryption context; None where the event does not show it, as one that was refused may not."""
    if not isinstance(event.parameters, Mapping) or not event.parameters:
        return None
    found = event.parameters.get("encryptionContext") or {}
    return found if isinstance(found, Mapping) else None


def _is_of_another_trail(event: Event, assumption: Assumption) -> bool:
    """Whether its context names a trail of another name; the same is taken for the landing zone's."""
    for name, value in (_context(event) or {}).items():
        fact = assumption.family.fact(f"{_CONTEXT}{name}".lower())
        if isinstance(fact, Fixed) and isinstance(value, str) and ":trail/" in value:
            return value.rpartition("/")[2] != fact.values[0].rpartition("/")[2]
    return False


def _names_a_trail(assumption: Assumption) -> bool:
    return isinstance(assumption.family.fact(_CONTEXT_KEYS), AtLeast)


def _principal(event: Event, assumption: Assumption) -> str:
    expected = assumption.family.service
    if event.service == expected:
        return ""
    return f"{assumption.service} asked as {_cut(event.service)}, and not as {expected}"


def _operation(event: Event, assumption: Assumption) -> str:
    if f"kms:{event.name}" in assumption.family.actions:
        return ""
    return f"{assumption.service} asked for kms:{_cut(event.name)}, which no request that is proved is for"


def _resource(event: Event, assumption: Assumption) -> str:
    if not event.resources or assumption.family.resource in event.resources:
        return ""
    return f"a request of {assumption.service}'s names {_cut(event.resources[0])}, and not the key"


def _encryption_context(event: Event, assumption: Assumption) -> str:
    context = _context(event)
    if context is None:
        return ""
    family, whose = assumption.family, f"the encryption context of a request of {assumption.service}'s"
    always = family.fact(_CONTEXT_KEYS)
    for name in always.values if isinstance(always, AtLeast) else ():
        if name not in context:
            return f"{whose} has no {name}"
    for name, value in context.items():
        fact = family.fact(f"{_CONTEXT}{name}".lower())
        if fact is ABSENT:
            return f"{whose} has {_cut(name)}"
        if isinstance(fact, Fixed) and value not in fact.values:
            return f"{whose} has {_cut(name)} {_cut(value)}, and not {fact.values[0]}"
    return ""


def _use(event: Event, assumption: Assumption) -> str:
    if event.error_code or assumption.uses:
        return ""
    action = f"kms:{event.name}"
    return f"{assumption.service} was allowed {action} with a key that is another service's by the manifest"


def _refusal(event: Event, assumption: Assumption) -> str:
    action = f"kms:{event.name}"
    if not is_refusal(event) or action not in assumption.allowed:
        return ""
    told = (
        f"{assumption.service} was refused {action}, although it is proved to be allowed to the landing zone"
    )
    if _names_a_trail(assumption) and _context(event) is not None:
        return told  # it is the landing zone's, or it would be of another trail
    return f"{told}; whose request it was is not shown, so that it may be none of the landing zone's"


def _permission(event: Event, assumption: Assumption) -> str:
    action = f"kms:{event.name}"
    named = _names_a_trail(assumption)
    if event.error_code or action not in assumption.refused or (named and _context(event) is None):
        return ""
    return f"{assumption.service} was allowed {action}, although the key policy refuses it for certain"


def _cut(told: object) -> str:
    text = str(told)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


#: What is looked at, in this order: what is strange in a request comes before what became of it.
_LOOKS: Final[Mapping[Strange, Callable[[Event, Assumption], str]]] = {
    Strange.PRINCIPAL: _principal,
    Strange.OPERATION: _operation,
    Strange.RESOURCE: _resource,
    Strange.CONTEXT: _encryption_context,
    Strange.USE: _use,
    Strange.REFUSED: _refusal,
    Strange.ALLOWED: _permission,
}
