"""What keys and accounts are called, and how the report stands by organizational unit, in every format."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from lzkey.report.document import as_document, from_document
from lzkey.report.formats import Form, render
from lzkey.state import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from lzkey.report.model import Report

    Load = Callable[[str], Report]

NAME, UNIT = "alias/team-data", "Root/Security"
NAMES = ("healthy", "troubled", "empty", "hostile")


class TestUnits:
    """`Report.units`."""

    @pytest.mark.parametrize("name", NAMES)
    def test_they_add_up(self, load_report: Load, name: str) -> None:
        """To the report's own counts and accounts; where no unit is known, there is no view."""
        report = load_report(name)
        if not any(account.unit for account in report.accounts):
            assert report.units == ()
            return
        total: Counter[State] = Counter()
        for one in report.units:
            total.update(one.keys)
        assert {state: total[state] for state in report.keys_by_state} == report.keys_by_state
        assert sum(one.places_in_doubt for one in report.units) == report.places_in_doubt
        mentioned = {place.account for place in report.places} | {key.account for key in report.keys}
        everybody = mentioned | {account.account for account in report.accounts}
        assert sum(one.accounts for one in report.units) == len(everybody)

    def test_the_worst_comes_first(self, load_report: Load) -> None:
        """By what fails, then by what is not known."""
        ranks = [
            (-one.keys[State.NON_COMPLIANT], -one.keys[State.UNKNOWN] - one.places_in_doubt)
            for one in load_report("troubled").units
        ]
        assert len(ranks) > 2
        assert ranks == sorted(ranks)

    def test_accounts_of_no_known_unit_stand_together(self, load_report: Load) -> None:
        """Those that Organizations does not tell of among them."""
        report = load_report("troubled")
        first, *others = report.accounts
        alone = replace(
            report, accounts=(replace(first, unit=UNIT), *(replace(one, unit="") for one in others))
        )
        assert {one.unit: one.accounts for one in alone.units} == {UNIT: 1, "": len(others)}
        fewer = replace(report, accounts=(replace(first, unit=UNIT),))
        assert sum(one.accounts for one in fewer.units) == len(report.accounts)


class TestFormats:
    """Names stand beside what they name."""

    def test_round_trip(self, load_report: Load) -> None:
        """JSON has all of it, and the units in its summary."""
        report = load_report("troubled")
        document = as_document(report)
        assert from_document(json.loads(json.dumps(document))) == report
        assert {key.get("name") for key in document["keys"]} == {NAME, "logs", None}
        assert [one["unit"] for one in document["summary"]["units"] if "unit" in one]

    @pytest.mark.parametrize("form", [Form.TEXT, Form.MARKDOWN, Form.HTML])
    def test_people_read_them(self, load_report: Load, form: Form) -> None:
        """A key's, an account's, and the unit's."""
        shown = render(load_report("troubled"), form)
        assert NAME in shown
        assert UNIT in shown
        assert "unit" in shown.lower()

    def test_what_is_behind_has_its_name(self, load_report: Load) -> None:
        """An account beside its number; AWS tells the name of no unit here."""
        report = load_report("troubled")
        assert "- 444455556666 (Log Archive): its baseline is FAILED" in render(report, Form.MARKDOWN)
        page = render(report, Form.HTML)
        assert re.search(r"444455556666(</span>)?</code> <span class=\"called\">Log Archive</span>", page)

    @pytest.mark.parametrize("form", [Form.TEXT, Form.MARKDOWN, Form.HTML])
    def test_without_units_there_is_no_view(self, load_report: Load, form: Form) -> None:
        """Nobody wonders about an empty table."""
        assert "rganizational unit" not in render(load_report("healthy"), form)

    def test_accounts_in_doubt_have_their_names(self, load_report: Load) -> None:
        """Beside their numbers."""
        report = load_report("troubled")
        place = next(place for place in report.places if place.counts_as_unknown)
        name = report.account_names[place.account]
        assert f"{place.account} ({name})" in render(report, Form.MARKDOWN).replace("\\", "")
        assert f"account {place.account} ({name})" in " ".join(render(report, Form.TEXT).split())

    def test_csv(self, load_report: Load) -> None:
        """A column of each, on every row of the key and of the account."""
        report = load_report("troubled")
        rows = [*csv.DictReader(io.StringIO(render(report, Form.CSV), newline=""))]
        names, units = report.key_names, {one.account: one.unit for one in report.accounts}
        assert {row["key_name"] for row in rows if row["key"]} == {*names.values(), ""}
        assert all(row["key_name"] == names.get(row["key"], "") for row in rows)
        assert all(row["unit"] == units.get(row["account"], "") for row in rows)

    def test_hostile_names_are_cells(self, load_report: Load) -> None:
        """No spreadsheet computes one."""
        rows = [*csv.DictReader(io.StringIO(render(load_report("hostile"), Form.CSV), newline=""))]
        told = [cell for row in rows for cell in (row["key_name"], row["unit"]) if cell]
        assert any(cell.startswith("'=") for cell in told)
        assert [cell for cell in told if cell.startswith("=") or not cell.isprintable()] == []
