"""What must be true before anything is deployed: the file, who calls and where, and what rdk needs there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from landing_zone_key.key import RESOURCE_TYPE
from lzkey.aws.organization import MULTI_ACCOUNT_SETUP, delegated_administrators, members, organization
from lzkey.aws.recorder import Recorder, RecorderFault, described, own_recorder
from lzkey.aws.role import role
from lzkey.aws.unanswered import UnansweredError
from lzkey.deployment.stack import ACCOUNT_RULE, ORGANIZATION_RULE, require_stack_of, require_updatable_stack
from lzkey.deployment.target import asked
from lzkey.errors import ParametersError, PrerequisiteError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lzkey.aws.role import Role
    from lzkey.deployment.target import Target
    from lzkey.parameters import Parameters

#: rdk's name: rdk.py, `code_bucket_prefix`.
_CODE_BUCKET: Final = "config-rule-code-bucket-{account}-{region}"


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


def identify_organization(parameters: Parameters, target: Target) -> Target:
    """The target with its organization; refuse any but the file's, and who may not make its rules.

    Raises PrerequisiteError.
    """
    with asked(target):
        found = organization(target.asker)
        if found is None:
            raise PrerequisiteError(f"account {target.account} belongs to no organization")
        _require_same(
            parameters, ("OrganizationId", found.id), ("ManagementAccountId", found.management_account)
        )
        if not found.all_features:
            raise PrerequisiteError(
                f"organization {found.id} has consolidated billing alone; organization rules need all "
                "features: aws organizations enable-all-features"
            )
        if target.account != parameters.management_account:
            _require_delegated(target, parameters)
        return replace(target, organization=found, members=_active_accounts(target))


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
        seen, found = _role(target, name)
    if not seen:
        return
    if found is None:
        raise PrerequisiteError(
            f"account {target.account} has no role {name} (ExecutionRoleName): service-managed StackSets "
            "do not reach the management account. Deploy deploy/execution-role.yaml there too, or name "
            "the account in deployment.excludedAccounts"
        )
    if not found.arn.endswith(f":role/{name}"):  # GetRole takes a name without its path
        raise PrerequisiteError(
            f"ExecutionRoleName in {parameters.path} is {name}, but account {target.account} has "
            f"{found.arn}: give the name with its path"
        )


def code_bucket(parameters: Parameters, target: Target) -> str:
    """The S3 bucket that rdk puts the code into."""
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


def _require_delegated(target: Target, parameters: Parameters) -> None:
    hint = (
        f"Use the management account {parameters.management_account}, or there: aws organizations "
        f"register-delegated-administrator --account-id {target.account} --service-principal "
        f"{MULTI_ACCOUNT_SETUP}"
    )
    try:
        delegated = delegated_administrators(target.asker, MULTI_ACCOUNT_SETUP)
    except UnansweredError as error:
        if error.code != "AccessDeniedException":
            raise
        raise PrerequisiteError(
            f"account {target.account} was refused {error.action} ({error.message}): its "
            "credentials lack that permission, or it is neither the organization's management account nor a "
            f"delegated administrator for any service. {hint}"
        ) from error
    if target.account not in delegated:
        raise PrerequisiteError(
            f"account {target.account} is neither the organization's management account nor a delegated "
            f"administrator for {MULTI_ACCOUNT_SETUP}. {hint}"
        )


def _active_accounts(target: Target) -> frozenset[str] | None:
    try:
        return frozenset(member.account for member in members(target.asker) if member.is_active)
    except UnansweredError as error:
        if error.code != "AccessDeniedException":
            raise
        return None


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
        found = target.asker.ask("s3:HeadBucket", Bucket=bucket, **owner).get("BucketRegion", target.region)
    except UnansweredError as error:
        if error.code in {"404", "NoSuchBucket"}:
            # Not `rdk init`: it also makes a recorder of everything where there is none.
            make = f"aws s3 mb s3://{bucket} --region {target.region}"
            hint = f"run `{make}`, or name another in deployment.codeBucket"
            raise PrerequisiteError(f"the code bucket {bucket} does not exist; {hint}") from error
        if error.code in {"403", "AccessDenied"}:
            raise PrerequisiteError(
                f"the code bucket {bucket} is not account {target.account}'s, or may not be used by it; "
                "name another in deployment.codeBucket"
            ) from error
        cause = error.__cause__
        if not isinstance(cause, ClientError):
            raise
        found = cause.response["ResponseMetadata"]["HTTPHeaders"].get("x-amz-bucket-region", "another Region")
    if found != target.region:
        raise PrerequisiteError(
            f"the code bucket {bucket} is in {found}; Lambda reads its code from a bucket in its own Region, "
            f"{target.region}"
        )


def _require_existing_role(parameters: Parameters, target: Target) -> None:
    arn = parameters.deployment.lambda_role_arn
    if arn is None:
        return
    _, partition, _, _, account, _ = arn.split(":", 5)
    if (partition, account) != (target.partition, target.account):
        raise PrerequisiteError(f"deployment.lambdaRoleArn {arn} is not a role of account {target.account}")
    seen, found = _role(target, arn)
    if seen and found is None:
        hint = "deploy deploy/lambda-role.yaml and give its RoleArn"
        raise PrerequisiteError(f"deployment.lambdaRoleArn {arn} does not exist; {hint}")
    if found is not None and found.arn != arn:  # GetRole takes a name without its path
        raise PrerequisiteError(f"deployment.lambdaRoleArn {arn} does not exist, but {found.arn} does")


def _role(target: Target, name: str) -> tuple[bool, Role | None]:
    """Whether roles may be read, which who deploys need not be allowed to; and the role.

    iam:PassRole is what counts, and Lambda checks it.
    """
    try:
        return True, role(target.asker, name)
    except UnansweredError as error:
        if not error.answered:
            raise
        return False, None


def _recorder_warnings(parameters: Parameters, target: Target) -> tuple[str, ...]:
    """Warn when no change to a key would be delivered.

    Control Tower does not enable AWS Config in the management account. Recorders that AWS services run for
    themselves deliver to no rule.
    https://docs.aws.amazon.com/config/latest/developerguide/stop-start-recorder.html
    """
    if target.account in parameters.deployment.excluded_accounts:
        return ()
    where = f"account {target.account} in {target.region}"
    on_change = parameters.deployment.on_change
    recorder = own_recorder(target.asker) if on_change else described(target.asker)
    if recorder is None:
        missing = (
            f"there is no AWS Config recorder in {where}: no change to a key will be delivered, and AWS "
            "Config may refuse the rule (NoAvailableConfigurationRecorderException). Control Tower does not "
            f"create one in the management account; create one that records {RESOURCE_TYPE}"
        )
        return (missing,)
    if not isinstance(recorder, Recorder) or recorder.fault is None:
        return ()
    failed = f"failed the last time ({recorder.failure}): a change to a key may not be delivered"
    said = {
        RecorderFault.STOPPED: "is stopped: no change to a key will be delivered; start it",
        RecorderFault.LEAVES_KEYS_OUT: f"does not record {RESOURCE_TYPE}; add that resource type",
        RecorderFault.FAILING: f"{failed}; mend what its error names",
    }
    return (f"the AWS Config recorder in {where} {said[recorder.fault]}",)
