"""Directories and zips whose bytes depend on nothing but their files: not on clock, order, umask or zone."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lzkey.errors import BuildError
from lzkey.files import replacing

if TYPE_CHECKING:
    from collections.abc import Mapping

#: 1980-01-02, UTC. A zip's clock begins on 1980-01-01 in *local* time: a day later is right in every zone.
EARLIEST: Final = 315_619_200

#: The last second that a zip's clock can show (2107-12-31, a day early for the same reason).
LATEST: Final = 4_354_732_800

#: What Lambda's Python has beside the standard library and we may import: boto3 and what it needs.
#: https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html
RUNTIME_PACKAGES: Final = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3")

_IMPORT_CHECK: Final = """
import importlib, json, sys
task, runtime, rule = sys.argv[1:]
known = (task, runtime, *sys.path)
sys.path[:0] = [task, runtime]
handler = importlib.import_module(rule)
evaluations = importlib.import_module("rdklib.util.evaluations")
engine = importlib.import_module("landing_zone_key")
files = {name: module.__file__ for name, module in sys.modules.items() if getattr(module, "__file__", None)}
print(json.dumps({
    "handler": callable(getattr(handler, "lambda_handler", None)),
    "process_evaluations": evaluations.process_evaluations.__module__,
    "from_zip": sorted(name for name, file in files.items() if file.startswith(task)),
    "foreign": sorted(name for name, file in files.items() if not file.startswith(known)),
}))
"""


@dataclass(frozen=True, slots=True)
class Archive:
    """A zip that was written: its place, bytes and digests.

    `content_sha256` is the digest of names and contents alone: equal for two zips that unpack to the same
    files, whatever wrote them. The deflate stream, and so `sha256`, may differ between zlib and zlib-ng.
    """

    path: Path
    size: int
    sha256: str
    code_sha256: str
    content_sha256: str


def timestamp(environ: Mapping[str, str]) -> int:
    """The modification time of every file: SOURCE_DATE_EPOCH if set, within what a zip can hold.

    https://reproducible-builds.org/specs/source-date-epoch/
    """
    given = environ.get("SOURCE_DATE_EPOCH", "")
    if not given:
        return EARLIEST
    if not given.isascii() or not given.isdigit():
        raise BuildError(f"SOURCE_DATE_EPOCH is {given!r}; it must be whole seconds since 1970-01-01 UTC")
    return min(max(int(given), EARLIEST), LATEST)


def write_tree(files: Mapping[str, bytes], folder: Path, seconds: int) -> None:
    """Write the files below an existing, empty folder in order of name, with fixed modes and times."""
    for name in sorted(files):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files[name])
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
        os.utime(path, (seconds, seconds))


def write_zip(files: Mapping[str, bytes], path: Path, seconds: int) -> Archive:
    """Write the files into a zip at `path`, replacing it in one step."""
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w", compresslevel=9) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, time.gmtime(seconds)[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, whatever the machine
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, files[name])
    return measure(path)


def measure(path: Path) -> Archive:
    """Size and digests of a zip, whoever wrote it."""
    content = path.read_bytes()
    digest = hashlib.sha256(content)
    return Archive(
        path=path,
        size=len(content),
        sha256=digest.hexdigest(),
        code_sha256=base64.b64encode(digest.digest()).decode(),
        content_sha256=content_digest(read_zip(path)),
    )


def read_zip(path: Path) -> dict[str, bytes]:
    """Name and content of every file in a zip; directories are left out."""
    with zipfile.ZipFile(path) as archive:
        return {entry.filename: archive.read(entry) for entry in archive.infolist() if not entry.is_dir()}


def content_digest(files: Mapping[str, bytes]) -> str:
    """SHA-256 over the sorted names and their contents' SHA-256, as `sha256sum` would print them."""
    lines = (f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def import_from_zip(path: Path, rule: str) -> tuple[str, ...]:
    """Import the rule from the unpacked zip as Lambda would, and return the modules that came out of it.

    A fresh interpreter without site-packages sees the zip, the standard library, and the packages of the
    Lambda runtime. Raises BuildError when the import fails, when something is imported from elsewhere, or
    when rdklib would not call PutEvaluations.
    """
    with tempfile.TemporaryDirectory() as name:
        task, runtime = Path(name, "task").resolve(), Path(name, "runtime").resolve()
        with zipfile.ZipFile(path) as archive:
            archive.extractall(task)
        _link_runtime(runtime)
        result = subprocess.run(  # noqa: S603 - our own interpreter and our own code
            [
                sys.executable,
                "-I",
                "-S",
                "-B",
                "-c",
                _IMPORT_CHECK,
                f"{task}{os.sep}",
                f"{runtime}{os.sep}",
                rule,
            ],
            cwd=task,
            capture_output=True,
            text=True,
            check=False,
        )
    if result.returncode:
        raise BuildError(
            f"{path} cannot be imported as Lambda would: {result.stderr.strip().splitlines()[-1]}"
        )
    seen = json.loads(result.stdout.splitlines()[-1])
    if not seen["handler"]:
        raise BuildError(f"{path} has no {rule}.lambda_handler")
    if seen["process_evaluations"] != "rdklib.util.external":
        raise BuildError(f"{path} holds an rdklib that never calls PutEvaluations")
    if seen["foreign"]:
        raise BuildError(f"{path} imports what Lambda does not have: {', '.join(seen['foreign'])}")
    return tuple(seen["from_zip"])


def _link_runtime(folder: Path) -> None:
    folder.mkdir()
    for name in RUNTIME_PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise BuildError(f"{name} is not installed; run `make setup`, or install lzkey again")
        origin = Path(spec.origin)
        origin = origin.parent if origin.name == "__init__.py" else origin
        (folder / origin.name).symlink_to(origin)
