"""One key, requirement by requirement: what holds and why, and what would be refused and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from landing_zone_key.access import FAMILIES
from landing_zone_key.requests import CONFIG, trail_arn
from landing_zone_key.requirements import REQUIREMENTS
from lzkey.check.refusal import Refusal, refusal
from lzkey.check.verdict import Verdict, assessed, is_certain, verdict
from lzkey.check.words import doubt

if TYPE_CHECKING:
    from datetime import datetime

    from landing_zone_key import LandingZone
    from landing_zone_key.assessment import Assessment
    from landing_zone_key.finding import Finding, Holds, Question
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


def explanation(found: FoundKey, zone: LandingZone, *, at: datetime | None = None) -> Explanation:
    """Explain one key, by what it was judged by."""
    surely, perhaps = assessed(found, zone, at=at)
    held = {answer.requirement: answer for answer in surely.holds}
    failed = {finding.requirement: finding for finding in surely.findings}
    best = {finding.requirement: finding for finding in perhaps.findings if is_certain(finding)}
    answers = (
        _holds(held[requirement], surely)
        if requirement in held
        else _fails(failed[requirement], best.get(requirement), (surely, perhaps), arn_known=found.arn_known)
        for requirement in REQUIREMENTS
        if surely.question is not None
    )
    return Explanation(verdict(found, surely, perhaps), tuple(answers))


def _holds(answer: Holds, assessment: Assessment) -> Answer:
    proof = _proof(answer, assessment)
    detail = answer.detail if proof is None else _proved(proof)
    return Answer(answer.requirement.value, holds=True, detail=detail, proof=proof)


def _fails(
    finding: Finding, best: Finding | None, assessments: tuple[Assessment, Assessment], *, arn_known: bool
) -> Answer:
    """What is found; where the best that may be true fails as well, for certain."""
    surely, perhaps = assessments
    told, question = (finding, surely.question) if best is None else (best, perhaps.question)
    holds = None if best is None else False
    shown = None if question is None else refusal(told, question, arn_known=arn_known)
    detail = f"{doubt(told.reason, certain=best is not None)}{told.message}"
    return Answer(finding.requirement.value, holds=holds, detail=detail, refusal=shown)


def _proof(answer: Holds, assessment: Assessment) -> Proof | None:
    """What was proved for a service; None for requirements on the key itself."""
    question = assessment.question
    if answer.proof is None or question is None:
        return None
    family = FAMILIES[answer.requirement](question.key, question.zone, question.earliest)
    return Proof(family.service, family.actions, answer.proof.cases, _stands_for(family.service, question))


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
