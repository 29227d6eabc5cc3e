"""AWS that does not answer at all, or says that it is asked too often."""

from __future__ import annotations

import json
import socket
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread, active_count
from time import sleep
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from lzkey.aws.account import AT_ONCE, Asker, Manner, at_once
from lzkey.aws.silence import Question, Silence
from lzkey.aws.unanswered import SilentError, UnansweredError

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCOUNT, REGION = "111122223333", "us-east-1"


class Counted:
    """Where a server listens, and how often it was asked."""

    def __init__(self, port: int) -> None:
        self.address, self.times = f"http://127.0.0.1:{port}", 0


@contextmanager
def silent() -> Iterator[Counted]:
    """A server that takes every connection and never answers."""
    with ExitStack() as kept, socket.create_server(("127.0.0.1", 0)) as server:
        counted, ended = Counted(server.getsockname()[1]), Event()

        def listen() -> None:
            while True:
                connection, _ = server.accept()
                kept.enter_context(connection)
                if ended.is_set():
                    return
                counted.times += 1

        thread = Thread(target=listen)
        thread.start()
        try:
            yield counted
        finally:
            ended.set()
            socket.create_connection(server.getsockname()[:2]).close()
            thread.join()


@contextmanager
def throttling() -> Iterator[Counted]:
    """A server that answers every question with ThrottlingException."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            counted.times += 1
            body = json.dumps({"__type": "ThrottlingException", "message": "Rate exceeded"}).encode()
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(400)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        counted = Counted(server.server_port)
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield counted
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def session() -> boto3.Session:
    """Credentials that nobody checks."""
    return boto3.Session("testing", "testing", region_name=REGION)


@pytest.mark.parametrize("retries", ["standard", "adaptive"])
@pytest.mark.parametrize(
    ("server", "times", "said"), [(silent, 2, "ReadTimeoutError"), (throttling, 3, "ThrottlingException")]
)
def test_how_often_it_is_asked(
    server: Any,
    times: int,
    said: str,
    retries: Any,
    session: boto3.Session,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Twice where it is silent; where it says why, as often as the manner has it."""
    with server() as aws:
        monkeypatch.setenv("AWS_ENDPOINT_URL", aws.address)
        asker = Asker(session, ACCOUNT, REGION, Manner(retries=retries, attempts=3, patience=0.2))
        with pytest.raises(UnansweredError) as unanswered:
            asker.ask("kms:DescribeKey", KeyId="1234abcd-12ab-34cd-56ef-1234567890ab")
        assert (unanswered.value.code, aws.times) == (said, times)


@pytest.mark.parametrize(
    ("action", "seconds"),
    [("kms:ListKeys", 10), ("config:DescribeConfigRules", 10), ("config:SelectAggregateResourceConfig", 30)],
)
def test_how_long_it_may_take(session: boto3.Session, action: str, seconds: float) -> None:
    """The results of an organization three times as long as the rest."""
    manner = Manner()
    assert manner.patience_for(action) == seconds
    settings = manner.config(seconds)
    assert (settings.read_timeout, settings.connect_timeout) == (seconds, 10)
    asker = Asker(session, ACCOUNT, REGION, manner)
    client, _ = asker._client(action, None)  # noqa: SLF001 - what no answer shows in less than ten seconds
    assert client.meta.config.read_timeout == seconds


def test_the_rest_is_not_asked(session: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """After those that were asked at the same time; each of the others is told at once, and why."""
    with silent() as aws:
        monkeypatch.setenv("AWS_ENDPOINT_URL", aws.address)
        asker = Asker(session, ACCOUNT, REGION, Manner(patience=0.2))

        def ask(number: int) -> UnansweredError:
            with pytest.raises(UnansweredError) as caught:
                asker.ask("kms:DescribeKey", KeyId=str(number))
            return caught.value

        told = list(at_once(ask, range(50)))
        assert {error.code for error in told} == {"ReadTimeoutError", "SilentError"}
        assert aws.times == 2 * AT_ONCE
        assert asker.log.calls["kms:DescribeKey"] == AT_ONCE
        assert "was not answered before, and is not asked again" in str(told[-1])
        assert "AWS does not answer in us-east-1 (the Region, the network, a proxy)" in str(told[-1])


def test_other_questions_are_asked(session: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: one that is throttled may be asked again, and so may another one."""
    with throttling() as aws:
        monkeypatch.setenv("AWS_ENDPOINT_URL", aws.address)
        asker = Asker(session, ACCOUNT, REGION, Manner(attempts=1))
        for action in ("kms:DescribeKey", "kms:DescribeKey", "kms:GetKeyPolicy"):
            with pytest.raises(UnansweredError, match="ThrottlingException"):
                asker.ask(action, KeyId="x")
        assert aws.times == 3


def test_every_object_is_another_question(session: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that does not come says nothing of the others, until a minute without any answer is over."""
    with silent() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server.address)
        asker = Asker(session, ACCOUNT, REGION, Manner(attempts=2, patience=0.1))
        for key in ("one", "two"):
            with pytest.raises(UnansweredError, match="s3:GetObject was not answered"):
                asker.ask("s3:GetObject", Bucket="logs", Key=key)
        assert server.times == 4


class TestSilence:
    """The clock that a command's questions share."""

    ASKED = Question("kms:ListKeys", REGION)
    ANOTHER = Question("organizations:ListAccounts", REGION)

    @pytest.fixture
    def now(self) -> list[float]:
        """What the clock shows."""
        return [1000.0]

    @pytest.fixture
    def silence(self, now: list[float]) -> Silence:
        """With a clock that stands."""
        return Silence(lambda: now[0])

    def asks(self, silence: Silence, question: Question, patience: float = 10) -> bool:
        """Whether it is asked, without an answer."""
        try:
            with silence.asking(question, patience):
                return True
        except SilentError:
            return False

    def test_a_minute(self, silence: Silence, now: list[float]) -> None:
        """Six questions of ten seconds each, whatever they are; then none."""
        asked = 0
        while self.asks(silence, self.ASKED if asked % 2 else self.ANOTHER):
            asked, now[0] = asked + 1, now[0] + 10
        assert asked == 6

    def test_an_answer_ends_it(self, silence: Silence, now: list[float]) -> None:
        """Also one to another question; but where one service never answers, it is not asked for ever."""
        for _ in range(6):
            assert self.asks(silence, self.ASKED)
            assert self.asks(silence, self.ANOTHER)
            silence.heard(self.ANOTHER.place)
            now[0] += 10
        assert not self.asks(silence, self.ASKED)
        assert self.asks(silence, self.ANOTHER)

    def test_somebody_who_thinks(self, silence: Silence, now: list[float]) -> None:
        """For an hour, between an answer and the next question, is no silence."""
        for _ in range(2):
            assert self.asks(silence, self.ASKED)
            silence.heard(self.ASKED.place)
            now[0] += 3600

    def test_a_slow_question(self, silence: Silence, now: list[float]) -> None:
        """Is not begun where its answer could come after the minute only."""
        assert self.asks(silence, self.ASKED)
        now[0] += 31
        assert not self.asks(silence, self.ANOTHER, 30)
        assert self.asks(silence, self.ANOTHER, 10)

    def test_what_is_told_meanwhile(
        self, silence: Silence, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """One line for each question, and none where the answer came in time."""
        monkeypatch.setattr("lzkey.aws.silence._TOLD_AFTER", 0.02)
        for _ in range(2):
            with silence.asking(self.ASKED, 10):
                sleep(0.2)
        monkeypatch.setattr("lzkey.aws.silence._TOLD_AFTER", 60)
        with silence.asking(self.ANOTHER, 10):
            sleep(0.05)
        assert caplog.messages == ["waiting for kms:ListKeys in us-east-1"]

    def test_no_question_has_a_thread_of_its_own(self, silence: Silence) -> None:
        """One timer watches all of them."""
        before = active_count()
        with ExitStack() as asked:
            for number in range(100):
                asked.enter_context(silence.asking(Question(f"kms:Get{number}", REGION), 10))
            assert active_count() <= before + 1

    def test_what_is_asked_later_is_told_later(
        self, silence: Silence, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Each when it has been waited for long enough itself."""
        monkeypatch.setattr("lzkey.aws.silence._TOLD_AFTER", 0.2)
        with silence.asking(self.ASKED, 10):
            sleep(0.1)
            with silence.asking(self.ANOTHER, 10):
                sleep(0.4)
        assert caplog.messages == [
            "waiting for kms:ListKeys in us-east-1",
            "waiting for organizations:ListAccounts in us-east-1",
        ]
