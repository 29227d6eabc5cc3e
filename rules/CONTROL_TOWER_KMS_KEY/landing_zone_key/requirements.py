"""The requirements, one small function each, in the order in which they are reported.

https://docs.aws.amazon.com/controltower/latest/userguide/configure-kms-keys.html
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from landing_zone_key.key import KmsKey
from landing_zone_key.policy.decision import Decision, Reason, Request
from landing_zone_key.policy.document import Policy, PolicyError, Statement
from landing_zone_key.policy.explanation import Outcome, explain, nearest_allow
from landing_zone_key.policy.family import Family
from landing_zone_key.policy.proof import Refused, prove, prove_refused
from landing_zone_key.requests import SETTLED_BY, cloudtrail_family, config_family, foreign_families
from landing_zone_key.settings import LandingZone


class Requirement(StrEnum):
    """What a key must be, so that the landing zone can use it."""

    ENABLED = "ENABLED"
    SYMMETRIC = "SYMMETRIC"
    SINGLE_REGION = "SINGLE_REGION"
    MANAGEMENT_ACCOUNT = "MANAGEMENT_ACCOUNT"
    HOME_REGION = "HOME_REGION"
    CONFIG_ACCESS = "CONFIG_ACCESS"
    CLOUDTRAIL_ACCESS = "CLOUDTRAIL_ACCESS"


class FindingReason(StrEnum):
    """Why a requirement does not hold."""

    NOT_ENABLED = "NOT_ENABLED"
    NOT_SYMMETRIC = "NOT_SYMMETRIC"
    MULTI_REGION = "MULTI_REGION"
    OTHER_ACCOUNT = "OTHER_ACCOUNT"
    OTHER_REGION = "OTHER_REGION"
    UNKNOWN = "UNKNOWN"
    """An attribute, or the policy, could not be read."""
    MALFORMED_POLICY = "MALFORMED_POLICY"
    EXPLICIT_DENY = Reason.EXPLICIT_DENY.value
    UNDECIDABLE_DENY = Reason.UNDECIDABLE_DENY.value
    NO_ALLOW = Reason.NO_ALLOW.value
    TOO_COMPLEX = Reason.TOO_COMPLEX.value
    FOREIGN_REQUEST_ALLOWED = "FOREIGN_REQUEST_ALLOWED"


@dataclass(frozen=True, slots=True)
class Finding:
    """One requirement that does not hold."""

    requirement: Requirement
    reason: FindingReason
    summary: str
    """A few words, for the annotation."""
    message: str
    """A sentence, with what would be right."""
    statement: str | int | None = None
    """The Sid of the statement that refuses, or nearly allows; its index where it has no Sid."""
    request: Request | None = None
    """The request that would be refused."""
    action: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What every requirement is asked: this key, for this landing zone, from this moment on."""

    key: KmsKey
    zone: LandingZone
    earliest: datetime
    policy: Policy | None
    policy_error: PolicyError | None


def _enabled(question: Question) -> Finding | None:
    key, requirement = question.key, Requirement.ENABLED
    if key.key_state == "Enabled":
        return None
    if key.key_state is None:
        return _unknown(requirement, "key state")
    until = f" until {key.deletion_date}" if key.key_state == "PendingDeletion" and key.deletion_date else ""
    remedy = (
        "cancel the deletion and enable the key" if key.key_state == "PendingDeletion" else "enable the key"
    )
    return Finding(
        requirement,
        FindingReason.NOT_ENABLED,
        f"{key.key_state}{until}",
        f"the key state is {key.key_state}{until}: the key can neither encrypt nor decrypt; {remedy}",
    )


def _symmetric(question: Question) -> Finding | None:
    key, requirement = question.key, Requirement.SYMMETRIC
    if None in (key.key_spec, key.key_usage):
        return _unknown(requirement, "key spec or key usage")
    if (key.key_spec, key.key_usage) == ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"):
        return None
    return Finding(
        requirement,
        FindingReason.NOT_SYMMETRIC,
        f"{key.key_spec} for {key.key_usage}",
        f"the key is {key.key_spec} for {key.key_usage}; CloudTrail and Amazon S3 need SYMMETRIC_DEFAULT for "
        "ENCRYPT_DECRYPT, and neither can be changed: use another key",
    )


def _single_region(question: Question) -> Finding | None:
    if not question.key.multi_region:
        return None
    return Finding(
        Requirement.SINGLE_REGION,
        FindingReason.MULTI_REGION,
        "multi-Region key",
        "the key is a multi-Region key, which Control Tower does not support and which cannot be changed: "
        "use another key",
    )


def _management_account(question: Question) -> Finding | None:
    account, management = question.key.arn.account, question.zone.management_account_id
    if account == management:
        return None
    return Finding(
        Requirement.MANAGEMENT_ACCOUNT,
        FindingReason.OTHER_ACCOUNT,
        f"in account {account}, not {management}",
        f"the key is in account {account}; it must be in the management account, {management}: use another",
    )


def _home_region(question: Question) -> Finding | None:
    region, home = question.key.arn.region, question.zone.home_region
    if region == home:
        return None
    return Finding(
        Requirement.HOME_REGION,
        FindingReason.OTHER_REGION,
        f"in {region}, not {home}",
        f"the key is in {region}; it must be in the home Region {home}, as the log buckets: use another key",
    )


def _config_access(question: Question) -> Finding | None:
    return _access(question, Requirement.CONFIG_ACCESS, 0)


def _cloudtrail_access(question: Question) -> Finding | None:
    return _access(question, Requirement.CLOUDTRAIL_ACCESS, 1)


REQUIREMENTS: Final[Mapping[Requirement, Callable[[Question], Finding | None]]] = {
    Requirement.ENABLED: _enabled,
    Requirement.SYMMETRIC: _symmetric,
    Requirement.SINGLE_REGION: _single_region,
    Requirement.MANAGEMENT_ACCOUNT: _management_account,
    Requirement.HOME_REGION: _home_region,
    Requirement.CONFIG_ACCESS: _config_access,
    Requirement.CLOUDTRAIL_ACCESS: _cloudtrail_access,
}


def _unknown(requirement: Requirement, what: str) -> Finding:
    return Finding(requirement, FindingReason.UNKNOWN, f"{what} unknown", f"the {what} could not be read")


def _access(question: Question, requirement: Requirement, service: int) -> Finding | None:
    if question.policy_error is not None:
        message = f"the key policy cannot be read: {question.policy_error}"
        return Finding(requirement, FindingReason.MALFORMED_POLICY, "the key policy is malformed", message)
    if question.policy is None:
        missing = question.key.policy_missing or "the key policy is not known"
        return Finding(requirement, FindingReason.UNKNOWN, "the key policy could not be read", missing)
    family = (config_family, cloudtrail_family)[service](question.key, question.zone, question.earliest)
    result = prove(question.policy, family)
    if isinstance(result, Refused):
        return _refused(requirement, question, family, result)
    if question.zone.require_confused_deputy_protection:
        foreign = foreign_families(question.key, question.zone, question.earliest)[service]
        exposed = prove_refused(question.policy, foreign)
        if isinstance(exposed, Refused):
            return _exposed(requirement, exposed)
    return None


def reference(statement: Statement | None) -> str | int | None:
    """The Sid, or the index where there is none."""
    return None if statement is None else statement.sid or statement.index


def _refused(requirement: Requirement, question: Question, family: Family, result: Refused) -> Finding:
    request, decision = result.request, result.decision
    reason = FindingReason(decision.reason.value)
    if request is None or question.policy is None:
        return Finding(
            requirement,
            reason,
            "the key policy is too complex to prove",
            f"the key policy needs more cases than the bound to prove that every request of {family.service} "
            "is allowed; simplify the conditions of its statements",
        )
    outcomes = explain(question.policy, request)
    nearest = nearest_allow(outcomes)
    cause, short = _cause(decision, nearest)
    hint = _hint(question.zone, nearest, decision)
    statement = decision.statement or (nearest.statement if nearest else None)
    return Finding(
        requirement,
        reason,
        f"{request.action} refused{_whose(request, brief=True)}, {short}",
        f"{request.action} by {request.service}{_whose(request, brief=False)} would be refused: "
        f"{cause}{hint}",
        reference(statement),
        request,
        request.action,
    )


def _whose(request: Request, *, brief: bool) -> str:
    """For whom the request is made, where that makes a difference to the reader: Config's many accounts."""
    source, arn = request.values.get("aws:sourceaccount"), request.values.get("aws:sourcearn", ("",))[0]
    if source is None or not arn.startswith("arn:") or ":config:" not in arn:
        return ""
    return f" for account {source[0]}" + ("" if brief else f" in {arn.split(':')[3]}")


def _cause(decision: Decision, nearest: Outcome | None) -> tuple[str, str]:
    """Why: in a sentence, and in a few words."""
    if decision.statement is not None:
        label = decision.statement.label
        if decision.reason is Reason.UNDECIDABLE_DENY:
            return f"the Deny {label} has a condition that cannot be decided", f"perhaps denied by {label}"
        return f"{label} denies it", f"denied by {label}"
    if nearest is None:
        return "no statement allows this service", "no statement allows it"
    label = nearest.statement.label
    misses = [
        f"{miss.condition.name} {miss.condition.key}" if miss.condition else miss.element
        for miss in nearest.misses
    ]
    keys = [miss.condition.key if miss.condition else miss.element for miss in nearest.misses]
    return (
        f"the nearest statement, {label}, does not match its {', '.join(misses) or 'request'}",
        f"{label} misses on {', '.join(dict.fromkeys(keys)) or 'doubt'}",
    )


def _hint(zone: LandingZone, nearest: Outcome | None, decision: Decision) -> str:
    """The parameter that would settle it, where there is one."""
    if zone.organization_id is not None:
        return ""
    conditions = [miss.condition for miss in nearest.misses if miss.condition] if nearest else []
    conditions += decision.statement.conditions if decision.statement else ()
    keys = [condition.key for condition in conditions if condition.lookup_key in SETTLED_BY]
    if not keys:
        return ""
    return f"; the rule parameter {SETTLED_BY[keys[0].lower()]} would settle {keys[0]}"


def _exposed(requirement: Requirement, exposed: Refused) -> Finding:
    request, statement = exposed.request, exposed.decision.statement
    if request is None:
        return Finding(
            requirement,
            FindingReason.TOO_COMPLEX,
            "the key policy is too complex to prove",
            "the key policy needs more cases than the bound to prove that foreign requests are refused",
        )
    label = statement.label if statement else "a statement"
    account = request.values.get("aws:sourceaccount", ("?",))[0]
    return Finding(
        requirement,
        FindingReason.FOREIGN_REQUEST_ALLOWED,
        f"{request.action} open to account {account} by {label}",
        f"{request.action} by {request.service} for the foreign account {account} is allowed by {label}, and "
        "RequireConfusedDeputyProtection asks that it be refused; limit the statement to the organization or "
        "the trail",
        reference(statement),
        request,
        request.action,
    )
