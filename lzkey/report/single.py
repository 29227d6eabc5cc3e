"""Accounts without an aggregator: each account's own results, read in it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from landing_zone_key import KmsKey
from landing_zone_key.key import KeyArn
from lzkey.aws.account import UnansweredError, at_once
from lzkey.aws.recorder import own_recorder
from lzkey.aws.rule import EvaluationStatus
from lzkey.report.aggregated import evaluation
from lzkey.report.facts import Seen
from lzkey.report.model import Cause, Doubt
from lzkey.report.surroundings import own_rules
from lzkey.report.troubles import ALLOW, DEPLOY, DIAGNOSE, ENROLL, of_recorder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey.aws.account import Answer, Asker
    from lzkey.report.facts import Rule

ACCOUNT_ACTIONS: Final = (
    "config:DescribeConfigRules",
    "config:DescribeConfigRuleEvaluationStatus",
    "config:GetComplianceDetailsByConfigRule",
    *own_recorder.actions,
    "kms:ListKeys",
    "kms:DescribeKey",
)


def look(aws: Asker, wanted: str, rule: Rule) -> Seen:
    """Return what one account shows of itself in its Region; the keys are KMS's own list of them.

    What is refused is a note, and a doubt where results depend on it.
    """
    seen = Seen(aws.account, aws.region)
    try:
        rules = own_rules(aws, wanted)
        if not rules:
            missing = Doubt(Cause.RULE_MISSING, f"the account has no rule {wanted}", DEPLOY)
            return replace(seen, keys=_keys(aws, frozenset()) or (), trouble=missing)
        names = [str(found["ConfigRuleName"]) for found in rules]
        evaluations = tuple(
            evaluation(result)
            for name in names
            for result in aws.each(
                "config:GetComplianceDetailsByConfigRule", "EvaluationResults", size=100, ConfigRuleName=name
            )
        )
        trouble = _failing(aws, names)
    except UnansweredError as error:
        aws.log.note(str(error))
        unread = Doubt(Cause.NOT_READ, str(error), ALLOW)
        return replace(seen, keys=_keys(aws, frozenset()) or (), trouble=unread)
    keys = _keys(aws, frozenset(result.key_id for result in evaluations))
    if trouble is None and (rule.period is None or not evaluations):
        trouble = _recording(aws)
    gap = None
    if keys is None and (rule.period is None or not evaluations):
        gap = Doubt(Cause.NOT_READ, "the keys of the account could not be listed", ALLOW)
    seen = replace(seen, evaluations=evaluations, keys=keys or (), rule_name=names[0])
    return replace(seen, trouble=trouble, gap=gap)


def _failing(aws: Asker, names: list[str]) -> Doubt | None:
    """Return the doubt that a rule's last evaluation failed: its results are those of the time before."""
    statuses = aws.each(
        "config:DescribeConfigRuleEvaluationStatus", "ConfigRulesEvaluationStatus", ConfigRuleNames=names
    )
    for status in map(EvaluationStatus.of, statuses):
        if status.is_failing:
            why = status.why or "no reason given"
            return Doubt(Cause.RULE_FAILING, f"the last evaluation failed ({why})", DIAGNOSE)
    return None


def _recording(aws: Asker) -> Doubt | None:
    """Return the doubt that changes of keys are not recorded here, or that nobody may know it."""
    try:
        recorder = own_recorder(aws)
    except UnansweredError as error:
        aws.log.note(str(error))
        return Doubt(Cause.NOT_READ, str(error), ALLOW)
    if recorder is None:
        return Doubt(Cause.NO_RECORDER, f"there is no recorder in {aws.region}", ENROLL)
    return of_recorder(recorder)


def _keys(aws: Asker, judged: frozenset[str]) -> tuple[KmsKey, ...] | None:
    """Return the keys that have no result, described; None where KMS does not list them."""

    def listed() -> list[KeyArn]:
        entries: Iterator[Answer] = aws.each("kms:ListKeys", "Keys", size=1000)
        return [KeyArn.parse(entry["KeyArn"]) for entry in entries if entry["KeyId"] not in judged]

    arns = aws.unless(listed, None)
    return None if arns is None else tuple(at_once(lambda arn: _described(aws, arn), arns))


def _described(aws: Asker, arn: KeyArn) -> KmsKey:
    """Return a key; of one that may not be described nothing is known, and one that is gone is deleted."""
    try:
        return KmsKey.from_describe_key(aws.ask("kms:DescribeKey", KeyId=str(arn)))
    except UnansweredError as error:
        if error.code != "NotFoundException":
            aws.log.note(str(error))
        return replace(KmsKey.from_arn(arn), deleted=error.code == "NotFoundException")
