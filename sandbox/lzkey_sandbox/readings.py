"""What AWS Config shows in an account, read through its API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore import xform_name


@dataclass(frozen=True, slots=True)
class Compliance:
    """A rule's result for one resource as Config shows it."""

    compliance_type: str
    annotation: str


class Readings:
    """Reads results for whoever has a client."""

    def client(self, service: str, region: str | None = None, account: str | None = None) -> Any:  # noqa: ANN401 - boto3's clients are made at run time
        """Return a boto3 client."""
        raise NotImplementedError

    def compliance(self, rule_name: str, account: str | None = None) -> dict[str, Compliance]:
        """Return a rule's results by resource id, read through the API of the account's own Config."""
        pages = self._all(
            account, "GetComplianceDetailsByConfigRule", "EvaluationResults", ConfigRuleName=rule_name
        )
        return {
            result["EvaluationResultIdentifier"]["EvaluationResultQualifier"]["ResourceId"]: Compliance(
                result["ComplianceType"], result.get("Annotation", "")
            )
            for result in pages
        }

    def evaluation_status(self, rule_name: str, account: str | None = None) -> dict[str, Any]:
        """Return a rule's evaluation status, read through the API of the account's own Config."""
        config = self.client("config", account=account)
        answer = config.describe_config_rule_evaluation_status(ConfigRuleNames=[rule_name])
        return dict(answer["ConfigRulesEvaluationStatus"][0])

    def _all(
        self, account: str | None, operation: str, member: str, **arguments: object
    ) -> list[dict[str, Any]]:
        paginator = self.client("config", account=account).get_paginator(xform_name(operation))
        pages = paginator.paginate(**arguments, PaginationConfig={"PageSize": 100})
        return [item for page in pages for item in page[member]]
