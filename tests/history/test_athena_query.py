"""The SQL that finds a key's events, run over trail files: it finds all, and needs each condition."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlglot
from sqlglot import exp

from landing_zone_key.key import KeyArn
from lzkey.aws.events import event_of
from lzkey.errors import UsageError
from lzkey.history.athena.layout import DELIVERED_WITHIN, DayColumn, DayParts, Layout
from lzkey.history.athena.query import Search, TableName, require_work_group, text_of
from lzkey.history.athena.records import Records
from lzkey.history.events import CHANGING, TAGGING, changes_of
from lzkey.history.model import Origin
from lzkey_sandbox.cloudtrail_events import key_changed, policy_put, refused

from .cloudtrail_tables import Lake, LogFile, at, run

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNT, OTHER, REGION = "111122223333", "444455556666", "us-east-1"
KEY = KeyArn.parse(f"arn:aws:kms:{REGION}:{ACCOUNT}:key/mrk-1234abcd12ab34cd56ef1234567890ab")
ARN = str(KEY)
START, END = at(2026, 1, 10), at(2026, 3, 10)
USUAL = at(2026, 2, 1)
SEARCH = Search(KEY, (*CHANGING, *TAGGING), START, END)
TABLE = TableName("logs", "cloudtrail_logs")
POLICY = '{"Version": "2012-10-17", "Statement": []}'

#: Layout -> the partition keys of its table.
LAYOUTS = {
    "without partitions": (Layout(), ()),
    "projected by day": (
        Layout(days=DayColumn("timestamp", "%Y/%m/%d", None), projected=True),
        ("timestamp",),
    ),
    "by Region and parts of the day": (
        Layout(region="region", days=DayParts(year_is_text=True)),
        ("region", "year", "month", "day"),
    ),
    "of an organization": (
        Layout("account", "region", DayParts(year_is_text=True)),
        ("account", "region", "year", "month", "day"),
    ),
}


def bare(record: dict[str, Any], **members: Any) -> dict[str, Any]:
    """A record with other members, without its resources unless they are among these."""
    return {**record, "resources": None, **members}


def changed(name: str, when: datetime = USUAL, key: str = ARN, **members: Any) -> dict[str, Any]:
    """What somebody did to a key."""
    return {**key_changed(name, key, when), **members}


CREATED = key_changed(
    "CreateKey",
    ARN,
    at(2026, 1, 11),
    "",
    {"policy": POLICY},
    {"keyMetadata": {"arn": ARN, "keyId": KEY.key_id}},
)
EXPIRED = {"requestParameters": None, "responseElements": None, "eventType": "AwsServiceEvent"}

#: What is the key's, each found for a reason of its own.
FOUND = {
    "made": CREATED,
    "made, without resources": bare({**CREATED, "eventID": "e-1"}),
    "policy put": policy_put(ARN, POLICY, at(2026, 1, 12)),
    "policy put by the ARN": {
        **policy_put(ARN, POLICY, at(2026, 1, 13)),
        "requestParameters": {
            "keyId": ARN,
            "policyName": "default",
            "policy": POLICY,
            "bypassPolicyLockoutSafetyCheck": False,
        },
    },
    "disabled, without resources": bare(changed("DisableKey"), responseElements=None),
    "refused": refused(changed("DisableKey", at(2026, 2, 2))),
    "by a service": changed("DeleteExpiredKeyMaterial", at(2026, 2, 3), **EXPIRED),
    "by a service, without resources": bare(
        changed("DeleteKey", at(2026, 2, 4)), **EXPIRED, serviceEventDetails={"keyId": KEY.key_id}
    ),
    "at the first moment": changed("EnableKey", START),
    "at the last moment": changed("DisableKey", END),
    "tagged": changed("TagResource", at(2026, 2, 5)),
}

IN_EUROPE = ARN.replace(REGION, "eu-west-1")
NEIGHBOUR = ARN[:-1] + ("c" if ARN[-1] != "c" else "d")
#: What is not, each left out by one condition alone; where another partition hides it, by that.
LEFT_OUT = {
    "another key whose id begins alike": changed("DisableKey", key=NEIGHBOUR),
    "a use of it": changed("GenerateDataKey"),
    "another service's": changed("PutKeyPolicy", eventSource="elsewhere.amazonaws.com"),
    "the same id in another Region": changed("DisableKey", key=IN_EUROPE),
    "before the time": changed("DisableKey", START - timedelta(seconds=1)),
    "after the time": changed("DisableKey", END + timedelta(seconds=2)),
}


LATE, STRAY = END + DELIVERED_WITHIN, at(2026, 2, 7)


def stray(delivered: datetime, **where: str) -> LogFile:
    """A file that lies where CloudTrail would not deliver it, with an event that is the key's."""
    return LogFile([changed("EnableKey", STRAY)], delivered, **where)


#: What is found unless the table has such a partition key.
MISPLACED = {
    "account": (stray(STRAY, account=OTHER),),
    "region": (stray(STRAY, region="eu-west-1"),),
    "days": (
        stray(LATE + timedelta(days=1)),
        stray(START - timedelta(days=1)),
        stray(at(2025, 2, 7)),
        stray(at(2027, 2, 7)),
    ),
}


def files() -> list[LogFile]:
    """All of them, delivered some minutes after they happened; the last possible delivery; and all strays."""
    records = [*FOUND.values(), *LEFT_OUT.values()]
    found = [
        LogFile([each], datetime.fromisoformat(each["eventTime"]) + timedelta(minutes=5)) for each in records
    ]
    return [*found, LogFile([LATEST], LATE), *(file for strays in MISPLACED.values() for file in strays)]


LATEST = changed("EnableKey", END - timedelta(seconds=1))
FILES = files()


def expected(layout: Layout) -> set[str]:
    """The ids of what the query is to find in a table that is laid out so."""
    missed = [name for name in MISPLACED if not getattr(layout, name)]
    strays = [record for name in missed for file in MISPLACED[name] for record in file.records]
    return {each["eventID"] for each in (*FOUND.values(), LATEST, *strays)}


@pytest.fixture(scope="module")
def lakes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Lake]:
    """The table of each layout."""
    return {name: Lake(FILES, keys, tmp_path_factory.mktemp("lake")) for name, (_, keys) in LAYOUTS.items()}


def conditions(parsed: exp.Expression) -> list[exp.Expression]:
    """What the query asks of a row, all of which must hold."""
    where = parsed.find(exp.Where)
    assert where is not None
    return [*where.this.flatten()] if isinstance(where.this, exp.And) else [where.this]


def without(parsed: exp.Expression, number: int) -> exp.Expression:
    """The query without one of its conditions."""
    kept = [each.copy() for place, each in enumerate(conditions(parsed)) if place != number]
    changed_query = parsed.copy()
    changed_query.find(exp.Where).replace(exp.Where(this=exp.and_(*kept)))  # type: ignore[union-attr]
    return changed_query


def parsed_for(layout: Layout) -> exp.Expression:
    """The query, as Athena's."""
    return sqlglot.parse_one(text_of(TABLE, layout, SEARCH), read="athena")


#: Each condition of each layout, by its place.
EACH = [
    (name, number)
    for name, (layout, _) in LAYOUTS.items()
    for number in range(len(conditions(parsed_for(layout))))
]
#: That which only spares AWS Glue a look at partitions of other years.
SPARING = '"year" BETWEEN'


class TestText:
    """It is Athena's SQL, and names what it wants."""

    @pytest.mark.parametrize("dialect", ["athena", "trino"])
    @pytest.mark.parametrize("name", LAYOUTS)
    def test_is_one_query_of_the_dialect(self, name: str, dialect: str) -> None:
        """And means the same when it is written again."""
        text = text_of(TABLE, LAYOUTS[name][0], SEARCH)
        (parsed,) = sqlglot.parse(text, read=dialect)
        assert isinstance(parsed, exp.Select)
        assert sqlglot.parse_one(parsed.sql(dialect=dialect), read=dialect) == parsed

    @pytest.mark.parametrize("name", LAYOUTS)
    def test_names_every_column(self, name: str) -> None:
        """None is taken to be there."""
        assert not [*parsed_for(LAYOUTS[name][0]).find_all(exp.Star)]

    @pytest.mark.parametrize(
        "hostile", ["x' OR '1'='1", "'; DROP TABLE logs; --", "''", "a\\' OR 1=1 --", "*/ /* ", "\u2019"]
    )
    def test_a_value_stays_one(self, hostile: str) -> None:
        """Whatever it holds, as a name of an event: a query has as many conditions, and one literal of it."""
        search = replace(SEARCH, names=(hostile,))
        parsed = sqlglot.parse_one(text_of(TABLE, Layout(), search), read="athena")
        assert len(conditions(parsed)) == len(conditions(parsed_for(Layout())))
        assert hostile in [each.this for each in parsed.find_all(exp.Literal)]

    def test_a_partition_key_stays_one(self) -> None:
        """Also one that is a word of SQL's, or has a quotation mark in it."""
        layout = Layout(account='a"ccount', days=DayColumn("select", "%Y/%m/%d", None))
        names = {each.name for each in parsed_for(layout).find_all(exp.Column)}
        assert {'a"ccount', "select"} <= names

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "logs",
            "logs.",
            ".t",
            "a.b.c",
            "logs.t; --",
            'logs."t"',
            "logs.t t",
            "lo gs.t",
            "logs.t\n",
            "-a.t",
        ],
    )
    def test_what_is_no_table(self, text: str) -> None:
        """Is a sentence that says what one is."""
        with pytest.raises(UsageError, match=r"--athena takes DATABASE\.TABLE"):
            TableName.parse(text)

    def test_a_table(self) -> None:
        """In lower case, as AWS Glue keeps it."""
        assert str(TableName.parse("Logs-1.CloudTrail_2026")) == "logs-1.cloudtrail_2026"

    @pytest.mark.parametrize("name", ["", "a b", "x" * 129, "a/b", "a\n"])
    def test_what_is_no_work_group(self, name: str) -> None:
        """The same."""
        with pytest.raises(UsageError, match="--workgroup takes the name"):
            require_work_group(name)

    def test_a_work_group(self) -> None:
        """The twin."""
        require_work_group("security.audit_1-a")


class TestFound:
    """What the query finds, run by DuckDB over trail files."""

    @pytest.mark.parametrize("name", LAYOUTS)
    def test_all_of_the_key_s_and_nothing_else(self, lakes: dict[str, Lake], name: str) -> None:
        """Whatever the table's partitions are."""
        layout = LAYOUTS[name][0]
        header, *rows = lakes[name].rows(text_of(TABLE, layout, SEARCH))
        assert {row[0] for row in rows} == expected(layout)
        assert header[0] == "event_id"

    @pytest.mark.parametrize(("name", "number"), EACH)
    def test_every_condition_is_needed(self, lakes: dict[str, Lake], name: str, number: int) -> None:
        """Without it, other events are found, too; what only spares looks is not."""
        parsed = parsed_for(LAYOUTS[name][0])
        found = {row[0] for row in run(lakes[name].connection, without(parsed, number))[1:]}
        more = found - expected(LAYOUTS[name][0])
        assert found >= expected(LAYOUTS[name][0])
        assert bool(more) is not (SPARING in conditions(parsed)[number].sql(dialect="athena"))

    @pytest.mark.parametrize("number", range(4))
    def test_every_place_of_the_key_is_needed(self, lakes: dict[str, Lake], number: int) -> None:
        """Resources, what was asked for, the answer, and what a service tells: each has an event alone."""
        parsed = parsed_for(Layout())
        *_, last = conditions(parsed)
        places = [*last.unnest().flatten()]
        assert len(places) == 4
        places[number].replace(exp.false())
        found = {row[0] for row in run(lakes["without partitions"].connection, parsed)[1:]}
        assert found < expected(Layout())

    @pytest.mark.parametrize("name", LAYOUTS)
    def test_tells_what_the_files_tell(self, lakes: dict[str, Lake], name: str) -> None:
        """The changes of the key are the same ones, with who did it, and to what."""
        layout = LAYOUTS[name][0]
        records = Records()
        records.read(lakes[name].rows(text_of(TABLE, layout, SEARCH)))
        assert records.unread == []
        wanted = expected(layout)
        told = [event_of(each) for file in FILES for each in file.records if each["eventID"] in wanted]
        assert _changes(event for alike in records.events.values() for event in alike) == _changes(told)
        assert len(_changes(told)) > 8

    def test_an_event_of_two_files_is_one(self, tmp_path: Path) -> None:
        """An organization's trail and an account's own have it both."""
        both = [LogFile([CREATED], at(2026, 1, 11)), LogFile([CREATED], at(2026, 1, 11, 13))]
        header, *rows = Lake(both, (), tmp_path).rows(text_of(TABLE, Layout(), SEARCH))
        records = Records()
        records.read([header, *rows])
        assert (len(rows), [len(alike) for alike in records.events.values()]) == (2, [1])


def _changes(events: Any) -> list[Any]:
    """What events have changed of the key, by time; how is a function, which its values tell."""
    found = [change for event in events for change in changes_of(event, KEY, Origin.ATHENA)]
    return sorted((str(each.act), each.part, each.creates, str(each.becomes(None))) for each in found)
