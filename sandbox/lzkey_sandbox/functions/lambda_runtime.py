"""Runs deployed Lambda functions as Lambda does: AWS's own runtime client and the deployed zip.

Each function has one execution environment, a process that stays warm between invocations, is replaced
when code or configuration change, and is killed on a timeout. It sees its zip, its layers and what
Lambda's runtime brings along, and none of this project's packages. It runs on the interpreter that runs
the sandbox, whatever Python version the function's runtime names.
"""

from __future__ import annotations

import importlib.util
import io
import json
import time
import uuid
import zipfile
from functools import cache
from importlib.metadata import files
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TYPE_CHECKING, Final

from lzkey_sandbox.errors import SandboxError, ServiceError
from lzkey_sandbox.functions.execution_environment import ExecutionEnvironment, Outcome
from lzkey_sandbox.moto import motostate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lzkey_sandbox.moto.motostate import Function

#: boto3, its dependencies and the runtime client, nothing else; a rule that needs rdklib must bring it in its
#: zip or in a layer.
#: Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html#python-sdk-included
RUNTIME_MODULES: Final = (
    "boto3",
    "botocore",
    "dateutil",
    "jmespath",
    "s3transfer",
    "six",
    "urllib3",
    # the runtime client and what it needs
    "awslambdaric",
    "runtime_client",
    "simplejson",
    "snapshot_restore_py",
)

_ZIP_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


class MissingRuntimeError(SandboxError):
    """A package of the Lambda runtime is not installed; ``pip install 'lzkey[sandbox]'`` brings it."""


def link_runtime(directory: Path) -> None:
    """Fill an empty directory with links to the runtime's packages in this interpreter's environment."""
    for name in RUNTIME_MODULES:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise MissingRuntimeError(f"the Lambda runtime needs {name}: pip install 'lzkey[sandbox]'")
        origin = Path(spec.origin)
        source = origin.parent if spec.submodule_search_locations else origin
        (directory / source.name).symlink_to(source)


@cache
def rdklib_layer() -> bytes:
    """Rdk's layer as a zip file: rdklib, from the installed wheel, below ``python/``.

    Source: https://github.com/awslabs/aws-config-rdklib (template.yaml: the layer carries rdklib alone,
    without boto3 and botocore).
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(files("rdklib") or [], key=str):
            if file.parts[0] == "rdklib" and file.suffix == ".py":
                archive.writestr(zipfile.ZipInfo(f"python/{file.as_posix()}", _ZIP_EPOCH), file.read_binary())
    return buffer.getvalue()


class LambdaRuntime:
    """All functions' execution environments; ``environment`` is added to each (endpoint, proxy).

    ``tell`` is told the ARN of each function that runs.
    """

    def __init__(self, environment: Mapping[str, str], tell: Callable[[str], None]) -> None:
        self._environment = dict(environment)
        self._tell = tell
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
            self._tell(arn)
            outcome = environment.invoke(json.dumps(event).encode())
            self._deliver_logs(function, environment)
            return outcome

    def logs(self, account: str, region: str, name: str) -> str:
        """All that a function printed and logged so far."""
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
        """Write what is new into the function's group, which is there from its first invocation on.

        Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
        """
        now = round(time.time() * 1000)
        lines = [(now, line) for line in environment.new_output().splitlines() if line]
        group = f"/aws/lambda/{function.name}"
        motostate.write_log(function.account, function.region, group, environment.log_stream, lines)
