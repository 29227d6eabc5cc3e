"""The bill of materials of the Lambda's zip: every file with its digest, whose it is, and what is not in it.

CycloneDX, which the extra `lzkey[sbom]` writes. It follows from the zip's bytes alone: no clock, no random
number. https://cyclonedx.org/specification/overview/
"""

from __future__ import annotations

import hashlib
import zipfile
from collections import defaultdict
from datetime import UTC, datetime
from importlib.metadata import metadata
from typing import TYPE_CHECKING, Final
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense
from cyclonedx.model.lifecycle import LifecyclePhase, PredefinedLifecycle
from cyclonedx.model.tool import ToolRepository
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

from lzkey import RULE_NAME
from lzkey.deployment.build import RDKLIB_VERSION, RUNTIME
from lzkey.deployment.package import content_digest, measure, read_zip

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

#: The libraries of Lambda's own that the zip imports, in whatever version Lambda has that day.
PROVIDED: Final = ("boto3", "botocore")

#: The newest that the library writes.
SPECIFICATION: Final = SchemaVersion.V1_7


def bill_of_materials(path: Path) -> str:
    """The CycloneDX JSON of a zip that `build` has written: `RULE_NAME` and what it is assembled of.

    Files are components within the folder's library, or beside the libraries where they are the rule's own.
    What the runtime brings is external: it is needed, and not in the zip. The time is that of the zip's
    files, the serial number is made of the zip's SHA-256.
    """
    archive, files = measure(path), read_zip(path)
    ours = metadata("lzkey")
    version, licence = ours["Version"], ours["License-Expression"]
    rule = _component(ComponentType.APPLICATION, RULE_NAME, version, licence, files)
    rule.hashes.add(HashType(alg=HashAlgorithm.SHA_256, content=archive.sha256))
    engine = _component(ComponentType.LIBRARY, "landing_zone_key", version, licence)
    rdklib = _component(ComponentType.LIBRARY, "rdklib", RDKLIB_VERSION, "Apache-2.0")
    rdklib.purl = PackageURL("pypi", None, "rdklib", RDKLIB_VERSION)
    runtime = _external(
        ComponentType.PLATFORM, f"AWS Lambda {RUNTIME}", "The runtime that the function is deployed for."
    )
    provided = [
        _external(ComponentType.LIBRARY, name, f"Not in the zip: AWS Lambda's {RUNTIME} brings it.")
        for name in PROVIDED
    ]
    for library in provided:
        library.purl = PackageURL("pypi", None, library.name)
    bom = Bom(
        serial_number=uuid5(NAMESPACE_URL, f"urn:sha256:{archive.sha256}"),
        metadata=BomMetaData(
            timestamp=_written(path),
            lifecycles=[PredefinedLifecycle(LifecyclePhase.BUILD)],
            tools=ToolRepository(
                components=[_component(ComponentType.APPLICATION, "lzkey", version, licence)]
            ),
            component=rule,
        ),
        components=[*_assembled(files, engine, rdklib), runtime, *provided],
    )
    bom.register_dependency(rule, [engine, rdklib, runtime, *provided])
    bom.register_dependency(rdklib, provided)
    return make_outputter(bom, OutputFormat.JSON, SPECIFICATION).output_as_string(indent=2) + "\n"


def _assembled(files: Mapping[str, bytes], *libraries: Component) -> list[Component]:
    """The libraries, each with the files of its folder, and the files that are in none of these folders."""
    folders: dict[str, dict[str, bytes]] = defaultdict(dict)
    for name, content in files.items():
        folders[name.partition("/")[0]][name] = content
    assembled = []
    for library in libraries:
        within = folders.pop(library.name)
        library.components.update(_files(within))
        library.properties.add(_content_digest(within))
        assembled.append(library)
    return [*assembled, *(file for within in folders.values() for file in _files(within))]


def _files(files: Mapping[str, bytes]) -> list[Component]:
    return [
        Component(
            type=ComponentType.FILE,
            name=name,
            bom_ref=name,
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=hashlib.sha256(content).hexdigest())],
        )
        for name, content in files.items()
    ]


def _component(
    kind: ComponentType, name: str, version: str, licence: str, files: Mapping[str, bytes] | None = None
) -> Component:
    return Component(
        type=kind,
        name=name,
        version=version,
        bom_ref=f"{name}@{version}",
        licenses=[DisjunctiveLicense(id=licence)],
        properties=[] if files is None else [_content_digest(files)],
    )


def _external(kind: ComponentType, name: str, description: str) -> Component:
    """What is needed and comes from elsewhere; which version is not known here."""
    return Component(type=kind, name=name, bom_ref=name, description=description, is_external=True)


def _content_digest(files: Mapping[str, bytes]) -> Property:
    """What `content_digest` says: equal where names and contents are, whatever zip they are in."""
    return Property(name="lzkey:content_sha256", value=content_digest(files))


def _written(path: Path) -> datetime:
    """The time that all files of the zip have, which `write_zip` gives in UTC."""
    with zipfile.ZipFile(path) as archive:
        return datetime(*archive.infolist()[0].date_time, tzinfo=UTC)
