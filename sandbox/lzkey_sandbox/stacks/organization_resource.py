"""AWS::Config::OrganizationConfigRule, which moto's CloudFormation lacks.

Whether AWS rolls a stack back when the rule fails in some accounts is not documented: here it does not.
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-config-organizationconfigrule.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from moto.core.common_models import CloudFormationModel

from lzkey_sandbox.config import organization_rules
from lzkey_sandbox.config.organization_api import put_organization_rule
from lzkey_sandbox.http.contract import operation_model, parse_input
from lzkey_sandbox.moto.motostate import without_no_value

Resource = Mapping[str, Any]


class OrganizationConfigRuleResource(CloudFormationModel):  # type: ignore[misc]  # moto is untyped
    """The resource: its properties are PutOrganizationConfigRule's members, and are checked as those."""

    def __init__(self, name: str) -> None:
        self.physical_resource_id = name

    @staticmethod
    def cloudformation_name_type() -> str:
        """Return the property that names the resource."""
        return "OrganizationConfigRuleName"

    @staticmethod
    def cloudformation_type() -> str:
        """Return the resource type."""
        return "AWS::Config::OrganizationConfigRule"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Resource, account_id: str, region_name: str, **_: object
    ) -> OrganizationConfigRuleResource:
        """Create the rule, its intrinsic functions already resolved by moto."""
        put_organization_rule(account_id, region_name, _members(resource_name, cloudformation_json))
        return cls(resource_name)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: OrganizationConfigRuleResource,
        new_resource_name: str,
        cloudformation_json: Resource,
        account_id: str,
        region_name: str,
    ) -> OrganizationConfigRuleResource:
        """Update the rule; a new name replaces it."""
        named = cls.cloudformation_name_type() in cloudformation_json["Properties"]
        name = new_resource_name if named else original_resource.physical_resource_id
        if name != original_resource.physical_resource_id:
            original_resource.delete(account_id, region_name)
        return cls.create_from_cloudformation_json(name, cloudformation_json, account_id, region_name)

    def delete(self, account_id: str, region_name: str) -> None:
        """Delete the rule everywhere, unless it is gone already."""
        rule = organization_rules.stored_rules(account_id, region_name).get(self.physical_resource_id)
        if rule is not None:
            organization_rules.delete(rule)

    def is_created(self) -> bool:
        """Say that creation is complete at once."""
        return True


def _members(name: str, resource: Resource) -> dict[str, Any]:
    """Return PutOrganizationConfigRule's members; a parameter object is text, as in every stack."""
    properties = without_no_value(resource["Properties"])
    members = {**properties, "OrganizationConfigRuleName": name}
    for kind in organization_rules.KINDS:
        parameters = members.get(kind, {}).get("InputParameters")
        if parameters is not None and not isinstance(parameters, str):
            members[kind] = {**members[kind], "InputParameters": json.dumps(parameters)}
    return parse_input(operation_model("config", "PutOrganizationConfigRule"), members)
