"""Lives of a key, and what would have become of deliveries in each time of them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from landing_zone_key import KmsKey
from lzkey.history.model import Origin, Source, Standing
from lzkey.history.since import finding_since
from lzkey.history.timeline import history_from
from lzkey.history.told import Told

from .lives import (
    ACCOUNT,
    ARN,
    BAD,
    GOOD,
    KEY,
    METADATA,
    NOW,
    ZONE,
    ago,
    days,
    did,
    item,
    line,
    made,
    of,
    present,
    put,
    recorded,
    told,
)

# As late as sources may tell, in days.
LATE = round(15 / 1440, 3)

# What sources tell; and the life: A allowed, R refused, ? not known, - no key; since so many days.
LIVES: dict[str, tuple[list[Any], str]] = {
    "nothing is told": ([], "?0"),
    "the present alone is of now": ([present()], "A0"),
    "the present alone, refused": ([present(BAD)], "R0"),
    "without a change it was so all the time": ([told(), present()], "A90"),
    "a policy that was replaced": ([told(put(3, GOOD)), present()], "?90 A3"),
    "a policy that refuses, and its repair": ([told(put(9, BAD), put(3, GOOD)), present()], "?90 R9 A3"),
    "a key that is made": ([told(made(20)), present()], "A20"),
    "a key that is made before what is told": ([told(made(20), since=10), present()], "?20 A10"),
    "a key made without a policy": ([told(made(20, None), put(19, GOOD)), present()], "R20 A19"),
    "a key that is disabled and enabled": (
        [told(made(20), did("DisableKey", 9), did("EnableKey", 3)), present()],
        "A20 R9 A3",
    ),
    "a state of which the policy is not known": (
        [told(did("DisableKey", 9), did("EnableKey", 3), put(2, GOOD)), present()],
        "?90 R9 ?3 A2",
    ),
    "a deletion that is cancelled": (
        [
            told(
                made(20),
                did("ScheduleKeyDeletion", 9, {"pendingWindowInDays": 7}, keyState="PendingDeletion"),
                did("CancelKeyDeletion", 8),
                did("EnableKey", 7),
            ),
            present(),
        ],
        "A20 R9 R8 A7",
    ),
    "a key that is deleted": (
        [
            told(
                made(20),
                did("ScheduleKeyDeletion", 9, {"pendingWindowInDays": 7}, keyState="PendingDeletion"),
                did("DeleteKey", 1.5, {}),
            )
        ],
        "A20 R9 -1.5",
    ),
    "a deletion whose day has come": (
        [told(made(20), did("ScheduleKeyDeletion", 9, {"pendingWindowInDays": 7}))],
        "A20 R9 -2",
    ),
    "a deletion whose day is to come": (
        [told(made(20), did("ScheduleKeyDeletion", 9, {"pendingWindowInDays": 30}))],
        "A20 R9",
    ),
    "a deletion that waits for replicas": (
        [
            told(made(20), did("ScheduleKeyDeletion", 9, {}, keyState="PendingReplicaDeletion")),
            present(GOOD, "PendingDeletion", deletionDate="2026-12-20"),
        ],
        "A20 R9 R0",
    ),
    "a replica is made, and no event tells when it can be used": (
        [told(made(20, keyState="Creating"), did("EnableKey", 9))],
        "?20 A9",
    ),
    "one of two pieces of material is imported again": (
        [
            told(
                made(20, origin="EXTERNAL"),
                did("DeleteImportedKeyMaterial", 9, keyMaterialId="a"),
                did("DeleteImportedKeyMaterial", 8, keyMaterialId="b"),
                did("ImportKeyMaterial", 5, keyMaterialId="a"),
                did("ImportKeyMaterial", 3, keyMaterialId="b"),
            )
        ],
        "A20 R9 A3",
    ),
    "one of two pieces of material, and nobody tells which": (
        [
            told(
                made(20, origin="EXTERNAL"),
                did("DeleteImportedKeyMaterial", 9, keyMaterialId="a"),
                did("DeleteImportedKeyMaterial", 8, keyMaterialId="b"),
                did("ImportKeyMaterial", 5),
            )
        ],
        "A20 R9 ?5",
    ),
    "material of a key that waits for its deletion": (
        [
            told(
                made(20, origin="EXTERNAL"),
                did("ScheduleKeyDeletion", 9, {"pendingWindowInDays": 30}),
                did("DeleteImportedKeyMaterial", 8),
                did("CancelKeyDeletion", 7),
            )
        ],
        "A20 R9 R7",
    ),
    "material that is deleted and imported": (
        [
            told(
                made(20, origin="EXTERNAL"), did("DeleteImportedKeyMaterial", 9), did("ImportKeyMaterial", 3)
            ),
            present(origin="EXTERNAL"),
        ],
        "A20 R9 A3",
    ),
    "material that expires": (
        [told(made(20, origin="EXTERNAL"), did("DeleteExpiredKeyMaterial", 9, {}))],
        "A20 R9",
    ),
    "a key that waits for its first material": (
        [told(made(20, origin="EXTERNAL", keyState="PendingImport"), did("ImportKeyMaterial", 3))],
        "R20 A3",
    ),
    "a gap is a gap": ([told(made(20), gaps=[(9, 8)])], "A20 ?9"),
    "a gap is one in which something may have happened, until it is told again": (
        [told(made(20), put(3, GOOD), did("EnableKey", 2), gaps=[(9, 8)]), present()],
        "A20 ?9 ?3 A2",
    ),
    "a gap that another source fills": (
        [told(made(20), gaps=[(9, 8)]), told(since=12, origin=Origin.TRAIL_FILES)],
        "A20",
    ),
    "two sources that meet": (
        [told(made(20), since=30, until=10, origin=Origin.TRAIL_FILES), told(since=10), present()],
        "A20",
    ),
    "two sources that do not meet": (
        [told(made(20), since=30, until=11, origin=Origin.TRAIL_FILES), told(since=10), present()],
        "A20 ?11 A10",
    ),
    "what ends before now is not known now": ([told(made(20), until=5)], "A20 ?5"),
    "items alone are moments": ([recorded(item(9), item(3)), present()], "?9 A0"),
    "items of a recorder that was on": ([recorded(item(9), item(3, BAD), since=9), present(BAD)], "A9 R3"),
    "an item shows a change, so that it was otherwise before": (
        [recorded(item(9, BAD), since=15), present(BAD)],
        "?15 R9",
    ),
    "no item since the recorder was started is no change": (
        [recorded(item(20), since=15), present()],
        "?20 A15",
    ),
    "a recorder after the events": (
        [told(made(20), since=30, until=10), recorded(item(15), item(3, BAD), since=12), present(BAD)],
        "A20 R3",
    ),
    "items between which events tell everything": (
        [recorded(item(9), item(3)), told(since=20), present()],
        "A20",
    ),
    "a deletion that AWS Config recorded": (
        [recorded(item(9), item(3, status="ResourceDeleted"), since=9)],
        "A9 -3",
    ),
    "what nobody has told yet of the last minutes is not known, where it is otherwise now": (
        [told(made(20), until=LATE), present(BAD)],
        f"A20 ?{LATE:g} R0",
    ),
    "and of the last minutes nothing is known without the present": (
        [told(made(20), until=LATE)],
        f"A20 ?{LATE:g}",
    ),
    "where the present is as it was told, it was so in the last minutes": (
        [told(made(20), until=LATE), present()],
        "A20",
    ),
    "changes of the last minutes that are told are known with the present": (
        [told(made(20), put(0.005, BAD), put(0.003, GOOD), until=LATE), present()],
        "A20 R0.005 A0.003",
    ),
    "an item may tell of the last minutes before an event does": (
        [told(made(20), until=LATE), recorded(item(0.003, BAD)), present(BAD)],
        f"A20 ?{LATE:g} R0",
    ),
    "an item that cannot be read may be the change": (
        [recorded(item(9), {**item(5, BAD), "configuration": "{"}, since=9), present()],
        "?9 A0",
    ),
    "items without the policy tell of none of its changes": (
        [recorded({**item(9), "supplementaryConfiguration": {}}, since=9), present()],
        "?9 A0",
    ),
    "an item so soon after a change, where events do not tell everything": (
        [told(made(20), until=20), recorded(item(19.999, BAD), since=21)],
        "A20 ?19.999",
    ),
    "an item that is later than the change that it does not show yet": (
        [told(made(20), put(3, BAD)), recorded(item(2.999, GOOD)), present(BAD)],
        "A20 R3",
    ),
}


class TestLives:
    """Each time of a key's life, by everything that is told of it."""

    @pytest.mark.parametrize(("sources", "life"), LIVES.values(), ids=LIVES)
    def test_of_cloudtrail_s_deliveries(self, sources: list[Any], life: str) -> None:
        """From the first of what is told to now."""
        assert line(history_from(KEY, ZONE, NOW, sources)) == life


KEY_ALONE = KmsKey.from_describe_key({**METADATA, "keyState": "Disabled"})


def history(*sources: Any, zone: Any = ZONE, **more: Any) -> Any:
    """The history that these sources tell."""
    return history_from(KEY, zone, NOW, sources, **more)


class TestWindows:
    """Times in which deliveries would have been refused: since when, by whom, and until when."""

    def test_begun_and_ended(self) -> None:
        """By the act of each, with the identity; the window of the other service is its own."""
        role = f"arn:aws:iam::{ACCOUNT}:role/deployment"
        found = history(told(made(20), put(9, BAD, role), put(3, GOOD)), present())
        cloudtrail, config = found.windows
        assert {cloudtrail.service, config.service} == {"CloudTrail", "AWS Config"}
        assert (cloudtrail.start, cloudtrail.end) == (ago(9), ago(3))
        begun, ended = cloudtrail.begun_by, cloudtrail.ended_by
        assert (begun.name, begun.behind) == ("PutKeyPolicy", role)
        assert begun.principal.endswith(":assumed-role/deployment/session")
        assert (ended.name, ended.principal) == ("PutKeyPolicy", f"arn:aws:iam::{ACCOUNT}:user/administrator")
        assert found.open_since("CloudTrail") is None
        assert {reason.requirement for reason in cloudtrail.reasons} == {"CLOUDTRAIL_ACCESS"}

    def test_open(self) -> None:
        """Since the first of its reasons, also where others came after it."""
        found = history(told(made(20), put(9, BAD), did("DisableKey", 3)), present(BAD, "Disabled"))
        window = found.open_since("CloudTrail")
        assert (window.start, window.end) == (ago(9), None)
        assert {each.requirement for each in window.reasons} == {"CLOUDTRAIL_ACCESS", "ENABLED"}
        assert found.exit_code == 3

    def test_a_service_that_made_it_names_the_role_behind_it(self) -> None:
        """CloudFormation does it with a role, and for whoever called."""
        role = f"arn:aws:iam::{ACCOUNT}:role/stack"
        record = put(9, BAD, role)
        record["userIdentity"] = {**record["userIdentity"], "invokedBy": "cloudformation.amazonaws.com"}
        (act,) = [act for act in history(told(made(20), record)).acts if act.name == "PutKeyPolicy"]
        assert (act.principal, act.behind) == ("cloudformation.amazonaws.com", role)

    def test_what_was_refused_has_changed_nothing(self) -> None:
        """An event with an error took no effect; its twin without one did."""
        denied = {**put(9, BAD), "errorCode": "AccessDenied"}
        assert line(history(told(made(20), denied))) == "A20"
        assert line(history(told(made(20), put(9, BAD)))) == "A20 R9"

    @pytest.mark.parametrize(
        ("policy", "act"), [(GOOD, "DisableKey"), (BAD, "PutKeyPolicy")], ids=["by one", "by both"]
    )
    def test_two_changes_in_one_second(self, policy: str, act: str) -> None:
        """The one that made it so is named, and not the one beside it."""
        found = history(told(made(20), put(9, policy), did("DisableKey", 9)), present(policy, "Disabled"))
        (window,) = [each for each in found.windows if each.service == "CloudTrail"]
        assert window.begun_by is not None
        assert window.begun_by.name == act

    def test_one_service_alone(self) -> None:
        """A policy that lacks one statement refuses the deliveries of one."""
        alone = json.loads(GOOD)
        alone["Statement"] = [each for each in alone["Statement"] if "config" in str(each["Principal"])]
        found = history(told(made(20), put(9, json.dumps(alone))))
        assert (line(found, "CloudTrail"), line(found, "AWS Config")) == ("A20 R9", "A20")

    def test_a_multi_region_key_is_no_refusal(self) -> None:
        """It is not supported, and refuses nothing."""
        found = history(told(made(20, multiRegion=True), put(9, GOOD)))
        assert line(found) == "A20"

    def test_a_key_that_is_not_symmetric_is_one(self) -> None:
        """Nothing can be encrypted with it."""
        assert line(history(told(made(20, keySpec="RSA_2048")))) == "R20"


class TestFindings:
    """Since when one requirement has not held, whatever else was wrong beside it."""

    PERHAPS = json.dumps(
        {
            **json.loads(GOOD),
            "Statement": [
                {**each, "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}
                if "config.amazonaws.com" in json.dumps(each)
                else each
                for each in json.loads(GOOD)["Statement"]
            ],
        }
    )

    @pytest.mark.parametrize("enabled", [True, False], ids=["and enabled", "and still so"])
    def test_disabled_in_between(self, *, enabled: bool) -> None:
        """Neither ends nor begins what the policy has done, for certain or perhaps."""
        then = [did("EnableKey", 5)] if enabled else []
        records = [made(20), put(15, self.PERHAPS), did("DisableKey", 9), *then]
        found = history(told(*records), present(self.PERHAPS, "Enabled" if enabled else "Disabled"))
        assert line(found, "AWS Config") == ("A20 P15 R9 P5" if enabled else "A20 P15 R9")
        since = finding_since(found, "CONFIG_ACCESS")
        assert since is not None
        assert (since.at, since.begun_by and since.begun_by.name) == (ago(15), "PutKeyPolicy")
        assert since.unknown == ""

    def test_a_policy_that_is_not_known(self) -> None:
        """Does not hold because the key is disabled as well; nor did it while that was so."""
        off = history(told(did("DisableKey", 9)), replace(present(), present=KEY_ALONE))
        now = finding_since(off, "CLOUDTRAIL_ACCESS")
        assert (line(off), now and now.at) == ("?90 R9", None)
        assert now is not None
        assert now.unknown.startswith("key policy: ")
        on = history(told(did("DisableKey", 9), put(5, BAD), did("EnableKey", 5)), present(BAD))
        before = finding_since(on, "CLOUDTRAIL_ACCESS")
        assert (line(on), before and before.at) == ("?90 R9 R5", ago(5))
        assert before is not None
        assert before.unknown.startswith("what was before is not known: key policy: ")


class TestDates:
    """Conditions on the time, and dates that come by themselves."""

    @pytest.mark.parametrize(
        ("operator", "life"), [("DateLessThan", "A20 R5"), ("DateGreaterThanEquals", "R20 A5")]
    )
    def test_a_date_in_the_policy(self, operator: str, life: str) -> None:
        """In the midst of a time in which nobody did anything; told as what came by itself."""
        policy = json.loads(GOOD)
        for each in policy["Statement"]:
            condition = each.setdefault("Condition", {})
            condition[operator] = {"aws:CurrentTime": ago(5).isoformat().replace("+00:00", "Z")}
        found = history(told(made(20, json.dumps(policy))))
        assert line(found) == life
        assert of(found)[1].begun_by.name == "by itself"
        assert [act.name for act in found.acts] == ["CreateKey"]

    def test_a_date_to_come_is_a_note(self) -> None:
        """What is to come is no history; it was allowed, and is."""
        policy = json.loads(GOOD)
        for each in policy["Statement"]:
            each.setdefault("Condition", {})["DateLessThan"] = {"aws:CurrentTime": "2027-06-01T00:00:00Z"}
        found = history(told(made(20, json.dumps(policy))))
        assert (line(found), found.exit_code) == ("A20", 0)
        assert any("will not always be" in note for note in found.notes)
        assert not any("will not always be" in note for note in history(told(made(20))).notes)

    @pytest.mark.parametrize(
        "text",
        [
            "Dec 01, 2026 18:58:30 PM",
            "Dec 1, 2026, 6:58:30 PM",
            "Dec 1, 2026 6:58:30 PM",
            "2026-12-01T18:58:30Z",
        ],
    )
    def test_a_deletion_date_is_told(self, text: str) -> None:
        """However CloudTrail has written dates."""
        found = history(
            told(did("ScheduleKeyDeletion", 9, {}, keyState="PendingDeletion", deletionDate=text))
        )
        (act,) = found.acts
        assert act.told == "to be deleted at 2026-12-01 18:58 UTC"

    def test_a_deletion_date_that_no_calendar_has(self) -> None:
        """Is none that is told."""
        asked = {"pendingWindowInDays": 7}
        answered = {"keyState": "PendingDeletion", "deletionDate": "9999-12-31T23:59:59-14:00"}
        (act,) = history(told(did("ScheduleKeyDeletion", 9, asked, **answered))).acts
        assert act.told == "to be deleted at 2026-11-27 12:00 UTC"


class TestUnknown:
    """What nobody knows is said, with the reason, and never fine."""

    def test_parts_are_known_one_by_one(self) -> None:
        """A state that refuses is certain, whatever the policy was."""
        found = history(told(did("DisableKey", 9)))
        assert line(found) == "?90 R9"
        assert of(found)[0].unknown.startswith("key policy and key state: no source goes back to it")
        assert of(found)[1].unknown == ""

    def test_a_gap_has_its_reason(self) -> None:
        """That of the source."""
        found = history(told(made(20), gaps=[(9, 8)]))
        assert of(found)[1].unknown == "key policy and key state: a file cannot be read"
        assert found.exit_code == 4

    def test_what_cloudtrail_left_out(self) -> None:
        """A policy that was too large for the event: known is that it was another, and who put it."""
        record = put(9, BAD)
        record["requestParameters"] = {"omitted": True, "originalSize": 120000}
        record["resources"] = [{"ARN": ARN}]
        found = history(told(made(20), record))
        assert line(found) == "A20 ?9"
        assert "left out" in of(found)[1].unknown
        assert [act.name for act in found.acts] == ["CreateKey", "PutKeyPolicy"]

    def test_what_the_present_tells_of_it(self) -> None:
        """Twin: where nothing was changed since, the policy that was left out is today's."""
        record = {**put(9, BAD), "requestParameters": None}
        found = history(told(made(20), record), present(BAD))
        assert line(found) == "A20 R9"
        assert of(found)[1].begun_by.name == "PutKeyPolicy"

    def test_two_changes_in_one_second(self) -> None:
        """Events tell whole seconds; which was the last is not known, until it is told again."""
        found = history(told(made(20), put(9, BAD), put(9, GOOD), put(3, GOOD)))
        assert line(found) == "A20 ?9 A3"
        assert "more than once" in of(found)[1].unknown
        assert line(history(told(made(20), put(9, BAD), put(9, BAD)))) == "A20 R9"

    def test_what_kind_of_key_it_is(self) -> None:
        """Without CreateKey and the present nobody knows that it is symmetric."""
        found = history(told(put(9, GOOD), did("EnableKey", 9)))
        assert line(found) == "?90 ?9"
        assert of(found)[1].unknown == "no source tells its key spec and usage"

    def test_a_malformed_policy_is_not_known(self) -> None:
        """KMS took it, and the engine cannot read it."""
        found = history(told(made(20), put(9, "{")))
        assert line(found) == "A20 ?9"

    def test_a_key_of_a_key_store(self) -> None:
        """No event of the key tells that its store is out of reach."""
        found = history(told(made(20, origin="AWS_CLOUDHSM")), present(origin="AWS_CLOUDHSM"))
        assert line(found) == "?20 A0"
        assert any("key store" in note for note in found.notes)

    def test_a_key_that_nobody_tells_of(self) -> None:
        """May be a slip of the pen, and is not said to have been deleted."""
        gone = Told(
            Source(Origin.PRESENT, "KMS"), present=replace(KmsKey.from_arn(KEY), policy=None, deleted=True)
        )
        never, once = history(told(), gone), history(told(did("DisableKey", 9)), gone)
        assert ["is its id right" in " ".join(each.notes) for each in (never, once)] == [True, False]
        assert ["the key is gone" in " ".join(each.notes) for each in (never, once)] == [False, True]
        assert (never.exit_code, once.exit_code) == (4, 4)

    def test_not_as_far_back_as_is_told(self) -> None:
        """That nobody tells of before is said where it is so."""
        sources = [told(made(100), since=110), present()]
        for since, said in ((30, False), (95, False), (120, False)):
            notes = history_from(KEY, ZONE, NOW, sources, since=ago(since)).notes
            assert any("no source here tells" in each for each in notes) is said
        assert any("no source here tells" in each for each in history(told(since=30), present()).notes)

    def test_further_back_than_anything_tells(self) -> None:
        """Asked for, it is there, and not known."""
        assert line(history(told(), present(), since=ago(120))) == "?120 A90"
        assert line(history(told(), present(), since=ago(30))) == "A30"

    def test_before_a_key_was_made_there_was_none(self) -> None:
        """Which is known, however far back one looks."""
        assert line(history(told(made(20)), since=ago(50))) == "-50 A20"


class TestTags:
    """Tags matter where a policy has a condition on them."""

    @pytest.mark.parametrize(
        ("records", "life"),
        [
            ([], "A20"),
            ([did("TagResource", 9, {"tags": [{"tagKey": "stage", "tagValue": "test"}]})], "A20 R9"),
            ([did("UntagResource", 9, {"tagKeys": ["stage"]})], "A20 R9"),
            ([did("UntagResource", 9, {"tagKeys": ["other"]})], "A20"),
        ],
    )
    def test_a_tag_that_is_changed(self, records: list[Any], life: str) -> None:
        """The condition holds as long as the tag is there."""
        begin = made(20, self.policy())
        begin["requestParameters"]["tags"] = [{"tagKey": "stage", "tagValue": "prod"}]
        assert line(history(told(begin, *records))) == life

    def test_tags_that_nobody_knows(self) -> None:
        """What depends on them is not known; without a condition they do not matter."""
        assert line(history(told(), present(self.policy()))) == "?90"
        assert line(history(told(), present())) == "A90"

    @staticmethod
    def policy() -> str:
        """The documented one for keys with a tag."""
        policy = json.loads(GOOD)
        for each in policy["Statement"]:
            each.setdefault("Condition", {}).setdefault("StringEquals", {})["aws:ResourceTag/stage"] = "prod"
        return json.dumps(policy)


class TestContradictions:
    """Where sources tell different things of one moment nobody is believed."""

    def test_the_present_policy_is_another(self) -> None:
        """Of the time since the last that was told nothing is known; of now, what KMS tells."""
        found = history(told(made(20)), present(BAD))
        assert line(found) == "?20 R0"
        assert len(found.contradictions) == 1
        assert found.open_since("CloudTrail").start == NOW
        assert history(told(made(20)), present()).contradictions == ()

    def test_an_item_is_another(self) -> None:
        """No event tells of the change that it shows; from the item on it is known again."""
        found = history(told(made(20)), recorded(item(9, BAD)), present(BAD))
        assert line(found) == "?20 R9"
        assert "AWS Config tells another key policy" in found.contradictions[0]

    def test_an_event_after_the_deletion(self) -> None:
        """One of the two is wrong."""
        found = history(told(made(20), did("DeleteKey", 9, {}), did("DisableKey", 3)))
        assert "was deleted before" in found.contradictions[0]
        assert found.exit_code == 3
        assert of(found)[-1].standing is Standing.REFUSED

    @pytest.mark.parametrize(
        "other",
        [{"errorCode": "AccessDeniedException"}, {"eventName": "TagResource"}],
        ids=["with an error", "as another change"],
    )
    @pytest.mark.parametrize("turned", [False, True], ids=["in files", "in the event history"])
    def test_whatever_either_telling_changes_is_in_doubt(
        self, other: dict[str, str], *, turned: bool
    ) -> None:
        """A change that another source tells as none is not taken for none."""
        record = did("DisableKey", 9)
        one, two = ({**record, **other}, record) if turned else (record, {**record, **other})
        found = history(told(made(20), one), told(two, since=None, origin=Origin.TRAIL_FILES))
        assert (line(found), len(found.contradictions)) == ("A20 ?9", 1)

    def test_what_is_told_of_before_the_key_was_made(self) -> None:
        """Is not passed over."""
        found = history(told(made(20)), recorded(item(30, BAD)), present())
        assert "before the event of 2026-11-09 12:00 UTC that made it" in found.contradictions[0]
        assert found.exit_code == 4

    def test_one_event_told_in_two_ways(self) -> None:
        """Neither is believed, and what it changed is not known."""
        record = put(9, BAD)
        other = {**record, "requestParameters": {**record["requestParameters"], "policy": GOOD}}
        found = history(told(made(20), record), told(other, since=None, origin=Origin.TRAIL_FILES))
        assert line(found) == "A20 ?9"
        assert record["eventID"] in found.contradictions[0]
        again = history(told(made(20), record), told(record, since=None, origin=Origin.TRAIL_FILES))
        assert (line(again), again.contradictions) == ("A20 R9", ())

    @pytest.mark.parametrize(
        "change",
        [
            lambda policy: json.dumps(policy, indent=2),
            lambda policy: json.dumps({"Statement": policy["Statement"], "Version": policy["Version"]}),
        ],
    )
    def test_the_same_policy_laid_out_otherwise(self, change: Any) -> None:
        """Is no contradiction."""
        found = history(told(made(20)), present(change(json.loads(GOOD))))
        assert (line(found), found.contradictions) == ("A20", ())

    def test_a_principal_that_is_gone(self) -> None:
        """KMS names it by its id; a service that is another is another policy."""
        policy = json.loads(GOOD)
        somebody = {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}
        by_arn = {**somebody, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/gone"}}
        by_id = {**somebody, "Principal": {"AWS": "AROAEXAMPLEEXAMPLE01"}}
        before, after = (
            json.dumps({**policy, "Statement": [*policy["Statement"], one]}) for one in (by_arn, by_id)
        )
        assert history(told(made(20, before)), present(after)).contradictions == ()
        other = after.replace("config.amazonaws.com", "sns.amazonaws.com")
        assert len(history(told(made(20, before)), present(other)).contradictions) == 1


class TestClocks:
    """Clocks differ a little; what is told of the future is not believed."""

    def test_a_few_minutes_are_now(self) -> None:
        """Two minutes from now: it has happened."""
        assert line(history(told(made(20), put(-0.001, BAD)))) == "A20 R0"

    def test_an_hour_is_not_believed(self) -> None:
        """And is said."""
        found = history(told(made(20), put(-0.05, BAD)))
        assert line(found) == "A20"
        assert any("later than now" in each for each in found.contradictions)
        assert found.exit_code == 4

    def test_an_item_of_the_future(self) -> None:
        """Neither; it is said of its source."""
        found = history(told(made(20)), recorded(item(-1, BAD)))
        assert line(found) == "A20"
        assert "later than now" in found.sources[1].unread[0]

    def test_an_item_that_is_none(self) -> None:
        """Is said of its source, and the others count."""
        found = history(recorded({"resourceId": "x"}, item(9)), told(since=20))
        assert line(found) == "A20"
        assert len(found.sources[0].unread) == 1


class TestOtherKeys:
    """Events of other keys, accounts and Regions are not this key's."""

    @pytest.mark.parametrize(
        "change",
        [
            {"resources": [{"ARN": f"{ARN[:-1]}1"}], "requestParameters": {"keyId": "x", "policy": BAD}},
            {"recipientAccountId": "444455556666"},
            {"eventSource": "other.amazonaws.com"},
        ],
    )
    def test_of_another(self, change: Any) -> None:
        """It changes nothing here."""
        record = {**put(9, BAD), **change}
        record["responseElements"] = None
        assert line(history(told(made(20), record))) == "A20"

    def test_the_id_alone_is_of_the_region(self) -> None:
        """Keys of several Regions share their ids."""
        record = {**did("DisableKey", 9), "resources": [], "responseElements": None}
        assert line(history(told(made(20), record))) == "A20 R9"
        assert line(history(told(made(20), {**record, "awsRegion": "eu-west-1"}))) == "A20"

    def test_days_are_counted_as_the_tables_do(self) -> None:
        """Of what the tables above are written in."""
        assert days(ago(3)) == 3
