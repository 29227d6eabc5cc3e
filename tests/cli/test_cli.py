"""The command line's manners: help, exit codes, errors, formats, colour."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from lzkey import cli
from lzkey.documents import schema_of
from lzkey.errors import ExitCode, LzkeyError, OutputError, ParametersError
from lzkey.files import Format, write_text, writing
from lzkey.terminal import printable
from lzkey.workplace import Shipped, Workplace, here

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
COMMANDS = (
    *("init", "check", "explain", "fix", "preflight", "report", "history", "verify", "doctor", "demo"),
    *("build", "deploy", "undeploy", "deploy-organization", "undeploy-organization"),
)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of one command."""
    code = cli.main(arguments)
    said = capsys.readouterr()
    return code, said.out, said.err


class TestHelp:
    """Nobody needs the source to find the way."""

    @pytest.mark.parametrize("flag", ["--help", "-h"])
    @pytest.mark.parametrize("command", ["", *COMMANDS])
    def test_everywhere(self, capsys: pytest.CaptureFixture[str], command: str, flag: str) -> None:
        """Every command explains itself and ends well."""
        code, out, err = run(capsys, *command.split(), flag)
        assert (code, err) == (0, "")
        assert "Usage: lzkey" in out

    def test_no_command_is_missing_here(self) -> None:
        """In no order of its own."""
        assert set(COMMANDS) == set(cli.COMMANDS)

    def test_names_every_command_and_the_exit_codes(self, capsys: pytest.CaptureFixture[str]) -> None:
        """The first page is enough to begin."""
        out = run(capsys, "--help")[1]
        assert all(command in out for command in COMMANDS)
        assert "Exit codes: 0 done" in out
        told = " ".join(out.partition("Exit codes:")[2].split())
        assert all(re.search(rf"\b{code.value}\b", told) for code in ExitCode)

    def test_version(self, capsys: pytest.CaptureFixture[str]) -> None:
        """One line."""
        assert run(capsys, "--version") == (0, "lzkey 1.0.0\n", "")


class TestMistakes:
    """One clear error, nothing on standard output, no traceback."""

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("nonsense",), "No such command"),
            (("deploy",), "Missing argument"),
            (("explain",), "Missing argument"),
            (("fix", "policy.json", "--format", "yaml"), "yaml"),
            (("check", "--nonsense"), "No such option"),
            (("report", "--output", "nowhere/report.html"), "there is no folder"),
            (("build", "example", "--format", "yaml"), "yaml"),
            (("demo", "--nonsense"), "No such option"),
            (("build", "nonsense"), "there is: example"),
            (("build", "../example"), "there is: example"),
            (("undeploy", "nonsense"), "there is: example"),
            (("doctor", "nonsense"), "there is: example"),
            (("demo", "--svg", "nowhere/demo.svg"), "there is no folder"),
        ],
    )
    def test_exit_code_2(
        self, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
    ) -> None:
        """The mistake is named."""
        code, out, err = run(capsys, *arguments)
        assert (code, out) == (2, "")
        assert said in err
        assert "Traceback" not in err

    def test_no_credentials(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It says what to do."""
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            monkeypatch.delenv(name)
        nothing = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
        for name, value in {**nothing, "AWS_EC2_METADATA_DISABLED": "true"}.items():
            monkeypatch.setenv(name, value)
        code, out, err = run(capsys, "doctor", "example")
        assert (code, out) == (2, "")
        assert err.startswith("error: there are no AWS credentials: sign in")

    def test_an_error_cannot_paint_the_terminal(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What AWS says goes through as text."""

        def fail(*_: object, **__: object) -> None:
            raise LzkeyError("\x1b[2J[bold]gone\u202e")

        monkeypatch.setattr("lzkey.deployment.build.build", fail)
        assert run(capsys, "build", "example") == (2, "", "error: ?[2J[bold]gone?\n")

    def test_every_error_has_an_exit_code_of_its_own_kind(self) -> None:
        """Only those that the help documents."""
        kinds = LzkeyError.__subclasses__()
        assert {kind.exit_code for kind in kinds} <= {1, 2}
        assert not any(issubclass(kind, ValueError) for kind in kinds)


class TestBuild:
    """`lzkey build` tells what it made."""

    def test_text_and_json_say_the_same(self, capsys: pytest.CaptureFixture[str]) -> None:
        """The JSON has a version and the digest that the text shows, and is what its schema says."""
        code, out, err = run(capsys, "build", "example", "--format", "json")
        made = json.loads(out)
        assert (code, err, made["schema_version"]) == (0, "", 1)
        Draft202012Validator(schema_of("build")).validate(made)
        assert made["bytes"] == Path(made["zip"]).stat().st_size < 150_000
        assert made["sha256"] in run(capsys, "build", "example")[1]
        assert "CONTROL_TOWER_KMS_KEY" in made["imported"]
        assert "sbom" not in made

    def test_the_bill_of_materials_is_of_this_zip(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        """`--sbom` names the file, and the file the zip."""
        file = tmp_path / "lambda.cdx.json"
        code, out, err = run(capsys, "build", "example", "--sbom", str(file), "--format", "json")
        made = json.loads(out)
        assert (code, err, made["sbom"]) == (0, "", str(file))
        Draft202012Validator(schema_of("build")).validate(made)
        (digest,) = json.loads(file.read_text())["metadata"]["component"]["hashes"]
        assert digest["content"] == made["sha256"]
        assert str(file) in run(capsys, "build", "example", "--sbom", str(file))[1]

    @pytest.mark.parametrize(
        ("name", "said"),
        [("lambda.xml", "the suffix says the format; it is one of .json"), ("none/x.json", "no folder")],
    )
    def test_a_bill_that_cannot_be_written(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, said: str
    ) -> None:
        """Nothing is built for it, either."""
        code, out, err = run(capsys, "build", "no-such-name", "--sbom", str(tmp_path / name))
        assert (code, out) == (2, "")
        assert said in err


class TestColour:
    """Colour is for terminals."""

    @pytest.mark.parametrize(
        ("variables", "coloured"), [({"NO_COLOR": "1"}, False), ({"FORCE_COLOR": "1"}, True)]
    )
    def test_no_color_is_honoured(self, variables: dict[str, str], *, coloured: bool) -> None:
        """And FORCE_COLOR, its twin."""
        environment = {name: value for name, value in os.environ.items() if "COLOR" not in name}
        done = subprocess.run(
            [sys.executable, "-m", "lzkey", "--help"],
            env={**environment, **variables},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert ("\x1b[" in done.stdout.replace("\x1b[1m", "").replace("\x1b[0m", "")) is coloured


class TestOutput:
    """Where standard output cannot be written."""

    @pytest.mark.parametrize(
        ("to", "code", "said"),
        [(">&-", 2, "error: standard output is closed"), ("> /dev/full", 1, "error: the output cannot be")],
    )
    @pytest.mark.parametrize("words", ["--version", "check --print-iam-policy", "build --help"])
    @pytest.mark.parametrize("unbuffered", ["", "1"])
    def test_is_one_sentence(self, to: str, code: int, said: str, words: str, unbuffered: str) -> None:
        """Without a traceback, whether what is said is written at once or at the end."""
        done = subprocess.run(
            ["/bin/sh", "-c", f"{sys.executable} -m lzkey {words} {to}"],
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code
        assert done.stderr.startswith(said)
        assert len(done.stderr.splitlines()) == 1

    @pytest.mark.parametrize("command", ["check", "explain", "fix"])
    def test_no_source_is_written_over(
        self, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """By whatever path it is called."""
        policy = tmp_path / "policy.json"
        policy.write_text("{}")
        (tmp_path / "link.json").symlink_to(policy)
        for name in ("policy.json", "link.json"):
            words = (command, str(policy), "--parameters", "example", "-o", str(tmp_path / name))
            code, _, err = run(capsys, *words)
            assert (code, policy.read_text()) == (2, "{}")
            assert "is what is read: give the result another name" in err


class TestWorkplace:
    """Where a parameters file is, and what comes with the package."""

    def test_what_is_shipped_is_where_this_package_lies(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """Whatever the current directory."""
        monkeypatch.chdir(tmp_path)
        assert here() == Workplace(tmp_path, Shipped.in_checkout(ROOT))

    @pytest.mark.parametrize(
        ("named", "found"),
        [
            ("prod", "parameters/prod.json"),
            ("parameters/prod.json", "parameters/prod.json"),
            ("other.json", "other.json"),
            ("./other.json", "other.json"),
            ("both", "parameters/both.json"),
            ("alone", "alone"),
            ("a.b", "parameters/a.b.json"),
        ],
    )
    def test_name_or_file(self, named: str, found: str, tmp_path: Path) -> None:
        """A NAME's own file comes before one of this very path."""
        at = Workplace(tmp_path, Shipped.in_checkout(ROOT))
        at.parameters.mkdir()
        for name in (
            "parameters/prod.json",
            "other.json",
            "both",
            "alone",
            "parameters/both.json",
            "parameters/a.b.json",
        ):
            (tmp_path / name).write_text("{}")
        assert at.find(named) == tmp_path / found

    def test_ones_own_come_first(self, tmp_path: Path) -> None:
        """The example is there without being copied."""
        at = Workplace(tmp_path, Shipped.in_checkout(ROOT))
        assert at.find("example") == ROOT / "parameters/example.json"
        at.parameters.mkdir()
        (at.parameters / "example.json").write_text("{}")
        assert at.find("example") == at.parameters / "example.json"

    @pytest.mark.parametrize("named", ["prdo", "parameters/prdo.json", "prdo.json", "../prdo", "", "schema"])
    def test_none(self, named: str, tmp_path: Path) -> None:
        """What there is, and how to make one of a name; no path leads to a name of the project's own."""
        at = Workplace(tmp_path, Shipped.in_checkout(ROOT))
        at.parameters.mkdir()
        (at.parameters / "prod.json").write_text("{}")
        (at.parameters / "schema.json").write_text("{}")
        with pytest.raises(ParametersError, match=r"there is: example, prod") as raised:
            at.find(named)
        assert ("`lzkey init prdo` writes one" in str(raised.value)) is (named == "prdo")

    def test_a_name_that_is_too_long(self, tmp_path: Path) -> None:
        """No traceback."""
        at = Workplace(tmp_path, Shipped.in_checkout(ROOT))
        with pytest.raises(ParametersError, match="cannot be looked for: File name too long"):
            at.find("x" * 300)


class Two(Format):
    """A table of two rows."""

    ONE_SUFFIX = "of one suffix", "one", ".two"
    TWO_SUFFIXES = "of two", "two", ".one.two"


@contextmanager
def most_bytes(count: int) -> Iterator[None]:
    """No file of this process gets any longer."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (count, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


class TestFiles:
    """Whole, or not at all."""

    def test_replaces_in_one_step(self, tmp_path: Path) -> None:
        """Nothing else is left in the folder."""
        write_text(tmp_path / "file", "old")
        write_text(tmp_path / "file", "new")
        assert [path.read_text() for path in tmp_path.iterdir()] == ["new"]

    def test_an_error_keeps_what_was_there(self, tmp_path: Path) -> None:
        """Text that UTF-8 cannot hold."""
        write_text(tmp_path / "file", "old")
        with pytest.raises(UnicodeEncodeError):
            write_text(tmp_path / "file", "\ud800")
        assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]

    def test_a_missing_folder_is_an_error_of_ours(self, tmp_path: Path) -> None:
        """It names the path."""
        with pytest.raises(OutputError, match=r"nowhere.*cannot be written: No such file"):
            write_text(tmp_path / "nowhere" / "file", "")

    @pytest.mark.parametrize("mode", [None, 0o600, 0o640, 0o444])
    @pytest.mark.parametrize("mask", [0o022, 0o077])
    def test_their_mode(self, tmp_path: Path, mask: int, mode: int | None) -> None:
        """What was there keeps its own; a new one has what the umask leaves."""
        path = tmp_path / "file"
        if mode is not None:
            path.touch()
            path.chmod(mode)
        before = os.umask(mask)
        try:
            write_text(path, "new")
        finally:
            os.umask(before)
        assert path.stat().st_mode & 0o777 == (0o666 & ~mask if mode is None else mode)

    @pytest.mark.parametrize("there", [True, False])
    def test_a_link_is_written_through(self, tmp_path: Path, *, there: bool) -> None:
        """And stays a link."""
        (tmp_path / "folder").mkdir()
        link, file = tmp_path / "link", tmp_path / "folder" / "file"
        link.symlink_to(Path("folder") / "file")
        if there:
            file.write_text("old")
        write_text(link, "new")
        assert link.is_symlink()
        assert [path.read_text() for path in file.parent.iterdir()] == ["new"]

    def test_what_is_no_file_stays(self, tmp_path: Path) -> None:
        """A pipe, or a link in a circle."""
        pipe, circle = tmp_path / "pipe", tmp_path / "circle"
        os.mkfifo(pipe)
        circle.symlink_to("circle")
        for path in (pipe, circle):
            with pytest.raises(
                OutputError, match=f"{path.name} cannot be written: what is there is not a file"
            ):
                write_text(path, "new")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["circle", "pipe"]

    @pytest.mark.parametrize("fails", [True, False])
    def test_several_are_there_together(self, tmp_path: Path, *, fails: bool) -> None:
        """Or none of them is, whatever was raised, and that is raised."""
        paths = [tmp_path / "a", tmp_path / "b"]
        for path in paths:
            path.write_text("old")
        with pytest.raises(BrokenPipeError) if fails else nullcontext(), writing(paths) as streams:
            for stream in streams:
                stream.write("new")
            assert [path.read_text() for path in paths] == ["old", "old"]
            if fails:
                raise BrokenPipeError
        assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]
        assert {path.read_text() for path in paths} == {"old" if fails else "new"}

    @pytest.mark.parametrize("name", ["a", "b"])
    def test_a_file_that_becomes_too_long_is_named(self, tmp_path: Path, name: str) -> None:
        """Which of them it was, although it was the last moment to tell; the other is not there either."""
        paths = [tmp_path / "a", tmp_path / "b"]
        texts = ["x" * (200 if path.name == name else 50) for path in paths]
        too_large = pytest.raises(OutputError, match=rf"/{name} cannot be written: File too large")
        with too_large, most_bytes(100), writing(paths) as streams:
            streams[0].write(texts[0])
            streams[1].write(texts[1])
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        ("name", "form"),
        [("x.two", "of one suffix"), ("X.ONE.TWO", "of two"), ("x.one", None), ("two", None)],
    )
    def test_their_format(self, name: str, form: str | None) -> None:
        """The longest suffix says it; where none does, all that there are are told."""
        with nullcontext() if form else pytest.raises(OutputError, match=r"it is one of \.two, \.one\.two"):
            assert Two.of(Path(name)) == form


class TestPrintable:
    """What may reach a terminal."""

    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("Grüße, 鍵", "Grüße, 鍵"),
            ("two\nlines", "two\nlines"),
            ("\x1b]0;title\x07", "?]0;title?"),
            ("over\rwritten\x08", "over?written?"),
            ("a\u202eb\u2066c", "a?b?c"),
        ],
    )
    def test_control_characters_become_question_marks(self, text: str, shown: str) -> None:
        """Also those that reorder text."""
        assert printable(text) == shown
