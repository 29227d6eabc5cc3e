"""What an assessment finds of each requirement: that it holds, and by what; or that it does not, and why."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, TypeAlias

from landing_zone_key.key import KmsKey
from landing_zone_key.policy.decision import Reason, Request
from landing_zone_key.policy.document import Policy, Statement
from landing_zone_key.policy.proof import Proved
from landing_zone_key.policy.strict_json import PolicyError
from landing_zone_key.records import dataclass
from landing_zone_key.settings import LandingZone
from landing_zone_key.words import Word


class Requirement(Word):
    """What a key must be, so that the landing zone can use it."""

    ENABLED = "ENABLED"
    SYMMETRIC = "SYMMETRIC"
    SINGLE_REGION = "SINGLE_REGION"
    MANAGEMENT_ACCOUNT = "MANAGEMENT_ACCOUNT"
    HOME_REGION = "HOME_REGION"
    CONFIG_ACCESS = "CONFIG_ACCESS"
    CLOUDTRAIL_ACCESS = "CLOUDTRAIL_ACCESS"


class FindingReason(Word):
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
    NEXT_ACCOUNT = "NEXT_ACCOUNT"
    """Every request of today's accounts is allowed, and those of others are not."""
    FOREIGN_REQUEST_ALLOWED = "FOREIGN_REQUEST_ALLOWED"


#: Reason that several requirements can have -> how their anchors end; any other is an anchor itself.
_ENDINGS: Final[Mapping[FindingReason, str]] = {
    FindingReason.UNKNOWN: "unknown",
    FindingReason.MALFORMED_POLICY: "malformed-policy",
    FindingReason.EXPLICIT_DENY: "denied",
    FindingReason.UNDECIDABLE_DENY: "perhaps-denied",
    FindingReason.NO_ALLOW: "not-allowed",
    FindingReason.TOO_COMPLEX: "too-complex",
    FindingReason.NEXT_ACCOUNT: "next-account",
    FindingReason.FOREIGN_REQUEST_ALLOWED: "open-to-others",
}


def anchor(requirement: Requirement, reason: FindingReason | None = None) -> str:
    """A place in the runbook, `cloudtrail-access-denied`; without a reason, that of the requirement."""
    ending = "" if reason is None else _ENDINGS.get(reason)
    if ending is None:
        return _hyphened(reason or "")
    return f"{_hyphened(requirement)}-{ending}".removesuffix("-")


def _hyphened(name: str) -> str:
    return name.lower().replace("_", "-")


class Certainty(Word):
    """How certain it is that a requirement does not hold; the rule answers NON_COMPLIANT to both."""

    REFUSED = "refused"
    """It will happen: the request carries only what is documented to be there."""
    POSSIBLE = "possible"
    """It may happen: it depends on what AWS does not document, on what a rule parameter would tell, or on
    what nobody could read or decide."""


_IN_DOUBT: Final = frozenset(
    {
        FindingReason.UNKNOWN,
        FindingReason.MALFORMED_POLICY,
        FindingReason.UNDECIDABLE_DENY,
        FindingReason.TOO_COMPLEX,
        FindingReason.NEXT_ACCOUNT,
    }
)


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
    """The request that would, or may, be refused; None where there is none of which that can be said."""
    action: str | None = None
    possible: bool = False
    """Whether it depends on what nobody knows; for some reasons it always does."""

    @property
    def certainty(self) -> Certainty:
        """How certain it is."""
        return Certainty.POSSIBLE if self.possible or self.reason in _IN_DOUBT else Certainty.REFUSED

    @property
    def anchor(self) -> str:
        """Its place in the runbook: `cloudtrail-access-denied`."""
        return anchor(self.requirement, self.reason)

    def to_dict(self) -> dict[str, Any]:
        """Its members as JSON has them, named as in the documents of `lzkey check`."""
        return {
            "requirement": self.requirement.value,
            "reason": self.reason.value,
            "message": self.message,
            "certainty": self.certainty.value,
            "statement": self.statement,
            "service": self.request.service if self.request else None,
            "action": self.action,
            "runbook": self.anchor,
        }


@dataclass(frozen=True, slots=True)
class Holds:
    """One requirement that holds."""

    requirement: Requirement
    detail: str
    """The beginning of a sentence without its end: `the key state is Enabled`."""
    proof: Proved | None = None
    """Of a service's requests: how many were decided to know it."""


@dataclass(frozen=True, slots=True)
class Question:
    """What every requirement is asked: this key, for this landing zone, from one moment on."""

    key: KmsKey
    zone: LandingZone
    earliest: datetime
    policy: Policy | None
    policy_error: PolicyError | None
    latest: datetime | None = None
    """Of a time that has passed: its last moment."""


Answer: TypeAlias = Finding | Holds


def reference(statement: Statement | None) -> str | int | None:
    """The Sid, or the index where there is none."""
    return None if statement is None else statement.sid or statement.index
