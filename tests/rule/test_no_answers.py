"""What came with 200 and is no answer of AWS: it ends the run, and no result is put for want of one.

A server on this machine plays AWS, and what may stand between: a proxy's page, half a body, nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config

from config_event import RuleError
from CONTROL_TOWER_KMS_KEY import lambda_handler

from .conftest import KEY_ID, data, sent

if TYPE_CHECKING:
    from collections.abc import Iterator

JSON_TYPE = "application/x-amz-json-1.1"
PAGE = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Sign in to go on</body></html>"

ANSWERS: dict[str, Any] = {
    "ListKeys": data("answers", "list_keys"),
    "DescribeKey": data("answers", "describe_key"),
    "GetKeyPolicy": data("answers", "get_key_policy"),
    "ListLandingZones": data("answers", "list_landing_zones"),
    "GetLandingZone": data("answers", "landing_zone_4"),
    "GetResourceConfigHistory": data("answers", "history"),
    "GetComplianceDetailsByConfigRule": data("answers", "no_old_results"),
    "PutEvaluations": {"FailedEvaluations": []},
}
PATHS = {"/list-landingzones": "ListLandingZones", "/get-landingzone": "GetLandingZone", "/": "AssumeRole"}

# The invocation in which an operation is called; a change asks KMS for what its item lacks.
LANDING_ZONE = {"ruleParameters": {"KeyScope": "landing-zone"}}
BARE = {"configuration": None, "supplementaryConfiguration": None}
INVOCATIONS: dict[str, tuple[str, Any]] = {
    "ListKeys": ("periodic", None),
    "DescribeKey": ("periodic", None),
    "GetKeyPolicy": ("periodic", None),
    "ListLandingZones": ("periodic", LANDING_ZONE),
    "GetLandingZone": ("update", LANDING_ZONE),
    "GetResourceConfigHistory": ("oversized", None),
    "GetComplianceDetailsByConfigRule": ("periodic", None),
    "PutEvaluations": ("update", None),
}


class Handler(BaseHTTPRequestHandler):
    """One request to AWS."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer with what is there for the operation."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        target = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        aws: Server = self.server.aws  # type: ignore[attr-defined]
        status, kind, body = aws.answer(target or PATHS[self.path])
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_CONNECT(self) -> None:
        """Let nobody through to an address that is not on this machine."""
        self.send_error(403)

    def log_message(self, *_: object) -> None:
        """Say nothing on standard error."""


@dataclass
class Server:
    """AWS, with other bodies for some operations; what it was asked stays in order."""

    bodies: dict[str, tuple[int, str, bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def say(self, operation: str, body: bytes, kind: str = JSON_TYPE, status: int = 200) -> None:
        """Answer an operation with these bytes from now on."""
        self.bodies[operation] = (status, kind, body)

    def answer(self, operation: str) -> tuple[int, str, bytes]:
        """What to send; the proper answer, where nothing else was asked for."""
        self.asked.append(operation)
        return self.bodies.get(operation) or (200, JSON_TYPE, json.dumps(ANSWERS[operation]).encode())


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """AWS at an address of this machine, and no other within reach; the Lambda environment is warm."""
    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = listening.aws = Server()  # type: ignore[attr-defined]
    thread = Thread(target=listening.serve_forever, args=(0.01,))
    thread.start()
    address = f"http://127.0.0.1:{listening.server_port}"
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    monkeypatch.setenv("HTTPS_PROXY", address)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield made
    listening.shutdown()
    thread.join()
    listening.server_close()


def half(operation: str) -> bytes:
    """The first half of the proper answer."""
    whole = json.dumps(ANSWERS[operation]).encode()
    return whole[: len(whole) // 2]


def invoke(operation: str) -> dict[str, int]:
    """Run the handler for an event in which the operation is called."""
    name, change = INVOCATIONS[operation]
    return lambda_handler(sent(name, change), None)


NO_ANSWERS = {
    "a page": lambda _: PAGE,
    "half of it": half,
    "nothing": lambda _: b"",
    "white space": lambda _: b"\r\n",
    "a list": lambda _: b"[]",
    "a list of it": lambda operation: json.dumps([ANSWERS[operation]]).encode(),
    "null": lambda _: b"null",
    "a text": lambda _: b'"signed out"',
    "somebody else's object": lambda _: b'{"error": "signed out"}',
    "another type": lambda operation: json.dumps(dict.fromkeys(ANSWERS[operation], 5)).encode(),
    "a byte order mark": lambda operation: b"\xef\xbb\xbf" + json.dumps(ANSWERS[operation]).encode(),
    "no UTF-8": lambda operation: json.dumps(ANSWERS[operation]).encode("utf-16"),
    "brackets without end": lambda _: b"[" * 100_000,
}


class TestNoAnswer:
    """Each operation that the function calls, and each kind of body that AWS never sends."""

    @pytest.mark.parametrize("operation", ANSWERS)
    @pytest.mark.parametrize("kind", NO_ANSWERS)
    def test_ends_the_run(self, server: Server, operation: str, kind: str) -> None:
        """The error names the operation, and nothing is put after it."""
        server.say(operation, NO_ANSWERS[kind](operation))
        with pytest.raises(RuleError, match=rf":{operation} was answered with 200 .*no answer of AWS"):
            invoke(operation)
        assert server.asked[-1] == operation
        assert server.asked.count(operation) == 1

    @pytest.mark.parametrize("operation", [name for name in ANSWERS if name != "PutEvaluations"])
    @pytest.mark.parametrize("body", [b"{}", b'{"NextToken": null}'])
    def test_an_object_without_its_member(self, server: Server, operation: str, body: bytes) -> None:
        """JSON it is, and yet it answers nothing of what was asked."""
        server.say(operation, body)
        with pytest.raises(RuleError, match=rf":{operation} was answered"):
            invoke(operation)

    @pytest.mark.parametrize("operation", ["DescribeKey", "GetKeyPolicy"])
    def test_of_what_an_item_lacks(self, server: Server, operation: str) -> None:
        """The key of a change is not called malformed for the want of an answer about it."""
        server.say(operation, PAGE, "text/html")
        with pytest.raises(RuleError, match=operation):
            lambda_handler(sent("update", {"invokingEvent": {"configurationItem": BARE}}), None)
        assert "PutEvaluations" not in server.asked

    def test_is_told_without_its_text(self, server: Server, capsys: pytest.CaptureFixture[str]) -> None:
        """How much came, of which type, and what would be right; a page may hold anything."""
        server.say("GetKeyPolicy", PAGE, "text/html; charset=utf-8")
        with pytest.raises(RuleError) as caught:
            invoke("GetKeyPolicy")
        told = (
            f'kms:GetKeyPolicy was answered with 200 and {len(PAGE)} bytes ("text/html; charset=utf-8") that '
        )
        assert str(caught.value).startswith(told)
        assert 'right would be a JSON object with "Policy"' in str(caught.value)
        assert "Sign in" not in str(caught.value) + capsys.readouterr().out

    def test_of_no_type(self, server: Server) -> None:
        """A server need not say what it sends."""
        server.say("PutEvaluations", b"", kind="")
        with pytest.raises(RuleError, match=r'200 and 0 bytes \("no content type"\)'):
            invoke("PutEvaluations")

    def test_of_another_good_status(self, server: Server) -> None:
        """Whatever botocore takes for success."""
        server.say("PutEvaluations", b"", status=204)
        with pytest.raises(RuleError, match="was answered with 204"):
            invoke("PutEvaluations")


class TestAnAnswer:
    """The twins: what AWS sends is taken, whatever its type is called."""

    @pytest.mark.parametrize("operation", ANSWERS)
    @pytest.mark.parametrize("kind", [JSON_TYPE, "application/json", "text/html", ""])
    def test_passes(self, server: Server, operation: str, kind: str) -> None:
        """The result is put, and the operation was asked for once."""
        server.say(operation, json.dumps(ANSWERS[operation]).encode(), kind)
        assert invoke(operation) == {"evaluations": 1, "COMPLIANT": 1}
        assert server.asked[-1] == "PutEvaluations"
        assert server.asked.count(operation) == 1

    @pytest.mark.parametrize("body", [b"{}", b'{"FailedEvaluations": null}', b'{"FailedEvaluations":[]}'])
    def test_nothing_failed(self, server: Server, body: bytes) -> None:
        """However the service writes an empty list, or leaves it out."""
        server.say("PutEvaluations", body)
        assert invoke("PutEvaluations") == {"evaluations": 1, "COMPLIANT": 1}

    def test_something_failed(self, server: Server) -> None:
        """An answer, and no success."""
        failed = {"ComplianceResourceId": KEY_ID, "ComplianceType": "COMPLIANT"}
        server.say("PutEvaluations", json.dumps({"FailedEvaluations": [failed]}).encode())
        with pytest.raises(RuleError, match=f"did not take 1 evaluations, the first for {KEY_ID}"):
            invoke("PutEvaluations")

    def test_a_policy_that_is_no_policy(self, server: Server) -> None:
        """What KMS itself says of the key is judged: here it is malformed."""
        server.say("GetKeyPolicy", json.dumps({"Policy": PAGE.decode()}).encode())
        assert invoke("GetKeyPolicy") == {"evaluations": 1, "NON_COMPLIANT": 1}

    @pytest.mark.parametrize(
        ("status", "body"),
        [(400, b'{"__type": "AccessDeniedException"}'), (403, PAGE), (407, b""), (302, PAGE)],
    )
    def test_an_error_of_one_key(self, server: Server, status: int, body: bytes) -> None:
        """Whoever refuses it: the key is NON_COMPLIANT for want of its policy, and the run goes on."""
        server.say("GetKeyPolicy", body, status=status)
        assert invoke("GetKeyPolicy") == {"evaluations": 1, "NON_COMPLIANT": 1}


class TestEveryClient:
    """However it came to be made."""

    MEMBER = {"ruleParameters": {"AssumeRoleMode": "true"}}  # noqa: RUF012 - read only
    CREDENTIALS = (
        b'<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>'
        b"<AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId><SecretAccessKey>example</SecretAccessKey>"
        b"<SessionToken>example</SessionToken><Expiration>2026-11-24T12:15:00Z</Expiration>"
        b"</Credentials></AssumeRoleResult></AssumeRoleResponse>"
    )

    @pytest.fixture(autouse=True)
    def theirs(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> boto3.Session:
        """A default session that somebody else has set up, whose clients try once."""
        made = boto3.Session(region_name="us-east-1")
        made._session.set_default_client_config(Config(retries={"total_max_attempts": 1}))  # noqa: SLF001
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", made)
        server.say("AssumeRole", self.CREDENTIALS, "text/xml")
        return made

    def test_of_a_cold_environment(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        """The watch is set before the first client is made."""
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
        server.say("PutEvaluations", PAGE)
        with pytest.raises(RuleError, match="PutEvaluations was answered"):
            invoke("PutEvaluations")

    def test_of_a_session_that_was_there(self, server: Server) -> None:
        """Its clients are watched, too."""
        server.say("PutEvaluations", PAGE)
        with pytest.raises(RuleError, match="PutEvaluations was answered"):
            invoke("PutEvaluations")

    @pytest.mark.parametrize("body", [PAGE, b""])
    def test_with_an_assumed_role(self, server: Server, body: bytes) -> None:
        """Clients with credentials of their own."""
        server.say("PutEvaluations", body)
        with pytest.raises(RuleError, match="PutEvaluations was answered"):
            lambda_handler(sent("update", self.MEMBER), None)

    def test_with_an_assumed_role_that_is_answered(self, server: Server) -> None:
        """The twin."""
        assert lambda_handler(sent("update", self.MEMBER), None) == {"evaluations": 1, "COMPLIANT": 1}
        assert server.asked == ["AssumeRole", "PutEvaluations"]

    @pytest.mark.parametrize(
        "body", [PAGE, PAGE.partition(b"\n")[2], CREDENTIALS[:300], b"", b"<AssumeRoleResponse/>", b"{}"]
    )
    def test_of_sts(self, server: Server, body: bytes) -> None:
        """A page, also one that is XML, holds no credentials: nothing goes on without them."""
        server.say("AssumeRole", body, "text/html")
        with pytest.raises(Exception, match=r"Unable to parse|Credentials|AssumeRoleResult|None"):
            lambda_handler(sent("update", self.MEMBER), None)
        assert "PutEvaluations" not in server.asked

    def test_of_every_invocation(self, server: Server) -> None:
        """The watch is set once, and holds while the environment is warm."""
        assert invoke("PutEvaluations") == {"evaluations": 1, "COMPLIANT": 1}
        server.say("PutEvaluations", PAGE)
        for _ in range(2):
            with pytest.raises(RuleError, match="PutEvaluations was answered"):
                invoke("PutEvaluations")


class TestOneKeyAmongMany:
    """An answer that is none is nothing that is wrong with a key: none of them gets a result."""

    def test_a_page_about_one_of_them(self, server: Server) -> None:
        """The first of twelve."""
        arns = [f"arn:aws:kms:us-east-1:111122223333:key/{number:08d}{KEY_ID[8:]}" for number in range(12)]
        server.say("ListKeys", json.dumps({"Keys": [{"KeyArn": arn} for arn in arns]}).encode())
        server.say("GetKeyPolicy", PAGE)
        with pytest.raises(RuleError, match="GetKeyPolicy was answered"):
            invoke("GetKeyPolicy")
        assert "PutEvaluations" not in server.asked
