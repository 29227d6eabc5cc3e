"""An AWS Config rule, the account's own or the organization's: how it is set, how it fares, what it says."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key.key import RESOURCE_TYPE
from lzkey.aws.fact import takes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from mypy_boto3_config.type_defs import ConfigRuleOutputTypeDef, OrganizationConfigRuleTypeDef

    from lzkey import Json
    from lzkey.aws.account import Asker
    from lzkey.parameters import Parameters

#: https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigRule.html (MaximumExecutionFrequency)
PERIODS: Final = {
    "One_Hour": timedelta(hours=1),
    "Three_Hours": timedelta(hours=3),
    "Six_Hours": timedelta(hours=6),
    "Twelve_Hours": timedelta(hours=12),
    "TwentyFour_Hours": timedelta(hours=24),
}

#: What a rule is sent, on a change of a resource and on its schedule (AWS Config API, SourceDetail).
CHANGES: Final = frozenset(
    {"ConfigurationItemChangeNotification", "OversizedConfigurationItemChangeNotification"}
)
SCHEDULED: Final = "ScheduledNotification"

#: What AWS Config answers where there is no organization rule of the name, and to an account that can have
#: none. https://docs.aws.amazon.com/config/latest/APIReference/API_DescribeOrganizationConfigRules.html
NONE_MADE: Final = frozenset({"NoSuchOrganizationConfigRuleException"})
NONE_SEEN: Final = NONE_MADE | {"OrganizationAccessDeniedException"}


#: As AWS Config names an organization's rule in an account.
#: https://docs.aws.amazon.com/config/latest/developerguide/config-rule-multi-account-deployment.html
_SENT: Final = "OrgConfigRule-"
_MADE: Final = re.compile(rf"{_SENT}(.+)-\w+", re.ASCII)


def is_sent(name: str) -> bool:
    """Whether a rule of an account is there because of an organization's rule."""
    return name.startswith(_SENT)


def is_named(name: str, wanted: str) -> bool:
    """Whether a rule of an account is the one that is asked for, the organization's, or a conformance pack's.

    No page of AWS's shows the name of a pack's rule; accounts do.
    """
    return name == wanted or name.startswith((f"{_SENT}{wanted}-", f"{wanted}-conformance-pack-"))


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as AWS Config shows it.

    https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigRule.html
    https://docs.aws.amazon.com/config/latest/APIReference/API_OrganizationConfigRule.html
    """

    name: str
    arn: str
    parameters: Mapping[str, str]
    """InputParameters, which are JSON text there; empty where that is no object."""
    function: str | None
    """What it invokes, for a custom rule the ARN of a function; None: it is no custom rule."""
    triggers: frozenset[str]
    """The messages that it is sent."""
    frequency: str | None
    """MaximumExecutionFrequency."""
    types: tuple[str, ...]
    """The resource types that it is told of; none for all."""
    state: str | None = None
    """Of an account's own rule."""
    excluded_accounts: tuple[str, ...] = ()
    """Of an organization's rule."""

    @classmethod
    def of_account(cls, found: ConfigRuleOutputTypeDef) -> Rule:
        """Read DescribeConfigRules."""
        details = found["Source"].get("SourceDetails", [])
        scheduled = [detail for detail in details if detail.get("MessageType") == SCHEDULED]
        frequencies = (one.get("MaximumExecutionFrequency") for one in (*scheduled, found))
        return cls(
            found.get("ConfigRuleName", ""),
            found.get("ConfigRuleArn", ""),
            _parameters(found.get("InputParameters")),
            found["Source"].get("SourceIdentifier"),
            frozenset(str(detail.get("MessageType")) for detail in details),
            next((frequency for frequency in frequencies if frequency), None),
            tuple(found.get("Scope", {}).get("ComplianceResourceTypes", ())),
            found.get("ConfigRuleState"),
        )

    @classmethod
    def of_organization(cls, found: OrganizationConfigRuleTypeDef) -> Rule:
        """Read DescribeOrganizationConfigRules."""
        custom: Mapping[str, Any] = found.get("OrganizationCustomRuleMetadata") or {}
        return cls(
            found["OrganizationConfigRuleName"],
            found["OrganizationConfigRuleArn"],
            _parameters(custom.get("InputParameters")),
            custom.get("LambdaFunctionArn"),
            frozenset(custom.get("OrganizationConfigRuleTriggerTypes", ())),
            custom.get("MaximumExecutionFrequency"),
            tuple(custom.get("ResourceTypesScope", ())),
            excluded_accounts=tuple(found.get("ExcludedAccounts", ())),
        )

    @property
    def period(self) -> timedelta | None:
        """How often it runs by itself; None where it runs on changes only.

        Without a frequency, or with one that is not known here, once a day, as AWS Config does by default.
        """
        if SCHEDULED not in self.triggers:
            return None
        return PERIODS.get(self.frequency or "", PERIODS["TwentyFour_Hours"])


@dataclass(frozen=True, slots=True)
class EvaluationStatus:
    """One rule's, as DescribeConfigRuleEvaluationStatus tells it.

    https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigRuleEvaluationStatus.html
    """

    succeeded: datetime | None
    """The last evaluation whose results AWS Config has."""
    failed: datetime | None
    """The last time that the function failed, or that AWS Config could not invoke it."""
    why: str
    """Code and message of the last error; empty where there is none."""

    @classmethod
    def of(cls, status: Mapping[str, Any]) -> EvaluationStatus:
        """Read it from the API's answer."""
        failures = (status.get(f"LastFailed{what}Time") for what in ("Evaluation", "Invocation"))
        return cls(
            status.get("LastSuccessfulEvaluationTime"),
            max((moment for moment in failures if moment is not None), default=None),
            told(status.get("LastErrorCode"), status.get("LastErrorMessage")),
        )

    @property
    def is_failing(self) -> bool:
        """Whether it failed after the last good evaluation: the results are those of the time before.

        An invocation that succeeded is no evaluation yet: the function may have put no results.
        """
        if self.succeeded is None:
            return self.failed is not None or bool(self.why)
        return self.failed is not None and self.failed > self.succeeded


@dataclass(frozen=True, slots=True)
class MemberStatus:
    """How the organization's rule fares in one account (AWS Config API, MemberAccountStatus)."""

    account: str
    rule: str
    status: str
    reason: str = ""

    @property
    def changing(self) -> bool:
        """Whether AWS Config is still at work there."""
        return self.status.endswith("_IN_PROGRESS")

    @property
    def successful(self) -> bool:
        """Whether the account has the rule as it is now."""
        return self.status in {"CREATE_SUCCESSFUL", "UPDATE_SUCCESSFUL"}

    @property
    def deleted(self) -> bool:
        """Whether it was taken from the account."""
        return self.status == "DELETE_SUCCESSFUL"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One result of a rule, the account's own or an aggregator's.

    https://docs.aws.amazon.com/config/latest/APIReference/API_EvaluationResult.html
    """

    key_id: str
    compliance: str
    annotation: str
    at: datetime | None
    rule: str = ""
    """The rule's name in the account."""

    @classmethod
    def of(cls, result: Mapping[str, Any]) -> Evaluation:
        """Read it from the API's answer; botocore tells times in the time of the machine."""
        qualifier = result["EvaluationResultIdentifier"]["EvaluationResultQualifier"]
        return cls(
            qualifier["ResourceId"],
            result["ComplianceType"],
            result.get("Annotation", ""),
            in_utc(result.get("ConfigRuleInvokedTime") or result.get("ResultRecordedTime")),
            qualifier.get("ConfigRuleName", ""),
        )


@takes("config:DescribeConfigRules")
def own_rule(asker: Asker, name: str) -> Rule | None:
    """The account's rule of that very name; None where it has none."""
    answer = asker.ask(
        "config:DescribeConfigRules", absent={"NoSuchConfigRuleException"}, ConfigRuleNames=[name]
    )
    return Rule.of_account(answer["ConfigRules"][0]) if answer and answer["ConfigRules"] else None


@takes("config:DescribeConfigRules")
def rules_named(asker: Asker, wanted: str) -> tuple[Rule, ...]:
    """The account's rules of that name, its own first, then those of the organization's rule and of packs."""
    rules = map(Rule.of_account, asker.each("config:DescribeConfigRules", "ConfigRules"))
    found = (rule for rule in rules if is_named(rule.name, wanted))
    return tuple(sorted(found, key=lambda rule: rule.name != wanted))


@takes("config:DescribeConfigRules")
def rule_names(asker: Asker) -> tuple[str, ...]:
    """The names of the account's rules; those made there by an organization's rule by that one's name."""
    names = (found["ConfigRuleName"] for found in asker.each("config:DescribeConfigRules", "ConfigRules"))
    return tuple(sorted({_MADE.sub(r"\1", str(name)) for name in names}))


@takes("config:DescribeOrganizationConfigRules")
def organization_rule(asker: Asker, name: str, absent: Collection[str] = NONE_SEEN) -> Rule | None:
    """The organization's rule, which none but the account that made it sees; None where there is none."""
    answer = asker.ask(
        "config:DescribeOrganizationConfigRules", absent=absent, OrganizationConfigRuleNames=[name]
    )
    rules = answer["OrganizationConfigRules"] if answer else []
    return Rule.of_organization(rules[0]) if rules else None


@takes("config:GetOrganizationConfigRuleDetailedStatus")
def member_statuses(asker: Asker, name: str, region: str | None = None) -> tuple[MemberStatus, ...]:
    """How the organization's rule fares in each account that AWS Config tells of, ordered by account."""
    entries = asker.each(
        "config:GetOrganizationConfigRuleDetailedStatus",
        "OrganizationConfigRuleDetailedStatus",
        region=region,
        OrganizationConfigRuleName=name,
    )
    found = (
        MemberStatus(
            entry["AccountId"],
            entry["ConfigRuleName"],
            entry["MemberAccountRuleStatus"],
            told(entry.get("ErrorCode"), entry.get("ErrorMessage")),
        )
        for entry in entries
    )
    return tuple(sorted(found, key=lambda status: status.account))


@takes("config:DescribeConfigRuleEvaluationStatus")
def evaluation_statuses(asker: Asker, names: Sequence[str]) -> tuple[EvaluationStatus, ...]:
    """When each of these rules of the account was last evaluated."""
    statuses = asker.each(
        "config:DescribeConfigRuleEvaluationStatus",
        "ConfigRulesEvaluationStatus",
        ConfigRuleNames=list(names),
    )
    return tuple(map(EvaluationStatus.of, statuses))


@takes("config:GetComplianceDetailsByConfigRule")
def results(asker: Asker, rule: str) -> tuple[Evaluation, ...]:
    """All results of a rule of the account."""
    found = asker.each(
        "config:GetComplianceDetailsByConfigRule", "EvaluationResults", size=100, ConfigRuleName=rule
    )
    return tuple(map(Evaluation.of, found))


@takes("config:GetComplianceDetailsByResource")
def results_of_key(asker: Asker, key_id: str) -> tuple[Evaluation, ...]:
    """What all rules of the account say of one key."""
    found = asker.each(
        "config:GetComplianceDetailsByResource",
        "EvaluationResults",
        ResourceType=RESOURCE_TYPE,
        ResourceId=key_id,
    )
    return tuple(map(Evaluation.of, found))


def told(code: str | None, message: str | None) -> str:
    """A code of AWS Config's and its message, as far as there are any."""
    return ": ".join(filter(None, (code, message)))


def in_utc(moment: datetime | None) -> datetime | None:
    """The same time in UTC."""
    return None if moment is None else moment.astimezone(UTC)


def _parameters(text: str | None) -> dict[str, str]:
    try:
        given: Json = json.loads(text or "{}")
    except ValueError:
        return {}
    return {str(name): str(value) for name, value in given.items()} if isinstance(given, dict) else {}


#: EVALUATING is a passing state of an active rule (AWS Config API, ConfigRule).
_STATES: Final = frozenset({"ACTIVE", "EVALUATING"})


def account_rule_faults(rule: Rule, parameters: Parameters) -> Iterator[str]:
    """What is otherwise about an account's own rule than the file says."""
    wanted = parameters.deployment
    if rule.state not in _STATES:
        yield f"its state is {rule.state}"
    yield from _parameter_faults(rule, parameters)
    actual = _with_schedule(rule.triggers, rule.frequency)
    expected = _with_schedule(_triggers(parameters), wanted.frequency)
    if actual != expected:
        yield f"its triggers are {_listed(actual)}, not {_listed(expected)}"
    if wanted.on_change and rule.types != (RESOURCE_TYPE,):
        yield f"its scope is {', '.join(rule.types) or 'everything'}, not {RESOURCE_TYPE}"


def organization_rule_faults(rule: Rule, parameters: Parameters, function_arn: str) -> Iterator[str]:
    """What is otherwise about the organization's rule than the file says.

    It has the schedule's trigger or those of changes: rdk drops the latter where both are asked for.
    """
    wanted = parameters.deployment
    if rule.function is None:
        yield "it is no custom rule"
        return
    yield from _parameter_faults(rule, parameters)
    triggers = {SCHEDULED} if wanted.periodic else CHANGES
    pairs: tuple[tuple[str, Collection[str | None], Collection[str | None]], ...] = (
        ("its function", {rule.function}, {function_arn}),
        ("its triggers", rule.triggers, triggers),
        ("its schedule", {rule.frequency}, {wanted.frequency if wanted.periodic else None}),
        ("its scope", rule.types, {RESOURCE_TYPE} if wanted.on_change else ()),
        ("its excluded accounts", rule.excluded_accounts, wanted.excluded_accounts),
    )
    for what, actual, expected in pairs:
        if {*actual} != {*expected}:
            yield f"{what}: {_listed(actual)}, not {_listed(expected)}"


def _parameter_faults(rule: Rule, parameters: Parameters) -> Iterator[str]:
    """Each rule parameter that differs from the file's."""
    for name in sorted({*rule.parameters, *parameters.rule}):
        actual, wanted = rule.parameters.get(name), parameters.rule.get(name)
        if actual is None:
            yield f"{name} is not given; {parameters.path.name} says {wanted!r}"
        elif wanted is None:
            yield f"{name} is {actual!r}; {parameters.path.name} gives none"
        elif actual != wanted:
            yield f"{name} is {actual!r}, not {wanted!r}"


def _triggers(parameters: Parameters) -> frozenset[str]:
    wanted = parameters.deployment
    return (CHANGES if wanted.on_change else frozenset()) | ({SCHEDULED} if wanted.periodic else frozenset())


def _with_schedule(triggers: Collection[str], frequency: str | None) -> set[str]:
    """The messages, that of a schedule with its frequency."""
    return {
        " ".join(filter(None, (trigger, frequency))) if trigger == SCHEDULED else trigger
        for trigger in triggers
    }


def _listed(values: Collection[str | None]) -> str:
    return ", ".join(sorted(value for value in values if value)) or "none"
