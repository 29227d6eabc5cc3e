"""What must be true before anything is deployed: who calls, where, and whether rdk finds what it needs."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, ProfileNotFound

from lzkey.errors import PreflightError
from lzkey.parameters import RESOURCE_TYPE, RULE_NAME

if TYPE_CHECKING:
    from mypy_boto3_config.type_defs import ConfigurationRecorderOutputTypeDef

    from lzkey.parameters import Parameters

#: rdk's names: rdk.py, `__get_stack_name_from_rule_name`, `__get_lambda_name` and `code_bucket_prefix`.
STACK_NAME: Final = RULE_NAME.replace("_", "")
FUNCTION_NAME: Final = f"RDK-Rule-Function-{STACK_NAME}"
_CODE_BUCKET: Final = "config-rule-code-bucket-{account}-{region}"

#: Stacks that CloudFormation cannot update: rdk would try, fail, and exit 0 or with a traceback.
_DEAD: Final = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"})


@dataclass(frozen=True, slots=True)
class Where:
    """Where the caller wants to work: `--profile` and `--region` of the AWS CLI, and what he allows."""

    profile: str | None = None
    region: str | None = None
    other_account: bool = False
    other_region: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """The account and Region that a command works on, and the session that gets there."""

    session: boto3.Session
    profile: str | None
    account: str
    partition: str
    region: str


def identify(parameters: Parameters, where: Where) -> Target:
    """Find out who calls and where, as the AWS CLI would; refuse any place but the landing zone's home.

    The Region is `where.region`, else the file's `deployment.region`, AWS_REGION, AWS_DEFAULT_REGION, the
    profile's, and last HomeRegion. Raises PreflightError.
    """
    try:
        own = boto3.Session(profile_name=where.profile).region_name
    except ProfileNotFound as error:
        raise PreflightError(f"{error}; `aws configure list-profiles` shows those there are") from error
    region, origin = _region(parameters, where.region, own)
    home = parameters.home_region
    if region != home and not where.other_region:
        raise PreflightError(
            f"{origin} is {region}, but the landing zone's home Region is {home}: elsewhere every key fails "
            f"HOME_REGION. Use --region {home}, or --allow-other-region"
        )
    session = boto3.Session(profile_name=where.profile, region_name=region)
    account, partition = _caller(session)
    if account != parameters.management_account and not where.other_account:
        raise PreflightError(
            f"the credentials belong to account {account}, but ManagementAccountId in {parameters.path} is "
            f"{parameters.management_account}. Use that account's credentials, or --allow-other-account"
        )
    return Target(session, where.profile, account, partition, region)


def inspect(parameters: Parameters, target: Target) -> tuple[str, ...]:
    """Check what rdk needs in the account, and return warnings: what can be deployed but will not deliver.

    Raises PreflightError.
    """
    require_role(parameters)
    try:
        _require_updatable_stack(target)
        _require_bucket(parameters, target)
        _require_existing_role(parameters, target)
        return _recorder_warnings(parameters, target)
    except ClientError as error:
        what = f"{error.operation_name}: {error.response['Error'].get('Message', error)}"
        raise PreflightError(f"account {target.account} in {target.region} refused {what}") from error
    except BotoCoreError as error:
        raise PreflightError(f"AWS cannot be reached: {error}") from error


def require_role(parameters: Parameters) -> None:
    """Refuse a scope that the role which rdk creates cannot serve."""
    if parameters.rule.get("KeyScope") == "landing-zone" and parameters.deployment.lambda_role_arn is None:
        raise PreflightError(
            "KeyScope is landing-zone, but deployment.lambdaRoleArn is not given: the role that rdk creates "
            "may not call controltower:GetLandingZone. Deploy deploy/lambda-role.yaml with "
            f"LandingZoneScope=true and give its RoleArn in {parameters.path}"
        )


def code_bucket(parameters: Parameters, target: Target) -> str:
    """Return the S3 bucket that rdk puts the code into."""
    default = _CODE_BUCKET.format(account=target.account, region=target.region)
    return parameters.deployment.code_bucket or default


def stack_status(target: Target, name: str = STACK_NAME) -> tuple[str, str] | None:
    """Return the stack's status and the time of its last update; None when there is no such stack."""
    try:
        stack = target.session.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return stack["StackStatus"], str(stack.get("LastUpdatedTime", stack.get("CreationTime", "")))


def _region(parameters: Parameters, argument: str | None, session: str | None) -> tuple[str, str]:
    """Return the Region and the name of where it was found; boto3 itself does not read AWS_REGION."""
    candidates = (
        (argument, "--region"),
        (parameters.deployment.region, f"deployment.region in {parameters.path}"),
        (os.environ.get("AWS_REGION"), "AWS_REGION"),
        (session, "the Region of AWS_DEFAULT_REGION or the profile"),
        (parameters.home_region, "HomeRegion"),
    )
    return next((region, origin) for region, origin in candidates if region)


def _caller(session: boto3.Session) -> tuple[str, str]:
    """Return account and partition of the credentials (STS GetCallerIdentity, which needs no permission)."""
    try:
        identity = session.client("sts").get_caller_identity()
    except NoCredentialsError as error:
        raise PreflightError(
            "there are no AWS credentials; sign in (`aws sso login`) and set AWS_PROFILE or --profile"
        ) from error
    except (BotoCoreError, ClientError) as error:
        raise PreflightError(
            f"AWS does not accept the credentials in {session.region_name}: {error}; "
            "sign in again, or choose others with AWS_PROFILE or --profile"
        ) from error
    return identity["Account"], identity["Arn"].split(":")[1]


def _require_updatable_stack(target: Target) -> None:
    status = (stack_status(target) or ("", ""))[0]
    if status in _DEAD:
        raise PreflightError(
            f"stack {STACK_NAME} is in {status} and cannot be updated; undeploy it, then deploy again"
        )
    if status.endswith("_IN_PROGRESS"):
        raise PreflightError(f"stack {STACK_NAME} is in {status}; wait until that has ended")


def _require_bucket(parameters: Parameters, target: Target) -> None:
    bucket = code_bucket(parameters, target)
    owner = {} if parameters.deployment.code_bucket else {"ExpectedBucketOwner": target.account}
    try:
        found = (
            target.session.client("s3").head_bucket(Bucket=bucket, **owner).get("BucketRegion", target.region)
        )
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in {"404", "NoSuchBucket"}:
            hint = f"run `rdk --region {target.region} init`, or name another in deployment.codeBucket"
            raise PreflightError(f"the code bucket {bucket} does not exist; {hint}") from error
        if code in {"403", "AccessDenied"}:
            raise PreflightError(
                f"the code bucket {bucket} is not account {target.account}'s, or may not be used by it; "
                "name another in deployment.codeBucket"
            ) from error
        found = error.response["ResponseMetadata"]["HTTPHeaders"].get("x-amz-bucket-region", "another Region")
    if found != target.region:
        raise PreflightError(
            f"the code bucket {bucket} is in {found}; Lambda reads its code from a bucket in its own Region, "
            f"{target.region}"
        )


def _require_existing_role(parameters: Parameters, target: Target) -> None:
    arn = parameters.deployment.lambda_role_arn
    if arn is None:
        return
    _, partition, _, _, account, role = arn.split(":", 5)
    if (partition, account) != (target.partition, target.account):
        raise PreflightError(f"deployment.lambdaRoleArn {arn} is not a role of account {target.account}")
    try:
        target.session.client("iam").get_role(RoleName=role.rsplit("/", 1)[-1])
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchEntity":
            hint = "deploy deploy/lambda-role.yaml and give its RoleArn"
            raise PreflightError(f"deployment.lambdaRoleArn {arn} does not exist; {hint}") from error
        # Who deploys need not be allowed to read roles; iam:PassRole is what counts, and Lambda checks it.


def _recorder_warnings(parameters: Parameters, target: Target) -> tuple[str, ...]:
    """Warn when no change to a key would be delivered.

    Control Tower does not enable AWS Config in the management account.
    """
    config = target.session.client("config")
    where = f"account {target.account} in {target.region}"
    recorders = config.describe_configuration_recorders()["ConfigurationRecorders"]
    if not recorders:
        missing = (
            f"there is no AWS Config recorder in {where}: no change to a key will be delivered, and AWS "
            "Config may refuse the rule (NoAvailableConfigurationRecorderException). Control Tower does not "
            f"create one in the management account; create one that records {RESOURCE_TYPE}"
        )
        return (missing,)
    if not parameters.deployment.on_change:
        return ()
    running = {
        status.get("name")
        for status in config.describe_configuration_recorder_status()["ConfigurationRecordersStatus"]
        if status.get("recording")
    }
    recording = [recorder for recorder in recorders if recorder.get("name") in running]
    if not recording:
        return (
            f"the AWS Config recorder in {where} is stopped: no change to a key will be delivered; start it",
        )
    if not any(_records_keys(recorder) for recorder in recording):
        return (
            f"the AWS Config recorder in {where} does not record {RESOURCE_TYPE}; add that resource type",
        )
    return ()


def _records_keys(recorder: ConfigurationRecorderOutputTypeDef) -> bool:
    """Whether a recording group covers AWS::KMS::Key (AWS Config API, RecordingGroup)."""
    group = recorder.get("recordingGroup", {})
    excluded = group.get("exclusionByResourceTypes", {}).get("resourceTypes", [])
    strategy = group.get("recordingStrategy", {}).get("useOnly")
    if strategy == "EXCLUSION_BY_RESOURCE_TYPES":
        return RESOURCE_TYPE not in excluded
    return group.get("allSupported", False) or RESOURCE_TYPE in group.get("resourceTypes", [])
