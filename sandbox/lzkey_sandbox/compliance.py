"""Results in the words of AWS Config's compliance operations.

Sources: https://docs.aws.amazon.com/config/latest/APIReference/API_Compliance.html and
https://docs.aws.amazon.com/config/latest/APIReference/API_ComplianceContributorCount.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lzkey_sandbox.ledger import Result

Answer = dict[str, Any]

CONTRIBUTOR_CAP: Final = 25


def summary(results: Sequence[Result]) -> Answer:
    """Return a rule's compliance; with nothing but NOT_APPLICABLE results there is not enough data."""
    bad = sum(result.compliance == "NON_COMPLIANT" for result in results)
    if bad:
        return {"ComplianceType": "NON_COMPLIANT", "ComplianceContributorCount": capped(bad)}
    if any(result.compliance == "COMPLIANT" for result in results):
        return {"ComplianceType": "COMPLIANT"}
    return {"ComplianceType": "INSUFFICIENT_DATA"}


def capped(count: int) -> Answer:
    """Return a count of rules, or of a rule's resources, the way AWS Config cuts it."""
    return {"CappedCount": min(count, CONTRIBUTOR_CAP), "CapExceeded": count > CONTRIBUTOR_CAP}


def evaluation_result(rule_name: str, result: Result) -> Answer:
    """Return one result, without the account and the Region that it is from."""
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
