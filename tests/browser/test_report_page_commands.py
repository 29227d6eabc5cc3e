"""Commands to copy: by a button, by the keyboard, and without either."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from lzkey.report.html import as_html
from lzkey.state import State

from .conftest import report_named
from .driver import opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

    from .driver import Opened

#: An ARN that a shell would take for more than a word.
HOSTILE = "arn:aws:kms:us-east-1:111122223333:key/1; touch $(whoami)'s"


def _with_a_hostile_arn() -> str:
    report = report_named("troubled")
    own = next(key for key in report.keys if key.of_landing_zone and key.state is State.NON_COMPLIANT)
    keys = tuple(replace(key, arn=HOSTILE) if key is own else key for key in report.keys)
    return as_html(replace(report, keys=keys))


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Opened]:
    """The troubled report, one of whose commands has an ARN that nobody should run, and a clipboard."""
    path = tmp_path / "report.html"
    path.write_text(_with_a_hostile_arn(), encoding="utf-8")
    with opened(browser, path, permissions=["clipboard-read", "clipboard-write"]) as shown:
        yield shown
        assert shown.misdeeds == []


def test_what_is_read_is_copied(page: Opened) -> None:
    """The whole command, what is foreign as one word of a shell, and it is said that it is copied."""
    command = page.page.locator(".command", has_text="touch").first
    command.get_by_role("button", name="Copy").click()
    page.page.get_by_role("status").filter(has_text="The command is copied").wait_for(state="attached")
    copied = page.page.evaluate("navigator.clipboard.readText()")
    assert copied == command.locator("> code").text_content()
    assert copied.endswith(""" 'arn:aws:kms:us-east-1:111122223333:key/1; touch $(whoami)'"'"'s'""")
    assert command.get_by_role("button").text_content() == "Copied"


def test_it_is_selected_where_nothing_may_be_copied(page: Opened) -> None:
    """As in a browser that keeps its clipboard to itself: then the keyboard copies it."""
    page.page.evaluate(
        "Object.defineProperty(navigator, 'clipboard', { value: { writeText: () => Promise.reject() } })"
    )
    command = page.page.locator(".command").first
    command.get_by_role("button").focus()
    page.page.keyboard.press("Enter")
    page.page.get_by_role("status").filter(has_text="The command is selected").wait_for(state="attached")
    assert page.page.evaluate("getSelection().toString()") == command.locator("> code").text_content()


def test_there_is_no_button_without_a_script_or_on_paper(browser: Browser, tmp_path: Path) -> None:
    """Where it could do nothing; the command is there."""
    path = tmp_path / "report.html"
    path.write_text(_with_a_hostile_arn(), encoding="utf-8")
    with opened(browser, path, java_script_enabled=False) as shown:
        assert shown.page.locator(".command > code").first.is_visible()
        assert shown.page.locator(".copy:visible").count() == 0
    with opened(browser, path) as shown:
        assert shown.page.locator(".copy:visible").count() > 0
        shown.page.emulate_media(media="print")
        assert shown.page.locator(".copy:visible").count() == 0
