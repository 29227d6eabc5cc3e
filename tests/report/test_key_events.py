"""KMS's events of the landing zone's keys: how many, and which are not as the proof assumes."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from landing_zone_key import KmsKey, LandingZone
from landing_zone_key.key import KeyArn
from landing_zone_key.requests import families
from landing_zone_key.settings import PermissionStandard
from lzkey.aws.account import Asker, Manner
from lzkey.aws.events import HISTORY, event_history
from lzkey.observed import key_events as module
from lzkey.observed.contradictions import NOT_SHOWN, Assumption, Strange, assumptions, contradiction
from lzkey.observed.key_events import HEEDED, MOST, KeyEvents, key_events
from lzkey.observed.looking import Scene
from lzkey.observed.values import Events, InForce
from lzkey_sandbox import Sandbox
from lzkey_sandbox.cloudtrail_events import delivery_by_cloudtrail, delivery_by_config, key_changed, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey.aws.events import Event

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
AN_HOUR_AGO = NOON - timedelta(hours=1)
ACCOUNT = "111122223333"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER_KEY = KEY[:-1] + "c"
TRAIL = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/aws-controltower-BaselineCloudTrail"
ANOTHER = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/another"
LAKE = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:eventdatastore/EXAMPLE"
MEMBERS = TRAIL.replace(ACCOUNT, "444455556666")
ROLE = f"arn:aws:iam::{ACCOUNT}:role/reader"
ZONE = LandingZone.from_rule_parameters({"HomeRegion": "us-east-1", "ManagementAccountId": ACCOUNT})
IN_ORGANIZATION = replace(ZONE, organization_id="o-a1b2c3d4e5")
CHANGED = InForce(NOON - timedelta(days=3), "PutKeyPolicy")

ROOT = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "kms:*", "Resource": "*"}


def grant(*services: str, **changes: Any) -> dict[str, Any]:
    """A statement that allows these services what Control Tower documents."""
    principal = {"Service": [f"{service}.amazonaws.com" for service in services]}
    allow = {"Effect": "Allow", "Principal": principal, "Resource": "*"}
    return {**allow, "Action": ["kms:Decrypt", "kms:GenerateDataKey*"], **changes}


def key_with(*statements: dict[str, Any]) -> KmsKey:
    """The landing zone's key with these statements in its policy."""
    policy = json.dumps({"Version": "2012-10-17", "Statement": [ROOT, *statements]})
    return KmsKey.from_arn(KeyArn.parse(KEY)).with_policy(policy)


OPEN, SHUT = key_with(grant("cloudtrail", "config")), key_with()
#: Nobody can say who is in whose organization.
PERHAPS = key_with(grant("config", Condition={"StringEquals": {"aws:SourceOrgID": "o-a1b2c3d4e5"}}))
#: Allowed to one trail, which is not the landing zone's.
ANOTHERS = key_with(grant("cloudtrail", Condition={"StringEquals": {"aws:SourceArn": ANOTHER}}))

BY_TRAIL = delivery_by_cloudtrail(KEY, TRAIL, AN_HOUR_AGO)
BY_CONFIG = delivery_by_config(KEY, "444455556666", "eu-west-1", AN_HOUR_AGO)


def changed(record: dict[str, Any], **members: Any) -> dict[str, Any]:
    """The event with other members."""
    return {**record, **members}


def asked(record: dict[str, Any], **members: Any) -> dict[str, Any]:
    """The event with other request parameters; None leaves one out."""
    parameters = {**record["requestParameters"], **members}
    return {**record, "requestParameters": {name: value for name, value in parameters.items() if value}}


def invoked_by(record: dict[str, Any], principal: str) -> dict[str, Any]:
    """The event of somebody else."""
    return {**record, "userIdentity": {"type": "AWSService", "invokedBy": principal}}


def session(name: str) -> dict[str, Any]:
    """Who asks with a role in a session of this name."""
    return {
        "type": "AssumedRole",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/{name}",
        "sessionContext": {"sessionIssuer": {"arn": ROLE}},
    }


@dataclass(frozen=True)
class History:
    """CloudTrail's event history, at noon."""

    sandbox: Sandbox
    home: Asker

    def told(self, record: dict[str, Any]) -> Event:
        """The event as lzkey reads it."""
        self.happened(record)
        (event,) = event_history(self.home, "us-east-1", NOON - HISTORY, resource=KEY)
        return event

    def happened(self, *records: dict[str, Any]) -> None:
        """Let this have happened, and nothing else."""
        self.sandbox.events.forget()
        self.sandbox.events.add(*records)

    def scene(self, *keys: KmsKey, zone: LandingZone = ZONE) -> Scene:
        """The landing zone with these keys."""
        return Scene(self.home, zone, "aws", NOON, {str(key.arn): key for key in keys})

    def found(
        self,
        key: KmsKey = OPEN,
        in_force: InForce = CHANGED,
        alone: frozenset[str] = frozenset({KEY}),
        *,
        settled: bool = True,
        zone: LandingZone = ZONE,
    ) -> KeyEvents:
        """What is read of the key's events."""
        return key_events(self.scene(key, zone=zone), in_force, alone, settled=settled)


@pytest.fixture(scope="module")
def history() -> Iterator[History]:
    """A history in which nothing has happened, and nothing but the sandbox can be reached."""
    with pytest.MonkeyPatch.context() as patch, Sandbox(recording=False) as sandbox:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in sandbox.environment.items():
            patch.setenv(name, value)
        sandbox.events.clock = lambda: NOON
        yield History(sandbox, Asker(boto3.Session(), ACCOUNT, "us-east-1", Manner()))


def assumed(key: KmsKey, zone: LandingZone = ZONE, *, alone: bool = True) -> tuple[Assumption, ...]:
    """What is assumed of the services' requests to the key."""
    return assumptions(key, zone, NOON, policy_alone=alone, settled=True)


class TestContradiction:
    """What an event shows, against what is assumed and proved."""

    @pytest.mark.parametrize(
        ("record", "key", "service", "kind", "why"),
        [
            (
                invoked_by(BY_CONFIG, "config.af-south-1.amazonaws.com"),
                OPEN,
                "AWS Config",
                "principal",
                "AWS Config asked as config.af-south-1.amazonaws.com, and not as config.amazonaws.com",
            ),
            (
                changed(BY_CONFIG, eventName="ReEncryptTo"),
                OPEN,
                "AWS Config",
                "operation",
                "AWS Config asked for kms:ReEncryptTo, which no request that is proved is for",
            ),
            (
                changed(BY_CONFIG, eventName="DescribeKey"),
                OPEN,
                "AWS Config",
                "operation",
                "AWS Config asked for kms:DescribeKey, which no request that is proved is for",
            ),
            (
                changed(BY_TRAIL, eventName="CreateGrant"),
                OPEN,
                "CloudTrail",
                "operation",
                "CloudTrail asked for kms:CreateGrant, which no request that is proved is for",
            ),
            (
                asked(BY_TRAIL, encryptionContext={"aws:s3:arn": "arn:aws:s3:::bucket"}),
                OPEN,
                "CloudTrail",
                "context",
                "the encryption context of a request of CloudTrail's has no aws:cloudtrail:arn",
            ),
            (
                asked(BY_TRAIL, encryptionContext=None),
                OPEN,
                "CloudTrail",
                "context",
                "the encryption context of a request of CloudTrail's has no aws:cloudtrail:arn",
            ),
            (
                asked(BY_TRAIL, encryptionContext={"aws:cloudtrail:arn": MEMBERS}),
                OPEN,
                "CloudTrail",
                "context",
                (
                    "the encryption context of a request of CloudTrail's has aws:cloudtrail:arn "
                    f"{MEMBERS}, and not {TRAIL}"
                ),
            ),
            (
                asked(BY_TRAIL, encryptionContext={"aws:cloudtrail:arn": LAKE}),
                OPEN,
                "CloudTrail",
                "context",
                (
                    "the encryption context of a request of CloudTrail's has aws:cloudtrail:arn "
                    f"{LAKE}, and not {TRAIL}"
                ),
            ),
            (
                asked(BY_CONFIG, encryptionContext={"aws:cloudtrail:arn": TRAIL}),
                OPEN,
                "AWS Config",
                "context",
                "the encryption context of a request of AWS Config's has aws:cloudtrail:arn",
            ),
            (
                refused(BY_TRAIL),
                OPEN,
                "CloudTrail",
                "refused",
                (
                    "CloudTrail was refused kms:GenerateDataKey, although it is proved to be allowed to the "
                    "landing zone"
                ),
            ),
            (
                changed(refused(BY_TRAIL, "AccessDeniedException"), requestParameters=None),
                OPEN,
                "CloudTrail",
                "refused",
                (
                    "CloudTrail was refused kms:GenerateDataKey, although it is proved to be allowed to the "
                    "landing zone; whose request it was is not shown, so that it may be none of the landing "
                    "zone's"
                ),
            ),
            (
                refused(BY_CONFIG),
                OPEN,
                "AWS Config",
                "refused",
                (
                    "AWS Config was refused kms:GenerateDataKey, although it is proved to be allowed to the "
                    "landing zone; whose request it was is not shown, so that it may be none of the landing "
                    "zone's"
                ),
            ),
            (
                BY_TRAIL,
                SHUT,
                "CloudTrail",
                "allowed",
                "CloudTrail was allowed kms:GenerateDataKey, although the key policy refuses it for certain",
            ),
            (
                BY_TRAIL,
                ANOTHERS,
                "CloudTrail",
                "allowed",
                "CloudTrail was allowed kms:GenerateDataKey, although the key policy refuses it for certain",
            ),
            (
                BY_CONFIG,
                SHUT,
                "AWS Config",
                "allowed",
                "AWS Config was allowed kms:GenerateDataKey, although the key policy refuses it for certain",
            ),
        ],
    )
    def test_each(
        self, history: History, record: dict[str, Any], key: KmsKey, service: str, kind: str, why: str
    ) -> None:
        """Is told with its kind, in its own sentence."""
        assert contradiction(history.told(record), assumed(key)) == (service, kind, why)

    @pytest.mark.parametrize(
        ("record", "key"),
        [
            (BY_TRAIL, OPEN),
            (BY_CONFIG, OPEN),
            (changed(BY_TRAIL, eventName="Decrypt"), OPEN),
            # Not proved either way.
            (BY_CONFIG, PERHAPS),
            (refused(BY_CONFIG), PERHAPS),
            # Refused, as it is proved.
            (refused(BY_TRAIL), SHUT),
            (refused(BY_CONFIG), SHUT),
            # Refused for the key's state, or for AWS's own reasons.
            (refused(BY_TRAIL, "DisabledException"), OPEN),
            (refused(BY_CONFIG, "ThrottlingException"), OPEN),
            # Documented, and asked for without an encryption context.
            (asked(changed(BY_TRAIL, eventName="DescribeKey"), encryptionContext=None), OPEN),
            # Another trail's, and of whose nothing is shown.
            (asked(BY_TRAIL, encryptionContext={"aws:cloudtrail:arn": ANOTHER}), SHUT),
            (refused(asked(BY_TRAIL, encryptionContext={"aws:cloudtrail:arn": ANOTHER})), OPEN),
            (changed(BY_TRAIL, requestParameters=None), SHUT),
            # Of others.
            (invoked_by(BY_TRAIL, "logs.amazonaws.com"), SHUT),
            (invoked_by(BY_TRAIL, "config-multiaccountsetup.amazonaws.com"), SHUT),
            (key_changed("DisableKey", KEY, AN_HOUR_AGO), SHUT),
            # What is not understood is not compared.
            (changed(BY_CONFIG, requestParameters=["aws:cloudtrail:arn"]), OPEN),
            (asked(BY_CONFIG, encryptionContext="aws:cloudtrail:arn"), OPEN),
        ],
    )
    def test_what_is_none(self, history: History, record: dict[str, Any], key: KmsKey) -> None:
        """As assumed, not proved, of somebody else, or not shown."""
        assert contradiction(history.told(record), assumed(key)) is None

    def test_a_request_for_another_key(self, history: History) -> None:
        """Is found by the key all the same, where it has both."""
        event = replace(history.told(BY_TRAIL), resources=(OTHER_KEY,))
        assert contradiction(event, assumed(OPEN)) == (
            "CloudTrail",
            "resource",
            f"a request of CloudTrail's names {OTHER_KEY}, and not the key",
        )
        assert contradiction(replace(event, resources=()), assumed(OPEN)) is None

    @pytest.mark.parametrize(("record", "key"), [(BY_TRAIL, SHUT), (BY_CONFIG, SHUT)])
    def test_something_beside_the_policy(self, history: History, record: dict[str, Any], key: KmsKey) -> None:
        """May be what allows it, so that nothing is certain to be refused."""
        assert contradiction(history.told(record), assumed(key, alone=False)) is None

    @pytest.mark.parametrize(
        ("record", "condition", "zone"),
        [
            # Of a Region that is not governed, or of another organization.
            (
                BY_CONFIG,
                {"ArnLike": {"aws:SourceArn": f"arn:aws:config:af-south-1:{ACCOUNT}:*"}},
                replace(ZONE, governed_regions=("us-east-1",)),
            ),
            (BY_CONFIG, {"StringEquals": {"aws:SourceOrgID": "o-another123"}}, IN_ORGANIZATION),
            # Of an account that is not there today.
            (
                refused(BY_CONFIG),
                {"StringEquals": {"aws:SourceAccount": "444455556666"}},
                replace(ZONE, accounts=("444455556666",)),
            ),
        ],
    )
    def test_a_request_from_elsewhere(
        self, history: History, record: dict[str, Any], condition: dict[str, Any], zone: LandingZone
    ) -> None:
        """May have come to this: whose it was is not shown."""
        key = key_with(grant("config", Condition=condition))
        assert contradiction(history.told(record), assumed(key, zone)) is None

    def test_what_is_documented_and_not_required(self, history: History) -> None:
        """Is an operation of the service's, also where the rule asks for less."""
        functional = replace(ZONE, permission_standard=PermissionStandard.FUNCTIONAL)
        event = history.told(changed(BY_TRAIL, eventName="GenerateDataKeyPair"))
        assert contradiction(event, assumed(OPEN, functional)) is None

    def test_a_refusal_without_a_policy(self, history: History) -> None:
        """Proves nothing: neither that it is allowed, nor that it is refused."""
        unread = KmsKey.from_arn(KeyArn.parse(KEY))
        for record in (BY_TRAIL, refused(BY_TRAIL), BY_CONFIG, refused(BY_CONFIG)):
            assert contradiction(history.told(record), assumed(unread)) is None

    def test_a_key_that_is_kept_for_the_other_service(self, history: History) -> None:
        """Is not used by this one, unless accounts may still deliver as they did before."""
        blocks = {"centralizedLogging": KEY, "config": OTHER_KEY}
        manifest = {name: {"configurations": {"kmsKeyArn": key}} for name, key in blocks.items()}
        zone = ZONE.with_manifest(manifest, "4.0")
        event = history.told(BY_CONFIG)
        told = (
            "AWS Config was allowed kms:GenerateDataKey with a key that is another service's by the manifest"
        )
        assert contradiction(event, assumed(OPEN, zone)) == ("AWS Config", "use", told)
        late = assumptions(OPEN, zone, NOON, policy_alone=True, settled=False)
        assert contradiction(event, late) is None
        assert contradiction(history.told(BY_TRAIL), assumed(OPEN, zone)) is None
        refusal = contradiction(history.told(refused(BY_CONFIG)), assumed(OPEN, zone))
        assert refusal is not None
        assert refusal[1] == "refused"

    def test_text_of_any_length(self, history: History) -> None:
        """Is cut in a sentence: the event stands whole beside it."""
        long = "x" * 1_000
        found = contradiction(history.told(changed(BY_CONFIG, eventName=long)), assumed(OPEN))
        assert found is not None
        assert found[2] == f"AWS Config asked for kms:{'x' * 160}…, which no request that is proved is for"

    def test_what_no_event_shows(self) -> None:
        """Is what the families have of the request's source, and no more."""
        source = {
            name
            for family in families(OPEN, IN_ORGANIZATION)
            for name in family.all_facts()
            if name.startswith("aws:source") and not name.startswith("aws:sourcevpc")
        }
        assert {name.lower() for name in NOT_SHOWN} == source


class TestPage:
    """docs/report.md."""

    def test_in_what_an_event_is_strange(self) -> None:
        """Every kind has its row, and nothing else has one."""
        rows = re.findall(r"^\| `(\w+)` \|", section("Look at the key's events"), re.MULTILINE)
        assert rows == [kind.value for kind in Strange]

    def test_what_no_event_shows(self) -> None:
        """And how many are read, since when."""
        page = " ".join(section("Look at the key's events").split())
        assert all(f"`{name}`" in page for name in NOT_SHOWN)
        assert f"at most the newest {MOST:,} events" in page
        assert f"from {HEEDED.seconds // 60} minutes after the last change" in page


def section(title: str) -> str:
    """The part of the page below a heading that begins so."""
    page = (Path(__file__).parents[2] / "docs/report.md").read_text(encoding="utf-8")
    return page.partition(f"## {title}")[2].partition("\n## ")[0]


class TestCounting:
    """Events by who asked, since what is in force is heeded."""

    def test_by_principal(self, history: History) -> None:
        """Services first; of each what was allowed, refused, and failed; a role's sessions are one."""
        read, again = (
            changed(key_changed("DescribeKey", KEY, AN_HOUR_AGO), userIdentity=session(name))
            for name in ("monday", "tuesday")
        )
        at_noon = delivery_by_cloudtrail(KEY, TRAIL, NOON)
        history.happened(
            BY_TRAIL,
            at_noon,
            refused(BY_TRAIL),
            refused(BY_TRAIL, "DisabledException"),
            BY_CONFIG,
            read,
            again,
        )
        since = NOON - timedelta(days=3) + HEEDED
        found = history.found()
        assert found.events == (
            Events(KEY, "cloudtrail.amazonaws.com", 2, 1, since, NOON, 1),
            Events(KEY, "config.amazonaws.com", 1, 0, since, AN_HOUR_AGO),
            Events(KEY, ROLE, 2, 0, since, AN_HOUR_AGO),
        )
        assert (found.read, found.unread) == (True, ())

    def test_events_of_others_about_the_key(self, history: History) -> None:
        """Are none of KMS's."""
        history.happened(changed(BY_TRAIL, eventSource="s3.amazonaws.com"))
        assert history.found() == KeyEvents(read=True)

    def test_only_what_came_after_the_change(self, history: History) -> None:
        """And after KMS has heeded it; to the second."""
        since = AN_HOUR_AGO - HEEDED
        history.happened(refused(BY_TRAIL))
        assert len(history.found(in_force=InForce(since, "PutKeyPolicy")).contradictions) == 1
        later = InForce(since + timedelta(seconds=1), "PutKeyPolicy")
        assert history.found(in_force=later) == KeyEvents(read=True)

    def test_a_change_of_this_moment(self, history: History) -> None:
        """Leaves nothing to be read."""
        history.happened(BY_TRAIL)
        history.sandbox.forget_calls()
        just = InForce(NOON - timedelta(minutes=14), "PutKeyPolicy")
        assert history.found(in_force=just) == KeyEvents(
            unread=(
                (
                    "events of the keys were not read: the change at 2026-11-29 11:46 UTC (PutKeyPolicy) may "
                    "not be heeded everywhere yet"
                ),
            )
        )
        assert not history.sandbox.calls

    def test_a_change_that_is_not_known(self, history: History) -> None:
        """Lets all be counted, and nothing be compared."""
        history.happened(refused(BY_TRAIL))
        found = history.found(in_force=InForce(unknown="account 1 refused it"))
        assert [(one.refused, one.since) for one in found.events] == [(1, NOON - HISTORY)]
        assert found.contradictions == ()
        assert found.unread == (
            "whether events contradict what is proved is not known: account 1 refused it",
        )

    def test_a_bound(self, history: History, monkeypatch: pytest.MonkeyPatch) -> None:
        """The newest are read, and it is said since when."""
        monkeypatch.setattr(module, "MOST", 3)
        times = [NOON - timedelta(minutes=minutes) for minutes in range(5)]
        history.happened(*(delivery_by_cloudtrail(KEY, TRAIL, at) for at in times))
        found = history.found()
        assert [(one.allowed, one.since) for one in found.events] == [(3, times[2])]
        assert found.unread == (
            f"events of {KEY} before 2026-11-29 11:58 UTC were not read: the newest 3 are",
        )
        assert MOST % 50 == 0

    def test_a_refused_question(self, history: History) -> None:
        """Is no silence of the key."""
        history.sandbox.fail_next("cloudtrail", "LookupEvents", "AccessDeniedException")
        found = history.found()
        assert (found.events, found.read) == ((), False)
        (told,) = found.unread
        assert told.startswith(
            f"events of {KEY} are not known: account {ACCOUNT} refused cloudtrail:LookupEvents"
        )

    def test_a_key_of_another_account(self, history: History) -> None:
        """Has its events there."""
        theirs = KmsKey.from_arn(KeyArn.parse(KEY.replace(ACCOUNT, "444455556666")))
        assert history.found(theirs).unread == (
            f"the events of {theirs.arn} are in account 444455556666, and were not read",
        )

    def test_several_that_are_strange_alike(self, history: History) -> None:
        """Are one, shown by the latest, whole."""
        latest = refused(delivery_by_cloudtrail(KEY, TRAIL, NOON))
        history.happened(refused(BY_TRAIL), latest, refused(BY_CONFIG))
        found = history.found().contradictions
        assert [(one.service, one.kind, one.alike) for one in found] == [
            ("AWS Config", "refused", 1),
            ("CloudTrail", "refused", 2),
        ]
        assert json.loads(found[1].event) == latest
        assert all(one.key == KEY for one in found)

    def test_what_is_beside_the_policy(self, history: History) -> None:
        """Is heeded for each key by itself."""
        history.happened(BY_TRAIL)
        assert [one.kind for one in history.found(SHUT).contradictions] == ["allowed"]
        assert history.found(SHUT, alone=frozenset()).contradictions == ()
