"""A CI system that reads commands from its log finds none of ours, and who reads a document what was said."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lzkey.check.formats import Form, Head, writer
from lzkey.check.formats.proposed import Form as Proposed
from lzkey.check.run import Tally
from lzkey.sources.subject import Place, Unread
from lzkey.terminal import guarded, guarded_stream, messages, output, plain, result

if TYPE_CHECKING:
    from conftest import Run

HERE = Path(__file__).parent
SETTINGS = ("--home-region", "us-east-1", "--management-account-id", "111122223333")
KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
READERS = {"GITHUB_ACTIONS": "true", "TF_BUILD": "True", "TEAMCITY_VERSION": "2025.11"}
COMMANDS = "::notice::hello ##[group]hello ##vso[task.debug]hello ##teamcity[message text='hello']"
PARTS = [*':#[]v \n\t\\"&;a\ufe0f\u034f', "::", "##", "teamcity", "\\u0023"]
ANYTHING = st.lists(st.sampled_from(PARTS)).map("".join)
each_reader = pytest.mark.parametrize("reader", READERS)

SID = f"{COMMANDS}\n{COMMANDS}"
CONDITION = {"StringEquals": {f"aws:PrincipalTag/{COMMANDS}": ["w " * 600 + COMMANDS, "2012-10-17", "yes"]}}


def commands(log: str) -> list[str]:
    """The lines of a log in which GitHub, Azure or TeamCity would find a command of any name.

    The characters that .NET passes over are left out first.
    """
    lines = re.sub(r"[\u034f\ufe0f]", "", log).splitlines()
    return [line for line in lines if re.match(r"\s*::.*::", line) or re.search(r"##\w*\[.*\]", line)]


@pytest.fixture(autouse=True)
def nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where these tests run in one of them, too."""
    for name in READERS:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A policy that can be repaired, and a file that cannot be read, with commands wherever text can be."""
    written = json.loads((HERE / "sources/policies/missing.json").read_text())
    statement = written["Statement"]
    deny = {**statement, "Sid": SID, "Effect": "Deny", "Principal": "*", "Condition": CONDITION}
    written |= {"Id": SID, "Statement": [{**statement, "Sid": COMMANDS}, deny]}
    (tmp_path / f"{COMMANDS}.json").write_text(json.dumps(written))
    (tmp_path / f"{COMMANDS} too.json").write_text((HERE / "sources/cut-off.json").read_text())
    monkeypatch.chdir(tmp_path)
    return tmp_path


class TestGuarded:
    """The guard itself."""

    @each_reader
    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("::notice::hello", ": :notice::hello"),
            ("a\n \t::notice::hello", "a\n \t: :notice::hello"),
            ("a ##[group]hello", "a # #[group]hello"),
            ("###vso[task.debug]hello", "## #vso[task.debug]hello"),
            ("##teamcity[message]", "# #teamcity[message]"),
            (":\ufe0f:notice::hello", ": \ufe0f:notice::hello"),
            ("#\u034f#[group]hello", "# \u034f#[group]hello"),
        ],
    )
    def test_a_command_is_broken(
        self, monkeypatch: pytest.MonkeyPatch, reader: str, text: str, shown: str
    ) -> None:
        """Where it is read; the twin: elsewhere it is text as any other."""
        assert guarded(text) == text
        monkeypatch.setenv(reader, READERS[reader])
        assert guarded(text) == shown

    @pytest.mark.parametrize(
        "text", ["arn:aws:iam::111122223333:root", "x ::notice::hello", "## a [b]", "#[a]", "# #", ":"]
    )
    def test_nothing_else_is(self, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
        """Not an ARN, not a heading."""
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        assert guarded(text) == text

    @pytest.mark.parametrize("form", ["text", "json", "junit"])
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(text=ANYTHING)
    def test_whatever_the_text(self, monkeypatch: pytest.MonkeyPatch, form: str, text: str) -> None:
        """No command is left, nor anything to guard."""
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        safe = guarded(text, form)
        assert commands(safe) == []
        assert guarded(safe) == guarded(safe, "json") == safe

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(text=ANYTHING)
    def test_a_program_gets_the_text_itself(self, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
        """From JSON, and from XML."""
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        assert json.loads(guarded(json.dumps(text), "json")) == text
        assert unescape(guarded(text.replace("&", "&amp;"), "junit")) == text


class TestStreams:
    """Every way to standard output and standard error."""

    def said(self, capsys: pytest.CaptureFixture[str]) -> list[str]:
        """What is written each way."""
        output().print(plain(COMMANDS), soft_wrap=True)
        messages().print(plain(f"error: a\n{COMMANDS}"), soft_wrap=True)
        output().print(plain("x " * 38 + COMMANDS))
        result(json.dumps(COMMANDS) + "\n")
        guarded_stream(sys.stdout).write(COMMANDS + "\n")
        return list(capsys.readouterr())

    @each_reader
    def test_no_command(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], reader: str
    ) -> None:
        """Nor where a line of ours is wrapped just before one; the twin: as it stands elsewhere."""
        assert all(map(commands, self.said(capsys)))
        monkeypatch.setenv(reader, READERS[reader])
        assert [commands(text) for text in self.said(capsys)] == [[], []]


class TestCheck:
    """lzkey check."""

    @pytest.mark.parametrize("form", Form)
    def test_no_command(self, run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, form: Form) -> None:
        """In no format; the twin: the same as a file, which nobody reads, stays as it is elsewhere."""
        ending = form.suffixes[0]
        asked = ("check", ".", *SETTINGS, "--format", form, "--output")
        usual = run(*asked, f"usual{ending}")
        assert commands(usual.out)
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        for name in folder.glob("usual*"):
            name.rename(folder.parent / name.name)
        read = run(*asked, f"read{ending}")
        assert (commands(read.out), read.err, read.code) == ([], usual.err, usual.code)
        kept = [path.read_text() for path in (folder.parent / f"usual{ending}", folder / f"read{ending}")]
        assert now_and_then(kept[0]) == now_and_then(kept[1])
        (folder.parent / f"usual{ending}").unlink()

    @pytest.mark.parametrize("form", Form)
    def test_whatever_is_no_command_stays(
        self, run: Run, sources: Path, monkeypatch: pytest.MonkeyPatch, form: Form
    ) -> None:
        """Byte for byte."""
        assert sources.is_dir()
        usual = run("check", ".", *SETTINGS, "--format", form)
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        assert now_and_then(run("check", ".", *SETTINGS, "--format", form).out) == now_and_then(usual.out)

    @pytest.mark.parametrize(
        ("form", "read"),
        [
            (Form.JSON, lambda text: json.loads(now_and_then(text))),
            (Form.SARIF, json.loads),
            (Form.JUNIT, lambda text: [(e.tag, e.attrib, e.text) for e in ET.fromstring(text).iter()]),  # noqa: S314
            (Form.CSV, lambda text: list(csv.reader(io.StringIO(text.replace("# #", "##"), newline="")))),
        ],
    )
    def test_a_document_says_the_same(
        self, run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, form: Form, read: Any
    ) -> None:
        """To who reads it as what it is; CSV has no escape, and a space more."""
        assert folder.is_dir()
        usual = run("check", ".", *SETTINGS, "--format", form).out
        monkeypatch.setenv("TF_BUILD", "True")
        assert read(run("check", ".", *SETTINGS, "--format", form).out) == read(usual)

    def test_no_command_is_written_in_two_parts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Of which neither is one: JUnit's cases wait, and are copied at the end."""
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        stream, tally = io.StringIO(), Tally()
        made = writer(Form.JUNIT, guarded_stream(stream, Form.JUNIT), Head({}, datetime.now(UTC)))
        made.add(Unread(Place("x"), "##[a]" * 100_000))
        made.end(tally, 0)
        assert commands(stream.getvalue()) == []


class TestExplain:
    """lzkey explain."""

    @pytest.mark.parametrize("form", ["text", "json"])
    def test_no_command(self, run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
        """On standard output and standard error; the twin: both have some elsewhere."""
        assert folder.is_dir()
        usual = run("explain", ".", *SETTINGS, "--format", form)
        assert commands(usual.out)
        assert commands(usual.err)
        monkeypatch.setenv("TEAMCITY_VERSION", "2025.11")
        read = run("explain", ".", *SETTINGS, "--format", form)
        assert (commands(read.out), commands(read.err), read.code) == ([], [], usual.code)

    def test_of_an_error_neither(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        """Which names what was asked for."""
        asked = ("explain", f"a\n{COMMANDS}", *SETTINGS)
        assert commands(run(*asked).err)
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        assert commands(run(*asked).err) == []


class TestFix:
    """lzkey fix: what is copied from the log into AWS is the policy."""

    def shown(self, run: Run, form: Proposed) -> str:
        """What it writes without its remarks."""
        ended = run("fix", f"{COMMANDS}.json", *SETTINGS, "--key-arn", KEY, "--format", form.value)
        assert ended.err == ""
        return "".join(line for line in ended.out.splitlines(keepends=True) if not line.startswith("# "))

    @pytest.mark.parametrize("form", Proposed)
    def test_no_command(
        self, run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, form: Proposed
    ) -> None:
        """In no form, its remarks included; the twin: elsewhere there are."""
        asked = ("fix", ".", *SETTINGS, "--format", form.value)
        assert folder.is_dir()
        assert commands(run(*asked).out)
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        assert commands(run(*asked).out) == []

    def test_the_policy_is_the_same(self, run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """As JSON, for a shell, and as YAML."""
        (before,) = [json.loads(path.read_text()) for path in folder.glob("*hello'].json")]
        after = json.loads(self.shown(run, Proposed.JSON))["results"][0]["policy"]
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        assert json.loads(self.shown(run, Proposed.JSON))["results"][0]["policy"] == after
        assert after["Statement"][:2] == before["Statement"]
        words = shlex.split(self.shown(run, Proposed.CLI))
        assert json.loads(words[words.index("--policy") + 1]) == after
        assert yaml.safe_load(self.shown(run, Proposed.CLOUDFORMATION)) == {"KeyPolicy": after}

    def test_a_diff_is_of_the_same(self, run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The lines are those of elsewhere, but for JSON's escape of a character, and a space in the name."""
        assert folder.is_dir()
        usual = self.shown(run, Proposed.DIFF)
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        read = self.shown(run, Proposed.DIFF)
        assert read.replace("\\u0023", "#").replace("# #", "##") == usual != read

    @pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")
    def test_terraform_reads_the_same(self, run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The real one."""
        usual = self.shown(run, Proposed.TERRAFORM)
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        read = self.shown(run, Proposed.TERRAFORM)
        assert usual != read
        (folder / "main.tf").write_text(
            "locals {\n" + usual.replace("policy =", "usual =") + read.replace("policy =", "read =") + "}\n"
        )
        told = subprocess.run(
            [str(shutil.which("terraform")), "console"],
            cwd=folder,
            env={"HOME": str(folder), "CHECKPOINT_DISABLE": "1"},
            input="local.usual == local.read\n",
            capture_output=True,
            text=True,
            check=True,
        )
        assert told.stdout.strip() == "true"


def now_and_then(text: str) -> str:
    """The output without the moment at which it was made."""
    return re.sub(r'"requests_from": "[^"]*"', '"requests_from": "NOW"', text)
