"""AWS that does not answer at all, or says that it is asked too often."""

from __future__ import annotations

import json
import socket
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from lzkey.aws.account import Asker, Manner, UnansweredError

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


def test_how_long_it_may_take() -> None:
    """AWS Config three times as long as others, to query the inventory of an organization."""
    settings = Manner()
    assert (settings.config("kms").read_timeout, settings.config("config").read_timeout) == (10, 30)
    assert settings.config("config").connect_timeout == 10
