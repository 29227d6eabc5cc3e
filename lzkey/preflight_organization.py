"""What must be true before an organization rule is deployed: the file, the organization, and who calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from lzkey.errors import ParametersError, PreflightError
from lzkey.target import asked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_organizations import OrganizationsClient
    from mypy_boto3_organizations.type_defs import AccountTypeDef

    from lzkey.parameters import Parameters
    from lzkey.target import Target

#: Whose delegated administrator may make organization rules (AWS Config API, PutOrganizationConfigRule).
MULTI_ACCOUNT_SETUP: Final = "config-multiaccountsetup.amazonaws.com"


@dataclass(frozen=True, slots=True)
class Organization:
    """The organization; `accounts` are the active ones, None where the caller may not list them."""

    id: str
    management_account: str
    accounts: frozenset[str] | None


def require_deployable(parameters: Parameters) -> None:
    """Raise ParametersError with everything that `rdk deploy-organization` would drop or do wrong."""
    faults = tuple(_faults(parameters))
    if faults:
        lines = "".join(f"\n  {fault}" for fault in faults)
        raise ParametersError(f"{parameters.path} cannot be deployed to an organization:{lines}")


def identify_organization(parameters: Parameters, target: Target) -> Organization:
    """Find out the caller's organization; refuse any but the file's, and who may not make its rules.

    Raises PreflightError.
    """
    client = target.session.client("organizations")
    with asked(target):
        try:
            found = client.describe_organization()["Organization"]
        except client.exceptions.AWSOrganizationsNotInUseException as error:
            raise PreflightError(f"account {target.account} belongs to no organization") from error
        _require_same(
            parameters,
            ("OrganizationId", found.get("Id")),
            ("ManagementAccountId", found.get("MasterAccountId")),
        )
        if found.get("FeatureSet") != "ALL":
            raise PreflightError(
                f"organization {found.get('Id')} has consolidated billing alone; organization rules need all "
                "features: aws organizations enable-all-features"
            )
        if target.account != parameters.management_account:
            _require_delegated(client, target, parameters)
        return Organization(found.get("Id", ""), parameters.management_account, _active_accounts(client))


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
            raise PreflightError(
                f"account {target.account} has no role {name} (ExecutionRoleName): service-managed StackSets "
                "do not reach the management account. Deploy deploy/execution-role.yaml there too, or name "
                "the account in deployment.excludedAccounts"
            ) from error
    if not role["Arn"].endswith(f":role/{name}"):  # GetRole takes a name without its path
        raise PreflightError(
            f"ExecutionRoleName in {parameters.path} is {name}, but account {target.account} has "
            f"{role['Arn']}: give the name with its path"
        )


def _faults(parameters: Parameters) -> Iterator[str]:
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
            raise PreflightError(
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
        raise PreflightError(
            f"account {target.account} was refused organizations:ListDelegatedAdministrators ({said}): its "
            "credentials lack that permission, or it is neither the organization's management account nor a "
            f"delegated administrator for any service. {hint}"
        ) from error
    if target.account not in delegated:
        raise PreflightError(
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
