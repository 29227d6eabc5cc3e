"""`lzkey build`, `deploy`, `undeploy`, and the two for an organization."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NotRequired, TypedDict

import typer

from lzkey import RULE_NAME
from lzkey.cli.options import (
    Files,
    Format,
    Name,
    OneFormat,
    OtherAccount,
    OtherRegion,
    Profile,
    Region,
    UnknownRegion,
    tell,
)
from lzkey.deployment import BillFormat
from lzkey.deployment import build as building
from lzkey.deployment import deploy as deploying
from lzkey.deployment.deploy import ACCOUNT, ORGANIZATION, Kind
from lzkey.deployment.package import import_from_zip
from lzkey.deployment.prerequisites import require_deployable_to_organization
from lzkey.deployment.target import Where
from lzkey.errors import NotInstalledError
from lzkey.files import require_files, write_text
from lzkey.parameters import load
from lzkey.terminal import messages, plain, progress_to
from lzkey.workplace import here

if TYPE_CHECKING:
    from collections.abc import Callable

_ForOrganization = Annotated[
    bool, typer.Option("--organization", help="Refuse what deploy-organization would refuse in the file.")
]
_Sbom = Annotated[
    Path | None,
    typer.Option(
        "--sbom",
        metavar="FILE",
        help="Also write the zip's bill of materials (SBOM), CycloneDX as JSON, such as lambda.cdx.json.",
    ),
]


class Built(TypedDict):
    """The package that rdk deploys."""

    folder: str
    zip: str
    bytes: int
    """Of the zip."""
    sha256: str
    """Of the zip; whatever wrote it may compress it differently."""
    content_sha256: str
    """Of the names and contents of the files in it alone."""
    files: list[str]
    imported: list[str]
    """The modules that came from the zip when it was imported as Lambda would."""
    sbom: NotRequired[str]
    """The file with the zip's bill of materials, CycloneDX; where it was asked for."""


class RuleOfAccount(TypedDict):
    """The organization's rule in one of its accounts."""

    account: str
    rule: str
    status: str
    """AWS Config's word for it, such as CREATE_SUCCESSFUL."""


class Deployed(TypedDict):
    """A deployment that was verified; members about an organization are there for its rule alone."""

    account: str
    region: str
    organization_id: NotRequired[str]
    stack_status: str
    rule_arn: str
    function_arn: str
    role_arn: str
    code_sha256: str
    """Of the function's code, as Lambda tells it."""
    accounts: NotRequired[list[RuleOfAccount]]
    excluded_accounts: NotRequired[list[str]]
    verified: list[str]
    """What was read back, a sentence each."""
    warnings: list[str]
    """What will not deliver, a sentence each."""


class Undeployed(TypedDict):
    """A removal that was verified."""

    account: str
    region: str
    found: bool
    """false: there was nothing to remove."""


def build(
    name: Name,
    *,
    for_organization: _ForOrganization = False,
    sbom: _Sbom = None,
    allow_unknown_region: UnknownRegion = False,
    form: OneFormat = Format.TEXT,
    output: Files = None,
) -> None:
    """Generate build/CONTROL_TOWER_KMS_KEY, the package that rdk deploys, from a parameters file."""
    if for_organization:
        require_deployable_to_organization(load(name, at=here(), any_region=allow_unknown_region))
    bill_of_materials = _bill_of_materials(sbom) if sbom else None
    built = building.build(name, at=here(), any_region=allow_unknown_region)
    modules = import_from_zip(built.archive.path, RULE_NAME)
    members: Built = {
        "folder": str(built.folder),
        "zip": str(built.archive.path),
        "bytes": built.archive.size,
        "sha256": built.archive.sha256,
        "content_sha256": built.archive.content_sha256,
        "files": list(built.files),
        "imported": list(modules),
    }
    lines = [
        f"{built.folder}: {len(built.files)} files",
        f"{built.archive.path}: {built.archive.size} bytes, sha256 {built.archive.sha256}",
        f"imported from the zip as Lambda would: {len(modules)} modules",
    ]
    if sbom and bill_of_materials:
        write_text(sbom, bill_of_materials(built.archive.path))
        members["sbom"] = str(sbom)
        lines.append(f"{sbom}: the zip's bill of materials")
    tell(form, output, members, map(plain, lines))


def _bill_of_materials(file: Path) -> Callable[[Path], str]:
    """What makes the bill of a zip; raise, before the long work, where it could not be made or written."""
    require_files([file], BillFormat)
    try:
        make: Callable[[Path], str] = BillFormat.of(file).maker.bill_of_materials
    except ModuleNotFoundError as error:
        raise NotInstalledError.of("--sbom", "sbom", error) from error
    return make


def deploy(
    name: Name,
    *,
    profile: Profile = None,
    region: Region = None,
    allow_other_account: OtherAccount = False,
    allow_other_region: OtherRegion = False,
    allow_unknown_region: UnknownRegion = False,
    form: OneFormat = Format.TEXT,
    output: Files = None,
) -> None:
    """Build a parameters file's package, deploy it with rdk, and verify what is there."""
    where = Where(profile, region, allow_other_account, allow_other_region, allow_unknown_region)
    _deploy(name, ACCOUNT, where, form, output)


def undeploy(
    name: Name,
    *,
    profile: Profile = None,
    region: Region = None,
    allow_other_account: OtherAccount = False,
    allow_other_region: OtherRegion = False,
    allow_unknown_region: UnknownRegion = False,
    form: OneFormat = Format.TEXT,
    output: Files = None,
) -> None:
    """Remove what deploy made, and verify that it is gone; the code bucket and a role of your own stay."""
    where = Where(profile, region, allow_other_account, allow_other_region, allow_unknown_region)
    _undeploy(name, ACCOUNT, where, form, output)


def deploy_organization(
    name: Name,
    *,
    profile: Profile = None,
    region: Region = None,
    allow_other_region: OtherRegion = False,
    allow_unknown_region: UnknownRegion = False,
    form: OneFormat = Format.TEXT,
    output: Files = None,
) -> None:
    """Build a parameters file's package, deploy it to every account of the organization, and verify each.

    From the management account, or the delegated administrator of AWS Config's organization rules.
    """
    where = Where(profile, region, other_region=allow_other_region, unknown_region=allow_unknown_region)
    _deploy(name, ORGANIZATION, where, form, output)


def undeploy_organization(
    name: Name,
    *,
    profile: Profile = None,
    region: Region = None,
    allow_other_region: OtherRegion = False,
    allow_unknown_region: UnknownRegion = False,
    form: OneFormat = Format.TEXT,
    output: Files = None,
) -> None:
    """Remove what deploy-organization made, and verify that it is gone; the code bucket and roles stay."""
    where = Where(profile, region, other_region=allow_other_region, unknown_region=allow_unknown_region)
    _undeploy(name, ORGANIZATION, where, form, output)


def _deploy(name: str, kind: Kind, where: Where, form: Format, output: list[Path] | None) -> None:
    done = deploying.deploy(name, kind, at=here(), where=where, progress=progress_to(messages()))
    members: Deployed = {
        "account": done.account,
        "region": done.region,
        "organization_id": done.organization or "",
        "stack_status": done.stack_status,
        "rule_arn": done.rule_arn,
        "function_arn": done.function_arn,
        "role_arn": done.role_arn,
        "code_sha256": done.uploaded.code_sha256,
        "accounts": [
            {"account": entry.account, "rule": entry.rule, "status": entry.status} for entry in done.accounts
        ],
        "excluded_accounts": list(done.excluded_accounts),
        "verified": list(done.verified),
        "warnings": list(done.warnings),
    }
    if done.organization is None:
        del members["organization_id"], members["accounts"], members["excluded_accounts"]
    lines = [
        *(f"verified: {line}" for line in done.verified),
        *(f"warning: {line}" for line in done.warnings),
    ]
    tell(form, output, members, map(plain, lines))


def _undeploy(name: str, kind: Kind, where: Where, form: Format, output: list[Path] | None) -> None:
    done = deploying.undeploy(name, kind, at=here(), where=where, progress=progress_to(messages()))
    members: Undeployed = {"account": done.account, "region": done.region, "found": done.found}
    told = "removed, and verified that it is gone" if done.found else "there was nothing to remove"
    tell(form, output, members, [plain(told)])
