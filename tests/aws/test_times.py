"""Times of answers: the moments that botocore reads, in UTC."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest
from botocore.utils import parse_timestamp

from lzkey.aws.session import session_in, time_told


@pytest.mark.parametrize(
    "told",
    [0, 1_785_000_000, 1_785_000_000.123, -1.5, 253_402_300_799, "2026-12-01T09:00:00Z", "1785000000"],
)
def test_the_same_moment(told: Any) -> None:
    """As botocore has it; in UTC where it is a number."""
    found = time_told(told)
    assert found == parse_timestamp(told)
    assert isinstance(told, str) or found.tzinfo is UTC


@pytest.mark.parametrize("told", ["yesterday", float("nan"), 1e300])
def test_no_moment(told: Any) -> None:
    """Ends as it would in botocore."""
    with pytest.raises(Exception) as wanted:  # noqa: PT011
        parse_timestamp(told)
    with pytest.raises(wanted.type):
        time_told(told)


def test_clients_of_a_session() -> None:
    """Read times so."""
    parser = session_in(None, "us-east-1")._session.get_component("response_parser_factory")  # noqa: SLF001
    assert parser.create_parser("json")._timestamp_parser is time_told  # noqa: SLF001
