"""The run: order, counts, exit codes, all cores, and an end at any moment."""

from __future__ import annotations

import gzip
import io
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from subprocess import PIPE, Popen
from threading import Thread, Timer
from typing import IO, TYPE_CHECKING, Any

import pytest

from lzkey.check import run as running
from lzkey.check.run import Tally, judged
from lzkey.check.verdict import Verdict
from lzkey.errors import WorkerError
from lzkey.sources import units
from lzkey.sources.reading import Packed
from lzkey.sources.subject import Context, FoundKey, PassedOver, Place, Unread
from lzkey.state import State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import MakeFound, MakeKey, Run

    from landing_zone_key import KmsKey, LandingZone

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
SETTINGS = ("--home-region", "us-east-1", "--management-account-id", "111122223333")


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few units are done before other processes are worth their start, so that few are needed here."""
    monkeypatch.setattr(running, "ALONE", 16)


@dataclass(frozen=True)
class Numbered:
    """A unit of one key."""

    number: int
    key: KmsKey

    def keys(self, context: Context) -> Iterator[FoundKey]:
        """The key, under the unit's number."""
        assert context.zone.home_region == "us-east-1"
        yield FoundKey(str(self.number), self.key, Place("numbers"))


class TestOrder:
    """Results come in the order of the sources."""

    @pytest.mark.parametrize("processes", [1, 2])
    def test_with_and_without_other_processes(
        self, make_key: MakeKey, zone: LandingZone, processes: int
    ) -> None:
        """More units than are done alone; what cannot be read keeps its place among them."""
        keys = [make_key(name) for name in ("documented", "missing", "denied")]
        units = [Numbered(number, keys[number % 3]) for number in range(60)]
        mixed = [
            *units[:40],
            Unread(Place("broken"), "it is broken"),
            PassedOver(Place("other")),
            *units[40:],
        ]
        results = list(judged(mixed, Context(zone), NOON, processes=processes))
        assert [type(each) for each in results[40:42]] == [Unread, PassedOver]
        verdicts = [each for each in results if isinstance(each, Verdict)]
        assert [verdict.name for verdict in verdicts] == [str(number) for number in range(60)]
        expected = [State.COMPLIANT, State.NON_COMPLIANT, State.NON_COMPLIANT]
        assert [verdict.state for verdict in verdicts] == expected * 20

    def test_few_units_start_no_process(
        self, make_key: MakeKey, zone: LandingZone, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A commit hook is done before a process would be there; one unit more is worth it."""
        started: list[int] = []
        monkeypatch.setattr(running, "_shared", lambda *_: started.append(1) or iter(()))
        units = [Numbered(number, make_key()) for number in range(running.ALONE)]
        assert len(list(judged(units, Context(zone), NOON, processes=2))) == running.ALONE
        assert started == []
        list(judged([*units, *units], Context(zone), NOON, processes=2))
        assert started == [1]

    def test_units_are_taken_as_they_are_needed(self, make_key: MakeKey, zone: LandingZone) -> None:
        """Memory does not grow with the source: no more than a few units are ahead of their results."""
        taken = 0

        def units() -> Iterator[Numbered]:
            nonlocal taken
            for number in range(100):
                taken += 1
                yield Numbered(number, key)

        key = make_key()
        ahead = [taken - done for done, _ in enumerate(judged(units(), Context(zone), NOON, processes=2))]
        assert max(ahead) <= running.ALONE + 2
        assert taken == 100


@dataclass(frozen=True)
class Ending:
    """A unit that ends the process in which it is judged, as a system does that is short of memory."""

    home: int

    def keys(self, context: Context) -> Iterator[FoundKey]:
        """None at home, and none anywhere else."""
        del context
        if os.getpid() != self.home:
            os.kill(os.getpid(), signal.SIGKILL)
        yield from ()


def test_a_process_that_is_ended_is_told(zone: LandingZone) -> None:
    """In a sentence: what is lost is not taken for nothing."""
    endings = [Ending(os.getpid()) for _ in range(running.ALONE + 8)]
    with pytest.raises(WorkerError, match="was ended from outside, such as by a system that is short of mem"):
        list(judged(endings, Context(zone), NOON, processes=2))


class TestPacked:
    """Files whose bytes are handed over, and are unpacked and read by other processes."""

    @pytest.mark.parametrize("processes", [1, 2])
    def test_are_what_they_are_one_by_one(self, zone: LandingZone, tmp_path: Path, processes: int) -> None:
        """In their order, also one that holds more than a process hands over at once."""
        counts = [2] * running.ALONE + [1, running.MOST + 1, 0, running.MOST, 3]
        paths = [pack(tmp_path, number, count) for number, count in enumerate(counts)]
        pack(tmp_path, 99, 7).write_bytes(b"\x1f\x8b\x08")
        given = units([str(tmp_path)], stdin=io.BytesIO())
        found = list(judged(given, Context(zone), NOON, processes=processes))
        expected = [path.name for path, count in zip(paths, counts, strict=True) for _ in range(count or 1)]
        assert [Path(each.place.source).name for each in found] == [*expected, "99.json.gz"]
        others = [type(each) for each in found if not isinstance(each, Verdict)]
        assert others == [PassedOver, Unread]
        numbers = [int(each.name[-6:]) for each in found if isinstance(each, Verdict)]
        assert numbers == [number for count in counts for number in range(count)]

    def test_wait_in_bounded_memory(self, zone: LandingZone, monkeypatch: pytest.MonkeyPatch) -> None:
        """However large they are, no more bytes are ahead of their results than are allowed."""
        monkeypatch.setattr(running, "_WAITING", 1_000)
        taken = 0

        def packed() -> Iterator[Packed]:
            nonlocal taken
            for number in range(60):
                taken += 1
                yield Packed(str(number), b" " * 600)

        found = judged(packed(), Context(zone), NOON, processes=2)
        ahead = [taken - done for done, _ in enumerate(found)]
        assert max(ahead[running.ALONE :]) <= 3
        assert taken == 60


def pack(folder: Path, number: int, count: int) -> Path:
    """Write a packed snapshot of so many keys of AWS itself, which are not judged."""
    begins = f"arn:aws:kms:us-east-1:111122223333:key/{number:08}-12ab-34cd-56ef-"
    arns = [f"{begins}{each:012}" for each in range(count)]
    items = [
        {"resourceType": "AWS::KMS::Key", "ARN": arn, "configuration": {"arn": arn, "keyManager": "AWS"}}
        for arn in arns
    ]
    path = folder / f"{number:02}.json.gz"
    path.write_bytes(gzip.compress(json.dumps({"configurationItems": items}).encode(), 1))
    return path


class TestExitCode:
    """0 compliant, 3 non-compliant, 4 something could not be determined; 3 wins over 4."""

    @pytest.mark.parametrize("allow_empty", [True, False])
    @pytest.mark.parametrize("counts", tuple(product((0, 1), repeat=5)))
    def test_of_every_combination(self, counts: tuple[int, ...], allow_empty: bool) -> None:  # noqa: FBT001 - a table
        """Every kind of result, present or not."""
        compliant, non_compliant, unknown, not_applicable, unread = counts
        tally = Tally(unread=unread)
        tally.states |= {
            State.COMPLIANT: compliant,
            State.NON_COMPLIANT: non_compliant,
            State.UNKNOWN: unknown,
            State.NOT_APPLICABLE: not_applicable,
        }
        if non_compliant:
            expected = 3
        elif unknown or unread:
            expected = 4
        else:
            expected = 0 if compliant or not_applicable or allow_empty else 4
        assert tally.exit_code(allow_empty=allow_empty) == expected

    @pytest.mark.parametrize(
        ("arguments", "code"),
        [
            (["policies/documented.json"], 0),
            (["policies/missing.json"], 3),
            (["template.yaml"], 4),
            (["template.yaml", "--parameter", "Trails=cloudtrail.amazonaws.com"], 0),
            (["template.yaml", "--parameter", "Trails=s3.amazonaws.com"], 3),
            (["cut-off.json"], 4),
            (["nowhere.json"], 2),
            (["alias/nowhere"], 2),
            (["template.yaml", "policies/missing.json"], 3),
            (["policies/missing.json", "--exit-zero"], 0),
            (["template.yaml", "--exit-zero"], 0),
            (["package.json"], 4),
            (["package.json", "--skip-other-files"], 4),
            (["package.json", "--skip-other-files", "--allow-empty"], 0),
            (["package.json", "policies/missing.json", "--skip-other-files", "--allow-empty"], 3),
            (["policies/documented.json", "--key", "alias/logs"], 2),
            (["policies/documented.json", "--landing-zone"], 2),
            (["policies/documented.json", "--nonsense"], 2),
        ],
    )
    @pytest.mark.usefixtures("sources")
    def test_of_the_command(self, run: Run, arguments: list[str], code: int) -> None:
        """As a pipeline sees it."""
        assert run("check", *arguments, *SETTINGS).code == code

    @pytest.mark.parametrize("form", ["table", "json", "csv"])
    def test_nothing_found_is_said(self, run: Run, tmp_path: Path, form: str) -> None:
        """In the table, or on standard error beside every other format."""
        ended = run("check", str(tmp_path), *SETTINGS, "--format", form)
        assert ended.code == 4
        assert "no KMS key was found" in (ended.out if form == "table" else ended.err)


class TestUnread:
    """What explain and fix cannot read."""

    @pytest.mark.parametrize("command", ["explain", "fix"])
    @pytest.mark.parametrize(("source", "kinds"), [("cut-off.json", ["unread"]), ("template.yaml", ["key"])])
    @pytest.mark.usefixtures("sources")
    def test_is_told_once_and_is_in_the_json(
        self, run: Run, command: str, source: str, kinds: list[str]
    ) -> None:
        """So that exit code 4 has its reason; a key, its twin, is in the same list."""
        ended = run(command, source, *SETTINGS, "--format", "json")
        assert [each["type"] for each in json.loads(ended.out)["results"]] == kinds
        assert ended.err.count(source) == kinds.count("unread")


class TestStandardInput:
    """- is standard input."""

    def test_one_document(self, sources: Path) -> None:
        """As at the end of a pipe."""
        ended = command("check", "-", input_=(sources / "policies/denied.json").read_bytes())
        assert ended.returncode == 3
        assert b"DenyOutsideOrg" in ended.stdout


class TestInterrupt:
    """Ctrl-C."""

    def test_ends_with_130(self, make_found: MakeFound, tmp_path: Path) -> None:
        """Without a traceback, and without half a file, while it waits for the rest of its input."""
        code, said = interrupted(tmp_path / "r.json", signal.default_int_handler, begun(make_found, 6_000))
        assert code == 130
        assert b"Traceback" not in said
        assert list(tmp_path.iterdir()) == []

    def test_is_none_where_it_is_ignored(self, make_found: MakeFound, tmp_path: Path) -> None:
        """The twin: a shell's job in the background, which Ctrl-C is not meant for, goes on to its end."""
        code, _ = interrupted(tmp_path / "r.json", signal.SIG_IGN, begun(make_found, 1_000), b"]}")
        assert code == 4
        assert len(json.loads((tmp_path / "r.json").read_text())["results"]) == 1_000


def begun(make_found: MakeFound, keys: int) -> bytes:
    """A snapshot that is cut off behind many keys."""
    item = {
        "resourceType": "AWS::KMS::Key",
        "ARN": str(make_found().key.arn),
        "configuration": {"keyManager": "CUSTOMER", "description": "x" * 500},
    }
    return ('{"fileVersion": "1.0", "configurationItems": [' + ", ".join([json.dumps(item)] * keys)).encode()


def interrupted(
    output: Path, on_interrupt: Callable[..., Any] | signal.Handlers, first: bytes, rest: bytes = b""
) -> tuple[int, bytes]:
    """Interrupt `lzkey check -` amid its input; return its exit code and what it said on standard error.

    Its input ends only where a rest is given, and it is killed where it does not end within a minute. A new
    program ignores what the one that starts it ignores, and has the default for what that one handles: so
    it does not matter whether these tests run in the background themselves.
    """
    words = [sys.executable, "-u", "-m", "lzkey", "check", "-", *SETTINGS, "--output", str(output)]
    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        process = Popen(words, stdin=PIPE, stdout=PIPE, stderr=PIPE, start_new_session=True)
    finally:
        signal.signal(signal.SIGINT, before)
    with process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        late = Timer(60, os.killpg, (process.pid, signal.SIGKILL))
        feeding = Thread(target=feed, args=(process.stdin, first, rest))
        late.start()
        feeding.start()
        assert process.stdout.readline().startswith(b"UNKNOWN")
        os.killpg(process.pid, signal.SIGINT)
        process.stdout.read()
        said = process.stderr.read()
        feeding.join()
        late.cancel()
    return process.returncode, said


def feed(pipe: IO[bytes], first: bytes, rest: bytes) -> None:
    """Write what the other end may not want to read to its end; without a rest the pipe stays open."""
    with suppress(BrokenPipeError):
        pipe.write(first + rest)
        pipe.flush()
        if rest:
            pipe.close()


def command(*arguments: str, input_: bytes) -> subprocess.CompletedProcess[bytes]:
    """Run a command of its own."""
    words = [sys.executable, "-m", "lzkey", *arguments, *SETTINGS]
    return subprocess.run(words, input=input_, capture_output=True, check=False)
