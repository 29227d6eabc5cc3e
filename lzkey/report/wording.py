"""Words and numbers that several formats share."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Final

from lzkey.catalogue import not_mapped
from lzkey.figures import counted, moment
from lzkey.history.model import RECORDED
from lzkey.observed.contradictions import NOT_SHOWN
from lzkey.observed.values import Outcome
from lzkey.report.model import Collected, Delivery
from lzkey.report.verdicts import Verdict
from lzkey.state import State, scored_states, told_states

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lzkey.observed.blast import BlastRadius
    from lzkey.observed.values import Contradiction, Events, InForce, KeyUse
    from lzkey.report.model import Doubt, Opened, Report, Scope, UnitResult

#: What is proved, in a word or two.
PROVED: Final = {
    Delivery.YES: "Allowed",
    Delivery.NO: "Refused",
    Delivery.POSSIBLE: "May be refused",
    Delivery.UNKNOWN: "Not known",
    Delivery.NONE: "Off",
}
#: What is observed.
OBSERVED: Final = {
    Outcome.DELIVERING: "Delivering",
    Outcome.FAILING: "Failing",
    Outcome.NOT_OBSERVED: "Not observed",
}

#: How a requirement stands with a key.
VERDICTS: Final = {
    Verdict.REFUSED: "Does not hold",
    Verdict.POSSIBLE: "May not hold",
    Verdict.UNKNOWN: "Unknown",
    Verdict.HOLDS: "Holds",
    Verdict.NOT_ASKED: "Not asked",
    Verdict.NOT_APPLICABLE: "Not judged",
}

_WORD: Final = re.compile(r"[a-z]+ ")

#: What no event tells.
EVENTS: Final = (
    "an event shows who asked, the operation, the key, the encryption context and the error; one of a "
    "request that was refused may show less, and may not be in this account's history. None shows "
    f"{', '.join(NOT_SHOWN)}: what is not strange is no proof, and that nothing was refused is no health"
)

#: What to do about an event that is not as the proof assumes.
REPORT_IT: Final = "Please report it, with the event, in which you may replace what is yours"

#: The headings of what is told of keys.
BLAST_RADIUS: Final = "What depends on the landing zone's keys"
FORMER_KEYS: Final = "Former keys, which older logs may need"


def controls() -> str:
    """What is said of controls of other frameworks, whichever they are, and of which requirements none is."""
    names = not_mapped()
    return (
        "Of each control nothing but the one requirement is assessed: that it holds does not satisfy the "
        f"control. No page is known that relates {', '.join(names[:-1])} or {names[-1]} to a control."
    )


def percentage(score: float | None) -> str:
    """A score in percent to one digit, rounded as a calculator does.

    What is not all, and not nothing, gets the digits that show it: 99.96%.
    """
    if score is None:
        return "nothing judged"
    exact, digits = Decimal(repr(score)) * 100, 1
    while (told := round_half_up(exact, digits)) in (0, 100) and told != exact:
        digits += 1
    return f"{told:f}%"


def round_half_up(number: Decimal, digits: int) -> Decimal:
    """A number to so many digits after the point."""
    return number.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def formula(counts: Mapping[State, int], *beside: Mapping[State, int]) -> str:
    """What a score is made of, in numbers; `beside` it others of which it must have all states."""
    return ratio(*(f"{counts.get(state, 0):,}" for state in scored_states(counts, *beside)))


def ratio(compliant: str, *others: str) -> str:
    """A share of all that is judged."""
    return f"{compliant} / ({' + '.join((compliant, *others))})"


def unknowns(report: Report) -> Iterator[tuple[Doubt, str, str, str]]:
    """What counts as UNKNOWN, each with its account, its Region, and its key where there is one."""
    for place in report.places:
        if place.doubt is not None and place.counts_as_unknown:
            yield place.doubt, place.account, place.region, ""
    for key in report.keys:
        if key.doubt is not None:
            yield key.doubt, key.account, key.region, key.arn


#: Of accounts, where their organizational unit is not known.
NO_UNIT: Final = "Not in a known organizational unit"


def sentence(told: str) -> str:
    """The text with a capital, where it begins with a word and not with a name such as kms:Decrypt."""
    return told[:1].upper() + told[1:] if _WORD.match(told) else told


def in_force(found: InForce) -> str:
    """Since when what is judged is in force."""
    if found.since is None:
        return f"since when keys and manifest are as they are is not known: {found.unknown}"
    return f"keys and manifest are as they are since {moment(found.since)} ({found.change})"


def key_use(use: KeyUse) -> str:
    """A key's last use, as KMS tells it."""
    if use.unknown:
        return f"not known: {use.unknown}"
    since = f" since {moment(use.tracked_since)}, when KMS began to keep account" if use.tracked_since else ""
    if use.operation is None:
        return f"none{since}"
    event = f", event {use.event_id}" if use.event_id else ""
    return f"{use.operation} at {moment(use.at)}{event}"


def events_told(one: Events) -> str:
    """How many of a principal's requests for a key came to what, as far as they were read."""
    failed = f", {one.failed:,} ended in another error" if one.failed else ""
    latest = f", the latest at {moment(one.latest)}" if one.latest else ""
    return f"{one.allowed:,} allowed, {one.refused:,} refused{failed} since {moment(one.since)}{latest}"


def strange(one: Contradiction) -> str:
    """In what an event is not as the proof assumes, and how many are."""
    alike = f" ({one.alike:,} events are alike, this is the latest)" if one.alike > 1 else ""
    return f"{one.why}{alike}"


def opened(one: Opened) -> str:
    """Since when a finding has been open, and who began it, as far as it is known."""
    if one.since is None:
        return f"since when is not known: {one.unknown}"
    told = f"open since {moment(one.since)}{', at the latest' if one.unknown else ''}"
    if one.event == RECORDED:
        told += ", begun by a change that AWS Config recorded"
    elif one.event and not one.origin:
        told += f", begun by itself: {one.event}"
    elif one.event:
        who = one.principal or "nobody that a source names"
        behind = f" with {one.behind}" if one.behind else ""
        event = f", event {one.event_id}" if one.event_id else ""
        told += f", begun by {one.event} of {who}{behind} ({one.origin}{event})"
    return f"{told}; it may be older: {one.unknown}" if one.unknown else told


def open_since(report: Report) -> dict[tuple[str, str], str]:
    """Since when each finding has been open, by key and requirement; empty where nobody has asked."""
    return {(one.key, one.requirement): opened(one) for one in report.opened or ()}


def blast_radius(key: BlastRadius) -> str:
    """What depends on one of the landing zone's keys."""
    return f"{key.purpose}; {key.depends}"


def former_key(key: BlastRadius) -> str:
    """How a former key stands, whose deliveries it is known by, and what still encrypts with it."""
    return f"{key.trouble or key.state}; {key.purpose}; {key.depends}"


def counted_states(report: Report) -> str:
    """How many keys are in each state, of how many, and what else counts."""
    return _states(report.keys_by_state, report.places_in_doubt)


def unit_in_words(one: UnitResult) -> str:
    """How the accounts of an organizational unit stand."""
    where = f"unit {one.unit}" if one.unit else NO_UNIT
    return f"{where}, {counted(one.accounts, 'account')}, {_states(one.keys, one.places_in_doubt)}"


def _states(keys: Mapping[State, int], places: int) -> str:
    counts = ", ".join(f"{keys[state]:,} {state}" for state in told_states(keys))
    told = f"{counted(sum(keys.values()), 'key')}: {counts}"
    return f"{told}; {in_doubt(places)}" if places else told


def in_doubt(places: int) -> str:
    """That places without an UNKNOWN key count as UNKNOWN."""
    return f"{pairs_in_doubt(places)} {'counts' if places == 1 else 'count'} as UNKNOWN, too"


def pairs_in_doubt(places: int) -> str:
    """How many accounts and Regions are in doubt."""
    return f"{counted(places, 'account-Region pair')} in doubt"


def of_what(report: Report) -> str:
    """What the score is a share of."""
    keys = len(report.keys) - report.keys_by_state[State.NOT_APPLICABLE]
    told = counted(keys, "key that is judged", "keys that are judged")
    places = report.places_in_doubt
    if not places:
        return told
    return f"{told} and {pairs_in_doubt(places)}" if keys else pairs_in_doubt(places)


def own_score(report: Report) -> str:
    """How many of the landing zone's own keys are COMPLIANT, where no others are judged."""
    counts = report.keys_by_state
    judged = len(report.keys) - counts[State.NOT_APPLICABLE]
    return f"{counts[State.COMPLIANT]:,} of {judged + len(report.keys_without_result):,}"


def scored(report: Report) -> str:
    """The score, of what it is and with its formula, for a line of text."""
    if report.score is None:
        return "no score: nothing is judged"
    if report.judges_own_alone:
        return f"the landing zone's own keys alone are judged: {own_score(report)} COMPLIANT"
    told, counts = f"score {percentage(report.score)} of {of_what(report)}", report.counts
    return f"{told}: {ratio(*scored_states(counts))} = {formula(counts)}"


def freshness(report: Report) -> str:
    """How old what the aggregator shows is; empty where that is not known."""
    if report.freshness is None:
        return ""
    first, last = map(moment, report.freshness)
    when = f"at {first}" if first == last else f"between {first} and {last}"
    return f"accounts and Regions last told it of themselves {when}"


def heading(report: Report) -> str:
    """What the report is called."""
    return report.title or f"Landing zone key report: {subject(report.scope)}"


def subject(scope: Scope) -> str:
    """Name what a report covers: its organization, or the account where it is of that alone."""
    if scope.collected is Collected.ACCOUNT or scope.organization is None:
        return f"account {scope.account}"
    return f"organization {scope.organization}"
