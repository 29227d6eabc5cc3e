"""After a deployment: what AWS says is compared with what was asked for, and nothing else is believed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from lzkey import RULE_NAME
from lzkey.aws.stack import Stack
from lzkey.deployment import readback
from lzkey.deployment.build import build
from lzkey.deployment.rdk import rdk_arguments
from lzkey.deployment.stack import FUNCTION_NAME, STACK_NAME
from lzkey.errors import DeployError
from lzkey.parameters import Parameters, load
from lzkey.workplace import Workplace

from .conftest import target_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey.deployment.target import Target

    from .conftest import Project

ACCOUNT = "123456789012"  # moto's account
ROLE = f"arn:aws:iam::{ACCOUNT}:role/lzkey-lambda"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
CHANGE = [
    {"EventSource": "aws.config", "MessageType": "ConfigurationItemChangeNotification"},
    {"EventSource": "aws.config", "MessageType": "OversizedConfigurationItemChangeNotification"},
]
SCHEDULE = {
    "EventSource": "aws.config",
    "MessageType": "ScheduledNotification",
    "MaximumExecutionFrequency": "TwentyFour_Hours",
}


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch) -> Iterator[Target]:
    """An account in moto; nobody waits for what does not come."""
    monkeypatch.setattr(readback, "_WAIT_SECONDS", 0)
    with mock_aws():
        yield target_at(boto3.Session(region_name="us-east-1"), ACCOUNT, "us-east-1")


@pytest.fixture
def parameters(project: Project) -> Parameters:
    """The example with a role."""
    return load(
        project.parameters(lambdaRoleArn=ROLE, ManagementAccountId=ACCOUNT),
        at=Workplace.in_checkout(project.root),
    )


def put_function(target: Target, project: Project, **changes: Any) -> str:
    """Create the function as rdk would; returns the code's digest."""
    boto3.client("iam", target.region).create_role(
        RoleName="lzkey-lambda", AssumeRolePolicyDocument=json.dumps(TRUST)
    )
    archive = build("example", at=Workplace.in_checkout(project.root)).archive
    wanted: dict[str, Any] = {
        "FunctionName": FUNCTION_NAME,
        "Runtime": "python3.13",
        "Handler": f"{RULE_NAME}.lambda_handler",
        "Role": ROLE,
        "Timeout": 300,
        "Code": {"ZipFile": archive.path.read_bytes()},
    }
    boto3.client("lambda", target.region).create_function(**{**wanted, **changes})
    return archive.code_sha256


def put_rule(target: Target, parameters: Parameters, **changes: Any) -> None:
    """Create the rule as rdk's template would."""
    source = {
        "Owner": "CUSTOM_LAMBDA",
        "SourceIdentifier": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{FUNCTION_NAME}",
        "SourceDetails": changes.pop("SourceDetails", [*CHANGE, SCHEDULE]),
    }
    rule: dict[str, Any] = {
        "ConfigRuleName": RULE_NAME,
        "Source": source,
        "Scope": {"ComplianceResourceTypes": ["AWS::KMS::Key"]},
        "InputParameters": json.dumps(dict(parameters.rule)),
    }
    boto3.client("config", target.region).put_config_rule(ConfigRule={**rule, **changes})  # type: ignore[arg-type]


class TestRule:
    """The Config rule, as DescribeConfigRules shows it."""

    @pytest.fixture(autouse=True)
    def function(self, target: Target, project: Project, parameters: Parameters) -> None:
        """A rule's function exists before the rule."""
        assert parameters
        put_function(target, project)

    def test_as_asked(self, target: Target, parameters: Parameters) -> None:
        """Its ARN is the answer."""
        put_rule(target, parameters)
        assert ":config-rule/" in readback.verify_rule(target, parameters)

    def test_missing(self, target: Target, parameters: Parameters) -> None:
        """As after a roll-back."""
        with pytest.raises(DeployError, match="AWS Config has no rule"):
            readback.verify_rule(target, parameters)

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            (
                {"InputParameters": '{"HomeRegion": "eu-west-1"}'},
                "HomeRegion is 'eu-west-1', not 'us-east-1'",
            ),
            ({"InputParameters": '{"Extra": "1"}'}, "Extra is '1'; example.json gives none"),
            ({"SourceDetails": CHANGE}, "its triggers are"),
            ({"SourceDetails": [SCHEDULE]}, "not ConfigurationItemChangeNotification, Oversized"),
            ({"Scope": {"ComplianceResourceTypes": ["AWS::S3::Bucket"]}}, "its scope is AWS::S3::Bucket"),
        ],
    )
    def test_not_as_asked(
        self, target: Target, parameters: Parameters, changes: dict[str, Any], said: str
    ) -> None:
        """Each difference is named, with both sides."""
        put_rule(target, parameters, **changes)
        with pytest.raises(DeployError, match=said):
            readback.verify_rule(target, parameters)


class TestFunction:
    """The Lambda function, as GetFunctionConfiguration shows it."""

    def test_as_uploaded(self, target: Target, project: Project, parameters: Parameters) -> None:
        """Code, runtime, handler, role and timeout."""
        digest = put_function(target, project)
        arn, role = readback.verify_function(target, parameters, digest)
        assert arn.endswith(f":function:{FUNCTION_NAME}")
        assert role == ROLE

    @pytest.mark.parametrize(
        ("field", "value"),
        [("Runtime", "python3.12"), ("Handler", "other.lambda_handler"), ("Timeout", 3)],
    )
    def test_other_than_uploaded(
        self, target: Target, project: Project, parameters: Parameters, field: str, value: object
    ) -> None:
        """The field is named."""
        digest = put_function(target, project, **{field: value})
        with pytest.raises(DeployError, match=f"{field} is {value}, not "):
            readback.verify_function(target, parameters, digest)

    def test_older_code(self, target: Target, project: Project, parameters: Parameters) -> None:
        """The digest decides."""
        put_function(target, project)
        with pytest.raises(DeployError, match=r"CodeSha256 is .*, not something else"):
            readback.verify_function(target, parameters, "something else")

    def test_missing(self, target: Target, parameters: Parameters) -> None:
        """One line."""
        with pytest.raises(DeployError, match="does not exist"):
            readback.verify_function(target, parameters, "")


def event(resource: str, status: str, reason: str | None = None) -> dict[str, Any]:
    """A stack event; the stack's own have the stack's name."""
    stack_id = f"arn:aws:cloudformation:us-east-1:{ACCOUNT}:stack/{STACK_NAME}/1"
    made = {
        "StackId": stack_id,
        "EventId": f"{resource}-{status}",
        "StackName": STACK_NAME,
        "LogicalResourceId": resource,
        "PhysicalResourceId": stack_id if resource == STACK_NAME else resource,
        "ResourceStatus": status,
        "Timestamp": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return {**made, "ResourceStatusReason": reason} if reason else made


class StubbedSession(boto3.Session):
    """A session whose CloudFormation answers what a test says, checked against botocore's model."""

    def __init__(self, status: str, *events: dict[str, Any]) -> None:
        super().__init__("testing", "testing", region_name="us-east-1")
        self._answers = status, events

    def client(self, service_name: Any, *_: Any, **__: Any) -> Any:  # type: ignore[override]
        """Return CloudFormation's client with one stack and its events."""
        assert service_name == "cloudformation"
        client = super().client("cloudformation")
        stubber = Stubber(client)
        status, events = self._answers
        stack = {
            "StackName": STACK_NAME,
            "CreationTime": datetime(2026, 1, 1, tzinfo=UTC),
            "StackStatus": status,
        }
        stubber.add_response("describe_stacks", {"Stacks": [stack]})
        stubber.add_response("describe_stack_events", {"StackEvents": list(events)})
        stubber.activate()
        return client


class TestStack:
    """The stack: rdk ends with exit code 0 when CloudFormation has rolled back."""

    FAILED = (
        event(STACK_NAME, "ROLLBACK_COMPLETE"),
        event("Permission", "CREATE_FAILED", "Resource creation cancelled"),
        event("rdkConfigRule", "CREATE_FAILED", "There is no available configuration recorder"),
        event(STACK_NAME, "CREATE_IN_PROGRESS", "User Initiated"),
        event("older", "CREATE_FAILED", "of an operation before"),
    )

    def stack(self, status: str) -> Target:
        """The account with the stack in a status."""
        session = StubbedSession(status, *self.FAILED)
        return target_at(session, ACCOUNT, "us-east-1")

    @pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_COMPLETE"])
    def test_done(self, status: str) -> None:
        """The status is the answer."""
        assert readback.verify_stack(self.stack(status), None) == status

    @pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "CREATE_FAILED"])
    def test_rolled_back(self, status: str) -> None:
        """CloudFormation's reason is the message; what it cancelled for that reason is not."""
        with pytest.raises(DeployError) as caught:
            readback.verify_stack(self.stack(status), None)
        assert str(caught.value) == (
            f"stack {STACK_NAME} ended in {status}: "
            "rdkConfigRule CREATE_FAILED: There is no available configuration recorder"
        )

    def test_nothing_had_to_change(self) -> None:
        """A stack that was rolled back before, and now needs no update, is as asked."""
        before = Stack("UPDATE_ROLLBACK_COMPLETE", str(datetime(2026, 1, 1, tzinfo=UTC)))
        assert readback.verify_stack(self.stack("UPDATE_ROLLBACK_COMPLETE"), before) == before.status

    def test_missing(self, target: Target) -> None:
        """Not even begun."""
        with pytest.raises(DeployError, match="does not exist"):
            readback.verify_stack(target, None)


class TestGone:
    """After a removal: the stack, the rule and the function."""

    def test_nothing_there(self, target: Target) -> None:
        """Nothing to say."""
        readback.verify_gone(target)

    def test_stack_still_there(self, target: Target) -> None:
        """A deletion that failed is only printed by rdk."""
        body = '{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}'
        boto3.client("cloudformation", target.region).create_stack(StackName=STACK_NAME, TemplateBody=body)
        with pytest.raises(DeployError, match="in CREATE_COMPLETE: CloudFormation is not deleting it"):
            readback.verify_gone(target)

    def test_a_deletion_that_failed(self) -> None:
        """With CloudFormation's reason."""
        session = StubbedSession("DELETE_FAILED", *TestStack.FAILED)
        with pytest.raises(DeployError, match="still there, in DELETE_FAILED: rdkConfigRule CREATE_FAILED"):
            readback.verify_gone(target_at(session, ACCOUNT, "us-east-1"))

    def test_one_that_goes_on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Alone is said to be still at work."""
        monkeypatch.setattr(readback, "_WAIT_SECONDS", 0.0)
        with pytest.raises(DeployError, match="it is still being deleted"):
            readback.verify_gone(target_at(StubbedSession("DELETE_IN_PROGRESS"), ACCOUNT, "us-east-1"))

    def test_rule_still_there(self, target: Target, project: Project, parameters: Parameters) -> None:
        """Made by hand, or deleting for long."""
        put_function(target, project)
        put_rule(target, parameters)
        with pytest.raises(DeployError, match="still has the rule"):
            readback.verify_gone(target)

    def test_function_still_there(self, target: Target, project: Project, parameters: Parameters) -> None:
        """Named."""
        assert parameters
        put_function(target, project)
        with pytest.raises(DeployError, match=FUNCTION_NAME):
            readback.verify_gone(target)


class TestRdkArguments:
    """What rdk takes on its command line."""

    def test_only_what_was_given(self, project: Project) -> None:
        """An empty field is no flag."""
        given = load(project.parameters(lambdaTimeoutSeconds=None), at=Workplace.in_checkout(project.root))
        assert rdk_arguments(given) == ("deploy", RULE_NAME, "--lambda-timeout", "60")

    def test_all(self, project: Project) -> None:
        """The role, the bucket, the timeout."""
        given = load(
            project.parameters(lambdaRoleArn=ROLE, codeBucket="my-bucket"),
            at=Workplace.in_checkout(project.root),
        )
        assert rdk_arguments(given)[2:] == (
            *("--lambda-role-arn", ROLE),
            *("--custom-code-bucket", "my-bucket"),
            *("--lambda-timeout", "300"),
        )

    def test_boundary(self, project: Project) -> None:
        """For the role that rdk makes."""
        boundary = f"arn:aws:iam::{ACCOUNT}:policy/my-boundary"
        given = load(project.parameters(boundaryPolicyArn=boundary), at=Workplace.in_checkout(project.root))
        assert rdk_arguments(given)[2:4] == ("--boundary-policy-arn", boundary)
