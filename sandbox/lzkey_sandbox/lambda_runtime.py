"""Runs deployed Lambda functions as Lambda does: AWS's own runtime client and the deployed zip.

Each function has one execution environment, a process that stays warm between invocations, is replaced
when code or configuration change, and is killed on a timeout. It sees its zip, its layers and what
Lambda's runtime brings along, and none of this project's packages. It runs on the interpreter that runs
the sandbox, whatever Python version the function's runtime names.
"""

from __future__ import annotations

import json
import time
import uuid
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TYPE_CHECKING

from lzkey_sandbox import motostate
from lzkey_sandbox.errors import ServiceError
from lzkey_sandbox.execution_environment import ExecutionEnvironment, Outcome
from lzkey_sandbox.runtime_packages import link_runtime

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lzkey_sandbox.motostate import Function


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
        self._running: dict[str, ExecutionEnvironment] = {}
        self._stopped = False

    def add_variables(self, environment: Mapping[str, str]) -> None:
        """Add variables to the environments that start from now on."""
        self._environment = {**self._environment, **environment}

    def invoke(self, account: str, region: str, name: str, event: object) -> Outcome:
        """Invoke a function and wait for its end; ServiceError when there is no such function."""
        arn = motostate.function(account, region, name).arn
        with self._lock:
            lock = self._locks.setdefault(arn, Lock())
        with lock:
            function = motostate.function(account, region, name)  # as it is when its turn comes
            with self._lock:
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
        with self._lock:
            running = tuple(self._running.values())
        return tuple(environment.process_id for environment in running if environment.alive)

    def stop(self) -> None:
        """End every process that was started here and remove their files."""
        with self._lock:
            self._stopped = True
            for environment in self._running.values():
                environment.stop()
            self._running.clear()
        for lock in self._locks.values():
            with lock:  # an invocation that was running has ended with its process; it may still read its log
                pass
        self._directory.cleanup()

    def _environment_for(self, function: Function) -> ExecutionEnvironment:
        if self._stopped:
            raise ServiceError("ServiceException", "the sandbox has stopped", 500)
        running = self._running.get(function.arn)
        if running is not None and running.alive and running.function == function:
            return running
        if running is not None:
            running.stop()
        started = ExecutionEnvironment(
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
    def _deliver_logs(function: Function, environment: ExecutionEnvironment) -> None:
        now = round(time.time() * 1000)
        lines = [(now, line) for line in environment.new_output().splitlines() if line]
        if lines:
            group = f"/aws/lambda/{function.name}"
            motostate.write_log(function.account, function.region, group, environment.log_stream, lines)
