"""Texts that hold several documents, and those that the AWS CLI does not print as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from lzkey.sources.documents import DESCRIBE_KEY, GET_KEY_POLICY
from lzkey.sources.items import KIND

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .conftest import Reader

ARN = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def as_yaml(value: Any) -> str:
    """As `--output yaml` writes it."""
    return str(yaml.safe_dump(value, default_flow_style=False, sort_keys=True))


class TestSeveral:
    """Documents one behind the other, as `>>` and JSON lines have them."""

    @pytest.mark.parametrize("between", ["\n", "", " \r\n\n"])
    @pytest.mark.parametrize("indent", [None, 4])
    def test_each_is_read(self, reader: Reader, item: Any, between: str, indent: int | None) -> None:
        """Whatever stands between them."""
        first, second = item, {**item, "ARN": f"{ARN[:-2]}cd"}
        before = json.dumps(first, indent=indent) + between
        keys = reader.text(before + json.dumps(second, indent=indent)).keys
        assert [found.place.pointer for found in keys] == ["/0", "/1"]
        assert [found.place.line for found in keys] == [1, before.count("\n") + 1]
        assert [str(found.key.arn) for found in keys] == [ARN, second["ARN"]]

    def test_pages_are_read(self, reader: Reader, item: Any) -> None:
        """Of an answer that came in several; places are those of the whole file."""
        page = json.dumps({"baseConfigurationItems": [item]}, indent=1)
        result = reader.text(f"{page}\n{page}")
        assert [found.place.pointer for found in result.keys] == [
            "/0/baseConfigurationItems/0",
            "/1/baseConfigurationItems/0",
        ]
        assert result.keys[1].place.line == page.count("\n") + 1 + 3
        assert {found.place.kind for found in result.keys} == {KIND}

    def test_statements_have_the_lines_of_the_file(self, reader: Reader, documents: Any) -> None:
        """Of the second of two policies, too."""
        policy = json.dumps(documents["key_policy"], indent=2)
        first, second = reader.text(f"{policy}\n{policy}", key_arn=ARN).keys
        lines = policy.count("\n") + 1
        assert second.statement_lines == tuple(line + lines for line in first.statement_lines)
        assert first.statement_lines

    @pytest.mark.parametrize(
        ("second", "said"),
        [
            ('{"a": 1, }', "line 3, column 10: it is not JSON"),
            ('{"a": 1,\n "a": 2}', 'line 4: the member "a" stands twice'),
            ('{"a": [1,', "it ends at line 3, before what is open there is closed"),
            ("no JSON", "line 3, column 1: it is not JSON; right would be one value alone"),
            ("[" * 100_000, "nested too deeply"),
        ],
    )
    def test_a_fault_has_the_line_of_the_file(
        self, reader: Reader, documents: Any, second: str, said: str
    ) -> None:
        """And nothing is judged: a part of the file is not understood."""
        assert said in reader.text(f"{json.dumps(documents['key_policy'])}\n\n{second}").message

    def test_a_fault_has_its_column(self, reader: Reader) -> None:
        """Where both stand on one line."""
        assert "line 1, column 21: it is not JSON" in reader.text('{"a": 1} {"Policy": x}').message

    def test_what_shows_a_key_and_is_not_recognised_is_named(self, reader: Reader, item: Any) -> None:
        """Beside one that is; the twin, which shows none, is not."""
        odd = {"rows": [{"resourceType": "AWS::KMS::Key"}]}
        result = reader.text(f"{json.dumps(item)}\n{json.dumps(odd)}", "name")
        assert (len(result.keys), result.unread[0].place.pointer) == (1, "/1")
        assert "name/1 is not recognised" in result.unread[0].message
        twin = reader.text(f"{json.dumps(item)}\n" + '{"rows": []}')
        assert (len(twin.keys), twin.unread) == (1, [])

    def test_nothing_in_them_is_said_so(self, reader: Reader) -> None:
        """Once for the file."""
        assert "is not recognised; lzkey reads" in reader.text('{"a": 1}\n{"a": 2}').message


class TestText:
    """`--output text`."""

    @pytest.mark.parametrize("end", ["\tdefault\n", "\tdefault", "\tdefault\r\n"])
    def test_a_policy_and_its_name(self, reader: Reader, documents: Any, end: str) -> None:
        """The policy is printed as KMS keeps it, with its lines."""
        policy = json.dumps(documents["key_policy"], indent=2)
        found = reader.text(f"{policy}{end}", key_arn=ARN).key
        assert found.place.kind is GET_KEY_POLICY
        assert reader.answers(found) == ("COMPLIANT", "COMPLIANT")
        assert found.statement_lines == reader.text(policy, key_arn=ARN).key.statement_lines != ()

    def test_another_policy_of_the_key_decides_nothing(self, reader: Reader, documents: Any) -> None:
        """The twin: the one that AWS RAM keeps."""
        message = reader.text(f"{json.dumps(documents['key_policy'])}\tAWS_RAM\n").message
        assert message.startswith("it is the policy AWS_RAM of the key")

    @pytest.mark.parametrize(
        "text",
        [
            f"KEYMETADATA\t111122223333\t{ARN}\t2026-11-24T12:00:00+00:00\nENCRYPTIONALGORITHMS\tSYMMETRIC_DEFAULT\n",
            f"111122223333\t{ARN}\t2026-11-24T12:00:00+00:00\n",
            f"CONFIGURATIONITEMS\t111122223333\t{ARN}\n",
            "-----\n|  DescribeKey  |\n+-----+\n",
        ],
    )
    def test_rows_and_tables_are_told_apart(self, reader: Reader, text: str) -> None:
        """With what to give in their place."""
        assert "give what `--output json` prints" in reader.text(text).message

    def test_any_other_text_is_not(self, reader: Reader) -> None:
        """The twin."""
        assert "it is neither JSON nor" in reader.text(f"The key is {ARN}\n").message


class TestYaml:
    """`--output yaml`, and `--output yaml-stream`."""

    @pytest.mark.parametrize("whole", [True, False])
    @pytest.mark.parametrize("listed", [True, False])
    def test_describe_key(self, reader: Reader, documents: Any, *, whole: bool, listed: bool) -> None:
        """Also with `--query KeyMetadata`, and in a list."""
        answer = documents["describe_key"] if whole else documents["describe_key"]["KeyMetadata"]
        found = reader.text(as_yaml([answer] if listed else answer)).key
        expected = reader.text(documents["describe_key"]).key
        assert (found.key, found.place.kind) == (expected.key, DESCRIBE_KEY)
        assert found.place.line == 1

    def test_a_disabled_key(self, reader: Reader, documents: Any) -> None:
        """The twin: its values count."""
        metadata = {**documents["describe_key"]["KeyMetadata"], "KeyState": "Disabled", "Enabled": False}
        found = reader.text(as_yaml({"KeyMetadata": metadata})).key
        assert reader.answers(found) == ("NON_COMPLIANT", "NON_COMPLIANT")

    def test_get_key_policy(self, reader: Reader, documents: Any) -> None:
        """The policy is text."""
        found = reader.text(as_yaml(documents["get_key_policy"]), key_arn=ARN).key
        assert found.place.kind is GET_KEY_POLICY
        assert reader.answers(found) == ("COMPLIANT", "COMPLIANT")

    @pytest.mark.parametrize("indent", [None, 2])
    def test_the_policy_alone(self, reader: Reader, documents: Any, indent: int | None) -> None:
        """`--query Policy`: in one kind of quotes or the other, over several lines."""
        text = as_yaml(json.dumps(documents["key_policy"], indent=indent))
        assert text[0] in "'\""
        assert reader.answers(reader.text(text, key_arn=ARN).key) == ("COMPLIANT", "COMPLIANT")

    def test_both_answers_one_behind_the_other(self, reader: Reader, documents: Any) -> None:
        """As `>>` writes them, which is one mapping."""
        text = as_yaml(documents["describe_key"]) + as_yaml(documents["get_key_policy"])
        assert reader.answers(reader.text(text).key) == ("COMPLIANT", "COMPLIANT")

    @pytest.mark.parametrize("begins", ["", "---\n", "# KMS\n---\n"])
    def test_dashes_part_documents(self, reader: Reader, documents: Any, begins: str) -> None:
        """Each has its lines."""
        first, second = as_yaml(documents["describe_key"]), as_yaml(documents["get_key_policy"])
        found = reader.text(f"{begins}{first}---\n{second}").key
        assert reader.answers(found) == ("COMPLIANT", "COMPLIANT")
        before = (begins + first).count("\n")
        assert f"line {before + 2}: it names this key" in found.assumptions[0]
        assert "line 3, column 1: it is not YAML" in reader.text("---\nKeyMetadata: [\n---\na: 1\n").message

    @pytest.mark.parametrize("name", ["configurationItems", "BaseConfigurationItems"])
    def test_items(self, reader: Reader, item: Any, name: str) -> None:
        """With the line of each."""
        text = as_yaml({name: [item, {**item, "ARN": f"{ARN[:-2]}cd"}]})
        result = reader.text(text)
        lines = [number for number, line in enumerate(text.splitlines(), 1) if line.startswith("- ")]
        assert [found.place.line for found in result.keys] == lines
        assert reader.answers(result.keys[0])[0] == "COMPLIANT"

    def test_an_item_alone(self, reader: Reader, item: Any) -> None:
        """`--query`."""
        assert reader.answers(reader.text(as_yaml(item)).key)[0] == "COMPLIANT"

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("KeyMetadata:\n  Arn: a\nKeyMetadata:\n  Arn: b\n", 'line 3: "KeyMetadata" stands twice'),
            ("KeyMetadata:\n  Arn: [\n", "it is not YAML"),
            ("Policy: text\nOther: text\n", ""),
        ],
    )
    def test_what_is_wrong_is_said(self, reader: Reader, text: str, said: str) -> None:
        """With its place."""
        result = reader.text(text, key_arn=ARN)
        assert said in result.message if said else reader.failed(result.key)

    def test_other_yaml_is_passed_over_in_a_folder(self, reader: Reader) -> None:
        """As long as it shows no key."""
        result = reader.text("kms: yes\nPolicy: Retain\n", named=False)
        assert (result.keys, result.unread, len(result.passed)) == ([], [], 1)


def test_the_documents_are_as_expected(documents: Mapping[str, Any]) -> None:
    """Of one key."""
    assert documents["describe_key"]["KeyMetadata"]["Arn"] == ARN
