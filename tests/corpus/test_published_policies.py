"""Key policies that others have published, each against a careful reading of the documented semantics."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from landing_zone_key import KmsKey, LandingZone, Requirement, assess

POLICIES = json.loads(Path(__file__).with_name("published-policies.json").read_text())
ORGANIZATION = "o-exampleorgid"
REQUIREMENTS = {"config": Requirement.CONFIG_ACCESS, "cloudtrail": Requirement.CLOUDTRAIL_ACCESS}

each_policy = pytest.mark.parametrize("entry", POLICIES, ids=[entry["id"] for entry in POLICIES])
each_organization = pytest.mark.parametrize("organization", [None, ORGANIZATION])
each_service = pytest.mark.parametrize("service", REQUIREMENTS)


@cache
def failing(place: int, organization: str | None) -> frozenset[Requirement]:
    """The requirements that the published policy in this place fails."""
    entry = POLICIES[place]
    parameters = {"HomeRegion": entry["region"], "ManagementAccountId": entry["account"]}
    if organization:
        parameters["OrganizationId"] = organization
    key = KmsKey.from_describe_key(
        {
            "Arn": entry["key_arn"],
            "KeyManager": "CUSTOMER",
            "KeyState": "Enabled",
            "KeySpec": "SYMMETRIC_DEFAULT",
            "KeyUsage": "ENCRYPT_DECRYPT",
            "Origin": "AWS_KMS",
        }
    ).with_policy(entry["policy"])
    findings = assess(key, LandingZone.from_rule_parameters(parameters)).findings
    return frozenset(finding.requirement for finding in findings)


def holds(entry: dict[str, Any], service: str, organization: str | None) -> bool:
    """Whether the requirement of the service holds for the published policy."""
    return REQUIREMENTS[service] not in failing(POLICIES.index(entry), organization)


def expected(entry: dict[str, Any], service: str, organization: str | None) -> bool:
    """Granted; or on condition of the organization alone, and the organization is known."""
    if "ambiguous" in entry:
        return False
    if entry["expected"][service] == "conditional":
        keys = [key.lower() for key in entry["conditional_on"][service]]
        return organization is not None and keys == ["aws:sourceorgid"]
    return bool(entry["expected"][service] == "granted")


@each_policy
@each_organization
@each_service
def test_a_published_policy_gets_its_verdict(
    entry: dict[str, Any], organization: str | None, service: str
) -> None:
    """What must be granted is proved, and nothing else is."""
    assert holds(entry, service, organization) is expected(entry, service, organization), entry["why"]


def test_no_published_policy_is_wrongly_passed() -> None:
    """The count that no engine may raise: policies proved for a service that they refuse."""
    passed = [
        (entry["id"], service, organization)
        for entry in POLICIES
        for service in REQUIREMENTS
        for organization in (None, ORGANIZATION)
        if holds(entry, service, organization) and not expected(entry, service, organization)
    ]
    assert passed == []


def test_nothing_but_access_fails() -> None:
    """The keys are as they should be; only their policies are judged."""
    found = {name for place in range(len(POLICIES)) for name in failing(place, None)}
    assert found == set(REQUIREMENTS.values())


def test_every_policy_says_where_it_comes_from() -> None:
    """The corpus keeps its sources, has no id twice, and holds every kind of verdict."""
    assert all(entry["source"] for entry in POLICIES)
    assert len({entry["id"] for entry in POLICIES}) == len(POLICIES) == 61
    verdicts = {verdict for entry in POLICIES for verdict in entry["expected"].values()}
    assert verdicts == {"granted", "not_granted", "conditional"}
