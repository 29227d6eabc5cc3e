"""Lambda's Runtime API for one execution environment, on the loopback interface.

Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from queue import Empty, Queue
from typing import TYPE_CHECKING, Any, Final

from werkzeug.wrappers import Request, Response

from lzkey_sandbox.loopback import LOOPBACK, LoopbackServer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse

# The largest answer of a synchronous invocation, in bytes.
# Source: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
RESPONSE_LIMIT: Final = 6 * 1024 * 1024

_INVOCATION: Final = re.compile(r"/2018-06-01/runtime/invocation/(?P<id>[^/]+)/(?P<kind>response|error)")


@dataclass(frozen=True, slots=True)
class Invocation:
    """An event on its way to the function; ``deadline`` in milliseconds since the epoch."""

    request_id: str
    function_arn: str
    deadline: int
    event: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """What the runtime did: ``ready``, ``response``, ``too-large``, ``error``, ``init-error`` or ``exit``."""

    kind: str
    request_id: str = ""
    body: bytes = b""


class RuntimeApi:
    """Hands invocations to the runtime client and its answers to whoever waits for them."""

    def __init__(self) -> None:
        self._invocations: Queue[Invocation | None] = Queue()
        self._messages: Queue[Message] = Queue()
        self._server = LoopbackServer(self._application, "lambda-runtime-api")
        self.address = f"{LOOPBACK}:{self._server.port}"

    def hand_over(self, invocation: Invocation) -> None:
        """Give the runtime its next event."""
        self._invocations.put(invocation)

    def post(self, message: Message) -> None:
        """Put a message among the runtime's own, such as the end of its process."""
        self._messages.put(message)

    def wait(self, timeout: float) -> Message | None:
        """Return the runtime's next message, or None after ``timeout`` seconds."""
        try:
            return self._messages.get(timeout=timeout)
        except Empty:
            return None

    def stop(self) -> None:
        """Release the runtime if it waits for an event, and stop listening."""
        self._invocations.put(None)
        self._server.stop()

    def _application(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if request.path == "/2018-06-01/runtime/invocation/next":
            return self._next()
        if request.path == "/2018-06-01/runtime/init/error":
            self.post(Message("init-error", body=request.get_data()))
            return Response(status=202)
        match = _INVOCATION.fullmatch(request.path)
        if match is None:
            return Response(status=404)
        return self._take(match["kind"], match["id"], request.get_data())

    def _next(self) -> Response:
        self.post(Message("ready"))
        invocation = self._invocations.get()
        if invocation is None:
            return Response(status=500)
        headers = {
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(invocation.deadline),
            "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
            "Lambda-Runtime-Trace-Id": "Root=1-00000000-000000000000000000000000;Sampled=0",
            "Content-Type": "application/json",
        }
        return Response(invocation.event, headers=headers)

    def _take(self, kind: str, request_id: str, body: bytes) -> Response:
        if kind == "response" and len(body) > RESPONSE_LIMIT:
            text = f"Response payload size ({len(body)} bytes) exceeded maximum allowed payload size"
            fault = {
                "errorMessage": f"{text} ({RESPONSE_LIMIT} bytes).",
                "errorType": "Function.ResponseSizeTooLarge",
            }
            self.post(Message("too-large", request_id, json.dumps(fault).encode()))
            return Response(json.dumps(fault), status=413)
        self.post(Message(kind, request_id, body))
        return Response(status=202)
