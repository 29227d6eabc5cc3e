"""A CloudFormation resource as moto's stacks want it, made of what puts it and what deletes it.

moto finds its resource models as *direct* subclasses of ``CloudFormationModel``, so each type has a class of
its own, and no base class but that one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from moto.core.common_models import CloudFormationModel

from lzkey_sandbox.moto.motostate import without_no_value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Attribute = Callable[[str, str, str], str]
    """Says what Fn::GetAtt returns: account, Region, physical id -> value."""


#: A resource's properties, their intrinsic functions resolved, without those that are `AWS::NoValue`.
Properties = dict[str, Any]


class Put(Protocol):
    """Makes a resource, or what is there of its name like it."""

    def __call__(self, account: str, region: str, name: str, properties: Properties, /) -> str:
        """The physical id, which Ref returns."""


class Delete(Protocol):
    """Takes a resource away; `properties` are those that it was put with."""

    def __call__(self, account: str, region: str, physical_id: str, properties: Properties, /) -> None:
        """Do it; what is gone already is no fault."""


def resource_class(
    kind: str,
    put: Put,
    delete: Delete,
    *,
    named_by: str = "",
    attributes: Mapping[str, Attribute] | None = None,
) -> type[Any]:
    """Moto's class for a resource type; `named_by` is the property that names such a resource, if any.

    An update puts the resource anew; where that gives another physical id, the old one is deleted after it.
    """
    known = attributes or {}

    class Resource(CloudFormationModel):  # type: ignore[misc]  # moto is untyped
        """One resource of the type, as it was put."""

        def __init__(self, account: str, region: str, name: str, properties: Properties) -> None:
            self._where, self._properties = (account, region), properties
            self.physical_resource_id = put(account, region, name, properties)

        @staticmethod
        def cloudformation_name_type() -> str:
            return named_by

        @staticmethod
        def cloudformation_type() -> str:
            return kind

        @classmethod
        def has_cfn_attr(cls, attr: str) -> bool:
            return attr in known

        def get_cfn_attribute(self, attribute_name: str) -> str:
            return known[attribute_name](*self._where, self.physical_resource_id)

        @classmethod
        def create_from_cloudformation_json(
            cls,
            resource_name: str,
            cloudformation_json: Mapping[str, Any],
            account_id: str,
            region_name: str,
            **_: object,
        ) -> Resource:
            properties = without_no_value(cloudformation_json["Properties"])
            return cls(account_id, region_name, resource_name, properties)

        @classmethod
        def update_from_cloudformation_json(
            cls,
            original_resource: Resource,
            new_resource_name: str,
            cloudformation_json: Mapping[str, Any],
            account_id: str,
            region_name: str,
        ) -> Resource:
            renamed = not named_by or named_by in cloudformation_json["Properties"]
            name = new_resource_name if renamed else original_resource.physical_resource_id
            updated = cls.create_from_cloudformation_json(name, cloudformation_json, account_id, region_name)
            if updated.physical_resource_id != original_resource.physical_resource_id:
                original_resource.delete(account_id, region_name)
            return updated

        def delete(self, account_id: str, region_name: str) -> None:
            delete(account_id, region_name, self.physical_resource_id, self._properties)

    return Resource
