"""What the page calls things, and what it advises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from landing_zone_key import Requirement
from lzkey.report.model import Cause, Collected, Delivery, State

if TYPE_CHECKING:
    from collections.abc import Mapping

DOCUMENTATION: Final = "https://docs.aws.amazon.com/"
_KMS: Final = f"{DOCUMENTATION}kms/latest/developerguide/"
_LANDING_ZONE: Final = f"{DOCUMENTATION}controltower/latest/userguide/configure-kms-keys.html"

WORST_FIRST: Final = (State.NON_COMPLIANT, State.UNKNOWN, State.COMPLIANT, State.NOT_APPLICABLE)

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
    Delivery.UNKNOWN: "Unknown.",
}

CAUSES: Final[Mapping[Cause, str]] = {
    Cause.ACCOUNT_NOT_ACTIVE: "account not active",
    Cause.NOT_AGGREGATED: "not aggregated",
    Cause.SOURCE_FAILED: "source failed",
    Cause.SOURCE_OUTDATED: "source outdated",
    Cause.NO_RECORDER: "no recorder",
    Cause.KEYS_NOT_RECORDED: "keys not recorded",
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
    Cause.RULE_MISSING: "The rule is not deployed there.",
    Cause.RULE_FAILING: "The rule is there and fails when it is run.",
    Cause.NEVER_EVALUATED: "The key is in the inventory and in the rule's scope, and has no result.",
    Cause.RESULT_OUTDATED: "A COMPLIANT result is older than the rule's schedule allows.",
    Cause.NOT_READ: "AWS refused or failed to tell, to whoever made this report.",
    Cause.NOT_UNDERSTOOD: "The result is not this rule's, or of another version of it.",
}

COLLECTED: Final[Mapping[Collected, str]] = {
    Collected.AGGREGATOR: "An AWS Config aggregator",
    Collected.ACCOUNT: "One account's own AWS Config",
    Collected.ROLES: "Each account's own AWS Config, read with a role assumed there",
}


@dataclass(frozen=True, slots=True)
class Advice:
    """A requirement for people: what it asks for, what to do where it does not hold, and AWS's page on it."""

    holds: str
    fix: str
    """A sentence; COMMAND stands for the command and an ARN."""
    page: str
    command: str = ""
    """What to run, before the ARN of the key; empty where no command helps."""


_ADDS: Final = (
    "COMMAND prints the smallest addition to the key policy with which every request is allowed, proved "
    "before it is shown. It only adds: a Deny that refuses is named, and changing it is up to you."
)
_NEW_KEY: Final = (
    "This cannot be changed after creation. Create a symmetric, single-Region key in the management "
    "account's home Region, and enter it in the landing zone's settings."
)
_ANOTHER: Final = (
    "A key cannot be moved. If the landing zone uses this key, give it one that is in the right place; if "
    "not, set the rule parameter KeyScope to landing-zone, and the rule leaves this key alone."
)

ADVICE: Final[Mapping[str, Advice]] = {
    Requirement.CLOUDTRAIL_ACCESS: Advice(
        "The key policy allows every request that CloudTrail makes for the landing zone's trail.",
        _ADDS,
        _LANDING_ZONE,
        "lzkey fix",
    ),
    Requirement.CONFIG_ACCESS: Advice(
        "The key policy allows every request that AWS Config makes, from every account and governed Region.",
        _ADDS,
        _LANDING_ZONE,
        "lzkey fix",
    ),
    Requirement.ENABLED: Advice(
        "The key state is Enabled.",
        "COMMAND enables a disabled key. Cancel a scheduled deletion first: aws kms cancel-key-deletion.",
        f"{_KMS}enabling-keys.html",
        "aws kms enable-key --key-id",
    ),
    Requirement.MANAGEMENT_ACCOUNT: Advice("The key is in the management account.", _ANOTHER, _LANDING_ZONE),
    Requirement.HOME_REGION: Advice("The key is in the landing zone's home Region.", _ANOTHER, _LANDING_ZONE),
    Requirement.SYMMETRIC: Advice(
        "The key is symmetric, SYMMETRIC_DEFAULT, and for ENCRYPT_DECRYPT.",
        _NEW_KEY,
        f"{_KMS}symmetric-asymmetric.html",
    ),
    Requirement.SINGLE_REGION: Advice(
        "The key is not a multi-Region key.", _NEW_KEY, f"{_KMS}multi-region-keys-overview.html"
    ),
}

UNNAMED: Final = "Requirement not named"
OTHER_ADVICE: Final = Advice(
    "Not a requirement that this version of lzkey knows, or none is named.",
    "Read the annotation, and deploy the rule and lzkey in the same version.",
    _LANDING_ZONE,
)
