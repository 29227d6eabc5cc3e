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
