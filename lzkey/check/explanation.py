"""One key, requirement by requirement: what holds and why, and what would be refused and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from landing_zone_key import FindingReason
from landing_zone_key.access import FAMILIES
from landing_zone_key.finding import reference
from landing_zone_key.policy.explanation import Miss, explain, missed_by
from landing_zone_key.policy.family import ABSENT, AtLeast, Clock, Fixed, Text
from landing_zone_key.requests import COMMON
from landing_zone_key.requirements import REQUIREMENTS
from lzkey.catalogue import stands_for
from lzkey.check.verdict import Verdict, assessed, is_certain, not_known, told, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from landing_zone_key import LandingZone
    from landing_zone_key.assessment import Assessment
    from landing_zone_key.finding import Finding, Holds, Question
    from landing_zone_key.policy import Policy, Request, Statement
    from landing_zone_key.policy.conditions import Condition
    from landing_zone_key.policy.explanation import Outcome
    from landing_zone_key.policy.family import Family
    from lzkey.sources.subject import FoundKey


_NAMES: Final = {
    **{key.lower(): key for key, _, _ in COMMON},
    "aws:sourcearn": "aws:SourceArn",
    "aws:sourceaccount": "aws:SourceAccount",
    "aws:sourceorgpaths": "aws:SourceOrgPaths",
    "aws:principalservicename": "aws:PrincipalServiceName",
    "aws:principalservicenameslist": "aws:PrincipalServiceNamesList",
    "kms:encryptioncontext:aws:cloudtrail:arn": "kms:EncryptionContext:aws:cloudtrail:arn",
    "kms:encryptioncontextkeys": "kms:EncryptionContextKeys",
}
_MOST_VALUES: Final = 4
_IN_PART: Final = "it is not known in full before deployment"


@dataclass(frozen=True, slots=True)
class Proof:
    """All requests of one service, by few that stand for them."""

    service: str
    actions: tuple[str, ...]
    cases: int
    """Representative requests that were decided."""
    stands_for: str
    """In words: what the requests differ in."""


class Knowledge(StrEnum):
    """What is known of a condition key."""

    KNOWN = "known"
    ABSENT = "absent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ContextKey:
    """One condition key of the request."""

    name: str
    knowledge: Knowledge
    values: tuple[str, ...]
    """What this request carries; empty: it does not carry the key."""
    example: bool = False
    """Whether it stands for others: no account of the organization need have it."""


@dataclass(frozen=True, slots=True)
class StatementOutcome:
    """What one statement does for the request."""

    statement: str
    """The Sid in quotes, or the place."""
    index: int
    effect: str
    applies: bool | None
    """None: cannot be decided, which counts against the request."""
    why: tuple[str, ...]
    """What keeps it from applying or cannot be decided; where it applies, the conditions that hold."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One request that is not decided as it should be."""

    principal: str
    action: str
    resource: str
    context: tuple[ContextKey, ...]
    statements: tuple[StatementOutcome, ...]
    """First the one that decides, or comes nearest to it; then those that apply, that may, and that miss."""
    should_be_refused: bool = False
    """True: a foreign request that is allowed, where RequireConfusedDeputyProtection asks otherwise."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One requirement."""

    requirement: str
    holds: bool | None
    """None: not determined."""
    detail: str
    proof: Proof | None = None
    refusal: Refusal | None = None
    runbook: str | None = None
    """Where docs/runbook.md tells what to do; null where it holds."""


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
        else _fails(failed[requirement], best.get(requirement), (surely, perhaps), found)
        for requirement in REQUIREMENTS
        if surely.question is not None
    )
    return Explanation(verdict(found, surely, perhaps), tuple(answers))


def _holds(answer: Holds, assessment: Assessment) -> Answer:
    proof = _proof(answer, assessment)
    detail = answer.detail if proof is None else _proved(proof)
    return Answer(answer.requirement.value, holds=True, detail=detail, proof=proof)


def _fails(
    finding: Finding, best: Finding | None, assessments: tuple[Assessment, Assessment], found: FoundKey
) -> Answer:
    """What is found; where the best that may be true fails as well, for certain."""
    surely, perhaps = assessments
    about, question = (finding, surely.question) if best is None else (best, perhaps.question)
    holds = None if best is None else False
    shown = None if question is None else refusal(about, question, found, at_best=best is not None)
    detail = told(about.reason, about.message, certain=best is not None)
    return Answer(finding.requirement.value, holds=holds, detail=detail, refusal=shown, runbook=about.anchor)


def _proof(answer: Holds, assessment: Assessment) -> Proof | None:
    """What was proved for a service; None for requirements on the key itself."""
    question = assessment.question
    if answer.proof is None or question is None:
        return None
    family = FAMILIES[answer.requirement](question.key, question.zone, question.earliest)
    stands = stands_for(family.service, question.key.arn.partition, question.zone)
    return Proof(family.service, family.actions, answer.proof.cases, stands)


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


def refusal(finding: Finding, question: Question, found: FoundKey, *, at_best: bool) -> Refusal | None:
    """The request of a finding in full; None where there is none, as for a key that is disabled."""
    request, policy = finding.request, question.policy
    if request is None or policy is None:
        return None
    family = FAMILIES[finding.requirement](question.key, question.zone, question.earliest)
    foreign = finding.reason is FindingReason.FOREIGN_REQUEST_ALLOWED
    outcomes = sorted(
        explain(policy, request), key=lambda each: _distance(each, finding.statement, foreign=foreign)
    )
    return Refusal(
        request.service or "",
        request.action,
        request.resource if found.arn_known else "this key, which has no ARN yet",
        tuple(_context(request, policy, family)),
        tuple(
            _of_not_known(outcome, found, at_best=at_best) or _outcome(outcome, request)
            for outcome in outcomes
        ),
        should_be_refused=foreign,
    )


def _context(request: Request, policy: Policy, family: Family) -> Iterator[ContextKey]:
    """Every key of which something is known, and every key that the policy asks for."""
    written = {
        condition.lookup_key: condition.key
        for statement in policy.statements
        for condition in statement.conditions
    }
    order, stands_for_others = list(Knowledge), _is_example(request, policy, family)
    keys = [
        ContextKey(
            _NAMES.get(key, written.get(key, key)),
            _knowledge(family, key),
            request.values.get(key, ()),
            example=stands_for_others and key in ("aws:sourceaccount", "aws:sourcearn"),
        )
        for key in dict.fromkeys([*family.all_facts(), *request.values, *written])
    ]
    keys += [
        ContextKey(_NAMES.get(f"{each}*", f"{each}*"), Knowledge.ABSENT, ())
        for each in family.absent_prefixes
    ]
    yield from sorted(keys, key=lambda each: (order.index(each.knowledge), each.name.lower()))


def _is_example(request: Request, policy: Policy, family: Family) -> bool:
    """Whether the account that the request is made for is neither the key's nor one that the policy names."""
    account = "".join(request.values.get("aws:sourceaccount", ()))
    named = any(
        account in text
        for statement in policy.statements
        for condition in statement.conditions
        for text in condition.texts
    )
    varies = isinstance(family.fact("aws:sourceaccount"), Text)
    return varies and not named and account != family.resource.split(":")[4]


def _knowledge(family: Family, key: str) -> Knowledge:
    fact = family.fact(key)
    if fact is ABSENT:
        return Knowledge.ABSENT
    return Knowledge.KNOWN if isinstance(fact, Fixed | AtLeast | Text | Clock) else Knowledge.UNKNOWN


def _distance(
    outcome: Outcome, decisive: str | int | None, *, foreign: bool
) -> tuple[bool, int, bool, int, bool, int]:
    """The statement that the finding names comes first, of several of its name the nearest.

    After it those that apply, then those that may, a Deny before an Allow; then by how much they miss those
    that could have turned the answer: an Allow, or a Deny of a foreign request. Of two alike the one that
    names services comes first: the account root's allows everything.
    """
    statement, order = outcome.statement, (True, None, False).index(outcome.matches)
    after = statement.allows is (foreign or outcome.matches is not False)
    return (
        reference(statement) != decisive,
        order,
        after,
        missed_by(outcome),
        not statement.principals.services,
        statement.index,
    )


def _of_not_known(outcome: Outcome, found: FoundKey, *, at_best: bool) -> StatementOutcome | None:
    """What stands for a statement that is not known, or not in full; None where it says enough of it.

    Such an Allow is as narrow, and such a Deny as wide as it may be; at best, it is the other way round.
    """
    statement, index = outcome.statement, outcome.statement.index
    if index in found.not_known:
        return StatementOutcome(f"Statement[{index}]", index, "Allow or Deny", None, (not_known(index),))
    if index not in found.known_in_part or outcome.matches is (statement.allows is not at_best):
        return None
    effect = "Allow" if statement.allows else "Deny"
    return StatementOutcome(statement.label, index, effect, None, (_IN_PART,))


def _outcome(outcome: Outcome, request: Request) -> StatementOutcome:
    statement, misses = outcome.statement, outcome.misses
    # Of a statement about others nothing else is worth a line.
    principal = [
        miss for miss in misses if miss.element == "Principal" and not miss.undecidable and not miss.written
    ]
    met = [Miss("Condition", condition) for condition in statement.conditions] if outcome.matches else ()
    return StatementOutcome(
        statement.label,
        statement.index,
        "Allow" if statement.allows else "Deny",
        outcome.matches,
        tuple(_why(miss, statement, request) for miss in met or principal or misses),
    )


def _why(miss: Miss, statement: Statement, request: Request) -> str:
    if miss.condition is not None:
        return _condition(miss.condition, request, miss)
    if miss.undecidable:
        return f"{miss.element}: {miss.doubt}"
    if miss.element in statement.lacks:
        return f"{miss.element}: there is none, so the statement has no effect in a key policy"
    if miss.right:
        written = f"{miss.written}, " if miss.written else ""
        return f"{miss.element}: {written}not {miss.right}"
    negated = "NotResource" if statement.resources.negated else "Resource"
    return f"{negated}: {_listed(text.text for text in statement.resources.texts)} is not this key"


def _condition(condition: Condition, request: Request, miss: Miss) -> str:
    if condition.operator is None:
        return f"Condition: {miss.doubt}; this cannot be decided"
    values = request.values.get(condition.lookup_key)
    carried = f"the request carries {_listed(values)}" if values else "the request does not carry the key"
    doubt = "; this cannot be decided" if miss.undecidable else ""
    return f"Condition: {condition.name} {condition.key} {_listed(condition.texts)}; {carried}{doubt}"


def _listed(values: Iterator[str] | tuple[str, ...]) -> str:
    listed = list(values)
    more = f" and {len(listed) - _MOST_VALUES} more" if len(listed) > _MOST_VALUES else ""
    return ", ".join(f'"{value}"' for value in listed[:_MOST_VALUES]) + more
