"""The command line `lzkey`: arguments in, text out; everything it tells is found out elsewhere.

Exit codes: 0 done; 1 a deployment is not what was asked for; 2 wrong arguments, parameters or place, and
nothing was changed; 130 interrupted.
"""

from __future__ import annotations

import json
import signal
import sys
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer

from lzkey.archive import import_from_zip
from lzkey.build import build
from lzkey.checkout import checkout
from lzkey.deploy import deploy, undeploy
from lzkey.doctor import as_json as examination_as_json
from lzkey.doctor import examine, iam_policy
from lzkey.doctor import shown as examination_shown
from lzkey.environment import NO_AWS, aws_environment
from lzkey.errors import DemoError, LzkeyError
from lzkey.organization import deploy_organization, undeploy_organization
from lzkey.parameters import RULE_NAME, load
from lzkey.preflight import Where
from lzkey.preflight_organization import require_deployable
from lzkey.terminal import messages, output, plain, progress_to

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import ModuleType

JSON_VERSION: Final = 1

app = typer.Typer(
    name="lzkey",
    help="Prove that AWS Control Tower's landing zone can use its KMS key.",
    epilog="Exit codes: 0 done; 1 a deployment is not what was asked for; 2 wrong arguments, parameters or "
    "place, and nothing was changed; 130 interrupted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Format(StrEnum):
    """How results are written to standard output."""

    TEXT = "text"
    JSON = "json"


_Name = Annotated[str, typer.Argument(metavar="NAME", help="parameters/NAME.json")]
_Format = Annotated[Format, typer.Option("--format", help="json is versioned and stable.")]
_Profile = Annotated[str | None, typer.Option(help="AWS profile, as in the AWS CLI.")]
_Region = Annotated[str | None, typer.Option(help="AWS Region, as in the AWS CLI.")]
_OtherAccount = Annotated[
    bool, typer.Option("--allow-other-account", help="Work in an account that is not ManagementAccountId.")
]
_OtherRegion = Annotated[
    bool, typer.Option("--allow-other-region", help="Work in a Region that is not HomeRegion.")
]
_ForOrganization = Annotated[
    bool, typer.Option("--organization", help="Refuse what deploy-organization would refuse in the file.")
]
_Keep = Annotated[bool, typer.Option("--keep", help="Leave AWS running at the end, until Ctrl-C.")]
_Picture = Annotated[
    Path | None, typer.Option("--svg", metavar="FILE", help="Also write what is shown as a picture.")
]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    try:
        app(args=None if arguments is None else list(arguments), prog_name="lzkey")
    except LzkeyError as error:
        messages().print(plain(f"error: {error}"), soft_wrap=True)
        return error.exit_code
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0
    return 0


@app.callback(invoke_without_command=True)
def lzkey(
    *,
    show_version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    """Prove that AWS Control Tower's landing zone can use its KMS key."""
    if show_version:
        output().print(plain(f"lzkey {version('lzkey')}"))
        raise typer.Exit


@app.command("build")
def build_command(
    name: _Name, *, for_organization: _ForOrganization = False, form: _Format = Format.TEXT
) -> None:
    """Generate build/CONTROL_TOWER_KMS_KEY, the package that rdk deploys, from parameters/NAME.json."""
    if for_organization:
        require_deployable(load(name, root=checkout()))
    built = build(name, root=checkout())
    modules = import_from_zip(built.archive.path, RULE_NAME)
    _tell(
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


@app.command("deploy")
def deploy_command(
    name: _Name,
    *,
    profile: _Profile = None,
    region: _Region = None,
    allow_other_account: _OtherAccount = False,
    allow_other_region: _OtherRegion = False,
    form: _Format = Format.TEXT,
) -> None:
    """Build parameters/NAME.json, deploy it with rdk, and verify what is there."""
    where = Where(profile, region, allow_other_account, allow_other_region)
    done = deploy(name, root=checkout(), where=where, progress=progress_to(messages()))
    _tell(
        form,
        {
            "account": done.account,
            "region": done.region,
            "stackStatus": done.stack_status,
            "ruleArn": done.rule_arn,
            "functionArn": done.function_arn,
            "roleArn": done.role_arn,
            "codeSha256": done.uploaded.code_sha256,
            "verified": list(done.verified),
            "warnings": list(done.warnings),
        },
        [*(f"verified: {line}" for line in done.verified), *(f"warning: {line}" for line in done.warnings)],
    )


@app.command("undeploy")
def undeploy_command(
    name: _Name,
    *,
    profile: _Profile = None,
    region: _Region = None,
    allow_other_account: _OtherAccount = False,
    allow_other_region: _OtherRegion = False,
    form: _Format = Format.TEXT,
) -> None:
    """Remove what deploy made, and verify that it is gone; the code bucket and a role of your own stay."""
    where = Where(profile, region, allow_other_account, allow_other_region)
    done = undeploy(name, root=checkout(), where=where, progress=progress_to(messages()))
    _tell(
        form,
        {"account": done.account, "region": done.region, "found": done.found},
        ["removed, and verified that it is gone" if done.found else "there was nothing to remove"],
    )


@app.command("deploy-organization")
def deploy_organization_command(
    name: _Name,
    *,
    profile: _Profile = None,
    region: _Region = None,
    allow_other_region: _OtherRegion = False,
    form: _Format = Format.TEXT,
) -> None:
    """Build parameters/NAME.json, deploy it to every account of the organization, and verify each.

    From the management account, or the delegated administrator of AWS Config's organization rules.
    """
    where = Where(profile, region, other_region=allow_other_region)
    done = deploy_organization(name, root=checkout(), where=where, progress=progress_to(messages()))
    _tell(
        form,
        {
            "account": done.account,
            "region": done.region,
            "organizationId": done.organization,
            "stackStatus": done.stack_status,
            "ruleArn": done.rule_arn,
            "functionArn": done.function_arn,
            "roleArn": done.role_arn,
            "codeSha256": done.uploaded.code_sha256,
            "accounts": [
                {"account": entry.account, "rule": entry.rule, "status": entry.status}
                for entry in done.accounts
            ],
            "excludedAccounts": list(done.excluded_accounts),
            "verified": list(done.verified),
            "warnings": list(done.warnings),
        },
        [*(f"verified: {line}" for line in done.verified), *(f"warning: {line}" for line in done.warnings)],
    )


@app.command("undeploy-organization")
def undeploy_organization_command(
    name: _Name,
    *,
    profile: _Profile = None,
    region: _Region = None,
    allow_other_region: _OtherRegion = False,
    form: _Format = Format.TEXT,
) -> None:
    """Remove what deploy-organization made, and verify that it is gone; the code bucket and roles stay."""
    where = Where(profile, region, other_region=allow_other_region)
    done = undeploy_organization(name, root=checkout(), where=where, progress=progress_to(messages()))
    _tell(
        form,
        {"account": done.account, "region": done.region, "found": done.found},
        ["removed, and verified that it is gone" if done.found else "there was nothing to remove"],
    )


def _print_iam_policy(wanted: bool) -> None:  # noqa: FBT001 - how typer calls it
    if wanted:
        print(json.dumps(iam_policy(), indent=2))  # noqa: T201 - the result
        raise typer.Exit


@app.command(
    "doctor",
    epilog="Exit codes: 0 nothing is wrong, warnings apart; 2 wrong arguments, parameters or place; "
    "3 a problem; 4 no problem is seen, but something cannot be seen.",
)
def doctor_command(  # noqa: PLR0913 - a command's options
    name: _Name,
    *,
    profile: _Profile = None,
    region: _Region = None,
    allow_other_account: _OtherAccount = False,
    allow_other_region: _OtherRegion = False,
    form: _Format = Format.TEXT,
    print_iam_policy: Annotated[
        bool,
        typer.Option(
            "--print-iam-policy",
            is_eager=True,
            callback=_print_iam_policy,
            help="Print the least that the command must be allowed, and exit.",
        ),
    ] = False,
) -> None:
    """Say whether the results of the rule of parameters/NAME.json can be trusted; nothing is changed."""
    del print_iam_policy  # its callback has ended the command
    where = Where(profile, region, allow_other_account, allow_other_region)
    seen = examine(name, root=checkout(), where=where)
    if form is Format.JSON:
        _tell(form, examination_as_json(seen), [])
    else:
        output().print(examination_shown(seen))
    raise typer.Exit(seen.exit_code)


@app.command("demo")
def demo_command(
    *,
    keep: _Keep = False,
    svg: _Picture = None,
    form: _Format = Format.TEXT,
) -> None:
    """Deploy the rule to AWS on this machine, over a landing zone's keys, and break the good key.

    No AWS account is needed, and nothing leaves this machine.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    with aws_environment(NO_AWS):
        _demo().show(keep=keep, svg=svg, as_document=form is Format.JSON)


def _demo() -> ModuleType:
    try:
        from lzkey.demo import command  # noqa: PLC0415 - moto takes seconds to import
    except ModuleNotFoundError as error:
        hint = "run `make setup`, or pip install 'lzkey[sandbox]'"
        raise DemoError(f"the demo needs {error.name}; {hint}") from error
    return command


def _interrupt(_signal: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _tell(form: Format, members: dict[str, Any], lines: Iterable[str]) -> None:
    if form is Format.JSON:
        print(json.dumps({"version": JSON_VERSION, **members}, indent=2))  # noqa: T201 - the result
        return
    for line in lines:
        output().print(plain(line), soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
