"""The help of every command, at every width, and the options that all of them have alike."""

from __future__ import annotations

import inspect
import json
import re
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer
from typer.core import TyperArgument, TyperOption
from typer.main import get_command

from lzkey import cli

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey.files import Format

WIDTHS = (60, 80, 100, 200)
WRITING = sorted(cli.COMMANDS.keys() - {"demo"})  # which shows scenes, and writes a report and a picture
POLICY = Path(__file__).parents[1] / "check/sources/policies/denied.json"
SETTINGS = ("--home-region", "us-east-1", "--management-account-id", "111122223333")
NOISE = re.compile(
    r"…|\.\.\.$|<\w|\[(?:BOOLEAN|TEXT|PATH)\]|[╭│╰]|None|\[default: (?:\.|False)?\]", re.MULTILINE
)


def command(name: str) -> Any:
    """A command as typer has it; the whole of `lzkey` where there is no name."""
    group: Any = get_command(cli.app)
    return group.resolve_command(typer.Context(group), [name])[1] if name else group


def names(parameter: Any) -> str:
    """What stands in the help for an option or argument: its names, and what it takes."""
    if isinstance(parameter, TyperArgument):
        return str(parameter.metavar)
    given = ", ".join(sorted(parameter.opts, key=len))
    return given if parameter.is_flag else f"{given} {parameter.metavar}"


def parameters(name: str) -> Iterator[Any]:
    """Of a command, without those that typer and click bring."""
    made = command(name)
    yield from (each for each in made.params if not each.name.endswith("_completion"))


@pytest.fixture(params=WIDTHS)
def columns(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """A terminal's width."""
    width: int = request.param
    monkeypatch.setenv("COLUMNS", str(width))
    return width


class TestWidths:
    """Nothing is cut off or broken apart, however narrow the terminal is."""

    @pytest.mark.parametrize("name", ["", *cli.COMMANDS])
    def test_names_stand_whole(self, name: str, columns: int, capsys: pytest.CaptureFixture[str]) -> None:
        """Each at the beginning of a line, with what it takes; its environment variable is whole too."""
        assert columns
        assert cli.main([*name.split(), "--help"]) == 0
        out = capsys.readouterr().out
        lines = out.splitlines()
        for parameter in parameters(name):
            whole = rf"  {re.escape(names(parameter))}(?:  +\S.*)?"
            assert [line for line in lines if re.fullmatch(whole, line)], names(parameter)
            if parameter.envvar:
                assert f"[env: {parameter.envvar}]" in out

    @pytest.mark.parametrize("name", ["", *cli.COMMANDS])
    def test_no_noise(self, name: str, columns: int, capsys: pytest.CaptureFixture[str]) -> None:
        """No types of Python, no frames, no ellipsis; no line is longer than there is room, but examples."""
        cli.main([*name.split(), "--help"])
        usage, *lines = capsys.readouterr().out.splitlines()
        assert usage.startswith(f"Usage: lzkey {name}".rstrip())
        assert NOISE.findall("\n".join(lines)) == []
        assert [line for line in lines if len(line) > columns and not line.startswith("  $ ")] == []

    @pytest.mark.parametrize("name", cli.COMMANDS)
    def test_words_are_those_of_the_source(
        self, name: str, columns: int, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Each paragraph and each meaning, folded or not, has every word, and examples their own lines."""
        assert columns
        made = command(name)
        cli.main([name, "--help"])
        out = capsys.readouterr().out
        told = " ".join(out.split())
        texts = [*inspect.cleandoc(made.help).split("\n\n"), *(each.help for each in parameters(name))]
        assert [text for text in texts if " ".join(text.split()) not in told] == []
        examples = re.findall(r"^\$ .*$", made.epilog or "", re.MULTILINE)
        assert [line for line in examples if f"\n  {line}\n" not in out] == []

    @pytest.mark.parametrize("name", cli.COMMANDS)
    def test_paragraphs_stand_whole(
        self, name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Between two empty lines, and not broken where the source's lines end: each line is full."""
        monkeypatch.setenv("COLUMNS", "80")
        cli.main([name, "--help"])
        out = capsys.readouterr().out
        for paragraph in inspect.cleandoc(command(name).help).split("\n\n"):
            (found,) = (each for each in out.split("\n\n") if each.split() == paragraph.split())
            lines = found.splitlines()
            assert all(len(line) + 1 + len(after.split()[0]) > 80 for line, after in pairwise(lines))

    def test_examples_fit(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        """On a line of 80 columns each."""
        monkeypatch.setenv("COLUMNS", "80")
        for name in cli.COMMANDS:
            cli.main([name, "--help"])
        lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  $ ")]
        assert len(lines) > 10
        assert [line for line in lines if len(line) > 80] == []

    @pytest.mark.parametrize("name", cli.COMMANDS)
    def test_the_list_has_a_sentence_for_each(
        self, name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whole, on the command's own line, at 80 columns."""
        monkeypatch.setenv("COLUMNS", "80")
        cli.main(["--help"])
        (line,) = re.findall(rf"^  {name}  .*$", capsys.readouterr().out, re.MULTILINE)
        assert re.fullmatch(rf"  {name} +[A-Z].*\.", line)
        assert len(line) <= 80

    def test_a_terminal_of_one_column(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Breaks the lines by itself."""
        monkeypatch.setenv("COLUMNS", "1")
        assert cli.main(["check", "--help"]) == 0
        assert "  -o, --output FILE\n" in capsys.readouterr().out


class TestWords:
    """What the help says is so."""

    def test_fix_says_first_what_it_changes(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Before any option: nothing, unless --apply; what happens then."""
        cli.main(["fix", "--help"])
        first = " ".join(capsys.readouterr().out.split("Arguments:")[0].split())
        assert "Nothing is changed without --apply." in first
        assert "the policy of a live key is changed" in first
        assert re.search("you are asked, .* is saved to a file first", first)

    @pytest.mark.parametrize("name", cli.COMMANDS)
    def test_defaults(self, name: str, capsys: pytest.CaptureFixture[str]) -> None:
        """One that is told is the one that is taken; there are none of flags."""
        cli.main([name, "--help"])
        out = capsys.readouterr().out
        for parameter in parameters(name):
            whole = rf"^  {re.escape(names(parameter))}(?:  .*)?\n(?:      .*\n)*"
            (row,) = (found[0] for found in re.finditer(whole, out, re.MULTILINE))
            shown = re.findall(r"\[default: ([^]]*)\]", row)
            if parameter.name == "backup":
                assert (shown, parameter.default) == (["the current folder"], Path())
            else:
                usual = not isinstance(parameter, TyperArgument) and parameter.default
                assert shown == ([usual] if usual else [])

    def test_without_a_command(self, capsys: pytest.CaptureFixture[str]) -> None:
        """The same as --help, but something is missing."""
        assert cli.main(["--help"]) == 0
        wanted = capsys.readouterr()
        assert cli.main([]) == 2
        assert capsys.readouterr() == wanted


class TestMistakes:
    """What is wrong, what would be right, and where more is told; exit code 2."""

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            ("chekc", "No such command 'chekc'. Did you mean 'check'?"),
            ("check --formt json", "--format"),
            ("check --format yaml", "'yaml' is none of text, json, csv, markdown (or md), sarif, junit"),
            ("fix a --format yaml", "'yaml' is none of diff, json, cli, cloudformation, terraform"),
            ("report --format sarif", "'sarif' is none of text, html, json, csv, markdown (or md)"),
            ("check --format", "--format FORMAT: What standard output gets: text, json"),
            ("doctor --region", "--region REGION: AWS Region, as in the AWS CLI"),
            ("deploy", "Usage: lzkey deploy [OPTIONS] NAME"),
            ("deploy one two", "(two). Usage: lzkey deploy [OPTIONS] NAME"),
            ("explain", "KEY|FILE: A file, a folder, - for standard input, or a live key's"),
            ("check --exit-zero=1", "does not take a value"),
            ("explain a --output b.pdf", "b.pdf: the suffix says the format; it is one of .txt, .json"),
            ("fix a --output b.txt", "it is one of .diff, .patch, .json, .sh, .yaml, .yml, .tf"),
            ("report --account 111122223333", "--account needs --assume-role"),
        ],
    )
    def test_one_line(self, arguments: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
        """On standard error, without a frame."""
        assert cli.main(arguments.split()) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert said in err
        assert re.fullmatch(r"error: [^\n│]+\n", err)


class TestAlike:
    """Who knows one command knows all of them."""

    @pytest.mark.parametrize("name", WRITING)
    def test_output_and_format(self, name: str) -> None:
        """-o is --output, may be repeated, and writes every format that --format knows, and no other."""
        options = {each.name: each for each in parameters(name) if isinstance(each, TyperOption)}
        (output,) = (each for each in options.values() if "--output" in each.opts)
        (form,) = (each for each in options.values() if "--format" in each.opts)
        formats: type[Format] = type(form.default)
        assert sorted(output.opts) == ["--output", "-o"]
        assert (output.multiple, output.metavar, form.metavar) == (True, "FILE", "FORMAT")
        assert form.default is next(iter(formats))
        assert all(each.suffixes and all(end in output.help for end in each.suffixes) for each in formats)
        assert all(each.value in form.help for each in formats)

    @pytest.mark.parametrize("name", cli.COMMANDS)
    def test_words_of_formats(self, name: str) -> None:
        """`text` is what people read, under whatever name; md is markdown; json is everywhere."""
        (form,) = (each for each in parameters(name) if "--format" in each.opts)
        formats: type[Format] = type(form.default)
        assert formats.named("text") is formats.named("TABLE") is form.default
        assert formats.named("json") == "json"
        assert formats.named("md") is formats.named("markdown")
        assert formats.named("yaml") is None
        assert {"text", "diff"} >= {form.default.value}

    def test_suffixes_mean_the_same(self) -> None:
        """In whichever command."""
        meanings: dict[str, set[str]] = {}
        for name in cli.COMMANDS:
            (form,) = (each for each in parameters(name) if "--format" in each.opts)
            for each in type(form.default):
                for suffix in each.suffixes:
                    meanings.setdefault(suffix, set()).add(each.value)
        assert {suffix: told for suffix, told in meanings.items() if len(told) > 1} == {}
        assert meanings[".md"] == meanings[".markdown"] == {"markdown"}

    @pytest.mark.parametrize("letter", ["-o", "-h"])
    def test_letters_mean_the_same(self, letter: str) -> None:
        """And there are no others."""
        for name in cli.COMMANDS:
            given = {each.name for each in parameters(name) if letter in each.opts}
            assert given <= {"output", "outputs"}
            letters = {opt for each in parameters(name) for opt in each.opts if re.fullmatch("-.", opt)}
            assert letters <= {"-o", "-q", "-v"}

    @pytest.mark.parametrize("name", ["check", "explain", "fix"])
    def test_a_file_is_what_standard_output_would_be(
        self, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """In every format, all at once."""
        (form,) = (each for each in parameters(name) if "--format" in each.opts)
        formats = list(type(form.default))
        files = [tmp_path / f"result{each.suffixes[-1]}" for each in formats]
        asked = [word for file in files for word in ("-o", str(file))]
        ends = {cli.main([name, str(POLICY), *SETTINGS, *asked])}
        assert capsys.readouterr().out == files[0].read_text()
        for each, file in zip(formats, files, strict=True):
            ends.add(cli.main([name, str(POLICY), *SETTINGS, "--format", each.value]))
            told, written = (
                re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z?|\b\d{10}\b", "WHEN", text)
                for text in (capsys.readouterr().out, file.read_bytes().decode())
            )
            assert told.replace("\r\n", "\n") == written.replace("\r\n", "\n")
        assert ends == {3}

    def test_an_error_leaves_no_file(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Of explain; what was there stays."""
        (tmp_path / "old.json").write_text("old")
        asked = ["-o", str(tmp_path / "old.json"), "-o", str(tmp_path / "new.txt")]
        assert cli.main(["explain", "nowhere.json", *SETTINGS, *asked]) == 2
        assert "there is no file nowhere.json" in capsys.readouterr().err
        assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"old.json": "old"}

    def test_a_result_without_a_judgement(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Of build: what it tells people, and the JSON."""
        asked = ["-o", str(tmp_path / "built.txt"), "-o", str(tmp_path / "built.json")]
        assert cli.main(["build", "example", *asked]) == 0
        out = capsys.readouterr().out
        assert (tmp_path / "built.txt").read_text() == out
        assert json.loads((tmp_path / "built.json").read_text())["sha256"] in out
