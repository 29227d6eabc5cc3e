"""Tables of cases for the policy language, and how a case becomes a policy, a request and an answer.

A test class names its table in `TABLE`; its tests take one `case` each. A case has a `why`, an expectation
and a `twin`: the same case with one element changed, and another expectation.
"""

import copy
import json
from collections.abc import Callable, Iterable, Mapping
from itertools import product
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from landing_zone_key.policy import Policy, Reason, Request, decide

Case: TypeAlias = Mapping[str, Any]

KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
STATEMENT = {
    "Effect": "Allow",
    "Principal": {"Service": "config.amazonaws.com"},
    "Action": "kms:Decrypt",
    "Resource": "*",
}
REQUEST = {"service": "config.amazonaws.com", "action": "kms:Decrypt", "resource": KEY, "context": {}}
TABLES = Path(__file__).parent / "tables"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that takes a `case` for each case of its class's table."""
    if "case" in metafunc.fixturenames:
        cases = json.loads((TABLES / metafunc.cls.TABLE).read_text())
        metafunc.parametrize("case", cases, ids=[case["name"] for case in cases])


@pytest.fixture(scope="session")
def tables() -> Mapping[str, Any]:
    """Every table by its file name."""
    return {path.name: json.loads(path.read_text()) for path in sorted(TABLES.glob("*.json"))}


@pytest.fixture(scope="session")
def key_arn() -> str:
    """The key of every request that names no other."""
    return KEY


def _policy(case: Case) -> Policy:
    """The case's document; where it has statements only, in a document of the case's Version."""
    if "policy" in case:
        return Policy.parse(case["policy"])
    version = {"Version": case["version"]} if case.get("version") else {}
    statements = case["statements"] if "statements" in case else [case["statement"]]
    return Policy.parse({**version, "Statement": [{**STATEMENT, **statement} for statement in statements]})


def _request(case: Case) -> Request:
    return Request(**{**REQUEST, **case.get("request", {})})


def _answer(case: Case) -> dict[str, Any]:
    decision = decide(_policy(case), _request(case), doubt_allows=case.get("doubt_allows", False))
    answer: dict[str, Any] = {"allowed": decision.allowed}
    if "reason" in case["expected"]:
        answer["reason"] = decision.reason.value
    if "statement" in case["expected"]:
        answer["statement"] = decision.statement and decision.statement.index
    return answer


def _twin(case: Case) -> Case:
    """The case with its one change at a JSON pointer (RFC 6901); without `value` the member is removed."""
    twin, change = copy.deepcopy(dict(case)), case["twin"]
    *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in change["at"].split("/")[1:]]
    place: Any = twin
    for part in parents:
        place = place[int(part) if isinstance(place, list) else part]
    if "value" in change:
        place[int(last) if isinstance(place, list) else last] = change["value"]
    else:
        del place[last]
    return {**twin, "expected": change["expected"]}


@pytest.fixture(scope="session")
def answer() -> Callable[[Case], dict[str, Any]]:
    """Decide a case; the answer has the members that the case expects."""
    return _answer


@pytest.fixture(scope="session")
def twin_of() -> Callable[[Case], Case]:
    """Give a case's twin."""
    return _twin


@pytest.fixture(scope="session")
def policy_of() -> Callable[[Case], Policy]:
    """Give a case's policy."""
    return _policy


@pytest.fixture(scope="session")
def request_of() -> Callable[[Case], Request]:
    """Give a case's request."""
    return _request


def _judge(condition: Any, context: Mapping[str, Any], *, version: str | None = "2012-10-17") -> str:
    """`holds`, `fails` or `doubt`: what an Allow and a Deny with this condition do, whoever doubt is for."""
    answers = {
        "holds": (True, Reason.EXPLICIT_DENY, True, False),
        "fails": (False, Reason.ALLOWED, False, True),
        "doubt": (False, Reason.UNDECIDABLE_DENY, True, True),
    }
    allow = {"statement": {"Condition": condition}, "version": version}
    deny = {"statements": [{}, {"Effect": "Deny", "Condition": condition}], "version": version}
    request = _request({"request": {"context": context}})
    seen = (
        decide(_policy(allow), request).allowed,
        decide(_policy(deny), request).reason,
        decide(_policy(allow), request, doubt_allows=True).allowed,
        decide(_policy(deny), request, doubt_allows=True).allowed,
    )
    return next((word for word, expected in answers.items() if seen == expected), f"inconsistent: {seen}")


@pytest.fixture(scope="session")
def judge() -> Callable[..., str]:
    """Tell whether a condition holds, fails or is in doubt, asked by four decisions that must agree."""
    return _judge


def _naive_match(pattern: str, text: str) -> bool:
    """`*` and `?` by their definition, slow and plain."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(_naive_match(pattern[1:], text[start:]) for start in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and _naive_match(pattern[1:], text[1:])


@pytest.fixture(scope="session")
def naive_match() -> Callable[[str, str], bool]:
    """Match by definition, to compare with."""
    return _naive_match


def _words(alphabet: Iterable[str], longest: int) -> list[str]:
    letters = tuple(alphabet)
    return ["".join(word) for length in range(longest + 1) for word in product(letters, repeat=length)]


@pytest.fixture(scope="session")
def words() -> Callable[[Iterable[str], int], list[str]]:
    """Every word over an alphabet up to a length."""
    return _words
