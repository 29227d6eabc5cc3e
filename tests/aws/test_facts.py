"""Facts about AWS: each declares what it takes, and asks for nothing else."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from io import BytesIO
from types import SimpleNamespace
from typing import Any, ClassVar

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.response import StreamingBody
from botocore.stub import Stubber

import lzkey.aws
from landing_zone_key import LandingZone
from landing_zone_key.key import KeyArn
from lzkey.aws.account import Asker, Manner
from lzkey.aws.aggregator import Row
from lzkey.aws.fact import Fact, actions_of
from lzkey.aws.unanswered import UnansweredError
from lzkey.errors import LzkeyError
from lzkey_sandbox.cloudtrail_events import (
    delivery_by_cloudtrail,
    landing_zone_update_ended,
    policy_put,
    refused,
)

ACCOUNT, REGION = "111122223333", "us-east-1"
ARN = f"arn:aws:controltower:{REGION}:{ACCOUNT}:landingzone/1A2B3C4D5E6F7G8H"
TRAIL = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/aws-controltower-BaselineCloudTrail"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ORGANIZATION = {"Id": "o-exampleorgid", "MasterAccountId": ACCOUNT, "FeatureSet": "ALL"}
RECORDER = {
    "name": "default",
    "recordingGroup": {"allSupported": True},
    "recordingMode": {"recordingFrequency": "DAILY"},
}
MANIFEST = {
    "governedRegions": ["us-east-1", 1],
    "centralizedLogging": {"configurations": {"kmsKeyArn": KEY}},
}

ZONE = LandingZone(REGION, ACCOUNT).with_manifest(
    {"centralizedLogging": {"configurations": {"kmsKeyArn": KEY[:-1] + "f"}}}
)

OTHER, RULE = "444455556666", "CONTROL_TOWER_KMS_KEY"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
ROLE, MANAGED = f"arn:aws:iam::{ACCOUNT}:role/path/mine", f"arn:aws:iam::{ACCOUNT}:policy/shared"
NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
OWN_RULE: dict[str, Any] = {
    "ConfigRuleName": RULE,
    "ConfigRuleArn": f"arn:aws:config:{REGION}:{ACCOUNT}:config-rule/config-rule-1",
    "InputParameters": '{"HomeRegion": "us-east-1"}',
    "Source": {
        "Owner": "CUSTOM_LAMBDA",
        "SourceIdentifier": FUNCTION,
        "SourceDetails": [
            {"EventSource": "aws.config", "MessageType": "ConfigurationItemChangeNotification"},
            {"EventSource": "aws.config", "MessageType": "ScheduledNotification"},
        ],
    },
    "MaximumExecutionFrequency": "Six_Hours",
    "ConfigRuleState": "ACTIVE",
}
SENT_RULE = {**OWN_RULE, "ConfigRuleName": f"OrgConfigRule-{RULE}-abcdefgh", "InputParameters": "[]"}
PACK_RULE = {**OWN_RULE, "ConfigRuleName": f"{RULE}-conformance-pack-abcdefghi"}
ORGANIZATION_RULE = {
    "OrganizationConfigRuleName": RULE,
    "OrganizationConfigRuleArn": f"arn:aws:config:{REGION}:{ACCOUNT}:organization-config-rule/x",
    "ExcludedAccounts": [OTHER],
    "OrganizationCustomRuleMetadata": {
        "LambdaFunctionArn": FUNCTION,
        "OrganizationConfigRuleTriggerTypes": ["ConfigurationItemChangeNotification"],
    },
}
MEMBER = {"ConfigRuleName": f"OrgConfigRule-{RULE}-abcdefgh", "ErrorCode": "E", "ErrorMessage": "m"}
RESULT = {
    "EvaluationResultIdentifier": {
        "EvaluationResultQualifier": {"ConfigRuleName": RULE, "ResourceId": "key-1"}
    },
    "ComplianceType": "NON_COMPLIANT",
    "ResultRecordedTime": NOON,
}
AGGREGATOR = {
    "ConfigurationAggregatorName": "everywhere",
    "OrganizationAggregationSource": {"RoleArn": ROLE, "AllAwsRegions": True},
}
SOME_ACCOUNTS = {
    "ConfigurationAggregatorName": "some",
    "AccountAggregationSources": [{"AccountIds": [OTHER], "AwsRegions": ["eu-west-1"]}],
}
OF_NO_KEY = {"AliasName": "alias/aws/s3", "AliasArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/aws/s3"}
LOGS_ALIAS = {
    "AliasName": "alias/logs",
    "AliasArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/logs",
    "TargetKeyId": KEY.rpartition("/")[2],
}
ROOT, SECURITY = {"Id": "r-ab12", "Name": "Root"}, {"Id": "ou-ab12-11111111", "Name": "Security"}
AGGREGATED_ROW = {
    "ConfigRuleName": RULE,
    "AccountId": ACCOUNT,
    "AwsRegion": REGION,
    "Compliance": {"ComplianceType": "COMPLIANT"},
}
ITEM = {
    "arn": KEY,
    "resourceType": "AWS::KMS::Key",
    "tags": [{"key": "Name", "value": "logs", "tag": "Name=logs"}],
    "configurationItemCaptureTime": "2026-11-29T12:00:00",
    "configuration": {"keyManager": "CUSTOMER"},
}
CHANNEL = {
    "name": "default",
    "s3BucketName": "logs",
    "s3KeyPrefix": "o-exampleorgid",
    "s3KmsKeyArn": KEY,
    "snsTopicARN": f"arn:aws:sns:{REGION}:{OTHER}:history",
}
DELIVERIES: dict[str, Any] = {
    "name": "default",
    "configHistoryDeliveryInfo": {
        "lastStatus": "FAILURE",
        "lastErrorCode": "AccessDenied",
        "lastErrorMessage": "no",
        "lastAttemptTime": NOON,
        "lastSuccessfulTime": NOON - timedelta(days=1),
    },
    "configSnapshotDeliveryInfo": {},
    "configStreamDeliveryInfo": {"lastStatus": "Success", "lastStatusChangeTime": NOON},
}
BASELINE = f"arn:aws:controltower:{REGION}:{ACCOUNT}:enabledbaseline/XA"
UNIT: dict[str, Any] = {
    "arn": f"{BASELINE}1",
    "baselineIdentifier": f"arn:aws:controltower:{REGION}::baseline/17BSJV3IGJ2QSGA2",
    "baselineVersion": "5.0",
    "targetIdentifier": f"arn:aws:organizations::{ACCOUNT}:ou/o-exampleorgid/ou-ab12-3cd4ef56",
    "statusSummary": {"status": "SUCCEEDED"},
    "driftStatusSummary": {"types": {"source": {"status": "DRIFTED"}}},
}
ENROLLED = {
    **UNIT,
    "arn": f"{BASELINE}2",
    "targetIdentifier": f"arn:aws:organizations::{ACCOUNT}:account/o-exampleorgid/{OTHER}",
    "parentIdentifier": f"{BASELINE}1",
    "driftStatusSummary": {"types": {"source": {"status": "IN_SYNC"}}},
}
LOCK = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 30}}}
ENCRYPTION = {
    "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY},
    "BucketKeyEnabled": True,
}
AS_SHOWN = {
    "RoleName": "mine",
    "Arn": ROLE,
    "Path": "/path/",
    "RoleId": "AROAEXAMPLEEXAMPLE",
    "CreateDate": NOON,
    "AssumeRolePolicyDocument": "{}",
    "PermissionsBoundary": {"PermissionsBoundaryArn": MANAGED},
}
STACK = {"StackName": "s", "StackStatus": "UPDATE_IN_PROGRESS", "CreationTime": NOON}
EVENT = {"LogicalResourceId": "l", "Timestamp": NOON, "ResourceStatus": "CREATE_COMPLETE"}

USAGE = {"Operation": "GenerateDataKey", "Timestamp": NOON, "CloudTrailEventId": "e-1"}
SERVICE_GRANT = {
    "GrantId": "1",
    "GranteeServicePrincipal": "cloudtrail.amazonaws.com",
    "Operations": ["GenerateDataKey"],
    "Constraints": {"SourceArn": TRAIL},
    "CreationDate": NOON,
}
PUT = policy_put(KEY, "{ }", NOON, ROLE)
DELIVERY = refused(delivery_by_cloudtrail(KEY, TRAIL, NOON))
LIFECYCLE = landing_zone_update_ended(ARN, NOON)


WORK_GROUP: dict[str, Any] = {
    "Name": "security",
    "State": "ENABLED",
    "Configuration": {
        "ResultConfiguration": {"OutputLocation": "s3://results/"},
        "BytesScannedCutoffPerQuery": 10_000_000,
        "EngineVersion": {"EffectiveEngineVersion": "Athena engine version 3"},
    },
}
TABLE: dict[str, Any] = {
    "Name": "cloudtrail_logs",
    "Columns": [{"Name": "EventTime", "Type": "string"}],
    "PartitionKeys": [{"Name": "timestamp", "Type": "string"}],
    "Parameters": {"location": "s3://logs/"},
}
FAILED_QUERY: dict[str, Any] = {
    "Status": {"State": "FAILED", "StateChangeReason": "no\nroom"},
    "Statistics": {"DataScannedInBytes": 7},
}


def row(*values: str | None) -> dict[str, Any]:
    """A row of a result of Athena's."""
    return {"Data": [{} if value is None else {"VarCharValue": value} for value in values]}


def looked_up(record: Any) -> dict[str, Any]:
    """An event of LookupEvents, with this record."""
    return {
        "EventId": record["eventID"],
        "EventName": record["eventName"],
        "EventTime": NOON,
        "CloudTrailEvent": json.dumps(record),
    }


def selecting(*items: Any) -> list[tuple[str, Any]]:
    """What an advanced query finds."""
    return [("select_aggregate_resource_config", {"Results": [json.dumps(item) for item in items]})]


def managed() -> list[tuple[str, Any]]:
    """A managed policy, and its document."""
    return [
        ("get_policy", {"Policy": {"DefaultVersionId": "v1"}}),
        ("get_policy_version", {"PolicyVersion": {"Document": "{}"}}),
    ]


#: Fact -> its arguments, and what AWS answers in the order in which it is asked.
ASKED: dict[str, tuple[tuple[Any, ...], list[tuple[str, dict[str, Any]]]]] = {
    "landing_zone_arn": ((), [("list_landing_zones", {"landingZones": [{"arn": ARN}]})]),
    "landing_zone_detail": (
        (ARN,),
        [("get_landing_zone", {"landingZone": {"version": "4.0", "manifest": MANIFEST, "status": "ACTIVE"}})],
    ),
    "trail": (
        (TRAIL, REGION),
        [
            (
                "describe_trails",
                {
                    "trailList": [
                        {
                            "TrailARN": TRAIL,
                            "KmsKeyId": KEY,
                            "IsOrganizationTrail": True,
                            "S3BucketName": "logs",
                            "LogFileValidationEnabled": True,
                        }
                    ]
                },
            )
        ],
    ),
    "trail_status": (
        (TRAIL, REGION),
        [
            (
                "get_trail_status",
                {
                    "IsLogging": True,
                    "LatestDeliveryTime": NOON,
                    "LatestDeliveryError": "AccessDenied",
                    "LatestDigestDeliveryTime": NOON,
                },
            )
        ],
    ),
    "delivery_channels": ((REGION,), [("describe_delivery_channels", {"DeliveryChannels": [CHANNEL]})]),
    "delivery_channel_statuses": (
        (REGION,),
        [("describe_delivery_channel_status", {"DeliveryChannelsStatus": [DELIVERIES]})],
    ),
    "enabled_baselines": (
        (REGION,),
        [
            ("list_enabled_baselines", {"enabledBaselines": [UNIT], "nextToken": "x"}),
            ("list_enabled_baselines", {"enabledBaselines": [ENROLLED]}),
        ],
    ),
    "object_lock": (
        ("logs", OTHER, REGION),
        [("get_object_lock_configuration", {"ObjectLockConfiguration": LOCK})],
    ),
    "requester_pays": (("logs", OTHER, REGION), [("get_bucket_request_payment", {"Payer": "Requester"})]),
    "bucket_encryption": (
        ("logs", OTHER, REGION),
        [("get_bucket_encryption", {"ServerSideEncryptionConfiguration": {"Rules": [ENCRYPTION]}})],
    ),
    "organization": ((), [("describe_organization", {"Organization": ORGANIZATION})]),
    "members": (
        (),
        [
            (
                "list_accounts",
                {"Accounts": [{"Id": ACCOUNT, "Name": "home", "State": "ACTIVE"}], "NextToken": "x"},
            ),
            ("list_accounts", {"Accounts": [{"Id": "444455556666", "Status": "SUSPENDED"}]}),
        ],
    ),
    "roots": ((), [("list_roots", {"Roots": [ROOT]})]),
    "units_below": (
        ("r-ab12",),
        [("list_organizational_units_for_parent", {"OrganizationalUnits": [SECURITY]})],
    ),
    "unit_paths": (
        (),
        [
            ("list_roots", {"Roots": [ROOT]}),
            ("list_accounts_for_parent", {"Accounts": [{"Id": ACCOUNT}]}),
            ("list_organizational_units_for_parent", {"OrganizationalUnits": [SECURITY]}),
            ("list_accounts_for_parent", {"Accounts": [{"Id": OTHER}]}),
            ("list_organizational_units_for_parent", {"OrganizationalUnits": [ROOT, SECURITY]}),
        ],
    ),
    "accounts_of_unit": (
        ("ou-ab12-11111111",),
        [("list_accounts_for_parent", {"Accounts": [{"Id": OTHER, "Status": "SUSPENDED"}]})],
    ),
    "trusted_services": (
        (),
        [
            (
                "list_aws_service_access_for_organization",
                {"EnabledServicePrincipals": [{"ServicePrincipal": "config.amazonaws.com"}]},
            )
        ],
    ),
    "described": ((), [("describe_configuration_recorders", {"ConfigurationRecorders": [RECORDER]})]),
    "own_recorder": (
        (),
        [
            ("describe_configuration_recorders", {"ConfigurationRecorders": [RECORDER]}),
            (
                "describe_configuration_recorder_status",
                {"ConfigurationRecordersStatus": [{"name": "default", "recording": True}]},
            ),
        ],
    ),
    "delegated_administrators": (
        ("config.amazonaws.com",),
        [("list_delegated_administrators", {"DelegatedAdministrators": [{"Id": OTHER}]})],
    ),
    "own_rule": ((RULE,), [("describe_config_rules", {"ConfigRules": [OWN_RULE]})]),
    "rules_named": (
        (RULE,),
        [
            ("describe_config_rules", {"ConfigRules": [PACK_RULE, OWN_RULE], "NextToken": "x"}),
            ("describe_config_rules", {"ConfigRules": [SENT_RULE, {**OWN_RULE, "ConfigRuleName": "other"}]}),
        ],
    ),
    "rule_names": (
        (),
        [("describe_config_rules", {"ConfigRules": [SENT_RULE, {**OWN_RULE, "ConfigRuleName": "other"}]})],
    ),
    "organization_rule": (
        (RULE,),
        [("describe_organization_config_rules", {"OrganizationConfigRules": [ORGANIZATION_RULE]})],
    ),
    "member_statuses": (
        (RULE,),
        [
            (
                "get_organization_config_rule_detailed_status",
                {
                    "OrganizationConfigRuleDetailedStatus": [
                        {**MEMBER, "AccountId": OTHER, "MemberAccountRuleStatus": "CREATE_FAILED"},
                        {**MEMBER, "AccountId": ACCOUNT, "MemberAccountRuleStatus": "CREATE_SUCCESSFUL"},
                    ]
                },
            )
        ],
    ),
    "evaluation_statuses": (
        ([RULE],),
        [
            (
                "describe_config_rule_evaluation_status",
                {"ConfigRulesEvaluationStatus": [{"ConfigRuleName": RULE, "LastErrorCode": "Timeout"}]},
            )
        ],
    ),
    "results": ((RULE,), [("get_compliance_details_by_config_rule", {"EvaluationResults": [RESULT]})]),
    "results_of_key": (
        ("key-1",),
        [("get_compliance_details_by_resource", {"EvaluationResults": [RESULT]})],
    ),
    "aggregators": (
        (),
        [("describe_configuration_aggregators", {"ConfigurationAggregators": [AGGREGATOR, SOME_ACCOUNTS]})],
    ),
    "sources": (
        ("everywhere",),
        [
            (
                "describe_configuration_aggregator_sources_status",
                {
                    "AggregatedSourceStatusList": [
                        {"SourceId": OTHER, "SourceType": "ACCOUNT", "LastUpdateStatus": "FAILED"},
                        {"SourceId": "o-exampleorgid", "SourceType": "ORGANIZATION"},
                    ]
                },
            )
        ],
    ),
    "rows": (
        ("everywhere", REGION),
        [
            (
                "describe_aggregate_compliance_by_config_rules",
                {"AggregateComplianceByConfigRules": [AGGREGATED_ROW]},
            )
        ],
    ),
    "details": (
        ("everywhere", Row(ACCOUNT, REGION, RULE, "NON_COMPLIANT")),
        [
            (
                "get_aggregate_compliance_details_by_config_rule",
                {"AggregateEvaluationResults": [{**RESULT, "AccountId": ACCOUNT, "AwsRegion": REGION}]},
            )
        ],
    ),
    "selected": (("everywhere", "SELECT resourceId"), selecting({"resourceId": "key-1"})),
    "keys": (("everywhere", REGION), selecting(ITEM, {**ITEM, "arn": "no ARN"}, [])),
    "recorders": (
        ("everywhere", REGION),
        selecting(
            {"accountId": OTHER, "configuration": {"recordingGroup": {"allSupported": True}}},
            {"accountId": ACCOUNT, "configuration": None},
        ),
    ),
    "key_counts": (
        ("everywhere", REGION, ("key-1",)),
        selecting({"accountId": OTHER, "COUNT(*)": 2}),
    ),
    "have_policy": (
        ("everywhere", REGION, ACCOUNT),
        selecting({"supplementaryConfiguration": {"Policy": "{}"}}, {"supplementaryConfiguration": None}),
    ),
    "function": (("f",), [("get_function_configuration", {"FunctionArn": FUNCTION, "Role": ROLE})]),
    "code_location": (("f",), [("get_function", {"Code": {"Location": "https://localhost/zip"}})]),
    "policy": (("f",), [("get_policy", {"Policy": "{}"})]),
    "key_arns": ((), [("list_keys", {"Keys": [{"KeyArn": KEY}]})]),
    "key_aliases": ((), [("list_aliases", {"Aliases": [OF_NO_KEY, LOGS_ALIAS]})]),
    "key": (("alias/x",), [("describe_key", {"KeyMetadata": {"Arn": KEY, "KeyId": KEY[-36:]}})]),
    "described_key": (
        ("alias/x",),
        [("describe_key", {"KeyMetadata": {"Arn": KEY, "KeyId": KEY[-36:], "CreationDate": NOON}})],
    ),
    "recorded_history": (
        (KeyArn.parse(KEY),),
        [
            ("get_resource_config_history", {"configurationItems": [{"version": "2"}], "nextToken": "t"}),
            ("get_resource_config_history", {"configurationItems": [{"version": "1"}]}),
        ],
    ),
    "key_policy": ((KeyArn.parse(KEY),), [("get_key_policy", {"Policy": "{ }"})]),
    "put_key_policy": ((KeyArn.parse(KEY), "{}"), [("put_key_policy", {})]),
    "key_usage": (
        (KeyArn.parse(KEY),),
        [
            (
                "get_key_last_usage",
                {
                    "KeyId": KEY[-36:],
                    "KeyLastUsage": USAGE,
                    "TrackingStartDate": NOON,
                    "KeyCreationDate": NOON,
                },
            )
        ],
    ),
    "grants": (
        (KeyArn.parse(KEY),),
        [
            ("list_grants", {"Grants": [SERVICE_GRANT], "Truncated": True, "NextMarker": "x"}),
            ("list_grants", {"Grants": [{"GrantId": "2", "GranteePrincipal": ROLE}], "Truncated": False}),
        ],
    ),
    "policy_names": (
        (KeyArn.parse(KEY),),
        [("list_key_policies", {"PolicyNames": ["default", "AWS_RAM"], "Truncated": False})],
    ),
    "event_history": (
        (REGION, NOON),
        [
            ("lookup_events", {"Events": [looked_up(PUT)], "NextToken": "x"}),
            ("lookup_events", {"Events": [looked_up(DELIVERY), looked_up(LIFECYCLE)]}),
        ],
    ),
    "key_tags": (
        (KeyArn.parse(KEY),),
        [("list_resource_tags", {"Tags": [{"TagKey": "team", "TagValue": "blue"}]})],
    ),
    "former_keys": (
        (ZONE,),
        [
            ("list_keys", {"Keys": [{"KeyArn": KEY}]}),
            ("describe_key", {"KeyMetadata": {"Arn": KEY, "KeyId": KEY[-36:]}}),
            ("get_key_policy", {"Policy": "{ }"}),
        ],
    ),
    "recorded_keys": (
        (),
        [("list_discovered_resources", {"resourceIdentifiers": [{"resourceId": "key-1"}]})],
    ),
    "recorded_items": (
        (("key-1", "key-2"),),
        [
            (
                "batch_get_resource_config",
                {"baseConfigurationItems": [{"resourceId": "key-1", "configuration": "{}"}, {}]},
            )
        ],
    ),
    "role": ((ROLE,), [("get_role", {"Role": AS_SHOWN})]),
    "managed_policy": ((MANAGED,), managed()),
    "role_policies": (
        ("mine",),
        [
            (
                "list_attached_role_policies",
                {"AttachedPolicies": [{"PolicyName": "shared", "PolicyArn": MANAGED}]},
            ),
            *managed(),
            ("list_role_policies", {"PolicyNames": ["own"]}),
            (
                "get_role_policy",
                {"RoleName": "mine", "PolicyName": "own", "PolicyDocument": "{}"},
            ),
        ],
    ),
    "own_stack_sets": (
        (REGION,),
        [
            (
                "list_stack_sets",
                {"Summaries": [{"StackSetName": "AWSControlTowerBP-X"}, {"StackSetName": "mine"}]},
            )
        ],
    ),
    "operations_at_work": (
        ("AWSControlTowerBP-X", REGION),
        [
            (
                "list_stack_set_operations",
                {
                    "Summaries": [
                        {"OperationId": "2", "Action": "UPDATE", "Status": "RUNNING"},
                        {"OperationId": "1", "Action": "CREATE", "Status": "SUCCEEDED"},
                    ]
                },
            )
        ],
    ),
    "work_group": (("security",), [("get_work_group", {"WorkGroup": WORK_GROUP})]),
    "table_metadata": (
        ("logs", "cloudtrail_logs", "security"),
        [("get_table_metadata", {"TableMetadata": TABLE})],
    ),
    "table_partitions": (
        ("logs", "cloudtrail_logs", "year >= '2026'"),
        [
            ("get_partitions", {"Partitions": [{"Values": ["2026"]}], "NextToken": "x"}),
            (
                "get_partitions",
                {"Partitions": [{"Values": ["2027"], "StorageDescriptor": {"Location": "s3://logs/2027/"}}]},
            ),
        ],
    ),
    "start_query": (
        ("SELECT 1", "logs", "security"),
        [("start_query_execution", {"QueryExecutionId": "q-1"})],
    ),
    "query_execution": (("q-1",), [("get_query_execution", {"QueryExecution": FAILED_QUERY})]),
    "query_rows": (
        ("q-1",),
        [
            ("get_query_results", {"ResultSet": {"Rows": [row("name", "code")]}, "NextToken": "x"}),
            ("get_query_results", {"ResultSet": {"Rows": [row("PutKeyPolicy", None)]}}),
        ],
    ),
    "stop_query": (("q-1",), [("stop_query_execution", {})]),
    "listed": (
        ("logs", "AWSLogs/"),
        [
            (
                "list_objects_v2",
                {
                    "Contents": [{"Key": "AWSLogs/1", "Size": 7}],
                    "IsTruncated": True,
                    "NextContinuationToken": "x",
                },
            ),
            (
                "list_objects_v2",
                {"Contents": [{"Key": "AWSLogs/2", "Size": 0, "StorageClass": "GLACIER"}]},
            ),
        ],
    ),
    "stream": (
        ("logs", "AWSLogs/1"),
        [
            (
                "get_object",
                {"Body": StreamingBody(BytesIO(b"line\n"), 5), "ContentLength": 5, "ETag": '"1"'},
            )
        ],
    ),
    "stack": (("s",), [("describe_stacks", {"Stacks": [STACK]})]),
    "resource_types": (
        ("s",),
        [
            (
                "describe_stack_resources",
                {"StackResources": [{**EVENT, "ResourceType": "AWS::Config::ConfigRule"}]},
            )
        ],
    ),
    "events": (
        ("s",),
        [
            (
                "describe_stack_events",
                {"StackEvents": [{**EVENT, "StackId": "s", "EventId": "e", "StackName": "s"}]},
            )
        ],
    ),
}


#: Those that ask Amazon S3.
OF_BUCKETS = {"object_lock", "requester_pays", "bucket_encryption", "listed"}
#: What AWS confirms with nothing.
CHANGES = {"put_key_policy", "stop_query"}
#: An object may hold anything; what tells of it is no text: tests/aws/test_objects.py.
OF_ANYTHING = {"stream"}


def facts() -> dict[str, Fact[..., Any]]:
    """Every fact of every module of lzkey.aws, by its name."""
    modules = [
        importlib.import_module(f"lzkey.aws.{each.name}") for each in pkgutil.iter_modules(lzkey.aws.__path__)
    ]
    return {
        name: value for module in modules for name, value in vars(module).items() if isinstance(value, Fact)
    }


class Answering(boto3.Session):
    """A session with one client, which answers what a test says, in that order."""

    def __init__(self, service: str, answers: list[tuple[str, Any]]) -> None:
        super().__init__("a", "b", region_name=REGION)
        self.only: Any = super().client(service)  # type: ignore[call-overload]
        self.stubber = Stubber(self.only)
        for operation, answer in answers:
            if isinstance(answer, str):
                self.stubber.add_client_error(operation, answer)
            else:
                self.stubber.add_response(operation, deepcopy(answer))  # botocore decodes in place
        self.stubber.activate()

    def client(self, service_name: str, *_where: Any, **_settings: Any) -> Any:
        """The one."""
        assert service_name == self.only.meta.service_model.service_name
        return self.only


class Speaking(boto3.Session):
    """A session whose clients get the same bytes from whomever they ask."""

    def __init__(self, body: bytes, status: int = 200) -> None:
        super().__init__("a", "b", region_name=REGION)
        self.times, self._status, self._body = 0, status, body

    def client(self, *where: Any, **settings: Any) -> Any:
        """A client that reaches nobody."""
        made: Any = super().client(*where, **settings)  # type: ignore[call-overload]
        made.meta.events.register_first("before-send", self._speak)
        return made

    def _speak(self, request: Any, **_: object) -> AWSResponse:
        self.times += 1
        return AWSResponse(request.url, self._status, {}, SimpleNamespace(stream=lambda: iter([self._body])))


def asking(name: str, answers: list[tuple[str, Any]] | None = None) -> tuple[Asker, Any]:
    """An asker, and what the fact answers."""
    fact = facts()[name]
    service = next(iter(fact.actions)).partition(":")[0]
    given, usual = ASKED[name]
    asker = Asker(Answering(service, usual if answers is None else answers), ACCOUNT, REGION, Manner())
    found = fact(asker, *given)
    return asker, list(found) if isinstance(found, Iterator) else found


class TestActions:
    """What a fact declares."""

    def test_every_fact_is_asked_here(self) -> None:
        """A fact that no test asks would declare what it likes."""
        assert set(facts()) == set(ASKED)

    @pytest.mark.parametrize("name", ASKED)
    def test_is_what_it_asks(self, name: str) -> None:
        """No action more, and none less."""
        asker, _ = asking(name)
        assert set(asker.log.calls) == facts()[name].actions

    def test_of_several_is_the_union(self) -> None:
        """As `--print-iam-policy` takes it."""
        found = facts()
        assert actions_of(found["organization"], found["described"]) == {
            "organizations:DescribeOrganization",
            "config:DescribeConfigurationRecorders",
        }


class TestAnswers:
    """What the facts say."""

    def test_a_landing_zone(self) -> None:
        """Keys and governed Regions are the manifest's; what is no text is no Region."""
        _, zone = asking("landing_zone_detail")
        assert (zone.keys, zone.governed_regions, zone.drift) == ((KEY,), ("us-east-1",), None)

    def test_a_landing_zone_that_is_not_found(self) -> None:
        """The twin: an answer, and not an error."""
        _, zone = asking("landing_zone_detail", [("get_landing_zone", "ResourceNotFoundException")])
        assert zone is None

    def test_a_trail(self) -> None:
        """What it uses, and what became of its deliveries; one that is not there is none."""
        _, found = asking("trail")
        assert (found.arn, found.key) == (TRAIL, KEY)
        assert (found.bucket, found.validates) == ("logs", True)
        _, status = asking("trail_status")
        assert status.digest_at == NOON
        assert (status.logging, status.delivered_at, status.error) == (True, NOON, "AccessDenied")
        assert status.digest_error == ""
        assert asking("trail", [("describe_trails", {"trailList": []})])[1] is None
        assert asking("trail_status", [("get_trail_status", "TrailNotFoundException")])[1] is None

    def test_a_delivery_channel(self) -> None:
        """Where it delivers, and with which key; without one, with what the bucket has."""
        _, (found,) = asking("delivery_channels")
        assert (found.name, found.bucket, found.prefix) == ("default", "logs", "o-exampleorgid")
        assert (found.key, found.topic) == (KEY, CHANNEL["snsTopicARN"])
        bare = {"DeliveryChannels": [{"name": "default", "s3BucketName": "logs"}]}
        _, (found,) = asking("delivery_channels", [("describe_delivery_channels", bare)])
        assert (found.prefix, found.key, found.topic) == ("", None, None)

    def test_what_became_of_deliveries(self) -> None:
        """As its samples spell it, and as its model does; what was never tried has no status."""
        _, (found,) = asking("delivery_channel_statuses")
        history = found.history
        assert (history.status, history.error_code, history.error_message) == (
            "Failure",
            "AccessDenied",
            "no",
        )
        assert (history.attempted_at, history.succeeded_at) == (NOON, NOON - timedelta(days=1))
        assert (found.snapshot.status, found.snapshot.attempted_at, found.snapshot.succeeded_at) == (
            "",
            None,
            None,
        )
        assert (found.stream.status, found.stream.attempted_at) == ("Success", NOON)
        off = {**DELIVERIES, "configStreamDeliveryInfo": {"lastStatus": "Not_Applicable"}}
        answer = {"DeliveryChannelsStatus": [off]}
        _, (found,) = asking("delivery_channel_statuses", [("describe_delivery_channel_status", answer)])
        assert found.stream.status == "Not_Applicable"

    def test_enabled_baselines(self) -> None:
        """Of all pages: the OU's is not the landing zone's any more, and the account's is."""
        _, (unit, account) = asking("enabled_baselines")
        assert (unit.target_id, unit.parent, unit.is_present) == ("ou-ab12-3cd4ef56", None, False)
        assert (account.target_id, account.parent, account.is_present) == (OTHER, unit.arn, True)

    @pytest.mark.parametrize(
        ("status", "types", "expected"),
        [
            ("SUCCEEDED", {"source": {"status": "IN_SYNC"}, "inheritance": {"status": "IN_SYNC"}}, True),
            ("SUCCEEDED", {"source": {"status": "IN_SYNC"}, "inheritance": {"status": "DRIFTED"}}, False),
            ("SUCCEEDED", {"inheritance": {"status": "DRIFTED"}}, False),
            ("SUCCEEDED", {"inheritance": {"status": "IN_SYNC"}}, None),
            ("SUCCEEDED", {}, None),
            ("FAILED", {"source": {"status": "IN_SYNC"}}, False),
            ("UNDER_CHANGE", {"source": {"status": "IN_SYNC"}}, False),
        ],
    )
    def test_a_baseline_is_present(
        self, status: str, types: dict[str, Any], *, expected: bool | None
    ) -> None:
        """Only where Control Tower says so; what it does not tell is not known."""
        drift = {"statusSummary": {"status": status}, "driftStatusSummary": {"types": types}}
        answer = {"enabledBaselines": [{**UNIT, **drift}]}
        _, (found,) = asking("enabled_baselines", [("list_enabled_baselines", answer)])
        assert found.is_present is expected

    def test_a_bucket(self) -> None:
        """Its Object Lock, who pays, and what it encrypts with."""
        _, lock = asking("object_lock")
        assert (lock.enabled, lock.retention) == (True, "GOVERNANCE, 30 days")
        assert asking("requester_pays")[1] is True
        _, found = asking("bucket_encryption")
        assert (found.algorithm, found.key, found.bucket_key) == ("aws:kms", KEY, True)

    def test_a_bucket_with_nothing(self) -> None:
        """No lock and no encryption are answers, and a lock without a default retention is a lock."""
        code = "ObjectLockConfigurationNotFoundError"
        _, lock = asking("object_lock", [("get_object_lock_configuration", code)])
        assert (lock.enabled, lock.retention) == (False, "")
        bare = {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}}
        _, lock = asking("object_lock", [("get_object_lock_configuration", bare)])
        assert (lock.enabled, lock.retention) == (True, "")
        assert (
            asking("requester_pays", [("get_bucket_request_payment", {"Payer": "BucketOwner"})])[1] is False
        )
        code = "ServerSideEncryptionConfigurationNotFoundError"
        _, found = asking("bucket_encryption", [("get_bucket_encryption", code)])
        assert (found.algorithm, found.key, found.bucket_key) == ("", None, False)

    @pytest.mark.parametrize("code", ["AccessDenied", "NoSuchBucket"])
    def test_a_bucket_that_is_another_accounts(self, code: str) -> None:
        """Is no bucket without a lock."""
        for name in OF_BUCKETS:
            operation = ASKED[name][1][0][0]
            with pytest.raises(UnansweredError, match=code):
                asking(name, [(operation, code)])

    def test_a_work_group(self) -> None:
        """Where results go, and what a query may scan; one that says nothing has no place, and no limit."""
        _, found = asking("work_group")
        assert (found.name, found.enabled, found.output) == ("security", True, "s3://results/")
        assert (found.cutoff, found.keeps_results) == (10_000_000, True)
        _, found = asking("work_group", [("get_work_group", {"WorkGroup": {"Name": "bare"}})])
        assert (found.cutoff, found.engine, found.keeps_results) == (None, "", False)
        managed = {"ManagedQueryResultsConfiguration": {"Enabled": True}}
        answer = {"WorkGroup": {"Name": "own", "State": "DISABLED", "Configuration": managed}}
        _, found = asking("work_group", [("get_work_group", answer)])
        assert (found.enabled, found.keeps_results) == (False, True)

    def test_a_table(self) -> None:
        """Its columns in lower case, as they are asked for."""
        _, found = asking("table_metadata")
        assert [(each.name, each.type) for each in found.columns] == [("eventtime", "string")]
        assert [each.name for each in found.partition_keys] == ["timestamp"]
        assert found.location == "s3://logs/"

    def test_a_table_that_may_not_be_seen(self) -> None:
        """A MetadataException is AWS Glue's error of any kind: only of what is not there it is an answer."""
        with pytest.raises(UnansweredError, match="MetadataException"):
            asking("table_metadata", [("get_table_metadata", "MetadataException")])

    def test_partitions_of_all_pages(self) -> None:
        """One that does not say where it lies has no place."""
        _, found = asking("table_partitions")
        assert [(each.values, each.location) for each in found] == [
            (("2026",), ""),
            (("2027",), "s3://logs/2027/"),
        ]

    def test_a_query(self) -> None:
        """How far it is, why, and what it has scanned; a reason is one line."""
        assert asking("start_query")[1] == "q-1"
        _, found = asking("query_execution")
        assert (found.state, found.reason, found.scanned) == ("FAILED", "no room", 7)

    def test_rows_of_all_pages(self) -> None:
        """What is NULL is no text, and no empty one."""
        assert asking("query_rows")[1] == [("name", "code"), ("PutKeyPolicy", None)]

    def test_members_of_all_pages(self) -> None:
        """`State`, and before 2026 `Status`."""
        _, found = asking("members")
        assert [(each.account, each.is_active) for each in found] == [
            (ACCOUNT, True),
            ("444455556666", False),
        ]

    def test_members_of_a_unit(self) -> None:
        """As those of the organization; a unit that is not there has none, which is another answer."""
        assert [(each.account, each.is_active) for each in asking("accounts_of_unit")[1]] == [(OTHER, False)]
        gone = [("list_accounts_for_parent", "ParentNotFoundException")]
        assert asking("accounts_of_unit", gone)[1] is None

    def test_units(self) -> None:
        """Each account's as a path; each unit is looked at once, and one that is gone is empty."""
        assert asking("unit_paths")[1] == {ACCOUNT: "Root", OTHER: "Root/Security"}
        gone = [("list_organizational_units_for_parent", "ParentNotFoundException")]
        assert asking("units_below", gone)[1] == ()

    def test_stack_sets(self) -> None:
        """Control Tower's own, and what has not ended."""
        assert asking("own_stack_sets")[1] == ("AWSControlTowerBP-X",)
        assert asking("operations_at_work")[1] == ("UPDATE, RUNNING",)
        gone = [("list_stack_set_operations", "StackSetNotFoundException")]
        assert asking("operations_at_work", gone)[1] == ()

    def test_no_organization(self) -> None:
        """An account of none is no error; a refusal is."""
        _, found = asking("organization", [("describe_organization", "AWSOrganizationsNotInUseException")])
        assert found is None
        with pytest.raises(UnansweredError, match="refused organizations:DescribeOrganization"):
            asking("organization", [("describe_organization", "AccessDeniedException")])

    def test_no_recorder_has_no_status(self) -> None:
        """So that nobody is asked for it."""
        others = {**RECORDER, "servicePrincipal": "my-service.amazonaws.com", "recordingScope": "INTERNAL"}
        asker, found = asking(
            "own_recorder", [("describe_configuration_recorders", {"ConfigurationRecorders": [others]})]
        )
        assert found is None
        assert asker.log.calls.total() == 1

    def test_a_recorder(self) -> None:
        """How often it records keys, too."""
        _, found = asking("own_recorder")
        assert (found.on, found.keys, found.frequency, found.fault) == (True, True, "DAILY", None)

    def test_an_own_rule(self) -> None:
        """Its schedule's frequency may stand beside its triggers."""
        _, rule = asking("own_rule")
        assert (rule.function, rule.parameters, rule.state) == (FUNCTION, {"HomeRegion": REGION}, "ACTIVE")
        assert rule.period == timedelta(hours=6)

    def test_rules_of_that_name(self) -> None:
        """Also a pack's and the organization's, after the account's own; others' rules are left out."""
        _, found = asking("rules_named")
        names = [RULE, PACK_RULE["ConfigRuleName"], SENT_RULE["ConfigRuleName"]]
        assert [rule.name for rule in found] == names

    def test_parameters_that_are_no_object_are_none(self) -> None:
        """Of such a rule."""
        _, found = asking("rules_named")
        assert found[2].parameters == {}

    def test_an_organizations_rule(self) -> None:
        """Without a schedule it has no period."""
        _, rule = asking("organization_rule")
        assert (rule.function, rule.excluded_accounts, rule.period) == (FUNCTION, (OTHER,), None)

    @pytest.mark.parametrize(
        ("name", "operation", "code"),
        [
            ("own_rule", "describe_config_rules", "NoSuchConfigRuleException"),
            (
                "organization_rule",
                "describe_organization_config_rules",
                "NoSuchOrganizationConfigRuleException",
            ),
            ("organization_rule", "describe_organization_config_rules", "OrganizationAccessDeniedException"),
            ("function", "get_function_configuration", "ResourceNotFoundException"),
            ("policy", "get_policy", "ResourceNotFoundException"),
            ("role", "get_role", "NoSuchEntity"),
            ("recorded_keys", "list_discovered_resources", "NoAvailableConfigurationRecorderException"),
            ("recorded_history", "get_resource_config_history", "ResourceNotDiscoveredException"),
        ],
    )
    def test_what_is_not_there(self, name: str, operation: str, code: str) -> None:
        """Is None; any other code is an error."""
        assert asking(name, [(operation, code)])[1] is None
        with pytest.raises(UnansweredError, match="ThrottlingException"):
            asking(name, [(operation, "ThrottlingException")])

    def test_members_statuses(self) -> None:
        """Ordered by account, with AWS Config's reason."""
        _, found = asking("member_statuses")
        assert [(each.account, each.successful, each.reason) for each in found] == [
            (ACCOUNT, True, "E: m"),
            (OTHER, False, "E: m"),
        ]

    @pytest.mark.parametrize("name", ["results", "results_of_key", "details"])
    def test_a_result(self, name: str) -> None:
        """The same value, whoever shows it; where it is not told when the rule was invoked, when it came."""
        _, (result,) = asking(name)
        assert (result.key_id, result.compliance, result.annotation) == ("key-1", "NON_COMPLIANT", "")
        assert (result.at, result.rule) == (NOON, RULE)

    def test_an_evaluation_that_failed(self) -> None:
        """An error and no success."""
        _, (status,) = asking("evaluation_statuses")
        assert (status.is_failing, status.why) == (True, "Timeout")

    def test_aggregators(self) -> None:
        """Of the organization in all Regions, and of some accounts in one."""
        _, (whole, some) = asking("aggregators")
        assert (whole.organization, whole.covers("eu-west-1"), whole.accounts) == (True, True, ())
        assert (some.organization, some.covers("eu-west-1"), some.covers(REGION)) == (False, True, False)
        assert some.accounts == (OTHER,)

    def test_sources(self) -> None:
        """What tells no status is not fresh either; the organization is no account."""
        _, (member, whole) = asking("sources")
        assert (member.account, member.region, member.is_fresh, member.is_account) == (OTHER, "", False, True)
        assert (whole.status, whole.is_fresh, whole.is_account) == ("UNKNOWN", False, False)

    def test_rows(self) -> None:
        """Where a rule has a result."""
        assert asking("rows")[1] == [Row(ACCOUNT, REGION, RULE, "COMPLIANT")]

    def test_recorded_keys_of_everybody(self) -> None:
        """What is not understood is a note, once for each reason."""
        asker, found = asking("keys")
        assert [(str(one.key.arn), one.key.key_manager, one.at) for one in found] == [(KEY, "CUSTOMER", NOON)]
        assert [one.name for one in found] == ["logs"]
        assert len(asker.log.notes) == 2

    def test_counts_policies_and_recorders(self) -> None:
        """By account; what is no recorder is none."""
        assert asking("key_counts")[1] == {OTHER: 2}
        assert asking("have_policy")[1] == (True, False)
        assert [*asking("recorders")[1]] == [OTHER]

    def test_a_function(self) -> None:
        """States that Lambda leaves out are as they should be."""
        _, found = asking("function")
        assert (found.arn, found.role, found.state, found.changing) == (FUNCTION, ROLE, "Active", False)
        assert asking("code_location")[1] == "https://localhost/zip"

    def test_a_key(self) -> None:
        """Its policy character by character, and its tags."""
        assert str(asking("key")[1].arn) == KEY
        assert asking("key_arns")[1] == [KEY]
        assert asking("key_aliases")[1] == {KEY: ["alias/logs"]}
        assert asking("key_policy")[1] == "{ }"
        assert asking("key_tags")[1] == {"team": "blue"}

    def test_a_keys_last_use(self) -> None:
        """None where KMS shows an empty object, whoever asked otherwise."""
        _, found = asking("key_usage")
        assert (found.operation, found.at, found.event_id) == ("GenerateDataKey", NOON, "e-1")
        assert (found.tracked_since, found.created_at) == (NOON, NOON)
        unused = {"KeyId": KEY[-36:], "KeyLastUsage": {}, "TrackingStartDate": NOON, "KeyCreationDate": NOON}
        _, found = asking("key_usage", [("get_key_last_usage", unused)])
        assert (found.operation, found.at, found.event_id, found.tracked_since) == (None, None, None, NOON)

    def test_grants(self) -> None:
        """To a service, of one source alone; and to a principal, which says less."""
        _, (service, role) = asking("grants")
        assert (service.id, service.service, service.principal) == ("1", "cloudtrail.amazonaws.com", None)
        assert (service.operations, service.source_arn, service.created_at) == (
            ("GenerateDataKey",),
            TRAIL,
            NOON,
        )
        assert (role.id, role.service, role.principal, role.source_arn) == ("2", None, ROLE, None)
        assert role.operations == ()

    def test_names_of_policies(self) -> None:
        """A shared key has two."""
        assert asking("policy_names")[1] == ("default", "AWS_RAM")

    def test_events_of_cloudtrail(self) -> None:
        """Of a role, of a service that was refused, and of Control Tower itself."""
        _, (put, delivery, lifecycle) = asking("event_history")
        assert (put.name, put.service, put.at, put.account, put.region) == (
            "PutKeyPolicy",
            None,
            NOON,
            ACCOUNT,
            REGION,
        )
        assert put.principal == f"arn:aws:sts::{ACCOUNT}:assumed-role/mine/session"
        assert (put.parameters["policy"], put.resources, put.error_code) == ("{ }", (KEY,), "")
        assert (delivery.service, delivery.principal) == ("cloudtrail.amazonaws.com",) * 2
        assert (delivery.error_code, delivery.record) == ("AccessDenied", DELIVERY)
        assert "is not authorized" in delivery.error_message
        assert delivery.parameters["encryptionContext"]["aws:cloudtrail:arn"] == TRAIL
        assert (lifecycle.service, lifecycle.principal, lifecycle.resources) == (None, "AWS Internal", ())
        assert lifecycle.parameters == {}

    @pytest.mark.parametrize(
        ("named", "attributes"),
        [
            ({"name": "PutKeyPolicy"}, [{"AttributeKey": "EventName", "AttributeValue": "PutKeyPolicy"}]),
            ({"resource": KEY}, [{"AttributeKey": "ResourceName", "AttributeValue": KEY}]),
            ({}, []),
        ],
    )
    def test_events_that_are_asked_for(self, named: dict[str, str], attributes: list[Any]) -> None:
        """By one attribute or none, since a time."""
        session = Answering("cloudtrail", [])
        wanted = {"StartTime": NOON, "MaxResults": 50, "LookupAttributes": attributes}
        session.stubber.add_response("lookup_events", {"Events": []}, wanted)
        asker = Asker(session, ACCOUNT, REGION, Manner())
        assert list(facts()["event_history"](asker, REGION, NOON, **named)) == []
        session.stubber.assert_no_pending_responses()

    def test_recorded_items(self) -> None:
        """One without its configuration is left out."""
        assert asking("recorded_keys")[1] == ("key-1",)
        assert [item["resourceId"] for item in asking("recorded_items")[1]] == ["key-1"]

    def test_a_key_s_history(self) -> None:
        """Every page of it."""
        assert [item["version"] for item in asking("recorded_history")[1]] == ["2", "1"]
        assert asking("described_key")[1].created == NOON

    def test_a_role(self) -> None:
        """Its boundary is no policy of it."""
        _, found = asking("role")
        assert (found.name, found.arn, found.boundary) == ("mine", ROLE, MANAGED)
        assert [(each.name, each.attached) for each in asking("role_policies")[1]] == [
            ("shared", True),
            ("own", False),
        ]

    def test_a_stack(self) -> None:
        """One that is being updated, what it holds, and what happened."""
        _, found = asking("stack")
        assert (found.changing, found.updated) == (True, str(NOON))
        assert asking("resource_types")[1] == {"AWS::Config::ConfigRule"}
        assert [event["EventId"] for event in asking("events")[1]] == ["e"]

    def test_a_stack_that_is_not_there(self) -> None:
        """CloudFormation says so in words; anything else is an error."""
        session = Answering("cloudformation", [])
        session.stubber.add_client_error("describe_stacks", "ValidationError", "Stack s does not exist")
        session.stubber.add_client_error("describe_stacks", "ValidationError", "a name is too long")
        asker = Asker(session, ACCOUNT, REGION, Manner())
        assert facts()["stack"](asker, "s") is None
        with pytest.raises(UnansweredError, match="too long"):
            facts()["stack"](asker, "s")


CALLER = (
    b"<GetCallerIdentityResponse><GetCallerIdentityResult><UserId>x</UserId></GetCallerIdentityResult>"
    b"</GetCallerIdentityResponse>"
)


class TestNoAnswer:
    """What came with a good status, and is not what AWS sends: of each fact, the first that it asks for."""

    NOT_AWS: ClassVar = {
        "a page": b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Go on</body></html>",
        "a page that is XML": b"<html><body>Sign in</body></html>",
        "half an object": b'{"Keys": [{"KeyArn": "arn:aws:kms',
        "half of XML": b"<DescribeStacksResponse><DescribeStacksRes",
        "nothing": b"",
        "a list": b"[]",
        "an object without what was asked for": b"{}",
        "another's XML": b"<PutStuffResponse/>",
    }
    NO_XML: ClassVar = {
        "half an object",
        "half of XML",
        "a list",
        "an object without what was asked for",
    }

    @pytest.mark.parametrize("name", sorted(set(ASKED) - CHANGES - OF_ANYTHING))
    @pytest.mark.parametrize("kind", NOT_AWS)
    def test_is_not_understood(self, name: str, kind: str) -> None:
        """Never an account without keys, rules, aggregators or accounts."""
        fact, (given, _) = facts()[name], ASKED[name]
        asker = Asker(Speaking(self.NOT_AWS[kind]), ACCOUNT, REGION, Manner(quoting=False))
        with pytest.raises(UnansweredError) as caught:
            list(fact(asker, *given))
        assert caught.value.action in fact.actions
        assert "Sign in" not in str(caught.value)
        if kind in self.NO_XML and name in OF_BUCKETS:  # botocore takes it for the server's error
            assert caught.value.code == "500"
        else:
            assert caught.value.code == "NotUnderstoodError"
            assert "no answer of AWS" in str(caught.value)

    @pytest.mark.parametrize(
        ("name", "body"),
        [
            ("key_arns", b'{"Keys": [{}]}'),
            ("key_arns", b'{"Keys": [null]}'),
            ("key", b'{"KeyMetadata": {}}'),
            ("organization", b'{"Organization": {}}'),
            ("members", b'{"Accounts": [{}]}'),
            ("landing_zone_arn", b'{"landingZones": [{}]}'),
            ("own_rule", b'{"ConfigRules": [{}]}'),
            ("organization_rule", b'{"OrganizationConfigRules": [{}]}'),
            ("aggregators", b'{"ConfigurationAggregators": [{}]}'),
            ("rows", b'{"AggregateComplianceByConfigRules": [{}]}'),
            ("keys", b'{"Results": [5]}'),
            ("grants", b'{"Grants": [{}]}'),
            ("event_history", b'{"Events": [{}]}'),
            ("work_group", b'{"WorkGroup": {}}'),
            ("table_metadata", b'{"TableMetadata": {}}'),
            ("table_partitions", b'{"Partitions": [{}]}'),
            ("query_execution", b'{"QueryExecution": {}}'),
            ("query_execution", b'{"QueryExecution": {"Status": {}}}'),
            ("query_rows", b'{"ResultSet": {}}'),
            ("event_history", b'{"Events": [{"CloudTrailEvent": "half of a re"}]}'),
            ("event_history", b'{"Events": [{"CloudTrailEvent": "[]", "EventId": "e"}]}'),
            ("stack", b"<DescribeStacksResponse/>"),
            ("listed", b"<ListBucketResult><Contents><Size>1</Size></Contents></ListBucketResult>"),
            ("stack", b"<DescribeStacksResponse><DescribeStacksResult/></DescribeStacksResponse>"),
            ("role", b"<GetRoleResponse><GetRoleResult/></GetRoleResponse>"),
        ],
    )
    def test_what_lacks_something_further_down(self, name: str, body: bytes) -> None:
        """Is no answer either, and no fault of ours."""
        fact, (given, _) = facts()[name], ASKED[name]
        asker = Asker(Speaking(body), ACCOUNT, REGION, Manner())
        with pytest.raises(UnansweredError, match="was not understood") as caught:
            list(fact(asker, *given))
        assert caught.value.code == "NotUnderstoodError"

    @pytest.mark.parametrize("body", [b"<GetCallerIdentityResponse/>", CALLER])
    def test_who_asks(self, body: bytes) -> None:
        """Cannot be told then."""
        with pytest.raises(UnansweredError, match=r"GetCallerIdentity.* was not understood"):
            Asker.of(Speaking(body), Manner())

    @pytest.mark.parametrize("service", ["kms", "cloudformation"])
    @pytest.mark.parametrize("status", [302, 403, 407])
    @pytest.mark.parametrize("page", ["a page", "a page that is XML"])
    def test_a_page_that_is_an_error(self, service: str, status: int, page: str) -> None:
        """Is not AWS's refusal either."""
        asker = Asker(Speaking(self.NOT_AWS[page], status), ACCOUNT, REGION, Manner())
        ask = {"kms": "kms:ListKeys", "cloudformation": "cloudformation:DescribeStacks"}[service]
        with pytest.raises(UnansweredError, match=f"answered with {status} .* no answer of AWS") as caught:
            asker.ask(ask)
        assert not caught.value.refused

    @pytest.mark.parametrize("ask", ["kms:ListKeys", "cloudformation:DescribeStacks"])
    @pytest.mark.parametrize("page", ["a page", "a page that is XML", "nothing"])
    def test_one_that_passes(self, ask: str, page: str) -> None:
        """Where it comes with a server's error, AWS is asked again, as with its own."""
        session = Speaking(self.NOT_AWS[page], 503)
        asker = Asker(session, ACCOUNT, REGION, Manner(attempts=2))
        with pytest.raises(UnansweredError, match="503") as caught:
            asker.ask(ask)
        assert (caught.value.code, session.times) == ("503", 2)

    @pytest.mark.parametrize("body", [b"", b"{}", b"null"])
    def test_of_a_change(self, body: bytes) -> None:
        """KMS confirms one with nothing; a page confirms nothing."""
        asker = Asker(Speaking(body), ACCOUNT, REGION, Manner())
        assert asker.change("kms:PutKeyPolicy", KeyId="x", Policy="{}")
        asker = Asker(Speaking(self.NOT_AWS["a page"]), ACCOUNT, REGION, Manner())
        with pytest.raises(UnansweredError, match="a JSON object, or nothing"):
            asker.change("kms:PutKeyPolicy", KeyId="x", Policy="{}")

    def test_what_has_no_body(self) -> None:
        """Is an answer where it should have none."""
        asker = Asker(Speaking(b""), ACCOUNT, REGION, Manner())
        assert asker.ask("s3:HeadBucket", Bucket="b")["ResponseMetadata"]["HTTPStatusCode"] == 200


class TestChanging:
    """An operation that is no question."""

    def test_is_refused_where_it_is_asked(self) -> None:
        """Before it is called; told to change something, it is called."""
        answers: list[tuple[str, Any]] = [("put_key_policy", {})]
        asker = Asker(Answering("kms", answers), ACCOUNT, REGION, Manner())
        with pytest.raises(LzkeyError, match="kms:PutKeyPolicy is no question"):
            asker.ask("kms:PutKeyPolicy", KeyId="x", Policy="{}")
        assert not asker.log.calls
        assert asker.change("kms:PutKeyPolicy", KeyId="x", Policy="{}") == {}
        assert asker.log.calls == {"kms:PutKeyPolicy": 1}


class TestOnce:
    """A command that keeps answers asks each question once, whether page by page or not."""

    @pytest.mark.parametrize(("once", "times"), [(True, 1), (False, 2)])
    def test_pages(self, once: bool, times: int) -> None:  # noqa: FBT001
        """The twin does not keep them."""
        given, answers = ASKED["key_arns"]
        asker = Asker(Answering("kms", answers * times), ACCOUNT, REGION, Manner(once=once))
        assert [list(facts()["key_arns"](asker, *given)) for _ in range(2)] == [[KEY], [KEY]]
        assert asker.log.calls.total() == times


class TestQuoting:
    """An error with AWS's own text, and one without."""

    @pytest.mark.parametrize(
        ("quoting", "said"),
        [
            (True, f"account {ACCOUNT} refused kms:DescribeKey (AccessDeniedException: <b>no</b>)"),
            (
                False,
                (
                    "kms:DescribeKey was refused (AccessDeniedException) for key x "
                    f"in account {ACCOUNT}, Region {REGION}"
                ),
            ),
        ],
    )
    def test_is_the_manner_of_the_command(self, quoting: bool, said: str) -> None:  # noqa: FBT001
        """Where an error stands in a file that others read, nothing of the service's stands in it."""
        session = Answering("kms", [])
        session.stubber.add_client_error("describe_key", "AccessDeniedException", "<b>no</b>")
        asker = Asker(session, ACCOUNT, REGION, Manner(quoting=quoting))
        with pytest.raises(UnansweredError) as caught:
            asker.ask("kms:DescribeKey", about="key x", KeyId="x")
        assert str(caught.value) == said
