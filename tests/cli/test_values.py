"""Values of options: as typer itself gives them to a command, and without pydantic where none is needed."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
from typer.core import TyperCommand

from lzkey.cli.help import Command
from lzkey.errors import UsageError


def _even(word: str) -> int:
    if not word.isdecimal() or int(word) % 2:
        raise typer.BadParameter(f"{word!r} is no even number.")
    return int(word)


def given(cls: type[TyperCommand], *arguments: str) -> dict[str, Any]:
    """What a command of this class gets."""
    got: dict[str, Any] = {}
    app = typer.Typer(add_completion=False)

    def command(
        *,
        names: Annotated[list[str] | None, typer.Argument()] = None,
        text: Annotated[str | None, typer.Option(envvar="VALUES_TEXT")] = None,
        even: Annotated[int | None, typer.Option(parser=_even)] = None,
        evens: Annotated[list[int] | None, typer.Option(parser=_even)] = None,
        sure: Annotated[bool | None, typer.Option(envvar="VALUES_SURE")] = None,
        files: Annotated[list[Path] | None, typer.Option()] = None,
    ) -> None:
        got.update(locals())
        got.pop("got")

    app.command(cls=cls)(command)
    typer.main.get_command(app).main(list(arguments), standalone_mode=False)
    return got


CASES = [
    (),
    ("one", "two"),
    ("--text", ""),
    ("--even", "4", "--evens", "2", "--evens", "8"),
    ("--sure",),
    ("--no-sure",),
    ("--files", "b", "--files", "c"),
]


@pytest.mark.parametrize("arguments", CASES)
def test_as_typer_gives_them(arguments: tuple[str, ...]) -> None:
    """Given or not, once or more often."""
    assert given(Command, *arguments) == given(TyperCommand, *arguments)


@pytest.mark.parametrize(("name", "value"), [("VALUES_TEXT", "some"), ("VALUES_SURE", "yes")])
def test_of_the_environment(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same of variables."""
    monkeypatch.setenv(name, value)
    got = given(Command)
    assert got == given(TyperCommand)
    assert got != given(Command, "--text", "other", "--no-sure")


@pytest.mark.parametrize("arguments", [("--even", "3"), ("--evens", "2", "--evens", "x")])
def test_a_wrong_one_is_refused(arguments: tuple[str, ...]) -> None:
    """In the parser's words."""
    with pytest.raises(UsageError, match=f"'{arguments[-1]}' is no even number"):
        given(Command, *arguments)


@pytest.mark.parametrize(
    ("output", "imported"), [(("--format", "csv"), ""), (("--output", "result.csv"), "pydantic")]
)
def test_pydantic_is_for_what_needs_it(output: tuple[str, ...], imported: str, tmp_path: Path) -> None:
    """Paths do."""
    (tmp_path / "empty.json").write_text('{"configurationItems": []}', encoding="utf-8")
    settings = ("--home-region", "us-east-1", "--management-account-id", "111122223333", "--key-scope", "all")
    arguments = ["check", "empty.json", "--ignore", "none", "--only", "unread", *settings, *output]
    script = (
        "import sys\nfrom lzkey.cli import main\n"
        f"print(main({arguments!r}), *{{'pydantic'}} & sys.modules.keys(), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stderr.splitlines()[-1].split()[1:] == imported.split()
