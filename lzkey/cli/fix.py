"""`lzkey fix`."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from lzkey.check.formats.proposed import LINES, Form, as_document, cli, pretty, remarks
from lzkey.check.proposal import propose
from lzkey.check.verdict import judge
from lzkey.cli.answers import Answers, KeyOrFile
from lzkey.cli.asked import Asked, live_policy_option, with_options
from lzkey.cli.options import ALIVE, format_option, output_option
from lzkey.cli.target import is_file
from lzkey.errors import ExitCode, SettingsError
from lzkey.sources.documents import KEY_POLICY
from lzkey.terminal import folded, messages, plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from lzkey.check.proposal import Proposal
    from lzkey.check.verdict import Verdict
    from lzkey.files import Format
    from lzkey.sources.subject import Context

EXIT_CODES: Final = """
\b
Examples:
$ lzkey fix policy.json --parameters prod
$ lzkey fix template.yaml --parameters prod --format cloudformation
$ lzkey fix plan.json --parameters prod -o repaired.tf
$ lzkey fix alias/landing-zone --profile management --discover --apply

Exit codes: 0 the policy is compliant, as it is or repaired; 1 it went wrong; 2 wrong arguments, settings or \
files; 3 something stays that cannot be repaired; 4 something could not be determined, or no key was found.
"""

_UNCHANGED: Final = "nothing was changed"
_REMARK: Final = "# "
_STYLES: Final = {"+": "green", "-": "red", "@": "cyan", "#": "bold"}


_Form = Annotated[Form, format_option(Form, "How the repaired policy is written to standard output")]
_Output = Annotated[list[Path] | None, output_option(Form)]
_Apply = Annotated[
    bool,
    typer.Option(
        "--apply", help="Change the live key's policy to this one, after asking.", rich_help_panel=ALIVE
    ),
]
_Yes = Annotated[bool, typer.Option("--yes", help="With --apply: do not ask.", rich_help_panel=ALIVE)]
_Backup = Annotated[
    Path,
    typer.Option(
        metavar="FOLDER",
        show_default="the current folder",
        help="With --apply: where the policy as it is is saved first.",
        rich_help_panel=ALIVE,
    ),
]
_Print = Annotated[bool, live_policy_option("fix")]


@with_options
def fix(
    target: KeyOrFile,
    *,
    asked: Asked,
    form: _Form = Form.DIFF,
    output: _Output = None,
    apply: _Apply = False,
    yes: _Yes = False,
    backup: _Backup = Path(),
    print_iam_policy: _Print = False,
) -> None:
    """Show the repaired key policy, proved again, and what cannot be repaired.

    Nothing is changed without --apply. With --apply the policy of a live key is changed: the difference is
    shown, you are asked, the policy as it is is saved to a file first, KMS checks that you do not lock
    yourself out, and the key is read and judged again.

    Statements are added and none is touched: a Deny in the way is named with the exemption that it needs.
    """
    del print_iam_policy  # its callback has ended the command
    if apply:
        _require_appliable(target, form, yes=yes)
    elif yes:
        raise SettingsError("--yes is for --apply; without it nothing is changed")
    answers, at = Answers(form, output or []), datetime.now(UTC)
    with answers.writing():
        context = answers.context(target, asked)
        for found in answers.keys(target, asked, context):
            proposal = propose(found, context.zone, at=at)
            if answers.as_json:
                answers.results.append(as_document(proposal))
            for written, screen in answers.screens:
                _show(screen, _text(proposal, written, asked.profile))
            applying = apply and proposal.added
            verdict = _apply(proposal, asked, context, at, backup, yes=yes) if applying else proposal.verdict
            answers.tally.count(verdict)
    answers.end()


def _require_appliable(target: str, form: Form, *, yes: bool) -> None:
    if is_file(target):
        raise SettingsError(f"--apply changes a live key, and {target} is none: give its ARN, id or alias")
    if form is not Form.DIFF:
        raise SettingsError("--apply shows the diff; leave out --format")
    if not yes and not sys.stdin.isatty():
        raise SettingsError("--apply asks before it changes the key; without a terminal, --yes says yes")


def _text(proposal: Proposal, form: Format, profile: str | None) -> Iterable[str]:
    yield from (f"# {remark}" for remark in remarks(proposal))
    if form is Form.DIFF and proposal.added and _is_laid_out_otherwise(proposal):
        yield "# git apply takes it for a file of two spaces' indentation, a member a line: this one is not"
    if form is Form.CLI:
        yield from cli(proposal, profile)
    else:
        yield from LINES[form](proposal)


def _is_laid_out_otherwise(proposal: Proposal) -> bool:
    """Whether a file of a bare policy is none to which the diff can be applied."""
    place = proposal.found.place
    if place.kind is not KEY_POLICY or not is_file(place.source):
        return False
    return Path(place.source).read_bytes().rstrip(b"\n") != pretty(proposal.before).encode()


def _show(screen: Console, lines: Iterable[str]) -> None:
    for line in lines:
        style = _STYLES.get(line[:1], "") if screen.is_terminal else ""
        if line.startswith(_REMARK):  # folded it is still a remark; nothing else of a file may be folded
            screen.print(folded(line.removeprefix(_REMARK), _REMARK, style=style), soft_wrap=True)
        else:
            screen.print(plain(line, style), soft_wrap=True)


def _agreed(question: str) -> bool:
    try:
        return typer.confirm(question, err=True)
    except typer.Abort as aborted:  # Ctrl-C, or the end of the input, in the middle of the line
        messages().print()
        if isinstance(aborted.__context__, KeyboardInterrupt):
            messages().print(_UNCHANGED)
            raise typer.Exit(ExitCode.INTERRUPTED) from aborted
        return False


def _apply(
    proposal: Proposal, asked: Asked, context: Context, at: datetime, backup: Path, *, yes: bool
) -> Verdict:
    """Put the policy, and judge the key as it is then: unchanged where the answer is no."""
    from lzkey.aws.account import Asker, Manner  # noqa: PLC0415 - boto3
    from lzkey.check.applying import Applying  # noqa: PLC0415 - boto3

    if not yes and not _agreed(f"Put this policy on {proposal.found.key.arn}?"):
        messages().print(_UNCHANGED)
        return judge(proposal.found, context.zone, at=at)
    arn = proposal.found.key.arn
    asker = Asker(asked.session(context.zone.home_region), arn.account, arn.region, Manner())
    console = messages()

    def tell(line: str) -> None:  # not folded: there are commands in it
        console.print(plain(line), soft_wrap=True)

    return Applying(asker, backup, tell, time.sleep, asked.profile).apply(proposal, context.zone, at)
