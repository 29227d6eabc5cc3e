"""How results are read: details by rule and by resource, a rule's compliance, its evaluation status.

Source: https://docs.aws.amazon.com/config/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Account

MIXED = (("key-1", "COMPLIANT"), ("key-2", "NON_COMPLIANT"), ("key-3", "NOT_APPLICABLE"))


def ids(results: list[Any]) -> list[str]:
    """Return the resource ids of evaluation results."""
    return [
        result["EvaluationResultIdentifier"]["EvaluationResultQualifier"]["ResourceId"] for result in results
    ]


class TestDetailsByRule:
    """GetComplianceDetailsByConfigRule."""

    def test_a_result(self, account: Account, put: Callable[..., Any]) -> None:
        """Has the members of EvaluationResult, with the time of the event that was judged."""
        put(("key-1", "NON_COMPLIANT"), ordering=1_800_000_000)
        config = account.sandbox.client("config")
        (result,) = config.get_compliance_details_by_config_rule(ConfigRuleName="a-rule")["EvaluationResults"]
        identifier = result["EvaluationResultIdentifier"]
        assert identifier["EvaluationResultQualifier"] == {
            "ConfigRuleName": "a-rule",
            "ResourceType": "AWS::KMS::Key",
            "ResourceId": "key-1",
            "EvaluationMode": "DETECTIVE",
        }
        assert identifier["OrderingTimestamp"] == datetime.fromtimestamp(1_800_000_000, UTC)
        assert result["ComplianceType"] == "NON_COMPLIANT"
        assert result["ConfigRuleInvokedTime"] <= result["ResultRecordedTime"]
        assert "Annotation" not in result

    @pytest.mark.parametrize(
        ("limit", "sizes"), [(None, [10, 10, 5]), (0, [10, 10, 5]), (25, [25]), (24, [24, 1]), (100, [25])]
    )
    def test_pages(
        self, account: Account, put: Callable[..., Any], limit: int | None, sizes: list[int]
    ) -> None:
        """Of `Limit` results, ten unless said otherwise; together they are all, each once."""
        put(*[(f"key-{number}", "COMPLIANT") for number in range(25)])
        config, pages, token = account.sandbox.client("config"), [], {}
        asked = {} if limit is None else {"Limit": limit}
        while not pages or token:
            page = config.get_compliance_details_by_config_rule(ConfigRuleName="a-rule", **asked, **token)
            pages.append(ids(page["EvaluationResults"]))
            token = {"NextToken": page["NextToken"]} if "NextToken" in page else {}
        assert [len(page) for page in pages] == sizes
        assert [key for page in pages for key in page] == [f"key-{number}" for number in range(25)]

    @pytest.mark.parametrize(
        ("wanted", "found"),
        [
            ([], ["key-1", "key-2", "key-3"]),
            (["COMPLIANT"], ["key-1"]),
            (["NON_COMPLIANT", "NOT_APPLICABLE"], ["key-2", "key-3"]),
        ],
    )
    def test_filter(
        self, account: Account, put: Callable[..., Any], wanted: list[str], found: list[str]
    ) -> None:
        """Of compliance types; without one NOT_APPLICABLE is there as well."""
        put(*MIXED)
        config = account.sandbox.client("config")
        answer = config.get_compliance_details_by_config_rule(ConfigRuleName="a-rule", ComplianceTypes=wanted)
        assert ids(answer["EvaluationResults"]) == found

    @pytest.mark.parametrize(
        ("members", "code"),
        [
            ({"ConfigRuleName": "another"}, "NoSuchConfigRuleException"),
            ({"ComplianceTypes": ["INSUFFICIENT_DATA"]}, "InvalidParameterValueException"),
            ({"Limit": 101}, "ValidationException"),
            ({"NextToken": "made-up"}, "InvalidNextTokenException"),
            ({"NextToken": "MTI="}, "InvalidNextTokenException"),
        ],
    )
    def test_refusals(
        self, account: Account, put: Callable[..., Any], members: dict[str, Any], code: str
    ) -> None:
        """Each differs in one member from a request that is answered."""
        put(*MIXED)
        config = account.sandbox.client("config")
        good: dict[str, Any] = {"ConfigRuleName": "a-rule", "ComplianceTypes": ["COMPLIANT"], "Limit": 100}
        assert config.get_compliance_details_by_config_rule(**good)["EvaluationResults"]
        with pytest.raises(ClientError) as caught:
            config.get_compliance_details_by_config_rule(**{**good, **members})
        assert caught.value.response["Error"]["Code"] == code


class TestDetailsByResource:
    """GetComplianceDetailsByResource."""

    def test_of_every_rule(self, account: Account, put: Callable[..., Any]) -> None:
        """What each rule found about one resource, and no other's."""
        put(*MIXED)
        function = account.sandbox.client("lambda").get_function_configuration(FunctionName="EVENT_LOG")
        account.rule(function["FunctionArn"], "b-rule", ("periodic",))
        put(("key-2", "COMPLIANT"), ResultToken=account.token("b-rule"))
        config = account.sandbox.client("config")
        asked = {"ResourceType": "AWS::KMS::Key", "ResourceId": "key-2"}
        found = config.get_compliance_details_by_resource(**asked)["EvaluationResults"]
        assert {
            result["EvaluationResultIdentifier"]["EvaluationResultQualifier"]["ConfigRuleName"]: result[
                "ComplianceType"
            ]
            for result in found
        } == {"a-rule": "NON_COMPLIANT", "b-rule": "COMPLIANT"}
        narrowed = config.get_compliance_details_by_resource(**asked, ComplianceTypes=["COMPLIANT"])
        assert len(narrowed["EvaluationResults"]) == 1

    def test_needs_type_and_id(self, account: Account) -> None:
        """One alone is refused; of an unknown resource nothing is known."""
        config = account.sandbox.client("config")
        with pytest.raises(ClientError, match="InvalidParameterValueException"):
            config.get_compliance_details_by_resource(ResourceType="AWS::KMS::Key")
        answer = config.get_compliance_details_by_resource(ResourceType="AWS::KMS::Key", ResourceId="key-9")
        assert answer["EvaluationResults"] == []


class TestComplianceOfARule:
    """DescribeComplianceByConfigRule: one word for all resources."""

    @pytest.mark.parametrize(
        ("results", "compliance"),
        [
            ((), "INSUFFICIENT_DATA"),
            (MIXED[2:], "INSUFFICIENT_DATA"),
            (MIXED[::2], "COMPLIANT"),
            (MIXED, "NON_COMPLIANT"),
        ],
    )
    def test_word(
        self, account: Account, put: Callable[..., Any], results: tuple[Any, ...], compliance: str
    ) -> None:
        """One bad resource makes it NON_COMPLIANT; without a judged one there is not enough data."""
        put(*results)
        config = account.sandbox.client("config")
        (summary,) = config.describe_compliance_by_config_rule()["ComplianceByConfigRules"]
        assert summary["ConfigRuleName"] == "a-rule"
        assert summary["Compliance"]["ComplianceType"] == compliance
        assert config.describe_compliance_by_config_rule(ComplianceTypes=[compliance])[
            "ComplianceByConfigRules"
        ]

    @pytest.mark.parametrize(("bad", "count", "more"), [(25, 25, False), (26, 25, True)])
    def test_count_of_contributors(
        self, account: Account, put: Callable[..., Any], bad: int, count: int, more: object
    ) -> None:
        """Is capped, and says so."""
        put(*[(f"key-{number}", "NON_COMPLIANT") for number in range(bad)])
        config = account.sandbox.client("config")
        (summary,) = config.describe_compliance_by_config_rule()["ComplianceByConfigRules"]
        assert summary["Compliance"]["ComplianceContributorCount"] == {
            "CappedCount": count,
            "CapExceeded": more,
        }

    def test_filter_and_unknown_names(self, account: Account, put: Callable[..., Any]) -> None:
        """By compliance type; a rule that does not exist is an error that names it."""
        put(("key-1", "COMPLIANT"))
        config = account.sandbox.client("config")
        answer = config.describe_compliance_by_config_rule(ComplianceTypes=["NON_COMPLIANT"])
        assert answer["ComplianceByConfigRules"] == []
        with pytest.raises(ClientError, match="'another'"):
            config.describe_compliance_by_config_rule(ConfigRuleNames=["a-rule", "another"])


class TestEvaluationStatus:
    """DescribeConfigRuleEvaluationStatus."""

    def test_of_a_rule_that_reports(self, account: Account, put: Callable[..., Any]) -> None:
        """Invoked when the rule was made, evaluated when results arrived."""
        before = account.sandbox.evaluation_status("a-rule")
        assert before["LastSuccessfulInvocationTime"] >= before["FirstActivatedTime"]
        assert before["FirstEvaluationStarted"] is False
        assert not {"LastSuccessfulEvaluationTime", "LastErrorCode", "LastFailedInvocationTime"} & set(before)
        put(("key-1", "COMPLIANT"))
        after = account.sandbox.evaluation_status("a-rule")
        assert after["LastSuccessfulEvaluationTime"] >= after["LastSuccessfulInvocationTime"]
        assert after["FirstEvaluationStarted"] is True

    def test_pages(self, account: Account, put: Callable[..., Any]) -> None:
        """Rules in the order of their names."""
        assert put
        config = account.sandbox.client("config")
        managed = {"Owner": "AWS", "SourceIdentifier": "KMS_CMK_NOT_SCHEDULED_FOR_DELETION"}
        config.put_config_rule(ConfigRule={"ConfigRuleName": "managed", "Source": managed})
        account.sandbox.settle()
        first = config.describe_config_rule_evaluation_status(Limit=1)
        second = config.describe_config_rule_evaluation_status(Limit=1, NextToken=first["NextToken"])
        names = [page["ConfigRulesEvaluationStatus"][0]["ConfigRuleName"] for page in (first, second)]
        assert names == ["a-rule", "managed"]
        assert "NextToken" not in second
        assert "FirstActivatedTime" not in second["ConfigRulesEvaluationStatus"][0]


class TestDeleteEvaluationResults:
    """Old results go, and nothing else."""

    def test_until_the_next_evaluation(self, account: Account, put: Callable[..., Any]) -> None:
        """The rule's token is still good."""
        put(*MIXED)
        config = account.sandbox.client("config")
        config.delete_evaluation_results(ConfigRuleName="a-rule")
        assert account.sandbox.compliance("a-rule") == {}
        put(("key-1", "COMPLIANT"), ordering=1)
        assert list(account.sandbox.compliance("a-rule")) == ["key-1"]

    def test_of_no_rule(self, account: Account, put: Callable[..., Any]) -> None:
        """Is an error, and the others keep theirs."""
        put(*MIXED)
        with pytest.raises(ClientError, match="NoSuchConfigRuleException"):
            account.sandbox.client("config").delete_evaluation_results(ConfigRuleName="another")
        assert len(account.sandbox.compliance("a-rule")) == 3
