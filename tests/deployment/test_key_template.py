"""The key's template, deployed in the sandbox: the landing zone can use what it makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cfnlint.decode import decode

from landing_zone_key import KmsKey, LandingZone, assess
from lzkey_sandbox import Sandbox

from .conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

TEMPLATE = ROOT / "deploy/landing-zone-key.yaml"


@pytest.fixture(scope="module")
def made() -> Iterator[tuple[Any, str]]:
    """The client of KMS in a sandbox, and the ARN of the key that the stack made there."""
    with Sandbox() as sandbox:
        stacks = sandbox.client("cloudformation")
        stacks.create_stack(StackName="key", TemplateBody=TEMPLATE.read_text())
        (stack,) = stacks.describe_stacks(StackName="key")["Stacks"]
        yield sandbox.client("kms"), stack["Outputs"][0]["OutputValue"]


@pytest.mark.parametrize(("trail", "compliance"), [(None, "COMPLIANT"), ("another-trail", "NON_COMPLIANT")])
def test_the_landing_zone_can_use_the_key(made: tuple[Any, str], trail: str | None, compliance: str) -> None:
    """Of the management account, in its home Region; a landing zone with another trail cannot."""
    kms, arn = made
    key = KmsKey.from_describe_key(kms.describe_key(KeyId=arn)).with_policy(
        kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"]
    )
    zone = LandingZone.from_rule_parameters(
        {
            "HomeRegion": key.arn.region,
            "ManagementAccountId": key.arn.account,
            **({"TrailName": trail} if trail else {}),
        }
    )
    assert assess(key, zone).compliance == compliance


def test_the_key_survives_its_stack() -> None:
    """Without the key every log that it encrypted is lost."""
    template, _ = decode(str(TEMPLATE))
    key = template["Resources"]["Key"]
    assert key["DeletionPolicy"] == key["UpdateReplacePolicy"] == "Retain"
