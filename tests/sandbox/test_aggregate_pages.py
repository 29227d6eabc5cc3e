"""The pages of aggregate answers: empty ones, tokens, and errors.

https://docs.aws.amazon.com/config/latest/APIReference/API_DescribeAggregateComplianceByConfigRules.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from .aggregates import Aggregated

RULES = "describe_aggregate_compliance_by_config_rules"
DETAILS = "get_aggregate_compliance_details_by_config_rule"
QUERY = {"Expression": "SELECT resourceId WHERE resourceType = 'AWS::KMS::Key'"}

AGGREGATE: list[tuple[str, dict[str, Any]]] = [
    (RULES, {}),
    (DETAILS, {"ConfigRuleName": "x", "AccountId": "444455556666", "AwsRegion": "us-east-1"}),
    ("select_aggregate_resource_config", QUERY),
    ("get_aggregate_config_rule_compliance_summary", {}),
    ("get_aggregate_discovered_resource_counts", {"GroupByKey": "ACCOUNT_ID"}),
    ("list_aggregate_discovered_resources", {"ResourceType": "AWS::KMS::Key"}),
]


@pytest.fixture(scope="module", autouse=True)
def _results(aggregated: Aggregated) -> None:
    for account in aggregated.organization.sound:
        aggregated.report(account, ("key-1", "COMPLIANT"))


def sizes(aggregated: Aggregated, **more: Any) -> list[int]:
    """Return how many rules each page has."""
    return [len(page["AggregateComplianceByConfigRules"]) for page in aggregated.pages(RULES, **more)]


class TestEmptyPages:
    """Pages without results, that are not the last."""

    @pytest.mark.parametrize(
        ("every", "expected"),
        [(0, [4, 4, 4]), (3, [4, 4, 0, 4]), (2, [4, 0, 4, 4]), (1, [0, 4, 0, 4, 0, 4])],
    )
    def test_as_often_as_asked(self, aggregated: Aggregated, every: int, expected: list[int]) -> None:
        """Before every third page, unless said otherwise; nothing is lost by it."""
        sandbox, usual = aggregated.sandbox, aggregated.sandbox.empty_page_every
        sandbox.empty_page_every = every
        assert sizes(aggregated, Limit=4) == expected
        sandbox.empty_page_every = usual
        assert usual == 3


class TestTokens:
    """A token goes on where its page ended."""

    def test_a_page_twice(self, aggregated: Aggregated) -> None:
        """Is the same page, as after a retry."""
        first = self._page(aggregated)
        again = [self._page(aggregated, NextToken=first["NextToken"]) for _ in range(2)]
        assert again[0]["AggregateComplianceByConfigRules"] == again[1]["AggregateComplianceByConfigRules"]
        assert again[0]["AggregateComplianceByConfigRules"] != first["AggregateComplianceByConfigRules"]

    def test_of_another_request(self, aggregated: Aggregated) -> None:
        """Is not valid; nor is one that nobody issued."""
        token = self._page(aggregated)["NextToken"]
        with pytest.raises(ClientError, match="InvalidNextTokenException"):
            self._page(aggregated, NextToken=token, Filters={"AwsRegion": "us-east-1"})
        with pytest.raises(ClientError, match="InvalidNextTokenException"):
            self._page(aggregated, NextToken="other")

    @staticmethod
    def _page(aggregated: Aggregated, **more: Any) -> dict[str, Any]:
        members = {"ConfigurationAggregatorName": aggregated.aggregate(), "Limit": 2, **more}
        return dict(aggregated.config.describe_aggregate_compliance_by_config_rules(**members))


@pytest.mark.parametrize(("operation", "members"), AGGREGATE, ids=str)
class TestEachOperation:
    """What all aggregate operations have in common."""

    def test_no_such_aggregator(
        self, aggregated: Aggregated, operation: str, members: dict[str, Any]
    ) -> None:
        """Is an error that names it; one that is there is none."""
        call = getattr(aggregated.config, operation)
        with pytest.raises(ClientError, match=r"NoSuchConfigurationAggregatorException.*other"):
            call(ConfigurationAggregatorName="other", **members)
        assert call(ConfigurationAggregatorName=aggregated.aggregate(), **members)

    def test_an_invalid_token(self, aggregated: Aggregated, operation: str, members: dict[str, Any]) -> None:
        """Is an error."""
        with pytest.raises(ClientError, match="InvalidNextTokenException"):
            getattr(aggregated.config, operation)(
                ConfigurationAggregatorName=aggregated.aggregate(), NextToken="other", **members
            )

    def test_throttled_once(self, aggregated: Aggregated, operation: str, members: dict[str, Any]) -> None:
        """The SDK tries again, and gets its answer."""
        name = "".join(word.title() for word in operation.split("_"))
        aggregated.sandbox.forget_calls()
        aggregated.sandbox.fail_next("config", name, "ThrottlingException")
        getattr(aggregated.config, operation)(ConfigurationAggregatorName=aggregated.aggregate(), **members)
        made = [call.error for call in aggregated.sandbox.calls if call.operation == name]
        assert made == ["ThrottlingException", ""]
