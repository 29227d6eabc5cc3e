"""The package that rdk deploys, generated from the rule, the engine, rdklib's wheel and a parameters file.

rdklib is that of the installed wheel, each file verified against the wheel's RECORD. Never from git: that
tree carries `rdklib/util/internal.py`, which rdklib prefers when it is there and which never calls
PutEvaluations (aws-config-rdklib issue 68).
"""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from landing_zone_key.key import RESOURCE_TYPE
from lzkey import RULE_NAME
from lzkey.deployment.package import Archive, import_from_zip, timestamp, write_tree, write_zip
from lzkey.errors import BuildError
from lzkey.parameters import Parameters, load

if TYPE_CHECKING:
    from collections.abc import Callable

    from lzkey.workplace import Shipped, Workplace

#: Without rdk's suffix `-lib`: no Lambda layer, which rdk has in 16 Regions of one partition only.
RUNTIME: Final = "python3.13"
HANDLER: Final = f"{RULE_NAME}.lambda_handler"

#: The zip must stay small enough to be read by who reviews it.
MAX_ZIP_BYTES: Final = 150_000

RDKLIB_VERSION: Final = "0.3.10"

_KINDS: Final = frozenset({".py", ".json", ".typed"})
_NEEDED: Final = ("rdklib/evaluator.py", "rdklib/LICENSE", "rdklib/NOTICE")
_INSTALL: Final = "install the project again, or take a whole checkout of it"
_REINSTALL: Final = f"run: pip install --force-reinstall rdklib=={RDKLIB_VERSION}"


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What was built: the directory for rdk, our own zip of the same files, and what went in."""

    folder: Path
    archive: Archive
    files: tuple[str, ...]
    parameters: Parameters


def build(name: str, *, at: Workplace, out: Path | None = None, any_region: bool = False) -> BuildResult:
    """Generate `build/CONTROL_TOWER_KMS_KEY/`, for rdk, and a zip of it, from the parameters NAME or FILE.

    The zip is `build/CONTROL_TOWER_KMS_KEY-NAME.zip`. `out` takes the place of the workplace's `build`.
    Everything is checked before anything is replaced; the same sources give the same bytes. Raises
    ParametersError or BuildError.
    """
    parameters = load(name, at=at, any_region=any_region)
    files = package_files(parameters, at.shipped)
    out = out or at.build
    seconds = timestamp(os.environ)
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out, prefix=f".{RULE_NAME}-") as scratch:
            archive = write_zip(files, Path(scratch, "package.zip"), seconds)
            _refuse_large(archive)
            fresh = Path(scratch, "fresh")
            fresh.mkdir()
            write_tree(files, fresh, seconds)
            _put_in_place(fresh, out / RULE_NAME, Path(scratch, "former"))
        archive = write_zip(files, out / f"{RULE_NAME}-{parameters.name}.zip", seconds)
    except OSError as error:
        raise BuildError(f"{error.filename or out} cannot be written: {error.strerror}") from error
    return BuildResult(out / RULE_NAME, archive, tuple(sorted(files)), parameters)


def build_to_deploy(
    name: str, *, at: Workplace, progress: Callable[[str], None], any_region: bool = False
) -> BuildResult:
    """Build, and import the package as Lambda would: nothing is deployed that cannot start."""
    built = build(name, at=at, any_region=any_region)
    import_from_zip(built.archive.path, RULE_NAME)
    progress(f"built {built.folder}: {len(built.files)} files, {built.archive.size} bytes zipped")
    return built


def package_files(parameters: Parameters, shipped: Shipped) -> dict[str, bytes]:
    """Path and content of every file that goes to Lambda, before any of them is written."""
    files = {**rdklib_files(), **_adapter_files(shipped.rule), **_engine_files(shipped.engine)}
    files["parameters.json"] = _as_json(rdk_parameters(parameters))
    return files


def rdk_parameters(parameters: Parameters) -> dict[str, object]:
    """The content of rdk's own `parameters.json`; rdk takes strings where JSON has objects."""
    wanted = parameters.deployment
    fields: dict[str, str] = {
        "CodeKey": f"{RULE_NAME}.zip",
        "Description": wanted.description,
        "EvaluationMode": "DETECTIVE",
        "InputParameters": json.dumps(dict(parameters.rule), sort_keys=True),
        "OptionalParameters": "{}",
        "RuleName": RULE_NAME,
        "SourceRuntime": RUNTIME,
    }
    if wanted.on_change:
        fields["SourceEvents"] = RESOURCE_TYPE
    if wanted.periodic:
        fields["SourcePeriodic"] = wanted.frequency
    tags = [{"Key": key, "Value": value} for key, value in wanted.tags]
    return {"Version": "1.0", "Parameters": fields, "Tags": json.dumps(tags)}


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


def _adapter_files(rule: Path) -> dict[str, bytes]:
    if not (rule / f"{RULE_NAME}.py").is_file():
        raise BuildError(f"{rule / RULE_NAME}.py is missing; {_INSTALL}")
    modules = [path for path in rule.glob("*.py") if not path.name.endswith("_test.py")]
    return {path.name: _content(path) for path in modules}


def _engine_files(engine: Path) -> dict[str, bytes]:
    if not (engine / "__init__.py").is_file():
        raise BuildError(f"{engine} is missing; {_INSTALL}")
    for path in (engine, *engine.rglob("*")):
        if path.is_symlink():
            raise BuildError(
                f"{path} is a symbolic link: rdk follows some and loses others; copy what it points at"
            )
    found = {path.relative_to(engine.parent): path for path in engine.rglob("*") if path.is_file()}
    return {name.as_posix(): _content(path) for name, path in found.items() if _belongs(name)}


def _belongs(path: Path) -> bool:
    """Whether an engine's file is needed to run: no tests, no caches, nothing hidden."""
    aside = any(part in {"tests", "__pycache__"} or part.startswith(".") for part in path.parts)
    test = path.name.startswith("test_") or path.stem.endswith("_test")
    return path.suffix in _KINDS and not aside and not test


def _content(path: Path) -> bytes:
    """The file with line feeds, however git checked it out."""
    if path.is_symlink():
        raise BuildError(f"{path} is a symbolic link; copy what it points at")
    return path.read_bytes().replace(b"\r\n", b"\n")


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


def _as_json(value: object) -> bytes:
    return (json.dumps(value, indent=2, sort_keys=True) + "\n").encode()


def _refuse_large(archive: Archive) -> None:
    if archive.size >= MAX_ZIP_BYTES:
        raise BuildError(f"the zip has {archive.size} bytes; it must stay below {MAX_ZIP_BYTES}")


def _put_in_place(fresh: Path, target: Path, former: Path) -> None:
    """Swap the directories by renaming: at no time is there half a build."""
    if target.exists():
        target.rename(former)
    fresh.rename(target)
    if former.exists():
        shutil.rmtree(former)
