"""For whom a request of AWS Config is refused: what the words say is true of each account."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from landing_zone_key import KmsKey, LandingZone, assess
from landing_zone_key.finding import Certainty, Requirement
from landing_zone_key.policy import Policy, decide
from landing_zone_key.policy.decision import Request
from landing_zone_key.requests import CONFIG_ACTIONS

MANAGEMENT, REGION = "111122223333", "us-east-1"
ARN = f"arn:aws:kms:{REGION}:{MANAGEMENT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
KEY = KmsKey.from_describe_key(
    {
        "Arn": ARN,
        "KeyManager": "CUSTOMER",
        "KeyState": "Enabled",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "MultiRegion": False,
    }
)
ZONE = LandingZone.from_rule_parameters(
    {"HomeRegion": REGION, "ManagementAccountId": MANAGEMENT, "GovernedRegions": REGION}
)
LISTED = (MANAGEMENT, "222233334444", "444455556666", "777788889999")
ANYBODY = "123456789012"

accounts = st.lists(st.sampled_from(LISTED), min_size=1, max_size=4, unique=True)


def arns(listed: list[str], region: str = "*") -> list[str]:
    """The recorders of these accounts."""
    return [f"arn:aws:config:{region}:{account}:*" for account in listed]


conditions = st.one_of(
    st.just({}),
    accounts.map(lambda listed: {"StringEquals": {"aws:SourceAccount": listed}}),
    accounts.map(lambda listed: {"StringNotEquals": {"aws:SourceAccount": listed}}),
    accounts.map(lambda listed: {"ArnLike": {"aws:SourceArn": arns(listed)}}),
    accounts.map(lambda listed: {"ArnNotLike": {"aws:SourceArn": arns(listed)}}),
    st.sampled_from(["1*", "2222*", "*9999", "*"]).map(
        lambda pattern: {"StringLike": {"aws:SourceAccount": pattern}}
    ),
)
actions = st.sampled_from([["kms:Decrypt"], ["kms:GenerateDataKey"], list(CONFIG_ACTIONS), "kms:*"])
statements = st.builds(
    lambda effect, action, condition: {
        "Effect": effect,
        "Principal": {"Service": "config.amazonaws.com"},
        "Action": action,
        "Resource": "*",
        **({"Condition": condition} if condition else {}),
    },
    st.sampled_from(["Allow", "Allow", "Allow", "Deny"]),
    actions,
    conditions,
)
policies = st.lists(statements, min_size=1, max_size=4).map(
    lambda several: {"Version": "2012-10-17", "Statement": several}
)


def refused(policy: Policy, request: Request, account: str, action: str) -> bool:
    """Whether the same request is refused, made for another account and with another action."""
    (before,) = request.values["aws:sourceaccount"]
    context = {
        name: tuple(value.replace(before, account) for value in values)
        for name, values in request.values.items()
    }
    decided = decide(policy, Request(action, request.resource, request.service, {**context}))
    return not decided.allowed


@given(policies)
def test_the_words_are_true(document: dict[str, Any]) -> None:
    """Of all, of all but a list, of one, of some."""
    policy = Policy.parse(document)
    (found,) = [
        each
        for each in assess(KEY.with_policy(document), ZONE).findings
        if each.requirement is Requirement.CONFIG_ACCESS
    ] or [None]
    if found is None or found.request is None or found.certainty is not Certainty.REFUSED:
        return
    request, told = found.request, found.summary
    action = request.action

    def is_refused(account: str, action: str = action) -> bool:
        return refused(policy, request, account, action)

    but = re.search(r"for every account but ([\d, and]+|the \d+ that are listed)", told)
    one = re.search(r"for account (\d{12})", told)
    if but:
        named = re.findall(r"\d{12}", but[1])
        assert not any(is_refused(account, each) for account in named for each in CONFIG_ACTIONS)
        others = {ANYBODY} if "listed" in but[1] else {*LISTED, ANYBODY} - {*named}
        assert all(map(is_refused, others))
    elif one:
        assert is_refused(one[1])
    elif "for some accounts" in told:
        assert any(map(is_refused, request.values["aws:sourceaccount"]))
    else:
        assert all(is_refused(account) for account in (*LISTED, ANYBODY))
