"""AWS on this machine, with a key whose life the tests make."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TypeAlias

import pytest

from lzkey import cli
from lzkey_sandbox import Sandbox

Run: TypeAlias = Callable[..., tuple[int, str, str]]

SETTINGS = ("--home-region", "us-east-1", "--management-account-id", "111122223333")


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """The management account, and nothing but the sandbox can be reached."""
    with Sandbox() as made:
        for name in [name for name in os.environ if name.startswith(("AWS_", "LZKEY_"))]:
            monkeypatch.delenv(name)
        for name, value in made.environment.items():
            monkeypatch.setenv(name, value)
        yield made


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `lzkey history`: the exit code, what it says, and what it tells beside it."""

    def ran(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(["history", *arguments, *SETTINGS])
        said = capsys.readouterr()
        return code, said.out, said.err

    return ran
