"""rdklib for the Lambda's zip: the files of the installed wheel, each verified against the wheel's RECORD.

Never from git: that tree carries `rdklib/util/internal.py`, which rdklib prefers when it is there and which
never calls PutEvaluations (aws-config-rdklib issue 68).
"""

from __future__ import annotations

import base64
import csv
import hashlib
import json
from importlib.metadata import Distribution, PackageNotFoundError
from pathlib import Path, PurePosixPath
from typing import Final

from lzkey.errors import BuildError

RDKLIB_VERSION: Final = "0.3.10"
_NEEDED: Final = ("rdklib/evaluator.py", "rdklib/LICENSE", "rdklib/NOTICE")
_REINSTALL: Final = f"run: pip install --force-reinstall rdklib=={RDKLIB_VERSION}"


def rdklib_files(search_path: list[str] | None = None) -> dict[str, bytes]:
    """Path in the zip and content of every rdklib module, and of its licence and notice.

    `search_path` is where to look for the distribution, `sys.path` when not given. Raises BuildError when
    rdklib is not installed, is another version, does not come from a wheel, or was changed since.
    """
    distribution = _distribution(search_path)
    if distribution.version != RDKLIB_VERSION:
        raise BuildError(f"rdklib {distribution.version} is installed, not {RDKLIB_VERSION}; {_REINSTALL}")
    _refuse_source_tree(distribution)
    files = {
        _name_in_zip(path): _verified(distribution, path, recorded)
        for path, recorded in _recorded(distribution).items()
        if _is_module(path) or _is_licence(path)
    }
    missing = [name for name in _NEEDED if name not in files]
    if missing:
        raise BuildError(f"the installed rdklib's RECORD does not list {', '.join(missing)}; {_REINSTALL}")
    return files


def _distribution(search_path: list[str] | None) -> Distribution:
    if search_path is not None:
        found = next(iter(Distribution.discover(name="rdklib", path=search_path)), None)
        if found is None:
            raise BuildError(f"rdklib is not installed; {_REINSTALL}")
        return found
    try:
        return Distribution.from_name("rdklib")
    except PackageNotFoundError as error:
        raise BuildError(f"rdklib is not installed; {_REINSTALL}") from error


def _refuse_source_tree(distribution: Distribution) -> None:
    origin = json.loads(distribution.read_text("direct_url.json") or "{}")
    if "vcs_info" in origin or "dir_info" in origin:
        raise BuildError(f"rdklib is installed from {origin.get('url')}, not from its wheel; {_REINSTALL}")
    internal = Path(str(distribution.locate_file("rdklib/util/internal.py")))
    if internal.exists():
        raise BuildError(f"{internal} would keep every result from reaching AWS Config; {_REINSTALL}")


def _recorded(distribution: Distribution) -> dict[PurePosixPath, str]:
    """Every path in the wheel's RECORD and its hash, whether the file is there or not.

    `Distribution.files` leaves out what is missing, from Python 3.12 on.
    https://packaging.python.org/en/latest/specifications/recording-installed-packages/#the-record-file
    """
    lines = (distribution.read_text("RECORD") or "").splitlines()
    rows = csv.DictReader(lines, fieldnames=("path", "hash", "size"))
    return {PurePosixPath(row["path"]): row["hash"] or "" for row in rows}


def _is_module(path: PurePosixPath) -> bool:
    return path.parts[0] == "rdklib" and path.suffix == ".py"


def _is_licence(path: PurePosixPath) -> bool:
    return path.parts[0].endswith(".dist-info") and path.name in {"LICENSE", "NOTICE"}


def _name_in_zip(path: PurePosixPath) -> str:
    return f"rdklib/{path.name}" if _is_licence(path) else path.as_posix()


def _verified(distribution: Distribution, path: PurePosixPath, recorded: str) -> bytes:
    """The content, when it is what the wheel recorded: urlsafe base64 without padding."""
    try:
        content = Path(str(distribution.locate_file(path))).read_bytes()
    except OSError as error:
        raise BuildError(f"rdklib's {path} cannot be read; {_REINSTALL}") from error
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    if recorded != f"sha256={digest}":
        raise BuildError(f"rdklib's {path} is not what its wheel recorded; {_REINSTALL}")
    return content
