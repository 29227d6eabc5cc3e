"""Which policy is which key's, where what DescribeKey and GetKeyPolicy answer stands side by side."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest

from lzkey.sources import together

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .conftest import Reader

ARN = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ff"
GOOD = ("COMPLIANT", "COMPLIANT")
OPEN = ("NON_COMPLIANT", "COMPLIANT")


class Answers:
    """Of the keys that a test needs."""

    def __init__(self, documents: Mapping[str, Any]) -> None:
        self._documents = documents

    def description(self, arn: str = ARN, **more: Any) -> dict[str, Any]:
        """What DescribeKey answers."""
        metadata = self._documents["describe_key"]["KeyMetadata"]
        return {"KeyMetadata": {**metadata, "Arn": arn, "KeyId": arn.rpartition("/")[2]}, **more}

    def policy(self, named: str = ARN, name: str = "default") -> dict[str, Any]:
        """What GetKeyPolicy answers; the policy names a key, or none with `*`."""
        text = json.dumps(self._documents["key_policy"], indent=2).replace(ARN, named)
        return {"Policy": text, "PolicyName": name}


@pytest.fixture
def answers(documents: Mapping[str, Any]) -> Answers:
    """For one landing zone."""
    return Answers(documents)


def lines(values: list[Any]) -> str:
    """One document behind the other."""
    return "\n".join(json.dumps(value, indent=4) for value in values)


class TestOfOneKey:
    """One of each: both are of the key that is described."""

    @pytest.mark.parametrize("order", [[0, 1], [1, 0]])
    @pytest.mark.parametrize("named", [ARN, "*"])
    @pytest.mark.parametrize("listed", [True, False])
    def test_they_are_put_together(
        self, reader: Reader, answers: Answers, order: list[int], named: str, *, listed: bool
    ) -> None:
        """In a list, or in a file one behind the other; which policy was taken is an assumption."""
        both = [answers.description(), answers.policy(named)]
        values = [both[index] for index in order]
        text = json.dumps(values, indent=4) if listed else lines(values)
        found = reader.text(text).key
        assert (str(found.key.arn), reader.answers(found), found.hopeful) == (ARN, GOOD, None)
        line = text[: text.index('"Policy"')].count("\n")
        (assumption,) = found.assumptions
        assert f"the policy of the key is the one in {found.place.source}, line {line}: it " in assumption

    def test_what_the_policy_lacks_is_found(self, reader: Reader, answers: Answers) -> None:
        """The twin: it was dropped once."""
        policy = {"Policy": '{"Version": "2012-10-17", "Statement": []}', "PolicyName": "default"}
        found = reader.text([answers.description(), policy]).key
        assert reader.failed(found) == ["CONFIG_ACCESS", "CLOUDTRAIL_ACCESS"]
        assert found.hopeful is None

    def test_lists_in_a_list(self, reader: Reader, answers: Answers) -> None:
        """Each by itself: the policy of one is not that of the other."""
        pair = [answers.description(), answers.policy("*")]
        result = reader.text([pair, [answers.description(OTHER)]])
        assert [reader.answers(found) for found in result.keys] == [GOOD, OPEN]
        assert [found.place.pointer for found in result.keys] == ["/0/0", "/1/0"]

    def test_the_metadata_alone(self, reader: Reader, answers: Answers) -> None:
        """`--query KeyMetadata`, with a policy or without, in a list or not."""
        metadata = answers.description()["KeyMetadata"]
        assert reader.answers(reader.text(metadata).key) == OPEN
        assert reader.answers(reader.text([metadata]).key) == OPEN
        assert reader.answers(reader.text([metadata, answers.policy()]).key) == GOOD
        assert reader.answers(reader.text({**metadata, "KeyState": "Disabled"}).key)[1] == "NON_COMPLIANT"

    def test_a_bare_policy(self, reader: Reader, answers: Answers) -> None:
        """`--query Policy --output text`, whose statements have lines."""
        policy = json.loads(answers.policy("*")["Policy"])
        text = lines([answers.description(), policy])
        found = reader.text(text).key
        assert reader.answers(found) == GOOD
        opened = [number for number, line in enumerate(text.splitlines(), 1) if line == " " * 8 + "{"]
        assert list(found.statement_lines) == opened

    def test_text_with_the_policy_s_name(self, reader: Reader, answers: Answers) -> None:
        """`--output text`."""
        text = f"{json.dumps(answers.description())}\n{answers.policy('*')['Policy']}\tdefault\n"
        assert reader.answers(reader.text(text).key) == GOOD

    def test_a_policy_that_names_another_key_is_doubt(self, reader: Reader, answers: Answers) -> None:
        """Nobody can tell whether the policy is wrong, or the file."""
        result = reader.text([answers.description(), answers.policy(OTHER)])
        (found,), (unread,) = result.keys, result.unread
        assert reader.answers(found) == OPEN
        assert "which policy beside it, if any, is this key's" in found.unresolved[0]
        assert "as member Policy" in found.unresolved[0]
        assert "nothing tells for certain whose policy this is" in unread.message
        assert unread.place.pointer == "/1"

    def test_the_same_twice_is_once(self, reader: Reader, answers: Answers) -> None:
        """As when a script ran twice; the twin, two different ones, is doubt."""
        both = [answers.description(), answers.policy("*")]
        result = reader.text([*both, *both])
        assert [reader.answers(found) for found in result.keys] == [GOOD, GOOD]
        assert result.unread == []
        different = {**answers.policy("*"), "Policy": '{"Statement": []}'}
        result = reader.text([*both, different])
        assert [reader.answers(found) for found in result.keys] == [OPEN]
        assert len(result.unread) == 2

    def test_a_policy_of_another_name_is_none_of_its_own(self, reader: Reader, answers: Answers) -> None:
        """It neither counts nor is silent."""
        result = reader.text([answers.description(), answers.policy(name="AWS_RAM")])
        assert reader.answers(result.keys[0]) == OPEN
        assert "it is the policy AWS_RAM of the key" in result.unread[0].message
        both = reader.text({**answers.description(), **answers.policy(name="AWS_RAM")}).key
        assert reader.answers(both) == OPEN
        assert "it is the policy AWS_RAM of the key" in both.unresolved[0]


class TestOfSeveralKeys:
    """Then a policy tells its key by the ARN in it, or not at all."""

    @pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
    def test_each_has_the_policy_that_names_it(
        self, reader: Reader, answers: Answers, order: tuple[int, ...]
    ) -> None:
        """Whatever the order."""
        four = [
            answers.description(),
            answers.policy(),
            answers.description(OTHER),
            {**answers.policy(), "Policy": json.dumps({"Statement": [{"Resource": OTHER}]})},
        ]
        result = reader.text([four[index] for index in order])
        found = {str(found.key.arn): reader.answers(found)[0] for found in result.keys}
        assert found == {ARN: "COMPLIANT", OTHER: "NON_COMPLIANT"}
        assert result.unread == []

    @pytest.mark.parametrize("shown", [str, lambda arn: arn.rpartition("/")[2]])
    def test_the_key_may_stand_beside_the_policy(self, reader: Reader, answers: Answers, shown: Any) -> None:
        """As PutKeyPolicy has it, by ARN or by id; then it alone tells."""
        good, bad = answers.policy("*"), {"Policy": '{"Statement": []}', "PolicyName": "default"}
        both = [answers.description(), answers.description(OTHER)]
        result = reader.text([*both, {**bad, "KeyId": shown(OTHER)}, {**good, "KeyId": shown(ARN)}])
        assert [reader.answers(found)[0] for found in result.keys] == ["COMPLIANT", "NON_COMPLIANT"]
        result = reader.text([*both, {**good, "KeyId": shown(OTHER)}, {**good, "KeyId": shown(ARN)}])
        assert [reader.answers(found)[0] for found in result.keys] == ["COMPLIANT", "COMPLIANT"]
        result = reader.text([both[0], {**answers.policy(), "KeyId": shown(OTHER)}])
        assert ([reader.answers(found) for found in result.keys], len(result.unread)) == ([OPEN], 1)

    def test_a_policy_that_names_none_is_open(self, reader: Reader, answers: Answers) -> None:
        """And so is every key that may have it, but for the one whose policy is known."""
        result = reader.text(
            [
                answers.description(),
                answers.description(OTHER),
                answers.policy("*"),
                answers.description(f"{ARN[:-2]}cd", **answers.policy("*")),
            ]
        )
        assert [reader.answers(found) for found in result.keys] == [OPEN, OPEN, GOOD]
        assert [unread.place.pointer for unread in result.unread] == ["/2"]

    def test_one_of_two_may_be_certain(self, reader: Reader, answers: Answers) -> None:
        """The other one stays open."""
        values = [answers.description(), answers.description(OTHER), answers.policy(), answers.policy("*")]
        result = reader.text(values)
        assert [reader.answers(found) for found in result.keys] == [GOOD, OPEN]
        assert len(result.unread) == 1

    def test_without_policies_the_hint_is_as_for_one(self, reader: Reader, answers: Answers) -> None:
        """The twin: nothing is beside them."""
        result = reader.text([answers.description(), answers.description(OTHER)])
        assert all(
            "put the answer of `aws kms get-key-policy` beside it" in found.unresolved[0]
            for found in result.keys
        )

    def test_policies_alone_are_judged_alone(self, reader: Reader, answers: Answers) -> None:
        """As files of their own are; each has a name of its own."""
        result = reader.text([answers.policy(), answers.policy("*")], "name")
        assert [found.name.rpartition("/")[2] for found in result.keys] == ["0", "1"]
        assert [reader.answers(found) for found in result.keys] == [GOOD, GOOD]


class TestOfSeveralFiles:
    """Files that are named on one command line."""

    def test_a_file_of_each(self, reader: Reader, answers: Answers) -> None:
        """The policy's file is told, and no line of it is taken for one of the other."""
        (reader.folder / "policy").write_text(json.dumps(answers.policy("*"), indent=2))
        (reader.folder / "bare").write_text(json.loads(json.dumps(answers.policy("*")["Policy"])))
        (reader.folder / "key").write_text(json.dumps([answers.description()], indent=2))
        for names in (["key", "policy"], ["policy", "key"], ["key", "bare"]):
            found = reader.read(*[reader.folder / name for name in names]).key
            assert reader.answers(found) == GOOD
            assert found.place.source == str(reader.folder / "key")
            other = next(name for name in names if name != "key")
            assert (
                f"the policy of the key is the one in {reader.folder / other}, line" in found.assumptions[0]
            )
            assert found.statement_lines == ()

    def test_in_a_folder_files_are_by_themselves(self, reader: Reader, answers: Answers) -> None:
        """The twin: nobody has said that they belong together."""
        (reader.folder / "key").write_text(json.dumps(answers.description()))
        (reader.folder / "policy").write_text(json.dumps(answers.policy()))
        result = reader.read(reader.folder)
        assert [reader.answers(found) for found in result.keys] == [OPEN, GOOD]

    def test_what_is_certain_alone_is_put_together(self, reader: Reader, answers: Answers) -> None:
        """Of three files, and with a file of something else between them."""
        (reader.folder / "key").write_text(json.dumps(answers.description()))
        (reader.folder / "other").write_text(json.dumps(answers.description(OTHER)))
        (reader.folder / "policy").write_text(json.dumps(answers.policy("*")))
        (reader.folder / "bad").write_text('{"KeyMetadata": ')
        paths = [reader.folder / name for name in ("key", "bad", "policy")]
        result = reader.read(*paths)
        assert ([reader.answers(found) for found in result.keys], len(result.unread)) == ([GOOD], 1)
        result = reader.read(*paths, reader.folder / "other")
        assert ([reader.answers(found) for found in result.keys], len(result.unread)) == ([OPEN, OPEN], 2)

    def test_of_very_many_files_each_is_by_itself(
        self, reader: Reader, answers: Answers, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """They are not kept until the last."""
        (reader.folder / "key").write_text(json.dumps(answers.description()))
        (reader.folder / "policy").write_text(json.dumps(answers.policy()))
        monkeypatch.setattr(together, "_MOST", 1)
        result = reader.read(reader.folder / "key", reader.folder / "policy")
        assert [reader.answers(found) for found in result.keys] == [GOOD, OPEN]

    def test_the_option_tells_whose_the_policy_is(self, reader: Reader, answers: Answers) -> None:
        """`--key-arn`: of the key that is described, or of another one."""
        values = [answers.description(), answers.description(OTHER), answers.policy("*")]
        result = reader.text(values, key_arn=OTHER)
        assert [reader.answers(found) for found in result.keys] == [OPEN, GOOD]
        result = reader.text(values[1:], key_arn=ARN)
        assert [(found.name, reader.answers(found)) for found in result.keys] == [(OTHER, OPEN), (ARN, GOOD)]
        assert result.unread == []
        assert "beside it, as member Policy" in result.keys[0].unresolved[0]

    def test_policies_alone_are_as_they_were(self, reader: Reader, answers: Answers) -> None:
        """Each of its file."""
        for name in ("a", "b"):
            (reader.folder / name).write_text(json.dumps(answers.policy()))
        result = reader.read(reader.folder / "a", reader.folder / "b")
        assert [found.name for found in result.keys] == [str(reader.folder / name) for name in "ab"]
