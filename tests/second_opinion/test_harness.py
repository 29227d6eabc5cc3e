"""The servers and the proxy themselves: here alone, gone afterwards, and as spoiled as is said."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError
from botocore.parsers import ResponseParserError

from .proxy import PAGE, Fault, standing
from .servers import REGION, started

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from .conftest import Aws


class OneError(Exception):
    """A test that fails."""


def asking(aws: Aws, service: str) -> Any:
    """A client that asks once, through the proxy."""
    session: Any = boto3.Session("testing", "testing", region_name=REGION)
    once = Config(retries={"total_max_attempts": 1})
    return session.client(service, endpoint_url=aws.proxy.address, config=once)


class TestServers:
    """Each is a process of its own."""

    @pytest.mark.parametrize("name", ["ministack", "moto"])
    def test_is_gone_when_a_test_fails(self, tmp_path: Path, name: str) -> None:
        """The process has ended, and nobody listens."""
        kept = []

        def fail() -> None:
            with started(name, tmp_path) as server:
                kept.append(server)
                raise OneError

        with pytest.raises(OneError):
            fail()
        (server,) = kept
        assert server.process.poll() is not None
        place = urlsplit(server.address)
        assert place.hostname == "127.0.0.1"
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((place.hostname, place.port or 0))

    @pytest.mark.parametrize("aws", ["ministack", "moto"], indirect=True)
    def test_listens_here_alone(self, aws: Aws) -> None:
        """At another of this machine's own addresses there is nobody."""
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", urlsplit(aws.server.address).port or 0))

    @pytest.mark.parametrize("aws", ["ministack", "moto"], indirect=True)
    def test_is_the_account(self, aws: Aws) -> None:
        """Whose keys the tests make."""
        assert aws.server.client("sts").get_caller_identity()["Account"] == "111122223333"
        assert aws.server.client("kms").list_keys()["Keys"] == []


class TestProxy:
    """What it spoils, and how botocore reads that."""

    def test_passes_on(self, aws: Aws) -> None:
        """Byte for byte, and remembers what was asked."""
        kms, text = asking(aws, "kms"), json.dumps({"Version": "2012-10-17", "Id": "\u00fc", "Statement": []})
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=text)
        assert kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"] == text
        assert aws.proxy.actions == ["kms:CreateKey", "kms:PutKeyPolicy", "kms:GetKeyPolicy"]
        assert aws.proxy.asked[1].members["Policy"] == text

    @pytest.mark.parametrize(
        ("fault", "service", "status", "code"),
        [
            (Fault.THROTTLED, "kms", 400, "ThrottlingException"),
            (Fault.THROTTLED, "controltower", 429, "ThrottlingException"),
            (Fault.THROTTLED, "sts", 400, "Throttling"),
            (Fault.FAILED, "kms", 500, "InternalFailure"),
            (Fault.FAILED, "controltower", 500, "InternalFailure"),
            (Fault.FAILED, "sts", 500, "InternalFailure"),
            (Fault.EXPIRED, "kms", 400, "ExpiredTokenException"),
            (Fault.EXPIRED, "controltower", 403, "ExpiredTokenException"),
            (Fault.EXPIRED, "sts", 403, "ExpiredToken"),
            (Fault.DENIED, "kms", 400, "AccessDeniedException"),
            (Fault.DENIED, "controltower", 403, "AccessDeniedException"),
            (Fault.DENIED, "sts", 403, "AccessDenied"),
        ],
    )
    def test_errors(self, aws: Aws, fault: Fault, service: str, status: int, code: str) -> None:
        """In the form of each protocol, as AWS's own client reads it."""
        action, method = {
            "kms": ("kms:ListKeys", "list_keys"),
            "controltower": ("controltower:ListLandingZones", "list_landing_zones"),
            "sts": ("sts:GetCallerIdentity", "get_caller_identity"),
        }[service]
        aws.proxy.spoil(action, fault)
        with pytest.raises(ClientError) as caught:
            getattr(asking(aws, service), method)()
        response = caught.value.response
        assert (response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]) == (status, code)

    def test_what_botocore_takes_for_an_answer(self, aws: Aws) -> None:
        """A page, half an answer and nothing are an account without keys to it; in XML they are errors."""
        asking(aws, "kms").create_key()
        for fault in (Fault.PAGE, Fault.HALF, Fault.EMPTY):
            aws.proxy.forget()
            aws.proxy.spoil("kms:ListKeys", fault)
            aws.proxy.spoil("sts:GetCallerIdentity", fault)
            assert "Keys" not in asking(aws, "kms").list_keys()
            with pytest.raises((ResponseParserError, KeyError)):
                asking(aws, "sts").get_caller_identity()

    @pytest.mark.parametrize(("fault", "made"), [(Fault.RESET, 0), (Fault.LOST, 1)])
    def test_closed_connections(self, aws: Aws, fault: Fault, made: int) -> None:
        """Before or after what was asked for is done."""
        aws.proxy.spoil("kms:CreateKey", fault)
        with pytest.raises(ConnectionClosedError):
            asking(aws, "kms").create_key()
        assert len(aws.server.client("kms").list_keys()["Keys"]) == made

    def test_done_and_yet_an_error(self, aws: Aws) -> None:
        """As when AWS fails on the way back."""
        aws.proxy.spoil("kms:CreateKey", Fault.FAILED_LATE)
        with pytest.raises(ClientError, match="InternalFailure"):
            asking(aws, "kms").create_key()
        assert len(aws.server.client("kms").list_keys()["Keys"]) == 1

    def test_pages_of_gateways(self, aws: Aws) -> None:
        """Are told by their status."""
        aws.proxy.spoil("kms:ListKeys", Fault.UNAVAILABLE)
        with pytest.raises(ClientError) as caught:
            asking(aws, "kms").list_keys()
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
        assert b"Sign in" in PAGE

    def test_silence_ends_with_the_proxy(self, aws: Aws) -> None:
        """Nobody waits for longer than the test."""
        with standing(aws.server.address) as proxy:
            proxy.spoil(":GET /", Fault.SILENT)
            place = urlsplit(proxy.address)
            waiting = socket.create_connection((place.hostname, place.port), timeout=10)
            waiting.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            waiting.settimeout(0.2)
            with pytest.raises(TimeoutError):
                waiting.recv(1)
        waiting.settimeout(10)
        assert waiting.recv(1) == b""
        waiting.close()

    @pytest.mark.parametrize(
        ("times", "after", "failed"), [(None, 0, "1111"), (2, 0, "1100"), (1, 2, "0010"), (None, 3, "0001")]
    )
    def test_which_and_how_often(self, aws: Aws, times: int | None, after: int, failed: str) -> None:
        """So many, after so many."""
        aws.proxy.spoil("kms:ListKeys", Fault.DENIED, times, after=after)
        kms, seen = asking(aws, "kms"), ""
        for _ in range(4):
            try:
                kms.list_keys()
            except ClientError:
                seen += "1"
            else:
                seen += "0"
        assert seen == failed
