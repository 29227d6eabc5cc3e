"""What the page's sections say: the score and what it is made of, then what is found, unknown, and changed.

What may be long is grouped, and bounded in length.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING, Final, TypeAlias

from landing_zone_key.requirements import WORST_FIRST as REQUIREMENTS
from lzkey.aws.key_name import called
from lzkey.catalogue import Advice, advice, mapping
from lzkey.figures import counted
from lzkey.observed.values import Outcome
from lzkey.page.words import grouped
from lzkey.report.html.rows import accounts_by_id, regions_of
from lzkey.report.html.words import CAUSES, DOUBTS, STATES, UNNAMED
from lzkey.report.model import Cause, Doubt
from lzkey.report.own import mending
from lzkey.report.wording import formula, of_what, open_since, own_score, pairs_in_doubt, percentage
from lzkey.runbook import address
from lzkey.state import WORST_FIRST, State, scored_states, told_states

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lzkey.catalogue import ControlMapping
    from lzkey.observed.values import Observation
    from lzkey.report.html.rows import KeyRow
    from lzkey.report.model import Account, Report, Trend
    from lzkey.waivers.values import Waived

#: What is wrong with a key, its place in the runbook, and who has waived it.
_Said: TypeAlias = "tuple[str, str, Waived | None]"

#: Of a bar, in the units of its SVG.
BAR_WIDTH: Final = 1000

#: How many of one kind are written out; all are in the table of keys, and in the CSV and JSON files.
SHOWN: Final = 100

#: How many accounts and Regions with the same observation are written out.
_PLACES: Final = 3


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a stacked bar."""

    state: State
    count: int
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class Bar:
    """A stacked bar, and the same in words."""

    segments: tuple[Segment, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Failing:
    """How many keys fail a requirement."""

    requirement: str
    count: int
    own: int
    width: float


@dataclass(frozen=True, slots=True)
class Difference:
    """A state's count before and now."""

    state: State
    before: int
    now: int

    @property
    def change(self) -> str:
        """The difference with its sign."""
        return f"{self.now - self.before:+,}".replace("-", "\u2212") if self.now != self.before else "0"


@dataclass(frozen=True, slots=True)
class Score:
    """The score, and between what it would be if everything unknown were settled."""

    title: str
    value: str
    of: str
    """What it is a share of."""
    formula: str
    """Empty: it is no score."""
    bounds: str


@dataclass(frozen=True, slots=True)
class Line:
    """Keys that fail a requirement in the same way."""

    detail: str
    runbook: str
    rows: tuple[KeyRow, ...]
    waiver: Waived | None = None
    since: str = ""
    """Since when, of one of the landing zone's keys; empty where nobody has asked."""
    fix: str = ""
    """What to do about one of the landing zone's keys, where that takes more than a command."""
    command: str = ""
    """Of one of the landing zone's keys."""

    @property
    def address(self) -> str | None:
        """Where the runbook's place can be read; None where the project has no address."""
        return address(self.runbook)


@dataclass(frozen=True, slots=True)
class FailedRequirement:
    """A requirement, and the keys that fail it."""

    requirement: str
    advice: Advice
    lines: tuple[Line, ...]
    """A line for each of the landing zone's keys first."""
    total: int
    own: int
    more: int
    """How many are not written out."""

    @property
    def mapping(self) -> ControlMapping | None:
        """The controls that AWS relates what it asks for to; None where no page says any."""
        return mapping(self.requirement)

    @property
    def filters(self) -> bool:
        """Whether the table of keys can be filtered by it."""
        return self.requirement != UNNAMED


@dataclass(frozen=True, slots=True)
class DoubtLine:
    """The same doubt about some accounts and Regions."""

    detail: str
    fix: str
    where: tuple[tuple[Account, str], ...]
    """Accounts, with what of each is in doubt."""
    more: int


@dataclass(frozen=True, slots=True)
class DoubtGroup:
    """All doubts of one cause."""

    name: str
    meaning: str
    size: str
    lines: tuple[DoubtLine, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Observations:
    """Observations that are alike."""

    outcome: Outcome
    deliveries: str
    places: str
    more: int
    """How many places are not written out."""
    detail: str
    cause: str
    source: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A key whose state has changed."""

    arn: str
    account: Account | None
    before: State | None
    after: State | None


def bar(counts: Mapping[State, int]) -> Bar:
    """A bar of all states, the worst first; nothing is drawn for none."""
    shown = [(state, counts.get(state, 0)) for state in WORST_FIRST if counts.get(state, 0)]
    total = sum(count for _, count in shown)
    starts = accumulate((count for _, count in shown), initial=0)
    segments = (
        Segment(state, count, _scaled(start, total), _scaled(count, total))
        for (state, count), start in zip(shown, starts, strict=False)
    )
    words = ", ".join(f"{grouped(count)} {STATES[state].lower()}" for state, count in shown)
    return Bar(tuple(segments), words or "nothing")


def score(report: Report) -> Score:
    """The score with its formula; where the landing zone's own keys alone are judged, how many of them."""
    counts = report.counts
    compliant, unknown = counts[State.COMPLIANT], counts[State.UNKNOWN]
    if report.score is None:
        return Score("Score", "\u2013", "", "", "Nothing is judged, so there is no score.")
    if report.judges_own_alone:
        told = (
            "of the landing zone's own keys are compliant" if compliant != 1 else "of its keys is compliant"
        )
        return Score("The landing zone's own keys", own_score(report), told, "", "The rule judges no others.")
    made = partial(Score, "Score", percentage(report.score), f"of {of_what(report)}", formula(counts))
    if not unknown:
        return made("Nothing that counts is unknown.")
    most = percentage((compliant + unknown) / sum(counts[state] for state in scored_states(counts)))
    against = f"{grouped(unknown)} unknown {'counts' if unknown == 1 else 'count'} against it"
    if report.places_in_doubt:
        pairs = counted(report.places_in_doubt, "is an account-Region pair", "are account-Region pairs")
        return made(f"{against}; {pairs} that may have keys nobody sees, so it has no bounds.")
    return made(f"{against}: settled, it lies between {percentage(report.score)} and {most}.")


def unknown_in_words(report: Report) -> str:
    """What the number of UNKNOWN counts: keys, and accounts and Regions that show none."""
    keys, places = report.keys_by_state[State.UNKNOWN], report.places_in_doubt
    told = [counted(keys, "key")] if keys or not places else []
    if places:
        told.append(pairs_in_doubt(places))
    return " and ".join(told)


def coverage(report: Report) -> str:
    """How much is covered."""
    accounts = len(report.accounts) or len({place.account for place in report.places})
    sizes = (accounts, "account"), (len(regions_of(report)), "Region"), (len(report.keys), "key")
    return ", ".join(counted(number, noun) for number, noun in sizes)


def failing(rows: Sequence[KeyRow]) -> tuple[Failing, ...]:
    """Every requirement with the number of keys that fail it."""
    keys = Counter(name for row in rows for name in {*row.fails})
    own = Counter(name for row in rows if row.own for name in {*row.fails})
    most = max(keys.values(), default=0)
    return tuple(
        Failing(name, keys[name], own[name], _scaled(keys[name], most))
        for name in dict.fromkeys((*REQUIREMENTS, *sorted(keys)))
    )


def differences(report: Report, trend: Trend) -> tuple[Difference, ...]:
    """The counts before and now."""
    return tuple(
        Difference(state, trend.counts_before.get(state, 0), report.counts.get(state, 0))
        for state in told_states(trend.counts_before, report.counts)
    )


def oldest(report: Report) -> tuple[datetime, str] | None:
    """When the oldest evaluation was made, and how long that was before the report."""
    found = report.oldest_evaluation
    if found is None:
        return None
    ago = max(report.as_of - found, timedelta())
    hours = ago // timedelta(hours=1)
    return found, counted(ago.days, "day") if ago.days > 1 else counted(hours, "hour")


def findings(report: Report, rows: Iterable[KeyRow]) -> tuple[FailedRequirement, ...]:
    """The requirements that fail: those of the landing zone's keys first, then by what they stop."""
    details = {
        key.arn: {each.requirement: (each.detail, each.runbook, each.waiver) for each in key.failures}
        for key in report.keys
    }
    groups: Mapping[str, list[tuple[_Said, KeyRow]]] = defaultdict(list)
    for row in rows:
        if row.state in (State.NON_COMPLIANT, State.WAIVED):
            for requirement in dict.fromkeys(row.fails) or (UNNAMED,):
                groups[requirement].append((details[row.arn].get(requirement, (row.text, "", None)), row))
    order = [*REQUIREMENTS, *sorted(groups.keys() - set(REQUIREMENTS))]
    since = open_since(report)
    found = [_finding(name, groups[name], since) for name in order if name in groups]
    return tuple(sorted(found, key=lambda finding: not finding.own))


def doubts(report: Report) -> tuple[DoubtGroup, ...]:
    """What is unknown by its cause, in the order of the causes."""
    by_cause: Mapping[Cause, dict[tuple[str, str], dict[str, list[str]]]] = defaultdict(dict)
    numbers: Mapping[Cause, list[int]] = defaultdict(lambda: [0, 0])

    def note(doubt: Doubt, account: str, what: str) -> None:
        lines = by_cause[doubt.cause].setdefault((doubt.detail, doubt.fix), {})
        lines.setdefault(account, []).append(what)

    in_doubt = {(place.account, place.region): place.doubt for place in report.places}
    for place in report.places:
        if place.doubt is not None and not place.excluded:
            note(place.doubt, place.account, place.region)
            numbers[place.doubt.cause][0] += 1
    for key in report.keys:
        if key.doubt is None:
            continue
        numbers[key.doubt.cause][1] += 1
        if in_doubt.get((key.account, key.region)) != key.doubt:
            note(key.doubt, key.account, f"{key.region} {key.arn.rpartition('/')[2]}")
    accounts = accounts_by_id(report)
    return tuple(
        _doubt_group(cause, numbers[cause], by_cause[cause], accounts) for cause in Cause if cause in by_cause
    )


def observations(report: Report) -> tuple[tuple[Observations, ...], int]:
    """What was observed, failures first, and how many rows more; what is alike is one row.

    What arrives is one for each kind.
    """
    groups: Mapping[tuple[Outcome, str, str, str, str], list[Observation]] = defaultdict(list)
    for one in report.observed.observations if report.observed else ():
        told = "" if one.outcome is Outcome.DELIVERING else one.detail
        groups[one.outcome, one.service, one.what, told, one.cause].append(one)
    order = (Outcome.FAILING, Outcome.NOT_OBSERVED, Outcome.DELIVERING)
    found = sorted(groups.items(), key=lambda group: order.index(group[0][0]))
    names = report.account_names
    return tuple(_alike(alike, names) for _, alike in found[:SHOWN]), max(0, len(found) - SHOWN)


def _alike(alike: list[Observation], names: Mapping[str, str]) -> Observations:
    """One row of observations that are alike; of those that arrive, the one that is longest ago."""
    one = min(alike, key=lambda each: each.at or datetime.max.replace(tzinfo=UTC))
    oldest = one.outcome is Outcome.DELIVERING and len(alike) > 1
    cause = one.cause or ("cause not known" if one.error else "")
    places = (f"{called(each.account, names.get(each.account))}, {each.region}" for each in alike[:_PLACES])
    return Observations(
        one.outcome,
        f"{one.service}, {one.what}",
        "; ".join(places),
        max(0, len(alike) - _PLACES),
        f"{one.detail}, or later" if oldest else one.detail,
        cause,
        one.source,
        one.evidence,
    )


def changes(report: Report) -> tuple[Changed, ...]:
    """The first changes since the earlier report."""
    if report.trend is None:
        return ()
    accounts = accounts_by_id(report)
    return tuple(
        Changed(change.arn, accounts.get(_account_of(change.arn)), change.before, change.after)
        for change in report.trend.changes[:SHOWN]
    )


def _account_of(arn: str) -> str:
    return (*arn.split(":"), *[""] * 5)[4]


def _finding(
    requirement: str, found: list[tuple[_Said, KeyRow]], since: Mapping[tuple[str, str], str]
) -> FailedRequirement:
    own = [_own_line(requirement, said, row, since) for said, row in found if row.own]
    alike: Mapping[_Said, list[KeyRow]] = defaultdict(list)
    others = [(said, row) for said, row in found if not row.own]
    for said, row in others[:SHOWN]:
        alike[said].append(row)
    lines = (*own, *(_line(said, tuple(rows)) for said, rows in alike.items()))
    return FailedRequirement(
        requirement, advice(requirement), lines, len(found), len(own), max(0, len(others) - SHOWN)
    )


def _line(said: _Said, rows: tuple[KeyRow, ...]) -> Line:
    detail, runbook, waiver = said
    return Line(detail, runbook, rows, waiver)


def _own_line(requirement: str, said: _Said, row: KeyRow, since: Mapping[tuple[str, str], str]) -> Line:
    detail, runbook, waiver = said
    fix, command = mending(requirement, detail, row.arn)
    return Line(detail, runbook, (row,), waiver, since.get((row.arn, requirement), ""), fix, command)


def _doubt_group(
    cause: Cause,
    numbers: list[int],
    lines: Mapping[tuple[str, str], Mapping[str, list[str]]],
    accounts: Mapping[str, Account],
) -> DoubtGroup:
    places, keys = numbers
    sizes = [counted(places, "account-Region pair")] * bool(places) + [counted(keys, "key")] * bool(keys)
    shown = tuple(
        DoubtLine(
            detail,
            fix,
            tuple((accounts[account], _enumerated(what)) for account, what in [*where.items()][:SHOWN]),
            max(0, len(where) - SHOWN),
        )
        for (detail, fix), where in [*lines.items()][:SHOWN]
    )
    return DoubtGroup(CAUSES[cause], DOUBTS[cause], ", ".join(sizes), shown, max(0, len(lines) - SHOWN))


def _enumerated(what: list[str]) -> str:
    shown = what[:SHOWN]
    return ", ".join(shown) + (f" and {len(what) - SHOWN:,} more" if len(what) > SHOWN else "")


def _scaled(part: int, whole: int) -> float:
    return round(part * BAR_WIDTH / whole, 2) if whole else 0
