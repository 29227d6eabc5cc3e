"""When AWS Config invokes a rule, with which event, and what stands when that fails.

Source: https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from moto.config.models import config_backends

from lzkey_sandbox import Compliance, EvaluationLoopError, ServiceError

if TYPE_CHECKING:
    from .conftest import Account

ENABLED = Compliance("COMPLIANT", "enabled")
DISABLED = Compliance("NON_COMPLIANT", "state Disabled")


class TestTriggers:
    """What a rule subscribes to."""

    def test_change(self, account: Account) -> None:
        """A new rule sees the keys there are, and each change from then on."""
        key_id = account.key()
        rule = account.rule(account.function("PROBE_RULE"))
        assert account.sandbox.compliance(rule) == {key_id: ENABLED}
        account.kms("disable_key", KeyId=key_id)
        assert account.sandbox.compliance(rule) == {key_id: DISABLED}

    def test_periodic(self, account: Account) -> None:
        """Once when it is made, then when its schedule comes round, and not on changes."""
        key_id = account.key()
        rule = account.rule(account.function("PROBE_RULE"), triggers=("periodic",))
        assert account.sandbox.compliance(rule) == {key_id: ENABLED}
        account.kms("disable_key", KeyId=key_id)
        assert account.sandbox.compliance(rule) == {key_id: ENABLED}
        account.sandbox.run_scheduled(rule)
        account.sandbox.settle()
        assert account.sandbox.compliance(rule) == {key_id: DISABLED}

    def test_oversized_needs_a_subscription(self, account: Account) -> None:
        """A rule for changes alone is not told of items that do not fit."""
        account.sandbox.oversized_limit = 1000
        function = account.function("EVENT_LOG")
        account.rule(function, "both", ("change", "oversized"))
        account.rule(function, "one", ("change",))
        account.key()
        assert [event["configRuleName"] for event in account.events()] == ["both"]
        account.sandbox.oversized_limit = 256 * 1024
        account.key()
        assert [event["configRuleName"] for event in account.events()] == ["both", "both", "one"]

    @pytest.mark.parametrize(
        ("limit_from_size", "kind"),
        [(0, "ConfigurationItemChangeNotification"), (-1, "OversizedConfigurationItemChangeNotification")],
    )
    def test_limit_is_that_of_the_notification(
        self, account: Account, limit_from_size: int, kind: str
    ) -> None:
        """One byte decides."""
        account.rule(account.function("EVENT_LOG"))
        account.key()
        sent = account.sandbox.lambda_logs("EVENT_LOG").splitlines()[-1]
        event = json.loads(sent)
        account.sandbox.oversized_limit = len(event["invokingEvent"].encode()) + limit_from_size
        account.sandbox.client("config").start_config_rules_evaluation(ConfigRuleNames=["a-rule"])
        account.sandbox.settle()
        assert account.events()[-1]["invokingEvent"]["messageType"] == kind

    def test_schedule_of_all_rules_or_one(self, account: Account) -> None:
        """A rule without a schedule is left out; to name it, or nothing, is an error."""
        function = account.function("EVENT_LOG")
        account.rule(function, "first", ("periodic",))
        account.rule(function, "second", ("periodic",))
        account.rule(function, "changes", ("change",))
        account.sandbox.run_scheduled()
        account.sandbox.run_scheduled("second")
        account.sandbox.settle()
        assert [event["configRuleName"] for event in account.events()] == [
            "first",
            "second",
            "first",
            "second",
            "second",
        ]
        for name in ("changes", "another"):
            with pytest.raises(ServiceError, match=f"{name} is no rule with a periodic trigger"):
                account.sandbox.run_scheduled(name)


class TestRules:
    """Making, changing, starting and deleting a rule."""

    def test_changed_one_is_evaluated_again(self, account: Account) -> None:
        """With the new parameters; putting the same rule again changes nothing."""
        function, key_id = account.function("EVENT_LOG"), account.key()
        account.rule(function, parameters={"HomeRegion": "us-east-1"})
        (stored,) = config_backends["111122223333"]["us-east-1"].config_rules.values()
        stored.last_updated_time -= 60  # the twin below comes a minute later
        account.rule(function, parameters={"HomeRegion": "us-east-1"})
        account.rule(function, parameters={"HomeRegion": "eu-west-1"})
        assert [event["ruleParameters"] for event in account.events()] == [
            '{"HomeRegion": "us-east-1"}',
            '{"HomeRegion": "eu-west-1"}',
        ]
        items = [event["invokingEvent"]["configurationItem"]["resourceId"] for event in account.events()]
        assert items == [key_id, key_id]

    def test_started_by_hand(self, account: Account) -> None:
        """StartConfigRulesEvaluation sends every recorded key once more."""
        account.rule(account.function("EVENT_LOG"))
        keys = [account.key(), account.key()]
        account.sandbox.delete_key(keys[0])
        account.sandbox.settle()
        before = len(account.events())
        account.sandbox.client("config").start_config_rules_evaluation(ConfigRuleNames=["a-rule"])
        account.sandbox.settle()
        items = [event["invokingEvent"]["configurationItem"] for event in account.events()[before:]]
        assert [item["resourceId"] for item in items] == keys[1:]

    def test_deleted_and_made_again(self, account: Account) -> None:
        """Results go with the rule."""
        function, key_id = account.function("PROBE_RULE"), account.key()
        rule = account.rule(function)
        assert account.sandbox.compliance(rule) == {key_id: ENABLED}
        account.sandbox.client("config").delete_config_rule(ConfigRuleName=rule)
        account.kms("disable_key", KeyId=key_id)
        account.rule(function, rule, ("change",), ComplianceResourceTypes=["AWS::S3::Bucket"])
        assert account.sandbox.compliance(rule) == {}

    def test_managed_rules_have_no_function(self, account: Account) -> None:
        """They are left alone."""
        source = {"Owner": "AWS", "SourceIdentifier": "KMS_CMK_NOT_SCHEDULED_FOR_DELETION"}
        account.sandbox.client("config").put_config_rule(
            ConfigRule={"ConfigRuleName": "managed", "Source": source}
        )
        account.key()
        account.sandbox.settle()
        assert account.sandbox.compliance("managed") == {}


class TestScope:
    """Which keys a rule is for."""

    @pytest.mark.parametrize(
        ("scope", "tags", "covered"),
        [
            ({"ComplianceResourceTypes": ["AWS::KMS::Key"]}, {}, True),
            ({"ComplianceResourceTypes": ["AWS::KMS::Alias"]}, {}, False),
            ({"TagKey": "team"}, {"team": "platform"}, True),
            ({"TagKey": "team"}, {"other": "platform"}, False),
            ({"TagKey": "team", "TagValue": "platform"}, {"team": "platform"}, True),
            ({"TagKey": "team", "TagValue": "platform"}, {"team": "data"}, False),
        ],
    )
    def test_by_type_and_tag(
        self, account: Account, scope: dict[str, Any], tags: dict[str, str], covered: object
    ) -> None:
        """Each row that is covered has a twin that is not."""
        rule = account.rule(account.function("PROBE_RULE"), **scope)
        key_id = account.key(Tags=[{"TagKey": name, "TagValue": value} for name, value in tags.items()])
        assert account.sandbox.compliance(rule) == ({key_id: ENABLED} if covered else {})

    def test_by_id(self, account: Account) -> None:
        """One key alone."""
        chosen, other = account.key(), account.key()
        scope = {"ComplianceResourceTypes": ["AWS::KMS::Key"], "ComplianceResourceId": chosen}
        rule = account.rule(account.function("PROBE_RULE"), **scope)
        account.kms("disable_key", KeyId=other)
        assert account.sandbox.compliance(rule) == {chosen: ENABLED}

    def test_left(self, account: Account) -> None:
        """A key that loses its tag is told about once more, as having left."""
        account.rule(account.function("EVENT_LOG"), TagKey="team")
        key_id = account.key(Tags=[{"TagKey": "team", "TagValue": "platform"}])
        account.kms("untag_resource", KeyId=key_id, TagKeys=["team"])
        account.kms("disable_key", KeyId=key_id)
        assert [event["eventLeftScope"] for event in account.events()] == [False, True]

    def test_left_is_not_applicable(self, account: Account) -> None:
        """The result follows."""
        rule = account.rule(account.function("PROBE_RULE"), TagKey="team")
        key_id = account.key(Tags=[{"TagKey": "team", "TagValue": "platform"}])
        assert account.sandbox.compliance(rule)[key_id].compliance_type == "COMPLIANT"
        account.kms("untag_resource", KeyId=key_id, TagKeys=["team"])
        assert account.sandbox.compliance(rule)[key_id].compliance_type == "NOT_APPLICABLE"


class TestFailure:
    """A failure leaves the old results in place, and shows in the evaluation status."""

    def test_of_the_function(self, account: Account) -> None:
        """Its error is the last error until the next success."""
        rule, key_id = account.rule(account.function("PROBE_RULE")), account.key()
        good = account.sandbox.evaluation_status(rule)
        account.kms("update_key_description", KeyId=key_id, Description="raise")
        bad = account.sandbox.evaluation_status(rule)
        assert account.sandbox.compliance(rule) == {key_id: ENABLED}
        assert (bad["LastErrorCode"], bad["LastErrorMessage"]) == ("KeyError", "'the rule is broken'")
        assert bad["LastFailedEvaluationTime"] > good["LastSuccessfulEvaluationTime"]
        assert bad["LastSuccessfulEvaluationTime"] == good["LastSuccessfulEvaluationTime"]
        account.kms("update_key_description", KeyId=key_id, Description="")
        mended = account.sandbox.evaluation_status(rule)
        assert "LastErrorCode" not in mended
        assert mended["LastSuccessfulEvaluationTime"] > bad["LastFailedEvaluationTime"]

    def test_of_the_invocation(self, account: Account) -> None:
        """A function that is gone cannot be invoked."""
        rule, key_id = account.rule(account.function("PROBE_RULE")), account.key()
        account.sandbox.client("lambda").delete_function(FunctionName="PROBE_RULE")
        account.kms("disable_key", KeyId=key_id)
        status = account.sandbox.evaluation_status(rule)
        assert account.sandbox.compliance(rule) == {key_id: ENABLED}
        assert status["LastErrorCode"] == "ResourceNotFoundException"
        assert status["LastFailedInvocationTime"] > status["LastSuccessfulInvocationTime"]

    def test_a_rule_that_swallows_its_error_looks_well(self, account: Account) -> None:
        """What rdklib does with a refused PutEvaluations: the invocation succeeds, the old result stands."""
        rule, key_id = account.rule(account.function("PROBE_RULE")), account.key()
        account.sandbox.fail_next("config", "PutEvaluations", "AccessDeniedException")
        account.kms("disable_key", KeyId=key_id)
        assert account.sandbox.compliance(rule) == {key_id: ENABLED}
        assert "LastErrorCode" not in account.sandbox.evaluation_status(rule)


class TestSettle:
    """Waiting for the loop."""

    def test_has_a_limit(self, account: Account) -> None:
        """An evaluation that is not done in time is an error; the sandbox can still be left."""
        account.rule(account.function("PROBE_RULE"))
        account.sandbox.client("kms").create_key(Description="sleep")
        with pytest.raises(EvaluationLoopError, match=r"1 evaluations are not done after 0\.2 s"):
            account.sandbox.settle(timeout=0.2)
