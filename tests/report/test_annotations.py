"""What the rule's annotation says, read back."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landing_zone_key import (
    Assessment,
    Certainty,
    Compliance,
    Finding,
    FindingReason,
    KmsKey,
    LandingZone,
    Requirement,
    annotate,
    assess,
)
from landing_zone_key.annotation import EXPIRES
from landing_zone_key.finding import anchor
from landing_zone_key.mending import documented_statement
from lzkey.report.annotations import certainty, failures, proves, stops
from lzkey.report.model import Failure

#: What a writer of policies may put anywhere.
WORDS = st.sampled_from(
    [
        *(
            "; ENABLED: no",
            "CONFIG_ACCESS",
            "...; SYMMETRIC",
            "a; b",
            '": ',
            "ENABLED; ",
            " (runbook: not-enabled)",
        ),
        *(" (runbook: ", ")", '"', "; ", ";", " ", "ENABLED", "SYMMETRIC: ", "(", "kms:Decrypt refused, "),
    ]
)
ANY = st.lists(WORDS | st.text(max_size=8), min_size=1, max_size=12).map("".join)
SHORT = st.lists(st.sampled_from(["a", '"', "x; y", "; ENABLED", ": ", ";"]), min_size=1, max_size=6).map(
    "".join
)

ZONE = LandingZone.from_rule_parameters({"HomeRegion": "us-east-1", "ManagementAccountId": "111122223333"})
DESCRIBED = {
    "Arn": "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "KeyManager": "CUSTOMER",
    "KeyState": "Enabled",
    "KeySpec": "SYMMETRIC_DEFAULT",
    "KeyUsage": "ENCRYPT_DECRYPT",
    "MultiRegion": False,
}
KEY = KmsKey.from_describe_key(DESCRIBED)
CLOUDTRAIL, CONFIG = (
    documented_statement(requirement, KEY, ZONE)
    for requirement in (Requirement.CLOUDTRAIL_ACCESS, Requirement.CONFIG_ACCESS)
)
DENY = {"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"}
ELSEWHERE = {"Condition": {"StringEquals": {"aws:SourceAccount": "777766665555"}}}

OTHER = f"{DESCRIBED['Arn'][:-1]}c"
HOSTILE = [
    DENY,
    {**DENY, "Sid": "Perimeter; ENABLED: no"},
    {**DENY, "Sid": "x (runbook: config-access-unknown)"},
    {**DENY, "Sid": 'a"; CONFIG_ACCESS'},
    {"Sid": "Admin", "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*"},
    *(
        {**DENY, "Condition": {"StringEquals": {f"aws:ResourceTag/{name}": "x"}}}
        for name in ('"', "x; ENABLED: Disabled", "x" * 110 + " (runbook: config-access-open-to-others)")
    ),
]


def assessed(details: dict[Requirement, str]) -> Assessment:
    """An assessment that finds these."""
    findings = [Finding(name, FindingReason.NO_ALLOW, detail, detail) for name, detail in details.items()]
    return Assessment(Compliance.NON_COMPLIANT, tuple(findings))


class TestFailures:
    """REQUIREMENT: detail; REQUIREMENT."""

    @pytest.mark.parametrize(
        ("annotation", "expected"),
        [
            ("ENABLED: Disabled", [("ENABLED", "Disabled")]),
            ("ENABLED", [("ENABLED", "")]),
            ("ENABLED; SYMMETRIC", [("ENABLED", ""), ("SYMMETRIC", "")]),
            ("ENABLED: a; b; SYMMETRIC: c", [("ENABLED", "a; b"), ("SYMMETRIC", "c")]),
            (
                'CONFIG_ACCESS: denied by "x;ENABLED: y"; SYMMETRIC: z',
                [("CONFIG_ACCESS", 'denied by "x;ENABLED: y"'), ("SYMMETRIC", "z")],
            ),
            (
                'CONFIG_ACCESS: denied by "x; y...; ENABLED: Disabled',
                [("CONFIG_ACCESS", 'denied by "x; y...'), ("ENABLED", "Disabled")],
            ),
            ("ENABLED: a; ENABLEDX: b", [("ENABLED", "a; ENABLEDX: b")]),
        ],
    )
    def test_are_read(self, annotation: str, expected: list[tuple[str, str]]) -> None:
        """Each requirement once; a detail may hold what separates them."""
        assert failures(annotation) == tuple(
            Failure(*each, certainty(*each), runbook=anchor(Requirement(each[0]))) for each in expected
        )

    @pytest.mark.parametrize(
        ("annotation", "expected"),
        [
            ("ENABLED: Disabled (runbook: not-enabled)", [("Disabled", "not-enabled")]),
            (
                'CONFIG_ACCESS: denied by "x"; ENABLED: Disabled (runbook: config-access-denied)',
                [('denied by "x"', "config-access-denied"), ("Disabled", "enabled")],
            ),
            (
                "CONFIG_ACCESS: a; ENABLED: b (runbook: config-access-denied, not-enabled)",
                [("a", "config-access-denied"), ("b", "not-enabled")],
            ),
            ("ENABLED: a (runbook: of-another-version)", [("a", "enabled")]),
            (
                'CONFIG_ACCESS: denied by "x (runbook: not-enabled)"',
                [('denied by "x (runbook: not-enabled)"', "config-access")],
            ),
        ],
    )
    def test_where_to_read_on(self, annotation: str, expected: list[tuple[str, str]]) -> None:
        """The anchors at the end; without one, the requirement's own place."""
        assert [(each.detail, each.runbook) for each in failures(annotation) or ()] == expected

    def test_are_read_before_a_date(self) -> None:
        """What a Sid holds is no requirement, also where the expiry of key material follows."""
        quoted = 'denied by "x;ENABLED: y"'
        found = failures(f"CONFIG_ACCESS: {quoted}{EXPIRES}2027-01-02")
        assert found == (Failure("CONFIG_ACCESS", f"{quoted}{EXPIRES}2027-01-02", runbook="config-access"),)

    @pytest.mark.parametrize(
        "annotation", ["", "x", "enabled: no", "ENABLEDX: a", "ENABLED:a", " ENABLED: a", "x; ENABLED: a"]
    )
    def test_of_somebody_else(self, annotation: str) -> None:
        """Are not understood."""
        assert failures(annotation) is None

    @given(st.dictionaries(st.sampled_from(Requirement), ANY, min_size=1))
    def test_none_is_lost_and_none_is_added(self, details: dict[Requirement, str]) -> None:
        """Whatever is in a detail, cut short or not."""
        found = failures(annotate(assessed(details)))
        assert found is not None
        assert sorted(failure.requirement for failure in found) == sorted(details)

    @given(st.dictionaries(st.sampled_from(Requirement), SHORT, min_size=1, max_size=3))
    def test_what_had_room_is_read_exactly(self, details: dict[Requirement, str]) -> None:
        """But for what would read as if another part began, and with its place in the runbook."""
        found = failures(annotate(assessed(details)))
        for failure in found or ():
            said = details[Requirement(failure.requirement)]
            assert failure.detail.replace(" ", "") == said.replace(" ", "")
            assert failure.runbook.startswith(anchor(Requirement(failure.requirement)))

    @pytest.mark.parametrize("standard", ["documented", "functional"])
    @pytest.mark.parametrize("statement", HOSTILE)
    def test_of_a_real_policy(self, statement: dict[str, Any], standard: str) -> None:
        """Each failure as it is found, by whatever name, also of a key that is for one service."""
        zone = LandingZone.from_rule_parameters(
            {
                "HomeRegion": "us-east-1",
                "ManagementAccountId": "111122223333",
                "PermissionStandard": standard,
                "KeyScope": "landing-zone",
            }
        ).with_manifest(
            {
                "centralizedLogging": {
                    "enabled": True,
                    "configurations": {"kmsKeyArn": OTHER},
                },
                "config": {"enabled": True, "configurations": {"kmsKeyArn": DESCRIBED["Arn"]}},
            }
        )
        policy = {"Version": "2012-10-17", "Statement": [CLOUDTRAIL, CONFIG, statement]}
        for each in (zone, ZONE):
            assessment = assess(KEY.with_policy(policy), each)
            found = failures(annotate(assessment)) or ()
            told = {failure.requirement: failure for failure in found}
            assert set(told) == {finding.requirement.value for finding in assessment.findings}
            for finding in assessment.findings:
                failure = told[finding.requirement.value]
                assert failure.runbook in (finding.anchor, anchor(finding.requirement))
                certain = failure.certainty is Certainty.REFUSED
                assert not certain or finding.certainty is Certainty.REFUSED


class TestProof:
    """What a COMPLIANT key is told to be."""

    def test_is_ours(self) -> None:
        """The engine's own words, and no others."""
        compliant = annotate(Assessment(Compliance.COMPLIANT))
        assert proves(compliant)
        assert not proves(compliant + ".")
        assert proves(f"{compliant}{EXPIRES}2027-01-02")
        assert not proves(f"{compliant}{EXPIRES}soon")
        assert not proves("")


each_sid = pytest.mark.parametrize(
    "sid", [None, "Short", "perhaps", "; ENABLED: no", "a; CLOUDTRAIL_ACCESS", "a...; ENABLED: b"]
)


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    """A key policy in which CloudTrail's statement is as documented."""
    return {"Version": "2012-10-17", "Statement": [CLOUDTRAIL, *statements]}


class TestWriterAndReader:
    """What the engine writes of a key, this reads: neither may change its words alone."""

    @each_sid
    @pytest.mark.parametrize(
        ("statement", "others", "certain"),
        [
            ({**CONFIG, **ELSEWHERE}, (), True),
            ({**CONFIG, "Action": "kms:DescribeKey"}, (), True),
            (DENY, (CONFIG,), True),
            ({**DENY, "Resource": "key/*"}, (CONFIG,), False),
            ({**CONFIG, "Action": "K*:*"}, (), False),
            ({**CONFIG, "Principal": {"AWS": "*"}}, (), False),
            ({**CONFIG, "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:config:eu-*:*:*"}}}, (), True),
            ({**CONFIG, "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:config:us-*:*:*"}}}, (), False),
            ({**CONFIG, "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}, (), False),
            ({**DENY, "Condition": {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}, (CONFIG,), False),
        ],
        ids=[
            *("misses", "allows less", "denies", "perhaps denies", "perhaps allows", "perhaps no service"),
            *("another Region", "the home Region", "not documented", "denies what is not documented"),
        ],
    )
    def test_a_refused_request(
        self, sid: str | None, statement: dict[str, Any], others: tuple[Any, ...], *, certain: bool
    ) -> None:
        """Stops deliveries where the engine is certain of it, whatever the statement is called."""
        named = {name: value for name, value in {**statement, "Sid": sid}.items() if value is not None}
        assessment = assess(KEY.with_policy(policy(named, *others)), ZONE)
        found = failures(annotate(assessment)) or ()
        details = [(each.requirement, each.detail) for each in found]
        order = sorted(assessment.findings, key=lambda each: each.requirement != "CLOUDTRAIL_ACCESS")
        told = [re.sub(r"; (?=[A-Z]+)", ";", each.summary) for each in order]  # as no part begins
        assert details == [(each.requirement, summary) for each, summary in zip(order, told, strict=True)]
        assert [stops(each) for each in found] == [certain] * len(found)
        assert "CONFIG_ACCESS" in dict(details)

    @pytest.mark.parametrize("long", [True, False])
    def test_a_name_that_is_cut_short(self, *, long: bool) -> None:
        """Hides no requirement behind it; of one for which there is no room nothing more is certain."""
        denies = [
            {**DENY, "Sid": sid, "Principal": {"Service": f"{service}.amazonaws.com"}}
            for service, sid in (("cloudtrail", "x" * (300 if long else 20)), ("config", "y"))
        ]
        annotation = annotate(assess(KEY.with_policy(policy(CONFIG, *denies)), ZONE))
        found = failures(annotation) or ()
        assert [(each.requirement, stops(each)) for each in found] == [
            ("CLOUDTRAIL_ACCESS", True),
            ("CONFIG_ACCESS", not long),
        ]
        assert annotation.endswith("xxx...; CONFIG_ACCESS") == long

    @pytest.mark.parametrize(
        ("described", "certain"),
        [
            ({"KeyState": "Disabled"}, {"ENABLED": True}),
            ({"KeyState": None}, {"ENABLED": False}),
            ({"KeySpec": "RSA_2048"}, {"SYMMETRIC": True}),
            ({"KeySpec": None}, {"SYMMETRIC": False}),
            ({"MultiRegion": True}, {"SINGLE_REGION": False}),
        ],
    )
    def test_what_a_key_is(self, described: dict[str, Any], certain: dict[str, bool]) -> None:
        """Stops deliveries where it is known, and KMS refuses to use such a key."""
        known = {name: value for name, value in {**DESCRIBED, **described}.items() if value is not None}
        key = KmsKey.from_describe_key(known).with_policy(policy(CONFIG))
        found = failures(annotate(assess(key, ZONE))) or ()
        assert {each.requirement: stops(each) for each in found} == certain

    @pytest.mark.parametrize("written", [None, "{"], ids=["not known", "malformed"])
    def test_a_policy_that_cannot_be_judged(self, written: str | None) -> None:
        """Is no refusal."""
        key = KEY if written is None else KEY.with_policy(written)
        found = failures(annotate(assess(key, ZONE))) or ()
        assert [(each.requirement, stops(each)) for each in found] == [
            ("CLOUDTRAIL_ACCESS", False),
            ("CONFIG_ACCESS", False),
        ]

    def test_a_foreign_request_that_is_allowed(self) -> None:
        """Is none either."""
        required = {"HomeRegion": "us-east-1", "ManagementAccountId": "111122223333"}
        zone = LandingZone.from_rule_parameters({**required, "RequireConfusedDeputyProtection": "true"})
        found = failures(annotate(assess(KEY.with_policy(policy(CONFIG)), zone))) or ()
        assert [(each.requirement, stops(each)) for each in found] == [("CONFIG_ACCESS", False)]

    def test_nothing_fails(self) -> None:
        """What is proved is read as a proof."""
        assert proves(annotate(assess(KEY.with_policy(policy(CONFIG)), ZONE)))
