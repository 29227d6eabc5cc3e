"""Whole policies against one request: each element of a statement, and the verdict over all statements."""

from collections.abc import Callable, Mapping
from itertools import permutations
from typing import Any

import pytest

from landing_zone_key.policy import Policy, Reason, Request, decide

Case = Mapping[str, Any]


class _Decisions:
    """Decide each case of a table, and its twin."""

    def test_is_decided_as_documented(
        self, case: Case, answer: Callable[[Case], dict[str, Any]], twin_of: Callable[[Case], Case]
    ) -> None:
        """The request is allowed or refused, for the reason and by the statement that the table names."""
        for one in (case, twin_of(case)):
            assert answer(one) == one["expected"]


class TestPrincipal(_Decisions):
    """Who a statement is about."""

    TABLE = "principals.json"


class TestNotPrincipal(_Decisions):
    """Who a statement is not about."""

    TABLE = "not_principals.json"


class TestAction(_Decisions):
    """Action: without case, with wildcards."""

    TABLE = "actions.json"


class TestNotAction(_Decisions):
    """NotAction: everything but the listed."""

    TABLE = "not_actions.json"


class TestResource(_Decisions):
    """Resource: this key, or a pattern that covers it."""

    TABLE = "resources.json"


class TestUndocumented(_Decisions):
    """What AWS does not say the meaning of: an Allow proves nothing, and a Deny may apply."""

    TABLE = "undocumented.json"


class TestStatementWithoutEffect(_Decisions):
    """Without Principal, Action or Resource a statement does nothing, whatever else it says."""

    TABLE = "ineffective.json"


class TestNotResource(_Decisions):
    """NotResource, and statements without either."""

    TABLE = "not_resources.json"


class TestVerdict(_Decisions):
    """Deny, Allow and doubt over all statements."""

    TABLE = "decisions.json"


class TestDocument(_Decisions):
    """Version, Id and a single statement."""

    TABLE = "versions.json"


class TestOrder:
    """Statement order decides nothing."""

    def test_an_explicit_deny_wins_in_every_order(self, request_of: Callable[[Case], Request]) -> None:
        """All orders of two Allows and two Denies refuse, and name the Deny; without it, all allow."""
        base = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
        others = [
            {**base, "Sid": "First"},
            {**base, "Sid": "Second"},
            {**base, "Sid": "Unrelated", "Effect": "Deny", "Action": "s3:*"},
        ]
        deny = {**base, "Sid": "Denies", "Effect": "Deny"}
        for order in permutations([*others, deny]):
            decision = decide(Policy.parse({"Statement": list(order)}), request_of({}))
            assert (decision.allowed, decision.reason) == (False, Reason.EXPLICIT_DENY)
            assert decision.statement is not None
            assert decision.statement.label == '"Denies"'
        for order in permutations(others):
            assert decide(Policy.parse({"Statement": list(order)}), request_of({})).allowed


class TestLabel:
    """How a statement is named to people."""

    @pytest.mark.parametrize(
        ("sid", "label"),
        [
            ({"Sid": "Allow Config"}, '"Allow Config"'),
            ({"Sid": 'a"; ENABLED: b'}, '"a\'; ENABLED: b"'),
            ({"Sid": ""}, "Statement[1]"),
            ({}, "Statement[1]"),
        ],
    )
    def test_is_the_sid_or_the_place(
        self, sid: dict[str, str], label: str, policy_of: Callable[..., Policy]
    ) -> None:
        """A Sid stands in quotes; without one the place in the document is named."""
        assert policy_of({"statements": [{}, sid]}).statements[1].label == label


class TestRequest:
    """A request's context."""

    @pytest.mark.parametrize(
        ("context", "values"),
        [
            ({"AWS:SourceArn": "x"}, {"aws:sourcearn": ("x",)}),
            ({"k": ["x", "y"]}, {"k": ("x", "y")}),
            ({"k": []}, {}),
            ({"k": ""}, {"k": ("",)}),
        ],
    )
    def test_keys_have_no_case_and_an_empty_list_is_no_value(
        self, context: dict[str, Any], values: dict[str, Any], key_arn: str
    ) -> None:
        """One value is a tuple of one; a key without values is absent; an empty text is a value."""
        assert Request("kms:Decrypt", key_arn, "config.amazonaws.com", context).values == values
