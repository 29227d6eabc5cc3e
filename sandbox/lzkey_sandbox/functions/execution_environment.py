"""One execution environment of a Lambda function: a process with AWS's runtime client in it.

The client asks the Runtime API for its next event, on the loopback interface.
Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import time
import uuid
import zipfile
from dataclasses import dataclass
from queue import Empty, Queue
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

from werkzeug.wrappers import Request, Response

from lzkey_sandbox.http.loopback import LOOPBACK, LoopbackServer
from lzkey_sandbox.moto import motostate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from _typeshed.wsgi import StartResponse

    from lzkey_sandbox.moto.motostate import Function

#: Lambda gives the initialization ten seconds; more here, because a busy machine starts slowly.
_INIT_SECONDS: Final = 30.0

_GRACE_SECONDS: Final = 5.0

#: The largest answer of a synchronous invocation, in bytes.
#: Source: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
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
        """The runtime's next message, or None after ``timeout`` seconds."""
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


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an invocation ended: the answer's JSON, and type and message of the error if it failed."""

    payload: bytes
    error: tuple[str, str] | None


class ExecutionEnvironment:
    """The process and the Runtime API it talks to; ``log`` is the file that takes all it prints."""

    def __init__(
        self, function: Function, directory: Path, packages: Path, shared: Mapping[str, str], log: Path
    ) -> None:
        self.function = function
        self.log_stream = f"{time.strftime('%Y/%m/%d')}/[$LATEST]{uuid.uuid4().hex}"
        self._log = log
        self._log_read = log.stat().st_size if log.exists() else 0
        self._ready = False
        task = _unpack(function.code, directory / "task")
        layers = [_unpack(layer, directory / f"layer{i}") for i, layer in enumerate(function.layers)]
        path = [task, *(layer / "python" for layer in layers), packages]
        self._api = RuntimeApi()
        with log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, no shell
                [sys.executable, "-S", "-s", "-m", "awslambdaric", function.handler],
                cwd=task,
                env={**_variables(function, self._api.address, path, self.log_stream), **shared},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self._watcher = Thread(target=self._watch, name=f"lambda-{function.name}", daemon=True)
        self._watcher.start()

    @property
    def process_id(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def invoke(self, event: bytes) -> Outcome:
        """Hand the event over and wait for the answer, an error, the end of the process or the timeout."""
        request_id = str(uuid.uuid4())
        if not self._ready:
            message = self._api.wait(_INIT_SECONDS)
            if message is None or message.kind != "ready":
                return self._failed(request_id, message, "initialization")
            self._ready = True
        deadline = round((time.time() + self.function.timeout) * 1000)
        self._api.hand_over(Invocation(request_id, self.function.arn, deadline, event))
        end = time.monotonic() + self.function.timeout
        while (message := self._api.wait(max(end - time.monotonic(), 0))) is not None:
            if message.request_id == request_id and message.kind == "response":
                return Outcome(message.body, None)
            if message.kind != "ready":
                return self._failed(request_id, message, "invocation")
        return self._failed(request_id, None, "invocation")

    def new_output(self) -> str:
        """What the process has printed since the last call."""
        with self._log.open("rb") as log:
            log.seek(self._log_read)
            output = log.read()
        self._log_read += len(output)
        return output.decode(errors="replace")

    def stop(self) -> None:
        """End the process, by force if it does not end by itself, and its Runtime API."""
        self._process.terminate()
        self._await_end()
        self._watcher.join()
        self._api.stop()

    def _await_end(self) -> None:
        try:
            self._process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _watch(self) -> None:
        code = self._process.wait()
        self._api.post(Message("exit", body=str(code).encode()))

    def _failed(self, request_id: str, message: Message | None, phase: str) -> Outcome:
        if message is None:
            self._process.kill()
            self._process.wait()
            seconds = self.function.timeout if phase == "invocation" else _INIT_SECONDS
            text = f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds"
            return _outcome("Sandbox.Timedout", text)
        if message.kind == "exit":
            status = message.body.decode()
            text = f"RequestId: {request_id} Error: Runtime exited with error: exit status {status}"
            return _outcome("Runtime.ExitError", text)
        if message.kind in {"init-error", "too-large"}:
            self._await_end()  # the runtime client ends after it reported, or was refused
        fault = json.loads(message.body)
        error = str(fault.get("errorType", "Unhandled")), str(fault.get("errorMessage", ""))
        return Outcome(message.body, error)


def _outcome(kind: str, text: str) -> Outcome:
    return Outcome(json.dumps({"errorType": kind, "errorMessage": text}).encode(), (kind, text))


def _unpack(archive: bytes, directory: Path) -> Path:
    directory.mkdir(parents=True)
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        file.extractall(directory)
    return directory


def _variables(function: Function, runtime_api: str, path: list[Path], log_stream: str) -> dict[str, str]:
    """A function's environment; ``path`` is the zip's directory, then the layers', then the runtime's.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    defaults = {
        "AWS_DEFAULT_REGION": function.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "AWS_REGION": function.region,
        "LAMBDA_RUNTIME_DIR": str(path[-1]),
        "LAMBDA_TASK_ROOT": str(path[0]),
        "LANG": "en_US.UTF-8",
        "PATH": os.defpath,
        "PYTHONDONTWRITEBYTECODE": "1",  # /var/task is read-only
        "PYTHONPATH": os.pathsep.join(str(part) for part in path),
        "TZ": ":UTC",
        "_HANDLER": function.handler,
    }
    credentials = motostate.role_credentials(function.role, function.name, function.region)
    return {**dict(function.environment), **defaults, **credentials}
