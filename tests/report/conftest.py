"""Reports as data, and an organization to make them of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lzkey.report.document import from_document

from .organizations import Org, troubled_organization

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lzkey.report.model import Report

REPORTS = Path(__file__).parent / "reports"


@pytest.fixture(scope="session")
def load_report() -> Callable[[str], Report]:
    """Read one of reports/*.json."""
    return lambda name: from_document(json.loads((REPORTS / f"{name}.json").read_text()))


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Org]:
    """An organization with an account for every trouble; a test leaves it as it found it."""
    with troubled_organization(tmp_path_factory.mktemp("project")) as org:
        yield org


@pytest.fixture
def org(troubled: Org) -> Org:
    """The troubled organization, with a new record of calls."""
    troubled.sandbox.forget_calls()
    return troubled
