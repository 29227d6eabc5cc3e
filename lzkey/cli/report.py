"""`lzkey report`."""

from __future__ import annotations

import gc
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from lzkey import RULE_NAME
from lzkey.aws.session import session
from lzkey.cli.options import (
    Evidence,
    ExitZero,
    Profile,
    Region,
    Sign,
    WaiversFile,
    format_option,
    iam_policy_option,
    output_option,
    waivers_in,
)
from lzkey.cli.packing import Packing, with_signing
from lzkey.errors import ExitCode, UsageError
from lzkey.evidence.citing import cited
from lzkey.evidence.report_pack import write_report_pack
from lzkey.observed.values import Outcome
from lzkey.report.collection import iam_policy
from lzkey.report.facts import SAMPLE, Options
from lzkey.report.formats import Form, render, write
from lzkey.report.headline import headline
from lzkey.report.making import make_report
from lzkey.report.model import Delivery
from lzkey.report.trend import earlier_reports
from lzkey.state import State
from lzkey.terminal import is_quiet, messages, result, warn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey.aws.account import Progress as Told
    from lzkey.report.model import Report

EXIT_CODES: Final = """
\b
Examples:
$ lzkey report
$ lzkey report -o report.html -o report.json -o report.csv
$ lzkey report --previous report.json -o new.html -o new.json
$ lzkey report --previous report.json --previous new.json -o new.html
$ lzkey report --profile audit --management-role LandingZoneReader -o new.html
$ lzkey report --observer-role landing-zone-observer -o report.html
$ lzkey report --events -o report.html
$ lzkey report --history -o report.html
$ lzkey report --title 'Log key review, 2026 Q4' -o report.html
$ lzkey report --waivers waivers.yaml -o report.html
$ lzkey report --management-role LandingZoneReader --evidence pack
$ lzkey report --assume-role SecurityAudit --account 111122223333 --format csv

Exit codes: 0 the logs can be delivered, and nothing is non-compliant or unknown; 1 no report could be \
made; 2 wrong arguments or files; 3 something is certain to be non-compliant, or the logs cannot be \
delivered, or deliveries fail; 4 something is unknown, or only possible, or not as the proof assumes; with \
--exit-zero 3 and 4 are 0. A key of which all that fails is waived is neither 3 nor 4, but logs that \
cannot be delivered are 3 whatever is waived; a waiver of a key that is not there is 2, after the report.
"""


_Output = Annotated[list[Path] | None, output_option(Form)]
_Form = Annotated[Form, format_option(Form)]
_Previous = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE.json",
        help="An earlier report: show what has changed since; of several also the score over time.",
    ),
]
_Aggregator = Annotated[
    str | None, typer.Option(metavar="NAME", help="The aggregator; else the organization's is found.")
]
_RuleName = Annotated[
    str, typer.Option(metavar="NAME", help="The rule's name, without what AWS Config puts around it.")
]
_AssumeRole = Annotated[
    str | None,
    typer.Option(metavar="ROLE", help="Ask no aggregator, but each account with this role in it."),
]
_ManagementRole = Annotated[
    str | None,
    typer.Option(metavar="ROLE", help="The management account's role to read landing zone and rule with."),
]
_Account = Annotated[
    list[str] | None,
    typer.Option("--account", metavar="ID", help="With --assume-role: these accounts, not all."),
]
_Excluded = Annotated[
    list[str] | None, typer.Option("--exclude-account", metavar="ID", help="Expect no results there.")
]
_Observer = Annotated[
    str | None,
    typer.Option(
        metavar="ROLE", help="Ask accounts for their delivery channels with this role in each of them."
    ),
]
_Sample = Annotated[
    str,
    typer.Option(
        metavar="N|all", help="With --observer-role: how many other accounts, evenly spread, or all."
    ),
]
_Events = Annotated[
    bool,
    typer.Option("--events", help="Count KMS's events of the landing zone's keys, and show strange ones."),
]
_History = Annotated[
    bool,
    typer.Option(
        "--history", help="Tell since when the landing zone's keys fail what they fail, and who began it."
    ),
]
_Title = Annotated[
    str, typer.Option(metavar="TEXT", help="What to call the report; else it is called by what it is of.")
]
_Policy = Annotated[bool, iam_policy_option(lambda: with_signing(iam_policy()))]


def report(
    *,
    outputs: _Output = None,
    form: _Form = Form.TEXT,
    previous: _Previous = None,
    aggregator: _Aggregator = None,
    rule_name: _RuleName = RULE_NAME,
    assume_role: _AssumeRole = None,
    management_role: _ManagementRole = None,
    accounts: _Account = None,
    excluded: _Excluded = None,
    observer_role: _Observer = None,
    sample: _Sample = str(SAMPLE),
    events: _Events = False,
    history: _History = False,
    title: _Title = "",
    profile: Profile = None,
    region: Region = None,
    waivers: WaiversFile = None,
    evidence: Evidence = None,
    sign: Sign = None,
    exit_zero: ExitZero = False,
    print_iam_policy: _Policy = False,
) -> None:
    """Report every account and Region of the organization, with its gaps; nothing is changed.

    Results come through an aggregator of AWS Config, so from an account that has one: since landing zone 4.0
    the audit account. Without one the report is of the account alone.
    """
    del print_iam_policy  # its callback has ended the command
    options = Options(
        rule_name,
        aggregator,
        assume_role,
        management_role,
        tuple(accounts or ()),
        tuple(excluded or ()),
        observer_role,
        _number(sample),
        events,
        history,
        title.strip(),
        waivers_in(waivers, outputs or []),
    )
    _require_sensible(options)
    earlier = earlier_reports(previous or [])
    credentials = session(profile, region)
    packing = Packing.of(evidence, sign, lambda _region: credentials, outputs or [])
    with _few_full_collections():
        with _progress() as told:
            witness = packing.witness if packing is not None else None
            made = make_report(credentials, options, previous=earlier, progress=told, witness=witness)
        if packing is not None:
            text = options.waivers.text
            write_report_pack(packing.folder, made, packing.witness, packing.signer, text)
        write(made, outputs or [], () if packing is None else cited(packing.folder))
        result(render(made, form))
    for note in made.idle_waivers:
        warn(note)
    options.waivers.require_known({key.arn for key in made.keys})
    raise typer.Exit(ExitCode.DONE if exit_zero else exit_code(made))


def exit_code(made: Report) -> ExitCode:
    """What a report ends with: the worst first; a key that may be refused is not certain to be."""
    counts, answer = made.counts, headline(made)
    failing = [key for key in made.keys if key.state is not State.WAIVED]
    certain = [failure for key in failing for failure in key.failures if failure.certainty == "refused"]
    if Delivery.NO is made.proved.delivery or answer.observed is Outcome.FAILING or certain:
        return ExitCode.PROBLEM
    doubtful = made.proved.delivery is not Delivery.YES or answer.contradicted
    if doubtful or counts[State.UNKNOWN] or counts[State.NON_COMPLIANT]:
        return ExitCode.UNDETERMINED
    return ExitCode.DONE


def _number(sample: str) -> int | None:
    """How many accounts; None for all."""
    if sample == "all":
        return None
    if not re.fullmatch(r"[1-9][0-9]{0,4}", sample, re.ASCII):
        raise UsageError(f"--sample is {sample!r}, but must be a number of accounts from 1 on, or all")
    return int(sample)


def _require_sensible(options: Options) -> None:
    if options.assume_role is None and options.accounts:
        raise UsageError("--account needs --assume-role: an aggregator shows all accounts")
    if options.assume_role is not None and options.aggregator is not None:
        raise UsageError("--assume-role asks no aggregator: leave one of the two out")
    if options.observer_role is None and options.sample != SAMPLE:
        raise UsageError("--sample needs --observer-role: no other account is asked without it")
    for account in (*options.accounts, *options.excluded_accounts):
        if not re.fullmatch(r"[0-9]{12}", account):
            raise UsageError(f"{account!r} is no account: 12 digits are")


@contextmanager
def _few_full_collections() -> Iterator[None]:
    """Let the garbage collector seldom look through everything: what accounts tell stays to the end."""
    young, middle, old = gc.get_threshold()
    gc.set_threshold(young, middle, 100 * old)
    try:
        yield
    finally:
        gc.set_threshold(young, middle, old)


@contextmanager
def _progress() -> Iterator[Told]:
    """Show on a terminal what is being read; standard error alone, and nothing stays of it."""
    console = messages()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    hidden = is_quiet() or not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as bar:
        tasks: dict[str, TaskID] = {}

        def told(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=of)
            bar.update(tasks[what], completed=done, total=of)

        yield told
