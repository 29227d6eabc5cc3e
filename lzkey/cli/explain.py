"""`lzkey explain`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final

from lzkey.check.explanation import explanation
from lzkey.check.formats.explained import as_document, premises, premises_view, terminal_view
from lzkey.cli.answers import Answers, KeyOrFile
from lzkey.cli.asked import Asked, live_policy_option, with_options
from lzkey.cli.options import Format, OneFormat
from lzkey.terminal import output

EXIT_CODES: Final = """
Examples:

\b
$ lzkey explain policy.json
$ lzkey explain template.yaml --format json
$ lzkey explain alias/landing-zone --profile management --discover

Exit codes: 0 every key is compliant, or not judged; 1 it went wrong; 2 wrong arguments, settings or files; \
3 a request would be refused, or a key is not what it must be; 4 none is, but a request may be refused, \
something could not be determined, or no key was found.
"""

_Print = Annotated[bool, live_policy_option("explain")]


@with_options
def explain(
    target: KeyOrFile, *, asked: Asked, form: OneFormat = Format.TEXT, print_iam_policy: _Print = False
) -> None:
    """Show every requirement with what was found: the proof, or the refused request and each statement.

    Of a refused request everything is shown that is known, absent or unknown, and of each statement why it
    applies or does not, the nearest miss first.
    """
    del print_iam_policy  # its callback has ended the command
    answers, at = Answers(as_json=form is Format.JSON), datetime.now(UTC)
    context = answers.context(target, asked)
    judged = False
    for found in answers.keys(target, asked, context):
        explained = explanation(found, context.zone, at=at)
        judged = judged or bool(explained.answers)
        if answers.as_json:
            answers.results.append(as_document(explained))
        else:
            if answers.tally.keys:
                output().print()
            output().print(terminal_view(explained), soft_wrap=True)
        answers.tally.count(explained.verdict)
    if judged and not answers.as_json:
        output().print()
        output().print(premises_view(), soft_wrap=True)
    answers.end(premises=premises())
