"""The report in a CI system's log: no command in any format, and the same in a file."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from lzkey.report.formats import Form, render, write
from lzkey.terminal import result

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lzkey.report.model import Report

COMMANDS = "::notice::hello ##[group]hello ##vso[task.debug]hello"
READERS = ("GITHUB_ACTIONS", "TF_BUILD", "TEAMCITY_VERSION")


def commands(log: str) -> list[str]:
    """The lines in which GitHub or Azure would find a command."""
    return [line for line in log.splitlines() if re.search(r"^\s*::.*::|##\w*\[", line)]


def without_spaces(text: str) -> str:
    """The text without the spaces by which it may be guarded."""
    return re.sub(r"(?<=[:#]) (?=[:#])", "", text)


@pytest.fixture
def report(load_report: Callable[[str], Report], monkeypatch: pytest.MonkeyPatch) -> Report:
    """One with commands in every name and answer; nobody reads it yet."""
    for name in READERS:
        monkeypatch.delenv(name, raising=False)
    made = load_report("troubled")
    return replace(
        made,
        accounts=tuple(replace(account, name=COMMANDS) for account in made.accounts),
        keys=tuple(replace(key, annotation=COMMANDS) for key in made.keys),
        notes=(COMMANDS, "x " * 38 + COMMANDS),
    )


@pytest.mark.parametrize("form", Form)
def test_no_command(
    report: Report, form: Form, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On standard output; the twin: elsewhere there are, but in Markdown, which has references for them."""
    usual = render(report, form)
    assert bool(commands(usual)) == (form is not Form.MARKDOWN)
    monkeypatch.setenv("TF_BUILD", "True")
    result(render(report, form))
    read = capsys.readouterr().out
    assert commands(read) == []
    if form in {Form.JSON, Form.OSCAL}:
        assert json.loads(read) == json.loads(usual)
    else:
        assert without_spaces(read) == without_spaces(usual)


def test_a_file_stays_as_it_is(report: Report, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nobody reads it for commands."""
    files = [tmp_path / f"report{form.suffixes[0]}" for form in Form]
    write(report, files)
    before = [path.read_bytes() for path in files]
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    write(report, files)
    assert [path.read_bytes() for path in files] == before


@pytest.mark.parametrize("form", Form)
def test_whatever_is_no_command_stays(
    load_report: Callable[[str], Report], form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page's style and script, too."""
    for name in READERS:
        monkeypatch.delenv(name, raising=False)
    usual = render(load_report("hostile"), form)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert render(load_report("hostile"), form) == usual
