"""The rule as AWS Config has it, in the account or in the organization, and whether it works."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from landing_zone_key import LandingZone
from landing_zone_key.errors import SettingsError
from landing_zone_key.settings import RDKLIB_PARAMETERS
from lzkey import RULE_NAME
from lzkey.aws.fact import takes
from lzkey.aws.keys import recorded_keys
from lzkey.aws.rule import (
    CHANGES,
    PERIODS,
    SCHEDULED,
    account_rule_faults,
    evaluation_statuses,
    organization_rule_faults,
)
from lzkey.doctor.subject import RULES, ago, not_applicable, ok, problem, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lzkey.aws.rule import Rule
    from lzkey.doctor.subject import Check, Subject


@takes(facts=RULES)
def rule(subject: Subject) -> Check:
    """Check that the rule is there with the parameters, triggers and scope of the parameters file."""
    own, organizations, maker = subject.rule(), subject.organization_rule(), subject.made_by()
    if own is not None:
        kind, faults = "of the account", tuple(_account_faults(subject, own, subject.account))
    elif organizations is not None:
        kind, faults = "of the organization", tuple(_organization_faults(subject, organizations))
    elif (sent := subject.sent_rule()) is not None and maker is not None:
        kind = f"of the organization, made by account {maker}"
        faults = tuple(_account_faults(subject, sent, maker))
    else:
        return problem(f"AWS Config has no rule {RULE_NAME} in {subject.region}", subject.redeploy)
    if faults:
        return problem("; ".join(faults), f"{subject.redeploy}{_from(maker)}")
    triggers = " and ".join(sorted(subject.parameters.deployment.triggers))
    return ok(f"{kind}, as {subject.parameters.path.name} says, on {triggers}")


@takes(facts=(*RULES, evaluation_statuses, recorded_keys))
def last_evaluation(subject: Subject) -> Check:
    """Check that the rule's last evaluation in this account succeeded, and in time.

    https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigRuleEvaluationStatus.html
    """
    name = subject.rule_here()
    if name is None:
        return not_applicable("there is no rule in this account")
    status = evaluation_statuses(subject.asker, (name,))[0]
    succeeded = status.succeeded
    if status.is_failing:
        when = f" {ago(subject.now, status.failed)}" if status.failed else ""
        before = f"; the last success was {ago(subject.now, succeeded)}" if succeeded else ""
        return problem(
            f"it failed{when} ({status.why or 'no reason given'}){before}",
            f"see the function's log (rdk logs {RULE_NAME}), mend what it names, then evaluate again",
        )
    if succeeded is None and _nothing_to_evaluate(subject):
        return not_applicable("no key is recorded in this account, so nothing was evaluated")
    if succeeded is None:
        return unknown("the rule has not been evaluated yet", f"evaluate it: {_evaluate(name)}")
    if subject.now - succeeded > _patience(subject):
        return problem(
            f"the last success was {ago(subject.now, succeeded)}, later than its schedule allows",
            f"evaluate it: {_evaluate(name)}",
        )
    return ok(f"succeeded {ago(subject.now, succeeded)}")


def _nothing_to_evaluate(subject: Subject) -> bool:
    """Whether no change can have been evaluated: in the management account there must be a key."""
    if subject.manages or subject.parameters.deployment.periodic:
        return False
    return recorded_keys(subject.asker) == ()


def _account_faults(subject: Subject, found: Rule, maker: str) -> Iterator[str]:
    yield from account_rule_faults(_in_our_words(subject, found), subject.parameters)
    wanted = subject.function_arn.replace(f":{subject.account}:", f":{maker}:")
    if found.function != wanted:
        yield f"its function is {found.function}, not {wanted}"


def _organization_faults(subject: Subject, found: Rule) -> Iterator[str]:
    """What differs; of two kinds of triggers rdk drops one, deploy/organization-rule.yaml none."""
    wanted = subject.parameters.deployment
    if wanted.on_change and wanted.periodic and found.triggers == CHANGES | {SCHEDULED}:
        found = replace(found, triggers=frozenset({SCHEDULED}))
    yield from organization_rule_faults(
        _in_our_words(subject, found), subject.parameters, subject.function_arn
    )


def _in_our_words(subject: Subject, found: Rule) -> Rule:
    """A rule with the file's words for every parameter that means the same."""
    given = {name: value for name, value in found.parameters.items() if value}
    wanted = subject.parameters.rule
    same = {name for name in {*given, *wanted} if _same(subject, name, given.get(name), wanted)}
    kept = {name: value for name, value in given.items() if name not in same}
    return replace(found, parameters=kept | {name: wanted[name] for name in same if name in wanted})


def _same(subject: Subject, name: str, value: str | None, wanted: Mapping[str, str]) -> bool:
    """Whether a parameter's value, None for none, means what the file says; a default may be left out."""
    if name in RDKLIB_PARAMETERS:
        default = {"AssumeRoleMode": "true", "ExecutionRoleRegion": subject.region}.get(name)
        return (value or default) == (wanted.get(name) or default)
    others = {other: its for other, its in wanted.items() if other != name}
    try:
        changed = LandingZone.from_rule_parameters(others if value is None else {**others, name: value})
    except SettingsError:
        return False
    return changed == LandingZone.from_rule_parameters(wanted)


def _patience(subject: Subject) -> timedelta:
    """How old the last success may be: two periods of the schedule; without one there is no limit."""
    wanted = subject.parameters.deployment
    return 2 * PERIODS[wanted.frequency] if wanted.periodic else timedelta.max


def _from(maker: str | None) -> str:
    return f" from account {maker}" if maker else ""


def _evaluate(name: str) -> str:
    return f"aws configservice start-config-rules-evaluation --config-rule-names {name}"
