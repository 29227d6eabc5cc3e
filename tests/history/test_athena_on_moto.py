"""The flow of a query on moto's own Athena, which others have written: its states, and given results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws
from moto.athena.models import QueryResults, athena_backends
from moto.moto_api import state_manager

from lzkey.aws.account import Asker, Manner
from lzkey.aws.athena import query_rows, work_group
from lzkey.aws.unanswered import UnansweredError
from lzkey.history.athena.records import HEADER, Records
from lzkey.history.athena.running import Waiting, run

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCOUNT, REGION = "123456789012", "us-east-1"
ROW = {
    "event_id": "e-1",
    "event_time": "2026-02-01T12:00:00Z",
    "event_source": "kms.amazonaws.com",
    "event_name": "DisableKey",
}


def row(values: tuple[str | None, ...]) -> dict[str, Any]:
    """A row as Athena has it."""
    return {"Data": [{} if each is None else {"VarCharValue": each} for each in values]}


@pytest.fixture
def asker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Asker]:
    """Whoever asks moto."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "EXAMPLE")
    with mock_aws():
        boto3.client("s3", region_name=REGION).create_bucket(Bucket="results")
        boto3.client("athena", region_name=REGION).create_work_group(
            Name="audit", Configuration={"ResultConfiguration": {"OutputLocation": "s3://results/"}}
        )
        state_manager.set_transition("athena::execution", {"progression": "manual", "times": 1})
        yield Asker(boto3.Session(region_name=REGION), ACCOUNT, REGION, Manner())
        state_manager.unset_transition("athena::execution")


def test_a_query_from_its_start_to_its_rows(asker: Asker) -> None:
    """As everywhere: states until it has ended, then the rows that moto was given."""
    values = tuple(ROW.get(name) for name in HEADER)
    backend = athena_backends[ACCOUNT][REGION]
    backend.query_results_queue.append(QueryResults([row(HEADER), row(values)], []))
    told: list[str] = []
    query, scanned = run(asker, "SELECT 1", "logs", "audit", Waiting(told.append, lambda _: None))
    assert (backend.executions[query].query, scanned) == ("SELECT 1", 0)
    records = Records()
    records.read(query_rows(asker, query))
    assert [*records.events] == ["e-1"]
    assert told[:1] == [f"Athena: query {query} is RUNNING"]


def test_a_work_group(asker: Asker) -> None:
    """As moto has it; of one that is not there moto says null, which is no answer of AWS."""
    found = work_group(asker, "audit")
    assert (found.output, found.engine, found.cutoff) == ("s3://results/", "Athena engine version 3", None)
    with pytest.raises(UnansweredError, match="no answer of AWS"):
        work_group(asker, "none")
