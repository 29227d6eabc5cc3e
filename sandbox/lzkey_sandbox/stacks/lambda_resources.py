"""AWS::Lambda::Permission, which moto's stacks never take back, and ResourcePolicy, which they do not know.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Lambda.html
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from moto.core.common_models import CloudFormationModel

from lzkey_sandbox.errors import ServiceError
from lzkey_sandbox.functions.lambda_permissions import (
    add_permission,
    delete_resource_policy,
    put_resource_policy,
    remove_permission,
)
from lzkey_sandbox.moto.motostate import without_no_value

Resource = Mapping[str, Any]


class ResourcePolicyResource(CloudFormationModel):  # type: ignore[misc]  # moto is untyped
    """AWS::Lambda::ResourcePolicy: the whole policy of a function."""

    def __init__(self, function: str) -> None:
        self.physical_resource_id = function

    @staticmethod
    def cloudformation_name_type() -> str:
        """Return the property that names the resource; there is none."""
        return ""

    @staticmethod
    def cloudformation_type() -> str:
        """Return the resource type."""
        return "AWS::Lambda::ResourcePolicy"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Resource, account_id: str, region_name: str, **_: object
    ) -> ResourcePolicyResource:
        """Put the policy, in the place of any other."""
        del resource_name
        properties = without_no_value(cloudformation_json["Properties"])
        function, document = properties["ResourceArn"], properties["PolicyDocument"]
        policy = document if isinstance(document, str) else json.dumps(document)
        put_resource_policy(account_id, region_name, {"ResourceArn": function, "Policy": policy})
        return cls(function)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: ResourcePolicyResource,
        new_resource_name: str,
        cloudformation_json: Resource,
        account_id: str,
        region_name: str,
    ) -> ResourcePolicyResource:
        """Put the new policy; for another function it takes the old one's away."""
        updated = cls.create_from_cloudformation_json(
            new_resource_name, cloudformation_json, account_id, region_name
        )
        if updated.physical_resource_id != original_resource.physical_resource_id:
            original_resource.delete(account_id, region_name)
        return updated

    def delete(self, account_id: str, region_name: str) -> None:
        """Take the policy away, unless it or the function is gone already."""
        with _already_gone():
            delete_resource_policy(account_id, region_name, {"ResourceArn": self.physical_resource_id})


class PermissionResource(CloudFormationModel):  # type: ignore[misc]  # moto is untyped
    """AWS::Lambda::Permission.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-permission.html
    """

    def __init__(self, function: str, statement: str) -> None:
        self._function = function
        self.physical_resource_id = statement

    @staticmethod
    def cloudformation_name_type() -> str:
        """Return the property that names the resource; there is none."""
        return ""

    @staticmethod
    def cloudformation_type() -> str:
        """Return the resource type."""
        return "AWS::Lambda::Permission"

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: Mapping[str, Any],
        account_id: str,
        region_name: str,
        **_: object,
    ) -> PermissionResource:
        """Add the statement, under an id of CloudFormation's making."""
        properties = {
            name: value for name, value in cloudformation_json["Properties"].items() if value is not None
        }
        statement = f"{resource_name}-{uuid.uuid4().hex[:12]}"
        add_permission(account_id, region_name, {**properties, "StatementId": statement})
        return cls(properties["FunctionName"], statement)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: PermissionResource,
        new_resource_name: str,
        cloudformation_json: Mapping[str, Any],
        account_id: str,
        region_name: str,
    ) -> PermissionResource:
        """Replace the statement: every property requires replacement."""
        original_resource.delete(account_id, region_name)
        return cls.create_from_cloudformation_json(
            new_resource_name, cloudformation_json, account_id, region_name
        )

    def delete(self, account_id: str, region_name: str) -> None:
        """Remove the statement, unless the function or the statement is gone already."""
        members = {"FunctionName": self._function, "StatementId": self.physical_resource_id}
        with _already_gone():
            remove_permission(account_id, region_name, members)


@contextmanager
def _already_gone() -> Iterator[None]:
    try:
        yield
    except ServiceError as gone:
        if gone.code != "ResourceNotFoundException":
            raise
