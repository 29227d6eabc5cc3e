"""Whatever the key and its policy: an annotation that fits, a repair that adds only what is documented."""

import copy
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from oracle import evaluator
from oracle.policies import KEY_ARN, policies, requests

from landing_zone_key import (
    Certainty,
    Compliance,
    FindingReason,
    KmsKey,
    LandingZone,
    annotate,
    assess,
    repair,
)
from landing_zone_key.access import FAMILIES
from landing_zone_key.policy import Policy, PolicyError, Request, decide
from landing_zone_key.policy.family import UNKNOWN
from landing_zone_key.requests import EARLIEST_MOMENT

SIDS = (
    "",
    "Deny outside the organization",
    "\u202e\x00\n" * 20,
    "é" * 300,
    "Allow Config to use KMS for encryption",
)
zones = st.builds(
    lambda **given: LandingZone.from_rule_parameters(given),
    HomeRegion=st.sampled_from(("us-east-1", "eu-central-1")),
    ManagementAccountId=st.sampled_from(("111122223333", "444455556666")),
    OrganizationId=st.sampled_from(("", "o-exampleorgid")),
    GovernedRegions=st.sampled_from(("", "us-west-2")),
    RequireConfusedDeputyProtection=st.sampled_from(("true", "false")),
)
FOREIGN = ("sns.amazonaws.com", "s3.amazonaws.com")


@st.composite
def named_policies(draw: st.DrawFn) -> dict[str, Any]:
    """A policy whose statements may have Sids, for CloudTrail too."""
    document = draw(policies())
    listed = [
        statement if sid is None else {**statement, "Sid": sid}
        for statement in document["Statement"]
        for sid in [draw(st.sampled_from((None, *SIDS)))]
    ]
    return {**document, "Statement": listed}


@st.composite
def keys(draw: st.DrawFn, documents: st.SearchStrategy[Any]) -> KmsKey:
    """A key in any state, as DescribeKey and GetKeyPolicy tell it."""
    metadata = {
        "Arn": draw(st.sampled_from((KEY_ARN, KEY_ARN.replace("1234abcd-", "mrk-")))),
        "KeyManager": draw(st.sampled_from(("CUSTOMER", "CUSTOMER", "AWS"))),
        "KeyState": draw(st.sampled_from(("Enabled", "Disabled", "PendingDeletion", "x" * 400, None))),
        "KeySpec": draw(st.sampled_from(("SYMMETRIC_DEFAULT", "RSA_2048", None))),
        "KeyUsage": draw(st.sampled_from(("ENCRYPT_DECRYPT", "SIGN_VERIFY"))),
        "MultiRegion": draw(st.booleans()),
    }
    return KmsKey.from_describe_key(metadata).with_policy(draw(documents))


unreadable = st.one_of(st.none(), st.text(), st.just({"Statement": []}))


class TestAnnotation:
    """What the on-call reads."""

    @given(key=keys(st.one_of(named_policies(), unreadable)), zone=zones)
    def test_fits_and_names_every_failed_requirement(self, key: KmsKey, zone: LandingZone) -> None:
        """At most 256 printable characters, and each requirement that does not hold by its name."""
        assessment = assess(key, zone)
        text = annotate(assessment)
        assert 0 < len(text) <= 256
        assert text.isprintable()
        assert all(finding.requirement.value in text for finding in assessment.findings)
        assert bool(assessment.findings) is (assessment.compliance is Compliance.NON_COMPLIANT)


UNDOCUMENTED = ("aws:sourceip", "aws:sourceorgid", "aws:viaawsservice", "kms:encryptioncontext:aws:s3:arn")
VALUES = ("10.1.2.3", "192.0.2.1", "o-exampleorgid", "o-foreignorgid", "true", "arn:aws:s3:::logs")


class TestCertainty:
    """What a finding says of its request."""

    @given(key=keys(named_policies()), zone=zones, data=st.data())
    def test_a_counterexample_is_refused(self, key: KmsKey, zone: LandingZone, data: st.DataObject) -> None:
        """By the policy as it is written; one that is certain, whatever is not documented."""
        policy = Policy.parse(key.policy)
        for finding in assess(key, zone).findings:
            request = finding.request
            if request is None or finding.reason is FindingReason.FOREIGN_REQUEST_ALLOWED:
                continue
            assert not decide(policy, request).allowed
            if finding.certainty is Certainty.POSSIBLE:
                continue
            known = FAMILIES[finding.requirement](key, zone, EARLIEST_MOMENT)
            open_keys = [name for name in UNDOCUMENTED if known.fact(name) is UNKNOWN]
            more = {
                name: data.draw(st.sampled_from(VALUES)) for name in open_keys if data.draw(st.booleans())
            }
            asked = {
                "action": request.action,
                "resource": request.resource,
                "service": request.service,
                "context": {**{name: list(values) for name, values in request.values.items()}, **more},
            }
            assert evaluator.allowed(key.policy, asked) is not True


class TestRepair:
    """What the platform engineer is offered."""

    @given(key=keys(named_policies()), zone=zones)
    def test_keeps_what_was_there(self, key: KmsKey, zone: LandingZone) -> None:
        """Every old statement stands where it stood, at most two follow, and the key keeps its own."""
        before = copy.deepcopy(key.policy)
        repaired = repair(key, zone)
        assert key.policy == before
        assert repaired.policy is not None
        old, new = key.policy["Statement"], repaired.policy["Statement"]
        assert new[: len(old)] == old
        assert len(new) - len(old) == len(repaired.changes) <= 2
        assert {**repaired.policy, "Statement": old} == key.policy
        sids = [statement.get("Sid") for statement in new[len(old) :]]
        assert len({*sids}) == len(sids)
        assert not {*sids} & {statement.get("Sid") for statement in old}

    @given(key=keys(named_policies()), zone=zones)
    def test_is_enough_where_nothing_is_unresolved(self, key: KmsKey, zone: LandingZone) -> None:
        """Nothing unresolved: the repaired key is proved. Something: it says for which requirement."""
        repaired = repair(key, zone)
        again = assess(key.with_policy(repaired.policy), zone)
        failed = {finding.requirement for finding in again.findings}
        assert failed == {unresolved.requirement for unresolved in repaired.unresolved}
        assert len(json.dumps(repaired.policy).encode()) <= 32 * 1024

    @given(key=keys(named_policies()), zone=zones, request=requests(), data=st.data())
    def test_grants_nothing_to_anybody_else(
        self, key: KmsKey, zone: LandingZone, request: dict[str, Any], data: st.DataObject
    ) -> None:
        """A principal that is neither CloudTrail nor Config is answered as before."""
        policies_of = [Policy.parse(document) for document in (key.policy, repair(key, zone).policy)]
        asked = Request(**{**request, "service": data.draw(st.sampled_from(FOREIGN))})
        arn = data.draw(
            st.sampled_from(("arn:aws:iam::111122223333:role/a", "arn:aws:iam::444455556666:user/b"))
        )
        someone = Request(
            request["action"], request["resource"], context=request["context"], principal_arn=arn
        )
        for one in (asked, someone):
            first, second = (decide(policy, one, doubt_allows=True) for policy in policies_of)
            assert first.allowed is second.allowed

    @given(key=keys(named_policies()), zone=zones, request=requests())
    def test_grants_the_services_only_what_is_documented(
        self, key: KmsKey, zone: LandingZone, request: dict[str, Any]
    ) -> None:
        """CloudTrail gets nothing without its trail in the context, and nobody gets another action."""
        document = repair(key, zone).policy
        trail = {**request, "service": "cloudtrail.amazonaws.com"}
        creating = {**request, "action": "kms:CreateGrant"}
        for asked in (trail, creating):
            before = evaluator.allowed(key.policy, asked)
            assert decide(Policy.parse(document), Request(**asked)).allowed is before

    @given(document=unreadable, zone=zones, data=st.data())
    def test_builds_on_no_policy_that_cannot_be_read(
        self, document: Any, zone: LandingZone, data: st.DataObject
    ) -> None:
        """Without a policy that is understood there is no new one."""
        key = data.draw(keys(st.just(document)).filter(lambda key: key.key_manager == "CUSTOMER"))
        assert repair(key, zone).policy is None
        assert not readable(document)


def readable(document: Any) -> bool:
    """Whether it is a policy."""
    try:
        Policy.parse(document)
    except PolicyError:
        return False
    return True
