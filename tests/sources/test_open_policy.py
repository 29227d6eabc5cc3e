"""Policies of which parts are unknown: what is certain, and what may be at best."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landing_zone_key.policy import Policy, Request, decide
from lzkey.sources.open_policy import extremes
from lzkey.sources.unknown import ABSENT, Unknown, joined

ARN = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
HOLE = Unknown()
ALLOW = {
    "Effect": "Allow",
    "Principal": {"Service": "config.amazonaws.com"},
    "Action": "kms:Decrypt",
    "Resource": "*",
}
DENY = {**ALLOW, "Effect": "Deny"}
REQUESTS = [
    Request(
        service=f"{service}.amazonaws.com",
        action=action,
        resource=ARN,
        context={"aws:SourceAccount": account, "aws:PrincipalIsAWSService": "true"},
    )
    for service in ("config", "cloudtrail")
    for action in ("kms:Decrypt", "kms:GenerateDataKey")
    for account in ("111122223333", "444455556666")
]


def allowed(document: Any, request: Request = REQUESTS[0]) -> bool:
    """Whether a policy allows a request: Config's kms:Decrypt, if no other is given."""
    return decide(Policy.parse(document), request).allowed


def both(*statements: Any) -> tuple[bool, bool]:
    """Whether the request is allowed for certain, and at best."""
    found = extremes({"Version": "2012-10-17", "Statement": list(statements)})
    assert found is not None
    return allowed(found.certain), allowed(found.hopeful)


class TestElements:
    """One element of one statement is unknown."""

    @pytest.mark.parametrize(
        ("changes", "answers"),
        [
            ({}, (True, True)),
            ({"Effect": HOLE}, (False, True)),
            ({"Principal": HOLE}, (False, True)),
            ({"Principal": {"Service": HOLE}}, (False, True)),
            ({"Principal": {"Service": ["config.amazonaws.com", HOLE]}}, (True, True)),
            ({"Principal": {"Service": [joined(["logs.", HOLE])]}}, (False, False)),
            ({"Principal": {"Service": joined(["config.", HOLE])}}, (False, True)),
            ({"Principal": {"AWS": HOLE}}, (False, False)),
            ({"Principal": {"AWS": HOLE, "Service": "config.amazonaws.com"}}, (True, True)),
            ({"Action": HOLE}, (False, True)),
            ({"Action": ["kms:Decrypt", HOLE]}, (True, True)),
            ({"Action": joined(["kms:Dec", HOLE])}, (False, True)),
            ({"Action": joined(["s3:", HOLE])}, (False, False)),
            ({"Action": [Unknown(alternatives=("kms:Decrypt", ABSENT)), "kms:Encrypt"]}, (False, True)),
            ({"Action": Unknown(alternatives=(["kms:Encrypt"], ["kms:Sign"]))}, (False, False)),
            ({"Action": ABSENT, "NotAction": ["kms:Encrypt", HOLE]}, (False, True)),
            ({"Action": ABSENT, "NotAction": ["kms:Decrypt", HOLE]}, (False, False)),
            ({"Action": ABSENT, "NotAction": joined(["s3:", HOLE])}, (True, True)),
            ({"Resource": HOLE}, (False, True)),
            ({"Resource": joined([ARN, "/", HOLE])}, (False, False)),
            ({"Resource": ABSENT, "NotResource": HOLE}, (False, True)),
            ({"Principal": ABSENT, "NotPrincipal": {"AWS": HOLE}}, (False, True)),
            (
                {"Principal": ABSENT, "NotPrincipal": {"Service": [HOLE, "config.amazonaws.com"]}},
                (False, False),
            ),
            ({"Condition": HOLE}, (False, True)),
            ({"Condition": {"StringEquals": {"aws:SourceAccount": HOLE}}}, (False, True)),
            (
                {"Condition": {"StringEquals": {"aws:SourceAccount": "1", "aws:SourceArn": HOLE}}},
                (False, False),
            ),
            ({"Sid": HOLE}, (True, True)),
        ],
    )
    def test_an_allow_is_as_narrow_or_as_wide_as_it_may_be(
        self, changes: dict[str, Any], answers: tuple[bool, bool]
    ) -> None:
        """For certain, and at best; a Deny of the same is the other way round."""
        allow = {name: value for name, value in {**ALLOW, **changes}.items() if value is not ABSENT}
        assert both(allow) == answers
        if "Effect" not in changes:
            deny = {**allow, "Effect": "Deny"}
            certain, hopeful = answers
            undecided = isinstance(changes.get("Principal"), dict) and changes["Principal"].get("AWS") is HOLE
            # A Deny to {"AWS": "*"} may apply to a service, an Allow proves nothing.
            assert both(ALLOW, deny) == (not hopeful and not undecided, not certain)

    def test_an_allow_with_not_principal_proves_nothing_whatever_it_names(self) -> None:
        """IAM does not support it; at best it grants. A Deny, its twin, hits everybody it does not name."""
        members = {name: value for name, value in ALLOW.items() if name != "Principal"}
        others = {**members, "NotPrincipal": {"AWS": joined(["arn:", HOLE])}}
        assert both(others) == (False, True)
        assert both(ALLOW, {**others, "Effect": "Deny"}) == (False, False)


class TestStatements:
    """Statements that are there or not."""

    def test_an_unknown_statement_may_be_anything(self) -> None:
        """A Deny of everything, or an Allow."""
        assert both(HOLE) == (False, True)
        assert both(ALLOW, HOLE) == (False, True)

    @pytest.mark.parametrize(
        ("statement", "answers"), [(ALLOW, (False, True)), (DENY, (False, False))], ids=["allow", "deny"]
    )
    def test_a_statement_under_a_condition_may_be_there(
        self, statement: Any, answers: tuple[bool, bool]
    ) -> None:
        """An Allow helps only at best; a Deny harms for certain."""
        perhaps = Unknown(alternatives=(statement, ABSENT))
        assert both(perhaps) == answers
        assert both(ALLOW, perhaps) == ((True, True) if statement is ALLOW else (False, True))

    def test_statements_stay_in_their_places(self) -> None:
        """Those that are left out have no effect, but keep their index and Sid."""
        statements = [{**ALLOW, "Action": HOLE, "Sid": "First"}, {**ALLOW, "Sid": "Second"}]
        found = extremes({"Statement": statements})
        assert found is not None
        for document in (found.certain, found.hopeful):
            assert [each["Sid"] for each in document["Statement"]] == ["First", "Second"]
        assert "Resource" not in found.certain["Statement"][0]

    @pytest.mark.parametrize(
        "policy",
        [{"Statement": HOLE}, {"Version": HOLE, "Statement": [ALLOW]}],
        ids=["statements", "version"],
    )
    def test_too_little_is_nothing(self, policy: Any) -> None:
        """Then anything may be, and there are no extremes."""
        assert extremes(policy) is None

    def test_nothing_is_changed_where_everything_is_known(self) -> None:
        """Also where it is malformed: that is for the engine to tell."""
        for policy in ({"Statement": [ALLOW]}, {"Statement": ALLOW}, {"Statement": [[ALLOW], 1]}, {}):
            found = extremes(policy)
            assert found is not None
            assert found.certain == found.hopeful == policy

    def test_with_statements_for_the_best_unknown_allows_are_those(self) -> None:
        """Where a widened Allow would be too wide."""
        found = extremes({"Statement": [{**ALLOW, "Action": HOLE}]}, [ALLOW])
        assert found is not None
        assert found.hopeful["Statement"][1:] == [ALLOW]
        assert allowed(found.hopeful)


_TEXTS = {
    "Action": ["kms:Decrypt", "kms:*", "kms:GenerateDataKey", "s3:*"],
    "Resource": ["*", ARN, f"{ARN}x"],
    "account": ["111122223333", "444455556666"],
    "Service": ["config.amazonaws.com", "cloudtrail.amazonaws.com", "logs.amazonaws.com"],
    "AWS": ["arn:aws:iam::111122223333:root", "111122223333", "*"],
}


def lists(kind: str) -> st.SearchStrategy[Any]:
    """A text, or a list of texts."""
    texts = st.sampled_from(_TEXTS[kind])
    return texts | st.lists(texts, min_size=1, max_size=3)


@st.composite
def statements(draw: st.DrawFn) -> dict[str, Any]:
    """A statement of any kind."""
    name = {
        each: draw(st.sampled_from([each, each, f"Not{each}"]))
        for each in ("Principal", "Action", "Resource")
    }
    kinds = st.sampled_from([("Service",), ("AWS",), ("Service", "AWS")])
    statement = {
        "Effect": draw(st.sampled_from(["Allow", "Allow", "Deny"])),
        name["Principal"]: draw(
            st.just("*")
            | kinds.flatmap(lambda given: st.fixed_dictionaries({each: lists(each) for each in given}))
        ),
        name["Action"]: draw(lists("Action")),
        name["Resource"]: draw(lists("Resource")),
    }
    if draw(st.booleans()):
        operator = draw(st.sampled_from(["StringEquals", "StringNotEquals", "StringLike"]))
        statement["Condition"] = {operator: {"aws:SourceAccount": draw(lists("account"))}}
    return statement


def opened(draw: st.DrawFn, value: Any) -> Any:
    """The same with some of it unknown, or known in part."""
    if draw(st.integers(0, 5)) == 0:
        if isinstance(value, str) and draw(st.booleans()):
            at = draw(st.integers(0, len(value)))
            return joined([value[:at], HOLE])
        return Unknown(alternatives=(value, ABSENT)) if draw(st.booleans()) else HOLE
    if isinstance(value, dict):
        return {name: opened(draw, each) for name, each in value.items()}
    return [opened(draw, each) for each in value] if isinstance(value, list) else value


@st.composite
def policies(draw: st.DrawFn) -> tuple[Any, Any]:
    """A policy, and the same with parts of it unknown."""
    document = {"Version": "2012-10-17", "Statement": draw(st.lists(statements(), min_size=1, max_size=3))}
    return document, {**document, "Statement": [opened(draw, each) for each in document["Statement"]]}


class TestAnyPolicy:
    """Whatever the unknown turns out to be, the truth lies between the extremes."""

    @given(policies())
    def test_the_truth_lies_between(self, pair: tuple[Any, Any]) -> None:
        """What is allowed for certain is allowed; what is allowed is allowed at best."""
        document, unknown = pair
        before = json.dumps(document)
        found = extremes(copy.deepcopy(unknown))
        if found is None:
            return
        for request in REQUESTS:
            truth = allowed(document, request)
            assert truth or not allowed(found.certain, request)
            assert allowed(found.hopeful, request) or not truth
        assert json.dumps(document) == before
