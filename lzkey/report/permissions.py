"""The least that whoever makes a report must be allowed."""

from __future__ import annotations

from typing import Any

from lzkey.report.aggregated import AGGREGATE_ACTIONS
from lzkey.report.single import ACCOUNT_ACTIONS
from lzkey.report.surroundings import LANDING_ZONE_ACTIONS, ORGANIZATION_ACTIONS, RULE_ACTIONS

_USES = {
    "WhoAndWhat": (*ORGANIZATION_ACTIONS, *RULE_ACTIONS, *LANDING_ZONE_ACTIONS),
    "ThroughAnAggregator": AGGREGATE_ACTIONS,
    "InAnAccount": ACCOUNT_ACTIONS,
    "WithRoles": ("sts:AssumeRole",),
}


def iam_policy() -> dict[str, Any]:
    """Return an identity policy: reads alone, a statement for each way of making a report."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": name, "Effect": "Allow", "Action": sorted(set(actions)), "Resource": "*"}
            for name, actions in _USES.items()
        ],
    }
