"""The two tables that the page filters and sorts, all keys and the accounts by Region: rows, and as data.

The data stands in the page in columns, small enough for a browser to open tens of thousands of keys.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from lzkey.figures import counted
from lzkey.page.words import visible
from lzkey.report.html.words import CAUSES
from lzkey.report.model import Account
from lzkey.state import WORST_FIRST, State

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from lzkey.report.model import KeyResult, RegionResult, Report

_KEY_ARN: Final = re.compile(r"arn:([a-z-]+):kms:([^:]*):([^:]*):key/([^:/]+)", re.ASCII)

Value = TypeVar("Value")

#: No character of the data may end the element that it stands in, or start another.
#: https://html.spec.whatwg.org/multipage/scripting.html#restrictions-for-contents-of-script-elements
_ESCAPES: Final = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One key."""

    state: State
    arn: str
    name: str
    """The key's id, where account, Region and the report's partition give its ARN; else the ARN."""
    own: bool
    """One of the landing zone's keys."""
    account: Account
    region: str
    evaluated: datetime | None
    text: str
    fails: tuple[str, ...]
    called: str = ""
    """What people call it."""

    @property
    def minute(self) -> int | None:
        """When it was evaluated, in minutes since 1970."""
        return None if self.evaluated is None else int(self.evaluated.timestamp() // 60)


@dataclass(frozen=True, slots=True)
class Cell:
    """One account in one Region."""

    state: State
    text: str


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One account, with a cell for each Region; None where the report says nothing."""

    account: Account
    cells: tuple[Cell | None, ...]

    @property
    def rank(self) -> tuple[int, ...]:
        """Orders the worst first: by its worst cells, then by how many are as bad."""
        found = Counter(cell.state if cell else State.UNKNOWN for cell in self.cells)
        return tuple(-found[state] for state in WORST_FIRST[:2])


def accounts_by_id(report: Report) -> dict[str, Account]:
    """Every account that the report mentions, those of the organization first and in their order."""
    found = {account.account: account for account in report.accounts}
    mentioned = (*(place.account for place in report.places), *(key.account for key in report.keys))
    for number in mentioned:
        if number not in found:
            found[number] = Account(number, "", "")
    return found


def regions_of(report: Report) -> tuple[str, ...]:
    """Every Region that the report mentions, those of its scope first and in their order."""
    mentioned = (place.region for place in report.places)
    return tuple(dict.fromkeys((*report.scope.regions, *mentioned, *(key.region for key in report.keys))))


def partition_of(report: Report) -> str:
    """The partition of the report's keys."""
    found = (_KEY_ARN.fullmatch(key.arn) for key in report.keys)
    return next((match[1] for match in found if match), "aws")


def key_rows(report: Report) -> list[KeyRow]:
    """All keys: the worst state first, in it the landing zone's keys, then by account and Region."""
    accounts, partition = accounts_by_id(report), partition_of(report)
    places = {account: place for place, account in enumerate(accounts)}
    regions = {region: place for place, region in enumerate(regions_of(report))}
    ordered = sorted(
        report.keys,
        key=lambda key: (
            WORST_FIRST.index(key.state),
            not key.of_landing_zone,
            places[key.account],
            regions[key.region],
            key.arn,
        ),
    )
    return [_key_row(key, accounts[key.account], partition) for key in ordered]


def matrix_rows(report: Report) -> list[MatrixRow]:
    """All accounts, the worst first."""
    regions = regions_of(report)
    causes = _causes_of_keys(report)
    cells: Mapping[str, dict[str, Cell]] = defaultdict(dict)
    for place in report.places:
        cells[place.account][place.region] = _cell(place, causes.get((place.account, place.region), ""))
    rows = (
        MatrixRow(account, tuple(cells.get(number, {}).get(region) for region in regions))
        for number, account in accounts_by_id(report).items()
    )
    return sorted(rows, key=lambda row: row.rank)


def explained(key: KeyResult) -> str:
    """What is known of a key: why not more is, or AWS Config's annotation, and who has waived what."""
    if key.doubt is None:
        waivers = (f"{each.requirement} {each.waiver}" for each in key.failures if each.waiver)
        return "; ".join([key.annotation, *waivers])
    told = f"{CAUSES[key.doubt.cause]}: {key.doubt.detail}" if key.doubt.detail else CAUSES[key.doubt.cause]
    return f"{told} ({key.annotation})" if key.annotation else told


def _key_row(key: KeyResult, account: Account, partition: str) -> KeyRow:
    found = _KEY_ARN.fullmatch(key.arn)
    usual = found is not None and found.group(1, 2, 3) == (partition, key.region, key.account)
    return KeyRow(
        state=key.state,
        arn=key.arn,
        name=found[4] if found and usual else key.arn,
        own=key.of_landing_zone,
        account=account,
        region=key.region,
        evaluated=key.evaluated_at,
        text=explained(key),
        fails=tuple(failure.requirement for failure in key.failures),
        called=key.name,
    )


def _causes_of_keys(report: Report) -> dict[tuple[str, str], str]:
    """The causes of keys in doubt, by account and Region."""
    found: Mapping[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for key in report.keys:
        if key.doubt is not None:
            found[key.account, key.region][CAUSES[key.doubt.cause]] = None
    return {place: ", ".join(causes) for place, causes in found.items()}


def _cell(place: RegionResult, causes: str) -> Cell:
    counts = {state: place.keys.get(state, 0) for state in State}
    keys = counted(sum(counts.values()), "key")
    parts = []
    if counts[State.NON_COMPLIANT]:
        parts.append(f"{counts[State.NON_COMPLIANT]:,} of {keys} {_verb(counts[State.NON_COMPLIANT])}")
    if counts[State.UNKNOWN]:
        parts.append(f"{counts[State.UNKNOWN]:,} of {keys} unknown")
    if counts[State.WAIVED]:
        parts.append(f"{counts[State.WAIVED]:,} of {keys} waived")
    told = CAUSES[place.doubt.cause] if place.doubt else causes
    if told:
        parts.append(told)
    if place.doubt and place.out_of_scope:
        parts.append("no key is judged there")
    if place.excluded:
        parts.append("excluded")
    if not parts:
        parts.append(keys if sum(counts.values()) else "no key")
    return Cell(place.state, "; ".join(parts))


def _verb(number: int) -> str:
    return "fails" if number == 1 else "fail"


class Numbers(Generic[Value]):
    """Values by number, each once, in the order in which they come up."""

    def __init__(self) -> None:
        self._numbers: dict[Value, int] = {}

    def of(self, value: Value) -> int:
        """The value's number."""
        return self._numbers.setdefault(value, len(self._numbers))

    def __iter__(self) -> Iterator[Value]:
        """The values in the order of their numbers."""
        return iter(self._numbers)


def island(
    report: Report, keys: Sequence[KeyRow], matrix: Sequence[MatrixRow], requirements: Sequence[str]
) -> str:
    """The rows of both tables as JSON that can stand in a script element.

    `texts` holds each text once and `failures` each set of `requirements` that some key fails; rows hold
    their numbers. Columns of `keys`: `id` (the ARN where it is not the usual one), `account`, `region`,
    `text`, `failures`, `state` (a digit each, 0 is the worst), `at` (minutes since 1970, UTC, or null),
    `own` (the rows of the landing zone's) and `called` (by row, what people call the key, where that is
    known). Of `matrix`: `account`, and `cells`, a state and a text for each Region or null.
    """
    texts: Numbers[str] = Numbers()
    failures: Numbers[tuple[int, ...]] = Numbers()
    order = {requirement: number for number, requirement in enumerate(requirements)}
    accounts = {number: place for place, number in enumerate(accounts_by_id(report))}
    document: dict[str, Any] = {
        "version": 1,
        "partition": visible(partition_of(report)),
        "regions": [*map(visible, regions_of(report))],
        "accounts": [
            [*map(visible, (account.account, account.name, account.status))]
            for account in accounts_by_id(report).values()
        ],
        "keys": {
            "id": [visible(row.name) for row in keys],
            "account": [accounts[row.account.account] for row in keys],
            "region": _regions(report, keys),
            "text": [texts.of(row.text) for row in keys],
            "state": "".join(str(WORST_FIRST.index(row.state)) for row in keys),
            "failures": [failures.of(tuple(map(order.__getitem__, row.fails))) for row in keys],
            "at": [row.minute for row in keys],
            "own": [number for number, row in enumerate(keys) if row.own],
            "called": {number: visible(row.called) for number, row in enumerate(keys) if row.called},
        },
        "matrix": {
            "account": [accounts[row.account.account] for row in matrix],
            "cells": [
                [cell and (WORST_FIRST.index(cell.state), texts.of(cell.text)) for cell in row.cells]
                for row in matrix
            ],
        },
        "requirements": [*map(visible, requirements)],
        "failures": [*failures],
        "texts": [*map(visible, texts)],
    }
    return json.dumps(document, separators=(",", ":"), allow_nan=False).translate(_ESCAPES)


def _regions(report: Report, keys: Sequence[KeyRow]) -> list[int]:
    places = {region: place for place, region in enumerate(regions_of(report))}
    return [places[row.region] for row in keys]
