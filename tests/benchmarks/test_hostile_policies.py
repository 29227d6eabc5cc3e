"""Key policies of 32 KB, the most that AWS KMS stores, each made to cost as much as it can.

Every one holds the two documented statements and more. `BITING` ones deny some request of the landing zone,
so that no proof is right; `HARMLESS` ones deny none, and giving up on them is right, too.

There is a race over the proofs alone, one over the whole answer (with annotation and explanation), and one
over the repair.
"""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from landing_zone_key import KmsKey, LandingZone, annotate, assess, repair
from landing_zone_key.key import KeyArn
from landing_zone_key.policy import Policy, Proved, Reason, Refused, prove
from landing_zone_key.policy.explanation import explain

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Documented, Stopwatch

# https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html
LARGEST = 32 * 1024

MEGABYTES = 8
MEGABYTES_OF_AN_ANSWER = 64

KEY = "arn:aws:kms:us-east-1:111122223333:key/"


def denying(condition: dict[str, Any] | None = None, **changed: Any) -> dict[str, Any]:
    """A Deny for everyone."""
    statement: dict[str, Any] = {"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"}
    return {**statement, **({"Condition": condition} if condition else {}), **changed}


# A wildcard inside of every part, in an ARN that is the key's.
_INNER = "arn:aws:kms:*u*s*e*a*s*t*1:1*1*1*1*2*2*2*2*3*3*3*3:key/*1*2*3*4*"


def many_cases() -> dict[str, Any]:
    """A condition that never holds, and that takes many cases to see it."""
    keys = [f"aws:k{number}" for number in range(5)]
    return {"Null": dict.fromkeys(keys, "true"), "StringEquals": dict.fromkeys(keys, "x")}


def values(operator: str, key: str, value: Callable[[int], str]) -> Callable[[int], list[Any]]:
    """A Deny with many values of one condition key."""
    return lambda count: [denying({operator: {key: [value(number) for number in range(count)]}})]


def account(number: int) -> str:
    """An account id of twelve digits."""
    return f"{number * 987654321 % 10**12:012d}"


ACCOUNTS = [f"{111122223333 + number * 7919:012}" for number in range(480)]

BITING: dict[str, Any] = {
    "a list of accounts, and patterns": lambda n: [
        denying({"StringNotEquals": {"aws:SourceAccount": ACCOUNTS}}),
        denying({"StringLike": {"aws:SourceArn": [f"arn:aws:config:*{i}:9*" for i in range(n)]}}),
    ],
    "a list of accounts, and Denies on what is not documented": lambda n: [
        denying({"StringNotEquals": {"aws:SourceAccount": ACCOUNTS[:300]}}),
        *(
            denying({"StringLike": {f"kms:EncryptionContext:k{i}": "x*", "aws:SourceOrgID": f"*{i}*"}})
            for i in range(n)
        ),
    ],
    "many *: one value": lambda n: [denying({"StringNotLike": {"aws:SourceArn": "*a" * n}})],
    "many *: two values of a free key": lambda n: [
        denying({"StringNotLike": {"kms:ViaService": ["*a" * n, "*b" * n]}})
    ],
    "many *: many values": values("StringNotLike", "aws:SourceArn", lambda i: f"*{i:x}z*"),
    "many *: of one account digit": values("StringLike", "aws:SourceAccount", lambda i: f"*{i}?*"),
    "many *: in an ARN": lambda n: [denying({"ArnNotLike": {"aws:SourceArn": "*:*:*:*:*:" + "*a" * n}})],
    "many *: keys": lambda n: [denying({"StringLike": {f"kms:k{i}": "*a*b" for i in range(n)}})],
    "many ?: one value": lambda n: [denying({"StringNotLike": {"aws:SourceArn": "*" + "?" * n}})],
    "many ?: many values": values("StringLike", "kms:ViaService", lambda i: "*a" + "?" * (i % 50)),
    "many variables: of requests that differ": lambda n: [
        denying({"StringNotLike": {"aws:SourceArn": "${aws:SourceAccount}*" * n}})
    ],
    "many variables: with a fixed value": lambda n: [
        denying({"StringNotLike": {"kms:ViaService": "${aws:PrincipalServiceName}*" * n}})
    ],
    "many variables: values": values("StringLike", "aws:SourceArn", lambda i: f"${{aws:userid, '*'}}{i}"),
    "many statements: accounts": lambda n: [
        denying({"StringLike": {"aws:SourceAccount": f"{i % 10}{i}*"}}) for i in range(n)
    ],
    "many statements: free keys": lambda n: [denying({"StringEquals": {f"kms:k{i}": "a"}}) for i in range(n)],
    "many statements: set operators": lambda n: [
        denying(
            {
                "ForAnyValue:StringLike": {"kms:ResourceAliases": f"*{i}*"},
                "ForAllValues:StringNotLike": {"kms:ResourceAliases": f"{i}*"},
            }
        )
        for i in range(n)
    ],
    "many values: accounts": values("StringNotEquals", "aws:SourceAccount", account),
    "many values: in any case": values(
        "StringEqualsIgnoreCase", "kms:ViaService", lambda i: "a" * 50 + str(i)
    ),
    "many values: booleans": values("Bool", "kms:k", lambda _: "true"),
    "many values: numbers": values("NumericEquals", "kms:k", str),
    "many values: dates": values(
        "DateEquals",
        "aws:CurrentTime",
        lambda i: f"2030-01-01T{i // 3600:02d}:{i // 60 % 60:02d}:{i % 60:02d}Z",
    ),
    "many values: addresses": values(
        "NotIpAddress", "aws:SourceIp", lambda i: f"10.{i // 256}.{i % 256}.0/24"
    ),
    "long value: beside a pattern of its length": lambda n: [
        denying({"StringEquals": {"kms:k": "a" * n}}),
        denying({"StringLike": {"kms:k": f"*{'a' * n}?b"}}),
    ],
    "long value: beside many patterns": lambda n: [
        denying({"StringEquals": {"kms:k": "a" * 8 * n}}),
        denying({"StringLike": {"kms:k": [f"*a?{i}" for i in range(n)]}}),
    ],
    "long value: in any case": lambda n: [
        denying({"StringEquals": {"kms:k": "a" * n}}),
        denying({"StringNotEqualsIgnoreCase": {"kms:k": "a" * n}}),
    ],
    "long value: in many statements": lambda n: [
        denying({"StringEquals": {"kms:k": "a" * 30 * n}}),
        *[denying({"StringLike": {"kms:k": "*?b"}})] * n,
    ],
    "long value: in one text, many times": lambda n: [
        denying({"StringEquals": {"kms:k": "a" * 15 * n}}),
        denying({"StringNotLike": {"kms:j": "${kms:k}" * n}}),
    ],
    "long value: in many texts": lambda n: [
        denying({"StringEquals": {"kms:k": "a" * 15 * n}}),
        denying({"StringNotLike": {"kms:j": [f"${{kms:k}}?{i}" for i in range(n)]}}),
    ],
    "long value: in a resource, many times": lambda n: [
        denying({"StringEquals": {"kms:k": "a" * 15 * n}}),
        denying(Resource=f"{KEY}{'${kms:k}' * n}"),
    ],
    "many variables: 960 of one value": lambda n: [
        denying({"StringNotLike": {"kms:k": "${aws:SourceArn}" * n}})
    ],
    "many statements: Denies of all": lambda n: (
        [denying({"StringNotEquals": {"aws:PrincipalOrgID": "o"}})] * n
    ),
    "many statements: with unknown operators": lambda n: [denying({"X": {"a": "b"}})] * n,
    "many resources: with a wildcard for the service": lambda n: [
        denying(Resource=[f"arn:aws:k*:{i}*" for i in range(n)])
    ],
    "many resources: beginnings of ARNs": lambda n: [
        denying(Resource=[f"arn:aws:kms:*:{i}" for i in range(n)])
    ],
    "many values: of a set": values(
        "ForAnyValue:StringLike", "aws:PrincipalServiceNamesList", lambda i: f"*{i}"
    ),
}

HARMLESS: dict[str, Any] = {
    "many *: in an action": lambda n: [denying(Action="kms:" + "*q" * n)],
    "many *: many actions": lambda n: [denying(Action=[f"kms:*{i}*" for i in range(n)])],
    "many *: in a resource": lambda n: [denying(Resource="arn:aws:kms:*:*:" + "*a" * n)],
    "many *: many resources": lambda n: [denying(Resource=[f"arn:*z{i}*" for i in range(n)])],
    "many ?: in a resource": lambda n: [denying(Resource="*?" * n + "z")],
    "many variables: in a resource": lambda n: [
        denying(Resource=f"{KEY}{'${aws:PrincipalServiceName}*' * n}")
    ],
    "many statements: small": lambda n: [denying(Principal={"AWS": "x"}, Action="a:b")] * n,
    "many statements: grants": lambda n: [denying(Effect="Allow")] * n,
    "many values: principals": lambda n: [denying(Principal={"AWS": [account(i) for i in range(n)]})],
    "many resources: in each of many cases": lambda n: [denying(many_cases(), Resource=[_INNER] * n)],
    "many resources: literals, in each of many cases": lambda n: [
        denying(many_cases(), Resource=[*["arn:b"] * n, "arn:"])
    ],
    "many resources: all, in each of many cases": lambda n: [
        denying(Effect="Allow", Resource=["*"] * n),
        denying(many_cases()),
    ],
    "many actions: in each of many cases": lambda n: [
        denying(Effect="Allow", Action=[*["kms:D*x*"] * n, "kms:*"]),
        denying(many_cases(), Action=[*["kms:*z*"] * n, "kms:*"]),
    ],
    "many resources: with wildcards inside": lambda n: [
        denying(Resource=[_INNER.replace("key", "alias")] * n)
    ],
    "many statements: without effect": lambda n: [{"Effect": "Deny"}] * n,
    "many statements: nearly allowing": lambda n: (
        [
            denying(
                {"StringLike": {"kms:k": "a?*" * 9}},
                Effect="Allow",
                Principal={"Service": "config.amazonaws.com"},
            )
        ]
        * n
    ),
    "many *: many services of actions": lambda n: [denying(Action=[f"k*{i}?:*" for i in range(n)])],
    "many values: of an absent key": values("StringEquals", "aws:PrincipalOrgID", str),
}


def largest(documented: Documented, make: Callable[[int], list[Any]]) -> str:
    """The policy with as many repetitions as fit into 32 KB."""
    fits, too_many = 1, LARGEST
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        fits, too_many = (
            (middle, too_many) if len(documented.policy(*make(middle))) <= LARGEST else (fits, middle)
        )
    return documented.policy(*make(fits))


def outcomes(text: str, families: tuple[Any, ...]) -> list[Proved | Refused]:
    """Parse the policy and prove both families."""
    policy = Policy.parse(text)
    return [prove(policy, family) for family in families]


def answer(key: KmsKey, zone: LandingZone) -> str:
    """The annotation, and every statement looked at for every refused request."""
    assessment = assess(key, zone)
    for finding in assessment.findings:
        if finding.request is not None and assessment.question is not None and assessment.question.policy:
            explain(assessment.question.policy, finding.request)
    return annotate(assessment)


def key_with(documented: Documented, text: str) -> KmsKey:
    """A key that has this policy, and of which nothing else is known."""
    return KmsKey.from_arn(KeyArn.parse(documented.key_arn)).with_policy(text)


def peak_megabytes(call: Callable[[], object]) -> float:
    """The most memory that a call takes at any time."""
    tracemalloc.start()
    call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


@pytest.fixture(scope="module", params=[*BITING, *HARMLESS])
def hostile(documented: Documented, request: pytest.FixtureRequest) -> tuple[str, str]:
    """A name of the tables and its policy."""
    return request.param, largest(documented, {**BITING, **HARMLESS}[request.param])


class TestHostilePolicy:
    """Parsing and the proof of both families."""

    def test_is_never_proved_wrongly(self, documented: Documented, hostile: tuple[str, str]) -> None:
        """A Deny that bites refuses; one that does not leaves the proof, or is too complex for one."""
        name, text = hostile
        results = outcomes(text, documented.families())
        reasons = {result.decision.reason for result in results if isinstance(result, Refused)}
        assert reasons if name in BITING else reasons <= {Reason.TOO_COMPLEX}

    def test_takes_less_than_100_documented_ones(
        self, documented: Documented, stopwatch: Stopwatch, hostile: tuple[str, str]
    ) -> None:
        """In seconds, of the same machine in the same minute."""
        name, text = hostile
        families, plain = documented.families(), documented.policy()
        slow, usual = stopwatch.race(
            lambda: outcomes(text, families),
            lambda: [outcomes(plain, families) for _ in range(10)],
            rounds=15,
        )
        stopwatch.hold(f"hostile, proof: {name}", slow, usual / 10, 100, among="hostile")

    def test_takes_little_memory(self, documented: Documented, hostile: tuple[str, str]) -> None:
        """A Lambda function has at least 128 MB."""
        families = documented.families()
        assert peak_megabytes(lambda: outcomes(hostile[1], families)) < MEGABYTES


class TestHostileAnswer:
    """The whole answer about a key: what the rule says, `lzkey explain` shows and `lzkey fix` proposes."""

    @pytest.fixture
    def zone(self) -> LandingZone:
        """A landing zone with the parameters that are required."""
        return LandingZone.from_rule_parameters(
            {"HomeRegion": "us-east-1", "ManagementAccountId": "111122223333"}
        )

    def test_takes_less_than_100_documented_ones(
        self, documented: Documented, stopwatch: Stopwatch, hostile: tuple[str, str], zone: LandingZone
    ) -> None:
        """With annotation and explanation."""
        name, text = hostile
        key, usual_key = key_with(documented, text), key_with(documented, documented.policy())
        slow, usual = stopwatch.race(
            lambda: answer(key, zone), lambda: [answer(usual_key, zone) for _ in range(10)], rounds=5
        )
        stopwatch.hold(f"hostile, answer: {name}", slow, usual / 10, 100, among="answer")

    def test_takes_little_memory(
        self, documented: Documented, hostile: tuple[str, str], zone: LandingZone
    ) -> None:
        """A Lambda function has at least 128 MB."""
        key = key_with(documented, hostile[1])
        assert peak_megabytes(lambda: answer(key, zone)) < MEGABYTES_OF_AN_ANSWER

    def test_its_repair_takes_less_than_2000_documented_ones(
        self, documented: Documented, stopwatch: Stopwatch, hostile: tuple[str, str], zone: LandingZone
    ) -> None:
        """A repair names up to sixteen Denies in the way, and proves for each what would get past it."""
        name, text = hostile
        key, usual_key = key_with(documented, text), key_with(documented, documented.policy())
        slow, usual = stopwatch.race(
            lambda: repair(key, zone), lambda: [repair(usual_key, zone) for _ in range(10)], rounds=3
        )
        stopwatch.hold(f"hostile, repair: {name}", slow, usual / 10, 2000, among="repair")


def test_ordinary_policy_of_32_kb(documented: Documented, benchmark: Any) -> None:
    """Grants to many roles beside the documented statements change nothing."""

    def grants(count: int) -> list[Any]:
        return [
            denying(Effect="Allow", Principal={"AWS": f"arn:aws:iam::{account(i)}:role/reader"})
            for i in range(count)
        ]

    results = benchmark(outcomes, largest(documented, grants), documented.families())
    assert all(isinstance(result, Proved) for result in results)
