"""One decision, the proof of both families, and the whole answer, beside decisions of moto's IAM evaluator.

moto parses the policy once, as we do; it does not look at the principal, at StringLike, or at absent keys.
"""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING, Any

import pytest
from moto.iam.access_control import IAMPolicy, PermissionResult

from landing_zone_key import Compliance, KmsKey, LandingZone, annotate, assess
from landing_zone_key.policies import Policies
from landing_zone_key.policy import Policy, Proved, Request, decide, prove
from landing_zone_key.requests import families as requests

from .conftest import ROOT

if TYPE_CHECKING:
    from .conftest import Documented, Stopwatch

ACTION = "kms:GenerateDataKey"
ZONE = LandingZone("us-east-1", "111122223333", "o-exampleorgid")
KEYS = 64
FOREIGN = "arn:aws:cloudtrail:us-east-1:444455556666:trail/another-trail"


def question(documented: Documented, trail: str) -> tuple[Request, dict[str, str]]:
    """CloudTrail's request for a trail, for us and for moto."""
    context = {"aws:SourceArn": trail, "kms:EncryptionContext:aws:cloudtrail:arn": trail}
    return Request(ACTION, documented.key_arn, "cloudtrail.amazonaws.com", context), context


def prove_both(text: str, families: tuple[Any, ...]) -> list[Any]:
    """Parse the policy and prove both families."""
    policy = Policy.parse(text)
    return [prove(policy, family) for family in families]


def a_key(arn: str) -> KmsKey:
    """A key that is as it should be, but for its policy."""
    metadata = {
        "Arn": arn,
        "KeyManager": "CUSTOMER",
        "KeyState": "Enabled",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "MultiRegion": False,
    }
    return KmsKey.from_describe_key(metadata)


def many_keys(documented: Documented) -> list[KmsKey]:
    """Keys with the documented policy, each with its own ARN as Resource."""
    arns = [f"{documented.key_arn[:-12]}{number:012x}" for number in range(KEYS)]
    return [a_key(arn).with_policy(documented.policy().replace(documented.key_arn, arn)) for arn in arns]


class TestDecision:
    """A parsed policy and one request."""

    @pytest.mark.parametrize("own", [True, False], ids=["allowed", "refused"])
    def test_not_slower_than_moto(self, documented: Documented, stopwatch: Stopwatch, own: bool) -> None:  # noqa: FBT001
        """Both say the same of the documented policy, and we name the statement."""
        trail = documented.trail_arn if own else FOREIGN
        request, context = question(documented, trail)
        policy, moto = Policy.parse(documented.policy()), IAMPolicy(documented.policy())

        def ask_moto() -> PermissionResult:
            return moto.is_action_permitted(ACTION, documented.key_arn, None, context)

        decision = decide(policy, request)
        assert decision.allowed is own is (ask_moto() is PermissionResult.PERMITTED)
        assert (decision.statement is policy.statements[1]) is own
        ours, theirs = stopwatch.race(lambda: decide(policy, request), ask_moto, rounds=300, calls=20)
        stopwatch.hold(f"decide, {'allowed' if own else 'refused'}, in moto's decisions", ours, theirs, 1)

    def test_decide(self, documented: Documented, benchmark: Any) -> None:
        """The request is made before, as the policy is parsed before."""
        policy = Policy.parse(documented.policy())
        assert benchmark(decide, policy, question(documented, documented.trail_arn)[0]).allowed


class TestProof:
    """Every request of AWS Config and of CloudTrail."""

    def test_not_slower_than_5_decisions_of_moto(self, documented: Documented, stopwatch: Stopwatch) -> None:
        """For the documented policy, parsing included: of one key after the other, and from nothing."""
        text, families = documented.policy(), documented.families()
        moto, context = IAMPolicy(text), question(documented, documented.trail_arn)[1]
        keys = cycle([(key, requests(key, ZONE)) for key in many_keys(documented)])
        policies = Policies()

        def prove_next() -> list[Any]:
            key, its_requests = next(keys)
            policy = policies.of(key)
            return [prove(policy, family) for family in its_requests]

        proved = [*(prove_next() for _ in range(KEYS)), prove_both(text, families)]
        assert all(isinstance(result, Proved) for results in proved for result in results)
        ours, alone, theirs = stopwatch.race(
            prove_next,
            lambda: prove_both(text, families),
            lambda: moto.is_action_permitted(ACTION, documented.key_arn, None, context),
            rounds=500,
            calls=5,
        )
        stopwatch.hold("parse and prove both families, in moto's decisions", ours, theirs, 5)
        stopwatch.hold("  of a policy unlike any before", alone, theirs, 8)

    def test_both_families(self, documented: Documented, benchmark: Any) -> None:
        """Parsing included."""
        results = benchmark(prove_both, documented.policy(), documented.families())
        assert all(isinstance(result, Proved) for result in results)


class TestAnswer:
    """What the rule says of a key that nobody has seen before."""

    @pytest.fixture
    def key(self, documented: Documented) -> KmsKey:
        """A key that is as it should be, but for its policy."""
        return a_key(documented.key_arn)

    def test_not_slower_than_8_decisions_of_moto(
        self, documented: Documented, stopwatch: Stopwatch, key: KmsKey
    ) -> None:
        """Every requirement, and the annotation: of one key after the other, and from nothing."""
        text = documented.policy()
        moto, context = IAMPolicy(text), question(documented, documented.trail_arn)[1]
        keys, policies = cycle(many_keys(documented)), Policies()

        def answer_next() -> tuple[Compliance, str]:
            assessment = assess(next(keys), ZONE, read=policies.of)
            return assessment.compliance, annotate(assessment)

        def answer() -> tuple[Compliance, str]:
            assessment = assess(key.with_policy(text), ZONE)
            return assessment.compliance, annotate(assessment)

        assert {answer()[0], *(answer_next()[0] for _ in range(KEYS))} == {Compliance.COMPLIANT}
        ours, alone, theirs = stopwatch.race(
            answer_next,
            answer,
            lambda: moto.is_action_permitted(ACTION, documented.key_arn, None, context),
            rounds=500,
            calls=5,
        )
        stopwatch.hold("assess a key, and annotate, in moto's decisions", ours, theirs, 8)
        stopwatch.hold("  with a policy unlike any before", alone, theirs, 12)

    def test_advisories_take_no_longer_than_the_answer(
        self, documented: Documented, stopwatch: Stopwatch, key: KmsKey
    ) -> None:
        """What they take beyond it, of a key that has one."""
        text = documented.policy(ROOT)
        codes = [each.code for each in assess(key.with_policy(text), ZONE).advisories]
        assert codes == ["NO_DESCRIBE_KEY"]
        alone, with_advisories = stopwatch.race(
            lambda: assess(key.with_policy(text), ZONE),
            lambda: assess(key.with_policy(text), ZONE).advisories,
            rounds=200,
            calls=5,
        )
        stopwatch.hold("advisories, in assess", with_advisories - alone, alone, 1)
