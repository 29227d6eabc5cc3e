"""The page in a browser: it says what the report says, with JavaScript and without, and asks for nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from landing_zone_key.requirements import WORST_FIRST as REQUIREMENTS
from lzkey.page.words import grouped
from lzkey.report.html.words import ANSWERS, STATES

from .conftest import MANY, NAMES, report_named

if TYPE_CHECKING:
    from .conftest import Open

ON_A_PAGE = 50


@pytest.mark.parametrize("name", [*NAMES, MANY])
class TestAnyReport:
    """With JavaScript and without, in the same words."""

    def test_opens_quietly(self, read: Open, name: str) -> None:
        """No request, no error, no violation of its own policy."""
        shown = read(name)
        assert shown.page.title().startswith("Landing zone key report: ")

    def test_script_shows_what_html_says(self, read: Open, name: str) -> None:
        """The rows that the script makes are those that are in the page without it."""
        live, still = read(name), read(name, java_script_enabled=False)
        for table in (".keys", ".matrix"):
            assert live.rows(table) == still.rows(table)[:ON_A_PAGE]

    def test_numbers_are_those_of_the_report(self, read: Open, name: str) -> None:
        """Counts by state, failing keys by requirement, keys and accounts."""
        report = report_named(name)
        shown = read(name)
        for state, count in report.keys_by_state.items():
            assert shown.texts(f"[data-count={state}]") == [grouped(count)]
        assert shown.texts("[data-count=all]") == [grouped(len(report.keys))]
        for requirement in REQUIREMENTS:
            failing = sum(
                any(failure.requirement == requirement for failure in key.failures) for key in report.keys
            )
            assert shown.texts(f"[data-failing={requirement}]") == [grouped(failing)]
        assert shown.count("#keys").startswith(
            f"{grouped(len(report.keys))} key" if report.keys else "No key"
        )

    def test_answers_without_a_script(self, read: Open, name: str) -> None:
        """The answer, every state's number, and that something is missing."""
        report = report_named(name)
        shown = read(name, java_script_enabled=False)
        assert shown.page.inner_text(".word") == ANSWERS[report.proved.delivery]
        assert "JavaScript is off" in shown.page.inner_text("#keys")
        assert not shown.page.is_visible("form")
        assert not shown.page.is_visible(".pager")


class TestTroubledReport:
    """One report by hand."""

    def test_big_word_is_the_answer(self, read: Open) -> None:
        """And the reason beside it names the key."""
        shown = read("troubled")
        assert shown.page.inner_text(".word") == "No."
        assert report_named("troubled").landing_zone.keys[0] in shown.texts(".why")[0]

    def test_findings_name_what_is_refused_and_the_fix(self, read: Open) -> None:
        """The landing zone's own key comes first, with the command for it."""
        shown = read("troubled")
        arn = report_named("troubled").landing_zone.keys[0]
        first = shown.texts("#findings tbody tr")[0]
        assert first.startswith('kms:Decrypt refused, denied by "DenyOutsideOrg"')
        assert first.endswith(f"lzkey fix --discover {arn}Copy")

    def test_every_cell_says_its_state(self, read: Open) -> None:
        """Not by its colour alone."""
        shown = read("troubled")
        cells = shown.texts(".matrix td")
        assert len(cells) == len(report_named("troubled").places)
        assert all(cell.startswith(tuple(f"{name}: " for name in STATES.values())) for cell in cells)

    def test_causes_of_doubt_are_in_the_cells(self, read: Open) -> None:
        """An account without a recorder says so."""
        shown = read("troubled")
        assert "Unknown: no recorder" in shown.texts(".matrix td")

    def test_a_page_alone_names_no_digest(self, read: Open) -> None:
        """None that its reader could recompute: with a JSON file beside it, it has one."""
        assert read("troubled").texts("#fingerprint") == []
