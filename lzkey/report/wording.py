"""Words and numbers that several formats share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lzkey.catalogue import not_mapped
from lzkey.figures import moment
from lzkey.history.model import RECORDED
from lzkey.observed.contradictions import NOT_SHOWN
from lzkey.observed.values import Outcome
from lzkey.report.model import Collected, Delivery
from lzkey.state import State

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lzkey.observed.blast import BlastRadius
    from lzkey.observed.values import Contradiction, Events, InForce, KeyUse
    from lzkey.report.model import Doubt, Opened, Report, Scope

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
    """A score in percent, rounded down: only what is whole is 100.0%."""
    return "nothing judged" if score is None else f"{int(score * 1000 + 1e-9) / 10:.1f}%"


def formula(counts: Mapping[State, int]) -> str:
    """What a score is made of."""
    compliant, failed, unknown = (
        f"{counts.get(state, 0):,}" for state in (State.COMPLIANT, State.NON_COMPLIANT, State.UNKNOWN)
    )
    return f"{compliant} / ({compliant} + {failed} + {unknown})"


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


def called(identifier: str, name: str | None) -> str:
    """A key's ARN or an account's number, and what people call it, where that is known."""
    return f"{identifier} ({name})" if name else identifier


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


def blast_radius(key: BlastRadius) -> str:
    """What depends on one of the landing zone's keys."""
    return f"{key.purpose}; {key.depends}"


def former_key(key: BlastRadius) -> str:
    """How a former key stands, whose deliveries it is known by, and what still encrypts with it."""
    return f"{key.trouble or key.state}; {key.purpose}; {key.depends}"


def scored(report: Report) -> str:
    """The score with its formula, for a line of text."""
    told = f"score {percentage(report.score)}"
    return f"{told}: COMPLIANT / (COMPLIANT + NON_COMPLIANT + UNKNOWN) = {formula(report.counts)}"


def subject(scope: Scope) -> str:
    """Name what a report covers: its organization, or the account where it is of that alone."""
    if scope.collected is Collected.ACCOUNT or scope.organization is None:
        return f"account {scope.account}"
    return f"organization {scope.organization}"
