"""The keys that a landing zone's manifest names, whatever of it is there."""

from typing import Any

import pytest

from landing_zone_key.manifest import Delivery, ManifestKeys

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


BOTH, CLOUDTRAIL, CONFIG, NOTHING = {*Delivery}, {Delivery.CLOUDTRAIL}, {Delivery.CONFIG}, set[Delivery]()
OFF = {"enabled": False}


@pytest.mark.parametrize(
    ("manifest", "version", "uses", "delivers"),
    [
        ({"centralizedLogging": block(ONE)}, "3.3", {ONE: BOTH}, BOTH),
        ({"centralizedLogging": block(ONE)}, None, {ONE: BOTH}, BOTH),
        ({"centralizedLogging": block(ONE, **OFF)}, "3.3", {ONE: CONFIG}, CONFIG),
        ({"centralizedLogging": block(ONE)}, "4.0", {ONE: CLOUDTRAIL}, CLOUDTRAIL),
        (
            {"centralizedLogging": block(ONE), "config": block(TWO)},
            "4.0",
            {ONE: CLOUDTRAIL, TWO: CONFIG},
            BOTH,
        ),
        (
            {"centralizedLogging": block(ONE), "config": block(TWO)},
            None,
            {ONE: CLOUDTRAIL, TWO: CONFIG},
            BOTH,
        ),
        ({"centralizedLogging": block(ONE), "config": block(ONE)}, "4.0", {ONE: BOTH}, BOTH),
        (
            {"centralizedLogging": block(ONE, **OFF), "config": block(TWO, enabled=True)},
            "4.0",
            {TWO: CONFIG},
            CONFIG,
        ),
        ({"centralizedLogging": block(ONE), "config": OFF}, "4.0", {ONE: CLOUDTRAIL}, CLOUDTRAIL),
        ({"centralizedLogging": OFF, "config": OFF}, "4.0", {}, NOTHING),
        ({"centralizedLogging": block(ONE, **OFF), "config": block(TWO, **OFF)}, "4.1", {}, NOTHING),
        ({}, "4.0", {}, NOTHING),
        ({}, "3.3", {}, BOTH),
        (None, "4.0", {}, BOTH),
    ],
)
def test_a_manifest_tells_what_each_key_is_for(
    manifest: object, version: str | None, uses: dict[str, set[Delivery]], delivers: set[Delivery]
) -> None:
    """Before 4.0 one key is for both; a key of what is off is no logging key."""
    keys = ManifestKeys.from_manifest(manifest, version)
    assert {key: {each for its, each in keys.uses if its == key} for key in keys.logging} == uses
    assert keys.delivers == delivers
    assert all(keys.uses_of({key}) == its for key, its in uses.items())
    assert keys.uses_of({"another"}) == BOTH


def test_an_alias_may_stand_for_any_key() -> None:
    """So nobody knows what a key is for."""
    manifest = {"centralizedLogging": block("alias/logs"), "config": block(TWO)}
    assert ManifestKeys.from_manifest(manifest, "4.0").uses_of({TWO}) == BOTH


@pytest.mark.parametrize(
    ("manifest", "version", "accounts"),
    [
        (CASES["3.x"][0], "3.3", ("222222222222", "222222222222")),
        ({"centralizedLogging": {"accountId": "2", **OFF}}, "3.3", ("2", "2")),
        ({"centralizedLogging": {"accountId": "2"}, "config": {"accountId": "3"}}, "4.0", ("2", "3")),
        ({"centralizedLogging": {"accountId": "2"}, "config": block(ONE)}, "4.0", ("2", None)),
        ({"centralizedLogging": {"accountId": 2}, "config": {"accountId": ""}}, "4.0", (None, None)),
        ({}, "4.0", (None, None)),
        (None, None, (None, None)),
    ],
)
def test_whose_the_buckets_are(
    manifest: object, version: str | None, accounts: tuple[str | None, str | None]
) -> None:
    """CloudTrail's, and AWS Config's, which has an account of its own since 4.0; else it is not told."""
    keys = ManifestKeys.from_manifest(manifest, version)
    assert (keys.account_of(Delivery.CLOUDTRAIL), keys.account_of(Delivery.CONFIG)) == accounts
