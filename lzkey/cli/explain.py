"""`lzkey explain`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer

from lzkey.check.explanation import explanation
from lzkey.check.formats.explained import as_document, blast_view, premises, premises_view, terminal_view
from lzkey.cli.answers import Answers, KeyOrFile
from lzkey.cli.asked import Asked, live_policy_option, with_options
from lzkey.cli.options import ALIVE, Files, Format, OneFormat
from lzkey.cli.target import is_key
from lzkey.errors import UsageError

if TYPE_CHECKING:
    from landing_zone_key import KmsKey, LandingZone
    from lzkey.observed.blast import BlastRadius

EXIT_CODES: Final = """
\b
Examples:
$ lzkey explain policy.json --parameters prod
$ lzkey explain template.yaml --parameters prod -o explained.txt
$ lzkey explain alias/landing-zone --profile management --discover
$ lzkey explain alias/landing-zone --profile management --discover --live

Exit codes: 0 every key is compliant, or not judged; 1 it went wrong; 2 wrong arguments, settings or files; \
3 a request would be refused, or a key is not what it must be; 4 none is, but a request may be refused, \
something could not be determined, or no key was found.
"""

_Live = Annotated[
    bool,
    typer.Option(
        "--live",
        help="Of a live key: also ask AWS what depends on it, and since when and until when it can serve.",
        rich_help_panel=ALIVE,
    ),
]
_Print = Annotated[bool, live_policy_option("explain")]


@with_options
def explain(
    target: KeyOrFile,
    *,
    asked: Asked,
    form: OneFormat = Format.TEXT,
    output: Files = None,
    live: _Live = False,
    print_iam_policy: _Print = False,
) -> None:
    """Show every requirement with what was found: the proof, or the refused request and each statement.

    Of a refused request everything is shown that is known, absent or unknown, and of each statement why it
    applies or does not, the nearest miss first.
    """
    del print_iam_policy  # its callback has ended the command
    if live and not is_key(target):
        raise UsageError(f"--live asks AWS about a live key, and {target} is no ARN, id or alias of one")
    answers, at = Answers(form, output or []), datetime.now(UTC)
    with answers.writing(premises=premises()):
        context = answers.context(target, asked)
        judged = False
        for found in answers.keys(target, asked, context):
            explained = explanation(found, context.zone, at=at)
            radius = _radius(found.key, asked, context.zone, at) if live else None
            judged = judged or bool(explained.answers)
            if answers.as_json:
                answers.results.append(as_document(explained, radius))
            if answers.tally.keys:
                answers.show("")
            answers.show(terminal_view(explained), *map(blast_view, filter(None, (radius,))))
            answers.tally.count(explained.verdict)
        if judged:
            answers.show("", premises_view())
    answers.end()


def _radius(key: KmsKey, asked: Asked, zone: LandingZone, at: datetime) -> BlastRadius:
    from lzkey.observed.asking import blast_radius_in  # noqa: PLC0415 - boto3

    return blast_radius_in(asked.session(zone.home_region), key, zone, at)
