"""Why an account and Region cannot be trusted, from what the aggregator and the organization tell of it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final

from lzkey.aws.aggregator import ANY_REGION
from lzkey.aws.recorder import NO_RECORDER, RecorderFault
from lzkey.figures import moment
from lzkey.report.model import Cause, Doubt

if TYPE_CHECKING:
    from lzkey.aws.aggregator import Source
    from lzkey.aws.recorder import Recorder
    from lzkey.report.aggregated import Aggregated
    from lzkey.report.facts import AccountRegion, RuleInForce
    from lzkey.report.model import Account

ENROLL: Final = "enroll the account in Control Tower, or create a recorder (deploy/recorder.yaml)"
START: Final = (
    "start it there: aws configservice start-configuration-recorder --configuration-recorder-name {}"
)
RECORD_KEYS: Final = "add AWS::KMS::Key to the recorder's recording group"
DEPLOY: Final = "deploy the rule there: lzkey deploy-organization NAME, of its parameters/NAME.json"
DEPLOY_ALONE: Final = "deploy the rule there: lzkey deploy NAME, of its parameters/NAME.json"
DIAGNOSE: Final = "see whether the rule is there, and runs: lzkey doctor NAME, of its parameters/NAME.json"
ALLOW: Final = "allow it (lzkey report --print-iam-policy), or try again later"


def trouble(account: Account, region: str, seen: Aggregated, rule: RuleInForce) -> Doubt | None:
    """The first reason, the one to be put right before any other; None where there is none."""
    where = (account.account, region)
    if account.status != "ACTIVE":
        return Doubt(
            Cause.ACCOUNT_NOT_ACTIVE,
            f"AWS Organizations says {account.status}",
            "nothing to do, unless the account is to be used again",
        )
    excluded = account.account in rule.excluded_accounts
    if excluded and where not in seen.rules:
        return None
    return (
        _of_source(where, seen)
        or _of_results(where, seen)
        or (None if excluded else _of_rule(where, seen))
        or _of_recorder(where, seen, rule)
        or _of_unread_sources(seen)
    )


def _of_source(where: AccountRegion, seen: Aggregated) -> Doubt | None:
    if seen.sources is None:
        return None
    source = seen.sources.get(where) or seen.sources.get((where[0], ANY_REGION))
    if source is None:
        return Doubt(
            Cause.NOT_AGGREGATED,
            "it is no source of the aggregator",
            "take it into the aggregator; " + ENROLL,
        )
    if source.status == "FAILED":
        return _failed(source)
    if source.is_fresh:
        return None
    error = f" ({source.error})" if source.error else ""
    return Doubt(
        Cause.SOURCE_OUTDATED,
        f"what the aggregator shows is of {moment(source.updated_at)}{error}",
        "see that AWS Config runs there, and that the aggregator is authorized",
    )


def _of_unread_sources(seen: Aggregated) -> Doubt | None:
    if seen.sources is not None:
        return None
    return Doubt(Cause.NOT_READ, "the aggregator did not tell how old what it shows is", ALLOW)


def _failed(source: Source) -> Doubt:
    why = source.error or "AWS Config gives no reason"
    if NO_RECORDER in why:
        return Doubt(Cause.NO_RECORDER, why, ENROLL)
    return Doubt(Cause.SOURCE_FAILED, why, "mend what it names: the aggregator must be authorized there")


def _of_results(where: AccountRegion, seen: Aggregated) -> Doubt | None:
    why = seen.unread.get(where) or seen.unread_regions.get(where[1])
    return Doubt(Cause.NOT_READ, why, ALLOW) if why else None


def _of_rule(where: AccountRegion, seen: Aggregated) -> Doubt | None:
    account, region = where
    if region not in seen.statuses:
        return None
    has_results = where in seen.rules
    told = seen.statuses[region].get(account)
    if told is None:
        return None if has_results else Doubt(Cause.RULE_MISSING, "AWS Config did not send it there", DEPLOY)
    if told.successful:
        return None
    said = f"{told.status} ({told.reason or 'no reason given'})"
    if not has_results:
        recorder = NO_RECORDER in told.reason
        return Doubt(Cause.RULE_MISSING, said, f"{ENROLL}; then {DEPLOY}" if recorder else DEPLOY)
    return Doubt(Cause.RULE_FAILING, f"its results are of an earlier version: {said}", DEPLOY)


def _of_recorder(where: AccountRegion, seen: Aggregated, rule: RuleInForce) -> Doubt | None:
    """A rule that runs on a schedule reads the keys itself: where it has results, no recorder is needed.

    Where AWS Config shows recorders at all, an account without one has none, whatever it had before.
    """
    judged = bool(seen.evaluations.get(where))
    if judged and rule.period is not None:
        return None
    if where[1] in seen.inventory.not_listed:
        return Doubt(Cause.NOT_READ, "keys and recorder there could not be listed", ALLOW)
    recorder = seen.inventory.recorders.get(where)
    if recorder is None:
        if not seen.inventory.recorders and (judged or seen.inventory.keys.get(where)):
            return None
        return Doubt(Cause.NO_RECORDER, "AWS Config shows no recorder there", ENROLL)
    return of_recorder(recorder)


def of_recorder(recorder: Recorder) -> Doubt | None:
    """The doubt that changes of keys are not recorded; None where there is none."""
    name = recorder.name
    match recorder.fault:
        case RecorderFault.STOPPED:
            return Doubt(
                Cause.NO_RECORDER, f"the recorder {name} is stopped", START.format(shlex.quote(name))
            )
        case RecorderFault.LEAVES_KEYS_OUT:
            return Doubt(
                Cause.KEYS_NOT_RECORDED, f"the recorder {name} leaves AWS::KMS::Key out", RECORD_KEYS
            )
        case RecorderFault.FAILING:
            told = f"the recorder {name} failed the last time ({recorder.failure})"
            return Doubt(Cause.RECORDER_FAILING, told, "mend there what its error names")
    return None
