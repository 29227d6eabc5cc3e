"""Why a statement does not match: for people, after the decision."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from landing_zone_key.policy import Policy, Request
from landing_zone_key.policy.explanation import explain, nearest_allow

Case = Mapping[str, Any]
REQUEST = Request("kms:Decrypt", "arn:aws:kms:us-east-1:111122223333:key/1", service="config.amazonaws.com")
RIGHT = {"Principal": "config.amazonaws.com", "Action": "kms:Decrypt"}


class TestExplanation:
    """Each statement with everything that keeps it from matching."""

    TABLE = "explanations.json"

    def test_names_what_does_not_match(
        self,
        case: Case,
        policy_of: Callable[[Case], Policy],
        request_of: Callable[[Case], Request],
        twin_of: Callable[[Case], Case],
    ) -> None:
        """Elements in their order, conditions by operator and key, doubt marked; the twin misses others."""
        for one in (case, twin_of(case)):
            (outcome,) = explain(policy_of(one), request_of(one))
            assert outcome.statement == policy_of(one).statements[0]
            assert {
                "matches": outcome.matches,
                "misses": [
                    miss.element
                    + (f" {miss.condition.name} {miss.condition.key}" if miss.condition else "")
                    + ("?" if miss.undecidable else "")
                    for miss in outcome.misses
                ],
            } == one["expected"]


class TestSlips:
    """A Principal or an Action that is nearly right."""

    @pytest.mark.parametrize(
        ("element", "value", "written"),
        [
            ("Principal", {"Service": "configservice.amazonaws.com"}, "Service configservice.amazonaws.com"),
            ("Principal", {"Service": ["a", "Config.amazonaws.com"]}, "Service Config.amazonaws.com"),
            ("Principal", {"Service": "cloudtrail.amazonaws.com"}, ""),
            ("Principal", {"Service": "config; a.amazonaws.com"}, ""),
            ("Principal", {"AWS": "config.amazon.com"}, ""),
            ("NotPrincipal", {"Service": ["config.amazonaws.com", "config.amazon.com"]}, ""),
            *(
                ("Action", ["kms:Encrypt", "kms=Decrypt"], "kms=Decrypt"),
                ("Action", "kms.decrypt*", "kms.decrypt*"),
            ),
            *(
                ("Action", "kms:Encrypt", ""),
                ("NotAction", "kms:Decrypt*", ""),
                ("Action", "kms:Decrypts?", ""),
            ),
        ],
    )
    def test_are_shown_as_they_are_written(self, element: str, value: object, written: str) -> None:
        """Beside what would be right; what is about something else, or leaves it out, is not a slip."""
        statement = {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}
        kept = {name: each for name, each in statement.items() if f"Not{name}" != element}
        (outcome,) = explain(Policy.parse({"Statement": {**kept, element: value}}), REQUEST)
        (miss,) = outcome.misses
        assert (miss.element, miss.written) == (element.removeprefix("Not"), written)
        assert not written or miss.right == RIGHT[element]


class TestNearestAllow:
    """The statement that a reader meant to grant this."""

    TABLE = "nearest_allow.json"

    def test_misses_the_request_by_the_least(
        self,
        case: Case,
        policy_of: Callable[[Case], Policy],
        request_of: Callable[[Case], Request],
        twin_of: Callable[[Case], Case],
    ) -> None:
        """An Allow for the principal; a condition weighs less than a resource, that less than an action."""
        for one in (case, twin_of(case)):
            nearest = nearest_allow(explain(policy_of(one), request_of(one)))
            assert (nearest and nearest.statement.index) == one["expected"]

    def test_of_an_empty_list_is_none(self) -> None:
        """Without statements nobody meant anything."""
        assert nearest_allow(()) is None
