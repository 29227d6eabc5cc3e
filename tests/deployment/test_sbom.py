"""The zip's bill of materials: CycloneDX by its own schema, complete, and the same for the same zip."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import sys
import time
from importlib.metadata import metadata
from typing import TYPE_CHECKING, Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from lzkey.deployment.build import RDKLIB_VERSION, build
from lzkey.deployment.package import RUNTIME_PACKAGES, content_digest, read_zip
from lzkey.deployment.sbom import SPECIFICATION, bill_of_materials
from lzkey.workplace import Workplace

from ..arrows import Running, top  # noqa: TID252 - tests are no package
from .conftest import ROOT, RULE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lzkey.deployment.package import Archive

    from .conftest import Project


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """The real rule's zip."""
    return build("example", at=Workplace.in_checkout(ROOT), out=tmp_path_factory.mktemp("build")).archive


@pytest.fixture(scope="module")
def bill(archive: Archive) -> dict[str, Any]:
    """What is written about it."""
    made: dict[str, Any] = json.loads(bill_of_materials(archive.path))
    return made


def components(part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every component, those within others too."""
    for component in part.get("components", ()):
        yield component
        yield from components(component)


def named(bill: dict[str, Any], name: str) -> dict[str, Any]:
    """The one component of a name."""
    (found,) = [component for component in components(bill) if component["name"] == name]
    return found


def digests(part: dict[str, Any]) -> dict[str, str]:
    """Name and SHA-256 of every file below a component."""
    return {
        component["name"]: component["hashes"][0]["content"]
        for component in components(part)
        if component["type"] == "file"
    }


def imported_packages(source: str) -> Iterator[str]:
    """Every package that a module imports when it runs; what is relative is its own."""
    for node in ast.walk(Running().visit(ast.parse(source))):
        if isinstance(node, ast.Import):
            yield from (top(alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield top(node.module)


class TestFormat:
    """A reader of CycloneDX can read it."""

    def test_is_what_cyclonedx_s_own_schema_says(self, archive: Archive) -> None:
        """Strictly: no member that it does not know, and licences by their SPDX ids."""
        assert JsonStrictValidator(SPECIFICATION).validate_str(bill_of_materials(archive.path)) is None

    def test_the_validator_finds_what_is_wrong(self, bill: dict[str, Any]) -> None:
        """The twin."""
        wrong = json.dumps({**bill, "unheard_of": True})
        assert JsonStrictValidator(SPECIFICATION).validate_str(wrong) is not None

    def test_is_the_newest_version_of_the_specification(self, bill: dict[str, Any]) -> None:
        """That the library can write."""
        assert max(SchemaVersion) is SPECIFICATION
        assert bill["specVersion"] == SPECIFICATION.to_version()

    def test_references_are_to_what_is_there(self, bill: dict[str, Any]) -> None:
        """Each component has a reference of its own, and dependencies name no other."""
        (tool,) = bill["metadata"]["tools"]["components"]
        known = [bill["metadata"]["component"], tool, *components(bill)]
        references = [component["bom-ref"] for component in known]
        assert len(set(references)) == len(references)
        for dependency in bill["dependencies"]:
            assert {dependency["ref"], *dependency.get("dependsOn", ())} <= set(references)


class TestContents:
    """What is in the zip, no more and no less."""

    def test_every_file_with_its_digest(self, archive: Archive, bill: dict[str, Any]) -> None:
        """As `sha256sum` prints it."""
        files = read_zip(archive.path)
        assert digests(bill) == {name: hashlib.sha256(files[name]).hexdigest() for name in files}

    def test_the_rule_is_the_zip(self, archive: Archive, bill: dict[str, Any]) -> None:
        """Both digests, lzkey's version and licence."""
        rule = bill["metadata"]["component"]
        assert (rule["type"], rule["name"]) == ("application", RULE)
        assert rule["version"] == metadata("lzkey")["Version"]
        assert rule["licenses"] == [{"license": {"id": "MIT"}}]
        assert rule["hashes"] == [{"alg": "SHA-256", "content": archive.sha256}]
        assert rule["properties"] == [{"name": "lzkey:content_sha256", "value": archive.content_sha256}]

    def test_rdklib_is_the_wheel_s(self, archive: Archive, bill: dict[str, Any]) -> None:
        """By its version, its package URL, the licence that its metadata have, and each of its files."""
        rdklib = named(bill, "rdklib")
        assert (rdklib["version"], rdklib["purl"]) == (RDKLIB_VERSION, f"pkg:pypi/rdklib@{RDKLIB_VERSION}")
        assert rdklib["licenses"] == [{"license": {"id": metadata("rdklib")["License"]}}]
        files = {name: it for name, it in read_zip(archive.path).items() if name.startswith("rdklib/")}
        assert set(digests(rdklib)) == set(files)
        assert rdklib["properties"] == [{"name": "lzkey:content_sha256", "value": content_digest(files)}]

    def test_the_engine_has_its_files(self, bill: dict[str, Any]) -> None:
        """Those of its folder, and the rule's own are beside it."""
        engine = named(bill, "landing_zone_key")
        assert engine["version"] == metadata("lzkey")["Version"]
        assert {name.partition("/")[0] for name in digests(engine)} == {"landing_zone_key"}
        beside = {component["name"] for component in bill["components"] if component["type"] == "file"}
        assert {f"{RULE}.py", "parameters.json"} <= beside
        assert not any("/" in name for name in beside)


class TestProvided:
    """What is needed, and is Lambda's."""

    def test_is_external(self, bill: dict[str, Any]) -> None:
        """Named, and said not to be in the zip; nobody knows the version of the day."""
        provided = {each["name"]: each for each in components(bill) if each.get("isExternal")}
        assert set(provided) == {"AWS Lambda python3.13", "boto3", "botocore"}
        for name in ("boto3", "botocore"):
            assert provided[name]["description"] == "Not in the zip: AWS Lambda's python3.13 brings it."
        assert not any({"version", "hashes", "components"} & set(each) for each in provided.values())

    def test_is_all_that_the_zip_imports_and_has_not(self, archive: Archive, bill: dict[str, Any]) -> None:
        """Read from the source of every module in the zip."""
        folder = archive.path.parent / RULE
        modules = [folder / name for name in digests(bill) if name.endswith(".py")]
        imported = {name for module in modules for name in imported_packages(module.read_text())}
        own = {path.stem for path in folder.iterdir()}
        external = {each["name"] for each in components(bill) if each.get("isExternal")}
        assert imported - own - sys.stdlib_module_names == external & set(RUNTIME_PACKAGES)


class TestReproducible:
    """It follows from the zip alone."""

    def test_at_another_time_in_another_zone(
        self, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Byte for byte, wherever it is made."""
        first = build("example", at=Workplace.in_checkout(project.root)).archive
        before = bill_of_materials(first.path)
        other = tmp_path / "elsewhere.zip"
        other.write_bytes(first.path.read_bytes())
        os.utime(other, (1_700_000_000, 1_700_000_000))
        monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")  # of no zip that is there already
        with monkeypatch.context() as environ:
            environ.setenv("TZ", "America/Anchorage")
            time.tzset()
            after = bill_of_materials(other)
        time.tzset()
        assert after == before

    def test_has_the_time_of_the_zip(self, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
        """SOURCE_DATE_EPOCH, where it is set when the zip is made."""
        monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
        archive = build("example", at=Workplace.in_checkout(project.root)).archive
        monkeypatch.delenv("SOURCE_DATE_EPOCH")
        made = json.loads(bill_of_materials(archive.path))
        assert made["metadata"]["timestamp"] == "2023-11-14T22:13:20+00:00"

    def test_another_zip_has_another_serial_number(self, project: Project) -> None:
        """A serial number is one document's."""
        serials = set()
        for text in ("a = 1\n", "a = 2\n"):
            project.source("helper.py", text)
            archive = build("example", at=Workplace.in_checkout(project.root)).archive
            serials.add(json.loads(bill_of_materials(archive.path))["serialNumber"])
        assert len(serials) == 2
