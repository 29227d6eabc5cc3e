"""What the page calls things, and values as people read them.

Nothing from a report can reorder, hide or break the text around it.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from lzkey.observed.values import Outcome
from lzkey.report.model import Cause, Collected, Delivery
from lzkey.state import State

if TYPE_CHECKING:
    from collections.abc import Mapping

STATES: Final[Mapping[State, str]] = {
    State.NON_COMPLIANT: "Non-compliant",
    State.UNKNOWN: "Unknown",
    State.COMPLIANT: "Compliant",
    State.NOT_APPLICABLE: "Not applicable",
}

MEANINGS: Final[Mapping[State, str]] = {
    State.NON_COMPLIANT: "A requirement does not hold, or could not be shown to hold.",
    State.UNKNOWN: "There is no answer; section “What is not known” says why.",
    State.COMPLIANT: "Proved: every request of CloudTrail and AWS Config is allowed.",
    State.NOT_APPLICABLE: "The rule does not judge the key; outside of the score.",
}

ANSWERS: Final[Mapping[Delivery, str]] = {
    Delivery.YES: "Yes.",
    Delivery.NO: "No.",
    Delivery.POSSIBLE: "Perhaps not.",
    Delivery.UNKNOWN: "Unknown.",
    Delivery.NONE: "None.",
}
#: Of what is proved to be refused, and is observed all the same.
CONTRADICTION: Final = "Contradiction."

CAUSES: Final[Mapping[Cause, str]] = {
    Cause.ACCOUNT_NOT_ACTIVE: "account not active",
    Cause.NOT_AGGREGATED: "not aggregated",
    Cause.SOURCE_FAILED: "source failed",
    Cause.SOURCE_OUTDATED: "source outdated",
    Cause.NO_RECORDER: "no recorder",
    Cause.KEYS_NOT_RECORDED: "keys not recorded",
    Cause.RECORDER_FAILING: "recorder failing",
    Cause.RULE_MISSING: "rule missing",
    Cause.RULE_FAILING: "rule failing",
    Cause.NEVER_EVALUATED: "never evaluated",
    Cause.RESULT_OUTDATED: "result outdated",
    Cause.NOT_READ: "not read",
    Cause.NOT_UNDERSTOOD: "not understood",
}

DOUBTS: Final[Mapping[Cause, str]] = {
    Cause.ACCOUNT_NOT_ACTIVE: "The account is suspended or being closed: AWS Config delivers nothing.",
    Cause.NOT_AGGREGATED: "The account belongs to the organization, and is no source of the aggregator.",
    Cause.SOURCE_FAILED: "The aggregator cannot collect from there.",
    Cause.SOURCE_OUTDATED: "The aggregator shows an earlier day: failures count, a COMPLIANT does not.",
    Cause.NO_RECORDER: "AWS Config does not record there, so that no rule is run.",
    Cause.KEYS_NOT_RECORDED: "AWS Config records there, but no KMS keys.",
    Cause.RECORDER_FAILING: "AWS Config failed to record there the last time: a change may have been missed.",
    Cause.RULE_MISSING: "The rule is not deployed there.",
    Cause.RULE_FAILING: "The rule is there and fails when it is run.",
    Cause.NEVER_EVALUATED: "The key is in the inventory and in the rule's scope, and has no result.",
    Cause.RESULT_OUTDATED: "A COMPLIANT result is older than the rule's schedule allows, or than the key is.",
    Cause.NOT_READ: "AWS refused or failed to tell, to whoever made this report.",
    Cause.NOT_UNDERSTOOD: "The result is not this rule's, or of another version of it.",
}

COLLECTED: Final[Mapping[Collected, str]] = {
    Collected.AGGREGATOR: "An AWS Config aggregator",
    Collected.ACCOUNT: "One account's own AWS Config",
    Collected.ROLES: "Each account's own AWS Config, read with a role assumed there",
}

UNNAMED: Final = "Requirement not named"

_KEY_ARN: Final = re.compile(
    r"(arn:[a-z-]{1,12}:kms:[a-z0-9-]{1,20}:\d{12}:)(key/[0-9A-Za-z-]{1,40})", re.ASCII
)


def answer(proved: Delivery, observed: Outcome, *, contradicted: bool = False) -> str:
    """The headline in a word: what fails is no yes, whatever is proved."""
    if observed is Outcome.FAILING:
        return ANSWERS[Delivery.NO]
    if (observed is Outcome.DELIVERING and proved is Delivery.NO) or (
        contradicted and proved is Delivery.YES
    ):
        return CONTRADICTION
    return ANSWERS[proved]


def visible(text: str) -> str:
    """The text with any kind of space as a space, and all else that is not printable as its code.

    Control characters, marks that reorder text and lone surrogates become such as `⟨U+202E⟩`.
    """
    return text if text.isprintable() else "".join(map(_shown, text))


def grouped(number: int) -> str:
    """A number with its thousands apart."""
    return f"{number:,}"


def arn_parts(arn: str) -> tuple[str, ...]:
    """The ARN in the parts between which a line may end; one of no key may end it anywhere."""
    found = _KEY_ARN.fullmatch(arn)
    return found.groups() if found else (arn,)


def arn_pieces(told: str) -> list[tuple[str, ...]]:
    """A text in pieces, in turn plain text and an ARN of a key, in its parts."""
    pieces: list[tuple[str, ...]] = []
    end = 0
    for found in _KEY_ARN.finditer(told):
        pieces += [(told[end : found.start()],), found.groups()]
        end = found.end()
    return [*pieces, (told[end:],)]


def _shown(character: str) -> str:
    if character.isprintable():
        return character
    spaces = character in "\t\n\r" or unicodedata.category(character) in ("Zs", "Zl", "Zp")
    return " " if spaces else f"⟨U+{ord(character):04X}⟩"
