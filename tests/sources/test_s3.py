"""Objects of Amazon S3 as sources: which are read, in which order, and what failures leave."""

from __future__ import annotations

import gzip
import io
import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber
from urllib3.exceptions import ProtocolError

from lzkey.aws.account import AT_ONCE
from lzkey.aws.unanswered import CredentialsError
from lzkey.errors import UsageError
from lzkey.sources import objects, s3, units
from lzkey.sources.reading import Packed
from lzkey.sources.selection import Selection
from lzkey.sources.subject import Context, FoundKey, PassedOver, Unread
from lzkey.sources.terraform_source import Declarations
from lzkey_sandbox import Sandbox

from .conftest import Result

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .conftest import Reader

BUCKET, REGION = "logs-111122223333", "us-east-1"


def place(account: str, day: str = "2026/11/24", region: str = REGION) -> str:
    """The folder of one day's deliveries."""
    return f"AWSLogs/{account}/Config/{region}/{day}"


def snapshot_name(account: str, day: str = "2026/11/24", region: str = REGION) -> str:
    """A snapshot's key, as AWS Config gives it: months and days without zeros before them."""
    year, month, date = day.split("/")
    moment = f"{year}{month:0>2}{date:0>2}T120000Z"
    name = f"{account}_Config_{region}_ConfigSnapshot_{moment}_a.json.gz"
    return f"{place(account, day, region)}/ConfigSnapshot/{name}"


def items(item: dict[str, Any], *numbers: int, others: int = 0) -> dict[str, Any]:
    """A snapshot of keys with these numbers, and of other resources."""
    keys = [_numbered(item, number) for number in numbers]
    buckets = [{**item, "resourceType": "AWS::S3::Bucket", "resourceId": str(each)} for each in range(others)]
    return {"fileVersion": "1.0", "configSnapshotId": "a", "configurationItems": keys + buckets}


def _numbered(item: dict[str, Any], number: int) -> dict[str, Any]:
    key_id = f"1234abcd-12ab-34cd-56ef-{number:012d}"
    arn = f"arn:aws:kms:{REGION}:111122223333:key/{key_id}"
    configuration = {**item["configuration"], "arn": arn, "keyId": key_id}
    return {**item, "resourceId": key_id, "ARN": arn, "configuration": configuration}


def packed(document: object) -> bytes:
    """As AWS Config stores it."""
    return gzip.compress(json.dumps(document).encode(), mtime=0)


@dataclass
class Bucket:
    """A bucket of one test, and whoever reads it."""

    sandbox: Sandbox
    reader: Reader
    notes: list[str] = field(default_factory=list)

    def put(self, key: str, content: bytes | object, **more: Any) -> None:
        """Store an object: bytes, or what is packed as JSON."""
        body = content if isinstance(content, bytes) else packed(content)
        self.sandbox.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body, **more)

    def units(self, prefix: str = "", **selected: Any) -> Iterator[Any]:
        """The units of a prefix."""
        selection = Selection(tell=self.notes.append, **selected)
        remote = objects(lambda: boto3.Session(region_name=REGION), selection)
        return units([f"s3://{BUCKET}/{prefix}"], stdin=io.BytesIO(), remote=remote)

    def read(self, prefix: str = "", **selected: Any) -> Result:
        """What is in it."""
        self.sandbox.forget_calls()
        return settled(self.units(prefix, **selected), self.reader)

    @property
    def fetched(self) -> int:
        """The objects that were asked for since."""
        return sum(call.operation == "GetObject" for call in self.sandbox.calls)


def settled(found: Iterator[Any], reader: Reader) -> Result:
    """The keys of units, and what is none, in their order."""
    result, context = Result([], [], []), Context(reader.zone)
    for unit in Declarations().taken_from(found):
        for each in [unit] if isinstance(unit, Unread | PassedOver) else unit.keys(context):
            kinds: dict[type, list[Any]] = {
                FoundKey: result.keys,
                Unread: result.unread,
                PassedOver: result.passed,
            }
            kinds[type(each)].append(each)
    return result


@pytest.fixture(scope="module")
def aws() -> Iterator[Sandbox]:
    """AWS on this machine."""
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def bucket(aws: Sandbox, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """A bucket with nothing in it."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    client = aws.client("s3")
    client.create_bucket(Bucket=BUCKET)
    yield Bucket(aws, reader)
    for each in client.list_objects_v2(Bucket=BUCKET).get("Contents", ()):
        client.delete_object(Bucket=BUCKET, Key=each["Key"])
    client.delete_bucket(Bucket=BUCKET)


def numbers(result: Result) -> list[int]:
    """The numbers of the keys, in their order."""
    return [int(found.name[-12:]) for found in result.keys]


class TestReading:
    """The objects under a prefix."""

    def test_is_what_a_folder_of_the_same_files_is(
        self, bucket: Bucket, reader: Reader, item: dict[str, Any], documents: dict[str, Any], tmp_path: Path
    ) -> None:
        """Keys, places, what is passed over and what cannot be read, in the same order."""
        files: dict[str, bytes] = {
            "a.json": json.dumps(items(item, 1)).encode(),
            "b.json.gz": packed(items(item, 2, 3, others=2)),
            "c/long.json.gz": packed(items(item, 4, 5, others=1500)),
            "c/policy.json": json.dumps(documents["key_policy"]).encode(),
            "d.json.gz": packed(items(item, 6))[:-30],
            "e.md": b"about kms",
            "f.tf": b'resource "aws_kms_key" "logs" {\n}\n',
            "g.json.gz": packed({"nothing": "of kms"}),
            "h.json.gz": b"\x1f\x8b\x08",
        }
        for name, content in files.items():
            path = tmp_path / "files" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            bucket.put(f"x/{name}", content)
        local = settled(units([str(tmp_path / "files")], stdin=io.BytesIO()), reader)
        remote = settled(bucket.units("x/"), reader)

        def told(entries: list[Any]) -> str:
            return "\n".join(map(str, entries)).replace(f"{tmp_path / 'files'}/", f"s3://{BUCKET}/x/")

        assert told(remote.keys) == told(local.keys)
        assert told(remote.unread) == told(local.unread)
        assert told(remote.passed) == told(local.passed)
        assert (len(remote.keys), len(remote.unread), len(remote.passed)) == (6, 2, 2)

    def test_places_are_addresses(self, bucket: Bucket, item: dict[str, Any]) -> None:
        """With the pointer to the item, and its line."""
        name = snapshot_name("111122223333")
        bucket.put(name, items(item, 7))
        found = bucket.read("AWSLogs/").key
        assert found.place.source == f"s3://{BUCKET}/{name}"
        assert (found.place.pointer, found.place.line) == ("/configurationItems/0", 1)

    def test_names_decide_what_is_fetched(self, bucket: Bucket, item: dict[str, Any]) -> None:
        """Nothing of what other services deliver, nor of other resources' history."""
        bucket.put(snapshot_name("111122223333"), items(item, 1))
        history = f"{place('111122223333')}/ConfigHistory/111122223333_Config_{REGION}_ConfigHistory"
        bucket.put(f"{history}_AWS::KMS::Key_20261124T120000Z_20261124T180000Z_1.json.gz", items(item, 2))
        bucket.put(f"{history}_AWS::S3::Bucket_20261124T120000Z_20261124T180000Z_1.json.gz", items(item, 3))
        bucket.put("AWSLogs/111122223333/Config/ConfigWritabilityCheckFile", b"")
        bucket.put("AWSLogs/111122223333/CloudTrail/us-east-1/2026/11/24/x.json.gz", items(item, 4))
        bucket.put("AWSLogs/111122223333/", b"")
        result = bucket.read()
        assert numbers(result) == [2, 1]  # ConfigHistory, ConfigSnapshot
        assert bucket.fetched == 2
        assert [each.reason for each in result.passed] == [
            "it is empty, and stands for a folder",
            "it is a delivery of CloudTrail, not of AWS Config, by its name",
            "it is what AWS Config has tried with whether it can deliver, by its name",
            "it is AWS Config's history of AWS::S3::Bucket, by its name",
        ]

    def test_objects_are_taken_as_they_are_needed(self, bucket: Bucket, item: dict[str, Any]) -> None:
        """Whoever stops after the first has fetched no more than are fetched ahead."""
        for number in range(30):
            bucket.put(f"{number:02}.json.gz", items(item, number))
        bucket.sandbox.forget_calls()
        found = bucket.units()
        assert isinstance(next(found), Packed)
        found.close()  # type: ignore[attr-defined]
        assert 0 < bucket.fetched <= AT_ONCE + 1

    def test_a_large_object_is_read_piece_by_piece(
        self, bucket: Bucket, item: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is handed over in batches, and never held; the twin of the same bytes is."""
        document = items(item, *range(900))
        bucket.put("one.json.gz", document)
        bucket.put("two.json.gz", items(item, 901))
        assert [type(each).__name__ for each in bucket.units()] == ["Packed", "Packed"]
        monkeypatch.setattr(s3, "HANDED_OVER", 5_000)
        assert [type(each).__name__ for each in bucket.units()] == ["Items"] * 9 + ["Packed"]
        assert numbers(bucket.read()) == [*range(900), 901]

    @pytest.mark.parametrize(("prefix", "unread"), [("notes.txt", 1), ("notes", 0)])
    def test_an_object_that_is_named_must_hold_keys(self, bucket: Bucket, prefix: str, unread: int) -> None:
        """As a file that is named must; under a prefix it may be anything."""
        bucket.put("notes.txt", b"of anything")
        result = bucket.read(prefix)
        assert (len(result.unread), len(result.passed)) == (unread, 1 - unread)
        assert len(bucket.read(prefix, named=False).passed) == 1

    def test_without_whom_to_ask(self) -> None:
        """Commands that read files alone say what to do."""
        with pytest.raises(UsageError, match=r"for `lzkey check` alone: fetch the object \(aws s3 cp s3://"):
            list(units([f"s3://{BUCKET}/x"], stdin=io.BytesIO()))


class TestUnread:
    """Each object that cannot be read is one thing that is not known, and the work goes on."""

    CUT = "its gzip data ends too early: the file is cut off"

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (packed({"configurationItems": [1] * 500})[:-20], CUT),
            (b"\x1f\x8b\x08", CUT),
            (b"", "it is empty"),
            (gzip.compress(b"no JSON", mtime=0), "it is neither JSON nor a CloudFormation template"),
            (gzip.compress(b'{"configurationItems": [', mtime=0), "it ends at line 1, before what is open"),
            (gzip.compress(b"[1]", mtime=0), "is not recognised"),
            (gzip.compress(b"\xff{}", mtime=0), "it is not UTF-8"),
            (b"PK\x03\x04", "it is a zip archive"),
        ],
    )
    def test_by_what_it_holds(self, bucket: Bucket, item: dict[str, Any], content: bytes, why: str) -> None:
        """A snapshot by its name is missed, whatever is left of it."""
        bad = snapshot_name("111111111111")
        bucket.put(bad, content)
        bucket.put(snapshot_name("222222222222"), items(item, 2))
        result = bucket.read()
        assert numbers(result) == [2]
        (unread,) = result.unread
        assert unread.place.source == f"s3://{BUCKET}/{bad}"
        assert unread.message.startswith(f"s3://{BUCKET}/{bad} ")
        assert why in unread.message

    def test_archived(self, bucket: Bucket, item: dict[str, Any]) -> None:
        """Whatever its name: what it holds is not known."""
        bucket.put("a", items(item, 1), StorageClass="GLACIER")
        bucket.put("b", items(item, 2))
        result = bucket.read()
        assert numbers(result) == [2]
        (unread,) = result.unread
        assert unread.message == (
            f"s3:GetObject failed (InvalidObjectState) for s3://{BUCKET}/a in account 111122223333, Region "
            "us-east-1: it is archived: restore it first (`aws s3api restore-object`)"
        )

    def test_refused(self, bucket: Bucket, item: dict[str, Any]) -> None:
        """One refusal is one; the others are read."""
        for number in range(12):
            bucket.put(f"{number:02}", items(item, number))
        bucket.sandbox.fail_next("s3", "GetObject", "AccessDenied", 3)
        result = bucket.read()
        assert [each.message.split(" for ")[0] for each in result.unread] == [
            "s3:GetObject was refused (AccessDenied)"
        ] * 3
        assert len(numbers(result)) == 9
        assert numbers(result) == sorted(numbers(result))

    @pytest.mark.parametrize(
        ("prefix", "why"),
        [
            ("", "the bucket holds no object"),
            ("AWSlogs/*/", "no object's key begins with 'AWSlogs/*/', which is taken as it stands"),
        ],
    )
    def test_nothing_is_there(self, bucket: Bucket, prefix: str, why: str) -> None:
        """A prefix that is mistyped proves nothing."""
        assert bucket.read(prefix).message == f"s3://{BUCKET}/{prefix}: {why}"

    def test_a_listing_that_is_refused(self, bucket: Bucket) -> None:
        """With whom, where and what."""
        bucket.sandbox.fail_next("s3", "ListObjectsV2", "AccessDenied")
        assert bucket.read("x").message == (
            f"s3:ListBucket was refused (AccessDenied) for s3://{BUCKET}/x in account 111122223333, Region "
            "us-east-1"
        )

    @pytest.mark.parametrize("asked", ["sts:GetCallerIdentity", "s3:ListObjectsV2", "s3:GetObject"])
    def test_credentials_that_end(self, bucket: Bucket, item: dict[str, Any], asked: str) -> None:
        """End the command: no other object could be read either."""
        bucket.put("a", items(item, 1))
        service, operation = asked.split(":")
        bucket.sandbox.fail_next(service, operation, "ExpiredToken")
        with pytest.raises(CredentialsError, match="have expired"):
            bucket.read()


class Broken(io.BytesIO):
    """A connection that breaks off after what has come."""

    def read(self, count: int | None = -1, /) -> bytes:
        """What has come."""
        piece = super().read(count)
        if not piece:
            raise ProtocolError("Connection broken")
        return piece


class Answering(boto3.Session):
    """A session whose Amazon S3 answers what a test says, in that order."""

    def __init__(self, *answers: tuple[str, Any]) -> None:
        super().__init__("a", "b", region_name=REGION)
        self._stubs: dict[str, Any] = {}
        own = ("get_caller_identity", {"Account": "111122223333", "Arn": "arn:aws:iam::111122223333:user/x"})
        for service, said in (("sts", [own]), ("s3", answers)):
            client: Any = super().client(service)  # type: ignore[call-overload]
            stubber = Stubber(client)
            for operation, answer in said:
                if isinstance(answer, str):
                    stubber.add_client_error(operation, answer)
                else:
                    stubber.add_response(operation, answer)
            stubber.activate()
            self._stubs[service] = client

    def client(self, service_name: str, *_where: Any, **_settings: Any) -> Any:
        """The one of that service."""
        return self._stubs[service_name]


class TestBreakingOff:
    """What comes in part is never taken for the whole."""

    def test_a_listing(self, reader: Reader) -> None:
        """What was listed is judged, and it is said behind which object nothing is known."""
        page = {
            "Contents": [{"Key": "AWSLogs/111122223333/CloudTrail/a", "Size": 1}],
            "IsTruncated": True,
            "NextContinuationToken": "x",
        }
        session = Answering(("list_objects_v2", page), ("list_objects_v2", "InternalError"))
        remote = objects(lambda: session, Selection())
        result = settled(units(["s3://logs/AWSLogs/"], stdin=io.BytesIO(), remote=remote), reader)
        assert len(result.passed) == 1
        assert result.message == (
            "s3:ListBucket failed (InternalError) for s3://logs/AWSLogs/ in account 111122223333, Region "
            "us-east-1; the objects behind s3://logs/AWSLogs/111122223333/CloudTrail/a are not known"
        )

    def test_a_large_object(
        self, reader: Reader, item: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The items before are judged, and it is said how many."""
        whole = json.dumps(items(item, *range(3_000))).encode()
        assert len(whole) > 4 << 20
        body: Any = Broken(whole[: len(whole) // 4 * 3])
        begun = {"Body": StreamingBody(body, None), "ContentLength": len(whole), "ETag": "1"}
        session = Answering(
            ("list_objects_v2", {"Contents": [{"Key": "a.json", "Size": len(whole)}]}),
            ("get_object", begun),
            ("get_object", "AccessDenied"),
        )
        monkeypatch.setattr(s3, "HANDED_OVER", 1)
        remote = objects(lambda: session, Selection())
        result = settled(units(["s3://logs"], stdin=io.BytesIO(), remote=remote), reader)
        (unread,) = result.unread
        assert 1_000 < len(result.keys) < 2_250
        assert unread.message.startswith(
            "s3://logs/a.json cannot be read to its end: s3:GetObject was refused (AccessDenied) for s3://logs/a"
        )
        assert unread.message.endswith(f"; {len(result.keys)} items before that are judged")


class TestSelection:
    """Which of them are read."""

    DAYS = ("2026/9/30", "2026/10/2", "2026/11/24")

    @pytest.fixture
    def days(self, bucket: Bucket, item: dict[str, Any]) -> Bucket:
        """Snapshots of several days, whose names are in another order than their moments; a history."""
        for number, day in enumerate(self.DAYS):
            bucket.put(snapshot_name("111111111111", day), items(item, 10 + number))
        bucket.put(snapshot_name("111111111111", "2026/10/1", "eu-west-1"), items(item, 20))
        bucket.put(snapshot_name("222222222222", "2026/10/2"), items(item, 30))
        bucket.put("other.json.gz", items(item, 40))
        return bucket

    def test_all_are_judged_as_they_were(self, days: Bucket) -> None:
        """And it is told that keys count several times."""
        assert sorted(numbers(days.read())) == [10, 11, 12, 20, 30, 40]
        (note,) = days.notes
        assert note == (
            f"s3://{BUCKET}/: of 1 of 3 accounts and Regions there are several AWS Config snapshots, the "
            "newest of 2026-11-24T12:00:00Z; a key counts in each of them, as it was then: --newest judges "
            "the newest snapshots alone"
        )

    def test_histories_are_told_of_too(self, bucket: Bucket, item: dict[str, Any]) -> None:
        """A key has as many as there were changes, and the present counts as one of them."""
        history = (
            f"{place('111122223333')}/ConfigHistory/111122223333_Config_{REGION}_ConfigHistory_AWS::KMS::Key"
        )
        for number in range(2):
            bucket.put(f"{history}_20261124T{number}20000Z_20261124T180000Z_1.json.gz", items(item, 1))
        assert numbers(bucket.read()) == [1, 1]
        (note,) = bucket.notes
        assert note == (
            f"s3://{BUCKET}/: AWS Config's histories of keys are in 2 objects; a key counts in each of them, "
            "as it was then: --newest judges the newest snapshots alone"
        )

    def test_nothing_is_told_of_one_each(self, days: Bucket) -> None:
        """There is nothing to tell."""
        assert numbers(days.read("AWSLogs/222222222222/")) == [30]
        assert days.notes == []

    def test_the_newest_of_each_account_and_region(self, days: Bucket) -> None:
        """By the moment in its name: neither by the order of names, nor by the day's folder."""
        result = days.read(newest=True)
        assert numbers(result) == [20, 12, 30]
        assert days.fetched == 3
        older = [f"s3://{BUCKET}/{snapshot_name('111111111111', day)}" for day in ("2026/10/2", "2026/9/30")]
        assert [each.place.source for each in result.passed] == [*older, f"s3://{BUCKET}/other.json.gz"]
        reasons = [each.reason for each in result.passed]
        assert reasons[:2] == ["it is older than another snapshot of 111111111111 in us-east-1"] * 2
        assert reasons[2].startswith("it is no snapshot of AWS Config, by its name")
        (note,) = days.notes
        assert note == (
            f"s3://{BUCKET}/: the newest AWS Config snapshots of 3 accounts and Regions are of "
            "2026-10-01T12:00:00Z to 2026-11-24T12:00:00Z"
        )

    def test_two_of_one_moment_both_count(self, bucket: Bucket, item: dict[str, Any]) -> None:
        """Neither is older, so that neither is passed over."""
        name = snapshot_name("111111111111")
        bucket.put(snapshot_name("111111111111", "2026/10/2"), items(item, 1))
        bucket.put(name, items(item, 2))
        bucket.put(name.replace("_a.json", "_b.json"), items(item, 3))
        result = bucket.read(newest=True)
        assert numbers(result) == [2, 3]
        assert len(result.passed) == 1

    def test_the_newest_of_a_listing_that_breaks_off(self, reader: Reader) -> None:
        """May not be the newest there is, which is said beside the error."""
        newest = snapshot_name("111111111111")
        page = {
            "Contents": [{"Key": newest, "Size": 1}],
            "IsTruncated": True,
            "NextContinuationToken": "x",
        }
        session = Answering(
            ("list_objects_v2", page), ("list_objects_v2", "InternalError"), ("get_object", "AccessDenied")
        )
        notes: list[str] = []
        remote = objects(lambda: session, Selection(newest=True, tell=notes.append))
        result = settled(units(["s3://logs"], stdin=io.BytesIO(), remote=remote), reader)
        assert len(result.unread) == 2
        (note,) = notes
        assert note == (
            "s3://logs/: of what was listed, the newest AWS Config snapshots of 1 account and Region are of "
            "2026-11-24T12:00:00Z to 2026-11-24T12:00:00Z; there may be newer ones"
        )

    @pytest.mark.parametrize("prefix", ["no/", "o-exampleorgid/"])
    def test_the_newest_of_what_is_not_listed(self, bucket: Bucket, prefix: str) -> None:
        """Is told once: nothing is known of what there is."""
        assert bucket.read(prefix, newest=True).message == (
            f"s3://{BUCKET}/{prefix}: no object's key begins with '{prefix}', which is taken as it stands"
        )

    def test_the_newest_of_none(self, days: Bucket) -> None:
        """Is nothing that is known."""
        result = days.read("other", newest=True)
        assert result.message == (
            f"s3://{BUCKET}/other: there is no snapshot of AWS Config, by its name, of which --newest could "
            "take the newest"
        )

    @pytest.mark.parametrize(
        ("pattern", "left"),
        [
            ("eu-west-1", [12, 10, 11, 30, 40]),
            ("222222222222/", [12, 10, 11, 20, 40]),
            ("*.json.gz", []),
            ("AWSLogs", [40]),
            ("AWSLogs/*/Config/us-east-1/2026/11", [10, 11, 20, 30, 40]),
            (f"s3://{BUCKET}/other*", [10, 11, 12, 20, 30]),
            ("111", [10, 11, 12, 20, 30, 40]),
        ],
    )
    def test_what_is_ignored(self, days: Bucket, pattern: str, left: list[int]) -> None:
        """A pattern names an object, or a folder that it is in, from the prefix on, or by its address."""
        result = days.read(ignore=(pattern,))
        assert sorted(numbers(result)) == sorted(left)
        assert {each.reason for each in result.passed} <= {f"it is ignored, by --ignore {pattern}"}
        assert len(result.passed) == 6 - len(left)
