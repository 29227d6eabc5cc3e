"""PutEvaluations: the result token, the limits, the order of results, and results that are not taken.

Source: https://docs.aws.amazon.com/config/latest/APIReference/API_PutEvaluations.html
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from lzkey_sandbox import Sandbox

from .conftest import Account

if TYPE_CHECKING:
    from collections.abc import Callable


def refusal(call: Callable[..., Any], *results: Any, **members: Any) -> str:
    """Return the error code with which a call is refused."""
    with pytest.raises(ClientError) as caught:
        call(*results, **members)
    return str(caught.value.response["Error"]["Code"])


class TestResultToken:
    """The token says which rule the evaluations are for."""

    def test_of_an_invocation_is_good(self, account: Account, put: Callable[..., Any]) -> None:
        """Also more than once: a rule with many results sends them in batches."""
        assert put(("key-1", "COMPLIANT"))["FailedEvaluations"] == []
        put(("key-2", "NON_COMPLIANT"))
        assert {
            key: found.compliance_type for key, found in account.sandbox.compliance("a-rule").items()
        } == {
            "key-1": "COMPLIANT",
            "key-2": "NON_COMPLIANT",
        }

    def test_unknown(self, account: Account, put: Callable[..., Any]) -> None:
        """Refused, and nothing is stored."""
        assert refusal(put, ("key-1", "COMPLIANT"), ResultToken="made-up") == "InvalidResultTokenException"
        assert account.sandbox.compliance("a-rule") == {}

    @pytest.mark.parametrize(
        ("region", "owner"), [("eu-west-1", "111122223333"), ("us-east-1", "444455556666")]
    )
    def test_of_another_place(
        self, account: Account, put: Callable[..., Any], region: str, owner: str
    ) -> None:
        """A token is good in the account and Region of its rule alone."""
        assert put(("key-1", "COMPLIANT"))["FailedEvaluations"] == []
        elsewhere = account.sandbox.client("config", region, owner)
        with pytest.raises(ClientError, match="InvalidResultTokenException"):
            elsewhere.put_evaluations(ResultToken=account.token(), Evaluations=[])

    def test_expired(self) -> None:
        """A sandbox may give tokens a short life; this one's are stale at once."""
        with Sandbox(token_lifetime=timedelta(0)) as sandbox:
            account = Account(sandbox)
            account.rule(account.function("EVENT_LOG"), triggers=("periodic",))
            with pytest.raises(ClientError, match="InvalidResultTokenException"):
                sandbox.client("config").put_evaluations(ResultToken=account.token(), Evaluations=[])

    def test_of_a_deleted_rule(self, account: Account, put: Callable[..., Any]) -> None:
        """NoSuchConfigRuleException; a new rule of the same name does not inherit the token."""
        config, token = account.sandbox.client("config"), account.token()
        config.delete_config_rule(ConfigRuleName="a-rule")
        assert refusal(put, ("key-1", "COMPLIANT")) == "NoSuchConfigRuleException"
        function = account.sandbox.client("lambda").get_function_configuration(FunctionName="EVENT_LOG")
        account.rule(function["FunctionArn"], triggers=("periodic",))
        assert account.token() != token
        assert refusal(put, ("key-1", "COMPLIANT")) == "NoSuchConfigRuleException"


class TestTestMode:
    """A dry run."""

    def test_any_token_and_nothing_stored(self, account: Account, put: Callable[..., Any]) -> None:
        """As documented: the token may be anything but absent."""
        answer = put(("key-1", "COMPLIANT"), TestMode=True, ResultToken="anything")
        assert answer["FailedEvaluations"] == []
        assert account.sandbox.compliance("a-rule") == {}
        assert "LastSuccessfulEvaluationTime" not in account.sandbox.evaluation_status("a-rule")

    @pytest.mark.parametrize("token", ["", "anything"])
    def test_with_nothing_in_it(self, put: Callable[..., Any], token: str) -> None:
        """No evaluation, and an empty token; without test mode a token has to be good."""
        assert put(TestMode=True, ResultToken=token)["FailedEvaluations"] == []
        assert put()["FailedEvaluations"] == []
        with pytest.raises(ClientError, match="InvalidResultTokenException"):
            put(ResultToken=token)

    def test_off_is_the_real_thing(self, account: Account, put: Callable[..., Any]) -> None:
        """The twin."""
        put(("key-1", "COMPLIANT"), TestMode=False)
        assert "key-1" in account.sandbox.compliance("a-rule")
        assert account.sandbox.evaluation_status("a-rule")["FirstEvaluationStarted"]


class TestLimits:
    """What botocore's model says and botocore itself does not check."""

    def test_one_hundred_evaluations(self, account: Account, put: Callable[..., Any]) -> None:
        """Are taken."""
        put(*[(f"key-{number}", "COMPLIANT") for number in range(100)])
        assert len(account.sandbox.compliance("a-rule")) == 100

    def test_one_hundred_and_one(self, account: Account, put: Callable[..., Any]) -> None:
        """Are not, not even the first hundred."""
        results = [(f"key-{number}", "COMPLIANT") for number in range(101)]
        assert refusal(put, *results) == "ValidationException"
        assert account.sandbox.compliance("a-rule") == {}

    @pytest.mark.parametrize(
        ("member", "good", "bad"),
        [
            ("Annotation", "x" * 256, "x" * 257),
            ("ComplianceType", "NOT_APPLICABLE", "PERHAPS"),
            ("ComplianceResourceId", "x" * 768, "x" * 769),
            ("ComplianceResourceType", "x" * 256, "x" * 257),
        ],
    )
    def test_members(self, put: Callable[..., Any], member: str, good: str, bad: str) -> None:
        """Each is refused one step beyond what is good, and the message names the place."""
        evaluation = {
            "ComplianceResourceType": "AWS::KMS::Key",
            "ComplianceResourceId": "key-1",
            "ComplianceType": "COMPLIANT",
            "OrderingTimestamp": 1_800_000_000,
        }
        assert put(Evaluations=[{**evaluation, member: good}])["FailedEvaluations"] == []
        with pytest.raises(ClientError) as caught:
            put(Evaluations=[{**evaluation, member: bad}])
        error = caught.value.response["Error"]
        assert error["Code"] == "ValidationException"
        assert f"evaluations.1.member.{member[0].lower()}{member[1:]}' failed" in error["Message"]

    def test_insufficient_data_is_for_config_alone(self, put: Callable[..., Any]) -> None:
        """A rule may send the other three."""
        assert refusal(put, ("key-1", "INSUFFICIENT_DATA")) == "InvalidParameterValueException"


class TestOrder:
    """Of two results for one resource the one of the later event counts, whichever arrives last."""

    @pytest.mark.parametrize(
        ("second_at", "shown"),
        [(2_000_000_000, "NON_COMPLIANT"), (1_900_000_000, "NON_COMPLIANT"), (1_800_000_000, "COMPLIANT")],
    )
    def test_of_ordering_timestamps(
        self, account: Account, put: Callable[..., Any], second_at: int, shown: str
    ) -> None:
        """Later and equal replace, earlier does not."""
        put(("key-1", "COMPLIANT"), ordering=1_900_000_000)
        put(("key-1", "NON_COMPLIANT"), ordering=second_at)
        assert account.sandbox.compliance("a-rule")["key-1"].compliance_type == shown


class TestFailedEvaluations:
    """The call succeeds and says which evaluations were not taken."""

    def test_on_demand(self, account: Account, put: Callable[..., Any]) -> None:
        """As many calls as asked for; the next one is taken again."""
        account.sandbox.reject_evaluations(times=1)
        (failed,) = put(("key-1", "COMPLIANT"))["FailedEvaluations"]
        assert (failed["ComplianceResourceId"], failed["ComplianceType"]) == ("key-1", "COMPLIANT")
        assert account.sandbox.compliance("a-rule") == {}
        assert put(("key-1", "COMPLIANT"))["FailedEvaluations"] == []
        assert "key-1" in account.sandbox.compliance("a-rule")
