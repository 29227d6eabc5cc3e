"""`lzkey build`, `deploy`, `undeploy`, and the two for an organization."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from lzkey import RULE_NAME
from lzkey.cli.options import Format, Name, OneFormat, OtherAccount, OtherRegion, Profile, Region, tell
from lzkey.deployment import build as building
from lzkey.deployment import deploy as deploying
from lzkey.deployment.build import checkout
from lzkey.deployment.deploy import ACCOUNT, ORGANIZATION, Kind
from lzkey.deployment.package import import_from_zip
from lzkey.deployment.prerequisites import require_deployable_to_organization
from lzkey.deployment.target import Where
from lzkey.parameters import load
from lzkey.terminal import messages, progress_to

_ForOrganization = Annotated[
    bool, typer.Option("--organization", help="Refuse what deploy-organization would refuse in the file.")
]

#: What the result of a deployment has for an organization alone.
_OF_AN_ORGANIZATION: Final = frozenset({"organizationId", "accounts", "excludedAccounts"})


def build(name: Name, *, for_organization: _ForOrganization = False, form: OneFormat = Format.TEXT) -> None:
    """Generate build/CONTROL_TOWER_KMS_KEY, the package that rdk deploys, from parameters/NAME.json."""
    if for_organization:
        require_deployable_to_organization(load(name, root=checkout()))
    built = building.build(name, root=checkout())
    modules = import_from_zip(built.archive.path, RULE_NAME)
    tell(
        form,
        {
            "folder": str(built.folder),
            "zip": str(built.archive.path),
            "bytes": built.archive.size,
            "sha256": built.archive.sha256,
            "contentSha256": built.archive.content_sha256,
            "files": list(built.files),
            "imported": list(modules),
        },
        [
            f"{built.folder}: {len(built.files)} files",
            f"{built.archive.path}: {built.archive.size} bytes, sha256 {built.archive.sha256}",
            f"imported from the zip as Lambda would: {len(modules)} modules",
        ],
    )


def deploy(
    name: Name,
    *,
    profile: Profile = None,
    region: Region = None,
    allow_other_account: OtherAccount = False,
    allow_other_region: OtherRegion = False,
    form: OneFormat = Format.TEXT,
) -> None:
    """Build parameters/NAME.json, deploy it with rdk, and verify what is there."""
    _deploy(name, ACCOUNT, Where(profile, region, allow_other_account, allow_other_region), form)


def undeploy(
    name: Name,
    *,
    profile: Profile = None,
    region: Region = None,
    allow_other_account: OtherAccount = False,
    allow_other_region: OtherRegion = False,
    form: OneFormat = Format.TEXT,
) -> None:
    """Remove what deploy made, and verify that it is gone; the code bucket and a role of your own stay."""
    _undeploy(name, ACCOUNT, Where(profile, region, allow_other_account, allow_other_region), form)


def deploy_organization(
    name: Name,
    *,
    profile: Profile = None,
    region: Region = None,
    allow_other_region: OtherRegion = False,
    form: OneFormat = Format.TEXT,
) -> None:
    """Build parameters/NAME.json, deploy it to every account of the organization, and verify each.

    From the management account, or the delegated administrator of AWS Config's organization rules.
    """
    _deploy(name, ORGANIZATION, Where(profile, region, other_region=allow_other_region), form)


def undeploy_organization(
    name: Name,
    *,
    profile: Profile = None,
    region: Region = None,
    allow_other_region: OtherRegion = False,
    form: OneFormat = Format.TEXT,
) -> None:
    """Remove what deploy-organization made, and verify that it is gone; the code bucket and roles stay."""
    _undeploy(name, ORGANIZATION, Where(profile, region, other_region=allow_other_region), form)


def _deploy(name: str, kind: Kind, where: Where, form: Format) -> None:
    done = deploying.deploy(name, kind, root=checkout(), where=where, progress=progress_to(messages()))
    accounts = [
        {"account": entry.account, "rule": entry.rule, "status": entry.status} for entry in done.accounts
    ]
    members = {
        "account": done.account,
        "region": done.region,
        "organizationId": done.organization,
        "stackStatus": done.stack_status,
        "ruleArn": done.rule_arn,
        "functionArn": done.function_arn,
        "roleArn": done.role_arn,
        "codeSha256": done.uploaded.code_sha256,
        "accounts": accounts,
        "excludedAccounts": list(done.excluded_accounts),
        "verified": list(done.verified),
        "warnings": list(done.warnings),
    }
    if done.organization is None:
        members = {name: value for name, value in members.items() if name not in _OF_AN_ORGANIZATION}
    tell(
        form,
        members,
        [*(f"verified: {line}" for line in done.verified), *(f"warning: {line}" for line in done.warnings)],
    )


def _undeploy(name: str, kind: Kind, where: Where, form: Format) -> None:
    done = deploying.undeploy(name, kind, root=checkout(), where=where, progress=progress_to(messages()))
    tell(
        form,
        {"account": done.account, "region": done.region, "found": done.found},
        ["removed, and verified that it is gone" if done.found else "there was nothing to remove"],
    )
