"""What all tests share: a process parses AWS's service models once, and not once more for each session.

A command makes a session or two; the tests make thousands, and parsing took six sevenths of making a client.
"""

from __future__ import annotations

from typing import Any

import botocore.session
from botocore.loaders import Loader, create_loader

_PARSED: dict[Any, Any] = {}


class SharingLoader(Loader):
    """botocore's loader, with one cache for all sessions: the files do not change while tests run."""

    def __init__(self) -> None:
        super().__init__()
        self._cache = _PARSED


def _loader(paths: str | None = None) -> Loader:
    """A loader of botocore's own models; where somebody names other folders, botocore's own loader."""
    return create_loader(paths) if paths else SharingLoader()


def pytest_configure() -> None:
    """Let every session of this process have such a loader."""
    botocore.session.create_loader = _loader  # type: ignore[assignment]
