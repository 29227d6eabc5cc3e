"""The operations that the sandbox answers itself; moto answers all others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lzkey_sandbox.config.aggregate_resource_api import AggregateResourceApi, asks_for_aggregate_keys
from lzkey_sandbox.config.config_api import ResourceApi, asks_for_keys
from lzkey_sandbox.endpoint import Operation
from lzkey_sandbox.functions import lambda_permissions

if TYPE_CHECKING:
    from lzkey_sandbox.config.aggregator_api import AggregatorApi
    from lzkey_sandbox.config.config_api import ConfigApi
    from lzkey_sandbox.config.organization_api import OrganizationApi, OrganizationsApi
    from lzkey_sandbox.controltower import ControlTower


def own_operations(
    config: ConfigApi,
    organization: OrganizationApi,
    keys: ResourceApi,
    tower: ControlTower,
) -> dict[tuple[str, str], Operation]:
    """Return the handlers by service and operation."""
    handlers = {
        "DeleteEvaluationResults": Operation(config.delete_evaluation_results),
        "DescribeComplianceByConfigRule": Operation(config.describe_compliance_by_config_rule),
        "DescribeConfigRuleEvaluationStatus": Operation(config.describe_config_rule_evaluation_status),
        "GetComplianceDetailsByConfigRule": Operation(config.get_compliance_details_by_config_rule),
        "GetComplianceDetailsByResource": Operation(config.get_compliance_details_by_resource),
        "PutEvaluations": Operation(config.put_evaluations),
        "StartConfigRulesEvaluation": Operation(config.start_config_rules_evaluation),
        "DeleteOrganizationConfigRule": Operation(organization.delete_organization_config_rule),
        "DescribeOrganizationConfigRules": Operation(organization.describe_organization_config_rules),
        "DescribeOrganizationConfigRuleStatuses": Operation(
            organization.describe_organization_config_rule_statuses
        ),
        "GetOrganizationConfigRuleDetailedStatus": Operation(
            organization.get_organization_config_rule_detailed_status
        ),
        "PutOrganizationConfigRule": Operation(organization.put_organization_config_rule),
        "BatchGetResourceConfig": Operation(keys.batch_get_resource_config, asks_for_keys),
        "GetResourceConfigHistory": Operation(keys.get_resource_config_history, asks_for_keys),
        "ListDiscoveredResources": Operation(keys.list_discovered_resources, asks_for_keys),
    }
    return {
        **{("config", name): operation for name, operation in handlers.items()},
        ("controltower", "ListLandingZones"): Operation(tower.list_landing_zones),
        ("controltower", "GetLandingZone"): Operation(tower.get_landing_zone),
        ("lambda", "AddPermission"): Operation(lambda_permissions.add_permission),
        ("lambda", "DeleteResourcePolicy"): Operation(lambda_permissions.delete_resource_policy),
        ("lambda", "GetResourcePolicy"): Operation(lambda_permissions.get_resource_policy),
        ("lambda", "PutResourcePolicy"): Operation(lambda_permissions.put_resource_policy),
        ("lambda", "RemovePermission"): Operation(lambda_permissions.remove_permission),
    }


def organization_wide_operations(
    aggregators: AggregatorApi, resources: AggregateResourceApi, accounts: OrganizationsApi
) -> dict[tuple[str, str], Operation]:
    """Return the handlers of what shows many accounts at once."""
    handlers = {
        "DescribeConfigurationAggregatorSourcesStatus": Operation(aggregators.describe_sources_status),
        "DescribeAggregateComplianceByConfigRules": Operation(
            aggregators.describe_aggregate_compliance_by_config_rules
        ),
        "GetAggregateComplianceDetailsByConfigRule": Operation(
            aggregators.get_aggregate_compliance_details_by_config_rule
        ),
        "GetAggregateConfigRuleComplianceSummary": Operation(
            aggregators.get_aggregate_config_rule_compliance_summary
        ),
        "SelectAggregateResourceConfig": Operation(resources.select_aggregate_resource_config),
        "SelectResourceConfig": Operation(resources.select_resource_config),
        "GetAggregateDiscoveredResourceCounts": Operation(resources.get_aggregate_discovered_resource_counts),
        "ListAggregateDiscoveredResources": Operation(
            resources.list_aggregate_discovered_resources, asks_for_aggregate_keys
        ),
        "BatchGetAggregateResourceConfig": Operation(
            resources.batch_get_aggregate_resource_config, asks_for_aggregate_keys
        ),
    }
    return {
        **{("config", name): operation for name, operation in handlers.items()},
        ("organizations", "ListAccounts"): Operation(accounts.list_accounts),
    }
