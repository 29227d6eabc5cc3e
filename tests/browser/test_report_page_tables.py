"""Filters, order, pages and the keyboard: what the tables show is what the report holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from landing_zone_key import Requirement
from landing_zone_key.requirements import WORST_FIRST as REQUIREMENTS
from lzkey.report.html.words import STATES
from lzkey.state import WORST_FIRST, State, told_states

from .conftest import MANY, report_named
from .populations import MANAGEMENT, REGIONS, states_by_account

if TYPE_CHECKING:
    from collections.abc import Callable

    from lzkey.report.model import KeyResult

    from .conftest import Open
    from .driver import Opened

COLUMNS = ("Key", "Account", "Region", "Evaluated, UTC", "What is known")
FAILED = '#keys [name=state][value="0"]'


FILTERS: dict[str, tuple[Callable[[Opened], object], Callable[[KeyResult], bool]]] = {
    "a state": (
        lambda many: many.page.check(FAILED),
        lambda key: key.state is State.NON_COMPLIANT,
    ),
    "two states": (
        lambda many: (many.page.check(FAILED), many.page.check('#keys [name=state][value="1"]')),
        lambda key: key.state in (State.NON_COMPLIANT, State.UNKNOWN),
    ),
    "an account's number": (
        lambda many: many.page.fill("#keys-account", MANAGEMENT),
        lambda key: key.account == MANAGEMENT,
    ),
    "an account's name, in capitals": (
        lambda many: many.page.fill("#keys-account", "TEAM 0017"),
        lambda key: key.account == "200000000119",
    ),
    "a Region": (
        lambda many: many.page.select_option("#keys-region", label="eu-west-1"),
        lambda key: key.region == "eu-west-1",
    ),
    "a requirement": (
        lambda many: many.page.select_option("#keys-requirement", label="MANAGEMENT_ACCOUNT"),
        lambda key: any(failure.requirement == "MANAGEMENT_ACCOUNT" for failure in key.failures),
    ),
    "a requirement that nothing fails": (
        lambda many: many.page.select_option("#keys-requirement", label="SYMMETRIC"),
        lambda _: False,
    ),
    "words of the annotation": (
        lambda many: many.page.fill("#keys-text", "denyoutsideorg refused"),
        lambda key: "DenyOutsideOrg" in key.annotation,
    ),
    "the cause of a doubt": (
        lambda many: many.page.fill("#keys-text", "never evaluated"),
        lambda key: key.state is State.UNKNOWN,
    ),
    "a whole ARN": (
        lambda many: many.page.fill("#keys-text", report_named(MANY).keys[1234].arn),
        lambda key: key == report_named(MANY).keys[1234],
    ),
    "the landing zone's own": (
        lambda many: many.page.check("#keys [name=own]"),
        lambda key: key.of_landing_zone,
    ),
    "a Region and a state and a word": (
        lambda many: (
            many.page.select_option("#keys-region", label="us-west-2"),
            many.page.check(f'#keys [name=state][value="{WORST_FIRST.index(State.COMPLIANT)}"]'),
            many.page.fill("#keys-text", "proved"),
        ),
        lambda key: key.region == "us-west-2" and key.state is State.COMPLIANT,
    ),
}


class TestFiltersOfKeys:
    """Each against the report itself."""

    @pytest.mark.parametrize("name", FILTERS)
    def test_count_is_that_of_the_report(self, unfiltered: Opened, name: str) -> None:
        """And the rows that are shown are among those that match."""
        choose, matches = FILTERS[name]
        keys = report_named(MANY).keys
        wanted = {key.arn.rpartition("/")[2] for key in keys if matches(key)}
        choose(unfiltered)
        told = unfiltered.count("#keys")
        rows = unfiltered.texts(".keys tbody code")
        assert told.startswith(f"{len(wanted):,} of {len(keys):,} keys" if wanted else "No match among")
        assert set(rows) <= wanted
        assert len(rows) == min(50, len(wanted))

    def test_clear_shows_all_again(self, unfiltered: Opened) -> None:
        """As if nothing had been chosen."""
        before = unfiltered.count("#keys")
        unfiltered.page.check(FAILED)
        assert unfiltered.count("#keys") != before
        unfiltered.page.click("#keys .clear")
        assert unfiltered.count("#keys") == before

    def test_requirement_of_a_finding_is_one_step_away(self, unfiltered: Opened) -> None:
        """Its link filters the table, and clears what was chosen before."""
        unfiltered.page.fill("#keys-text", "nothing of this kind")
        unfiltered.page.click("[data-requirement=CLOUDTRAIL_ACCESS]")
        failing = sum(key.state is State.NON_COMPLIANT for key in report_named(MANY).keys)
        assert unfiltered.count("#keys").startswith(f"{failing:,} of ")
        assert unfiltered.page.evaluate("document.activeElement.id") == "keys-requirement"


class TestFiltersOfAccounts:
    """The matrix is filtered by account, and by the states in it."""

    @pytest.mark.parametrize("state", told_states({}))
    def test_count_is_that_of_the_report(self, unfiltered: Opened, state: State) -> None:
        """Accounts that have the state in any Region."""
        wanted = sum(state in states for states in states_by_account(report_named(MANY)).values())
        unfiltered.page.select_option("#matrix-state", label=STATES[state])
        assert unfiltered.count("#matrix").startswith(f"{wanted} of 300 accounts" if wanted else "No match")

    def test_account_leads_to_its_keys(self, unfiltered: Opened) -> None:
        """Its name is a button that filters the table of keys."""
        unfiltered.page.fill("#matrix-text", MANAGEMENT)
        unfiltered.page.click(".matrix tbody button")
        assert unfiltered.count("#keys").startswith(f"{3 * len(REGIONS)} of ")


class TestOrder:
    """A column's head is a button, and says in which direction it sorts."""

    def test_columns_sort_both_ways(self, many: Opened) -> None:
        """The first click ascends, the second descends; one column at a time says so."""
        for column, head in enumerate(COLUMNS, 2):
            button = many.page.locator("#keys").get_by_role("button", name=head, exact=True)
            for direction in ("ascending", "descending"):
                button.click()
                found = [text.replace("never", "0").lower() for text in many.column(".keys", column)]
                assert found == sorted(found, reverse=direction == "descending")
                assert many.texts(f".keys [aria-sort={direction}] .printed") == [head]
                assert many.page.locator(".keys [aria-sort]").count() == 1

    def test_worst_come_first_at_first(self, many: Opened) -> None:
        """And the landing zone's own first of these."""
        assert set(many.column(".keys", 1)) == {"Non-compliant"}
        assert many.rows(".keys")[0].startswith(
            "Non-compliant | 00000000-12ab-34cd-56ef-1234567890ab landing zone"
        )

    def test_matrix_sorts_by_a_region(self, many: Opened) -> None:
        """Ascending is the worst first."""
        many.page.click(".matrix th:nth-child(3) button")
        assert many.column(".matrix", 3)[0].startswith("Non-compliant")
        many.page.click(".matrix th:nth-child(3) button")
        assert many.column(".matrix", 3)[0].startswith("Not applicable")


class TestPages:
    """Fifty rows at a time."""

    def test_every_key_is_on_one_page(self, many: Opened) -> None:
        """Through all pages, once each."""
        many.page.check('#keys [name=state][value="1"]')
        found: list[str] = []
        while True:
            found += many.texts(".keys tbody code")
            following = many.page.locator("#keys .pager button", has_text="Next")
            if following.get_attribute("aria-disabled") == "true":
                break
            following.click()
        unknown = [key for key in report_named(MANY).keys if key.state is State.UNKNOWN]
        assert len(found) == len(unknown)
        assert set(found) == {key.arn.rpartition("/")[2] for key in unknown}

    def test_ends_are_ends(self, many: Opened) -> None:
        """Turning on from the last page, or back from the first, stays there."""
        first = many.rows(".keys")
        many.page.click("#keys .pager >> text=Previous", force=True)
        assert many.rows(".keys") == first
        many.page.click("#keys .pager >> text=Last")
        last = many.rows(".keys")
        many.page.click("#keys .pager >> text=Next", force=True)
        assert many.rows(".keys") == last != first


class TestKeyboard:
    """Nothing needs a pointer."""

    def test_filters_and_pages_are_reached_and_work(self, many: Opened) -> None:
        """Space chooses a state, Enter sorts and turns the page."""
        keyboard = many.page.keyboard
        many.page.focus(FAILED)
        keyboard.press("Space")
        assert " of 3," in many.count("#keys")
        many.page.focus(".keys th:nth-child(2) button")
        keyboard.press("Enter")
        assert many.page.get_attribute(".keys th:nth-child(2)", "aria-sort") == "ascending"
        many.page.focus("#keys .pager button:nth-of-type(3)")
        keyboard.press("Enter")
        assert "51 to 100 shown" in many.count("#keys")

    def test_first_stop_skips_to_the_content(self, many: Opened) -> None:
        """And it is seen when it is reached."""
        many.page.keyboard.press("Tab")
        assert many.page.evaluate("document.activeElement.className") == "skip"
        assert many.page.evaluate("document.activeElement.getBoundingClientRect().left") == 0
        many.page.keyboard.press("Enter")
        assert many.page.evaluate("document.activeElement.id") == "content"


class TestNames:
    """What keys are called, and the units of their accounts."""

    def test_keys_are_found_by_what_they_are_called(self, read: Open) -> None:
        """Each stands beside its key's id."""
        shown, wanted = read("troubled"), report_named("troubled")
        shown.page.fill("#keys-text", "ALIAS/team")
        number = sum(key.name == "alias/team-data" for key in wanted.keys)
        assert shown.count("#keys") == f"{number} of {len(wanted.keys)} keys"
        assert {*shown.texts(".keys .called")} == {"alias/team-data"}

    def test_units_stand_before_the_accounts(self, read: Open) -> None:
        """Filtering the accounts leaves them as they are."""
        shown, wanted = read("troubled"), report_named("troubled")
        shown.page.fill("#matrix-text", "nobody is called so")
        assert shown.texts(".units tbody th") == [one.unit for one in wanted.units]
        assert shown.column(".units", 2) == [str(one.accounts) for one in wanted.units]
        assert shown.rows(".matrix") == []


def test_every_requirement_can_be_chosen(many: Opened) -> None:
    """Those of the engine, in the page's order."""
    assert many.texts("#keys-requirement option")[1:] == [*REQUIREMENTS]


class TestLinks:
    """A key that is told of leads to where more is."""

    def test_a_finding_leads_to_the_row_of_its_key(self, read: Callable[..., Opened]) -> None:
        """In the table of all keys, which then shows that key alone."""
        shown = read("troubled")
        link = shown.page.locator("#findings a[data-key]").first
        link.click()
        assert shown.page.url.endswith("#keys")
        (found,) = shown.column(".keys", 2)
        assert found.split()[0] == str(link.get_attribute("data-key")).rpartition("/")[2]
        shown.page.click("#keys .clear")

    def test_the_landing_zones_keys_lead_to_their_own_tables(self, read: Callable[..., Opened]) -> None:
        """With every requirement, and its answer."""
        shown = read("troubled")
        own = report_named("troubled").landing_zone.keys[0]
        link = shown.page.locator("#findings a[href^='#own-']").first
        assert link.inner_text() == own
        table = shown.rows(f"{link.get_attribute('href')} .answers")
        assert [row.split(" | ")[0] for row in table] == [name.value for name in Requirement]
        assert {row.split(" | ")[1] for row in table} == {"Does not hold", "Holds"}
