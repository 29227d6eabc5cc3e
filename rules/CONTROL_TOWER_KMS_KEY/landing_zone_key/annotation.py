"""An assessment in at most 256 characters, as the AWS Config console shows it.

https://docs.aws.amazon.com/config/latest/APIReference/API_Evaluation.html
"""

from datetime import datetime, timedelta
from typing import Final

from landing_zone_key.assessment import Assessment, Compliance, compliant_reason
from landing_zone_key.finding import Certainty, Finding, Requirement
from landing_zone_key.requirements import WORST_FIRST

MAXIMUM_LENGTH: Final = 256

#: How the parts are put together; `lzkey report` takes them apart. In no part anything reads like it.
BETWEEN: Final = "; "
NAMED: Final = ": "
CUT: Final = "..."
EXPIRES: Final = "; the imported key material expires on "
#: Where the runbook's anchors begin and end, at the end of an annotation that has room for them.
RUNBOOK: Final = (" (runbook: ", ")")
BETWEEN_ANCHORS: Final = ", "

#: Before imported key material expires, everyone who reads the annotation is told so long.
SOON: Final = timedelta(days=30)

#: Fewer characters than these, and one more, say nothing.
_LEAST: Final = 12


def annotate(assessment: Assessment, length: int = MAXIMUM_LENGTH) -> str:
    """Say why, worst first; every failed requirement is named, even where its detail must be shortened."""
    if assessment.compliance is Compliance.NOT_APPLICABLE:
        return _fit(_clean(assessment.reason), length)
    expires = _expires(assessment)
    if assessment.compliance is Compliance.COMPLIANT:
        return f"{compliant_reason(assessment)}{expires}"
    findings = worst_first(assessment.findings)
    room = length
    parts = []
    for place, finding in enumerate(findings):
        name = finding.requirement.value
        later = sum(len(f"{BETWEEN}{other.requirement.value}") for other in findings[place + 1 :])
        detail = _fit(_detail(finding.summary), room - later - len(f"{BETWEEN}{name}{NAMED}"))
        part = f"{name}{NAMED}{detail}" if detail else name
        room -= len(part) + len(BETWEEN)
        parts.append(part)
    annotation = BETWEEN.join(parts)
    if len(annotation) + len(expires) <= length:
        annotation += expires
    return annotation + _runbook(findings, length - len(annotation))


def _runbook(findings: list[Finding], room: int) -> str:
    """The anchors of as many findings, worst first, as there is room for."""
    before, after = RUNBOOK
    anchors = dict.fromkeys(finding.anchor for finding in findings)
    for many in range(len(anchors), 0, -1):
        told = f"{before}{BETWEEN_ANCHORS.join([*anchors][:many])}{after}"
        if len(told) <= room:
            return told
    return ""


def _expires(assessment: Assessment) -> str:
    """When imported key material is gone, where that is near; empty where it is not."""
    question = assessment.question
    date = question.key.material_expires if question else None
    if question is None or date is None:
        return ""
    near = datetime.fromisoformat(date).date() - question.earliest.date() <= SOON
    return f"{EXPIRES}{date}" if near else ""


def worst_first(findings: tuple[Finding, ...]) -> list[Finding]:
    """Certain findings before uncertain ones, then by what they stop."""
    return sorted(
        findings,
        key=lambda finding: (
            finding.certainty is Certainty.POSSIBLE,
            WORST_FIRST.index(finding.requirement),
        ),
    )


def _clean(text: str) -> str:
    """Printable Latin-1 only, which is all that a key policy may hold: Sids are somebody else's text.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html (Policy)
    """
    return "".join(
        character if character.isprintable() and character <= "\u00ff" else "?" for character in text
    )


def _detail(summary: str) -> str:
    """The summary, in which nothing reads as if another part, or the end, began: a Sid may hold anything."""
    text = _clean(summary).replace(RUNBOOK[0], RUNBOOK[0].replace(":", ""))
    for requirement in Requirement:
        text = text.replace(f"{BETWEEN}{requirement.value}", f"{BETWEEN.rstrip()}{requirement.value}")
    return text


def _fit(text: str, room: int) -> str:
    if len(text) <= room:
        return text
    return f"{text[: room - len(CUT)]}{CUT}" if room > _LEAST else ""
