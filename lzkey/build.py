"""The package that rdk deploys, generated from the rule, the engine, rdklib's wheel and a parameters file."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lzkey.archive import Archive, import_from_zip, timestamp, write_tree, write_zip
from lzkey.errors import BuildError
from lzkey.parameters import RESOURCE_TYPE, RULE_NAME, Parameters, load
from lzkey.vendored import rdklib_files

if TYPE_CHECKING:
    from collections.abc import Callable

#: Without rdk's suffix `-lib`: no Lambda layer, which rdk has in 16 Regions of one partition only.
RUNTIME: Final = "python3.13"

#: The zip must stay small enough to be read by who reviews it.
MAX_ZIP_BYTES: Final = 150_000

_ENGINE: Final = "landing_zone_key"
_KINDS: Final = frozenset({".py", ".json", ".typed"})


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What was built: the directory for rdk, our own zip of the same files, and what went in."""

    folder: Path
    archive: Archive
    files: tuple[str, ...]
    parameters: Parameters


def build(name: str, *, root: Path, out: Path | None = None) -> BuildResult:
    """Generate `build/CONTROL_TOWER_KMS_KEY/`, for rdk, and a zip of it from `parameters/NAME.json`.

    The zip is `build/CONTROL_TOWER_KMS_KEY-NAME.zip`. `root` is the project's directory, `out` takes the
    place of `root/build`. Everything is checked before anything is replaced; the same sources give the same
    bytes. Raises ParametersError or BuildError.
    """
    parameters = load(name, root=root)
    files = package_files(parameters, root=root)
    out = out or root / "build"
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
        archive = write_zip(files, out / f"{RULE_NAME}-{name}.zip", seconds)
    except OSError as error:
        raise BuildError(f"{error.filename or out} cannot be written: {error.strerror}") from error
    return BuildResult(out / RULE_NAME, archive, tuple(sorted(files)), parameters)


def build_to_deploy(name: str, *, root: Path, progress: Callable[[str], None]) -> BuildResult:
    """Build, and import the package as Lambda would: nothing is deployed that cannot start."""
    built = build(name, root=root)
    import_from_zip(built.archive.path, RULE_NAME)
    progress(f"built {built.folder}: {len(built.files)} files, {built.archive.size} bytes zipped")
    return built


def package_files(parameters: Parameters, *, root: Path) -> dict[str, bytes]:
    """Return path and content of every file that goes to Lambda, before any of them is written."""
    rule = root / "rules" / RULE_NAME
    files = {**rdklib_files(), **_adapter_files(rule), **_engine_files(rule)}
    files["parameters.json"] = _as_json(rdk_parameters(parameters))
    return files


def rdk_parameters(parameters: Parameters) -> dict[str, object]:
    """Return the content of rdk's own `parameters.json`; rdk takes strings where JSON has objects."""
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


def _adapter_files(rule: Path) -> dict[str, bytes]:
    if not (rule / f"{RULE_NAME}.py").is_file():
        raise BuildError(f"{rule / RULE_NAME}.py is missing; run this in a checkout of the project")
    modules = [path for path in rule.glob("*.py") if not path.name.endswith("_test.py")]
    return {path.name: _content(path) for path in modules}


def _engine_files(rule: Path) -> dict[str, bytes]:
    if not (rule / _ENGINE / "__init__.py").is_file():
        raise BuildError(f"{rule / _ENGINE} is missing; run this in a checkout of the project")
    for path in (rule / _ENGINE, *(rule / _ENGINE).rglob("*")):
        if path.is_symlink():
            raise BuildError(
                f"{path} is a symbolic link: rdk follows some and loses others; copy what it points at"
            )
    paths = [
        path for path in (rule / _ENGINE).rglob("*") if path.is_file() and _belongs(path.relative_to(rule))
    ]
    return {path.relative_to(rule).as_posix(): _content(path) for path in paths}


def _belongs(path: Path) -> bool:
    """Whether an engine's file is needed to run: no tests, no caches, nothing hidden."""
    aside = any(part in {"tests", "__pycache__"} or part.startswith(".") for part in path.parts)
    test = path.name.startswith("test_") or path.stem.endswith("_test")
    return path.suffix in _KINDS and not aside and not test


def _content(path: Path) -> bytes:
    """Return the file with line feeds, however git checked it out."""
    if path.is_symlink():
        raise BuildError(f"{path} is a symbolic link; copy what it points at")
    return path.read_bytes().replace(b"\r\n", b"\n")


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
