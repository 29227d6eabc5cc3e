"""The keys that a landing zone's manifest names, whatever of it is there."""

from typing import Any

import pytest

from landing_zone_key.manifest import ManifestKeys

ONE = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
TWO = "arn:aws:kms:us-east-1:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321"
MULTI = "arn:aws:kms:us-east-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab"


def block(key: object, **more: object) -> dict[str, Any]:
    """A block of the manifest with its key."""
    return {"configurations": {"kmsKeyArn": key}, **more}


CASES = {
    "3.x": (
        {
            "governedRegions": ["us-east-1"],
            "centralizedLogging": block(ONE, accountId="222222222222", enabled=True),
            "securityRoles": {"accountId": "333333333333"},
        },
        ManifestKeys((ONE,)),
    ),
    "4.0 with a key of Config's own": (
        {"centralizedLogging": block(ONE), "config": block(TWO), "backup": block(MULTI)},
        ManifestKeys((ONE, TWO), (MULTI,)),
    ),
    "4.0 upgraded, one key in both places": (
        {"centralizedLogging": block(ONE), "config": block(ONE)},
        ManifestKeys((ONE,)),
    ),
    "a backup key that also encrypts logs is judged": (
        {"centralizedLogging": block(ONE), "backup": block(ONE)},
        ManifestKeys((ONE,)),
    ),
    "blocks without configurations": (
        {"centralizedLogging": {"enabled": False}, "config": {"enabled": False}, "backup": block(MULTI)},
        ManifestKeys((), (MULTI,)),
    ),
    "configurations without a key": (
        {"centralizedLogging": {"configurations": {"loggingBucket": {"retentionDays": 365}}}},
        ManifestKeys(),
    ),
    "levels of another kind": (
        {"centralizedLogging": [], "config": {"configurations": "none"}, "backup": block({"arn": ONE})},
        ManifestKeys(),
    ),
    "keys that are empty": ({"centralizedLogging": block(""), "config": block(None)}, ManifestKeys()),
    "empty": ({}, ManifestKeys()),
    "none": (None, ManifestKeys()),
    "text": ("{}", ManifestKeys()),
}


@pytest.mark.parametrize(("manifest", "keys"), CASES.values(), ids=CASES)
def test_a_manifest_names_its_keys(manifest: object, keys: ManifestKeys) -> None:
    """Logging keys once each and in order, backup keys apart; what is not there names none."""
    assert ManifestKeys.from_manifest(manifest) == keys


@pytest.mark.parametrize(
    ("named", "answer"), [(ONE, True), (TWO, False), ("alias/landing-zone", True), (ONE[:40], False)]
)
def test_an_alias_may_be_any_key(named: str, *, answer: bool) -> None:
    """Which key an alias stands for is not in the manifest, so no key is ruled out."""
    names = {ONE, ONE.split("/")[1]}
    assert ManifestKeys((named,)).may_log_with(names) is answer
