"""Answers about an organization that the sandbox does not give, each as AWS's own model allows it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lzkey.doctor.organization import accounts_without_rule, aggregator, rule_in_accounts
from lzkey.doctor.rule import rule

from .answers import ACCOUNT, ALL_TRIGGERS, GIVEN, OTHER, TOLD, organization_rule, subject
from .conftest import RULE

if TYPE_CHECKING:
    from pathlib import Path


def statuses(**told: str) -> tuple[str, Any]:
    """How the rule fares in accounts, by `a` and digits."""
    entries = [
        {
            "AccountId": name[1:],
            "ConfigRuleName": f"OrgConfigRule-{RULE}-x",
            "MemberAccountRuleStatus": status,
        }
        for name, status in told.items()
    ]
    return "get_organization_config_rule_detailed_status", {"OrganizationConfigRuleDetailedStatus": entries}


class TestStatuses:
    """Whether the rule is in place, and AWS Config left nobody out."""

    @pytest.mark.parametrize(
        ("told", "excluded", "in_place", "left_out"),
        [
            ({"a111122223333": "CREATE_SUCCESSFUL", "a444455556666": "UPDATE_SUCCESSFUL"}, (), "ok", "ok"),
            (
                {"a111122223333": "CREATE_SUCCESSFUL", "a444455556666": "DELETE_SUCCESSFUL"},
                (),
                "problem",
                "problem",
            ),
            (
                {"a111122223333": "CREATE_SUCCESSFUL", "a444455556666": "DELETE_SUCCESSFUL"},
                (OTHER,),
                "ok",
                "ok",
            ),
            ({"a111122223333": "CREATE_SUCCESSFUL", "a444455556666": "DELETE_FAILED"}, (), "problem", "ok"),
            (
                {"a111122223333": "CREATE_SUCCESSFUL", "a444455556666": "UPDATE_IN_PROGRESS"},
                (),
                "unknown",
                "ok",
            ),
            ({}, (), "problem", "problem"),
        ],
    )
    def test_by_account(
        self, tmp_path: Path, told: dict[str, str], excluded: tuple[str, ...], in_place: str, left_out: str
    ) -> None:
        """Only CREATE_SUCCESSFUL and UPDATE_SUCCESSFUL are a rule; no status at all is none."""
        seen = subject(tmp_path, organization_rule(*excluded), statuses(**told), accounts=(ACCOUNT, OTHER))
        assert rule_in_accounts(seen).status.value == in_place
        assert accounts_without_rule(seen).status.value == left_out

    def test_an_organization_without_accounts(self, tmp_path: Path) -> None:
        """Nobody to leave out is no good news; the twin with accounts is above."""
        assert (
            accounts_without_rule(subject(tmp_path, organization_rule(), statuses())).status.value
            == "problem"
        )


class TestSentRule:
    """The rule that an organization's rule has put into an account."""

    @pytest.mark.parametrize(
        ("name", "is_sent"), [(f"OrgConfigRule-{RULE}-x", True), (f"{RULE}-conformance-pack-x", False)]
    )
    def test_is_none_of_a_packs(self, tmp_path: Path, name: str, *, is_sent: bool) -> None:
        """A conformance pack is nothing that the doctor could look after."""
        found = {"ConfigRuleName": name, "Source": {"Owner": "CUSTOM_LAMBDA"}}
        seen = subject(tmp_path, organization_rule(), ("describe_config_rules", {"ConfigRules": [found]}))
        assert (seen.rule(), seen.is_organization()) == (None, True)
        assert (seen.sent_rule() is not None) is is_sent


class TestAggregator:
    """An aggregator is fresh when it has sources."""

    @pytest.mark.parametrize(
        ("regions", "accounts", "excluded", "status"),
        [
            ([], (OTHER,), (), "unknown"),
            ([("us-east-1", "SUCCEEDED")], (OTHER,), (), "ok"),
            ([("us-east-1", "FAILED")], (OTHER,), (), "problem"),
            ([("us-east-1", "FAILED")], (OTHER,), (OTHER,), "ok"),
            ([("eu-west-1", "SUCCEEDED")], (OTHER,), (), "unknown"),
            ([("us-east-1", "SUCCEEDED")], (ACCOUNT, OTHER), (), "problem"),
            ([("us-east-1", "SUCCEEDED")], (ACCOUNT, OTHER), (ACCOUNT,), "ok"),
        ],
    )
    def test_by_its_sources(
        self,
        tmp_path: Path,
        regions: list[tuple[str, str]],
        accounts: tuple[str, ...],
        excluded: tuple[str, ...],
        status: str,
    ) -> None:
        """None yet, none of this Region, or not all accounts, is not "every source is fresh"."""
        source = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/x", "AllAwsRegions": True}
        found = {"ConfigurationAggregatorName": "all", "OrganizationAggregationSource": source}
        sources = [
            {"SourceId": OTHER, "SourceType": "ACCOUNT", "AwsRegion": region, "LastUpdateStatus": last}
            for region, last in regions
        ]
        seen = subject(
            tmp_path,
            organization_rule(*excluded),
            ("describe_configuration_aggregators", {"ConfigurationAggregators": [found]}),
            ("describe_configuration_aggregator_sources_status", {"AggregatedSourceStatusList": sources}),
            accounts=accounts,
        )
        assert aggregator(seen).status.value == status


class TestTemplate:
    """The rule that deploy/organization-rule.yaml makes."""

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({}, ""),
            ({"InputParameters": json.dumps(GIVEN)}, ""),
            ({"OrganizationConfigRuleTriggerTypes": ["ScheduledNotification"]}, ""),
            ({"OrganizationConfigRuleTriggerTypes": ALL_TRIGGERS[:2]}, "its triggers"),
            (
                {"InputParameters": json.dumps({**TOLD, "TrailName": "other"})},
                "TrailName is 'other'; prod.json gives none",
            ),
            (
                {"InputParameters": json.dumps({**TOLD, "KeyScope": "landing-zone"})},
                "KeyScope is 'landing-zone'",
            ),
            (
                {"InputParameters": json.dumps({**TOLD, "AssumeRoleMode": "false"})},
                "AssumeRoleMode is 'false'",
            ),
            (
                {"InputParameters": json.dumps({**TOLD, "ExecutionRoleRegion": "eu-west-1"})},
                "ExecutionRoleRegion",
            ),
            ({"InputParameters": json.dumps({**TOLD, "ManagementAccountId": OTHER})}, "ManagementAccountId"),
        ],
    )
    def test_means_the_same(self, tmp_path: Path, changes: dict[str, Any], said: str) -> None:
        """Empty parameters and spelled-out defaults are none; what means something else is named."""
        check = rule(subject(tmp_path, organization_rule(**changes)))
        assert check.status.value == ("problem" if said else "ok")
        assert said in check.detail
