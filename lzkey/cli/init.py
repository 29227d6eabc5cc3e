"""`lzkey init`."""

from __future__ import annotations

import json
from contextlib import contextmanager
from os.path import lexists
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Final, TypedDict

import typer

from lzkey.aws.fact import actions_of, identity_policy, statement
from lzkey.aws.session import session
from lzkey.cli.asked import (
    GovernedRegions,
    HomeRegion,
    KeyScopeText,
    ManagementAccountId,
    OrganizationId,
    flag,
)
from lzkey.cli.options import (
    Files,
    Format,
    Name,
    OneFormat,
    Profile,
    Region,
    UnknownRegion,
    iam_policy_option,
    tell,
)
from lzkey.errors import OutputError, ParametersError, SettingsError
from lzkey.files import read_json, writing
from lzkey.parameters import faults_of
from lzkey.sources import SETTINGS
from lzkey.sources import discover as ask
from lzkey.terminal import one_line, plain
from lzkey.workplace import EXAMPLE, SCHEMA, here

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from lzkey import Json
    from lzkey.workplace import Workplace

EXIT_CODES: Final = """
\b
Examples:
$ lzkey init prod --discover --profile management
$ lzkey init prod --home-region us-east-1 --management-account-id 111122223333

Exit codes: 0 done; 1 AWS did not tell; 2 wrong arguments or place, or the file is there already: nothing is \
written then.
"""

#: Of the example, what is somebody's own.
_OWN: Final = ("HomeRegion", "ManagementAccountId", "OrganizationId", "GovernedRegions")

_Discover = Annotated[
    bool, typer.Option("--discover", help="Ask the live landing zone for what is not given.")
]


class Initialised(TypedDict):
    """The parameters file that was written."""

    parameters_file: str
    rule_parameters: Mapping[str, str]
    """Those that are given; an empty one counts as not given, and is left out here."""
    written: list[str]
    """All files, the parameters file among them."""
    differing: list[str]
    """Files of another version that were there, and stay as they are."""


def iam_policy() -> dict[str, Json]:
    """The least that `--discover` must be allowed."""
    return identity_policy(statement("ReadTheLandingZone", actions_of(*SETTINGS)))


def init(
    name: Name,
    *,
    home_region: HomeRegion = None,
    management_account_id: ManagementAccountId = None,
    organization_id: OrganizationId = None,
    governed_regions: GovernedRegions = None,
    key_scope: KeyScopeText = None,
    discover: _Discover = False,
    profile: Profile = None,
    region: Region = None,
    allow_unknown_region: UnknownRegion = False,
    print_iam_policy: Annotated[bool, iam_policy_option(iam_policy)] = False,
    form: OneFormat = Format.TEXT,
    output: Files = None,
) -> None:
    """Write a parameters file for your landing zone, and beside it what deploying needs.

    That is the CloudFormation templates, in deploy, and the schema that editors check the parameters by.
    A file that is there is never written over.
    """
    del print_iam_policy  # its callback has ended the command
    at = here()
    file = at.file(name)
    beside = dict(_beside(file, at))
    _require_free(file, beside, at)
    for path in output or ():
        if path.absolute() in {file, *beside}:
            raise OutputError(f"{path} is a file that is written anyway: give the result another name")
    values = {
        "HomeRegion": home_region,
        "ManagementAccountId": management_account_id,
        "OrganizationId": organization_id,
        "GovernedRegions": governed_regions,
        "KeyScope": key_scope,
    }
    given = {parameter: value for parameter, value in values.items() if value}
    if discover:
        given = {**ask(session(profile, region, home_region)), **given}
    document = _document(given, at)
    _require_right(document, at, any_region=allow_unknown_region)
    differing = [path for path, text in beside.items() if lexists(path) and _text(path) != text]
    new = {path: text for path, text in beside.items() if not lexists(path)}
    new[file] = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    with _folders({path.parent for path in new}), writing([*new]) as streams:  # all of them, or none
        for stream, text in zip(streams, new.values(), strict=True):
            stream.write(text)
    members: Initialised = {
        "parameters_file": at.shown(file),
        "rule_parameters": {key: value for key, value in document["ruleParameters"].items() if value},
        "written": [at.shown(path) for path in new],
        "differing": [at.shown(path) for path in differing],
    }
    tell(form, output, members, map(plain, map(one_line, _lines(members, name))))


def _document(given: Mapping[str, str], at: Workplace) -> Json:
    """The example, with what is somebody's own in it."""
    missing = [flag(parameter) for parameter in _OWN[:2] if parameter not in given]
    if missing:
        raise SettingsError(
            f"the landing zone is not known: give {' and '.join(missing)}, or --discover, which asks AWS"
        )
    document = read_json(at.shipped.parameters / f"{EXAMPLE}.json")
    document["ruleParameters"] |= {**dict.fromkeys(_OWN, ""), **given}
    document["deployment"]["region"] = given["HomeRegion"]
    return document


def _require_right(document: Json, at: Workplace, *, any_region: bool) -> None:
    faults = faults_of(document, at, any_region=any_region)
    if faults:
        raise SettingsError("; ".join(faults))


def _beside(file: Path, at: Workplace) -> Iterator[tuple[Path, str]]:
    """What the guides work with, and its text: in a checkout it is there."""
    yield file.with_name(SCHEMA), (at.shipped.parameters / SCHEMA).read_text("utf-8")
    for template in sorted(at.shipped.templates.glob("*.yaml")):
        yield at.folder / "deploy" / template.name, template.read_text("utf-8")


def _require_free(file: Path, others: Collection[Path], at: Workplace) -> None:
    """Raise ParametersError where the file is there, or would be one of those that are written beside it."""
    if file.suffix != ".json":
        raise ParametersError(f"{at.shown(file)}: a parameters file ends with .json, as does NAME's")
    if lexists(file):
        raise ParametersError(f"{at.shown(file)} is there already; give another name, or remove it first")
    if file.name == SCHEMA or file in others:
        raise ParametersError(f"{at.shown(file)} is the name of another file; give another one")


def _text(path: Path) -> str | None:
    """What is in a file; None where it is none that can be read."""
    try:
        return path.read_text("utf-8") if path.is_file() else None
    except (OSError, UnicodeDecodeError):
        return None


@contextmanager
def _folders(folders: Collection[Path]) -> Iterator[None]:
    """Make folders that are not there; where anything goes wrong none of them stays."""
    made: list[Path] = []
    try:
        for folder in folders:
            for each in reversed([folder, *folder.parents]):
                if not each.is_dir():
                    each.mkdir()
                    made.append(each)
        yield
    except BaseException as error:
        for each in reversed(made):
            each.rmdir()
        if isinstance(error, OSError):
            raise OutputError(f"{error.filename} cannot be made: {error.strerror}") from error
        raise


def _lines(done: Initialised, name: str) -> Iterator[str]:
    for path in done["written"]:
        yield f"wrote {path}"
    for path in done["differing"]:
        yield f"warning: {path} is not this version's, and stays as it is"
    for parameter, value in done["rule_parameters"].items():
        yield f"  {parameter} = {value}"
    yield (
        "next: make the function's role of deploy/lambda-role.yaml, put its ARN into lambdaRoleArn, and run "
        f"lzkey deploy {quote(name)}, or for every account lzkey deploy-organization {quote(name)}"
    )
