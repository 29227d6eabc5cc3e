"""What moto lacks of AWS Config in one account: its rules' results, and the KMS keys that it recorded.

Each operation takes account, Region and the request's members and returns the answer's members; what the
service model can say about either is checked elsewhere. Source:
https://docs.aws.amazon.com/config/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from lzkey_sandbox.config.configuration_item import KEY_TYPE
from lzkey_sandbox.config.ledger import Result
from lzkey_sandbox.errors import ServiceError
from lzkey_sandbox.moto import motostate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lzkey_sandbox.config.evaluation import EvaluationLoop
    from lzkey_sandbox.config.ledger import Ledger, Rule
    from lzkey_sandbox.config.recorder import Recorder
    from lzkey_sandbox.http.contract import Answer, Members
    from lzkey_sandbox.http.listings import Listings

#: Sources: the API reference's Limit members.
DEFAULT_RESULTS_PAGE: Final = 10
DEFAULT_RULES_PAGE: Final = 150
DEFAULT_HISTORY_PAGE: Final = 10
DEFAULT_DISCOVERED_PAGE: Final = 100

CONTRIBUTOR_CAP: Final = 25

_EVER: Final = datetime.max.replace(tzinfo=UTC)
_BEGINNING: Final = datetime.min.replace(tzinfo=UTC)


class ConfigApi:
    """Evaluations, compliance and evaluation status of Config rules."""

    def __init__(self, ledger: Ledger, loop: EvaluationLoop, listings: Listings) -> None:
        self.reject_evaluations = 0
        self._ledger = ledger
        self._loop = loop
        self._listings = listings

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
        """A rule's results, NOT_APPLICABLE ones included, in pages of ``Limit``."""
        rule = _rules(account, region, [members["ConfigRuleName"]])[0]
        wanted = _filter(members)
        results = [
            evaluation_result(rule["ConfigRuleName"], result)
            for result in self._results(rule)
            if result.compliance in wanted
        ]
        size = members.get("Limit") or DEFAULT_RESULTS_PAGE
        return self._listings.page(
            "EvaluationResults", lambda: results, (account, region), members, size, may_be_empty=False
        )

    def get_compliance_details_by_resource(self, account: str, region: str, members: Members) -> Answer:
        """What every rule found about one resource."""
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
        return self._listings.page(
            "EvaluationResults",
            lambda: results,
            (account, region),
            members,
            DEFAULT_RESULTS_PAGE,
            may_be_empty=False,
        )

    def describe_compliance_by_config_rule(self, account: str, region: str, members: Members) -> Answer:
        """One word per rule: NON_COMPLIANT as soon as one resource is, else COMPLIANT."""
        wanted = members.get("ComplianceTypes") or ["COMPLIANT", "NON_COMPLIANT", "INSUFFICIENT_DATA"]
        summaries = []
        for rule in _rules(account, region, members.get("ConfigRuleNames")):
            compliance = summary(self._results(rule))
            if compliance["ComplianceType"] in wanted:
                summaries.append({"ConfigRuleName": rule["ConfigRuleName"], "Compliance": compliance})
        return self._listings.page(
            "ComplianceByConfigRules",
            lambda: summaries,
            (account, region),
            members,
            DEFAULT_RULES_PAGE,
            may_be_empty=False,
        )

    def describe_config_rule_evaluation_status(self, account: str, region: str, members: Members) -> Answer:
        """When each rule was last invoked and evaluated, and its last error.

        AWS does not document its error codes; here it is the error type of the function.
        """
        shown = [self._status(rule) for rule in _rules(account, region, members.get("ConfigRuleNames"))]
        size = members.get("Limit") or DEFAULT_RULES_PAGE
        return self._listings.page(
            "ConfigRulesEvaluationStatus", lambda: shown, (account, region), members, size, may_be_empty=False
        )

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


def concerns_keys(raw: Members) -> bool:
    """Say whether a request is about KMS keys, or names no resource type; moto knows some other types."""
    listed = raw.get("resourceKeys") or raw.get("ResourceIdentifiers") or []
    names = ("resourceType", "ResourceType")
    types = [each[name] for each in (raw, *listed) for name in names if name in each]
    return not types or KEY_TYPE in types


class ResourceApi:
    """The keys that were recorded; moto answers for the resource types that it knows.

    Source: https://docs.aws.amazon.com/config/latest/APIReference/API_GetResourceConfigHistory.html
    """

    def __init__(self, recorder: Recorder, listings: Listings) -> None:
        self._recorder = recorder
        self._listings = listings

    def get_resource_config_history(self, account: str, region: str, members: Members) -> Answer:
        """A key's items, the newest first unless asked otherwise."""
        items = self._recorder.history(account, region, members["resourceId"])
        if not items:
            raise ServiceError(
                "ResourceNotDiscoveredException",
                f"Resource {members['resourceId']} of resourceType:{KEY_TYPE} is unknown or has not been "
                "discovered",
            )
        earlier, later = members.get("earlierTime", _BEGINNING), members.get("laterTime", _EVER)
        if earlier > later:
            raise ServiceError("InvalidTimeRangeException", "The earlier time is later than the later time.")
        shown = [item.history() for item in items if earlier <= item.captured <= later]
        if members.get("chronologicalOrder", "Reverse") == "Reverse":
            shown.reverse()
        size = members.get("limit") or DEFAULT_HISTORY_PAGE
        return self._listings.page(
            "configurationItems", lambda: shown, (account, region), members, size, may_be_empty=False
        )

    def list_discovered_resources(self, account: str, region: str, members: Members) -> Answer:
        """The keys that were recorded; deleted ones on request."""
        wanted = members.get("resourceIds")
        found = []
        for item in self._recorder.discovered(account, region):
            deleted = item.configuration is None
            if (deleted and not members.get("includeDeletedResources")) or "resourceName" in members:
                continue  # keys have no resource name
            if wanted and item.key_id not in wanted:
                continue
            entry = {"resourceType": KEY_TYPE, "resourceId": item.key_id}
            found.append({**entry, "resourceDeletionTime": item.captured} if deleted else entry)
        size = members.get("limit") or DEFAULT_DISCOVERED_PAGE
        return self._listings.page(
            "resourceIdentifiers", lambda: found, (account, region), members, size, may_be_empty=False
        )

    def batch_get_resource_config(self, account: str, region: str, members: Members) -> Answer:
        """The newest items of several keys; what is not a recorded key stays unprocessed."""
        items, unprocessed = [], []
        for key in members["resourceKeys"]:
            item = self._recorder.latest(account, region, key["resourceId"])
            if key["resourceType"] == KEY_TYPE and item is not None:
                items.append(item.base())
            else:
                unprocessed.append(key)
        answer = {"baseConfigurationItems": items, "unprocessedResourceKeys": unprocessed}
        return {name: found for name, found in answer.items() if found}  # neither list may be empty


def summary(results: Sequence[Result]) -> Answer:
    """A rule's compliance; with nothing but NOT_APPLICABLE results there is not enough data.

    Sources: https://docs.aws.amazon.com/config/latest/APIReference/API_Compliance.html and
    https://docs.aws.amazon.com/config/latest/APIReference/API_ComplianceContributorCount.html
    """
    bad = sum(result.compliance == "NON_COMPLIANT" for result in results)
    if bad:
        return {"ComplianceType": "NON_COMPLIANT", "ComplianceContributorCount": capped(bad)}
    if any(result.compliance == "COMPLIANT" for result in results):
        return {"ComplianceType": "COMPLIANT"}
    return {"ComplianceType": "INSUFFICIENT_DATA"}


def capped(count: int) -> Answer:
    """A count of rules, or of a rule's resources, the way AWS Config cuts it."""
    return {"CappedCount": min(count, CONTRIBUTOR_CAP), "CapExceeded": count > CONTRIBUTOR_CAP}


def evaluation_result(rule_name: str, result: Result) -> Answer:
    """One result, without the account and the Region that it is from."""
    shown = {
        "EvaluationResultIdentifier": {
            "EvaluationResultQualifier": {
                "ConfigRuleName": rule_name,
                "ResourceType": result.resource_type,
                "ResourceId": result.resource_id,
                "EvaluationMode": "DETECTIVE",
            },
            "OrderingTimestamp": result.ordered,
        },
        "ComplianceType": result.compliance,
        "ResultRecordedTime": result.recorded,
        "ConfigRuleInvokedTime": result.invoked,
    }
    return shown if result.annotation is None else {**shown, "Annotation": result.annotation}


def _rules(account: str, region: str, names: Sequence[str] | None) -> list[dict[str, Any]]:
    """The rules of these names, or all; NoSuchConfigRuleException names the missing one."""
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
