"""Single decisions, labelled by hand: this request against this key policy alone."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from landing_zone_key.policy import Policy, PolicyError, Request, decide

CORPUS = json.loads(Path(__file__).with_name("decisions.json").read_text())
POLICIES = CORPUS["policies"]


def request(name: str) -> Request:
    """The request of this name, as the engine takes it."""
    described = CORPUS["requests"][name]
    principal = described["principal"]
    return Request(
        action=described["action"],
        resource=described["resource"],
        context=described["context"],
        service=principal.get("Service"),
        principal_arn=principal.get("AWS"),
    )


REQUESTS = {name: request(name) for name in CORPUS["requests"]}


def answers(entry: dict[str, Any]) -> dict[str, str]:
    """Request -> `allow` or `deny`; a policy that is refused as malformed denies everything."""
    names = [decision["request"] for decision in entry["decisions"]]
    try:
        policy = Policy.parse(entry.get("policy_text", entry.get("policy")))
    except PolicyError:
        return dict.fromkeys(names, "deny")
    return {name: "allow" if decide(policy, REQUESTS[name]).allowed else "deny" for name in names}


def scored(entry: dict[str, Any]) -> dict[str, str]:
    """Request -> the documented or inferred answer."""
    return {
        decision["request"]: decision["expected"]
        for decision in entry["decisions"]
        if decision["basis"] in ("documented", "inferred")
    }


@pytest.mark.parametrize("entry", POLICIES, ids=[entry["name"] for entry in POLICIES])
def test_every_scored_decision_of_a_policy_is_right(entry: dict[str, Any]) -> None:
    """Documented and inferred decisions are ours, too; ambiguous ones are not scored."""
    given = answers(entry)
    assert {name: given[name] for name in scored(entry)} == scored(entry)


def test_the_corpus_is_whole() -> None:
    """Every decision is there, every request it names is known, and both answers are asked for."""
    bases = Counter(decision["basis"] for entry in POLICIES for decision in entry["decisions"])
    assert (len(POLICIES), sum(bases.values()), bases["ambiguous"]) == (116, 965, 23)
    labels = Counter(label for entry in POLICIES for label in scored(entry).values())
    assert set(labels) == {"allow", "deny"}
    assert {decision["request"] for entry in POLICIES for decision in entry["decisions"]} <= set(REQUESTS)
