"""The query language of AWS Config, case by case.

https://docs.aws.amazon.com/config/latest/developerguide/query-components.html
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lzkey_sandbox import ServiceError
from lzkey_sandbox.config.advanced_query import parse

CASES: Any = json.loads((Path(__file__).parent / "advanced_queries.json").read_text())


@pytest.mark.parametrize(("expression", "found"), CASES["found"])
def test_what_is_found(expression: str, found: list[str]) -> None:
    """The rows that the condition holds for, in their order."""
    assert [row["resourceId"] for row in parse(expression).run(CASES["rows"])] == found


@pytest.mark.parametrize("expression", CASES["refused"])
def test_what_is_refused(expression: str) -> None:
    """Is InvalidExpressionException, never another answer."""
    with pytest.raises(ServiceError, match="InvalidExpressionException"):
        parse(expression)


def test_a_property_that_a_row_lacks() -> None:
    """Is left out of that row."""
    found = list(parse("SELECT resourceId, configuration.size").run(CASES["rows"]))
    assert found[0] == {"resourceId": "a", "configuration": {"size": 5}}
    assert found[2] == {"resourceId": "it's"}
