"""`lzkey check`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from landing_zone_key.settings import KeyScope
from lzkey.aws.address import is_address
from lzkey.check.formats import Form, Head, write
from lzkey.check.judging import Judge
from lzkey.check.run import NOTHING_FOUND, Only, judged, judged_keys
from lzkey.check.waiving import waived
from lzkey.cli.asked import FILES, Asked, iam_policy, with_options
from lzkey.cli.options import (
    ALIVE,
    Evidence,
    ExitZero,
    Sign,
    WaiversFile,
    format_option,
    iam_policy_option,
    output_option,
    waivers_in,
)
from lzkey.cli.packing import Packing, with_signing
from lzkey.cli.target import is_key
from lzkey.errors import ExitCode, SettingsError
from lzkey.files import require_no_source
from lzkey.parameters import as_parameters
from lzkey.sources import live, objects, units
from lzkey.sources.input import Input
from lzkey.sources.recognition import RECOGNISED
from lzkey.sources.selection import Selection
from lzkey.terminal import warn
from lzkey.waivers.values import Use

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from lzkey.check.run import Judged, Tally
    from lzkey.sources.subject import Context
    from lzkey.sources.walk import Remote

EXIT_CODES: Final = """
\b
Examples:
$ lzkey check policy.json --parameters prod
$ lzkey check . --home-region us-east-1 --management-account-id 111122223333
$ lzkey check template.yaml --parameter Trails=cloudtrail.amazonaws.com
$ lzkey check . --parameters prod --format md -o result.sarif -o result.json
$ lzkey check snapshot.json --parameters prod --only non-compliant
$ lzkey check . --parameters prod --waivers waivers.yaml
$ lzkey check s3://BUCKET/AWSLogs/ --newest --parameters prod
$ terraform show -json plan | lzkey check - --parameters prod
$ lzkey check --profile management --discover --landing-zone
$ lzkey check --profile management --discover --landing-zone --evidence pack

Exit codes: 0 every key is compliant, or not judged; 1 it went wrong; 2 wrong arguments, settings or files; \
3 a request would be refused, or a key is not what it must be; 4 none is, but a request may be refused, \
something could not be determined, or no key was found; with \
--allow-empty it is 0 that no key was found, with --exit-zero 3 and 4 are 0. What a waiver in force waives \
is neither 3 nor 4; a waiver of a key that was not judged is 2, after the results.
"""


_Source = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SOURCE",
        help="Files and folders, s3://BUCKET/PREFIX for objects, - for standard input; none: the live "
        "account's customer managed keys.",
        show_default=False,
    ),
]
_Key = Annotated[
    list[str] | None,
    typer.Option(metavar="KEY", help="A key's ARN, id or alias; repeatable.", rich_help_panel=ALIVE),
]
_LandingZone = Annotated[
    bool,
    typer.Option("--landing-zone", help="The keys of the landing zone's manifest.", rich_help_panel=ALIVE),
]
_Form = Annotated[Form, format_option(Form)]


def _only(word: str) -> Only:
    try:
        return Only(word.lower().replace("_", "-"))
    except ValueError as error:
        raise typer.BadParameter(f"{word!r} is none of {', '.join(Only)}.") from error


_Only = Annotated[
    list[Only] | None,
    typer.Option(
        metavar="ANSWER",
        parser=_only,
        autocompletion=lambda: list(Only),
        help=f"Show these alone, in files too: {', '.join(Only)}; repeatable. Summary and exit code stay "
        "those of all.",
    ),
]
_Output = Annotated[list[Path] | None, output_option(Form)]
_AllowEmpty = Annotated[bool, typer.Option("--allow-empty", help="End with 0 where no key is found.")]
_SkipOthers = Annotated[
    bool,
    typer.Option(
        "--skip-other-files",
        help="Pass over files that hold no key, as in a folder; for a pre-commit hook.",
        rich_help_panel=FILES,
    ),
]
_Ignore = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PATTERN",
        help="Pass over what it names, such as tests or '*.snap'; repeatable. JSON lists it.",
        rich_help_panel=FILES,
    ),
]
_Newest = Annotated[
    bool,
    typer.Option(
        "--newest",
        help="Under s3://BUCKET/PREFIX: of each account and Region the newest AWS Config snapshot alone.",
        rich_help_panel=FILES,
    ),
]
_Print = Annotated[bool, iam_policy_option(lambda: with_signing(iam_policy("check")))]


@with_options
def check(
    source: _Source = None,
    *,
    asked: Asked,
    key: _Key = None,
    landing_zone: _LandingZone = False,
    form: _Form = Form.TEXT,
    only: _Only = None,
    output: _Output = None,
    ignore: _Ignore = None,
    skip_other_files: _SkipOthers = False,
    newest: _Newest = False,
    waivers: WaiversFile = None,
    evidence: Evidence = None,
    sign: Sign = None,
    exit_zero: ExitZero = False,
    allow_empty: _AllowEmpty = False,
    print_iam_policy: _Print = False,
) -> None:
    """Prove that the landing zone can use its KMS keys: live, or in files before they are deployed."""
    del print_iam_policy  # its callback has ended the command
    files = output or []
    require_no_source(files, source or [])
    if source:
        _require_files(source, newest=newest, alive=bool(key) or landing_zone)
    if evidence is not None and only:
        raise SettingsError("--evidence keeps every result: leave out --only")
    given = waivers_in(waivers, files)
    packing = Packing.of(evidence, sign, asked.session, files)
    stdin = Input(measured=packing is not None)
    context, at = asked.context(source or [], stdin, ignore or []), datetime.now(UTC)
    if packing is not None:
        context = replace(context, keep=_packs().Keep(context.zone, named=bool(key)))
    use = Use(given, at)

    def exit_code(tally: Tally) -> ExitCode:
        if use.is_mistaken:
            return ExitCode.MISTAKEN
        return ExitCode.DONE if exit_zero else tally.exit_code(allow_empty=allow_empty)

    noted: list[str] = []
    results: Iterator[Judged]
    if source:
        of = Selection(tuple(ignore or ()), newest=newest, named=not skip_other_files, tell=noted.append)
        remote = _remote(asked, context, of) if any(map(is_address, source)) else None
        found = units(source, stdin=stdin.stream, named=of.named, ignore=of.ignore, remote=remote)
        results = judged(found, context, at)
    else:
        of_landing_zone = landing_zone or context.zone.key_scope is KeyScope.LANDING_ZONE
        witness = packing.witness if packing is not None else None
        session = asked.session(context.zone.home_region)
        alive = live(
            session, context, keys=key, landing_zone=of_landing_zone, witness=witness, tell=noted.append
        )
        results = judged_keys(alive, context, Judge(context.zone, at))
    head = Head(
        as_parameters(context.zone), at, tuple(dict.fromkeys(only or ())), waivers=waivers is not None
    )
    if packing is None:
        tally = write(waived(results, use), form, files, head, exit_code)
    else:
        with _packs().checking(packing.folder, stdin) as pack:
            passing = waived(pack.passing(results), use)
            tally = write(passing, form, [*files, pack.results], head, exit_code)
            made = _packs().Made("check", at, context.zone, waivers=given.text)
            pack.write(made, packing.witness, packing.signer)
    for note in (*tally.notes, *noted, *use.notes):
        warn(note)
    if tally.empty and form is not Form.TEXT:
        warn(NOTHING_FOUND)
    use.require_known()
    raise typer.Exit(exit_code(tally))


check.__doc__ = f"""{check.__doc__}

A file is recognised by what it holds, also in gzip: {RECOGNISED.replace("`", "")}.
"""  # the command's help


def _require_files(source: list[str], *, newest: bool, alive: bool) -> None:
    """Raise SettingsError where something else is asked for than what files can tell."""
    if alive:
        raise SettingsError("--key and --landing-zone are for the live account; leave out the files")
    if named := next(filter(is_key, source), None):
        raise SettingsError(f"there is no file {named}; for the live key of that name: --key {named}")
    if newest and not any(map(is_address, source)):
        raise SettingsError("--newest is for objects of Amazon S3: give s3://BUCKET/PREFIX")


def _packs() -> ModuleType:
    """What writes evidence packs, imported for those who want one."""
    return import_module("lzkey.evidence.check_pack")


def _remote(asked: Asked, context: Context, selection: Selection) -> Remote:
    return objects(lambda: asked.session(context.zone.home_region), selection)
