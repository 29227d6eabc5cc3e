"""Which operations the sandbox answers itself: those that an object has methods for."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from botocore import xform_name

from lzkey_sandbox.athena import Athena
from lzkey_sandbox.baselines import Baselines
from lzkey_sandbox.buckets import Buckets
from lzkey_sandbox.cloudtrail import CloudTrail
from lzkey_sandbox.config.aggregate_resource_api import AggregateResourceApi
from lzkey_sandbox.config.aggregator_api import AggregatorApi
from lzkey_sandbox.config.config_api import ConfigApi, ResourceApi, concerns_keys
from lzkey_sandbox.config.deliveries import Deliveries
from lzkey_sandbox.config.organization_api import OrganizationApi, OrganizationsApi
from lzkey_sandbox.controltower import ControlTower
from lzkey_sandbox.endpoint import operations
from lzkey_sandbox.event_history import EventApi
from lzkey_sandbox.functions import lambda_permissions
from lzkey_sandbox.http.contract import service_model
from lzkey_sandbox.keys.key_api import KeyApi, RamPolicyApi

APIS = [
    ("athena", Athena),
    ("config", ConfigApi),
    ("config", ResourceApi),
    ("config", OrganizationApi),
    ("config", AggregatorApi),
    ("config", Deliveries),
    ("config", AggregateResourceApi),
    ("controltower", ControlTower),
    ("controltower", Baselines),
    ("cloudtrail", CloudTrail),
    ("s3", Buckets),
    ("cloudtrail", EventApi),
    ("kms", KeyApi),
    ("kms", RamPolicyApi),
    ("organizations", OrganizationsApi),
    ("lambda", lambda_permissions),
]
KEY, BUCKET = "AWS::KMS::Key", "AWS::S3::Bucket"


class Api:
    """Answers one operation of each of two services, and does something else besides."""

    def put_evaluations(self, *asked: object) -> dict[str, Any]:
        """Answer for AWS Config."""
        return {"asked": asked}

    def get_landing_zone(self, *asked: object) -> dict[str, Any]:
        """Answer for Control Tower."""
        return {"asked": asked}

    def retry(self) -> None:
        """Be no operation of any service."""


class TestTable:
    """A method answers the operation whose name in boto3 it has."""

    @pytest.mark.parametrize(
        ("service", "expected"),
        [("config", ["PutEvaluations"]), ("controltower", ["GetLandingZone"]), ("kms", [])],
    )
    def test_what_an_object_answers_of_a_service(self, service: str, expected: list[str]) -> None:
        """What is no operation of the service is left out."""
        assert list(operations(service, Api())) == [(service, name) for name in expected]

    def test_the_method_is_the_handler(self) -> None:
        """And without more it answers every such request."""
        operation = operations("config", Api())["config", "PutEvaluations"]
        assert operation.handler("111122223333", "us-east-1", {}) == {
            "asked": ("111122223333", "us-east-1", {})
        }
        assert operation.applies({})

    @pytest.mark.parametrize(("service", "api"), APIS, ids=[api.__name__ for _, api in APIS])
    def test_no_handler_is_left_out(self, service: str, api: Any) -> None:
        """Whatever public takes account, Region and members has the name of an operation."""
        handlers = {
            name
            for name, function in vars(api).items()
            if inspect.isfunction(function)
            and not name.startswith("_")
            and [each.strip("_") for each in inspect.signature(function).parameters if each != "self"]
            == ["account", "region", "members"]
        }
        names = {xform_name(name) for name in service_model(service).operation_names}
        assert handlers <= names
        assert handlers


class TestConcernsKeys:
    """The recorder knows KMS keys; moto knows some other types."""

    @pytest.mark.parametrize(
        ("raw", "expected"),
        [
            ({}, True),
            ({"Expression": "SELECT arn"}, True),
            ({"resourceType": KEY}, True),
            ({"resourceType": BUCKET}, False),
            ({"ResourceType": KEY}, True),
            ({"ResourceType": BUCKET}, False),
            ({"resourceKeys": [{"resourceType": BUCKET}, {"resourceType": KEY}]}, True),
            ({"resourceKeys": [{"resourceType": BUCKET}]}, False),
            ({"ResourceIdentifiers": [{"ResourceType": BUCKET}, {"ResourceType": KEY}]}, True),
            ({"ResourceIdentifiers": [{"ResourceType": BUCKET}]}, False),
        ],
    )
    def test_by_the_types_that_are_named(self, raw: dict[str, Any], *, expected: bool) -> None:
        """One key is enough, and a request that names no type is ours."""
        assert concerns_keys(raw) is expected
