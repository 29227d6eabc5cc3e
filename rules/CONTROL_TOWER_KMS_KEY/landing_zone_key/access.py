"""Whether a service may make all its requests."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final, Protocol

from landing_zone_key.finding import Answer, Finding, FindingReason, Holds, Question, Requirement
from landing_zone_key.key import KmsKey
from landing_zone_key.manifest import Delivery
from landing_zone_key.policy.document import Policy
from landing_zone_key.policy.family import Family
from landing_zone_key.policy.proof import Proved, Refused, prove, prove_refused
from landing_zone_key.requests import cloudtrail_family, config_family, foreign_families
from landing_zone_key.settings import LandingZone, PermissionStandard


class MakesFamily(Protocol):
    """What makes the requests of a service to a key, of the time between two moments."""

    def __call__(
        self, key: KmsKey, zone: LandingZone, earliest: datetime = ..., latest: datetime | None = None, /
    ) -> Family:
        """The family; without `latest` it has no end."""


FAMILIES: Final[Mapping[Requirement, MakesFamily]] = {
    Requirement.CONFIG_ACCESS: config_family,
    Requirement.CLOUDTRAIL_ACCESS: cloudtrail_family,
}

#: These and those of refusal.py stand in an annotation: `lzkey report` reads them back.
MALFORMED: Final = "the key policy is malformed"
#: Of a key that is for one service alone.
NOT_AS_DOCUMENTED: Final = "not as documented"
OWN_ALLOWED: Final = "its own deliveries are allowed"

_DELIVERIES: Final[Mapping[Requirement, Delivery]] = {
    Requirement.CONFIG_ACCESS: Delivery.CONFIG,
    Requirement.CLOUDTRAIL_ACCESS: Delivery.CLOUDTRAIL,
}
#: The services as people call them, by the requirement on their access.
SERVICES: Final[Mapping[Requirement, str]] = {
    Requirement.CONFIG_ACCESS: "AWS Config",
    Requirement.CLOUDTRAIL_ACCESS: "CloudTrail",
}


def access(question: Question, requirement: Requirement) -> Answer:
    """Prove that every request of the requirement's service is allowed; else say which is not, and why.

    A key that the landing zone's manifest keeps for the other service need not allow it, but Control Tower's
    page documents both statements for each key.
    """
    if _DELIVERIES[requirement] in question.zone.uses_of({str(question.key.arn), question.key.arn.key_id}):
        return _access(question, requirement)
    (other,) = (each for each in FAMILIES if each is not requirement)
    its = SERVICES[other]
    if question.zone.permission_standard is PermissionStandard.FUNCTIONAL:
        return Holds(requirement, f"{SERVICES[requirement]} does not use this key, which is for {its} alone")
    answer = _access(question, requirement)
    if isinstance(answer, Holds):
        return answer
    own = f"; {OWN_ALLOWED}" if isinstance(_access(question, other), Holds) else ""
    return replace(
        answer,
        summary=f"{NOT_AS_DOCUMENTED}{own} ({answer.summary})",
        message=f"{NOT_AS_DOCUMENTED}: the landing zone's key for {its} alone{own}. {answer.message}",
        possible=True,
    )


def _access(question: Question, requirement: Requirement) -> Answer:
    if question.policy_error is not None:
        message = f"the key policy cannot be read: {question.policy_error}"
        return Finding(requirement, FindingReason.MALFORMED_POLICY, MALFORMED, message)
    policy = question.policy
    if policy is None:
        missing = question.key.policy_missing or "the key policy is not known"
        return Finding(requirement, FindingReason.UNKNOWN, missing, missing)

    def family_for(zone: LandingZone) -> Family:
        return FAMILIES[requirement](question.key, zone, question.earliest, question.latest)

    anybodys = replace(question.zone, accounts=()) if question.zone.accounts else question.zone
    family = family_for(anybodys)
    result = prove(policy, family)
    if isinstance(result, Proved):
        wrong = _exposed(policy, family, question.key, anybodys)
        if wrong is None:
            return Holds(requirement, f"every request of {family.service} is allowed", result)
    else:
        wrong = result
    # With the words come three modules: a Lambda never imports them as long as all is well.
    from landing_zone_key.refusal import in_words  # noqa: PLC0415 - as above

    return in_words(question, requirement, policy, family, family_for, wrong)


def _exposed(policy: Policy, family: Family, key: KmsKey, zone: LandingZone) -> Refused | None:
    """A request for a foreign account that is not refused, where the landing zone asks that all be."""
    foreign = foreign_families(family, key, zone) if zone.require_confused_deputy_protection else ()
    proofs = (prove_refused(policy, each) for each in foreign)
    return next((proof for proof in proofs if isinstance(proof, Refused)), None)
