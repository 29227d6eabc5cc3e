"""Sentences are whole where programs read, and folded to the width where people do."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from lzkey.terminal import Folded, Table, folded, picture, plain, table

from ..screens import WIDTHS, on_terminal  # noqa: TID252 - tests are no package

if TYPE_CHECKING:
    from conftest import Run

SETTINGS = ("--home-region", "us-east-1", "--management-account-id", "111122223333")
ARN = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
COMMANDS = [("check", "."), ("explain", "."), ("fix", "policies/denied.json")]
each_command = pytest.mark.parametrize("command", COMMANDS, ids=[words[0] for words in COMMANDS])


def piped(*words: str) -> str:
    """What a program reads of a command, on standard output and standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "lzkey", *words], capture_output=True, text=True, check=False, env=os.environ
    )
    return done.stdout + done.stderr


def timeless(word: str) -> str:
    """A word that is the same a second later."""
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:]+Z|\b1\d{9}\b", "NOW", word)


def with_long_arn(folder: Path) -> None:
    """Add a policy whose statement allows much longer names than a terminal is wide."""
    statement = {
        "Sid": "Trail",
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "kms:*",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceArn": f"{ARN}/{'long' * 40}"}},
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    (folder / "policies/long.json").write_text(json.dumps(policy))


class TestWithoutTerminal:
    """`lzkey ... | grep 'a sentence'` finds it."""

    @each_command
    @pytest.mark.parametrize("columns", ["", "40"])
    def test_a_sentence_is_on_one_line(
        self, run: Run, sources: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, str], columns: str
    ) -> None:
        """Each that the JSON holds, whatever a shell says of its own width."""
        assert sources.is_dir()
        monkeypatch.setenv("COLUMNS", columns)
        document = json.loads(run(*command, *SETTINGS, "--format", "json").out)
        results = [each for each in document["results"] if each["type"] == "key"]
        if command[0] == "fix":
            told = [text for each in results for text in [*each["changes"], *each["assumptions"]]]
        else:
            told = [finding["message"] for each in results for finding in each["findings"]]
            told += [text for each in results for text in each["assumptions"]]
        lines = run(*command, *SETTINGS).out.splitlines()
        assert max(map(len, told)) > 80
        assert [text for text in told if not any(text in line for line in lines)] == []

    @pytest.mark.usefixtures("sources")
    def test_in_a_file_too(self, run: Run) -> None:
        """The table's own kind."""
        ended = run("check", "policies", *SETTINGS, "--output", "told.txt")
        assert Path("told.txt").read_text() == ended.out

    def test_a_mistake_is_on_one_line(self) -> None:
        """Of the arguments, too."""
        (line,) = piped("fix", "policy.json", "--format", "yaml").splitlines()
        assert "'yaml' is none of diff, json, cli, cloudformation, terraform" in line

    def test_an_error_is_on_one_line(self) -> None:
        """Of the settings."""
        said = piped("check", "policy.json")
        assert "error: HomeRegion" in said
        assert len(said.splitlines()) == 1


class TestOnTerminal:
    """It fits, and nothing is lost."""

    @each_command
    @pytest.mark.parametrize("columns", WIDTHS)
    def test_fits(self, sources: Path, command: tuple[str, str], columns: int) -> None:
        """The words are those that programs get; one that is wider than the terminal stays whole."""
        with_long_arn(sources)
        screen = on_terminal(columns, "-m", "lzkey", *command, *SETTINGS)
        assert screen.code == 3
        if command[0] == "fix":  # a diff's own lines are a file's
            remarks = [line[2:] for line in screen.text.splitlines() if line.startswith("# ")]
            assert [line for line in remarks if len(line) + 2 > columns and " " in line] == []
            assert [word for word in screen.words if word != "#"] == [
                word for word in piped(*command, *SETTINGS).split() if word != "#"
            ]
            return
        assert screen.too_wide(columns) == []
        assert sorted(map(timeless, screen.words)) == sorted(
            map(timeless, piped(*command, *SETTINGS).split())
        )

    @pytest.mark.usefixtures("sources")
    def test_uses_the_width_that_there_is(self) -> None:
        """A wide terminal folds less."""
        heights = [
            len(on_terminal(columns, "-m", "lzkey", "explain", ".", *SETTINGS).text.splitlines())
            for columns in WIDTHS
        ]
        assert heights == sorted(set(heights), reverse=True)


def shown(what: Folded | Table, columns: int) -> list[str]:
    """The lines of a part of the screen, so wide."""
    console = Console(width=columns)
    with console.capture() as captured:
        console.print(what, soft_wrap=True)
    return captured.get().splitlines()


class TestParagraph:
    """Lines below each other, each after what it begins with."""

    @pytest.mark.parametrize(
        ("text", "columns", "lines"),
        [
            ("one two three", 40, ["  one two three"]),
            ("one two three", 9, ["  one two", "  three"]),
            ("one two three", 3, ["one", "two", "three"]),
            ("one overlongword two", 10, ["  one", "overlongword", "  two"]),
            ("one elevenchars two", 12, ["  one", " elevenchars", "  two"]),
            ("", 40, [""]),
            ("一二三 四五六", 10, ["  一二三", "  四五六"]),
            ("one\ntwo", 40, ["  one two"]),
        ],
    )
    def test_is_broken_between_words(self, text: str, columns: int, lines: list[str]) -> None:
        """By what they take on the screen; a word moves to the left before it is too long."""
        assert shown(folded(text, "  "), columns) == lines

    def test_a_head_is_no_room_for_a_word(self) -> None:
        """What does not fit beside it begins below."""
        assert shown(Folded(plain("overlongword"), plain("HEAD  "), " " * 6), 12) == ["HEAD", "overlongword"]
        assert shown(Folded(plain("word"), plain("HEAD  "), " " * 6), 12) == ["HEAD  word"]

    def test_keeps_its_colours(self) -> None:
        """On each line."""
        console = Console(width=10, force_terminal=True, color_system="standard")
        with console.capture() as captured:
            console.print(folded("one two three", style="red"), soft_wrap=True)
        assert captured.get() == "\x1b[31mone two\x1b[0m\n\x1b[31mthree\x1b[0m\n"


class TestTable:
    """Columns beside each other, as long as they can be read."""

    TABLE = table(
        ("status", "what"), [(plain("OK"), plain("short")), (plain("PROBLEM"), plain("what is wrong " * 6))]
    )

    def test_is_folded_in_its_last_column(self) -> None:
        """Below where it begins."""
        lines = shown(self.TABLE, 60)
        assert lines[1:4] == ["status   what", "───────  ────", "OK       short"]
        assert lines[4].startswith("PROBLEM  what is wrong ")
        assert lines[5].startswith(" " * 9 + "wrong what is")

    def test_the_last_column_goes_below_where_it_would_be_squeezed(self) -> None:
        """Nobody reads a column of ten characters."""
        lines = shown(self.TABLE, 40)
        assert lines[1:3] == ["OK", "    short"]
        assert all(len(line) <= 40 for line in lines)
        assert " ".join(" ".join(lines).split()) == f"OK short PROBLEM {'what is wrong ' * 6}".strip()

    def test_a_picture_has_it_too(self) -> None:
        """As wide as pictures are."""
        assert "PROBLEM" in picture([self.TABLE], "title")
