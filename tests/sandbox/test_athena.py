"""Athena in the sandbox: moto's tables and work groups, and queries that an engine answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from lzkey_sandbox.athena import Result

if TYPE_CHECKING:
    from lzkey_sandbox import Sandbox

GROUP = "audit"


@pytest.fixture
def athena(sandbox: Sandbox) -> Any:
    """A client, and a work group with a place for results."""
    client = sandbox.client("athena")
    place = {"ResultConfiguration": {"OutputLocation": "s3://results/"}}
    client.create_work_group(Name=GROUP, Configuration=place)
    return client


def started(athena: Any, text: str = "SELECT 1", group: str = GROUP) -> str:
    """The id of a query that was started."""
    return str(athena.start_query_execution(QueryString=text, WorkGroup=group)["QueryExecutionId"])


def states(athena: Any, query: str, times: int) -> list[str]:
    """What is said of a query so many times."""
    found = [athena.get_query_execution(QueryExecutionId=query)["QueryExecution"] for _ in range(times)]
    return [each["Status"]["State"] for each in found]


class TestQueries:
    """From their start to their rows."""

    def test_an_engine_answers(self, sandbox: Sandbox, athena: Any) -> None:
        """In pages, whose first row names the columns; what is NULL has no value."""
        rows = [(str(number), None) for number in range(1_500)]
        sandbox.athena.engine = lambda text, database: Result([text, database], rows, 7)
        query = started(athena, "SELECT a")
        assert states(athena, query, 4) == ["QUEUED", "RUNNING", "SUCCEEDED", "SUCCEEDED"]
        first = athena.get_query_results(QueryExecutionId=query)
        second = athena.get_query_results(QueryExecutionId=query, NextToken=first["NextToken"])
        assert first["ResultSet"]["Rows"][0]["Data"] == [
            {"VarCharValue": "SELECT a"},
            {"VarCharValue": "default"},
        ]
        assert second["ResultSet"]["Rows"][-1]["Data"] == [{"VarCharValue": "1499"}, {}]
        assert (len(first["ResultSet"]["Rows"]), len(second["ResultSet"]["Rows"])) == (1_000, 501)
        assert "NextToken" not in second

    def test_without_an_engine_all_fail(self, athena: Any) -> None:
        """And say so; there are no rows."""
        query = started(athena)
        assert states(athena, query, 3)[-1] == "FAILED"
        with pytest.raises(ClientError, match="Current state: FAILED"):
            athena.get_query_results(QueryExecutionId=query)

    def test_one_that_is_stopped(self, sandbox: Sandbox, athena: Any) -> None:
        """Is cancelled; one that has ended stays as it is."""
        sandbox.athena.engine = lambda _text, _database: Result(["a"], [])
        query = started(athena)
        athena.stop_query_execution(QueryExecutionId=query)
        assert states(athena, query, 2) == ["CANCELLED", "CANCELLED"]
        done = started(athena, "SELECT 2")
        assert states(athena, done, 3)[-1] == "SUCCEEDED"
        athena.stop_query_execution(QueryExecutionId=done)
        assert states(athena, done, 1) == ["SUCCEEDED"]
        assert sandbox.athena.stopped == ["SELECT 1"]

    def test_is_its_account_s_and_region_s(self, sandbox: Sandbox, athena: Any) -> None:
        """Nobody else's."""
        query = started(athena)
        for other in (
            sandbox.client("athena", "eu-west-1"),
            sandbox.client("athena", account="444455556666"),
        ):
            with pytest.raises(ClientError, match="was not found"):
                other.get_query_execution(QueryExecutionId=query)

    @pytest.mark.parametrize(("group", "told"), [("none", "is not found"), ("primary", "No output location")])
    def test_a_work_group_that_cannot(self, athena: Any, group: str, told: str) -> None:
        """One that is not there, and one that has no place for results."""
        with pytest.raises(ClientError, match=told):
            started(athena, group=group)


class TestTables:
    """AWS Glue's, as Athena tells of them."""

    def test_is_as_it_was_made(self, sandbox: Sandbox, athena: Any) -> None:
        """With its place among its parameters."""
        glue = sandbox.client("glue")
        glue.create_database(DatabaseInput={"Name": "d"})
        columns = [{"Name": "a", "Type": "string"}]
        stored = {"Columns": columns, "Location": "s3://b/"}
        keys = [{"Name": "p", "Type": "int"}]
        table = {"Name": "t", "StorageDescriptor": stored, "PartitionKeys": keys, "Parameters": {"x": "y"}}
        glue.create_table(DatabaseName="d", TableInput=table)
        asked = {"CatalogName": "AwsDataCatalog", "DatabaseName": "d", "TableName": "t"}
        found = athena.get_table_metadata(**asked)["TableMetadata"]
        assert (found["Columns"], found["PartitionKeys"]) == (columns, keys)
        assert found["Parameters"] == {"x": "y", "location": "s3://b/"}

    @pytest.mark.parametrize("name", ["t", "\u00e9\U0001f600"])
    def test_one_that_is_not_there(self, athena: Any, name: str) -> None:
        """Whatever its name is."""
        with pytest.raises(ClientError, match="EntityNotFoundException") as caught:
            athena.get_table_metadata(CatalogName="AwsDataCatalog", DatabaseName="d", TableName=name)
        assert caught.value.response["Error"]["Code"] == "MetadataException"
