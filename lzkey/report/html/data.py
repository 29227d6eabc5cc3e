"""The data in the page: columns, small enough for a browser to open and filter tens of thousands of keys."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from lzkey.report.html.rows import accounts_by_id, partition_of, regions_of
from lzkey.report.html.text import visible
from lzkey.state import WORST_FIRST

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lzkey.report.html.rows import KeyRow, MatrixRow
    from lzkey.report.model import Report

Value = TypeVar("Value")

# No character of the data may end the element that it stands in, or start another.
# https://html.spec.whatwg.org/multipage/scripting.html#restrictions-for-contents-of-script-elements
_ESCAPES: Final = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


class Numbers(Generic[Value]):
    """Values by number, each once, in the order in which they come up."""

    def __init__(self) -> None:
        self._numbers: dict[Value, int] = {}

    def of(self, value: Value) -> int:
        """Return the value's number."""
        return self._numbers.setdefault(value, len(self._numbers))

    def __iter__(self) -> Iterator[Value]:
        """Yield the values in the order of their numbers."""
        return iter(self._numbers)


def island(
    report: Report, keys: Sequence[KeyRow], matrix: Sequence[MatrixRow], requirements: Sequence[str]
) -> str:
    """Return the rows of both tables as JSON that can stand in a script element.

    `texts` holds each text once and `failures` each set of `requirements` that some key fails; rows hold
    their numbers. Columns of `keys`: `id` (the ARN where it is not the usual one), `account`, `region`,
    `text`, `failures`, `state` (a digit each, 0 is the worst), `at` (minutes since 1970, UTC, or null) and
    `own` (the rows of the landing zone's). Of `matrix`: `account`, and `cells`, a state and a text for each
    Region or null.
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


def fingerprint(text: str) -> str:
    """Return the SHA-256 of a text as hexadecimal digits."""
    return sha256(text.encode()).hexdigest()
