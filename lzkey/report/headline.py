"""One answer from both: what is proved beside what is observed, a sentence for each pair.

Where the two services differ, the worse one is the headline.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from lzkey.figures import counted
from lzkey.observed.values import Outcome
from lzkey.report.model import Delivery

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lzkey.report.model import Report

_ALL: Final = "the landing zone's logs"

#: What is proved and what is observed, the worst first; `{}` stands for whose logs.
SENTENCES: Final[Mapping[tuple[Delivery, Outcome], str]] = {
    (Delivery.NO, Outcome.FAILING): "No, {} cannot be delivered, and deliveries fail",
    (Delivery.YES, Outcome.FAILING): "No, deliveries of {} fail, although the key allows them",
    (Delivery.POSSIBLE, Outcome.FAILING): "No, deliveries of {} fail, and the key may be why",
    (Delivery.UNKNOWN, Outcome.FAILING): "No, deliveries of {} fail, and whether the key is why is not known",
    (Delivery.NO, Outcome.DELIVERING): (
        "The key is proved to refuse deliveries of {}, and yet they are observed: the proof is not of the "
        "present policy and state, or an assumption of it is wrong"
    ),
    (Delivery.NO, Outcome.NOT_OBSERVED): "No, {} cannot be delivered; whether they are was not observed",
    (Delivery.POSSIBLE, Outcome.NOT_OBSERVED): (
        "The key may refuse deliveries of {}; whether they arrive was not observed"
    ),
    (Delivery.UNKNOWN, Outcome.NOT_OBSERVED): (
        "It is not known whether {} can be delivered, and whether they are was not observed"
    ),
    (Delivery.POSSIBLE, Outcome.DELIVERING): (
        "The key may refuse deliveries of {}; those that are observed arrive"
    ),
    (Delivery.UNKNOWN, Outcome.DELIVERING): (
        "It is not known whether every delivery of {} is allowed; those that are observed arrive"
    ),
    (Delivery.NONE, Outcome.FAILING): (
        "By its manifest, {} are not delivered, and yet deliveries are tried, and fail"
    ),
    (Delivery.NONE, Outcome.DELIVERING): (
        "By its manifest, {} are not delivered, and yet deliveries are observed"
    ),
    (Delivery.YES, Outcome.NOT_OBSERVED): "Yes, {} can be delivered; whether they are was not observed",
    (Delivery.YES, Outcome.DELIVERING): "Yes, {} can be delivered, and deliveries are observed",
    (Delivery.NONE, Outcome.NOT_OBSERVED): "No logs are delivered: the integrations are off",
}

_ORDER: Final = tuple(SENTENCES)

#: The end of a sentence that rests on a proof.
_CONTRADICTED: Final = "; an event of the key is not as the proof assumes"


@dataclass(frozen=True, slots=True)
class Cell:
    """One service in the matrix."""

    service: str
    proved: Delivery
    observed: Outcome
    proof: str
    """Why it is proved, or is not."""
    seen: str
    """What was observed, or why nothing was."""

    @property
    def sentence(self) -> str:
        """The answer for this service alone."""
        return SENTENCES[self.proved, self.observed].format(f"the logs of {self.service}")


@dataclass(frozen=True, slots=True)
class Headline:
    """The answer, and the cells that it is made of."""

    proved: Delivery
    observed: Outcome
    sentence: str
    cells: tuple[Cell, ...]
    contradicted: bool = False
    """Whether an event is not as the proof assumes."""


def tone(
    proved: Delivery, observed: Outcome, *, contradicted: bool = False
) -> Literal["yes", "no", "unknown"]:
    """Whether the pair reads as a yes or a no: what fails is no yes, and a contradiction is neither."""
    if observed is Outcome.FAILING or (proved is Delivery.NO and observed is Outcome.NOT_OBSERVED):
        return "no"
    return "yes" if proved is Delivery.YES and not contradicted else "unknown"


def headline(report: Report) -> Headline:
    """The worst cell; of a service whose integration is off only where both are."""
    cells = tuple(_cell(report, proof.service, proof.delivery, proof.why) for proof in report.proved.services)
    if not cells:
        cells = (_cell(report, "", report.proved.delivery, report.proved.why),)
    on = [cell for cell in cells if _pair(cell) != (Delivery.NONE, Outcome.NOT_OBSERVED)] or [*cells]
    worst = min(map(_pair, on), key=_ORDER.index)
    named = [cell.service for cell in on if _pair(cell) == worst]
    logs = f"the logs of {' and '.join(named)}" if len(named) < len(cells) else _ALL
    contradicted = bool(report.observed and report.observed.contradictions)
    sentence = SENTENCES[worst].format(logs) + _elsewhere(report, named, worst)
    if contradicted:
        sentence = f"{sentence.replace('Yes,', 'By the proof,', 1)}{_CONTRADICTED}"
    return Headline(*worst, sentence, cells, contradicted)


def _elsewhere(report: Report, services: list[str], pair: tuple[Delivery, Outcome]) -> str:
    """Of how many places nothing is observed, although deliveries are: of a yes alone, others say less.

    Control Tower makes no delivery channel in the management account: that there is none is no gap.
    """
    if report.observed is None or pair != (Delivery.YES, Outcome.DELIVERING):
        return ""
    manager = report.scope.management_account
    places: dict[tuple[str, str, str], bool] = {}
    for one in (one for service in services for one in report.observed.logs(service)):
        place, delivers = (one.service, one.account, one.region), one.outcome is Outcome.DELIVERING
        if delivers or one.sender or one.account != manager:
            places[place] = places.get(place, False) or delivers
    silent = sum(not delivers for delivers in places.values())
    return f", though of {silent:,} of {counted(len(places), _PLACE, _PLACES)} none are" if silent else ""


_PLACE: Final = "trail or delivery channel"
_PLACES: Final = "trails and delivery channels"


def _pair(cell: Cell) -> tuple[Delivery, Outcome]:
    return cell.proved, cell.observed


def _cell(report: Report, service: str, proved: Delivery, proof: str) -> Cell:
    if report.observed is None:
        return Cell(service, proved, Outcome.NOT_OBSERVED, proof, _UNSEEN)
    seen, stopped = report.observed.why(service), report.observed.stopped(service)
    if stopped and proved is Delivery.YES:
        seen = f"not the key: {seen if stopped in seen else f'{stopped}; {seen}'}"
    return Cell(service, proved, report.observed.outcome(service), proof, seen)


_UNSEEN: Final = "the management account alone sees it: make the report there, or give --management-role"
