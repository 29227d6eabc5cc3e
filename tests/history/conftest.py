"""AWS on this machine, with a key whose life the tests make."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from lzkey import cli
from lzkey_sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


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
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run the command line: the exit code, what it says, and what it tells beside it."""

    def ran(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(list(arguments))
        said = capsys.readouterr()
        return code, said.out, said.err

    return ran


SETTINGS = json.dumps({"HomeRegion": "us-east-1", "ManagementAccountId": "111122223333"})
