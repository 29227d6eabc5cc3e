"""rdklib for the Lambda's zip: the files of the installed wheel, each verified against the wheel's RECORD.

Never from git: that tree carries `rdklib/util/internal.py`, which rdklib prefers when it is there and which
never calls PutEvaluations (aws-config-rdklib issue 68).
"""

from __future__ import annotations

import base64
import hashlib
import json
from importlib.metadata import Distribution, PackageNotFoundError
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lzkey.errors import BuildError

if TYPE_CHECKING:
    from importlib.metadata import PackagePath

RDKLIB_VERSION: Final = "0.3.10"
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
        _name_in_zip(path): _verified(path)
        for path in distribution.files or ()
        if path.hash is not None and (_is_module(path) or _is_licence(path))
    }
    if "rdklib/evaluator.py" not in files or "rdklib/LICENSE" not in files:
        raise BuildError(f"the installed rdklib's RECORD does not list its modules and licence; {_REINSTALL}")
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


def _is_module(path: PackagePath) -> bool:
    return path.parts[0] == "rdklib" and path.suffix == ".py"


def _is_licence(path: PackagePath) -> bool:
    return path.parts[0].endswith(".dist-info") and path.name in {"LICENSE", "NOTICE"}


def _name_in_zip(path: PackagePath) -> str:
    return f"rdklib/{path.name}" if _is_licence(path) else path.as_posix()


def _verified(path: PackagePath) -> bytes:
    """Return the content when it is what the wheel recorded (PEP 376: urlsafe base64 without padding)."""
    try:
        content = path.read_binary()
    except OSError as error:
        raise BuildError(f"rdklib's {path} cannot be read; {_REINSTALL}") from error
    recorded = path.hash
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    if recorded is None or recorded.mode != "sha256" or recorded.value != digest:
        raise BuildError(f"rdklib's {path} is not what its wheel recorded; {_REINSTALL}")
    return content
