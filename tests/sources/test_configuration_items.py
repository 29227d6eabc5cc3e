"""AWS Config's items in all their shapes: alone, in events, lists, queries, snapshots and histories."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from lzkey.sources.items import KIND

if TYPE_CHECKING:
    from .conftest import Reader

BUCKET = {
    "resourceType": "AWS::S3::Bucket",
    "configuration": {},
    "arn": "arn:aws:s3:::amzn-s3-demo-bucket",
    "relationships": [{"resourceType": "AWS::KMS::Key"}],
}


def key_number(item: dict[str, Any], number: int, **changes: Any) -> dict[str, Any]:
    """The item of another key."""
    arn = f"{item['ARN'][:-4]}{number:04x}"
    return {**item, "ARN": arn, "resourceId": arn.rpartition("/")[2], **changes}


class TestOneItem:
    """One item, as it is or as something delivers it."""

    @pytest.mark.parametrize("name", ["configuration_item", "history_item", "advanced_query_row"])
    def test_every_shape_is_recognised(self, reader: Reader, documents: Any, name: str) -> None:
        """Of a notification, of GetResourceConfigHistory, of an advanced query."""
        found = reader.text(documents[name]).key
        assert found.place.kind is KIND
        assert reader.answers(found) == ("COMPLIANT", "COMPLIANT")

    def test_rdk_s_sample_is_an_aws_managed_key(self, reader: Reader, documents: Any) -> None:
        """To which the rule does not apply."""
        assert reader.answers(reader.text(documents["sample_of_rdk"]).key)[0] == "NOT_APPLICABLE"

    def test_a_rule_s_event_is_read(self, reader: Reader, item: Any) -> None:
        """The invoking event is JSON text inside of it."""
        event = {"invokingEvent": json.dumps({"configurationItem": item, "messageType": "x"})}
        assert reader.answers(reader.text(event).key)[0] == "COMPLIANT"

    def test_a_notification_is_read(self, reader: Reader, item: Any) -> None:
        """As SNS delivers it; its item stands on its own line."""
        found = reader.text(
            {"messageType": "ConfigurationItemChangeNotification", "configurationItem": item}
        ).key
        assert (found.place.pointer, found.place.line) == ("/configurationItem", 3)

    def test_without_policy_nothing_is_determined(self, reader: Reader, item: Any) -> None:
        """AWS Config could not read it."""
        found = reader.text({**item, "supplementaryConfiguration": {}}).key
        assert reader.answers(found) == ("NON_COMPLIANT", "COMPLIANT")
        assert found.unresolved == ("the key policy: the key policy is not in the configuration item",)

    def test_without_a_state_nothing_is_determined(self, reader: Reader, item: Any) -> None:
        """The twin for attributes."""
        configuration = {**item["configuration"], "keyState": None, "enabled": None}
        found = reader.text({**item, "configuration": configuration}).key
        assert reader.answers(found) == ("NON_COMPLIANT", "COMPLIANT")
        assert found.unresolved == ("the key state of the key: not in the source",)

    def test_a_deleted_key_is_not_judged(self, reader: Reader, item: Any) -> None:
        """And nothing about it is open."""
        gone = {**item, "configurationItemStatus": "ResourceDeleted", "configuration": None}
        found = reader.text({**gone, "supplementaryConfiguration": {}}).key
        assert reader.answers(found) == ("NOT_APPLICABLE", "NOT_APPLICABLE")

    def test_another_resource_s_item_holds_no_key(self, reader: Reader) -> None:
        """It is passed over, and counted."""
        assert len(reader.text(BUCKET).passed) == 1

    def test_an_item_that_names_no_key_is_said_so(self, reader: Reader, item: Any) -> None:
        """With what a query must select."""
        nameless = {name: item[name] for name in ("resourceType", "configurationItemStatus", "tags")}
        message = reader.text({**nameless, "configuration": {}}).message
        assert "names no KMS key" in message
        assert "must select arn" in message


class TestLists:
    """Answers and files that hold many items."""

    @pytest.mark.parametrize(
        "name",
        [
            "configurationItems",
            "baseConfigurationItems",
            "BaseConfigurationItems",
            pytest.param("", id="list"),
        ],
    )
    def test_every_list_is_read(self, reader: Reader, item: Any, name: str) -> None:
        """Keys are found between other resources."""
        items = [key_number(item, 1), BUCKET, key_number(item, 2)]
        result = reader.text({name: items} if name else items)
        prefix = f"/{name}" if name else ""
        assert [found.place.pointer for found in result.keys] == [f"{prefix}/0", f"{prefix}/2"]
        assert not result.passed

    @pytest.mark.parametrize("name", ["configurationItems", ""])
    @pytest.mark.parametrize("count", [1, 5000])
    def test_a_list_without_keys_is_passed_over(self, reader: Reader, name: str, count: int) -> None:
        """The twin, short and long: it is counted as one file."""
        result = reader.text({name: [BUCKET] * count} if name else [BUCKET] * count)
        assert (len(result.keys), len(result.passed), result.unread) == (0, 1, [])

    @pytest.mark.parametrize(
        ("name", "identifier"),
        [
            ("unprocessedResourceKeys", {"resourceType": "AWS::KMS::Key", "resourceId": "1234abcd"}),
            ("UnprocessedResourceIdentifiers", {"ResourceType": "AWS::KMS::Key", "ResourceId": "1234abcd"}),
        ],
    )
    @pytest.mark.parametrize("length", [1, 2 << 20])
    def test_a_key_that_is_left_out_is_named(
        self, reader: Reader, item: Any, name: str, identifier: Any, length: int
    ) -> None:
        """Of a batch, in an answer of any length; the twin, another resource, is not missed."""
        items = [item, {**BUCKET, "configuration": "x" * length}]
        bucket = {**identifier, next(iter(identifier)): "AWS::S3::Bucket"}
        result = reader.text({"BaseConfigurationItems": items, name: [bucket, identifier]})
        assert [reader.answers(found)[0] for found in result.keys] == ["COMPLIANT"]
        (unread,) = result.unread
        assert unread.place.pointer == f"/{name}/1"
        assert unread.message == "AWS Config has left out the key 1234abcd of its answer: ask for it again"

    def test_a_long_list_of_anything_is_passed_over(self, reader: Reader) -> None:
        """It has no name that would tell what it holds."""
        result = reader.text([1, "kms", {"arn": "kms"}] * 30_000, named=False)
        assert (len(result.keys), len(result.passed), result.unread) == (0, 1, [])

    def test_a_row_that_tells_no_key_is_said_so(self, reader: Reader) -> None:
        """The twin: a query that selects too little."""
        assert "must select arn" in reader.text({"Results": ['{"configuration": {}}']}).message

    def test_rows_of_a_query_are_json_text(self, reader: Reader, documents: Any) -> None:
        """Of SelectResourceConfig, and of SelectAggregateResourceConfig."""
        rows = [json.dumps(documents["advanced_query_row"])]
        result = reader.text({"Results": rows, "QueryInfo": {"SelectFields": [{"Name": "arn"}]}})
        assert reader.answers(result.key)[0] == "COMPLIANT"
        assert result.key.place.pointer == "/Results/0"

    def test_rows_may_leave_the_type_out(self, reader: Reader, documents: Any) -> None:
        """A query for keys needs not select it."""
        row = {**documents["advanced_query_row"]}
        del row["resourceType"]
        assert reader.answers(reader.text({"Results": [json.dumps(row)]}).key)[0] == "COMPLIANT"

    def test_of_a_history_the_newest_item_counts(self, reader: Reader, item: Any) -> None:
        """Whichever way it is sorted; what was wrong once is not wrong now."""
        disabled = {**item["configuration"], "keyState": "Disabled", "enabled": False}
        older = {
            **item,
            "configurationItemCaptureTime": "2026-11-23T12:00:00.000Z",
            "configuration": disabled,
        }
        for items in ([item, older], [older, item]):
            assert reader.answers(reader.text({"configurationItems": items}).key)[0] == "COMPLIANT"

    @pytest.mark.parametrize(
        ("older", "newer"),
        [
            ("2026-11-24T12:00:00Z", "2026-11-24T12:00:00.500Z"),
            ("2026-10-25T02:30:00+02:00", "2026-10-25T02:10:00+01:00"),
            (1795521600.5, "2026-11-24T12:00:01"),
        ],
    )
    def test_time_is_not_text(self, reader: Reader, item: Any, older: Any, newer: Any) -> None:
        """The AWS CLI writes local time, of which an hour comes twice a year, or seconds since 1970."""
        disabled = {**item["configuration"], "keyState": "Disabled", "enabled": False}
        last = {**item, "configurationItemCaptureTime": newer, "configuration": disabled}
        first = {**item, "configurationItemCaptureTime": older}
        for items in ([first, last], [last, first]):
            assert reader.failed(reader.text({"configurationItems": items}).key) == ["ENABLED"]

    def test_an_item_without_time_may_be_the_newest(self, reader: Reader, item: Any) -> None:
        """So that it counts, and hides none."""
        timeless = {name: item[name] for name in item if name != "configurationItemCaptureTime"}
        assert len(reader.text({"configurationItems": [item, timeless]}).keys) == 2

    def test_of_two_keys_both_count(self, reader: Reader, item: Any) -> None:
        """The twin: one of them older."""
        older = key_number(item, 7, configurationItemCaptureTime="2026-11-23T12:00:00.000Z")
        assert len(reader.text({"configurationItems": [item, older]}).keys) == 2

    def test_each_item_has_its_line(self, reader: Reader, item: Any) -> None:
        """Where its bracket opens."""
        text = json.dumps({"configurationItems": [{"a": 1, **item}, key_number(item, 2)]}, indent=1)
        lines = [number for number, line in enumerate(text.splitlines(), 1) if line == "  {"]
        assert [found.place.line for found in reader.text(text).keys] == lines


class TestLongLists:
    """Snapshots and histories of more than a million characters: read piece by piece, in batches."""

    SIZE = 700

    def snapshot(self, item: Any) -> str:
        """A snapshot of keys, every other one with something else between."""
        items = [each for number in range(self.SIZE) for each in (key_number(item, number), BUCKET)]
        return json.dumps(
            {"fileVersion": "1.0", "configSnapshotId": "1", "configurationItems": items}, indent=1
        )

    def test_every_key_is_found_in_order_with_its_line(self, reader: Reader, item: Any) -> None:
        """And with its place in the list."""
        text = self.snapshot(item)
        assert len(text) > 1 << 20
        result = reader.text(text)
        assert [found.key.arn.key_id[-4:] for found in result.keys] == [f"{n:04x}" for n in range(self.SIZE)]
        assert result.keys[-1].place.pointer == f"/configurationItems/{2 * self.SIZE - 2}"
        lines = text.splitlines()
        assert {lines[(found.place.line or 0) - 1] for found in result.keys} == {"  {"}
        assert len({found.place.line for found in result.keys}) == self.SIZE

    @pytest.mark.parametrize("between", ["", "\n"])
    def test_one_behind_the_other_they_are_read(self, reader: Reader, item: Any, between: str) -> None:
        """As `cat` and `>>` write them."""
        first, second = self.snapshot(item), json.dumps([item, BUCKET])
        left_out = json.dumps(
            {
                "BaseConfigurationItems": [],
                "UnprocessedResourceIdentifiers": [{"ResourceType": "AWS::KMS::Key"}],
            }
        )
        result = reader.text(between.join([first, second, left_out]))
        assert len(result.keys) == self.SIZE + 1
        assert result.keys[-1].place.pointer == "/1/0"
        assert result.keys[-1].place.line == first.count("\n") + len(between) + 1
        (unread,) = result.unread
        assert unread.place.pointer == "/2/UnprocessedResourceIdentifiers/0"

    @pytest.mark.parametrize(
        ("behind", "said"),
        [
            ('{"KeyMetadata": {}}', "what ends here has no list of items"),
            ("x", "right would be one value alone"),
            ('{"configurationItems": [', "is cut off"),
        ],
    )
    def test_what_stands_behind_is_not_lost(self, reader: Reader, item: Any, behind: str, said: str) -> None:
        """The twin: whatever it is."""
        result = reader.text(f"{self.snapshot(item)}\n{behind}")
        assert len(result.keys) == self.SIZE
        assert said in result.unread[0].message

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32-be"])
    def test_compressed_and_in_any_encoding(self, reader: Reader, item: Any, encoding: str) -> None:
        """As Amazon S3 has them: gzip, found by its first bytes and not by a name."""
        result = reader.text(gzip.compress(self.snapshot(item).encode(encoding), 1))
        assert len(result.keys) == self.SIZE

    def test_standard_input_is_read_alike(self, reader: Reader, item: Any) -> None:
        """`-`."""
        result = reader.read("-", stdin=self.snapshot(item).encode())
        assert len(result.keys) == self.SIZE
        assert {found.place.source for found in result.keys} == {"-"}

    def test_what_was_read_before_a_cut_is_judged(self, reader: Reader, item: Any) -> None:
        """And the cut is told, with the number of items before it."""
        text = self.snapshot(item)
        result = reader.text(text[: text.rindex('"Policy"') + 100])
        assert len(result.keys) == self.SIZE - 1
        (unread,) = result.unread
        assert "it ends in the middle of a string at line" in unread.message
        assert f"{self.SIZE - 1} items before that are judged" in unread.message

    def test_rows_of_a_long_query_are_read(self, reader: Reader, documents: Any) -> None:
        """Text inside of text."""
        row = json.dumps(documents["advanced_query_row"])
        result = reader.text({"Results": [row] * self.SIZE})
        assert len(result.keys) == self.SIZE

    def test_a_long_list_of_answers_is_read(self, reader: Reader, documents: Any, item: Any) -> None:
        """Of DescribeKey, and of events: each by itself, with its place."""
        event = {"source": "aws.config", "detail": {"configurationItem": item}}
        values = [{"other": "x" * (2 << 20)}, documents["describe_key"], event, documents["key_policy"]]
        result = reader.text(values)
        assert [found.place.pointer for found in result.keys] == ["/1", "/2/detail/configurationItem", "/3"]
        text = json.dumps(values, indent=2)
        lines = [text[: text.index(name)].count("\n") for name in ('"KeyMetadata"', '"source"')]
        assert [found.place.line for found in result.keys[:1]] == lines[:1]
        assert [reader.answers(found)[1] for found in result.keys] == ["COMPLIANT"] * 3

    def test_one_item_that_cannot_be_read_does_not_end_the_others(self, reader: Reader, item: Any) -> None:
        """A member that stands twice is that item's fault alone."""
        text = self.snapshot(item).replace('"ARN":', '"ARN": 1,\n"ARN":', 1)
        result = reader.text(text)
        assert len(result.keys) == self.SIZE - 1
        (unread,) = result.unread
        line = text[: text.index('"ARN": 1,')].count("\n") + 2
        assert f'line {line}: the member "ARN" stands twice' in unread.message
        assert unread.place.pointer == "/configurationItems/0"
