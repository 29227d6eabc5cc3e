"""Where the CDK deploys a template: the `manifest.json` beside it names the environment of every stack.

A stage's stacks are in an assembly of their own, a folder with its own manifest. Nested stacks have no entry:
their templates are assets of the stack that they are nested in.
https://docs.aws.amazon.com/cdk/v2/guide/configure-synth.html
https://github.com/aws/aws-cdk-cli/tree/main/packages/@aws-cdk/cloud-assembly-schema
"""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from dataclasses import field
from pathlib import Path
from posixpath import normpath
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key.records import dataclass
from lzkey.errors import SourceError
from lzkey.sources.json_text import read
from lzkey.sources.source import listed, members
from lzkey.sources.subject import UNTOLD, Environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lzkey import Json

_STACK: Final = "aws:cloudformation:stack"
_ASSETS: Final = "cdk:asset-manifest"
_ASSET: Final = "aws:cdk:asset"
_ENVIRONMENT: Final = re.compile(r"aws://([0-9]{12}|unknown-account)/([a-z0-9-]+)")
_RIGHT: Final = "aws://ACCOUNT/REGION, with unknown-account and unknown-region for what is not known"
_LARGEST: Final = 64 << 20
#: How far up a manifest is looked for that names a template in a folder below it.
_FOLDERS: Final = 3


@dataclass(frozen=True, slots=True)
class _Assembly:
    """One manifest."""

    name: str
    stacks: Mapping[str, Environment] = field(default_factory=dict)
    """Where each stack is deployed, by the id of its artifact; empty where it is no cloud assembly."""
    files: Mapping[str, set[str]] = field(default_factory=dict)
    """The ids of the stacks that a file belongs to: as their template, or as an asset of theirs."""

    def environment(self, file: str) -> Environment:
        """Where a template beside the manifest is deployed; one of no stack's is where all are."""
        own = self.files.get(file)
        told = {self.stacks[name] for name in own or self.stacks}
        if len(told) > 1:
            belongs = f"belongs to {len(told)} of them" if own else "belongs to none of its stacks"
            return _untold(self.name, f"it has several environments, and {file} {belongs}")
        return told.pop() if told else UNTOLD


@dataclass(slots=True)
class Assemblies:
    """The manifests beside templates, and above those that a manifest names in a folder; each read once."""

    _read: dict[Path, _Assembly] = field(default_factory=dict)
    _above: dict[str, tuple[tuple[Path, _Assembly], ...]] = field(default_factory=dict)
    """Those that may tell of what is in a folder, the nearest first."""

    def environment(self, template: str) -> Environment:
        """Where the template of that path is deployed, or the fault of a manifest that cannot tell."""
        own = template.rpartition(os.sep)[0]
        if own not in self._above:
            found = ((folder, self._beside(folder)) for folder in Path(template).parents[:_FOLDERS])
            self._above[own] = tuple((folder, each) for folder, each in found if each.files or each.stacks)
        for folder, assembly in self._above[own]:
            path = Path(template)
            file = path.relative_to(folder).as_posix()
            if file in assembly.files or (folder == path.parent and assembly.stacks):
                return assembly.environment(file)
        return UNTOLD

    def _beside(self, folder: Path) -> _Assembly:
        manifest = folder / "manifest.json"
        if manifest not in self._read:
            self._read[manifest] = _assembly(manifest)
        return self._read[manifest]


def _assembly(manifest: Path) -> _Assembly:
    name = str(manifest)
    try:
        found = members(_json(manifest), "artifacts")
    except SourceError as error:
        return _Assembly(name, {"": _untold(name, str(error))})
    artifacts = found if isinstance(found, dict) else {}
    stacks = {each: stack for each, stack in artifacts.items() if members(stack, "type") == _STACK}
    files: dict[str, set[str]] = {}
    for each, stack in stacks.items():
        template = members(stack, "properties", "templateFile")
        for file in filter(_is_text, (template, *_assets(stack, artifacts, manifest.parent))):
            files.setdefault(normpath(file), set()).add(each)
    places = {each: _environment(name, each, members(stack, "environment")) for each, stack in stacks.items()}
    return _Assembly(name, places, files)


def _environment(manifest: str, stack: str, given: object) -> Environment:
    found = _ENVIRONMENT.fullmatch(given) if isinstance(given, str) else None
    if found is None:
        shown = json.dumps(given)[:80]
        return _untold(manifest, f"the environment of {stack[:80]} is {shown}; right would be {_RIGHT}")
    account, region = (None if part.startswith("unknown-") else part for part in found.groups())
    return Environment(account, region, manifest)


def _untold(manifest: str, why: str) -> Environment:
    return Environment(told_by=manifest, fault=f"{manifest} does not tell where it is deployed: {why}")


def _assets(stack: object, artifacts: Mapping[str, Any], folder: Path) -> Iterator[Any]:
    """The files that are published with a stack, templates of nested stacks among them."""
    properties = members(stack, "properties")
    needed = [*listed(members(stack, "dependencies")), *listed(members(properties, "additionalDependencies"))]
    for name in set(filter(_is_text, needed)):
        artifact = artifacts.get(name)
        if members(artifact, "type") == _ASSETS:
            files = members(_beside(folder, members(artifact, "properties", "file")), "files")
            yield from (members(each, "source", "path") for each in _values(files))
    # Older synthesizers tell of assets in a stack's metadata, which newer libraries put into a file.
    for metadata in (members(stack, "metadata"), _beside(folder, members(stack, "additionalMetadataFile"))):
        for entry in (entry for entries in _values(metadata) for entry in listed(entries)):
            if members(entry, "type") == _ASSET:
                yield members(entry, "data", "path")


def _beside(folder: Path, name: object) -> Json:
    """What a manifest refers to; None where that cannot be read: a template belongs to no stack then."""
    with suppress(SourceError):
        return _json(folder / name) if isinstance(name, str) else None
    return None


def _values(value: object) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else []


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _json(path: Path) -> Json:
    """The value of a JSON file; None where there is no such file."""
    try:
        if not path.is_file():
            return None
        if path.stat().st_size > _LARGEST:
            raise SourceError(f"it has more than {_LARGEST >> 20} MB")
        return read(path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise SourceError(f"it is not UTF-8: byte {error.start} is the first that is wrong") from None
    except OSError as error:
        raise SourceError(f"it cannot be read: {error.strerror}") from None
