"""What must be true before anything is deployed: the file, who calls and where, and what rdk needs there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from landing_zone_key.key import RESOURCE_TYPE
from lzkey.aws.account import Asker, Manner
from lzkey.aws.recorder import RecorderFault, described, own_recorder
from lzkey.deployment.stack import ACCOUNT_RULE, ORGANIZATION_RULE, require_stack_of, require_updatable_stack
from lzkey.deployment.target import Organization, asked
from lzkey.errors import ParametersError, PrerequisiteError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_organizations import OrganizationsClient
    from mypy_boto3_organizations.type_defs import AccountTypeDef

    from lzkey.deployment.target import Target
    from lzkey.parameters import Parameters

#: rdk's name: rdk.py, `code_bucket_prefix`.
_CODE_BUCKET: Final = "config-rule-code-bucket-{account}-{region}"

#: Whose delegated administrator may make organization rules (AWS Config API, PutOrganizationConfigRule).
MULTI_ACCOUNT_SETUP: Final = "config-multiaccountsetup.amazonaws.com"


def require_deployable_to_account(parameters: Parameters) -> None:
    """Refuse what `rdk deploy` would drop, and a scope that the role which it creates cannot serve."""
    if parameters.deployment.excluded_accounts:
        raise PrerequisiteError(
            f"{parameters.path} names deployment.excludedAccounts, which `rdk deploy` ignores: remove them, "
            "or use deploy-organization"
        )
    require_role(parameters)


def require_role(parameters: Parameters) -> None:
    """Refuse a scope that the role which rdk creates cannot serve."""
    if parameters.rule.get("KeyScope") == "landing-zone" and parameters.deployment.lambda_role_arn is None:
        raise PrerequisiteError(
            "KeyScope is landing-zone, but deployment.lambdaRoleArn is not given: the role that rdk creates "
            "may not call controltower:GetLandingZone. Deploy deploy/lambda-role.yaml with "
            f"LandingZoneScope=true and give its RoleArn in {parameters.path}"
        )


def require_deployable_to_organization(parameters: Parameters) -> None:
    """Raise ParametersError with everything that `rdk deploy-organization` would drop or do wrong."""
    faults = tuple(_organization_faults(parameters))
    if faults:
        lines = "".join(f"\n  {fault}" for fault in faults)
        raise ParametersError(f"{parameters.path} cannot be deployed to an organization:{lines}")


def identify_organization(parameters: Parameters, target: Target) -> Organization:
    """Find out the caller's organization; refuse any but the file's, and who may not make its rules.

    Raises PrerequisiteError.
    """
    client = target.session.client("organizations")
    with asked(target):
        try:
            found = client.describe_organization()["Organization"]
        except client.exceptions.AWSOrganizationsNotInUseException as error:
            raise PrerequisiteError(f"account {target.account} belongs to no organization") from error
        _require_same(
            parameters,
            ("OrganizationId", found.get("Id")),
            ("ManagementAccountId", found.get("MasterAccountId")),
        )
        if found.get("FeatureSet") != "ALL":
            raise PrerequisiteError(
                f"organization {found.get('Id')} has consolidated billing alone; organization rules need all "
                "features: aws organizations enable-all-features"
            )
        if target.account != parameters.management_account:
            _require_delegated(client, target, parameters)
        return Organization(found.get("Id", ""), parameters.management_account, _active_accounts(client))


def inspect(parameters: Parameters, target: Target, rule_type: str = ACCOUNT_RULE) -> tuple[str, ...]:
    """Check what rdk needs in the account, and return warnings: what can be deployed but will not deliver.

    Raises PrerequisiteError.
    """
    _require_readable_manifest(parameters, target)
    with asked(target):
        require_updatable_stack(target)
        require_stack_of(rule_type, target)
        _require_bucket(parameters, target)
        _require_existing_role(parameters, target)
        warnings = _recorder_warnings(parameters, target)
    if rule_type == ORGANIZATION_RULE:
        require_execution_role(parameters, target)
    return warnings


def require_execution_role(parameters: Parameters, target: Target) -> None:
    """Refuse where the account that deploys gets the rule, but has no role for the Lambda to assume.

    Only this account can be looked at; a service-managed StackSet skips the management account.
    """
    name = parameters.rule["ExecutionRoleName"]
    if target.account in parameters.deployment.excluded_accounts:
        return
    with asked(target):
        try:
            role = target.session.client("iam").get_role(RoleName=name.rsplit("/", 1)[-1])["Role"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchEntity":
                return  # who deploys need not be allowed to read roles
            raise PrerequisiteError(
                f"account {target.account} has no role {name} (ExecutionRoleName): service-managed StackSets "
                "do not reach the management account. Deploy deploy/execution-role.yaml there too, or name "
                "the account in deployment.excludedAccounts"
            ) from error
    if not role["Arn"].endswith(f":role/{name}"):  # GetRole takes a name without its path
        raise PrerequisiteError(
            f"ExecutionRoleName in {parameters.path} is {name}, but account {target.account} has "
            f"{role['Arn']}: give the name with its path"
        )


def code_bucket(parameters: Parameters, target: Target) -> str:
    """Return the S3 bucket that rdk puts the code into."""
    default = _CODE_BUCKET.format(account=target.account, region=target.region)
    return parameters.deployment.code_bucket or default


def _organization_faults(parameters: Parameters) -> Iterator[str]:
    rule, wanted = parameters.rule, parameters.deployment
    if wanted.on_change and wanted.periodic:
        yield (
            "deployment.triggers: rdk drops the change trigger of an organization rule that has a "
            "schedule; name one of the two, or deploy deploy/organization-rule.yaml, which has both"
        )
    if wanted.lambda_role_arn is None:
        yield (
            "deployment.lambdaRoleArn: is missing; the role that rdk creates may assume any role anywhere. "
            "Deploy deploy/lambda-role.yaml with ExecutionRoleName and OrganizationId, and give its RoleArn"
        )
    if "ExecutionRoleName" not in rule:
        yield (
            "ruleParameters.ExecutionRoleName: is missing; results are put into the account of each key with "
            "a role there, which deploy/execution-role.yaml makes"
        )
    if rule.get("AssumeRoleMode", "true").lower() == "false":
        yield (
            'ruleParameters.AssumeRoleMode: must not be "false": with its own role the Lambda reads the keys '
            "of its own account alone, and no other account takes its results"
        )
    if "OrganizationId" not in rule:
        yield (
            "ruleParameters.OrganizationId: is missing; without it AWS Config of any account could invoke "
            "the function"
        )


def _require_same(parameters: Parameters, *pairs: tuple[str, str | None]) -> None:
    for name, found in pairs:
        if parameters.rule.get(name, found) != found:
            raise PrerequisiteError(
                f"{name} in {parameters.path} is {parameters.rule[name]}, but the credentials' organization "
                f"has {found}"
            )


def _require_delegated(client: OrganizationsClient, target: Target, parameters: Parameters) -> None:
    hint = (
        f"Use the management account {parameters.management_account}, or there: aws organizations "
        f"register-delegated-administrator --account-id {target.account} --service-principal "
        f"{MULTI_ACCOUNT_SETUP}"
    )
    pages = client.get_paginator("list_delegated_administrators")
    try:
        delegated = {
            administrator.get("Id")
            for page in pages.paginate(ServicePrincipal=MULTI_ACCOUNT_SETUP)
            for administrator in page["DelegatedAdministrators"]
        }
    except client.exceptions.AccessDeniedException as error:
        said = error.response["Error"].get("Message", error)
        raise PrerequisiteError(
            f"account {target.account} was refused organizations:ListDelegatedAdministrators ({said}): its "
            "credentials lack that permission, or it is neither the organization's management account nor a "
            f"delegated administrator for any service. {hint}"
        ) from error
    if target.account not in delegated:
        raise PrerequisiteError(
            f"account {target.account} is neither the organization's management account nor a delegated "
            f"administrator for {MULTI_ACCOUNT_SETUP}. {hint}"
        )


def _active_accounts(client: OrganizationsClient) -> frozenset[str] | None:
    try:
        pages = client.get_paginator("list_accounts").paginate()
        accounts = [account for page in pages for account in page["Accounts"]]
    except client.exceptions.AccessDeniedException:
        return None
    return frozenset(account.get("Id", "") for account in accounts if _is_active(account))


def _is_active(account: AccountTypeDef) -> bool:
    """Whether an account takes part: `State`, before 2026 `Status` (Organizations API, Account)."""
    return account.get("State", account.get("Status")) == "ACTIVE"


def _require_readable_manifest(parameters: Parameters, target: Target) -> None:
    """Refuse a scope whose manifest the Lambda cannot read, before it fails on every event.

    Control Tower answers GetLandingZone in the management account alone; the Lambda asks with its own role.
    """
    if parameters.rule.get("KeyScope") == "landing-zone" and target.account != parameters.management_account:
        raise PrerequisiteError(
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
            raise PrerequisiteError(f"the code bucket {bucket} does not exist; {hint}") from error
        if code in {"403", "AccessDenied"}:
            raise PrerequisiteError(
                f"the code bucket {bucket} is not account {target.account}'s, or may not be used by it; "
                "name another in deployment.codeBucket"
            ) from error
        found = error.response["ResponseMetadata"]["HTTPHeaders"].get("x-amz-bucket-region", "another Region")
    if found != target.region:
        raise PrerequisiteError(
            f"the code bucket {bucket} is in {found}; Lambda reads its code from a bucket in its own Region, "
            f"{target.region}"
        )


def _require_existing_role(parameters: Parameters, target: Target) -> None:
    arn = parameters.deployment.lambda_role_arn
    if arn is None:
        return
    _, partition, _, _, account, role = arn.split(":", 5)
    if (partition, account) != (target.partition, target.account):
        raise PrerequisiteError(f"deployment.lambdaRoleArn {arn} is not a role of account {target.account}")
    try:
        found = target.session.client("iam").get_role(RoleName=role.rsplit("/", 1)[-1])["Role"]["Arn"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchEntity":
            hint = "deploy deploy/lambda-role.yaml and give its RoleArn"
            raise PrerequisiteError(f"deployment.lambdaRoleArn {arn} does not exist; {hint}") from error
        # Who deploys need not be allowed to read roles; iam:PassRole is what counts, and Lambda checks it.
        return
    if found != arn:  # GetRole takes a name without its path
        raise PrerequisiteError(f"deployment.lambdaRoleArn {arn} does not exist, but {found} does")


def _recorder_warnings(parameters: Parameters, target: Target) -> tuple[str, ...]:
    """Warn when no change to a key would be delivered.

    Control Tower does not enable AWS Config in the management account. Recorders that AWS services run for
    themselves deliver to no rule.
    https://docs.aws.amazon.com/config/latest/developerguide/stop-start-recorder.html
    """
    if target.account in parameters.deployment.excluded_accounts:
        return ()
    asker = Asker(target.session, target.account, target.region, Manner(once=True))
    where = f"account {target.account} in {target.region}"
    if described(asker) is None:
        missing = (
            f"there is no AWS Config recorder in {where}: no change to a key will be delivered, and AWS "
            "Config may refuse the rule (NoAvailableConfigurationRecorderException). Control Tower does not "
            f"create one in the management account; create one that records {RESOURCE_TYPE}"
        )
        return (missing,)
    if not parameters.deployment.on_change:
        return ()
    recorder = own_recorder(asker)
    if recorder is None or recorder.fault is None:
        return ()
    failed = f"failed the last time ({recorder.failure}): a change to a key may not be delivered"
    said = {
        RecorderFault.STOPPED: "is stopped: no change to a key will be delivered; start it",
        RecorderFault.LEAVES_KEYS_OUT: f"does not record {RESOURCE_TYPE}; add that resource type",
        RecorderFault.FAILING: f"{failed}; mend what its error names",
    }
    return (f"the AWS Config recorder in {where} {said[recorder.fault]}",)
