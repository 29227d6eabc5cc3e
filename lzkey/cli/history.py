"""`lzkey history`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from landing_zone_key import KeyDataError
from landing_zone_key.key import KeyArn
from lzkey.aws.account import Asker
from lzkey.aws.events import YEARS
from lzkey.aws.fact import actions_of, identity_policy, statement
from lzkey.aws.keys import NOT_FOUND, described_key
from lzkey.aws.session import session_in
from lzkey.aws.unanswered import UnansweredError
from lzkey.cli import athena as by_athena
from lzkey.cli.asked import Asked, with_options
from lzkey.cli.options import ALIVE, ExitZero, format_option, iam_policy_option, output_option
from lzkey.errors import ExitCode, SettingsError, UsageError
from lzkey.history.asking import MANNER, Wanted, gathered, history_of
from lzkey.history.formats import Form
from lzkey.history.timeline import history_from
from lzkey.history.trail_files import trail_files as trail_files_fact
from lzkey.rendering import render, write
from lzkey.sources import DISCOVERY
from lzkey.terminal import messages, progress_to, result

if TYPE_CHECKING:
    from lzkey.history.told import Told

EXIT_CODES: Final = """
\b
Examples:
$ lzkey history alias/landing-zone --profile management --discover
$ lzkey history KEY --parameters prod --trail-files logs/ -o history.html
$ lzkey history KEY-ARN --parameters prod --trail-files logs/ --offline
$ lzkey history KEY --parameters prod --athena logs.cloudtrail --workgroup w

Exit codes: 0 deliveries are not refused now, and everything of the whole time is known; times before in \
which they were refused are told, and are no problem any more; 1 it went wrong; 2 wrong arguments, settings \
or files; 3 they are refused now; 4 they may be, or the key is gone, or something of the time is not known, \
or nothing was searched for want of --yes; with --exit-zero 3 and 4 are 0.
"""

_DAYS: Final = re.compile(r"(\d{1,7})d")
_ID: Final = re.compile(r"mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ALIAS_ARN: Final = re.compile(r"arn:[a-z-]+:kms:([a-z0-9-]+):\d{12}:alias/.+")


_Key = Annotated[
    str, typer.Argument(metavar="KEY", help="The key's ARN, id or alias; with --offline its ARN.")
]
_Files = Annotated[
    list[str] | None,
    typer.Option(
        "--trail-files",
        metavar="FOLDER|s3://BUCKET/PREFIX",
        help="Log files of a trail, in a folder or below an address in Amazon S3; repeatable.",
    ),
]
_Since = Annotated[
    str | None,
    typer.Option(
        metavar="DATE|90d",
        help="How far back: a date, a time in ISO 8601, or days; else as far as any source goes.",
    ),
]
_Offline = Annotated[
    bool, typer.Option("--offline", help="Ask AWS nothing: log files alone, so that now is not known.")
]
_NoConfig = Annotated[bool, typer.Option("--no-config", help="Do not ask AWS Config.", rich_help_panel=ALIVE)]
_Form = Annotated[Form, format_option(Form)]
_Output = Annotated[list[Path] | None, output_option(Form)]


def iam_policy() -> dict[str, Any]:
    """The least that it must be allowed: its options decide how much of that it does."""
    return identity_policy(
        statement("ReadWhatTheKeyWasLike", history_of.actions),
        statement("ReadTheLandingZone", actions_of(*DISCOVERY)),
        statement("ReadLogFiles", trail_files_fact.actions),
        by_athena.STATEMENT,
    )


@with_options
def history(
    key: _Key,
    *,
    asked: Asked,
    trail_files: _Files = None,
    since: _Since = None,
    offline: _Offline = False,
    no_config: _NoConfig = False,
    athena: by_athena.Table = None,
    workgroup: by_athena.WorkGroup = None,
    athena_profile: by_athena.AthenaProfile = None,
    yes: by_athena.Yes = False,
    form: _Form = Form.TEXT,
    output: _Output = None,
    exit_zero: ExitZero = False,
    print_iam_policy: Annotated[bool, iam_policy_option(iam_policy)] = False,
) -> None:
    """Say since when deliveries with a key are refused, and by whom: its past, proved with today's engine.

    From CloudTrail's event history of 90 days, a trail's own log files, read here or searched by Amazon
    Athena, AWS Config's items, and the key as it is now. A time of which no source tells everything is not
    known, and never taken for good.
    """
    del print_iam_policy  # its callback has ended the command
    files, now = output or [], datetime.now(UTC)
    begin = None if since is None else since_of(since, now)
    lake = by_athena.Athena.of(athena, workgroup, athena_profile, yes=yes, offline=offline)
    if offline:
        _require_offline(key, asked, trail_files, no_config=no_config)
    zone = asked.context().zone
    wanted = Wanted(tuple(trail_files or ()), not no_config, progress_to(messages()))
    asker, arn = (None, _arn(key)) if offline else _found(key, asked, zone.home_region)
    found: tuple[Told, ...] = ()
    if lake is not None and asker is not None:
        prepared = lake.planned(asked, arn, by_athena.Time(begin, now, zone.home_region), asker)
        if not lake.yes:
            prepared.refrain(form, exit_zero=exit_zero)
        found = (prepared.run(),)
    made = history_from(arn, zone, now, (*gathered(asker, arn, now, wanted), *found), since=begin)
    write(made, files, Form)
    result(render(made, form))
    raise typer.Exit(ExitCode.DONE if exit_zero else made.exit_code)


def since_of(text: str, now: datetime) -> datetime:
    """How far back somebody wants to look; raise UsageError for what is no time, or none that has passed."""
    days = _DAYS.fullmatch(text)
    try:
        at = now - timedelta(days=int(days[1])) if days else datetime.fromisoformat(text)
    except (OverflowError, ValueError):
        raise UsageError(
            f"--since {text} is no time: write a date such as 2026-09-01, a time in ISO 8601, or days as 90d"
        ) from None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    if at.year not in YEARS and at < now:
        raise UsageError(
            f"--since {text} is before CloudTrail and AWS Config began: give a time since {YEARS[0]}"
        )
    if at >= now:
        raise UsageError(f"--since {text} has not passed yet: give a time before now")
    return at


def _require_offline(key: str, asked: Asked, places: list[str] | None, *, no_config: bool) -> None:
    if asked.discover:
        raise UsageError("--discover asks the live landing zone: leave it out, or --offline")
    if no_config:
        raise UsageError("--offline does not ask AWS Config either: leave out --no-config")
    if not places:
        raise UsageError("--offline knows what log files tell, and nothing else: give --trail-files")
    _arn(key)


def _arn(key: str) -> KeyArn:
    try:
        return KeyArn.parse(key)
    except KeyDataError:
        raise SettingsError(
            f"{key} is not the ARN of a KMS key, which --offline needs: arn:aws:kms:REGION:ACCOUNT:key/ID"
        ) from None


def _found(key: str, asked: Asked, home: str) -> tuple[Asker, KeyArn]:
    """Whoever asks in the key's Region, and its ARN; a key that is gone has one as well."""
    asker, caller = Asker.of(asked.session(home), MANNER)
    alias = _ALIAS_ARN.fullmatch(key)
    if _ID.fullmatch(key):
        arn = KeyArn(caller.partition, asker.region, asker.account, key)
    elif key.startswith("alias/") or alias:
        arn = _of_alias(asker, key, alias[1] if alias else None)
    else:
        try:
            arn = KeyArn.parse(key)
        except KeyDataError:
            raise SettingsError(
                f"{key} is no ARN, id or alias of a KMS key (an alias begins with alias/)"
            ) from None
    if arn.region != asker.region:
        asker = Asker(session_in(asked.profile, arn.region), asker.account, arn.region, MANNER, asker.log)
    return asker, arn


def _of_alias(asker: Asker, alias: str, region: str | None) -> KeyArn:
    try:
        return described_key(asker, alias, region).key.arn
    except UnansweredError as error:
        if error.code != NOT_FOUND:
            raise
        raise SettingsError(
            f"there is no {alias} in account {asker.account}, {region or asker.region}; a deleted key has no "
            "alias any more: give its ARN or id"
        ) from error
