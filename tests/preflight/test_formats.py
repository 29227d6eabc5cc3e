"""How a preflight is written: for people, for programs, for a build server; nothing in it is trusted."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator

from lzkey.documents import schema_of
from lzkey.errors import ExitCode
from lzkey.preflight.formats import Form
from lzkey.preflight.model import Item, Level, Part, Preflight
from lzkey.rendering import render

from .conftest import ARN, NOON, OTHER, configured, manifest

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Run

PAGE = "https://docs.aws.amazon.com/page.html"
NASTY = "\x1b[2J\u202e<a href='x'>`@all` | [b](c)\nOK         Enabled: it is"


def item(level: Level, part: Part = Part.REQUIREMENTS, about: str = ARN, detail: str = "it is") -> Item:
    """One of a level."""
    fix = "" if level is Level.OK else "mend it"
    return Item(part, level.value.lower(), level, f"What is {level.words}", detail, PAGE, fix, about)


def made(*items: Item) -> Preflight:
    """A preflight of these."""
    before = configured(manifest())
    after = configured(manifest(ARN, OTHER), "4.0")
    return Preflight(
        before, after, NOON, is_live=True, items=items, assumptions=("assumed",), limits=("limit",)
    )


ALL = made(*(item(level, part) for part in Part for level in Level))


class TestExitCodes:
    """By the worst item."""

    @pytest.mark.parametrize(
        ("levels", "code"),
        [
            ((), ExitCode.DONE),
            ((Level.OK,), ExitCode.DONE),
            ((Level.OK, Level.WARNING), ExitCode.DONE),
            ((Level.NOT_KNOWN, Level.WARNING), ExitCode.UNDETERMINED),
            ((Level.NOT_KNOWN, Level.BLOCKER, Level.OK), ExitCode.PROBLEM),
        ],
    )
    def test_worst_counts(self, levels: tuple[Level, ...], code: ExitCode) -> None:
        """What is not known is never taken for good; a warning is known."""
        assert made(*map(item, levels)).exit_code is code


class TestText:
    """For people."""

    def test_what_it_shows(self) -> None:
        """What is planned; each item, with fix and page unless it is OK; what nobody knows."""
        text = render(ALL, Form.TEXT)
        assert text.startswith("Landing zone of account 111122223333 in us-east-1\n  version: 3.3 -> 4.0\n")
        assert f"  key of AWS Config: {ARN} -> {OTHER}\n" in text
        assert f"\nControl Tower's pre-check, {ARN}\n" in text
        assert (
            "OK         What is OK: it is\nWARNING    What is WARNING: it is\n           fix: mend it\n"
            in text
        )
        assert f"NOT KNOWN  What is NOT KNOWN, {ARN}: it is\n" in text
        assert text.count(PAGE) == 9
        assert "\nWhat cannot be known by reading\n- limit\n" in text
        verdict = "do not begin the change before the blockers are mended"
        assert text.endswith(f"\n{verdict}: 3 BLOCKER, 3 NOT KNOWN, 3 WARNING, 3 OK\n")

    @pytest.mark.parametrize(
        ("level", "words"),
        [
            (Level.NOT_KNOWN, "no blocker is seen, but not everything is known: 1 NOT KNOWN"),
            (Level.WARNING, "no blocker; the warnings are for you to judge: 1 WARNING"),
            (Level.OK, "no blocker, as far as reading tells: 1 OK"),
        ],
    )
    def test_what_it_comes_to(self, level: Level, words: str) -> None:
        """In the last line."""
        assert render(made(item(level)), Form.TEXT).endswith(f"\n{words}\n")

    def test_nothing_paints_the_terminal(self) -> None:
        """And no text of others reads as a line of ours."""
        text = render(made(item(Level.NOT_KNOWN, about=NASTY, detail=NASTY)), Form.TEXT)
        assert not {"\x1b", "\u202e"} & set(text)
        assert not any(line.startswith("OK") for line in text.splitlines())


class TestJson:
    """For programs."""

    def test_is_what_the_schema_says(self) -> None:
        """With every level, and with next to nothing."""
        validator = Draft202012Validator(schema_of("preflight"))
        bare = replace(made(), before=configured(None, None), after=configured(None, None))
        for each in (ALL, bare):
            validator.validate(json.loads(render(each, Form.JSON)))

    def test_members(self) -> None:
        """As they are."""
        told = json.loads(render(ALL, Form.JSON))
        assert (told["level"], told["exit_code"], told["told_by"]) == ("BLOCKER", 3, "live")
        assert told["requests_from"] == "2026-11-29T12:00:00+00:00"
        assert told["before"]["config_key"], told["after"]["config_key"] == (ARN, OTHER)
        assert [each["level"] for each in told["items"]][:4] == [level.value for level in Level]


class TestMarkdown:
    """For a comment."""

    def test_what_it_shows(self) -> None:
        """The verdict first, and the page of each item."""
        text = render(ALL, Form.MARKDOWN)
        assert text.index("**do not begin the change") < text.index("### Control Tower's pre-check")
        assert f"- **BLOCKER** [What is BLOCKER]({PAGE}) (`{ARN}`): `it is`\n  - fix: `mend it`\n" in text

    def test_others_speak_in_code(self) -> None:
        """Nothing of theirs is markup."""
        text = render(made(item(Level.BLOCKER, about=NASTY, detail=NASTY)), Form.MARKDOWN)
        (line,) = (line for line in text.splitlines() if line.startswith("- **BLOCKER"))
        assert line.count("``?[2J?<a href='x'>`@all` | [b](c) OK Enabled: it is``") == 2


class TestJunit:
    """For a build server."""

    def test_what_it_shows(self) -> None:
        """A case each; counts are those of the cases."""
        root = ET.fromstring(render(ALL, Form.JUNIT))  # noqa: S314 - our own
        (suite,) = root
        assert set(root.attrib) == {"tests", "failures", "errors"}  # Jenkins' schema has no `skipped` there
        assert [suite.get(name) for name in ("tests", "failures", "errors", "skipped")] == [
            "12",
            "3",
            "3",
            "0",
        ]
        kinds = [[result.tag for result in case] for case in suite]
        assert kinds[:4] == [[], ["system-out"], ["error"], ["failure"]]

    def test_others_are_quoted(self) -> None:
        """It stays XML, in ASCII."""
        text = render(made(item(Level.BLOCKER, about=NASTY, detail=NASTY)), Form.JUNIT)
        assert text.isascii()
        assert ET.fromstring(text).find(".//failure") is not None  # noqa: S314 - our own


class TestCommand:
    """Standard output and files."""

    def test_files_of_every_format(self, folder: Path, run: Run) -> None:
        """Each as its name asks for; standard output has the same."""
        names = ["a.txt", "a.json", "a.md", "a.xml"]
        words = ("policy.json", "--landing-zone-manifest", "zone.json")
        outputs = [part for name in names for part in ("-o", name)]
        ended = run(*words, *outputs, "--format", "table")
        assert ended.code == 4
        assert (folder / "a.txt").read_text() == ended.out
        assert json.loads((folder / "a.json").read_text())["exit_code"] == 4
        assert (folder / "a.md").read_text().startswith("## Landing zone of account")
        assert ET.parse(folder / "a.xml").getroot().tag == "testsuites"  # noqa: S314 - our own

    def test_no_file_of_another_name(self, folder: Path, run: Run) -> None:
        """What it cannot be is said before anything is read."""
        assert folder
        assert run("policy.json", "-o", "a.csv").code == 2
