"""Ctrl-C, SIGTERM and SIGHUP: a command ends within a second, says nothing, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import ExitStack, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep
from typing import TYPE_CHECKING, ClassVar

import pytest

from lzkey.check.run import ALONE

if TYPE_CHECKING:
    from collections.abc import Iterator

SETTINGS = ("--home-region", "us-east-1", "--management-account-id", "111122223333")
KEY = "arn:aws:kms:us-east-1:111122223333:key/{:08d}-12ab-34cd-56ef-1234567890ab"
CALLER = (
    b'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    b"<Arn>arn:aws:iam::111122223333:user/test</Arn><Account>111122223333</Account>"
    b"</GetCallerIdentityResult></GetCallerIdentityResponse>"
)
LONGEST = 1.0
#: The program, with a thread that gives itself SIGINT as soon as it reads a line.
IN_ANOTHER_THREAD = """
import signal, sys, threading
from lzkey.__main__ import main
def signalled():
    sys.stdin.readline()
    signal.pthread_kill(threading.get_ident(), signal.SIGINT)
threading.Thread(target=signalled, daemon=True).start()
main()
"""


class Aws(BaseHTTPRequestHandler):
    """Tells who asks, and which keys there are; of all else it says nothing, as long as the test takes."""

    protocol_version = "HTTP/1.1"
    asked: ClassVar[Event]
    ended: ClassVar[Event]

    def do_POST(self) -> None:
        """Answer, or wait."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if b"GetCallerIdentity" in body:
            self._say(CALLER)
        elif self.headers.get("X-Amz-Target", "").endswith("ListKeys"):
            keys = [{"KeyArn": KEY.format(number), "KeyId": "x"} for number in range(10)]
            self._say(json.dumps({"Keys": keys, "Truncated": False}).encode())
        elif "list-type=2" in self.path:
            objects = "".join(f"<Contents><Key>{key}</Key><Size>9</Size></Contents>" for key in range(20))
            self._say(f"<ListBucketResult>{objects}</ListBucketResult>".encode())
        else:
            self.asked.set()
            self.ended.wait(60)

    do_GET = do_POST  # noqa: N815 - as the server calls it

    def _say(self, answer: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def aws() -> Iterator[tuple[Event, dict[str, str]]]:
    """When AWS is asked what it does not answer, and the environment that leads there."""
    with ExitStack() as stack:
        asked, ended = Event(), Event()
        handler = type("Handler", (Aws,), {"asked": asked, "ended": ended})
        server = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), handler))
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        stack.callback(thread.join)
        stack.callback(server.shutdown)
        stack.callback(ended.set)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        yield (
            asked,
            environment
            | {
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
                "AWS_ACCESS_KEY_ID": "testing",
                "AWS_SECRET_ACCESS_KEY": "testing",
                "AWS_REGION": "us-east-1",
                "AWS_CONFIG_FILE": os.devnull,
                "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            },
        )


def start(*words: str, environment: dict[str, str] | None = None) -> subprocess.Popen[str]:
    """A command in a process group of its own, as a shell starts it."""
    return subprocess.Popen(
        [sys.executable, "-m", "lzkey", *words],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def ended(process: subprocess.Popen[str], number: signal.Signals, *, group: bool = True) -> tuple[int, str]:
    """What a command ends with, and what it says then; it must take no longer than it may."""
    began = monotonic()
    (os.killpg if group else os.kill)(process.pid, number)
    _, err = process.communicate(timeout=30)
    assert monotonic() - began < LONGEST
    return process.returncode, err


class TestWaiting:
    """While AWS is silent, in threads and without."""

    @pytest.mark.parametrize(
        "words",
        [
            ("check", *SETTINGS),
            ("check", *SETTINGS, "--key", KEY.format(1)),
            ("check", *SETTINGS, "s3://logs/"),
            ("explain", *SETTINGS, KEY.format(1)),
            ("fix", *SETTINGS, KEY.format(1), "--apply", "--yes"),
            ("report",),
            ("doctor", "example"),
            ("undeploy", "example"),
        ],
    )
    def test_ctrl_c(self, aws: tuple[Event, dict[str, str]], words: tuple[str, ...]) -> None:
        """130, and not a word."""
        asked, environment = aws
        process = start(*words, environment=environment)
        assert asked.wait(30)
        code, err = ended(process, signal.SIGINT)
        assert (code, err.removeprefix("account 111122223333, Region us-east-1\n")) == (130, "")

    @pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
    def test_others(self, aws: tuple[Event, dict[str, str]], number: signal.Signals, code: int) -> None:
        """128 and the signal's number."""
        asked, environment = aws
        process = start("check", *SETTINGS, environment=environment)
        assert asked.wait(30)
        assert ended(process, number) == (code, "")

    def test_twice(self, aws: tuple[Event, dict[str, str]]) -> None:
        """Is once."""
        asked, environment = aws
        process = start("check", *SETTINGS, environment=environment)
        assert asked.wait(30)
        os.killpg(process.pid, signal.SIGINT)
        assert ended(process, signal.SIGINT) == (130, "")

    @pytest.mark.parametrize("words", [("check", *SETTINGS), ("doctor", "example")])
    def test_in_another_thread(self, aws: tuple[Event, dict[str, str]], words: tuple[str, ...]) -> None:
        """The system may give a signal to any: the first, which waits for it, hears of it all the same."""
        asked, environment = aws
        process = subprocess.Popen(
            [sys.executable, "-c", IN_ANOTHER_THREAD, *words],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert asked.wait(30)
        sleep(0.3)  # it waits by now
        began = monotonic()
        _, err = process.communicate("\n", timeout=60)
        assert monotonic() - began < LONGEST
        assert (process.returncode, err.removeprefix("account 111122223333, Region us-east-1\n")) == (130, "")

    def test_one_that_is_ignored(self, aws: tuple[Event, dict[str, str]]) -> None:
        """As by nohup: it stays so."""
        asked, environment = aws
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            process = start("check", *SETTINGS, environment=environment)
        finally:
            signal.signal(signal.SIGHUP, before)
        assert asked.wait(30)
        os.killpg(process.pid, signal.SIGHUP)
        sleep(0.3)
        assert process.poll() is None
        assert ended(process, signal.SIGINT) == (130, "")


@pytest.mark.parametrize("module", ["lzkey.errors", "typer", "botocore.session", "lzkey.report.making"])
def test_while_it_starts(aws: tuple[Event, dict[str, str]], module: str) -> None:
    """Whatever it has imported at that moment."""
    _, environment = aws
    process = start("report", environment={**environment, "PYTHONPROFILEIMPORTTIME": "1"})
    assert process.stderr is not None
    while not process.stderr.readline().rstrip().endswith(f" {module}"):
        assert process.poll() is None
    code, err = ended(process, signal.SIGINT)
    assert code == 130
    assert all(line.startswith("import time:") for line in err.splitlines())


class TestWorkers:
    """Many files are shared among processes."""

    @pytest.fixture
    def many(self, tmp_path: Path) -> Path:
        """A folder of files that take a while."""
        folder = tmp_path / "many"
        folder.mkdir()
        allow = {"Effect": "Allow", "Principal": {"Service": "config.amazonaws.com"}, "Action": "kms:*"}
        policy = json.dumps({"Statement": [{**allow, "Resource": "*"}] * 60})
        for number in range(3000):
            (folder / f"{number}.json").write_text(policy)
        return folder

    @pytest.mark.parametrize(
        ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
    )
    @pytest.mark.parametrize("group", [True, False], ids=["of the terminal", "of the first alone"])
    def test_end_with_it(
        self,
        tmp_path: Path,
        many: Path,
        number: signal.Signals,
        code: int,
        group: bool,  # noqa: FBT001 - pytest's
    ) -> None:
        """No worker goes on, and no temporary file stays."""
        output = tmp_path / "result.json"
        words = ("check", str(many), *SETTINGS, "--format", "csv", "--output", str(output))
        process = start(*words)
        assert process.stdout is not None
        for _ in range(ALONE + 24):  # more than are judged before there are workers
            process.stdout.readline()
        assert ended(process, number, group=group) == (code, "")
        assert [path.name for path in tmp_path.iterdir()] == ["many"]
        assert not _is_alive(process.pid)

    def test_that_nobody_can_tell(self, many: Path) -> None:
        """The first process is killed: the others see that it is gone."""
        process = start("check", str(many), *SETTINGS, "--format", "csv")
        assert process.stdout is not None
        for _ in range(ALONE + 24):
            process.stdout.readline()
        assert ended(process, signal.SIGKILL, group=False)[0] == -signal.SIGKILL
        assert not _is_alive(process.pid)


def _is_alive(group: int) -> bool:
    """Whether a process of a group goes on, a moment later."""
    for _ in range(50):
        if all(state == "Z" for state in _states(group)):  # ended, and nobody has asked how
            return False
        sleep(0.02)
    return True


def _states(group: int) -> Iterator[str]:
    """The states of a group's processes, as Linux shows them."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # gone meanwhile
            state, _, its_group, *_ = path.read_text().rpartition(")")[2].split()
            if its_group == str(group):
                yield state
