"""What AWS answers, and what is no answer of AWS although it came with 200.

A proxy or a gateway may speak in AWS's place. botocore reads its page, half a body or nothing as an answer
without members: a key without a policy, an account without keys or rules, results that were taken.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

#: What each answer holds, also where there is nothing to list, as the samples of AWS's references show it:
#: the models of KMS, AWS Config and Organizations require no member of any. The names are botocore's.
#: https://docs.aws.amazon.com/kms/latest/APIReference/API_ListKeys.html and so on,
#: https://docs.aws.amazon.com/cli/latest/reference/configservice/describe-config-rules.html and so on
HELD: Final[Mapping[str, tuple[str, type]]] = {
    "kms.ListKeys": ("Keys", list),
    "kms.ListAliases": ("Aliases", list),
    "kms.DescribeKey": ("KeyMetadata", dict),
    "kms.GetKeyPolicy": ("Policy", str),
    "kms.ListResourceTags": ("Tags", list),
    "kms.GetKeyLastUsage": ("KeyId", str),
    "kms.ListGrants": ("Grants", list),
    "kms.ListKeyPolicies": ("PolicyNames", list),
    "controltower.ListLandingZones": ("landingZones", list),
    "controltower.GetLandingZone": ("landingZone", dict),
    "controltower.ListEnabledBaselines": ("enabledBaselines", list),
    "organizations.DescribeOrganization": ("Organization", dict),
    "organizations.ListAccounts": ("Accounts", list),
    "organizations.ListAccountsForParent": ("Accounts", list),
    "organizations.ListOrganizationalUnitsForParent": ("OrganizationalUnits", list),
    "organizations.ListRoots": ("Roots", list),
    "organizations.ListDelegatedAdministrators": ("DelegatedAdministrators", list),
    "organizations.ListAWSServiceAccessForOrganization": ("EnabledServicePrincipals", list),
    "config-service.BatchGetResourceConfig": ("baseConfigurationItems", list),
    "config-service.DescribeAggregateComplianceByConfigRules": ("AggregateComplianceByConfigRules", list),
    "config-service.DescribeConfigRuleEvaluationStatus": ("ConfigRulesEvaluationStatus", list),
    "config-service.DescribeConfigRules": ("ConfigRules", list),
    "config-service.DescribeConfigurationAggregatorSourcesStatus": ("AggregatedSourceStatusList", list),
    "config-service.DescribeConfigurationAggregators": ("ConfigurationAggregators", list),
    "config-service.DescribeConfigurationRecorderStatus": ("ConfigurationRecordersStatus", list),
    "config-service.DescribeConfigurationRecorders": ("ConfigurationRecorders", list),
    "config-service.DescribeDeliveryChannelStatus": ("DeliveryChannelsStatus", list),
    "config-service.DescribeDeliveryChannels": ("DeliveryChannels", list),
    "config-service.DescribeOrganizationConfigRules": ("OrganizationConfigRules", list),
    "config-service.GetAggregateComplianceDetailsByConfigRule": ("AggregateEvaluationResults", list),
    "config-service.GetComplianceDetailsByConfigRule": ("EvaluationResults", list),
    "config-service.GetComplianceDetailsByResource": ("EvaluationResults", list),
    "config-service.GetOrganizationConfigRuleDetailedStatus": ("OrganizationConfigRuleDetailedStatus", list),
    "config-service.GetResourceConfigHistory": ("configurationItems", list),
    "config-service.ListDiscoveredResources": ("resourceIdentifiers", list),
    "config-service.PutEvaluations": ("FailedEvaluations", list),
    "config-service.SelectAggregateResourceConfig": ("Results", list),
    "cloudtrail.DescribeTrails": ("trailList", list),
    "cloudtrail.GetTrailStatus": ("IsLogging", bool),
    "cloudtrail.LookupEvents": ("Events", list),
    "athena.GetQueryExecution": ("QueryExecution", dict),
    "athena.GetQueryResults": ("ResultSet", dict),
    "athena.GetTableMetadata": ("TableMetadata", dict),
    "athena.GetWorkGroup": ("WorkGroup", dict),
    "athena.StartQueryExecution": ("QueryExecutionId", str),
    "glue.GetPartitions": ("Partitions", list),
    "lambda.GetFunction": ("Configuration", dict),
    "lambda.GetFunctionConfiguration": ("FunctionArn", str),
    "lambda.GetPolicy": ("Policy", str),
    "lambda.GetResourcePolicy": ("Policy", str),
}

#: Leaves out a list that is empty, and then says nothing else instead.
_SAYS_NOTHING: Final = frozenset({"config-service.PutEvaluations"})


def fault(operation: str, status: int, body: bytes, content_type: str | None) -> str:
    """Why a body is no answer of AWS in JSON, in a sentence without its text; empty where it is one."""
    answer = json_object(body)
    if operation not in HELD:
        right = answer is not None or body in (b"", b"null")
        return "" if right else told(operation, status, body, content_type, "a JSON object, or nothing")
    member, kind = HELD[operation]
    right = answer is not None and (
        isinstance(answer.get(member), kind)
        or (operation in _SAYS_NOTHING and answer in ({}, {member: None}))
    )
    return "" if right else told(operation, status, body, content_type, f'a JSON object with "{member}"')


def told(operation: str, status: int, body: bytes, content_type: str | None, right: str) -> str:
    """The sentence; neither a page's text nor all of what it calls itself is told."""
    content = json.dumps(content_type or "no content type")[:60]
    action = operation.replace("config-service", "config").replace(".", ":")
    return (
        f"{action} was answered with {status} and {len(body)} bytes ({content}) that are no answer of "
        f"AWS; right would be {right}: does a proxy or a gateway answer instead?"
    )


def json_object(body: bytes) -> dict[str, Any] | None:
    """The body as botocore decodes it, but without an answer of its own making where it is no JSON."""
    try:
        answer = json.loads(body.decode())
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None
