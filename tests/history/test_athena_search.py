"""A search from its plan to what it has told, on the sandbox's Athena: planned, run, stopped, refused."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from lzkey.aws.account import Asker, Manner
from lzkey.aws.unanswered import UnansweredError
from lzkey.errors import UsageError
from lzkey.history.athena.query import Search, TableName
from lzkey.history.athena.records import HEADER
from lzkey.history.athena.running import QueryError, Waiting, run
from lzkey.history.athena.searching import plan, search_with
from lzkey.history.events import CHANGING, TAGGING
from lzkey.history.log_files import WITHOUT_KMS
from lzkey.history.model import Origin, Standing
from lzkey.history.timeline import history_from
from lzkey.history.trail_files import LATE
from lzkey_sandbox import Sandbox
from lzkey_sandbox.athena import EngineError, Result

from .cloudtrail_tables import COLUMNS, DATABASE, NAME, Engine, LogFile, projection
from .lives import ARN, BAD, GOOD, KEY, NOW, ZONE, ago, did, made, put, told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

ACCOUNT, REGION, BUCKET, GROUP = "111122223333", "us-east-1", "logs", "security"
TABLE = TableName(DATABASE, NAME)
PARTS = ("region", "year", "month", "day")
SINCE = 10
SEARCH = Search(KEY, (*CHANGING, *TAGGING), ago(SINCE), NOW)

RECORDS = (made(9), put(6, BAD, "arn:aws:iam::111122223333:role/deployer"), put(3, GOOD))


@dataclass
class Told:
    """What somebody is told who waits; nobody waits really."""

    lines: list[str] = field(default_factory=list)
    naps: list[float] = field(default_factory=list)

    @property
    def waiting(self) -> Waiting:
        """How they wait."""
        return Waiting(self.lines.append, self.naps.append)


@dataclass
class Lake:
    """Logs in Amazon S3, and a table of them."""

    sandbox: Sandbox
    asker: Asker
    folder: Path

    def deliver(self, *files: LogFile, **more: Any) -> None:
        """Let a trail deliver files."""
        for each in files:
            self.sandbox.client("s3").put_object(Bucket=BUCKET, Key=each.key, Body=each.body, **more)

    def daily(self, *, without: tuple[int, ...] = ()) -> None:
        """Let it deliver a file a day from the first on, the events of the day in it."""
        for number in range(SINCE + 1):
            when = ago(number)
            records = [each for each in RECORDS if each["eventTime"][:10] == f"{when:%Y-%m-%d}"]
            if number not in without:
                self.deliver(LogFile(records, when))

    def table(
        self, keys: tuple[str, ...] = (), columns: Mapping[str, str] = COLUMNS, **properties: str
    ) -> None:
        """Describe the table, whose engine reads what there is then."""
        glue = self.sandbox.client("glue")
        glue.create_table(
            DatabaseName=DATABASE,
            TableInput={
                "Name": NAME,
                "StorageDescriptor": {
                    "Columns": [{"Name": name, "Type": kind} for name, kind in columns.items()],
                    "Location": f"s3://{BUCKET}/AWSLogs/{ACCOUNT}/CloudTrail/",
                },
                "PartitionKeys": [{"Name": each, "Type": "string"} for each in keys],
                "Parameters": {name.replace("__", "."): value for name, value in properties.items()},
            },
        )
        self.sandbox.athena.engine = Engine(self.sandbox, BUCKET, keys, self.folder)

    def partition(self, day: Any) -> None:
        """Add a partition by hand."""
        place = f"s3://{BUCKET}/AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/{day:%Y/%m/%d}"
        self.sandbox.client("glue").create_partition(
            DatabaseName=DATABASE,
            TableName=NAME,
            PartitionInput={
                "Values": [REGION, f"{day:%Y}", f"{day:%m}", f"{day:%d}"],
                "StorageDescriptor": {"Location": place},
            },
        )


@pytest.fixture(scope="module")
def aws() -> Iterator[Sandbox]:
    """AWS on this machine, with a work group and a database."""
    with Sandbox() as sandbox:
        sandbox.client("glue").create_database(DatabaseInput={"Name": DATABASE})
        _work_group(sandbox, GROUP)
        yield sandbox


def _work_group(sandbox: Sandbox, name: str, output: str = "s3://results/", **settings: Any) -> None:
    place = {"ResultConfiguration": {"OutputLocation": output}} if output else {}
    sandbox.client("athena").create_work_group(Name=name, Configuration={**place, **settings})


@pytest.fixture
def lake(aws: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Lake]:
    """An empty bucket, and no table yet."""
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    s3, glue = aws.client("s3"), aws.client("glue")
    s3.create_bucket(Bucket=BUCKET)
    # as a command may ask that remembers answers
    asker = Asker(boto3.Session(region_name=REGION), ACCOUNT, REGION, Manner(once=True, attempts=1))
    aws.forget_calls()
    yield Lake(aws, asker, tmp_path)
    aws.athena.engine, aws.athena.answers_until_ended = None, 2
    aws.athena.queries.clear()
    aws.athena.stopped.clear()
    for each in s3.list_objects_v2(Bucket=BUCKET).get("Contents", ()):
        s3.delete_object(Bucket=BUCKET, Key=each["Key"])
    s3.delete_bucket(Bucket=BUCKET)
    if glue.get_tables(DatabaseName=DATABASE)["TableList"]:
        glue.delete_table(DatabaseName=DATABASE, Name=NAME)


def planned(lake: Lake, search: Search = SEARCH, group: str = GROUP) -> Any:
    """The plan."""
    return plan(lake.asker, TABLE, group, search, Told().waiting)


def asked(lake: Lake) -> set[str]:
    """What was called of Athena."""
    return {call.operation for call in lake.sandbox.calls if call.service == "athena"}


class TestPlan:
    """What is said before anything runs."""

    def test_says_what_it_scans_and_costs(self, lake: Lake) -> None:
        """At most, by the files that lie there, and by what the work group allows; nothing is started."""
        lake.table(("timestamp",), **projection())
        lake.daily()
        told_before = [*planned(lake).sentences()]
        assert told_before[0].startswith(
            f"Athena would search logs.cloudtrail_logs for {ARN}, from 2026-11-19"
        )
        assert told_before[1].startswith("it scans ")
        assert "11 objects at most: less than USD 0.01 (USD 5 a TB in most Regions, as of" in told_before[1]
        assert told_before[2] == "the work group security does not limit what a query scans"
        assert asked(lake) == {"GetWorkGroup", "GetTableMetadata"}
        assert lake.sandbox.athena.queries == []

    def test_counts_what_the_query_looks_at(self, lake: Lake) -> None:
        """Of a table that has no partitions everything, of one that has days those of the time."""
        lake.daily()
        far = LogFile([], ago(400))
        lake.deliver(far)
        lake.table(("timestamp",), **projection())
        partly = planned(lake).estimate.coverage
        lake.sandbox.client("glue").delete_table(DatabaseName=DATABASE, Name=NAME)
        lake.table()
        whole = planned(lake).estimate.coverage
        assert (partly.objects, whole.objects) == (11, 12)
        assert whole.size - partly.size == len(far.body)

    def test_a_limit(self, lake: Lake) -> None:
        """Is the work group's."""
        _work_group(lake.sandbox, "limited", BytesScannedCutoffPerQuery=20_971_520)
        lake.table()
        assert (
            "the work group limited cancels a query that has scanned 20.0 MB"
            in planned(lake, group="limited").sentences()
        )

    def test_a_partition_key_that_nobody_documents(self, lake: Lake) -> None:
        """Is said to be looked at in whole."""
        lake.table(("p",), projection__enabled="true")
        found = [*planned(lake).sentences()]
        assert any("all values of the partition key p are looked at" in each for each in found)

    def test_what_may_not_be_listed(self, lake: Lake) -> None:
        """Is not known, and no small query."""
        lake.table()
        lake.daily()
        lake.sandbox.fail_next("s3", "ListObjectsV2", "AccessDenied")
        made_plan = planned(lake)
        found = [*made_plan.sentences()]
        assert any("AccessDenied" in each for each in found)
        assert any(each.startswith("how much it scans is not known") for each in found)
        source = search_with(lake.asker, made_plan, Told().waiting).source
        assert (source.start, source.end, source.found) == (None, None, 3)
        assert any("nobody can say that nothing is missing" in each for each in source.unread)

    @pytest.mark.parametrize(
        ("settings", "told_then"),
        [
            ({"output": ""}, "the work group bad has no place for results"),
            (
                {"EngineVersion": {"EffectiveEngineVersion": "PySpark engine version 3"}},
                r"the work group bad runs no SQL \(PySpark engine version 3\)",
            ),
        ],
    )
    def test_a_work_group_that_cannot(self, lake: Lake, settings: dict[str, Any], told_then: str) -> None:
        """Run it is refused first."""
        _work_group(lake.sandbox, "bad", **settings)
        with pytest.raises(UsageError, match=told_then):
            planned(lake, group="bad")
        lake.sandbox.client("athena").delete_work_group(WorkGroup="bad")

    def test_a_work_group_that_is_not_there(self, lake: Lake) -> None:
        """Is AWS's answer."""
        with pytest.raises(UnansweredError, match="WorkGroup none is not found"):
            planned(lake, group="none")

    def test_a_table_that_is_not_there(self, lake: Lake) -> None:
        """Is looked for in one account and Region."""
        with pytest.raises(UsageError, match=r"no table logs\.cloudtrail_logs .* 111122223333 in us-east-1"):
            planned(lake)

    def test_a_table_of_something_else(self, lake: Lake) -> None:
        """Is refused before anything is listed."""
        lake.table(columns={"time": "string"})
        with pytest.raises(UsageError, match="it lacks eventid, eventtime"):
            planned(lake)
        assert "s3" not in {call.service for call in lake.sandbox.calls if call.operation == "ListObjectsV2"}

    def test_days_that_the_table_does_not_have(self, lake: Lake) -> None:
        """Are not searched, and not said to be."""
        lake.table(("timestamp",), **projection(f"{ago(5):%Y/%m/%d}"))
        lake.daily()
        assert planned(lake).search.start == ago(5).replace(hour=0)
        with pytest.raises(UsageError, match="the table begins with 2026-11-24, after the time"):
            planned(lake, replace(SEARCH, start=ago(20), end=ago(10)))

    def test_days_after_which_the_table_ends(self, lake: Lake) -> None:
        """Are not searched: files of theirs do not tell that nothing happened."""
        ends = {"projection__timestamp__range": f"2020/01/01,{ago(5):%Y/%m/%d}"}
        lake.table(("timestamp",), **{**projection(), **ends})
        lake.daily()
        found = search_with(lake.asker, planned(lake), Told().waiting).source
        assert (found.start, found.end) == (SEARCH.start, ago(5) - LATE)
        with pytest.raises(UsageError, match="the table ends with 2026-11-24, before the time that is asked"):
            planned(lake, replace(SEARCH, start=ago(4)))

    def test_a_range_that_is_not_understood(self, lake: Lake) -> None:
        """Leaves open from when on nothing is missing."""
        lake.table(("timestamp",), **projection("some day"))
        lake.daily()
        assert "projection.timestamp.range is not understood" in " ".join(planned(lake).sentences())


class TestSearch:
    """What comes back, and what is made of it."""

    @pytest.mark.parametrize("keys", [(), ("timestamp",), PARTS])
    def test_is_the_key_s_history(self, lake: Lake, keys: tuple[str, ...]) -> None:
        """As the files themselves tell it, over the same time."""
        lake.table(keys, **(projection() if keys == ("timestamp",) else {}))
        lake.daily()
        for number in range(SINCE + 1) if keys == PARTS else ():
            lake.partition(ago(number))
        somebody = Told()
        found = search_with(lake.asker, planned(lake), somebody.waiting)
        source = found.source
        assert (source.origin, source.found, source.gaps, source.unread) == (Origin.ATHENA, 3, (), ())
        assert (source.start, source.end) == (SEARCH.start, NOW - LATE)
        assert source.place.startswith("logs.cloudtrail_logs in account 111122223333, us-east-1 (query ")
        until = LATE / timedelta(days=1)
        expected = history_from(
            KEY, ZONE, NOW, [told(*RECORDS, since=SINCE, until=until, origin=Origin.ATHENA)]
        )
        history = history_from(KEY, ZONE, NOW, [found])
        assert history.spans == expected.spans
        assert history.acts == expected.acts
        (window, *_) = history.windows
        assert (window.standing, window.start, window.end) == (Standing.REFUSED, ago(6), ago(3))
        assert any("query" in line and "QUEUED" in line for line in somebody.lines)
        assert any(line.startswith("Athena: it scanned ") for line in somebody.lines)

    def test_days_without_a_file(self, lake: Lake) -> None:
        """Are gaps: of these nothing is known, though the query found nothing."""
        lake.table(("timestamp",), **projection())
        lake.daily(without=(7, 8, 5))
        source = search_with(lake.asker, planned(lake), Told().waiting).source
        gaps = [(gap.start, gap.end) for gap in source.gaps]
        midnight = ago(8).replace(hour=0)
        assert gaps == [
            (midnight - LATE, midnight + timedelta(days=2)),
            (midnight + timedelta(days=3) - LATE, midnight + timedelta(days=4)),
        ]
        assert "no log file of account 111122223333 and us-east-1" in source.gaps[0].why
        assert "from 2026-11-21 to 2026-11-22" in source.gaps[0].why

    def test_partitions_that_nobody_added(self, lake: Lake) -> None:
        """The same, though files lie there: Athena does not look at them."""
        lake.table(PARTS)
        lake.daily()
        for number in (0, 1, 2, 3, 9, 10):
            lake.partition(ago(number))
        source = search_with(lake.asker, planned(lake), Told().waiting).source
        assert [(gap.start, gap.end) for gap in source.gaps] == [
            (ago(8).replace(hour=0) - LATE, ago(3).replace(hour=0))
        ]

    def test_files_of_others(self, lake: Lake) -> None:
        """Are no files of the key's account and Region."""
        lake.table()
        lake.deliver(LogFile([], ago(5), account="444455556666"), LogFile([], ago(5), region="eu-west-1"))
        source = search_with(lake.asker, planned(lake), Told().waiting).source
        assert (source.start, source.end, source.gaps) == (None, None, ())
        assert "no log file of account 111122223333 and us-east-1 was found" in source.unread[0]

    def test_is_told_from_the_first_file_to_the_last(self, lake: Lake) -> None:
        """What was before, and is after, nobody tells: a trail may have begun, and ended, at noon."""
        lake.table()
        lake.daily(without=(0, 1, 10))
        source = search_with(lake.asker, planned(lake), Told().waiting).source
        assert (source.start, source.end, source.gaps) == (ago(9), ago(2) - LATE, ())

    def test_one_file(self, lake: Lake) -> None:
        """Tells everything of no time."""
        lake.table()
        lake.deliver(LogFile([put(5, GOOD)], ago(5)))
        found = search_with(lake.asker, planned(lake), Told().waiting)
        assert (found.source.start, found.source.end, len(found.events)) == (None, None, 1)

    @pytest.mark.parametrize("of_kms", [True, False])
    def test_a_key_without_events(self, lake: Lake, *, of_kms: bool) -> None:
        """Had none where the trail has those of KMS; a trail that leaves them out tells nothing."""
        lake.table()
        other = (
            did("GenerateDataKey", 8)
            if of_kms
            else {**did("PutObject", 8), "eventSource": "s3.amazonaws.com"}
        )
        for number in range(1, SINCE):
            lake.deliver(LogFile([other] if number == 8 else [], ago(number)))
        source = search_with(lake.asker, planned(lake), Told().waiting).source
        assert (source.start is not None, any(map(WITHOUT_KMS.__eq__, source.unread))) == (of_kms, not of_kms)

    def test_a_key_without_events_in_files_that_nobody_can_read(self, lake: Lake) -> None:
        """Is not known to have had none."""
        lake.table()
        for number in (1, 2, 3):
            file = LogFile([], ago(number))
            lake.sandbox.client("s3").put_object(Bucket=BUCKET, Key=file.key, Body=b"{}")
        lake.sandbox.athena.engine = lambda _text, _database: Result(HEADER, [])
        source = search_with(lake.asker, planned(lake), Told().waiting).source
        assert (source.start, source.end) == (None, None)
        assert "no log file could be read" in source.unread[-1]

    def test_archived_files(self, lake: Lake) -> None:
        """Are passed over by Athena: their days are gaps, and they cost nothing."""
        lake.table()
        lake.daily()
        archived = LogFile([], ago(4))
        before = planned(lake).estimate.coverage.size
        lake.deliver(archived, StorageClass="GLACIER")
        made_plan = planned(lake)
        assert made_plan.estimate.coverage.size == before
        source = search_with(lake.asker, made_plan, Told().waiting).source
        (gap,) = source.gaps
        assert gap.why.startswith("Athena passes over archived log files of account 111122223333")
        assert gap.why.endswith("on 2026-11-25")

    def test_rows_of_many_pages(self, lake: Lake) -> None:
        """Are all read."""
        lake.table()
        lake.daily()
        many = [{**put(5, GOOD), "eventID": f"e-{number}"} for number in range(2_500)]
        lake.deliver(LogFile(many, ago(5)))
        found = search_with(lake.asker, planned(lake), Told().waiting)
        assert found.source.found == 2_503
        assert [call.operation for call in lake.sandbox.calls].count("GetQueryResults") == 3

    def test_more_rows_than_are_read(self, lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
        """End the time of which everything is told, and that is said."""
        monkeypatch.setattr("lzkey.history.athena.searching.MOST", 2)
        lake.table()
        lake.daily()
        source = search_with(lake.asker, planned(lake), Told().waiting).source
        assert source.end == ago(3) - timedelta(seconds=1)
        assert "only the first 3 rows were read" in source.unread[0]
        monkeypatch.setattr("lzkey.history.athena.searching.MOST", 3)
        assert search_with(lake.asker, planned(lake), Told().waiting).source.unread == ()

    def test_a_row_that_cannot_be_read(self, lake: Lake) -> None:
        """Is a sentence, and a gap at its time; one without a time leaves all of it open."""
        lake.table()
        lake.daily()
        engine = lake.sandbox.athena.engine
        assert engine is not None

        def spoilt(**values: str | None) -> Callable[[str, str], Result]:
            def answer(text: str, database: str) -> Result:
                found = engine(text, database)
                named = dict(zip(found.columns, found.rows[0], strict=True)) | values
                return replace(found, rows=[tuple(named.values()), *found.rows[1:]])

            return answer

        lake.sandbox.athena.engine = spoilt(request="{")
        source = search_with(lake.asker, planned(lake), Told().waiting).source
        assert [(gap.start, gap.end) for gap in source.gaps] == [(ago(9), ago(9) + timedelta(seconds=1))]
        assert "its request is no JSON" in source.unread[0]
        lake.sandbox.athena.engine = spoilt(event_time="?")
        source = search_with(lake.asker, planned(lake), Told().waiting).source
        assert (source.start, source.end) == (None, None)


class TestRunning:
    """A query, from its start to its end."""

    def test_is_asked_less_and_less_often(self, lake: Lake) -> None:
        """And each state is told once."""
        lake.sandbox.athena.answers_until_ended = 12
        lake.sandbox.athena.engine = lambda _text, _database: Result(["a"], [])
        somebody = Told()
        _, scanned = run(lake.asker.with_manner(Manner()), "SELECT 1", DATABASE, GROUP, somebody.waiting)
        assert scanned == 0
        assert somebody.naps[0] < somebody.naps[1] <= 10
        assert (len(somebody.naps), max(somebody.naps)) == (12, 10)
        assert [line.rpartition(" ")[2] for line in somebody.lines[:2]] == ["QUEUED", "RUNNING"]
        assert len(somebody.lines) == 3

    def test_that_fails(self, lake: Lake) -> None:
        """Says why, in one line, and what it has scanned."""
        lake.table()

        def refuse(_text: str, _database: str) -> Result:
            raise EngineError("HIVE_BAD_DATA:\nno\x1b[31m row")

        lake.sandbox.athena.engine = refuse
        with pytest.raises(
            QueryError, match=r"query [0-9a-f-]{36} failed \(HIVE_BAD_DATA: no.*scanned 0 bytes"
        ):
            search_with(lake.asker, planned(lake), Told().waiting)

    def test_that_somebody_cancels(self, lake: Lake) -> None:
        """Is no empty answer."""
        lake.table()

        def cancel(_: float) -> None:
            client = lake.sandbox.client("athena")
            started = [call for call in lake.sandbox.calls if call.operation == "StartQueryExecution"]
            assert started
            client.stop_query_execution(QueryExecutionId=query_of(lines[-1]))

        lines: list[str] = []
        with pytest.raises(QueryError, match=r"was cancelled \(Query cancelled by user\)"):
            search_with(lake.asker, planned(lake), Waiting(lines.append, cancel))

    @pytest.mark.parametrize("ending", [KeyboardInterrupt, SystemExit])
    def test_that_nobody_waits_for_any_more(self, lake: Lake, ending: type[BaseException]) -> None:
        """Is stopped, and that is told."""
        lake.table()

        def interrupted(_: float) -> None:
            raise ending

        lines: list[str] = []
        with pytest.raises(ending):
            search_with(lake.asker, planned(lake), Waiting(lines.append, interrupted))
        assert len(lake.sandbox.athena.stopped) == 1
        assert "was stopped; what it has scanned is charged" in lines[-1]

    def test_that_cannot_be_stopped(self, lake: Lake) -> None:
        """May go on, which is told, too."""
        lake.table()

        def interrupted(_: float) -> None:
            lake.sandbox.fail_next("athena", "StopQueryExecution", "AccessDeniedException")
            raise KeyboardInterrupt

        lines: list[str] = []
        with pytest.raises(KeyboardInterrupt):
            search_with(lake.asker, planned(lake), Waiting(lines.append, interrupted))
        assert "may go on, and is charged" in lines[-1]
        assert "AccessDeniedException" in lines[-1]

    def test_whose_state_is_not_answered(self, lake: Lake) -> None:
        """Is stopped as well."""
        lake.table()
        made_plan = planned(lake)
        lake.sandbox.fail_next("athena", "GetQueryExecution", "AccessDeniedException")
        with pytest.raises(UnansweredError, match="AccessDeniedException"):
            search_with(lake.asker, made_plan, Told().waiting)
        assert len(lake.sandbox.athena.stopped) == 1

    def test_that_ended_is_not_stopped(self, lake: Lake) -> None:
        """The twin."""
        lake.table()
        search_with(lake.asker, planned(lake), Told().waiting)
        assert "StopQueryExecution" not in asked(lake)


def query_of(line: str) -> str:
    """The id of the query that a line tells of."""
    return line.partition("query ")[2].partition(" ")[0]


class TestActions:
    """What it takes."""

    def test_nothing_else_is_called(self, lake: Lake, caplog: pytest.LogCaptureFixture) -> None:
        """What is called is declared, and so is what Athena does for whoever asks."""
        caplog.set_level(logging.DEBUG)
        lake.table(PARTS)
        lake.daily()
        lake.partition(ago(1))
        search_with(lake.asker, planned(lake), Told().waiting)
        declared = plan.actions | search_with.actions
        assert set(lake.asker.log.calls) <= declared
        behind = {"glue:GetTable", "glue:GetDatabase", "s3:GetObject", "s3:PutObject", "s3:GetBucketLocation"}
        assert behind <= declared
        assert "athena:StopQueryExecution" in declared
        assert not {each for each in declared if each.endswith("*")}
