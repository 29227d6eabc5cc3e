"""What must be true before anything is deployed: whether rdk finds what it needs in the account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from lzkey.aws.recorder import records_keys
from lzkey.errors import PreflightError
from lzkey.parameters import RESOURCE_TYPE
from lzkey.stack import ACCOUNT_RULE, require_stack_of, require_updatable_stack
from lzkey.target import asked

if TYPE_CHECKING:
    from lzkey.parameters import Parameters
    from lzkey.target import Target

#: rdk's name: rdk.py, `code_bucket_prefix`.
_CODE_BUCKET: Final = "config-rule-code-bucket-{account}-{region}"


def inspect(parameters: Parameters, target: Target, rule_type: str = ACCOUNT_RULE) -> tuple[str, ...]:
    """Check what rdk needs in the account, and return warnings: what can be deployed but will not deliver.

    Raises PreflightError.
    """
    require_role(parameters)
    _require_readable_manifest(parameters, target)
    with asked(target):
        require_updatable_stack(target)
        require_stack_of(rule_type, target)
        _require_bucket(parameters, target)
        _require_existing_role(parameters, target)
        return _recorder_warnings(parameters, target)


def require_single_account(parameters: Parameters) -> None:
    """Refuse what only an organization rule has: better than to drop it."""
    if parameters.deployment.excluded_accounts:
        raise PreflightError(
            f"{parameters.path} names deployment.excludedAccounts, which `rdk deploy` ignores: remove them, "
            "or use deploy-organization"
        )


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


def _require_readable_manifest(parameters: Parameters, target: Target) -> None:
    """Refuse a scope whose manifest the Lambda cannot read, before it fails on every event.

    Control Tower answers GetLandingZone in the management account alone; the Lambda asks with its own role.
    """
    if parameters.rule.get("KeyScope") == "landing-zone" and target.account != parameters.management_account:
        raise PreflightError(
            f"KeyScope is landing-zone, but a Lambda in account {target.account} cannot read the manifest: "
            "controltower:GetLandingZone works in the management account alone. Deploy from "
            f"{parameters.management_account}, or give the landing zone's key ARNs as KeyScope"
        )


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
            # Not `rdk init`: it also makes a recorder of everything where there is none.
            make = f"aws s3 mb s3://{bucket} --region {target.region}"
            hint = f"run `{make}`, or name another in deployment.codeBucket"
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
        found = target.session.client("iam").get_role(RoleName=role.rsplit("/", 1)[-1])["Role"]["Arn"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchEntity":
            hint = "deploy deploy/lambda-role.yaml and give its RoleArn"
            raise PreflightError(f"deployment.lambdaRoleArn {arn} does not exist; {hint}") from error
        # Who deploys need not be allowed to read roles; iam:PassRole is what counts, and Lambda checks it.
        return
    if found != arn:  # GetRole takes a name without its path
        raise PreflightError(f"deployment.lambdaRoleArn {arn} does not exist, but {found} does")


def _recorder_warnings(parameters: Parameters, target: Target) -> tuple[str, ...]:
    """Warn when no change to a key would be delivered.

    Control Tower does not enable AWS Config in the management account. Recorders that AWS services run for
    themselves deliver to no rule.
    https://docs.aws.amazon.com/config/latest/developerguide/stop-start-recorder.html
    """
    if target.account in parameters.deployment.excluded_accounts:
        return ()
    config = target.session.client("config")
    where = f"account {target.account} in {target.region}"
    described = config.describe_configuration_recorders()["ConfigurationRecorders"]
    recorders = [recorder for recorder in described if not recorder.get("servicePrincipal")]
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
    if not any(records_keys(recorder) for recorder in recording):
        return (
            f"the AWS Config recorder in {where} does not record {RESOURCE_TYPE}; add that resource type",
        )
    return ()
