"""Objects of Amazon S3, by an emulator's answers and by connections that break off."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import boto3
import pytest

from lzkey.aws.account import Asker, Manner
from lzkey.aws.objects import Address, StoredObject, is_address, listed, stream
from lzkey.aws.unanswered import UnansweredError
from lzkey.errors import UsageError
from lzkey_sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

BUCKET, REGION, ACCOUNT = "logs-111122223333", "us-east-1", "111122223333"
DECRYPT = "kms:Decrypt"
KEY = f": the KMS key that encrypts it must allow {DECRYPT}, be enabled, and not be deleted"
TEXT = bytes(range(256)) * 400


@pytest.fixture(scope="module")
def aws() -> Iterator[Sandbox]:
    """AWS on this machine, with one bucket."""
    with Sandbox() as sandbox:
        s3 = sandbox.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key="AWSLogs/1/a b+ü", Body=TEXT)
        s3.put_object(Bucket=BUCKET, Key="AWSLogs/2", Body=b"", StorageClass="GLACIER")
        s3.put_object(Bucket=BUCKET, Key="AWSLogs/3", Body=b"3")
        s3.put_object(Bucket=BUCKET, Key="other", Body=b"")
        yield sandbox


@pytest.fixture
def asker(aws: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Asker:
    """Whoever asks that AWS."""
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    return Asker(boto3.Session(region_name=REGION), ACCOUNT, REGION, Manner(quoting=False))


@dataclass(frozen=True)
class Answer:
    """What a server says of one object, from where it is asked to begin, and how much of it is sent."""

    body: bytes
    status: int = 200
    sent: int | None = None
    """Bytes, after which the connection ends; None: all."""
    version: str = '"1"'
    ranges: bool = True
    """Whether a part is sent where a part is asked for."""
    headers: dict[str, str] = field(default_factory=dict)


class Server(ThreadingHTTPServer):
    """A server on this machine that answers what a test says, in that order."""

    asker: Asker

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[Answer] = []
        self.asked: list[tuple[str, str]] = []
        """The Range and If-Match of each request."""


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:  # as http.server names it
        """Send as much as the test says."""
        answer = self.server.answers.pop(0)
        asked = self.headers.get("Range", ""), self.headers.get("If-Match", "")
        self.server.asked.append(asked)
        begins = int(asked[0][6:-1] or 0) if answer.ranges else 0
        good = answer.status < 300
        rest = answer.body[begins if good else 0 :]
        self.send_response(206 if begins and good else answer.status)
        self.send_header("Content-Length", str(len(rest)))
        for name, value in {"ETag": answer.version, **answer.headers}.items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(rest[: answer.sent])
        self.close_connection = True

    def log_message(self, *_: object) -> None:  # type: ignore[override]
        """Nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The server, with whoever asks it."""
    with Server() as made:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{made.server_port}")
        made.asker = Asker(
            boto3.Session("a", "b", region_name=REGION), ACCOUNT, REGION, Manner(quoting=False)
        )
        thread = Thread(target=made.serve_forever)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


class TestAddress:
    """What stands on the command line."""

    @pytest.mark.parametrize(
        ("text", "bucket", "prefix"),
        [
            ("s3://logs", "logs", ""),
            ("s3://logs/", "logs", ""),
            ("s3://logs/AWSLogs/1", "logs", "AWSLogs/1"),
            ("s3://logs//a b?c#d", "logs", "/a b?c#d"),
            ("s3://Old_Bucket.of-2007/x", "Old_Bucket.of-2007", "x"),
        ],
    )
    def test_is_a_bucket_and_a_prefix_as_it_stands(self, text: str, bucket: str, prefix: str) -> None:
        """Nothing in it is decoded, and no slash is added."""
        assert is_address(text)
        assert Address.parse(text) == Address(bucket, prefix)
        assert str(Address.parse(text)) == f"s3://{bucket}/{prefix}"

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("s3://", "names no bucket; right is s3://BUCKET/PREFIX"),
            ("s3:///AWSLogs", "names no bucket"),
            (
                "S3://logs",
                "S3://logs is no address of objects, which begins with s3://; right is s3://BUCKET",
            ),
            ("s3:/logs/x", "is no address of objects"),
            ("s3:logs", "is no address of objects"),
            ("s3://b c/x", "b c is no name of a bucket"),
            ("s3://ab/x", "ab is no name of a bucket, which has 3 or more letters, digits, dots, hyphens"),
            ("s3://a..b/x", "a..b is no name of a bucket"),
            ("s3://-logs/x", "-logs is no name of a bucket"),
            ("s3://arn:aws:s3:us-east-1:111122223333:accesspoint/mine/x", "access points are taken"),
            ("arn:aws:s3:::logs/AWSLogs", "is an ARN"),
            ("arn:aws-us-gov:s3-object-lambda:us-gov-west-1:111122223333:accesspoint/x", "is an ARN"),
        ],
    )
    def test_anything_else_is_told(self, text: str, why: str) -> None:
        """With what would be right."""
        assert is_address(text)
        with pytest.raises(UsageError, match=re.escape(why)):
            Address.parse(text)

    @pytest.mark.parametrize("text", ["s3", "./s3:/logs", "./s3://logs", "folder/s3.json", "arn:aws:kms:x"])
    def test_files_and_keys_are_none(self, text: str) -> None:
        """They are for others."""
        assert not is_address(text)


class TestListing:
    """What there is under a prefix."""

    def test_is_in_order_with_sizes_and_storage_classes(self, asker: Asker) -> None:
        """Keys are told as they are, not as an answer encodes them."""
        assert list(listed(asker, BUCKET, "AWSLogs/")) == [
            StoredObject(BUCKET, "AWSLogs/1/a b+ü", len(TEXT)),
            StoredObject(BUCKET, "AWSLogs/2", 0, "GLACIER"),
            StoredObject(BUCKET, "AWSLogs/3", 1),
        ]
        assert str(next(listed(asker, BUCKET, "o"))) == f"s3://{BUCKET}/other"

    def test_a_prefix_of_nothing_is_empty(self, asker: Asker) -> None:
        """Which is for whoever asks to judge."""
        assert list(listed(asker, BUCKET, "AWSlogs/")) == []

    def test_a_bucket_that_is_not_there(self, asker: Asker) -> None:
        """With what is wrong, and where."""
        with pytest.raises(UnansweredError) as caught:
            list(listed(asker, "nobodys-bucket", "x/"))
        assert str(caught.value) == (
            "s3:ListBucket failed (NoSuchBucket) for s3://nobodys-bucket/x/ in account 111122223333, Region "
            "us-east-1: there is no bucket of that name"
        )


class TestErrors:
    """What Amazon S3 may answer of one object, and what to do about it."""

    def test_archived(self, asker: Asker) -> None:
        """An object that was put aside."""
        with pytest.raises(UnansweredError, match=r"InvalidObjectState.*it is archived: restore it first"):
            stream(asker, BUCKET, "AWSLogs/2")

    def test_gone(self, asker: Asker) -> None:
        """One that was deleted after it was listed."""
        with pytest.raises(UnansweredError, match=rf"NoSuchKey.* for s3://{BUCKET}/no .*it is not there, or"):
            stream(asker, BUCKET, "no")

    @pytest.mark.parametrize(
        ("code", "message", "did", "hint"),
        [
            ("AccessDenied", f"not authorized to perform: {DECRYPT} on the resource", "was refused", KEY),
            ("AccessDenied", "Access Denied", "was refused", ""),
            ("KMS.DisabledException", "arn:… is disabled.", "failed", KEY),
            (
                "PermanentRedirect",
                "The bucket must be addressed using the specified endpoint.",
                "failed",
                ": the bucket is in another Region: give it with --region",
            ),
        ],
    )
    def test_of_a_code(self, server: Server, code: str, message: str, did: str, hint: str) -> None:
        """AWS's own text is in none of them."""
        body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()
        server.answers = [Answer(body, status=403)]
        with pytest.raises(UnansweredError) as caught:
            stream(server.asker, "bbb", "k")
        where = f"for s3://bbb/k in account {ACCOUNT}, Region {REGION}"
        assert str(caught.value) == f"s3:GetObject {did} ({code}) {where}{hint}"


class TestReading:
    """The bytes of an object."""

    def test_comes_as_it_is_stored(self, asker: Asker) -> None:
        """In pieces of any size."""
        with stream(asker, BUCKET, "AWSLogs/1/a b+ü") as body:
            assert body.read(5) == TEXT[:5]
            assert body.read(70_000) == TEXT[5:70_005]
            assert body.read() == TEXT[70_005:]
            assert body.read(1) == b""

    def test_goes_on_where_a_connection_broke_off(self, server: Server) -> None:
        """The rest is asked for, of the same version, and every byte comes once."""
        server.answers = [Answer(TEXT, sent=70_000), Answer(TEXT, sent=30_000), Answer(TEXT)]
        with stream(server.asker, "logs", "k") as body:
            assert body.read() == TEXT
        ranges = [each for each, _ in server.asked]
        assert ranges == ["", "bytes=70000-", "bytes=100000-"]
        assert {version for _, version in server.asked[1:]} == {'"1"'}

    def test_ends_where_it_breaks_off_again_and_again(self, server: Server) -> None:
        """An end is never taken for the whole: it is told after how many bytes."""
        server.answers = [Answer(TEXT, sent=70_000), Answer(TEXT, sent=0), Answer(TEXT, sent=0)]
        body = stream(server.asker, "logs", "k")
        with pytest.raises(UnansweredError, match=r"s3://logs/k breaks off after 70,000 of 102,400 bytes \("):
            body.read()

    def test_ends_where_the_rest_is_not_what_comes(self, server: Server) -> None:
        """A proxy may leave out for which part it is asked: no byte counts twice."""
        server.answers = [Answer(TEXT, sent=70_000), Answer(TEXT, ranges=False)]
        body = stream(server.asker, "logs", "k")
        with pytest.raises(UnansweredError, match=r"the rest of s3://logs/k has not 32,400 bytes"):
            body.read()

    def test_of_another_version_is_none(self, server: Server) -> None:
        """Two halves of two objects would be no object."""
        changed = b"<Error><Code>PreconditionFailed</Code><Message>no</Message></Error>"
        server.answers = [Answer(TEXT, sent=70_000), Answer(changed, status=412)]
        body = stream(server.asker, "logs", "k")
        with pytest.raises(UnansweredError, match="it was replaced while it was read: try again"):
            body.read()

    def test_of_other_bytes_than_were_stored(self, server: Server) -> None:
        """The checksum that Amazon S3 sends is held to."""
        wrong = {"x-amz-checksum-sha256": b64encode(sha256(b"other").digest()).decode()}
        server.answers = [Answer(TEXT, headers=wrong)]
        body = stream(server.asker, "logs", "k")
        with pytest.raises(UnansweredError, match=r"after 102,400 of 102,400 bytes \(Expected checksum"):
            body.read()

    @pytest.mark.parametrize("page", [b"", b"<html><body>Sign in</body></html>"])
    def test_a_page_is_no_object(self, server: Server, page: bytes) -> None:
        """It has no version, whoever sends it."""
        server.answers = [Answer(page, version="")]
        with pytest.raises(UnansweredError, match="the answer to s3:GetObject was not understood"):
            stream(server.asker, "logs", "k")
