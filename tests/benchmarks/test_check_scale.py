"""`lzkey check` on AWS Config snapshots: time for a key, peak memory, and how both grow from 2,000 items on.

200,000 items when timed, 20,000 in a hurry, a few otherwise; the answers are held to in all.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import pickle
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import pytest

from landing_zone_key import LandingZone
from lzkey.sources import units
from lzkey.sources.subject import Context, PassedOver
from lzkey_sandbox import Sandbox

from .conftest import PROJECT, ROOT, Documented

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .conftest import Stopwatch

SETTINGS = ("--home-region", "us-east-1", "--management-account-id", "111122223333")
MEBIBYTE = 1024
# One statement that is quickly proved: what is measured is how the work grows, not the proof.
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {
            "Sid": "Logs",
            "Effect": "Allow",
            "Principal": {"Service": ["config.amazonaws.com", "cloudtrail.amazonaws.com"]},
            "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
            "Resource": "*",
        },
    }
)


def control_tower(number: int, arn: str) -> str:
    """A policy with Control Tower's statements for this key, and one that differs among fifty."""
    reader = {
        "Sid": f"Reader {number % 50}",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::111122223333:role/reader{number % 50}"},
        "Action": ["kms:Decrypt", "kms:DescribeKey"],
        "Resource": "*",
    }
    return Documented(arn).policy(ROOT, reader)


def snapshot(
    path: Path, items: int, *, every: int = 1, policy: Callable[[int, str], str] = lambda *_: POLICY
) -> Path:
    """Write a snapshot of so many items, of which every such one is a key's; every tenth key is disabled."""
    with path.open("w") as file:
        file.write('{"fileVersion": "1.0", "configSnapshotId": "example", "configurationItems": [')
        for number in range(items):
            file.write(("," if number else "") + json.dumps(_item(number, every, policy)))
        file.write("]}")
    return path


def _item(number: int, every: int, policy: Callable[[int, str], str]) -> dict[str, Any]:
    key_id = f"1234abcd-12ab-34cd-56ef-{number:012x}"
    arn = f"arn:aws:kms:us-east-1:111122223333:key/{key_id}"
    state = "Disabled" if number // every % 10 == 0 else "Enabled"
    return {
        "configurationItemVersion": "1.3",
        "configurationItemCaptureTime": "2026-11-24T12:00:00.000Z",
        "configurationItemStatus": "OK",
        "resourceType": "AWS::KMS::Key" if number % every == 0 else "AWS::S3::Bucket",
        "resourceId": key_id,
        "awsAccountId": "111122223333",
        "awsRegion": "us-east-1",
        "ARN": arn,
        "configuration": {
            "arn": arn,
            "keyId": key_id,
            "keyManager": "CUSTOMER",
            "keyState": state,
            "enabled": state == "Enabled",
            "keySpec": "SYMMETRIC_DEFAULT",
            "keyUsage": "ENCRYPT_DECRYPT",
            "origin": "AWS_KMS",
            "multiRegion": False,
        },
        "supplementaryConfiguration": {"Policy": policy(number, arn), "Tags": []},
    }


# A process inherits the peak of the one that begins it, which here has all of an emulator in it.
MEASURING = """
import json, os, subprocess, sys
with open(sys.argv[1], "wb") as output:
    process = subprocess.Popen(sys.argv[2:], stdout=output)
_, status, usage = os.wait4(process.pid, 0)
process.returncode = os.waitstatus_to_exitcode(status)
print(json.dumps([process.returncode, usage.ru_utime + usage.ru_stime, usage.ru_maxrss]))
"""


@dataclass(frozen=True)
class Run:
    """One run of the command."""

    keys: int
    seconds: float
    cpu: float
    """Seconds, of all its processes, their start included."""
    peak: int
    """Of the largest of its processes, in KiB."""
    output: Path


def check(
    path: Path,
    source: str = "",
    environment: Mapping[str, str] | None = None,
    *,
    form: str = "json",
    build: Path = PROJECT,
) -> Run:
    """Run `lzkey check` on a file, or on another source; the disabled keys make it end with 3."""
    began = perf_counter()
    command = [sys.executable, "-m", "lzkey", "check", source or str(path), "--format", form, *SETTINGS]
    output = path.with_suffix(f".{build.name}.{form}")
    done = subprocess.run(
        [sys.executable, "-c", MEASURING, str(output), *command],
        cwd=build,
        env={**os.environ, **(environment or {}), "PYTHONPATH": search_path(build)},
        check=True,
        stdout=subprocess.PIPE,
    )
    seconds = perf_counter() - began
    code, cpu, peak = json.loads(done.stdout)
    assert code == 3
    keys, refused = counts_of_csv(output) if form == "csv" else counts_of_json(output)
    assert refused == -(-keys // 10)
    return Run(keys, seconds, cpu, peak, output)


def answers(output: Path) -> list[tuple[str, str, str]]:
    """The rows: the key, what it is, and the requirements that do not hold."""
    with output.open(newline="") as written:
        return [(row["arn"], row["compliance"], row["requirements"]) for row in csv.DictReader(written)]


def mebibytes(kibibytes: float) -> str:
    """Memory for people."""
    return f"{kibibytes / MEBIBYTE:7.0f} MiB"


def search_path(build: Path) -> str:
    """Where Python finds a build of the project, before the one that is installed."""
    return os.pathsep.join([str(build), str(build / "rules/CONTROL_TOWER_KMS_KEY")])


def counts_of_json(output: Path) -> tuple[int, int]:
    """All keys, and those that are NON_COMPLIANT, by the summary at the end."""
    with output.open("rb") as written:
        written.seek(max(0, output.stat().st_size - 1000))
        end = written.read().decode()
    summary = json.loads("{" + end[end.rindex('"summary"') :])["summary"]
    keys = sum(summary[state] for state in ("COMPLIANT", "NON_COMPLIANT"))
    assert summary["keys"] == keys
    return keys, summary["NON_COMPLIANT"]


def counts_of_csv(output: Path) -> tuple[int, int]:
    """The same, by the rows."""
    counts = Counter(compliance for _, compliance, _ in answers(output))
    assert {*counts} == {"COMPLIANT", "NON_COMPLIANT"}
    return counts.total(), counts["NON_COMPLIANT"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for half a gigabyte, which is not left behind."""
    made = tmp_path_factory.mktemp("snapshots")
    yield made
    for path in made.iterdir():
        path.unlink()


class TestSnapshots:
    """The command itself, on all cores."""

    def test_growth(self, stopwatch: Stopwatch, folder: Path) -> None:
        """A hundred times the keys take no more memory, and no longer for each of them."""
        few, many = stopwatch.sized(2_000, 2_000, 20), stopwatch.sized(200_000, 20_000, 400)
        small = check(snapshot(folder / "few.json", few))
        large = check(snapshot(folder / "many.json", many))
        assert (small.keys, large.keys) == (few, many)
        for run in (small, large):
            rate = f"{run.keys / run.seconds:8,.0f} keys/s, {run.peak / MEBIBYTE:5.0f} MiB"
            stopwatch.note(f"check: {run.keys:,} keys, {run.cpu / run.seconds:.2f} cores", rate)
        # CPU seconds: on a machine that others use, the clock tells of them.
        stopwatch.hold(
            "check: CPU for a key, many to few", large.cpu / large.keys, small.cpu / small.keys, 1.2
        )
        stopwatch.hold(
            "check: peak of the largest process, many to few", large.peak, small.peak, 1.1, told=mebibytes
        )

    def test_few_keys_among_many(self, stopwatch: Stopwatch, folder: Path) -> None:
        """Items of other resources cost no more than being read."""
        items = stopwatch.sized(200_000, 20_000, 400)
        run = check(snapshot(folder / "mixed.json", items, every=20))
        assert run.keys == items // 20
        stopwatch.note(
            f"check: {run.keys:,} keys among {items:,} items",
            f"{items / run.seconds:8,.0f} items/s, {run.peak / MEBIBYTE:5.0f} MiB",
        )


@pytest.fixture(scope="module")
def towers(stopwatch: Stopwatch, folder: Path) -> Run:
    """A run on many keys of Control Tower."""
    many = stopwatch.sized(200_000, 20_000, 400)
    run = check(snapshot(folder / "towers.json", many, policy=control_tower), form="csv")
    assert run.keys == many
    return run


class TestControlTowerKeys:
    """Keys with the statements that Control Tower's page asks for, each with its own ARN in them."""

    def test_to_reading_json(self, stopwatch: Stopwatch, folder: Path, towers: Run) -> None:
        """All that a key takes, in what `json.loads` takes for it; of many keys it could not hold all."""
        few = stopwatch.sized(4_000, 4_000, 100)
        path = snapshot(folder / "few_towers.json", few, policy=control_tower)
        text = path.read_bytes()
        (read,) = stopwatch.race(lambda: json.loads(text), rounds=15)
        for run in (check(path, form="csv"), towers):
            what = f"check: {run.keys:,} keys of Control Tower, to json.loads, a key"
            stopwatch.hold(what, run.cpu / run.keys, read / few, 25)

    def test_to_the_build_before(self, stopwatch: Stopwatch, folder: Path, towers: Run, before: Path) -> None:
        """The same answers in a tenth of the time; of the build before, its start is left out."""
        path = folder / "some_towers.json"
        some, more = (
            check(snapshot(path, count, policy=control_tower), form="csv", build=before)
            for count in (stopwatch.sized(500, 500, 50), stopwatch.sized(2_500, 2_500, 150))
        )
        assert answers(check(path, form="csv").output) == answers(more.output)
        key_before = (more.cpu - some.cpu) / (more.keys - some.keys)
        what = f"check: {towers.keys:,} of them, to the build before, a key"
        stopwatch.hold(what, towers.cpu / towers.keys, key_before, 0.1)


def pack(folder: Path, keys: int, each: int, *, every: int = 1) -> list[tuple[str, bytes]]:
    """Snapshots of so many keys each, packed, by the names that AWS Config gives to those of accounts."""
    found = []
    for number in range(keys // each):
        account = f"{111100000000 + number}"
        name = f"{account}_Config_us-east-1_ConfigSnapshot_20261124T120000Z_{number}.json.gz"
        place = f"AWSLogs/{account}/Config/us-east-1/2026/11/24/ConfigSnapshot/{name}"
        path = snapshot(folder / "packing.json", each * every, every=every)
        found.append((place, gzip.compress(path.read_bytes(), 1)))
        path.unlink()
    return found


class TestObjects:
    """Snapshots of many accounts in one bucket; what the emulator of Amazon S3 takes is not counted."""

    EACH = 100

    def test_growth(self, stopwatch: Stopwatch, folder: Path) -> None:
        """A hundred times the objects take no more memory, and no longer for a key."""
        few, many = stopwatch.sized(2_000, 1_000, 200), stopwatch.sized(200_000, 6_000, 400)
        local = folder / "local"
        with Sandbox() as aws:
            s3 = aws.client("s3")
            s3.create_bucket(Bucket="logs")
            stored = pack(folder, many, self.EACH)
            runs = []
            for begin, end, prefix in ((0, few, "few"), (0, many, "many")):
                for name, content in stored[begin // self.EACH : end // self.EACH]:
                    s3.put_object(Bucket="logs", Key=f"{prefix}/{name}", Body=content)
                runs.append(check(folder / prefix, f"s3://logs/{prefix}/", aws.environment))
        for name, content in stored:
            (local / name).parent.mkdir(parents=True, exist_ok=True)
            (local / name).write_bytes(content)
        small, large = runs
        files = check(folder / "files", str(local))
        shutil.rmtree(local)
        assert [run.keys for run in (small, large, files)] == [few, many, many]
        for run, what in ((small, "objects"), (large, "objects"), (files, "files")):
            rate = f"{run.keys / run.seconds:8,.0f} keys/s, {run.peak / MEBIBYTE:5.0f} MiB"
            told = f"check: {run.keys:,} keys in {run.keys // self.EACH:,} {what}"
            stopwatch.note(f"{told}, {run.cpu / run.seconds:.2f} cores", rate)
        per_key = large.cpu / large.keys
        stopwatch.hold("objects: CPU for a key, many to few", per_key, small.cpu / small.keys, 1.2)
        stopwatch.hold("objects: CPU for a key, to a folder's", per_key, files.cpu / files.keys, 1.3)
        stopwatch.hold(
            "objects: peak of the largest process, many to few", large.peak, small.peak, 1.5, told=mebibytes
        )


class TestScanning:
    """Reading a snapshot and handing its keys over, against ijson, which does the same in C."""

    def test_scan_and_hand_over(self, stopwatch: Stopwatch, folder: Path) -> None:
        """Batches of text with their lines take about as long as ijson's objects, which have none."""
        ijson = pytest.importorskip("ijson")
        size = stopwatch.sized(20_000, 8_000, 2_000)
        path = snapshot(folder / "scan.json", size)

        def ours() -> int:
            batches = list(units([str(path)], stdin=sys.stdin.buffer))
            return sum(len(pickle.dumps(batch)) for batch in batches)

        def theirs() -> int:
            with path.open("rb") as file:
                found = ijson.items(file, "configurationItems.item", buf_size=1 << 20, use_float=True)
                return sum(len(pickle.dumps(item)) for item in found)

        assert ours() > size * 500 < theirs()
        own, other = stopwatch.race(ours, theirs, rounds=5)
        stopwatch.hold("scan: read and hand over a snapshot, to ijson", own, other, 1.5)


class TestFolders:
    """Files of other kinds, of which a repository has thousands."""

    def test_passed_over(self, stopwatch: Stopwatch, tmp_path: Path) -> None:
        """Each is opened and searched; what that takes alone is the measure."""
        count = stopwatch.sized(10_000, 2_000, 40)
        texts = {
            ".py": '"""x"""\nimport kms\n' * 20,
            ".json": '{"a": "kms"}',
            ".md": "kms\n" * 50,
            ".txt": "x",
        }
        kinds = list(texts)
        for number in range(count):
            path = tmp_path / f"{number % 100}" / f"{number}{kinds[number % len(kinds)]}"
            path.parent.mkdir(exist_ok=True)
            path.write_text(texts[path.suffix])
        context = Context(LandingZone("us-east-1", "111122223333"))

        def ours() -> int:
            found = units([str(tmp_path)], stdin=sys.stdin.buffer)
            return sum(
                isinstance(each, PassedOver)
                for unit in found
                for each in ([unit] if isinstance(unit, PassedOver) else unit.keys(context))
            )

        def theirs() -> int:
            files = (Path(folder, name) for folder, _, names in os.walk(tmp_path) for name in names)
            return sum(re.search("kms", path.read_text(), re.IGNORECASE) is not False for path in files)

        assert ours() == theirs() == count
        own, other = stopwatch.race(ours, theirs, rounds=5)
        stopwatch.hold("folder: pass over other files, to reading and searching them", own, other, 6)
