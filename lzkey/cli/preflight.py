"""`lzkey preflight`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from lzkey.aws.session import session_in
from lzkey.aws.unanswered import UnansweredError
from lzkey.cli.asked import Asked, with_options
from lzkey.cli.completion import known_regions
from lzkey.cli.manifest import OPTION
from lzkey.cli.options import ALIVE, ExitZero, format_option, iam_policy_option, output_option
from lzkey.cli.target import is_key
from lzkey.errors import ExitCode, SettingsError, UsageError
from lzkey.files import require_no_source
from lzkey.preflight.change import Change
from lzkey.preflight.examination import Files, examine, examine_files, iam_policy
from lzkey.preflight.formats import Form
from lzkey.preflight.landing import look
from lzkey.rendering import render, write
from lzkey.sources import keys_in
from lzkey.sources.input import Input
from lzkey.sources.subject import FoundKey, Unread
from lzkey.terminal import result

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey.preflight.model import Preflight
    from lzkey.sources.subject import Context

EXIT_CODES: Final = """
\b
Examples:
$ lzkey preflight --profile management
$ lzkey preflight --landing-zone-version 4.0 --config-key alias/config
$ lzkey preflight --add-region eu-west-1 --enroll 111122224444 -o preflight.md
$ lzkey preflight policy.json --landing-zone-manifest zone.json
$ lzkey preflight stack.yaml --landing-zone-manifest zone.json --key NewKey

Exit codes: 0 no blocker, and everything is known, warnings apart; 1 it went wrong; 2 wrong arguments, \
settings or files; 3 a blocker; 4 no blocker, but something is not known, or a request may be refused; with \
--exit-zero 3 and 4 are 0.
"""

#: Where the options that say what is to become of the landing zone stand in the help.
CHANGE: Final = "The change (none: a plain update)"

_Source = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SOURCE",
        help="Files and folders with the keys, - for standard input; none: the live landing zone.",
        show_default=False,
    ),
]
_Version = Annotated[
    str | None,
    typer.Option(
        metavar="VERSION",
        help="The landing zone version; none: the latest that Control Tower has, in files the manifest's.",
        rich_help_panel=CHANGE,
    ),
]
_Key = Annotated[
    str | None,
    typer.Option(
        metavar="KEY",
        help="The key for all logs: ARN, id or alias; in files also what they call it.",
        rich_help_panel=CHANGE,
    ),
]
_LoggingKey = Annotated[
    str | None,
    typer.Option(metavar="KEY", help="The key for the logs of CloudTrail.", rich_help_panel=CHANGE),
]
_ConfigKey = Annotated[
    str | None,
    typer.Option(
        metavar="KEY", help="The key for the logs of AWS Config, since 4.0.", rich_help_panel=CHANGE
    ),
]
_Regions = Annotated[
    list[str] | None,
    typer.Option(
        "--add-region",
        metavar="REGION",
        autocompletion=known_regions,
        help="A Region to be governed as well; repeatable.",
        rich_help_panel=CHANGE,
    ),
]
_Accounts = Annotated[
    list[str] | None,
    typer.Option(
        "--enroll", metavar="ACCOUNT", help="An account to be enrolled; repeatable.", rich_help_panel=CHANGE
    ),
]
_Unit = Annotated[
    str | None,
    typer.Option(
        "--organization-unit",
        metavar="ID",
        help="An organizational unit to be registered, or registered again.",
        rich_help_panel=CHANGE,
    ),
]
_Role = Annotated[
    str | None,
    typer.Option(
        "--log-archive-role",
        metavar="ROLE",
        help="A role in the log buckets' accounts to look at them with; without it they are not looked at.",
        rich_help_panel=ALIVE,
    ),
]
_Form = Annotated[Form, format_option(Form)]
_Output = Annotated[list[Path] | None, output_option(Form)]


@with_options
def preflight(
    source: _Source = None,
    *,
    asked: Asked,
    landing_zone_version: _Version = None,
    key: _Key = None,
    logging_key: _LoggingKey = None,
    config_key: _ConfigKey = None,
    add_region: _Regions = None,
    enroll: _Accounts = None,
    organization_unit: _Unit = None,
    log_archive_role: _Role = None,
    form: _Form = Form.TEXT,
    output: _Output = None,
    exit_zero: ExitZero = False,
    print_iam_policy: Annotated[bool, iam_policy_option(iam_policy)] = False,
) -> None:
    """Say whether the landing zone's next change finds a usable key, and what it brings; nothing is changed.

    First Control Tower's own pre-check, its permissions proved for the Regions and accounts after the change;
    then what a delivery or the update needs beside the key; then what the change breaks, and until when. What
    may not be read is not known, and never taken for good.

    Live it takes credentials of the management account. In files it takes the landing zone's manifest and the
    keys, and says nothing of what stands beside them.
    """
    del print_iam_policy  # its callback has ended the command
    if key is not None and (logging_key, config_key) != (None, None):
        raise UsageError("--key is for all logs: leave out --logging-key and --config-key, or --key")
    change = Change(
        landing_zone_version,
        logging_key if key is None else key,
        config_key if key is None else key,
        tuple(dict.fromkeys(add_region or ())),
        tuple(dict.fromkeys(enroll or ())),
        organization_unit,
    )
    change.require_sensible(any_region=asked.allow_unknown_region)
    if log_archive_role == "":
        raise UsageError("--log-archive-role is the name of a role, and not an empty text")
    files, at = output or [], datetime.now(UTC)
    require_no_source(files, source or [])
    made = (
        _in_files(source, asked, change, at, role=log_archive_role)
        if source
        else _live(asked, change, log_archive_role, at)
    )
    write(made, files, Form)
    result(render(made, form))
    raise typer.Exit(ExitCode.DONE if exit_zero else made.exit_code)


def _live(asked: Asked, change: Change, role: str | None, at: datetime) -> Preflight:
    if asked.landing_zone_manifest is not None:
        raise SettingsError(f"{OPTION} goes with files of keys; the live landing zone tells its own")
    landing = look(asked.session())
    try:
        zone = asked.landing_zone(lambda: landing.parameters)
    except SettingsError as error:
        untold = f"; {landing.arn}" if isinstance(landing.arn, UnansweredError) else ""
        raise SettingsError(f"{error}{untold}") from error
    return examine(landing, zone, change, session_in(asked.profile, zone.home_region), role=role, at=at)


def _in_files(
    sources: list[str], asked: Asked, change: Change, at: datetime, *, role: str | None
) -> Preflight:
    if role is not None:
        raise SettingsError("--log-archive-role is for the live landing zone; leave out the files")
    if named := next(filter(is_key, sources), None):
        raise SettingsError(f"there is no file {named}; for the live key of that name: --key {named}")
    stdin = Input()
    context, manifest = asked.context_and_manifest(sources, stdin)

    def keys(known: Context) -> Iterator[FoundKey | Unread]:
        found = keys_in(sources, known, stdin=stdin.stream)
        return (each for each in found if isinstance(each, FoundKey | Unread))

    return examine_files(Files(manifest, keys), context, change, at)
