"""AWS::Config::OrganizationConfigRule, in rdk's template and in one of our own, and a function's policy.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-config-organizationconfigrule.html
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import rdk

from .accounts import zipped

if TYPE_CHECKING:
    from .organizations import Organized

TEMPLATE = (Path(rdk.__file__).parent / "template" / "configRuleOrganization.yaml").read_text()
NAME = "EVENT_LOG"
PARAMETERS = {
    "RuleName": NAME,
    "RuleLambdaName": NAME,
    "Description": "Logs events.",
    "LambdaRoleArn": "",
    "BoundaryPolicyArn": "",
    "SourceBucket": "code",
    "SourceRuntime": "python3.13",
    "SourceEvents": "AWS::KMS::Key",
    "SourcePeriodic": "NONE",
    "SourceInputParameters": '{"Number": "1"}',
    "SourceHandler": f"{NAME}.lambda_handler",
    "Layers": "",
    "Timeout": "60",
    "ExcludedAccounts": "",
}
CHANGES = ["ConfigurationItemChangeNotification", "OversizedConfigurationItemChangeNotification"]
SCHEDULE = "ScheduledNotification"


@pytest.fixture
def code(organized: Organized) -> None:
    """The function's code where rdk puts it."""
    source = Path(__file__).parent / "rules" / NAME / f"{NAME}.py"
    s3 = organized.sandbox.client("s3")
    s3.create_bucket(Bucket="code")
    s3.put_object(Bucket="code", Key=f"{NAME}/{NAME}.zip", Body=zipped({f"{NAME}.py": source.read_text()}))


def stack(organized: Organized, operation: str, template: str = TEMPLATE, **parameters: str) -> str:
    """Create or update the stack; return its status."""
    cloudformation = organized.sandbox.client("cloudformation")
    given = {**PARAMETERS, **parameters} if template == TEMPLATE else parameters
    getattr(cloudformation, operation)(
        StackName="EVENTLOG",
        TemplateBody=template,
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    cloudformation.get_waiter(f"stack_{operation.partition('_')[0]}_complete").wait(StackName="EVENTLOG")
    organized.sandbox.settle()
    return str(cloudformation.describe_stacks(StackName="EVENTLOG")["Stacks"][0]["StackStatus"])


def described(organized: Organized) -> dict[str, Any]:
    """Return the one organization rule."""
    answer = organized.sandbox.client("config").describe_organization_config_rules()
    (rule,) = answer["OrganizationConfigRules"]
    return dict(rule)


@pytest.mark.usefixtures("code")
class TestRdksTemplate:
    """The one that `rdk deploy-organization` deploys."""

    def test_makes_the_rule(self, organized: Organized) -> None:
        """Everything that rdk passes on is there, and nothing for what it leaves out."""
        assert stack(organized, "create_stack") == "CREATE_COMPLETE"
        rule = described(organized)
        assert "ExcludedAccounts" not in rule
        assert rule["OrganizationCustomRuleMetadata"] == {
            "Description": "Logs events.",
            "LambdaFunctionArn": f"arn:aws:lambda:us-east-1:111122223333:function:{NAME}",
            "OrganizationConfigRuleTriggerTypes": CHANGES,
            "InputParameters": '{"Number": "1"}',
            "ResourceTypesScope": ["AWS::KMS::Key"],
        }

    def test_drops_the_change_trigger_of_a_scheduled_rule(self, organized: Organized) -> None:
        """Which is rdk's doing, not ours."""
        stack(organized, "create_stack", SourcePeriodic="Six_Hours")
        metadata = described(organized)["OrganizationCustomRuleMetadata"]
        assert metadata["OrganizationConfigRuleTriggerTypes"] == [SCHEDULE]
        assert metadata["MaximumExecutionFrequency"] == "Six_Hours"

    def test_excluded_accounts(self, organized: Organized) -> None:
        """As a list; an update that empties it brings the rule to them."""
        organization = organized.organization
        excluded = [organization.log_archive, organization.audit]
        stack(organized, "create_stack", ExcludedAccounts=",".join(excluded))
        assert described(organized)["ExcludedAccounts"] == excluded
        assert stack(organized, "update_stack") == "UPDATE_COMPLETE"
        states = organized.states(name=NAME)
        assert {account: states[account] for account in excluded} == dict.fromkeys(
            excluded, "CREATE_SUCCESSFUL"
        )

    def test_evaluates_in_the_accounts(self, organized: Organized) -> None:
        """Under the permission of the same stack."""
        stack(organized, "create_stack")
        key_id = organized.key_in(organized.organization.sound[0])
        event = organized.events()[-1]
        assert event["accountId"] == organized.organization.sound[0]
        assert event["invokingEvent"]["configurationItem"]["resourceId"] == key_id
        assert event["ruleParameters"] == '{"Number": "1"}'

    def test_leaves_nothing_behind(self, organized: Organized) -> None:
        """Neither the rule, in any account, nor the function."""
        stack(organized, "create_stack")
        organized.sandbox.client("cloudformation").delete_stack(StackName="EVENTLOG")
        config = organized.sandbox.client("config")
        assert config.describe_organization_config_rules()["OrganizationConfigRules"] == []
        for account in organized.organization.accounts:
            rules = organized.sandbox.client("config", account=account).describe_config_rules()
            assert rules["ConfigRules"] == []

    def test_a_permission_that_was_replaced(self, organized: Organized) -> None:
        """Does not come back with an update, nor keep the stack from being deleted."""
        stack(organized, "create_stack")
        client = organized.sandbox.client("lambda")
        (ours,) = json.loads(client.get_policy(FunctionName=NAME)["Policy"])["Statement"]
        client.remove_permission(FunctionName=NAME, StatementId=ours["Sid"])
        stack(organized, "update_stack", Description="Logs other events.")
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            client.get_policy(FunctionName=NAME)
        organized.sandbox.client("cloudformation").delete_stack(StackName="EVENTLOG")
        assert client.list_functions()["Functions"] == []


class TestAllTriggers:
    """A template of our own: what the resource type takes, rdk's template does not."""

    def template(self, function: str, **properties: Any) -> str:
        """Return a template of the rule alone."""
        metadata = {
            "LambdaFunctionArn": function,
            "OrganizationConfigRuleTriggerTypes": [*CHANGES, SCHEDULE],
            "ResourceTypesScope": ["AWS::KMS::Key"],
            "InputParameters": {"Number": "2"},
            "MaximumExecutionFrequency": {"Ref": "AWS::NoValue"},
        }
        rule = {
            "Type": "AWS::Config::OrganizationConfigRule",
            "Properties": {
                "OrganizationConfigRuleName": NAME,
                "OrganizationCustomRuleMetadata": metadata,
                "ExcludedAccounts": ["444455556666", {"Ref": "AWS::NoValue"}],
                **properties,
            },
        }
        return json.dumps({"Resources": {"Rule": rule}, "Outputs": {"Name": {"Value": {"Ref": "Rule"}}}})

    def test_change_and_schedule(self, organized: Organized) -> None:
        """In one rule; what is AWS::NoValue is not there; Ref is the name."""
        stack(organized, "create_stack", self.template(organized.function(NAME)))
        rule = described(organized)
        metadata = rule["OrganizationCustomRuleMetadata"]
        assert metadata["OrganizationConfigRuleTriggerTypes"] == [*CHANGES, SCHEDULE]
        assert json.loads(metadata["InputParameters"]) == {"Number": "2"}
        assert "MaximumExecutionFrequency" not in metadata
        assert rule["ExcludedAccounts"] == ["444455556666"]
        stacks = organized.sandbox.client("cloudformation").describe_stacks(StackName="EVENTLOG")
        assert stacks["Stacks"][0]["Outputs"][0]["OutputValue"] == NAME

    def test_a_new_name_replaces_it(self, organized: Organized) -> None:
        """The old rule is gone."""
        function = organized.function(NAME)
        stack(organized, "create_stack", self.template(function))
        stack(organized, "update_stack", self.template(function, OrganizationConfigRuleName="OTHER"))
        assert described(organized)["OrganizationConfigRuleName"] == "OTHER"


class TestWholePolicy:
    """AWS::Lambda::ResourcePolicy, which can name the organization as AWS::Lambda::Permission cannot."""

    def template(self, function: str, organization: str) -> str:
        """Return a template of the policy alone."""
        statement = {
            "Sid": "config",
            "Effect": "Allow",
            "Principal": {"Service": "config.amazonaws.com"},
            "Action": "lambda:InvokeFunction",
            "Resource": function,
            "Condition": {"StringEquals": {"aws:SourceOrgID": organization}},
        }
        document = {"Version": "2012-10-17", "Statement": [statement]}
        properties = {"ResourceArn": function, "PolicyDocument": document}
        policy = {"Type": "AWS::Lambda::ResourcePolicy", "Properties": properties}
        return json.dumps({"Resources": {"Policy": policy}})

    def test_decides_who_may_invoke(self, organized: Organized) -> None:
        """It replaces what was there, and an update replaces it."""
        function = organized.function(NAME)
        organized.put(function)
        member, before = organized.organization.sound[0], len(organized.events())
        stack(organized, "create_stack", self.template(function, "o-otherorg000"))
        organized.key_in(member)
        assert len(organized.events()) == before
        stack(organized, "update_stack", self.template(function, "o-exampleorgid"))
        organized.key_in(member)
        assert len(organized.events()) == before + 1

    def test_goes_with_the_stack(self, organized: Organized) -> None:
        """The function has no policy then; without the function there is nothing to take away."""
        client = organized.sandbox.client("lambda")
        cloudformation = organized.sandbox.client("cloudformation")
        function = organized.function(NAME)
        stack(organized, "create_stack", self.template(function, "o-exampleorgid"))
        cloudformation.delete_stack(StackName="EVENTLOG")
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            client.get_policy(FunctionName=NAME)
        stack(organized, "create_stack", self.template(function, "o-exampleorgid"))
        client.delete_function(FunctionName=NAME)
        cloudformation.delete_stack(StackName="EVENTLOG")
        assert cloudformation.list_stacks(StackStatusFilter=["CREATE_COMPLETE"])["StackSummaries"] == []
