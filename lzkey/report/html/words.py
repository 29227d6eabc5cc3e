"""What the page calls things."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lzkey.observed.values import Outcome
from lzkey.report.model import Cause, Collected, Delivery
from lzkey.report.verdicts import Verdict
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

#: The state of keys that each looks like.
LOOKS: Final[Mapping[Verdict, State]] = {
    Verdict.REFUSED: State.NON_COMPLIANT,
    Verdict.POSSIBLE: State.NON_COMPLIANT,
    Verdict.UNKNOWN: State.UNKNOWN,
    Verdict.HOLDS: State.COMPLIANT,
    Verdict.NOT_ASKED: State.NOT_APPLICABLE,
    Verdict.NOT_APPLICABLE: State.NOT_APPLICABLE,
}

UNNAMED: Final = "Requirement not named"

#: A command of the AWS CLI with one argument, which is quoted for a shell where it needs it.
_COMMAND: Final = re.compile(r"""(aws [a-z]+ [a-z-]+ --[a-z-]+ (?:'[^']*'|"'"|[\w@%+=:./-])+)""", re.ASCII)


def with_commands(told: str) -> list[str]:
    """What to do in pieces: in turn words, and a command that can be run as it stands."""
    return _COMMAND.split(told)


def answer(proved: Delivery, observed: Outcome, *, contradicted: bool = False) -> str:
    """The headline in a word: what fails is no yes, whatever is proved."""
    if observed is Outcome.FAILING:
        return ANSWERS[Delivery.NO]
    if (observed is Outcome.DELIVERING and proved is Delivery.NO) or (
        contradicted and proved is Delivery.YES
    ):
        return CONTRADICTION
    return ANSWERS[proved]
