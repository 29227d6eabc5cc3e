"""An organization rule, by the real rdk: one function here, and a rule in every account that invokes it.

From the management account, or from the delegated administrator of AWS Config's organization rules:
https://docs.aws.amazon.com/config/latest/developerguide/config-rule-multi-account-deployment.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lzkey.deployment.build import BuildResult, build_to_deploy
from lzkey.deployment.deploy import HERE, UndeployResult
from lzkey.deployment.permission import made_function, restrict_invocation, restricted_on_failure
from lzkey.deployment.prerequisites import (
    code_bucket,
    identify_organization,
    inspect,
    require_deployable,
    require_execution_role,
)
from lzkey.deployment.rdk import rdk_arguments, remove, run_rdk, uploaded
from lzkey.deployment.readback import (
    AccountStatus,
    explained,
    said_clearly,
    verify_accounts,
    verify_function,
    verify_gone,
    verify_organization_rule,
    verify_organization_rule_gone,
    verify_stack,
)
from lzkey.deployment.stack import ORGANIZATION_RULE, STACK_NAME, require_stack_of, stack_status
from lzkey.deployment.target import Target, Where, locate
from lzkey.errors import DeployError
from lzkey.parameters import RULE_NAME, load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lzkey.deployment.package import Archive
    from lzkey.deployment.prerequisites import Organization

_COMMAND: Final = "deploy-organization"


@dataclass(frozen=True, slots=True)
class OrganizationResult:
    """A verified organization rule: `accounts` are those that have the rule, each with its status."""

    built: BuildResult
    uploaded: Archive
    account: str
    region: str
    organization: str
    stack_status: str
    rule_arn: str
    function_arn: str
    role_arn: str
    accounts: tuple[AccountStatus, ...]
    excluded_accounts: tuple[str, ...]
    verified: tuple[str, ...]
    warnings: tuple[str, ...]


def deploy_organization(
    name: str,
    *,
    root: Path,
    where: Where = HERE,
    progress: Callable[[str], None] = lambda _: None,
) -> OrganizationResult:
    """Build `parameters/NAME.json`, check the organization, run `rdk deploy-organization`, and read back all.

    Raises ParametersError, BuildError or PrerequisiteError before anything is changed, DeployError after:
    also when the rule is missing in some accounts, each of which it names.
    """
    parameters = load(name, root=root)
    require_deployable(parameters)
    target = locate(parameters, where)
    organization = identify_organization(parameters, target)
    progress(f"organization {organization.id}, account {target.account}, Region {target.region}")
    warnings = inspect(parameters, target, ORGANIZATION_RULE)
    require_execution_role(parameters, target)
    for warning in warnings:
        progress(f"warning: {warning}")
    built = build_to_deploy(name, root=root, progress=progress)
    with said_clearly("the deployment could not be verified"):
        return _deploy(built, target, organization, warnings, progress)


def undeploy_organization(
    name: str,
    *,
    root: Path,
    where: Where = HERE,
    progress: Callable[[str], None] = lambda _: None,
) -> UndeployResult:
    """Remove what `deploy_organization` made, and make sure that it is gone.

    The code bucket and the roles stay. Raises ParametersError, PrerequisiteError or DeployError.
    """
    parameters = load(name, root=root)
    target = locate(parameters, where)
    identify_organization(parameters, target)
    progress(f"account {target.account}, Region {target.region}")
    with said_clearly("the removal could not be verified"):
        if stack_status(target) is None:
            progress(f"nothing to remove: there is no stack {STACK_NAME}")
            return UndeployResult(target.account, target.region, found=False)
        require_stack_of(ORGANIZATION_RULE, target)
        remove(f"un{_COMMAND}", target, progress)
        verify_gone(target)
        verify_organization_rule_gone(target)
    return UndeployResult(target.account, target.region, found=True)


def _deploy(
    built: BuildResult,
    target: Target,
    organization: Organization,
    warnings: tuple[str, ...],
    progress: Callable[[str], None],
) -> OrganizationResult:
    """Run rdk and verify; who may invoke the function is restricted before any verification can fail."""
    parameters = built.parameters
    before = stack_status(target)
    with restricted_on_failure(target, organization.id):
        run_rdk(rdk_arguments(parameters, _COMMAND), target, built.folder.parent, progress)
        try:
            status = verify_stack(target, before)
        except DeployError as error:
            raise DeployError(explained(str(error), parameters)) from error
    permission = restrict_invocation(target, made_function(target), organization.id)
    code = uploaded(built)
    function_arn, role_arn = verify_function(target, parameters, code.code_sha256)
    rule_arn = verify_organization_rule(target, parameters, function_arn)
    accounts, unheard = verify_accounts(target, parameters, organization.accounts)
    for warning in unheard:
        progress(f"warning: {warning}")
    excluded = parameters.deployment.excluded_accounts
    return OrganizationResult(
        built=built,
        uploaded=code,
        account=target.account,
        region=target.region,
        organization=organization.id,
        stack_status=status,
        rule_arn=rule_arn,
        function_arn=function_arn,
        role_arn=role_arn,
        accounts=accounts,
        excluded_accounts=excluded,
        verified=(
            f"stack {STACK_NAME} is {status}",
            f"organization rule {RULE_NAME} has the parameters of {parameters.path.name}",
            f"its trigger is {' and '.join(sorted(parameters.deployment.triggers))}",
            f"excluded accounts: {', '.join(excluded) or 'none'}",
            f"it is in {len(accounts)} accounts",
            f"its function runs the code of {code_bucket(parameters, target)}, sha256 {code.sha256[:12]}",
            f"that code is what was built, file by file ({len(built.files)} files)",
            f"the function's role is {role_arn}",
            permission,
        ),
        warnings=warnings + unheard,
    )
