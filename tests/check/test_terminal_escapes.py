"""What others say does nothing to a terminal, whichever way it gets there: results, and mistakes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Run

HERE = Path(__file__).parent
SETTINGS = ("--home-region", "us-east-1", "--management-account-id", "111122223333")
#: A title, a screen cleared in two ways, a line written over, and text that runs backwards.
ESCAPES = "\x1b]0;title\x07\x1b[2J\x9b2J\r\u202e"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("check", ".", *SETTINGS), 3),
        (("explain", ".", *SETTINGS), 3),
        (("fix", ".", *SETTINGS), 3),
        (("check", f"no{ESCAPES}", *SETTINGS), 2),
        (("explain", f"no{ESCAPES}", *SETTINGS), 2),
        (("fix", f"no{ESCAPES}", *SETTINGS), 2),
        (("check", ".", *SETTINGS, "--output", f"{ESCAPES}.q"), 2),
        (("check", ".", *SETTINGS, "--parameter", ESCAPES), 2),
    ],
)
def test_it_is_told_and_does_nothing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int
) -> None:
    """On standard output and on standard error; the twin: what is between the escapes is there."""
    policy = json.loads((HERE / "sources/policies/denied.json").read_text())
    for statement in policy["Statement"]:
        statement["Sid"] = ESCAPES
    (tmp_path / f"policy{ESCAPES}.json").write_text(json.dumps(policy))
    (tmp_path / f"cut off{ESCAPES}.json").write_text((HERE / "sources/cut-off.json").read_text())
    monkeypatch.chdir(tmp_path)
    ended = run(*arguments)
    said = ended.out + ended.err
    assert ended.code == code
    assert "]0;title" in said
    assert [character for character in said if not (character.isprintable() or character == "\n")] == []
