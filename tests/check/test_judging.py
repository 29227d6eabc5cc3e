"""Many keys: of those that are alike one is judged, and each has the verdict that it would have alone."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from landing_zone_key import KmsKey, LandingZone, policies
from landing_zone_key.key import KeyArn
from landing_zone_key.manifest import ManifestKeys
from lzkey.check import verdict as judged_alone
from lzkey.check.judging import Judge
from lzkey.check.verdict import Verdict, judge
from lzkey.sources.subject import FoundKey, Place
from lzkey.state import State

if TYPE_CHECKING:
    from collections.abc import Callable

    Count = Callable[[], int]

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
OWN = "<arn>"
PLACE = "arn:aws:kms:us-east-1:111122223333:key/"
FIRST, SECOND = (f"{digit}234abcd-12ab-34cd-56ef-1234567890ab" for digit in "12")
CONFIG, CLOUDTRAIL = ({"Service": f"{name}.amazonaws.com"} for name in ("config", "cloudtrail"))
BOTH = {"Service": ["config.amazonaws.com", "cloudtrail.amazonaws.com"]}


def text_of(*changed: dict[str, Any]) -> str:
    """A policy of statements that let both services use its own key; each with something changed."""
    usual = {"Effect": "Allow", "Principal": BOTH, "Action": "kms:*", "Resource": OWN}
    listed = [{name: each for name, each in (usual | change).items() if each} for change in changed or ({},)]
    return json.dumps({"Version": "2012-10-17", "Statement": listed})


def found(text: str, key_id: str = FIRST, **changes: Any) -> FoundKey:
    """A key with this policy, as a snapshot has it; `line` is the place's, the rest is the key's."""
    place = Place("snapshot.json", line=changes.pop("line", None))
    arn = KeyArn("aws", changes.pop("region", "us-east-1"), changes.pop("account", "111122223333"), key_id)
    known: dict[str, Any] = {
        "key_manager": "CUSTOMER",
        "key_state": "Enabled",
        "key_spec": "SYMMETRIC_DEFAULT",
        "key_usage": "ENCRYPT_DECRYPT",
        "multi_region": False,
        "tags": {},
    }
    key = KmsKey(arn, policy=text.replace(OWN, str(arn)), **{**known, **changes})
    return FoundKey(str(arn), key, place)


@pytest.fixture
def proofs(monkeypatch: pytest.MonkeyPatch) -> Count:
    """How many keys were assessed."""
    assessed: list[KmsKey] = []
    assess = judged_alone.assess

    def counted(key: KmsKey, zone: LandingZone, **given: Any) -> Any:
        assessed.append(key)
        return assess(key, zone, **given)

    monkeypatch.setattr(judged_alone, "assess", counted)
    return lambda: len(assessed)


def one_after_the_other(zone: LandingZone, *keys: FoundKey) -> list[Verdict]:
    """The verdicts of one judge; of each the one that it would have alone."""
    experienced = Judge(zone, NOON)
    verdicts = [experienced(each) for each in keys]
    assert verdicts == [judge(each, zone, at=NOON) for each in keys]
    return verdicts


class TestAlike:
    """What is judged once."""

    def test_a_thousand_keys_of_three_policies(self, zone: LandingZone, proofs: Count) -> None:
        """Three are assessed, and each is told by its own name."""
        texts = (text_of(), text_of({"Resource": "*"}), text_of({"Principal": CONFIG}))
        ids = [f"1234abcd-12ab-34cd-56ef-{number:012x}" for number in range(1000)]
        experienced = Judge(zone, NOON)
        verdicts = [experienced(found(texts[place % 3], each)) for place, each in enumerate(ids)]
        assert proofs() == 3
        assert [each.arn for each in verdicts] == [f"{PLACE}{each}" for each in ids]
        states = [State.COMPLIANT, State.COMPLIANT, State.NON_COMPLIANT]
        assert [each.state for each in verdicts] == (states * 334)[:1000]

    def test_keys_that_are_not_fully_known(self, zone: LandingZone, proofs: Count) -> None:
        """At worst and at best: one is assessed twice."""
        worst = [found(text_of(), each, key_state=None) for each in (FIRST, SECOND)]
        both = [replace(each, hopeful=replace(each.key, key_state="Enabled")) for each in worst]
        experienced = Judge(zone, NOON)
        assert [experienced(each).state for each in both] == [State.UNKNOWN] * 2
        assert proofs() == 2

    def test_each_has_its_own_line_name_and_doubts(self, zone: LandingZone) -> None:
        """Problems and remarks stand where the key does."""
        text = text_of({"Principal": CONFIG})
        first = replace(found(text, line=3), unresolved=("the tags",), assumptions=("it is deployed",))
        second = replace(found(text, SECOND, line=7), name="logs", unresolved=("the state",))
        verdicts = one_after_the_other(zone, first, second, found(text))
        assert [{each.line for each in (*verdict.problems, *verdict.remarks)} for verdict in verdicts] == [
            {3},
            {7},
            {None},
        ]

    def test_of_a_proved_key_nothing_is_unresolved(self, zone: LandingZone) -> None:
        """Whatever it may turn out to be."""
        keys = [replace(found(text_of(), each), unresolved=("the tags",)) for each in (FIRST, SECOND)]
        assert [each.unresolved for each in one_after_the_other(zone, *keys)] == [(), ()]

    @pytest.mark.parametrize("most", [1, 2])
    def test_only_so_much_is_remembered(
        self, zone: LandingZone, proofs: Count, monkeypatch: pytest.MonkeyPatch, most: int
    ) -> None:
        """Of policies, and of sorts of keys with one; what was forgotten is found out again."""
        monkeypatch.setattr(policies, "MOST", most)
        keys = [found(text_of(), each, key_state=state) for state in "abab" for each in (FIRST, SECOND)]
        experienced = Judge(zone, NOON)
        for each in keys:
            experienced(each)
        assert proofs() == {1: 4, 2: 2}[most]
        texts = [found(text_of({"Sid": sid}), each) for sid in "abab" for each in (FIRST, SECOND)]
        for each in texts:
            experienced(each)
        assert proofs() == {1: 8, 2: 4}[most]


#: What tells two keys with one policy apart: the policy, and what differs.
APART: dict[str, tuple[str, dict[str, Any]]] = {
    "the state": (text_of(), {"key_state": "Disabled"}),
    "why the state is not known": (text_of(), {"key_state": None, "attributes_missing": "AWS was silent"}),
    "the date on which it goes": (text_of(), {"key_state": "PendingDeletion", "deletion_date": "2026-12-01"}),
    "that its material expires": (text_of(), {"material_expires": "2026-12-01"}),
    "the key spec": (text_of(), {"key_spec": "RSA_2048"}),
    "that it is a multi-Region key": (text_of(), {"multi_region": True}),
    "that it is deleted": (text_of(), {"deleted": True}),
    "that AWS manages it": (text_of(), {"key_manager": "AWS"}),
    "the account": (text_of(), {"account": "444455556666"}),
    "the Region": (text_of(), {"region": "eu-west-1"}),
    "that the policy is yet to be put": (
        text_of({"Condition": {"StringLikes": {"aws:SourceAccount": "*"}}}),
        {"policy_put": False},
    ),
    "the tags": (
        text_of({"Condition": {"StringEquals": {"aws:ResourceTag/Team": "logs"}}}),
        {"tags": {"team": "logs"}},
    ),
    "that the tags are not known": (
        text_of({"Condition": {"StringNotEquals": {"aws:ResourceTag/team": "x"}}}),
        {"tags": None},
    ),
    "the tags that fill a variable in": (
        text_of({"Condition": {"StringEquals": {"aws:PrincipalServiceName": "${aws:ResourceTag/team}"}}}),
        {"tags": {"team": "config.amazonaws.com"}},
    ),
    "a Resource with a part of its id": (text_of({"Resource": f"{PLACE}1*"}), {}),
    "a Resource with a part of its id, in a list": (text_of({"Resource": ["*bcd*", f"{PLACE}2*"]}), {}),
    "a NotResource with a part of its id": (
        text_of({}, {"Effect": "Deny", "Resource": None, "NotResource": f"{PLACE}1*"}),
        {},
    ),
    "a Resource of another key": (text_of({"Resource": f"{PLACE}{SECOND}"}), {}),
    "a Resource that is no ARN": (text_of({"Resource": f"key/{FIRST}"}), {}),
    "a Resource by a tag": (
        text_of({"Resource": f"{PLACE}${{aws:ResourceTag/id}}"}),
        {"tags": {"id": SECOND}},
    ),
}


class TestApart:
    """What is told apart."""

    @pytest.mark.parametrize(("text", "changes"), APART.values(), ids=APART)
    def test_two_keys_with_one_policy(
        self, zone: LandingZone, text: str, changes: dict[str, Any], proofs: Count
    ) -> None:
        """In either order; and the verdicts differ, or nothing would be tested."""
        first, second = found(text), found(text, SECOND, **changes)
        apart = one_after_the_other(zone, first, second)
        assert proofs() == 4
        assert replace(apart[1], name=apart[0].name, arn=apart[0].arn, place=apart[0].place) != apart[0]
        one_after_the_other(zone, second, first)

    def test_what_a_text_that_is_no_arn_may_mean(self, zone: LandingZone) -> None:
        """Of both it is open whether it takes them in; as it is written it does so with the one alone."""
        keys = [found(text_of({"Resource": "*90ab"}), each) for each in (FIRST, f"90ab{FIRST[4:-2]}12")]
        verdicts = one_after_the_other(zone, *keys)
        assert len({each.annotation for each in verdicts}) == 2

    def test_what_its_best_may_be(self, zone: LandingZone) -> None:
        """Where two are alike at worst alone."""
        worst = [found(text_of(), each, key_state=None) for each in (FIRST, SECOND)]
        best = [
            replace(each.key, key_state=state)
            for each, state in zip(worst, ("Enabled", "Disabled"), strict=True)
        ]
        keys = [replace(each, hopeful=at_best) for each, at_best in zip(worst, best, strict=True)]
        states = [each.state for each in one_after_the_other(zone, *keys, worst[0])]
        assert states == [State.UNKNOWN, State.NON_COMPLIANT, State.UNKNOWN]

    def test_another_policy_at_best(self, zone: LandingZone) -> None:
        """Of such keys nothing is remembered."""
        worst = [found(text_of({"Principal": CONFIG}), each) for each in (FIRST, SECOND)]
        better = replace(worst[0].key, policy=text_of({"Resource": "*"}))
        keys = [replace(worst[0], hopeful=better), replace(worst[1], hopeful=worst[1].key)]
        states = [each.state for each in one_after_the_other(zone, *keys)]
        assert states == [State.UNKNOWN, State.NON_COMPLIANT]

    def test_a_message_that_names_the_key(self, zone: LandingZone) -> None:
        """Its own ARN is told to each, also where the annotation cuts it off."""
        named = {"Effect": "Allow", "Resource": None, "NotResource": OWN}
        for sid in ("Logs", "x" * 101, "x" * 146):
            text = text_of({**named, "Sid": sid})
            first, second = one_after_the_other(zone, found(text), found(text, SECOND))
            assert first.annotation.replace(FIRST, SECOND) == second.annotation
            assert first.problems != second.problems

    @pytest.mark.parametrize("scope", [FIRST, f"{PLACE}{FIRST}"])
    def test_whether_it_is_in_scope(self, scope: str) -> None:
        """By its id, or by its ARN."""
        listed = LandingZone.from_rule_parameters(
            {"HomeRegion": "us-east-1", "ManagementAccountId": "111122223333", "KeyScope": scope}
        )
        keys = [found(text_of(), each) for each in (FIRST, SECOND, FIRST)]
        states = [each.state for each in one_after_the_other(listed, *keys)]
        assert states == [State.COMPLIANT, State.NOT_APPLICABLE, State.COMPLIANT]

    def test_what_the_manifest_keeps_it_for(self, zone: LandingZone) -> None:
        """One for CloudTrail alone, one for AWS Config alone, and another."""

        def block(key: str) -> dict[str, Any]:
            return {"configurations": {"kmsKeyArn": f"{PLACE}{key}"}}

        manifest = {"centralizedLogging": block(FIRST), "config": block(SECOND)}
        third = f"3{FIRST[1:]}"
        for principal in (CONFIG, CLOUDTRAIL):
            keys = [found(text_of({"Principal": principal}), each) for each in (FIRST, SECOND, third)]
            verdicts = one_after_the_other(zone.with_manifest(manifest, "4.0"), *keys)
            assert verdicts[0].annotation != verdicts[1].annotation

    def test_its_own_manifest(self, zone: LandingZone) -> None:
        """It counts for this key alone."""
        keys = [found(text_of(), each) for each in (FIRST, SECOND)]
        backup = replace(keys[0], manifest_keys=ManifestKeys((), (f"{PLACE}{FIRST}",)))
        states = [each.state for each in one_after_the_other(zone, *keys, backup, keys[0])]
        assert states == [State.COMPLIANT, State.COMPLIANT, State.NOT_APPLICABLE, State.COMPLIANT]

    def test_an_arn_that_stands_in(self, zone: LandingZone) -> None:
        """A key that is not there yet has none, and no list names it."""
        keys = [found(text_of(), each) for each in (FIRST, SECOND)]
        verdicts = one_after_the_other(zone, keys[0], replace(keys[1], arn_known=False), keys[1])
        assert [each.arn is None for each in verdicts] == [False, True, False]

    def test_lines_of_statements(self, zone: LandingZone) -> None:
        """What is found in a file stands on a line of its own."""
        text = text_of({}, {"Effect": "Deny", "Sid": "No"})
        keys = [found(text, each, line=3) for each in (FIRST, SECOND)]
        verdicts = one_after_the_other(zone, keys[0], replace(keys[1], statement_lines=(10, 20)), keys[1])
        assert [[each.line for each in verdict.problems] for verdict in verdicts] == [
            [3, 3],
            [20, 20],
            [3, 3],
        ]

    def test_statements_that_stand_in(self, zone: LandingZone) -> None:
        """A Deny of which nothing is known only may deny."""
        keys = [found(text_of({}, {"Effect": "Deny"}), each) for each in (FIRST, SECOND)]
        verdicts = one_after_the_other(zone, keys[0], replace(keys[1], not_known=(1,)), keys[1])
        assert [each.annotation == verdicts[0].annotation for each in verdicts] == [True, False, True]


class TestPolicies:
    """What is written in them."""

    @pytest.mark.parametrize(
        "text",
        [
            text_of({"Sid": OWN}),
            text_of({"Resource": f"{OWN}*"}),
            text_of({"Principal": {"AWS": OWN}}),
            text_of({"Condition": {"StringEquals": {"aws:SourceArn": OWN}}}),
            text_of({"Sid": OWN, "Resource": "<escaped>"}).replace(
                "<escaped>", f"{PLACE}{FIRST}".replace("/", "\\/")
            ),
            text_of({"Effect": "allow"}),
            text_of() + "}",
            text_of() + "\0",
            json.dumps(text_of({"Principal": CONFIG})),
            "",
            "{",
        ],
    )
    def test_every_key_has_its_own_verdict(self, zone: LandingZone, text: str) -> None:
        """Whatever stands there, and wherever."""
        one_after_the_other(zone, *(found(text, each) for each in (FIRST, SECOND, FIRST)))
