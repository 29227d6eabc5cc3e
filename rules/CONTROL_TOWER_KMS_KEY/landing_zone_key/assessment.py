"""One key, one landing zone: does every requirement hold?"""

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key.finding import Finding, Holds, Question, Requirement
from landing_zone_key.key import RESOURCE_TYPE, KmsKey
from landing_zone_key.policy.document import Policy
from landing_zone_key.policy.strict_json import PolicyError
from landing_zone_key.records import dataclass
from landing_zone_key.requests import EARLIEST_MOMENT
from landing_zone_key.requirements import HOW_MANY, REQUIREMENTS
from landing_zone_key.settings import KeyScope, LandingZone
from landing_zone_key.words import Word

if TYPE_CHECKING:
    from landing_zone_key.advisories import Advisory


class Compliance(Word):
    """What the rule may answer. https://docs.aws.amazon.com/config/latest/APIReference/API_Evaluation.html."""

    COMPLIANT = "COMPLIANT"
    NON_COMPLIANT = "NON_COMPLIANT"
    NOT_APPLICABLE = "NOT_APPLICABLE"


@dataclass(frozen=True, slots=True)
class Assessment:
    """The rule's answer to one key."""

    compliance: Compliance
    findings: tuple[Finding, ...] = ()
    """Every requirement that does not hold, in the order of the requirements."""
    holds: tuple[Holds, ...] = field(default=(), repr=False)
    """Every other one, in the same order."""
    reason: str = ""
    """Why the key is not judged; only with NOT_APPLICABLE."""
    question: Question | None = field(default=None, repr=False, compare=False)
    """What was asked; None where the key is not judged."""

    @property
    def advisories(self) -> "tuple[Advisory, ...]":
        """What is worth knowing and changes nothing about the compliance.

        Found out when it is asked for: that takes longer than everything else, and the Lambda never asks.
        """
        if self.question is None:
            return ()
        from landing_zone_key.advisories import advise  # noqa: PLC0415 - as above

        return advise(self.question)

    def to_dict(self) -> dict[str, Any]:
        """The assessment as JSON has it, named as in the documents of `lzkey check`; the policy is not in it.

        `holds` has a member for every other requirement, and `reason` says why a key is not judged.
        """
        return {
            "compliance": self.compliance.value,
            "reason": self.reason,
            "findings": [finding.to_dict() for finding in self.findings],
            "holds": [{"requirement": each.requirement.value, "detail": each.detail} for each in self.holds],
            "advisories": [
                {"code": each.code.value, "message": each.message, "statement": each.statement}
                for each in self.advisories
            ],
        }


COMPLIANT_REASON: Final = (
    f"Proved: every request of CloudTrail and AWS Config is allowed; all {HOW_MANY} requirements hold"
)
#: Of a key that one service alone encrypts with: the requirement that needs no proof -> what is proved.
COMPLIANT_FOR_ONE: Final[Mapping[Requirement, str]] = {
    idle: f"Proved: every request of {busy} is allowed, which alone uses this key; all {HOW_MANY} "
    "requirements hold"
    for idle, busy in (
        (Requirement.CONFIG_ACCESS, "CloudTrail"),
        (Requirement.CLOUDTRAIL_ACCESS, "AWS Config"),
    )
}


def compliant_reason(assessment: Assessment) -> str:
    """What is proved of a COMPLIANT key."""
    idle = [each.requirement for each in assessment.holds if each.proof is None]
    return next((COMPLIANT_FOR_ONE[each] for each in idle if each in COMPLIANT_FOR_ONE), COMPLIANT_REASON)


def policy_of(key: KmsKey) -> Policy:
    """Read the policy of a key that has one; raises `PolicyError`."""
    return Policy.parse(key.policy or "")


def assess(
    key: KmsKey,
    landing_zone: LandingZone,
    *,
    at: datetime | None = None,
    until: datetime | None = None,
    read: Callable[[KmsKey], Policy] | None = None,
) -> Assessment:
    """Judge a key, against all requirements, whatever the first one says.

    `at` is the moment from which on requests are made; without it, a moment that has passed in any case.
    With `until` requests are those of a time that has passed, both moments included. `read` reads the key's
    policy in place of `policy_of`: `Policies.of`, where there are many keys.
    """
    reason = why_not_judged(key, landing_zone)
    if reason:
        return Assessment(Compliance.NOT_APPLICABLE, reason=reason)
    question = ask(key, landing_zone, at, until, read or policy_of)
    findings: list[Finding] = []
    holds: list[Holds] = []
    for test in REQUIREMENTS.values():
        answer = test(question)
        if isinstance(answer, Finding):
            findings.append(answer)
        else:
            holds.append(answer)
    compliance = Compliance.NON_COMPLIANT if findings else Compliance.COMPLIANT
    return Assessment(compliance, tuple(findings), tuple(holds), question=question)


def ask(
    key: KmsKey,
    landing_zone: LandingZone,
    at: datetime | None = None,
    until: datetime | None = None,
    read: Callable[[KmsKey], Policy] = policy_of,
) -> Question:
    """Read the key's policy once, for all requirements; without `until`, of no time before this engine."""
    earliest = at or EARLIEST_MOMENT
    if until is None:
        earliest = max(earliest, EARLIEST_MOMENT)
    if key.policy is None:
        return Question(key, landing_zone, earliest, None, None, until)
    try:
        policy = read(key)
        if not key.policy_put:
            policy.require_operators()
        return Question(key, landing_zone, earliest, policy, None, until)
    except PolicyError as error:
        return Question(key, landing_zone, earliest, None, error, until)


def why_not_judged(key: KmsKey, zone: LandingZone) -> str:  # noqa: PLR0911 - one reason after the other
    """Why the rule does not apply to the key; empty where it does. Doubt means that it does."""
    if key.resource_type != RESOURCE_TYPE:
        return "Not a KMS key"
    if key.deleted:
        return "The key is deleted, or not recorded any more"
    if key.key_manager == "AWS":
        return "An AWS managed key: Control Tower offers customer managed keys only"
    names = {str(key.arn), key.arn.key_id}
    manifest = zone.manifest_keys
    if manifest is not None and names & set(manifest.backup):
        return "The landing zone's backup key, which must be a multi-Region key"
    if zone.key_scope is KeyScope.LISTED and not names & set(zone.listed_keys):
        return "Not among the keys that the rule parameter KeyScope lists"
    if zone.key_scope is KeyScope.LANDING_ZONE and manifest is not None and not manifest.may_log_with(names):
        return "Not a key of the landing zone's manifest"
    return ""
