"""The operations of AWS Config that moto lacks.

Each takes account, Region and the request's members and returns the answer's members; what the service
model can say about either is checked elsewhere. Source:
https://docs.aws.amazon.com/config/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from lzkey_sandbox import motostate
from lzkey_sandbox.compliance import evaluation_result, summary
from lzkey_sandbox.errors import ServiceError
from lzkey_sandbox.ledger import Ledger, Result, Rule
from lzkey_sandbox.paging import page

if TYPE_CHECKING:
    from lzkey_sandbox.evaluation import EvaluationLoop

Members = Mapping[str, Any]
Answer = dict[str, Any]

# Source: the API reference's Limit members.
DEFAULT_RESULTS_PAGE: Final = 10
DEFAULT_RULES_PAGE: Final = 150


class ConfigApi:
    """Evaluations, compliance and evaluation status of Config rules."""

    def __init__(self, ledger: Ledger, loop: EvaluationLoop) -> None:
        self.reject_evaluations = 0
        self._ledger = ledger
        self._loop = loop

    def put_evaluations(self, account: str, region: str, members: Members) -> Answer:
        """Store what a rule found; in test mode nothing is stored and any token will do."""
        now = datetime.now(UTC)
        evaluations = members.get("Evaluations", [])
        for evaluation in evaluations:
            _refuse_insufficient_data([evaluation["ComplianceType"]])
        if members.get("TestMode"):
            return {"FailedEvaluations": []}
        token = self._ledger.redeem(members["ResultToken"], account, region, now)
        _require_rule(token.rule)
        if self.reject_evaluations:
            self.reject_evaluations -= 1
            return {"FailedEvaluations": evaluations}
        results = [
            Result(
                evaluation["ComplianceResourceType"],
                evaluation["ComplianceResourceId"],
                evaluation["ComplianceType"],
                evaluation.get("Annotation"),
                evaluation["OrderingTimestamp"],
                token.invoked,
                now,
            )
            for evaluation in evaluations
        ]
        self._ledger.store(token, results)
        self._ledger.note_evaluation(token.rule, now)
        return {"FailedEvaluations": []}

    def get_compliance_details_by_config_rule(self, account: str, region: str, members: Members) -> Answer:
        """Return a rule's results, NOT_APPLICABLE ones included, in pages of ``Limit``."""
        rule = _rules(account, region, [members["ConfigRuleName"]])[0]
        wanted = _filter(members)
        results = [
            evaluation_result(rule["ConfigRuleName"], result)
            for result in self._results(rule)
            if result.compliance in wanted
        ]
        return page("EvaluationResults", results, members, members.get("Limit") or DEFAULT_RESULTS_PAGE)

    def get_compliance_details_by_resource(self, account: str, region: str, members: Members) -> Answer:
        """Return what every rule found about one resource."""
        asked = members.get("ResourceType"), members.get("ResourceId")
        if None in asked:
            raise ServiceError(
                "InvalidParameterValueException", "ResourceType and ResourceId must be given together."
            )
        wanted = _filter(members)
        results = [
            evaluation_result(rule["ConfigRuleName"], result)
            for rule in motostate.config_rules(account, region)
            for result in self._results(rule)
            if (result.resource_type, result.resource_id) == asked and result.compliance in wanted
        ]
        return page("EvaluationResults", results, members, DEFAULT_RESULTS_PAGE)

    def describe_compliance_by_config_rule(self, account: str, region: str, members: Members) -> Answer:
        """Return one word per rule: NON_COMPLIANT as soon as one resource is, else COMPLIANT."""
        wanted = members.get("ComplianceTypes") or ["COMPLIANT", "NON_COMPLIANT", "INSUFFICIENT_DATA"]
        summaries = []
        for rule in _rules(account, region, members.get("ConfigRuleNames")):
            compliance = summary(self._results(rule))
            if compliance["ComplianceType"] in wanted:
                summaries.append({"ConfigRuleName": rule["ConfigRuleName"], "Compliance": compliance})
        return page("ComplianceByConfigRules", summaries, members, DEFAULT_RULES_PAGE)

    def describe_config_rule_evaluation_status(self, account: str, region: str, members: Members) -> Answer:
        """Return when each rule was last invoked and evaluated, and its last error.

        AWS does not document its error codes; here it is the error type of the function.
        """
        shown = [self._status(rule) for rule in _rules(account, region, members.get("ConfigRuleNames"))]
        return page("ConfigRulesEvaluationStatus", shown, members, members.get("Limit") or DEFAULT_RULES_PAGE)

    def start_config_rules_evaluation(self, account: str, region: str, members: Members) -> Answer:
        """Evaluate rules now."""
        for rule in _rules(account, region, members.get("ConfigRuleNames")):
            self._loop.start(account, region, rule)
        return {}

    def delete_evaluation_results(self, account: str, region: str, members: Members) -> Answer:
        """Forget a rule's results."""
        for rule in _rules(account, region, [members["ConfigRuleName"]]):
            self._ledger.forget_results(rule["ConfigRuleId"])
        return {}

    def _results(self, rule: Mapping[str, Any]) -> tuple[Result, ...]:
        return self._ledger.results(rule["ConfigRuleId"])

    def _status(self, rule: Mapping[str, Any]) -> Answer:
        status = self._ledger.status(rule["ConfigRuleId"])
        code, message = status.error or (None, None)
        shown = {
            "ConfigRuleName": rule["ConfigRuleName"],
            "ConfigRuleArn": rule["ConfigRuleArn"],
            "ConfigRuleId": rule["ConfigRuleId"],
            "LastSuccessfulInvocationTime": status.successful_invocation,
            "LastFailedInvocationTime": status.failed_invocation,
            "LastSuccessfulEvaluationTime": status.successful_evaluation,
            "LastFailedEvaluationTime": status.failed_evaluation,
            "FirstActivatedTime": status.activated,
            "LastErrorCode": code,
            "LastErrorMessage": message,
            "FirstEvaluationStarted": status.evaluated,
        }
        return {name: value for name, value in shown.items() if value is not None}


def _rules(account: str, region: str, names: Sequence[str] | None) -> list[dict[str, Any]]:
    """Return the rules of these names, or all; NoSuchConfigRuleException names the missing one."""
    rules = {rule["ConfigRuleName"]: rule for rule in motostate.config_rules(account, region)}
    for name in names or []:
        if name not in rules:
            raise ServiceError(
                "NoSuchConfigRuleException",
                f"The ConfigRule '{name}' provided in the request is invalid. "
                "Please check the configRule name",
            )
    return [rules[name] for name in names or sorted(rules)]


def _require_rule(rule: Rule) -> None:
    known = {found["ConfigRuleId"] for found in motostate.config_rules(rule.account, rule.region)}
    if rule.rule_id not in known:
        raise ServiceError("NoSuchConfigRuleException", f"The ConfigRule '{rule.name}' was deleted.")


def _filter(members: Members) -> Sequence[str]:
    wanted: Sequence[str] = members.get("ComplianceTypes") or ("COMPLIANT", "NON_COMPLIANT", "NOT_APPLICABLE")
    _refuse_insufficient_data(wanted)
    return wanted


def _refuse_insufficient_data(compliance_types: Sequence[str]) -> None:
    if "INSUFFICIENT_DATA" in compliance_types:
        raise ServiceError(
            "InvalidParameterValueException", "INSUFFICIENT_DATA is not accepted as a ComplianceType."
        )
