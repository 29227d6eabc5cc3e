"""What the observations come to: a finding for each requirement, and one for the logs of each service.

An objective of OSCAL's is satisfied or not, and says why in one word. Only what is proved is satisfied
(`pass`). What is certain not to hold is `fail`; what is unknown, only possible, or judged nowhere is not
satisfied either, for a reason that is neither of the two (`other`).
https://pages.nist.gov/OSCAL/reference/latest/assessment-results/json-reference/ (status, reason)
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from landing_zone_key.finding import Requirement, anchor
from lzkey.catalogue import CATALOGUE, mapping
from lzkey.figures import counted
from lzkey.observed.values import BLOCKS
from lzkey.report.headline import headline, tone
from lzkey.report.oscal.observations import LZKEY, origins
from lzkey.report.oscal.parts import Part, each, markup, part, properties
from lzkey.report.verdicts import ALL, Verdict
from lzkey.report.wording import sentence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lzkey.catalogue import ControlMapping
    from lzkey.report.headline import Cell
    from lzkey.report.model import Report
    from lzkey.report.oscal.observations import Identifiers, Noted

SATISFIED: Final = "satisfied"
NOT_SATISFIED: Final = "not-satisfied"

#: What OSCAL's `reason` says of a headline's tone.
_REASONS: Final[Mapping[str, str]] = {"yes": "pass", "no": "fail", "unknown": "other"}

#: What counts for an objective, the worst first, with the words for how many keys are so.
_COUNTED: Final[Mapping[Verdict, str]] = {
    Verdict.REFUSED: "it does not hold",
    Verdict.POSSIBLE: "it may not hold",
    Verdict.UNKNOWN: "it is unknown",
    Verdict.HOLDS: "it holds",
    Verdict.NOT_ASKED: "it is not asked",
}

#: Of a requirement that this version does not know.
_ANOTHER: Final = "another-requirement"

_ALL_LOGS: Final = "The landing zone's logs can be delivered"


def objective(requirement: str) -> str:
    """The id of a requirement's objective: its anchor in the runbook."""
    return anchor(Requirement(requirement)) if requirement in ALL else _ANOTHER


def of_requirements(noted: Sequence[Noted], uuids: Identifiers) -> Iterator[Part]:
    """A finding for each requirement of this version, and for each other one that a result names."""
    by_requirement: dict[str, list[Noted]] = {name: [] for name in ALL}
    for one in noted:
        for name in one.requirements:
            by_requirement.setdefault(name, []).append(one)
    for requirement, observations in by_requirement.items():
        yield _of_requirement(requirement, observations, uuids)


def status(observations: Sequence[Noted]) -> tuple[str, str]:
    """OSCAL's state and reason for what was observed of a requirement."""
    found = {one.verdict for one in observations}
    if Verdict.REFUSED in found:
        return NOT_SATISFIED, "fail"
    if found & {Verdict.POSSIBLE, Verdict.UNKNOWN} or Verdict.HOLDS not in found:
        return NOT_SATISFIED, "other"
    return SATISFIED, "pass"


def _of_requirement(requirement: str, observations: Sequence[Noted], uuids: Identifiers) -> Part:
    entry, related = CATALOGUE.get(requirement), mapping(requirement)
    state, reason = status(observations)
    title = entry.words.title if entry else "A requirement that this version does not know"
    told = _how_many(observations)
    return part(
        uuid=uuids.of("finding", requirement),
        title=title,
        description=f"{told}.",
        props=properties(("requirement", requirement), *each("control", _controls(related))),
        links=[{"href": related.source, "rel": "reference"}] if related else [],
        origins=origins(LZKEY),
        target=part(
            type="objective-id",
            target_id=objective(requirement),
            title=title,
            description=entry.advice.holds if entry else "",
            status={"state": state, "reason": reason, "remarks": f"{told}."},
        ),
        related_observations=[one.reference for one in observations],
        related_risks=[{"risk-uuid": one.risk["uuid"]} for one in observations if one.risk],
        remarks=f"{related.named}. {related.meaning}." if related else "",
    )


def _controls(related: ControlMapping | None) -> list[str]:
    return [f"{control.framework} {control.name}" for control in related.controls] if related else []


def _how_many(observations: Sequence[Noted]) -> str:
    """How many keys stand how, and how many of them are the landing zone's."""
    keys = Counter(one.verdict for one in observations if one.is_of_key)
    own = Counter(one.verdict for one in observations if one.is_own)
    places = sum(not one.is_of_key for one in observations)
    told = [
        f"{said} for {counted(keys[verdict], 'key')}"
        + (f" ({own[verdict]:,} of them the landing zone's)" if own[verdict] else "")
        for verdict, said in _COUNTED.items()
        if keys[verdict]
    ]
    if places:
        told.append(f"{counted(places, 'account-Region pair')} may have keys that nobody sees")
    return sentence("; ".join(told)) or "No key is judged, so that nothing is known"


def of_deliveries(report: Report, noted: Sequence[Noted], uuids: Identifiers) -> Iterator[Part]:
    """A finding for the logs of each service, of what is proved and what is observed, like the headline."""
    answer = headline(report)
    for cell in answer.cells:
        tells = tone(cell.proved, cell.observed, contradicted=answer.contradicted)
        name = "-".join(("deliveries", *cell.service.lower().split() * (cell.service in BLOCKS)))
        told = f"{cell.sentence if cell.service else answer.sentence}."
        title = markup(f"The logs of {cell.service} can be delivered" if cell.service else _ALL_LOGS)
        yield part(
            uuid=uuids.of("finding", name),
            title=title,
            description=markup(told),
            props=properties(
                ("proved", cell.proved),
                ("observed", cell.observed),
                ("proof", cell.proof),
                ("seen", cell.seen),
                ("contradicted", "yes" if answer.contradicted else ""),
            ),
            origins=origins(LZKEY),
            target=part(
                type="objective-id",
                target_id=name,
                title=title,
                status={
                    "state": SATISFIED if tells == "yes" else NOT_SATISFIED,
                    "reason": _REASONS[tells],
                    "remarks": markup(told),
                },
            ),
            related_observations=[one.reference for one in noted if _is_of(one, cell)],
        )


def _is_of(one: Noted, cell: Cell) -> bool:
    """Whether an observation is of a service's deliveries, or of a key that they rest on."""
    if one.verdict is not None:
        return one.is_own
    return not cell.service or cell.service in one.services
