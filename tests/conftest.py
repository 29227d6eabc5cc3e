"""What holds for all tests: nobody waits for AWS's pace, which nothing here has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session", autouse=True)
def _at_any_pace() -> Iterator[None]:
    """Ask as often as one likes; a command in a process of its own still keeps the pace."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lzkey.aws.account.PACE", {})
        yield
