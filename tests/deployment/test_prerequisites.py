"""Before a deployment: the wrong place, or something missing, is one clear line and nothing is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from lzkey.aws.unanswered import CredentialsError
from lzkey.deployment.prerequisites import inspect, require_role
from lzkey.deployment.stack import STACK_NAME
from lzkey.deployment.target import Target, Where, identify
from lzkey.errors import PrerequisiteError
from lzkey.parameters import Parameters, load
from lzkey.workplace import Workplace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import Project

MANAGEMENT = "123456789012"  # moto's account
BUCKET = f"config-rule-code-bucket-{MANAGEMENT}-us-east-1"
ROLE = f"arn:aws:iam::{MANAGEMENT}:role/path/lzkey-lambda"


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An account in moto, and no Region in the environment."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with mock_aws():
        yield


def parameters(project: Project, **changes: Any) -> Parameters:
    """The example for moto's account."""
    return load(
        project.parameters(**{"ManagementAccountId": MANAGEMENT, **changes}),
        at=Workplace.in_checkout(project.root),
    )


def refusal(project: Project, where: Where = Where(), **changes: Any) -> str:  # noqa: B008 - frozen
    """What is said instead of going to an account."""
    with pytest.raises(PrerequisiteError) as caught:
        identify(parameters(project, **changes), where)
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def target(project: Project) -> Target:
    """The account, reached with the example's parameters."""
    return identify(parameters(project), Where())


def only_config(there: Target, monkeypatch: pytest.MonkeyPatch) -> Any:
    """One client of AWS Config for every session; those of other services are as they were."""
    config, others = boto3.client("config", there.region), boto3.Session.client

    def client(session: boto3.Session, name: Any, **settings: Any) -> Any:
        return config if name == "config" else others(session, name, **settings)

    monkeypatch.setattr(boto3.Session, "client", client)
    return config


def obstacle(project: Project, **changes: Any) -> str:
    """What is said about the account."""
    with pytest.raises(PrerequisiteError) as caught:
        inspect(parameters(project, **changes), target(project))
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


class TestPlace:
    """Which account and Region, and how they were found."""

    def test_home(self, project: Project) -> None:
        """The management account, in the home Region."""
        found = target(project)
        assert (found.account, found.region, found.partition) == (MANAGEMENT, "us-east-1", "aws")

    def test_home_region_when_nobody_says_anything(self, project: Project) -> None:
        """Neither flag nor file nor environment."""
        assert identify(parameters(project, region=None), Where()).region == "us-east-1"

    @pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
    def test_environment(self, project: Project, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """As in the AWS CLI, when the file says nothing; a Region that is not the home is refused."""
        monkeypatch.setenv(name, "eu-west-1")
        said = refusal(project, region=None)
        assert name in said
        assert "is eu-west-1, but the landing zone's home Region is us-east-1" in said
        assert target(project).region == "us-east-1"

    def test_argument_comes_first(self, project: Project) -> None:
        """Before the file and the environment."""
        assert "--region is eu-west-1" in refusal(project, Where(region="eu-west-1"))
        allowed = Where(region="eu-west-1", other_region=True)
        assert identify(parameters(project), allowed).region == "eu-west-1"

    def test_another_account(self, project: Project) -> None:
        """The rule would judge every key MANAGEMENT_ACCOUNT there."""
        said = refusal(project, ManagementAccountId="111122223333")
        assert f"belong to account {MANAGEMENT}" in said
        assert "is 111122223333" in said
        elsewhere = parameters(project, ManagementAccountId="111122223333")
        assert identify(elsewhere, Where(other_account=True)).account == MANAGEMENT

    def test_no_credentials(self, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
        """What to type is part of the message."""
        with monkeypatch.context() as environ:
            for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
                environ.delenv(name, raising=False)
            with pytest.raises(CredentialsError, match="there are no AWS credentials: sign in"):
                target(project)

    def test_no_such_profile(self, project: Project) -> None:
        """A slip in --profile."""
        assert "aws configure list-profiles" in refusal(project, Where(profile="nobody"))


class TestBucket:
    """The bucket that rdk puts the code into must be there."""

    def test_missing(self, project: Project) -> None:
        """Named as rdk names it."""
        assert (
            f"the code bucket {BUCKET} does not exist; run `aws s3 mb s3://{BUCKET} --region us-east-1`"
            in obstacle(project)
        )

    def test_there(self, project: Project) -> None:
        """The twin."""
        boto3.client("s3", "us-east-1").create_bucket(Bucket=BUCKET)
        inspect(parameters(project), target(project))

    def test_another_one(self, project: Project) -> None:
        """deployment.codeBucket takes its place."""
        assert "the code bucket my-bucket does not exist" in obstacle(project, codeBucket="my-bucket")
        boto3.client("s3", "us-east-1").create_bucket(Bucket="my-bucket")
        inspect(parameters(project, codeBucket="my-bucket"), target(project))

    def test_in_another_region(self, project: Project) -> None:
        """Lambda reads code from its own Region only."""
        where: Any = {"LocationConstraint": "eu-west-1"}
        boto3.client("s3", "eu-west-1").create_bucket(Bucket="my-bucket", CreateBucketConfiguration=where)
        assert "my-bucket is in eu-west-1" in obstacle(project, codeBucket="my-bucket")


class TestRole:
    """The Lambda's role."""

    def test_landing_zone_scope_needs_one_of_our_own(self, project: Project) -> None:
        """The role that rdk makes may read everything but Control Tower."""
        with pytest.raises(PrerequisiteError, match="may not call controltower:GetLandingZone"):
            require_role(parameters(project, KeyScope="landing-zone"))
        require_role(parameters(project, KeyScope="landing-zone", lambdaRoleArn=ROLE))
        require_role(parameters(project, KeyScope="all"))

    def test_manifest_of_another_account(self, project: Project) -> None:
        """Control Tower answers in the management account alone: the Lambda would fail on every event."""
        there = target(project)
        given = {"KeyScope": "landing-zone", "lambdaRoleArn": ROLE}
        elsewhere = parameters(project, ManagementAccountId="111122223333", **given)
        with pytest.raises(PrerequisiteError, match="works in the management account alone"):
            inspect(elsewhere, there)
        boto3.client("s3", "us-east-1").create_bucket(Bucket=BUCKET)
        boto3.client("iam").create_role(RoleName="lzkey-lambda", Path="/path/", AssumeRolePolicyDocument="{}")
        inspect(parameters(project, **given), there)

    def test_must_exist(self, project: Project) -> None:
        """Before CloudFormation finds out, minutes later."""
        boto3.client("s3", "us-east-1").create_bucket(Bucket=BUCKET)
        assert "deploy deploy/lambda-role.yaml" in obstacle(project, lambdaRoleArn=ROLE)
        boto3.client("iam").create_role(RoleName="lzkey-lambda", Path="/path/", AssumeRolePolicyDocument="{}")
        inspect(parameters(project, lambdaRoleArn=ROLE), target(project))

    def test_must_have_the_path_that_is_given(self, project: Project) -> None:
        """GetRole finds a role by its name alone; Lambda would not find it."""
        boto3.client("s3", "us-east-1").create_bucket(Bucket=BUCKET)
        boto3.client("iam").create_role(RoleName="lzkey-lambda", Path="/path/", AssumeRolePolicyDocument="{}")
        inspect(parameters(project, lambdaRoleArn=ROLE), target(project))
        for other in (ROLE.replace("/path", ""), ROLE.replace("path", "another")):
            assert f"{other} does not exist, but {ROLE} does" in obstacle(project, lambdaRoleArn=other)

    def test_must_be_the_accounts_own(self, project: Project) -> None:
        """A function cannot have a role of another account."""
        boto3.client("s3", "us-east-1").create_bucket(Bucket=BUCKET)
        other = ROLE.replace(MANAGEMENT, "111122223333")
        assert f"is not a role of account {MANAGEMENT}" in obstacle(project, lambdaRoleArn=other)


class TestRecorder:
    """Without a recorder no change is delivered; that is a warning, as the schedule still works."""

    @pytest.fixture(autouse=True)
    def bucket(self) -> None:
        """What else is needed."""
        boto3.client("s3", "us-east-1").create_bucket(Bucket=BUCKET)

    def record(self, group: Any, *, start: bool = True) -> None:
        """Create a recorder."""
        config = boto3.client("config", "us-east-1")
        recorder = {"name": "default", "roleARN": ROLE, "recordingGroup": group}
        config.put_configuration_recorder(ConfigurationRecorder=recorder)  # type: ignore[arg-type]
        config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": BUCKET})
        if start:
            config.start_configuration_recorder(ConfigurationRecorderName="default")

    def warnings(self, project: Project, **changes: Any) -> tuple[str, ...]:
        """What is said."""
        return inspect(parameters(project, **changes), target(project))

    def test_none(self, project: Project) -> None:
        """As Control Tower leaves the management account."""
        (warning,) = self.warnings(project)
        assert "there is no AWS Config recorder in account" in warning

    def test_everything(self, project: Project) -> None:
        """The twin: nothing to say."""
        self.record({"allSupported": True, "includeGlobalResourceTypes": True})
        assert self.warnings(project) == ()

    def test_keys_only(self, project: Project) -> None:
        """The least that is needed."""
        self.record({"allSupported": False, "resourceTypes": ["AWS::KMS::Key"]})
        assert self.warnings(project) == ()

    def test_everything_but_keys(self, project: Project) -> None:
        """The type is named."""
        self.record({"allSupported": False, "resourceTypes": ["AWS::S3::Bucket"]})
        (warning,) = self.warnings(project)
        assert "does not record AWS::KMS::Key" in warning
        only = {"triggers": ["periodic"]}
        assert self.warnings(project, **only) == ()

    def test_stopped(self, project: Project) -> None:
        """It is there and does nothing."""
        self.record({"allSupported": True, "includeGlobalResourceTypes": True}, start=False)
        (warning,) = self.warnings(project)
        assert "is stopped" in warning

    @pytest.mark.parametrize("of_a_service", [True, False])
    def test_of_a_service(
        self,
        project: Project,
        monkeypatch: pytest.MonkeyPatch,
        of_a_service: bool,  # noqa: FBT001
    ) -> None:
        """One that an AWS service runs for itself delivers to no rule: as if there were none."""
        there = target(project)
        recorder: Any = {"name": "its-own", "recordingGroup": {"allSupported": True}}
        if of_a_service:
            recorder |= {"servicePrincipal": "my-service.amazonaws.com", "recordingScope": "INTERNAL"}
        config = only_config(there, monkeypatch)
        with Stubber(config) as stubber:
            stubber.add_response("describe_configuration_recorders", {"ConfigurationRecorders": [recorder]})
            if not of_a_service:
                status: Any = {"name": "its-own", "recording": True}
                stubber.add_response(
                    "describe_configuration_recorder_status", {"ConfigurationRecordersStatus": [status]}
                )
            said = inspect(parameters(project), there)
            stubber.assert_no_pending_responses()
        assert [line[:32] for line in said] == ["there is no AWS Config recorder "] * of_a_service

    @pytest.mark.parametrize("status", ["FAILURE", "SUCCESS"])
    def test_one_that_failed_the_last_time(
        self, project: Project, monkeypatch: pytest.MonkeyPatch, status: str
    ) -> None:
        """What is changed now may not be delivered; the twin did not fail."""
        there = target(project)
        config = only_config(there, monkeypatch)
        recorder: Any = {"name": "default", "recordingGroup": {"allSupported": True}}
        fares: Any = {"recording": True, "lastStatus": status, "lastErrorCode": "AccessDenied"}
        with Stubber(config) as stubber:
            stubber.add_response("describe_configuration_recorders", {"ConfigurationRecorders": [recorder]})
            stubber.add_response(
                "describe_configuration_recorder_status",
                {"ConfigurationRecordersStatus": [{"name": "default", **fares}]},
            )
            said = inspect(parameters(project), there)
        assert ["failed the last time (AccessDenied)" in line for line in said] == [True] * (
            status == "FAILURE"
        )


class TestStack:
    """A stack that CloudFormation cannot update."""

    @pytest.mark.parametrize(
        ("status", "said"),
        [
            ("ROLLBACK_COMPLETE", "undeploy it"),
            ("UPDATE_IN_PROGRESS", "wait"),
            ("DELETE_FAILED", "undeploy it"),
        ],
    )
    def test_is_found_before_rdk_fails(self, project: Project, status: str, said: str) -> None:
        """What to do is part of the message."""
        set_status(status)
        assert said in obstacle(project)

    @pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"])
    def test_can_be_updated(self, project: Project, status: str) -> None:
        """The twin: the next thing that is missing is the bucket."""
        set_status(status)
        assert "code bucket" in obstacle(project)


def set_status(status: str) -> None:
    """Create the stack, and put it into a status in moto's own state."""
    from moto.cloudformation.models import cloudformation_backends  # noqa: PLC0415 - moto's state, not its API

    body = '{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}'
    boto3.client("cloudformation", "us-east-1").create_stack(StackName=STACK_NAME, TemplateBody=body)
    (stack,) = cloudformation_backends[MANAGEMENT]["us-east-1"].stacks.values()
    stack.status = status
