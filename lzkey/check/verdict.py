"""One key as its source describes it, and the landing zone: the rule's answer, and how certain it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeAlias

from landing_zone_key import Certainty, Compliance, FindingReason, annotate, assess
from landing_zone_key.advisories import AdvisoryCode
from landing_zone_key.annotation import MAXIMUM_LENGTH
from landing_zone_key.finding import reference
from landing_zone_key.policy import Policy, PolicyError
from landing_zone_key.records import dataclass
from landing_zone_key.refusal import MAY_BE_REFUSED
from landing_zone_key.settings import KeyScope
from lzkey.state import State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from landing_zone_key import Assessment, Finding, KmsKey, LandingZone
    from landing_zone_key.advisories import Advisory
    from landing_zone_key.policy.document import Principals
    from lzkey.sources.subject import FoundKey, Kept, Place
    from lzkey.waivers.values import Waived

Lines: TypeAlias = "Mapping[str | int | None, int]"

_DOUBT: Final = "Not determined: "
#: Neither read nor proved: there is no worst that could be told.
_UNDETERMINED: Final = (FindingReason.UNKNOWN, FindingReason.TOO_COMPLEX)

#: What is noticed of a policy as a whole: another statement may be the one to show it by.
_OF_THE_POLICY: Final = (AdvisoryCode.OPEN_TO_OTHER_TRAILS, AdvisoryCode.NO_DESCRIBE_KEY)


@dataclass(frozen=True, slots=True)
class Problem:
    """One requirement that does not hold, or of which nobody can say that it does."""

    requirement: str
    reason: str
    message: str
    certainty: Certainty
    """`possible`: it may hold, once what is unknown is known."""
    statement: str | int | None = None
    """The statement's Sid; its index where it has none."""
    line: int | None = None
    """Of that statement, in the source."""
    action: str | None = None
    service: str | None = None
    runbook: str = ""
    """The anchor in the runbook."""
    waiver: Waived | None = None
    """Who has decided that it need not be mended yet; it may have expired."""

    @property
    def is_waived(self) -> bool:
        """Whether a waiver of it is in force."""
        return self.waiver is not None and self.waiver.in_force

    @property
    def certain(self) -> bool:
        """Whether the requirement fails whatever the rest may be."""
        return self.certainty is Certainty.REFUSED

    @property
    def told(self) -> str:
        """The message, as certain as it is."""
        return told(self.reason, self.message, certain=self.certain)


@dataclass(frozen=True, slots=True)
class Remark:
    """What a reviewer wants to know of the policy; it changes nothing about the answer."""

    code: str
    message: str
    statement: str | int | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a key comes to. Small, so that another process can hand it over; the policy is not in it."""

    name: str
    arn: str | None
    """None where the key has none yet."""
    place: Place
    state: State
    annotation: str
    """In at most 256 characters, as the AWS Config console shows it."""
    rule: str
    """What the rule would answer: it has no word for "not determined"."""
    problems: tuple[Problem, ...] = ()
    remarks: tuple[Remark, ...] = ()
    unresolved: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    kept: Kept | None = None
    """What an evidence pack keeps of the key's facts, where one is written."""
    label: str = ""
    """What people call the key, where its source tells."""

    @property
    def called(self) -> str:
        """The name, and what people call the key where that is something else."""
        return f"{self.name} ({self.label})" if self.label not in ("", self.name) else self.name


def assessed(
    found: FoundKey,
    zone: LandingZone,
    *,
    at: datetime | None = None,
    read: Callable[[KmsKey], Policy] | None = None,
) -> tuple[Assessment, Assessment]:
    """One key by what is certain of it, and by the best that may be true; where they agree the same one."""
    zone = zone_for(found, zone)
    surely = _without_stand_ins(assess(found.key, zone, at=at, read=read), found)
    best = found.hopeful
    return surely, surely if best is None else assess(best, zone, at=at, read=read)


def _without_stand_ins(assessment: Assessment, found: FoundKey) -> Assessment:
    """What is found, without a word of a Deny that stands for a statement of which nothing is known."""
    if not found.not_known:
        return assessment
    findings = tuple(
        _of_not_known(each)
        if each.reason is FindingReason.EXPLICIT_DENY and each.statement in found.not_known
        else each
        for each in assessment.findings
    )
    return replace(assessment, findings=findings)


def _of_not_known(finding: Finding) -> Finding:
    service = finding.request.service if finding.request else None
    by = f" by {service}" if service else ""
    why = not_known(finding.statement)
    return replace(
        finding,
        summary=f"{finding.action} {MAY_BE_REFUSED}, {why}",
        message=f"{finding.action}{by} {MAY_BE_REFUSED}: {why}, and may deny it",
        possible=True,
    )


def not_known(statement: str | int | None) -> str:
    """That nothing is known of a statement."""
    return f"Statement[{statement}] is not known before deployment"


def judge(found: FoundKey, zone: LandingZone, *, at: datetime | None = None) -> Verdict:
    """Judge one key, by what is certain of it and, where they differ, by the best that may be true."""
    return verdict(found, *assessed(found, zone, at=at))


def verdict(found: FoundKey, surely: Assessment, perhaps: Assessment) -> Verdict:
    """What both assessments of a key come to."""
    certain = {finding.requirement: finding for finding in perhaps.findings if is_certain(finding)}
    findings = tuple(certain.get(finding.requirement, finding) for finding in surely.findings)
    state, advisories = _state(surely, perhaps), surely.advisories
    if perhaps is not surely:
        advisories = tuple(each for each in advisories if _is_of_both(each, perhaps))
    lines = _lines(found) if findings or advisories else {}
    return Verdict(
        name=found.name,
        arn=str(found.key.arn) if found.arn_known else None,
        place=found.place,
        state=state,
        annotation=_annotation(replace(surely, findings=findings), state),
        rule=surely.compliance.value,
        problems=tuple(
            _problem(finding, found, lines, certain=finding.requirement in certain) for finding in findings
        ),
        remarks=tuple(
            Remark(each.code.value, each.message, each.statement, lines.get(each.statement, found.place.line))
            for each in advisories
        ),
        # What is proved is proved whatever they turn out to be.
        unresolved=() if state is State.COMPLIANT else found.unresolved,
        assumptions=found.assumptions,
        label=found.label,
    )


def _is_of_both(advisory: Advisory, perhaps: Assessment) -> bool:
    """Whether it is worth knowing at best, too; else it is about what stands for the unknown."""
    if advisory.code is AdvisoryCode.NO_ACCOUNT_ROOT and perhaps.question and perhaps.question.policy:
        statements = perhaps.question.policy.statements
        return not any(each.allows and _names_anybody(each.principals) for each in statements)
    whole = advisory.code in _OF_THE_POLICY
    return any(
        each.code is advisory.code and (whole or each.statement == advisory.statement)
        for each in perhaps.advisories
    )


def _names_anybody(principals: Principals) -> bool:
    return principals.everyone or "*" in principals.aws


def zone_for(found: FoundKey, zone: LandingZone) -> LandingZone:
    """The landing zone as it is asked about this key, with what its manifest tells of it.

    No list of keys can name one that is not there yet.
    """
    if found.manifest_keys is not None:
        zone = replace(zone, manifest_keys=found.manifest_keys)
    return zone if found.arn_known else replace(zone, key_scope=KeyScope.ALL, listed_keys=())


def is_certain(finding: Finding) -> bool:
    """Whether the requirement fails whatever the rest may be.

    A malformed policy is no policy that KMS would take.
    """
    return finding.certainty is Certainty.REFUSED or finding.reason is FindingReason.MALFORMED_POLICY


def told(reason: str, message: str, *, certain: bool) -> str:
    """A message, and before it without certainty what is missing, or that it is what would be at worst.

    What may be refused says so itself.
    """
    if certain or MAY_BE_REFUSED in message:
        return message
    return f"{'not determined' if reason in _UNDETERMINED else 'not determined; at worst'}: {message}"


def place_of(place: Place) -> str:
    """A place as editors and terminals take it: file:line, and what stands there."""
    where = place.source if place.line is None else f"{place.source}:{place.line}"
    return f"{where} {place.pointer}".rstrip()


def _annotation(assessment: Assessment, state: State) -> str:
    """The rule's own words; it has none for what is not determined."""
    if state is not State.UNKNOWN:
        return annotate(assessment)
    return _DOUBT + annotate(assessment, MAXIMUM_LENGTH - len(_DOUBT))


def _state(surely: Assessment, perhaps: Assessment) -> State:
    if surely.compliance is Compliance.COMPLIANT:
        return State.COMPLIANT
    if surely.compliance is not perhaps.compliance:
        return State.UNKNOWN
    if surely.compliance is Compliance.NOT_APPLICABLE:
        return State.NOT_APPLICABLE
    return State.NON_COMPLIANT if any(map(is_certain, perhaps.findings)) else State.UNKNOWN


def _problem(finding: Finding, found: FoundKey, lines: Lines, *, certain: bool) -> Problem:
    return Problem(
        finding.requirement.value,
        finding.reason.value,
        finding.message,
        Certainty.REFUSED if certain else Certainty.POSSIBLE,
        finding.statement,
        lines.get(finding.statement, found.place.line),
        finding.action,
        finding.request.service if finding.request else None,
        finding.anchor,
    )


def _lines(found: FoundKey) -> Lines:
    """The line of each statement, by Sid, or by index where it has none; empty where nobody counted.

    The statements are the same in both extremes, and in the same order.
    """
    if not found.statement_lines or found.key.policy is None:
        return {}
    try:
        statements = Policy.parse(found.key.policy).statements
    except PolicyError:
        return {}
    pairs = zip(statements, found.statement_lines, strict=False)
    return {reference(statement): line for statement, line in pairs}
