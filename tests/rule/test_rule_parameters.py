"""The rule parameters: what is empty, what is wrong, and what rdklib reads of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from config_event import RuleError
from landing_zone_key import SettingsError

from .conftest import CREDENTIALS, PUT_EVALUATIONS, encoded, merged, sent
from .conftest import data as read

if TYPE_CHECKING:
    from .conftest import Aws

SERVICE_LINKED = (
    "arn:aws:iam::111122223333:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
)


def with_parameters(text: str | None) -> dict[str, Any]:
    """Return the update event with this text as its rule parameters, or without any."""
    event = read("events", "update")
    if text is None:
        return encoded(merged(event, {"ruleParameters": None}))
    return encoded({**event, "ruleParameters": text})


class TestNoParameters:
    """AWS Config sends an empty text, an empty object or nothing for a rule without parameters."""

    @pytest.mark.parametrize("text", ["", "{}", None, '{"HomeRegion": "", "ManagementAccountId": "  "}'])
    def test_what_is_required_is_asked_for(self, aws: Aws, text: str | None) -> None:
        """Not a decoding error but the names of both required parameters; nothing is asked of AWS."""
        with pytest.raises(SettingsError, match=r"HomeRegion is required.*ManagementAccountId is required"):
            aws.handle(with_parameters(text))

    @pytest.mark.parametrize(
        ("text", "said"), [("{", "are not JSON"), ("[]", "no JSON object, but list"), ('"x"', "but str")]
    )
    def test_what_is_no_object_is_named(self, aws: Aws, text: str, said: str) -> None:
        """One clear error, and nothing is asked of AWS."""
        with pytest.raises(RuleError, match=said):
            aws.handle(with_parameters(text))

    def test_an_empty_value_is_not_given(self, aws: Aws) -> None:
        """The optional ones may arrive empty: the defaults hold, and no role is named."""
        empty = dict.fromkeys(("OrganizationId", "KeyScope", "ExecutionRoleName", "ExecutionRoleRegion"), "")
        aws.expect_put().handle(sent("update", {"ruleParameters": empty}))
        assert aws.evaluations[0]["ComplianceType"] == "COMPLIANT"
        assert aws.clients["config"].meta.region_name == "us-east-1"


class TestWrongParameters:
    """A wrong parameter fails the invocation, with every fault in the message."""

    def test_every_fault_is_in_the_message(self, aws: Aws) -> None:
        """Two slips, one error."""
        wrong = {"HomeRegion": "nowhere", "ManagementAccountId": "1111"}
        with pytest.raises(SettingsError, match=r"HomeRegion.*nowhere.*ManagementAccountId.*1111"):
            aws.handle(sent("update", {"ruleParameters": wrong}))

    def test_a_boolean_is_named(self, aws: Aws) -> None:
        """Without our look at it, rdklib fails with an AttributeError, before anything has been checked."""
        with pytest.raises(SettingsError, match="AssumeRoleMode must be a string, not false"):
            aws.handle(sent("update", {"ruleParameters": {"AssumeRoleMode": False}}))

    def test_nothing_is_asked_before_the_parameters_are_right(self, aws: Aws) -> None:
        """Not even an oversized item's history."""
        with pytest.raises(SettingsError):
            aws.handle(sent("oversized", {"ruleParameters": {"HomeRegion": "nowhere"}}))

    def test_an_unknown_name_is_named(self, aws: Aws) -> None:
        """A misspelt parameter does not silently do nothing."""
        with pytest.raises(SettingsError, match="OrganisationId is not a parameter"):
            aws.handle(sent("update", {"ruleParameters": {"OrganisationId": "o-exampleorgid"}}))


class TestAssumedRole:
    """The member account's role, as rdklib's own parameters name it."""

    @pytest.mark.parametrize(
        ("given", "role"),
        [
            ({"AssumeRoleMode": None}, SERVICE_LINKED),
            ({"AssumeRoleMode": "true"}, SERVICE_LINKED),
            (
                {"AssumeRoleMode": "true", "ExecutionRoleName": "LandingZoneKeyReader"},
                "arn:aws:iam::111122223333:role/LandingZoneKeyReader",
            ),
            (
                {"AssumeRoleMode": None, "ExecutionRoleName": " service/LandingZoneKeyReader "},
                "arn:aws:iam::111122223333:role/service/LandingZoneKeyReader",
            ),
        ],
    )
    def test_it_is_assumed_once_and_puts_the_evaluation(
        self, aws: Aws, given: dict[str, str | None], role: str
    ) -> None:
        """AssumeRole and PutEvaluations, the latter with the role's credentials."""
        aws.expect("sts.AssumeRole", {"Credentials": CREDENTIALS}).expect_put()
        aws.handle(sent("update", {"ruleParameters": given}))
        assert aws.asked[0][1]["RoleArn"] == role
        assert aws.given["config"]["aws_access_key_id"] == CREDENTIALS["AccessKeyId"]

    @pytest.mark.parametrize("mode", ["false", "False", " false "])
    def test_none_is_assumed_without_the_mode(self, aws: Aws, mode: str) -> None:
        """Also where the text has blanks around it, which the settings accept and rdklib does not strip."""
        aws.expect_put().handle(sent("update", {"ruleParameters": {"AssumeRoleMode": mode}}))
        assert aws.calls == [PUT_EVALUATIONS]
        assert "aws_access_key_id" not in aws.given["config"]

    def test_the_clients_are_in_its_region(self, aws: Aws) -> None:
        """ExecutionRoleRegion says where AWS Config is asked."""
        aws.expect("sts.AssumeRole", {"Credentials": CREDENTIALS}).expect_put()
        change = {"AssumeRoleMode": "true", "ExecutionRoleRegion": "eu-west-1"}
        aws.handle(sent("update", {"ruleParameters": change}))
        assert aws.clients["config"].meta.region_name == "eu-west-1"

    def test_a_key_is_asked_for_in_its_own_region(self, aws: Aws) -> None:
        """In any other, KMS would say that it is not found, and it would pass for deleted."""
        aws.expect("kms.GetKeyPolicy", {"Policy": json.dumps(read("policies", "documented"))}).expect_put()
        change = {
            "ruleParameters": {"ExecutionRoleRegion": "eu-west-1"},
            "invokingEvent": {"configurationItem": {"supplementaryConfiguration": {"Policy": None}}},
        }
        aws.handle(sent("update", change))
        assert aws.clients["kms"].meta.region_name == "us-east-1"

    def test_the_landing_zone_is_read_by_the_function_itself(self, aws: Aws) -> None:
        """Control Tower answers in the management account's home Region alone, and the function is there."""
        aws.expect("controltower.ListLandingZones", read("answers", "list_landing_zones"))
        aws.expect("controltower.GetLandingZone", read("answers", "landing_zone_3"))
        aws.expect("sts.AssumeRole", {"Credentials": CREDENTIALS}).expect_put()
        change = {"AssumeRoleMode": "true", "KeyScope": "landing-zone", "ExecutionRoleRegion": "eu-west-1"}
        aws.handle(sent("update", {"ruleParameters": change}))
        assert "aws_access_key_id" not in aws.given["controltower"]
        assert aws.clients["controltower"].meta.region_name == "us-east-1"
