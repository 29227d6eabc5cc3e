"""The report in short, for a terminal."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from rich.text import Text

from lzkey.aws.key_name import called
from lzkey.aws.standing import UNTOLD
from lzkey.catalogue import advice
from lzkey.figures import counted, moment
from lzkey.report.blast import blast_radii
from lzkey.report.headline import headline, tone
from lzkey.report.wording import (
    EVENTS,
    REPORT_IT,
    blast_radius,
    counted_states,
    events_told,
    former_key,
    opened,
    percentage,
    scored,
    sentence,
    strange,
    unit_in_words,
    unknowns,
)
from lzkey.state import State
from lzkey.terminal import Folded, output, plain, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.console import Console, RenderableType

    from lzkey.observed.blast import BlastRadius
    from lzkey.observed.values import Observed
    from lzkey.report.model import KeyResult, Point, Report

#: The headline's colour, by how its word would be coloured.
_TONES: Final = {"yes": "bold green", "no": "bold red", "unknown": "bold yellow"}

#: What a screen takes; files have all of it.
_SHOWN: Final = 20
#: Characters of an event: CloudTrail's may have 256 KB.
#: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html
_EVENT: Final = 2_000


def render(report: Report, console: Console | None = None) -> str:
    """What matters most, with how much more there is; for standard output, in colours where it shows them."""
    console = console or output()
    with console.capture() as captured:
        for part in _parts(report):
            paragraph = Folded(part, following="  ") if isinstance(part, Text) else part
            console.print(paragraph, soft_wrap=True)
    return captured.get()


def _parts(report: Report) -> Iterator[RenderableType]:
    yield from _answer(report)
    yield _line(counted_states(report))
    yield _line(scored(report))
    scope = report.scope
    where = f"aggregator {scope.aggregator}" if scope.aggregator else f"account {scope.account}"
    yield _line(
        f"{counted(len(report.accounts), 'account')} in {', '.join(scope.regions)}, seen through {where} at "
        f"{moment(report.as_of)}; oldest evaluation {moment(report.oldest_evaluation)}",
        "dim",
    )
    radii = blast_radii(report)
    names = report.key_names
    yield from _depending([key for key in radii if not key.former and report.observed], names)
    yield from _failing(report)
    yield from _waived(report)
    yield from _unknown(report, names)
    yield from _former([key for key in radii if key.former], names)
    yield from _units(report)
    if report.trend is not None:
        trend = report.trend
        yield _line(
            f"since {moment(trend.since)}: {counted(len(trend.changes), 'change')}, score "
            f"{percentage(trend.score_before)} then"
        )
    if report.line:
        yield from _scores(report.line)
    notes = (*report.notes, *report.idle_waivers)
    for note in notes[:_SHOWN]:
        yield _line(f"note: {note}", "dim")
    yield from _more(len(notes), "note")


def _scores(line: tuple[Point, ...]) -> Iterator[RenderableType]:
    """The scores over time, the latest of them."""
    yield table(
        ("report of", "score"),
        ((_line(moment(one.as_of)), _line(percentage(one.score))) for one in line[-_SHOWN:]),
    )
    yield from _more(len(line), "earlier report")


def _answer(report: Report) -> Iterator[RenderableType]:
    """The headline, then what is proved, and what is observed of each service."""
    answer = headline(report)
    yield _line(
        f"{answer.sentence}.", _TONES[tone(answer.proved, answer.observed, contradicted=answer.contradicted)]
    )
    proofs = {cell.proof for cell in answer.cells}
    if len(proofs) == 1:
        yield _line(f"proved: {report.proved.why}")
    for cell in answer.cells:
        if len(proofs) > 1:
            yield _line(f"proved, {cell.service}: {cell.proof}")
        yield _line(f"observed, {cell.service or 'the logs'}: {cell.seen}")
    if report.observed is None:
        return
    yield from _observed(report.observed)


def _observed(found: Observed) -> Iterator[RenderableType]:
    """What is beside the keys, their events with the strange ones, and what was not read."""
    for one in found.contradictions:
        yield _line(f"{strange(one)}. {REPORT_IT}: {_shortened(one.event)}", "bold red")
    for thing in found.beside[:_SHOWN]:
        yield _line(thing.detail, "yellow")
    yield from _more(len(found.beside), "thing")
    for events in found.events[:_SHOWN]:
        yield _line(f"events of {events.key} by {events.principal}: {events_told(events)}", "dim")
    yield from _more(len(found.events), "principal")
    if found.events_read:
        yield _line(sentence(EVENTS) + ".", "dim")
    for lack in found.unread[:_SHOWN]:
        yield _line(f"not observed: {lack}", "dim")
    yield from _more(len(found.unread), "thing")


def _shortened(event: str) -> str:
    """As much of an event as a terminal takes."""
    if len(event) <= _EVENT:
        return event
    return f"{event[:_EVENT]} … all of it is in a file written with --output"


def _failing(report: Report) -> Iterator[RenderableType]:
    failing = [key for key in report.keys if key.state is State.NON_COMPLIANT]
    failing.sort(key=lambda key: not key.of_landing_zone)
    failed = Counter(failure.requirement for key in failing for failure in key.failures)
    if failed:
        rows = ((_line(name, "red"), _line(f"{count:,}")) for name, count in failed.most_common())
        yield table(("requirement that fails", "keys"), rows)
    for key in failing[:_SHOWN]:
        yield _line(f"{called(key.arn, key.name)}: {key.annotation}", "bold" if key.of_landing_zone else "")
        yield from _waivers(key)
        if key.of_landing_zone:
            fixes = dict.fromkeys(advice(failure.requirement).told(key.arn) for failure in key.failures)
            yield from (_line(fix, "dim") for fix in fixes)
            yield from (
                _line(f"{one.requirement}: {opened(one)}")
                for one in report.opened or ()
                if one.key == key.arn
            )
    yield from _more(len(failing), "NON_COMPLIANT key")


def _waived(report: Report) -> Iterator[RenderableType]:
    """The keys of which all that fails is waived."""
    found = [key for key in report.keys if key.state is State.WAIVED]
    for key in found[:_SHOWN]:
        yield _line(
            f"{called(key.arn, key.name)}: WAIVED: {key.annotation}", "bold" if key.of_landing_zone else ""
        )
        yield from _waivers(key)
    yield from _more(len(found), "WAIVED key")


def _waivers(key: KeyResult) -> Iterator[RenderableType]:
    for failure in key.failures:
        if failure.waiver is not None:
            yield _line(f"{failure.requirement}: {failure.waiver}", "" if failure.is_waived else "yellow")


def _unknown(report: Report, names: Mapping[str, str]) -> Iterator[RenderableType]:
    found = [*unknowns(report)]
    causes = Counter(doubt.cause for doubt, *_ in found)
    if causes:
        rows = ((_line(cause, "yellow"), _line(f"{count:,}")) for cause, count in causes.most_common())
        yield table(("UNKNOWN because", "how many"), rows)
    accounts = report.account_names
    for doubt, account, region, key in found[:_SHOWN]:
        place = f"account {called(account, accounts.get(account))}, {region}"
        where = called(key, names.get(key)) if key else place
        yield _line(f"{where}: {doubt.cause}: {doubt.detail}; {doubt.fix}")
    yield from _more(len(found), "UNKNOWN")


def _depending(keys: list[BlastRadius], names: Mapping[str, str]) -> Iterator[RenderableType]:
    """What stops with each of the landing zone's keys, and what is in the way of its serving."""
    for key in keys[:_SHOWN]:
        yield _line(
            f"{called(key.key, names.get(key.key))}: {blast_radius(key)}", "" if key.trouble else "dim"
        )
        if key.trouble:
            yield _line(f"{key.key}: {key.trouble}", "yellow" if key.state == UNTOLD else "bold red")
        if key.fix:
            yield _line(key.fix, "dim")


def _former(keys: list[BlastRadius], names: Mapping[str, str]) -> Iterator[RenderableType]:
    keys.sort(key=lambda key: not key.trouble)
    for key in keys[:_SHOWN]:
        told = f"former key {called(key.key, names.get(key.key))}: {former_key(key)}"
        yield _line(told, "yellow" if key.trouble else "dim")
        if key.fix:
            yield _line(key.fix, "dim")
    yield from _more(len(keys), "former key")


def _units(report: Report) -> Iterator[RenderableType]:
    """How each organizational unit stands, the worst first."""
    units = report.units
    yield from (_line(unit_in_words(one)) for one in units[:_SHOWN])
    yield from _more(len(units), "organizational unit")


def _more(number: int, what: str) -> Iterator[RenderableType]:
    if number > _SHOWN:
        yield _line(f"… and {counted(number - _SHOWN, what)} more: write a file with --output", "dim")


def _line(text: str, style: str = "") -> Text:
    """Text on one line: nobody else's line end begins a line of ours."""
    return plain(" ".join(text.split()), style)
