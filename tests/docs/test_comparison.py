"""docs/comparison.md: what it says of ourselves."""

from __future__ import annotations

import json

import pytest

from landing_zone_key import LandingZone as Settings
from landing_zone_key import annotate, assess

from .keys import MANAGEMENT, key_for
from .pages import PAGES, codes


class TestComparison:
    """docs/comparison.md: what it says of ourselves."""

    @pytest.mark.parametrize("row", PAGES["docs/comparison.md"].table("the key's policy"), ids=str)
    def test_what_lzkey_says(self, row: list[str]) -> None:
        """Of each policy on which another tool was run."""
        root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{MANAGEMENT}:root"}, "Action": "kms:*"}
        statements = [{**root, "Resource": "*"}, *json.loads(codes(row[0])[0])]
        key = key_for("config.amazonaws.com", 0).with_policy(
            {"Version": "2012-10-17", "Statement": statements}
        )
        zone = Settings.from_rule_parameters({"HomeRegion": "us-east-1", "ManagementAccountId": MANAGEMENT})
        answer = assess(key, zone)
        assert row[1].startswith(answer.compliance)
        assert all(quoted in annotate(answer) for quoted in codes(row[1]))
