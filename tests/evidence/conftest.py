"""The command line in this process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import pytest
from jsonschema import Draft202012Validator

from lzkey import cli
from lzkey.documents import schema_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Ended(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str


class Told(NamedTuple):
    """What verifying a pack came to."""

    code: int
    document: dict[str, Any]

    @property
    def counts(self) -> tuple[int, int]:
        """How many keys were proved again, and how many were not."""
        return self.document["proved_again"], self.document["not_proved_again"]

    @property
    def kinds(self) -> list[tuple[str, str]]:
        """What differs, and in which file."""
        return [(each["kind"], each["path"]) for each in self.document["differences"]]


Run: TypeAlias = "Callable[..., Ended]"
Verify: TypeAlias = "Callable[..., Told]"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command line."""
    monkeypatch.setenv("COLUMNS", "250")

    def ran(*words: object) -> Ended:
        code = cli.main([*map(str, words)])
        said = capsys.readouterr()
        return Ended(code, said.out, said.err)

    return ran


@pytest.fixture
def verify(run: Run) -> Verify:
    """Verify a pack; what is told keeps to its schema."""

    def verified(pack: Path, *words: object) -> Told:
        ended = run("verify", pack, "--format", "json", *words)
        told = json.loads(ended.out)
        Draft202012Validator(schema_of("verify")).validate(told)
        assert told["exit_code"] == ended.code
        return Told(ended.code, told)

    return verified
