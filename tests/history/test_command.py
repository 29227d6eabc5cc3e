"""`lzkey history`: what really happened to a key in an account, and what the command says of it."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from jsonschema import Draft202012Validator

from landing_zone_key import KmsKey
from landing_zone_key.key import KeyArn
from lzkey.aws.account import Asker
from lzkey.aws.keys import key, key_policy
from lzkey.documents import schema_of
from lzkey.history.asking import MANNER, history_of
from lzkey.history.model import Origin, Standing
from lzkey.sources.source import documented_policy
from lzkey_sandbox import OrganizationPlan
from lzkey_sandbox.cloudtrail_events import key_changed, policy_put

from .lives import ACCOUNT, ZONE, line, of

if TYPE_CHECKING:
    from pathlib import Path

    from lzkey_sandbox import Sandbox

    from .conftest import Run

ADMINISTRATOR = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*"}


def good(arn: str) -> str:
    """The documented policy, which the account may change again."""
    policy = documented_policy(KmsKey.from_arn(KeyArn.parse(arn)), ZONE)
    return json.dumps({**policy, "Statement": [*policy["Statement"], {**ADMINISTRATOR, "Resource": "*"}]})


@pytest.fixture
def arn(sandbox: Sandbox) -> str:
    """A key, 20 days old: refused at first, allowed four days later, disabled for the last nine days."""
    kms = sandbox.client("kms")
    made = str(kms.create_key()["KeyMetadata"]["Arn"])
    kms.create_alias(AliasName="alias/landing-zone", TargetKeyId=made)
    sandbox.age(timedelta(days=4))
    kms.put_key_policy(KeyId=made, PolicyName="default", Policy=good(made))
    sandbox.age(timedelta(days=7))
    kms.disable_key(KeyId=made)
    sandbox.age(timedelta(days=9))
    return made


def asker(sandbox: Sandbox) -> Asker:
    """Whoever asks it."""
    return Asker(boto3.Session(), sandbox.account, sandbox.region, MANNER)


class TestLive:
    """A key of an account, by all that the account tells."""

    def test_its_life(self, sandbox: Sandbox, arn: str) -> None:
        """From its making on, and what is now is KMS's own answer."""
        found = history_of(asker(sandbox), KeyArn.parse(arn), ZONE, datetime.now(UTC))
        assert [span.standing for span in of(found)] == [
            Standing.REFUSED,
            Standing.ALLOWED,
            Standing.REFUSED,
        ]
        assert [act.name for act in found.acts] == ["CreateKey", "PutKeyPolicy", "DisableKey"]
        assert [source.origin for source in found.sources] == [
            Origin.EVENT_HISTORY,
            Origin.CONFIG,
            Origin.PRESENT,
        ]
        assert [source.found for source in found.sources] == [3, 3, 1]
        assert (found.contradictions, found.start) == ((), of(found)[0].start)

    def test_a_key_that_was_read_already(self, sandbox: Sandbox, arn: str) -> None:
        """Is not asked for again."""
        asking = asker(sandbox)
        known = key(asking, arn).with_policy(key_policy(asking, KeyArn.parse(arn)))
        asking.log.calls.clear()
        history_of(asking, known, ZONE, datetime.now(UTC))
        assert not any(action.startswith("kms:") for action in asking.log.calls)

    def test_it_asks_for_what_it_declares(self, sandbox: Sandbox, arn: str) -> None:
        """And for tags only where a policy has a condition on them."""
        asking = asker(sandbox)
        history_of(asking, KeyArn.parse(arn), ZONE, datetime.now(UTC))
        assert set(asking.log.calls) < history_of.actions
        policy = json.loads(good(arn))
        policy["Statement"][0].setdefault("Condition", {})["StringEquals"] = {"aws:ResourceTag/a": "b"}
        sandbox.client("kms").put_key_policy(KeyId=arn, PolicyName="default", Policy=json.dumps(policy))
        history_of(asking, KeyArn.parse(arn), ZONE, datetime.now(UTC))
        assert {"kms:ListResourceTags"} == {*asking.log.calls} & {"kms:ListResourceTags"}

    @pytest.mark.parametrize(
        ("service", "operation", "standings", "words"),
        [
            ("cloudtrail", "LookupEvents", [Standing.UNKNOWN, Standing.REFUSED], "not all events are known"),
            (
                "kms",
                "DescribeKey",
                [Standing.REFUSED, Standing.ALLOWED, Standing.REFUSED, Standing.UNKNOWN],
                "the key is not known",
            ),
            (
                "kms",
                "GetKeyPolicy",
                [Standing.REFUSED, Standing.ALLOWED, Standing.REFUSED],
                "its policy is not",
            ),
            (
                "config",
                "GetResourceConfigHistory",
                [Standing.REFUSED, Standing.ALLOWED, Standing.REFUSED],
                "its items are not known",
            ),
        ],
    )
    def test_what_may_not_be_asked(
        self, sandbox: Sandbox, arn: str, service: str, operation: str, standings: list[Any], words: str
    ) -> None:
        """Is a sentence of its source; the others tell what they tell, and no more."""
        sandbox.fail_next(service, operation, "AccessDeniedException", 20)
        found = history_of(asker(sandbox), KeyArn.parse(arn), ZONE, datetime.now(UTC))
        assert [standing for standing, _ in groupby(span.standing for span in of(found))] == standings
        (sentence,) = [each for source in found.sources for each in source.unread]
        assert words in sentence

    def test_a_recorder_that_is_on(self, sandbox: Sandbox) -> None:
        """Without CloudTrail, AWS Config tells what became of the key since its recorder was started."""
        sandbox.organization(OrganizationPlan(0, without_recorder=0, without_role=0, suspended=0))
        kms = sandbox.client("kms")
        made = str(kms.create_key()["KeyMetadata"]["Arn"])
        kms.put_key_policy(KeyId=made, PolicyName="default", Policy=good(made))
        sandbox.fail_next("cloudtrail", "LookupEvents", "AccessDeniedException", 20)
        now = datetime.now(UTC) + timedelta(minutes=20)
        found = history_of(asker(sandbox), KeyArn.parse(made), ZONE, now)
        (source,) = [each for each in found.sources if each.origin is Origin.CONFIG]
        assert source.start is not None
        assert [span.standing for span in of(found)][-2:] == [Standing.REFUSED, Standing.ALLOWED]
        assert of(found)[-1].begun_by is not None
        assert of(found)[-1].begun_by.name == "recorded"

    def test_a_key_of_another_account(self, sandbox: Sandbox, arn: str) -> None:
        """Its events and items are there, and are not asked for here."""
        other = KeyArn.parse(arn.replace(ACCOUNT, "444455556666"))
        found = history_of(asker(sandbox), other, ZONE, datetime.now(UTC))
        assert all("in account 444455556666" in source.unread[0] for source in found.sources[:2])

    def test_a_key_that_is_gone(self, sandbox: Sandbox, arn: str) -> None:
        """There is none any more, and its life before is told."""
        sandbox.delete_key(arn.rpartition("/")[2])
        found = history_of(asker(sandbox), KeyArn.parse(arn), ZONE, datetime.now(UTC))
        assert (of(found)[-1].standing, found.exit_code) == (Standing.NO_KEY, 4)
        assert any("the key is gone" in note for note in found.notes)
        assert Standing.ALLOWED in {span.standing for span in of(found)}

    def test_a_change_made_by_hand(self, sandbox: Sandbox, arn: str) -> None:
        """An event of somebody else's, as CloudTrail records it, counts as one of the sandbox's own."""
        role = f"arn:aws:iam::{ACCOUNT}:role/deployment"
        at = datetime.now(UTC) - timedelta(days=2)
        sandbox.events.add(key_changed("EnableKey", arn, at, role))
        found = history_of(asker(sandbox), KeyArn.parse(arn), ZONE, datetime.now(UTC))
        assert of(found)[-2].standing is Standing.UNKNOWN
        assert "the key state is another now than was told" in of(found)[-2].unknown
        assert (of(found)[-2].end, found.exit_code) == (found.as_of, 3)
        assert found.contradictions == ()


class TestCommand:
    """The command line."""

    @pytest.mark.parametrize("name", ["arn", "id", "alias", "alias ARN"])
    def test_however_the_key_is_named(self, sandbox: Sandbox, arn: str, run: Run, name: str) -> None:
        """The answer comes first; progress is told beside it."""
        names = {
            "arn": arn,
            "id": arn.rpartition("/")[2],
            "alias": "alias/landing-zone",
            "alias ARN": f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/landing-zone",
        }
        code, said, told = run(names[name])
        assert (code, arn in said.splitlines()[0]) == (3, True)
        assert said.splitlines()[1].startswith("CloudTrail: refused since ")
        assert f"by DisableKey of arn:aws:iam::{ACCOUNT}:user/administrator" in said.splitlines()[1]
        assert told.startswith("asking CloudTrail")
        assert sandbox.refused_hosts == ()

    def test_as_json(self, arn: str, run: Run) -> None:
        """By its schema, with the exit code in it."""
        code, said, _ = run(arn, "--format", "json", "--exit-zero")
        found = json.loads(said)
        Draft202012Validator(schema_of("history")).validate(found)
        assert (code, found["exit_code"], found["key"]) == (0, 3, arn)
        (cloudtrail, _) = found["services"]
        assert [each["standing"] for each in cloudtrail["spans"]] == ["refused", "allowed", "refused"]
        assert cloudtrail["open_since"] == cloudtrail["spans"][-1]["start"]

    def test_as_files(self, arn: str, run: Run, tmp_path: Path) -> None:
        """Each in the format of its name; nobody's text is markup in Markdown."""
        files = [tmp_path / name for name in ("a.txt", "a.json", "a.md")]
        run(arn, *(part for file in files for part in ("-o", str(file))))
        text, document, page = (file.read_text() for file in files)
        assert text.startswith(f"{arn}, from ")
        assert json.loads(document)["key"] == arn
        assert "| CloudTrail and AWS Config | refused |" in page

    def test_a_key_that_can_be_used_now(self, sandbox: Sandbox, arn: str, run: Run) -> None:
        """What was refused before is told, and is no problem any more."""
        sandbox.client("kms").enable_key(KeyId=arn)
        code, said, _ = run(arn)
        assert (code, "refused 2 times before" in said) == (0, True)

    def test_further_back(self, arn: str, run: Run) -> None:
        """Before the key was made there was none; a shorter time has its own start."""
        assert run(arn, "--since", "60d", "--format", "json")[0] == 3
        code, said, _ = run(arn, "--since", "12d", "--format", "json")
        assert [each["standing"] for each in json.loads(said)["services"][0]["spans"]] == [
            "allowed",
            "refused",
        ]
        assert code == 3

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["--since", "soon"], "--since soon is no time"),
            (["--since", "2099-01-01"], "has not passed yet"),
            (["--since", "9999999d"], "is no time"),
            (["--since", "0001-01-01"], "before CloudTrail and AWS Config began"),
            (["--since", "0001-01-01T00:00+14:00"], "before CloudTrail and AWS Config began"),
            (["--offline"], "give --trail-files"),
            (["--offline", "--discover"], "--discover asks the live landing zone"),
            (["--offline", "--trail-files", "x", "--no-config"], "leave out --no-config"),
            (["--trail-files", "nowhere"], "there is no folder nowhere"),
            (["--trail-files", "s3://"], "names no bucket"),
            (["-o", "x.doc"], "the suffix says the format"),
        ],
    )
    def test_what_cannot_be_done(self, arn: str, run: Run, arguments: list[str], words: str) -> None:
        """A sentence, and nothing is written."""
        code, said, told = run(arn, *arguments)
        assert (code, said) == (2, "")
        assert words in " ".join(told.split())

    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("landing-zone", "no ARN, id or alias of a KMS key"),
            ("alias/nowhere", "there is no alias/nowhere in account 111122223333, us-east-1"),
        ],
    )
    def test_no_key(self, sandbox: Sandbox, run: Run, name: str, words: str) -> None:
        """It says what would be one."""
        code, _, told = run(name)
        assert (code, words in " ".join(told.split())) == (2, True)
        assert sandbox.refused_hosts == ()

    def test_a_name_in_an_event_drives_no_terminal(self, sandbox: Sandbox, arn: str, run: Run) -> None:
        """Whatever somebody is called."""
        hostile = f"arn:aws:iam::{ACCOUNT}:user/\x1b[31m::error::x\n<script>"
        policy = json.dumps({"Statement": []})
        sandbox.events.add(policy_put(arn, policy, datetime.now(UTC) - timedelta(days=1), hostile))
        for form in ("text", "markdown"):
            _, said, _ = run(arn, "--format", form)
            assert "\x1b" not in said
            assert "\n::error" not in said
            assert ("<script>" in said) is (form == "text")


class TestFiles:
    """Log files beside the account, and without it."""

    def test_offline(self, tmp_path: Path, run: Run) -> None:
        """Nothing is asked; after the last file nothing is known, and that is doubt."""
        arn = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
        now = datetime.now(UTC)
        for day in range(10, 1, -1):
            at = now - timedelta(days=day)
            records = [policy_put(arn, good(arn), at)] if day == 8 else []
            write(tmp_path, at + timedelta(minutes=5), records)
        code, said, told = run(arn, "--trail-files", str(tmp_path), "--offline", "--format", "json")
        (source,) = json.loads(said)["sources"]
        assert (code, source["origin"], source["found"], told) == (4, "trail files", 1, "")
        assert json.loads(said)["services"][0]["now"] == "unknown"

    def test_offline_needs_an_arn(self, tmp_path: Path, run: Run) -> None:
        """Nobody could tell whose key an alias is."""
        code, _, told = run("alias/landing-zone", "--offline", "--trail-files", str(tmp_path))
        assert (code, "is not the ARN of a KMS key" in " ".join(told.split())) == (2, True)

    def test_of_a_bucket(self, sandbox: Sandbox, arn: str, run: Run) -> None:
        """What is older than the event history: a policy of half a year ago; one object cannot be read."""
        s3 = sandbox.client("s3")
        s3.create_bucket(Bucket="logs")
        now = datetime.now(UTC)
        used = {"eventSource": "kms.amazonaws.com", "eventName": "GenerateDataKey"}
        for day in range(20, -1, -1):
            at = now - timedelta(days=day)
            body = b"broken" if day == 15 else content([used])
            s3.put_object(Bucket="logs", Key=f"AWSLogs/{name(at)}", Body=body)
        code, said, _ = run(arn, "--trail-files", "s3://logs/AWSLogs", "--format", "json")
        found = json.loads(said)
        (source,) = [each for each in found["sources"] if each["origin"] == "trail files"]
        assert (code, source["place"], len(source["gaps"])) == (3, "s3://logs/AWSLogs", 1)
        assert "it is no JSON" in source["unread"][0]
        assert found["services"][0]["now"] == "refused"

    def test_a_bucket_that_may_not_be_read(self, sandbox: Sandbox, arn: str, run: Run) -> None:
        """Its sentence, and what the account itself tells."""
        sandbox.fail_next("s3", "ListObjectsV2", "AccessDenied", 5)
        code, said, _ = run(arn, "--trail-files", "s3://logs/AWSLogs", "--format", "json")
        (source,) = [each for each in json.loads(said)["sources"] if each["origin"] == "trail files"]
        assert (code, "breaks off" in source["unread"][0]) == (3, True)


def name(at: datetime) -> str:
    """As CloudTrail names a log file."""
    return f"{ACCOUNT}_CloudTrail_us-east-1_{at:%Y%m%dT%H%MZ}_abcDEF.json.gz"


def content(records: list[Any]) -> bytes:
    """A log file."""
    return gzip.compress(json.dumps({"Records": records}).encode())


def write(folder: Path, at: datetime, records: list[Any]) -> None:
    """Write it."""
    (folder / name(at)).write_bytes(content(records))


def test_a_life_is_told_on_a_line(sandbox: Sandbox, arn: str) -> None:
    """As the tables of lives are written: three times, the last of them refused."""
    found = history_of(asker(sandbox), KeyArn.parse(arn), ZONE, datetime.now(UTC))
    assert [part[0] for part in line(found).split()] == ["R", "A", "R"]
