"""Of keys that are alike one is judged, and one policy is read: no key, and no policy, makes a difference."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landing_zone_key import KmsKey, LandingZone, policies
from landing_zone_key.key import KeyArn, partition_of
from landing_zone_key.manifest import ManifestKeys
from landing_zone_key.policies import Policies
from landing_zone_key.policy import Policy, PolicyError
from lzkey.check.judging import Judge
from lzkey.check.verdict import judge
from lzkey.sources.subject import FoundKey, Place

NOON: Final = datetime(2026, 11, 25, 12, tzinfo=UTC)
HERE: Final = ("us-east-1", "111122223333")
PLACE: Final = "arn:aws:kms:us-east-1:111122223333:key/"
TRAIL: Final = "arn:aws:cloudtrail:us-east-1:111122223333:trail/aws-controltower-BaselineCloudTrail"
# Of either form, with one behind which another's may hide; and what only an odd source tells.
UUIDS: Final = (
    "1234abcd-12ab-34cd-56ef-1234567890ab",
    "1234abcd-12ab-34cd-56ef-4444555566ab",
    "0987dcba-09fe-87dc-65ba-ab0987654321",
    "2abc0000-09fe-87dc-65ba-000000000000",
)
MULTI_REGION: Final = f"mrk-{'1234abcd' * 4}"
ODD_IDS: Final = (MULTI_REGION, "1", "12", "k", "*", "1234*", "${aws:username}", 'k", "*', "a/b", "é")

ELSEWHERE: Final = (
    *(("eu-west-1", "111122223333"), ("us-east-1", "444455556666"), ("cn-north-1", "111122223333")),
    *(("${aws:username}", "111122223333"), ('us-east-1", "*', "111122223333"), ("us-*-1", "111122223333")),
)

# How a policy names its own key; the last two are written with escapes of JSON.
ARN, ID, UPPER, SLASHED, ESCAPED = "<arn>", "<id>", "<ARN>", "<slashed>", "<escaped>"
NAMES: Final = (ARN, ARN, ARN, ID, UPPER, SLASHED, ESCAPED)

RESOURCES: Final[tuple[Any, ...]] = (
    *(ARN, ARN, "*", [ARN, "*"], [ARN, ARN], f"{PLACE}{UUIDS[0]}", [ARN, f"{PLACE}{UUIDS[2]}"], f"{PLACE}*"),
    *(f"{PLACE}1*", f"{PLACE}mrk-*", [f"{PLACE}*ab", f"{PLACE}2*"], f"{PLACE}{'?' * 36}", "*ab", "*key/12*"),
    *(f"key/{UUIDS[0]}", UUIDS[1], "arn:aws:kms:us-east-1:*:key/1234*", "arn:aws:kms:*:111122223333:key/?2*"),
    *("arn:aws:kms", "arn:aws:k*:us-east-1:111122223333:key/1*", "arn:aws:kms:us-east-1:111122223333:*ab"),
)
#: Where a key's name may be in another way, or nobody can say what is.
TRAPS: Final[tuple[Any, ...]] = (
    *(f"{ARN}*", f"{ARN}1", f"{PLACE}*${{aws:ResourceTag/team}}", f"{PLACE}${{aws:username}}", "${"),
    *(f"key/{ID}", [ID, ARN], [ARN, SLASHED], *NAMES, *NAMES),
)
CONDITIONS: Final[tuple[dict[str, Any], ...]] = (
    {"StringEquals": {"aws:SourceArn": TRAIL}},
    {"StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": "arn:aws:cloudtrail:*:111122223333:trail/*"}},
    {"StringEquals": {"aws:SourceAccount": ["111122223333", "444455556666"]}},
    {"StringLike": {"aws:SourceAccount": "*6"}},
    {"StringEquals": {"aws:ResourceAccount": "111122223333", "aws:RequestedRegion": "us-east-1"}},
    {"StringEquals": {"aws:ResourceTag/Team": "logs"}},
    {"StringNotEquals": {"aws:ResourceTag/team": ["logs", "x"]}},
    {"Null": {"aws:ResourceTag/team": "true"}},
    {"StringEquals": {"aws:PrincipalServiceName": "${aws:ResourceTag/team}"}},
    {"StringNotEquals": {"aws:SourceArn": ARN}},
    {"StringLike": {"kms:RequestAlias": ["alias/logs", ARN]}},
    {"StringLikes": {"aws:SourceArn": "*"}},
    {"Bool": {"kms:MultiRegion": "false"}},
    {"StringEquals": {"kms:KeySpec": "SYMMETRIC_DEFAULT"}},
    {"DateGreaterThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}},
)
SERVICES: Final = {"Service": ["config.amazonaws.com", "cloudtrail.amazonaws.com"]}
PRINCIPALS: Final[tuple[Any, ...]] = (
    *(SERVICES, SERVICES, {"Service": "cloudtrail.amazonaws.com"}, "*", {"AWS": "*"}, {"AWS": ARN}),
    {"AWS": ["arn:aws:iam::111122223333:root", "444455556666"]},
)
ACTIONS: Final[tuple[Any, ...]] = (
    *(
        "kms:*",
        ["kms:Decrypt", "kms:GenerateDataKey*"],
        ["kms:Decrypt", "kms:GenerateDataKey"],
        ["k*:Decrypt"],
    ),
)
SIDS: Final = ("Logs", "for this key", "é", "Deny all the others" * 20)


@st.composite
def statements(draw: st.DrawFn) -> dict[str, Any]:
    """A statement that is about this key alone, or nearly so."""
    statement = {
        "Effect": draw(st.sampled_from(("Allow", "Allow", "Deny"))),
        "Principal": SERVICES if draw(st.booleans()) else draw(st.sampled_from(PRINCIPALS)),
        "Action": "kms:*" if draw(st.booleans()) else draw(st.sampled_from(ACTIONS)),
        draw(st.sampled_from(("Resource", "Resource", "NotResource"))): draw(
            st.sampled_from(TRAPS if draw(st.integers(0, 4)) == 0 else RESOURCES)
        ),
    }
    if draw(st.booleans()):
        statement["Condition"] = draw(st.sampled_from(CONDITIONS))
    if draw(st.booleans()):
        statement["Sid"] = draw(st.sampled_from(NAMES if draw(st.integers(0, 4)) == 0 else SIDS))
    return statement


ALLOWED: Final = {"Effect": "Allow", "Principal": SERVICES, "Action": "kms:*", "Resource": ARN}
DENIED: Final = json.dumps({"Statement": [{**ALLOWED, "Effect": "Deny", "Resource": "*"}]})
ENDS: Final = (*[""] * 12, "}", "\0", " " * 40, "\n")


@st.composite
def texts(draw: st.DrawFn) -> str:
    """The text of a policy, in which the names of its key are still open."""
    listed = [draw(statements())]
    if draw(st.booleans()):
        listed.append(draw(st.one_of(st.just(ALLOWED), statements())))
    document: Any = {"Version": draw(st.sampled_from(("2012-10-17", "2008-10-17"))), "Statement": listed}
    if draw(st.integers(0, 9)) == 0:
        document["Id"] = draw(st.sampled_from(NAMES))
    text = json.dumps(document, ensure_ascii=False)
    if draw(st.integers(0, 5)) == 0:
        text = json.dumps(text, ensure_ascii=False)
    return text + draw(st.sampled_from(ENDS))


def filled_in(text: str, arn: KeyArn) -> str:
    """The text as it stands in the policy of this key."""
    name, escape = str(arn), "\\\\" if text.startswith('"') else "\\"
    written = {
        ARN: name,
        ID: arn.key_id,
        UPPER: name.upper(),
        SLASHED: name.replace("/", f"{escape}/"),
        ESCAPED: f"{escape}u0061{name[1:]}",
    }
    for each, its in written.items():
        text = text.replace(each, its)
    return text


GOOD: Final = KmsKey(
    KeyArn("aws", "us-east-1", "111122223333", UUIDS[0]),
    key_state="Enabled",
    key_manager="CUSTOMER",
    key_spec="SYMMETRIC_DEFAULT",
    key_usage="ENCRYPT_DECRYPT",
    multi_region=False,
    tags={"team": "logs"},
)
FACTS: Final[tuple[dict[str, Any], ...]] = (
    {"key_state": "Disabled"},
    {"key_state": None, "attributes_missing": "AWS was silent"},
    {"key_state": None, "attributes_missing": "AWS refused"},
    {"key_spec": "RSA_2048"},
    {"multi_region": True},
    {"material_expires": "2026-12-01"},
    {"deleted": True},
    {"key_manager": "AWS"},
    {"policy_put": False},
    {"policy": None, "policy_missing": "it was not read"},
    {"policy": ""},
    {"policy": {"Version": "2012-10-17", "Statement": ALLOWED}},
)
TAGS: Final[tuple[dict[str, str] | None, ...]] = (
    *({"team": "x"}, {"Team": "logs"}, {"team": "cloudtrail.amazonaws.com"}, {"cost": "1"}, {}, None),
    {"Team": "x", "team": "logs"},
)
TAGGED: Final = tuple({"tags": tags} for tags in TAGS)


@st.composite
def found_keys(draw: st.DrawFn, text: str) -> FoundKey:
    """A key with a policy, as some source finds it: much as any other, but for one thing."""
    changed = draw(st.sampled_from(("", "", "", "", "id", "arn", "facts", "tags", "tags", "found", "found")))
    region, account = draw(st.sampled_from(ELSEWHERE)) if changed == "arn" else HERE
    key_id = draw(st.sampled_from(ODD_IDS if changed == "id" else UUIDS))
    arn = KeyArn(partition_of(region), region, account, key_id)
    key = replace(GOOD, arn=arn, policy=filled_in(text, arn))
    if changed in ("facts", "tags"):
        key = replace(key, **draw(st.sampled_from(FACTS if changed == "facts" else TAGGED)))
    sources: tuple[dict[str, Any], ...] = (
        {"hopeful": replace(key, key_state="Disabled")},
        {"hopeful": replace(key, tags={"team": "x"})},
        {"hopeful": replace(key, policy='{"Statement": []}')},
        {"hopeful": replace(key, policy=DENIED), "not_known": (0,)},
        {"key": replace(key, key_state=None), "hopeful": key, "unresolved": (f"the state of {arn}",)},
        {"key": replace(key, key_state=None), "hopeful": replace(key, key_state="Disabled")},
        {"statement_lines": (10, 20, 30)},
        {"not_known": (0,)},
        {"arn_known": False},
        {"manifest_keys": ManifestKeys((str(arn),), (str(arn),))},
        {"assumptions": (f"{arn} is new",), "unresolved": (f"the tags of {arn}",)},
    )
    more = draw(st.sampled_from(sources)) if changed == "found" else {}
    place = Place("snapshot.json", line=draw(st.sampled_from((None, 3))))
    return FoundKey(**{"name": str(arn), "key": key, "place": place, **more})


@st.composite
def populations(draw: st.DrawFn) -> list[FoundKey]:
    """Keys of one policy, or of two."""
    written = draw(st.lists(texts(), min_size=1, max_size=2))
    return draw(st.lists(st.one_of(list(map(found_keys, written))), min_size=6, max_size=12))


def _manifest(logs: str, config: str, backup: str) -> dict[str, Any]:
    def block(key: str) -> dict[str, Any]:
        return {"enabled": True, "configurations": {"kmsKeyArn": key}}

    return {"centralizedLogging": block(logs), "config": block(config), "backup": block(backup)}


MANIFESTS: Final = tuple(
    _manifest(*keys)
    for keys in (
        (f"{PLACE}{UUIDS[0]}", f"{PLACE}{UUIDS[1]}", f"{PLACE}{UUIDS[2]}"),
        (UUIDS[3], f"{PLACE}{MULTI_REGION}", UUIDS[0]),
        ("alias/logs", f"{PLACE}{UUIDS[1]}", f"{PLACE}{UUIDS[2]}"),
    )
)


SCOPES: Final = ("all", "landing-zone", f"{UUIDS[0]},{PLACE}{UUIDS[2]}")


@st.composite
def zones(draw: st.DrawFn) -> LandingZone:
    """A landing zone, of whose keys something may be known."""
    told = draw(st.integers(0, 3)) == 0
    zone = LandingZone.from_rule_parameters(
        {
            "HomeRegion": "us-east-1",
            "ManagementAccountId": "111122223333",
            "OrganizationId": draw(st.sampled_from(("", "o-exampleorgid"))),
            "KeyScope": draw(st.sampled_from(SCOPES)) if told else "",
            "PermissionStandard": draw(st.sampled_from(("", "functional"))),
            "RequireConfusedDeputyProtection": draw(st.sampled_from(("", "", "true"))),
        }
    )
    zone = zone.with_manifest(draw(st.sampled_from(MANIFESTS)), "4.0") if told else zone
    return replace(zone, accounts=draw(st.sampled_from(((), (), ("111122223333", "444455556666")))))


def read(key: KmsKey, reader: Any) -> Policy | str:
    """The policy, or what is said of it."""
    try:
        policy: Policy = reader(key)
    except PolicyError as error:
        return str(error)
    return policy


class TestVerdicts:
    """Of a judge that has seen others before."""

    @given(found=populations(), zone=zones())
    def test_are_those_of_one_who_has_seen_none(self, found: list[FoundKey], zone: LandingZone) -> None:
        """For any keys, in any order."""
        experienced = Judge(zone, NOON)
        for each in found:
            assert experienced(each) == judge(each, replace(zone), at=NOON)

    @given(found=populations(), zone=zones())
    def test_are_right_where_most_is_forgotten(self, found: list[FoundKey], zone: LandingZone) -> None:
        """Of so few policies nearly every one is."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(policies, "MOST", 1)
            forgetful = Judge(zone, NOON)
            for each in found:
                assert forgetful(each) == judge(each, replace(zone), at=NOON)


@given(found=populations())
def test_policies_are_what_parsing_says(found: list[FoundKey]) -> None:
    """Equal policies, and equal errors."""
    reader = Policies().of
    for each in found:
        assert read(each.key, reader) == read(each.key, lambda key: Policy.parse(key.policy or ""))
