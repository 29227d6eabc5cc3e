"""The operations that the sandbox answers itself; moto answers all others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lzkey.sandbox.endpoint import Operation
from lzkey.sandbox.resource_api import ResourceApi, asks_for_keys

if TYPE_CHECKING:
    from lzkey.sandbox.config_api import ConfigApi
    from lzkey.sandbox.controltower import ControlTower


def own_operations(
    config: ConfigApi, keys: ResourceApi, tower: ControlTower
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
        "BatchGetResourceConfig": Operation(keys.batch_get_resource_config, asks_for_keys),
        "GetResourceConfigHistory": Operation(keys.get_resource_config_history, asks_for_keys),
        "ListDiscoveredResources": Operation(keys.list_discovered_resources, asks_for_keys),
    }
    return {
        **{("config", name): operation for name, operation in handlers.items()},
        ("controltower", "ListLandingZones"): Operation(tower.list_landing_zones),
        ("controltower", "GetLandingZone"): Operation(tower.get_landing_zone),
    }
