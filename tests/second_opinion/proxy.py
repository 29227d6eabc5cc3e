"""A proxy between a command and an AWS server, which spoils answers as networks, gateways and AWS itself do.

Errors have the shape that each protocol gives them.
"""

from __future__ import annotations

import json
import re
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum, auto
from functools import partial
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: What a proxy, a gateway or a hotel says in AWS's place.
PAGE: Final = (
    b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Sign in to go on</body></html>\n"
)

_JSON: Final = "application/x-amz-json-1.1"

#: Operations whose path alone tells them.
_PATHS: Final = {"/list-landingzones": "ListLandingZones", "/get-landingzone": "GetLandingZone"}

#: Headers that are of one connection, or that are made anew.
_OWN: Final = frozenset({"connection", "content-length", "date", "server", "transfer-encoding"})


class Fault(StrEnum):
    """What becomes of a request."""

    THROTTLED = auto()
    """400, and the code that says so."""
    FAILED = auto()
    """500, and the code that says so; nothing was done."""
    FAILED_LATE = auto()
    """The same, but what was asked for is done."""
    UNAVAILABLE = auto()
    """503, and a page."""
    EXPIRED = auto()
    """The credentials are not valid any more."""
    DENIED = auto()
    """Whoever asks may not."""
    PAGE = auto()
    """200, and a page."""
    HALF = auto()
    """200, and the first half of the answer."""
    EMPTY = auto()
    """200, and nothing."""
    SILENT = auto()
    """Nothing ever comes."""
    RESET = auto()
    """The connection is closed; nothing was done."""
    LOST = auto()
    """The connection is closed, but what was asked for is done."""


class Protocol(StrEnum):
    """How a service is asked, and how it tells of errors."""

    JSON = auto()
    """The target is in a header, and the code in the body."""
    REST = auto()
    """The operation is in the path, and the code in a header."""
    QUERY = auto()
    """The action is in a form, and the code in XML."""


#: The status and the code, by protocol.
#: https://docs.aws.amazon.com/kms/latest/APIReference/CommonErrors.html
#: https://docs.aws.amazon.com/controltower/latest/APIReference/API_ListLandingZones.html
#: https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
_ERRORS: Final = {
    Fault.THROTTLED: {
        Protocol.JSON: (400, "ThrottlingException"),
        Protocol.REST: (429, "ThrottlingException"),
        Protocol.QUERY: (400, "Throttling"),
    },
    Fault.FAILED: dict.fromkeys(Protocol, (500, "InternalFailure")),
    Fault.FAILED_LATE: dict.fromkeys(Protocol, (500, "InternalFailure")),
    Fault.EXPIRED: {
        Protocol.JSON: (400, "ExpiredTokenException"),
        Protocol.REST: (403, "ExpiredTokenException"),
        Protocol.QUERY: (403, "ExpiredToken"),
    },
    Fault.DENIED: {
        Protocol.JSON: (400, "AccessDeniedException"),
        Protocol.REST: (403, "AccessDeniedException"),
        Protocol.QUERY: (403, "AccessDenied"),
    },
}
_WORDS: Final = {
    Fault.THROTTLED: "Rate exceeded",
    Fault.EXPIRED: "The security token included in the request is expired",
    Fault.DENIED: "User: arn:aws:iam::111122223333:user/test is not authorized to do this",
}

_DONE: Final = frozenset({Fault.FAILED_LATE, Fault.HALF, Fault.LOST})


@dataclass(frozen=True, slots=True)
class Asked:
    """A request."""

    action: str
    """Such as `kms:ListKeys`."""
    body: bytes
    protocol: Protocol

    @property
    def members(self) -> Any:
        """What is asked for, of a service that speaks JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer; None in its place: the connection is closed without one."""

    status: int
    body: bytes
    headers: Mapping[str, str]


@dataclass(slots=True)
class _Rule:
    """What happens to the requests of an action: after so many of them, to so many, or to all the rest."""

    action: str
    fault: Fault
    times: int | None
    after: int


class Proxy:
    """Listens on this machine alone, and passes on whatever nothing is said of."""

    def __init__(self, upstream: str) -> None:
        self._upstream = urlsplit(upstream).netloc
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self))
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,))
        self._lock = Lock()
        self._rules: list[_Rule] = []
        self.ended = Event()
        self.asked: list[Asked] = []
        self.answers: dict[str, object] = {}
        """What is answered in the server's place, for what it does not have."""

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def actions(self) -> list[str]:
        """What was asked, in the order in which it came."""
        return [asked.action for asked in self.asked]

    def start(self) -> None:
        """Take connections."""
        self._thread.start()

    def stop(self) -> None:
        """Let nobody wait any longer, and take no more connections."""
        self.ended.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def spoil(self, action: str, fault: Fault, times: int | None = None, *, after: int = 0) -> None:
        """Spoil so many requests of an action, after so many that are not; without a number, all."""
        with self._lock:
            self._rules.append(_Rule(action, fault, times, after))

    def answer(self, action: str, document: object) -> None:
        """Answer an action in the server's place."""
        self.answers[action] = document

    def forget(self) -> None:
        """Spoil nothing any more, and forget what was asked and what to answer."""
        with self._lock:
            self._rules.clear()
            self.asked.clear()
            self.answers.clear()

    def meet(self, asked: Asked) -> Fault | None:
        """Remember a request; what is to become of it."""
        with self._lock:
            self.asked.append(asked)
            for rule in self._rules:
                if rule.action != asked.action or rule.times == 0:
                    continue
                if rule.after:
                    rule.after -= 1
                    return None
                if rule.times is not None:
                    rule.times -= 1
                return rule.fault
        return None

    def proper(self, method: str, path: str, headers: Mapping[str, str], asked: Asked) -> Answer:
        """The answer of the server, or the one in its place."""
        if asked.action in self.answers:
            return Answer(200, _text(self.answers[asked.action]), {"Content-Type": _JSON})
        connection = HTTPConnection(self._upstream, timeout=60)
        try:
            connection.request(method, path, asked.body, dict(headers))
            answer = connection.getresponse()
            kept = {name: value for name, value in answer.getheaders() if name.lower() not in _OWN}
            return Answer(answer.status, answer.read(), kept)
        finally:
            connection.close()


@contextmanager
def standing(upstream: str) -> Iterator[Proxy]:
    """A proxy before a server; it is gone at the end, however that comes."""
    proxy = Proxy(upstream)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()


@dataclass(slots=True)
class _Exchange:
    """A request and what comes of it."""

    proxy: Proxy
    method: str
    path: str
    headers: Mapping[str, str]
    asked: Asked

    def outcome(self) -> Answer | None:
        """What is sent; None: nothing, and the connection is closed."""
        fault = self.proxy.meet(self.asked)
        if fault is None or fault in _DONE:
            proper = self.proxy.proper(self.method, self.path, self.headers, self.asked)
            if fault is None:
                return proper
            if fault is Fault.HALF:
                return Answer(proper.status, proper.body[: len(proper.body) // 2], proper.headers)
        if fault in _ERRORS:
            return _error(fault, self.asked.protocol)
        if fault is Fault.SILENT:
            self.proxy.ended.wait()
        return {
            Fault.PAGE: Answer(200, PAGE, {"Content-Type": "text/html; charset=utf-8"}),
            Fault.UNAVAILABLE: Answer(503, PAGE, {"Content-Type": "text/html; charset=utf-8"}),
            Fault.EMPTY: Answer(200, b"", {}),
        }.get(fault)


def _error(fault: Fault, protocol: Protocol) -> Answer:
    status, code = _ERRORS[fault][protocol]
    message = _WORDS.get(fault, "An internal error occurred")
    if protocol is Protocol.JSON:
        return Answer(status, _text({"__type": code, "message": message}), {"Content-Type": _JSON})
    if protocol is Protocol.REST:
        headers = {"Content-Type": "application/json", "X-Amzn-ErrorType": code}
        return Answer(status, _text({"message": message}), headers)
    told = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    whole = f"<ErrorResponse>{told}<RequestId>1234abcd</RequestId></ErrorResponse>"
    return Answer(status, whole.encode(), {"Content-Type": "text/xml"})


def _text(document: object) -> bytes:
    return json.dumps(document).encode()


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"

    def __init__(self, proxy: Proxy, *given: Any) -> None:
        self._proxy = proxy
        super().__init__(*given)

    def handle(self) -> None:
        """A client may leave whenever it wants."""
        with suppress(ConnectionError):
            super().handle()

    def do_GET(self) -> None:
        """Answer a request, of whichever method."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        asked = self._asked(body)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _OWN}
        answer = _Exchange(self._proxy, self.command, self.path, headers, asked).outcome()
        if answer is None:
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def do_POST(self) -> None:
        """What most services are asked by."""
        self.do_GET()

    def do_CONNECT(self) -> None:
        """Let nobody through to another machine."""
        self.send_error(403)

    def _asked(self, body: bytes) -> Asked:
        scope = re.search(r"Credential=[^/]+/[^/]+/[^/]+/([^/]+)/", self.headers.get("Authorization", ""))
        target = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        form = "" if target else parse_qs(body.decode(errors="replace")).get("Action", [""])[0]
        operation = target or form or _PATHS.get(self.path) or f"{self.command} {self.path}"
        protocol = Protocol.JSON if target else Protocol.QUERY if form else Protocol.REST
        return Asked(f"{scope[1] if scope else ''}:{operation}", body, protocol)

    def log_message(self, *_: object) -> None:
        """Say nothing on standard error."""
