"""Deploying to one account with the real rdk, and believing only what AWS says afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lzkey.deployment.build import BuildResult, build_to_deploy
from lzkey.deployment.permission import made_function, restrict_invocation, restricted_on_failure
from lzkey.deployment.prerequisites import code_bucket, inspect, require_role, require_single_account
from lzkey.deployment.rdk import rdk_arguments, remove, run_rdk, uploaded
from lzkey.deployment.readback import said_clearly, verify_function, verify_gone, verify_rule, verify_stack
from lzkey.deployment.stack import ACCOUNT_RULE, STACK_NAME, require_stack_of, stack_status
from lzkey.deployment.target import Target, Where, identify
from lzkey.parameters import RULE_NAME, load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lzkey.deployment.package import Archive

#: The credentials and Region of the environment, and nowhere but the landing zone's home.
HERE: Final = Where()


@dataclass(frozen=True, slots=True)
class DeployResult:
    """A verified deployment: `verified` says what was read back, `warnings` what will not deliver."""

    built: BuildResult
    uploaded: Archive
    account: str
    region: str
    stack_status: str
    rule_arn: str
    function_arn: str
    role_arn: str
    verified: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UndeployResult:
    """`found` is False when there was nothing to remove."""

    account: str
    region: str
    found: bool


def deploy(
    name: str,
    *,
    root: Path,
    where: Where = HERE,
    progress: Callable[[str], None] = lambda _: None,
) -> DeployResult:
    """Build `parameters/NAME.json`, check the account, run `rdk deploy`, and read back what is there.

    Raises ParametersError, BuildError or PrerequisiteError before anything is changed, DeployError after.
    """
    parameters = load(name, root=root)
    require_single_account(parameters)
    require_role(parameters)
    target = identify(parameters, where)
    progress(f"account {target.account}, Region {target.region}")
    warnings = inspect(parameters, target)
    for warning in warnings:
        progress(f"warning: {warning}")
    built = build_to_deploy(name, root=root, progress=progress)
    with said_clearly("the deployment could not be verified"):
        return _deploy(built, target, warnings, progress)


def undeploy(
    name: str,
    *,
    root: Path,
    where: Where = HERE,
    progress: Callable[[str], None] = lambda _: None,
) -> UndeployResult:
    """Remove what `deploy` made, with `rdk undeploy`, and make sure that it is gone.

    The code bucket and a role of your own stay. Raises ParametersError, PrerequisiteError or DeployError.
    """
    target = identify(load(name, root=root), where)
    progress(f"account {target.account}, Region {target.region}")
    with said_clearly("the removal could not be verified"):
        if stack_status(target) is None:
            progress(f"nothing to remove: there is no stack {STACK_NAME}")
            return UndeployResult(target.account, target.region, found=False)
        require_stack_of(ACCOUNT_RULE, target)
        remove("undeploy", target, progress)
        verify_gone(target)
    return UndeployResult(target.account, target.region, found=True)


def _deploy(
    built: BuildResult, target: Target, warnings: tuple[str, ...], progress: Callable[[str], None]
) -> DeployResult:
    parameters = built.parameters
    before = stack_status(target)
    with restricted_on_failure(target):
        run_rdk(rdk_arguments(parameters), target, built.folder.parent, progress)
        status = verify_stack(target, before)
    permission = restrict_invocation(target, made_function(target))
    code = uploaded(built)
    function_arn, role_arn = verify_function(target, parameters, code.code_sha256)
    rule_arn = verify_rule(target, parameters)
    return DeployResult(
        built=built,
        uploaded=code,
        account=target.account,
        region=target.region,
        stack_status=status,
        rule_arn=rule_arn,
        function_arn=function_arn,
        role_arn=role_arn,
        verified=(
            f"stack {STACK_NAME} is {status}",
            f"rule {RULE_NAME} is active with the parameters of {parameters.path.name}",
            f"its triggers are {' and '.join(sorted(parameters.deployment.triggers))}",
            f"its function runs the code of {code_bucket(parameters, target)}, sha256 {code.sha256[:12]}",
            f"that code is what was built, file by file ({len(built.files)} files)",
            f"the function's role is {role_arn}",
            permission,
        ),
        warnings=warnings,
    )
