"""AWS servers that others have written, each a process of its own, on this machine alone, and stopped."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import boto3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ACCOUNT: Final = "111122223333"
REGION: Final = "us-east-1"

#: Seconds that a server may take to start, on a machine that is busy with other tests.
_PATIENCE: Final = 60
#: Somebody else may take the port that was free a moment ago.
_TRIES: Final = 3


class StartError(Exception):
    """A server did not start; its output is told."""


def environment(address: str, home: Path) -> dict[str, str]:
    """What a command sees: one address of AWS, credentials that nobody checks, and nothing else."""
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}",
        "HOME": str(home),
        "AWS_ENDPOINT_URL": address,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_COLOR": "1",
    }


@dataclass(frozen=True)
class Server:
    """An AWS server that is running."""

    name: str
    address: str
    process: subprocess.Popen[bytes]
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """A client of one of its services, which asks no proxy; it is made once, for that takes its time."""
        if service not in self._clients:
            session: Any = boto3.Session("testing", "testing", region_name=REGION)
            self._clients[service] = session.client(service, endpoint_url=self.address)
        return self._clients[service]

    def reset(self) -> None:
        """Everything that was made in it is gone."""
        path = {"ministack": "/_ministack/reset", "moto": "/moto-api/reset"}[self.name]
        assert _asked(self.address, "POST", path) == 200


def _ministack(port: int, folder: Path) -> tuple[list[str], dict[str, str]]:
    """Functions run in processes of its own; it sees no Docker, where it would tidy up."""
    return [sys.executable, "-m", "ministack"], {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "LAMBDA_EXECUTOR": "local",
        "LAMBDA_STATE_TRANSITION_SECONDS": "0",
        "DOCKER_HOST": f"unix://{folder}/no-docker",
    }


def _moto(port: int, _folder: Path) -> tuple[list[str], dict[str, str]]:
    return [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], {
        "MOTO_ACCOUNT_ID": ACCOUNT
    }


_SERVERS: Final[Mapping[str, Callable[[int, Path], tuple[list[str], dict[str, str]]]]] = {
    "ministack": _ministack,
    "moto": _moto,
}


@contextmanager
def started(name: str, folder: Path) -> Iterator[Server]:
    """A server of this name, which keeps its files in a folder; it is gone at the end, however that comes."""
    for _ in range(_TRIES):
        port = free_port()
        words, more = _SERVERS[name](port, folder)
        surroundings = {**environment(f"http://127.0.0.1:{port}", folder), "TMPDIR": str(folder), **more}
        with (folder / "output").open("wb") as output:
            process = subprocess.Popen(
                words, env=surroundings, cwd=folder, stdout=output, stderr=output, start_new_session=True
            )
        server = Server(name, f"http://127.0.0.1:{port}", process)
        try:
            if _ready(server):
                yield server
                return
        finally:
            _stop(process)
    raise StartError(f"{name} does not start:\n{(folder / 'output').read_text(errors='replace')[-2_000:]}")


def free_port() -> int:
    """One at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _ready(server: Server) -> bool:
    """Wait until it answers; False where it ends instead."""
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and server.process.poll() is None:
        if _asked(server.address, "GET", "/"):
            return True
        time.sleep(0.05)
    return False


def _asked(address: str, method: str, path: str) -> int:
    """The status of an answer; 0 where none comes."""
    connection = HTTPConnection(urlsplit(address).netloc, timeout=10)
    try:
        connection.request(method, path, headers={"Content-Length": "0"})
        return connection.getresponse().status
    except (OSError, HTTPException):
        return 0
    finally:
        connection.close()


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask it to end; then end it and every process that it has started."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
