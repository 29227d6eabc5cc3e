"""The key's template, deployed in the sandbox: the landing zone can use what it makes."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import pytest
from cfnlint.decode import decode

from landing_zone_key import KmsKey, LandingZone, assess
from lzkey_sandbox import Sandbox

from .conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TEMPLATE = ROOT / "deploy/landing-zone-key.yaml"
PROTECTED = {"OrganizationId": "o-exampleorgid", "RequireConfusedDeputyProtection": "true"}


@pytest.fixture(scope="module")
def made() -> Iterator[Callable[[str], KmsKey]]:
    """Makes the template's key for an organization in a sandbox, and reads it."""
    with Sandbox() as sandbox:
        stacks, kms = sandbox.client("cloudformation"), sandbox.client("kms")

        def make(organization: str = "") -> KmsKey:
            name = f"key-{organization}" if organization else "key"
            given = [{"ParameterKey": "OrganizationId", "ParameterValue": organization}]
            stacks.create_stack(
                StackName=name,
                TemplateBody=TEMPLATE.read_text(),
                Parameters=[*given, {"ParameterKey": "Alias", "ParameterValue": name}]
                if organization
                else [],
            )
            (stack,) = stacks.describe_stacks(StackName=name)["Stacks"]
            arn = stack["Outputs"][0]["OutputValue"]
            policy = kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"]
            return KmsKey.from_describe_key(kms.describe_key(KeyId=arn)).with_policy(policy)

        yield cache(make)


@pytest.mark.parametrize(
    ("organization", "asked", "compliance"),
    [
        ("", {}, "COMPLIANT"),
        ("", {"TrailName": "another-trail"}, "NON_COMPLIANT"),
        ("", PROTECTED, "NON_COMPLIANT"),
        ("o-exampleorgid", PROTECTED, "COMPLIANT"),
        ("o-exampleorgid", {**PROTECTED, "OrganizationId": "o-otherorgid"}, "NON_COMPLIANT"),
    ],
)
def test_the_landing_zone_can_use_the_key(
    made: Callable[[str], KmsKey], organization: str, asked: dict[str, str], compliance: str
) -> None:
    """Of the management account, in its home Region; with another trail, or of another organization, not."""
    key = made(organization)
    zone = LandingZone.from_rule_parameters(
        {"HomeRegion": key.arn.region, "ManagementAccountId": key.arn.account, **asked}
    )
    assert assess(key, zone).compliance == compliance


@pytest.mark.parametrize(
    ("parameter", "good", "bad"),
    [
        (
            "TrailName",
            ["aws-controltower-BaselineCloudTrail", "my.trail"],
            ["", "ab", "*", "trail/x", "-trail"],
        ),
        ("Alias", ["landing-zone", "logs/kms_key"], ["", "a b", "logs*"]),
        ("OrganizationId", ["", "o-exampleorgid"], ["o-", "exampleorgid", "o-EXAMPLEORGID", "*"]),
    ],
)
def test_a_value_that_could_not_work_is_refused(parameter: str, good: list[str], bad: list[str]) -> None:
    """Before anything is made: in neither condition is `*` more than a letter."""
    template, _ = decode(str(TEMPLATE))
    pattern = template["Parameters"][parameter]["AllowedPattern"]
    assert [value for value in (*good, *bad) if re.search(pattern, value)] == good


def test_the_key_survives_its_stack() -> None:
    """Without the key every log that it encrypted is lost."""
    template, _ = decode(str(TEMPLATE))
    key = template["Resources"]["Key"]
    assert key["DeletionPolicy"] == key["UpdateReplacePolicy"] == "Retain"
