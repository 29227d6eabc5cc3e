"""The names that the adapter, the command line and acceptance checks use, as the design writes them."""

import landing_zone_key
from landing_zone_key import KmsKey, LandingZone, annotate, assess, policy, repair
from landing_zone_key.policy import Policy, Request, decide, prove
from landing_zone_key.requests import families

ARN = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
STATEMENT = {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}
ITEM = {
    "ARN": ARN,
    "resourceType": "AWS::KMS::Key",
    "configuration": {"keyState": "Disabled", "keySpec": "SYMMETRIC_DEFAULT", "keyUsage": "ENCRYPT_DECRYPT"},
    "supplementaryConfiguration": {"Policy": {"Version": "2012-10-17", "Statement": STATEMENT}},
}


def test_what_is_exported_is_there() -> None:
    """Every name of both packages' lists."""
    for package in (landing_zone_key, policy):
        assert all(hasattr(package, name) for name in package.__all__)


def test_a_key_is_assessed_annotated_and_repaired() -> None:
    """The design's example, word by word."""
    landing_zone = LandingZone.from_rule_parameters(
        {"HomeRegion": "us-east-1", "ManagementAccountId": "111122223333"}
    )
    key = KmsKey.from_configuration_item(ITEM)
    assessment = assess(key, landing_zone)
    assert assessment.compliance == "NON_COMPLIANT"
    finding = assessment.findings[0]
    assert (finding.requirement, finding.reason) == ("ENABLED", "NOT_ENABLED")
    assert (finding.message[:29], finding.statement, finding.request) == (
        "the key state is Disabled, so",
        None,
        None,
    )
    assert annotate(assessment) == "ENABLED: Disabled (runbook: not-enabled)"
    repaired = repair(key, landing_zone)
    assert (repaired.policy, repaired.changes) == ({"Version": "2012-10-17", "Statement": STATEMENT}, ())
    assert [left.requirement for left in repaired.unresolved] == ["ENABLED"]


def test_one_request_is_decided_and_a_family_is_proved() -> None:
    """From text and from an object."""
    key = KmsKey.from_configuration_item(ITEM)
    read = Policy.parse({"Version": "2012-10-17", "Statement": STATEMENT})
    request = Request(
        service="config.amazonaws.com",
        action="kms:Decrypt",
        resource=ARN,
        context={"aws:SourceAccount": "111122223333"},
    )
    assert decide(read, request).allowed
    assert Policy.parse(
        '{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}'
    )
    zone = LandingZone("us-east-1", "111122223333")
    assert all(isinstance(prove(read, family), policy.Proved) for family in families(key, zone))
