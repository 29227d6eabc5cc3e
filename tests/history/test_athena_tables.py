"""What a table must be, how its partitions are laid out, and what its rows tell."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from landing_zone_key.key import KeyArn
from lzkey.aws.unanswered import UnansweredError
from lzkey.errors import UsageError
from lzkey.history.athena.columns import READ, Kind, require_documented
from lzkey.history.athena.layout import DayColumn, DayParts, Layout, layout_of, prefix_of
from lzkey.history.athena.query import Search, partitions_of
from lzkey.history.athena.records import HEADER, Records

from .cloudtrail_tables import COLUMNS, at, projection, table

KEY = KeyArn.parse("arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab")
NOW = at(2026, 11, 29)
PARTS = {"year": "string", "month": "string", "day": "string"}
DAY = {"timestamp": "string"}
PLACE = "s3://logs/AWSLogs/111122223333/CloudTrail/us-east-1"


class TestColumns:
    """The table is the documented one, or is refused."""

    def test_the_documented_one(self) -> None:
        """Also in capital letters and with spaces, as somebody may have typed its types."""
        require_documented(table(), "logs.cloudtrail_logs")
        typed = {name: kind.replace(":", " : ").upper() for name, kind in COLUMNS.items()}
        require_documented(table(columns=typed), "logs.cloudtrail_logs")

    @pytest.mark.parametrize("name", sorted({read.column[0] for read in READ}))
    def test_each_column_that_is_read(self, name: str) -> None:
        """One that is not there is named."""
        columns = {each: kind for each, kind in COLUMNS.items() if each != name}
        with pytest.raises(UsageError, match=rf"logs\.t is not the table .*: it lacks {name}[.,;]"):
            require_documented(table(columns=columns), "logs.t")

    @pytest.mark.parametrize(
        ("columns", "told"),
        [
            ({"eventid": "bigint"}, "what it has as eventid is no text"),
            ({"eventtime": "timestamp"}, "what it has as eventtime is no text"),
            ({"requestparameters": "map<string,string>"}, "what it has as requestparameters is no text"),
            ({"resources": "string"}, "it lacks resources.arn"),
            ({"resources": "array<string>"}, "it lacks resources.arn"),
            ({"resources": "array<struct<arn:int>>"}, "what it has as resources.arn is no text"),
            ({"resources": "array<struct<arn:string"}, "it lacks resources.arn"),
            ({"useridentity": "struct<arn:string,type:string>"}, "it lacks useridentity.accountid"),
            ({"useridentity": "array<struct<" * 3000}, "it lacks useridentity.type"),
            ({"eventname": "string>"}, "what it has as eventname is no text"),
            ({"eventname": ""}, "what it has as eventname is no text"),
        ],
    )
    def test_what_is_something_else(self, columns: dict[str, str], told: str) -> None:
        """Is named as well."""
        with pytest.raises(UsageError) as caught:
            require_documented(table(columns={**COLUMNS, **columns}), "logs.t")
        assert told in str(caught.value)

    @pytest.mark.parametrize("kind", ["varchar(64)", "char(12)", "VARCHAR"])
    def test_other_text(self, kind: str) -> None:
        """Is as good, beside types with a comma in them."""
        require_documented(table(columns={**COLUMNS, "eventid": kind, "other": "decimal(10,2)"}), "logs.t")
        identity = COLUMNS["useridentity"].replace("struct<type", "struct<more:decimal(10,2),type", 1)
        require_documented(table(columns={**COLUMNS, "useridentity": identity}), "logs.t")


class TestLayout:
    """Which partition keys are used."""

    @pytest.mark.parametrize(
        ("keys", "properties", "expected"),
        [
            ({}, {}, Layout()),
            (
                DAY,
                projection(),
                Layout(
                    days=DayColumn("timestamp", "%Y/%m/%d", date(2020, 1, 1)),
                    projected=True,
                    keys=("timestamp",),
                ),
            ),
            (
                {"account": "string", "region": "string", **PARTS},
                {},
                Layout("account", "region", DayParts(year_is_text=True), keys=("account", "region", *PARTS)),
            ),
            (
                dict.fromkeys(PARTS, "int"),
                {},
                Layout(days=DayParts(year_is_text=False), keys=tuple(PARTS)),
            ),
            # of what nobody declares nothing is known: all of it is looked at
            (DAY, {}, Layout(unused=("timestamp",), keys=("timestamp",))),
            (
                DAY,
                projection(form="dd/MM/yyyy"),
                Layout(unused=("timestamp",), projected=True, keys=("timestamp",)),
            ),
            ({"account": "int"}, {}, Layout(unused=("account",), keys=("account",))),
            ({"region": "int"}, {}, Layout(unused=("region",), keys=("region",))),
            (
                {"year": "string", "month": "string"},
                {},
                Layout(unused=("year", "month"), keys=("year", "month")),
            ),
            ({"p": "string"}, {}, Layout(unused=("p",), keys=("p",))),
            ({"accountid": "string"}, {}, Layout(unused=("accountid",), keys=("accountid",))),
            (
                {"accountid": "string"},
                {"projection__enabled": "true", "projection__accountid__type": "injected"},
                Layout("accountid", projected=True, keys=("accountid",)),
            ),
        ],
    )
    def test_of_a_table(self, keys: dict[str, str], properties: dict[str, str], expected: Layout) -> None:
        """What AWS documents, and what the table declares."""
        assert layout_of(table(keys, **properties), KEY, NOW) == expected

    @pytest.mark.parametrize(
        ("begin", "expected"),
        [
            ("2024/02/29", date(2024, 2, 29)),
            ("NOW-30DAYS", date(2026, 10, 30)),
            ("NOW-1YEAR", date(2025, 11, 29)),
            ("now - 2 weeks", date(2026, 11, 15)),
            ("NOW-3MONTHS", date(2026, 9, 6)),
            ("NOW", date(2026, 11, 29)),
            ("2024-02-29", None),
            ("2023/02/29", None),
            ("NOW-99999YEARS", None),
            ("yesterday", None),
            ("", None),
        ],
    )
    def test_where_days_begin(self, begin: str, expected: date | None) -> None:
        """Never earlier than they do: a month has 28 days at least; what is not understood is not known."""
        days = layout_of(table(DAY, **projection(begin)), KEY, NOW).days
        assert isinstance(days, DayColumn)
        assert days.start == expected

    @pytest.mark.parametrize(
        ("end", "expected", "unclear"),
        [
            ("2024/02/29", date(2024, 2, 29), ()),
            ("NOW", None, ()),
            ("NOW+1DAY", None, ()),
            ("2099/01/01", None, ()),
            ("NOW-30DAYS", date(2026, 10, 30), ()),
            ("NOW-1YEAR", date(2025, 11, 28), ()),
            ("NOW-3MONTHS", date(2026, 8, 28), ()),
            ("some day", None, ("projection.timestamp.range",)),
            ("", None, ("projection.timestamp.range",)),
        ],
    )
    def test_where_days_end(self, end: str, expected: date | None, unclear: tuple[str, ...]) -> None:
        """Never later than they do: a month has 31 days at most; a range that goes on has no end."""
        properties = {**projection(), "projection__timestamp__range": f"2020/01/01,{end}"}
        days = layout_of(table(DAY, **properties), KEY, NOW).days
        assert isinstance(days, DayColumn)
        assert (days.end, days.unclear) == (expected, unclear)
        assert days.has(date(2024, 1, 1))
        assert not days.has(date(2019, 12, 31))
        assert days.has(NOW.date()) is (expected is None)

    @pytest.mark.parametrize(
        ("interval", "unit"), [("7", "DAYS"), ("1", "MONTHS"), ("x", "DAYS"), ("1", "?")]
    )
    def test_days_that_are_not_each_day(self, interval: str, unit: str) -> None:
        """Are not known one by one."""
        properties = {
            **projection(),
            "projection__timestamp__interval": interval,
            "projection__timestamp__interval__unit": unit,
        }
        days = layout_of(table(DAY, **properties), KEY, NOW).days
        assert days is not None
        assert days.unclear == ("projection.timestamp.interval",)

    @pytest.mark.parametrize(
        ("properties", "has", "lacks"),
        [
            ({"type": "integer", "range": "2020,2025"}, 2025, 2026),
            ({"type": "integer", "range": "2020, 2030", "interval": "2"}, 2022, 2021),
            ({"type": "enum", "values": "2024, 2026"}, 2026, 2025),
        ],
    )
    def test_parts_of_days_that_are_projected(self, properties: dict[str, str], has: int, lacks: int) -> None:
        """Are those that the table lists: Athena finds nothing of others."""
        its = {
            "projection__enabled": "true",
            "projection__month__type": "integer",
            "projection__month__range": "1,12",
            "projection__day__type": "integer",
            "projection__day__range": "1,28",
            **{f"projection__year__{name}": value for name, value in properties.items()},
        }
        days = layout_of(table(dict.fromkeys(PARTS, "int"), **its), KEY, NOW).days
        assert isinstance(days, DayParts)
        assert days.unclear == ()
        assert days.has(date(has, 12, 28))
        assert not days.has(date(has, 12, 29))
        assert not days.has(date(lacks, 12, 28))
        del its["projection__year__type"]
        days = layout_of(table(dict.fromkeys(PARTS, "int"), **its), KEY, NOW).days
        assert days is not None
        assert (days.unclear, days.has(date(lacks, 12, 29))) == (("projection.year",), True)

    @pytest.mark.parametrize(("name", "value"), [("account", "111122223333"), ("region", "us-east-1")])
    def test_a_projection_that_leaves_the_key_out(self, name: str, value: str) -> None:
        """Would find nothing, which is no answer; one that has it is one."""
        properties = {
            "projection__enabled": "true",
            f"projection__{name}__type": "enum",
            f"projection__{name}__values": "a,b",
        }
        with pytest.raises(UsageError, match=f"projection.{name}.values does not have {value}"):
            layout_of(table({name: "string"}, **properties), KEY, NOW)
        properties[f"projection__{name}__values"] = f"a, {value}"
        assert getattr(layout_of(table({name: "string"}, **properties), KEY, NOW), name) == name

    @pytest.mark.parametrize(
        ("keys", "properties", "expected"),
        [
            (DAY, projection(), f"{PLACE}/2026/02/07"),
            (
                DAY,
                {**projection(), "storage__location__template": "s3://logs/${timestamp}/${other}"},
                None,
            ),
            (
                {"region": "string", **dict.fromkeys(PARTS, "int")},
                {
                    "projection__enabled": "true",
                    "projection__month__digits": "2",
                    "storage__location__template": "s3://logs/${region}/${year}/${month}/${day}",
                },
                "s3://logs/us-east-1/2026/02/7",
            ),
            (
                {"account": "string", "region": "string"},
                {"projection__enabled": "true"},
                "s3://logs/AWSLogs/account=111122223333/region=us-east-1/",
            ),
        ],
    )
    def test_where_a_partition_lies(
        self, keys: dict[str, str], properties: dict[str, str], expected: str | None
    ) -> None:
        """As its template says, else as Hive would; what the template wants more is not known."""
        described = table(keys, **properties)
        assert prefix_of(described, layout_of(described, KEY, NOW), KEY, date(2026, 2, 7)) == expected

    def test_the_catalog_is_asked_for_few(self) -> None:
        """By the account, the Region and the years, up to the last possible delivery."""
        search = Search(KEY, ("PutKeyPolicy",), at(2025, 5, 1), at(2026, 12, 15))
        layout = Layout("account", "region", DayParts(year_is_text=True))
        assert partitions_of(layout, search) == (
            "account = '111122223333' AND region = 'us-east-1' AND year BETWEEN '2025' AND '2027'"
        )
        numbers = Layout(days=DayParts(year_is_text=False))
        assert partitions_of(numbers, search) == "year BETWEEN 2025 AND 2027"
        assert partitions_of(Layout(), search) == ""


GOOD: dict[str, str | None] = dict.fromkeys(HEADER) | {
    "event_id": "e-1",
    "event_time": "2026-02-01T12:00:00Z",
    "event_source": "kms.amazonaws.com",
    "event_name": "PutKeyPolicy",
    "region": KEY.region,
    "recipient_account": KEY.account,
    "identity_type": "IAMUser",
    "identity_arn": "arn:aws:iam::111122223333:user/somebody",
    "request": json.dumps({"keyId": KEY.key_id, "policy": "{}"}),
    "resources": json.dumps([str(KEY)]),
}


def row(**values: str | None) -> tuple[str | None, ...]:
    """A row that can be read, but for these values."""
    return tuple((GOOD | values).values())


def read(*rows: Any) -> Records:
    """The records of these rows, below the header."""
    records = Records()
    records.read([HEADER, *rows])
    return records


class TestRecords:
    """What rows tell."""

    def test_an_event(self) -> None:
        """As a log file would have it: what is NULL there may be null."""
        records = read(row())
        ((event,),) = records.events.values()
        assert (event.id, event.name, event.principal) == ("e-1", "PutKeyPolicy", GOOD["identity_arn"])
        assert (event.parameters["policy"], event.resources) == ("{}", (str(KEY),))
        assert event.record["responseElements"] is None
        assert (records.unread, records.count, records.latest) == ([], 1, event.at)

    def test_one_that_is_told_twice(self) -> None:
        """Counts once, unless it is told in two ways: then both are told."""
        assert [len(alike) for alike in read(row(), row()).events.values()] == [1]
        assert [len(alike) for alike in read(row(), row(event_name="DisableKey")).events.values()] == [2]

    @pytest.mark.parametrize(
        ("values", "told"),
        [
            ({"request": '{"keyId": '}, "its request is no JSON"),
            ({"request": '{"a": 1, "a": 2}'}, "its request is no JSON"),
            ({"request": "[" * 100_000}, "its request is no JSON"),
            ({"response": "NaN"}, "its response is no JSON"),
            ({"resources": '"arn"'}, "its resources are no list"),
            ({"event_time": "2026-02-01T12:00:00"}, "its time has no zone"),
            ({"event_time": "yesterday"}, "yesterday"),
            ({"event_time": None}, "eventTime"),
            ({"event_id": None}, "eventID"),
        ],
    )
    def test_what_cannot_be_read(self, values: dict[str, str | None], told: str) -> None:
        """Is a sentence, with when it happened, as far as that can be read; what is beside it is read."""
        records = read(row(**values), row(event_id="e-2"))
        (sentence,) = records.unread
        assert told in sentence
        assert "PutKeyPolicy" in sentence
        assert (set(records.events), records.count) == ({"e-2"}, 2)
        assert len(records.moments) == 1
        assert (records.moments[0] is None) is ("event_time" in values)

    @pytest.mark.parametrize("odd", [(), ("e-1",), (*row(), "more")])
    def test_a_row_of_another_length(self, odd: tuple[str | None, ...]) -> None:
        """Is not taken apart."""
        assert f"it has {len(odd)} values" in read(odd).unread[0]

    def test_what_is_in_a_sentence(self) -> None:
        """Nothing that a row holds takes more than a line of it."""
        (sentence,) = read(row(request="{", event_name="x\n" * 10_000)).unread
        assert "\n" not in sentence
        assert len(sentence) < 1_000

    @pytest.mark.parametrize("header", [[], [("a", "b")], [tuple(reversed(HEADER))], [row()]])
    def test_a_header_that_is_another(self, header: list[tuple[str | None, ...]]) -> None:
        """Is an answer to something else."""
        with pytest.raises(UnansweredError, match="not those that were asked for"):
            Records().read(header)

    def test_arns_are_the_only_list(self) -> None:
        """Of resources nothing else is read."""
        ((event,),) = read(row(resources='["arn:x", null, 5]')).events.values()
        assert event.resources == ("arn:x",)
        assert [each.name for each in READ if each.kind is Kind.ARNS] == ["resources"]
