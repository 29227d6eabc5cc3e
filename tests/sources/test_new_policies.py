"""A condition operator that nobody knows: a mistake before deployment, and perhaps a new one after it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Reader

ARN = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ACCESS = ["CONFIG_ACCESS", "CLOUDTRAIL_ACCESS"]


def policy(operator: str) -> dict[str, Any]:
    """Everything is allowed, and an administrator is denied something under a condition."""
    allow = {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}
    administrator = {"AWS": "arn:aws:iam::111122223333:role/admin"}
    deny = {**allow, "Effect": "Deny", "Principal": administrator, "Condition": {operator: {"a:b": "c"}}}
    return {"Version": "2012-10-17", "Statement": [allow, deny]}


def terraform(operator: str, resource: dict[str, Any], *, plan: bool) -> dict[str, Any]:
    """One resource with the policy, in a plan or in a state."""
    values = {**resource.get("values", {}), "policy": json.dumps(policy(operator))}
    module = {"resources": [{**resource, "mode": "managed", "name": "logs", "values": values}]}
    document = {"format_version": "1.2", "terraform_version": "1.9.0"}
    if plan:
        change = {"actions": ["create"], "before": None, "after": values, "after_unknown": {}}
        changes = [{**module["resources"][0], "change": change}]
        return {**document, "planned_values": {"root_module": module}, "resource_changes": changes}
    return {**document, "values": {"root_module": module}}


KEY: dict[str, Any] = {
    "address": "aws_kms_key.logs",
    "type": "aws_kms_key",
    "values": {"arn": ARN, "is_enabled": True},
}
POLICY: dict[str, Any] = {
    "address": "aws_kms_key_policy.logs",
    "type": "aws_kms_key_policy",
    "values": {"key_id": ARN},
}
TEMPLATE: dict[str, Any] = {"AWSTemplateFormatVersion": "2010-09-09"}

NEW: dict[str, Callable[[str], Any]] = {
    "key policy": policy,
    "template": lambda operator: {
        **TEMPLATE,
        "Resources": {"Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": policy(operator)}}},
    },
    "plan": lambda operator: terraform(operator, KEY, plan=True),
    "policy of a plan": lambda operator: terraform(operator, POLICY, plan=True),
}
PUT: dict[str, Callable[[str], Any]] = {
    "get-key-policy": lambda operator: {"PolicyName": "default", "Policy": json.dumps(policy(operator))},
    "state": lambda operator: terraform(operator, KEY, plan=False),
    "policy of a state": lambda operator: terraform(operator, POLICY, plan=False),
}


def failed(reader: Reader, document: object) -> list[str]:
    """Which of both requirements on access fail at worst."""
    return [name for name in reader.failed(reader.text(document).key) if name in ACCESS]


@pytest.mark.parametrize("name", NEW)
def test_before_deployment_it_makes_the_policy_malformed(reader: Reader, name: str) -> None:
    """As a wrong Effect does, whatever the statement is about; the twin has the operator that is meant."""
    assert failed(reader, NEW[name]("StringEqual")) == ACCESS
    assert failed(reader, NEW[name]("StringEquals")) == []


@pytest.mark.parametrize("name", PUT)
def test_in_a_policy_that_kms_has_it_is_doubt_about_its_statement(reader: Reader, name: str) -> None:
    """KMS took it, so that it may be newer than this version; the twin: a wrong Effect it never takes."""
    document = PUT[name]("StringEqual")
    assert failed(reader, document) == []
    wrong = json.loads(json.dumps(document).replace("Deny", "deny"))
    assert failed(reader, wrong) == ACCESS
