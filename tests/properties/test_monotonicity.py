"""What does not matter to a proof, and what can move its answer in one direction only."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import evaluator
from oracle.families import conditions, family, family_policies, statement, used
from oracle.policies import policies, requests

from landing_zone_key.policy import Policy, Proved, Request, decide, prove, prove_refused

OF = family(excluded=False)

pytestmark = pytest.mark.usefixtures("without_bound")


def proved(document: dict[str, Any]) -> bool:
    """Whether every request is proved to be allowed."""
    return isinstance(prove(Policy.parse(document), OF), Proved)


def proved_refused(document: dict[str, Any]) -> bool:
    """Whether every request is proved to be refused."""
    return isinstance(prove_refused(Policy.parse(document), OF), Proved)


def with_statements(document: dict[str, Any], *more: dict[str, Any]) -> dict[str, Any]:
    """The policy with statements before and behind those it has."""
    return {**document, "Statement": [*more[1:], *document["Statement"], *more[:1]]}


def mixed(document: dict[str, Any]) -> set[str]:
    """The keys that have both operators on sets of values and operators on one value."""
    names = [(name, key) for name, key in used(document) if name != "Null"]
    sets = {key for name, key in names if name.startswith("For")}
    return sets & {key for name, key in names if not name.startswith("For")}


@st.composite
def policies_and_statements(draw: st.DrawFn, effect: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A policy, and a statement that goes with it.

    Only a set operator makes a proof look at several values of a key: what is new must not be the first one
    on a key that has an operator on one value.
    """
    document = draw(family_policies())
    keys = tuple(sorted({key for _, key in used(document)})) or ("free",)
    some = st.lists(conditions(keys, unsettled=False), max_size=2).map(
        lambda parts: statement(effect, *parts)
    )
    added = some.filter(lambda new: mixed(with_statements(document, new)) == mixed(document))
    return document, draw(added)


class TestWhatDoesNotMatter:
    """Three ways to write one policy."""

    @given(document=family_policies(), data=st.data())
    def test_the_order_of_statements(self, document: dict[str, Any], data: st.DataObject) -> None:
        """A proof is the same for every order of the statements."""
        turned = {**document, "Statement": data.draw(st.permutations(document["Statement"]))}
        assert proved(document) is proved(turned)
        assert proved_refused(document) is proved_refused(turned)

    @given(policy=policies(), request=requests())
    def test_a_string_or_a_list(self, policy: dict[str, Any], request: dict[str, Any]) -> None:
        """Everything that may be a list may be a list of one, and the single statement may stand alone."""
        longer = _lists(policy)
        assert _decided(longer, request) == _decided(policy, request)
        if len(policy["Statement"]) == 1:
            assert _decided({**policy, "Statement": policy["Statement"][0]}, request) == _decided(
                policy, request
            )

    @given(policy=policies(), request=requests())
    def test_the_letter_case_of_actions_and_keys(
        self, policy: dict[str, Any], request: dict[str, Any]
    ) -> None:
        """Names of actions and of condition keys have no letter case, in the policy and in the request."""
        louder = {**request, "context": {key.upper(): value for key, value in request["context"].items()}}
        assert _decided(_upper(policy), request) == _decided(policy, request)
        assert _decided(policy, louder) == _decided(policy, request)


def _decided(policy: dict[str, Any], request: dict[str, Any]) -> tuple[bool, ...]:
    parsed = Policy.parse(policy)
    return tuple(decide(parsed, Request(**request), doubt_allows=doubt).allowed for doubt in (False, True))


def _lists(policy: dict[str, Any]) -> dict[str, Any]:
    longer = copy.deepcopy(policy)
    for given_statement in longer["Statement"]:
        for name, value in given_statement.items():
            if name.endswith(("Action", "Resource")):
                given_statement[name] = evaluator.listed(value)
            elif name.endswith("Principal") and value != "*":
                given_statement[name] = {kind: evaluator.listed(names) for kind, names in value.items()}
        for keys in given_statement.get("Condition", {}).values():
            keys.update({key: evaluator.listed(texts) for key, texts in keys.items()})
    return longer


def _upper(policy: dict[str, Any]) -> dict[str, Any]:
    upper = copy.deepcopy(policy)
    for given_statement in upper["Statement"]:
        for name in ("Action", "NotAction"):
            if name in given_statement:
                given_statement[name] = [text.upper() for text in evaluator.listed(given_statement[name])]
        block = given_statement.get("Condition", {})
        for operator, keys in block.items():
            block[operator] = {key.upper(): texts for key, texts in keys.items()}
    return upper


class TestOneDirection:
    """More Denies and more conditions never allow; more Allows never refuse."""

    @given(drawn=policies_and_statements("Deny"))
    def test_a_deny_never_allows(self, drawn: tuple[dict[str, Any], dict[str, Any]]) -> None:
        """Adding a Deny keeps Refused refused, and "all refused" proved."""
        document, deny = drawn
        assert proved(document) or not proved(with_statements(document, deny))
        assert not proved_refused(document) or proved_refused(with_statements(document, deny))

    @given(drawn=policies_and_statements("Allow"))
    def test_an_allow_never_refuses(self, drawn: tuple[dict[str, Any], dict[str, Any]]) -> None:
        """Adding an Allow keeps Proved proved; so removing one never turns Refused into Proved."""
        document, allow = drawn
        assert not proved(document) or proved(with_statements(document, allow))
        assert proved_refused(document) or not proved_refused(with_statements(document, allow))

    @given(drawn=policies_and_statements("Allow"), data=st.data())
    def test_a_condition_on_an_allow_never_allows(
        self, drawn: tuple[dict[str, Any], dict[str, Any]], data: st.DataObject
    ) -> None:
        """An Allow with one more condition grants no more than without."""
        document, narrowing = drawn
        listed = copy.deepcopy(document["Statement"])
        allows = [given_statement for given_statement in listed if given_statement["Effect"] == "Allow"]
        if allows:
            chosen = data.draw(st.sampled_from(allows))
            block = narrowing.get("Condition", {})
            chosen["Condition"] = {**block, **chosen.get("Condition", {})}
        assert proved(document) or not proved({**document, "Statement": listed})
