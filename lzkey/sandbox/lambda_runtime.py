"""Runs deployed Lambda functions as Lambda does: AWS's own runtime client and the deployed zip.

Each function has one execution environment, a process that stays warm between invocations, is replaced
when code or configuration change, and is killed on a timeout. It sees its zip, its layers and what
Lambda's runtime brings along, and none of this project's packages. It runs on the interpreter that runs
the sandbox, whatever Python version the function's runtime names.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
import uuid
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock, Thread
from typing import Any, Final

from lzkey.sandbox import motostate
from lzkey.sandbox.motostate import Function
from lzkey.sandbox.runtime_api import Invocation, Message, RuntimeApi
from lzkey.sandbox.runtime_packages import link_runtime

# Lambda gives the initialization ten seconds; more here, because a busy machine starts slowly.
_INIT_SECONDS: Final = 30.0

_GRACE_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an invocation ended: the answer's JSON, and type and message of the error if it failed."""

    payload: bytes
    error: tuple[str, str] | None


class LambdaRuntime:
    """All functions' execution environments; ``environment`` is added to each (endpoint, proxy)."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        self._directory = TemporaryDirectory(prefix="lzkey-lambda-", ignore_cleanup_errors=True)
        self._packages = Path(self._directory.name, "runtime")
        self._packages.mkdir()
        link_runtime(self._packages)
        self._lock = Lock()
        self._locks: dict[str, Lock] = {}
        self._running: dict[str, _ExecutionEnvironment] = {}

    def invoke(self, account: str, region: str, name: str, event: object) -> Outcome:
        """Invoke a function and wait for its end; ServiceError when there is no such function."""
        function = motostate.function(account, region, name)
        with self._lock:
            lock = self._locks.setdefault(function.arn, Lock())
        with lock:
            environment = self._environment_for(function)
            outcome = environment.invoke(json.dumps(event).encode())
            self._deliver_logs(function, environment)
            return outcome

    def logs(self, account: str, region: str, name: str) -> str:
        """Return all that a function printed and logged so far."""
        path = self._log_path(motostate.function(account, region, name))
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def process_ids(self) -> tuple[int, ...]:
        """The processes that run functions now."""
        return tuple(environment.process_id for environment in self._running.values() if environment.alive)

    def stop(self) -> None:
        """End every process that was started here and remove their files."""
        for environment in self._running.values():
            environment.stop()
        self._running.clear()
        self._directory.cleanup()

    def _environment_for(self, function: Function) -> _ExecutionEnvironment:
        running = self._running.get(function.arn)
        if running is not None and running.alive and running.function == function:
            return running
        if running is not None:
            running.stop()
        started = _ExecutionEnvironment(
            function,
            Path(self._directory.name, uuid.uuid4().hex),
            self._packages,
            self._environment,
            self._log_path(function),
        )
        self._running[function.arn] = started
        return started

    def _log_path(self, function: Function) -> Path:
        return Path(self._directory.name, f"{function.account}-{function.region}-{function.name}.log")

    @staticmethod
    def _deliver_logs(function: Function, environment: _ExecutionEnvironment) -> None:
        now = round(time.time() * 1000)
        lines = [(now, line) for line in environment.new_output().splitlines() if line]
        if lines:
            group = f"/aws/lambda/{function.name}"
            motostate.write_log(function.account, function.region, group, environment.log_stream, lines)


class _ExecutionEnvironment:
    """One process with the runtime client, and the Runtime API it talks to."""

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
                env=_variables(function, self._api.address, task, path, self.log_stream, shared),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self._watcher = Thread(target=self._watch, name=f"lambda-{function.name}", daemon=True)
        self._watcher.start()

    @property
    def process_id(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def invoke(self, event: bytes) -> Outcome:
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
        with self._log.open("rb") as log:
            log.seek(self._log_read)
            output = log.read()
        self._log_read += len(output)
        return output.decode(errors="replace")

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._watcher.join()
        self._api.stop()

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
            text = f"RequestId: {request_id} Error: Runtime exited with error: exit status {message.body.decode()}"
            return _outcome("Runtime.ExitError", text)
        if message.kind == "init-error":
            self._process.wait(_GRACE_SECONDS)  # the runtime client ends after it reported
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


def _variables(  # noqa: PLR0913 - each has its own place in the environment
    function: Function,
    runtime_api: str,
    task: Path,
    path: list[Path],
    log_stream: str,
    shared: Mapping[str, str],
) -> dict[str, str]:
    """Return a function's whole environment.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    defaults: dict[str, Any] = {
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
        "LAMBDA_TASK_ROOT": str(task),
        "LANG": "en_US.UTF-8",
        "PATH": os.defpath,
        "PYTHONDONTWRITEBYTECODE": "1",  # /var/task is read-only
        "PYTHONPATH": os.pathsep.join(str(part) for part in path),
        "TZ": ":UTC",
        "_HANDLER": function.handler,
    }
    credentials = motostate.role_credentials(function.role, function.name, function.region)
    return {**dict(function.environment), **defaults, **credentials, **shared}
