"""What is found, what is not known, and what has changed: grouped, and bounded in length."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from landing_zone_key.requirements import WORST_FIRST
from lzkey.catalogue import Advice, advice
from lzkey.report.html.rows import accounts_by_id
from lzkey.report.html.words import CAUSES, DOUBTS, UNNAMED
from lzkey.report.model import Cause, Doubt
from lzkey.report.wording import counted
from lzkey.state import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lzkey.report.html.rows import KeyRow
    from lzkey.report.model import Account, Report

SHOWN: Final = 100
"""How many of one kind are written out; all are in the table of keys, and in the CSV and JSON files."""


@dataclass(frozen=True, slots=True)
class Line:
    """Keys that fail a requirement in the same way."""

    detail: str
    rows: tuple[KeyRow, ...]


@dataclass(frozen=True, slots=True)
class Finding:
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
class Changed:
    """A key whose state has changed."""

    arn: str
    account: Account | None
    before: State | None
    after: State | None


def findings(report: Report, rows: Iterable[KeyRow]) -> tuple[Finding, ...]:
    """Return the requirements that fail: those of the landing zone's keys first, then by what they stop."""
    details = {
        key.arn: {failure.requirement: failure.detail for failure in key.failures} for key in report.keys
    }
    groups: Mapping[str, list[tuple[str, KeyRow]]] = defaultdict(list)
    for row in rows:
        if row.state is State.NON_COMPLIANT:
            for requirement in dict.fromkeys(row.fails) or (UNNAMED,):
                groups[requirement].append((details[row.arn].get(requirement, row.text), row))
    order = [*WORST_FIRST, *sorted(groups.keys() - set(WORST_FIRST))]
    found = [_finding(name, groups[name]) for name in order if name in groups]
    return tuple(sorted(found, key=lambda finding: not finding.own))


def doubts(report: Report) -> tuple[DoubtGroup, ...]:
    """Return what is unknown by its cause, in the order of the causes."""
    grouped: Mapping[Cause, dict[tuple[str, str], dict[str, list[str]]]] = defaultdict(dict)
    numbers: Mapping[Cause, list[int]] = defaultdict(lambda: [0, 0])

    def note(doubt: Doubt, account: str, what: str) -> None:
        lines = grouped[doubt.cause].setdefault((doubt.detail, doubt.fix), {})
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
        _doubt_group(cause, numbers[cause], grouped[cause], accounts) for cause in Cause if cause in grouped
    )


def changes(report: Report) -> tuple[Changed, ...]:
    """Return the first changes since the earlier report."""
    if report.trend is None:
        return ()
    accounts = accounts_by_id(report)
    return tuple(
        Changed(change.arn, accounts.get(_account_of(change.arn)), change.before, change.after)
        for change in report.trend.changes[:SHOWN]
    )


def _account_of(arn: str) -> str:
    return (*arn.split(":"), *[""] * 5)[4]


def _finding(requirement: str, found: list[tuple[str, KeyRow]]) -> Finding:
    own = [Line(detail, (row,)) for detail, row in found if row.own]
    alike: Mapping[str, list[KeyRow]] = defaultdict(list)
    others = [(detail, row) for detail, row in found if not row.own]
    for detail, row in others[:SHOWN]:
        alike[detail].append(row)
    lines = (*own, *(Line(detail, tuple(rows)) for detail, rows in alike.items()))
    return Finding(requirement, advice(requirement), lines, len(found), len(own), max(0, len(others) - SHOWN))


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
