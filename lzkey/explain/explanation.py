"""One key, requirement by requirement: what holds and why, and what would be refused and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from landing_zone_key import Requirement
from landing_zone_key.access import FAMILIES
from landing_zone_key.assessment import ask, why_not_judged
from landing_zone_key.policy import Proved, prove
from landing_zone_key.requests import CONFIG, trail_arn
from landing_zone_key.requirements import REQUIREMENTS
from lzkey.check.verdict import Verdict, is_certain, judge, zone_for
from lzkey.check.words import doubt
from lzkey.explain.refusal import Refusal, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from landing_zone_key import KmsKey, LandingZone
    from landing_zone_key.finding import Question
    from lzkey.sources.subject import FoundKey


@dataclass(frozen=True, slots=True)
class Proof:
    """All requests of one service, by few that stand for them."""

    service: str
    actions: tuple[str, ...]
    cases: int
    """Representative requests that were decided."""
    stands_for: str
    """In words: what the requests differ in."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One requirement."""

    requirement: str
    holds: bool | None
    """None: not determined."""
    detail: str
    proof: Proof | None = None
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """One key: the verdict, and every requirement; none of them where the key is not judged."""

    verdict: Verdict
    answers: tuple[Answer, ...]


_HOLDS: Final[Mapping[Requirement, Callable[[KmsKey], str]]] = {
    Requirement.ENABLED: lambda key: f"the key state is {key.key_state}",
    Requirement.SYMMETRIC: lambda key: f"the key is {key.key_spec} for {key.key_usage}",
    Requirement.SINGLE_REGION: lambda _key: "the key is not a multi-Region key",
    Requirement.MANAGEMENT_ACCOUNT: lambda key: f"the key is in the management account, {key.arn.account}",
    Requirement.HOME_REGION: lambda key: f"the key is in the home Region, {key.arn.region}",
}


def explanation(found: FoundKey, zone: LandingZone, *, at: datetime | None = None) -> Explanation:
    """Explain one key; the answers are those of `judge`."""
    verdict, zone = judge(found, zone, at=at), zone_for(found, zone)
    if why_not_judged(found.key, zone):
        return Explanation(verdict, ())
    surely = ask(found.key, zone, at)
    perhaps = surely if found.hopeful is None else ask(found.hopeful, zone, at)
    answers = (_answer(requirement, surely, perhaps, found.arn_known) for requirement in REQUIREMENTS)
    return Explanation(verdict, tuple(answers))


def _answer(requirement: Requirement, surely: Question, perhaps: Question, arn_known: bool) -> Answer:  # noqa: FBT001 - of the key
    finding, best = REQUIREMENTS[requirement](surely), REQUIREMENTS[requirement](perhaps)
    if finding is None:
        proof = _proof(requirement, surely)
        detail = _HOLDS[requirement](surely.key) if proof is None else _proved(proof)
        return Answer(requirement.value, holds=True, detail=detail, proof=proof)
    question, holds = surely, None
    if best is not None and is_certain(best):
        finding, question, holds = best, perhaps, False
    shown = refusal(finding, question, arn_known=arn_known)
    detail = f"{doubt(finding.reason, certain=holds is False)}{finding.message}"
    return Answer(requirement.value, holds=holds, detail=detail, refusal=shown)


def _proof(requirement: Requirement, question: Question) -> Proof | None:
    """What was proved for a service; None for requirements on the key itself."""
    if requirement not in FAMILIES or question.policy is None:
        return None
    family = FAMILIES[requirement](question.key, question.zone, question.earliest)
    result = prove(question.policy, family)
    cases = result.cases if isinstance(result, Proved) else 0
    return Proof(family.service, family.actions, cases, _stands_for(family.service, question))


def _stands_for(service: str, question: Question) -> str:
    zone = question.zone
    if service != CONFIG:
        return f"the trail {trail_arn(question.key.arn, zone)}, at any time from now on"
    regions = ", ".join(zone.governed_regions) or "any Region"
    return f"any account, {regions}, at any time from now on"


def _proved(proof: Proof) -> str:
    requests = (
        "1 representative request stands"
        if proof.cases == 1
        else (f"{proof.cases} representative requests stand")
    )
    return (
        f"proved, every request of {proof.service} is allowed: {requests} for {', '.join(proof.actions)}; "
        f"{proof.stands_for}; and any value of every condition key that is not known"
    )
